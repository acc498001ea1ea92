// SPDX-License-Identifier: Apache-2.0
// nadir op NAME, and nadir NAME: one operator over files, its settings as options.
#include "cli/pull.h"

typedef struct options {
    nd_path output;
    const char *format;
    bool force, snap_strict;
    int level;
    nd_path preview, aoi;
} options;

static const nd_param params[] = {
    ND_PARAM(options, output, {NULL}, .was = "o", .help = "File to write"),
    ND_PARAM(options, format, NULL, .was = "f",
             .help = "Format of that file; by its extension if not given"),
    ND_PARAM(options, force, false, .help = "Replace a file that exists already"),
    ND_PARAM(options, snap_strict, false,
             .help = "Do as SNAP does even where its answer is an accident"),
    ND_PARAM(options, level, 0, .min = 0, .max = 20,
             .help = "Render a preview: each level halves width and height"),
    ND_PARAM(options, preview, {NULL}, .help = "Write a small PNG, as a quick look"),
    ND_PARAM(options, aoi, {NULL},
             .help = "Cut the output to the polygons of a GeoJSON file"),
};
static const nd_table table = ND_TABLE(params, options);

// A scene, or what a graph ends with before it writes.
static nd_node *input_of(cli_call *call, const char *path)
{
    if (!cli_is_graph(call->arena, path)) return cli_read(call->arena, path, NULL);
    const options *own = call->own;
    const nd_graph *graph = cli_graph_read(call, call->arena,
                                           &(nd_graph_ask){.path = path,
                                                           .variable = call->variable,
                                                           .variables = call->variables});
    const nd_graph_with with = {.without_sinks = true, .strict = own->snap_strict};
    nd_planned planned;
    if (!graph || nd_graph_plan_with(call->arena, graph, &with, &planned)) return NULL;
    if (planned.outputs == 1) return planned.output[0];
    (void)nd_fail(ND_E_PARAM, "%s has %d outputs\ntake a graph with one", path,
                  planned.outputs);
    return NULL;
}

static nd_node *node_of(cli_call *call, const nd_op *op, const nd_settings *settings)
{
    const options *own = call->own;
    nd_node **input = nd_alloc(call->arena, (size_t)call->words + 1, sizeof *input);
    if (!input) return NULL;
    for (int i = 0; i < call->words; i++)
        if (!(input[i] = input_of(call, call->word[i]))) return NULL;
    return nd_node_new(call->arena, &(nd_make){.op = op,
                                               .input = input,
                                               .inputs = call->words,
                                               .settings = settings,
                                               .strict = own->snap_strict});
}

static nd_status compute(cli_call *call, const nd_op *op, const nd_settings *settings)
{
    const options *own = call->own;
    cli_session session;
    bool skipped;
    cli_job job = {.name = op->name,
                   .output = own->output.text,
                   .format = own->format,
                   .preview = own->preview.text,
                   .area = own->aoi.text,
                   .level = own->level,
                   .force = own->force,
                   .history = cli_history(call->arena, NULL, op->name)};
    if (!job.history) return ND_E_MEMORY;
    nd_node *node = node_of(call, op, settings);
    if (!node) return ND_E_PARAM;
    const nd_planned planned = {.node = &node, .nodes = 1, .output = &node, .outputs = 1};
    ND_TRY(cli_session_open(call, &session));
    return cli_write_outputs(&session, call->arena, &job, &planned, &skipped);
}

static nd_status check_words(const cli_call *call, const nd_op *op)
{
    const options *own = call->own;
    if (call->words < op->min_inputs)
        return op->min_inputs == 1
                   ? nd_fail(ND_E_PARAM,
                             "%s needs an input file\nname it before the options",
                             op->name)
                   : nd_fail(ND_E_PARAM,
                             "%s needs at least %d input files, not %d\n"
                             "name them before the options",
                             op->name, op->min_inputs, call->words);
    if (op->max_inputs >= 0 && call->words > op->max_inputs)
        return nd_fail(ND_E_PARAM,
                       "%s has no use for %s\n"
                       "leave it out: the most input files that it takes are %d",
                       op->name, call->word[op->max_inputs], op->max_inputs);
    if (!op->sink && !own->output.text && !own->preview.text)
        return nd_fail(ND_E_PARAM, "%s has nowhere to write\ngive -o FILE", op->name);
    return ND_OK;
}

nd_status cli_run_op(cli_call *call, const nd_op *op)
{
    const cli_syntax syntax = {
        {&op->table, &table, &cli_pulling_table, &cli_general_table}, true};
    cli_words words;
    nd_status status = cli_parse(call->arena, &syntax, call->word, call->words, &words);
    if (status != ND_OK) return cli_misused(call, status);
    call->own = words.set[1].data;
    call->pulling = words.set[2].data;
    call->general = words.set[3].data;
    call->word = words.word;
    call->words = words.words;
    call->variable = words.variable, call->variables = words.variables;
    if (call->general->help) return cli_help_op(call->arena, op);
    cli_notes(call->general);
    if (op->lead && call->words) {
        status = nd_settings_set(call->arena, &words.set[0], op->lead, call->word[0]);
        if (status != ND_OK) return cli_misused(call, status);
        call->word++, call->words--;
    }
    status = nd_settings_check(&words.set[0]);
    if (status == ND_OK) status = check_words(call, op);
    if (status != ND_OK) return cli_misused(call, status);
    return compute(call, op, &words.set[0]);
}

static nd_status run(cli_call *call)
{
    if (!call->words)
        return cli_misused(call,
                           nd_fail(ND_E_PARAM, "nadir op needs the name of an operator\n"
                                               "see nadir ops for all of them"));
    const char *name = call->word[0];
    if (nd_text_same(name, "--help") || nd_text_same(name, "-h"))
        return cli_help_command(call->arena, call->command);
    const nd_op *op = nd_op_find(nd_ops, name);
    const char *nearest = op ? NULL : nd_op_nearest(nd_ops, name);
    if (nearest)
        return cli_misused(call, nd_fail(ND_E_PARAM,
                                         "there is no operator %s\ndid you mean %s?",
                                         name, nearest));
    if (!op)
        return cli_misused(call, nd_fail(ND_E_PARAM,
                                         "there is no operator %s\n"
                                         "see nadir ops for all of them",
                                         name));
    call->word++, call->words--;
    return cli_run_op(call, op);
}

const cli_command cli_cmd_op = {
    .name = "op",
    .brief = "Run a single operator",
    .usage = "NAME IN … -o OUT [--setting value]",
    .example = "nadir op Subset scene.SAFE -o part.tif --source-bands B4,B8",
    .help = "nadir NAME … does the same where no command has that name. The settings of\n"
            "an operator are its options: see nadir help NAME.",
    .table = ND_TABLE(params, options),
    .max_words = -1,
    .of = "operator",
    .pulls = true,
    .raw = true,
    .run = run,
};
