// SPDX-License-Identifier: Apache-2.0
// Writes the outputs of a plan one after the other and tells what became of each.
#include "cli/pull.h"
#include <string.h>
#include <unistd.h>

// One file to come: of a Write node, of -o, or of --preview.
typedef struct target {
    nd_node *sink; // NULL: no Write node stands for it
    nd_node *node; // whose pixels
    const char *path;
    int bands; // that go into it
    bool is_there;
} target;

typedef struct writer {
    cli_session *session;
    nd_arena *arena;
    const cli_job *job;
    nd_run run;
} writer;

static bool tells(const writer *w)
{
    return !w->session->call->general->quiet && !w->session->call->general->json;
}

static nd_write base_of(const cli_job *job, const nd_node *sink)
{
    return (nd_write){.format = sink ? NULL : job->format,
                      .replace = job->force,
                      .history = job->history};
}

// The Write node again, over another input.
static nd_node *over(nd_arena *arena, const nd_node *sink, nd_node *input)
{
    return nd_node_new(arena, &(nd_make){.op = sink->op,
                                         .input = &input,
                                         .inputs = 1,
                                         .settings = &sink->settings,
                                         .place = sink->place,
                                         .id = sink->id});
}

static nd_status target_of(const writer *w, nd_node *output, target *t)
{
    const bool is_sink = output->op->sink && output->inputs == 1;
    nd_node *node = is_sink ? output->input[0] : output;
    if (w->job->area) node = cli_cut(w->arena, node, w->job->area);
    if (!node) return ND_E_PARAM;
    nd_write write = base_of(w->job, is_sink ? output : NULL);
    *t = (target){.node = node};
    const nd_write_settings *set = is_sink ? output->state : NULL;
    if (set) {
        t->sink = node == output->input[0] ? output : over(w->arena, output, node);
        if (!t->sink) return ND_E_PARAM;
        if (set->format_name) write.format = set->format_name;
        write.path = set->file.text;
    } else {
        write.path = w->job->output;
    }
    t->path = nd_write_path(w->arena, &write);
    if (!t->path) {
        nd_note("%s", output->place);
        return ND_E_PARAM;
    }
    t->bands = nd_write_count(node, &write);
    if (set && set->bands.count) t->bands = (int)set->bands.count;
    t->is_there = access(t->path, F_OK) == 0;
    return ND_OK;
}

// Pixels of all grids that the bands lie on; the widest one goes into `widest`.
static int64_t pixels_of(const nd_node *node, int level, nd_grid *widest)
{
    int64_t sum = 0;
    *widest = (nd_grid){0};
    for (int b = 0; b < node->bands; b++) {
        const nd_grid grid = nd_grid_at(node->band[b].grid, level);
        bool is_first = node->band[b].role != ND_MASK;
        for (int a = 0; a < b && is_first; a++)
            is_first = node->band[a].role == ND_MASK ||
                       !nd_grid_same(&node->band[a].grid, &node->band[b].grid);
        if (!is_first) continue;
        sum += (int64_t)grid.width * grid.height;
        if (grid.width > widest->width) *widest = grid;
    }
    return sum;
}

static void tell_written(const writer *w, const target *t, double seconds)
{
    nd_grid grid;
    char time[32], memory[32];
    const int64_t pixels = pixels_of(t->node, w->run.level, &grid);
    if (w->session->call->general->json) {
        nd_buffer text = {.arena = w->arena};
        nd_json_out out = {.to = &text};
        nd_json_open(&out, NULL, '{');
        nd_json_text(&out, "event", "written");
        nd_json_text(&out, "file", t->path);
        nd_json_whole(&out, "width", grid.width);
        nd_json_whole(&out, "height", grid.height);
        nd_json_whole(&out, "bands", t->bands);
        nd_json_real(&out, "seconds", seconds);
        nd_json_close(&out, '}');
        const char *line = nd_buffer_text(&text);
        if (line) puts(line), fflush(stdout);
    }
    if (!tells(w)) return;
    cli_duration_print(seconds, time);
    cli_bytes_print(nd_resident_bytes(), memory);
    const double rate = (double)pixels / 1e6 / (seconds > 1e-3 ? seconds : 1e-3);
    printf("%-10s %s   %s, %.*f Mpx/s, %s %s\n", nd_gettext("wrote"), t->path, time,
           rate < 10, rate, memory, nd_gettext("memory"));
}

static void tell_writing(const writer *w, const target *t)
{
    char width[32], height[32];
    nd_grid grid;
    (void)pixels_of(t->node, w->run.level, &grid);
    if (!tells(w)) return;
    cli_whole_print(grid.width, width);
    cli_whole_print(grid.height, height);
    printf("%-10s %s   %s x %s, ", nd_gettext("writing"), t->path, width, height);
    if (t->bands == 1)
        printf("%s\n", nd_gettext("1 band"));
    else
        printf("%d %s\n", t->bands, nd_gettext("bands"));
    fflush(stdout);
}

static nd_status write_one(writer *w, const target *t)
{
    nd_grid grid;
    nd_write write = base_of(w->job, t->sink);
    tell_writing(w, t);
    cli_progress_start(w->session->progress, t->path,
                       pixels_of(t->node, w->run.level, &grid));
    nd_status status;
    if (t->sink) {
        status = nd_write_sink(t->sink, &write, &w->run);
    } else {
        write.path = t->path;
        status = nd_write_node(t->node, (nd_bands){0}, &write, &w->run);
    }
    const double seconds = cli_progress_end(w->session->progress);
    if (status == ND_OK) tell_written(w, t, seconds);
    return status;
}

// A picture of at most 1024 pixels a side, from a level.
static nd_status preview(writer *w, nd_node *output)
{
    enum { SIDE = 1024 };
    nd_node *node = output->op->sink ? output->input[0] : output;
    if (w->job->area && !(node = cli_cut(w->arena, node, w->job->area)))
        return ND_E_PARAM;
    nd_grid grid;
    (void)pixels_of(node, 0, &grid);
    writer small = *w;
    cli_job job = *w->job;
    while (
        !job.level && small.run.level < 20 &&
        (grid.width >> small.run.level > SIDE || grid.height >> small.run.level > SIDE))
        small.run.level++;
    job.format = "PNG";
    small.job = &job;
    const nd_write picture = {.path = w->job->preview, .format = "PNG"};
    return write_one(&small, &(target){.node = node,
                                       .path = w->job->preview,
                                       .bands = nd_write_count(node, &picture)});
}

static bool is_scene(const nd_node *node)
{
    return node->product && !node->inputs;
}

// Is it a node of the graph, or an input of one before node `at`?
static bool is_told(const nd_planned *planned, int at, const nd_node *node)
{
    for (int i = 0; i < planned->nodes; i++) {
        const nd_node *one = planned->node[i];
        if (one == node) return true;
        for (int k = 0; i < at && k < one->inputs; k++)
            if (one->input[k] == node) return true;
    }
    return false;
}

// Scenes of a graph are nodes of it; those of a set or a single operator only inputs.
static int each_scene(const nd_planned *planned, bool tells)
{
    int scenes = 0;
    for (int i = 0; i < planned->nodes; i++) {
        const nd_node *node = planned->node[i];
        for (int k = -1; k < node->inputs; k++) {
            const nd_node *one = k < 0 ? node : node->input[k];
            if (!is_scene(one) || (k >= 0 && is_told(planned, i, one))) continue;
            scenes++;
            if (tells) printf("%-10s %s\n", nd_gettext("reading"), one->product->path);
        }
    }
    return scenes;
}

static void tell_sources(const writer *w, const nd_planned *planned)
{
    if (!tells(w)) return;
    const int scenes = each_scene(planned, false);
    printf("%s   %d %s, %d %s\n", w->job->name, planned->nodes,
           planned->nodes == 1 ? nd_gettext("operator") : nd_gettext("operators"), scenes,
           scenes == 1 ? nd_gettext("scene") : nd_gettext("scenes"));
    (void)each_scene(planned, true);
    fflush(stdout);
}

// What will be written: every Write; without one, what -o names; with a quick look, only
// what -o names.
static nd_status find_targets(const writer *w, const nd_planned *planned, target *t,
                              int *targets)
{
    int sinks = 0;
    if (w->job->preview && !w->job->output) return ND_OK; // a look, not a run
    for (int i = 0; i < planned->outputs; i++) sinks += planned->output[i]->op->sink;
    for (int i = 0; i < planned->outputs; i++) {
        nd_node *output = planned->output[i];
        if (sinks && !output->op->sink) {
            if (strncmp(output->id, "ReadOp@", 7) != 0)
                nd_say(ND_NOTE, "%s: nothing uses %s, so it is not computed",
                       output->place, output->id);
            continue;
        }
        if (!sinks && i < planned->outputs - 1) continue;
        if (!sinks && !w->job->output)
            return cli_misused(w->session->call,
                               nd_fail(ND_E_PARAM,
                                       "%s says nowhere what to write\n"
                                       "give -o FILE, or end it with a Write",
                                       w->job->name));
        ND_TRY(target_of(w, output, &t[(*targets)++]));
    }
    return ND_OK;
}

// "./a" and "a" are one place; what links do is told when the second one is written.
static bool same_place(nd_arena *arena, const char *a, const char *b)
{
    nd_buffer plain[2] = {{.arena = arena}, {.arena = arena}};
    for (int i = 0; i < 2; i++) {
        for (const char *at = i ? b : a; *at; at++) {
            const bool is_start = at == (i ? b : a) || at[-1] == '/';
            if (is_start && *at == '.' && at[1] == '/')
                at++;
            else if (!(is_start && *at == '/' && plain[i].length))
                nd_buffer_put(&plain[i], at, 1);
        }
    }
    const char *x = nd_buffer_text(&plain[0]), *y = nd_buffer_text(&plain[1]);
    return x && y && strcmp(x, y) == 0;
}

static nd_status check_there(const writer *w, const nd_planned *planned, const target *t,
                             int targets, bool *skipped)
{
    int there = 0;
    for (int i = 0; i < targets; i++) {
        const char *last = w->session->last;
        if (last && strcmp(last, t[i].path) == 0)
            return nd_fail(ND_E_PARAM,
                           "%s was just written for another scene\n"
                           "put the scene into its name, as in -P 'out={scene}.tif'",
                           last);
        for (int k = 0; k < i; k++)
            if (same_place(w->arena, t[i].path, t[k].path))
                return nd_fail(ND_E_PARAM,
                               "two outputs would be written to %s\n"
                               "give each a name of its own",
                               t[i].path);
        there += t[i].is_there;
    }
    *skipped = w->job->skip_existing && targets && there == targets;
    for (int i = 0; i < targets && !*skipped; i++)
        if (t[i].is_there && !w->job->force && !w->job->skip_existing)
            return nd_fail(ND_E_IO,
                           "%s exists already\n"
                           "replace it with --force, or give another name",
                           t[i].path);
    for (int i = 0; i < targets && !*skipped; i++)
        if (t[i].is_there && !w->job->skip_existing)
            ND_TRY(cli_check_unread(w->arena, planned, t[i].path));
    return ND_OK;
}

nd_status cli_write_outputs(cli_session *session, nd_arena *arena, const cli_job *job,
                            const nd_planned *planned, bool *skipped)
{
    writer w = {.session = session, .arena = arena, .job = job};
    target *t = nd_alloc(arena, (size_t)planned->outputs + 1, sizeof *t);
    int targets = 0;
    if (!t) return ND_E_MEMORY;
    ND_TRY(cli_session_next(session, arena, &w.run));
    w.run.level = job->level;
    ND_TRY(find_targets(&w, planned, t, &targets));
    ND_TRY(check_there(&w, planned, t, targets, skipped));
    if (*skipped) return ND_OK;
    tell_sources(&w, planned);
    nd_settle(planned->output, planned->outputs);
    if (job->preview) ND_TRY(preview(&w, planned->output[planned->outputs - 1]));
    for (int i = 0; i < targets; i++)
        if (!(job->skip_existing && t[i].is_there)) ND_TRY(write_one(&w, &t[i]));
    session->call->has_written = true;
    if (targets) session->last = nd_text(session->call->arena, "%s", t[targets - 1].path);
    return ND_OK;
}
