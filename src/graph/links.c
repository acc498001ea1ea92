// SPDX-License-Identifier: Apache-2.0
// Who reads from whom: ids found, cycles told, an order in which nodes can be made.
#include "graph.h"
#include <string.h>

static int find(const nd_graph *graph, const char *id)
{
    for (int i = 0; i < graph->steps; i++)
        if (nd_text_same(graph->step[i]->id, id)) return i;
    return -1;
}

static void missing(graph_reader *r, const nd_graph *graph, const graph_step *step,
                    const graph_source *source)
{
    const char *word[512];
    size_t words = 0;
    for (int i = 0; i < graph->steps && words < 512; i++)
        if (graph->step[i] != step) word[words++] = graph->step[i]->id;
    const char *nearest = nd_text_nearest(source->id, word, words);
    if (nearest)
        (void)nd_fail(ND_E_PARAM, "Missing source '%s' in node '%s'\ndid you mean %s?",
                      source->id, step->id, nearest);
    else
        (void)nd_fail(ND_E_PARAM,
                      "Missing source '%s' in node '%s'\n"
                      "name a node of this graph",
                      source->id, step->id);
    graph_wrong(r, source->at);
}

// A <source> of the header stands for a file that -S gives.
static bool is_outer(graph_reader *r, graph_source *source)
{
    graph_variable *v = graph_variable_find(r, source->id);
    if (!v || !v->is_source) return false;
    v->is_used = true;
    if (v->value)
        source->id = v->value; // ReadOp@name
    else
        source->is_open = true;
    return !v->value;
}

static bool is_twice(const graph_step *step, int at)
{
    for (int i = 0; i < at; i++)
        if (step->source[i].step == step->source[at].step) return true;
    return false;
}

static void link_step(graph_reader *r, nd_graph *graph, graph_step *step)
{
    for (int i = 0; i < step->sources; i++) {
        graph_source *s = &step->source[i];
        if (s->is_open || is_outer(r, s)) continue;
        s->step = find(graph, s->id);
        if (s->step < 0) {
            missing(r, graph, step, s);
            continue;
        }
        graph->is_read[s->step] = true;
        if (!is_twice(step, i)) continue;
        (void)nd_fail(ND_E_PARAM,
                      "duplicated source node id '%s' in node '%s'\n"
                      "name each node once",
                      s->id, step->id);
        graph_wrong(r, s->at);
    }
}

static void check_ids(graph_reader *r, const nd_graph *graph)
{
    for (int i = 0; i < graph->steps; i++) {
        const graph_step *step = graph->step[i];
        const int first = *step->id ? find(graph, step->id) : i;
        if (first == i) continue;
        (void)nd_fail(ND_E_PARAM,
                      "node id '%s' is taken by line %d\ngive one of them another id",
                      step->id, graph->step[first]->at.line);
        graph_wrong(r, step->at);
    }
}

static bool is_ready(const nd_graph *graph, int step, const bool *done)
{
    const graph_step *s = graph->step[step];
    for (int i = 0; i < s->sources; i++)
        if (s->source[i].step >= 0 && !done[s->source[i].step]) return false;
    return true;
}

// The first source of `step` that is not done: from a step that waits there is one.
static const graph_source *waits_for(const nd_graph *graph, int step, const bool *done)
{
    const graph_step *s = graph->step[step];
    for (int i = 0; i < s->sources; i++)
        if (s->source[i].step >= 0 && !done[s->source[i].step]) return &s->source[i];
    return NULL;
}

// Steps are left that wait for each other: walk back until one comes again.
static void tell_cycle(graph_reader *r, const nd_graph *graph, bool *done)
{
    int at = 0;
    while (done[at]) at++;
    for (int i = 0; i < graph->steps; i++) at = waits_for(graph, at, done)->step;
    const graph_source *source = waits_for(graph, at, done);
    nd_buffer names = {.arena = r->arena};
    nd_buffer_add(&names, "%s", graph->step[at]->id);
    for (int s = source->step, n = 0; n < 8; s = waits_for(graph, s, done)->step, n++) {
        nd_buffer_add(&names, " from %s", graph->step[s]->id);
        if (s == at) break;
    }
    const char *text = nd_buffer_text(&names);
    (void)nd_fail(ND_E_PARAM,
                  "nodes read from each other in a circle: %s\n"
                  "let one of them read from another node",
                  text ? text : "");
    graph_wrong(r, source->at);
}

static nd_status put_in_order(graph_reader *r, nd_graph *graph)
{
    bool *done = nd_alloc(r->arena, (size_t)graph->steps + 1, sizeof *done);
    if (!done) return ND_E_MEMORY;
    int n = 0;
    for (bool moved = true; moved;) {
        moved = false;
        for (int i = 0; i < graph->steps; i++)
            if (!done[i] && is_ready(graph, i, done))
                done[i] = moved = true, graph->order[n++] = i;
    }
    if (n < graph->steps) tell_cycle(r, graph, done);
    return ND_OK;
}

nd_status graph_link(graph_reader *r, nd_graph *graph)
{
    const size_t count = (size_t)r->steps;
    graph->step = nd_alloc(r->arena, count + 1, sizeof *graph->step);
    graph->order = nd_alloc(r->arena, count + 1, sizeof *graph->order);
    graph->is_read = nd_alloc(r->arena, count + 1, sizeof *graph->is_read);
    if (!graph->step || !graph->order || !graph->is_read) return ND_E_MEMORY;
    for (graph_step *s = r->first; s; s = s->next) graph->step[graph->steps++] = s;
    check_ids(r, graph);
    for (int i = 0; i < graph->steps; i++) link_step(r, graph, graph->step[i]);
    return put_in_order(r, graph);
}
