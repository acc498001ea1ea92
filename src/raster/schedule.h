// SPDX-License-Identifier: Apache-2.0
// Inside raster: the order of a run, and what it will ask for.
#pragma once
#include "raster/cache.h"

typedef struct raster_schedule {
    nd_grid grid;
    int level, tile_width, tile_height;
    bool in_order;
    int64_t across, tiles, groups;
    int64_t *tile;         // their numbers, row by row, in the order of the run
    int64_t *group;        // where each group starts in `tile`; one more ends the last
    raster_future *future; // positions are indices into `tile`
    int64_t reads;         // of kept tiles
    int halo;              // most margins on the way to a kept node
    int64_t scratch_bytes; // of the dearest tile, all windows on its way at once
} raster_schedule;
nd_status raster_schedule_new(nd_arena *arena, const nd_node *node, nd_bands bands,
                              const nd_sink *sink, int level,
                              raster_schedule *schedule) ND_CHECKED;
nd_rect raster_schedule_rect(const raster_schedule *schedule, int64_t tile);
nd_status raster_foresee(const raster_schedule *schedule, nd_arena *arena,
                         const nd_run *run, nd_plan *plan) ND_CHECKED;
