// SPDX-License-Identifier: Apache-2.0
// A run: every tile of a picture pulled once, by all workers, into a sink.
#include "raster/schedule.h"
#include <pthread.h>

typedef struct run {
    const nd_node *node;
    nd_bands bands;
    const nd_sink *sink;
    const nd_run *ask;
    raster_schedule schedule;
    pthread_mutex_t lock, progress_lock;
    int64_t done;
    pthread_cond_t turn;
    int64_t next; // of a sink that wants its tiles in order
} run;

static nd_status put(run *r, nd_work *work, const nd_tile *tile, int64_t number)
{
    const nd_sink *sink = r->sink;
    if (!sink->serial && !sink->in_order) return sink->put(sink->self, work, tile);
    pthread_mutex_lock(&r->lock);
    nd_status status = nd_work_go_on(work);
    while (status == ND_OK && sink->in_order && r->next != number)
        status = raster_wait(work, &r->turn, &r->lock);
    if (status == ND_OK) status = sink->put(sink->self, work, tile);
    r->next++;
    pthread_cond_broadcast(&r->turn);
    pthread_mutex_unlock(&r->lock);
    return status;
}

static nd_status one_tile(run *r, nd_work *work, int64_t number)
{
    nd_tile tile;
    const nd_rect rect = raster_schedule_rect(&r->schedule, number);
    ND_TRY(nd_read(r->node, work, r->bands, r->schedule.level, rect, &tile));
    return put(r, work, &tile, number);
}

// A group's tiles need the same source tile first: one worker makes them all.
static nd_status task(void *user, nd_work *work, int64_t number)
{
    run *r = user;
    const raster_schedule *s = &r->schedule;
    for (int64_t i = s->group[number]; i < s->group[number + 1]; i++) {
        ND_TRY(nd_work_go_on(work));
        ND_TRY(one_tile(r, work, s->tile[i]));
        nd_arena_reset(work->arena);
        if (!r->ask->progress) continue;
        pthread_mutex_lock(&r->progress_lock);
        r->ask->progress(r->ask->user, ++r->done, s->tiles);
        pthread_mutex_unlock(&r->progress_lock);
    }
    return ND_OK;
}

static nd_status pull(run *r)
{
    const nd_run *ask = r->ask;
    pthread_mutex_init(&r->lock, NULL);
    pthread_mutex_init(&r->progress_lock, NULL);
    pthread_cond_init(&r->turn, NULL);
    const nd_job job = {.task = task,
                        .user = r,
                        .count = r->schedule.groups,
                        .cancel = ask->cancel,
                        .cache = ask->cache};
    if (ask->cache) raster_cache_expect(ask->cache, r->schedule.future);
    const nd_status status = nd_pool_run(ask->pool, &job);
    if (ask->cache) raster_cache_expect(ask->cache, NULL);
    pthread_cond_destroy(&r->turn);
    pthread_mutex_destroy(&r->progress_lock);
    pthread_mutex_destroy(&r->lock);
    return status;
}

nd_status nd_run_node(const nd_node *node, nd_bands bands, const nd_sink *sink,
                      const nd_run *ask)
{
    run r = {.node = node, .bands = bands, .sink = sink, .ask = ask};
    nd_arena *arena = nd_arena_new();
    nd_status status = arena ? ND_OK : ND_E_MEMORY;
    if (status == ND_OK)
        status = raster_schedule_new(arena, node, bands, sink, ask->level, &r.schedule);
    if (status == ND_OK) status = pull(&r);
    nd_arena_free(arena);
    return status;
}

// What nodes hold beside pixels, as networks their weights: each node counts once.
typedef struct holding {
    const nd_node *seen[1024];
    int count;
    int64_t own, worker;
} holding;

static void hold(holding *h, const nd_node *node)
{
    for (int i = 0; i < h->count; i++)
        if (h->seen[i] == node) return;
    if (h->count == 1024) return;
    h->seen[h->count++] = node;
    h->own += node->own_bytes, h->worker += node->worker_bytes;
    for (int i = 0; i < node->inputs; i++) hold(h, node->input[i]);
}

static void add_held(const nd_node *node, const nd_run *ask, nd_plan *plan)
{
    holding h = {.count = 0};
    hold(&h, node);
    plan->held_bytes =
        h.own + h.worker * (ask->pool ? nd_pool_threads(ask->pool) : nd_cores());
    plan->peak_bytes += plan->held_bytes;
}

nd_status nd_plan_run(const nd_node *node, nd_bands bands, const nd_sink *sink,
                      const nd_run *ask, nd_plan *plan)
{
    raster_schedule s;
    nd_arena *arena = nd_arena_new();
    nd_status status = arena
                           ? raster_schedule_new(arena, node, bands, sink, ask->level, &s)
                           : ND_E_MEMORY;
    if (status == ND_OK) status = raster_foresee(&s, arena, ask, plan);
    if (status == ND_OK) add_held(node, ask, plan);
    nd_arena_free(arena);
    return status;
}
