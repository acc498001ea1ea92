// SPDX-License-Identifier: Apache-2.0
// YAML to a tree, by libyaml's events. Anchors, aliases and tags are refused: no file of
// ours needs them, and without them no text is larger than its file.
#include <nadir/text.h>
#include <nadir/yaml.h>
#include <string.h>
#include <yaml.h>

typedef struct yaml_reader {
    nd_arena *arena;
    const nd_yaml_ask *ask;
    nd_yaml *root, *open[ND_YAML_DEPTH];
    const char *key; // of the mapping on top, waiting for its value
    nd_spot key_at;
    int depth, documents;
    bool ended, is_broken;
} yaml_reader;

static nd_spot place(yaml_mark_t mark)
{
    return (nd_spot){(int)mark.line + 1, (int)mark.column + 1};
}

static nd_status wrong(yaml_reader *y, nd_spot at)
{
    y->ask->wrong(y->ask->user, at);
    y->ended = y->is_broken = true;
    return ND_OK;
}

static const char *copy(yaml_reader *y, const yaml_event_t *event)
{
    return nd_text(y->arena, "%.*s", (int)event->data.scalar.length,
                   (const char *)event->data.scalar.value);
}

// No character that XML could not hold, so that a graph can be written in both.
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
    for (const nd_yaml *t = y->open[y->depth - 1]->first; t; t = t->next)
        if (nd_text_same(t->name, key)) return true;
    return false;
}

static bool wants_key(const yaml_reader *y)
{
    return y->depth && y->open[y->depth - 1]->kind == ND_YAML_MAP && !y->key;
}

static nd_status take_key(yaml_reader *y, const yaml_event_t *event)
{
    const nd_spot at = place(event->start_mark);
    const char *key = copy(y, event);
    if (!key) return ND_E_MEMORY;
    if (is_given(y, key)) {
        (void)nd_fail(ND_E_PARAM, "%s is given twice\nkeep one of them", key);
        y->ask->wrong(y->ask->user, at); // and the rest is read on
    }
    y->key = key, y->key_at = at;
    return ND_OK;
}

// A value begins: under its key, in its list, or as the whole.
static nd_status hang(yaml_reader *y, nd_yaml_kind kind, nd_spot at, nd_yaml **made)
{
    nd_yaml *tree = nd_alloc(y->arena, 1, sizeof *tree);
    if (!tree) return ND_E_MEMORY;
    *tree = (nd_yaml){
        .kind = kind, .name = y->key, .at = y->key ? y->key_at : at, .value_at = at};
    y->key = NULL;
    nd_yaml *parent = y->depth ? y->open[y->depth - 1] : NULL;
    if (!parent)
        y->root = tree;
    else if (parent->last)
        parent->last = parent->last->next = tree;
    else
        parent->first = parent->last = tree;
    *made = tree;
    return ND_OK;
}

static nd_status open_group(yaml_reader *y, nd_yaml_kind kind, const yaml_event_t *event)
{
    const nd_spot at = place(event->start_mark);
    if (wants_key(y)) {
        (void)nd_fail(ND_E_DATA, "a list or mapping stands where a name should\n"
                                 "write a name and a colon before it");
        return wrong(y, at);
    }
    if (y->depth >= ND_YAML_DEPTH) {
        (void)nd_fail(ND_E_DATA, "lists more than %d deep\nwrite it flatter",
                      ND_YAML_DEPTH);
        return wrong(y, at);
    }
    nd_yaml *tree;
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
    nd_yaml *tree;
    ND_TRY(hang(y, ND_YAML_SCALAR, place(event->start_mark), &tree));
    if (is_null(event)) return ND_OK;
    tree->text = copy(y, event);
    return tree->text ? ND_OK : ND_E_MEMORY;
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
                                 "keep one document in a file");
        return wrong(y, place(event->start_mark));
    case YAML_SCALAR_EVENT: return scalar(y, event);
    case YAML_SEQUENCE_START_EVENT: return open_group(y, ND_YAML_LIST, event);
    case YAML_MAPPING_START_EVENT: return open_group(y, ND_YAML_MAP, event);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT: y->depth--; return ND_OK;
    case YAML_STREAM_END_EVENT: y->ended = true; return ND_OK;
    default: return ND_OK;
    }
}

static bool is_tab(const char *text, nd_spot at)
{
    for (int line = 1; text && line < at.line; line++)
        if ((text = strchr(text, '\n'))) text++;
    return text && (int)strspn(text, " \t") >= at.column && text[at.column - 1] == '\t';
}

static nd_status broken(yaml_reader *y, const yaml_parser_t *parser)
{
    if (parser->error == YAML_MEMORY_ERROR)
        return nd_fail(ND_E_MEMORY, "no memory to read YAML\nclose other programs");
    if (parser->error == YAML_READER_ERROR) {
        (void)nd_fail(ND_E_DATA,
                      "this is no text: %s\ngive one in UTF-8; nadir info says what "
                      "other files are",
                      parser->problem);
        return wrong(y, nd_spot_of(y->ask->text, y->ask->length, parser->problem_offset));
    }
    if (is_tab(y->ask->text, place(parser->problem_mark))) {
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

nd_status nd_yaml_parse(nd_arena *arena, const nd_yaml_ask *ask, nd_yaml **root)
{
    yaml_parser_t parser;
    yaml_reader y = {.arena = arena, .ask = ask};
    if (!yaml_parser_initialize(&parser))
        return nd_fail(ND_E_MEMORY, "no memory to read YAML\nclose other programs");
    yaml_parser_set_input_string(&parser, (const unsigned char *)ask->text, ask->length);
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
    *root = y.is_broken || status != ND_OK ? NULL : y.root;
    return status;
}

const nd_yaml *nd_yaml_member(const nd_yaml *map, const char *name)
{
    for (const nd_yaml *t = map->first; t; t = t->next)
        if (t->name && nd_text_same(t->name, name)) return t;
    return NULL;
}

nd_spot nd_spot_of(const char *text, size_t length, size_t offset)
{
    nd_spot at = {1, 1};
    for (size_t i = 0; i < offset && i < length; i++) {
        if (text[i] == '\n')
            at = (nd_spot){at.line + 1, 1};
        else
            at.column += ((unsigned char)text[i] & 0xC0) != 0x80;
    }
    return at;
}
