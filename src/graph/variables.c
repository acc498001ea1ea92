// SPDX-License-Identifier: Apache-2.0
// Variables: put into scalars after parsing, so that columns stay those of the file and
// no value needs escaping.
#include "graph.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

graph_variable *graph_variable_find(graph_reader *reader, const char *name)
{
    for (graph_variable *v = reader->variable; v; v = v->next)
        if (strcmp(v->name, name) == 0) return v;
    return NULL;
}

graph_variable *graph_variable_new(graph_reader *reader, const char *name)
{
    graph_variable *v = graph_variable_find(reader, name), **to = &reader->variable;
    if (v) return v;
    v = nd_alloc(reader->arena, 1, sizeof *v);
    const char *copy = nd_text(reader->arena, "%s", name);
    if (!v || !copy) return NULL;
    v->name = copy;
    while (*to) to = &(*to)->next;
    return *to = v;
}

static nd_status give(graph_reader *reader, const char *name, const char *value)
{
    graph_variable *v = graph_variable_new(reader, name);
    if (!v) return ND_E_MEMORY;
    v->is_given = true;
    v->value = nd_text(reader->arena, "%s", value);
    return v->value ? ND_OK : ND_E_MEMORY;
}

static bool is_numbered(const char *name, long *number)
{
    static const char stem[] = "sourceProduct";
    const size_t n = sizeof stem - 1;
    if (strncmp(name, stem, n) != 0 || !isdigit((unsigned char)name[n])) return false;
    char *end;
    *number = strtol(name + n, &end, 10);
    return !*end && *number >= 0;
}

// SNAP's: the values of sourceProduct1, sourceProduct2, … as one list, by number.
static nd_status give_source_list(graph_reader *reader)
{
    nd_buffer list = {.arena = reader->arena};
    for (long after = -1, best;; after = best) {
        const graph_variable *next = NULL;
        long number = best = -1;
        for (const graph_variable *v = reader->variable; v; v = v->next)
            if (is_numbered(v->name, &number) && number > after &&
                (!next || number < best))
                next = v, best = number;
        if (!next) break;
        nd_buffer_add(&list, "%s%s", list.length ? "," : "", next->value);
    }
    if (!list.length) return ND_OK;
    const char *text = nd_buffer_text(&list);
    return text ? give(reader, "sourceProducts", text) : ND_E_MEMORY;
}

bool graph_variable_is_spare(graph_reader *reader, const graph_variable *v)
{
    long number;
    if (v->is_used || v->help || !v->is_given) return false;
    const graph_variable *list = graph_variable_find(reader, "sourceProducts");
    if (list && list->is_used && is_numbered(v->name, &number)) return false;
    for (size_t i = 0; i < reader->ask->variables; i++)
        if (strcmp(reader->ask->variable[i].name, v->name) == 0) return true;
    return false; // nobody gave it: it is SNAP's own list
}

nd_status graph_variables_given(graph_reader *reader)
{
    const nd_graph_ask *ask = reader->ask;
    for (size_t i = 0; i < ask->sources; i++) {
        const char *id = nd_text(reader->arena, "ReadOp@%s", ask->source[i].name);
        if (!id) return ND_E_MEMORY;
        ND_TRY(give(reader, ask->source[i].name, id));
    }
    for (size_t i = 0; i < ask->variables; i++)
        ND_TRY(give(reader, ask->variable[i].name, ask->variable[i].value));
    return reader->is_xml ? give_source_list(reader) : ND_OK;
}

static bool is_name(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '.';
}

// Patterns of SNAP that an operator fills in itself: they stay unless a value is given.
static bool is_pattern(graph_reader *reader, const char *name)
{
    static const char known[] = "ORIGINAL_NAME,SLAVE_NUMBER_ID,SECONDARY_NUMBER_ID";
    return nd_text_listed(known, name) && !graph_variable_find(reader, name);
}

// The variable at `text`, which begins with '$': its name; the length it takes, 0: none.
// A bare $name with a dot and no value is a band of a product, as in $reference.B4.
static size_t variable_at(graph_reader *reader, const char *text, char *name, size_t size)
{
    size_t n = 0;
    if (text[1] == '{') {
        const char *end = strchr(text, '}');
        n = end ? (size_t)(end - text) - 2 : 0;
        if (!end || !n || n >= size) return 0;
        memcpy(name, text + 2, n), name[n] = 0;
        return is_pattern(reader, name) ? 0 : n + 3;
    }
    if (!reader->is_xml || !(isalpha((unsigned char)text[1]) || text[1] == '_')) return 0;
    while (is_name(text[1 + n])) n++;
    if (n >= size) return 0;
    memcpy(name, text + 1, n), name[n] = 0;
    return strchr(name, '.') && !graph_variable_find(reader, name) ? 0 : n + 1;
}

static nd_status fill(graph_reader *reader, graph_tree *tree)
{
    nd_buffer text = {.arena = reader->arena}, raw = text;
    for (const char *at = tree->raw; *at;) {
        char name[128];
        const size_t length = *at == '$' ? variable_at(reader, at, name, sizeof name) : 0;
        if (!length) {
            size_t plain = 1 + strcspn(at + 1, "$");
            nd_buffer_put(&text, at, plain), nd_buffer_put(&raw, at, plain);
            at += plain;
            continue;
        }
        graph_variable *v = graph_variable_new(reader, name);
        if (!v) return ND_E_MEMORY;
        v->is_used = true;
        nd_buffer_add(&raw, "${%s}", name);
        if (v->value)
            nd_buffer_add(&text, "%s", v->value);
        else
            nd_buffer_add(&text, "${%s}", name), tree->is_open = true;
        at += length;
    }
    tree->text = nd_buffer_text(&text), tree->raw = nd_buffer_text(&raw);
    return tree->text && tree->raw ? ND_OK : ND_E_MEMORY;
}

nd_status graph_fill(graph_reader *reader, graph_tree *tree)
{
    if (tree->raw && strchr(tree->raw, '$'))
        ND_TRY(fill(reader, tree));
    else
        tree->text = tree->raw;
    for (graph_tree *a = tree->attribute; a; a = a->next) ND_TRY(graph_fill(reader, a));
    for (graph_tree *t = tree->first; t; t = t->next) ND_TRY(graph_fill(reader, t));
    return ND_OK;
}
