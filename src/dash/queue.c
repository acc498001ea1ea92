// SPDX-License-Identifier: Apache-2.0
// Lanes of waiting requests: tiles by generation and turn, talk, downloads.
#include "dash/dash.h"
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    TILES_A_VIEW = 64,
    TILES = 512, // and as many of everything else
    WORKERS = 64,
};

typedef struct lane {
    pthread_cond_t come;
    dash_request *first;
    int waiting;
} lane;
typedef struct worker {
    dash_queue *queue;
    dash_lane lane;
    pthread_t thread;
    dash_request *now;
} worker;
struct dash_queue {
    nd_dash *dash;
    struct nd_cache *cache;
    pthread_mutex_t lock;
    lane lane[DASH_LANES];
    worker worker[WORKERS];
    int workers;
    int64_t number;
    bool is_stopping, has_watcher;
    pthread_t watcher;
    pthread_cond_t tick;
};

// Under dash->lock elsewhere; here only compared, so a copy under our own lock.
static int64_t last_served(nd_dash *dash, const char *view)
{
    for (int i = 0; i < DASH_VIEWS; i++)
        if (strcmp(dash->view[i].name, view) == 0) return dash->view[i].served;
    return 0;
}

// Does `a` go before `b`? Talk before tiles, the viewer whose turn it is, the newest
// generation, coarse tiles before fine ones, then as they came.
static bool goes_first(nd_dash *dash, const dash_request *a, const dash_request *b)
{
    if (a->rank != b->rank) return a->rank < b->rank;
    if (strcmp(a->view, b->view) != 0) {
        const int64_t x = last_served(dash, a->view), y = last_served(dash, b->view);
        if (x != y) return x < y;
    } else if (a->generation != b->generation) {
        return a->generation > b->generation;
    } else if (a->z != b->z) {
        return a->z < b->z;
    }
    return a->number < b->number;
}

static dash_request *take(dash_queue *queue, dash_lane which)
{
    nd_dash *dash = queue->dash;
    lane *l = &queue->lane[which];
    dash_request **best = NULL;
    pthread_mutex_lock(&dash->lock);
    for (dash_request **link = &l->first; *link; link = &(*link)->next)
        if (!best || goes_first(dash, *link, *best)) best = link;
    dash_request *r = best ? *best : NULL;
    if (r) {
        *best = r->next, r->next = NULL;
        l->waiting--;
        for (int i = 0; i < DASH_VIEWS; i++)
            if (strcmp(dash->view[i].name, r->view) == 0)
                dash->view[i].served = ++dash->clock;
    }
    pthread_mutex_unlock(&dash->lock);
    return r;
}

static void finish(dash_request *r)
{
    if (!r->answer.status) dash_say(r, 500, "text/plain", "no answer\n");
    dash_plan_unref(r->plan);
    r->plan = NULL;
    dash_resume(r);
}

static void serve(dash_queue *queue, dash_request *r, nd_arena *arena)
{
    nd_work work = {.arena = arena, .cancel = r->cancel, .cache = queue->cache};
    if (dash_is_gone(r))
        dash_say(r, 410, "text/plain", "nobody waits\n");
    else {
        if (r->dash && r->dash->speak) r->dash->speak(r->head.language);
        r->work(r, &work);
    }
    nd_arena_reset(arena);
}

static void *run(void *user)
{
    worker *w = user;
    dash_queue *queue = w->queue;
    lane *l = &queue->lane[w->lane];
    nd_arena *arena = nd_arena_new();
    pthread_mutex_lock(&queue->lock);
    while (arena && !queue->is_stopping) {
        dash_request *r = take(queue, w->lane);
        if (!r) {
            pthread_cond_wait(&l->come, &queue->lock);
            continue;
        }
        w->now = r;
        pthread_mutex_unlock(&queue->lock);
        serve(queue, r, arena);
        pthread_mutex_lock(&queue->lock);
        w->now = NULL;
        finish(r);
    }
    pthread_mutex_unlock(&queue->lock);
    nd_arena_free(arena);
    return NULL;
}

// A suspended connection does not tell that its client has left; whoever waits no longer
// must not keep a worker busy.
static void *watch(void *user)
{
    dash_queue *queue = user;
    pthread_mutex_lock(&queue->lock);
    while (!queue->is_stopping) {
        for (int i = 0; i < queue->workers; i++) {
            const dash_request *r = queue->worker[i].now;
            if (r && dash_is_gone(r)) nd_flag_raise(r->cancel);
        }
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += 100000000;
        if (until.tv_nsec >= 1000000000) until.tv_sec++, until.tv_nsec -= 1000000000;
        pthread_cond_timedwait(&queue->tick, &queue->lock, &until);
    }
    pthread_mutex_unlock(&queue->lock);
    return NULL;
}

dash_queue *dash_queue_new(nd_dash *dash, int threads, struct nd_cache *cache)
{
    dash_queue *queue = calloc(1, sizeof *queue);
    if (!queue)
        return (void)nd_fail(ND_E_MEMORY, "no memory for a queue\nclose other programs"),
               NULL;
    queue->dash = dash, queue->cache = cache;
    pthread_mutex_init(&queue->lock, NULL);
    pthread_cond_init(&queue->tick, NULL);
    for (int i = 0; i < DASH_LANES; i++) pthread_cond_init(&queue->lane[i].come, NULL);
    const int others = DASH_LANES - 1, most = WORKERS - others;
    const int tiles = threads < 1 ? 1 : threads > most ? most : threads;
    for (int i = 0; i < tiles + others; i++) {
        worker *w = &queue->worker[i];
        *w = (worker){.queue = queue,
                      .lane = i < tiles ? DASH_TILES : (dash_lane)(i - tiles + 1)};
        if (pthread_create(&w->thread, NULL, run, w) != 0) break;
        queue->workers++;
    }
    queue->has_watcher = pthread_create(&queue->watcher, NULL, watch, queue) == 0;
    if (queue->workers == tiles + others && queue->has_watcher) return queue;
    dash_queue_stop(queue);
    dash_queue_free(queue);
    return (void)nd_fail(ND_E_MEMORY, "the system gives no %d threads\nask for fewer: -j",
                         tiles + others),
           NULL;
}

void dash_queue_stop(dash_queue *queue)
{
    pthread_mutex_lock(&queue->lock);
    queue->is_stopping = true;
    pthread_cond_broadcast(&queue->tick);
    for (int i = 0; i < DASH_LANES; i++) {
        pthread_cond_broadcast(&queue->lane[i].come);
        while (queue->lane[i].first) {
            dash_request *r = take(queue, (dash_lane)i);
            dash_say(r, 503, "text/plain", "the server is stopping\n");
            finish(r);
        }
    }
    for (int i = 0; i < queue->workers; i++)
        if (queue->worker[i].now) nd_flag_raise(queue->worker[i].now->cancel);
    pthread_mutex_unlock(&queue->lock);
    for (int i = 0; i < queue->workers; i++) pthread_join(queue->worker[i].thread, NULL);
    queue->workers = 0;
    if (queue->has_watcher) pthread_join(queue->watcher, NULL);
    queue->has_watcher = false;
}

void dash_queue_free(dash_queue *queue)
{
    if (!queue) return;
    for (int i = 0; i < DASH_LANES; i++) pthread_cond_destroy(&queue->lane[i].come);
    pthread_cond_destroy(&queue->tick);
    pthread_mutex_destroy(&queue->lock);
    free(queue);
}

static int waiting_of(const lane *l, const char *view)
{
    int count = 0;
    for (const dash_request *r = l->first; r; r = r->next)
        count += r->is_tile && strcmp(r->view, view) == 0;
    return count;
}

void dash_queue_add(dash_queue *queue, dash_lane which, dash_request *r)
{
    lane *l = &queue->lane[which];
    pthread_mutex_lock(&queue->lock);
    r->cancel = nd_flag_new(r->arena);
    const bool is_full =
        l->waiting >= TILES || (r->is_tile && waiting_of(l, r->view) >= TILES_A_VIEW);
    if (is_full || !r->cancel || queue->is_stopping) {
        dash_plan_unref(r->plan);
        r->plan = NULL;
        dash_say(r, 503, "text/plain", "too much to do, ask again\n");
    } else {
        dash_suspend(r);
        r->number = ++queue->number;
        r->next = l->first, l->first = r;
        l->waiting++;
        pthread_cond_signal(&l->come);
    }
    pthread_mutex_unlock(&queue->lock);
}

static bool is_older(const dash_request *r, const char *view, int generation)
{
    return r && r->is_tile && r->generation < generation && strcmp(r->view, view) == 0;
}

void dash_queue_newer(dash_queue *queue, const char *view, int generation)
{
    pthread_mutex_lock(&queue->lock);
    lane *l = &queue->lane[DASH_TILES];
    for (dash_request **link = &l->first; *link;) {
        dash_request *r = *link;
        if (!is_older(r, view, generation)) {
            link = &r->next;
            continue;
        }
        *link = r->next, r->next = NULL;
        l->waiting--;
        dash_say(r, 410, "text/plain", "you have asked for something newer\n");
        finish(r);
    }
    for (int i = 0; i < queue->workers; i++)
        if (is_older(queue->worker[i].now, view, generation))
            nd_flag_raise(queue->worker[i].now->cancel);
    pthread_mutex_unlock(&queue->lock);
}

int dash_queue_depth(dash_queue *queue)
{
    pthread_mutex_lock(&queue->lock);
    int depth = 0;
    for (int i = 0; i < DASH_LANES; i++) depth += queue->lane[i].waiting;
    pthread_mutex_unlock(&queue->lock);
    return depth;
}
