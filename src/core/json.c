// SPDX-License-Identifier: Apache-2.0
// JSON in (RFC 8259): one pass, bounded depth, every length checked.
#include <nadir/text.h>
#include <string.h>

enum { DEPTH = 64 };
typedef struct reader {
    nd_arena *arena;
    const char *at, *end, *line_start;
    int line;
} reader;

static nd_status value(reader *r, nd_json *json, int depth);

static nd_status wrong(reader *r, const char *expected)
{
    nd_status status = nd_fail(
        ND_E_DATA, "this is no JSON: here must stand %s\nmend the text", expected);
    nd_note("%d:%d", r->line, (int)(r->at - r->line_start) + 1);
    return status;
}

static void blanks(reader *r)
{
    for (; r->at < r->end && strchr(" \t\r\n", *r->at) && *r->at; r->at++)
        if (*r->at == '\n') r->line++, r->line_start = r->at + 1;
}

static bool takes(reader *r, char c)
{
    blanks(r);
    if (r->at >= r->end || *r->at != c) return false;
    r->at++;
    return true;
}

static bool hex4(reader *r, uint32_t *code)
{
    if (r->end - r->at < 4) return false;
    *code = 0;
    for (int i = 0; i < 4; i++) {
        const char c = *r->at++, l = (char)(c | 32);
        const int digit = c >= '0' && c <= '9'   ? c - '0'
                          : l >= 'a' && l <= 'f' ? l - 'a' + 10
                                                 : -1;
        if (digit < 0) return false;
        *code = *code << 4 | (uint32_t)digit;
    }
    return true;
}

static void utf8(nd_buffer *out, uint32_t c)
{
    unsigned char b[4];
    size_t n = 1;
    if (c < 0x80) {
        b[0] = (unsigned char)c;
    } else if (c < 0x800) {
        b[0] = (unsigned char)(0xC0 | c >> 6), n = 2;
    } else if (c < 0x10000) {
        b[0] = (unsigned char)(0xE0 | c >> 12), n = 3;
    } else {
        b[0] = (unsigned char)(0xF0 | c >> 18), n = 4;
    }
    for (size_t i = 1; i < n; i++)
        b[i] = (unsigned char)(0x80 | (c >> (6 * (n - 1 - i)) & 0x3F));
    nd_buffer_put(out, b, n);
}

// After the backslash. A lone surrogate or a NUL cannot be a C string: it becomes U+FFFD.
static bool escape(reader *r, nd_buffer *out)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    if (r->at >= r->end) return false;
    const char c = *r->at++, *plain = c ? strchr(from, c) : NULL;
    uint32_t code, low;
    if (plain) {
        nd_buffer_put(out, &to[plain - from], 1);
        return true;
    }
    if (c != 'u' || !hex4(r, &code)) return false;
    if (code >= 0xD800 && code < 0xDC00 && r->end - r->at >= 6 && r->at[0] == '\\' &&
        r->at[1] == 'u') {
        const char *back = r->at;
        r->at += 2;
        if (hex4(r, &low) && low >= 0xDC00 && low < 0xE000)
            code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
        else
            r->at = back;
    }
    utf8(out, !code || (code >= 0xD800 && code < 0xE000) ? 0xFFFD : code);
    return true;
}

static nd_status text(reader *r, const char **result)
{
    nd_buffer out = {.arena = r->arena};
    if (!takes(r, '"')) return wrong(r, "\"");
    while (r->at < r->end && *r->at != '"') {
        if ((unsigned char)*r->at < ' ')
            return wrong(r, nd_gettext("the end of the text in quotes"));
        const char *from = r->at;
        while (r->at < r->end && *r->at != '"' && *r->at != '\\' &&
               (unsigned char)*r->at >= ' ')
            r->at++;
        nd_buffer_put(&out, from, (size_t)(r->at - from));
        if (r->at < r->end && *r->at == '\\') {
            r->at++;
            if (!escape(r, &out))
                return wrong(r, nd_gettext("one of the escapes of JSON"));
        }
    }
    if (!takes(r, '"')) return wrong(r, "\"");
    *result = nd_buffer_text(&out);
    return *result ? ND_OK : ND_E_MEMORY;
}

static size_t digits(const char *text)
{
    return strspn(text, "0123456789");
}

// RFC 8259 §6: no leading zero, digits on both sides of the point and after an e.
static bool is_number(const char *text)
{
    text += *text == '-';
    size_t n = digits(text);
    if (!n || (*text == '0' && n > 1)) return false;
    text += n;
    if (*text == '.') {
        if (!(n = digits(text + 1))) return false;
        text += 1 + n;
    }
    if (*text == 'e' || *text == 'E') {
        text += 1 + (text[1] == '-' || text[1] == '+');
        if (!(n = digits(text))) return false;
        text += n;
    }
    return !*text;
}

static nd_status number(reader *r, double *result)
{
    char copy[64];
    size_t n = 0;
    const char *from = r->at;
    while (r->at < r->end && n < sizeof copy - 1 && *r->at &&
           strchr("+-.0123456789eE", *r->at))
        copy[n++] = *r->at++;
    copy[n] = 0;
    if (is_number(copy) && nd_text_real(copy, result)) return ND_OK;
    r->at = from;
    return wrong(r, nd_gettext("a value"));
}

static bool word(reader *r, const char *word)
{
    const size_t n = strlen(word);
    if ((size_t)(r->end - r->at) < n || memcmp(r->at, word, n) != 0) return false;
    r->at += n;
    return true;
}

static nd_status members(reader *r, nd_json *json, char close, int depth)
{
    const nd_json **link = &json->first;
    r->at++;
    if (takes(r, close)) return ND_OK;
    do {
        nd_json *made = nd_alloc(r->arena, 1, sizeof *made);
        const char *key = NULL;
        if (!made) return ND_E_MEMORY;
        if (close == '}') {
            ND_TRY(text(r, &key));
            if (!takes(r, ':')) return wrong(r, ":");
        }
        ND_TRY(value(r, made, depth + 1));
        made->key = key;
        *link = made;
        link = &made->next;
        json->count++;
    } while (takes(r, ','));
    return takes(r, close) ? ND_OK : wrong(r, close == '}' ? "}" : "]");
}

static nd_status value(reader *r, nd_json *json, int depth)
{
    blanks(r);
    json->line = r->line;
    json->column = (int)(r->at - r->line_start) + 1;
    if (r->at >= r->end) return wrong(r, nd_gettext("a value"));
    if (depth > DEPTH)
        return nd_fail(ND_E_DATA, "JSON is nested deeper than %d\nmake it flatter",
                       DEPTH);
    switch (*r->at) {
    case '{': json->kind = ND_JSON_OBJECT; return members(r, json, '}', depth);
    case '[': json->kind = ND_JSON_LIST; return members(r, json, ']', depth);
    case '"': json->kind = ND_JSON_TEXT; return text(r, &json->text);
    case 't': json->kind = ND_JSON_BOOL, json->number = 1; break;
    case 'f': json->kind = ND_JSON_BOOL; break;
    case 'n': json->kind = ND_JSON_NULL; break;
    default: json->kind = ND_JSON_NUMBER; return number(r, &json->number);
    }
    return word(r, "true") || word(r, "false") || word(r, "null")
               ? ND_OK
               : wrong(r, nd_gettext("a value"));
}

const nd_json *nd_json_parse(nd_arena *arena, const char *from, size_t length)
{
    reader r = {arena, from, from + length, from, 1};
    nd_json *json = nd_alloc(arena, 1, sizeof *json);
    if (!json || value(&r, json, 0) != ND_OK) return NULL;
    blanks(&r);
    if (r.at < r.end) return (void)wrong(&r, nd_gettext("the end")), NULL;
    return json;
}

const nd_json *nd_json_member(const nd_json *object, const char *key)
{
    if (!object || object->kind != ND_JSON_OBJECT) return NULL;
    for (const nd_json *m = object->first; m; m = m->next)
        if (strcmp(m->key, key) == 0) return m;
    return NULL;
}
