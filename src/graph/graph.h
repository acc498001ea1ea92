// SPDX-License-Identifier: Apache-2.0
// Inside the graph room: the tree that both languages become, and the graph made of it.
#pragma once
#include <nadir/graph.h>

enum {
    GRAPH_DEPTH = 48,       // of elements, lists and mappings
    GRAPH_BYTES = 16 << 20, // of a file
    GRAPH_STEPS = 4096,     // nodes of a graph
    GRAPH_MISTAKES = 100    // that are kept and told
};

typedef struct graph_place { // from 1; columns count characters; line 0: nowhere
    int line, column;
} graph_place;

// What XML elements and YAML values have in common.
typedef enum graph_kind { GRAPH_SCALAR, GRAPH_LIST, GRAPH_MAP } graph_kind;
typedef struct graph_tree {
    graph_kind kind;
    const char *name; // key or element; NULL: an item of a list
    const char *raw;  // of a scalar, variables as ${name}; NULL: empty
    const char *text; // the same, variables put in
    bool is_open;     // a variable of it has no value
    graph_place at, value_at;
    struct graph_tree *first, *last, *next;
    struct graph_tree *attribute; // of an XML element, chained by next
} graph_tree;

typedef struct graph_source {
    const char *name; // as the operator sees it: "sourceProduct.1"
    const char *id;   // of the node, as written
    graph_place at;
    int step;     // -1: unknown
    bool is_open; // the id holds a variable without a value
} graph_source;

typedef struct graph_step {
    const char *id;
    const char *word; // the operator as written
    const nd_op *op;
    graph_place at, op_at;
    graph_source *source;
    int sources;
    graph_tree *settings; // NULL: none
    struct graph_step *next;
} graph_step;

typedef struct graph_variable {
    const char *name, *value, *help;
    bool is_used, is_given, is_source; // is_source: a <source> of an XML header
    struct graph_variable *next;
} graph_variable;

struct nd_graph {
    const char *path, *name;
    bool is_xml;
    graph_step **step;
    int *order; // every step after those it reads from
    bool *is_read;
    int steps;
    const nd_variable *variable, *open, *spare;
    const nd_override *preset; // -P step.setting=value
    size_t presets;
};

// While a text is read.
typedef struct graph_mistake {
    nd_error error;
    graph_place at;
    struct graph_mistake *next;
} graph_mistake;
typedef struct graph_reader {
    nd_arena *arena;
    const nd_graph_ask *ask;
    const char *path;
    bool is_xml;
    const char *text; // UTF-8
    size_t length;
    graph_tree *root;
    const char *name;
    graph_step *first, *last;
    int steps;
    graph_variable *variable;
    graph_mistake *mistake;
    int mistakes;
    bool is_broken; // no tree that could be looked at further
} graph_reader;

// ---- report.c
// Keeps this thread's error as a mistake of the text at `at`.
void graph_wrong(graph_reader *reader, graph_place at);
// Tells all mistakes in their order; ND_OK if there is none.
nd_status graph_tell(graph_reader *reader);
// Line and column of a byte of UTF-8 text.
graph_place graph_place_of(const char *text, size_t length, size_t offset);

// ---- tree.c
graph_tree *graph_tree_new(graph_reader *reader, graph_kind kind, const char *name,
                           graph_place at) ND_CHECKED;
void graph_tree_add(graph_tree *parent, graph_tree *child);
const graph_tree *graph_attribute(const graph_tree *element, const char *name);
graph_step *graph_step_new(graph_reader *reader, graph_place at) ND_CHECKED;
nd_status graph_source_add(graph_reader *reader, graph_step *step,
                           const graph_source *source) ND_CHECKED;

// ---- encoding.c, xml.c, yaml.c: text to tree. A failure to go on is a mistake.
nd_status graph_to_utf8(graph_reader *reader) ND_CHECKED;
nd_status graph_xml_parse(graph_reader *reader) ND_CHECKED;
nd_status graph_yaml_parse(graph_reader *reader) ND_CHECKED;

// ---- variables.c
nd_status graph_variables_given(graph_reader *reader) ND_CHECKED;
graph_variable *graph_variable_find(graph_reader *reader, const char *name);
// Given by the caller, and nothing in the text asks for it.
bool graph_variable_is_spare(graph_reader *reader, const graph_variable *variable);
graph_variable *graph_variable_new(graph_reader *reader, const char *name) ND_CHECKED;
// Puts them into every scalar under `tree`.
nd_status graph_fill(graph_reader *reader, graph_tree *tree) ND_CHECKED;

// ---- shape_xml.c, shape_yaml.c: what the tree says of variables, then tree to steps.
nd_status graph_declare_xml(graph_reader *reader) ND_CHECKED;
nd_status graph_declare_yaml(graph_reader *reader) ND_CHECKED;
nd_status graph_shape_xml(graph_reader *reader) ND_CHECKED;
nd_status graph_shape_yaml(graph_reader *reader) ND_CHECKED;

// ---- check.c, links.c, settings.c
nd_status graph_check_ops(graph_reader *reader) ND_CHECKED;
nd_status graph_link(graph_reader *reader, nd_graph *graph) ND_CHECKED;
// Puts one written setting into `settings`. With a reader, mistakes are kept and all are
// found; without, the first is returned.
nd_status graph_set(nd_arena *arena, graph_reader *reader, const graph_tree *setting,
                    nd_settings *settings) ND_CHECKED;
// Has it, or something under it, a variable without a value?
bool graph_any_open(const graph_tree *tree);
// Says that there is no setting `name` in `of`, and the nearest.
nd_status graph_unknown(const char *of, const nd_table *table, const char *name);
// A list as the text that nd_settings_set reads, or `raw`: before variables are put in.
// NULL after nd_fail.
const char *graph_join(nd_arena *arena, const graph_tree *list, bool raw) ND_CHECKED;

// ---- labels.c: steps that come with the command (ask->labels).
nd_status graph_labels(graph_reader *reader) ND_CHECKED;

// ---- preset.c: settings that come with the command, not with the text.
nd_status graph_preset(graph_reader *reader, nd_graph *graph) ND_CHECKED;
nd_status graph_overrides(nd_arena *arena, const nd_graph *graph,
                          const nd_graph_with *with, nd_graph_with *all) ND_CHECKED;

// ---- print.c: what both languages print alike.
const char *graph_param_name(const nd_param *row);
// A setting's text before variables are put in; NULL: nothing to print, or a failure.
const char *graph_raw(nd_arena *arena, const graph_tree *setting);
// Does it say something: is it known, and neither empty nor a list of nothing?
bool graph_is_said(const nd_table *table, const graph_tree *setting);
// Does a node read from `name`, a file that is given from outside?
bool graph_is_outer(const nd_graph *graph, const char *name);
// Is a setting of ND_ROWS itself its only entry?
bool graph_is_lone(const nd_param *row, const graph_tree *setting);
