// SPDX-License-Identifier: Apache-2.0
// What the engine costs a pixel, beside copying the same bytes: rows, cache, levels.
#include <nadir/run.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SIDE = 8192, TILE = 512 };
static uint16_t *samples;

static nd_status source_plan(nd_node *self)
{
    self->bands = 2;
    self->band = nd_alloc(self->arena, 2, sizeof *self->band);
    if (!self->band) return ND_E_MEMORY;
    for (int b = 0; b < 2; b++)
        self->band[b] = (nd_band){.name = b ? "b" : "a",
                                  .sample = ND_U16,
                                  .no_data = 0,
                                  .grid = {SIDE, SIDE, 0, 0, 10, -10, NULL}};
    return ND_OK;
}

static nd_status source_compute(const nd_node *self, nd_work *work, nd_tile *tile)
{
    const nd_rect r = tile->rect;
    (void)self, (void)work;
    for (int k = 0; k < tile->bands.count; k++)
        for (int y = r.y; y < r.y + r.height; y++) {
            const uint16_t *from = samples + (ptrdiff_t)y * SIDE + r.x;
            float *to = nd_at(tile, k, r.x, y);
            for (int x = 0; x < r.width; x++) to[x] = from[x] ? (float)from[x] : NAN;
        }
    return ND_OK;
}

static nd_status index_plan(nd_node *self)
{
    nd_source *source = nd_alloc(self->arena, 2, sizeof *source);
    if (!source) return ND_E_MEMORY;
    source[1].band = 1;
    self->source = source, self->sources = 2, self->bands = 1;
    return ND_OK;
}

static void index_row(const void *state, const nd_ctx *ctx, const float *const *in,
                      float *const *out)
{
    (void)state;
    for (int i = 0; i < ctx->count; i++)
        out[0][i] = (in[0][i] - in[1][i]) / (in[0][i] + in[1][i]);
}

static const nd_op op_source = {.name = "source",
                                .levels = ND_REDUCED,
                                .plan = source_plan,
                                .compute = source_compute};
static const nd_op op_kept = {.name = "kept",
                              .levels = ND_FULL,
                              .decodes = true,
                              .plan = source_plan,
                              .compute = source_compute};
static const nd_op op_index = {.name = "index",
                               .min_inputs = 1,
                               .max_inputs = 1,
                               .levels = ND_REDUCED,
                               .plan = index_plan,
                               .row = index_row};

static nd_status nowhere(void *self, nd_work *work, const nd_tile *tile)
{
    (void)self, (void)work, (void)tile;
    return ND_OK;
}

static nd_node *node_of(nd_arena *arena, const nd_op *op, nd_node *input)
{
    static const nd_table none;
    static int nothing;
    const nd_settings set = {&none, &nothing, 0};
    return nd_node_new(
        arena,
        &(nd_make){.op = op, .input = &input, .inputs = input != NULL, .settings = &set});
}

// Nanoseconds of one core for each pixel of level 0.
static double cost_of(nd_node *node, nd_pool *pool, int level, int tile)
{
    nd_cache *cache = nd_cache_new((int64_t)256 << 20);
    const nd_sink sink = {.put = nowhere, .tile_width = tile, .tile_height = tile};
    nd_settle(&node, 1);
    double best = 1e9;
    for (int i = 0; i < 5; i++) {
        const double start = nd_cpu_seconds();
        if (nd_run_node(node, ND_BANDS(0), &sink,
                        &(nd_run){.pool = pool, .cache = cache, .level = level}) != ND_OK)
            exit(1);
        const double took = nd_cpu_seconds() - start;
        if (took < best) best = took;
    }
    nd_cache_free(cache);
    return best * 1e9 / ((double)SIDE * SIDE);
}

int main(void)
{
    nd_arena *arena = nd_arena_new();
    nd_pool *pool = nd_pool_new(0);
    samples = malloc((size_t)SIDE * SIDE * sizeof *samples);
    float *copy = malloc((size_t)SIDE * SIDE * sizeof *copy);
    if (!arena || !pool || !samples || !copy) return 1;
    for (int i = 0; i < SIDE * SIDE; i++)
        samples[i] = (uint16_t)(1 + (uint32_t)i * 2654435761u % 9999);
    memset(copy, 0, (size_t)SIDE * SIDE * sizeof *copy);
    double copied = 1e9;
    for (int i = 0; i < 5; i++) {
        const double start = nd_cpu_seconds();
        memcpy(copy, samples, (size_t)SIDE * SIDE * sizeof *samples);
        const double took = (nd_cpu_seconds() - start) * 1e9 / ((double)SIDE * SIDE);
        if (took < copied) copied = took;
    }
    nd_node *source = node_of(arena, &op_source, NULL);
    nd_node *kept = node_of(arena, &op_kept, NULL);
    nd_node *plain = node_of(arena, &op_index, source);
    nd_node *cached = node_of(arena, &op_index, kept);
    const double row = cost_of(plain, pool, 0, TILE);
    const double small =
        cost_of(cached, pool, 0, 128); // each kept tile is asked 16 times
    const double level = cost_of(kept, pool, 3, 256);
    printf("copying 16-bit samples         %5.2f ns a pixel\n", copied);
    printf("index of two bands             %5.2f ns a pixel, %4.1f x the copy of both\n",
           row, row / (2 * copied));
    printf("the same through the cache     %5.2f ns a pixel, %4.1f x\n", small,
           small / (2 * copied));
    printf("level 3 from level 0, one band %5.2f ns a pixel, %4.1f x one copy\n", level,
           level / copied);
    free(copy);
    free(samples);
    nd_pool_free(pool);
    nd_arena_free(arena);
    return 0;
}
