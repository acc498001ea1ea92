// SPDX-License-Identifier: Apache-2.0
// Whose ground is whose: scenes dealt out whole, or squares of ground, so that the same
// ground at another date is on the same side.
#include "learn/scene.h"
#include "learn/split.h"
#include <math.h>
#include <nadir/product.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// "5 km", "250 m", "512 px" in metres; pixels times their size. False: no length.
static bool parse_length(const char *text, double pixel_m, double *metres)
{
    char number[64];
    const char *unit = text;
    while (*unit && strchr("0123456789.+-eE", *unit)) unit++;
    const size_t length = (size_t)(unit - text);
    if (!length || length >= sizeof number) return false;
    memcpy(number, text, length), number[length] = 0;
    while (*unit == ' ') unit++;
    const double factor = nd_text_same(unit, "km")                   ? 1000
                          : !*unit || nd_text_same(unit, "m")        ? 1
                          : nd_text_same(unit, "px") && pixel_m >= 0 ? pixel_m
                                                                     : 0;
    if (!nd_text_real(number, metres) || !(*metres >= 0) || factor <= 0) return false;
    *metres *= factor;
    return true;
}

typedef struct split_squares {
    nd_dataset *set;
    split_units units;
    double side_m, buffer_m;
    const nd_crs *crs;              // that they lie in; NULL: pixels of the scene
    const nd_transform **transform; // of each scene; NULL: it lies in `crs` itself
} squares;

// Pixels of scenes without a place count as 1 m.
static double metres_of(const data_scene *scene)
{
    return scene->pixel_m > 0 ? scene->pixel_m : 1;
}

static nd_status measure(squares *q)
{
    const nd_dataset *set = q->set;
    const nd_data_split *split = &set->set.split;
    const double pixel = metres_of(set->scene), chip_m = set->set.chips.size * pixel;
    q->buffer_m = chip_m;
    if (!parse_length(split->block, pixel, &q->side_m))
        return nd_fail(ND_E_PARAM,
                       "split.block %s is no length\nwrite it as 5 km or 500 m",
                       split->block);
    if (split->buffer && !nd_text_same(split->buffer, "auto") &&
        !parse_length(split->buffer, pixel, &q->buffer_m))
        return nd_fail(ND_E_PARAM,
                       "split.buffer %s is no length\nwrite it as 500 m, or auto",
                       split->buffer);
    if (q->side_m <= chip_m)
        return nd_fail(ND_E_PARAM,
                       "squares of %g m hold no chip of %d pixels, which is %g m\n"
                       "make split.block larger or chips.size smaller",
                       q->side_m, set->set.chips.size, chip_m);
    return ND_OK;
}

static nd_status choose_crs(squares *q)
{
    nd_dataset *set = q->set;
    const nd_crs *first = set->scene->grid.crs;
    bool is_shared = first && !first->is_geographic;
    for (int i = 0; i < set->scenes; i++) {
        const nd_crs *crs = set->scene[i].grid.crs;
        if (!crs != !first)
            return nd_fail(ND_E_DATA,
                           "%s has %s place on the ground, the scene before it has %s\n"
                           "split by scene",
                           set->scene[i].name, crs ? "a" : "no", first ? "one" : "none");
        is_shared = is_shared && nd_crs_same(crs, first);
    }
    q->transform = nd_alloc(set->arena, (size_t)set->scenes, sizeof *q->transform);
    if (!q->transform) return ND_E_MEMORY;
    q->crs = first;
    if (is_shared || !first) return ND_OK;
    q->crs = nd_crs_new(set->arena, "EPSG:6933"); // equal area, metres
    if (!q->crs) return ND_E_DATA;
    for (int i = 0; i < set->scenes; i++) {
        q->transform[i] = nd_transform_new(set->arena, set->scene[i].grid.crs, q->crs);
        if (!q->transform[i]) return ND_E_DATA;
    }
    return ND_OK;
}

// Corners of pixels to the ground of the squares; without a place they are pixels.
static nd_status to_ground(const squares *q, int scene, size_t count, double *x,
                           double *y)
{
    const nd_grid *g = &q->set->scene[scene].grid;
    if (!g->crs) return ND_OK;
    for (size_t i = 0; i < count; i++) {
        x[i] = g->x + x[i] * g->pixel_x;
        y[i] = g->y + y[i] * g->pixel_y;
    }
    if (!q->transform[scene]) return ND_OK;
    return nd_transform_points(q->transform[scene], count, x, y);
}

// Scenes without a place are worlds of their own.
static void square_key(const squares *q, int scene, double x, double y, char key[96])
{
    const long long across = (long long)floor(x / q->side_m);
    const long long down = (long long)floor(y / q->side_m);
    if (q->crs)
        snprintf(key, 96, "%lld,%lld", across, down);
    else
        snprintf(key, 96, "%d:%lld,%lld", scene, across, down);
}

// Classes of each square from the counts of blocks of 64 x 64 pixels, by their centres.
static nd_status fill_squares(squares *q, int number)
{
    const nd_dataset *set = q->set;
    const data_scene *s = &set->scene[number];
    for (int64_t block = 0; block < (int64_t)s->across * s->down; block++) {
        const int32_t *count = s->count + block * set->classes;
        int64_t all = 0;
        char key[96];
        for (int k = 0; k < set->classes; k++) all += count[k];
        if (!all) continue;
        const int64_t column = block % s->across, row = block / s->across;
        double x =
            fmin((double)column * DATA_BLOCK + DATA_BLOCK / 2.0, s->grid.width - 0.5);
        double y =
            fmin((double)row * DATA_BLOCK + DATA_BLOCK / 2.0, s->grid.height - 0.5);
        ND_TRY(to_ground(q, number, 1, &x, &y));
        square_key(q, number, x, y, key);
        const int64_t unit = split_unit_of(&q->units, key);
        if (unit < 0) return ND_E_MEMORY;
        for (int k = 0; k < set->classes; k++) q->units.unit[unit].count[k] += count[k];
    }
    return ND_OK;
}

static int side_at(const squares *q, int scene, double x, double y)
{
    char key[96];
    if (!isfinite(x) || !isfinite(y)) return SIDE_NOBODY;
    square_key(q, scene, x, y, key);
    const int64_t unit = split_unit_find(&q->units, key);
    return unit < 0 ? SIDE_NOBODY : (int)q->units.unit[unit].side;
}

// Four corners of each cell, a hundredth of a pixel inside, so that cells which end where
// a square does belong to it.
static void lay_corners(const data_scene *s, int row, double *x, double *y)
{
    const int across = s->cells_across + 2 * s->margin;
    for (int i = 0; i < across; i++)
        for (int k = 0; k < 4; k++) {
            const double left = (double)(i - s->margin) * s->cell;
            const double top = (double)(row - s->margin) * s->cell;
            x[4 * i + k] = left + (k & 1 ? s->cell - 0.01 : 0.01);
            y[4 * i + k] = top + (k & 2 ? s->cell - 0.01 : 0.01);
        }
}

static nd_status side_row(const squares *q, int number, int row, double *x, double *y,
                          uint8_t *side)
{
    const data_scene *s = &q->set->scene[number];
    const int across = s->cells_across + 2 * s->margin;
    lay_corners(s, row, x, y);
    ND_TRY(to_ground(q, number, (size_t)across * 4, x, y));
    double last_x = (double)NAN, last_y = (double)NAN;
    int last = SIDE_NOBODY;
    for (int i = 0; i < across; i++) {
        int all = SIDE_NOBODY;
        for (int k = 0; k < 4; k++) {
            const double bx = floor(x[4 * i + k] / q->side_m);
            const double by = floor(y[4 * i + k] / q->side_m);
            if (!(bx == last_x && by == last_y))
                last = side_at(q, number, x[4 * i + k], y[4 * i + k]);
            last_x = bx, last_y = by;
            if (last == SIDE_NOBODY) continue;
            all = all == SIDE_NOBODY || all == last ? last : SIDE_MIXED;
        }
        side[i] = (uint8_t)all;
    }
    return ND_OK;
}

static nd_status side_cells(const squares *q, int number)
{
    data_scene *s = &q->set->scene[number];
    const int across = s->cells_across + 2 * s->margin;
    const int down = s->cells_down + 2 * s->margin;
    double *x = malloc(sizeof *x * 4 * (size_t)across);
    double *y = malloc(sizeof *y * 4 * (size_t)across);
    nd_status status = ND_OK;
    s->side = nd_alloc(q->set->arena, (size_t)across * (size_t)down, 1);
    if (!s->side) status = ND_E_MEMORY;
    if (!x || !y) status = nd_fail(ND_E_MEMORY, "no memory for the split\nclose others");
    for (int row = 0; row < down && status == ND_OK; row++)
        status = side_row(q, number, row, x, y, s->side + (int64_t)row * across);
    free(x);
    free(y);
    return status;
}

nd_status data_square_at(const nd_dataset *set, int scene, double x, double y,
                         uint64_t *square)
{
    char key[96];
    *square = 0;
    if (!set->squares) return ND_OK;
    ND_TRY(to_ground(set->squares, scene, 1, &x, &y));
    if (!isfinite(x) || !isfinite(y)) return ND_OK;
    square_key(set->squares, scene, x, y, key);
    *square = nd_hash_text((nd_hash){0, 0}, key).a | 1;
    return ND_OK;
}

static nd_status split_by_block(nd_dataset *set)
{
    squares *kept = nd_alloc(set->arena, 1, sizeof *kept);
    squares q = {.set = set, .units = {.set = set}};
    if (!kept) return ND_E_MEMORY;
    ND_TRY(measure(&q));
    ND_TRY(choose_crs(&q));
    for (int i = 0; i < set->scenes; i++) ND_TRY(fill_squares(&q, i));
    if (!set->set.is_whole) ND_TRY(split_assign(&q.units));
    *kept = q, set->squares = kept;
    for (int i = 0; i < set->scenes; i++) {
        data_scene *s = &set->scene[i];
        s->buffer = (int)ceil(q.buffer_m / metres_of(s));
        s->margin = (s->buffer - 1 + s->cell) / s->cell + 1;
        ND_TRY(side_cells(&q, i));
    }
    return ND_OK;
}

// ---- Whole scenes.

static const char *footprint(nd_arena *arena, const nd_grid *g)
{
    const char *x = nd_text_of_real(arena, g->x), *y = nd_text_of_real(arena, g->y);
    return x && y ? nd_text(arena, "%s %s %s %d %d", g->crs ? g->crs->text : "", x, y,
                            g->width, g->height)
                  : NULL;
}

static nd_status key_of(const nd_dataset *set, data_scene *scene, const char **key)
{
    const nd_product *p = scene->product;
    const char *date = p && p->start ? p->start : split_date_in(set->arena, scene->key);
    *key = scene->key;
    scene->time = date;
    switch (set->set.split.by.at) {
    case SPLIT_GROUP:
        *key = split_group_of(set, scene->key);
        return *key ? ND_OK : ND_E_PARAM;
    case SPLIT_TILE:
        *key = p && p->tile ? p->tile : split_tile_in(set->arena, scene->key);
        if (!*key) *key = footprint(set->arena, &scene->grid);
        return *key ? ND_OK : ND_E_MEMORY;
    default: return ND_OK;
    }
}

static nd_status split_by_scene(nd_dataset *set)
{
    split_units units = {.set = set};
    int64_t *unit = nd_alloc(set->arena, (size_t)set->scenes, sizeof *unit);
    if (!unit) return ND_E_MEMORY;
    for (int i = 0; i < set->scenes; i++) {
        data_scene *s = &set->scene[i];
        const char *key;
        ND_TRY(key_of(set, s, &key));
        if ((unit[i] = split_unit_of(&units, key)) < 0) return ND_E_MEMORY;
        split_unit *u = &units.unit[unit[i]];
        u->time = s->time;
        for (int64_t k = 0; k < (int64_t)s->across * s->down * set->classes; k++)
            u->count[k % set->classes] += s->count[k];
    }
    if (!set->set.is_whole) ND_TRY(split_assign(&units));
    for (int i = 0; i < set->scenes; i++) {
        data_scene *s = &set->scene[i];
        const size_t cells = (size_t)s->cells_across * (size_t)s->cells_down;
        s->side = nd_alloc(set->arena, cells, 1);
        if (!s->side) return ND_E_MEMORY;
        s->margin = 0, s->buffer = 0;
        memset(s->side, set->set.is_whole ? ND_TEST : (int)units.unit[unit[i]].side,
               cells);
    }
    return ND_OK;
}

nd_status data_split_scenes(nd_dataset *set)
{
    nd_data_split *split = &set->set.split;
    bool has_place = true;
    for (int i = 0; i < set->scenes; i++) has_place = has_place && set->scene[i].grid.crs;
    if (split->by.at == SPLIT_AUTO) split->by.at = has_place ? SPLIT_BLOCK : SPLIT_SCENE;
    if (split->by.at == SPLIT_FILE) split->by.at = SPLIT_SCENE;
    if (split->by.at == SPLIT_COLUMN)
        return nd_fail(ND_E_PARAM, "scenes have no columns to split by\n"
                                   "split by block, scene, tile, group or time");
    if (split->valid + split->test >= 1)
        return nd_fail(ND_E_PARAM,
                       "split.valid and split.test leave nothing to learn from\n"
                       "let their sum be less than 1");
    return split->by.at == SPLIT_BLOCK && !set->set.is_whole ? split_by_block(set)
                                                             : split_by_scene(set);
}
