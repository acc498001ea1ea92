// SPDX-License-Identifier: Apache-2.0
// Shapes on a grid: clipped, transformed and kept straight, then burnt row by row.
#include "io/vector.h"
#include <cpl_error.h>
#include <math.h>
#include <ogr_srs_api.h>
#include <stdlib.h>
#include <string.h>

enum { SPLITS = 10, OUTLINE = 21 };
static const double straight_px = 0.1;
static const double short_px = 16; // of pixels up to 10 km: straight enough as it is

// ---- From the shapes' system to pixels of the grid.

typedef struct way {
    OGRCoordinateTransformationH there, back; // NULL: both systems are the same
    nd_grid grid;
    double low[2], high[2]; // of the grid with a margin, in the shapes' system
} way;

static void to_pixels(const way *w, vector_point *p, size_t count, double *x, double *y)
{
    for (size_t i = 0; i < count; i++) x[i] = p[i].x, y[i] = p[i].y;
    for (size_t i = 0; i < count && w->there; i += 65536) {
        const int part = (int)(count - i < 65536 ? count - i : 65536);
        OCTTransform(w->there, part, x + i, y + i, NULL); // what fails becomes infinite
    }
    for (size_t i = 0; i < count; i++) {
        p[i].x = (x[i] - w->grid.x) / w->grid.pixel_x;
        p[i].y = (y[i] - w->grid.y) / w->grid.pixel_y;
    }
}

static OGRSpatialReferenceH system_of(const char *text)
{
    OGRSpatialReferenceH made = OSRNewSpatialReference(NULL);
    if (OSRSetFromUserInput(made, text) != OGRERR_NONE) {
        OSRDestroySpatialReference(made);
        return NULL;
    }
    OSRSetAxisMappingStrategy(made, OAMS_TRADITIONAL_GIS_ORDER);
    return made;
}

static void close_way(way *w)
{
    if (w->there) OCTDestroyCoordinateTransformation(w->there);
    if (w->back) OCTDestroyCoordinateTransformation(w->back);
}

static nd_status open_way(way *w, const nd_vector *v)
{
    if (!v->crs && !w->grid.crs) return ND_OK;
    if (!v->crs || !w->grid.crs)
        return nd_fail(ND_E_DATA,
                       "%s has no coordinate system, so shapes cannot be laid on pixels\n"
                       "give it one, or use pixel coordinates",
                       v->crs ? "the picture" : "the file of shapes");
    OGRSpatialReferenceH from = system_of(v->crs), to = system_of(w->grid.crs->text);
    if (from && to && !OSRIsSame(from, to)) {
        w->there = OCTNewCoordinateTransformation(from, to);
        w->back = OCTNewCoordinateTransformation(to, from);
        if (!w->there || !w->back) OSRDestroySpatialReference(to), to = NULL;
    }
    const bool ok = from && to;
    OSRDestroySpatialReference(from);
    OSRDestroySpatialReference(to);
    if (ok) return ND_OK;
    close_way(w);
    w->there = w->back = NULL;
    return nd_fail(ND_E_DATA,
                   "there is no way from the shapes' coordinate system to %s\n"
                   "convert the file of shapes first",
                   w->grid.crs->name ? w->grid.crs->name : w->grid.crs->text);
}

// The box around the grid in the shapes' system, from a net of its points.
static void find_box(way *w)
{
    w->low[0] = w->low[1] = INFINITY, w->high[0] = w->high[1] = -INFINITY;
    for (int i = 0; i < OUTLINE; i++) {
        double x[OUTLINE], y[OUTLINE];
        for (int j = 0; j < OUTLINE; j++) {
            x[j] = w->grid.x + w->grid.pixel_x * w->grid.width * j / (OUTLINE - 1.0);
            y[j] = w->grid.y + w->grid.pixel_y * w->grid.height * i / (OUTLINE - 1.0);
        }
        if (w->back) OCTTransform(w->back, OUTLINE, x, y, NULL);
        for (int j = 0; j < OUTLINE; j++) {
            if (!isfinite(x[j]) || !isfinite(y[j])) continue;
            w->low[0] = fmin(w->low[0], x[j]), w->high[0] = fmax(w->high[0], x[j]);
            w->low[1] = fmin(w->low[1], y[j]), w->high[1] = fmax(w->high[1], y[j]);
        }
    }
    for (int a = 0; a < 2; a++) {
        const double margin = 0.05 * (w->high[a] - w->low[a]);
        w->low[a] -= margin, w->high[a] += margin;
    }
}

// ---- Cutting rings to a box, one side after the other (Sutherland and Hodgman 1974).
// Edges that it adds lie on the box, which lies outside of the picture.

static double along(vector_point p, int axis)
{
    return axis ? p.y : p.x;
}

static vector_point meet(vector_point a, vector_point b, int axis, double limit)
{
    const double t = (limit - along(a, axis)) / (along(b, axis) - along(a, axis));
    vector_point p = {a.x + t * (b.x - a.x), a.y + t * (b.y - a.y)};
    *(axis ? &p.y : &p.x) = limit;
    return p;
}

static size_t cut_side(const vector_point *in, size_t count, int side, double limit,
                       vector_point *out)
{
    const int axis = side / 2;
    const double sign = side % 2 ? -1 : 1;
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        const vector_point a = in[i ? i - 1 : count - 1], b = in[i];
        const bool a_in = sign * (along(a, axis) - limit) >= 0;
        const bool b_in = sign * (along(b, axis) - limit) >= 0;
        if (a_in != b_in) out[kept++] = meet(a, b, axis, limit);
        if (b_in) out[kept++] = b;
    }
    return kept;
}

static nd_status cut_ring(nd_arena *arena, const double low[2], const double high[2],
                          vector_part *part)
{
    for (int side = 0; side < 4 && part->count; side++) {
        vector_point *out = nd_alloc_raw(arena, 2 * part->count + 2, sizeof *out);
        if (!out) return ND_E_MEMORY;
        const double limit = side % 2 ? high[side / 2] : low[side / 2];
        part->count = cut_side(part->point, part->count, side, limit, out);
        part->point = out;
    }
    return ND_OK;
}

// ---- Keeping edges straight: cut in halves while the middle strays from the chord.

typedef struct bender {
    const way *way;
    vector_point *out; // NULL: only counts
    size_t count;
} bender;

static void add_edge(bender *b, vector_point from, vector_point to,
                     const vector_point px[2], int depth)
{
    const double wide = px[1].x - px[0].x, high = px[1].y - px[0].y;
    if (wide * wide + high * high < short_px * short_px) return;
    vector_point middle = {(from.x + to.x) / 2, (from.y + to.y) / 2}, there = middle;
    double x, y;
    to_pixels(b->way, &there, 1, &x, &y);
    const double dx = there.x - (px[0].x + px[1].x) / 2,
                 dy = there.y - (px[0].y + px[1].y) / 2;
    if (!(dx * dx + dy * dy > straight_px * straight_px) || depth == SPLITS) return;
    add_edge(b, from, middle, (const vector_point[]){px[0], there}, depth + 1);
    if (b->out) b->out[b->count] = there;
    b->count++;
    add_edge(b, middle, to, (const vector_point[]){there, px[1]}, depth + 1);
}

static void bend(bender *b, const vector_part *part, const vector_point *px)
{
    const size_t edges = part->form == VECTOR_RING ? part->count : part->count - 1;
    b->count = 0;
    for (size_t i = 0; i < part->count; i++) {
        if (b->out) b->out[b->count] = px[i];
        b->count++;
        if (i >= edges || !b->way->there) continue;
        const size_t next = (i + 1) % part->count;
        add_edge(b, part->point[i], part->point[next],
                 (const vector_point[]){px[i], px[next]}, 0);
    }
}

static bool is_outside(const way *w, const vector_part *part)
{
    double low[2] = {INFINITY, INFINITY}, high[2] = {-INFINITY, -INFINITY};
    for (size_t i = 0; i < part->count; i++) {
        const vector_point p = part->point[i];
        low[0] = fmin(low[0], p.x), high[0] = fmax(high[0], p.x);
        low[1] = fmin(low[1], p.y), high[1] = fmax(high[1], p.y);
    }
    return !(low[0] <= w->high[0] && high[0] >= w->low[0] && low[1] <= w->high[1] &&
             high[1] >= w->low[1]);
}

// Points that no transformation reaches are left out; a ring goes on without them.
static size_t drop_lost(vector_point *p, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++)
        if (isfinite(p[i].x) && isfinite(p[i].y)) p[kept++] = p[i];
    return kept;
}

static void widen(double box[4], double x, double y)
{
    box[0] = fmin(box[0], x), box[1] = fmin(box[1], y);
    box[2] = fmax(box[2], x), box[3] = fmax(box[3], y);
}

static void find_part_box(vector_part *part)
{
    const double none[4] = {INFINITY, INFINITY, -INFINITY, -INFINITY};
    memcpy(part->box, none, sizeof none);
    for (size_t i = 0; i < part->count; i++)
        widen(part->box, part->point[i].x, part->point[i].y);
}

static nd_status lay_part(nd_arena *arena, const way *w, vector_part *part)
{
    if (part->form == VECTOR_RING) ND_TRY(cut_ring(arena, w->low, w->high, part));
    if (!part->count) return ND_OK;
    vector_point *px = nd_alloc_raw(arena, part->count, sizeof *px);
    double *x = nd_alloc_raw(arena, 2 * part->count, sizeof *x);
    if (!px || !x) return ND_E_MEMORY;
    memcpy(px, part->point, part->count * sizeof *px);
    to_pixels(w, px, part->count, x, x + part->count);
    if (part->form != VECTOR_POINT) {
        bender b = {.way = w};
        bend(&b, part, px);
        b.out = nd_alloc_raw(arena, b.count, sizeof *b.out);
        if (!b.out) return ND_E_MEMORY;
        bend(&b, part, px);
        px = b.out, part->count = b.count;
    }
    part->point = px;
    part->count = drop_lost(px, part->count);
    find_part_box(part);
    return ND_OK;
}

static nd_status lay_all(nd_arena *arena, const nd_vector *v, const way *w, nd_layout *l)
{
    size_t at = 0;
    for (int s = 0; s < v->shapes; s++) {
        l->first[s] = l->parts;
        for (; at < v->parts && v->part[at].shape == s; at++) {
            if (is_outside(w, &v->part[at])) continue;
            vector_part part = v->part[at];
            ND_TRY(lay_part(arena, w, &part));
            if (part.count) l->part[l->parts++] = part;
        }
    }
    l->first[v->shapes] = l->parts;
    return ND_OK;
}

const nd_layout *nd_vector_lay(nd_arena *arena, const nd_vector *v, const nd_grid *grid)
{
    nd_layout *l = nd_alloc(arena, 1, sizeof *l);
    vector_part *part = nd_alloc(arena, v->parts, sizeof *part);
    size_t *first = nd_alloc(arena, (size_t)v->shapes + 1, sizeof *first);
    if (!l || !part || !first) return NULL;
    *l = (nd_layout){v->shapes, grid->width, grid->height, part, 0, first};
    way w = {.grid = *grid};
    CPLPushErrorHandler(CPLQuietErrorHandler);
    nd_status status = open_way(&w, v);
    if (status == ND_OK) {
        find_box(&w);
        status = lay_all(arena, v, &w, l);
    }
    close_way(&w);
    CPLPopErrorHandler();
    return status == ND_OK ? l : NULL;
}

int nd_layout_shapes(const nd_layout *layout)
{
    return layout->shapes;
}

// ---- What of it lies in the picture.

// A ring is cut to the picture first: its far corners must not count.
static bool widen_by_part(const nd_layout *l, vector_part part, double box[4])
{
    const double low[2] = {0, 0}, high[2] = {l->width, l->height};
    nd_arena *scratch = nd_arena_new();
    bool ok = scratch != NULL;
    if (ok && part.form == VECTOR_RING) ok = cut_ring(scratch, low, high, &part) == ND_OK;
    for (size_t i = 0; ok && i < part.count; i++)
        if (part.point[i].x >= 0 && part.point[i].x <= l->width && part.point[i].y >= 0 &&
            part.point[i].y <= l->height)
            widen(box, part.point[i].x, part.point[i].y);
    nd_arena_free(scratch);
    return ok;
}

bool nd_layout_bounds(const nd_layout *layout, double box[4])
{
    double all[4] = {INFINITY, INFINITY, -INFINITY, -INFINITY};
    for (size_t i = 0; i < layout->parts; i++)
        if (!widen_by_part(layout, layout->part[i], all)) return false;
    if (!(all[0] < all[2] || all[1] < all[3])) return false;
    memcpy(box, all, sizeof all);
    return true;
}

// ---- Burning. All arithmetic is in pixels of level 0, whatever the tile.

static void fill_span(nd_tile *tile, int k, int y, double left, double right, float value)
{
    const nd_rect r = tile->rect;
    const double from = fmax(left, r.x), to = fmin(right, (double)r.x + r.width);
    if (!(from < to)) return; // so both lie in the tile
    for (int x = (int)from; (double)x < to; x++) *nd_at(tile, k, x, y) = value;
}

static void touch(nd_tile *tile, int k, int y, double left, double right, float value)
{
    if (y < tile->rect.y || y >= tile->rect.y + tile->rect.height) return;
    fill_span(tile, k, y, floor(left), floor(right) + 1, value);
}

// A line burns every pixel that it passes: row by row, from where it enters to where it
// leaves.
static void burn_line(const vector_part *part, int k, float value, nd_tile *tile)
{
    const double side = (double)(1 << tile->level);
    const nd_rect r = tile->rect;
    for (size_t i = 1; i < part->count; i++) {
        vector_point a = part->point[i - 1], b = part->point[i];
        if (a.y > b.y) {
            const vector_point swap = a;
            a = b, b = swap;
        }
        a.x /= side, a.y /= side, b.x /= side, b.y /= side;
        const double top = fmax(floor(a.y), r.y);
        const double last = fmin(floor(b.y), (double)r.y + r.height - 1);
        const double slope = b.y > a.y ? (b.x - a.x) / (b.y - a.y) : 0;
        if (!(top <= last)) continue;
        for (int y = (int)top; y <= (int)last; y++) {
            const double in = y > a.y ? a.x + (y - a.y) * slope : a.x;
            const double out = y + 1 < b.y ? a.x + (y + 1 - a.y) * slope : b.x;
            touch(tile, k, y, fmin(in, out), fmax(in, out), value);
        }
    }
}

static void burn_points(const vector_part *part, int k, float value, nd_tile *tile)
{
    const double side = (double)(1 << tile->level);
    for (size_t i = 0; i < part->count; i++) {
        const double y = floor(part->point[i].y / side), x = part->point[i].x / side;
        if (y >= tile->rect.y && y < (double)tile->rect.y + tile->rect.height)
            touch(tile, k, (int)y, x, x, value);
    }
}

// Crossings of a shape's edges with the rows of a tile, sorted by row, then by place.
typedef struct crossing {
    int y;
    double x;
} crossing;
typedef struct crossings {
    crossing *at;
    size_t count;
} crossings;

static int by_place(const void *a, const void *b)
{
    const crossing *p = a, *q = b;
    if (p->y != q->y) return p->y < q->y ? -1 : 1;
    return (p->x > q->x) - (p->x < q->x);
}

// Rows whose centre lies in [a, b) of the edge; counts only while `out` has no room.
static void cross_edge(vector_point a, vector_point b, const nd_tile *tile,
                       crossings *out)
{
    const double side = (double)(1 << tile->level);
    const nd_rect r = tile->rect;
    if (a.y > b.y) {
        const vector_point swap = a;
        a = b, b = swap;
    }
    const double first = fmax(ceil(a.y / side - 0.5), r.y);
    const double end = fmin(ceil(b.y / side - 0.5), (double)r.y + r.height);
    if (!(first < end)) return;
    if (!out->at) {
        out->count += (size_t)(end - first);
        return;
    }
    const double slope = (b.x - a.x) / (b.y - a.y);
    for (int y = (int)first; (double)y < end; y++)
        out->at[out->count++] = (crossing){y, a.x + ((y + 0.5) * side - a.y) * slope};
}

// A ring beside the tile changes nothing: its crossings are even in number.
static bool is_beside(const vector_part *part, const nd_tile *tile)
{
    const double side = (double)(1 << tile->level);
    const nd_rect r = tile->rect;
    return part->box[2] < r.x * side || part->box[0] > ((double)r.x + r.width) * side ||
           part->box[3] < r.y * side || part->box[1] > ((double)r.y + r.height) * side;
}

static void cross_shape(const nd_layout *l, int shape, const nd_tile *tile,
                        crossings *out)
{
    out->count = 0;
    for (size_t i = l->first[shape]; i < l->first[shape + 1]; i++) {
        const vector_part *part = &l->part[i];
        if (part->form != VECTOR_RING || is_beside(part, tile)) continue;
        for (size_t j = 0; j < part->count; j++)
            cross_edge(part->point[j ? j - 1 : part->count - 1], part->point[j], tile,
                       out);
    }
}

static nd_status burn_rings(const nd_layout *l, nd_work *work, int shape, int k,
                            float value, nd_tile *tile)
{
    const double side = (double)(1 << tile->level);
    const nd_mark mark = nd_arena_mark(work->arena);
    crossings c = {0};
    cross_shape(l, shape, tile, &c);
    if (!c.count) return ND_OK;
    c.at = nd_alloc_raw(work->arena, c.count, sizeof *c.at);
    if (!c.at) return ND_E_MEMORY;
    cross_shape(l, shape, tile, &c);
    qsort(c.at, c.count, sizeof *c.at, by_place);
    for (size_t i = 0; i + 1 < c.count; i += 2) // even-odd: they come in pairs
        fill_span(tile, k, c.at[i].y, ceil(c.at[i].x / side - 0.5),
                  ceil(c.at[i + 1].x / side - 0.5), value);
    nd_arena_back(work->arena, mark);
    return ND_OK;
}

nd_status nd_layout_burn(const nd_layout *layout, nd_work *work, int shape, int k,
                         float value, nd_tile *tile)
{
    for (size_t i = layout->first[shape]; i < layout->first[shape + 1]; i++) {
        const vector_part *part = &layout->part[i];
        if (is_beside(part, tile)) continue;
        if (part->form == VECTOR_LINE) burn_line(part, k, value, tile);
        if (part->form != VECTOR_RING) burn_points(part, k, value, tile);
    }
    return burn_rings(layout, work, shape, k, value, tile);
}
