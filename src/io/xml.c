// SPDX-License-Identifier: Apache-2.0
// XML of scenes: parsed from memory, without DOCTYPE, network, or entities.
#include "io/xml.h"
#include "io/reader.h"
#include <cpl_vsi.h>
#include <libxml/parser.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { MOST = 64 << 20 }; // bytes of a document; a Sentinel-2 tile's has less than one

static void free_document(void *document)
{
    xmlFreeDoc(document);
}

static bool has(const char *text, size_t length, const char *word)
{
    const size_t size = strlen(word);
    for (size_t i = 0; i + size <= length; i++) {
        const char *at = memchr(text + i, *word, length - size - i + 1);
        if (!at) return false;
        i = (size_t)(at - text);
        if (memcmp(at, word, size) == 0) return true;
    }
    return false;
}

static const xmlNode *refuse(const char *name)
{
    nd_fail(ND_E_DATA,
            "%s has a DOCTYPE, which no scene's metadata have\n"
            "fetch the product again from a place you trust",
            name);
    return NULL;
}

const xmlNode *io_xml_parse(nd_arena *arena, const char *name, const char *text,
                            size_t length)
{
    if (has(text, length, "<!DOCTYPE") || has(text, length, "<!ENTITY"))
        return refuse(name);
    if (length > MOST) {
        nd_fail(ND_E_DATA, "%s is %zu bytes long\ngive the metadata of a scene", name,
                length);
        return NULL;
    }
    xmlParserCtxtPtr parser = xmlNewParserCtxt();
    if (!parser) {
        nd_fail(ND_E_MEMORY, "there is no memory for %s\nclose other programs", name);
        return NULL;
    }
    xmlDocPtr document =
        xmlCtxtReadMemory(parser, text, (int)length, NULL, NULL,
                          XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING |
                              XML_PARSE_NOBLANKS | XML_PARSE_NOCDATA);
    const int line = parser->lastError.line;
    char words[200] = "it is not XML";
    if (parser->lastError.message)
        snprintf(words, sizeof words, "%s", parser->lastError.message);
    words[strcspn(words, "\n")] = 0;
    xmlFreeParserCtxt(parser);
    if (!document) {
        nd_fail(ND_E_DATA, "%s:%d: %s\nfetch the file again", name, line, words);
        return NULL;
    }
    if (nd_defer(arena, free_document, document) != ND_OK) return NULL;
    if (document->intSubset || document->extSubset) return refuse(name);
    return xmlDocGetRootElement(document);
}

static char *read_all(nd_arena *arena, const char *path, size_t *length)
{
    VSILFILE *file = VSIFOpenL(path, "rb");
    if (!file) {
        nd_fail(ND_E_IO, "%s cannot be read\ncheck that the product is whole", path);
        return NULL;
    }
    const bool has_end = VSIFSeekL(file, 0, SEEK_END) == 0;
    const vsi_l_offset size = has_end ? VSIFTellL(file) : 0;
    *length = size > MOST ? MOST : (size_t)size;
    char *text = nd_alloc(arena, *length + 1, 1);
    if (text && VSIFSeekL(file, 0, SEEK_SET) == 0)
        *length = VSIFReadL(text, 1, *length, file);
    VSIFCloseL(file);
    return text;
}

const char *io_read_text(nd_arena *arena, const char *path, size_t *length)
{
    io_words words;
    io_gdal_listen(&words);
    char *text = read_all(arena, path, length);
    io_gdal_ignore();
    return text;
}

const xmlNode *io_xml_read(nd_arena *arena, const char *path)
{
    size_t length = 0;
    const char *text = io_read_text(arena, path, &length);
    return text ? io_xml_parse(arena, path, text, length) : NULL;
}

bool io_xml_is(const xmlNode *node, const char *name)
{
    return node && node->type == XML_ELEMENT_NODE &&
           strcmp((const char *)node->name, name) == 0;
}

const xmlNode *io_xml_next(const xmlNode *node, const char *name)
{
    for (node = node ? node->next : NULL; node; node = node->next)
        if (io_xml_is(node, name)) return node;
    return NULL;
}

const xmlNode *io_xml_first(const xmlNode *node, const char *name)
{
    const xmlNode *child = node ? node->children : NULL;
    return !child || io_xml_is(child, name) ? child : io_xml_next(child, name);
}

// Without recursion: along, or up until there is something along.
const xmlNode *io_xml_past(const xmlNode *top, const xmlNode *node)
{
    while (node != top && !node->next) node = node->parent;
    return node == top ? NULL : node->next;
}

const xmlNode *io_xml_after(const xmlNode *top, const xmlNode *node)
{
    const bool is_down = node->type == XML_ELEMENT_NODE && node->children;
    return is_down ? node->children : io_xml_past(top, node);
}

const xmlNode *io_xml_any(const xmlNode *top, const char *name)
{
    const xmlNode *node = top;
    while (node && (node = io_xml_after(top, node)))
        if (io_xml_is(node, name)) return node;
    return NULL;
}

const xmlNode *io_xml_at(const xmlNode *node, const char *path)
{
    char name[128];
    while (node && *path) {
        const size_t length = strcspn(path, "/");
        snprintf(name, sizeof name, "%.*s", (int)length, path);
        node = io_xml_first(node, name);
        path += length + (path[length] == '/');
    }
    return node;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static const char *trim(nd_arena *arena, const char *text)
{
    while (text && is_blank(*text)) text++;
    size_t length = text ? strlen(text) : 0;
    while (length && is_blank(text[length - 1])) length--;
    return length ? nd_text(arena, "%.*s", (int)length, text) : NULL;
}

// Leaves hold one piece of text: blanks and CDATA are merged by the parser.
static const char *content(const xmlNode *node)
{
    const xmlNode *child = node ? node->children : NULL;
    return child && child->type == XML_TEXT_NODE ? (const char *)child->content : NULL;
}

const char *io_xml_content(nd_arena *arena, const xmlNode *node)
{
    return trim(arena, content(node));
}

const char *io_xml_attribute(nd_arena *arena, const xmlNode *node, const char *name)
{
    for (const xmlAttr *a = node ? node->properties : NULL; a; a = a->next)
        if (strcmp((const char *)a->name, name) == 0)
            return trim(arena, content((const xmlNode *)a));
    return NULL;
}

bool io_xml_numbers(const xmlNode *node, double *number, int room, int *count)
{
    const char *text = content(node);
    char word[64];
    *count = 0;
    while (text && *text) {
        while (is_blank(*text)) text++;
        size_t length = 0;
        while (text[length] && !is_blank(text[length])) length++;
        if (!length) break;
        if (length >= sizeof word || *count == room) return false;
        memcpy(word, text, length);
        word[length] = 0;
        if (!nd_text_real(word, &number[(*count)++])) return false;
        text += length;
    }
    return *count > 0;
}

bool io_xml_real(const xmlNode *node, double *number)
{
    int count;
    double value;
    if (!io_xml_numbers(node, &value, 1, &count) || !isfinite(value)) return false;
    *number = value;
    return true;
}

bool io_xml_whole(const xmlNode *node, int low, int high, int *number)
{
    double value;
    if (!io_xml_real(node, &value) || value < low || value > high ||
        value != trunc(value))
        return false;
    *number = (int)value;
    return true;
}
