// SPDX-License-Identifier: Apache-2.0
// Figures for the page: a pixel at every node, values along a line, a histogram.
#include "dash/dash.h"
#include <nadir/geo.h>
#include <stdlib.h>
#include <string.h>

enum { POINTS = 512, BINS = 64, STATS_SIDE = 512, AT_BANDS = 64 };

static void fail(dash_request *r)
{
    const nd_error error = nd_error_take();
    dash_say_error(r, &error);
}

static nd_status numbers(const dash_request *r, nd_arena *arena, const char *name,
                         double *number, int count)
{
    const char *text = dash_query(arena, r->head.query, name);
    if (text && dash_numbers(arena, text, number, count) == count) return ND_OK;
    return nd_fail(ND_E_PARAM, "%s is not %d numbers\ngive them separated by commas",
                   name, count);
}

// ---- The ground under a pixel, and the pixel of another grid over that ground.

typedef struct spot {
    const nd_grid *grid;
    double x, y; // pixels
} spot;

static nd_status to_grid(nd_arena *arena, const spot *at, const nd_grid *to,
                         double pixel[2])
{
    const nd_grid *from = at->grid;
    double gx = from->x + at->x * from->pixel_x, gy = from->y + at->y * from->pixel_y;
    if (from->crs && to->crs && !nd_crs_same(from->crs, to->crs)) {
        const nd_transform *t = nd_transform_new(arena, from->crs, to->crs);
        if (!t) return ND_E_DATA;
        ND_TRY(nd_transform_points(t, 1, &gx, &gy));
    }
    pixel[0] = (gx - to->x) / to->pixel_x, pixel[1] = (gy - to->y) / to->pixel_y;
    return ND_OK;
}

static bool is_inside(const nd_grid *grid, const double pixel[2])
{
    return pixel[0] >= 0 && pixel[1] >= 0 && pixel[0] < grid->width &&
           pixel[1] < grid->height; // NaN is outside
}

// Bands that share a grid with `first` and have not been asked yet are read together.
static nd_status at_bands(const nd_node *node, nd_work *work, const spot *at, int first,
                          bool *done, float *value)
{
    int set[AT_BANDS], count = 0;
    const nd_grid *grid = &node->band[first].grid;
    for (int b = first; b < node->bands && b < AT_BANDS; b++)
        if (!done[b] && !node->band[b].missing && nd_grid_same(&node->band[b].grid, grid))
            set[count++] = b, done[b] = true;
    double pixel[2];
    ND_TRY(to_grid(work->arena, at, grid, pixel));
    if (!count || !is_inside(grid, pixel)) return ND_OK;
    nd_tile tile;
    const nd_rect r = {(int)pixel[0], (int)pixel[1], 1, 1};
    ND_TRY(nd_read(node, work, (nd_bands){set, count}, 0, r, &tile));
    for (int k = 0; k < count; k++) value[set[k]] = *nd_at(&tile, k, r.x, r.y);
    return ND_OK;
}

static void at_node(const dash_step *step, nd_work *work, const spot *at,
                    nd_json_out *out)
{
    const nd_node *node = step->node;
    bool done[AT_BANDS] = {false};
    float value[AT_BANDS];
    nd_status status = ND_OK;
    for (int b = 0; b < AT_BANDS; b++) value[b] = NAN;
    for (int b = 0; b < node->bands && b < AT_BANDS && status == ND_OK; b++)
        if (!done[b] && !node->band[b].missing)
            status = at_bands(node, work, at, b, done, value);
    nd_json_open(out, NULL, '{');
    nd_json_text(out, "id", step->id);
    if (status != ND_OK) {
        const nd_error error = nd_error_take();
        nd_json_text(out, "error", error.what);
    }
    nd_json_open(out, "values", '[');
    for (int b = 0; b < node->bands && b < AT_BANDS; b++)
        nd_json_real(out, NULL, (double)value[b]);
    nd_json_close(out, ']');
    nd_json_close(out, '}');
}

static void lonlat(nd_arena *arena, const spot *at, nd_json_out *out)
{
    const nd_grid world = {360, 180, 0, 0, 1, 1, nd_crs_new(arena, "EPSG:4326")};
    double degree[2] = {(double)NAN, (double)NAN};
    if (!world.crs || to_grid(arena, at, &world, degree) != ND_OK) (void)nd_error_take();
    nd_json_real(out, "lon", degree[0]);
    nd_json_real(out, "lat", degree[1]);
}

static const nd_grid *grid_asked(const dash_request *r, nd_arena *arena)
{
    int order[DASH_BANDS], count;
    nd_bands bands;
    if (dash_bands(arena, r->head.query, r->node, &bands, order, &count) != ND_OK)
        return NULL;
    return &r->node->band[bands.band[0]].grid;
}

// `x`, `y`: pixels of the grid of band `b`, 0.5 being the middle of the first.
void dash_at(dash_request *r, nd_work *work)
{
    nd_buffer text = {.arena = r->arena};
    nd_json_out out = {.to = &text};
    const nd_grid *grid = grid_asked(r, work->arena);
    spot at = {.grid = grid};
    if (!grid || numbers(r, work->arena, "x", &at.x, 1) != ND_OK ||
        numbers(r, work->arena, "y", &at.y, 1) != ND_OK) {
        fail(r);
        return;
    }
    nd_json_open(&out, NULL, '{');
    nd_json_real(&out, "column", floor(at.x));
    nd_json_real(&out, "row", floor(at.y));
    nd_json_real(&out, "east", grid->x + at.x * grid->pixel_x);
    nd_json_real(&out, "north", grid->y + at.y * grid->pixel_y);
    if (grid->crs) lonlat(work->arena, &at, &out);
    nd_json_open(&out, "nodes", '[');
    for (int i = 0; i < r->plan->steps; i++) at_node(&r->plan->step[i], work, &at, &out);
    nd_json_close(&out, ']');
    nd_json_close(&out, '}');
    if (nd_work_go_on(work) != ND_OK)
        fail(r);
    else
        dash_say_json(r, &text);
}

// ---- Along a line: from the level at which a sample is about a pixel, tile by tile.

typedef struct line {
    nd_bands bands;
    int level, points;
    double x[POINTS], y[POINTS]; // pixels of that level
    float *value;                // band after band
} line;

static void lay(line *l, const double end[4])
{
    const double length = hypot(end[2] - end[0], end[3] - end[1]);
    while (length / (double)(1 << l->level) > POINTS && l->level < 30) l->level++;
    const double scale = 1.0 / (double)(1 << l->level);
    l->points = (int)fmax(2, fmin(POINTS, ceil(length * scale) + 1));
    for (int i = 0; i < l->points; i++) {
        const double t = (double)i / (l->points - 1);
        l->x[i] = (end[0] + t * (end[2] - end[0])) * scale;
        l->y[i] = (end[1] + t * (end[3] - end[1])) * scale;
    }
}

static nd_status read_line(const nd_node *node, nd_work *work, line *l)
{
    const nd_grid grid = nd_grid_at(node->band[l->bands.band[0]].grid, l->level);
    enum { SIDE = 128 };
    nd_tile tile = {0};
    int tx = -1, ty = -1;
    for (int i = 0; i < l->points; i++) {
        const bool is_in = is_inside(&grid, (const double[]){l->x[i], l->y[i]});
        const int x = is_in ? (int)l->x[i] : 0, y = is_in ? (int)l->y[i] : 0;
        if (is_in && (x / SIDE != tx || y / SIDE != ty)) {
            tx = x / SIDE, ty = y / SIDE;
            const nd_rect r = {tx * SIDE, ty * SIDE, SIDE, SIDE};
            ND_TRY(nd_read(node, work, l->bands, l->level, r, &tile));
        }
        for (int k = 0; k < l->bands.count; k++)
            l->value[k * POINTS + i] = is_in ? *nd_at(&tile, k, x, y) : NAN;
    }
    return ND_OK;
}

void dash_line(dash_request *r, nd_work *work)
{
    int order[DASH_BANDS], count;
    double end[4];
    line *l = nd_alloc(work->arena, 1, sizeof *l);
    if (l)
        l->value = nd_alloc(work->arena, (size_t)DASH_BANDS * POINTS, sizeof *l->value);
    if (!l || !l->value ||
        dash_bands(work->arena, r->head.query, r->node, &l->bands, order, &count) !=
            ND_OK ||
        numbers(r, work->arena, "p", end, 4) != ND_OK) {
        fail(r);
        return;
    }
    lay(l, end);
    if (read_line(r->node, work, l) != ND_OK) {
        fail(r);
        return;
    }
    nd_buffer text = {.arena = r->arena};
    nd_json_out out = {.to = &text};
    nd_json_open(&out, NULL, '{');
    nd_json_whole(&out, "level", l->level);
    nd_json_whole(&out, "points", l->points);
    nd_json_open(&out, "values", '[');
    for (int k = 0; k < count; k++) {
        nd_json_open(&out, NULL, '[');
        for (int i = 0; i < l->points; i++)
            nd_json_real(&out, NULL, (double)l->value[order[k] * POINTS + i]);
        nd_json_close(&out, ']');
    }
    nd_json_close(&out, ']');
    nd_json_close(&out, '}');
    dash_say_json(r, &text);
}

// ---- Statistics for display: of the level whose longer side is at most 512 pixels.

static int by_value(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

static double quantile(const float *sorted, size_t count, double share)
{
    const double at = share * (double)(count - 1);
    const size_t low = (size_t)at, high = low + 1 < count ? low + 1 : low;
    return (double)sorted[low] +
           (at - (double)low) * ((double)sorted[high] - (double)sorted[low]);
}

static void print_stats(const nd_band *band, const float *sorted, size_t count,
                        nd_json_out *out)
{
    nd_json_open(out, NULL, '{');
    nd_json_text(out, "band", band->name);
    nd_json_whole(out, "count", (int64_t)count);
    if (count) {
        const double least = (double)sorted[0], most = (double)sorted[count - 1];
        const double p2 = quantile(sorted, count, 0.02);
        const double p98 = quantile(sorted, count, 0.98);
        // One bright cloud must not press all others into the first bins.
        const double low = fmax(least, p2 - (p98 - p2)), high = fmin(most, 2 * p98 - p2);
        size_t bin[BINS] = {0};
        nd_json_real(out, "min", least);
        nd_json_real(out, "max", most);
        nd_json_real(out, "p2", p2);
        nd_json_real(out, "p50", quantile(sorted, count, 0.5));
        nd_json_real(out, "p98", p98);
        nd_json_real(out, "low", low);
        nd_json_real(out, "high", high);
        for (size_t i = 0; i < count && high > low; i++) {
            const double at = ((double)sorted[i] - low) / (high - low) * BINS;
            if (at >= 0 && at <= BINS) bin[at < BINS ? (int)at : BINS - 1]++;
        }
        nd_json_open(out, "histogram", '[');
        for (int i = 0; i < BINS; i++) nd_json_whole(out, NULL, (int64_t)bin[i]);
        nd_json_close(out, ']');
    }
    nd_json_close(out, '}');
}

// A FULL operator is asked for the middle of the picture only.
static nd_rect stats_rect(const dash_request *r, const nd_grid *grid, int *level)
{
    *level = 0;
    const int side = grid->width > grid->height ? grid->width : grid->height;
    while ((side - 1) >> *level >= STATS_SIDE) ++*level;
    if (*level && dash_plan_levels(r->plan, r->node) == ND_FULL) {
        *level = 0;
        const nd_rect middle = {(grid->width - STATS_SIDE) / 2,
                                (grid->height - STATS_SIDE) / 2, STATS_SIDE, STATS_SIDE};
        return nd_rect_clip(middle, grid->width, grid->height);
    }
    const nd_grid at = nd_grid_at(*grid, *level);
    return (nd_rect){0, 0, at.width, at.height};
}

static nd_status stats(dash_request *r, nd_work *work, nd_json_out *out)
{
    int order[DASH_BANDS], count, level;
    nd_bands bands;
    nd_tile tile;
    ND_TRY(dash_bands(work->arena, r->head.query, r->node, &bands, order, &count));
    const nd_rect rect = stats_rect(r, &r->node->band[bands.band[0]].grid, &level);
    ND_TRY(nd_read(r->node, work, bands, level, rect, &tile));
    nd_json_open(out, NULL, '{');
    nd_json_whole(out, "level", level);
    nd_json_open(out, "bands", '[');
    for (int k = 0; k < count; k++) {
        const size_t pixels = (size_t)rect.width * (size_t)rect.height;
        float *value = nd_alloc_raw(work->arena, pixels, sizeof *value);
        size_t valid = 0;
        if (!value) return ND_E_MEMORY;
        for (int y = 0; y < rect.height; y++) {
            const float *row = nd_at(&tile, order[k], rect.x, rect.y + y);
            for (int x = 0; x < rect.width; x++)
                if (isfinite(row[x])) value[valid++] = row[x];
        }
        qsort(value, valid, sizeof *value, by_value);
        print_stats(&r->node->band[bands.band[order[k]]], value, valid, out);
    }
    nd_json_close(out, ']');
    nd_json_close(out, '}');
    return ND_OK;
}

void dash_stats(dash_request *r, nd_work *work)
{
    nd_buffer text = {.arena = r->arena};
    nd_json_out out = {.to = &text};
    if (stats(r, work, &out) != ND_OK) {
        fail(r);
        return;
    }
    dash_say_json(r, &text);
    r->answer.cache = "private, max-age=31536000, immutable";
}
