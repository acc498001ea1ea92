// SPDX-License-Identifier: Apache-2.0
// What a schedule will ask of each kept tile, so that the cache can look ahead.
#include "raster/cache.h"
#include <string.h>

enum { FUTURE_BUCKETS = 1 << 12 };

typedef struct use {
    int64_t position;
    struct use *next;
} use;
typedef struct record {
    cache_name name;
    use *first, *last;
    int64_t foreseen, bytes, first_use, last_use;
    bool is_guess;
    struct record *chain;
} record;
struct raster_future {
    nd_arena *arena;
    int64_t tiles;
    record *bucket[FUTURE_BUCKETS];
};

raster_future *raster_future_new(nd_arena *arena)
{
    raster_future *f = nd_alloc(arena, 1, sizeof *f);
    if (f) f->arena = arena;
    return f;
}

static size_t bucket_of(const cache_name *n)
{
    uint64_t h = n->key.a ^ (uint32_t)n->x * (uint64_t)0x9E3779B97F4A7C15u;
    h = (h ^ h >> 31 ^ (uint32_t)n->y) * 0xC4CEB9FE1A85EC53u;
    return (size_t)((h ^ h >> 32 ^ (uint32_t)n->level) % FUTURE_BUCKETS);
}

static record *find(const raster_future *future, const cache_name *name)
{
    record *r = future->bucket[bucket_of(name)];
    while (r && memcmp(&r->name, name, sizeof *name) != 0) r = r->chain;
    return r;
}

nd_status raster_future_add(raster_future *future, const raster_wish *wish,
                            bool *is_first)
{
    record *r = find(future, &wish->name);
    *is_first = !r;
    if (!r) {
        r = nd_alloc(future->arena, 1, sizeof *r);
        if (!r) return ND_E_MEMORY;
        record **link = &future->bucket[bucket_of(&wish->name)];
        *r = (record){.name = wish->name, .chain = *link, .first_use = wish->position};
        *link = r;
        future->tiles++;
    }
    use *made = nd_alloc(future->arena, 1, sizeof *made);
    if (!made) return ND_E_MEMORY;
    made->position = wish->position;
    if (r->last)
        r->last->next = made;
    else
        r->first = made;
    r->last = made;
    r->last_use = wish->position;
    r->foreseen++;
    r->is_guess |= wish->is_guess;
    if (wish->bytes > r->bytes) r->bytes = wish->bytes;
    return ND_OK;
}

nd_status raster_future_peak(const raster_future *future, nd_arena *arena,
                             int64_t positions, int64_t *peak)
{
    int64_t *change = nd_alloc(arena, (size_t)positions + 1, sizeof *change), now = 0;
    if (!change) return ND_E_MEMORY;
    for (int i = 0; i < FUTURE_BUCKETS; i++)
        for (const record *r = future->bucket[i]; r; r = r->chain) {
            if (r->foreseen == 1 && !r->is_guess) continue; // goes straight through
            change[r->first_use] += r->bytes;
            change[r->last_use + 1] -= r->bytes;
        }
    *peak = 0;
    for (int64_t i = 0; i < positions; i++) {
        now += change[i];
        if (now > *peak) *peak = now;
    }
    return ND_OK;
}

int64_t raster_future_next(const raster_future *future, const cache_name *name)
{
    const record *r = find(future, name);
    return r && r->first ? r->first->position : INT64_MAX;
}

bool raster_future_is_last(const raster_future *future, const cache_name *name)
{
    const record *r = find(future, name);
    return r && r->first && r->foreseen == 1 && !r->is_guess;
}

bool raster_future_is_over(const raster_future *future, const cache_name *name)
{
    const record *r = find(future, name);
    return r && !r->first && !r->is_guess;
}

void raster_future_pass(raster_future *future, const cache_name *name)
{
    record *r = find(future, name);
    if (r && r->first) r->first = r->first->next;
}

int64_t raster_future_tiles(const raster_future *future)
{
    return future->tiles;
}
