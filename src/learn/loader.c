// SPDX-License-Identifier: Apache-2.0
// Batches made ahead by threads of their own: a ring of slots; who fills a slot when is
// no matter, for what goes into it depends on its number only.
#include "learn/data.h"
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { AT_ONCE = 4 }; // examples that a worker takes on

typedef struct slot {
    float *x;
    int64_t *label;
    float *share, *kept; // of mixed batches: labels as shares of classes; nd_batch's
    float *value;        // of values: labels as the network sees them
    nd_place *place;
    int left; // examples still to be made
} slot;
struct nd_loader {
    const nd_dataset *set;
    nd_loader_make make;
    int64_t count, batches; // of the epoch, from make.first on
    int64_t picture, labels;
    pthread_mutex_t lock;
    pthread_cond_t room, full;
    int64_t next;  // example to be taken on
    int64_t given; // batches handed out; those before `freed` are no longer in use
    int64_t freed;
    slot *ring;
    pthread_t *thread;
    int threads;
    bool closing;
    nd_error error;
    double waited;
    nd_arena *arena;
};

static int size_of(const nd_loader *l, int64_t batch)
{
    const int64_t left = l->count - batch * l->make.batch;
    return left < l->make.batch ? (int)left : l->make.batch;
}

// ---- Workers.

// Under the lock: waits for examples whose slot is free. 0: no more.
static int take(nd_loader *l, int64_t *first)
{
    while (!l->closing && l->error.code == ND_OK && l->next < l->count) {
        const int64_t batch = l->next / l->make.batch;
        const int64_t end = batch * l->make.batch + size_of(l, batch);
        if (batch < l->freed + l->make.ahead) {
            const int n = end - l->next < AT_ONCE ? (int)(end - l->next) : AT_ONCE;
            *first = l->next;
            l->next += n;
            return n;
        }
        pthread_cond_wait(&l->room, &l->lock);
    }
    return 0;
}

static nd_status make_some(nd_loader *l, nd_work *work, int64_t first, int count)
{
    slot *s = &l->ring[first / l->make.batch % l->make.ahead];
    for (int i = 0; i < count; i++) {
        const int64_t at = (first + i) % l->make.batch;
        nd_chip chip = {.picture = s->x + at * l->picture,
                        .label = s->label + at * l->labels};
        const data_ask ask = {l->make.side, l->make.epoch, l->make.first + first + i,
                              l->make.is_plain};
        ND_TRY(data_sample(l->set, work, &ask, &chip));
        s->place[at] = chip.place;
        for (int64_t k = 0; s->value && k < l->labels; k++)
            s->value[at * l->labels + k] = nd_label_value(chip.label[k]);
        if (s->value) data_scale(l->set->value, s->value + at * l->labels, l->labels);
    }
    return ND_OK;
}

static nd_status finish_batch(nd_loader *l, int64_t batch)
{
    slot *s = &l->ring[batch % l->make.ahead];
    if (!l->make.mixes) return ND_OK;
    const data_mix mix = {.x = s->x,
                          .label = s->label,
                          .share = s->share,
                          .kept = s->kept,
                          .count = size_of(l, batch),
                          .epoch = l->make.epoch,
                          .batch = l->make.first / l->make.batch + batch};
    return data_mix_batch(l->set, &mix);
}

static void *work(void *user)
{
    nd_loader *l = user;
    nd_work tools = {.arena = nd_arena_new(), .cache = data_cache(l->set)};
    int64_t first;
    pthread_mutex_lock(&l->lock);
    for (int n; (n = take(l, &first)) > 0;) {
        pthread_mutex_unlock(&l->lock);
        const int64_t batch = first / l->make.batch;
        nd_status status = tools.arena ? make_some(l, &tools, first, n) : ND_E_MEMORY;
        pthread_mutex_lock(&l->lock);
        slot *s = &l->ring[batch % l->make.ahead];
        if (status == ND_OK && s->left == n) { // the last of it: others are done
            pthread_mutex_unlock(&l->lock);
            status = finish_batch(l, batch);
            pthread_mutex_lock(&l->lock);
        }
        if (status != ND_OK && l->error.code == ND_OK) {
            l->error = nd_error_take();
            if (l->error.code == ND_OK) l->error.code = status;
        }
        s->left -= n;
        if (!s->left || status != ND_OK) pthread_cond_broadcast(&l->full);
        if (status != ND_OK) pthread_cond_broadcast(&l->room);
        if (tools.arena) nd_arena_reset(tools.arena);
    }
    pthread_mutex_unlock(&l->lock);
    nd_arena_free(tools.arena);
    return NULL;
}

// ---- Making it.

void nd_loader_stop(nd_loader *l)
{
    pthread_mutex_lock(&l->lock);
    l->closing = true;
    pthread_cond_broadcast(&l->room);
    pthread_cond_broadcast(&l->full);
    pthread_mutex_unlock(&l->lock);
    while (l->threads > 0) pthread_join(l->thread[--l->threads], NULL);
}

static void close_loader(void *user)
{
    nd_loader *l = user;
    nd_loader_stop(l);
    pthread_cond_destroy(&l->room);
    pthread_cond_destroy(&l->full);
    pthread_mutex_destroy(&l->lock);
    nd_arena_free(l->arena);
}

static nd_status make_ring(nd_loader *l)
{
    const size_t batch = (size_t)l->make.batch, classes = (size_t)l->set->classes;
    l->ring = nd_alloc(l->arena, (size_t)l->make.ahead, sizeof *l->ring);
    if (!l->ring) return ND_E_MEMORY;
    for (int i = 0; i < l->make.ahead; i++) {
        slot *s = &l->ring[i];
        s->x = nd_alloc_raw(l->arena, batch * (size_t)l->picture, sizeof *s->x);
        s->label = nd_alloc(l->arena, batch * (size_t)l->labels, sizeof *s->label);
        s->place = nd_alloc(l->arena, batch, sizeof *s->place);
        if (!s->x || !s->label || !s->place) return ND_E_MEMORY;
        if (i < l->batches) s->left = size_of(l, i);
        if (l->set->value)
            s->value = nd_alloc(l->arena, batch * (size_t)l->labels, sizeof *s->value);
        if (l->set->value && !s->value) return ND_E_MEMORY;
        if (!l->make.mixes) continue;
        s->share =
            nd_alloc_raw(l->arena, batch * classes * (size_t)l->labels, sizeof *s->share);
        s->kept = nd_alloc(l->arena, batch, sizeof *s->kept);
        if (!s->share || !s->kept) return ND_E_MEMORY;
    }
    return ND_OK;
}

static nd_status start(nd_loader *l)
{
    const int wanted = l->make.workers ? l->make.workers : data_workers(l->set);
    l->thread = nd_alloc(l->arena, (size_t)wanted, sizeof *l->thread);
    if (!l->thread) return ND_E_MEMORY;
    for (; l->threads < wanted; l->threads++)
        if (pthread_create(&l->thread[l->threads], NULL, work, l) != 0)
            return l->threads ? ND_OK
                              : nd_fail(ND_E_MEMORY, "the system gives no thread to read "
                                                     "pictures\nclose other programs");
    return ND_OK;
}

nd_loader *nd_loader_new(nd_arena *arena, const nd_dataset *set,
                         const nd_loader_make *make)
{
    nd_loader *l = nd_alloc(arena, 1, sizeof *l);
    if (!l) return NULL;
    l->set = set, l->make = *make;
    if (l->make.batch < 1) l->make.batch = 1;
    if (set->value) l->make.mixes = false;
    if (l->make.ahead < 2) l->make.ahead = 4;
    l->count = data_count(set, make->side, make->is_plain) - make->first;
    if (l->count < 0) l->count = 0;
    l->batches = (l->count + l->make.batch - 1) / l->make.batch;
    if (make->drop_last) {
        l->batches = l->count / l->make.batch;
        l->count = l->batches * l->make.batch;
    }
    l->picture = (int64_t)set->bands * set->height * set->width;
    l->labels = set->is_mask ? (int64_t)set->height * set->width : 1;
    l->arena = nd_arena_new();
    if (!l->arena) return NULL;
    pthread_mutex_init(&l->lock, NULL);
    pthread_cond_init(&l->room, NULL);
    pthread_cond_init(&l->full, NULL);
    if (nd_defer(arena, close_loader, l) != ND_OK) {
        close_loader(l);
        return NULL;
    }
    return make_ring(l) == ND_OK && start(l) == ND_OK ? l : NULL;
}

// ---- Using it.

static void give(nd_loader *l, nd_batch *batch)
{
    const nd_dataset *set = l->set;
    const slot *s = &l->ring[l->given % l->make.ahead];
    const int n = size_of(l, l->given);
    *batch = (nd_batch){
        .x = {ND_FLOAT32, ND_SHAPE(n, set->bands, set->height, set->width), s->x},
        .y = {ND_INT64, ND_SHAPE(n), s->label},
        .first = l->make.first + l->given * l->make.batch,
        .count = n,
        .place = s->place};
    if (set->is_mask) batch->y.shape = ND_SHAPE(n, set->height, set->width);
    if (set->value)
        batch->y =
            (nd_array){ND_FLOAT32, ND_SHAPE(n, 1, set->height, set->width), s->value};
    if (!l->make.mixes) return;
    batch->kept = s->kept;
    batch->y = (nd_array){ND_FLOAT32, ND_SHAPE(n, set->classes), s->share};
    if (set->is_mask) batch->y.shape = ND_SHAPE(n, set->classes, set->height, set->width);
}

nd_status nd_loader_next(nd_loader *l, nd_batch *batch)
{
    const double start_s = nd_seconds();
    *batch = (nd_batch){0};
    pthread_mutex_lock(&l->lock);
    for (; l->freed < l->given; l->freed++) {
        const int64_t after = l->freed + l->make.ahead;
        if (after < l->batches) l->ring[after % l->make.ahead].left = size_of(l, after);
    }
    pthread_cond_broadcast(&l->room);
    if (l->given < l->batches) {
        const slot *s = &l->ring[l->given % l->make.ahead];
        while (s->left && l->error.code == ND_OK && !l->closing)
            pthread_cond_wait(&l->full, &l->lock);
        if (!s->left) give(l, batch), l->given++;
    }
    l->waited += nd_seconds() - start_s;
    const nd_error error = l->error;
    pthread_mutex_unlock(&l->lock);
    if (!batch->count && error.code != ND_OK) return nd_error_give(&error);
    return ND_OK;
}

double nd_loader_waited(const nd_loader *l)
{
    return l->waited;
}
