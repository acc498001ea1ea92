// SPDX-License-Identifier: Apache-2.0
// Pulling whole pictures: cache, schedule, statistics, and where the pixels go.
#pragma once
#include <nadir/op.h>

// ---- Tiles that were computed and may be wanted again, within a budget in bytes.
// Shared by all workers; a tile wanted by two is computed once.
typedef struct nd_cache nd_cache;
nd_cache *nd_cache_new(int64_t budget_bytes) ND_CHECKED;
void nd_cache_free(nd_cache *cache);
typedef struct nd_cache_use {
    int64_t bytes, peak_bytes, hits, misses, evicted;
} nd_cache_use;
nd_cache_use nd_cache_used(nd_cache *cache);
int64_t nd_cache_budget(const nd_cache *cache);
// Decides which nodes above `output` keep their tiles. Once, before the first read.
void nd_settle(nd_node *const *output, int outputs);

// ---- Where the tiles of a run go. `put`: any worker, any order, each tile once; rect is
// tile_width x tile_height, less at the right and lower edge; one call at a time if
// `serial`.
typedef struct nd_sink {
    nd_status (*put)(void *self, nd_work *work, const nd_tile *tile);
    void *self;
    int tile_width, tile_height;
    bool serial, in_order; // in_order: row by row of tiles, from the top, serial
} nd_sink;
typedef struct nd_run {
    nd_pool *pool;
    nd_cache *cache;
    int level;
    nd_flag *cancel; // NULL: cannot be cancelled
    void (*progress)(void *user, int64_t done, int64_t count); // tiles
    void *user;
} nd_run;
// Pulls all of `bands`, which share one grid, into `sink`.
nd_status nd_run_node(const nd_node *node, nd_bands bands, const nd_sink *sink,
                      const nd_run *ask) ND_CHECKED;

// ---- Pixels for a screen. A node somewhere on the way may be computed in full only:
// then no more than `budget` pixels of level 0 are, the middle of what was asked, or
// none.
typedef enum nd_honesty {
    ND_IS_BLANK,   // nothing: it would cost too much; zoom in
    ND_IS_PART,    // only the middle was computed
    ND_IS_REDUCED, // approximate: computed on reduced input
    ND_IS_EXACT    // the mean of level 0, or level 0 itself
} nd_honesty;
typedef struct nd_look {
    nd_bands bands;
    nd_rect rect;
    int level;
    int64_t budget; // pixels of level 0
} nd_look;
// What a level of `node` is: the worst of the operators on its way.
nd_levels nd_levels_of(const nd_node *node);
nd_status nd_preview(const nd_node *node, nd_work *work, const nd_look *look,
                     nd_tile *tile, nd_honesty *honesty) ND_CHECKED;

// ---- The plan before a pixel moves.
typedef struct nd_plan {
    int64_t tiles;        // of the result
    int64_t source_tiles; // different tiles of kept nodes that will be needed
    int64_t source_asks;  // how often one of them will be asked for
    // Predicted: all windows on the way of the dearest tile, times the workers; the
    // cache at its fullest; both together. What writers and libraries hold comes on top.
    int64_t scratch_bytes, cache_bytes, held_bytes, peak_bytes; // held: by networks
    bool fits; // the budget holds all that is wanted again: nothing is made twice
    int halo;  // largest sum of margins on the way to a source, pixels
} nd_plan;
nd_status nd_plan_run(const nd_node *node, nd_bands bands, const nd_sink *sink,
                      const nd_run *ask, nd_plan *plan) ND_CHECKED;

// ---- Statistics: a node with one pixel per cell of 512 x 512, anchored at pixel (0, 0).
// Bands: count, mean, variance (of the valid pixels), minimum, maximum, p2, p98.
nd_node *nd_stats_node(nd_arena *arena, nd_node *of, int band) ND_CHECKED;
typedef struct nd_stats {
    int64_t count;
    double mean, variance, minimum, maximum, p2, p98;
} nd_stats;
// Exact but for p2 and p98 (from a histogram of 65 536 bins). level > 0: for display
// only.
nd_status nd_stats_read(const nd_node *node, int band, const nd_run *run,
                        nd_stats *stats) ND_CHECKED;
