// SPDX-License-Identifier: Apache-2.0
// Tiles of a warped picture: the window they need, read once, sampled row by row.
#include "raster/warp.h"
#include <math.h>

enum { LARGEST = 6 << 20, EDGE = 4 }; // samples of one window; pixels around the source
// and what a kernel reaches further than a linear one

ND_KERNEL_TABLES(warp_kernels, warp_kernels);

typedef struct fill {
    const nd_warp *warp;
    const warp_kernels *kernels;
    nd_work *work;
    nd_tile *tile;
    nd_bands bands; // of the source
    int level;      // of the source
} fill;

// How much further than a linear one it reaches.
static int reach(nd_kernel kernel)
{
    static const int further[ND_KERNELS] = {0, 0, 1, 2, 5, 10};
    return further[kernel];
}

static int margin_of(const nd_warp *w)
{
    int margin = 0;
    for (int k = 0; k < w->bands; k++)
        if (reach(w->band[k].kernel) > margin) margin = reach(w->band[k].kernel);
    return margin;
}

static int bounded(double x, int low, int high)
{
    return !(x > low) ? low : x > high ? high : (int)floor(x);
}

// Samples around positions in `range` (pixels of level 0), at a level; empty: none.
static nd_rect window_of(const nd_mapping *m, const double range[4], int level,
                         int margin)
{
    if (!(range[0] <= range[2])) return (nd_rect){0};
    const nd_grid g =
        nd_grid_at((nd_grid){.width = m->width, .height = m->height}, level);
    const double side = (double)((int64_t)1 << level);
    // One more all around: positions are floats of their own when pixels are sampled.
    const int edge = EDGE + margin,
              x0 = bounded(range[0] / side - 1.5 - margin, -edge, g.width + edge),
              y0 = bounded(range[1] / side - 1.5 - margin, -edge, g.height + edge),
              x1 = bounded(range[2] / side + 2.5 + margin, -edge, g.width + edge),
              y1 = bounded(range[3] / side + 2.5 + margin, -edge, g.height + edge);
    // All lies off the source; else there is room for the kernel on all sides.
    if (x1 < margin || y1 < margin || x0 > g.width - margin || y0 > g.height - margin)
        return (nd_rect){0};
    return (nd_rect){x0, y0, x1 - x0 + 1, y1 - y0 + 1};
}

static int clamped(int x, int low, int high)
{
    return x < low ? low : x > high ? high : x;
}

static void blank(const fill *f, nd_rect r)
{
    for (int k = 0; k < f->warp->bands; k++)
        for (int y = r.y; y < r.y + r.height; y++) {
            float *out = nd_at(f->tile, f->warp->band[k].plane, r.x, y);
            for (int x = 0; x < r.width; x++) out[x] = NAN;
        }
}

// Positions count from here: below all of the cell, the same however the cell is cut.
static void base_of(const warp_cell *c, double scale, int *x, int *y)
{
    double u = c->u[0], v = c->v[0];
    for (int i = 1; i < 4; i++) u = fmin(u, c->u[i]), v = fmin(v, c->v[i]);
    *x = (int)floor(fmax(u * scale, -1e9)) - 2,
    *y = (int)floor(fmax(v * scale, -1e9)) - 2;
}

static void straight_row(const fill *f, const warp_cell *c, const nd_tile *in, int row,
                         warp_spots *spots)
{
    const double scale = 1.0 / (double)((int64_t)1 << f->level);
    const double t = (row - c->y + 0.5) / c->size;
    const double u0 = c->u[0] + t * (c->u[2] - c->u[0]),
                 u1 = c->u[1] + t * (c->u[3] - c->u[1]),
                 v0 = c->v[0] + t * (c->v[2] - c->v[0]),
                 v1 = c->v[1] + t * (c->v[3] - c->v[1]);
    int x, y;
    base_of(c, scale, &x, &y);
    const int low = margin_of(f->warp);
    const warp_line line = {
        .u = (float)(u0 * scale - 0.5 - x),
        .v = (float)(v0 * scale - 0.5 - y),
        .step_u = (float)((u1 - u0) * scale / c->size),
        .step_v = (float)((v1 - v0) * scale / c->size),
        .first = (float)(c->part.x - c->x) + 0.5f,
        .low_u = (float)(in->rect.x + low - x),
        .low_v = (float)(in->rect.y + low - y),
        .high_u = (float)(in->rect.x + in->rect.width - 2 - low - x),
        .high_v = (float)(in->rect.y + in->rect.height - 2 - low - y),
        .base_x = x - in->rect.x,
        .base_y = y - in->rect.y,
        .stride = (int)in->stride,
    };
    f->kernels->spots(&line, c->part.width, spots);
}

// Each position as it was asked; nowhere is a corner of the window, off the source.
static void exact_row(const fill *f, const warp_cell *c, const nd_tile *in, int row,
                      warp_spots *spots)
{
    const double scale = 1.0 / (double)((int64_t)1 << f->level);
    const int low = margin_of(f->warp);
    const ptrdiff_t at = (ptrdiff_t)(row - c->part.y) * c->part.width;
    for (int i = 0; i < c->part.width; i++) {
        const double u = c->each[0][at + i] * scale - 0.5,
                     v = c->each[1][at + i] * scale - 0.5;
        const int x = bounded(u, in->rect.x + low, in->rect.x + in->rect.width - 2 - low),
                  y = bounded(v, in->rect.y + low,
                              in->rect.y + in->rect.height - 2 - low);
        spots->offset[i] = (y - in->rect.y) * (int)in->stride + x - in->rect.x;
        spots->right[i] = (float)fmin(fmax(u - x, 0), 1);
        spots->down[i] = (float)fmin(fmax(v - y, 0), 1);
    }
}

// A source's outermost pixels go on beyond its edges.
static void extend(const nd_mapping *m, nd_tile *in)
{
    const nd_rect r = in->rect;
    const nd_rect own = nd_rect_clip(r, m->width, m->height);
    if (!own.width || !own.height) return;
    for (int k = 0; k < in->bands.count; k++)
        for (int y = r.y; y < r.y + r.height; y++) {
            const int from = clamped(y, own.y, own.y + own.height - 1);
            for (int x = r.x; x < r.x + r.width; x++) {
                const int beside = clamped(x, own.x, own.x + own.width - 1);
                if (x != beside || y != from)
                    *nd_at(in, k, x, y) = *nd_at(in, k, beside, from);
            }
        }
}

// Positions are exact to some 1/1000 of a pixel when they are sampled.
static bool leaves(const nd_mapping *m, const warp_cell *c)
{
    return !(c->range[0] >= 1 && c->range[1] >= 1 && c->range[2] <= m->width - 1 &&
             c->range[3] <= m->height - 1);
}

// Whose centre does not lie on the source has no data, whatever goes on beyond it.
static void blank_outside(const nd_warp *w, const nd_tile *in, const warp_spots *spots,
                          const warp_cell *c, float *out)
{
    for (int i = 0; i < c->part.width; i++) {
        const int at = spots->offset[i], stride = (int)in->stride;
        const int x = in->rect.x + at % stride + (spots->right[i] >= WARP_HALF),
                  y = in->rect.y + at / stride + (spots->down[i] >= WARP_HALF);
        if (x < 0 || y < 0 || x >= w->mapping->width || y >= w->mapping->height)
            out[i] = NAN;
    }
}

static void sample_row(const fill *f, const warp_cell *c, const nd_tile *in, int y,
                       const warp_spots *spots)
{
    const nd_warp *w = f->warp;
    const nd_rect p = c->part;
    const double *u = c->each[0] ? c->each[0] + (ptrdiff_t)(y - p.y) * p.width : NULL;
    warp_sample *const *by = w->as_snap ? f->kernels->as_snap : f->kernels->sample;
    for (int k = 0; k < w->bands; k++) {
        float *out = nd_at(f->tile, w->band[k].plane, p.x, y);
        by[w->band[k].kernel](in->data + k * in->plane, (int)in->stride, spots, p.width,
                              out);
        if (w->as_snap && leaves(w->mapping, c)) blank_outside(w, in, spots, c, out);
        for (int i = 0; u && i < p.width; i++)
            if (isnan(u[i])) out[i] = NAN;
    }
}

static void sample(const fill *f, const warp_cell *c, const nd_tile *in)
{
    warp_spots spots;
    for (int y = c->part.y; y < c->part.y + c->part.height; y++) {
        if (c->each[0]) exact_row(f, c, in, y, &spots);
        if (!c->each[0]) straight_row(f, c, in, y, &spots);
        sample_row(f, c, in, y, &spots);
    }
}

static nd_status read_and_sample(const fill *f, nd_rect window, const warp_cell *first)
{
    nd_tile in;
    ND_TRY(nd_read(f->warp->source, f->work, f->bands, f->level, window, &in));
    if (f->warp->as_snap) extend(f->warp->mapping, &in);
    for (const warp_cell *c = first; c; c = c->next) sample(f, c, &in);
    return ND_OK;
}

static nd_status part(const fill *f, nd_rect rect);

static nd_status halves(const fill *f, nd_rect r)
{
    nd_rect a = r, b = r;
    if (r.width > r.height)
        a.width /= 2, b.x += a.width, b.width -= a.width;
    else
        a.height /= 2, b.y += a.height, b.height -= a.height;
    ND_TRY(part(f, a));
    return part(f, b);
}

static int64_t covered(const warp_cell *c)
{
    int64_t pixels = 0;
    for (; c; c = c->next) pixels += (int64_t)c->part.width * c->part.height;
    return pixels;
}

// A window too large to hold, as where the map is torn, is read in parts.
static nd_status part(const fill *f, nd_rect rect)
{
    nd_arena *scratch = f->work->arena;
    const nd_mark mark = nd_arena_mark(scratch);
    warp_cell *first;
    double range[4] = {(double)INFINITY, (double)INFINITY, -(double)INFINITY,
                       -(double)INFINITY};
    ND_TRY(nd_work_go_on(f->work));
    ND_TRY(warp_cells(f->warp->mapping, scratch, f->tile->level, rect, &first));
    for (const warp_cell *c = first; c; c = c->next) {
        range[0] = fmin(range[0], c->range[0]), range[1] = fmin(range[1], c->range[1]);
        range[2] = fmax(range[2], c->range[2]), range[3] = fmax(range[3], c->range[3]);
    }
    const nd_rect window =
        window_of(f->warp->mapping, range, f->level, margin_of(f->warp));
    const int64_t samples = (int64_t)window.width * window.height * f->bands.count;
    const bool is_large = samples > LARGEST && rect.width + rect.height > 2;
    if (!samples || covered(first) < (int64_t)rect.width * rect.height) blank(f, rect);
    if (is_large) {
        nd_arena_back(scratch, mark);
        return halves(f, rect);
    }
    if (samples) ND_TRY(read_and_sample(f, window, first));
    nd_arena_back(scratch, mark);
    return ND_OK;
}

// Pixels of the source's level 0 under one of `level`, in the middle of `r`.
static double scale_at(const nd_mapping *m, nd_rect r, int level)
{
    const double side = (double)((int64_t)1 << level);
    double x[3], y[3];
    for (int i = 0; i < 3; i++)
        x[i] = (r.x + r.width / 2.0 + (i == 1)) * side,
        y[i] = (r.y + r.height / 2.0 + (i == 2)) * side;
    if (m->exact(m->self, 3, x, y) != ND_OK) {
        (void)nd_error_take(); // nothing known here: the level itself will do
        return side;
    }
    const double area = (x[1] - x[0]) * (y[2] - y[0]) - (x[2] - x[0]) * (y[1] - y[0]);
    return area != 0 && isfinite(area) ? sqrt(fabs(area)) : side;
}

// So that a linear sample covers about what the pixel does: 1.2 to 2.4 times as fine.
static int level_for(const nd_mapping *m, nd_rect r, int level)
{
    if (!level) return 0;
    const double want = floor(log2(scale_at(m, r, level)) - 0.25);
    int most = 0;
    while (most < 30 && (m->width >> most > 1 || m->height >> most > 1)) most++;
    return want < 0 ? 0 : want > most ? most : (int)want;
}

static nd_rect block_at(int x, int y)
{
    return (nd_rect){x / WARP_ROOT * WARP_ROOT, y / WARP_ROOT * WARP_ROOT, WARP_ROOT,
                     WARP_ROOT};
}

static nd_rect shared(nd_rect a, nd_rect b)
{
    nd_rect r = nd_rect_clip((nd_rect){a.x - b.x, a.y - b.y, a.width, a.height}, b.width,
                             b.height);
    r.x += b.x, r.y += b.y;
    return r;
}

// Levels are chosen by blocks anchored to the target: however it is cut, the same.
static nd_status blocks(fill *f)
{
    const nd_rect r = f->tile->rect;
    for (int y = block_at(0, r.y).y; y < r.y + r.height; y += WARP_ROOT)
        for (int x = block_at(r.x, 0).x; x < r.x + r.width; x += WARP_ROOT) {
            const nd_rect block = block_at(x, y);
            f->level = level_for(f->warp->mapping, block, f->tile->level);
            ND_TRY(part(f, shared(r, block)));
        }
    return ND_OK;
}

nd_status nd_warp_fill(const nd_warp *warp, nd_work *work, nd_tile *tile)
{
    nd_arena *scratch = work->arena;
    const nd_mark mark = nd_arena_mark(scratch);
    int *from = nd_alloc(scratch, (size_t)warp->bands, sizeof *from);
    nd_warp_band *band = nd_alloc(scratch, (size_t)warp->bands, sizeof *band);
    if (!from || !band) return ND_E_MEMORY;
    for (int k = 0; k < warp->bands; k++) {
        from[k] = warp->band[k].band, band[k] = warp->band[k];
        const bool is_whole = nd_band_is_whole(&warp->source->band[from[k]]);
        if (is_whole) band[k].kernel = ND_NEAREST;
        if (tile->level && !is_whole) band[k].kernel = ND_BILINEAR;
    }
    const nd_warp own = {warp->source, warp->mapping, band, warp->bands,
                         warp->as_snap && !tile->level};
    fill f = {&own, warp_kernels_at[nd_cpu()], work, tile, {from, warp->bands}, 0};
    const nd_status status = tile->level ? blocks(&f) : part(&f, tile->rect);
    nd_arena_back(scratch, mark);
    return status;
}

nd_rect nd_warp_window(const nd_mapping *m, nd_kernel kernel, const nd_tile *tile,
                       int *level)
{
    enum { NET = 9 };
    double x[NET * NET], y[NET * NET];
    double range[4] = {(double)INFINITY, (double)INFINITY, -(double)INFINITY,
                       -(double)INFINITY};
    const double side = (double)((int64_t)1 << tile->level);
    const nd_rect r = tile->rect;
    *level = level_for(m, block_at(r.x, r.y), tile->level);
    for (int i = 0; i < NET * NET; i++) {
        const int column = i % NET, row = i / NET;
        x[i] = (r.x + r.width * column / (NET - 1.0)) * side;
        y[i] = (r.y + r.height * row / (NET - 1.0)) * side;
    }
    if (m->exact(m->self, (size_t)NET * NET, x, y) != ND_OK) {
        (void)nd_error_take(); // a guess of the schedule; the read itself will say it
        return (nd_rect){0, 0, 1, 1};
    }
    for (int i = 0; i < NET * NET; i++) {
        if (isnan(x[i])) continue;
        range[0] = fmin(range[0], x[i]), range[1] = fmin(range[1], y[i]);
        range[2] = fmax(range[2], x[i]), range[3] = fmax(range[3], y[i]);
    }
    return window_of(m, range, *level, reach(kernel));
}
