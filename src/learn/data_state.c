// SPDX-License-Identifier: Apache-2.0
// What a set of examples shares between threads: tools that are lent, and the order of
// the epoch that is under way.
#include "learn/scene.h"
#include <math.h>
#include <nadir/run.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <turbojpeg.h>
#include <unistd.h>

typedef struct data_state {
    pthread_mutex_t lock;
    data_hand *free;
    int64_t *order;      // of the training side in `epoch`
    data_corner *corner; // of scenes
    uint32_t epoch;
    bool is_ordered;
    // The losses that were told, smoothed; NaN: none yet. Epochs are drawn by `hard`;
    // `told`, behind it in memory, takes its place at the turn.
    float *hard, *told;
    double *hard_to;
    nd_cache *cache;
} data_state;

static void hand_free(data_hand *hand)
{
    nd_zip_hand_free(&hand->zip);
    free(hand->file);
    if (hand->jpeg) tjDestroy(hand->jpeg);
    free(hand->byte);
    free(hand->value_bytes);
    free(hand->extra);
    nd_arena_free(hand->arena);
    nd_arena_free(hand->lasting);
    free(hand);
}

static void state_free(void *user)
{
    data_state *state = user;
    while (state->free) {
        data_hand *hand = state->free;
        state->free = hand->next;
        hand_free(hand);
    }
    nd_cache_free(state->cache);
    pthread_mutex_destroy(&state->lock);
}

nd_status data_state_new(nd_dataset *set)
{
    data_state *state = nd_alloc(set->arena, 1, sizeof *state);
    if (!state) return ND_E_MEMORY;
    pthread_mutex_init(&state->lock, NULL);
    set->state = state;
    return nd_defer(set->arena, state_free, state);
}

static data_hand *hand_new(void)
{
    data_hand *hand = calloc(1, sizeof *hand);
    if (hand) hand->arena = nd_arena_new();
    if (hand) hand->lasting = nd_arena_new();
    if (hand && hand->arena && hand->lasting) return hand;
    if (hand) hand_free(hand);
    nd_fail(ND_E_MEMORY, "no memory to read pictures\nask for fewer workers");
    return NULL;
}

data_hand *data_borrow(const nd_dataset *set)
{
    data_state *state = set->state;
    pthread_mutex_lock(&state->lock);
    data_hand *hand = state->free;
    if (hand) state->free = hand->next;
    pthread_mutex_unlock(&state->lock);
    return hand ? hand : hand_new();
}

void data_return(const nd_dataset *set, data_hand *hand)
{
    data_state *state = set->state;
    pthread_mutex_lock(&state->lock);
    hand->next = state->free;
    state->free = hand;
    pthread_mutex_unlock(&state->lock);
}

int64_t data_count(const nd_dataset *set, nd_side side, bool is_plain)
{
    return set->scene && is_plain ? set->corners[side] : set->members[side];
}

static bool is_hard(const nd_dataset *set)
{
    return set->set.chips.sampling.at == SAMPLING_HARD;
}

nd_status data_order_new(nd_dataset *set)
{
    data_state *state = set->state;
    const size_t count = (size_t)set->members[ND_TRAIN];
    state->order = nd_alloc(set->arena, count + 1, sizeof *state->order);
    if (!state->order) return ND_E_MEMORY;
    if (set->scene) {
        state->corner = nd_alloc(set->arena, count + 1, sizeof *state->corner);
        if (!state->corner) return ND_E_MEMORY;
    }
    if (!is_hard(set)) return ND_OK;
    state->hard = nd_alloc(set->arena, 2 * count + 1, sizeof *state->hard);
    state->hard_to = nd_alloc(set->arena, count + 1, sizeof *state->hard_to);
    if (!state->hard || !state->hard_to) return ND_E_MEMORY;
    state->told = state->hard + count;
    for (size_t i = 0; i < 2 * count; i++) state->hard[i] = NAN;
    return ND_OK;
}

// Fisher and Yates.
static void shuffle(const nd_dataset *set, int64_t *order, int64_t count, uint32_t epoch)
{
    for (int64_t i = 0; i < count; i++) order[i] = i;
    for (int64_t i = count - 1; i > 0; i--) {
        const nd_draw draw = {set->set.seed, (uint64_t)i, epoch, ND_DRAW_ORDER};
        const int64_t j = nd_draw_below(&draw, 0, (uint32_t)(i + 1)), keep = order[i];
        order[i] = order[j], order[j] = keep;
    }
}

static int by_size(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

// The largest losses are wrong labels: above a quantile they count alike. NaN: untold.
static float clip_of(const nd_dataset *set, const data_state *state, int64_t count)
{
    float *told = malloc((size_t)count * sizeof *told), most = INFINITY;
    int64_t n = 0;
    for (int64_t i = 0; told && i < count; i++)
        if (!isnan(state->hard[i])) told[n++] = state->hard[i];
    if (n) {
        qsort(told, (size_t)n, sizeof *told, by_size);
        most = told[(int64_t)(set->set.chips.clip * (double)(n - 1))];
    }
    free(told);
    return most;
}

// Drawn with replacement, by what their losses weigh; untold ones weigh the most.
static void draw_hard(const nd_dataset *set, data_state *state, uint32_t epoch)
{
    const int64_t count = set->members[ND_TRAIN];
    const float most = clip_of(set, state, count);
    const double share = set->set.chips.hard;
    double sum = 0, to = 0;
    for (int64_t i = 0; i < count; i++) {
        const float v = fminf(isnan(state->hard[i]) ? most : state->hard[i], most);
        state->hard_to[i] =
            isfinite(v) ? pow(fmax((double)v, 0), set->set.chips.power) : 1;
        sum += state->hard_to[i];
    }
    for (int64_t i = 0; i < count; i++) {
        const double even = 1 / (double)count;
        to += (1 - share) * even + share * (sum > 0 ? state->hard_to[i] / sum : even);
        state->hard_to[i] = to;
    }
    for (int64_t i = 0; i < count; i++) {
        const nd_draw draw = {set->set.seed, (uint64_t)i, epoch, ND_DRAW_ORDER};
        uint32_t w[4];
        nd_draw_block(&draw, 0, w);
        const double at = (double)(((uint64_t)w[0] << 32 | w[1]) >> 11) * 0x1p-53 * to;
        int64_t low = 0, high = count - 1;
        while (low < high) {
            const int64_t mid = (low + high) / 2;
            if (state->hard_to[mid] > at)
                high = mid;
            else
                low = mid + 1;
        }
        state->order[i] = low;
    }
}

// Under the lock.
static nd_status order_epoch(const nd_dataset *set, data_state *state, uint32_t epoch)
{
    bool is_told = false;
    if (state->is_ordered && state->epoch == epoch) return ND_OK;
    state->is_ordered = false;
    for (int64_t i = 0; is_hard(set) && i < set->members[ND_TRAIN]; i++)
        is_told = is_told || !isnan(state->hard[i]);
    if (is_told)
        draw_hard(set, state, epoch);
    else if (!set->scene || data_on_grid(set))
        shuffle(set, state->order, set->members[ND_TRAIN], epoch);
    if (set->scene)
        ND_TRY(data_draw_chips(set, epoch, data_on_grid(set) ? state->order : NULL,
                               state->corner));
    state->epoch = epoch, state->is_ordered = true;
    return ND_OK;
}

nd_status data_at(const nd_dataset *set, const data_ask *ask, int64_t *member,
                  data_corner *corner)
{
    data_state *state = set->state;
    const int64_t count = data_count(set, ask->side, ask->is_plain);
    if (ask->index < 0 || ask->index >= count)
        return nd_fail(ND_E_BUG, "example %lld of %lld was asked for\nreport this",
                       (long long)ask->index, (long long)count);
    if (ask->side != ND_TRAIN || ask->is_plain) {
        if (set->scene)
            *corner = set->corner[ask->side][ask->index];
        else
            *member = set->member[ask->side][ask->index];
        return ND_OK;
    }
    pthread_mutex_lock(&state->lock);
    const nd_status status = order_epoch(set, state, ask->epoch);
    if (status == ND_OK && set->scene)
        *corner = state->corner[ask->index];
    else if (status == ND_OK)
        *member = set->member[ND_TRAIN][state->order[ask->index]];
    pthread_mutex_unlock(&state->lock);
    return status;
}

// ---- Hard examples.

// A mixed example is one and the next: each of the two takes the loss by its share, so
// one that was mixed twice has the mean of both, weighted by how much of it was seen.
static float loss_of(const nd_losses *told, int i)
{
    const int before = i ? i - 1 : told->count - 1;
    if (!told->kept) return told->loss[i];
    const float own = isnan(told->loss[i]) ? 0 : told->kept[i];
    const float lent = isnan(told->loss[before]) ? 0 : 1 - told->kept[before];
    const float sum =
        (own > 0 ? own * told->loss[i] : 0) + (lent > 0 ? lent * told->loss[before] : 0);
    return own + lent > 0 ? sum / (own + lent) : NAN;
}

nd_status nd_dataset_tell(const nd_dataset *set, const nd_losses *told)
{
    data_state *state = set->state;
    if (!is_hard(set)) return ND_OK;
    pthread_mutex_lock(&state->lock);
    const nd_status status = order_epoch(set, state, told->epoch);
    for (int i = 0; i < told->count && status == ND_OK; i++) {
        const int64_t index = told->first + i;
        const int64_t at = set->scene ? state->corner[index].m : state->order[index];
        const float loss = loss_of(told, i);
        float *v = &state->told[at];
        if (isnan(loss)) continue;
        *v = isnan(*v) ? loss : 0.7f * *v + 0.3f * loss;
    }
    pthread_mutex_unlock(&state->lock);
    return status;
}

void nd_dataset_turn(const nd_dataset *set)
{
    data_state *state = set->state;
    if (!is_hard(set)) return;
    pthread_mutex_lock(&state->lock);
    memcpy(state->hard, state->told,
           (size_t)set->members[ND_TRAIN] * sizeof *state->hard);
    state->is_ordered = false;
    pthread_mutex_unlock(&state->lock);
}

float *nd_dataset_hardness(const nd_dataset *set, int64_t *count)
{
    data_state *state = set->state;
    pthread_mutex_lock(&state->lock);
    *count = state->hard ? 2 * set->members[ND_TRAIN] : 0;
    // Who puts it back changes what the next epoch is drawn by.
    state->is_ordered = false;
    pthread_mutex_unlock(&state->lock);
    return state->hard;
}

int data_workers(const nd_dataset *set)
{
    return set->set.workers ? set->set.workers : nd_cores();
}

struct nd_cache *data_cache(const nd_dataset *set)
{
    const data_state *state = set->state;
    return state->cache;
}

// A quarter of the memory, 4 GB at most; only what scenes need.
nd_status data_cache_new(nd_dataset *set)
{
    data_state *state = set->state;
    int64_t budget = set->set.cache;
    if (!budget) {
        budget = (int64_t)sysconf(_SC_PHYS_PAGES) / 4 * sysconf(_SC_PAGESIZE);
        if (budget > (int64_t)4 << 30) budget = (int64_t)4 << 30;
    }
    state->cache = nd_cache_new(budget);
    return state->cache ? ND_OK : ND_E_MEMORY;
}
