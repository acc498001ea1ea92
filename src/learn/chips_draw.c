// SPDX-License-Identifier: Apache-2.0
// Training chips of one epoch: drawn one by one from counted numbers, then put in an
// order that visits the scenes region by region, so that pixels are computed once.
#include "learn/scene.h"
#include <math.h>
#include <stdlib.h>

enum { REGION = 2048, POOL = 8, TRIES = 16 };

static int64_t below(const uint32_t w[2], int64_t n)
{
    const uint64_t word = (uint64_t)w[1] << 32 | w[0];
    // The upper half of the product; a bias of n / 2^64 is none.
    const uint64_t high = (uint64_t)n >> 32, low = (uint64_t)n & 0xFFFFFFFF;
    const uint64_t a = (word & 0xFFFFFFFF) * low >> 32;
    const uint64_t b = (word & 0xFFFFFFFF) * high, c = (word >> 32) * low;
    const uint64_t mid = a + (b & 0xFFFFFFFF) + (c & 0xFFFFFFFF);
    return (int64_t)((word >> 32) * high + (b >> 32) + (c >> 32) + (mid >> 32));
}

// First of ascending numbers that is larger than `at`.
static int64_t first_above(const int64_t *to, int64_t count, int64_t at)
{
    int64_t low = 0, high = count - 1;
    while (low < high) {
        const int64_t mid = low + (high - low) / 2;
        if (to[mid] > at)
            high = mid;
        else
            low = mid + 1;
    }
    return low;
}

static data_corner place_at(const nd_dataset *set, int64_t at)
{
    int i = 0;
    while (at >= set->scene[i].places) at -= set->scene[i++].places;
    const data_scene *s = &set->scene[i];
    const int64_t k = first_above(s->places_to, s->place_cells, at);
    const int64_t left = k ? at - s->places_to[k - 1] : at;
    const int x = s->place[k] % s->cells_across * s->cell;
    const int y = s->place[k] / s->cells_across * s->cell;
    const int size = set->set.chips.size;
    const int room = s->grid.width < size ? 1 : s->grid.width - size - x + 1;
    const int across = room < s->cell ? room : s->cell;
    return (data_corner){.scene = i,
                         .x = x + (int)(left % across),
                         .y = y + (int)(left / across),
                         .class = -1};
}

// Redrawn until enough of it is valid; the best of 16 else.
static data_corner draw_place(const nd_dataset *set, uint32_t epoch, int64_t index)
{
    const nd_draw draw = {set->set.seed, (uint64_t)index, epoch, ND_DRAW_PLACE};
    const int size = set->set.chips.size;
    data_corner best = {0};
    double most = -1;
    int64_t places = 0;
    for (int i = 0; i < set->scenes; i++) places += set->scene[i].places;
    for (uint32_t block = 0; block < TRIES && most < set->set.min_valid; block++) {
        uint32_t w[4];
        int64_t valid;
        nd_draw_block(&draw, block, w);
        const data_corner c = place_at(set, below(w, places));
        const double share = data_valid_share(&set->scene[c.scene],
                                              (nd_rect){c.x, c.y, size, size}, &valid);
        if (share > most) best = c, most = share;
    }
    return best;
}

// ---- Balanced: a class, a block that holds it, a pixel of it.

nd_status data_balance_new(nd_dataset *set)
{
    const size_t classes = (size_t)set->classes;
    int64_t blocks = 0;
    for (int i = 0; i < set->scenes; i++)
        blocks += (int64_t)set->scene[i].across * set->scene[i].down;
    data_balance *b = nd_alloc(set->arena, 1, sizeof *b);
    if (!b) return ND_E_MEMORY;
    b->class_to = nd_alloc(set->arena, classes, sizeof *b->class_to);
    b->to = nd_alloc(set->arena, classes, sizeof *b->to);
    b->scene = nd_alloc(set->arena, (size_t)blocks, sizeof *b->scene);
    b->block = nd_alloc(set->arena, (size_t)blocks, sizeof *b->block);
    if (!b->class_to || !b->to || !b->scene || !b->block) return ND_E_MEMORY;
    for (int i = 0; i < set->scenes; i++)
        for (int64_t k = 0; k < (int64_t)set->scene[i].across * set->scene[i].down; k++)
            if (data_block_trains(&set->scene[i], k))
                b->scene[b->blocks] = i, b->block[b->blocks++] = (int)k;
    double sum = 0;
    for (int k = 0; k < set->classes; k++) {
        int64_t all = 0;
        b->to[k] = nd_alloc(set->arena, (size_t)b->blocks + 1, sizeof **b->to);
        if (!b->to[k]) return ND_E_MEMORY;
        for (int64_t i = 0; i < b->blocks; i++) {
            const data_scene *s = &set->scene[b->scene[i]];
            all += s->count[(int64_t)b->block[i] * set->classes + k];
            b->to[k][i] = all;
        }
        if (all) sum += pow((double)all, set->set.chips.balance);
        b->class_to[k] = sum;
    }
    set->balance = b;
    return ND_OK;
}

static data_corner draw_balanced(const nd_dataset *set, uint32_t epoch, int64_t index)
{
    const data_balance *b = set->balance;
    const nd_draw draw = {set->set.seed, (uint64_t)index, epoch, ND_DRAW_PLACE};
    uint32_t w[4];
    nd_draw_block(&draw, 0, w);
    const double at = (double)nd_draw_unit(w[0]) * b->class_to[set->classes - 1];
    int k = 0;
    while (k < set->classes - 1 && b->class_to[k] <= at) k++;
    const int64_t all = b->blocks ? b->to[k][b->blocks - 1] : 0;
    if (!all) return draw_place(set, epoch, index);
    const int64_t pixel = below(w + 2, all);
    const int64_t i = first_above(b->to[k], b->blocks, pixel);
    const data_scene *s = &set->scene[b->scene[i]];
    return (data_corner){.scene = b->scene[i],
                         .x = b->block[i] % s->across * DATA_BLOCK,
                         .y = b->block[i] / s->across * DATA_BLOCK,
                         .class = k,
                         .block = b->block[i],
                         .m = (int32_t)(pixel - (i ? b->to[k][i - 1] : 0))};
}

static int clamped(int at, int size, int length)
{
    const int most = length > size ? length - size : 0;
    return at < 0 ? 0 : at < most ? at : most;
}

// The corner, such that the pixel lies anywhere in the chip's central half.
static bool around(const nd_dataset *set, const nd_draw *draw, int px, int py,
                   data_corner *c)
{
    const data_scene *s = &set->scene[c->scene];
    const int size = set->set.chips.size, half = size / 2;
    for (uint32_t block = 1; block <= TRIES; block++) {
        uint32_t w[4];
        nd_draw_block(draw, block, w);
        const int dx = (int)((double)nd_draw_unit(w[0]) * half) + size / 4;
        const int dy = (int)((double)nd_draw_unit(w[1]) * half) + size / 4;
        c->x = clamped(px - dx, size, s->grid.width);
        c->y = clamped(py - dy, size, s->grid.height);
        if (data_may_hold(s, ND_TRAIN, (nd_rect){c->x, c->y, size, size}, true))
            return true;
    }
    return false;
}

nd_status data_resolve_corner(const nd_dataset *set, nd_work *work, const data_ask *ask,
                              data_corner *c)
{
    if (c->class < 0) return ND_OK;
    const data_scene *s = &set->scene[c->scene];
    const nd_draw draw = {set->set.seed, (uint64_t)ask->index, ask->epoch, ND_DRAW_PLACE};
    const nd_rect r = {c->x, c->y, DATA_BLOCK, DATA_BLOCK};
    int64_t label[DATA_BLOCK * DATA_BLOCK];
    ND_TRY(data_read_labels(set, s, work, r, label));
    int32_t left = c->m;
    for (int i = 0; i < DATA_BLOCK * DATA_BLOCK; i++) {
        if (label[i] != c->class || left-- > 0) continue;
        if (around(set, &draw, r.x + i % DATA_BLOCK, r.y + i / DATA_BLOCK, c))
            return ND_OK;
        break;
    }
    *c = draw_place(set, ask->epoch, ask->index);
    return ND_OK;
}

// ---- The order: pools of eight regions, shuffled inside.

typedef struct ordered {
    data_corner corner;
    int pool;
    uint64_t key;
    int64_t index;
} ordered;

static int by_pool(const void *a, const void *b)
{
    const ordered *p = a, *q = b;
    if (p->pool != q->pool) return p->pool < q->pool ? -1 : 1;
    if (p->key != q->key) return p->key < q->key ? -1 : 1;
    return p->index < q->index ? -1 : p->index > q->index;
}

static uint64_t key_of(const nd_dataset *set, uint32_t epoch, uint64_t index)
{
    const nd_draw draw = {set->set.seed, index, epoch, ND_DRAW_ORDER};
    uint32_t w[4];
    nd_draw_block(&draw, 0, w);
    return (uint64_t)w[0] << 32 | w[1];
}

static int64_t region_of(const nd_dataset *set, const data_corner *c)
{
    int64_t first = 0;
    for (int i = 0; i < c->scene; i++)
        first += (int64_t)(set->scene[i].grid.width / REGION + 1) *
                 (set->scene[i].grid.height / REGION + 1);
    return first +
           (int64_t)(c->y / REGION) * (set->scene[c->scene].grid.width / REGION + 1) +
           c->x / REGION;
}

typedef struct region {
    uint64_t key;
    int64_t number;
} region;

static int by_key(const void *a, const void *b)
{
    const region *p = a, *q = b;
    if (p->key != q->key) return p->key < q->key ? -1 : 1;
    return p->number < q->number ? -1 : p->number > q->number;
}

static bool pool_regions(const nd_dataset *set, uint32_t epoch, ordered *all,
                         int64_t count)
{
    const data_corner end = {.scene = set->scenes};
    int64_t regions = 0;
    for (int i = 0; i < end.scene; i++)
        regions += (int64_t)(set->scene[i].grid.width / REGION + 1) *
                   (set->scene[i].grid.height / REGION + 1);
    region *r = malloc(((size_t)regions + 1) * sizeof *r);
    int *pool = calloc((size_t)regions + 1, sizeof *pool);
    if (r && pool) {
        for (int64_t i = 0; i < regions; i++)
            r[i] = (region){key_of(set, epoch, (uint64_t)i | (uint64_t)1 << 46), i};
        qsort(r, (size_t)regions, sizeof *r, by_key);
        for (int64_t i = 0; i < regions; i++) pool[r[i].number] = (int)(i / POOL);
        for (int64_t i = 0; i < count; i++)
            all[i].pool = pool[region_of(set, &all[i].corner)];
    }
    const bool is_done = r && pool;
    free(r);
    free(pool);
    return is_done;
}

// Draws all chips of the epoch; `from`: the grid's chips by the number in `order`, or
// NULL.
nd_status data_draw_chips(const nd_dataset *set, uint32_t epoch, const int64_t *order,
                          data_corner *corner)
{
    const int64_t count = set->members[ND_TRAIN];
    const bool is_balanced = set->set.chips.sampling.at == SAMPLING_BALANCED;
    ordered *all = malloc((size_t)count * sizeof *all);
    if (!all)
        return nd_fail(ND_E_MEMORY,
                       "no memory for %lld chips\nask for fewer: "
                       "chips.per_epoch",
                       (long long)count);
    for (int64_t i = 0; i < count; i++)
        all[i] = (ordered){.corner = order         ? set->corner[ND_TRAIN][order[i]]
                                     : is_balanced ? draw_balanced(set, epoch, i)
                                                   : draw_place(set, epoch, i),
                           .key = key_of(set, epoch, (uint64_t)i | (uint64_t)1 << 47),
                           .index = i};
    const bool is_pooled = pool_regions(set, epoch, all, count);
    if (is_pooled) qsort(all, (size_t)count, sizeof *all, by_pool);
    for (int64_t i = 0; i < count && is_pooled; i++) corner[i] = all[i].corner;
    free(all);
    return is_pooled ? ND_OK
                     : nd_fail(ND_E_MEMORY, "no memory for the order of chips\nclose "
                                            "other programs");
}
