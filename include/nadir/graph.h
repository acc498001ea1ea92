// SPDX-License-Identifier: Apache-2.0
// Graphs as text: SNAP's XML and nadir's YAML, checked with line and column, to nodes.
#pragma once
#include <nadir/op.h>

typedef struct nd_graph nd_graph; // the text as a tree; the arena's; constant once read
typedef struct nd_variable {
    const char *name, *value; // value NULL: nobody gave one
    const char *help;         // what the graph says of it; NULL: nothing
} nd_variable;

// Reads and checks what the text alone can tell: names, types, ranges, references.
// All mistakes are found, not only the first: `errors` (may be NULL) is called for each,
// in the order of the text, and the first is the thread's error. NULL after a mistake.
// Everything of `ask` is borrowed for the call, but for the catalogue: it must outlive
// the graph.
typedef struct nd_graph_ask {
    const char *path;            // of the file; goes into messages
    const char *text;            // NULL: read the file
    const nd_variable *variable; // -P name=value; step.setting=value is put over the text
    size_t variables;
    const nd_variable *source; // -S name=file: each becomes a Read called ReadOp@name
    size_t sources;
    const nd_variable *reading; // settings that each of those Reads gets
    size_t readings;
    const char *target, *target_format; // -t, -f: a Write for a graph that has none
    // Layers for a page: steps "labels" behind the last Predict, or else the last step,
    // and "error" behind both where there is a Predict.
    const char *labels, *labels_field; // a file, and the attribute of its shapes
    const nd_op *const *catalogue;     // ends with NULL
    void (*errors)(void *user, const nd_error *error);
    void *user;
} nd_graph_ask;
nd_graph *nd_graph_read(nd_arena *arena, const nd_graph_ask *ask) ND_CHECKED;
// Variables that the text uses and nobody gave: name NULL ends the list.
const nd_variable *nd_graph_open_variables(const nd_graph *graph);
// All that the text uses or declares, with their values: name NULL ends the list.
const nd_variable *nd_graph_variables(const nd_graph *graph);
// Given, but neither used nor declared by the text: misspelt, most likely. name NULL
// ends.
const nd_variable *nd_graph_spare_variables(const nd_graph *graph);

// Another value for a setting of a node, before it is planned: the page's sliders.
typedef struct nd_override {
    const char *node;  // its id, case-insensitive
    const char *param; // any of its names
    const char *value; // as nd_settings_set reads it
} nd_override;
// Nodes, planned: headers are opened. ND_E_PARAM while variables are open.
typedef struct nd_planned_step { // as the text has it: a node may stand for several
    const nd_op *op;
    nd_settings settings;
    const nd_node *input; // its first; NULL: none
    bool is_apart;        // others take the inputs of its node one by one
} nd_planned_step;
typedef struct nd_planned {
    nd_node *const *node;        // in order of the file
    const nd_planned_step *step; // of each node
    int nodes;
    nd_node *const *output; // never used by another: Write nodes, or the last
    int outputs;
    const nd_graph *graph;
    const nd_override *override; // copies of those it was planned with
    size_t overrides;
    bool strict; // it does as SNAP does, accidents included
} nd_planned;
nd_status nd_graph_plan(nd_arena *arena, const nd_graph *graph,
                        nd_planned *planned) ND_CHECKED;
// The same with overrides. Nodes of `before` (may be NULL), an earlier plan of the same
// graph, are taken over where neither they nor what they stand on is set otherwise: no
// header is opened twice. So the arena of `before` must outlive this one's. Any thread.
typedef struct nd_graph_with {
    const nd_override *override;
    size_t overrides;
    const nd_planned *before;
    // Nothing is written: what ends a graph (op->sink) stands for its input, and its own
    // variables may stay open.
    bool without_sinks;
    bool strict; // as SNAP does, accidents included: nd_make.strict of every node
} nd_graph_with;
// A variable that has no value and would be missed; NULL: none.
const char *nd_graph_needs(const nd_graph *graph, bool without_sinks);
nd_status nd_graph_plan_with(nd_arena *arena, const nd_graph *graph,
                             const nd_graph_with *with, nd_planned *planned) ND_CHECKED;

// A graph planned once for each of several scenes, and without its writers. For each: the
// node that it ends in, and behind it the one called `step`, where there is one.
typedef struct nd_graph_scenes {
    const char *path;
    nd_list scene;    // values of the variable scene; none: once, without it
    nd_list given;    // "name=value" of other variables
    const char *step; // NULL: none is wanted
    const nd_op *const *catalogue;
    nd_graph *(*read)(void *user, nd_arena *arena, const nd_graph_ask *ask);
    void *user; // of read; read NULL: nd_graph_read
} nd_graph_scenes;
nd_status nd_graph_plan_scenes(nd_arena *arena, const nd_graph_scenes *all,
                               nd_node *const **node, int *nodes) ND_CHECKED;

// The graph in one canonical form: SNAP's names, what is empty or ignored left out,
// variables as they stand, their values as defaults. Reading it gives the same graph.
nd_status nd_graph_print_yaml(const nd_graph *graph, nd_buffer *out) ND_CHECKED;
nd_status nd_graph_print_xml(const nd_graph *graph, nd_buffer *out) ND_CHECKED;
