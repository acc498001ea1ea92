// SPDX-License-Identifier: Apache-2.0
// -P step.setting=value: a setting given beside the text, put over what the text says.
#include "graph.h"
#include <string.h>

static const graph_step *step_called(const nd_graph *graph, const char *name,
                                     size_t length)
{
    for (int i = 0; i < graph->steps; i++) {
        const char *id = graph->step[i]->id;
        if (strlen(id) == length && strncmp(id, name, length) == 0) return graph->step[i];
    }
    return NULL;
}

static nd_status try_out(nd_arena *arena, const graph_step *step, const nd_override *o)
{
    nd_settings settings;
    if (!nd_param_find(&step->op->table, o->param))
        return graph_unknown(step->word, &step->op->table, o->param);
    ND_TRY(nd_settings_new(arena, &step->op->table, &settings));
    return nd_settings_set(arena, &settings, o->param, o->value);
}

nd_status graph_preset(graph_reader *reader, nd_graph *graph)
{
    const nd_graph_ask *ask = reader->ask;
    nd_override *preset = nd_alloc(reader->arena, ask->variables + 1, sizeof *preset);
    if (!preset) return ND_E_MEMORY;
    for (size_t i = 0; i < ask->variables; i++) {
        graph_variable *v = graph_variable_find(reader, ask->variable[i].name);
        const char *dot = v && !v->is_used ? strrchr(v->name, '.') : NULL;
        const graph_step *step =
            dot ? step_called(graph, v->name, (size_t)(dot - v->name)) : NULL;
        if (!step || !step->op) continue; // told as a variable that is not used
        const nd_override o = {step->id, dot + 1, v->value};
        v->is_used = true;
        if (try_out(reader->arena, step, &o) == ND_OK)
            preset[graph->presets++] = o;
        else
            graph_wrong(reader, (graph_place){0, 0});
    }
    graph->preset = preset;
    return ND_OK;
}

// Those of the graph first: what is asked later wins.
nd_status graph_overrides(nd_arena *arena, const nd_graph *graph,
                          const nd_graph_with *with, nd_graph_with *all)
{
    const size_t count = graph->presets + with->overrides;
    nd_override *o = nd_alloc(arena, count + 1, sizeof *o);
    if (!o) return ND_E_MEMORY;
    if (graph->presets) memcpy(o, graph->preset, graph->presets * sizeof *o);
    if (with->overrides)
        memcpy(o + graph->presets, with->override, with->overrides * sizeof *o);
    *all = *with;
    all->override = o, all->overrides = count;
    return ND_OK;
}
