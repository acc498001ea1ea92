// SPDX-License-Identifier: Apache-2.0
// nadir runs: the runs of a folder in a list, or two of them side by side.
#include "cli/runs.h"
#include <math.h>
#include <string.h>
#include <unistd.h>

typedef struct options {
    nd_path data;
    const char *split;
} options;
static const nd_param params[] = {
    ND_PARAM(
        options, data, {NULL}, .of = "file",
        .help = "Run both models on this data, as nadir evaluate does, and test "
                "whether one is better; on the first run's validation side if not given"),
    ND_PARAM(options, split, NULL, .needs = "data",
             .help = "Side of the data to compare on; all of it if not given"),
};

static const char *value_of(const nd_run_told *run, const char *name)
{
    for (int i = 0; i < run->keys; i++)
        if (strcmp(run->key[i].name, name) == 0) return run->key[i].value;
    return NULL;
}

static bool is_same(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

// Does the key say the same in all the runs?
static bool is_common(const nd_run_told *run, int count, const char *name)
{
    for (int i = 1; i < count; i++)
        if (!is_same(value_of(&run[0], name), value_of(&run[i], name))) return false;
    return true;
}

// Was it asked of an earlier run already?
static bool is_known(const nd_run_told *run, int before, const char *name)
{
    for (int i = 0; i < before; i++)
        if (value_of(&run[i], name)) return true;
    return false;
}

enum { MOST_KEYS = 64 };
// Names of keys that differ, in the order in which they come up.
static int differing(const nd_run_told *run, int count, const char **name)
{
    int names = 0;
    for (int i = 0; i < count; i++)
        for (int k = 0; k < run[i].keys && names < MOST_KEYS; k++) {
            const char *key = run[i].key[k].name;
            if (!is_known(run, i, key) && !is_common(run, count, key))
                name[names++] = key;
        }
    return names;
}

static void list_row(nd_buffer *out, const nd_run_told *run, int width)
{
    const nd_epoch *best = run->best >= 0 ? &run->epoch[run->best] : NULL;
    nd_buffer_add(out, "%-*s ", width, run->name);
    const bool is_value = best && isfinite(best->rmse); // in its unit: the error
    if (best)
        nd_buffer_add(out, is_value ? "%8.4g " : "%6.2f %% ",
                      is_value ? best->rmse : 100 * best->accuracy);
    else
        nd_buffer_add(out, "%8s ", "-");
    if (best && isfinite(best->low))
        nd_buffer_add(out, is_value ? "%6.4g - %6.4g " : "%6.2f - %6.2f ",
                      (is_value ? 1 : 100) * best->low,
                      (is_value ? 1 : 100) * best->high);
    else
        nd_buffer_add(out, "%15s ", "");
    nd_buffer_add(out, "%7d %8.1f ", run->epochs, run->minutes);
    if (run->parameters)
        nd_buffer_add(out, "%8.2f M ", (double)run->parameters / 1e6);
    else
        nd_buffer_add(out, "%10s ", "-");
    nd_buffer_add(out, " %s\n", run->state ? run->state : "");
}

static void keys_row(nd_buffer *out, const nd_run_told *run, const char *const *name,
                     int names)
{
    int told = 0;
    for (int i = 0; i < names; i++) {
        const char *value = value_of(run, name[i]);
        if (value) nd_buffer_add(out, "%s%s: %s", told++ ? ", " : "    ", name[i], value);
    }
    if (told) nd_buffer_add(out, "\n");
}

static nd_status print_list(nd_buffer *out, const nd_run_told *run, int count)
{
    const char *name[MOST_KEYS];
    const int names = differing(run, count, name);
    int width = 12;
    for (int i = 0; i < count; i++)
        if ((int)strlen(run[i].name) > width) width = (int)strlen(run[i].name);
    nd_buffer_add(out, "%-*s %8s %15s %7s %8s %10s  %s\n", width, nd_gettext("run"),
                  nd_gettext("best"), "95 %", nd_gettext("epochs"), nd_gettext("minutes"),
                  nd_gettext("weights"), nd_gettext("state"));
    for (int i = 0; i < count; i++) {
        list_row(out, &run[i], width);
        keys_row(out, &run[i], name, names);
    }
    return cli_put(out);
}

static void json_epoch(nd_json_out *out, const char *key, const nd_epoch *e)
{
    nd_json_open(out, key, '{');
    nd_json_real(out, "step", e->step);
    nd_json_real(out, "train_loss", e->train_loss);
    nd_json_real(out, "valid_loss", e->valid_loss);
    nd_json_real(out, "accuracy", e->accuracy);
    if (isfinite(e->rmse)) nd_json_real(out, "rmse", e->rmse);
    nd_json_open(out, "interval", '[');
    nd_json_real(out, NULL, e->low);
    nd_json_real(out, NULL, e->high);
    nd_json_close(out, ']');
    nd_json_whole(out, "n", e->n);
    nd_json_close(out, '}');
}

static void json_run(nd_json_out *out, const nd_run_told *run)
{
    nd_json_open(out, NULL, '{');
    nd_json_text(out, "run", run->path);
    nd_json_text(out, "state", run->state);
    nd_json_whole(out, "epochs", run->epochs);
    nd_json_real(out, "minutes", run->minutes);
    if (run->parameters) nd_json_whole(out, "parameters", run->parameters);
    if (run->best >= 0)
        json_epoch(out, "best", &run->epoch[run->best]);
    else
        nd_json_null(out, "best");
    nd_json_open(out, "keys", '{');
    for (int i = 0; i < run->keys; i++)
        nd_json_text(out, run->key[i].name, run->key[i].value);
    nd_json_close(out, '}');
    nd_json_open(out, "curve", '[');
    for (int i = 0; i < run->epochs; i++) json_epoch(out, NULL, &run->epoch[i]);
    nd_json_close(out, ']');
    nd_json_close(out, '}');
}

static void json_comparison(nd_json_out *out, const nd_comparison *c)
{
    nd_json_open(out, "comparison", '{');
    nd_json_open(out, "accuracy", '[');
    nd_json_real(out, NULL, c->first);
    nd_json_real(out, NULL, c->second);
    nd_json_close(out, ']');
    nd_json_whole(out, "only_first_right", c->only_first);
    nd_json_whole(out, "only_second_right", c->only_second);
    nd_json_text(out, "test",
                 c->is_drawn   ? "bootstrap over units"
                 : c->is_exact ? "exact McNemar"
                               : "McNemar");
    nd_json_real(out, "p", c->p);
    nd_json_close(out, '}');
}

static nd_status print_json(nd_buffer *text, const nd_run_told *run, int count,
                            const nd_comparison *comparison)
{
    nd_json_out out = {.to = text};
    nd_json_open(&out, NULL, '{');
    nd_json_open(&out, "runs", '[');
    for (int i = 0; i < count; i++) json_run(&out, &run[i]);
    nd_json_close(&out, ']');
    if (comparison) json_comparison(&out, comparison);
    nd_json_close(&out, '}');
    nd_buffer_put(text, "\n", 1);
    return cli_put(text);
}

// ---- Two side by side.
static void print_keys(nd_buffer *out, const nd_run_told run[2])
{
    const char *name[MOST_KEYS];
    const int names = differing(run, 2, name);
    for (int i = 0; i < names; i++) {
        const char *a = value_of(&run[0], name[i]), *b = value_of(&run[1], name[i]);
        nd_buffer_add(out, "  %-28s %-24s %s\n", name[i], a ? a : "-", b ? b : "-");
    }
    if (names == 0) nd_buffer_add(out, "%s", nd_gettext("  no key differs\n"));
}

static void print_best(nd_buffer *out, const nd_run_told *run, char letter)
{
    const nd_epoch *best = run->best >= 0 ? &run->epoch[run->best] : NULL;
    nd_buffer_add(out, "%c  %s", letter, run->path);
    if (best) nd_buffer_add(out, "   %.2f %%", 100 * best->accuracy);
    if (best && isfinite(best->low))
        nd_buffer_add(out, " (%.2f - %.2f)", 100 * best->low, 100 * best->high);
    nd_buffer_add(out, nd_gettext(", %.1f minutes\n"), run->minutes);
}

static void print_test(nd_buffer *out, const nd_comparison *c)
{
    nd_buffer_add(out, nd_gettext("\non the same samples: A %.2f %%, B %.2f %%\n"),
                  100 * c->first, 100 * c->second);
    if (c->is_drawn)
        nd_buffer_add(out, nd_gettext("B - A, 95 %% by units: %.2f to %.2f points"),
                      100 * c->difference.low, 100 * c->difference.high);
    else
        nd_buffer_add(out, nd_gettext("only A right: %lld, only B right: %lld"),
                      (long long)c->only_first, (long long)c->only_second);
    nd_buffer_add(out, ", p = %.2g\n", c->p);
    if (!(c->p < 0.05))
        nd_buffer_add(out, "%s",
                      nd_gettext("neither is better: the difference may be chance\n"));
    else
        nd_buffer_add(out, nd_gettext("%c is better\n"),
                      c->second > c->first ? 'B' : 'A');
}

static nd_status print_two(nd_buffer *out, const nd_run_told run[2],
                           const nd_comparison *comparison)
{
    print_best(out, &run[0], 'A');
    print_best(out, &run[1], 'B');
    nd_buffer_add(out, "\n");
    print_keys(out, run);
    cli_runs_plot(out, run, false);
    cli_runs_plot(out, run, true);
    if (comparison) print_test(out, comparison);
    return cli_put(out);
}

static nd_status gather(cli_call *call, nd_run_told *run, int most, int *count)
{
    static const char *const here[] = {"runs"};
    const char *const *word = call->words ? call->word : here;
    const int words = call->words ? call->words : 1;
    for (int i = 0; i < words; i++) {
        nd_run_told *more = NULL;
        int n = 0;
        ND_TRY(nd_runs_find(call->arena, word[i], &more, &n));
        for (int k = 0; k < n && *count < most; k++) run[(*count)++] = more[k];
    }
    if (*count > 0) return ND_OK;
    return nd_fail(ND_E_DATA,
                   "there is no run in %s\n"
                   "make one with nadir train, or name the folder",
                   word[0]);
}

static bool has_model(nd_arena *arena, const nd_run_told *run)
{
    const char *path = nd_text(arena, "%s/model.safetensors", run->path);
    return path && access(path, R_OK) == 0;
}

static nd_status two(cli_call *call, const nd_run_told run[2], nd_buffer *text)
{
    const options *own = call->own;
    nd_comparison comparison;
    const bool tests = own->data.text || (has_model(call->arena, &run[0]) &&
                                          has_model(call->arena, &run[1]));
    if (tests)
        ND_TRY(cli_runs_compare(call, run, own->data.text, own->split, &comparison));
    if (call->general->json) return print_json(text, run, 2, tests ? &comparison : NULL);
    return print_two(text, run, tests ? &comparison : NULL);
}

static nd_status run(cli_call *call)
{
    enum { MOST = 4096 };
    nd_buffer text = {.arena = call->arena};
    nd_run_told *run = nd_alloc(call->arena, MOST, sizeof *run);
    int count = 0;
    if (!run) return ND_E_MEMORY;
    ND_TRY(gather(call, run, MOST, &count));
    if (call->words == 2 && count == 2) return two(call, run, &text);
    if (call->general->json) return print_json(&text, run, count, NULL);
    return print_list(&text, run, count);
}

const cli_command cli_cmd_runs = {
    .name = "runs",
    .brief = "List training runs, or compare two of them",
    .usage = "[FOLDER…] [--json]  or  RUN RUN [--data DATA]",
    .example = "nadir runs runs/*",
    .help = "FOLDER is a run or holds runs; without one: runs. Of each: its best figure\n"
            "with the range of 95 %, minutes, weights, and the keys that differ.\n"
            "Of two runs: keys and curves side by side, and a test on the same samples\n"
            "whether one is better or it is chance.",
    .table = ND_TABLE(params, options),
    .max_words = -1,
    .of = "file",
    .run = run,
};
