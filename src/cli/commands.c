// SPDX-License-Identifier: Apache-2.0
// The commands of the program, in the order that help lists them.
#include "cli/cli.h"

const cli_command *const cli_commands[] = {
    // clang-format off
    &cli_cmd_map,
    &cli_cmd_run,
    &cli_cmd_train,
    &cli_cmd_evaluate,
    &cli_cmd_check,
    &cli_cmd_explain,
    &cli_cmd_info,
    &cli_cmd_convert,
    &cli_cmd_lr_find,
    &cli_cmd_runs,
    &cli_cmd_watch,
    &cli_cmd_new_graph,
    &cli_cmd_new_recipe,
    &cli_cmd_op,
    &cli_cmd_gpt,
    &cli_cmd_ops,
    &cli_cmd_describe,
    &cli_cmd_bench,
    &cli_cmd_cache,
    &cli_cmd_help,
    NULL,
    // clang-format on
};

const cli_command *cli_command_find(const char *name)
{
    for (const cli_command *const *c = cli_commands; *c; c++)
        if (nd_text_same((*c)->name, name)) return *c;
    return NULL;
}

nd_status cli_unknown_command(const char *name)
{
    const char *word[64];
    size_t words = 0;
    for (const cli_command *const *c = cli_commands; *c && words < 64; c++)
        word[words++] = (*c)->name;
    const char *command = nd_text_nearest(name, word, words);
    const char *op = nd_op_nearest(nd_ops, name);
    if (command && op && nd_text_distance(name, op) < nd_text_distance(name, command))
        command = NULL;
    if (command || op)
        return nd_fail(ND_E_PARAM, "there is no command or operator %s\ndid you mean %s?",
                       name, command ? command : op);
    return nd_fail(ND_E_PARAM,
                   "there is no command or operator %s\n"
                   "see nadir help for the commands and nadir ops for the operators",
                   name);
}

nd_status cli_misused(cli_call *call, nd_status status)
{
    call->is_misused = true;
    return status;
}

static nd_status table_json(const cli_command *command, nd_json_out *out)
{
    const nd_table *table[] = {
        &command->table, command->pulls ? &cli_pulling_table : NULL, &cli_general_table};
    nd_param row[64];
    size_t rows = 0;
    for (size_t t = 0; t < sizeof table / sizeof *table; t++)
        for (size_t i = 0; table[t] && i < table[t]->count && rows < 64; i++)
            row[rows++] = table[t]->row[i];
    return nd_table_describe(&(nd_table){row, rows, 0}, out);
}

nd_status cli_describe_command(const cli_command *command, nd_json_out *out)
{
    nd_json_open(out, NULL, '{');
    nd_json_text(out, "name", command->name);
    nd_json_text(out, "brief", command->brief);
    nd_json_text(out, "usage", command->usage);
    nd_json_text(out, "example", command->example);
    if (command->help) nd_json_text(out, "help", command->help);
    if (command->of) nd_json_text(out, "of", command->of);
    nd_json_bool(out, "variables", command->variables);
    ND_TRY(table_json(command, out));
    nd_json_close(out, '}');
    return ND_OK;
}
