// SPDX-License-Identifier: Apache-2.0
// Layers that come with the command: labels behind the step that predicts, and where the
// prediction differs from them.
#include "graph/graph.h"
#include <string.h>

static const graph_step *step_called(const graph_reader *r, const char *id)
{
    for (const graph_step *s = r->first; s; s = s->next)
        if (s->id && nd_text_same(s->id, id)) return s;
    return NULL;
}

static nd_status set(graph_reader *r, graph_step *step, const char *name,
                     const char *value)
{
    graph_tree *t = graph_tree_new(r, GRAPH_SCALAR, name, (graph_place){0, 0});
    if (!t) return ND_E_MEMORY;
    t->raw = t->text = nd_text(r->arena, "%s", value);
    if (!t->text) return ND_E_MEMORY;
    graph_tree_add(step->settings, t);
    return ND_OK;
}

static graph_step *add(graph_reader *r, const char *word, const char *id)
{
    graph_step *step = graph_step_new(r, (graph_place){0, 0});
    graph_tree *map = graph_tree_new(r, GRAPH_MAP, word, (graph_place){0, 0});
    if (!step || !map) return NULL;
    step->word = word;
    step->id = step_called(r, id) ? nd_text(r->arena, "%s@map", id) : id;
    step->settings = map;
    return step->id ? step : NULL;
}

static nd_status read_from(graph_reader *r, graph_step *step, const char *name,
                           const char *id)
{
    return graph_source_add(r, step, &(graph_source){.name = name, .id = id});
}

// The last step that predicts, else the last that is not only written.
static const graph_step *labelled(const graph_reader *r, bool *predicts)
{
    const graph_step *found = NULL;
    *predicts = false;
    for (const graph_step *s = r->first; s; s = s->next) {
        const nd_op *op = s->word ? nd_op_find(r->ask->catalogue, s->word) : NULL;
        const bool is = op && strcmp(op->name, "predict") == 0;
        if (op && !op->sink && (is || !*predicts)) found = s;
        *predicts |= is;
    }
    return found;
}

nd_status graph_labels(graph_reader *r)
{
    const nd_graph_ask *ask = r->ask;
    bool predicts;
    const graph_step *of = ask->labels ? labelled(r, &predicts) : NULL;
    if (!of) return ND_OK;
    graph_step *labels = add(r, "labels", "labels");
    if (!labels) return ND_E_MEMORY;
    ND_TRY(read_from(r, labels, "sourceProduct", of->id));
    ND_TRY(set(r, labels, "file", ask->labels));
    if (ask->labels_field) ND_TRY(set(r, labels, "field", ask->labels_field));
    if (!predicts) return ND_OK;
    graph_step *error = add(r, "class_error", "error");
    if (!error) return ND_E_MEMORY;
    ND_TRY(read_from(r, error, "sourceProduct", of->id));
    return read_from(r, error, "sourceProduct.1", labels->id);
}
