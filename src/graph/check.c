// SPDX-License-Identifier: Apache-2.0
// Each step against its operator's table: name, number of inputs, settings.
#include "graph.h"
#include <string.h>

static void find_op(graph_reader *r, graph_step *step)
{
    if (!step->word || !*step->word) return;
    step->op = nd_op_find(r->ask->catalogue, step->word);
    if (step->op) return;
    const char *nearest = nd_op_nearest(r->ask->catalogue, step->word);
    const char *snap = r->is_xml ? "SPI not found for operator" : "there is no operator";
    if (nearest)
        (void)nd_fail(ND_E_PARAM, "%s '%s'\ndid you mean %s?", nd_gettext(snap),
                      step->word, nearest);
    else
        (void)nd_fail(ND_E_PARAM,
                      "%s '%s'\n"
                      "nadir ops lists those there are; Exec runs any command instead",
                      nd_gettext(snap), step->word);
    graph_wrong(r, step->op_at);
}

static bool is_twin(const graph_step *step, const graph_tree *of)
{
    const nd_param *row = nd_param_find(&step->op->table, of->name);
    for (const graph_tree *t = step->settings->first; row && t && t != of; t = t->next)
        if (nd_param_find(&step->op->table, t->name) == row) return true;
    return false;
}

// Some graphs carry the former and the present name of a setting: the present one counts.
static void drop_former(graph_reader *r, graph_step *step)
{
    const nd_table *table = &step->op->table;
    graph_tree **to = &step->settings->first, *last = NULL;
    while (*to) {
        const graph_tree *t = *to;
        const nd_param *row = nd_param_find(table, t->name);
        bool is_former = false;
        for (const graph_tree *o = step->settings->first;
             row && nd_text_listed(row->was, t->name) && o; o = o->next)
            is_former |= o != t && nd_param_find(table, o->name) == row &&
                         !nd_text_listed(row->was, o->name);
        if (!is_former) {
            last = *to, to = &(*to)->next;
            continue;
        }
        nd_say(ND_NOTE, "%s:%d:%d: %s is now called %s", r->path, t->at.line,
               t->at.column, t->name, row->snap ? row->snap : row->name);
        *to = t->next;
    }
    step->settings->last = last;
}

// SNAP's field names and those of older releases are taken, and said so.
static nd_status setting(graph_reader *r, const graph_step *step, graph_tree *t,
                         nd_settings *settings)
{
    const nd_param *row = nd_param_find(settings->table, t->name);
    if (!row && nd_text_listed(step->op->ignores, t->name)) {
        nd_say(ND_NOTE, "%s:%d:%d: %s has no effect in %s", r->path, t->at.line,
               t->at.column, t->name, step->word);
        return ND_OK;
    }
    const graph_tree *refid = graph_attribute(t, "refid");
    if (!row || refid) {
        if (!row)
            (void)graph_unknown(step->word, settings->table, t->name);
        else
            (void)nd_fail(ND_E_UNSUPPORTED,
                          "%s is to come from another node's results\nwrite the value",
                          t->name);
        graph_wrong(r, row ? refid->at : t->at);
        return ND_OK;
    }
    if (is_twin(step, t) && r->is_xml) { // SNAP takes it, and so do published graphs
        nd_say(ND_WARN, "%s:%d:%d: %s is given twice; the first counts", r->path,
               t->at.line, t->at.column, t->name);
        return ND_OK;
    }
    if (is_twin(step, t)) {
        (void)nd_fail(ND_E_PARAM, "%s is given twice\nkeep one of them", t->name);
        graph_wrong(r, t->at);
        return ND_OK;
    }
    if (nd_text_listed(row->was, t->name))
        nd_say(ND_NOTE, "%s:%d:%d: %s is now called %s", r->path, t->at.line,
               t->at.column, t->name, row->snap ? row->snap : row->name);
    return graph_set(r->arena, r, t, settings);
}

static nd_status settings(graph_reader *r, graph_step *step)
{
    nd_settings made;
    if (step->settings) drop_former(r, step);
    const int before = r->mistakes;
    ND_TRY(nd_settings_new(r->arena, &step->op->table, &made));
    graph_tree *first = step->settings ? step->settings->first : NULL;
    for (graph_tree *t = first, *kept = NULL; t; t = t->next) {
        const bool counts = !r->is_xml || !is_twin(step, t);
        ND_TRY(setting(r, step, t, &made));
        if (counts)
            kept = t;
        else if (kept)
            kept->next = t->next; // nor does it for the plan, or when it is printed
    }
    // A setting that was misspelt is not also missing.
    if (r->mistakes == before && nd_settings_check(&made) != ND_OK)
        graph_wrong(r, step->op_at);
    return ND_OK;
}

static void inputs(graph_reader *r, const graph_step *step)
{
    const nd_op *op = step->op;
    if (step->sources < op->min_inputs) {
        if (r->is_xml && !step->sources)
            (void)nd_fail(ND_E_PARAM,
                          "Operator '%s': Mandatory source product (field "
                          "'sourceProduct') not set.\n"
                          "write <sources><sourceProduct refid=\"…\"/></sources>",
                          step->word);
        else
            (void)nd_fail(
                ND_E_PARAM,
                "%s takes %d inputs, not %d\nname the others, too: from: [a, b]",
                step->word, op->min_inputs, step->sources);
        graph_wrong(r, step->op_at);
    }
    if (op->max_inputs < 0 || step->sources <= op->max_inputs) return;
    if (op->max_inputs == 1)
        (void)nd_fail(ND_E_PARAM, "%s takes one input, not %d\ntake one away", step->word,
                      step->sources);
    else if (op->max_inputs)
        (void)nd_fail(ND_E_PARAM, "%s takes at most %d inputs, not %d\ntake one away",
                      step->word, op->max_inputs, step->sources);
    else
        (void)nd_fail(ND_E_PARAM, "%s takes no input\ntake its source away", step->word);
    graph_wrong(r, step->source[op->max_inputs].at);
}

// What SNAP writes if nobody names a format, whatever the file is called.
static nd_status snap_format(graph_reader *r, graph_step *step)
{
    const nd_param *row = nd_param_find(&step->op->table, "formatName");
    if (!r->is_xml || !step->op->sink || !step->at.line || !row) return ND_OK;
    graph_tree *map = step->settings;
    for (graph_tree *t = map ? map->first : NULL; t; t = t->next) {
        if (nd_param_find(&step->op->table, t->name) != row) continue;
        if (!t->raw || !*t->raw) t->raw = t->text = "BEAM-DIMAP";
        return ND_OK;
    }
    if (!map) map = graph_tree_new(r, GRAPH_MAP, "parameters", step->op_at);
    graph_tree *format = graph_tree_new(r, GRAPH_SCALAR, "formatName", step->op_at);
    if (!map || !format) return ND_E_MEMORY;
    format->raw = format->text = "BEAM-DIMAP";
    graph_tree_add(map, format);
    step->settings = map;
    return ND_OK;
}

nd_status graph_check_ops(graph_reader *r)
{
    for (graph_step *s = r->first; s; s = s->next) {
        find_op(r, s);
        if (!s->op) continue;
        inputs(r, s);
        // Both names mean the one input, in SNAP too.
        if (s->op->max_inputs == 1 && s->sources == 1 &&
            nd_text_same(s->source->name, "source"))
            s->source->name = "sourceProduct";
        ND_TRY(snap_format(r, s));
        ND_TRY(settings(r, s));
    }
    return ND_OK;
}
