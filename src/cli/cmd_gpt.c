// SPDX-License-Identifier: Apache-2.0
// nadir gpt: SNAP gpt's own command line, for scripts that call it.
#include "cli/gpt.h"
#include <nadir/file.h>
#include <nadir/pool.h>
#include <string.h>

static const char help[] =
    "-Pname=value   a parameter of the operator, or of the graph where it says ${name};\n"
    "               pixelRegion and geometryRegion: what is read of the sources\n"
    "-p FILE        parameters from a properties or XML file; -P wins over it\n"
    "-Sid=FILE      a source: the graph finds it under ${id}\n"
    "-t FILE        what to write; target.dim if not given\n"
    "-f FORMAT      its format: by the extension of -t, else BEAM-DIMAP\n"
    "-q N           how many tiles are computed at once\n"
    "-c SIZE        memory for tiles, as in 2G\n"
    "-h             explain gpt, an operator or a graph\n"
    "--diag         tell version and memory\n"
    "-x, -e, -D…, -J…, -v, -m are understood and have no effect.\n"
    "An existing file is replaced, as SNAP does.";

static const char *format_of(const cli_gpt *gpt)
{
    const char *name = strrchr(gpt->target, '/');
    if (gpt->format) return gpt->format;
    return strchr(name ? name : gpt->target, '.') ? NULL : "BEAM-DIMAP";
}

static nd_status write(cli_call *call, const cli_gpt *gpt, cli_job *job,
                       const nd_planned *planned)
{
    cli_session session;
    bool skipped;
    job->force = true;
    job->is_strict = gpt->is_strict;
    ND_TRY(cli_session_open(call, &session));
    return cli_write_outputs(&session, call->arena, job, planned, &skipped);
}

static bool is_said(nd_arena *arena, const char *text, const char *name)
{
    const char *braced = nd_text(arena, "${%s}", name),
               *bare = nd_text(arena, "$%s", name);
    return braced && bare && (strstr(text, braced) || strstr(text, bare));
}

// Of the names a file has, those that the graph says: each is a Read of its own.
static void used_sources(cli_call *call, cli_gpt *gpt, const char *text)
{
    size_t used = 0;
    for (size_t i = 0; i < gpt->sources; i++)
        if (is_said(call->arena, text, gpt->source[i].name))
            gpt->source[used++] = gpt->source[i];
    gpt->sources = used;
}

// SNAP hands these to the readers of the sources, whatever else may ask for them.
static bool is_region(const char *name)
{
    return nd_text_same(name, "pixelRegion") || nd_text_same(name, "geometryRegion");
}

// Regions for the readers; what the graph does not say itself is no variable then.
static nd_status take_regions(cli_call *call, cli_gpt *gpt, const char *text,
                              nd_graph_ask *ask)
{
    nd_variable *region = nd_alloc(call->arena, gpt->params + 1, sizeof *region);
    size_t kept = 0;
    if (!region) return ND_E_MEMORY;
    ask->reading = region;
    for (size_t i = 0; i < gpt->params; i++) {
        const nd_variable *v = &gpt->param[i];
        const bool is_taken = gpt->sources && is_region(v->name);
        if (is_taken) region[ask->readings++] = *v;
        if (!is_taken || is_said(call->arena, text, v->name)) gpt->param[kept++] = *v;
    }
    gpt->params = kept;
    return ND_OK;
}

static nd_status run_graph(cli_call *call, cli_gpt *gpt)
{
    nd_planned planned;
    const char *text = nd_file_read(call->arena, gpt->what, CLI_TEXT, NULL);
    if (!text) return ND_E_IO;
    used_sources(call, gpt, text);
    nd_graph_ask ask = {.path = gpt->what,
                        .source = gpt->source,
                        .sources = gpt->sources,
                        .target = gpt->target,
                        .target_format = format_of(gpt)};
    ND_TRY(take_regions(call, gpt, text, &ask));
    ask.variable = gpt->param, ask.variables = gpt->params;
    const nd_graph *graph = cli_graph_read(call, call->arena, &ask);
    if (!graph) return ND_E_PARAM;
    ND_TRY(cli_graph_ready(call, graph));
    ND_TRY(cli_graph_plan(call->arena, graph, gpt->is_strict, &planned));
    cli_job job = {.name = gpt->what,
                   .history = cli_history(call->arena, graph, gpt->what)};
    return job.history ? write(call, gpt, &job, &planned) : ND_E_MEMORY;
}

static bool is_for_readers(const nd_op *op, const char *name)
{
    return is_region(name) && !nd_param_find(&op->table, name);
}

static nd_node *read_source(const cli_call *call, const cli_gpt *gpt, const nd_op *op,
                            const char *path)
{
    const nd_op *read = nd_op_find(nd_ops, "Read");
    nd_settings settings;
    if (!read || nd_settings_new(call->arena, &read->table, &settings) != ND_OK ||
        nd_settings_set(call->arena, &settings, "file", path) != ND_OK)
        return NULL;
    for (size_t i = 0; i < gpt->params; i++)
        if (is_for_readers(op, gpt->param[i].name) &&
            nd_settings_set(call->arena, &settings, gpt->param[i].name,
                            gpt->param[i].value) != ND_OK)
            return NULL;
    return nd_node_new(call->arena,
                       &(nd_make){.op = read, .settings = &settings, .place = path});
}

// The inputs of one operator: a source that another one repeats is read once.
static nd_status inputs(cli_call *call, const cli_gpt *gpt, const nd_op *op,
                        nd_node **node, const char **id, int *count)
{
    for (size_t i = 0; i < gpt->sources; i++) {
        const nd_variable *s = &gpt->source[i];
        bool is_repeated = false;
        for (size_t k = 0; k < i; k++)
            is_repeated = is_repeated || gpt->source[k].value == s->value;
        if (is_repeated) continue;
        node[*count] = read_source(call, gpt, op, s->value);
        id[*count] = s->name;
        if (!node[(*count)++]) return ND_E_IO;
    }
    return ND_OK;
}

static nd_status run_operator(cli_call *call, const cli_gpt *gpt, const nd_op *op)
{
    nd_settings settings;
    ND_TRY(nd_settings_new(call->arena, &op->table, &settings));
    for (size_t i = 0; i < gpt->params; i++) {
        if (is_for_readers(op, gpt->param[i].name)) continue;
        const nd_status status = nd_settings_set(call->arena, &settings,
                                                 gpt->param[i].name, gpt->param[i].value);
        if (status == ND_OK) continue;
        nd_note("%s", op->snap ? op->snap : op->name);
        return cli_misused(call, status);
    }
    nd_node **input = nd_alloc(call->arena, gpt->sources + 1, sizeof *input);
    const char **id = nd_alloc(call->arena, gpt->sources + 1, sizeof *id);
    int count = 0;
    if (!input || !id) return ND_E_MEMORY;
    ND_TRY(inputs(call, gpt, op, input, id, &count));
    nd_node *node = nd_node_new(call->arena, &(nd_make){.op = op,
                                                        .input = input,
                                                        .input_id = id,
                                                        .inputs = count,
                                                        .settings = &settings,
                                                        .strict = gpt->is_strict});
    if (!node) return ND_E_PARAM;
    cli_job job = {.name = op->name,
                   .output = gpt->target,
                   .format = format_of(gpt),
                   .history = cli_history(call->arena, NULL, op->name)};
    const nd_planned planned = {.node = &node, .nodes = 1, .output = &node, .outputs = 1};
    return job.history ? write(call, gpt, &job, &planned) : ND_E_MEMORY;
}

static nd_status help_graph(cli_call *call, const cli_gpt *gpt)
{
    const nd_graph_ask ask = {.path = gpt->what};
    const nd_graph *graph = cli_graph_read(call, call->arena, &ask);
    if (!graph) return ND_E_PARAM;
    printf("nadir gpt %s [-Pname=value] [-t FILE]\n", gpt->what);
    for (const nd_variable *v = nd_graph_variables(graph); v && v->name; v++)
        printf("  -P%s=%s\n%s%s%s", v->name, v->value ? v->value : "…",
               v->help ? "      " : "", v->help ? v->help : "", v->help ? "\n" : "");
    return cli_flush();
}

static nd_status diagnose(void)
{
    char memory[32];
    cli_bytes_print(nd_resident_bytes(), memory);
    printf("nadir " NADIR_VERSION "\n%d %s\n%s %s\n", nd_cores(), nd_gettext("cores"),
           memory, nd_gettext("memory"));
    return cli_flush();
}

// One a line; each is a name that -f, or a Read's formatName, takes.
static nd_status list_formats(bool is_read)
{
    puts(is_read ? "BEAM-DIMAP\nSENTINEL-2-MSI-MultiRes\nGeoTIFF\nGeoTIFF-BigTIFF\nCOG\n"
                   "ENVI\nNetCDF\nNetCDF4-CF\nNetCDF4-BEAM\nHDF5\nJPEG2000\nJPEG\nPNG\n"
                   "BMP\nGIF"
                 : "BEAM-DIMAP\nGeoTIFF\nGeoTIFF-BigTIFF\nCOG\nENVI\nNetCDF4-CF\n"
                   "NetCDF4-BEAM\nHDF5\nJPEG2000\nJPEG\nPNG\nWEBP");
    return cli_flush();
}

static nd_status dispatch(cli_call *call, cli_gpt *gpt)
{
    const nd_op *op =
        gpt->what && !cli_gpt_is_graph(gpt->what) ? nd_op_find(nd_ops, gpt->what) : NULL;
    if (gpt->is_diagnosis) return diagnose();
    if (gpt->formats) return list_formats(*gpt->formats == 'i');
    if (!gpt->what && gpt->is_help) return cli_help_command(call->arena, call->command);
    if (!gpt->what)
        return cli_misused(call,
                           nd_fail(ND_E_PARAM, "gpt needs a graph file or an operator\n"
                                               "nadir gpt -h explains it"));
    if (cli_gpt_is_graph(gpt->what))
        return gpt->is_help ? help_graph(call, gpt) : run_graph(call, gpt);
    if (op)
        return gpt->is_help ? cli_help_op(call->arena, op) : run_operator(call, gpt, op);
    const char *nearest = nd_op_nearest(nd_ops, gpt->what);
    if (nearest)
        return cli_misused(call, nd_fail(ND_E_PARAM,
                                         "there is no operator %s\ndid you mean %s?",
                                         gpt->what, nearest));
    return cli_misused(call,
                       nd_fail(ND_E_PARAM,
                               "there is no operator %s\n"
                               "see nadir ops; a graph's name ends in .xml or .yaml",
                               gpt->what));
}

static nd_status run(cli_call *call)
{
    cli_gpt *gpt = nd_alloc(call->arena, 1, sizeof *gpt);
    if (!gpt) return ND_E_MEMORY;
    const nd_status status = cli_gpt_parse(call, gpt);
    if (status != ND_OK) return cli_misused(call, status);
    if (!gpt->target) gpt->target = "target.dim";
    call->general = &gpt->general;
    call->pulling = &gpt->pulling;
    cli_notes(call->general);
    return dispatch(call, gpt);
}

const cli_command cli_cmd_gpt = {
    .name = "gpt",
    .brief = "Run with the words of SNAP's gpt",
    .usage = "GRAPH|OPERATOR [-Pname=value] [-Sid=FILE] [-t FILE] [-f FORMAT] [FILE …]",
    .example = "nadir gpt graph.xml -Pinput=S2A.SAFE -t ndvi.dim",
    .help = help,
    .max_words = -1,
    .of = "graph",
    .raw = true,
    .run = run,
};
