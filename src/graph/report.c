// SPDX-License-Identifier: Apache-2.0
// Mistakes of a text: kept as they are found, told in the order of the text.
#include "graph.h"
#include <nadir/yaml.h>
#include <string.h>

static bool is_before(graph_place a, graph_place b)
{
    return a.line != b.line ? a.line < b.line : a.column < b.column;
}

void graph_wrong(graph_reader *reader, graph_place at)
{
    if (at.line) nd_note("%s:%d:%d", reader->path, at.line, at.column);
    nd_note("%s", reader->path);
    const nd_error error = nd_error_take();
    if (reader->mistakes++ >= GRAPH_MISTAKES) return;
    graph_mistake *mistake = nd_alloc(reader->arena, 1, sizeof *mistake);
    if (!mistake) return;
    *mistake = (graph_mistake){error, at, NULL};
    graph_mistake **to = &reader->mistake;
    while (*to && !is_before(at, (*to)->at)) to = &(*to)->next;
    mistake->next = *to;
    *to = mistake;
}

nd_status graph_tell(graph_reader *reader)
{
    if (!reader->mistakes) return ND_OK;
    for (const graph_mistake *m = reader->mistake; m; m = m->next)
        if (reader->ask->errors) reader->ask->errors(reader->ask->user, &m->error);
    return reader->mistake ? nd_error_give(&reader->mistake->error) : ND_E_MEMORY;
}

graph_place graph_place_of(const char *text, size_t length, size_t offset)
{
    const nd_spot at = nd_spot_of(text, length, offset);
    return (graph_place){at.line, at.column};
}
