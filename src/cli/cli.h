// SPDX-License-Identifier: Apache-2.0
// The command line: a row per command, how its words are read, what all of them share.
#pragma once
#include <nadir/graph.h>
#include <nadir/io.h>
#include <nadir/run.h>
#include <stdio.h>

extern const nd_op *const nd_ops[];

// How the program ends; 128 + n when signal n stopped it.
enum { CLI_DONE, CLI_FAILED, CLI_USAGE };

// ---- What every command understands, and what those that compute pixels do.
typedef struct cli_general {
    bool help, json, quiet;
} cli_general;
typedef struct cli_pulling {
    int threads;
    int64_t memory;
} cli_pulling;
extern const nd_table cli_general_table, cli_pulling_table;

// ---- Words: options of up to four tables, -P name=value, and what is left.
enum { CLI_TABLES = 4 };
typedef struct cli_syntax {
    const nd_table *table[CLI_TABLES]; // the first that knows a name has it; NULL: none
    bool variables;                    // takes -P name=value
} cli_syntax;
typedef struct cli_words {
    nd_settings set[CLI_TABLES];
    nd_variable *variable;
    size_t variables;
    const char **word; // those that are no options
    int words;
} cli_words;
nd_status cli_parse(nd_arena *arena, const cli_syntax *syntax, const char *const *word,
                    int count, cli_words *words) ND_CHECKED;
// Splits name=value; both trimmed.
nd_status cli_variable(nd_arena *arena, const char *text,
                       nd_variable *variable) ND_CHECKED;

// ---- A command.
typedef struct cli_command cli_command;
typedef struct cli_call {
    nd_arena *arena;
    const cli_command *command;
    const void *own; // the struct of command->table
    uint64_t given;  // bit i: row i of command->table was set
    const cli_general *general;
    const cli_pulling *pulling;
    const nd_variable *variable; // -P
    size_t variables;
    const char *const *word; // what is no option; all of them if `raw`
    int words;
    bool is_misused;  // the failure is one of usage: the program ends with 2
    bool is_told;     // its errors stand on the screen already
    bool has_written; // files are made: what it says is beside the point
} cli_call;
struct cli_command {
    const char *name, *brief;
    const char *usage; // after its name: "GRAPH [-P name=value]"
    const char *example;
    const char *help; // more; several lines; NULL: brief says it all
    nd_table table;
    int min_words, max_words; // max_words < 0: any number
    const char *of;           // what its words are, for completion: "graph", "operator"
    bool pulls;               // understands cli_pulling_table
    bool variables;           // takes -P name=value
    bool raw;                 // reads its words itself
    nd_status (*run)(cli_call *call);
};
extern const cli_command *const cli_commands[]; // ends with NULL
const cli_command *cli_command_find(const char *name);
// Fails with the nearest command or operator.
nd_status cli_unknown_command(const char *name) ND_CHECKED;
// Marks the failure as one of usage.
nd_status cli_misused(cli_call *call, nd_status status) ND_CHECKED;

// ---- Speaking. Nothing else in the program writes on the screen.
bool cli_is_terminal(FILE *to);
int cli_columns(void);
typedef enum cli_paint { CLI_PLAIN, CLI_BOLD, CLI_RED, CLI_YELLOW, CLI_FAINT } cli_paint;
// Starts and ends a colour: "" where `to` is no terminal or NO_COLOR is set.
const char *cli_paint_on(FILE *to, cli_paint paint);
const char *cli_paint_off(FILE *to);
// An error in its two lines; with --json as an event, too.
void cli_error_tell(const cli_general *general, const nd_error *error);
void cli_notes(const cli_general *general); // where nd_say goes from now on
// All of it to the standard output; ND_E_IO if it does not take it.
nd_status cli_put(nd_buffer *text) ND_CHECKED;
nd_status cli_flush(void) ND_CHECKED;
void cli_streams(void);    // to be called before any file is opened
bool cli_is_unheard(void); // standard output is closed, or its reader has gone
// With --json: one object a line, {"event": …, key: value}. Any thread.
void cli_event(const char *event, const char *key, const char *value);

nd_status cli_help_program(nd_arena *arena) ND_CHECKED;
nd_status cli_help_command(nd_arena *arena, const cli_command *command) ND_CHECKED;
nd_status cli_help_op(nd_arena *arena, const nd_op *op) ND_CHECKED;
nd_status cli_describe_command(const cli_command *command, nd_json_out *out) ND_CHECKED;

// ---- The rows, one file each.
// clang-format off
extern const cli_command cli_cmd_bench, cli_cmd_cache;
extern const cli_command cli_cmd_check;
extern const cli_command cli_cmd_convert;
extern const cli_command cli_cmd_describe;
extern const cli_command cli_cmd_evaluate;
extern const cli_command cli_cmd_explain;
extern const cli_command cli_cmd_gpt;
extern const cli_command cli_cmd_help;
extern const cli_command cli_cmd_info;
extern const cli_command cli_cmd_lr_find;
extern const cli_command cli_cmd_map;
extern const cli_command cli_cmd_new_graph;
extern const cli_command cli_cmd_new_recipe;
extern const cli_command cli_cmd_op;
extern const cli_command cli_cmd_ops;
extern const cli_command cli_cmd_run;
extern const cli_command cli_cmd_runs;
extern const cli_command cli_cmd_train;
extern const cli_command cli_cmd_watch;
// clang-format on
// nadir NAME …: the operator, with all its words behind it.
nd_status cli_run_op(cli_call *call, const nd_op *op) ND_CHECKED;
