// SPDX-License-Identifier: Apache-2.0
// Recipes for commands: read with -P, and the graph that their data come from planned.
#include "cli/learn.h"
#include "cli/pull.h"
#include <string.h>

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

// The graph once for each scene: its variable scene, and those of data.params.
static nd_node *plan_scene(cli_call *call, const nd_data *data, const char *scene)
{
    nd_variable *v = nd_alloc(call->arena, data->params.count + 1, sizeof *v);
    if (!v) return NULL;
    size_t count = 0;
    for (; count < data->params.count; count++)
        if (cli_variable(call->arena, data->params.item[count], &v[count]) != ND_OK)
            return NULL;
    if (scene) v[count++] = (nd_variable){"scene", scene, NULL};
    const nd_graph_ask ask = {
        .path = data->graph.text, .variable = v, .variables = count};
    const nd_graph *graph = cli_graph_read(call, call->arena, &ask);
    const nd_graph_with with = {.without_sinks = true};
    nd_planned planned;
    if (!graph) return NULL;
    if (nd_graph_needs(graph, true) && cli_graph_ready(call, graph) != ND_OK) return NULL;
    if (nd_graph_plan_with(call->arena, graph, &with, &planned) != ND_OK) return NULL;
    return planned.outputs ? planned.output[planned.outputs - 1] : NULL;
}

nd_status cli_recipe_nodes(cli_call *call, const nd_recipe *recipe, nd_node *const **node,
                           int *nodes)
{
    const nd_data *data = recipe->data;
    *node = NULL, *nodes = 0;
    if (!data->graph.text) return ND_OK;
    const size_t count = data->scenes.count ? data->scenes.count : 1;
    nd_node **made = nd_alloc(call->arena, count, sizeof *made);
    if (!made) return ND_E_MEMORY;
    for (size_t i = 0; i < count; i++) {
        made[i] =
            plan_scene(call, data, data->scenes.count ? data->scenes.item[i] : NULL);
        if (!made[i]) return ND_E_PARAM;
    }
    *node = made, *nodes = (int)count;
    return ND_OK;
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
