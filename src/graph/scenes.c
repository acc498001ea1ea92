// SPDX-License-Identifier: Apache-2.0
// One graph for many scenes: planned for each of them, as what learns from it wants.
#include "graph/graph.h"
#include <string.h>

static const char *trimmed(nd_arena *arena, const char *text, size_t length)
{
    while (length && (*text == ' ' || *text == '\t')) text++, length--;
    while (length && (text[length - 1] == ' ' || text[length - 1] == '\t')) length--;
    return nd_text(arena, "%.*s", (int)length, text);
}

static nd_status variable_of(nd_arena *arena, const char *text, nd_variable *variable)
{
    const char *equals = strchr(text, '=');
    if (!equals || equals == text)
        return nd_fail(ND_E_PARAM, "%s gives no variable a value\nwrite name=value",
                       text);
    *variable = (nd_variable){.name = trimmed(arena, text, (size_t)(equals - text)),
                              .value = trimmed(arena, equals + 1, strlen(equals + 1))};
    return variable->name && variable->value ? ND_OK : ND_E_MEMORY;
}

static nd_node *step_of(nd_arena *arena, const nd_planned *planned, const char *name)
{
    const char **id = nd_alloc(arena, (size_t)planned->nodes + 1, sizeof *id);
    if (!id) return NULL;
    for (int i = 0; i < planned->nodes; i++) {
        id[i] = planned->node[i]->id;
        if (nd_text_same(id[i], name)) return planned->node[i];
    }
    const char *near = nd_text_nearest(name, id, (size_t)planned->nodes);
    if (near)
        (void)nd_fail(ND_E_PARAM, "the graph has no step %s\ndid you mean %s?", name,
                      near);
    else
        (void)nd_fail(ND_E_PARAM, "the graph has no step %s\nname one of its steps",
                      name);
    return NULL;
}

static nd_status plan_one(nd_arena *arena, const nd_graph_scenes *all,
                          const nd_graph_ask *ask, nd_node **node)
{
    const nd_graph_with with = {.without_sinks = true};
    const nd_graph *graph =
        all->read ? all->read(all->user, arena, ask) : nd_graph_read(arena, ask);
    nd_planned planned;
    if (!graph) return nd_error_code();
    ND_TRY(nd_graph_plan_with(arena, graph, &with, &planned));
    nd_node *step = all->step ? step_of(arena, &planned, all->step) : NULL;
    if (all->step && !step) return ND_E_PARAM;
    for (int i = 0; i < planned.outputs; i++)
        if (planned.output[i] != step) node[0] = planned.output[i];
    if (!node[0])
        return nd_fail(ND_E_PARAM,
                       "%s ends in nothing but its step %s\n"
                       "let it end in pictures too",
                       ask->path, all->step);
    if (step) node[1] = step;
    return ND_OK;
}

nd_status nd_graph_plan_scenes(nd_arena *arena, const nd_graph_scenes *all,
                               nd_node *const **node, int *nodes)
{
    const size_t count = all->scene.count ? all->scene.count : 1;
    const size_t each = all->step ? 2 : 1;
    nd_variable *v = nd_alloc(arena, all->given.count + 1, sizeof *v);
    nd_node **made = nd_alloc(arena, count * each, sizeof *made);
    if (!v || !made) return ND_E_MEMORY;
    nd_graph_ask ask = {.path = all->path,
                        .variable = v,
                        .variables = all->given.count,
                        .catalogue = all->catalogue};
    for (size_t i = 0; i < all->given.count; i++)
        ND_TRY(variable_of(arena, all->given.item[i], &v[i]));
    if (all->scene.count) ask.variables++;
    for (size_t i = 0; i < count; i++) {
        if (all->scene.count)
            v[all->given.count] =
                (nd_variable){.name = "scene", .value = all->scene.item[i]};
        ND_TRY(plan_one(arena, all, &ask, made + i * each));
    }
    *node = made, *nodes = (int)(count * each);
    return ND_OK;
}
