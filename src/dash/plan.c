// SPDX-License-Identifier: Apache-2.0
// A graph as one viewer has set it: what a moved setting touches is made anew, the rest
// is shared with the first plan.
#include "dash/dash.h"
#include <stdlib.h>
#include <string.h>

enum { MOST = 1 << 14 }; // nodes; more than any graph that a page can show

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

static dash_plan *plan_alloc(void)
{
    nd_arena *arena = nd_arena_new();
    dash_plan *plan = arena ? nd_alloc(arena, 1, sizeof *plan) : NULL;
    if (plan)
        plan->arena = arena, plan->users = 1;
    else
        nd_arena_free(arena);
    return plan;
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
    int room, depth;
    struct {
        nd_node *node;
        int next;
    } * stack;
} walk;

static nd_status push(walk *w, nd_node *node)
{
    for (int i = 0; i < w->depth; i++)
        if (w->stack[i].node == node)
            return nd_fail(ND_E_BUG, "step %s stands on itself\nreport this", node->id);
    if (place_of(w->plan->node, w->plan->nodes, node) >= 0) return ND_OK;
    if (w->depth >= w->room || w->plan->nodes + w->depth >= w->room)
        return nd_fail(ND_E_UNSUPPORTED,
                       "the graph has more than %d nodes\nshow a part of it", w->room);
    w->stack[w->depth].node = node;
    w->stack[w->depth++].next = 0;
    return ND_OK;
}

static nd_status collect(dash_plan *plan, nd_node *from, walk *w)
{
    ND_TRY(push(w, from));
    while (w->depth) {
        nd_node *top = w->stack[w->depth - 1].node;
        const int next = w->stack[w->depth - 1].next++;
        if (next < top->inputs)
            ND_TRY(push(w, top->input[next]));
        else
            plan->node[plan->nodes++] = top, w->depth--;
    }
    return ND_OK;
}

static nd_status collect_all(dash_plan *plan)
{
    walk w = {.plan = plan, .room = MOST};
    w.stack = nd_alloc(plan->arena, MOST, sizeof *w.stack);
    plan->node = nd_alloc(plan->arena, MOST, sizeof *plan->node);
    if (!w.stack || !plan->node) return ND_E_MEMORY;
    for (int i = 0; i < plan->show.steps; i++)
        ND_TRY(collect(plan, plan->show.step[i].node, &w));
    return ND_OK;
}

// A page never writes: what a Write would have written is shown in its stead.
static void leave_out_sinks(nd_dash_steps *show)
{
    int kept = 0;
    for (int i = 0; i < show->steps; i++)
        if (!show->step[i].op->sink && show->step[i].node)
            show->step[kept++] = show->step[i];
    show->steps = kept;
}

// Neighbourhoods and changes of grid are kept whatever the engine thinks of one run:
// the next slider will ask for them again.
static void settle(dash_plan *plan)
{
    nd_node **shown = nd_alloc(plan->arena, (size_t)plan->show.steps + 1, sizeof *shown);
    for (int i = 0; shown && i < plan->show.steps; i++)
        shown[i] = plan->show.step[i].node;
    if (shown) nd_settle(shown, plan->show.steps);
    for (int i = 0; i < plan->nodes; i++)
        if (!plan->node[i]->op->row && plan->node[i]->inputs) plan->node[i]->keeps = true;
}

nd_status dash_plan_new(const nd_dash_map *map, dash_plan **made)
{
    dash_plan *plan = plan_alloc();
    if (!plan) return ND_E_MEMORY;
    nd_status status = map->plan(map->self, plan->arena, &plan->show);
    if (status == ND_OK) {
        leave_out_sinks(&plan->show);
        status = plan->show.steps ? collect_all(plan)
                                  : nd_fail(ND_E_DATA, "the graph has no step to show\n"
                                                       "add one that reads a scene");
    }
    if (status != ND_OK) {
        dash_plan_unref(plan);
        return status;
    }
    settle(plan);
    *made = plan;
    return ND_OK;
}

// ---- A change.

typedef struct again {
    dash_plan *base, *plan;
    const dash_change *change;
    size_t changes;
    int *failed;
} again;

static const nd_dash_step *step_of(const dash_plan *plan, const nd_node *node)
{
    for (int i = 0; i < plan->show.steps; i++)
        if (plan->show.step[i].node == node) return &plan->show.step[i];
    return NULL;
}

static nd_status apply(again *a, const nd_dash_step *step, nd_settings *settings)
{
    for (size_t i = 0; i < a->changes; i++) {
        const dash_change *c = &a->change[i];
        if (strcmp(c->step, step->id) != 0) continue;
        *a->failed = (int)i;
        ND_TRY(nd_settings_set(a->plan->arena, settings, c->name, c->value));
    }
    return ND_OK;
}

static bool is_changed(const again *a, const nd_dash_step *step)
{
    for (size_t i = 0; step && i < a->changes; i++)
        if (strcmp(a->change[i].step, step->id) == 0) return true;
    return false;
}

// The node made again on its new inputs; what was decided about it stays.
static nd_node *remake(again *a, const nd_node *was, const nd_dash_step *step,
                       nd_node *const *input)
{
    nd_arena *arena = a->plan->arena;
    const nd_table *table = was->settings.table;
    nd_settings settings = {table, nd_alloc(arena, 1, table ? table->size : 1),
                            was->settings.given};
    if (!settings.data) return NULL;
    if (table && table->size && was->settings.data)
        memcpy(settings.data, was->settings.data, table->size);
    if (!table || !table->size) settings.data = was->settings.data;
    if (step && is_changed(a, step) && apply(a, step, &settings) != ND_OK) return NULL;
    const nd_make make = {.op = was->op,
                          .input = input,
                          .input_id = was->input_id,
                          .inputs = was->inputs,
                          .settings = &settings,
                          .place = was->place,
                          .id = was->id,
                          .strict = was->strict};
    nd_node *node = nd_node_new(arena, &make);
    if (node) node->keeps = was->keeps, *a->failed = -1;
    return node;
}

static nd_status remake_all(again *a)
{
    dash_plan *plan = a->plan, *base = a->base;
    plan->nodes = base->nodes;
    plan->was = base->node;
    plan->node = nd_alloc(plan->arena, (size_t)base->nodes, sizeof *plan->node);
    if (!plan->node) return ND_E_MEMORY;
    for (int i = 0; i < base->nodes; i++) {
        nd_node *was = base->node[i];
        const nd_dash_step *step = step_of(base, was);
        bool is_dirty = is_changed(a, step);
        nd_node **input = nd_alloc(plan->arena, (size_t)was->inputs + 1, sizeof *input);
        if (!input) return ND_E_MEMORY;
        for (int k = 0; k < was->inputs; k++) {
            input[k] = plan->node[place_of(base->node, i, was->input[k])];
            is_dirty |= input[k] != was->input[k];
        }
        plan->node[i] = is_dirty ? remake(a, was, step, input) : was;
        if (!plan->node[i]) return ND_E_PARAM;
    }
    return ND_OK;
}

static nd_status check_names(again *a)
{
    for (size_t i = 0; i < a->changes; i++) {
        const char *word[64] = {0};
        size_t words = 0;
        bool is_known = false;
        for (int k = 0; k < a->base->show.steps; k++) {
            const char *id = a->base->show.step[k].id;
            is_known |= strcmp(id, a->change[i].step) == 0;
            if (words < 64) word[words++] = id;
        }
        if (is_known) continue;
        *a->failed = (int)i;
        const char *nearest = nd_text_nearest(a->change[i].step, word, words);
        return nd_fail(ND_E_PARAM, "there is no step %.80s\ndid you mean %s?",
                       a->change[i].step, nearest ? nearest : word[0]);
    }
    return ND_OK;
}

// What the page shows of a step that was made again.
static nd_status show_again(dash_plan *plan)
{
    const nd_dash_steps *was = &plan->base->show;
    plan->show.step = nd_alloc(plan->arena, (size_t)was->steps, sizeof *was->step);
    if (!plan->show.step) return ND_E_MEMORY;
    plan->show.steps = was->steps;
    for (int i = 0; i < was->steps; i++) {
        nd_dash_step *step = &plan->show.step[i];
        *step = was->step[i];
        step->node = plan->node[place_of(plan->was, plan->nodes, was->step[i].node)];
        if (step->node != was->step[i].node) step->settings = &step->node->settings;
    }
    return ND_OK;
}

static nd_status keep_changes(again *a)
{
    dash_plan *plan = a->plan;
    plan->change = nd_alloc(plan->arena, a->changes + 1, sizeof *plan->change);
    if (!plan->change) return ND_E_MEMORY;
    plan->changes = a->changes;
    for (size_t i = 0; i < a->changes; i++) {
        dash_change *c = &plan->change[i];
        c->step = nd_text(plan->arena, "%s", a->change[i].step);
        c->name = nd_text(plan->arena, "%s", a->change[i].name);
        c->value = nd_text(plan->arena, "%s", a->change[i].value);
        if (!c->step || !c->name || !c->value) return ND_E_MEMORY;
    }
    return ND_OK;
}

nd_status dash_plan_again(dash_plan *base, const dash_change *change, size_t changes,
                          int *failed, dash_plan **made)
{
    dash_plan *plan = plan_alloc();
    if (!plan) return ND_E_MEMORY;
    plan->base = dash_plan_ref(base);
    again a = {base, plan, change, changes, failed};
    *failed = -1;
    nd_status status = keep_changes(&a);
    a.change = plan->change; // settings may point into the words
    if (status == ND_OK) status = check_names(&a);
    if (status == ND_OK) status = remake_all(&a);
    if (status == ND_OK) status = show_again(plan);
    if (status != ND_OK) {
        dash_plan_unref(plan);
        return status;
    }
    *made = plan;
    return ND_OK;
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
