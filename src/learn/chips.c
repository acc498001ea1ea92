// SPDX-License-Identifier: Apache-2.0
// Where chips may lie: on the grid, or anywhere that a side's ground holds a whole chip.
#include "learn/scene.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

// ---- Summed areas: how many cells of a rectangle are not a side's, or are valid.

static int32_t *sum_of(nd_arena *arena, int across, int down)
{
    return nd_alloc(arena, (size_t)(across + 1) * (size_t)(down + 1), sizeof(int32_t));
}

int32_t data_sum(const int32_t *sum, int across, const nd_rect *cells)
{
    const int64_t w = across + 1, x = cells->x, y = cells->y;
    const int64_t right = x + cells->width, below = y + cells->height;
    return sum[below * w + right] - sum[y * w + right] - sum[below * w + x] +
           sum[y * w + x];
}

static void add_up(int32_t *sum, int across, int down)
{
    const int64_t w = across + 1;
    for (int64_t y = 1; y <= down; y++)
        for (int64_t x = 1; x <= across; x++)
            sum[y * w + x] +=
                sum[(y - 1) * w + x] + sum[y * w + x - 1] - sum[(y - 1) * w + x - 1];
}

static nd_status sum_scene(nd_arena *arena, data_scene *s)
{
    const int across = s->cells_across + 2 * s->margin;
    const int down = s->cells_down + 2 * s->margin;
    s->valid_sum = sum_of(arena, s->cells_across, s->cells_down);
    if (!s->valid_sum) return ND_E_MEMORY;
    for (int y = 0; y < s->cells_down; y++)
        for (int x = 0; x < s->cells_across; x++)
            s->valid_sum[(int64_t)(y + 1) * (s->cells_across + 1) + x + 1] =
                s->valid[(int64_t)y * s->cells_across + x];
    add_up(s->valid_sum, s->cells_across, s->cells_down);
    for (int side = 0; side < ND_SIDES; side++) {
        int32_t *sum = sum_of(arena, across, down);
        if (!sum) return ND_E_MEMORY;
        for (int y = 0; y < down; y++)
            for (int x = 0; x < across; x++) {
                const int is = s->side[(int64_t)y * across + x];
                sum[(int64_t)(y + 1) * (across + 1) + x + 1] =
                    is != side && is != SIDE_NOBODY;
            }
        add_up(sum, across, down);
        s->foreign_sum[side] = sum;
    }
    return ND_OK;
}

static int floor_div(int a, int b)
{
    return a >= 0 ? a / b : -((-a + b - 1) / b);
}

// All cells that the pixels of `r` touch, in the map with its margin.
static bool all_own(const data_scene *s, nd_side side, nd_rect r)
{
    const int across = s->cells_across + 2 * s->margin;
    const int down = s->cells_down + 2 * s->margin;
    const int left = floor_div(r.x, s->cell) + s->margin;
    const int top = floor_div(r.y, s->cell) + s->margin;
    const int right = floor_div(r.x + r.width - 1, s->cell) + s->margin + 1;
    const int below = floor_div(r.y + r.height - 1, s->cell) + s->margin + 1;
    const nd_rect cells =
        nd_rect_clip((nd_rect){left, top, right - left, below - top}, across, down);
    return data_sum(s->foreign_sum[side], across, &cells) == 0;
}

bool data_may_hold(const data_scene *s, nd_side side, nd_rect chip, bool with_buffer)
{
    nd_rect r = nd_rect_clip(chip, s->grid.width, s->grid.height);
    if (!r.width || !r.height || !all_own(s, side, r)) return false;
    if (side != ND_TRAIN || !with_buffer || !s->buffer) return true;
    r.x -= s->buffer, r.y -= s->buffer;
    r.width += 2 * s->buffer, r.height += 2 * s->buffer;
    return all_own(s, side, r);
}

// Share of valid labelled pixels, by the cells that lie in the chip as a whole.
double data_valid_share(const data_scene *s, nd_rect chip, int64_t *valid)
{
    const nd_rect r = nd_rect_clip(chip, s->grid.width, s->grid.height);
    const int cell = s->cell;
    const int right = r.x + r.width, below = r.y + r.height;
    nd_rect c = {(r.x + cell - 1) / cell, (r.y + cell - 1) / cell, 0, 0};
    c.width = (right == s->grid.width ? s->cells_across : right / cell) - c.x;
    c.height = (below == s->grid.height ? s->cells_down : below / cell) - c.y;
    *valid = 0;
    if (c.width <= 0 || c.height <= 0) return 0;
    *valid = data_sum(s->valid_sum, s->cells_across, &c);
    // What hangs over the edge counts as not valid.
    const double hang = (double)r.width * r.height / ((double)chip.width * chip.height);
    const double inside =
        fmin((double)(c.x + c.width) * cell, s->grid.width) - c.x * cell;
    const double tall =
        fmin((double)(c.y + c.height) * cell, s->grid.height) - c.y * cell;
    return hang * (double)*valid / (inside * tall);
}

// ---- The grid.

typedef struct listing {
    nd_dataset *set;
    int64_t room[ND_SIDES];
} listing;

static nd_status add_corner(listing *l, nd_side side, data_corner corner)
{
    nd_dataset *set = l->set;
    if (set->corners[side] == l->room[side]) {
        const int64_t room = l->room[side] ? 2 * l->room[side] : 256;
        data_corner *more = nd_alloc(set->arena, (size_t)room, sizeof *more);
        if (!more) return ND_E_MEMORY;
        if (set->corners[side])
            memcpy(more, set->corner[side], (size_t)set->corners[side] * sizeof *more);
        set->corner[side] = more, l->room[side] = room;
    }
    corner.m = (int32_t)set->corners[side];
    set->corner[side][set->corners[side]++] = corner;
    return ND_OK;
}

static nd_status list_place(listing *l, int number, int x, int y)
{
    nd_dataset *set = l->set;
    const data_scene *s = &set->scene[number];
    const int size = set->set.chips.size;
    const nd_rect chip = {x, y, size, size};
    int64_t valid;
    const double share = data_valid_share(s, chip, &valid);
    data_corner corner = {number, x, y, -1, 0, 0, 0};
    if (valid)
        ND_TRY(data_square_at(set, number, x + 0.5 * size, y + 0.5 * size, &corner.unit));
    for (int side = 0; side < ND_SIDES; side++) {
        if (!valid || (side == ND_TRAIN && share < set->set.min_valid)) continue;
        if (!data_may_hold(s, (nd_side)side, chip, false)) continue;
        if (data_may_hold(s, (nd_side)side, chip, true))
            ND_TRY(add_corner(l, (nd_side)side, corner));
        else
            set->dropped++;
    }
    return ND_OK;
}

static nd_status list_grid(nd_dataset *set)
{
    listing l = {.set = set};
    const int stride = data_stride(set);
    for (int i = 0; i < set->scenes; i++)
        for (int y = 0; y < set->scene[i].grid.height; y += stride)
            for (int x = 0; x < set->scene[i].grid.width; x += stride)
                ND_TRY(list_place(&l, i, x, y));
    return ND_OK;
}

int data_stride(const nd_dataset *set)
{
    const int stride = set->set.chips.stride, size = set->set.chips.size;
    return stride > 0 && stride < size ? stride : size;
}

// ---- Anywhere: the cells in which a training chip may begin, and how many places each
// has.

static int places_along(int at, int cell, int size, int length)
{
    if (length < size) return at == 0; // a small scene is held whole
    const int left = length - size - at + 1;
    return left < 0 ? 0 : left < cell ? left : cell;
}

static nd_status find_places(nd_dataset *set, data_scene *s)
{
    const int size = set->set.chips.size, cell = s->cell;
    const size_t cells = (size_t)s->cells_across * (size_t)s->cells_down;
    s->place = nd_alloc(set->arena, cells, sizeof *s->place);
    s->places_to = nd_alloc(set->arena, cells, sizeof *s->places_to);
    if (!s->place || !s->places_to) return ND_E_MEMORY;
    for (int32_t i = 0; i < (int32_t)cells; i++) {
        const int x = i % s->cells_across * cell, y = i / s->cells_across * cell;
        const int across = places_along(x, cell, size, s->grid.width);
        const int down = places_along(y, cell, size, s->grid.height);
        if (!across || !down) continue;
        const nd_rect all = {x, y, across - 1 + size, down - 1 + size};
        int64_t valid;
        (void)data_valid_share(s, all, &valid);
        if (!valid || !data_may_hold(s, ND_TRAIN, all, true)) continue;
        s->places += (int64_t)across * down;
        s->places_to[s->place_cells] = s->places;
        s->place[s->place_cells++] = i;
    }
    return ND_OK;
}

static nd_status check_room(const nd_dataset *set)
{
    int64_t places = 0;
    for (int i = 0; i < set->scenes; i++) places += set->scene[i].places;
    const bool on_grid = data_on_grid(set);
    if (on_grid ? set->corners[ND_TRAIN] : places) return ND_OK;
    return nd_fail(ND_E_DATA,
                   "no training chip of %d pixels fits into its side of the split\n"
                   "make chips.size or split.buffer smaller, or split.block larger",
                   set->set.chips.size);
}

bool data_on_grid(const nd_dataset *set)
{
    const int how = set->set.chips.sampling.at;
    return how == SAMPLING_GRID || how == SAMPLING_HARD;
}

static int64_t per_epoch(const nd_dataset *set)
{
    const double size = set->set.chips.size;
    double pixels = 0;
    if (data_on_grid(set)) return set->corners[ND_TRAIN];
    if (set->set.chips.per_epoch > 0) return set->set.chips.per_epoch;
    for (int i = 0; i < set->scenes; i++) {
        const data_scene *s = &set->scene[i];
        for (int64_t b = 0; b < (int64_t)s->across * s->down; b++)
            for (int k = 0; k < set->classes && data_block_trains(s, b); k++)
                pixels += s->count[b * set->classes + k];
    }
    return (int64_t)fmax(1, ceil(pixels / (size * size)));
}

static nd_status count_classes(nd_dataset *set)
{
    for (int side = 0; side < ND_SIDES; side++) {
        set->class_count[side] =
            nd_alloc(set->arena, (size_t)set->classes, sizeof(int64_t));
        if (!set->class_count[side]) return ND_E_MEMORY;
    }
    for (int i = 0; i < set->scenes; i++) {
        const data_scene *s = &set->scene[i];
        for (int64_t b = 0; b < (int64_t)s->across * s->down; b++) {
            const int side = data_block_side(s, b);
            for (int k = 0; k < set->classes && side < ND_SIDES; k++)
                set->class_count[side][k] += s->count[b * set->classes + k];
        }
    }
    return ND_OK;
}

nd_status data_place_chips(nd_dataset *set)
{
    for (int i = 0; i < set->scenes; i++) ND_TRY(sum_scene(set->arena, &set->scene[i]));
    ND_TRY(list_grid(set));
    ND_TRY(count_classes(set));
    for (int side = 0; side < ND_SIDES; side++) set->members[side] = set->corners[side];
    if (set->set.is_whole) return ND_OK;
    for (int i = 0; i < set->scenes && !data_on_grid(set); i++)
        ND_TRY(find_places(set, &set->scene[i]));
    ND_TRY(check_room(set));
    set->members[ND_TRAIN] = per_epoch(set);
    return ND_OK;
}
