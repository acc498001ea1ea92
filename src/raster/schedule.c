// SPDX-License-Identifier: Apache-2.0
// The order of a run, known before it starts: tiles that need the same source stand
// together, and what each kept tile will be asked for is written down.
#include "raster/schedule.h"
#include "raster/cache.h"
#include <stdlib.h>
#include <string.h>

enum { DEPTH = 256 };

// A walk from one tile of the result to all that it stands on.
typedef struct walk {
    raster_future *future;    // NULL: only the first source is looked for
    int64_t position, source; // source: number of the first kept tile met, -1: none
    int64_t scratch_bytes, reads;
    int bands, halo, most_halo; // wanted here; margins since the result
    bool is_guess;
} walk;

static nd_status visit(walk *w, const nd_node *node, int level, nd_rect rect, int depth);

static nd_rect whole_of(const nd_node *node, int level)
{
    nd_rect all = {0, 0, 1, 1};
    for (int b = 0; b < node->bands; b++) {
        const nd_grid g = nd_grid_at(node->band[b].grid, level);
        if (g.width > all.width) all.width = g.width;
        if (g.height > all.height) all.height = g.height;
    }
    return all;
}

// How many bands of `input` a node reads to give `bands` of its own.
static int bands_of(const nd_node *node, int input, int bands)
{
    int count = 0;
    if (!node->op->row || !node->source) count = bands;
    for (int i = 0; node->op->row && node->source && i < node->sources; i++)
        count += node->source[i].input == input;
    const int most = node->input[input]->bands;
    return count < most ? count : most;
}

static nd_status up(walk *w, const nd_node *node, int level, nd_rect rect, int depth)
{
    static const int first[] = {0};
    const nd_tile tile = {.rect = rect, .level = level, .bands = {first, 1}};
    const walk was = *w;
    for (int i = 0; i < node->inputs; i++) {
        int at = level;
        const nd_rect window = raster_window(node, i, &tile, &at);
        w->is_guess = was.is_guess || node->op->scattered;
        w->bands = bands_of(node, i, was.bands);
        w->halo = was.halo;
        if (!node->op->scattered && window.width > rect.width && at == level)
            w->halo += (window.width - rect.width) / 2;
        if (w->halo > w->most_halo) w->most_halo = w->halo;
        if (w->bands) ND_TRY(visit(w, node->input[i], at, window, depth + 1));
    }
    w->is_guess = was.is_guess, w->bands = was.bands, w->halo = was.halo;
    return ND_OK;
}

static int64_t bytes_of(const nd_node *node, int bands, nd_rect rect)
{
    const nd_sample sample = node->bands ? node->band[0].sample : ND_F32;
    const bool is_small = sample >= ND_U8 && sample <= ND_I16;
    return (int64_t)rect.width * rect.height * bands * (is_small ? 2 : 4);
}

static nd_status visit(walk *w, const nd_node *node, int level, nd_rect rect, int depth)
{
    const nd_rect all = whole_of(node, level);
    rect = nd_rect_clip(rect, all.width, all.height);
    if (!rect.width || !rect.height || depth > DEPTH) return ND_OK;
    w->scratch_bytes += (int64_t)rect.width * rect.height * w->bands * 4;
    if (!node->keeps) return up(w, node, level, rect, depth);
    const int tw = raster_tile_width(node), th = raster_tile_height(node);
    const int64_t across = (all.width - 1) / tw + 1;
    for (int y = rect.y / th; y <= (rect.y + rect.height - 1) / th; y++)
        for (int x = rect.x / tw; x <= (rect.x + rect.width - 1) / tw; x++) {
            if (w->source < 0) w->source = y * across + x;
            if (!w->future) return ND_OK;
            const nd_rect tile =
                nd_rect_clip((nd_rect){x * tw, y * th, tw, th}, all.width, all.height);
            const raster_wish wish = {raster_cache_name(node, level, x, y), w->position,
                                      bytes_of(node, w->bands, tile), w->is_guess};
            bool is_first;
            w->reads++;
            ND_TRY(raster_future_add(w->future, &wish, &is_first));
            if (is_first) ND_TRY(up(w, node, level, tile, depth));
        }
    return ND_OK;
}

typedef struct place {
    int64_t source, tile;
} place;

static int by_source(const void *a, const void *b)
{
    const place *p = a, *q = b;
    if (p->source != q->source) return p->source < q->source ? -1 : 1;
    return (p->tile > q->tile) - (p->tile < q->tile);
}

nd_rect raster_schedule_rect(const raster_schedule *s, int64_t tile)
{
    const nd_rect r = {(int)(tile % s->across) * s->tile_width,
                       (int)(tile / s->across) * s->tile_height, s->tile_width,
                       s->tile_height};
    return nd_rect_clip(r, s->grid.width, s->grid.height);
}

// Sorts by the source that is needed first; neighbours with the same source are a group.
static nd_status order(raster_schedule *s, nd_arena *arena, const nd_node *node)
{
    place *p = nd_alloc(arena, (size_t)s->tiles, sizeof *p);
    s->tile = nd_alloc(arena, (size_t)s->tiles, sizeof *s->tile);
    s->group = nd_alloc(arena, (size_t)s->tiles + 1, sizeof *s->group);
    if (!p || !s->tile || !s->group) return ND_E_MEMORY;
    for (int64_t i = 0; i < s->tiles; i++) {
        walk w = {.source = -1, .bands = 1};
        ND_TRY(visit(&w, node, s->level, raster_schedule_rect(s, i), 0));
        p[i] = (place){s->in_order ? -1 : w.source, i};
    }
    qsort(p, (size_t)s->tiles, sizeof *p, by_source);
    for (int64_t i = 0; i < s->tiles; i++) {
        s->tile[i] = p[i].tile;
        const bool joins = i && p[i].source >= 0 && p[i].source == p[i - 1].source;
        if (!joins) s->group[s->groups++] = i;
    }
    s->group[s->groups] = s->tiles;
    return ND_OK;
}

nd_status raster_schedule_new(nd_arena *arena, const nd_node *node, nd_bands bands,
                              const nd_sink *sink, int level, raster_schedule *s)
{
    *s = (raster_schedule){.level = level,
                           .tile_width = sink->tile_width,
                           .tile_height = sink->tile_height,
                           .in_order = sink->in_order,
                           .grid = nd_grid_at(node->band[bands.band[0]].grid, level)};
    s->across = (s->grid.width - 1) / s->tile_width + 1;
    s->tiles = s->across * ((s->grid.height - 1) / s->tile_height + 1);
    if (s->tiles > (int64_t)1 << 26)
        return nd_fail(ND_E_UNSUPPORTED,
                       "%lld tiles are more than one run can plan\n"
                       "write a smaller area, or larger tiles",
                       (long long)s->tiles);
    ND_TRY(order(s, arena, node));
    s->future = raster_future_new(arena);
    if (!s->future) return ND_E_MEMORY;
    for (int64_t i = 0; i < s->tiles; i++) {
        walk w = {.future = s->future, .position = i, .source = -1};
        w.bands = bands.count;
        ND_TRY(visit(&w, node, level, raster_schedule_rect(s, s->tile[i]), 0));
        s->reads += w.reads;
        if (w.scratch_bytes > s->scratch_bytes) s->scratch_bytes = w.scratch_bytes;
        if (w.most_halo > s->halo) s->halo = w.most_halo;
    }
    return ND_OK;
}

nd_status raster_foresee(const raster_schedule *s, nd_arena *arena, const nd_run *run,
                         nd_plan *plan)
{
    int64_t kept = 0;
    ND_TRY(raster_future_peak(s->future, arena, s->tiles, &kept));
    const int64_t budget = run->cache ? nd_cache_budget(run->cache) : 0;
    const int threads = run->pool ? nd_pool_threads(run->pool) : nd_cores();
    *plan = (nd_plan){.tiles = s->tiles,
                      .source_tiles = raster_future_tiles(s->future),
                      .source_asks = s->reads,
                      .scratch_bytes = s->scratch_bytes * threads,
                      .cache_bytes = kept < budget ? kept : budget,
                      .halo = s->halo,
                      .fits = kept <= budget};
    plan->peak_bytes = plan->scratch_bytes + plan->cache_bytes;
    return ND_OK;
}
