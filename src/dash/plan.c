// SPDX-License-Identifier: Apache-2.0
// A graph as one viewer has set it: what a moved setting touches is made anew, the rest
// is shared with the first plan.
#include "dash/dash.h"
#include <stdlib.h>
#include <string.h>

enum { MOST = 1 << 13 }; // nodes; more than any graph that a page can show

dash_plan *dash_plan_ref(dash_plan *plan)
{
    atomic_fetch_add(&plan->users, 1);
    return plan;
}

void dash_plan_unref(dash_plan *plan)
{
    if (!plan || atomic_fetch_sub(&plan->users, 1) > 1) return;
    dash_plan *base = plan->base;
    nd_arena_free(plan->arena); // the plan itself lies in it
    dash_plan_unref(base);
}

static int place_of(nd_node *const *node, int nodes, const nd_node *which)
{
    for (int i = 0; i < nodes; i++)
        if (node[i] == which) return i;
    return -1;
}

// ---- All nodes, inputs first. A stack of our own: a user's graph may be deep.

typedef struct walk {
    dash_plan *plan;
    int depth;
    struct {
        nd_node *node;
        int next;
    } * stack;
} walk;

static nd_status push(walk *w, nd_node *node)
{
    if (place_of(w->plan->node, w->plan->nodes, node) >= 0) return ND_OK;
    if (w->plan->nodes + w->depth >= MOST)
        return nd_fail(ND_E_UNSUPPORTED,
                       "the graph has more than %d nodes\nshow a part of it", (int)MOST);
    w->stack[w->depth].node = node;
    w->stack[w->depth++].next = 0;
    return ND_OK;
}

static nd_status collect(walk *w, nd_node *from)
{
    ND_TRY(push(w, from));
    while (w->depth) {
        nd_node *top = w->stack[w->depth - 1].node;
        const int next = w->stack[w->depth - 1].next++;
        if (next < top->inputs)
            ND_TRY(push(w, top->input[next]));
        else
            w->plan->node[w->plan->nodes++] = top, w->depth--;
    }
    return ND_OK;
}

static nd_status collect_all(dash_plan *plan)
{
    nd_arena *scratch = nd_arena_new();
    walk w = {.plan = plan};
    nd_status status = ND_E_MEMORY;
    w.stack = scratch ? nd_alloc(scratch, MOST, sizeof *w.stack) : NULL;
    nd_node **all = w.stack ? nd_alloc(scratch, MOST, sizeof *all) : NULL;
    plan->node = all;
    if (all) status = ND_OK;
    for (int i = 0; i < plan->steps && status == ND_OK; i++)
        status = collect(&w, plan->step[i].node);
    plan->node = nd_alloc(plan->arena, (size_t)plan->nodes + 1, sizeof *plan->node);
    if (!plan->node) status = ND_E_MEMORY;
    if (status == ND_OK)
        memcpy(plan->node, all, (size_t)plan->nodes * sizeof *plan->node);
    nd_arena_free(scratch);
    return status;
}

// ---- What the page shows of it. A page never writes: Write nodes are left out.
static nd_status show(dash_plan *plan)
{
    const nd_planned *p = &plan->planned;
    plan->step = nd_alloc(plan->arena, (size_t)p->nodes + 1, sizeof *plan->step);
    if (!plan->step) return ND_E_MEMORY;
    for (int i = 0; i < p->nodes; i++)
        if (!p->step[i].op->sink)
            plan->step[plan->steps++] =
                (dash_step){p->node[i]->id, p->step[i].op, &p->step[i].settings,
                            p->node[i], p->step[i].input};
    if (plan->steps) return collect_all(plan);
    return nd_fail(ND_E_DATA,
                   "the graph has no step to show\nadd one that reads a scene");
}

// Neighbourhoods and changes of grid are kept whatever the engine thinks of one run: the
// next slider will ask for them again. Nodes of the base are read by others already.
static void keep_tiles(dash_plan *plan)
{
    const dash_plan *base = plan->base;
    if (!base) nd_settle(plan->planned.node, plan->planned.nodes);
    for (int i = 0; i < plan->nodes; i++) {
        nd_node *node = plan->node[i];
        if (base && place_of(base->node, base->nodes, node) >= 0) continue;
        if (node->op->decodes || (!node->op->row && node->inputs)) node->keeps = true;
    }
}

static nd_status make(dash_plan *plan, const nd_dash_map *map, const dash_change *change,
                      size_t changes)
{
    nd_override *o = nd_alloc(plan->arena, changes + 1, sizeof *o);
    dash_change *kept = nd_alloc(plan->arena, changes + 1, sizeof *kept);
    if (!o || !kept) return ND_E_MEMORY;
    for (size_t i = 0; i < changes; i++) {
        kept[i] = (dash_change){nd_text(plan->arena, "%s", change[i].step),
                                nd_text(plan->arena, "%s", change[i].name),
                                nd_text(plan->arena, "%s", change[i].value)};
        if (!kept[i].step || !kept[i].name || !kept[i].value) return ND_E_MEMORY;
        o[i] = (nd_override){kept[i].step, kept[i].name, kept[i].value};
    }
    plan->change = kept, plan->changes = changes;
    const nd_graph_with with = {.override = o,
                                .overrides = changes,
                                .before = plan->base ? &plan->base->planned : NULL,
                                .without_sinks = true,
                                .strict = map->strict};
    ND_TRY(nd_graph_plan_with(plan->arena, map->graph, &with, &plan->planned));
    ND_TRY(show(plan));
    keep_tiles(plan);
    return ND_OK;
}

nd_status dash_plan_new(const nd_dash_map *map, dash_plan *base,
                        const dash_change *change, size_t changes, dash_plan **made)
{
    nd_arena *arena = nd_arena_new();
    dash_plan *plan = arena ? nd_alloc(arena, 1, sizeof *plan) : NULL;
    if (!plan) {
        nd_arena_free(arena);
        return ND_E_MEMORY;
    }
    plan->arena = arena, plan->users = 1;
    plan->base = base ? dash_plan_ref(base) : NULL;
    const nd_status status = make(plan, map, change, changes);
    if (status == ND_OK)
        *made = plan;
    else
        dash_plan_unref(plan);
    return status;
}

// ---- Before a plan: which of the changes is wrong by itself?

static const dash_step *step_called(const dash_plan *plan, const char *id)
{
    for (int i = 0; i < plan->steps; i++)
        if (nd_text_same(plan->step[i].id, id)) return &plan->step[i];
    return NULL;
}

nd_status dash_change_check(nd_arena *arena, const dash_plan *plan,
                            const dash_change *change)
{
    const dash_step *step = step_called(plan, change->step);
    nd_settings settings;
    if (!step) {
        const char *word[64];
        size_t words = 0;
        for (; words < 64 && (int)words < plan->steps; words++)
            word[words] = plan->step[words].id;
        const char *nearest = nd_text_nearest(change->step, word, words);
        return nd_fail(ND_E_PARAM, "there is no step %.80s\ndid you mean %s?",
                       change->step, nearest ? nearest : word[0]);
    }
    ND_TRY(nd_settings_new(arena, &step->op->table, &settings));
    return nd_settings_set(arena, &settings, change->name, change->value);
}

const nd_node *dash_plan_find(const dash_plan *plan, nd_hash key)
{
    for (int i = 0; i < plan->nodes; i++)
        if (plan->node[i]->key.a == key.a && plan->node[i]->key.b == key.b)
            return plan->node[i];
    return NULL;
}

nd_levels dash_plan_levels(const dash_plan *plan, const nd_node *node)
{
    // Inputs come first, so each node knows the worst of what it stands on.
    const int at = place_of(plan->node, plan->nodes, node);
    nd_levels *worst = at < 0 ? NULL : malloc(((size_t)at + 1) * sizeof *worst);
    if (!worst) return ND_FULL;
    for (int i = 0; i <= at; i++) {
        worst[i] = plan->node[i]->levels;
        for (int k = 0; k < plan->node[i]->inputs; k++) {
            const int below = place_of(plan->node, i, plan->node[i]->input[k]);
            if (below >= 0 && worst[below] < worst[i]) worst[i] = worst[below];
        }
    }
    const nd_levels found = worst[at];
    free(worst);
    return found;
}

double dash_plan_error(const dash_plan *plan, const nd_node *node)
{
    const int at = place_of(plan->node, plan->nodes, node);
    bool *is_below = at < 0 ? NULL : calloc((size_t)at + 1, sizeof *is_below);
    if (!is_below) return 0;
    double worst = 0;
    is_below[at] = true;
    const bool is_reduced = dash_plan_levels(plan, node) == ND_REDUCED;
    for (int i = at; is_reduced && i >= 0; i--) {
        const nd_node *n = plan->node[i];
        if (!is_below[i]) continue;
        if (n->levels == ND_REDUCED && n->op->level_error > worst)
            worst = n->op->level_error;
        for (int k = 0; k < n->inputs; k++) {
            const int below = place_of(plan->node, i, n->input[k]);
            if (below >= 0) is_below[below] = true;
        }
    }
    free(is_below);
    return worst;
}
