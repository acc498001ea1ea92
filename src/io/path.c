// SPDX-License-Identifier: Apache-2.0
// Paths of files: their parts, joined and taken apart.
#include "io/reader.h"
#include <string.h>

static size_t trimmed(const char *path)
{
    size_t length = strlen(path);
    while (length > 1 && path[length - 1] == '/') length--;
    return length;
}

static size_t start_of_name(const char *path, size_t length)
{
    while (length && path[length - 1] != '/') length--;
    return length;
}

const char *io_name(nd_arena *arena, const char *path)
{
    const size_t length = trimmed(path), start = start_of_name(path, length);
    size_t end = length;
    for (size_t i = length; i > start + 1; i--)
        if (path[i - 1] == '.') {
            end = i - 1;
            break;
        }
    return nd_text(arena, "%.*s", (int)(end - start), path + start);
}

const char *io_folder(nd_arena *arena, const char *path)
{
    const size_t start = start_of_name(path, trimmed(path));
    if (!start) return nd_text(arena, ".");
    return nd_text(arena, "%.*s", start > 1 ? (int)start - 1 : 1, path);
}

const char *io_join(nd_arena *arena, const char *folder, const char *name)
{
    const char *between = nd_text_ends(folder, "/") ? "" : "/";
    return nd_text(arena, "%s%s%s", folder, between, name);
}
