// SPDX-License-Identifier: Apache-2.0
// What the two targets of graphs share: a graph that is read is printed and read again.
#pragma once
#include "../tests/graph/toys.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline nd_graph *read_text(nd_arena *arena, const char *path, const char *text)
{
    return nd_graph_read(arena,
                         &(nd_graph_ask){.path = path, .text = text, .catalogue = toys});
}

static inline int try_graph(const char *path, const uint8_t *data, size_t size)
{
    nd_arena *arena = nd_arena_new();
    char *text = arena ? nd_alloc(arena, size + 1, 1) : NULL;
    if (!text) abort();
    if (size) memcpy(text, data, size);
    nd_graph *graph = read_text(arena, path, text);
    nd_planned plan;
    nd_buffer yaml = {.arena = arena}, xml = yaml;
    if (graph) {
        (void)!nd_graph_plan(arena, graph, &plan);
        if (nd_graph_print_yaml(graph, &yaml) != ND_OK ||
            nd_graph_print_xml(graph, &xml) != ND_OK)
            abort();
        if (!read_text(arena, "again.yaml", yaml.text)) abort();
        if (!read_text(arena, "again.xml", xml.text)) abort();
    }
    (void)nd_error_take();
    nd_arena_free(arena);
    return 0;
}
