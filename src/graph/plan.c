// SPDX-License-Identifier: Apache-2.0
// A read graph to planned nodes, with other values for some settings if asked.
#include "graph.h"
#include <ctype.h>
#include <stdio.h>
#include <string.h>

typedef struct planner {
    nd_arena *arena;
    const nd_graph *graph;
    const nd_graph_with *with;
    nd_node **node;
    nd_planned_step *step;
} planner;

static const char *place_of(const planner *p, graph_place at)
{
    return at.line ? nd_text(p->arena, "%s:%d:%d", p->graph->path, at.line, at.column)
                   : p->graph->path;
}

static bool is_overridden(const planner *p, const graph_step *step, const char *name)
{
    const nd_param *row = nd_param_find(&step->op->table, name);
    for (size_t i = 0; i < p->with->overrides; i++)
        if (nd_text_same(p->with->override[i].node, step->id) &&
            nd_param_find(&step->op->table, p->with->override[i].param) == row)
            return true;
    return false;
}

static nd_status settle(const planner *p, const graph_step *step, nd_settings *settings)
{
    const nd_graph_with *with = p->with;
    ND_TRY(nd_settings_new(p->arena, &step->op->table, settings));
    const graph_tree *first = step->settings ? step->settings->first : NULL;
    for (const graph_tree *t = first; t; t = t->next) {
        if (!nd_param_find(settings->table, t->name)) continue; // ignored, and told so
        if (is_overridden(p, step, t->name)) continue;
        ND_TRY(graph_set(p->arena, NULL, t, settings));
    }
    for (size_t i = 0; i < with->overrides; i++)
        if (nd_text_same(with->override[i].node, step->id))
            ND_TRY(nd_settings_set(p->arena, settings, with->override[i].param,
                                   with->override[i].value));
    return nd_settings_check(settings); // composed operators do not ask for it
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

// Are the overrides of `step` those of the earlier plan, in the same order?
static bool same_overrides(const planner *p, const graph_step *step)
{
    const nd_planned *before = p->with->before;
    size_t i = 0, j = 0;
    for (;; i++, j++) {
        while (i < p->with->overrides &&
               !nd_text_same(p->with->override[i].node, step->id))
            i++;
        while (j < before->overrides && !nd_text_same(before->override[j].node, step->id))
            j++;
        if (i == p->with->overrides || j == before->overrides)
            return i == p->with->overrides && j == before->overrides;
        if (!nd_text_same(p->with->override[i].param, before->override[j].param) ||
            !same_text(p->with->override[i].value, before->override[j].value))
            return false;
    }
}

// The node of the earlier plan, if neither it nor its inputs have changed.
static nd_node *taken_over(const planner *p, int step)
{
    const nd_planned *before = p->with->before;
    if (!before || before->graph != p->graph || before->strict != p->with->strict)
        return NULL;
    const graph_step *s = p->graph->step[step];
    if (s->op->sink && !before->step[step].settings.data != p->with->without_sinks)
        return NULL;
    for (int i = 0; i < s->sources; i++)
        if (p->node[s->source[i].step] != before->node[s->source[i].step]) return NULL;
    return same_overrides(p, s) ? before->node[step] : NULL;
}

// Is `word` there, and not as part of a longer one?
static bool says(const char *text, const char *word)
{
    const size_t n = strlen(word);
    for (const char *at = strstr(text, word); n > 1 && at; at = strstr(at + 1, word)) {
        const bool starts =
            at == text || !(isalnum((unsigned char)at[-1]) || at[-1] == '_');
        if (starts && !(isalnum((unsigned char)at[n]) || at[n] == '_')) return true;
    }
    return false;
}

static bool speaks_of(const char *what, const nd_param *row, const graph_tree *t)
{
    if (says(what, row->name) || (row->snap && says(what, row->snap))) return true;
    if (t->kind == GRAPH_SCALAR) return t->text && says(what, t->text);
    for (const graph_tree *c = t->first; c; c = c->next)
        if (c->kind == GRAPH_SCALAR && c->text && says(what, c->text)) return true;
    return false;
}

// An error of a plan that speaks of a setting moves from the node to that setting.
static void sharpen(const planner *p, const graph_step *step, const char *where)
{
    nd_error error = nd_error_take();
    const graph_tree *first = step->settings ? step->settings->first : NULL;
    for (const graph_tree *t = first; t && strcmp(error.where, where) == 0; t = t->next) {
        const nd_param *row = nd_param_find(&step->op->table, t->name);
        if (!row || !t->at.line || !speaks_of(error.what, row, t)) continue;
        snprintf(error.where, sizeof error.where, "%s:%d:%d", p->graph->path,
                 t->value_at.line, t->value_at.column);
        break;
    }
    (void)nd_error_give(&error);
}

// What a step reads: nodes of other steps, then the scenes of sets, as SNAP has them.
static nd_status gather(const planner *p, const graph_step *step, nd_make *to)
{
    size_t most = 1;
    for (int i = 0; i < step->sources; i++)
        most += 1 + (size_t)p->node[step->source[i].step]->inputs;
    nd_node **input = nd_alloc(p->arena, most, sizeof *input);
    const char **id = nd_alloc(p->arena, most, sizeof *id);
    if (!input || !id) return ND_E_MEMORY;
    to->input = input, to->input_id = id;
    for (int i = 0; i < step->sources; i++) {
        const int from = step->source[i].step;
        if (step->op->takes_each && p->step[from].is_apart) continue;
        input[to->inputs] = p->node[from], id[to->inputs++] = step->source[i].name;
    }
    for (int i = 0; step->op->takes_each && i < step->sources; i++) {
        const nd_node *set = p->node[step->source[i].step];
        for (int k = 0; p->step[step->source[i].step].is_apart && k < set->inputs; k++)
            input[to->inputs] = set->input[k], id[to->inputs++] = set->input_id[k];
    }
    return ND_OK;
}

// Whether a step that takes each scene of a set, or one that does not, reads `index`.
static bool is_read_by(const nd_graph *graph, int index, bool takes_each)
{
    for (int i = 0; i < graph->steps; i++)
        for (int k = 0; k < graph->step[i]->sources; k++)
            if (graph->step[i]->source[k].step == index &&
                graph->step[i]->op->takes_each == takes_each)
                return true;
    return false;
}

// Scenes that nobody takes together need not fit each other.
static nd_node *node_of(planner *p, int index, const nd_make *made)
{
    const nd_graph *graph = p->graph;
    p->step[index].is_apart = made->op->apart && is_read_by(graph, index, true);
    return p->step[index].is_apart && !is_read_by(graph, index, false)
               ? made->op->apart(p->arena, made)
               : nd_node_new(p->arena, made);
}

static nd_status make(planner *p, int index)
{
    const graph_step *step = p->graph->step[index];
    p->step[index].op = step->op;
    if ((p->node[index] = taken_over(p, index))) {
        p->step[index] = p->with->before->step[index];
        return ND_OK;
    }
    nd_settings settings;
    nd_make made = {.op = step->op,
                    .settings = &settings,
                    .place = place_of(p, step->op_at),
                    .id = step->id,
                    .strict = p->with->strict};
    if (!made.place) return ND_E_MEMORY;
    ND_TRY(gather(p, step, &made));
    p->step[index].input = made.inputs ? made.input[0] : NULL;
    if (p->with->without_sinks && step->op->sink && made.inputs) {
        p->node[index] = made.input[0];
        return ND_OK;
    }
    nd_status status = settle(p, step, &settings);
    if (status == ND_OK) {
        p->step[index].settings = settings;
        p->node[index] = node_of(p, index, &made);
        if (p->node[index]) return ND_OK;
    }
    nd_note("%s", made.place);
    status = nd_error_code();
    sharpen(p, step, made.place);
    return status;
}

static nd_status copy_overrides(planner *p, nd_planned *planned)
{
    const size_t count = p->with->overrides;
    nd_override *copy = nd_alloc(p->arena, count + 1, sizeof *copy);
    if (!copy) return ND_E_MEMORY;
    for (size_t i = 0; i < count; i++) {
        const nd_override *from = &p->with->override[i];
        copy[i] = (nd_override){nd_text(p->arena, "%s", from->node),
                                nd_text(p->arena, "%s", from->param),
                                nd_text(p->arena, "%s", from->value)};
        if (!copy[i].node || !copy[i].param || !copy[i].value) return ND_E_MEMORY;
    }
    planned->override = copy, planned->overrides = count;
    planned->strict = p->with->strict;
    return ND_OK;
}

static nd_status check_overrides(const planner *p)
{
    for (size_t i = 0; i < p->with->overrides; i++) {
        const nd_override *o = &p->with->override[i];
        int s = 0;
        while (s < p->graph->steps && !nd_text_same(p->graph->step[s]->id, o->node)) s++;
        if (s == p->graph->steps)
            return nd_fail(ND_E_PARAM, "the graph has no node %s\nname one of its nodes",
                           o->node);
    }
    return ND_OK;
}

// A sink's own settings may be what is open.
const char *nd_graph_needs(const nd_graph *graph, bool without_sinks)
{
    bool is_missed = !without_sinks && graph->open->name;
    for (int i = 0; i < graph->steps && !is_missed; i++) {
        const graph_step *step = graph->step[i];
        is_missed = !step->op->sink && step->settings && graph_any_open(step->settings);
        for (int k = 0; k < step->sources; k++) is_missed |= step->source[k].is_open;
    }
    return is_missed ? graph->open->name : NULL;
}

static nd_status check_open(const nd_graph *graph, bool without_sinks)
{
    const char *name = nd_graph_needs(graph, without_sinks);
    if (!name) return ND_OK;
    nd_status status =
        nd_fail(ND_E_PARAM, "${%s} has no value\ngive it: -P %s=…", name, name);
    nd_note("%s", graph->path);
    return status;
}

static nd_status make_all(planner *p, nd_planned *made)
{
    const nd_graph *graph = p->graph;
    p->step = nd_alloc(p->arena, (size_t)graph->steps + 1, sizeof *p->step);
    p->node = nd_alloc(p->arena, (size_t)graph->steps + 1, sizeof *p->node);
    nd_node **output = nd_alloc(p->arena, (size_t)graph->steps + 1, sizeof *output);
    if (!p->step || !p->node || !output) return ND_E_MEMORY;
    for (int i = 0; i < graph->steps; i++) ND_TRY(make(p, graph->order[i]));
    for (int i = 0; i < graph->steps; i++)
        if (!graph->is_read[i]) output[made->outputs++] = p->node[i];
    made->node = p->node, made->step = p->step, made->output = output;
    return ND_OK;
}

nd_status nd_graph_plan_with(nd_arena *arena, const nd_graph *graph,
                             const nd_graph_with *with, nd_planned *planned)
{
    nd_graph_with all = *with;
    planner p = {arena, graph, &all, NULL, NULL};
    nd_planned made = {.nodes = graph->steps, .graph = graph};
    ND_TRY(check_open(graph, with->without_sinks));
    ND_TRY(check_overrides(&p));
    ND_TRY(graph_overrides(arena, graph, with, &all));
    ND_TRY(make_all(&p, &made));
    ND_TRY(copy_overrides(&p, &made));
    *planned = made;
    return ND_OK;
}

nd_status nd_graph_plan(nd_arena *arena, const nd_graph *graph, nd_planned *planned)
{
    return nd_graph_plan_with(arena, graph, &(nd_graph_with){0}, planned);
}
