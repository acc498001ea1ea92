// SPDX-License-Identifier: Apache-2.0
// What a set of examples shares between threads: tools that are lent, and the order of
// the epoch that is under way.
#include "learn/data.h"
#include <pthread.h>
#include <stdlib.h>
#include <turbojpeg.h>

typedef struct data_state {
    pthread_mutex_t lock;
    data_hand *free;
    int64_t *order; // of the training side in `epoch`
    uint32_t epoch;
    bool is_ordered;
} data_state;

static void hand_free(data_hand *hand)
{
    zip_hand_free(&hand->zip);
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

nd_status data_order_new(nd_dataset *set)
{
    data_state *state = set->state;
    const int64_t count = set->members[ND_TRAIN];
    state->order = nd_alloc(set->arena, (size_t)count + 1, sizeof *state->order);
    return state->order ? ND_OK : ND_E_MEMORY;
}

// Fisher and Yates; under the lock.
static void shuffle(const nd_dataset *set, data_state *state, uint32_t epoch)
{
    const int64_t count = set->members[ND_TRAIN];
    int64_t *order = state->order;
    for (int64_t i = 0; i < count; i++) order[i] = i;
    for (int64_t i = count - 1; i > 0; i--) {
        const nd_draw draw = {set->set.seed, (uint64_t)i, epoch, ND_DRAW_ORDER};
        const int64_t j = nd_draw_below(&draw, 0, (uint32_t)(i + 1)), keep = order[i];
        order[i] = order[j], order[j] = keep;
    }
    state->epoch = epoch, state->is_ordered = true;
}

nd_status data_at(const nd_dataset *set, nd_side side, uint32_t epoch, int64_t index,
                  int64_t *member)
{
    data_state *state = set->state;
    if (index < 0 || index >= set->members[side])
        return nd_fail(ND_E_BUG, "example %lld of %lld was asked for\nreport this",
                       (long long)index, (long long)set->members[side]);
    *member = set->member[side][index];
    if (side != ND_TRAIN) return ND_OK;
    pthread_mutex_lock(&state->lock);
    if (!state->is_ordered || state->epoch != epoch) shuffle(set, state, epoch);
    *member = set->member[side][state->order[index]];
    pthread_mutex_unlock(&state->lock);
    return ND_OK;
}

int data_workers(const nd_dataset *set)
{
    return set->set.workers ? set->set.workers : nd_cores();
}

struct nd_cache *data_cache(const nd_dataset *set)
{
    (void)set;
    return NULL;
}
