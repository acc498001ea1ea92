// SPDX-License-Identifier: Apache-2.0
// Overviews from tiles as they come: each finished tile leaves its half-size copy in the
// tile above; what waits beyond a bound waits on disk, so memory stays flat.
#include "io/tiff.h"
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static const int64_t bound = (int64_t)48 << 20; // bytes of tiles that wait in memory

typedef struct slot {
    float *data;       // all bands of the whole tile; NULL: none yet, or on disk
    uint64_t spilt[4]; // where a quadrant lies on disk, + 1; 0: not there
    int arrived;
} slot;
struct tiff_pyramid {
    pthread_mutex_t lock;
    slot *slot[32]; // of level 1, 2, …
    int64_t waiting;
    int disk; // -1: not needed so far
    uint64_t disk_end;
    nd_kind *kind; // a band each
    float *idle[64];
    int idles;
};

static void pyramid_free(void *object)
{
    const tiff *t = object;
    tiff_pyramid *p = t->pyramid;
    if (!p) return;
    for (int level = 1; level < t->levels; level++)
        for (int i = 0; i < t->level[level].across * t->level[level].down; i++)
            free(p->slot[level][i].data);
    while (p->idles) free(p->idle[--p->idles]);
    pthread_mutex_destroy(&p->lock);
}

tiff_pyramid *tiff_pyramid_new(tiff *t)
{
    nd_arena *arena = t->job->arena;
    tiff_pyramid *p = nd_alloc(arena, 1, sizeof *p);
    if (!p) return NULL;
    p->disk = -1;
    p->kind = nd_alloc(arena, (size_t)t->layer.bands.count, sizeof *p->kind);
    if (!p->kind) return NULL;
    for (int k = 0; k < t->layer.bands.count; k++)
        p->kind[k] = t->job->node->band[t->layer.bands.band[k]].kind;
    for (int level = 1; level < t->levels; level++) {
        const tiff_level *l = &t->level[level];
        p->slot[level] =
            nd_alloc(arena, (size_t)l->across * (size_t)l->down, sizeof(slot));
        if (!p->slot[level]) return NULL;
    }
    pthread_mutex_init(&p->lock, NULL);
    t->pyramid = p; // for pyramid_free
    return nd_defer(arena, pyramid_free, t) == ND_OK ? p : NULL;
}

static size_t plane_of(const tiff *t)
{
    return (size_t)t->tile * (size_t)t->tile;
}

static int expected(const tiff_level *below, int column, int row)
{
    return (2 * column + 1 < below->across ? 2 : 1) * (2 * row + 1 < below->down ? 2 : 1);
}

// Under the lock.
static float *buffer_new(const tiff *t)
{
    tiff_pyramid *p = t->pyramid;
    const size_t bytes = plane_of(t) * (size_t)t->layer.bands.count * sizeof(float);
    p->waiting += (int64_t)bytes;
    if (p->idles) return p->idle[--p->idles];
    float *data = malloc(bytes);
    if (!data)
        (void)nd_fail(ND_E_MEMORY, "no memory for %zu bytes\nclose other programs",
                      bytes);
    return data;
}

static void buffer_free(const tiff *t, float *data)
{
    tiff_pyramid *p = t->pyramid;
    p->waiting -= (int64_t)(plane_of(t) * (size_t)t->layer.bands.count * sizeof *data);
    if (p->idles < 4)
        p->idle[p->idles++] = data;
    else
        free(data);
}

// The quadrant's floats, band after band, side T/2.
static nd_status spill(tiff *t, slot *s, int quadrant, const float *quarter)
{
    tiff_pyramid *p = t->pyramid;
    const size_t bytes = plane_of(t) / 4 * (size_t)t->layer.bands.count * sizeof *quarter;
    if (p->disk < 0) p->disk = io_out_scratch(t->job->out, t->job->arena);
    if (p->disk < 0) return ND_E_IO;
    ND_TRY(io_put(p->disk, quarter, bytes, p->disk_end));
    s->spilt[quadrant] = p->disk_end + 1;
    p->disk_end += bytes;
    return ND_OK;
}

static void place(const tiff *t, float *data, int quadrant, const float *quarter)
{
    const size_t half = (size_t)t->tile / 2;
    data +=
        (size_t)(quadrant / 2) * half * (size_t)t->tile + (size_t)(quadrant % 2) * half;
    for (int k = 0; k < t->layer.bands.count; k++, data += plane_of(t))
        for (size_t y = 0; y < half; y++, quarter += half)
            memcpy(data + y * (size_t)t->tile, quarter, half * sizeof *data);
}

// Under the lock: takes the quadrant in; the last one brings home those on disk.
static nd_status take(tiff *t, nd_work *work, slot *s, int quadrant, const float *quarter,
                      bool is_last)
{
    tiff_pyramid *p = t->pyramid;
    s->arrived++;
    if (!s->data && !is_last && p->waiting >= bound)
        return spill(t, s, quadrant, quarter);
    if (!s->data && !(s->data = buffer_new(t))) return ND_E_MEMORY;
    place(t, s->data, quadrant, quarter);
    if (!is_last) return ND_OK;
    const size_t count = plane_of(t) / 4 * (size_t)t->layer.bands.count;
    for (int q = 0; q < 4; q++) {
        if (!s->spilt[q]) continue;
        float *home = nd_alloc_raw(work->arena, count, sizeof *home);
        if (!home) return ND_E_MEMORY;
        ND_TRY(io_get(p->disk, home, count * sizeof *home, s->spilt[q] - 1));
        place(t, s->data, q, home);
    }
    return ND_OK;
}

nd_status tiff_pyramid_put(tiff *t, nd_work *work, int level, const nd_tile *tile)
{
    if (level + 1 >= t->levels) return ND_OK;
    tiff_pyramid *p = t->pyramid;
    const tiff_level *up = &t->level[level + 1];
    const int column = tile->rect.x / t->tile, row = tile->rect.y / t->tile,
              quadrant = row % 2 * 2 + column % 2, bands = t->layer.bands.count;
    const size_t half = (size_t)t->tile / 2;
    float *quarter =
        nd_alloc_raw(work->arena, half * half * (size_t)bands, sizeof *quarter);
    if (!quarter) return ND_E_MEMORY;
    nd_tile small = *tile;
    small.rect = (nd_rect){tile->rect.x / 2, tile->rect.y / 2, (tile->rect.width + 1) / 2,
                           (tile->rect.height + 1) / 2};
    small.level++, small.data = quarter;
    small.stride = (ptrdiff_t)half, small.plane = (ptrdiff_t)(half * half);
    ND_TRY(nd_reduce(work->arena, tile, p->kind, &small));
    slot *s = &p->slot[level + 1][row / 2 * up->across + column / 2];
    pthread_mutex_lock(&p->lock);
    const bool is_last =
        s->arrived + 1 == expected(&t->level[level], column / 2, row / 2);
    const nd_status status = take(t, work, s, quadrant, quarter, is_last);
    pthread_mutex_unlock(&p->lock);
    if (status != ND_OK || !is_last) return status;
    nd_tile above = small;
    above.rect =
        nd_rect_clip((nd_rect){column / 2 * t->tile, row / 2 * t->tile, t->tile, t->tile},
                     up->width, up->height);
    above.stride = t->tile, above.plane = (ptrdiff_t)plane_of(t), above.data = s->data;
    ND_TRY(tiff_put_tile(t, work, level + 1, &above)); // s->data stays ours on failure
    pthread_mutex_lock(&p->lock);
    buffer_free(t, s->data);
    s->data = NULL;
    pthread_mutex_unlock(&p->lock);
    return ND_OK;
}
