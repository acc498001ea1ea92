// SPDX-License-Identifier: Apache-2.0
#include "../files.h"
#include <fcntl.h>
#include <math.h>
#include <nadir/file.h>
#include <nadir/process.h>
#include <nadir/train.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>

// Networks run in children only: a process that has started their threads does not fork.
static const char small[] =
    "data: { pictures: \"" NADIR_DATA "/eurosat_mini200.zip\", split: { by: file, valid: "
    "0.1, test: 0.5, seed: 1 } }\n"
    "model: { name: wrn16-2, width: 8, stem: half }\n"
    "train: { epochs: 3, batch: 20, rate: 0.05, precision: float32, save: 0.001 }\n";

typedef struct order {
    const char *folder, *resume, *text;
    bool is_fork;
    double kill_s;     // 0: never
    int stop_at;       // news of steps after which it is stopped; 0: never
    bool in_test;      // stopped at the third step of the range test, by its own file
    int64_t file_most; // bytes of a file; 0: any
    const nd_given *given;
    size_t givens;
} order;
typedef struct hearer {
    nd_train *train;
    const char *control; // to write stop into while the rate is sought; NULL: not
    int steps, stop_at;
} hearer;

static void hear(void *user, const nd_train_news *news)
{
    hearer *h = user;
    const bool is_third = news->what == ND_TRAIN_CHECK && news->step == 3;
    FILE *control = is_third && h->control ? fopen(h->control, "a") : NULL;
    if (control) (void)(fputs("stop\n", control) + fclose(control));
    if (news->what == ND_TRAIN_STEP && ++h->steps == h->stop_at) nd_train_stop(h->train);
}

static void limit(const order *o)
{
    const double whole = floor(o->kill_s);
    const struct itimerval timer = {
        .it_value = {(time_t)whole, (suseconds_t)((o->kill_s - whole) * 1e6) + 1}};
    if (o->kill_s > 0) (void)setitimer(ITIMER_REAL, &timer, NULL);
    const struct rlimit most = {(rlim_t)o->file_most, (rlim_t)o->file_most};
    (void)signal(SIGXFSZ, SIG_IGN);
    if (o->file_most) (void)setrlimit(RLIMIT_FSIZE, &most);
}

static nd_status train_it(nd_arena *arena, const order *o)
{
    hearer h = {.stop_at = o->stop_at};
    if (o->in_test) h.control = nd_text(arena, "%s/control", o->folder);
    const nd_recipe_ask read = {.path = "small.yaml",
                                .text = o->text ? o->text : small,
                                .given = o->given,
                                .givens = o->givens};
    nd_recipe *recipe = o->resume && !o->text ? NULL : nd_recipe_read(arena, &read);
    const nd_train_ask ask = {.recipe = recipe,
                              .folder = o->folder,
                              .resume = o->resume,
                              .is_fork = o->is_fork,
                              .threads = 1,
                              .tell = hear,
                              .user = &h};
    limit(o);
    if (!recipe && !o->resume) return ND_E_PARAM;
    h.train = nd_train_open(arena, &ask);
    return h.train ? nd_train_run(h.train) : ND_E_PARAM;
}

// How it ended: 0, 1 with the words in `words`, 128 + the signal.
static int train_in_child(const order *o, char words[1200])
{
    int pipes[2], how;
    words[0] = 0;
    fflush(stdout);
    if (pipe(pipes) != 0) return -1;
    const pid_t child = fork();
    if (child == 0) {
        nd_arena *arena = nd_arena_new();
        char text[1200];
        const nd_status status = arena ? train_it(arena, o) : ND_E_MEMORY;
        const nd_error error = nd_error_take();
        nd_error_print(&error, text, sizeof text);
        if (status != ND_OK && write(pipes[1], text, strlen(text)) < 0) _exit(3);
        _exit(status != ND_OK);
    }
    close(pipes[1]);
    const ssize_t n = read(pipes[0], words, 1199);
    words[n > 0 ? n : 0] = 0;
    close(pipes[0]);
    if (waitpid(child, &how, 0) != child) return -1;
    return WIFSIGNALED(how) ? 128 + WTERMSIG(how) : WEXITSTATUS(how);
}

static void remove_run(void *folder)
{
    nd_scratch_remove(folder);
}

// In memory where there is such a folder: states wait for the disk.
static const char *fresh(nd_arena *arena, const char *name)
{
    const char *room = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    const char *path = nd_text(arena, "%s/nadir-test-%ld-%s", room, (long)getpid(), name);
    if (path && nd_defer(arena, remove_run, (void *)(uintptr_t)path) != ND_OK)
        return NULL;
    return path;
}

// Weights, moments and averages of two runs: the same bits?
static bool same_state(nd_arena *arena, const char *one, const char *other)
{
    const nd_weights *a =
        nd_weights_open(arena, nd_text(arena, "%s/state/last.safetensors", one));
    const nd_weights *b =
        nd_weights_open(arena, nd_text(arena, "%s/state/last.safetensors", other));
    if (!a || !b || a->count != b->count || a->count < 50) return false;
    for (int i = 0; i < a->count; i++) {
        const nd_weight *w = &a->weight[i];
        const int at = nd_weights_find(b, w->name);
        if (strcmp(w->name, "nadir.state") == 0) continue;
        if (at < 0 || !nd_shape_same(w->shape, b->weight[at].shape)) return false;
        const size_t bytes = (size_t)nd_shape_count(w->shape) * nd_stored_bytes(w->type);
        if (memcmp(w->data, b->weight[at].data, bytes) == 0) continue;
        printf("# %s differs\n", w->name);
        return false;
    }
    return true;
}

static bool has(nd_arena *arena, const char *folder, const char *name)
{
    return access(nd_text(arena, "%s/%s", folder, name), R_OK) == 0;
}

static int count_lines(nd_arena *arena, const char *folder, const char *with)
{
    char line[4096];
    int count = 0;
    FILE *log = fopen(nd_text(arena, "%s/metrics.jsonl", folder), "r");
    while (log && fgets(line, sizeof line, log)) count += strstr(line, with) != NULL;
    if (log) fclose(log);
    return count;
}

TEST(a_run_leaves_all_its_files_and_repeats_bit_by_bit)
{
    char words[1200];
    const char *a = fresh(arena, "a"), *b = fresh(arena, "b");
    CHECK(train_in_child(&(order){.folder = a}, words) == 0);
    CHECK(train_in_child(&(order){.folder = b}, words) == 0);
    static const char *const files[] = {
        "model.safetensors", "card.md",       "stac.json",
        "metrics.jsonl",     "status.json",   "confusion.json",
        "worst.json",        "sample.json",   "env.json",
        "classes.json",      "resolved.yaml", "config.yaml",
        "plots/loss.svg",    "stats.json",    "plots/accuracy.svg",
        "split.tsv",         "lock"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        CHECK(has(arena, a, files[i]));
    CHECK(same_state(arena, a, b));
    // 80 training pictures of 200 in batches of 20, three times.
    CHECK(count_lines(arena, a, "\"t\":\"step\"") == 12);
    CHECK(count_lines(arena, a, "\"t\":\"epoch\"") == 3);
}

static bool ends_the_same(nd_arena *arena, const char *whole, const char *killed)
{
    return same_state(arena, whole, killed) &&
           count_lines(arena, killed, "\"t\":\"step\"") == 12 &&
           count_lines(arena, killed, "\"t\":\"epoch\"") == 3;
}

// Run after run, until so many were killed; each that comes to its end is looked at.
TEST(a_run_that_is_killed_again_and_again_ends_with_the_same_bits)
{
    char words[1200];
    const char *whole = fresh(arena, "whole"), *killed = fresh(arena, "killed");
    const double begun = nd_seconds();
    CHECK(train_in_child(&(order){.folder = whole}, words) == 0);
    double took = nd_seconds() - begun;
    const int kills = getenv("NADIR_TEST_LONG") ? 20 : 4;
    int times = 0, since = 0, ends = 0;
    order o = {.folder = killed};
    for (int turn = 0; turn < 8 * kills && (times < kills || since); turn++) {
        const double when = nd_random_unit((uint64_t)getpid(), (uint64_t)turn);
        o.kill_s = times < kills ? took * when * 0.9 : 0;
        const int how = train_in_child(&o, words);
        if (how == 128 + SIGALRM) {
            times++, since++;
            // Before its first state there is nothing to go on with: once more.
            const bool is_there = has(arena, killed, "state/last.safetensors");
            if (!is_there) nd_scratch_remove(killed);
            o = (order){.folder = is_there ? NULL : killed,
                        .resume = is_there ? killed : NULL};
            continue;
        }
        if (how != 0) printf("# %s\n", words);
        CHECK(how == 0 && ends_the_same(arena, whole, killed));
        if (!since) took *= 0.7; // the machine has become faster
        ends++, since = 0;
        nd_scratch_remove(killed);
        o = (order){.folder = killed};
    }
    printf("# killed %d times, %d runs came to their end\n", times, ends);
    CHECK(times == kills && ends > 0);
}

TEST(a_stop_keeps_all_and_says_how_to_go_on)
{
    char words[1200];
    const char *whole = fresh(arena, "w"), *stopped = fresh(arena, "s");
    CHECK(train_in_child(&(order){.folder = whole}, words) == 0);
    CHECK(train_in_child(&(order){.folder = stopped, .stop_at = 6}, words) == 1);
    CHECK(strstr(words, "stopped on request after step 6 of 12; all of it is kept\n"
                        "go on with it: nadir train --resume"));
    CHECK(count_lines(arena, stopped, "\"t\":\"step\"") == 6);
    CHECK(train_in_child(&(order){.resume = stopped}, words) == 0);
    CHECK(same_state(arena, whole, stopped));
    CHECK(train_in_child(&(order){.resume = stopped}, words) == 1);
    CHECK(strstr(words, "is done\nstart a new one"));
}

TEST(another_recipe_does_not_go_on_with_a_run_but_may_fork)
{
    char words[1200];
    const char *a = fresh(arena, "one"), *b = fresh(arena, "two");
    CHECK(train_in_child(&(order){.folder = a, .stop_at = 2}, words) == 1);
    const nd_given given[] = {{"train.rate", "0.01"}, {"train.epochs", "1"}};
    CHECK(
        train_in_child(&(order){.resume = a, .text = small, .given = given, .givens = 2},
                       words) == 1);
    CHECK(strstr(words, "train.epochs, train.rate changed\ntake them back"));
    CHECK(train_in_child(&(order){.resume = a, .text = small}, words) == 0);
    CHECK(train_in_child(&(order){.folder = b,
                                  .resume = a,
                                  .is_fork = true,
                                  .text = small,
                                  .given = given,
                                  .givens = 2},
                         words) == 0);
    CHECK(count_lines(arena, b, "\"t\":\"step\"") == 4);
}

TEST(a_second_process_on_a_run_is_refused)
{
    char words[1200];
    const char *a = fresh(arena, "locked");
    CHECK(train_in_child(&(order){.folder = a, .stop_at = 1}, words) == 1);
    const int file = open(nd_text(arena, "%s/lock", a), O_RDWR);
    CHECK(file >= 0 && flock(file, LOCK_EX | LOCK_NB) == 0);
    CHECK(train_in_child(&(order){.resume = a}, words) == 1);
    CHECK(strstr(words, "is being trained by another process"));
    close(file);
    CHECK(train_in_child(&(order){.resume = a}, words) == 0);
}

TEST(a_disk_that_is_full_leaves_the_old_state_whole)
{
    char words[1200];
    const char *a = fresh(arena, "full");
    CHECK(train_in_child(&(order){.folder = a, .stop_at = 5}, words) == 1);
    CHECK(train_in_child(&(order){.resume = a, .file_most = 100000}, words) == 1);
    CHECK(strstr(words, "then go on: nadir train --resume") && strstr(words, a));
    const char *b = fresh(arena, "roomy");
    CHECK(train_in_child(&(order){.folder = b}, words) == 0);
    CHECK(train_in_child(&(order){.resume = a}, words) == 0);
    CHECK(same_state(arena, a, b));
}

static bool says_state(nd_arena *arena, const char *folder, const char *want)
{
    nd_bytes status;
    if (nd_file_map(arena, nd_text(arena, "%s/status.json", folder), &status) != ND_OK)
        return false;
    const nd_json *all = nd_json_parse(arena, (const char *)status.at, status.count);
    const nd_json *state = all ? nd_json_member(all, "state") : NULL;
    return state && state->text && strcmp(state->text, want) == 0;
}

TEST(a_run_that_cannot_be_drawn_is_done_all_the_same)
{
    char words[1200];
    const char *a = fresh(arena, "undrawn");
    CHECK(train_in_child(&(order){.folder = a, .stop_at = 5}, words) == 1);
    const char *plots = nd_text(arena, "%s/plots", a);
    nd_scratch_remove(plots);
    CHECK(nd_file_write(plots, "no folder", 9) == ND_OK);
    CHECK(train_in_child(&(order){.resume = a}, words) == 0);
    CHECK(says_state(arena, a, "done"));
    CHECK(has(arena, a, "model.safetensors") && has(arena, a, "card.md"));
    CHECK(count_lines(arena, a, "\"what\":\"done\"") == 1);
}

TEST(a_frozen_start_leaves_the_body_alone)
{
    char words[1200];
    const char *a = fresh(arena, "frozen");
    const nd_given given[] = {{"model.freeze", "1"}, {"train.ema", "0"}};
    CHECK(train_in_child(&(order){.folder = a, .stop_at = 4, .given = given, .givens = 2},
                         words) == 1);
    const nd_weights *w =
        nd_weights_open(arena, nd_text(arena, "%s/state/last.safetensors", a));
    const int body = w ? nd_weights_find(w, "optim.conv1.weight.momentum") : -1;
    const int head = w ? nd_weights_find(w, "optim.fc.weight.momentum") : -1;
    CHECK(body >= 0 && head >= 0);
    if (body < 0 || head < 0) return;
    const float *still = w->weight[body].data, *moved = w->weight[head].data;
    CHECK(still[0] == 0 && still[100] == 0 && moved[0] != 0);
}

// The mean of the losses in the log, which without smoothing are means over batches.
static double mean_loss(nd_arena *arena, const char *folder)
{
    char line[4096];
    double sum = 0;
    int count = 0;
    FILE *log = fopen(nd_text(arena, "%s/metrics.jsonl", folder), "r");
    while (log && fgets(line, sizeof line, log)) {
        const char *at = strstr(line, "\"loss\":");
        if (strstr(line, "\"t\":\"step\"") && at) sum += strtod(at + 7, NULL), count++;
    }
    if (log) fclose(log);
    return count ? sum / count : (double)NAN;
}

TEST(hard_examples_are_learnt_from_the_steps_and_kept_in_the_state)
{
    char words[1200];
    const char *a = fresh(arena, "hard"), *b = fresh(arena, "easy");
    const nd_given given[] = {{"data.chips.sampling", "hard"}, {"train.smoothing", "0"}};
    const order begin = {.folder = a, .stop_at = 4, .given = given, .givens = 2};
    // Four steps are one epoch: each picture was told once, nothing has turned.
    CHECK(train_in_child(&begin, words) == 1);
    const char *path = nd_text(arena, "%s/state/last.safetensors", a);
    const nd_weights *w = nd_weights_open(arena, path);
    const int at = w ? nd_weights_find(w, "data.hardness") : -1;
    CHECK(at >= 0);
    if (at < 0) return;
    CHECK(nd_shape_count(w->weight[at].shape) == 160);
    const float *hard = w->weight[at].data;
    double sum = 0;
    for (int i = 0; i < 80; i++) sum += (double)hard[80 + i];
    CHECK(isnan(hard[0]) && fabs(sum / 80 - mean_loss(arena, a)) < 1e-5);
    // Stopped in the middle of an epoch that is drawn by the first one's losses.
    CHECK(train_in_child(&(order){.resume = a, .stop_at = 3}, words) == 1);
    CHECK(train_in_child(&(order){.resume = a}, words) == 0);
    CHECK(train_in_child(&(order){.folder = b, .given = given, .givens = 2}, words) == 0);
    CHECK(same_state(arena, a, b));
}

// Before losses of examples were kept a state had none.
static bool drop_hardness(nd_arena *arena, const char *folder)
{
    const char *path = nd_text(arena, "%s/state/last.safetensors", folder);
    const char *next = nd_text(arena, "%s/state/other.safetensors", folder);
    const nd_weights *w = nd_weights_open(arena, path);
    nd_weight *most = w ? nd_alloc(arena, (size_t)w->count, sizeof *most) : NULL;
    int count = 0;
    for (int i = 0; most && i < w->count; i++)
        if (strcmp(w->weight[i].name, "data.hardness") != 0) most[count++] = w->weight[i];
    return most && count == w->count - 1 &&
           nd_weights_save(next, most, count, NULL) == ND_OK && rename(next, path) == 0;
}

TEST(an_old_state_without_losses_of_examples_goes_on)
{
    char words[1200];
    const char *a = fresh(arena, "old");
    const nd_given given[] = {{"data.chips.sampling", "hard"}};
    const order begin = {.folder = a, .stop_at = 6, .given = given, .givens = 1};
    CHECK(train_in_child(&begin, words) == 1);
    CHECK(drop_hardness(arena, a));
    CHECK(train_in_child(&(order){.resume = a}, words) == 0);
    CHECK(count_lines(arena, a, "\"t\":\"epoch\"") == 3);
}

static const char *card_text(nd_arena *arena, const char *path)
{
    const nd_weights *w = nd_weights_open(arena, path);
    return w && w->card ? w->card : "";
}

// The first ten pictures of the same kind, once as its card has it and once as asked for.
// The file that a run began with may go: its own model knows the scales.
TEST(weights_with_a_card_bring_their_scales)
{
    char words[1200];
    const char *a = fresh(arena, "first"), *b = fresh(arena, "tuned");
    const char *c = fresh(arena, "asked");
    CHECK(train_in_child(&(order){.folder = a}, words) == 0);
    const char *model = nd_text(arena, "%s/model.safetensors", a);
    const nd_given given[] = {
        {"data.split.seed", "7"}, {"model.pretrained", model}, {"data.norm", "z-score"}};
    CHECK(train_in_child(&(order){.folder = b, .stop_at = 6, .given = given, .givens = 2},
                         words) == 1);
    CHECK(train_in_child(&(order){.folder = c, .given = given, .givens = 3}, words) == 0);
    const nd_card *first = nd_card_parse(arena, card_text(arena, model));
    CHECK(rename(model, nd_text(arena, "%s/gone", a)) == 0);
    CHECK(train_in_child(&(order){.resume = b}, words) == 0);
    const nd_card *tuned =
        nd_card_parse(arena, card_text(arena, nd_text(arena, "%s/model.safetensors", b)));
    const nd_card *asked =
        nd_card_parse(arena, card_text(arena, nd_text(arena, "%s/model.safetensors", c)));
    const nd_recipe *settled = nd_run_recipe(arena, b);
    CHECK(settled && settled->train.spread == 1 &&
          settled->data->norm.at == ND_NORM_PRETRAINED);
    CHECK(first && tuned && asked);
    if (!first || !tuned || !asked) return;
    for (int k = 0; k < 3; k++) {
        const nd_scale_step *x = &first->band[k].step[0], *y = &tuned->band[k].step[0];
        CHECK(x->how == ND_Z_SCORE && y->how == x->how);
        CHECK(y->a == x->a && y->b == x->b && asked->band[k].step[0].a != x->a);
    }
}

TEST(scales_of_weights_that_say_none_are_refused)
{
    char words[1200];
    const char *a = fresh(arena, "none");
    const nd_given given[] = {{"data.norm", "pretrained"}};
    CHECK(train_in_child(&(order){.folder = a, .given = given, .givens = 1}, words) == 1);
    CHECK(strstr(words, "no card that knows band red in its unit\nleave data.norm out"));
}

// Right for the page: the reader sees that it does not run any more.
TEST(a_run_stopped_in_its_range_test_says_so)
{
    char words[1200];
    const char *a = fresh(arena, "range");
    const nd_given given[] = {{"train.rate", "auto"}};
    CHECK(train_in_child(
              &(order){.folder = a, .in_test = true, .given = given, .givens = 1},
              words) == 0);
    CHECK(says_state(arena, a, "stopped"));
    CHECK(train_in_child(&(order){.resume = a}, words) == 1);
    CHECK(strstr(words, "holds no state yet"));
}

// 80 training pictures of 64 x 64 in ten classes; the means are those that Pillow and
// numpy find in the files that split.tsv calls train.
TEST(what_the_data_are_like_is_written_down)
{
    char words[1200];
    const char *a = fresh(arena, "stats");
    CHECK(train_in_child(&(order){.folder = a, .stop_at = 1}, words) == 1);
    nd_bytes file;
    CHECK(nd_file_map(arena, nd_text(arena, "%s/stats.json", a), &file) == ND_OK);
    const nd_json *all = nd_json_parse(arena, (const char *)file.at, file.count);
    const nd_json *bands = all ? nd_json_member(all, "bands") : NULL;
    const nd_json *classes = all ? nd_json_member(all, "classes") : NULL;
    CHECK(bands && bands->count == 3 && classes && classes->count == 10);
    if (!bands || !classes) return;
    static const double mean[] = {88.8995849609375, 98.8244140625, 105.21770629882812},
                        deviation[] = {51.742015453148504, 36.04593692424616,
                                       30.64727661917436};
    int b = 0, pictures = 0;
    for (const nd_json *one = bands->first; one; one = one->next, b++) {
        CHECK(nd_json_member(one, "count")->number == 80 * 64 * 64);
        CHECK(fabs(nd_json_member(one, "mean")->number / mean[b] - 1) < 1e-6);
        CHECK(fabs(nd_json_member(one, "stddev")->number / deviation[b] - 1) < 1e-6);
    }
    for (const nd_json *one = classes->first; one; one = one->next)
        pictures += (int)nd_json_member(one, "train")->number;
    CHECK(pictures == 80);
}
