// SPDX-License-Identifier: Apache-2.0
// The header of safetensors as text: strict JSON of few forms, scanned without a tree,
// for it may be 100 MB long.
#include "weights/st.h"
#include <string.h>

nd_status st_wrong(const st_text *t, const char *expected)
{
    return nd_fail(ND_E_DATA,
                   "the header is wrong at byte %zu: here must stand %s\n"
                   "the file is damaged: copy or download it again",
                   (size_t)(t->at - t->start), expected);
}

static void blanks(st_text *t)
{
    while (t->at < t->end &&
           (*t->at == ' ' || *t->at == '\t' || *t->at == '\n' || *t->at == '\r'))
        t->at++;
}

bool st_takes(st_text *t, char c)
{
    blanks(t);
    if (t->at >= t->end || *t->at != c) return false;
    t->at++;
    return true;
}

nd_status st_expect(st_text *t, char c)
{
    const char shown[2] = {c, 0};
    return st_takes(t, c) ? ND_OK : st_wrong(t, shown);
}

static int hex(char c)
{
    const char l = (char)(c | 32);
    return c >= '0' && c <= '9' ? c - '0' : l >= 'a' && l <= 'f' ? l - 'a' + 10 : -1;
}

static bool code(st_text *t, uint32_t *number)
{
    *number = 0;
    if (t->end - t->at < 4) return false;
    for (int i = 0; i < 4; i++) {
        const int digit = hex(*t->at++);
        if (digit < 0) return false;
        *number = *number << 4 | (uint32_t)digit;
    }
    return true;
}

// The letter of code `c` in UTF-8; at most four bytes, which its escape was longer than.
static char *put_letter(char *to, uint32_t c)
{
    if (c < 0x80) {
        *to++ = (char)c;
        return to;
    }
    const int more = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
    static const uint32_t lead[] = {0, 0xC0, 0xE0, 0xF0};
    *to++ = (char)(lead[more] | c >> 6 * more);
    for (int i = more - 1; i >= 0; i--) *to++ = (char)(0x80 | (c >> 6 * i & 0x3F));
    return to;
}

static bool escape(st_text *t, char **to)
{
    static const char from[] = "\"\\/bfnrt", plain[] = "\"\\/\b\f\n\r\t";
    if (t->at >= t->end) return false;
    const char c = *t->at++, *known = c ? strchr(from, c) : NULL;
    uint32_t high, low;
    if (known) {
        *(*to)++ = plain[known - from];
        return true;
    }
    if (c != 'u' || !code(t, &high) || !high) return false;
    if (high >= 0xD800 && high < 0xE000) { // must be a pair
        if (high >= 0xDC00 || t->end - t->at < 6 || *t->at++ != '\\' || *t->at++ != 'u' ||
            !code(t, &low) || low < 0xDC00 || low > 0xDFFF)
            return false;
        high = 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
    }
    *to = put_letter(*to, high);
    return true;
}

// Texts are short and many: they share blocks.
static char *room_for(st_text *t, size_t bytes)
{
    enum { BLOCK = 1 << 16 };
    if (bytes > t->room) {
        const size_t block = bytes > BLOCK ? bytes : BLOCK;
        if (!(t->pool = nd_alloc_raw(t->arena, block, 1))) return NULL;
        t->room = block;
    }
    return t->pool;
}

nd_status st_string(st_text *t, const char **text, size_t *length)
{
    ND_TRY(st_expect(t, '"'));
    const char *from = t->at, *close = from;
    while (close < t->end && *close != '"') close += *close == '\\' ? 2 : 1;
    if (close >= t->end) return st_wrong(t, nd_gettext("a text in quotes"));
    char *start = room_for(t, (size_t)(close - from) + 1), *to = start;
    if (!start) return ND_E_MEMORY;
    while (t->at < close) {
        const char c = *t->at;
        if ((unsigned char)c < ' ') return st_wrong(t, nd_gettext("a printable letter"));
        t->at++;
        if (c != '\\')
            *to++ = c;
        else if (!escape(t, &to))
            return st_wrong(t, nd_gettext("one of the escapes of JSON"));
    }
    *to++ = 0;
    *length = (size_t)(to - start) - 1;
    if (!weights_is_text(start, *length)) return st_wrong(t, nd_gettext("UTF-8"));
    t->pool += to - start, t->room -= (size_t)(to - start);
    t->at = close + 1;
    *text = start;
    return ND_OK;
}

// Whole numbers only: no sign, point or exponent.
nd_status st_number(st_text *t, int64_t *number)
{
    blanks(t);
    const char *from = t->at;
    int64_t n = 0;
    while (t->at < t->end && *t->at >= '0' && *t->at <= '9') {
        const int digit = *t->at - '0';
        if (n > (INT64_MAX - digit) / 10)
            return st_wrong(t, nd_gettext("a number below 2^63"));
        n = n * 10 + digit;
        t->at++;
    }
    if (t->at == from || (*from == '0' && t->at - from > 1))
        return st_wrong(t, nd_gettext("a whole number"));
    *number = n;
    return ND_OK;
}
