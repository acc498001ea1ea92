// SPDX-License-Identifier: Apache-2.0
// The program: finds the command, reads its words, and ends with 0, 1, 2 or 128 + n.
#include "cli/cli.h"
#include "cli/language.h"
#include "cli/session.h"
#include <string.h>

static nd_status check_words(const cli_call *call)
{
    const cli_command *c = call->command;
    if (call->words < c->min_words)
        return nd_fail(ND_E_PARAM, "nadir %s needs more words\nwrite nadir %s %s",
                       c->name, c->name, c->usage);
    if (c->max_words >= 0 && call->words > c->max_words)
        return nd_fail(ND_E_PARAM, "nadir %s has no use for %s\nwrite nadir %s%s%s",
                       c->name, call->word[c->max_words], c->name, *c->usage ? " " : "",
                       c->usage);
    return ND_OK;
}

// Reads the words by the command's tables; help asked for goes before any mistake.
static nd_status read_words(cli_call *call, cli_words *words)
{
    const cli_command *c = call->command;
    const cli_syntax syntax = {
        {&c->table, c->pulls ? &cli_pulling_table : NULL, &cli_general_table},
        c->variables};
    ND_TRY(cli_parse(call->arena, &syntax, call->word, call->words, words));
    call->own = words->set[0].data;
    call->given = words->set[0].given;
    call->pulling = words->set[1].data;
    call->general = words->set[2].data;
    call->variable = words->variable;
    call->variables = words->variables;
    call->word = words->word;
    call->words = words->words;
    if (call->general->help) return ND_OK;
    ND_TRY(nd_settings_check(&words->set[0]));
    return check_words(call);
}

static nd_status run_command(cli_call *call)
{
    cli_words words;
    if (call->command->raw) return call->command->run(call);
    const nd_status status = read_words(call, &words);
    if (status != ND_OK) return cli_misused(call, status);
    if (call->general->help) return cli_help_command(call->arena, call->command);
    cli_notes(call->general);
    return call->command->run(call);
}

static nd_status start(cli_call *call)
{
    const char *name = call->words ? call->word[0] : "--help";
    if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0) {
        puts("nadir " NADIR_VERSION);
        return cli_flush();
    }
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
        return cli_help_program(call->arena);
    call->command = cli_command_find(name);
    call->word++, call->words--;
    if (call->command) return run_command(call);
    const nd_op *op = nd_op_find(nd_ops, name);
    return op ? cli_run_op(call, op) : cli_misused(call, cli_unknown_command(name));
}

// What was to be made is made, whether or not somebody listens to the end.
static nd_status end(const cli_call *call)
{
    const nd_status status = cli_flush();
    if (status == ND_OK || !call->has_written || !cli_is_unheard()) return status;
    (void)nd_error_take();
    return ND_OK;
}

int main(int count, char **word)
{
    cli_language();
    cli_streams();
    nd_arena *arena = nd_arena_new();
    static const cli_general silent;
    static const cli_pulling usual = {0, (int64_t)192 << 20};
    cli_call call = {.arena = arena,
                     .general = &silent,
                     .pulling = &usual,
                     .word = (const char *const *)(word + (count > 0)),
                     .words = count > 0 ? count - 1 : 0};
    nd_status status = arena ? start(&call) : ND_E_MEMORY;
    if (status == ND_OK) status = end(&call);
    if (status != ND_OK && !call.is_told) {
        const nd_error error = nd_error_take();
        cli_error_tell(call.general, &error);
    }
    nd_listen(NULL, NULL);
    const bool is_misused = call.is_misused;
    nd_arena_free(arena);
    if (status == ND_OK) return CLI_DONE;
    if (cli_signal()) return 128 + cli_signal();
    return is_misused ? CLI_USAGE : CLI_FAILED;
}
