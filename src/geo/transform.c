// SPDX-License-Identifier: Apache-2.0
// From one coordinate system to another: points from any thread, and whole rectangles.
#include "geo/geo.h"
#include <math.h>
#include <pthread.h>

enum { IDLE = 32, LEAST = 32, MOST = 1024 }; // idle PROJ objects; points of an edge

typedef struct way {
    PJ_CONTEXT *context;
    PJ *pj;
} way;
// One prototype that nobody transforms with; copies are lent and come back.
typedef struct lender {
    pthread_mutex_t lock;
    way first, idle[IDLE];
    int count;
} lender;
struct nd_transform {
    bool same; // nothing to do
    double period;
    lender *lender;
};

static void way_free(way *w)
{
    proj_destroy(w->pj);
    if (w->context) proj_context_destroy(w->context);
}

static void lender_free(void *object)
{
    lender *l = object;
    for (int i = 0; i < l->count; i++) way_free(&l->idle[i]);
    way_free(&l->first);
    pthread_mutex_destroy(&l->lock);
}

static nd_status borrow(lender *l, way *out)
{
    pthread_mutex_lock(&l->lock);
    const bool is_idle = l->count > 0;
    if (is_idle)
        *out = l->idle[--l->count];
    else {
        out->context = geo_context_new();
        out->pj = out->context ? proj_clone(out->context, l->first.pj) : NULL;
    }
    pthread_mutex_unlock(&l->lock);
    if (out->pj) return ND_OK;
    way_free(out);
    return nd_fail(ND_E_MEMORY, "PROJ could not copy a transformation\nfree some memory");
}

static void bring_back(lender *l, way *w)
{
    pthread_mutex_lock(&l->lock);
    const bool is_kept = l->count < IDLE;
    if (is_kept) l->idle[l->count++] = *w;
    pthread_mutex_unlock(&l->lock);
    if (!is_kept) way_free(w);
}

static PJ *connect(PJ_CONTEXT *context, const nd_crs *from, const nd_crs *to)
{
    PJ *any = proj_create_crs_to_crs(context, from->text, to->text, NULL);
    PJ *pj = any ? proj_normalize_for_visualization(context, any) : NULL;
    proj_destroy(any);
    return pj;
}

static nd_status prepare(nd_arena *arena, nd_transform *t, const nd_crs *from,
                         const nd_crs *to)
{
    lender *l = nd_alloc(arena, 1, sizeof *l);
    if (!l) return ND_E_MEMORY;
    if (pthread_mutex_init(&l->lock, NULL) != 0)
        return nd_fail(ND_E_MEMORY, "no room for a lock\nfree some memory");
    ND_TRY(nd_defer(arena, lender_free, l));
    t->lender = l;
    l->first.context = geo_context_new();
    if (!l->first.context) return ND_E_MEMORY;
    l->first.pj = connect(l->first.context, from, to);
    if (l->first.pj) return ND_OK;
    return nd_fail(ND_E_PARAM,
                   "PROJ knows no way from %.100s to %.100s\ntake another crs",
                   from->name, to->name);
}

nd_transform *nd_transform_new(nd_arena *arena, const nd_crs *from, const nd_crs *to)
{
    geo_session session;
    nd_transform *t = nd_alloc(arena, 1, sizeof *t);
    if (!t) return NULL;
    t->same = nd_crs_same(from, to);
    if (!t->same && prepare(arena, t, from, to) != ND_OK) return NULL;
    if (geo_open(&session) != ND_OK) return NULL;
    t->period = geo_period(&session, to);
    geo_close(&session);
    return t;
}

double nd_transform_period(const nd_transform *transform)
{
    return transform->period;
}

nd_status nd_transform_points(const nd_transform *t, size_t count, double *x, double *y)
{
    if (t->same || !count) return ND_OK;
    way w;
    ND_TRY(borrow(t->lender, &w));
    proj_trans_generic(w.pj, PJ_FWD, x, sizeof *x, count, y, sizeof *y, count, NULL, 0, 0,
                       NULL, 0, 0);
    proj_errno_reset(w.pj);
    bring_back(t->lender, &w);
    for (size_t i = 0; i < count; i++)
        if (!isfinite(x[i]) || !isfinite(y[i])) x[i] = y[i] = (double)NAN;
    return ND_OK;
}

nd_box nd_grid_box(const nd_grid *grid)
{
    const double x = grid->x + grid->width * grid->pixel_x,
                 y = grid->y + grid->height * grid->pixel_y;
    return (nd_box){fmin(grid->x, x), fmin(grid->y, y), fmax(grid->x, x),
                    fmax(grid->y, y)};
}

// ---- Rectangles: the outline and a net inside it.
typedef struct outline {
    nd_box box;
    int points;    // that could be transformed
    double turned; // how far the outline ran east by the time it closed
} outline;

static void take(outline *o, double x, double y)
{
    if (!o->points++) o->box = (nd_box){x, y, x, y};
    o->box.x0 = fmin(o->box.x0, x), o->box.x1 = fmax(o->box.x1, x);
    o->box.y0 = fmin(o->box.y0, y), o->box.y1 = fmax(o->box.y1, y);
}

// Point `i` of 4 n around the box, counter-clockwise.
static void corner(nd_box b, int n, int i, double *x, double *y)
{
    const double t = (double)(i % n) / n, w = b.x1 - b.x0, h = b.y1 - b.y0;
    const int side = i / n % 4;
    *x = side == 0 ? b.x0 + t * w : side == 1 ? b.x1 : side == 2 ? b.x1 - t * w : b.x0;
    *y = side == 0 ? b.y0 : side == 1 ? b.y0 + t * h : side == 2 ? b.y1 : b.y1 - t * h;
}

// Neighbours on the outline are neighbours on the map: a jump of half a world is a seam.
static nd_status walk(const nd_transform *t, nd_box box, int n, outline *o)
{
    double x[4 * MOST + 1], y[4 * MOST + 1], last = (double)NAN, shift = 0;
    for (int i = 0; i <= 4 * n; i++) corner(box, n, i, &x[i], &y[i]);
    ND_TRY(nd_transform_points(t, (size_t)(4 * n + 1), x, y));
    *o = (outline){0};
    for (int i = 0; i <= 4 * n; i++) {
        if (isnan(x[i])) continue;
        if (t->period > 0 && !isnan(last) && !t->same)
            shift += t->period * round((last - x[i]) / t->period);
        last = x[i];
        take(o, x[i] + shift, y[i]);
    }
    o->turned = shift;
    return ND_OK;
}

// Whatever the outline cannot tell: a box partly outside the domain, a pole inside.
static nd_status look_inside(const nd_transform *t, nd_box b, outline *o)
{
    enum { NET = 33 };
    double x[NET * NET], y[NET * NET];
    for (int i = 0; i < NET * NET; i++) {
        const int column = i % NET, row = i / NET;
        x[i] = b.x0 + (column + 0.5) / NET * (b.x1 - b.x0);
        y[i] = b.y0 + (row + 0.5) / NET * (b.y1 - b.y0);
    }
    ND_TRY(nd_transform_points(t, (size_t)NET * NET, x, y));
    for (int i = 0; i < NET * NET; i++) {
        if (isnan(x[i])) continue;
        const double middle = (o->box.x0 + o->box.x1) / 2;
        if (t->period > 0 && o->points && !t->same)
            x[i] += t->period * round((middle - x[i]) / t->period);
        take(o, x[i], y[i]);
    }
    return ND_OK;
}

// Around a pole: every longitude, and up to the pole itself where y is a latitude.
static void close_over_pole(const nd_transform *t, outline *o)
{
    const bool is_north = fabs(o->box.y1) > fabs(o->box.y0);
    o->box.x0 = -t->period / 2, o->box.x1 = t->period / 2;
    if (t->period == 360 && is_north) o->box.y1 = 90;
    if (t->period == 360 && !is_north) o->box.y0 = -90;
}

static double differ(const nd_box *a, const nd_box *b)
{
    return fmax(fmax(fabs(a->x0 - b->x0), fabs(a->x1 - b->x1)),
                fmax(fabs(a->y0 - b->y0), fabs(a->y1 - b->y1)));
}

nd_status nd_transform_box(const nd_transform *t, nd_box box, nd_box *image)
{
    outline o = {0}, before;
    for (int n = LEAST; n <= MOST; n *= 2) {
        before = o;
        ND_TRY(walk(t, box, n, &o));
        const double size = fmax(o.box.x1 - o.box.x0, o.box.y1 - o.box.y0);
        // Halving the step quarters the error: what is left is a third of the change.
        if (n > LEAST && differ(&o.box, &before.box) <= 1e-7 * size) break;
    }
    ND_TRY(look_inside(t, box, &o));
    if (!o.points)
        return nd_fail(ND_E_DATA, "no part of the area can be shown in that crs\n"
                                  "take a crs made for that part of the Earth");
    const bool is_around = t->period > 0 && fabs(o.turned) > t->period / 2;
    if (is_around) close_over_pole(t, &o);
    if (t->period > 0 && !t->same) {
        if (o.box.x1 - o.box.x0 > t->period) // more than the world is the world
            o.box.x0 = -t->period / 2, o.box.x1 = t->period / 2;
        const double home =
            t->period * floor((o.box.x0 + t->period / 2) / t->period + 1e-9);
        o.box.x0 -= home, o.box.x1 -= home;
    }
    *image = o.box;
    return ND_OK;
}
