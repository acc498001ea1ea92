// SPDX-License-Identifier: Apache-2.0
// Blocks of pixels to one: mean of the valid, root of mean power, mode, or OR.
#include "io/reader.h"
#include <math.h>
#include <stdlib.h>

static int by_value(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

// Few classes have numbers above 255: counting those below needs no sorting.
static bool count_small(const float *value, int count, float *most)
{
    uint32_t seen[256] = {0};
    int best = 0;
    for (int i = 0; i < count; i++) {
        if (!(value[i] >= 0 && value[i] < 256)) return false;
        const int number = (int)value[i];
        if ((float)number < value[i]) return false;
        seen[number]++;
    }
    for (int i = 1; i < 256; i++)
        if (seen[i] > seen[best]) best = i;
    *most = (float)best;
    return true;
}

// The most frequent, of equals the smallest.
static float mode(float *value, int count)
{
    float most;
    if (count >= 64 && count_small(value, count, &most)) return most;
    qsort(value, (size_t)count, sizeof *value, by_value);
    int best = 0, longest = 0;
    for (int i = 0, start = 0; i < count; i++) {
        if (value[i] > value[start]) start = i;
        if (i - start + 1 > longest) longest = i - start + 1, best = i;
    }
    return value[best];
}

static float either(const float *value, int count)
{
    uint32_t flags = 0;
    for (int i = 0; i < count; i++) flags |= (uint32_t)value[i];
    return (float)flags;
}

static float mean(const float *value, int count, bool is_power)
{
    double sum = 0;
    for (int i = 0; i < count; i++)
        sum += is_power ? (double)value[i] * (double)value[i] : (double)value[i];
    return (float)(is_power ? sqrt(sum / count) : sum / count);
}

static float block(const nd_tile *in, nd_rect area, nd_kind kind, float *value)
{
    int count = 0;
    for (int y = area.y; y < area.y + area.height; y++) {
        const float *row = nd_at(in, 0, area.x, y);
        for (int x = 0; x < area.width; x++)
            if (!isnan(row[x])) value[count++] = row[x];
    }
    if (!count || 2 * (int64_t)count < (int64_t)area.width * area.height) return NAN;
    if (kind == ND_CLASS) return mode(value, count);
    if (kind == ND_FLAGS) return either(value, count);
    return mean(value, count, kind == ND_AMPLITUDE);
}

nd_status io_reduce(const nd_tile *in, nd_kind kind, int step, nd_work *work,
                    nd_tile *tile)
{
    const int side = 1 << step;
    const nd_rect r = tile->rect;
    float *value = nd_alloc_raw(work->arena, (size_t)side * (size_t)side, sizeof *value);
    if (!value) return ND_E_MEMORY;
    for (int y = r.y; y < r.y + r.height; y++)
        for (int x = r.x; x < r.x + r.width; x++) {
            nd_rect area = {x * side, y * side, side, side};
            if (area.x + side > in->rect.x + in->rect.width)
                area.width = in->rect.x + in->rect.width - area.x;
            if (area.y + side > in->rect.y + in->rect.height)
                area.height = in->rect.y + in->rect.height - area.y;
            *nd_at(tile, 0, x, y) = block(in, area, kind, value);
        }
    return ND_OK;
}
