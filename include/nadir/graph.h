// SPDX-License-Identifier: Apache-2.0
// Graphs as text: SNAP's XML and nadir's YAML, checked with line and column, to nodes.
#pragma once
#include <nadir/op.h>

typedef struct nd_graph nd_graph; // the text as a tree; the arena's
typedef struct nd_variable {
    const char *name, *value;
} nd_variable;

// Reads and checks what the text alone can tell: names, types, ranges, references.
// All mistakes are found, not only the first: `errors` (may be NULL) is called for each.
typedef struct nd_graph_ask {
    const char *path;            // of the file; goes into messages
    const char *text;            // NULL: read the file
    const nd_variable *variable; // -P name=value
    size_t variables;
    const nd_op *const *catalogue; // ends with NULL
    void (*errors)(void *user, const nd_error *error);
    void *user;
} nd_graph_ask;
nd_graph *nd_graph_read(nd_arena *arena, const nd_graph_ask *ask) ND_CHECKED;
// Variables that the text uses and nobody gave: name NULL ends the list.
const nd_variable *nd_graph_open_variables(const nd_graph *graph);
// Nodes, planned: headers are opened. ND_E_PARAM while variables are open.
typedef struct nd_planned {
    nd_node *const *node; // in order of the file
    int nodes;
    nd_node *const *output; // never used by another: Write nodes, or the last
    int outputs;
} nd_planned;
nd_status nd_graph_plan(nd_arena *arena, const nd_graph *graph,
                        nd_planned *planned) ND_CHECKED;
nd_status nd_graph_print_yaml(const nd_graph *graph, nd_buffer *out) ND_CHECKED;
nd_status nd_graph_print_xml(const nd_graph *graph, nd_buffer *out) ND_CHECKED;
