// SPDX-License-Identifier: Apache-2.0
// SNAP's elements to steps: <graph>, <header>, <node>, <sources>, <parameters>.
#include "graph.h"
#include <string.h>

static void unknown(graph_reader *r, const graph_tree *tree, const char *in,
                    const char *const *words, size_t count)
{
    const char *nearest = nd_text_nearest(tree->name, words, count);
    if (nearest)
        (void)nd_fail(ND_E_PARAM, "there is no <%s> in <%s>\ndid you mean <%s>?",
                      tree->name, in, nearest);
    else
        (void)nd_fail(ND_E_PARAM, "there is no <%s> in <%s>\ndelete it", tree->name, in);
    graph_wrong(r, tree->at);
}

static const char *attribute(const graph_tree *tree, const char *name)
{
    const graph_tree *a = graph_attribute(tree, name);
    return a ? a->text : NULL;
}

// Attributes are not filled yet when this is asked.
static const char *raw_attribute(const graph_tree *tree, const char *name)
{
    const graph_tree *a = graph_attribute(tree, name);
    return a && a->raw && *a->raw ? a->raw : NULL;
}

static nd_status declare(graph_reader *r, const graph_tree *item)
{
    const char *name = raw_attribute(item, "name");
    if (!name) {
        (void)nd_fail(ND_E_PARAM, "this <%s> has no name\ngive it one: name=\"…\"",
                      item->name);
        graph_wrong(r, item->at);
        return ND_OK;
    }
    graph_variable *v = graph_variable_new(r, name);
    if (!v) return ND_E_MEMORY;
    v->help = raw_attribute(item, "description");
    v->is_source = nd_text_same(item->name, "source");
    const char *value = v->is_source ? NULL : raw_attribute(item, "defaultValue");
    if (value && !v->is_given) v->value = value;
    return ND_OK;
}

// SNAP only documents its defaults; without them the text would keep ${name}.
nd_status graph_declare_xml(graph_reader *r)
{
    for (const graph_tree *h = r->root ? r->root->first : NULL; h; h = h->next) {
        if (!nd_text_same(h->name, "header")) continue;
        for (const graph_tree *item = h->first; item; item = item->next)
            if (nd_text_same(item->name, "parameter") ||
                nd_text_same(item->name, "source"))
                ND_TRY(declare(r, item));
    }
    return ND_OK;
}

static nd_status source(graph_reader *r, graph_step *step, const graph_tree *element)
{
    const graph_tree *refid = graph_attribute(element, "refid");
    const graph_tree *from = refid ? refid : element;
    if (!from->text || !*from->text) {
        (void)nd_fail(ND_E_PARAM, "<%s> names no node\nwrite <%s refid=\"…\"/>",
                      element->name, element->name);
        graph_wrong(r, element->at);
        return ND_OK;
    }
    return graph_source_add(r, step,
                            &(graph_source){.name = element->name,
                                            .id = from->text,
                                            .at = from->value_at,
                                            .is_open = from->is_open});
}

// <sourceProducts>a,b</sourceProducts>: each of the list, by number.
static nd_status source_list(graph_reader *r, graph_step *step, const graph_tree *list)
{
    const char *const *id;
    size_t count;
    if (!list->text) return ND_OK;
    ND_TRY(nd_text_split(r->arena, list->text, &id, &count));
    for (size_t i = 0; i < count; i++) {
        const char *name = nd_text(r->arena, "%s%zu", list->name, i);
        if (!name) return ND_E_MEMORY;
        ND_TRY(graph_source_add(r, step,
                                &(graph_source){.name = name,
                                                .id = id[i],
                                                .at = list->value_at,
                                                .is_open = list->is_open}));
    }
    return ND_OK;
}

static nd_status sources(graph_reader *r, graph_step *step, const graph_tree *tree)
{
    for (const graph_tree *s = tree->first; s; s = s->next)
        ND_TRY(nd_text_same(s->name, "sourceProducts") && !graph_attribute(s, "refid")
                   ? source_list(r, step, s)
                   : source(r, step, s));
    return ND_OK;
}

static nd_status node(graph_reader *r, const graph_tree *tree)
{
    static const char *const words[] = {"operator", "sources", "parameters"};
    graph_step *step = graph_step_new(r, tree->at);
    if (!step) return ND_E_MEMORY;
    const graph_tree *id = graph_attribute(tree, "id");
    step->id = id ? id->text : NULL;
    if (!step->id || !*step->id) {
        (void)nd_fail(ND_E_PARAM, "this <node> has no id\ngive it one: <node id=\"…\">");
        graph_wrong(r, tree->at);
        step->id = "";
    } else {
        step->at = id->value_at;
    }
    for (graph_tree *t = tree->first; t; t = t->next) {
        if (nd_text_same(t->name, "operator"))
            step->word = t->text, step->op_at = t->value_at;
        else if (nd_text_same(t->name, "sources"))
            ND_TRY(sources(r, step, t));
        else if (nd_text_same(t->name, "parameters"))
            step->settings = t;
        else
            unknown(r, t, "node", words, 3);
    }
    if (step->word) return ND_OK;
    (void)nd_fail(ND_E_PARAM, "node %s has no operator\nwrite <operator>…</operator>",
                  step->id);
    graph_wrong(r, step->at);
    return ND_OK;
}

static void version(graph_reader *r, const graph_tree *tree, bool *is_there)
{
    *is_there = true;
    if (tree->text && strcmp(tree->text, "1.0") == 0) return;
    (void)nd_fail(ND_E_PARAM,
                  "Wrong version given in the graph XML: %s\n"
                  "write <version>1.0</version>",
                  tree->text ? tree->text : "none");
    graph_wrong(r, tree->value_at);
}

nd_status graph_shape_xml(graph_reader *r)
{
    static const char *const words[] = {"version", "header", "node", "applicationData"};
    const graph_tree *root = r->root;
    bool has_version = false;
    if (!root || !nd_text_same(root->name, "graph")) {
        (void)nd_fail(ND_E_PARAM,
                      "the root is <%s>, not <graph>\nname the file of a graph",
                      root ? root->name : "");
        graph_wrong(r, root ? root->at : (graph_place){1, 1});
        return ND_OK;
    }
    r->name = attribute(root, "id");
    for (const graph_tree *t = root->first; t; t = t->next) {
        if (nd_text_same(t->name, "node"))
            ND_TRY(node(r, t));
        else if (nd_text_same(t->name, "version"))
            version(r, t, &has_version);
        else if (!nd_text_same(t->name, "header") &&
                 !nd_text_same(t->name, "applicationData"))
            unknown(r, t, "graph", words, 4);
    }
    if (!has_version) {
        (void)nd_fail(ND_E_PARAM, "No version is specified in the graph XML.\n"
                                  "write <version>1.0</version> after <graph …>");
        graph_wrong(r, root->at);
    }
    if (!r->steps) {
        (void)nd_fail(ND_E_PARAM, "Empty graph.\nwrite a <node> for each operator");
        graph_wrong(r, root->at);
    }
    return ND_OK;
}
