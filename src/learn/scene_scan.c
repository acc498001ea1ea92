// SPDX-License-Identifier: Apache-2.0
// Looks at every pixel of the scenes once: classes and moments by block of 64 x 64, valid
// labelled pixels by cell. Sides are drawn from that; statistics are those of the blocks
// that lie on the training side.
#include "learn/scene.h"
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { TILE = 512, SAMPLE = 1 << 18 };

typedef struct kept {
    int scene, block;
    float value[];
} kept;
typedef struct scanning {
    nd_dataset *set;
    int64_t *first; // task of each scene, and one more: the end
    pthread_mutex_t lock;
    uint64_t below; // pixels whose hash is less are kept for percentiles
    char *kept;
    size_t kept_bytes;
    int64_t kepts, room;
} scanning;

void data_merge(data_moments *a, const data_moments *b)
{
    if (!b->count) return;
    if (!a->count) {
        *a = *b;
        return;
    }
    // Chan, Golub and LeVeque 1979.
    const double n = (double)(a->count + b->count), d = b->mean - a->mean;
    a->square += b->square + d * d * (double)a->count * (double)b->count / n;
    a->mean += d * (double)b->count / n;
    a->count += b->count;
    a->least = fmin(a->least, b->least), a->most = fmax(a->most, b->most);
}

typedef struct window {
    data_scene *scene;
    int number; // of the scene
    nd_rect rect;
    float *value;
    int64_t *label;
} window;

// Invalid pixels lose their label: valid is what has all bands and a class.
static void find_valid(const nd_dataset *set, const window *w)
{
    const int64_t plane = (int64_t)w->rect.width * w->rect.height;
    for (int64_t i = 0; i < plane; i++) {
        bool is_valid = w->label[i] >= 0;
        for (int b = 0; b < set->bands && is_valid; b++)
            is_valid = isfinite(w->value[b * plane + i]);
        if (!is_valid) w->label[i] = ND_IGNORE;
    }
}

static void count_pixels(const nd_dataset *set, const window *w)
{
    data_scene *s = w->scene;
    for (int y = 0; y < w->rect.height; y++)
        for (int x = 0; x < w->rect.width; x++) {
            const int64_t class = w->label[(int64_t)y * w->rect.width + x];
            const int px = w->rect.x + x, py = w->rect.y + y;
            if (class < 0) continue;
            s->valid[(int64_t)(py / s->cell) * s->cells_across + px / s->cell]++;
            const int64_t block =
                (int64_t)(py / DATA_BLOCK) * s->across + px / DATA_BLOCK;
            s->count[block * set->classes + (set->value ? 0 : class)]++;
        }
}

// Two passes in double over one band of one block, its limits applied.
static void measure(const nd_dataset *set, const window *w, int b, nd_rect block)
{
    const int64_t plane = (int64_t)w->rect.width * w->rect.height;
    const float *value = w->value + b * plane;
    data_scene *s = w->scene;
    const int64_t at = (int64_t)((w->rect.y + block.y) / DATA_BLOCK) * s->across +
                       (w->rect.x + block.x) / DATA_BLOCK;
    data_moments *m = &s->part[at * data_planes(set) + b];
    *m = (data_moments){.least = (double)INFINITY, .most = (double)-INFINITY};
    for (int pass = 0; pass < 2; pass++) {
        double sum = 0;
        for (int y = block.y; y < block.y + block.height; y++)
            for (int x = block.x; x < block.x + block.width; x++) {
                const int64_t i = (int64_t)y * w->rect.width + x;
                if (w->label[i] < 0) continue;
                const double v = (double)value[i];
                if (pass)
                    m->square += (v - m->mean) * (v - m->mean);
                else
                    sum += v, m->count++;
                m->least = fmin(m->least, v), m->most = fmax(m->most, v);
            }
        if (!pass && m->count) m->mean = sum / (double)m->count;
    }
}

static uint64_t pixel_hash(int scene, int x, int y)
{
    uint64_t h = ((uint64_t)(uint32_t)scene << 40) ^ ((uint64_t)(uint32_t)y << 20) ^
                 (uint64_t)(uint32_t)x;
    h = (h + 0x9E3779B97F4A7C15u) * 0xBF58476D1CE4E5B9u;
    h = (h ^ h >> 27) * 0x94D049BB133111EBu;
    return h ^ h >> 31;
}

static nd_status keep_pixel(scanning *scan, const window *w, int64_t i)
{
    const nd_dataset *set = scan->set;
    const int64_t plane = (int64_t)w->rect.width * w->rect.height;
    if (scan->kepts == scan->room) {
        const int64_t room = scan->room ? 2 * scan->room : 4096;
        char *more = realloc(scan->kept, (size_t)room * scan->kept_bytes);
        if (!more)
            return nd_fail(ND_E_MEMORY, "no memory for statistics\nclose other programs");
        scan->kept = more, scan->room = room;
    }
    kept *k = (kept *)(void *)(scan->kept + (size_t)scan->kepts++ * scan->kept_bytes);
    const int x = w->rect.x + (int)(i % w->rect.width);
    const int y = w->rect.y + (int)(i / w->rect.width);
    k->scene = w->number;
    k->block = y / DATA_BLOCK * w->scene->across + x / DATA_BLOCK;
    for (int b = 0; b < data_planes(set); b++) k->value[b] = w->value[b * plane + i];
    return ND_OK;
}

static nd_status keep_some(scanning *scan, const window *w)
{
    nd_status status = ND_OK;
    pthread_mutex_lock(&scan->lock);
    for (int64_t i = 0; i < (int64_t)w->rect.width * w->rect.height; i++) {
        const int x = w->rect.x + (int)(i % w->rect.width);
        const int y = w->rect.y + (int)(i / w->rect.width);
        if (status != ND_OK || w->label[i] < 0) continue;
        if (pixel_hash(w->number, x, y) <= scan->below) status = keep_pixel(scan, w, i);
    }
    pthread_mutex_unlock(&scan->lock);
    return status;
}

static nd_status task(void *user, nd_work *work, int64_t number)
{
    scanning *scan = user;
    const nd_dataset *set = scan->set;
    window w = {0};
    while (scan->first[w.number + 1] <= number) w.number++;
    w.scene = &set->scene[w.number];
    const nd_grid *g = &w.scene->grid;
    const int across = (g->width - 1) / TILE + 1,
              at = (int)(number - scan->first[w.number]);
    w.rect = nd_rect_clip((nd_rect){at % across * TILE, at / across * TILE, TILE, TILE},
                          g->width, g->height);
    const size_t plane = (size_t)w.rect.width * (size_t)w.rect.height;
    const int planes = data_planes(set);
    w.value = nd_alloc_raw(work->arena, plane * (size_t)planes, sizeof *w.value);
    w.label = nd_alloc_raw(work->arena, plane, sizeof *w.label);
    if (!w.value || !w.label) return ND_E_MEMORY;
    ND_TRY(data_read_bands(set, w.scene, work, w.rect, w.value));
    ND_TRY(data_read_labels(set, w.scene, work, w.rect, w.label));
    find_valid(set, &w);
    for (size_t i = 0; set->value && i < plane; i++)
        w.value[(size_t)set->bands * plane + i] = nd_label_value(w.label[i]);
    count_pixels(set, &w);
    ND_TRY(keep_some(scan, &w));
    for (int b = 0; b < set->bands; b++)
        data_scale(&set->band[b], w.value + (size_t)b * plane, (int64_t)plane);
    for (int y = 0; y < w.rect.height; y += DATA_BLOCK)
        for (int x = 0; x < w.rect.width; x += DATA_BLOCK)
            for (int b = 0; b < planes; b++)
                measure(set, &w, b,
                        nd_rect_clip((nd_rect){x, y, DATA_BLOCK, DATA_BLOCK},
                                     w.rect.width, w.rect.height));
    return ND_OK;
}

static nd_status prepare(scanning *scan)
{
    nd_dataset *set = scan->set;
    const size_t planes = (size_t)data_planes(set), classes = (size_t)set->classes;
    double pixels = 0;
    scan->first = nd_alloc(set->arena, (size_t)set->scenes + 1, sizeof *scan->first);
    if (!scan->first) return ND_E_MEMORY;
    for (int i = 0; i < set->scenes; i++) {
        data_scene *s = &set->scene[i];
        const size_t blocks = (size_t)s->across * (size_t)s->down;
        const int64_t tiles =
            (int64_t)((s->grid.width - 1) / TILE + 1) * ((s->grid.height - 1) / TILE + 1);
        scan->first[i + 1] = scan->first[i] + tiles;
        pixels += (double)s->grid.width * s->grid.height;
        s->count = nd_alloc(set->arena, blocks * classes, sizeof *s->count);
        s->part = nd_alloc(set->arena, blocks * planes, sizeof *s->part);
        s->valid =
            nd_alloc(set->arena, (size_t)s->cells_across * (size_t)s->cells_down, 1);
        if (!s->count || !s->part || !s->valid) return ND_E_MEMORY;
    }
    scan->below = pixels <= SAMPLE ? UINT64_MAX : (uint64_t)(0x1p64 * (SAMPLE / pixels));
    scan->kept_bytes = sizeof(kept) + planes * sizeof(float);
    return ND_OK;
}

static nd_status check_empty(const nd_dataset *set)
{
    for (int i = 0; i < set->scenes; i++) {
        const data_scene *s = &set->scene[i];
        const int64_t blocks = (int64_t)s->across * s->down;
        int64_t count = 0;
        for (int64_t b = 0; b < blocks * set->classes; b++) count += s->count[b];
        if (!count)
            return nd_fail(ND_E_DATA,
                           "%s has no pixel with both a value in all bands and a label\n"
                           "leave it out of the recipe",
                           s->name);
    }
    return ND_OK;
}

nd_status data_scan_scenes(nd_dataset *set)
{
    scanning *scan = nd_alloc(set->arena, 1, sizeof *scan);
    if (!scan) return ND_E_MEMORY;
    scan->set = set;
    ND_TRY(prepare(scan));
    pthread_mutex_init(&scan->lock, NULL);
    nd_pool *pool = nd_pool_new(data_workers(set));
    const nd_job job = {.task = task,
                        .user = scan,
                        .count = scan->first[set->scenes],
                        .cache = data_cache(set)};
    nd_status status = pool ? nd_pool_run(pool, &job) : ND_E_MEMORY;
    nd_pool_free(pool);
    pthread_mutex_destroy(&scan->lock);
    set->scan = scan;
    if (status == ND_OK)
        status = nd_defer(set->arena, free, scan->kept);
    else
        free(scan->kept);
    return status == ND_OK ? check_empty(set) : status;
}

// ---- Afterwards, once sides are known.

int data_block_side(const data_scene *s, int64_t block)
{
    const int x = (int)(block % s->across) * DATA_BLOCK;
    const int y = (int)(block / s->across) * DATA_BLOCK;
    const nd_rect r = nd_rect_clip((nd_rect){x, y, DATA_BLOCK, DATA_BLOCK}, s->grid.width,
                                   s->grid.height);
    int all = -1;
    for (int cy = r.y / s->cell; cy <= (r.y + r.height - 1) / s->cell; cy++)
        for (int cx = r.x / s->cell; cx <= (r.x + r.width - 1) / s->cell; cx++) {
            const int64_t at =
                (int64_t)(cy + s->margin) * (s->cells_across + 2 * s->margin) + cx +
                s->margin;
            if (s->side[at] == SIDE_NOBODY) continue;
            if (s->side[at] == SIDE_MIXED || (all >= 0 && all != s->side[at]))
                return ND_SIDES;
            all = s->side[at];
        }
    return all < 0 ? ND_SIDES : all;
}

bool data_block_trains(const data_scene *scene, int64_t block)
{
    return data_block_side(scene, block) == ND_TRAIN;
}

static int by_value(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

static void quantiles(const nd_dataset *set, int b, float *sorted, data_band_stats *s)
{
    const scanning *scan = set->scan;
    int64_t n = 0;
    s->p2 = s->p50 = s->p98 = (double)NAN;
    for (int64_t i = 0; i < scan->kepts; i++) {
        const kept *k =
            (const kept *)(const void *)(scan->kept + (size_t)i * scan->kept_bytes);
        if (set->set.is_whole || data_block_trains(&set->scene[k->scene], k->block))
            sorted[n++] = k->value[b];
    }
    if (!n) return;
    qsort(sorted, (size_t)n, sizeof *sorted, by_value);
    s->p2 = (double)sorted[(int64_t)(0.02 * (double)(n - 1))];
    s->p50 = (double)sorted[(int64_t)(0.5 * (double)(n - 1))];
    s->p98 = (double)sorted[(int64_t)(0.98 * (double)(n - 1))];
}

nd_status data_scene_statistics(nd_dataset *set)
{
    const scanning *scan = set->scan;
    const int planes = data_planes(set);
    set->stats = nd_alloc(set->arena, (size_t)planes, sizeof *set->stats);
    float *sorted = malloc(((size_t)scan->kepts + 1) * sizeof *sorted);
    if (!set->stats || !sorted) {
        free(sorted);
        return nd_fail(ND_E_MEMORY, "no memory for statistics\nclose other programs");
    }
    for (int b = 0; b < planes; b++) {
        data_moments all = {.least = (double)INFINITY, .most = (double)-INFINITY};
        for (int i = 0; i < set->scenes; i++) {
            const data_scene *s = &set->scene[i];
            for (int64_t k = 0; k < (int64_t)s->across * s->down; k++)
                if (set->set.is_whole || data_block_trains(s, k))
                    data_merge(&all, &s->part[k * planes + b]);
        }
        data_band_stats *to = &set->stats[b];
        *to = (data_band_stats){.count = all.count,
                                .mean = all.mean,
                                .square = all.square,
                                .least = all.least,
                                .most = all.most};
        quantiles(set, b, sorted, to);
    }
    free(sorted);
    return ND_OK;
}
