// SPDX-License-Identifier: Apache-2.0
// Statistics as pictures: a pixel per cell of 512 x 512, so no answer depends on tiles.
#include <math.h>
#include <nadir/run.h>
#include <stdlib.h>
#include <string.h>

enum { CELL = 512, BINS = 1 << 16, SLICES = 64 };
enum { COUNT, MEAN, VARIANCE, MINIMUM, MAXIMUM, P2, P98, STATS };

typedef struct state {
    int band;
} state;

static nd_status plan(nd_node *self)
{
    static const char *const name[STATS] = {"count",   "mean", "variance", "minimum",
                                            "maximum", "p2",   "p98"};
    const state *s = self->state;
    const nd_band of = self->input[0]->band[s->band];
    self->band = nd_alloc(self->arena, STATS, sizeof *self->band);
    if (!self->band) return ND_E_MEMORY;
    self->bands = STATS;
    for (int b = 0; b < STATS; b++) {
        nd_grid g = of.grid;
        g.width = (g.width - 1) / CELL + 1, g.height = (g.height - 1) / CELL + 1;
        g.pixel_x *= CELL, g.pixel_y *= CELL;
        self->band[b] = (nd_band){.name = name[b], .no_data = NAN, .grid = g};
        if (b != COUNT && b != VARIANCE) self->band[b].unit = of.unit;
    }
    const int32_t band = s->band;
    self->key = nd_hash_more(self->key, &band, sizeof band);
    self->tile_width = self->tile_height = 1; // each cell is dear: kept alone
    return ND_OK;
}

static nd_rect window(const nd_node *self, int input, const nd_tile *tile, int *level)
{
    (void)self, (void)input;
    const nd_rect r = tile->rect;
    *level = 0;
    return (nd_rect){r.x * CELL, r.y * CELL, r.width * CELL, r.height * CELL};
}

// The k-th smallest of `count` values; reorders them (Hoare's selection).
static float kth(float *v, int count, int k)
{
    int low = 0, high = count - 1;
    while (low < high) {
        const float pivot = v[low + (high - low) / 2];
        int i = low, j = high;
        while (i <= j) {
            while (v[i] < pivot) i++;
            while (v[j] > pivot) j--;
            if (i > j) break;
            const float swap = v[i];
            v[i++] = v[j], v[j--] = swap;
        }
        if (k <= j)
            high = j;
        else if (k >= i)
            low = i;
        else
            break;
    }
    return v[k];
}

// Two passes over the cell: the mean first, so that the variance loses nothing.
static void of_cell(float *v, int count, float out[STATS])
{
    double sum = 0, square = 0;
    float least = INFINITY, most = -INFINITY;
    out[COUNT] = (float)count;
    for (int b = MEAN; b < STATS; b++) out[b] = NAN;
    if (!count) return;
    for (int i = 0; i < count; i++) {
        sum += (double)v[i];
        if (v[i] < least) least = v[i];
        if (v[i] > most) most = v[i];
    }
    const double mean = sum / count;
    for (int i = 0; i < count; i++)
        square += ((double)v[i] - mean) * ((double)v[i] - mean);
    out[MEAN] = (float)mean;
    out[VARIANCE] = (float)(square / count);
    out[MINIMUM] = least;
    out[MAXIMUM] = most;
    out[P2] = kth(v, count, (int)(0.02 * (count - 1)));
    out[P98] = kth(v, count, (int)(0.98 * (count - 1)));
}

static int valid_of(const nd_tile *in, float *v)
{
    int count = 0;
    for (int y = 0; y < in->rect.height; y++) {
        const float *row = nd_at(in, 0, in->rect.x, in->rect.y + y);
        for (int x = 0; x < in->rect.width; x++)
            if (isfinite(row[x])) v[count++] = row[x];
    }
    return count;
}

static nd_status read_cell(const nd_node *of, int band, nd_work *work, nd_rect cell,
                           nd_tile *in)
{
    const nd_grid g = of->band[band].grid;
    cell = nd_rect_clip(cell, g.width, g.height);
    return nd_read(of, work, ND_BANDS(band), 0, cell, in);
}

static nd_status compute(const nd_node *self, nd_work *work, nd_tile *tile)
{
    const state *s = self->state;
    const nd_rect r = tile->rect;
    float *v = nd_alloc_raw(work->arena, (size_t)CELL * CELL, sizeof *v);
    if (!v) return ND_E_MEMORY;
    for (int y = r.y; y < r.y + r.height; y++)
        for (int x = r.x; x < r.x + r.width; x++) {
            const nd_mark mark = nd_arena_mark(work->arena);
            nd_tile in;
            float out[STATS];
            ND_TRY(read_cell(self->input[0], s->band, work,
                             (nd_rect){x * CELL, y * CELL, CELL, CELL}, &in));
            of_cell(v, valid_of(&in, v), out);
            for (int k = 0; k < tile->bands.count; k++)
                *nd_at(tile, k, x, y) = out[tile->bands.band[k]];
            nd_arena_back(work->arena, mark);
        }
    return ND_OK;
}

static const nd_op op_statistics = {
    .name = "statistics",
    .brief = "Count, mean, variance and percentiles of cells of 512 x 512 pixels",
    .min_inputs = 1,
    .max_inputs = 1,
    .levels = ND_FULL,
    .decodes = true,
    .plan = plan,
    .compute = compute,
    .window = window,
};

nd_node *nd_stats_node(nd_arena *arena, nd_node *of, int band)
{
    static const nd_table none;
    state *s = nd_alloc(arena, 1, sizeof *s);
    if (!s) return NULL;
    s->band = band;
    const nd_settings set = {&none, s, 0};
    nd_node *node = nd_node_new(arena, &(nd_make){.op = &op_statistics,
                                                  .input = &of,
                                                  .inputs = 1,
                                                  .settings = &set,
                                                  .place = of->place});
    if (node) node->keeps = true;
    return node;
}

// ---- The whole picture: cells reduced in their own order, whoever made them.

typedef struct cell {
    double count, mean, square, least, most;
} cell;
typedef struct whole {
    const nd_node *of;
    int band, across;
    cell *cell;
    double low, per_bin;  // of the histogram
    uint32_t *histogram;  // one per task of the second pass
    int64_t rows, slices; // of cells; groups of rows with a histogram each
} whole;

static nd_status sum_cell(void *user, nd_work *work, int64_t number)
{
    whole *w = user;
    nd_tile in;
    cell *c = &w->cell[number];
    const nd_rect rect = {(int)(number % w->across) * CELL,
                          (int)(number / w->across) * CELL, CELL, CELL};
    ND_TRY(read_cell(w->of, w->band, work, rect, &in));
    float *v = nd_alloc_raw(work->arena, (size_t)CELL * CELL, sizeof *v);
    if (!v) return ND_E_MEMORY;
    const int count = valid_of(&in, v);
    double sum = 0;
    *c = (cell){count, 0, 0, (double)INFINITY, -(double)INFINITY};
    for (int i = 0; i < count; i++) {
        const double x = (double)v[i];
        sum += x;
        c->least = x < c->least ? x : c->least;
        c->most = x > c->most ? x : c->most;
    }
    c->mean = count ? sum / count : 0;
    for (int i = 0; i < count; i++)
        c->square += ((double)v[i] - c->mean) * ((double)v[i] - c->mean);
    return ND_OK;
}

// Chan, Golub, LeVeque 1983: means and squares of two parts become those of both.
static void add_cell(cell *all, const cell *c)
{
    if (c->count == 0) return;
    const double n = all->count + c->count, d = c->mean - all->mean;
    all->square += c->square + d * d * all->count * c->count / n;
    all->mean += d * c->count / n;
    all->count = n;
    all->least = c->least < all->least ? c->least : all->least;
    all->most = c->most > all->most ? c->most : all->most;
}

static nd_status fill_bins(void *user, nd_work *work, int64_t number)
{
    whole *w = user;
    uint32_t *bin = w->histogram + number * BINS;
    float *v = nd_alloc_raw(work->arena, (size_t)CELL * CELL, sizeof *v);
    if (!v) return ND_E_MEMORY;
    const int64_t first = number * w->rows / w->slices * w->across;
    const int64_t end = (number + 1) * w->rows / w->slices * w->across;
    for (int64_t i = first; i < end; i++) {
        const nd_mark mark = nd_arena_mark(work->arena);
        const nd_rect rect = {(int)(i % w->across) * CELL, (int)(i / w->across) * CELL,
                              CELL, CELL};
        nd_tile in;
        ND_TRY(read_cell(w->of, w->band, work, rect, &in));
        const int count = valid_of(&in, v);
        for (int j = 0; j < count; j++) {
            const double at = ((double)v[j] - w->low) * w->per_bin;
            bin[at >= BINS - 1 ? BINS - 1 : at > 0 ? (int)at : 0]++;
        }
        nd_arena_back(work->arena, mark);
    }
    return ND_OK;
}

static double percentile(const whole *w, double share, double count)
{
    double sum = 0;
    const double rank = share * (count - 1);
    for (int b = 0; b < BINS; b++) {
        for (int64_t s = 0; s < w->slices; s++) sum += w->histogram[s * BINS + b];
        if (sum > rank) return w->low + (b + 0.5) / w->per_bin;
    }
    return w->low + BINS / w->per_bin;
}

static nd_job job_of(const nd_run *run, nd_status (*task)(void *, nd_work *, int64_t),
                     void *user, int64_t count)
{
    return (nd_job){.task = task,
                    .user = user,
                    .count = count,
                    .cancel = run->cancel,
                    .cache = run->cache};
}

static nd_status exact(nd_arena *arena, const nd_node *node, int band, const nd_run *run,
                       nd_stats *stats)
{
    const nd_grid g = node->band[band].grid;
    whole w = {.of = node, .band = band, .across = (g.width - 1) / CELL + 1};
    w.rows = (g.height - 1) / CELL + 1;
    w.slices = w.rows < SLICES ? w.rows : SLICES;
    const int64_t cells = w.across * w.rows;
    w.cell = nd_alloc(arena, (size_t)cells, sizeof *w.cell);
    w.histogram = nd_alloc(arena, (size_t)w.slices * BINS, sizeof *w.histogram);
    if (!w.cell || !w.histogram) return ND_E_MEMORY;
    nd_job job = job_of(run, sum_cell, &w, cells);
    ND_TRY(nd_pool_run(run->pool, &job));
    cell all = {.least = (double)INFINITY, .most = -(double)INFINITY};
    for (int64_t i = 0; i < cells; i++) add_cell(&all, &w.cell[i]);
    *stats = (nd_stats){.mean = NAN,
                        .variance = NAN,
                        .minimum = NAN,
                        .maximum = NAN,
                        .p2 = NAN,
                        .p98 = NAN};
    if (all.count == 0) return ND_OK;
    w.low = all.least;
    w.per_bin = all.most > all.least ? BINS / (all.most - all.least) : 1;
    job = job_of(run, fill_bins, &w, w.slices);
    ND_TRY(nd_pool_run(run->pool, &job));
    *stats = (nd_stats){
        (int64_t)all.count, all.mean, all.square / all.count, all.least, all.most, 0, 0};
    const bool is_flat = all.most <= all.least;
    stats->p2 = is_flat ? all.least : percentile(&w, 0.02, all.count);
    stats->p98 = is_flat ? all.least : percentile(&w, 0.98, all.count);
    return ND_OK;
}

// A preview's numbers: the whole level at once, for a stretch on screen.
static nd_status rough(nd_arena *arena, const nd_node *node, int band, const nd_run *run,
                       nd_stats *stats)
{
    const nd_grid g = nd_grid_at(node->band[band].grid, run->level);
    nd_work work = {.arena = arena, .cancel = run->cancel, .cache = run->cache};
    nd_tile in;
    float out[STATS];
    ND_TRY(nd_read(node, &work, ND_BANDS(band), run->level,
                   (nd_rect){0, 0, g.width, g.height}, &in));
    float *v = nd_alloc_raw(arena, (size_t)g.width * (size_t)g.height, sizeof *v);
    if (!v) return ND_E_MEMORY;
    const int count = valid_of(&in, v);
    of_cell(v, count, out);
    *stats = (nd_stats){count,
                        (double)out[MEAN],
                        (double)out[VARIANCE],
                        (double)out[MINIMUM],
                        (double)out[MAXIMUM],
                        (double)out[P2],
                        (double)out[P98]};
    return ND_OK;
}

nd_status nd_stats_read(const nd_node *node, int band, const nd_run *run, nd_stats *stats)
{
    nd_arena *arena = nd_arena_new();
    if (!arena) return ND_E_MEMORY;
    const nd_status status = run->level > 0 ? rough(arena, node, band, run, stats)
                                            : exact(arena, node, band, run, stats);
    nd_arena_free(arena);
    return status;
}
