// SPDX-License-Identifier: Apache-2.0
// How much of a map each class takes, and how much it should by what was evaluated.
#include "cli/pull.h"
#include "cli/runs.h"
#include <math.h>
#include <nadir/geo.h>
#include <nadir/run.h>

typedef struct count {
    const nd_evaluation *evaluation;
    const nd_grid *grid;
    const nd_transform *to; // EPSG:6933, in which areas are true
    double *hectares;       // of each class of the map
    double other;           // of values that no class has
} count;

// Of a piece of a row of pixels, from its corners: bent edges bend alike.
static nd_status area_of(const count *c, nd_rect r, double *hectares)
{
    const double w = r.x + r.width, s = r.y + r.height;
    double x[] = {r.x, w, w, r.x}, y[] = {r.y, r.y, s, s}, twice = 0;
    for (int i = 0; i < 4; i++) {
        x[i] = c->grid->x + x[i] * c->grid->pixel_x;
        y[i] = c->grid->y + y[i] * c->grid->pixel_y;
    }
    ND_TRY(nd_transform_points(c->to, 4, x, y));
    for (int i = 0; i < 4; i++) twice += x[i] * y[(i + 1) % 4] - x[(i + 1) % 4] * y[i];
    *hectares = fabs(twice) / 2 / 10000;
    return ND_OK;
}

static nd_status put(void *self, nd_work *work, const nd_tile *tile)
{
    count *c = self;
    const nd_evaluation *e = c->evaluation;
    const nd_rect r = tile->rect;
    (void)work;
    for (int y = r.y; y < r.y + r.height; y++) {
        double each;
        ND_TRY(area_of(c, (nd_rect){r.x, y, r.width, 1}, &each));
        each /= r.width;
        for (int x = r.x; x < r.x + r.width; x++) {
            const float value = *nd_at(tile, 0, x, y);
            int k = 0;
            while (k < e->class_count && (double)value != e->classes[k].value) k++;
            if (k < e->class_count)
                c->hectares[k] += each;
            else if (!isnan(value))
                c->other += each;
        }
    }
    return ND_OK;
}

static nd_status count_map(cli_call *call, const char *path, count *c)
{
    nd_arena *arena = call->arena;
    cli_session session;
    nd_run how;
    nd_node *map = cli_read(arena, path, NULL);
    if (!map) return ND_E_DATA;
    c->grid = &map->band[0].grid;
    if (!c->grid->crs)
        return nd_fail(ND_E_DATA,
                       "%s does not say where it lies: its pixels have no area\n"
                       "give a map with a coordinate system",
                       path);
    const nd_crs *equal = nd_crs_new(arena, "EPSG:6933");
    c->to = equal ? nd_transform_new(arena, c->grid->crs, equal) : NULL;
    if (!c->to) return ND_E_DATA;
    ND_TRY(cli_session_open(call, &session));
    ND_TRY(cli_session_next(&session, arena, &how));
    how.progress = NULL;
    nd_settle(&map, 1);
    const nd_sink sink = {
        .put = put, .self = c, .tile_width = 512, .tile_height = 64, .serial = true};
    return nd_run_node(map, ND_BANDS(0), &sink, &how);
}

nd_status cli_areas(cli_call *call, const char *path, nd_evaluation *e)
{
    const int k = e->matrix->classes;
    double *sample = nd_alloc(call->arena, (size_t)k * (size_t)k + 1, sizeof *sample);
    nd_map_areas *areas = nd_alloc(call->arena, 1, sizeof *areas);
    count c = {.evaluation = e,
               .hectares = nd_alloc(call->arena, (size_t)k + 1, sizeof(double))};
    if (!sample || !areas || !c.hectares) return ND_E_MEMORY;
    ND_TRY(count_map(call, path, &c));
    double sum = 0;
    for (int i = 0; i < k; i++) {
        sum += c.hectares[i];
        for (int j = 0; j < k; j++) sample[j * k + i] = e->matrix->count[i * k + j];
    }
    if (sum <= 0)
        return nd_fail(ND_E_DATA,
                       "%s has no pixel of one of the model's classes\n"
                       "give a map that the model made",
                       path);
    const nd_map_sample of = {
        .classes = k, .count = sample, .mapped = c.hectares, .unit = 1};
    ND_TRY(nd_map_accuracy_of(call->arena, &of, &areas->accuracy));
    areas->map = path, areas->mapped = c.hectares, areas->other = c.other;
    e->areas = areas;
    return ND_OK;
}
