// SPDX-License-Identifier: Apache-2.0
// Names as files give them: UTF-8, not too long, no NUL inside.
#include "weights/weights.h"
#include <string.h>

// Forms that are too long, halves of pairs, and what lies beyond U+10FFFF.
static bool is_forbidden(unsigned char first, unsigned char next)
{
    return (first == 0xE0 && next < 0xA0) || (first == 0xED && next > 0x9F) ||
           (first == 0xF0 && next < 0x90) || (first == 0xF4 && next > 0x8F);
}

// Bytes of the letter at the start (RFC 3629), 0 if there is none.
static size_t letter(const unsigned char *text, size_t left)
{
    const unsigned char c = *text;
    const size_t count = c < 0x80 ? 1 : c < 0xC2 ? 0 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
    if (c > 0xF4 || count > left) return 0;
    for (size_t i = 1; i < count; i++)
        if ((text[i] & 0xC0) != 0x80) return 0;
    return count > 1 && is_forbidden(c, text[1]) ? 0 : count;
}

bool weights_is_text(const char *text, size_t length)
{
    const unsigned char *at = (const unsigned char *)text;
    for (size_t n; length; at += n, length -= n)
        if (!*at || !(n = letter(at, length))) return false;
    return true;
}

const char *weights_name(nd_arena *arena, const char *text, size_t length)
{
    if (length > WEIGHTS_NAME || !weights_is_text(text, length))
        return (void)nd_fail(ND_E_DATA,
                             "a name of %zu bytes is too long or no UTF-8\n"
                             "the file is damaged: copy or download it again",
                             length),
               NULL;
    char *copy = nd_alloc_raw(arena, length + 1, 1);
    if (!copy) return NULL;
    if (length) memcpy(copy, text, length);
    copy[length] = 0;
    return copy;
}
