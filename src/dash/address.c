// SPDX-License-Identifier: Apache-2.0
// Addresses of tiles, and what stands behind the question mark.
#include "dash/dash.h"
#include <string.h>

// A whole number without sign, blanks or leading zeros, up to 2^30.
static bool whole(const char **at, int *number)
{
    int64_t n = 0;
    const char *c = *at;
    if (*c < '0' || *c > '9' || (*c == '0' && c[1] >= '0' && c[1] <= '9')) return false;
    for (; *c >= '0' && *c <= '9' && n <= 1 << 30; c++) n = n * 10 + (*c - '0');
    if (n > 1 << 30) return false;
    *number = (int)n, *at = c;
    return true;
}

bool dash_tile_parse(const char *path, dash_tile_name *name)
{
    static const char *const formats[] = {"u16", "f32", "u8", "png"};
    char key[33] = "";
    dash_tile_name t = {.format = "u16"};
    if (strnlen(path, 33) < 33 || path[32] != '/') return false;
    memcpy(key, path, 32);
    const char *at = path + 33;
    if (!nd_hash_parse(key, &t.key) || !whole(&at, &t.z) || *at++ != '/' ||
        !whole(&at, &t.x) || *at++ != '/' || !whole(&at, &t.y) || t.z > 30)
        return false;
    bool is_known = !*at;
    for (size_t i = 0; *at == '.' && i < sizeof formats / sizeof *formats; i++)
        if (strcmp(at + 1, formats[i]) == 0) {
            memcpy(t.format, formats[i], strlen(formats[i]) + 1);
            is_known = true;
        }
    if (!is_known) return false;
    *name = t;
    return true;
}

static int digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

static const char *decode(nd_arena *arena, const char *from, size_t length)
{
    char *text = nd_alloc(arena, length + 1, 1);
    size_t n = 0;
    for (size_t i = 0; text && i < length; i++) {
        char c = from[i] == '+' ? ' ' : from[i];
        if (c == '%') {
            const int high = i + 2 < length ? digit(from[i + 1]) : -1;
            const int low = high >= 0 ? digit(from[i + 2]) : -1;
            if (low < 0) return NULL;
            c = (char)(high * 16 + low);
            i += 2;
        }
        if (!c) return NULL; // would end the text
        text[n++] = c;
    }
    return text;
}

const char *dash_query(nd_arena *arena, const char *query, const char *name)
{
    const size_t length = strlen(name);
    while (*query) {
        const size_t end = strcspn(query, "&");
        if (end > length && query[length] == '=' && memcmp(query, name, length) == 0)
            return decode(arena, query + length + 1, end - length - 1);
        query += end + (query[end] == '&');
    }
    return NULL;
}

int dash_numbers(nd_arena *arena, const char *text, double *number, int most)
{
    const char *const *item;
    size_t count;
    if (strlen(text) > 4096 || nd_text_split(arena, text, &item, &count) != ND_OK ||
        count > (size_t)most)
        return -1;
    for (size_t i = 0; i < count; i++)
        if (!nd_text_real(item[i], &number[i]) || !isfinite(number[i])) return -1;
    return (int)count;
}

// "7f3a.41": a viewer and how often it has changed its mind.
void dash_view_read(const char *header, char name[16], int *generation)
{
    name[0] = 0, *generation = 0;
    const size_t length = header ? strcspn(header, ".") : 0;
    if (!length || length > 15 || header[length] != '.') return;
    for (size_t i = 0; i < length; i++)
        if (digit(header[i]) < 0) return;
    const char *at = header + length + 1;
    if (!whole(&at, generation) || *at) {
        *generation = 0;
        return;
    }
    memcpy(name, header, length);
    name[length] = 0;
}
