// SPDX-License-Identifier: Apache-2.0
// Help for a person: the program, a command, an operator, all from their tables.
#include "cli/cli.h"
#include <ctype.h>
#include <string.h>

static void heading(nd_buffer *out, const char *words)
{
    nd_buffer_add(out, "\n%s%s%s\n", cli_paint_on(stdout, CLI_BOLD), words,
                  cli_paint_off(stdout));
}

static void first_line(nd_buffer *out, const char *name, const char *usage)
{
    nd_buffer_add(out, "%snadir %s%s%s%s\n", cli_paint_on(stdout, CLI_BOLD), name,
                  *usage ? " " : "", usage, cli_paint_off(stdout));
}

static nd_status example(nd_buffer *out, const char *text)
{
    if (text) {
        heading(out, nd_gettext("Example"));
        nd_buffer_add(out, "  %s\n", text);
    }
    return cli_put(out);
}

nd_status cli_help_program(nd_arena *arena)
{
    nd_buffer out = {.arena = arena};
    first_line(&out, nd_gettext("COMMAND …"), "");
    nd_buffer_add(&out, "%s\n",
                  nd_gettext("Sentinel scenes to maps: graphs of operators, computed "
                             "where you look"));
    heading(&out, nd_gettext("Commands"));
    for (const cli_command *const *c = cli_commands; *c; c++)
        nd_buffer_add(&out, "  %-10s %s\n", (*c)->name, nd_gettext((*c)->brief));
    heading(&out, nd_gettext("More"));
    nd_buffer_add(&out, "  %-24s %s\n", "nadir COMMAND --help",
                  nd_gettext("all about one command"));
    nd_buffer_add(&out, "  %-24s %s\n", "nadir help OPERATOR",
                  nd_gettext("an operator and its settings"));
    nd_buffer_add(&out, "  %-24s %s\n", "nadir OPERATOR IN -o OUT",
                  nd_gettext("run a single operator"));
    return example(&out, "nadir new-graph ndvi > ndvi.yaml");
}

nd_status cli_help_command(nd_arena *arena, const cli_command *command)
{
    nd_buffer out = {.arena = arena};
    first_line(&out, command->name, command->usage);
    nd_buffer_add(&out, "%s\n", nd_gettext(command->brief));
    if (command->help) nd_buffer_add(&out, "\n%s\n", nd_gettext(command->help));
    heading(&out, nd_gettext("Options"));
    if (command->variables)
        nd_buffer_add(&out, "  -P NAME=VALUE\n      %s\n",
                      nd_gettext("Put VALUE where the graph or recipe says ${NAME}"));
    ND_TRY(nd_table_options(&command->table, cli_columns(), &out));
    if (command->pulls) ND_TRY(nd_table_options(&cli_pulling_table, cli_columns(), &out));
    ND_TRY(nd_table_options(&cli_general_table, cli_columns(), &out));
    return example(&out, command->example);
}

static const char *inputs_of(const nd_op *op)
{
    if (op->max_inputs == 0) return "";
    if (op->max_inputs == 1 && op->min_inputs == 1) return "IN ";
    return op->min_inputs ? "IN [IN …] " : "[IN …] ";
}

static nd_status add_levels(nd_buffer *out, const nd_op *op)
{
    if (op->levels != ND_REDUCED || op->level_error <= 1) return ND_OK;
    const char *percent = nd_text_of_real(out->arena, op->level_error);
    if (!percent) return ND_E_MEMORY;
    nd_buffer_add(out, "\n");
    nd_buffer_add(out,
                  nd_gettext("Previews are approximate: within %s %% of the range at "
                             "level %d, measured on a test scene"),
                  percent, (int)ND_LEVEL_MEASURED);
    nd_buffer_add(out, "\n");
    return ND_OK;
}

nd_status cli_help_op(nd_arena *arena, const nd_op *op)
{
    nd_buffer out = {.arena = arena};
    char lead[64] = "";
    for (size_t i = 0; op->lead && op->lead[i] && i + 2 < sizeof lead; i++)
        lead[i] = (char)toupper((unsigned char)op->lead[i]), lead[i + 1] = ' ';
    const char *usage = nd_text(arena, "%s%s%s[--%s]", lead, inputs_of(op),
                                op->sink ? "" : "-o OUT ", nd_gettext("setting value"));
    if (!usage) return ND_E_MEMORY;
    first_line(&out, op->name, usage);
    nd_buffer_add(&out, "%s\n", nd_gettext(op->brief));
    if (op->help) nd_buffer_add(&out, "\n%s\n", nd_gettext(op->help));
    ND_TRY(add_levels(&out, op));
    if (op->snap && !nd_text_same(op->snap, op->name))
        nd_buffer_add(&out, "\n%s %s\n", nd_gettext("SNAP calls it"), op->snap);
    if (op->table.count) {
        heading(&out, nd_gettext("Settings"));
        ND_TRY(nd_table_help(&op->table, cli_columns(), &out));
        nd_buffer_add(&out, "\n%s\n",
                      nd_gettext("On the command line a setting is an option: "
                                 "--name value. nadir help op tells the others"));
    }
    return example(&out, op->example);
}
