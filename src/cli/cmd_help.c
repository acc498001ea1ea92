// SPDX-License-Identifier: Apache-2.0
// nadir help: the program, a command or an operator explained.
#include "cli/cli.h"

static nd_status run(cli_call *call)
{
    if (!call->words) return cli_help_program(call->arena);
    const cli_command *command = cli_command_find(call->word[0]);
    const nd_op *op = command ? NULL : nd_op_find(nd_ops, call->word[0]);
    if (command) return cli_help_command(call->arena, command);
    return op ? cli_help_op(call->arena, op)
              : cli_misused(call, cli_unknown_command(call->word[0]));
}

const cli_command cli_cmd_help = {
    .name = "help",
    .brief = "Explain a command or an operator",
    .usage = "[NAME]",
    .example = "nadir help run",
    .max_words = 1,
    .of = "operator",
    .run = run,
};
