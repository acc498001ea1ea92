// SPDX-License-Identifier: Apache-2.0
// nadir's YAML to steps: input, steps and output, each one step or a list of them.
#include "graph.h"
#include <ctype.h>
#include <string.h>

// What stands alone takes the step before it; the first of `steps` takes all inputs.
typedef struct yaml_shape {
    graph_reader *reader;
    graph_step *last_input, *last_step; // of the sections read so far
} yaml_shape;

static graph_tree *member(const graph_tree *map, const char *name)
{
    for (graph_tree *t = map->first; t; t = t->next)
        if (t->name && nd_text_same(t->name, name)) return t;
    return NULL;
}

static nd_status declare(graph_reader *r, const graph_tree *tree)
{
    const graph_tree *value = tree, *help = NULL;
    if (tree->kind == GRAPH_MAP) {
        static const char *const words[] = {"default", "help"};
        for (const graph_tree *t = tree->first; t; t = t->next) {
            if (nd_text_same(t->name, "default") || nd_text_same(t->name, "help"))
                continue;
            const char *nearest = nd_text_nearest(t->name, words, 2);
            (void)nd_fail(ND_E_PARAM, "a variable has no %s\ndid you mean %s?", t->name,
                          nearest ? nearest : "default, help");
            graph_wrong(r, t->at);
        }
        value = member(tree, "default"), help = member(tree, "help");
    }
    if (value && value->kind != GRAPH_SCALAR) {
        (void)nd_fail(ND_E_PARAM, "the default of %s is a list\nwrite one text",
                      tree->name);
        graph_wrong(r, value->value_at);
        return ND_OK;
    }
    graph_variable *v = graph_variable_new(r, tree->name);
    if (!v) return ND_E_MEMORY;
    v->help = help ? help->raw : NULL;
    if (value && value->raw && !v->is_given) v->value = value->raw;
    return ND_OK;
}

nd_status graph_declare_yaml(graph_reader *r)
{
    const graph_tree *all =
        r->root && r->root->kind == GRAPH_MAP ? member(r->root, "variables") : NULL;
    if (!all) return ND_OK;
    if (all->kind != GRAPH_MAP) {
        (void)nd_fail(ND_E_PARAM, "variables: is no mapping\nwrite name: default");
        graph_wrong(r, all->value_at);
        return ND_OK;
    }
    for (const graph_tree *t = all->first; t; t = t->next) ND_TRY(declare(r, t));
    return ND_OK;
}

static nd_status add_source(graph_reader *r, graph_step *step, const graph_tree *from,
                            const char *name)
{
    if (from->kind != GRAPH_SCALAR || !from->text || !*from->text) {
        (void)nd_fail(ND_E_PARAM, "from: names no step here\nwrite the id of one");
        graph_wrong(r, from->value_at);
        return ND_OK;
    }
    if (!name)
        name = step->sources ? nd_text(r->arena, "sourceProduct.%d", step->sources)
                             : "sourceProduct";
    return name ? graph_source_add(r, step,
                                   &(graph_source){.name = name,
                                                   .id = from->text,
                                                   .at = from->value_at,
                                                   .is_open = from->is_open})
                : ND_E_MEMORY;
}

// Names of sources are elements in XML.
static bool is_element(const char *name)
{
    if (!isalpha((unsigned char)*name) && *name != '_') return false;
    for (const char *c = name; *c; c++)
        if (!isalnum((unsigned char)*c) && !strchr("_.-", *c)) return false;
    return true;
}

static nd_status from(graph_reader *r, graph_step *step, const graph_tree *tree)
{
    if (tree->kind == GRAPH_SCALAR) return add_source(r, step, tree, NULL);
    for (const graph_tree *t = tree->first; t; t = t->next) {
        if (!t->name || is_element(t->name)) {
            ND_TRY(add_source(r, step, t, t->name));
            continue;
        }
        (void)nd_fail(ND_E_PARAM,
                      "%s is no name for a source\n"
                      "write letters, digits, dots and dashes",
                      t->name);
        graph_wrong(r, t->at);
    }
    return ND_OK;
}

static nd_status take_step(graph_reader *r, graph_step *step, const graph_step *of)
{
    const char *name = step->sources
                           ? nd_text(r->arena, "sourceProduct.%d", step->sources)
                           : "sourceProduct";
    return name
               ? graph_source_add(
                     r, step, &(graph_source){.name = name, .id = of->id, .at = step->at})
               : ND_E_MEMORY;
}

// Without `from`: the step before, or all inputs.
static nd_status take_before(yaml_shape *y, graph_step *step)
{
    if (y->last_step) return take_step(y->reader, step, y->last_step);
    for (graph_step *s = y->reader->first; y->last_input && s; s = s->next) {
        ND_TRY(take_step(y->reader, step, s));
        if (s == y->last_input) break;
    }
    return ND_OK;
}

static bool is_taken(const graph_reader *r, const graph_step *but, const char *id)
{
    for (const graph_step *s = r->first; s; s = s->next)
        if (s != but && s->id && nd_text_same(s->id, id)) return true;
    return false;
}

// The operator's name, numbered as SNAP's editor does: "Read", "Read(2)".
static nd_status name_step(graph_reader *r, graph_step *step)
{
    const nd_op *op = nd_op_find(r->ask->catalogue, step->word);
    const char *stem = op ? op->snap ? op->snap : op->name : step->word;
    int n = 1;
    for (const graph_step *s = r->first; s && s != step; s = s->next)
        n += nd_text_same(s->word, step->word) || (op && s->op == op);
    step->op = op;
    step->id = nd_text(r->arena, "%s", stem);
    for (; step->id && is_taken(r, step, step->id); n++)
        step->id = nd_text(r->arena, "%s(%d)", stem, n);
    return step->id ? ND_OK : ND_E_MEMORY;
}

static void two_operators(graph_reader *r, const graph_step *step, const graph_tree *next)
{
    (void)nd_fail(ND_E_PARAM,
                  "a step holds one operator, %s, and here is %s\n"
                  "indent what belongs to %s, or begin the next step with a dash",
                  step->word, next->name, step->word);
    graph_wrong(r, next->at);
}

static void take_operator(graph_reader *r, graph_step *step, graph_tree *t)
{
    if (step->word) {
        two_operators(r, step, t);
        return;
    }
    step->word = t->name, step->at = step->op_at = t->at;
    step->settings = t;
    if (t->kind == GRAPH_MAP || (t->kind == GRAPH_SCALAR && !t->text)) return;
    step->settings = NULL;
    (void)nd_fail(ND_E_PARAM,
                  "the settings of %s are no mapping\nwrite %s: { name: value }", t->name,
                  t->name);
    graph_wrong(r, t->value_at);
}

// A step: the name of an operator, or a mapping of one with id and from beside it.
static nd_status read_step(graph_reader *r, graph_tree *tree,
                           const graph_tree **from_tree, graph_step **made)
{
    *made = NULL, *from_tree = NULL;
    const bool is_word = tree->kind == GRAPH_SCALAR && tree->text && *tree->text;
    graph_step *step = graph_step_new(r, tree->value_at);
    if (!step) return ND_E_MEMORY;
    graph_place id_at = {0, 0};
    if (is_word) step->word = tree->text;
    for (graph_tree *t = tree->kind == GRAPH_MAP ? tree->first : NULL; t; t = t->next) {
        if (nd_text_same(t->name, "id"))
            step->id = t->text, id_at = t->value_at;
        else if (nd_text_same(t->name, "from"))
            *from_tree = t;
        else
            take_operator(r, step, t);
    }
    if (!step->word || !*step->word) {
        (void)nd_fail(ND_E_PARAM, "this step names no operator\nwrite one, as in "
                                  "- Resample: { targetResolution: 10 }");
        graph_wrong(r, tree->value_at);
        step->word = "";
    }
    if (!step->id || !*step->id)
        ND_TRY(name_step(r, step));
    else
        step->op = nd_op_find(r->ask->catalogue, step->word);
    if (id_at.line) step->at = id_at;
    *made = step;
    return ND_OK;
}

// input: scene.SAFE and output: map.tif, in one word.
static nd_status file_step(graph_reader *r, graph_tree *tree, const char *word,
                           graph_step **made)
{
    graph_step *step = graph_step_new(r, tree->value_at);
    graph_tree *map = graph_tree_new(r, GRAPH_MAP, word, tree->value_at);
    graph_tree *file = graph_tree_new(r, GRAPH_SCALAR, "file", tree->value_at);
    if (!step || !map || !file) return ND_E_MEMORY;
    file->raw = tree->raw, file->text = tree->text, file->is_open = tree->is_open;
    graph_tree_add(map, file);
    step->word = word, step->settings = map;
    *made = step;
    return name_step(r, step);
}

typedef enum yaml_section { YAML_INPUT, YAML_STEPS, YAML_OUTPUT } yaml_section;

static nd_status one(yaml_shape *y, yaml_section section, graph_tree *tree)
{
    static const char *const words[] = {
        [YAML_INPUT] = "Read", [YAML_STEPS] = NULL, [YAML_OUTPUT] = "Write"};
    const graph_tree *source = NULL;
    graph_step *step;
    if (words[section] && tree->kind == GRAPH_SCALAR && tree->text && *tree->text)
        ND_TRY(file_step(y->reader, tree, words[section], &step));
    else
        ND_TRY(read_step(y->reader, tree, &source, &step));
    if (source)
        ND_TRY(from(y->reader, step, source));
    else if (section != YAML_INPUT)
        ND_TRY(take_before(y, step));
    if (section == YAML_INPUT) y->last_input = step;
    if (section == YAML_STEPS) y->last_step = step;
    return ND_OK;
}

static nd_status section(yaml_shape *y, yaml_section which)
{
    static const char *const names[] = {
        [YAML_INPUT] = "input", [YAML_STEPS] = "steps", [YAML_OUTPUT] = "output"};
    graph_tree *tree = member(y->reader->root, names[which]);
    if (!tree) return ND_OK;
    if (tree->kind != GRAPH_LIST) return one(y, which, tree);
    for (graph_tree *t = tree->first; t; t = t->next) ND_TRY(one(y, which, t));
    return ND_OK;
}

static void unknown_keys(graph_reader *r)
{
    static const char *const words[] = {"name", "variables", "input", "steps", "output"};
    for (const graph_tree *t = r->root->first; t; t = t->next) {
        bool is_known = false;
        for (size_t i = 0; i < 5; i++) is_known |= nd_text_same(t->name, words[i]);
        if (is_known) continue;
        const char *nearest = nd_text_nearest(t->name, words, 5);
        (void)nd_fail(ND_E_PARAM, "a graph has no %s\ndid you mean %s?", t->name,
                      nearest ? nearest : "name, variables, input, steps, output");
        graph_wrong(r, t->at);
    }
}

nd_status graph_shape_yaml(graph_reader *r)
{
    if (!r->root || r->root->kind != GRAPH_MAP) {
        (void)nd_fail(ND_E_PARAM,
                      "this is no graph\nwrite input:, steps: and output:, or "
                      "see nadir new-graph");
        graph_wrong(r, (graph_place){1, 1});
        return ND_OK;
    }
    unknown_keys(r);
    const graph_tree *name = member(r->root, "name");
    r->name = name ? name->text : NULL;
    yaml_shape y = {.reader = r};
    ND_TRY(section(&y, YAML_INPUT));
    ND_TRY(section(&y, YAML_STEPS));
    ND_TRY(section(&y, YAML_OUTPUT));
    if (r->steps) return ND_OK;
    (void)nd_fail(ND_E_PARAM, "Empty graph.\nwrite input:, steps: and output:");
    graph_wrong(r, r->root->value_at);
    return ND_OK;
}
