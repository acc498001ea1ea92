// SPDX-License-Identifier: Apache-2.0
// What a training run says on the screen, and to programs as JSON lines.
#include "cli/learn.h"
#include <langinfo.h>
#include <math.h>
#include <nadir/pool.h>
#include <string.h>

void cli_training_begin(cli_call *call, cli_training *training)
{
    *training = (cli_training){.general = call->general,
                               .is_terminal = cli_is_terminal(stderr),
                               .columns = cli_columns()};
}

// ---- JSON.
static void score(nd_json_out *out, const char *key, const nd_train_score *s)
{
    if (!(s->n > 0)) return;
    nd_json_open(out, key, '{');
    nd_json_real(out, "loss", s->loss);
    nd_json_real(out, "accuracy", s->accuracy);
    nd_json_open(out, "ci95", '[');
    nd_json_real(out, NULL, s->low);
    nd_json_real(out, NULL, s->high);
    nd_json_close(out, ']');
    nd_json_real(out, "miou", s->miou);
    if (isfinite(s->rmse)) {
        nd_json_real(out, "rmse", s->rmse);
        nd_json_real(out, "r2", s->r2);
    }
    nd_json_real(out, "n", s->n);
    nd_json_close(out, '}');
}

static void facts(nd_json_out *out, const nd_train_news *n)
{
    nd_json_whole(out, "epoch", n->epoch);
    nd_json_whole(out, "epochs", n->epochs);
    nd_json_whole(out, "step", n->step);
    nd_json_whole(out, "steps", n->steps);
    if (n->what == ND_TRAIN_STEP) {
        nd_json_real(out, "loss", n->loss);
        nd_json_real(out, "lr", n->rate);
        nd_json_real(out, "img_s", n->pictures_s);
        nd_json_real(out, "wait", n->wait);
        nd_json_real(out, "eta_s", n->left_s);
    }
    if (n->what != ND_TRAIN_EPOCH) return;
    nd_json_real(out, "train_loss", n->train.loss);
    score(out, "valid", &n->raw);
    score(out, "ema", &n->ema);
    nd_json_bool(out, "best", n->is_best);
    nd_json_real(out, "seconds", n->seconds);
}

static void as_json(const nd_train_news *n)
{
    static const char *const names[] = {[ND_TRAIN_FACT] = "fact",
                                        [ND_TRAIN_RATE] = "rate",
                                        [ND_TRAIN_STEP] = "step",
                                        [ND_TRAIN_EPOCH] = "epoch",
                                        [ND_TRAIN_EVENT] = "note"};
    nd_arena *arena = nd_arena_new();
    nd_buffer text = {.arena = arena};
    nd_json_out out = {.to = &text};
    if (!arena) return;
    nd_json_open(&out, NULL, '{');
    nd_json_text(&out, "event", names[n->what]);
    if (n->name) nd_json_text(&out, "name", n->name);
    if (n->text) nd_json_text(&out, "text", n->text);
    if (n->what == ND_TRAIN_RATE)
        nd_json_real(&out, "rate", n->test->valley);
    else
        facts(&out, n);
    nd_json_close(&out, '}');
    const char *line = nd_buffer_text(&text);
    if (line) puts(line), fflush(stdout);
    nd_arena_free(arena);
}

// ---- Words.
static void step_line(cli_training *t, const nd_train_news *n)
{
    char left[32] = "", line[256];
    if (isfinite(n->left_s)) cli_duration_print(ceil(n->left_s), left);
    const int part = n->steps ? (int)(100.0 * (double)n->step / (double)n->steps) : 0;
    snprintf(line, sizeof line, "%s %d/%d  %3d %%   %s %.4f   %s %.2e   %.0f %s   %s%s%s",
             nd_gettext("epoch"), n->epoch + 1, n->epochs, part, nd_gettext("loss"),
             n->loss, nd_gettext("rate"), n->rate, n->pictures_s > 0 ? n->pictures_s : 0,
             nd_gettext("pictures/s"), left, *left ? " " : "",
             *left ? nd_gettext("left") : "");
    if (t->is_terminal)
        fprintf(stderr, "\r%.*s\033[K", t->columns - 1, line), fflush(stderr);
    else
        puts(line), fflush(stdout);
}

static void check_line(const cli_training *t, const nd_train_news *n)
{
    if (!t->is_terminal) return;
    const char *what =
        n->name ? nd_gettext("looking for the rate") : nd_gettext("validating");
    fprintf(stderr, "\r%s  %lld/%lld\033[K", what, (long long)n->step,
            (long long)n->steps);
    fflush(stderr);
}

static void clear(const cli_training *t)
{
    if (t->is_terminal) fputs("\r\033[K", stderr), fflush(stderr);
}

static void one_score(const char *name, const nd_train_score *s, bool is_raw)
{
    if (!(s->n > 0)) return;
    if (isfinite(s->rmse)) {
        printf("   %s %.4g (%.4g-%.4g) R² %.3f", is_raw ? "RMSE" : name, s->rmse, s->low,
               s->high, s->r2);
        return;
    }
    printf("   %s %6.2f %% (%.2f-%.2f)", name, 100 * s->accuracy, 100 * s->low,
           100 * s->high);
    if (isfinite(s->miou)) printf(" mIoU %.3f", s->miou);
}

static void epoch_line(const nd_train_news *n)
{
    char took[32];
    cli_duration_print(n->seconds, took);
    printf("%s %3d/%d   %s %.4f", nd_gettext("epoch"), n->epoch + 1, n->epochs,
           nd_gettext("loss"), n->train.loss);
    if (n->raw.n > 0) printf("   %s %.4f", nd_gettext("valid"), n->raw.loss);
    one_score(nd_gettext("right"), &n->raw, true);
    one_score(nd_gettext("averaged"), &n->ema, false);
    printf("   %s%s\n", took, n->is_best ? nd_gettext("   best") : "");
    fflush(stdout);
}

static void rate_line(const cli_training *t, const nd_train_news *n)
{
    nd_arena *arena = nd_arena_new();
    nd_buffer text = {.arena = arena};
    if (!arena) return;
    const bool is_utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
    const char *all = NULL;
    if (t->is_terminal &&
        nd_rate_test_print(n->test, t->columns, is_utf8, &text) == ND_OK)
        all = nd_buffer_text(&text);
    printf("%s%-11s %.3g %s\n", all ? all : "", nd_gettext("rate"), n->test->valley,
           nd_gettext("(the valley of the range test)"));
    fflush(stdout);
    nd_arena_free(arena);
}

void cli_training_tell(void *training, const nd_train_news *news)
{
    cli_training *t = training;
    const double now = nd_seconds();
    const bool is_often = news->what == ND_TRAIN_STEP || news->what == ND_TRAIN_CHECK;
    const bool is_json = t->general->json;
    if (is_json && news->what == ND_TRAIN_CHECK) return;
    if (is_often && t->general->quiet && !is_json) return;
    if (is_often && now - t->shown < (is_json ? 0.5 : t->is_terminal ? 0.1 : 10)) return;
    if (is_often) t->shown = now;
    if (is_json) {
        as_json(news);
        return;
    }
    if (!is_often) clear(t);
    if (t->general->quiet) return;
    switch (news->what) {
    case ND_TRAIN_STEP: step_line(t, news); break;
    case ND_TRAIN_CHECK: check_line(t, news); break;
    case ND_TRAIN_EPOCH: epoch_line(news); break;
    case ND_TRAIN_RATE: rate_line(t, news); break;
    case ND_TRAIN_FACT:
        printf("%-11s %s\n", nd_gettext(news->name), news->text), fflush(stdout);
        break;
    case ND_TRAIN_EVENT:
        printf("%-11s %s %lld%s%s\n", nd_gettext(news->name), nd_gettext("step"),
               (long long)news->step, news->text ? ": " : "",
               news->text ? news->text : "");
        fflush(stdout);
        break;
    }
}
