// SPDX-License-Identifier: Apache-2.0
// Objects of a mask found one by one, and outlines met within two pixels.
#include <math.h>
#include <nadir/metrics.h>
#include <stdlib.h>

// Which object each pixel belongs to, from 1; 0: none.
typedef struct objects {
    int32_t *at;
    int64_t *size; // of object i at i
    int32_t count;
} objects;

typedef struct frame {
    int height, width;
} frame;

// All pixels that hang together with `first`, corners included, get the number `as`.
static int64_t flood(const bool *mask, frame f, int32_t *at, int64_t *stack,
                     int64_t first, int32_t as)
{
    int64_t size = 0, top = 0;
    stack[top++] = first;
    at[first] = as;
    while (top > 0) {
        const int64_t i = stack[--top];
        const int y = (int)(i / f.width), x = (int)(i % f.width);
        size++;
        for (int n = 0; n < 9; n++) {
            const int v = y + n / 3 - 1, u = x + n % 3 - 1;
            if (v < 0 || u < 0 || v >= f.height || u >= f.width) continue;
            const int64_t j = (int64_t)v * f.width + u;
            if (!mask[j] || at[j]) continue;
            at[j] = as;
            stack[top++] = j;
        }
    }
    return size;
}

static nd_status objects_find(nd_arena *arena, const bool *mask, frame f, objects *found)
{
    const size_t pixels = (size_t)f.height * (size_t)f.width;
    found->at = nd_alloc(arena, pixels, sizeof *found->at);
    found->size = nd_alloc(arena, pixels + 1, sizeof *found->size);
    int64_t *stack = nd_alloc(arena, pixels, sizeof *stack);
    if (!found->at || !found->size || !stack) return ND_E_MEMORY;
    for (size_t i = 0; i < pixels; i++) {
        if (!mask[i] || found->at[i]) continue;
        const int32_t as = ++found->count;
        found->size[as] = flood(mask, f, found->at, stack, (int64_t)i, as);
    }
    return ND_OK;
}

// A reference object and a predicted one that share pixels.
typedef struct overlap {
    int32_t truth, prediction;
    int64_t shared;
    double iou;
} overlap;

static int by_pair(const void *a, const void *b)
{
    const overlap *x = a, *y = b;
    if (x->truth != y->truth) return (x->truth > y->truth) - (x->truth < y->truth);
    return (x->prediction > y->prediction) - (x->prediction < y->prediction);
}

static int by_iou(const void *a, const void *b)
{
    const overlap *x = a, *y = b;
    if (x->iou != y->iou) return (x->iou < y->iou) - (x->iou > y->iou);
    return by_pair(a, b);
}

// One row for each pair that meets, with its IoU; gives how many.
static size_t overlaps_of(const objects *t, const objects *p, size_t pixels, overlap *row)
{
    size_t n = 0, rows = 0;
    for (size_t i = 0; i < pixels; i++)
        if (t->at[i] && p->at[i]) row[n++] = (overlap){t->at[i], p->at[i], 1, 0};
    qsort(row, n, sizeof *row, by_pair);
    for (size_t i = 0; i < n; i++) {
        if (rows > 0 && by_pair(&row[rows - 1], &row[i]) == 0)
            row[rows - 1].shared++;
        else
            row[rows++] = row[i];
    }
    for (size_t i = 0; i < rows; i++)
        row[i].iou =
            (double)row[i].shared /
            (double)(t->size[row[i].truth] + p->size[row[i].prediction] - row[i].shared);
    qsort(row, rows, sizeof *row, by_iou);
    return rows;
}

static int size_class(int64_t size)
{
    return size < 10 ? 0 : size < 100 ? 1 : size < 1000 ? 2 : 3;
}

static void count_in(double *sizes, int64_t size)
{
    sizes[size_class(size)] += 1;
    sizes[ND_SIZES - 1] += 1;
}

// What of a class there is; a prediction where the reference says nothing is left out.
static bool *mask_of(nd_arena *arena, const nd_masks *m, const int64_t *values,
                     int64_t of)
{
    const size_t pixels = (size_t)m->height * (size_t)m->width;
    bool *mask = nd_alloc(arena, pixels, sizeof *mask);
    for (size_t i = 0; mask && i < pixels; i++)
        mask[i] = values[i] == of && m->truth[i] >= 0;
    return mask;
}

static nd_status match(nd_arena *arena, const objects *t, const objects *p, size_t pixels,
                       nd_things *things)
{
    overlap *row = nd_alloc(arena, pixels, sizeof *row);
    bool *taken_t = nd_alloc(arena, (size_t)t->count + 1, sizeof *taken_t);
    bool *taken_p = nd_alloc(arena, (size_t)p->count + 1, sizeof *taken_p);
    if (!row || !taken_t || !taken_p) return ND_E_MEMORY;
    const size_t rows = overlaps_of(t, p, pixels, row);
    for (size_t i = 0; i < rows && row[i].iou >= 0.5; i++) {
        if (taken_t[row[i].truth] || taken_p[row[i].prediction]) continue;
        taken_t[row[i].truth] = taken_p[row[i].prediction] = true;
        count_in(things->found, t->size[row[i].truth]);
        count_in(things->right, p->size[row[i].prediction]);
    }
    for (int32_t i = 1; i <= t->count; i++) count_in(things->truth, t->size[i]);
    for (int32_t i = 1; i <= p->count; i++) count_in(things->predicted, p->size[i]);
    return ND_OK;
}

nd_status nd_things_add(nd_arena *arena, const nd_masks *masks, int64_t of,
                        nd_things *things)
{
    const frame f = {masks->height, masks->width};
    const bool *truth = mask_of(arena, masks, masks->truth, of);
    const bool *prediction = mask_of(arena, masks, masks->prediction, of);
    if (!truth || !prediction) return ND_E_MEMORY;
    objects t = {0}, p = {0};
    ND_TRY(objects_find(arena, truth, f, &t));
    ND_TRY(objects_find(arena, prediction, f, &p));
    return match(arena, &t, &p, (size_t)f.height * (size_t)f.width, things);
}

// A pixel of the mask beside one that is not; the picture's rim is no border.
static bool is_border(const bool *mask, frame f, int y, int x)
{
    const int64_t i = (int64_t)y * f.width + x;
    if (!mask[i]) return false;
    return (x > 0 && !mask[i - 1]) || (x + 1 < f.width && !mask[i + 1]) ||
           (y > 0 && !mask[i - f.width]) || (y + 1 < f.height && !mask[i + f.width]);
}

static bool border_near(const bool *mask, frame f, int y, int x)
{
    for (int v = y - 2; v <= y + 2; v++)
        for (int u = x - 2; u <= x + 2; u++) {
            const bool is_far = (v - y) * (v - y) + (u - x) * (u - x) > 4;
            if (is_far || v < 0 || u < 0 || v >= f.height || u >= f.width) continue;
            if (is_border(mask, f, v, u)) return true;
        }
    return false;
}

nd_status nd_outline_add(nd_arena *arena, const nd_masks *masks, int64_t of,
                         nd_outline *outline)
{
    const frame f = {masks->height, masks->width};
    const bool *truth = mask_of(arena, masks, masks->truth, of);
    const bool *prediction = mask_of(arena, masks, masks->prediction, of);
    if (!truth || !prediction) return ND_E_MEMORY;
    for (int y = 0; y < f.height; y++)
        for (int x = 0; x < f.width; x++) {
            if (is_border(truth, f, y, x)) {
                outline->truth += 1;
                outline->found += border_near(prediction, f, y, x);
            }
            if (is_border(prediction, f, y, x)) {
                outline->predicted += 1;
                outline->right += border_near(truth, f, y, x);
            }
        }
    return ND_OK;
}

double nd_f1(double found, double truth, double right, double predicted)
{
    if (truth + predicted <= 0) return (double)NAN;
    const double recall = truth > 0 ? found / truth : 0;
    const double precision = predicted > 0 ? right / predicted : 0;
    return recall + precision > 0 ? 2 * recall * precision / (recall + precision) : 0;
}
