// SPDX-License-Identifier: Apache-2.0
// A whole number of pixels out of each: separable, row by row.
#include "raster/warp.h"
#include <math.h>
#include <string.h>

ND_KERNEL_TABLES(warp_kernels, warp_kernels);

typedef struct fine {
    const nd_refine *ask;
    const warp_kernels *kernels;
    nd_rect pixels; // of the source under the tile, without the margin
    float *room, *row;
} fine;

static int floor_div(int a, int b)
{
    return a >= 0 ? a / b : -((b - 1 - a) / b);
}

// Sample p of n of a pixel: which of it and its left neighbour, and how far to the right.
static void step_of(int p, int n, double at, int *from, float *right)
{
    const double u = (p + at) / n - 0.5;
    *from = u >= 0;
    *right = (float)(u >= 0 ? u : u + 1);
}

static int floor_of(int x, int n, int *rest)
{
    const int at = floor_div(x, n);
    *rest = x - at * n;
    return at;
}

static void nearest_row(const fine *f, const nd_tile *in, int k, int y)
{
    const nd_refine *a = f->ask;
    const float *from = nd_at(in, k, f->pixels.x, floor_div(y - a->y, a->down));
    float *to = f->row;
    for (int i = 0; i < f->pixels.width; i++)
        for (int p = 0; p < a->across; p++) *to++ = from[i];
}

// Missing samples give their weight away, if the nearest is not missing.
static void mend(const fine *f, const warp_steps *s)
{
    for (int i = 0; i < f->pixels.width * s->n; i++) {
        if (f->row[i] == f->row[i]) continue;
        const int p = i % s->n, at = i / s->n + s->from[p];
        const float x = s->right[p], y = s->down;
        const float v[4] = {s->above[at], s->above[at + 1], s->below[at],
                            s->below[at + 1]};
        const float w[4] = {(1 - x) * (1 - y), x * (1 - y), (1 - x) * y, x * y};
        float sum = 0, weight = 0;
        for (int j = 0; j < 4; j++)
            if (v[j] == v[j]) sum += w[j] * v[j], weight += w[j];
        const int nearest = (x >= 0.5f) + (y >= 0.5f ? 2 : 0);
        f->row[i] = isnan(v[nearest]) ? NAN : sum / weight;
    }
}

static void linear_row(const fine *f, const nd_tile *in, int k, int y, warp_steps *s)
{
    int rest, from;
    const int at = floor_of(y - f->ask->y, f->ask->down, &rest);
    step_of(rest, f->ask->down, f->ask->at, &from, &s->down);
    s->above = nd_at(in, k, f->pixels.x - 1, at - 1 + from);
    s->below = s->above + in->stride;
    if (f->kernels->refine(s, f->pixels.width, f->room, f->row)) mend(f, s);
}

nd_status nd_refine_fill(const nd_refine *ask, nd_work *work, nd_tile *tile)
{
    const nd_rect r = tile->rect;
    const nd_mark mark = nd_arena_mark(work->arena);
    const int x0 = floor_div(r.x - ask->x, ask->across),
              x1 = floor_div(r.x + r.width - 1 - ask->x, ask->across),
              y0 = floor_div(r.y - ask->y, ask->down),
              y1 = floor_div(r.y + r.height - 1 - ask->y, ask->down);
    fine f = {.ask = ask,
              .kernels = warp_kernels_at[nd_cpu()],
              .pixels = {x0, y0, x1 - x0 + 1, y1 - y0 + 1}};
    int *from = nd_alloc(work->arena, (size_t)ask->bands, sizeof *from);
    f.room = nd_alloc_raw(work->arena, (size_t)f.pixels.width + 2, sizeof *f.room);
    f.row = nd_alloc_raw(work->arena, (size_t)f.pixels.width * (size_t)ask->across,
                         sizeof *f.row);
    if (!from || !f.room || !f.row) return ND_E_MEMORY;
    for (int k = 0; k < ask->bands; k++) from[k] = ask->band[k].band;
    nd_tile in;
    ND_TRY(nd_read(ask->source, work, (nd_bands){from, ask->bands}, 0,
                   (nd_rect){x0 - 1, y0 - 1, f.pixels.width + 2, f.pixels.height + 2},
                   &in));
    // Whole source pixels under the tile: rows go right into it.
    const bool is_whole =
        r.x - ask->x == x0 * ask->across && r.width == f.pixels.width * ask->across;
    warp_steps steps = {.n = ask->across};
    for (int p = 0; p < ask->across; p++)
        step_of(p, ask->across, ask->at, &steps.from[p], &steps.right[p]);
    for (int k = 0; k < ask->bands; k++)
        for (int y = r.y; y < r.y + r.height; y++) {
            float *out = nd_at(tile, ask->band[k].plane, r.x, y);
            if (is_whole) f.row = out;
            if (ask->band[k].kernel == ND_NEAREST) nearest_row(&f, &in, k, y);
            if (ask->band[k].kernel != ND_NEAREST) linear_row(&f, &in, k, y, &steps);
            if (is_whole) continue;
            memcpy(out, f.row + (r.x - ask->x - x0 * ask->across),
                   (size_t)r.width * sizeof *out);
        }
    nd_arena_back(work->arena, mark);
    return ND_OK;
}
