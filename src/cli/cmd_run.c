// SPDX-License-Identifier: Apache-2.0
// nadir run: computes a graph and writes its maps, for one scene or a list of them.
#include "cli/each.h"

typedef struct options {
    nd_path output;
    const char *format;
    bool force;
    int level;
    nd_path preview, aoi;
    const char *each;
    bool skip_existing, snap_strict;
} options;

static const nd_param params[] = {
    ND_PARAM(options, output, {NULL}, .was = "o",
             .help = "File to write, for a graph that has no Write of its own"),
    ND_PARAM(options, format, NULL, .was = "f", .needs = "output",
             .help = "Format of that file; by its extension if not given"),
    ND_PARAM(options, force, false, .help = "Replace files that exist already"),
    ND_PARAM(options, level, 0, .min = 0, .max = 20,
             .help = "Render a preview: each level halves width and height"),
    ND_PARAM(options, preview, {NULL},
             .help = "Write a small PNG of the last output as a quick look, and nothing "
                     "else but -o"),
    ND_PARAM(options, aoi, {NULL},
             .help = "Cut the outputs to the polygons of a GeoJSON file"),
    ND_PARAM(options, each, NULL,
             .help =
                 "Run once for each file: 'scene=*.SAFE' gives each name to ${scene}; "
                 "in -P and -o, {scene} is that name without folder and extension"),
    ND_PARAM(options, skip_existing, false,
             .help = "Leave outputs alone that are there already: so a stopped list goes "
                     "on where it was"),
    ND_PARAM(options, snap_strict, false,
             .help = "Do as SNAP does even where its answer is an accident"),
};

static nd_status run_one(void *user, cli_session *session, nd_arena *arena,
                         const cli_item *item, bool *skipped)
{
    cli_call *call = user;
    const options *own = call->own;
    cli_job job = {.name = call->word[0],
                   .output = item->output,
                   .format = own->format,
                   .preview = item->preview,
                   .area = own->aoi.text,
                   .level = own->level,
                   .force = own->force,
                   .skip_existing = own->skip_existing,
                   .is_strict = own->snap_strict};
    const nd_graph_ask ask = {
        .path = call->word[0], .variable = item->variable, .variables = item->variables};
    nd_graph *graph = cli_graph_read(call, arena, &ask);
    nd_planned planned;
    if (!graph) return ND_E_PARAM;
    ND_TRY(cli_graph_ready(call, graph));
    ND_TRY(cli_graph_plan(arena, graph, job.is_strict, &planned));
    job.history = cli_history(arena, graph, job.name);
    return job.history ? cli_write_outputs(session, arena, &job, &planned, skipped)
                       : ND_E_MEMORY;
}

static nd_status run(cli_call *call)
{
    const options *own = call->own;
    cli_session session;
    ND_TRY(cli_session_open(call, &session));
    const cli_list list = {.call = call,
                           .each = own->each,
                           .output = own->output.text,
                           .preview = own->preview.text,
                           .run = run_one};
    return own->each ? cli_run_each(&session, &list) : cli_run_single(&session, &list);
}

const cli_command cli_cmd_run = {
    .name = "run",
    .brief = "Compute a graph and write its maps",
    .usage = "GRAPH [-P name=value] [-o FILE]",
    .example = "nadir run ndvi.yaml -P scene=S2A_MSIL1C_20180101.SAFE -P out=ndvi.tif",
    .help =
        "GRAPH is a SNAP graph (.xml) or a graph in YAML. Before a pixel moves, all of\n"
        "it is checked. A file appears under its name when it is whole, and replaces\n"
        "another one only with --force.",
    .table = ND_TABLE(params, options),
    .min_words = 1,
    .max_words = 1,
    .of = "graph",
    .pulls = true,
    .variables = true,
    .run = run,
};
