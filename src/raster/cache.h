// SPDX-License-Identifier: Apache-2.0
// Inside raster: names of kept tiles, and the schedule that knows when each is wanted.
#pragma once
#include "raster/raster.h"
#include <nadir/run.h>
#include <pthread.h>

// Which tile of which node; without padding, so that bytes can be compared.
typedef struct cache_name {
    nd_hash key;
    int level, x, y;
    int zero;
} cache_name;
cache_name raster_cache_name(const nd_node *node, int level, int x, int y);
int raster_tile_width(const nd_node *node);
int raster_tile_height(const nd_node *node);

// ---- When each kept tile will be asked for, in the order of a schedule.
typedef struct raster_future raster_future;
raster_future *raster_future_new(nd_arena *arena) ND_CHECKED;
typedef struct raster_wish {
    cache_name name;
    int64_t position, bytes; // in the schedule; of the bands wanted
    bool is_guess;           // through a scattered read
} raster_wish;
// Is this the tile's first use? Positions never go down.
nd_status raster_future_add(raster_future *future, const raster_wish *wish,
                            bool *is_first) ND_CHECKED;
// Most bytes alive at once, if tiles live from their first use to their last.
nd_status raster_future_peak(const raster_future *future, nd_arena *arena,
                             int64_t positions, int64_t *peak) ND_CHECKED;
// Position of the next use; INT64_MAX: none is known.
int64_t raster_future_next(const raster_future *future, const cache_name *name);
// All foreseen uses have passed and none of them was a guess (through a scattered read).
bool raster_future_is_over(const raster_future *future, const cache_name *name);
// Exactly one use was foreseen and it has not passed.
bool raster_future_is_last(const raster_future *future, const cache_name *name);
void raster_future_pass(raster_future *future, const cache_name *name); // one use is over
int64_t raster_future_tiles(const raster_future *future);
void raster_cache_expect(nd_cache *cache, raster_future *future); // NULL: none

// Waits for `change`, and looks up now and then: a worker that fails tells nobody, it is
// the job that is cancelled. CANCELLED then.
nd_status raster_wait(const nd_work *work, pthread_cond_t *change,
                      pthread_mutex_t *lock) ND_CHECKED;
// Fills `part`, which lies inside the grid, from kept tiles and by computing the rest.
nd_status raster_cached(const nd_node *node, nd_work *work, nd_tile *part) ND_CHECKED;
