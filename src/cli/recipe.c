// SPDX-License-Identifier: Apache-2.0
// Recipes for commands: read with -P, and the graph that their data come from planned.
#include "cli/learn.h"
#include "cli/pull.h"

static void hear(void *user, const nd_error *error)
{
    cli_call *call = user;
    call->is_told = true;
    cli_error_tell(call->general, error);
}

nd_recipe *cli_recipe_read(cli_call *call, const char *path)
{
    nd_given *given = nd_alloc(call->arena, call->variables + 1, sizeof *given);
    if (!given) return NULL;
    for (size_t i = 0; i < call->variables; i++)
        given[i] = (nd_given){call->variable[i].name, call->variable[i].value};
    const nd_recipe_ask ask = {.path = path,
                               .given = given,
                               .givens = call->variables,
                               .errors = hear,
                               .user = call};
    return nd_recipe_read(call->arena, &ask);
}

static nd_graph *read_graph(void *user, nd_arena *arena, const nd_graph_ask *ask)
{
    cli_call *call = user;
    nd_graph *graph = cli_graph_read(call, arena, ask);
    if (graph && nd_graph_needs(graph, true) && cli_graph_ready(call, graph) != ND_OK)
        return NULL;
    return graph;
}

nd_status cli_recipe_nodes(cli_call *call, const nd_recipe *recipe, nd_node *const **node,
                           int *nodes)
{
    const nd_data *data = recipe->data;
    *node = NULL, *nodes = 0;
    if (!data->graph.text) return ND_OK;
    const nd_graph_scenes scenes = {.path = data->graph.text,
                                    .scene = data->scenes,
                                    .given = data->params,
                                    .step = data->labels.node,
                                    .read = read_graph,
                                    .user = call};
    return nd_graph_plan_scenes(call->arena, &scenes, node, nodes);
}

const char *cli_words_given(const cli_call *call)
{
    nd_buffer out = {.arena = call->arena};
    nd_buffer_add(&out, "nadir %s", call->command->name);
    for (int i = 0; i < call->words; i++) nd_buffer_add(&out, " %s", call->word[i]);
    for (size_t i = 0; i < call->variables; i++)
        nd_buffer_add(&out, " -P %s=%s", call->variable[i].name, call->variable[i].value);
    return nd_buffer_text(&out);
}
