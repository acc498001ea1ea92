// SPDX-License-Identifier: Apache-2.0
// Files made byte by byte, and what is read from them.
#pragma once
#include "../files.h"
#include "weights/weights.h"

static inline const char *file_of_bytes(nd_arena *arena, const char *name,
                                        const void *bytes, size_t count)
{
    const char *path = file_path(arena, name);
    FILE *file = path ? fopen(path, "wb") : NULL;
    if (!file) return NULL;
    (void)fwrite(bytes, 1, count, file);
    fclose(file);
    return path;
}

static inline nd_bytes bytes_of(const nd_buffer *b)
{
    return (nd_bytes){(const uint8_t *)b->text, b->length};
}

static inline void put_number(nd_buffer *b, uint64_t number, int bytes)
{
    for (int i = 0; i < bytes; i++) nd_buffer_put(b, &(char){(char)(number >> 8 * i)}, 1);
}

// The weight called `name` as floats; fails the test when there is none.
static inline const float *floats(nd_arena *arena, const nd_weights *w, const char *name,
                                  int64_t count)
{
    static const float nothing[64];
    const int at = w ? nd_weights_find(w, name) : -1;
    float *out = nd_alloc(arena, (size_t)count, sizeof *out);
    if (at < 0 || !out || nd_shape_count(w->weight[at].shape) != count ||
        nd_weights_take(&w->weight[at],
                        &(nd_array){ND_FLOAT32, w->weight[at].shape, out}) != ND_OK) {
        failures++;
        printf("# there is no %s of %d numbers\n", name, (int)count);
        return nothing;
    }
    return out;
}
