// SPDX-License-Identifier: Apache-2.0
// Tiles kept between pulls: claimed once, packed small, evicted by who needs them last.
#include "raster/cache.h"
#include "raster/tiles.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { BUCKETS = 1 << 12, SPARE = 16 };

// One band of one tile. Not ready: somebody computes it.
typedef struct entry {
    cache_name name;
    int band, users;
    bool is_ready, is_packed;
    raster_packing packing;
    int64_t rank; // the highest goes first
    size_t bytes;
    void *pixels;
    struct entry *chain; // of its bucket
    struct entry *before, *after;
} entry;
typedef struct spare {
    size_t bytes;
    void *pixels;
} spare;
struct nd_cache {
    pthread_mutex_t lock;
    pthread_cond_t published;
    int64_t budget, clock;
    nd_cache_use use;
    entry *bucket[BUCKETS], *first;
    spare spare[SPARE]; // memory of evicted tiles: fresh pages cost more than a copy
    raster_future *future;
};

nd_cache *nd_cache_new(int64_t budget_bytes)
{
    nd_cache *cache = calloc(1, sizeof *cache);
    if (!cache)
        return (void)nd_fail(ND_E_MEMORY, "no memory for a cache\nclose other programs"),
               NULL;
    cache->budget = budget_bytes;
    pthread_mutex_init(&cache->lock, NULL);
    pthread_cond_init(&cache->published, NULL);
    return cache;
}

static size_t bucket_of(const cache_name *n, int band)
{
    uint64_t h = n->key.a ^ (uint64_t)(uint32_t)band * 0x9E3779B97F4A7C15u;
    h = (h ^ (uint32_t)n->x) * 0xFF51AFD7ED558CCDu;
    h = (h ^ h >> 29 ^ (uint32_t)n->y) * 0xC4CEB9FE1A85EC53u;
    return (size_t)((h ^ h >> 32 ^ (uint64_t)(uint32_t)n->level * 31) % BUCKETS);
}

static entry *find(const nd_cache *cache, const cache_name *name, int band)
{
    entry *e = cache->bucket[bucket_of(name, band)];
    while (e && (e->band != band || memcmp(&e->name, name, sizeof *name) != 0))
        e = e->chain;
    return e;
}

static void *take_memory(nd_cache *cache, size_t bytes)
{
    for (int i = 0; i < SPARE; i++)
        if (cache->spare[i].bytes == bytes) {
            cache->spare[i].bytes = 0;
            return cache->spare[i].pixels;
        }
    return aligned_alloc(64, (bytes + 63) / 64 * 64);
}

static void give_memory(nd_cache *cache, void *pixels, size_t bytes)
{
    for (int i = 0; i < SPARE && pixels; i++)
        if (!cache->spare[i].bytes) {
            cache->spare[i] = (spare){bytes, pixels};
            return;
        }
    free(pixels);
}

static void drop(nd_cache *cache, entry *e)
{
    entry **link = &cache->bucket[bucket_of(&e->name, e->band)];
    while (*link != e) link = &(*link)->chain;
    *link = e->chain;
    if (e->before)
        e->before->after = e->after;
    else
        cache->first = e->after;
    if (e->after) e->after->before = e->before;
    cache->use.bytes -= (int64_t)e->bytes;
    give_memory(cache, e->pixels, e->bytes);
    free(e);
}

void nd_cache_free(nd_cache *cache)
{
    if (!cache) return;
    while (cache->first) drop(cache, cache->first);
    for (int i = 0; i < SPARE; i++)
        if (cache->spare[i].bytes) free(cache->spare[i].pixels);
    pthread_cond_destroy(&cache->published);
    pthread_mutex_destroy(&cache->lock);
    free(cache);
}

nd_cache_use nd_cache_used(nd_cache *cache)
{
    pthread_mutex_lock(&cache->lock);
    const nd_cache_use use = cache->use;
    pthread_mutex_unlock(&cache->lock);
    return use;
}

int64_t nd_cache_budget(const nd_cache *cache)
{
    return cache->budget;
}

void raster_cache_expect(nd_cache *cache, raster_future *future)
{
    pthread_mutex_lock(&cache->lock);
    cache->future = future;
    pthread_mutex_unlock(&cache->lock);
}

static entry *claim(nd_cache *cache, const cache_name *name, int band)
{
    entry *e = calloc(1, sizeof *e);
    if (!e) return NULL;
    *e = (entry){.name = *name, .band = band, .users = 1};
    entry **link = &cache->bucket[bucket_of(name, band)];
    e->chain = *link, *link = e;
    e->after = cache->first;
    if (cache->first) cache->first->before = e;
    cache->first = e;
    return e;
}

// Frees the tiles needed furthest in the future until `bytes` fit. False: they do not.
static bool make_room(nd_cache *cache, size_t bytes)
{
    while (cache->use.bytes + (int64_t)bytes > cache->budget) {
        entry *worst = NULL;
        for (entry *e = cache->first; e; e = e->after)
            if (e->is_ready && !e->users && (!worst || e->rank > worst->rank)) worst = e;
        if (!worst) return false;
        drop(cache, worst);
        cache->use.evicted++;
    }
    return true;
}

// When this tile will be wanted next: by the schedule if there is one, else the one that
// was used longest ago goes first.
static int64_t rank_of(nd_cache *cache, const cache_name *name)
{
    return cache->future ? raster_future_next(cache->future, name) : -cache->clock;
}

// The schedule is sure that nobody will come again.
static bool is_over(const nd_cache *cache, const entry *e)
{
    return cache->future && raster_future_is_over(cache->future, &e->name);
}

// ---- Small samples: half the memory, if every pixel comes back bit for bit.

static bool packing_of(const nd_band *band, raster_packing *p)
{
    static const int32_t low[] = {
        [ND_U8] = 0, [ND_I8] = -128, [ND_U16] = 0, [ND_I16] = -32768, [ND_F64] = 0};
    static const int32_t high[] = {
        [ND_U8] = 255, [ND_I8] = 127, [ND_U16] = 65535, [ND_I16] = 32767, [ND_F64] = 0};
    if (!high[band->sample]) return false;
    *p = (raster_packing){band->scale != 0 ? band->scale : 1, band->offset,
                          low[band->sample], high[band->sample], 0};
    p->hole = p->high;
    if (band->no_data >= p->low && band->no_data <= p->high)
        p->hole = (int32_t)band->no_data;
    return true;
}

static bool pack(const raster_packing *p, const nd_tile *tile, int k, uint16_t *out)
{
    const raster_tile_kernels *kernel = raster_tile_kernel();
    const nd_rect r = tile->rect;
    bool is_good = true;
    for (int y = r.y; y < r.y + r.height && is_good; y++, out += r.width)
        is_good = kernel->pack(nd_at(tile, k, r.x, y), r.width, p, out);
    return is_good;
}

static void copy_out(const entry *e, const nd_rect whole, nd_tile *part, int k)
{
    nd_rect r = part->rect;
    r.x -= whole.x, r.y -= whole.y;
    r = nd_rect_clip(r, whole.width, whole.height);
    for (int y = r.y; y < r.y + r.height; y++) {
        const ptrdiff_t at = (ptrdiff_t)y * whole.width + r.x;
        float *to = nd_at(part, k, whole.x + r.x, whole.y + y);
        if (!e->is_packed) {
            memcpy(to, (const float *)e->pixels + at, (size_t)r.width * sizeof *to);
            continue;
        }
        const uint16_t *from = (const uint16_t *)e->pixels + at;
        raster_tile_kernel()->unpack(from, r.width, &e->packing, to);
    }
}

// ---- One tile: what is there is copied, what is missing is claimed and computed.

typedef struct ask {
    const nd_node *node;
    nd_work *work;
    nd_tile *part;
    cache_name name;
    nd_rect whole; // of this cached tile
    entry **entry; // by position in part's set; NULL: not kept
    bool *is_missing;
    bool is_direct; // wanted by nobody else: computed where it is needed
} ask;

nd_status raster_wait(const nd_work *work, pthread_cond_t *change, pthread_mutex_t *lock)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += 50000000;
    if (until.tv_nsec >= 1000000000) until.tv_sec++, until.tv_nsec -= 1000000000;
    pthread_cond_timedwait(change, lock, &until);
    return nd_work_go_on(work);
}

// Under the lock. is_late: somebody computes one of them, and we may not wait yet.
static nd_status look(ask *a, nd_cache *cache, bool may_wait, bool *is_late)
{
    *is_late = false;
    for (;;) {
        bool is_pending = false;
        for (int k = 0; k < a->part->bands.count; k++) {
            a->entry[k] = find(cache, &a->name, a->part->bands.band[k]);
            a->is_missing[k] = !a->entry[k];
            is_pending |= a->entry[k] && !a->entry[k]->is_ready;
        }
        *is_late = is_pending && !may_wait;
        if (!is_pending || *is_late) return ND_OK;
        ND_TRY(raster_wait(a->work, &cache->published, &cache->lock));
    }
}

// Under the lock: pins what is there, claims what is not.
static void take(ask *a, nd_cache *cache)
{
    const nd_rect r = a->part->rect;
    const bool covers = r.x <= a->whole.x && r.y <= a->whole.y &&
                        r.x + r.width >= a->whole.x + a->whole.width &&
                        r.y + r.height >= a->whole.y + a->whole.height;
    a->is_direct =
        covers && cache->future && raster_future_is_last(cache->future, &a->name);
    if (cache->future) raster_future_pass(cache->future, &a->name);
    cache->clock++;
    for (int k = 0; k < a->part->bands.count; k++) {
        if (a->is_missing[k]) {
            cache->use.misses++;
            if (!a->is_direct)
                a->entry[k] = claim(cache, &a->name, a->part->bands.band[k]);
            continue;
        }
        cache->use.hits++;
        a->entry[k]->users++;
        a->entry[k]->rank = rank_of(cache, &a->name);
    }
}

static nd_status compute(ask *a, nd_tile *made)
{
    const nd_tile *part = a->part;
    int *band = nd_alloc(a->work->arena, (size_t)part->bands.count, sizeof *band);
    if (!band) return ND_E_MEMORY;
    int count = 0;
    for (int k = 0; k < part->bands.count; k++)
        if (a->is_missing[k]) band[count++] = part->bands.band[k];
    *made = *part;
    made->bands = (nd_bands){band, count};
    const bool in_place =
        count == part->bands.count &&
        (a->is_direct || memcmp(&a->whole, &part->rect, sizeof a->whole) == 0);
    made->rect = a->whole;
    if (in_place) {
        made->data = nd_at(part, 0, a->whole.x, a->whole.y);
    } else {
        const size_t plane = (size_t)a->whole.width * (size_t)a->whole.height;
        made->stride = a->whole.width;
        made->plane = (ptrdiff_t)plane;
        made->data =
            nd_alloc_raw(a->work->arena, plane * (size_t)count, sizeof *made->data);
        if (!made->data) return ND_E_MEMORY;
    }
    ND_TRY(raster_compute(a->node, a->work, made));
    for (int k = 0, j = 0; !in_place && k < part->bands.count; k++) {
        if (!a->is_missing[k]) continue;
        nd_rect r = part->rect;
        r.x -= a->whole.x, r.y -= a->whole.y;
        r = nd_rect_clip(r, a->whole.width, a->whole.height);
        for (int y = r.y; y < r.y + r.height; y++)
            memcpy(nd_at(part, k, a->whole.x + r.x, a->whole.y + y),
                   nd_at(made, j, a->whole.x + r.x, a->whole.y + y),
                   (size_t)r.width * sizeof(float));
        j++;
    }
    return ND_OK;
}

// Packs outside the lock into memory taken under it.
static bool fill_entry(nd_cache *cache, entry *e, const nd_tile *made, int j,
                       const nd_band *band)
{
    const size_t pixels = (size_t)made->rect.width * (size_t)made->rect.height;
    raster_packing p;
    bool is_packed = packing_of(band, &p);
    for (;;) {
        const size_t bytes = pixels * (is_packed ? sizeof(uint16_t) : sizeof(float));
        pthread_mutex_lock(&cache->lock);
        void *memory = make_room(cache, bytes) ? take_memory(cache, bytes) : NULL;
        if (memory) {
            cache->use.bytes += (int64_t)bytes;
            if (cache->use.bytes > cache->use.peak_bytes)
                cache->use.peak_bytes = cache->use.bytes;
        }
        pthread_mutex_unlock(&cache->lock);
        if (!memory) return false;
        e->pixels = memory, e->bytes = bytes, e->is_packed = is_packed;
        if (!is_packed) break;
        e->packing = p;
        if (pack(&p, made, j, memory)) return true;
        is_packed = false;
        pthread_mutex_lock(&cache->lock);
        cache->use.bytes -= (int64_t)bytes;
        give_memory(cache, memory, bytes);
        e->pixels = NULL, e->bytes = 0;
        pthread_mutex_unlock(&cache->lock);
    }
    float *to = e->pixels;
    for (int y = 0; y < made->rect.height; y++, to += made->rect.width)
        memcpy(to, nd_at(made, j, made->rect.x, made->rect.y + y),
               (size_t)made->rect.width * sizeof *to);
    return true;
}

static void publish(ask *a, nd_cache *cache, const nd_tile *made, nd_status status)
{
    for (int k = 0, j = 0; k < a->part->bands.count; k++) {
        if (!a->is_missing[k]) continue;
        entry *e = a->entry[k];
        const int from = j++;
        if (!e) continue;
        const nd_band *band = &a->node->band[a->part->bands.band[k]];
        const bool is_kept = status == ND_OK && fill_entry(cache, e, made, from, band);
        pthread_mutex_lock(&cache->lock);
        e->users--;
        e->is_ready = is_kept;
        e->rank = rank_of(cache, &a->name);
        if (!is_kept || is_over(cache, e)) drop(cache, e);
        pthread_cond_broadcast(&cache->published);
        pthread_mutex_unlock(&cache->lock);
    }
}

static nd_status one_tile(ask *a, bool may_wait, bool *is_late)
{
    nd_cache *cache = a->work->cache;
    pthread_mutex_lock(&cache->lock);
    const nd_status looked = look(a, cache, may_wait, is_late);
    if (looked == ND_OK && !*is_late) take(a, cache);
    pthread_mutex_unlock(&cache->lock);
    if (looked != ND_OK || *is_late) return looked;
    bool is_any_missing = false;
    for (int k = 0; k < a->part->bands.count; k++) {
        is_any_missing |= a->is_missing[k];
        if (a->is_missing[k]) continue;
        copy_out(a->entry[k], a->whole, a->part, k);
        pthread_mutex_lock(&cache->lock);
        entry *e = a->entry[k];
        if (!--e->users && is_over(cache, e)) drop(cache, e);
        pthread_mutex_unlock(&cache->lock);
    }
    if (!is_any_missing) return ND_OK;
    nd_tile made;
    const nd_status status = compute(a, &made);
    publish(a, cache, &made, status);
    return status;
}

// The cached tiles from x, y on that part's window crosses: so many across and down.
typedef struct crossing {
    int x, y, across, down;
    bool *is_late; // by tile: another worker was making it
} crossing;

static nd_status turn_over(ask *a, const crossing *c, bool is_second)
{
    nd_arena *arena = a->work->arena;
    const nd_grid grid =
        nd_grid_at(a->node->band[a->part->bands.band[0]].grid, a->part->level);
    const int w = raster_tile_width(a->node), h = raster_tile_height(a->node);
    for (int i = 0; i < c->across * c->down; i++) {
        if (is_second && !c->is_late[i]) continue;
        const int x = c->x + i % c->across, y = c->y + i / c->across;
        const nd_mark mark = nd_arena_mark(arena);
        a->name = raster_cache_name(a->node, a->part->level, x, y);
        a->whole = nd_rect_clip((nd_rect){x * w, y * h, w, h}, grid.width, grid.height);
        ND_TRY(one_tile(a, is_second, &c->is_late[i]));
        nd_arena_back(arena, mark);
    }
    return ND_OK;
}

nd_status raster_cached(const nd_node *node, nd_work *work, nd_tile *part)
{
    const nd_rect r = part->rect;
    const int w = raster_tile_width(node), h = raster_tile_height(node);
    crossing c = {.x = r.x / w, .y = r.y / h};
    c.across = (r.x + r.width - 1) / w - c.x + 1;
    c.down = (r.y + r.height - 1) / h - c.y + 1;
    c.is_late = nd_alloc(work->arena, (size_t)c.across * (size_t)c.down, sizeof(bool));
    ask a = {.node = node, .work = work, .part = part};
    a.entry = nd_alloc(work->arena, (size_t)part->bands.count, sizeof(entry *));
    a.is_missing = nd_alloc(work->arena, (size_t)part->bands.count, sizeof(bool));
    if (!c.is_late || !a.entry || !a.is_missing) return ND_E_MEMORY;
    // First what can be had or made now; then what others were making meanwhile.
    ND_TRY(turn_over(&a, &c, false));
    return turn_over(&a, &c, true);
}
