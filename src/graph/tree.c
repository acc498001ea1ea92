// SPDX-License-Identifier: Apache-2.0
// The common tree of XML and YAML, and the steps that are made of it.
#include "graph.h"
#include <string.h>

graph_tree *graph_tree_new(graph_reader *reader, graph_kind kind, const char *name,
                           graph_place at)
{
    graph_tree *tree = nd_alloc(reader->arena, 1, sizeof *tree);
    if (tree) *tree = (graph_tree){.kind = kind, .name = name, .at = at, .value_at = at};
    return tree;
}

void graph_tree_add(graph_tree *parent, graph_tree *child)
{
    if (parent->last)
        parent->last->next = child;
    else
        parent->first = child;
    parent->last = child;
}

const graph_tree *graph_attribute(const graph_tree *element, const char *name)
{
    for (const graph_tree *a = element->attribute; a; a = a->next)
        if (nd_text_same(a->name, name)) return a;
    return NULL;
}

graph_step *graph_step_new(graph_reader *reader, graph_place at)
{
    if (reader->steps >= GRAPH_STEPS) {
        (void)nd_fail(ND_E_PARAM, "a graph of more than %d nodes\nwrite it as several",
                      GRAPH_STEPS);
        return NULL;
    }
    graph_step *step = nd_alloc(reader->arena, 1, sizeof *step);
    if (!step) return NULL;
    step->at = step->op_at = at;
    if (reader->last)
        reader->last->next = step;
    else
        reader->first = step;
    reader->last = step;
    reader->steps++;
    return step;
}

// Few sources: one array that doubles.
nd_status graph_source_add(graph_reader *reader, graph_step *step,
                           const graph_source *source)
{
    const size_t count = (size_t)step->sources;
    if ((count & (count - 1)) == 0) {
        graph_source *grown =
            nd_alloc(reader->arena, count ? 2 * count : 1, sizeof *grown);
        if (!grown) return ND_E_MEMORY;
        if (count) memcpy(grown, step->source, count * sizeof *grown);
        step->source = grown;
    }
    step->source[step->sources] = *source;
    step->source[step->sources++].step = -1;
    return ND_OK;
}
