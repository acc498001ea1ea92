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

// The step that data.labels.node names.
static nd_node *label_of(cli_call *call, const nd_planned *planned, const char *name)
{
    const char **id = nd_alloc(call->arena, (size_t)planned->nodes + 1, sizeof *id);
    if (!id) return NULL;
    for (int i = 0; i < planned->nodes; i++) {
        id[i] = planned->node[i]->id;
        if (nd_text_same(id[i], name)) return planned->node[i];
    }
    const char *near = nd_text_nearest(name, id, (size_t)planned->nodes);
    (void)nd_fail(ND_E_PARAM, "data.labels.node: the graph has no step %s\n%s%s%s", name,
                  near ? "did you mean " : "name one of its steps", near ? near : "",
                  near ? "?" : "");
    return NULL;
}

// The graph once for each scene: its variable scene, and those of data.params. What it
// ends in, and the step of the labels if there is one.
static nd_status plan_scene(cli_call *call, const nd_data *data, const char *scene,
                            nd_node **node)
{
    nd_variable *v = nd_alloc(call->arena, data->params.count + 1, sizeof *v);
    if (!v) return ND_E_MEMORY;
    size_t count = 0;
    for (; count < data->params.count; count++)
        ND_TRY(cli_variable(call->arena, data->params.item[count], &v[count]));
    if (scene) v[count++] = (nd_variable){"scene", scene, NULL};
    const nd_graph_ask ask = {
        .path = data->graph.text, .variable = v, .variables = count};
    const nd_graph *graph = cli_graph_read(call, call->arena, &ask);
    const nd_graph_with with = {.without_sinks = true};
    const char *name = data->labels.node;
    nd_planned planned;
    if (!graph) return ND_E_PARAM;
    if (nd_graph_needs(graph, true)) ND_TRY(cli_graph_ready(call, graph));
    ND_TRY(nd_graph_plan_with(call->arena, graph, &with, &planned));
    nd_node *label = name ? label_of(call, &planned, name) : NULL;
    if (name && !label) return ND_E_PARAM;
    for (int i = 0; i < planned.outputs; i++)
        if (planned.output[i] != label) node[0] = planned.output[i];
    if (!node[0])
        return nd_fail(ND_E_PARAM,
                       "%s ends in nothing but its labels\nlet it end in pictures too",
                       data->graph.text);
    if (label) node[1] = label;
    return ND_OK;
}

nd_status cli_recipe_nodes(cli_call *call, const nd_recipe *recipe, nd_node *const **node,
                           int *nodes)
{
    const nd_data *data = recipe->data;
    *node = NULL, *nodes = 0;
    if (!data->graph.text) return ND_OK;
    const size_t count = data->scenes.count ? data->scenes.count : 1;
    const size_t each = data->labels.node ? 2 : 1;
    nd_node **made = nd_alloc(call->arena, count * each, sizeof *made);
    if (!made) return ND_E_MEMORY;
    for (size_t i = 0; i < count; i++)
        ND_TRY(plan_scene(call, data, data->scenes.count ? data->scenes.item[i] : NULL,
                          made + i * each));
    *node = made, *nodes = (int)(count * each);
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
