// SPDX-License-Identifier: Apache-2.0
// Graphs for commands: all their mistakes printed, their variables looked after.
#include "cli/pull.h"

static void hear(void *user, const nd_error *error)
{
    cli_call *call = user;
    call->is_told = true;
    cli_error_tell(call->general, error);
}

nd_graph *cli_graph_read(cli_call *call, nd_arena *arena, const nd_graph_ask *ask)
{
    nd_graph_ask own = *ask;
    own.catalogue = nd_ops;
    own.errors = hear;
    own.user = call;
    return nd_graph_read(arena, &own);
}

nd_status cli_graph_ready(cli_call *call, const nd_graph *graph)
{
    const nd_variable *open = nd_graph_open_variables(graph);
    if (!open || !open->name) return ND_OK;
    nd_buffer all = {.arena = call->arena}, words = {.arena = call->arena};
    for (const nd_variable *v = open; v->name; v++) {
        nd_buffer_add(&all, "%s%s", v == open ? "" : ", ", v->name);
        nd_buffer_add(&words, "%s-P %s=…", v == open ? "" : " ", v->name);
    }
    const char *names = nd_buffer_text(&all), *ask = nd_buffer_text(&words);
    if (!names || !ask) return ND_E_MEMORY;
    return cli_misused(call, nd_fail(ND_E_PARAM,
                                     "the graph needs a value for %s\n"
                                     "give it on the command line: %s",
                                     names, ask));
}

nd_status cli_graph_plan(nd_arena *arena, const nd_graph *graph, bool is_strict,
                         nd_planned *planned)
{
    const nd_graph_with with = {.strict = is_strict};
    return nd_graph_plan_with(arena, graph, &with, planned);
}

const char *cli_history(nd_arena *arena, const nd_graph *graph, const char *name)
{
    nd_buffer out = {.arena = arena};
    nd_buffer_add(&out, "nadir " NADIR_VERSION ": %s\n", name);
    if (graph && nd_graph_print_yaml(graph, &out) != ND_OK) return NULL;
    return nd_buffer_text(&out);
}
