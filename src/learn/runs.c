// SPDX-License-Identifier: Apache-2.0
// What the folder of a run tells of it: keys, epochs, the best, how long it took.
#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <nadir/evaluate.h>
#include <nadir/file.h>
#include <nadir/yaml.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { LONGEST = 1 << 30 };

// The whole file; NULL without a failure if there is none.
static const char *text_of(nd_arena *arena, const char *folder, const char *name,
                           size_t *length)
{
    const char *path = nd_text(arena, "%s/%s", folder, name);
    const char *text = path ? nd_file_read(arena, path, LONGEST, length) : NULL;
    if (!text) (void)nd_error_take();
    return text;
}

// ---- Keys: a tree of YAML laid flat, "data.split.seed".
typedef struct keys {
    nd_arena *arena;
    nd_key *key;
    int count, room;
} keys;

static void key_add(keys *k, const char *name, const char *value)
{
    if (k->count == k->room) {
        nd_key *more = nd_alloc(k->arena, (size_t)k->room * 2 + 64, sizeof *more);
        if (!more) return;
        if (k->count) memcpy(more, k->key, (size_t)k->count * sizeof *more);
        k->key = more;
        k->room = k->room * 2 + 64;
    }
    k->key[k->count++] = (nd_key){name, value};
}

// A list of scalars is one value: it is written "[a, b]".
static const char *list_text(nd_arena *arena, const nd_yaml *list)
{
    nd_buffer text = {.arena = arena};
    nd_buffer_add(&text, "[");
    for (const nd_yaml *item = list->first; item; item = item->next)
        nd_buffer_add(&text, "%s%s", item == list->first ? "" : ", ",
                      item->kind == ND_YAML_SCALAR ? item->text ? item->text : "" : "…");
    nd_buffer_add(&text, "]");
    return nd_buffer_text(&text);
}

static bool is_plain_list(const nd_yaml *list)
{
    for (const nd_yaml *item = list->first; item; item = item->next)
        if (item->kind != ND_YAML_SCALAR) return false;
    return list->kind == ND_YAML_LIST;
}

static void flatten(keys *k, const nd_yaml *node, const char *prefix)
{
    if (node->kind == ND_YAML_SCALAR)
        key_add(k, prefix, node->text ? node->text : "");
    else if (is_plain_list(node))
        key_add(k, prefix, list_text(k->arena, node));
    else {
        int number = 0; // depth is bounded by the parser's ND_YAML_DEPTH
        for (const nd_yaml *part = node->first; part; part = part->next, number++) {
            const char *name = part->name ? nd_text(k->arena, "%s%s%s", prefix,
                                                    *prefix ? "." : "", part->name)
                                          : nd_text(k->arena, "%s[%d]", prefix, number);
            if (name) flatten(k, part, name);
        }
    }
}

static void ignore(void *user, nd_spot at)
{
    (void)user, (void)at;
    (void)nd_error_take();
}

static void keys_read(nd_arena *arena, const char *folder, nd_run_told *run)
{
    keys k = {.arena = arena};
    static const char *const from[] = {"resolved.yaml", "config.yaml"};
    for (int i = 0; i < 2 && k.count == 0; i++) {
        size_t length = 0;
        nd_yaml *root = NULL;
        const char *text = text_of(arena, folder, from[i], &length);
        const nd_yaml_ask ask = {.text = text, .length = length, .wrong = ignore};
        if (text && nd_yaml_parse(arena, &ask, &root) == ND_OK && root)
            flatten(&k, root, "");
        (void)nd_error_take(); // keys that cannot be read are none
    }
    run->key = k.key;
    run->keys = k.count;
}

// ---- Epochs: lines of metrics.jsonl. A half line at the end is one being written.
static double number_of(const nd_json *object, const char *key)
{
    const nd_json *one = object ? nd_json_member(object, key) : NULL;
    return one && one->kind == ND_JSON_NUMBER ? one->number : (double)NAN;
}

static bool is_type(const nd_json *line, const char *type)
{
    const nd_json *t = nd_json_member(line, "t");
    return t && t->kind == ND_JSON_TEXT && strcmp(t->text, type) == 0;
}

static nd_epoch epoch_of(const nd_json *line, double rate)
{
    const nd_json *train = nd_json_member(line, "train");
    const nd_json *valid = nd_json_member(line, "valid");
    const nd_json *ema = nd_json_member(line, "ema");
    // The better of raw and averaged weights is what the run keeps.
    if (ema && (number_of(ema, "acc") > number_of(valid, "acc") ||
                number_of(ema, "rmse") < number_of(valid, "rmse")))
        valid = ema;
    nd_epoch e = {.step = number_of(line, "step"),
                  .train_loss = number_of(train, "loss"),
                  .valid_loss = number_of(valid, "loss"),
                  .accuracy = number_of(valid, "acc"),
                  .rmse = number_of(valid, "rmse"),
                  .low = (double)NAN,
                  .high = (double)NAN,
                  .seconds = number_of(line, "seconds"),
                  .rate = rate};
    const double n = number_of(valid, "n");
    e.n = n > 0 && n < 0x1p62 ? (int64_t)n : 0;
    const nd_json *ci = valid ? nd_json_member(valid, "ci95") : NULL;
    if (!ci || ci->kind != ND_JSON_LIST || ci->count != 2) return e;
    if (ci->first->kind == ND_JSON_NUMBER) e.low = ci->first->number;
    if (ci->first->next->kind == ND_JSON_NUMBER) e.high = ci->first->next->number;
    return e;
}

static bool is_better(const nd_epoch *one, const nd_epoch *best)
{
    if (isfinite(one->rmse)) return !best || one->rmse < best->rmse;
    return isfinite(one->accuracy) && (!best || one->accuracy > best->accuracy);
}

static nd_status epochs_read(nd_arena *arena, const char *text, size_t length,
                             nd_run_told *run)
{
    size_t lines = 1;
    for (size_t i = 0; i < length; i++) lines += text[i] == '\n';
    nd_epoch *epoch = nd_alloc(arena, lines, sizeof *epoch);
    if (!epoch) return ND_E_MEMORY;
    double rate = (double)NAN, seconds = 0;
    run->epoch = epoch;
    run->best = -1;
    for (const char *at = text, *end; (end = memchr(at, '\n', length)); at = end + 1) {
        length -= (size_t)(end - at) + 1;
        const nd_mark mark = nd_arena_mark(arena);
        const nd_json *line = nd_json_parse(arena, at, (size_t)(end - at));
        if (!line) {
            (void)nd_error_take();
        } else if (line->kind == ND_JSON_OBJECT && is_type(line, "step")) {
            rate = number_of(line, "lr");
        } else if (line->kind == ND_JSON_OBJECT && is_type(line, "epoch")) {
            const nd_epoch one = epoch_of(line, rate);
            if (isfinite(one.seconds)) seconds += one.seconds;
            if (is_better(&one, run->best < 0 ? NULL : &epoch[run->best]))
                run->best = run->epochs;
            epoch[run->epochs++] = one;
        }
        nd_arena_back(arena, mark);
    }
    run->minutes = seconds / 60;
    return ND_OK;
}

static const char *member_text(nd_arena *arena, const char *folder, const char *file,
                               const char *key)
{
    size_t length = 0;
    const char *text = text_of(arena, folder, file, &length);
    const nd_json *root = text ? nd_json_parse(arena, text, length) : NULL;
    const nd_json *one =
        root && root->kind == ND_JSON_OBJECT ? nd_json_member(root, key) : NULL;
    if (text && !root) (void)nd_error_take();
    return one && one->kind == ND_JSON_TEXT ? one->text : NULL;
}

static int64_t parameters_of(nd_arena *arena, const char *folder)
{
    size_t length = 0;
    const char *text = text_of(arena, folder, "env.json", &length);
    const nd_json *root = text ? nd_json_parse(arena, text, length) : NULL;
    if (text && !root) (void)nd_error_take();
    const double n = root && root->kind == ND_JSON_OBJECT ? number_of(root, "parameters")
                                                          : (double)NAN;
    return n > 0 && n < 0x1p62 ? (int64_t)n : 0;
}

static const char *last_part(nd_arena *arena, const char *path)
{
    size_t length = strlen(path);
    while (length > 1 && path[length - 1] == '/') length--;
    size_t start = length;
    while (start > 0 && path[start - 1] != '/') start--;
    return nd_text(arena, "%.*s", (int)(length - start), path + start);
}

nd_status nd_run_read(nd_arena *arena, const char *folder, nd_run_told *run)
{
    size_t length = 0;
    const char *text = text_of(arena, folder, "metrics.jsonl", &length);
    if (!text)
        return nd_fail(ND_E_IO,
                       "%s is no run: there is no metrics.jsonl in it\n"
                       "give a folder that nadir train made",
                       folder);
    *run = (nd_run_told){.path = nd_text(arena, "%s", folder),
                         .name = last_part(arena, folder)};
    if (!run->path || !run->name) return ND_E_MEMORY;
    ND_TRY(epochs_read(arena, text, length, run));
    keys_read(arena, folder, run);
    run->state = member_text(arena, folder, "status.json", "state");
    run->parameters = parameters_of(arena, folder);
    return ND_OK;
}

// ---- A folder of runs.
static int by_name(const void *a, const void *b)
{
    const char *const *x = a, *const *y = b;
    return strcmp(*x, *y);
}

static bool is_run(nd_arena *arena, const char *folder)
{
    struct stat about;
    const char *path = nd_text(arena, "%s/metrics.jsonl", folder);
    return path && stat(path, &about) == 0 && S_ISREG(about.st_mode);
}

enum { MOST_RUNS = 4096 };

static nd_status names_of(nd_arena *arena, const char *folder, const char **name,
                          int *count)
{
    DIR *at = opendir(folder);
    if (!at && errno == ENOENT)
        return nd_fail(ND_E_IO,
                       "there is no folder %s\n"
                       "give one with runs in it; nadir train makes them in runs",
                       folder);
    if (!at)
        return nd_fail(ND_E_IO, "%s cannot be read\ngive a folder with runs in it",
                       folder);
    nd_status status = ND_OK;
    for (struct dirent *one;
         status == ND_OK && (one = readdir(at)) && *count < MOST_RUNS;) {
        if (one->d_name[0] == '.') continue;
        const char *path = nd_text(arena, "%s/%s", folder, one->d_name);
        if (!path) status = ND_E_MEMORY;
        if (path && is_run(arena, path)) name[(*count)++] = path;
    }
    (void)closedir(at);
    qsort(name, (size_t)*count, sizeof *name, by_name);
    return status;
}

nd_status nd_runs_find(nd_arena *arena, const char *folder, nd_run_told **run, int *count)
{
    int n = 0;
    const char **name = nd_alloc(arena, MOST_RUNS, sizeof *name);
    if (!name) return ND_E_MEMORY;
    if (is_run(arena, folder))
        name[n++] = folder;
    else
        ND_TRY(names_of(arena, folder, name, &n));
    nd_run_told *all = nd_alloc(arena, (size_t)n, sizeof *all);
    if (!all) return ND_E_MEMORY;
    for (int i = 0; i < n; i++) ND_TRY(nd_run_read(arena, name[i], &all[i]));
    *run = all;
    *count = n;
    return ND_OK;
}
