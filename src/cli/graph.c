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

// Operators that can do as SNAP does have a setting of this name.
static nd_status make_strict(nd_arena *arena, const nd_planned *plain,
                             nd_graph_with *with)
{
    nd_override *override = nd_alloc(arena, (size_t)plain->nodes, sizeof *override);
    if (!override) return ND_E_MEMORY;
    for (int i = 0; i < plain->nodes; i++)
        if (nd_param_find(&plain->node[i]->op->table, "snap_strict"))
            override[with->overrides++] =
                (nd_override){plain->node[i]->id, "snap_strict", "true"};
    with->override = override;
    with->before = plain;
    return ND_OK;
}

nd_status cli_graph_plan(nd_arena *arena, const nd_graph *graph, bool is_strict,
                         nd_planned *planned)
{
    if (!is_strict) return nd_graph_plan(arena, graph, planned);
    nd_planned plain;
    nd_graph_with with = {0};
    ND_TRY(nd_graph_plan(arena, graph, &plain));
    ND_TRY(make_strict(arena, &plain, &with));
    return nd_graph_plan_with(arena, graph, &with, planned);
}

const char *cli_history(nd_arena *arena, const nd_graph *graph, const char *name)
{
    nd_buffer out = {.arena = arena};
    nd_buffer_add(&out, "nadir " NADIR_VERSION ": %s\n", name);
    if (graph && nd_graph_print_yaml(graph, &out) != ND_OK) return NULL;
    return nd_buffer_text(&out);
}
