// SPDX-License-Identifier: Apache-2.0
// A run: every tile of a picture pulled once, by all workers, into a sink.
#include "raster/raster.h"
#include <nadir/run.h>
#include <pthread.h>

typedef struct run {
    const nd_node *node;
    nd_bands bands;
    const nd_sink *sink;
    int level, across;
    nd_grid grid;
    pthread_mutex_t lock;
    pthread_cond_t turn;
    int64_t next; // of a sink that wants its tiles in order
} run;

static nd_status put(run *r, nd_work *work, const nd_tile *tile, int64_t number)
{
    const nd_sink *sink = r->sink;
    if (!sink->serial && !sink->in_order) return sink->put(sink->self, work, tile);
    pthread_mutex_lock(&r->lock);
    while (sink->in_order && r->next != number && nd_work_go_on(work) == ND_OK)
        pthread_cond_wait(&r->turn, &r->lock);
    nd_status status = nd_work_go_on(work);
    if (status == ND_OK) status = sink->put(sink->self, work, tile);
    r->next++;
    pthread_cond_broadcast(&r->turn);
    pthread_mutex_unlock(&r->lock);
    return status;
}

static nd_status task(void *user, nd_work *work, int64_t number)
{
    run *r = user;
    const int w = r->sink->tile_width, h = r->sink->tile_height;
    nd_rect rect = {(int)(number % r->across) * w, (int)(number / r->across) * h, w, h};
    nd_tile tile;
    rect = nd_rect_clip(rect, r->grid.width, r->grid.height);
    ND_TRY(nd_read(r->node, work, r->bands, r->level, rect, &tile));
    return put(r, work, &tile, number);
}

nd_status nd_run_node(const nd_node *node, nd_bands bands, const nd_sink *sink,
                      const nd_run *ask)
{
    run r = {.node = node, .bands = bands, .sink = sink, .level = ask->level};
    r.grid = nd_grid_at(node->band[bands.band[0]].grid, ask->level);
    r.across = (r.grid.width - 1) / sink->tile_width + 1;
    const int64_t down = (r.grid.height - 1) / sink->tile_height + 1;
    pthread_mutex_init(&r.lock, NULL);
    pthread_cond_init(&r.turn, NULL);
    const nd_job job = {.task = task,
                        .user = &r,
                        .count = r.across * down,
                        .cancel = ask->cancel,
                        .cache = ask->cache,
                        .progress = ask->progress,
                        .progress_user = ask->user};
    const nd_status status = nd_pool_run(ask->pool, &job);
    pthread_cond_destroy(&r.turn);
    pthread_mutex_destroy(&r.lock);
    return status;
}
