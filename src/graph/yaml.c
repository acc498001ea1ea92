// SPDX-License-Identifier: Apache-2.0
// A graph's YAML to the tree that it shares with XML.
#include "graph.h"
#include <ctype.h>
#include <nadir/yaml.h>
#include <string.h>

static void wrong(void *reader, nd_spot at)
{
    graph_wrong(reader, (graph_place){at.line, at.column});
}

// Blanks around a value mean nothing, as in XML: both print as each other.
static nd_status trim(graph_reader *r, const char **text)
{
    if (!*text) return ND_OK;
    const char *from = *text;
    while (isspace((unsigned char)*from)) from++;
    size_t length = strlen(from);
    while (length && isspace((unsigned char)from[length - 1])) length--;
    if (!length) return *text = NULL, ND_OK;
    *text = from[length] ? nd_text(r->arena, "%.*s", (int)length, from) : from;
    return *text ? ND_OK : ND_E_MEMORY;
}

// As deep as nd_yaml_parse goes.
static nd_status take(graph_reader *r, const nd_yaml *from, graph_tree *parent)
{
    static const graph_kind kind[] = {GRAPH_SCALAR, GRAPH_LIST, GRAPH_MAP};
    graph_tree *tree = graph_tree_new(r, kind[from->kind], from->name,
                                      (graph_place){from->at.line, from->at.column});
    if (!tree) return ND_E_MEMORY;
    tree->value_at = (graph_place){from->value_at.line, from->value_at.column};
    tree->raw = from->text;
    ND_TRY(trim(r, &tree->raw));
    if (parent)
        graph_tree_add(parent, tree);
    else
        r->root = tree;
    for (const nd_yaml *t = from->first; t; t = t->next) ND_TRY(take(r, t, tree));
    return ND_OK;
}

nd_status graph_yaml_parse(graph_reader *r)
{
    const nd_yaml_ask ask = {
        .text = r->text, .length = r->length, .wrong = wrong, .user = r};
    nd_yaml *root;
    const int before = r->mistakes;
    ND_TRY(nd_yaml_parse(r->arena, &ask, &root));
    if (root) return take(r, root, NULL);
    r->is_broken = r->mistakes > before;
    return ND_OK;
}
