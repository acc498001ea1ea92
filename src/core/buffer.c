// SPDX-License-Identifier: Apache-2.0
// Text that grows in an arena, and strict JSON written into it.
#include <math.h>
#include <nadir/text.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static bool make_room(nd_buffer *buffer, size_t more)
{
    if (buffer->failed) return false;
    if (buffer->room - buffer->length > more) return true;
    if (more > SIZE_MAX / 8 || buffer->length > SIZE_MAX / 8) {
        buffer->failed = true;
        return false;
    }
    size_t room = buffer->room ? buffer->room * 2 : 256;
    while (room - buffer->length <= more) room *= 2;
    char *text = nd_alloc_raw(buffer->arena, room, 1);
    buffer->failed = !text;
    if (!text) return false;
    if (buffer->length) memcpy(text, buffer->text, buffer->length);
    text[buffer->length] = 0;
    buffer->text = text;
    buffer->room = room;
    return true;
}

void nd_buffer_put(nd_buffer *buffer, const void *bytes, size_t count)
{
    if (!make_room(buffer, count)) return;
    if (count) memcpy(buffer->text + buffer->length, bytes, count);
    buffer->length += count;
    buffer->text[buffer->length] = 0;
}

void nd_buffer_add(nd_buffer *buffer, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const int length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (length < 0 || !make_room(buffer, (size_t)length)) return;
    va_start(args, format);
    vsnprintf(buffer->text + buffer->length, (size_t)length + 1, format, args);
    va_end(args);
    buffer->length += (size_t)length;
}

const char *nd_buffer_text(nd_buffer *buffer)
{
    if (make_room(buffer, 0)) return buffer->text;
    return (void)nd_fail(ND_E_MEMORY, "no memory for a longer text\n"
                                      "lower --memory or close other programs"),
           NULL;
}

// Bytes of the UTF-8 letter at `text` (RFC 3629), 0 if there is none.
static size_t letter(const unsigned char *text)
{
    const unsigned char c = *text;
    const size_t count = c < 0x80 ? 1 : c < 0xC2 ? 0 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
    if (c > 0xF4) return 0;
    for (size_t i = 1; i < count; i++)
        if ((text[i] & 0xC0) != 0x80) return 0;
    const bool is_wrong = (c == 0xE0 && text[1] < 0xA0) ||
                          (c == 0xED && text[1] > 0x9F) ||
                          (c == 0xF0 && text[1] < 0x90) || (c == 0xF4 && text[1] > 0x8F);
    return is_wrong ? 0 : count;
}

static bool is_plain(const char *text)
{
    return (unsigned char)*text >= ' ' && *text != '"' && *text != '\\';
}

// What is not UTF-8 becomes U+FFFD: the result is always valid JSON.
static void quote(nd_buffer *to, const char *text)
{
    nd_buffer_put(to, "\"", 1);
    for (const char *from = text; *text; from = text) {
        size_t length;
        while (is_plain(text) && (length = letter((const unsigned char *)text)))
            text += length;
        nd_buffer_put(to, from, (size_t)(text - from));
        if (!*text) break;
        if (*text == '"' || *text == '\\')
            nd_buffer_add(to, "\\%c", *text);
        else if ((unsigned char)*text < ' ')
            nd_buffer_add(to, "\\u%04x", (unsigned)(unsigned char)*text);
        else
            nd_buffer_add(to, "\\ufffd");
        text++;
    }
    nd_buffer_put(to, "\"", 1);
}

static void start(nd_json_out *out, const char *key)
{
    if (out->comma) nd_buffer_put(out->to, ",", 1);
    out->comma = true;
    if (!key) return;
    quote(out->to, key);
    nd_buffer_put(out->to, ":", 1);
}

void nd_json_open(nd_json_out *out, const char *key, char bracket)
{
    start(out, key);
    nd_buffer_put(out->to, &bracket, 1);
    out->comma = false;
}

void nd_json_close(nd_json_out *out, char bracket)
{
    nd_buffer_put(out->to, &bracket, 1);
    out->comma = true;
}

void nd_json_text(nd_json_out *out, const char *key, const char *value)
{
    start(out, key);
    if (value)
        quote(out->to, value);
    else
        nd_buffer_put(out->to, "null", 4);
}

void nd_json_real(nd_json_out *out, const char *key, double value)
{
    if (!isfinite(value)) {
        nd_json_null(out, key);
        return;
    }
    start(out, key);
    const char *text = nd_text_of_real(out->to->arena, value);
    if (text) nd_buffer_put(out->to, text, strlen(text));
}

void nd_json_whole(nd_json_out *out, const char *key, int64_t value)
{
    start(out, key);
    nd_buffer_add(out->to, "%lld", (long long)value);
}

void nd_json_bool(nd_json_out *out, const char *key, bool value)
{
    start(out, key);
    nd_buffer_add(out->to, "%s", value ? "true" : "false");
}

void nd_json_null(nd_json_out *out, const char *key)
{
    start(out, key);
    nd_buffer_put(out->to, "null", 4);
}

void nd_json_raw(nd_json_out *out, const char *key, const char *json)
{
    start(out, key);
    nd_buffer_put(out->to, json, strlen(json));
}
