// SPDX-License-Identifier: Apache-2.0
// YAML to the tree, by libyaml's events. Anchors, aliases and tags are refused: a graph
// needs none of them, and without them no text is larger than its file.
#include "graph.h"
#include <string.h>
#include <yaml.h>

typedef struct yaml_reader {
    graph_reader *reader;
    graph_tree *open[GRAPH_DEPTH];
    const char *key; // of the mapping on top, waiting for its value
    graph_place key_at;
    int depth, documents;
    bool ended;
} yaml_reader;

static graph_place place(yaml_mark_t mark)
{
    return (graph_place){(int)mark.line + 1, (int)mark.column + 1};
}

static nd_status wrong(yaml_reader *y, graph_place at)
{
    graph_wrong(y->reader, at);
    y->ended = y->reader->is_broken = true;
    return ND_OK;
}

static const char *copy(yaml_reader *y, const yaml_event_t *event)
{
    return nd_text(y->reader->arena, "%.*s", (int)event->data.scalar.length,
                   (const char *)event->data.scalar.value);
}

// No character that XML could not hold, so that every graph can be written in both.
static bool is_clean(const yaml_event_t *event)
{
    const unsigned char *text = event->data.scalar.value;
    for (size_t i = 0; i < event->data.scalar.length; i++) {
        const bool is_control = text[i] < ' ' && !strchr("\t\n\r", text[i]);
        const bool is_none = text[i] == 0xEF && text[i + 1] == 0xBF && text[i + 2] > 0xBD;
        if (!text[i] || is_control || is_none) return false;
    }
    return true;
}

static bool is_null(const yaml_event_t *event)
{
    const char *text = (const char *)event->data.scalar.value;
    return event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
           (!*text || !strcmp(text, "~") || nd_text_same(text, "null"));
}

// A twin of what stands in the mapping on top already?
static bool is_given(const yaml_reader *y, const char *key)
{
    for (const graph_tree *t = y->open[y->depth - 1]->first; t; t = t->next)
        if (nd_text_same(t->name, key)) return true;
    return false;
}

static bool wants_key(const yaml_reader *y)
{
    return y->depth && y->open[y->depth - 1]->kind == GRAPH_MAP && !y->key;
}

static nd_status take_key(yaml_reader *y, const yaml_event_t *event)
{
    const graph_place at = place(event->start_mark);
    const char *key = copy(y, event);
    if (!key) return ND_E_MEMORY;
    if (is_given(y, key)) {
        (void)nd_fail(ND_E_PARAM, "%s is given twice\nkeep one of them", key);
        graph_wrong(y->reader, at); // and the rest is read on
    }
    y->key = key, y->key_at = at;
    return ND_OK;
}

// A value begins: under its key, in its list, or as the whole.
static nd_status hang(yaml_reader *y, graph_kind kind, graph_place at, graph_tree **made)
{
    graph_tree *tree = graph_tree_new(y->reader, kind, y->key, y->key ? y->key_at : at);
    if (!tree) return ND_E_MEMORY;
    tree->value_at = at;
    y->key = NULL;
    if (y->depth)
        graph_tree_add(y->open[y->depth - 1], tree);
    else
        y->reader->root = tree;
    *made = tree;
    return ND_OK;
}

static nd_status open_group(yaml_reader *y, graph_kind kind, const yaml_event_t *event)
{
    const graph_place at = place(event->start_mark);
    if (wants_key(y)) {
        (void)nd_fail(ND_E_DATA, "a list or mapping stands where a name should\n"
                                 "write a name and a colon before it");
        return wrong(y, at);
    }
    if (y->depth >= GRAPH_DEPTH) {
        (void)nd_fail(ND_E_DATA, "lists more than %d deep\nno graph needs that",
                      GRAPH_DEPTH);
        return wrong(y, at);
    }
    graph_tree *tree;
    ND_TRY(hang(y, kind, at, &tree));
    y->open[y->depth++] = tree;
    return ND_OK;
}

static nd_status scalar(yaml_reader *y, const yaml_event_t *event)
{
    if (!is_clean(event)) {
        (void)nd_fail(ND_E_DATA, "a control character stands in this text\ndelete it");
        return wrong(y, place(event->start_mark));
    }
    if (wants_key(y)) return take_key(y, event);
    graph_tree *tree;
    ND_TRY(hang(y, GRAPH_SCALAR, place(event->start_mark), &tree));
    if (is_null(event)) return ND_OK;
    tree->raw = copy(y, event);
    return tree->raw ? ND_OK : ND_E_MEMORY;
}

// Anchors and tags: what is refused, with its name; NULL: nothing.
static const char *refused(const yaml_event_t *event)
{
    const bool is_scalar = event->type == YAML_SCALAR_EVENT;
    const yaml_char_t *anchor = NULL, *tag = NULL;
    if (is_scalar) anchor = event->data.scalar.anchor, tag = event->data.scalar.tag;
    if (event->type == YAML_SEQUENCE_START_EVENT)
        anchor = event->data.sequence_start.anchor, tag = event->data.sequence_start.tag;
    if (event->type == YAML_MAPPING_START_EVENT)
        anchor = event->data.mapping_start.anchor, tag = event->data.mapping_start.tag;
    if (event->type == YAML_ALIAS_EVENT) anchor = event->data.alias.anchor;
    return (const char *)(anchor ? anchor : tag);
}

static nd_status take(yaml_reader *y, const yaml_event_t *event)
{
    const char *name = refused(event);
    if (name) {
        (void)nd_fail(ND_E_DATA,
                      "anchors, aliases and tags (%.60s) are not read here\n"
                      "write the value out, or use a variable",
                      name);
        return wrong(y, place(event->start_mark));
    }
    switch (event->type) {
    case YAML_DOCUMENT_START_EVENT:
        if (!y->documents++) return ND_OK;
        (void)nd_fail(ND_E_DATA, "a second document begins here\n"
                                 "keep one graph in a file");
        return wrong(y, place(event->start_mark));
    case YAML_SCALAR_EVENT: return scalar(y, event);
    case YAML_SEQUENCE_START_EVENT: return open_group(y, GRAPH_LIST, event);
    case YAML_MAPPING_START_EVENT: return open_group(y, GRAPH_MAP, event);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT: y->depth--; return ND_OK;
    case YAML_STREAM_END_EVENT: y->ended = true; return ND_OK;
    default: return ND_OK;
    }
}

static bool is_tab(const graph_reader *r, graph_place at)
{
    const char *text = r->text;
    for (int line = 1; text && line < at.line; line++)
        if ((text = strchr(text, '\n'))) text++;
    return text && (int)strspn(text, " \t") >= at.column && text[at.column - 1] == '\t';
}

static nd_status broken(yaml_reader *y, const yaml_parser_t *parser)
{
    graph_reader *r = y->reader;
    if (parser->error == YAML_MEMORY_ERROR)
        return nd_fail(ND_E_MEMORY, "no memory to read YAML\nclose other programs");
    if (parser->error == YAML_READER_ERROR) {
        (void)nd_fail(
            ND_E_DATA,
            "this is no text: %s\ngive a graph, in UTF-8; a scene is shown by nadir map",
            parser->problem);
        return wrong(y, graph_place_of(r->text, r->length, parser->problem_offset));
    }
    if (is_tab(r, place(parser->problem_mark))) {
        (void)nd_fail(ND_E_DATA, "a tab stands where YAML wants blanks\n"
                                 "indent with blanks");
        return wrong(y, place(parser->problem_mark));
    }
    (void)nd_fail(ND_E_DATA,
                  "this is no YAML: %s%s%s\n"
                  "look at the indentation, colons and quotes there",
                  parser->context ? parser->context : "", parser->context ? ", " : "",
                  parser->problem ? parser->problem : "it ends too early");
    return wrong(y, place(parser->problem_mark));
}

nd_status graph_yaml_parse(graph_reader *r)
{
    yaml_parser_t parser;
    yaml_reader y = {.reader = r};
    if (!yaml_parser_initialize(&parser))
        return nd_fail(ND_E_MEMORY, "no memory to read YAML\nclose other programs");
    yaml_parser_set_input_string(&parser, (const unsigned char *)r->text, r->length);
    nd_status status = ND_OK;
    while (status == ND_OK && !y.ended) {
        yaml_event_t event;
        if (!yaml_parser_parse(&parser, &event)) {
            status = broken(&y, &parser);
            break;
        }
        status = take(&y, &event);
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&parser);
    return status;
}
