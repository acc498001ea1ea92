// SPDX-License-Identifier: Apache-2.0
// What is printed of a setting, in either language.
#include "graph.h"

const char *graph_param_name(const nd_param *row)
{
    return row->snap ? row->snap : row->name;
}

const char *graph_raw(nd_arena *arena, const graph_tree *setting)
{
    return setting->kind == GRAPH_SCALAR ? setting->raw
                                         : graph_join(arena, setting, true);
}

bool graph_is_said(const nd_table *table, const graph_tree *setting)
{
    if (!setting->name || !nd_param_find(table, setting->name)) return false;
    return setting->kind == GRAPH_SCALAR ? setting->raw && *setting->raw
                                         : setting->first != NULL;
}

bool graph_is_outer(const nd_graph *graph, const char *name)
{
    for (int i = 0; i < graph->steps; i++)
        for (int k = 0; k < graph->step[i]->sources; k++) {
            const graph_source *s = &graph->step[i]->source[k];
            if (s->step < 0 && nd_text_same(s->id, name)) return true;
        }
    return false;
}
