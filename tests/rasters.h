// SPDX-License-Identifier: Apache-2.0
// Small pictures in, operators over them, pixels out: read whole, one by one and
// shuffled.
#pragma once
#include "harness.h"
#include <nadir/op.h>

extern const nd_op *const nd_ops[];

typedef struct pixels {
    const float *value;
    int width, height, bands;
} pixels;

static nd_status pixels_plan(nd_node *self)
{
    const pixels *p = self->state;
    self->bands = p->bands;
    self->band = nd_alloc(self->arena, (size_t)p->bands, sizeof *self->band);
    if (!self->band) return ND_E_MEMORY;
    for (int b = 0; b < p->bands; b++)
        self->band[b] = (nd_band){.name = nd_text(self->arena, "b%d", b + 1),
                                  .grid = {p->width, p->height, 0, 0, 10, -10, NULL}};
    return ND_OK;
}

static nd_status pixels_compute(const nd_node *self, nd_work *work, nd_tile *tile)
{
    const pixels *p = self->state;
    const nd_rect r = tile->rect;
    (void)work;
    for (int k = 0; k < tile->bands.count; k++)
        for (int y = r.y; y < r.y + r.height; y++)
            for (int x = r.x; x < r.x + r.width; x++)
                *nd_at(tile, k, x, y) =
                    p->value[(tile->bands.band[k] * p->height + y) * p->width + x];
    return ND_OK;
}

static const nd_op op_pixels = {
    .name = "pixels", .plan = pixels_plan, .compute = pixels_compute};

// `count` values, band after band, row after row; as many bands as that makes.
static inline nd_node *picture(nd_arena *arena, int width, int height, const float *value,
                               size_t count)
{
    pixels *p = nd_alloc(arena, 1, sizeof *p);
    float *copy = nd_alloc(arena, count, sizeof *copy);
    if (!p || !copy) return NULL;
    memcpy(copy, value, count * sizeof *copy);
    *p = (pixels){copy, width, height, (int)count / (width * height)};
    static const nd_table none;
    return nd_node_new(
        arena, &(nd_make){.op = &op_pixels, .settings = &(nd_settings){&none, p, 0}});
}
#define VALUES(...)                                                                      \
    (const float[]){__VA_ARGS__}, sizeof(float[]){__VA_ARGS__} / sizeof(float)
#define PIXELS(width, height, ...) picture(arena, width, height, VALUES(__VA_ARGS__))

// apply(arena, op, FROM(node, …), WITH("name", "value", …)); NULL after nd_fail.
#define FROM(...) ((nd_node *[]){__VA_ARGS__, NULL})
#define WITH(...) ((const char *[]){__VA_ARGS__, NULL})
#define DEFAULTS  ((const char *[]){NULL})
static inline nd_node *apply_how(nd_arena *arena, const nd_op *op, nd_node *const *from,
                                 const char *const *with, bool strict)
{
    nd_settings settings;
    int inputs = 0;
    while (from[inputs]) inputs++;
    if (nd_settings_new(arena, &op->table, &settings) != ND_OK) return NULL;
    for (; *with; with += 2)
        if (nd_settings_set(arena, &settings, with[0], with[1]) != ND_OK) return NULL;
    return nd_node_new(arena, &(nd_make){.op = op,
                                         .input = from,
                                         .inputs = inputs,
                                         .settings = &settings,
                                         .strict = strict});
}
static inline nd_node *apply_op(nd_arena *arena, const nd_op *op, nd_node *const *from,
                                const char *const *with)
{
    return apply_how(arena, op, from, with, false);
}
static inline nd_node *apply(nd_arena *arena, const char *name, nd_node *const *from,
                             const char *const *with)
{
    const nd_op *op = nd_op_find(nd_ops, name);
    return op ? apply_op(arena, op, from, with) : NULL;
}
static inline nd_node *apply_strict(nd_arena *arena, const char *name,
                                    nd_node *const *from, const char *const *with)
{
    const nd_op *op = nd_op_find(nd_ops, name);
    return op ? apply_how(arena, op, from, with, true) : NULL;
}

static inline bool is_near(float a, float b)
{
    return (isnan(a) && isnan(b)) || fabsf(a - b) <= 1e-6f * fmaxf(1, fabsf(b));
}

// Copies what a read of `rect` gives for all `bands` into a picture of the whole level.
static inline bool read_into(const nd_node *node, nd_bands bands, int level, nd_rect rect,
                             nd_grid grid, float *to)
{
    nd_work work = {.arena = nd_arena_new()};
    nd_tile tile;
    bool ok = nd_read(node, &work, bands, level, rect, &tile) == ND_OK;
    for (int k = 0; ok && k < bands.count; k++)
        for (int y = rect.y; y < rect.y + rect.height && y < grid.height; y++)
            for (int x = rect.x; x < rect.x + rect.width && x < grid.width; x++)
                to[(k * grid.height + y) * grid.width + x] = *nd_at(&tile, k, x, y);
    nd_arena_free(work.arena);
    return ok;
}

// The level as one tile, or in tiles of width x height, jumping about by a prime stride.
static inline bool read_tiles(const nd_node *node, nd_bands bands, int level, int width,
                              int height, float *to)
{
    const nd_grid grid = nd_grid_at(node->band[bands.band[0]].grid, level);
    const int across = (grid.width - 1) / width + 1,
              down = (grid.height - 1) / height + 1;
    const int count = across * down, stride = count % 7919 ? 7919 : 1;
    for (int64_t i = 0; i < count; i++) {
        const int t = (int)((i * stride + 3) % count);
        const nd_rect rect = {t % across * width, t / across * height, width, height};
        if (!read_into(node, bands, level, rect, grid, to)) return false;
    }
    return true;
}

// Same bits as one tile, pixel by pixel, and in shuffled tiles: how it is cut is no
// matter.
static inline bool reads_alike(nd_arena *arena, const nd_node *node, nd_bands bands,
                               int level, const float **whole)
{
    const nd_grid grid = nd_grid_at(node->band[bands.band[0]].grid, level);
    const size_t count = (size_t)bands.count * (size_t)grid.width * (size_t)grid.height;
    float *one = nd_alloc(arena, count, sizeof *one);
    float *other = nd_alloc(arena, count, sizeof *other);
    static const int cuts[][2] = {{1, 1}, {3, 2}, {7, 5}};
    if (!one || !other) return false;
    if (!read_tiles(node, bands, level, grid.width, grid.height, one)) return false;
    for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++) {
        if (!read_tiles(node, bands, level, cuts[i][0], cuts[i][1], other)) return false;
        for (size_t j = 0; j < count; j++)
            if (memcmp(&one[j], &other[j], sizeof *one) != 0 &&
                !(isnan(one[j]) && isnan(other[j]))) {
                printf("# value %zu: %g in tiles of %d x %d, %g in one\n", j,
                       (double)other[j], cuts[i][0], cuts[i][1], (double)one[j]);
                return false;
            }
    }
    *whole = one;
    return true;
}

static inline bool reads(nd_arena *arena, const nd_node *node, const float *value,
                         size_t count)
{
    const float *got;
    for (int b = 0; node && b < node->bands; b++) {
        const nd_grid *grid = &node->band[b].grid;
        const size_t size = (size_t)grid->width * (size_t)grid->height;
        if (size > count || !reads_alike(arena, node, ND_BANDS(b), 0, &got)) return false;
        for (size_t i = 0; i < size; i++)
            if (!is_near(got[i], value[i])) {
                printf("# band %d, pixel %zu: %g, not %g\n", b, i, (double)got[i],
                       (double)value[i]);
                return false;
            }
        value += size, count -= size;
    }
    return node && count == 0;
}
#define READS(node, ...) reads(arena, node, VALUES(__VA_ARGS__))

// Is each pixel of `level` of band `b` the mean of its pixels of level 0, wherever all of
// them are valid? Relative to 1e-6.
static inline bool is_average(nd_arena *arena, const nd_node *node, int b, int level)
{
    const nd_grid full = node->band[b].grid, small = nd_grid_at(full, level);
    const size_t count = (size_t)full.width * (size_t)full.height;
    float *all = nd_alloc(arena, count, sizeof *all);
    float *got = nd_alloc(arena, count, sizeof *got);
    if (!all || !got) return false;
    if (!read_tiles(node, ND_BANDS(b), 0, full.width, full.height, all) ||
        !read_tiles(node, ND_BANDS(b), level, small.width, small.height, got))
        return false;
    for (int i = 0; i < small.width * small.height; i++) {
        const int side = 1 << level, left = i % small.width * side;
        double sum = 0;
        int valid = 0;
        for (int y = i / small.width * side;
             y < (i / small.width + 1) * side && y < full.height; y++)
            for (int x = left; x < left + side && x < full.width; x++)
                sum += (double)all[y * full.width + x], valid++;
        const double mean = sum / valid, off = fabs((double)got[i] - mean);
        if (isnan(sum) || off <= 1e-6 * fmax(1, fabs(mean))) continue;
        printf("# level %d, pixel %d, %d: %.9g, not %.9g\n", level, i % small.width,
               i / small.width, (double)got[i], mean);
        return false;
    }
    return true;
}
