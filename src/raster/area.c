// SPDX-License-Identifier: Apache-2.0
// What lies under a larger pixel, in one number: mean, median, extremes, flags.
#include "raster/tiles.h"
#include "raster/warp.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    STRIP = 1 << 17,  // samples of the source held at once: they stay in the second cache
    LARGEST = 2 << 20 // under one pixel
};

// Source pixels under one target column or row: from first to last, and what part of
// those two counts. All between count whole.
typedef struct span {
    int first, last;
    double begin, end;
} span;
typedef struct gather {
    const nd_area *area;
    double x, y; // of target pixel 0, 0, on the level
    nd_kind kind;
    span *column; // of each column of the tile
    float *value; // room for what lies under one pixel
    // Pixels lie whole under the target's, `across` x `down` of them: sums by column.
    bool is_even;
    int across, down;
    double *sum;
    int32_t *valid;
} gather;

static span span_at(double origin, double size, int at)
{
    const double a = nd_whole(origin + size * at), b = nd_whole(origin + size * (at + 1));
    span s = {.first = (int)floor(a), .last = (int)ceil(b) - 1};
    if (s.last < s.first) s.last = s.first;
    s.begin = s.first == s.last ? b - a : s.first + 1 - a;
    s.end = s.first == s.last ? b - a : b - s.last;
    return s;
}

static double weight(const span *s, int at)
{
    return at == s->first ? s->begin : at == s->last ? s->end : 1;
}

// One row of what lies under a pixel: sum of values (or powers) and of weights. Ends may
// count in part; the loop between them has no branches.
static void add_row(const float *row, const span *x, bool is_power, double *sum,
                    double *all)
{
    const int last = x->last - x->first;
    double s = 0, w = 0;
    for (int i = 0; i <= last; i++) {
        const double v = (double)row[i];
        const double is_valid = v == v, part = i == 0 ? x->begin : i == last ? x->end : 1;
        const double known = v == v ? v : 0;
        s += part * (is_power ? known * known : known), w += part * is_valid;
    }
    *sum = s, *all = w;
}

static float mean(const gather *g, const nd_tile *in, int k, const span *x, const span *y)
{
    const bool is_power = g->kind == ND_AMPLITUDE;
    double sum = 0, all = 0;
    for (int j = y->first; j <= y->last; j++) {
        double s, w;
        const double part = weight(y, j);
        add_row(nd_at(in, k, x->first, j), x, is_power, &s, &w);
        sum += part * s, all += part * w;
    }
    if (all <= 0) return NAN;
    return (float)(is_power ? sqrt(sum / all) : sum / all);
}

// As SNAP: each sum is cut to a whole number, and so is the mean.
static float whole_mean(const nd_tile *in, int k, const span *x, const span *y)
{
    double sum = 0, all = 0;
    for (int j = y->first; j <= y->last; j++)
        for (int i = x->first; i <= x->last; i++) {
            const double v = (double)*nd_at(in, k, i, j), w = weight(x, i) * weight(y, j);
            if (isnan(v)) continue;
            sum = trunc(sum + w * v), all += w;
        }
    return all > 0 ? (float)trunc(sum / all) : NAN;
}

static int by_value(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

static float flags_of(const float *value, int count, nd_gather how)
{
    uint32_t all = 0xffffffff, any = 0, most = 0;
    for (int i = 0; i < count; i++) all &= (uint32_t)value[i], any |= (uint32_t)value[i];
    for (int bit = 0; bit < 24; bit++) {
        int has = 0;
        for (int i = 0; i < count; i++) has += ((uint32_t)value[i] >> bit & 1) != 0;
        if (how == ND_MOST_FLAGS ? 2 * has > count : 2 * has >= count)
            most |= (uint32_t)1 << bit;
    }
    return (float)(how == ND_EACH_FLAG ? all : how == ND_ANY_FLAG ? any : most);
}

static float one_of(const gather *g, float *value, int count)
{
    const nd_gather how = g->area->how;
    if (how >= ND_EACH_FLAG) return flags_of(value, count, how);
    if (how == ND_MEDIAN) {
        qsort(value, (size_t)count, sizeof *value, by_value);
        const float two = (value[(count - 1) / 2] + value[count / 2]) / 2;
        return g->area->is_whole ? truncf(two) : two;
    }
    float best = value[0];
    for (int i = 1; i < count; i++)
        if (how == ND_LEAST ? value[i] < best : value[i] > best) best = value[i];
    return best;
}

static float under(const gather *g, const nd_tile *in, int k, const span *x,
                   const span *y)
{
    int count = 0;
    if (g->area->how == ND_FIRST) return *nd_at(in, k, x->first, y->first);
    if (g->area->how == ND_AREA_MEAN && g->area->is_whole) return whole_mean(in, k, x, y);
    if (g->area->how == ND_AREA_MEAN) return mean(g, in, k, x, y);
    for (int j = y->first; j <= y->last; j++) {
        const float *row = nd_at(in, k, x->first, j);
        for (int i = x->first; i <= x->last; i++)
            if (!isnan(row[i - x->first])) g->value[count++] = row[i - x->first];
    }
    return count ? one_of(g, g->value, count) : NAN;
}

// One row of means where all pixels count whole: down the columns first, then across.
static void even_row(const gather *g, const nd_tile *in, int k, int top, int count,
                     float *out)
{
    const raster_tile_kernels *kernel = raster_tile_kernel();
    const bool is_power = g->kind == ND_AMPLITUDE;
    const int width = count * g->across;
    const float *first = nd_at(in, k, in->rect.x, top);
    if (g->across == 2 && g->down == 2) {
        kernel->halve(first, first + in->stride, count, is_power, out);
        return;
    }
    memset(g->sum, 0, (size_t)width * sizeof *g->sum);
    memset(g->valid, 0, (size_t)width * sizeof *g->valid);
    for (int j = 0; j < g->down; j++)
        kernel->add(first + j * in->stride, width, is_power, g->sum, g->valid);
    for (int i = 0; i < count; i++) {
        double sum = 0;
        int valid = 0;
        for (int c = i * g->across; c < (i + 1) * g->across; c++)
            sum += g->sum[c], valid += g->valid[c];
        const double mean = sum / (valid ? valid : 1);
        out[i] = valid ? (float)(is_power ? sqrt(mean) : mean) : NAN;
    }
}

// Rows of the tile from `y` on, as many as their source fits; says how many.
static nd_status strip(gather *g, nd_work *work, nd_bands from, nd_tile *tile, int y,
                       int rows)
{
    const nd_rect r = tile->rect;
    const span top = span_at(g->y, g->area->down, y),
               bottom = span_at(g->y, g->area->down, y + rows - 1);
    const int x0 = g->column[0].first, x1 = g->column[r.width - 1].last;
    nd_tile in;
    ND_TRY(nd_read(g->area->source, work, from, tile->level,
                   (nd_rect){x0, top.first, x1 - x0 + 1, bottom.last - top.first + 1},
                   &in));
    for (int k = 0; k < g->area->bands; k++) {
        g->kind = g->area->source->band[from.band[k]].kind;
        for (int row = y; row < y + rows; row++) {
            const span down = span_at(g->y, g->area->down, row);
            float *out = nd_at(tile, g->area->band[k].plane, r.x, row);
            if (g->is_even) even_row(g, &in, k, down.first, r.width, out);
            for (int i = 0; i < r.width && !g->is_even; i++)
                out[i] = under(g, &in, k, &g->column[i], &down);
        }
    }
    return ND_OK;
}

// Grids in step: the corners meet, and a pixel is a whole number of the source's.
static nd_status find_even(gather *g, nd_arena *scratch, int width)
{
    const nd_area *a = g->area;
    const double x = nd_whole(g->x), y = nd_whole(g->y);
    g->is_even = a->how == ND_AREA_MEAN && !a->is_whole && x == round(x) &&
                 y == round(y) && a->across == round(a->across) &&
                 a->down == round(a->down) && a->across >= 1 && a->down >= 1;
    if (!g->is_even) return ND_OK;
    g->across = (int)a->across, g->down = (int)a->down;
    const size_t columns = (size_t)width * (size_t)g->across;
    g->sum = nd_alloc_raw(scratch, columns, sizeof *g->sum);
    g->valid = nd_alloc_raw(scratch, columns, sizeof *g->valid);
    return g->sum && g->valid ? ND_OK : ND_E_MEMORY;
}

nd_status nd_area_fill(const nd_area *a, nd_work *work, nd_tile *tile)
{
    const nd_rect r = tile->rect;
    const double side = (double)((int64_t)1 << tile->level);
    const nd_mark mark = nd_arena_mark(work->arena);
    gather g = {.area = a, .x = a->x / side, .y = a->y / side};
    const double block = (ceil(a->across) + 1) * (ceil(a->down) + 1);
    if (!(block < LARGEST))
        return nd_fail(ND_E_UNSUPPORTED,
                       "%.0f pixels would become one\n"
                       "choose a pixel that is less large",
                       block);
    int *from = nd_alloc(work->arena, (size_t)a->bands, sizeof *from);
    g.column = nd_alloc(work->arena, (size_t)r.width, sizeof *g.column);
    g.value = nd_alloc(work->arena, (size_t)block, sizeof *g.value);
    if (!from || !g.column || !g.value) return ND_E_MEMORY;
    ND_TRY(find_even(&g, work->arena, r.width));
    for (int k = 0; k < a->bands; k++) from[k] = a->band[k].band;
    for (int i = 0; i < r.width; i++) g.column[i] = span_at(g.x, a->across, r.x + i);
    const double samples =
        (ceil(r.width * a->across) + 1) * (ceil(a->down) + 1) * a->bands;
    const int most = (int)fmax(1, STRIP / samples);
    for (int y = r.y; y < r.y + r.height; y += most) {
        const nd_mark strip_mark = nd_arena_mark(work->arena);
        const int left = r.y + r.height - y;
        ND_TRY(nd_work_go_on(work));
        ND_TRY(strip(&g, work, (nd_bands){from, a->bands}, tile, y,
                     left < most ? left : most));
        nd_arena_back(work->arena, strip_mark);
    }
    nd_arena_back(work->arena, mark);
    return ND_OK;
}
