// SPDX-License-Identifier: Apache-2.0
// The bytes of an XML file to UTF-8, as its mark or its prolog says: so every place in
// the text is a place in the file.
#include "graph.h"
#include <ctype.h>
#include <iconv.h>
#include <stdio.h>
#include <string.h>

enum { LONGEST_NAME = 40 };

// The value of encoding= in the prolog; "UTF-8" without one.
static void named(const char *text, size_t length, char *name)
{
    snprintf(name, LONGEST_NAME, "UTF-8");
    const char *end = length > 5 && memcmp(text, "<?xml", 5) == 0
                          ? memchr(text, '>', length < 512 ? length : 512)
                          : NULL;
    for (const char *at = text; end && at + 8 < end; at++) {
        if (memcmp(at, "encoding", 8) != 0) continue;
        for (at += 8; at < end && (isspace((unsigned char)*at) || *at == '=');) at++;
        const char quote = *at++;
        size_t n = 0;
        if (quote != '"' && quote != '\'') return;
        while (at + n < end && at[n] != quote && n < LONGEST_NAME - 1) n++;
        snprintf(name, LONGEST_NAME, "%.*s", (int)n, at);
        return;
    }
}

static const char *encoding_of(graph_reader *r, char *name)
{
    const unsigned char *b = (const unsigned char *)r->text;
    if (r->length >= 3 && memcmp(b, "\xEF\xBB\xBF", 3) == 0) {
        r->text += 3, r->length -= 3;
        return "UTF-8";
    }
    if (r->length >= 2 &&
        ((b[0] == 0xFF && b[1] == 0xFE) || (b[0] == 0xFE && b[1] == 0xFF))) {
        r->text += 2, r->length -= 2;
        return b[0] == 0xFF ? "UTF-16LE" : "UTF-16BE";
    }
    if (r->length >= 4 && b[0] == '<' && !b[1]) return "UTF-16LE";
    if (r->length >= 4 && !b[0] && b[1] == '<') return "UTF-16BE";
    named(r->text, r->length, name);
    return name;
}

static nd_status convert(graph_reader *r, iconv_t to, const char *name)
{
    const size_t room = 4 * r->length + 16;
    char *out = nd_alloc(r->arena, room + 1, 1), *at = out;
    if (!out) return ND_E_MEMORY;
    char *in = (char *)(uintptr_t)r->text; // iconv reads it only
    size_t left = r->length, free = room;
    if (iconv(to, &in, &left, &at, &free) == (size_t)-1) {
        const graph_place place =
            graph_place_of(out, (size_t)(at - out), (size_t)(at - out));
        (void)nd_fail(ND_E_DATA,
                      "these bytes are not %s\n"
                      "save the file in the encoding that its first line names",
                      name);
        graph_wrong(r, place);
        r->is_broken = true;
        return ND_OK;
    }
    r->text = out, r->length = (size_t)(at - out);
    return ND_OK;
}

nd_status graph_to_utf8(graph_reader *r)
{
    char prolog[LONGEST_NAME];
    const char *name = encoding_of(r, prolog);
    if (nd_text_same(name, "UTF-8") || nd_text_same(name, "US-ASCII") ||
        nd_text_same(name, "ASCII"))
        return ND_OK; // the parser finds what is none
    const iconv_t to = iconv_open("UTF-8", name);
    if (to == (iconv_t)-1) {
        (void)nd_fail(ND_E_DATA, "there is no encoding %s\nsave the file as UTF-8", name);
        graph_wrong(r, (graph_place){1, 1});
        r->is_broken = true;
        return ND_OK;
    }
    const nd_status status = convert(r, to, name);
    iconv_close(to);
    return status;
}
