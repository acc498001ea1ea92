// SPDX-License-Identifier: Apache-2.0
// From the pixels of one grid to those of another, through their coordinate systems.
#include "geo/geo.h"
#include <math.h>

typedef struct ground {
    nd_transform *transform; // NULL: both grids lie in one plane
    nd_grid target, source;
    double period, middle; // of the source: positions are brought to its side of the seam
} ground;

static nd_status exact(const void *self, size_t count, double *x, double *y)
{
    const ground *g = self;
    const nd_grid *t = &g->target, *s = &g->source;
    if (!g->transform) {
        const double sx = t->pixel_x / s->pixel_x, sy = t->pixel_y / s->pixel_y;
        const double dx = (t->x - s->x) / s->pixel_x, dy = (t->y - s->y) / s->pixel_y;
        for (size_t i = 0; i < count; i++) x[i] = x[i] * sx + dx, y[i] = y[i] * sy + dy;
        return ND_OK;
    }
    for (size_t i = 0; i < count; i++)
        x[i] = t->x + x[i] * t->pixel_x, y[i] = t->y + y[i] * t->pixel_y;
    ND_TRY(nd_transform_points(g->transform, count, x, y));
    for (size_t i = 0; i < count; i++) {
        if (g->period > 0)
            x[i] += g->period * floor((g->middle - x[i]) / g->period + 0.5);
        x[i] = (x[i] - s->x) / s->pixel_x, y[i] = (y[i] - s->y) / s->pixel_y;
    }
    return ND_OK;
}

nd_status nd_mapping_new(nd_arena *arena, const nd_grid *target, const nd_grid *source,
                         double max_error_px, nd_mapping *mapping)
{
    ground *g = nd_alloc(arena, 1, sizeof *g);
    if (!g) return ND_E_MEMORY;
    *g = (ground){.target = *target, .source = *source};
    if (!target->crs != !source->crs)
        return nd_fail(ND_E_DATA,
                       "only one of the two grids says where on Earth it lies\n"
                       "give both a crs, or neither");
    if (!nd_crs_same(target->crs, source->crs)) {
        g->transform = nd_transform_new(arena, target->crs, source->crs);
        if (!g->transform) return ND_E_PARAM;
        g->period = nd_transform_period(g->transform);
        g->middle = source->x + source->width * source->pixel_x / 2;
    }
    *mapping = (nd_mapping){.exact = exact,
                            .self = g,
                            .width = source->width,
                            .height = source->height,
                            .max_error_px = max_error_px};
    return ND_OK;
}

nd_status nd_grid_meets(nd_arena *arena, const nd_grid *a, const nd_grid *b, bool *meets)
{
    const nd_box one = nd_grid_box(a);
    nd_box other = nd_grid_box(b);
    double period = 0;
    if (a->crs && b->crs && !nd_crs_same(a->crs, b->crs)) {
        nd_transform *t = nd_transform_new(arena, b->crs, a->crs);
        if (!t) return ND_E_PARAM;
        ND_TRY(nd_transform_box(t, other, &other));
        period = nd_transform_period(t);
    }
    *meets = false;
    for (int turn = -1; turn <= 1; turn++)
        *meets |= other.x0 + turn * period < one.x1 &&
                  other.x1 + turn * period > one.x0 && other.y0 < one.y1 &&
                  other.y1 > one.y0;
    return ND_OK;
}
