// SPDX-License-Identifier: Apache-2.0
// XML to the tree, by libxml2's events; places come from byte offsets, which it counts
// exactly, and not from its columns, which stand at the end of what was read.
#include "graph.h"
#include <ctype.h>
#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <pthread.h>
#include <string.h>

typedef struct xml_reader {
    graph_reader *reader;
    xmlParserCtxtPtr parser;
    graph_tree *open[GRAPH_DEPTH];
    nd_buffer words[GRAPH_DEPTH];
    int depth;
    nd_status status;
    size_t line_start; // of the last place asked for: places come in order
    graph_place last;
} xml_reader;

static pthread_once_t once = PTHREAD_ONCE_INIT;

static graph_place place(xml_reader *x, size_t offset)
{
    const char *text = x->reader->text;
    if (offset < x->line_start) x->line_start = 0, x->last = (graph_place){1, 1};
    for (size_t i = x->line_start; i < offset && i < x->reader->length; i++)
        if (text[i] == '\n') x->last.line++, x->line_start = i + 1;
    int column = 1;
    for (size_t i = x->line_start; i < offset && i < x->reader->length; i++)
        column += ((unsigned char)text[i] & 0xC0) != 0x80;
    return (graph_place){x->last.line, column};
}

static size_t now(const xml_reader *x)
{
    const long at = x->parser->input ? xmlByteConsumed(x->parser) : -1;
    return at < 0                           ? x->reader->length
           : (size_t)at > x->reader->length ? x->reader->length
                                            : (size_t)at;
}

// Ends the reading with this thread's error.
static void stop(xml_reader *x, size_t offset)
{
    x->status = ND_E_DATA;
    x->reader->is_broken = true;
    graph_wrong(x->reader, place(x, offset));
    xmlStopParser(x->parser);
}

static void out_of_memory(xml_reader *x)
{
    x->status = ND_E_MEMORY;
    xmlStopParser(x->parser);
}

// Offset of the '<' of the tag that has just been read: none stands inside a tag.
static size_t tag_start(const xml_reader *x)
{
    size_t at = now(x);
    while (at > 0 && x->reader->text[at] != '<') at--;
    if (x->reader->text[at] != '<' && at) at--;
    return at;
}

static size_t skip_blanks(const graph_reader *r, size_t at)
{
    while (at < r->length && isspace((unsigned char)r->text[at])) at++;
    return at;
}

static size_t skip_name(const graph_reader *r, size_t at)
{
    while (at < r->length && !isspace((unsigned char)r->text[at]) &&
           !strchr("=/>", r->text[at]))
        at++;
    return at;
}

// Where the next attribute's name and value begin; the offset behind it.
static size_t next_attribute(const graph_reader *r, size_t at, size_t *name,
                             size_t *value)
{
    *name = skip_blanks(r, at);
    at = skip_blanks(r, skip_name(r, *name));
    at = skip_blanks(r, at + 1);
    *value = at + 1;
    const char *end =
        at < r->length ? memchr(r->text + at + 1, r->text[at], r->length - at - 1) : NULL;
    return end ? (size_t)(end - r->text) + 1 : r->length;
}

// First character of an element's own words: blanks, comments and CDATA marks skipped.
static size_t words_start(const graph_reader *r, size_t at)
{
    static const struct {
        const char *open, *close;
    } skips[] = {{"<!--", "-->"}, {"<?", "?>"}, {"<![CDATA[", ""}};
    for (bool moved = true; moved;) {
        moved = false;
        at = skip_blanks(r, at);
        for (size_t i = 0; i < sizeof skips / sizeof *skips; i++) {
            const size_t n = strlen(skips[i].open);
            if (at + n >= r->length || memcmp(r->text + at, skips[i].open, n) != 0)
                continue;
            const char *end = strstr(r->text + at + n, skips[i].close);
            if (!end) return at;
            at = (size_t)(end - r->text) + strlen(skips[i].close);
            moved = true;
        }
    }
    return at;
}

// The attributes of a tag; gives the offset behind its last.
static size_t attributes(xml_reader *x, graph_tree *tree, const xmlChar **atts, size_t at)
{
    graph_tree **to = &tree->attribute;
    for (; atts && atts[0]; atts += 2) {
        size_t name, value;
        at = next_attribute(x->reader, at, &name, &value);
        const char *key = nd_text(x->reader->arena, "%s", (const char *)atts[0]);
        graph_tree *a =
            key ? graph_tree_new(x->reader, GRAPH_SCALAR, key, place(x, name)) : NULL;
        if (!a) {
            out_of_memory(x);
            return at;
        }
        a->value_at = place(x, value);
        a->raw = nd_text(x->reader->arena, "%s", atts[1] ? (const char *)atts[1] : "");
        *to = a, to = &a->next;
    }
    return at;
}

static void start(void *user, const xmlChar *name, const xmlChar **atts)
{
    xml_reader *x = user;
    graph_reader *r = x->reader;
    const size_t tag = tag_start(x);
    if (x->depth >= GRAPH_DEPTH) {
        (void)nd_fail(ND_E_DATA, "elements more than %d deep\nno graph needs that",
                      GRAPH_DEPTH);
        stop(x, tag);
        return;
    }
    const char *key = nd_text(r->arena, "%s", (const char *)name);
    graph_tree *tree = key ? graph_tree_new(r, GRAPH_SCALAR, key, place(x, tag)) : NULL;
    if (!tree) {
        out_of_memory(x);
        return;
    }
    size_t at = attributes(x, tree, atts, skip_name(r, tag + 1));
    while (at < r->length && r->text[at] != '>') at++;
    const bool is_closed = at && at < r->length && r->text[at - 1] == '/';
    if (!is_closed && at < r->length) {
        at = words_start(r, at + 1);
        if (at < r->length && r->text[at] != '<') tree->value_at = place(x, at);
    }
    if (x->depth) {
        x->open[x->depth - 1]->kind = GRAPH_MAP;
        graph_tree_add(x->open[x->depth - 1], tree);
    } else {
        r->root = tree;
    }
    x->words[x->depth] = (nd_buffer){.arena = r->arena};
    x->open[x->depth++] = tree;
}

static void words(void *user, const xmlChar *text, int length)
{
    xml_reader *x = user;
    if (!x->depth || length < 0) return;
    nd_buffer *to = &x->words[x->depth - 1];
    if (!to->length) // blanks before the first word are nothing
        while (length && isspace(*text)) text++, length--;
    if (length) nd_buffer_put(to, text, (size_t)length);
}

static void end(void *user, const xmlChar *name)
{
    xml_reader *x = user;
    (void)name;
    if (!x->depth) return;
    nd_buffer *from = &x->words[--x->depth];
    while (from->length && isspace((unsigned char)from->text[from->length - 1]))
        from->text[--from->length] = 0;
    if (!from->length) return;
    x->open[x->depth]->raw = nd_buffer_text(from);
    if (!x->open[x->depth]->raw) out_of_memory(x);
}

static void doctype(void *user, const xmlChar *name, const xmlChar *id,
                    const xmlChar *address)
{
    xml_reader *x = user;
    (void)name, (void)id, (void)address;
    if (x->status != ND_OK) return;
    (void)nd_fail(ND_E_DATA, "a graph has no DOCTYPE\n"
                             "delete it: entities and files of elsewhere are not read");
    const char *at = strstr(x->reader->text, "<!DOCTYPE");
    stop(x, at ? (size_t)(at - x->reader->text) : 0);
}

static const char *remedy(int code)
{
    switch (code) {
    case XML_ERR_TAG_NAME_MISMATCH:
    case XML_ERR_TAG_NOT_FINISHED:
        return "close every element, the last one opened first";
    case XML_ERR_UNDECLARED_ENTITY:
    case XML_ERR_LT_IN_ATTRIBUTE:
    case XML_ERR_ENTITYREF_SEMICOL_MISSING:
    case XML_ERR_NAME_REQUIRED: return "write & as &amp; and < as &lt;";
    case XML_ERR_INVALID_ENCODING:
    case XML_ERR_INVALID_CHAR: return "save the file as UTF-8";
    default: return "mend the text there or shortly before";
    }
}

// The & or < that the reader stumbled over stands shortly before.
static size_t fault(const xml_reader *x, int code)
{
    const char *text = x->reader->text;
    const size_t at = now(x), most = at < 200 ? at : 200;
    const bool is_entity =
        code == XML_ERR_UNDECLARED_ENTITY || code == XML_ERR_ENTITYREF_SEMICOL_MISSING;
    const bool is_name = code == XML_ERR_NAME_REQUIRED;
    for (size_t back = 1; (is_entity || is_name) && back <= most; back++)
        if (text[at - back] == '&' || (is_name && text[at - back] == '<'))
            return at - back;
    return at;
}

// libxml2's own words know no line here.
static void mismatch(xml_reader *x, const xmlError *e)
{
    const graph_tree *open = x->open[x->depth - 1];
    (void)nd_fail(ND_E_DATA,
                  "this is not well-formed XML: <%s> of line %d ends as </%s>\n"
                  "close every element, the last one opened first",
                  open->name, open->at.line, e->str2 ? e->str2 : "");
    stop(x, tag_start(x));
}

__attribute__((format(printf, 2, 3))) static void error(void *user, const char *format,
                                                        ...)
{
    xml_reader *x = user;
    (void)format;
    if (x->status != ND_OK) return; // the first one counts
    const xmlError *e = xmlCtxtGetLastError(x->parser);
    char line[256] = "";
    size_t n = 0;
    for (const char *c = e ? e->message : "";
         c && *c && *c != '\n' && n + 1 < sizeof line;)
        line[n++] = *c++;
    if (e && e->code == XML_ERR_TAG_NAME_MISMATCH && x->depth) {
        mismatch(x, e);
        return;
    }
    const char *said = strncmp(line, "xml", 3) == 0 ? strstr(line, ": ") : NULL;
    (void)nd_fail(ND_E_DATA, "this is not well-formed XML: %s\n%s",
                  said ? said + 2 : line, nd_gettext(remedy(e ? e->code : 0)));
    stop(x, fault(x, e ? e->code : 0));
}

static nd_status run(xml_reader *x)
{
    static const xmlSAXHandler handler = {.startElement = start,
                                          .endElement = end,
                                          .characters = words,
                                          .ignorableWhitespace = words,
                                          .cdataBlock = words,
                                          .internalSubset = doctype,
                                          .error = error,
                                          .fatalError = error,
                                          .initialized = 1};
    graph_reader *r = x->reader;
    x->parser = xmlCreateMemoryParserCtxt(r->text, (int)r->length);
    if (!x->parser)
        return nd_fail(ND_E_MEMORY, "no memory to read XML\nclose other programs");
    *x->parser->sax = handler;
    x->parser->userData = x;
    xmlCtxtUseOptions(x->parser, XML_PARSE_NONET | XML_PARSE_IGNORE_ENC);
    xmlParseDocument(x->parser);
    xmlFreeDoc(x->parser->myDoc);
    x->parser->myDoc = NULL;
    if (x->status == ND_OK && !x->parser->wellFormed) error(x, "%s", "");
    xmlFreeParserCtxt(x->parser);
    return x->status == ND_E_MEMORY ? ND_E_MEMORY : ND_OK;
}

nd_status graph_xml_parse(graph_reader *r)
{
    pthread_once(&once, xmlInitParser);
    if (!r->length) {
        (void)nd_fail(ND_E_DATA, "Empty graph.\nthe file has no text: write a graph, or "
                                 "see nadir new-graph");
        graph_wrong(r, (graph_place){1, 1});
        r->is_broken = true;
        return ND_OK;
    }
    xml_reader *x = nd_alloc(r->arena, 1, sizeof *x);
    if (!x) return ND_E_MEMORY;
    x->reader = r;
    x->last = (graph_place){1, 1};
    return run(x);
}
