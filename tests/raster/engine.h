// SPDX-License-Identifier: Apache-2.0
// For tests of the engine: a decoder that counts, and operators of each shape.
#pragma once
#include "../rasters.h"
#include <nadir/run.h>
#include <sched.h>
#include <stdatomic.h>

typedef struct counter {
    int width, height, bands, tile;
    nd_sample sample;
    double scale;
    atomic_int made; // tiles
    int fails_at;    // x of a tile that cannot be read; -1: none
} counter;

// Whole numbers below 60 000 that differ everywhere; every 97th pixel has no data.
static inline float pixel_of(int band, int x, int y)
{
    const uint32_t h = (uint32_t)(x * 7 + y * 13 + band * 29);
    return h % 97 == 0 ? NAN : (float)(h * 2654435761u % 60000);
}

static inline nd_status counter_plan(nd_node *self)
{
    const counter *c = self->state;
    self->bands = c->bands;
    self->band = nd_alloc(self->arena, (size_t)c->bands, sizeof *self->band);
    if (!self->band) return ND_E_MEMORY;
    for (int b = 0; b < c->bands; b++)
        self->band[b] = (nd_band){.name = nd_text(self->arena, "b%d", b + 1),
                                  .sample = c->sample,
                                  .scale = c->scale,
                                  .no_data = NAN,
                                  .grid = {c->width, c->height, 0, 0, 10, -10, NULL}};
    self->tile_width = self->tile_height = c->tile;
    return ND_OK;
}

static inline nd_status counter_compute(const nd_node *self, nd_work *work, nd_tile *tile)
{
    counter *c = (counter *)(uintptr_t)self->state;
    const nd_rect r = tile->rect;
    atomic_fetch_add(&c->made, 1);
    const bool fails =
        c->fails_at >= 0 && r.x <= c->fails_at && c->fails_at < r.x + r.width;
    // The first block fails last: by then other workers have theirs.
    while (fails && !r.x && atomic_load(&c->made) < 4 && nd_work_go_on(work) == ND_OK)
        sched_yield();
    if (fails)
        return nd_fail(ND_E_IO, "block %d cannot be read\ncopy the file again", r.x);
    const double scale = c->scale != 0 ? c->scale : 1;
    for (int k = 0; k < tile->bands.count; k++)
        for (int y = r.y; y < r.y + r.height; y++)
            for (int x = r.x; x < r.x + r.width; x++)
                *nd_at(tile, k, x, y) =
                    (float)(scale * (double)pixel_of(tile->bands.band[k],
                                                     x << tile->level, y << tile->level));
    return ND_OK;
}

static const nd_op op_counter = {.name = "counter",
                                 .plan = counter_plan,
                                 .compute = counter_compute,
                                 .decodes = true,
                                 .levels = ND_REDUCED};

static inline nd_node *counted(nd_arena *arena, counter *c)
{
    static const nd_table none;
    const nd_settings set = {&none, c, 0};
    return nd_node_new(arena, &(nd_make){.op = &op_counter, .settings = &set});
}

// out = 2 in + 1, a row.
static inline void twice_row(const void *state, const nd_ctx *ctx, const float *const *in,
                             float *const *out)
{
    (void)state;
    for (int k = 0; k < ctx->bands.count; k++)
        for (int i = 0; i < ctx->count; i++) out[k][i] = 2 * in[k][i] + 1;
}
static const nd_op op_twice = {.name = "twice",
                               .min_inputs = 1,
                               .max_inputs = 1,
                               .levels = ND_EXACT,
                               .row = twice_row};

// Mean of the 3 x 3 pixels around that are valid.
enum { BLUR_HALO = 1 };
static inline nd_status blur_compute(const nd_node *self, nd_work *work, nd_tile *tile)
{
    nd_rect r = tile->rect;
    nd_tile in;
    r.x -= BLUR_HALO, r.y -= BLUR_HALO, r.width += 2 * BLUR_HALO;
    r.height += 2 * BLUR_HALO;
    ND_TRY(nd_read(self->input[0], work, tile->bands, tile->level, r, &in));
    for (int k = 0; k < tile->bands.count; k++)
        for (int y = tile->rect.y; y < tile->rect.y + tile->rect.height; y++)
            for (int x = tile->rect.x; x < tile->rect.x + tile->rect.width; x++)
                *nd_at(tile, k, x, y) = nd_mean(&in, k, (nd_rect){x - 1, y - 1, 3, 3});
    return ND_OK;
}
static inline nd_rect blur_window(const nd_node *self, int input, const nd_tile *tile,
                                  int *level)
{
    (void)self, (void)input, (void)level;
    const nd_rect r = tile->rect;
    return (nd_rect){r.x - 1, r.y - 1, r.width + 2, r.height + 2};
}
static const nd_op op_blur = {.name = "blur",
                              .min_inputs = 1,
                              .max_inputs = 1,
                              .compute = blur_compute,
                              .window = blur_window};

// Rows and columns change places: a scattered read.
static inline nd_status flip_plan(nd_node *self)
{
    for (int b = 0; b < self->bands; b++) {
        nd_grid *g = &self->band[b].grid;
        const int width = g->width;
        g->width = g->height, g->height = width;
    }
    return ND_OK;
}
static inline nd_rect flip_window(const nd_node *self, int input, const nd_tile *tile,
                                  int *level)
{
    (void)self, (void)input, (void)level;
    const nd_rect r = tile->rect;
    return (nd_rect){r.y, r.x, r.height, r.width};
}
static inline nd_status flip_compute(const nd_node *self, nd_work *work, nd_tile *tile)
{
    const nd_rect r = tile->rect;
    nd_tile in;
    ND_TRY(nd_read(self->input[0], work, tile->bands, tile->level,
                   (nd_rect){r.y, r.x, r.height, r.width}, &in));
    for (int k = 0; k < tile->bands.count; k++)
        for (int y = r.y; y < r.y + r.height; y++)
            for (int x = r.x; x < r.x + r.width; x++)
                *nd_at(tile, k, x, y) = *nd_at(&in, k, y, x);
    return ND_OK;
}
static const nd_op op_flip = {.name = "flip",
                              .min_inputs = 1,
                              .max_inputs = 1,
                              .scattered = true,
                              .plan = flip_plan,
                              .compute = flip_compute,
                              .window = flip_window};

// Collects a run into one picture and counts the tiles.
typedef struct collector {
    float *pixels;
    int width, height;
    atomic_int tiles;
} collector;
static inline nd_status collect_put(void *self, nd_work *work, const nd_tile *tile)
{
    collector *c = self;
    const nd_rect r = tile->rect;
    (void)work;
    atomic_fetch_add(&c->tiles, 1);
    for (int k = 0; k < tile->bands.count; k++)
        for (int y = r.y; y < r.y + r.height; y++)
            memcpy(c->pixels + ((ptrdiff_t)k * c->height + y) * c->width + r.x,
                   nd_at(tile, k, r.x, y), (size_t)r.width * sizeof(float));
    return ND_OK;
}

typedef struct how {
    int threads, tile;
    int64_t budget;
    bool in_order;
} how;
// Runs all bands of `node` and gives its pixels; `use` may be NULL.
static inline float *run_all(nd_arena *arena, nd_node *node, how way, nd_cache_use *use)
{
    static const int all[] = {0, 1, 2, 3};
    const nd_grid g = node->band[0].grid;
    const size_t count = (size_t)g.width * (size_t)g.height * (size_t)node->bands;
    collector c = {nd_alloc(arena, count, sizeof(float)), g.width, g.height, 0};
    nd_pool *pool = nd_pool_new(way.threads);
    nd_cache *cache = nd_cache_new(way.budget);
    const nd_sink sink = {.put = collect_put,
                          .self = &c,
                          .tile_width = way.tile,
                          .tile_height = way.tile,
                          .in_order = way.in_order};
    nd_settle(&node, 1);
    const nd_status status = nd_run_node(node, (nd_bands){all, node->bands}, &sink,
                                         &(nd_run){.pool = pool, .cache = cache});
    if (use) *use = nd_cache_used(cache);
    nd_cache_free(cache);
    nd_pool_free(pool);
    return status == ND_OK ? c.pixels : NULL;
}
