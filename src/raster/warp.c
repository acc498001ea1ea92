// SPDX-License-Identifier: Apache-2.0
// The lattice: squares of pixels in which the way to the source is straight enough.
#include "raster/warp.h"
#include <math.h>

// Source pixels along a straight cell: a float still tells a 256th of one.
enum { WIDEST = 1 << 15 };

typedef struct walk {
    const nd_mapping *mapping;
    nd_arena *scratch;
    double side, tolerance; // pixels of level 0 in one of this level; of the source
    nd_rect rect;
    warp_cell **last;
} walk;

static nd_rect common(const walk *w, int x, int y, int size)
{
    const nd_rect r = {w->rect.x - x, w->rect.y - y, w->rect.width, w->rect.height};
    nd_rect part = nd_rect_clip(r, size, size);
    part.x += x, part.y += y;
    return part;
}

static nd_status ask(const walk *w, size_t count, double *x, double *y)
{
    for (size_t i = 0; i < count; i++) x[i] *= w->side, y[i] *= w->side;
    return w->mapping->exact(w->mapping->self, count, x, y);
}

static void widen(double range[4], double u, double v)
{
    if (isnan(u)) return;
    range[0] = fmin(range[0], u), range[1] = fmin(range[1], v);
    range[2] = fmax(range[2], u), range[3] = fmax(range[3], v);
}

static double between(const double c[4], double s, double t)
{
    const double left = c[0] + t * (c[2] - c[0]), right = c[1] + t * (c[3] - c[1]);
    return left + s * (right - left);
}

// Linear pieces are widest at their corners.
static void range_of(warp_cell *c)
{
    for (int i = 0; i < 4; i++) {
        const int x = c->part.x + (i & 1 ? c->part.width - 1 : 0),
                  y = c->part.y + (i & 2 ? c->part.height - 1 : 0);
        const double s = (x - c->x + 0.5) / c->size, t = (y - c->y + 0.5) / c->size;
        widen(c->range, between(c->u, s, t), between(c->v, s, t));
    }
}

static nd_status ask_each(const walk *w, warp_cell *c)
{
    const nd_rect p = c->part;
    const size_t count = (size_t)p.width * (size_t)p.height;
    for (int i = 0; i < 2; i++) {
        c->each[i] = nd_alloc_raw(w->scratch, count, sizeof *c->each[i]);
        if (!c->each[i]) return ND_E_MEMORY;
    }
    for (size_t i = 0; i < count; i++) {
        c->each[0][i] = p.x + (int)(i % (size_t)p.width) + 0.5;
        c->each[1][i] = p.y + (int)(i / (size_t)p.width) + 0.5;
    }
    ND_TRY(ask(w, count, c->each[0], c->each[1]));
    for (size_t i = 0; i < count; i++) widen(c->range, c->each[0][i], c->each[1][i]);
    return ND_OK;
}

static nd_status leaf(walk *w, warp_cell cell, bool is_straight)
{
    const double none = (double)INFINITY;
    warp_cell *c = nd_alloc(w->scratch, 1, sizeof *c);
    if (!c) return ND_E_MEMORY;
    *c = cell;
    c->range[0] = c->range[1] = none, c->range[2] = c->range[3] = -none;
    if (is_straight) range_of(c);
    if (!is_straight) ND_TRY(ask_each(w, c));
    *w->last = c, w->last = &c->next;
    return ND_OK;
}

// 3 x 3 points of a cell: how well its corners foretell the other five, and whether all
// lie so far outside of the source that none of its pixels can be there.
typedef struct look {
    double u[9], v[9], error, span; // span: of source pixels
    int known;
    bool is_outside;
} look;

static nd_status look_at(const walk *w, const warp_cell *c, look *l)
{
    double range[4] = {(double)INFINITY, (double)INFINITY, -(double)INFINITY,
                       -(double)INFINITY};
    for (int i = 0; i < 9; i++) {
        const int column = i % 3, row = i / 3;
        l->u[i] = c->x + column * c->size / 2.0;
        l->v[i] = c->y + row * c->size / 2.0;
    }
    ND_TRY(ask(w, 9, l->u, l->v));
    l->known = 0, l->error = 0;
    const double a[4] = {l->u[0], l->u[2], l->u[6], l->u[8]};
    const double b[4] = {l->v[0], l->v[2], l->v[6], l->v[8]};
    for (int i = 0; i < 9; i++) {
        const int column = i % 3, row = i / 3;
        const double s = column / 2.0, t = row / 2.0;
        l->known += !isnan(l->u[i]);
        widen(range, l->u[i], l->v[i]);
        const double u = l->u[i] - between(a, s, t), v = l->v[i] - between(b, s, t);
        l->error = fmax(l->error, sqrt(u * u + v * v));
    }
    const double u = range[2] - range[0] + 1, v = range[3] - range[1] + 1;
    l->span = fmax(u, v);
    l->is_outside = range[2] + u < 0 || range[0] - u > w->mapping->width ||
                    range[3] + v < 0 || range[1] - v > w->mapping->height;
    return ND_OK;
}

static nd_status visit(walk *w, int x, int y, int size)
{
    look l;
    warp_cell c = {.x = x, .y = y, .size = size, .part = common(w, x, y, size)};
    if (!c.part.width || !c.part.height) return ND_OK;
    if (w->tolerance <= 0) return leaf(w, c, false);
    ND_TRY(look_at(w, &c, &l));
    if (l.known == 9 && l.is_outside) return ND_OK;
    if (l.known == 9 && l.error <= w->tolerance && l.span < WIDEST) {
        for (int i = 0; i < 4; i++) {
            const int from = (i & 1) * 2 + (i >> 1) * 6;
            c.u[i] = l.u[from], c.v[i] = l.v[from];
        }
        return leaf(w, c, true);
    }
    if (size <= WARP_LEAF) return l.known ? leaf(w, c, false) : ND_OK;
    for (int i = 0; i < 4; i++)
        ND_TRY(visit(w, x + (i & 1) * size / 2, y + (i >> 1) * size / 2, size / 2));
    return ND_OK;
}

static int anchor(int x)
{
    return (x >= 0 ? x / WARP_ROOT : -((WARP_ROOT - 1 - x) / WARP_ROOT)) * WARP_ROOT;
}

nd_status warp_cells(const nd_mapping *mapping, nd_arena *scratch, int level,
                     nd_rect rect, warp_cell **first)
{
    const double side = (double)((int64_t)1 << level);
    // Between the points that are looked at it may be a little worse.
    walk w = {mapping, scratch, side, 0.75 * mapping->max_error_px * side, rect, first};
    *first = NULL;
    for (int y = anchor(rect.y); y < rect.y + rect.height; y += WARP_ROOT)
        for (int x = anchor(rect.x); x < rect.x + rect.width; x += WARP_ROOT)
            ND_TRY(visit(&w, x, y, WARP_ROOT));
    return ND_OK;
}

nd_status nd_warp_positions(const nd_mapping *mapping, nd_arena *scratch, int level,
                            nd_rect rect, double *x, double *y)
{
    warp_cell *first;
    const size_t count = (size_t)rect.width * (size_t)rect.height;
    for (size_t i = 0; i < count; i++) x[i] = y[i] = (double)NAN;
    ND_TRY(warp_cells(mapping, scratch, level, rect, &first));
    for (const warp_cell *c = first; c; c = c->next)
        for (int row = c->part.y; row < c->part.y + c->part.height; row++)
            for (int col = c->part.x; col < c->part.x + c->part.width; col++) {
                const ptrdiff_t at =
                    (ptrdiff_t)(row - rect.y) * rect.width + col - rect.x;
                const ptrdiff_t i =
                    (ptrdiff_t)(row - c->part.y) * c->part.width + col - c->part.x;
                const double s = (col - c->x + 0.5) / c->size,
                             t = (row - c->y + 0.5) / c->size;
                x[at] = c->each[0] ? c->each[0][i] : between(c->u, s, t);
                y[at] = c->each[0] ? c->each[1][i] : between(c->v, s, t);
            }
    return ND_OK;
}
