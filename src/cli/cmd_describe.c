// SPDX-License-Identifier: Apache-2.0
// nadir describe: operators and commands told from their tables, to people or as JSON.
#include "cli/templates.h"
#include <nadir/train.h>

static nd_status describe_all(cli_call *call)
{
    nd_buffer text = {.arena = call->arena};
    nd_json_out out = {.to = &text};
    nd_json_open(&out, NULL, '{');
    nd_json_text(&out, "version", NADIR_VERSION);
    nd_json_open(&out, "operators", '[');
    for (const nd_op *const *op = nd_ops; *op; op++) ND_TRY(nd_op_describe(*op, &out));
    nd_json_close(&out, ']');
    nd_json_open(&out, "commands", '[');
    for (const cli_command *const *c = cli_commands; *c; c++)
        ND_TRY(cli_describe_command(*c, &out));
    nd_json_close(&out, ']');
    nd_json_open(&out, "templates", '[');
    for (const cli_start *t = cli_templates; t->name; t++) {
        nd_json_open(&out, NULL, '{');
        nd_json_text(&out, "name", t->name);
        nd_json_text(&out, "brief", t->brief);
        nd_json_close(&out, '}');
    }
    nd_json_close(&out, ']');
    ND_TRY(nd_recipe_describe("recipe", &out));
    nd_json_close(&out, '}');
    nd_buffer_put(&text, "\n", 1);
    return cli_put(&text);
}

// The command, and every key of a recipe.
static nd_status describe_train(cli_call *call, const cli_command *command)
{
    nd_buffer text = {.arena = call->arena};
    nd_json_out out = {.to = &text};
    if (!call->general->json) {
        ND_TRY(cli_help_command(call->arena, command));
        nd_buffer_put(&text, "\n", 1);
        ND_TRY(nd_recipe_help(cli_columns(), &text));
        return cli_put(&text);
    }
    ND_TRY(nd_recipe_describe(NULL, &out));
    nd_buffer_put(&text, "\n", 1);
    return cli_put(&text);
}

static nd_status describe_one(cli_call *call, const char *name)
{
    const nd_op *op = nd_op_find(nd_ops, name);
    const cli_command *command = cli_command_find(name);
    if (!op && !command) return cli_misused(call, cli_unknown_command(name));
    if (command == &cli_cmd_train) return describe_train(call, command);
    if (!call->general->json)
        return op ? cli_help_op(call->arena, op) : cli_help_command(call->arena, command);
    nd_buffer text = {.arena = call->arena};
    nd_json_out out = {.to = &text};
    ND_TRY(op ? nd_op_describe(op, &out) : cli_describe_command(command, &out));
    nd_buffer_put(&text, "\n", 1);
    return cli_put(&text);
}

static nd_status run(cli_call *call)
{
    if (call->words) return describe_one(call, call->word[0]);
    if (call->general->json) return describe_all(call);
    for (const nd_op *const *op = nd_ops; *op; op++) {
        ND_TRY(cli_help_op(call->arena, *op));
        puts("");
    }
    return cli_flush();
}

const cli_command cli_cmd_describe = {
    .name = "describe",
    .brief = "Describe an operator or a command and all its settings",
    .usage = "[NAME] [--json]",
    .example = "nadir describe Subset",
    .help = "Without a name: all of them. --json prints what help, manual pages,\n"
            "completion and the graph schema are made from.",
    .max_words = 1,
    .of = "operator",
    .run = run,
};
