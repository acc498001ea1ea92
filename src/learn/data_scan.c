// SPDX-License-Identifier: Apache-2.0
// Looks at every picture once before training: damage, sizes, copies, statistics of the
// training side. The answers are the same on any number of threads.
#include "learn/scene.h"
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { AT_ONCE = 32, SAMPLE = 1 << 18 };

// All that the tasks add to, under the lock; sums of whole numbers, in any order.
typedef struct scanning {
    nd_dataset *set;
    pthread_mutex_t lock;
    int64_t *histogram; // by band, of 256 values: pictures of bytes
    data_moments *part; // by picture and band: all others
    uint64_t below;     // pixels whose hash is less are kept for percentiles
    float *kept;        // band after band of each
    int64_t kepts, room;
} scanning;

// ---- One picture.

static nd_status check_shape(const nd_dataset *set, const data_item *item,
                             const data_hand *hand)
{
    if (hand->width == set->width && hand->height == set->height &&
        hand->bands == set->bands)
        return ND_OK;
    if (hand->bands != set->bands)
        return nd_fail(ND_E_DATA,
                       "%s in %s has %d bands, others have %d\n"
                       "bring all pictures to the same bands",
                       item->name, set->source, hand->bands, set->bands);
    return nd_fail(ND_E_DATA,
                   "%s in %s is %d x %d pixels, others are %d x %d\n"
                   "set data.fit: resize or crop, or bring all pictures to one size",
                   item->name, set->source, hand->width, hand->height, set->width,
                   set->height);
}

static nd_hash hash_pixels(const data_hand *hand)
{
    const size_t count = (size_t)hand->width * (size_t)hand->height * (size_t)hand->bands;
    return hand->is_bytes
               ? nd_hash_more((nd_hash){1, 0}, hand->byte, count)
               : nd_hash_more((nd_hash){2, 0}, hand->value, count * sizeof *hand->value);
}

static void count_bytes(const scanning *scan, const data_hand *hand, int64_t *histogram)
{
    const int bands = scan->set->bands;
    const int64_t count = (int64_t)hand->width * hand->height * bands;
    for (int64_t i = 0; i < count;)
        for (int b = 0; b < bands; b++, i++) histogram[256 * b + hand->byte[i]]++;
}

// A pixel is valid when all of its bands are.
static bool is_valid(const data_hand *hand, int64_t pixel, int64_t plane)
{
    for (int b = 0; b < hand->bands; b++)
        if (!isfinite(hand->value[b * plane + pixel])) return false;
    return true;
}

static uint64_t pixel_hash(const nd_dataset *set, const data_item *item, uint64_t pixel)
{
    uint64_t x = (item->order.a ^ set->set.seed) + pixel * 0x9E3779B97F4A7C15u;
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9u;
    x = (x ^ x >> 27) * 0x94D049BB133111EBu;
    return x ^ x >> 31;
}

static nd_status keep_pixel(scanning *scan, const data_hand *hand, int64_t pixel,
                            int64_t plane)
{
    const int bands = hand->bands;
    if (scan->kepts == scan->room) {
        const int64_t room = scan->room ? 2 * scan->room : 4096;
        float *more = realloc(scan->kept, (size_t)(room * bands) * sizeof *more);
        if (!more)
            return nd_fail(ND_E_MEMORY, "no memory for statistics\nclose other programs");
        scan->kept = more, scan->room = room;
    }
    for (int b = 0; b < bands; b++)
        scan->kept[scan->kepts * bands + b] = hand->value[b * plane + pixel];
    scan->kepts++;
    return ND_OK;
}

// Two passes in double over one picture, its bands' limits applied.
static void measure(const nd_dataset *set, const data_hand *hand, int b,
                    const uint8_t *valid, data_moments *m)
{
    const int64_t plane = (int64_t)hand->width * hand->height;
    const float *value = hand->value + b * plane;
    double sum = 0;
    *m = (data_moments){.least = INFINITY, .most = -INFINITY};
    for (int64_t i = 0; i < plane; i++) {
        float x = value[i];
        if (!valid[i]) continue;
        data_scale(&set->band[b], &x, 1);
        sum += (double)x, m->count++;
        m->least = fmin(m->least, (double)x), m->most = fmax(m->most, (double)x);
    }
    if (!m->count) return;
    m->mean = sum / (double)m->count;
    for (int64_t i = 0; i < plane; i++) {
        float x = value[i];
        if (!valid[i]) continue;
        data_scale(&set->band[b], &x, 1);
        m->square += ((double)x - m->mean) * ((double)x - m->mean);
    }
}

static nd_status count_values(scanning *scan, data_hand *hand, int64_t i)
{
    nd_dataset *set = scan->set;
    const int64_t plane = (int64_t)hand->width * hand->height;
    nd_status status = ND_OK;
    if (hand->is_bytes) ND_TRY(data_values(hand));
    ND_TRY(nd_room(&hand->extra, &hand->extra_room, (size_t)plane));
    for (int64_t k = 0; k < plane * hand->bands; k++)
        hand->value[k] = data_unit(set, hand->value[k]);
    for (int64_t p = 0; p < plane; p++) hand->extra[p] = is_valid(hand, p, plane);
    for (int b = 0; b < set->bands; b++)
        measure(set, hand, b, hand->extra, &scan->part[i * set->bands + b]);
    pthread_mutex_lock(&scan->lock);
    for (int64_t p = 0; p < plane && status == ND_OK; p++)
        if (hand->extra[p] && pixel_hash(set, &set->item[i], (uint64_t)p) <= scan->below)
            status = keep_pixel(scan, hand, p, plane);
    pthread_mutex_unlock(&scan->lock);
    return status;
}

static nd_status scan_one(scanning *scan, nd_work *work, data_hand *hand, int64_t i,
                          int64_t *histogram)
{
    nd_dataset *set = scan->set;
    data_item *item = &set->item[i];
    nd_status status = data_decode(set, work, item, hand);
    if (status == ND_OK) status = check_shape(set, item, hand);
    if (status == ND_E_MEMORY || status == ND_E_CANCELLED) return status;
    if (status != ND_OK) {
        const nd_error error = nd_error_take();
        if (set->set.bad.at == 1) return nd_error_give(&error);
        item->is_bad = true;
        pthread_mutex_lock(&scan->lock);
        item->why = nd_text(set->arena, "%s: %s", item->name, error.what);
        pthread_mutex_unlock(&scan->lock);
        return item->why ? ND_OK : ND_E_MEMORY;
    }
    item->pixels = hash_pixels(hand);
    if (item->side != ND_TRAIN && !set->set.is_whole) return ND_OK;
    if (!set->is_byte) return count_values(scan, hand, i);
    count_bytes(scan, hand, histogram);
    return ND_OK;
}

static nd_status task(void *user, nd_work *work, int64_t number)
{
    scanning *scan = user;
    const nd_dataset *set = scan->set;
    const int64_t first = number * AT_ONCE, last = first + AT_ONCE;
    const size_t bins = (size_t)set->bands * 256;
    int64_t *histogram = nd_alloc(work->arena, bins, sizeof *histogram);
    data_hand *hand = histogram ? data_borrow(set) : NULL;
    if (!hand) return ND_E_MEMORY;
    nd_status status = ND_OK;
    for (int64_t i = first; i < last && i < set->items && status == ND_OK; i++)
        status = scan_one(scan, work, hand, i, histogram);
    data_return(set, hand);
    pthread_mutex_lock(&scan->lock);
    for (size_t k = 0; k < bins; k++) scan->histogram[k] += histogram[k];
    pthread_mutex_unlock(&scan->lock);
    return status;
}

// ---- All of them.

static float byte_unit(const nd_dataset *set, int b, int byte, bool is_limited)
{
    float x = data_unit(set, (float)byte);
    if (is_limited) data_scale(&set->band[b], &x, 1);
    return x;
}

static double byte_quantile(const nd_dataset *set, int b, const int64_t *bin,
                            int64_t count, double share)
{
    const double rank = share * (double)(count - 1);
    int64_t below = 0;
    for (int v = 0; v < 256; v++)
        if ((double)(below += bin[v]) > rank) return (double)byte_unit(set, b, v, false);
    return NAN;
}

static void of_bytes(const scanning *scan, int b, data_band_stats *s)
{
    const nd_dataset *set = scan->set;
    const int64_t *bin = scan->histogram + 256 * (ptrdiff_t)b;
    double sum = 0;
    *s = (data_band_stats){.least = INFINITY, .most = -INFINITY};
    for (int v = 0; v < 256; v++) {
        const double x = (double)byte_unit(set, b, v, true);
        s->count += bin[v], sum += x * (double)bin[v];
        if (bin[v]) s->least = fmin(s->least, x), s->most = fmax(s->most, x);
    }
    if (!s->count) return;
    s->mean = sum / (double)s->count;
    for (int v = 0; v < 256; v++) {
        const double d = (double)byte_unit(set, b, v, true) - s->mean;
        s->square += d * d * (double)bin[v];
    }
    s->p2 = byte_quantile(set, b, bin, s->count, 0.02);
    s->p50 = byte_quantile(set, b, bin, s->count, 0.5);
    s->p98 = byte_quantile(set, b, bin, s->count, 0.98);
}

static int by_value(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

static void of_values(const scanning *scan, int b, float *sorted, data_band_stats *s)
{
    const nd_dataset *set = scan->set;
    data_moments all = {.least = INFINITY, .most = -INFINITY};
    for (int64_t i = 0; i < set->items; i++)
        data_merge(&all, &scan->part[i * set->bands + b]);
    *s = (data_band_stats){.count = all.count,
                           .mean = all.mean,
                           .square = all.square,
                           .least = all.least,
                           .most = all.most,
                           .p2 = NAN,
                           .p50 = NAN,
                           .p98 = NAN};
    const int64_t n = scan->kepts;
    if (!n) return;
    for (int64_t i = 0; i < n; i++) sorted[i] = scan->kept[i * set->bands + b];
    qsort(sorted, (size_t)n, sizeof *sorted, by_value);
    s->p2 = (double)sorted[(int64_t)(0.02 * (double)(n - 1))];
    s->p50 = (double)sorted[(int64_t)(0.5 * (double)(n - 1))];
    s->p98 = (double)sorted[(int64_t)(0.98 * (double)(n - 1))];
}

static nd_status conclude(scanning *scan)
{
    nd_dataset *set = scan->set;
    set->stats = nd_alloc(set->arena, (size_t)set->bands, sizeof *set->stats);
    float *sorted = malloc((size_t)(scan->kepts + 1) * sizeof *sorted);
    if (!set->stats || !sorted) {
        free(sorted);
        return nd_fail(ND_E_MEMORY, "no memory for statistics\nclose other programs");
    }
    for (int b = 0; b < set->bands; b++) {
        if (set->is_byte)
            of_bytes(scan, b, &set->stats[b]);
        else
            of_values(scan, b, sorted, &set->stats[b]);
    }
    free(sorted);
    return ND_OK;
}

static nd_status run(scanning *scan)
{
    const nd_dataset *set = scan->set;
    const nd_job job = {
        .task = task, .user = scan, .count = (set->items + AT_ONCE - 1) / AT_ONCE};
    nd_pool *pool = nd_pool_new(data_workers(set));
    if (!pool) return ND_E_MEMORY;
    const nd_status status = nd_pool_run(pool, &job);
    nd_pool_free(pool);
    return status;
}

// The whole number of training pixels foretells which hash to stay below.
static uint64_t threshold(const nd_dataset *set)
{
    double pixels = 0;
    for (int64_t i = 0; i < set->items; i++)
        if (set->item[i].side == ND_TRAIN || set->set.is_whole)
            pixels += (double)set->width * set->height;
    return pixels <= SAMPLE ? UINT64_MAX : (uint64_t)(0x1p64 * (SAMPLE / pixels));
}

nd_status data_scan_values(nd_dataset *set)
{
    scanning scan = {.set = set, .below = threshold(set)};
    const size_t parts = set->is_byte ? 1 : (size_t)set->items * (size_t)set->bands;
    scan.histogram = nd_alloc(set->arena, (size_t)set->bands * 256, sizeof(int64_t));
    scan.part = nd_alloc(set->arena, parts, sizeof *scan.part);
    if (!scan.histogram || !scan.part) return ND_E_MEMORY;
    pthread_mutex_init(&scan.lock, NULL);
    nd_status status = run(&scan);
    if (status == ND_OK) status = conclude(&scan);
    pthread_mutex_destroy(&scan.lock);
    free(scan.kept);
    return status;
}

static bool all_jpeg(const nd_dataset *set)
{
    for (int64_t i = 0; i < set->items; i++)
        if (!nd_text_ends(set->item[i].name, ".jpg") &&
            !nd_text_ends(set->item[i].name, ".jpeg"))
            return false;
    return true;
}

// The first picture that can be read says what all must be.
nd_status data_scan_sizes(nd_dataset *set)
{
    nd_work work = {.arena = set->arena};
    data_hand *hand = data_borrow(set);
    if (!hand) return ND_E_MEMORY;
    nd_status status = ND_E_DATA;
    int64_t tried = 0;
    for (int64_t i = 0; i < set->items && i < 1000 && status != ND_OK; i++) {
        status = data_decode(set, &work, &set->item[i], hand);
        if (status == ND_E_MEMORY || set->set.bad.at == 1) break;
        tried = i + 1;
    }
    if (tried && status != ND_OK && status != ND_E_MEMORY) {
        const nd_error error = nd_error_take();
        status = nd_fail(ND_E_DATA,
                         "none of %lld pictures in %s can be read; the last: %s\n"
                         "replace them, or name other pictures",
                         (long long)tried, set->source, error.what);
    }
    if (status == ND_OK) {
        (void)nd_error_take();
        const int side = set->set.fit.at ? set->set.side : 0;
        set->bands = hand->bands;
        set->width = side ? side : hand->width, set->height = side ? side : hand->height;
        set->is_byte = all_jpeg(set);
    }
    data_return(set, hand);
    return status;
}

// ---- Copies: the same pixels under two names, told where they lie on two sides.

static int by_pixels(const void *a, const void *b)
{
    const data_item *p = *(data_item *const *)a, *q = *(data_item *const *)b;
    if (p->pixels.a != q->pixels.a) return p->pixels.a < q->pixels.a ? -1 : 1;
    if (p->pixels.b != q->pixels.b) return p->pixels.b < q->pixels.b ? -1 : 1;
    return strcmp(p->name, q->name);
}

nd_status data_find_copies(nd_dataset *set)
{
    data_item **item = nd_alloc(set->arena, (size_t)set->items, sizeof(data_item *));
    set->copy = nd_alloc(set->arena, (size_t)set->items, sizeof *set->copy);
    if (!item || !set->copy) return ND_E_MEMORY;
    int64_t count = 0;
    for (int64_t i = 0; i < set->items; i++)
        if (!set->item[i].is_bad) item[count++] = &set->item[i];
    qsort(item, (size_t)count, sizeof *item, by_pixels);
    for (int64_t i = 1; i < count; i++) {
        const data_item *a = item[i - 1], *b = item[i];
        if (a->pixels.a != b->pixels.a || a->pixels.b != b->pixels.b) continue;
        const char *line = nd_text(set->arena, "%s (%s) = %s (%s)", a->name,
                                   nd_side_name(a->side), b->name, nd_side_name(b->side));
        if (!line) return ND_E_MEMORY;
        set->copy[set->copies++] = line;
        set->copies_across += a->side != b->side;
    }
    return ND_OK;
}
