// SPDX-License-Identifier: Apache-2.0
// One chip of a scene: pixels pulled through the graph, labels, the same moves for both.
#include "learn/scene.h"
#include <math.h>
#include <string.h>

// Of chips that overlap, a pixel belongs to the one in which it lies deepest; the earlier
// one of two. `at`: from the chip's start.
static bool owns(int start, int at, int size, int stride, int length)
{
    const int here = at < size - 1 - at ? at : size - 1 - at;
    for (int step = 1; step * stride < size; step++) {
        const int before = at + step * stride, after = at - step * stride;
        if (start - step * stride >= 0 && before < size) {
            const int deep = before < size - 1 - before ? before : size - 1 - before;
            if (deep >= here) return false;
        }
        if (start + step * stride < length && after >= 0) {
            const int deep = after < size - 1 - after ? after : size - 1 - after;
            if (deep > here) return false;
        }
    }
    return true;
}

static void keep_owned(const nd_dataset *set, const data_scene *s, const data_corner *c,
                       int64_t *label)
{
    const int size = set->set.chips.size, stride = data_stride(set);
    if (stride == size) return;
    for (int y = 0; y < size; y++) {
        const bool is_row = owns(c->y, y, size, stride, s->grid.height);
        for (int x = 0; x < size; x++)
            if (!is_row || !owns(c->x, x, size, stride, s->grid.width))
                label[(int64_t)y * size + x] = ND_IGNORE;
    }
}

static void place_of(const data_scene *s, const data_corner *c, int size, nd_place *place)
{
    const nd_grid *g = &s->grid;
    *place = (nd_place){.name = s->name,
                        .x = (double)NAN,
                        .y = (double)NAN,
                        .row = c->y,
                        .column = c->x,
                        .unit = c->unit};
    if (!g->crs) return;
    place->x = g->x + (c->x + 0.5 * size) * g->pixel_x;
    place->y = g->y + (c->y + 0.5 * size) * g->pixel_y;
    place->crs = g->crs->text;
}

static nd_status room(const nd_dataset *set, data_hand *hand)
{
    const size_t plane = (size_t)set->height * (size_t)set->width;
    ND_TRY(nd_room(&hand->value_bytes, &hand->value_room,
                   plane * (size_t)set->bands * sizeof(float)));
    hand->value = (float *)(void *)hand->value_bytes;
    ND_TRY(nd_room(&hand->extra, &hand->extra_room, plane * sizeof(float)));
    return nd_room(&hand->byte, &hand->byte_room, plane * sizeof(int64_t));
}

// What the picture lacks after it was moved has no label either.
static void ignore_invalid(const nd_dataset *set, nd_chip *chip)
{
    const int64_t plane = (int64_t)set->height * set->width;
    for (int b = 0; b < set->bands; b++)
        for (int64_t i = 0; i < plane; i++)
            if (!isfinite(chip->picture[b * plane + i])) chip->label[i] = ND_IGNORE;
}

static void hide_hole(const nd_dataset *set, const nd_rect *hole, nd_chip *chip)
{
    const int64_t plane = (int64_t)set->height * set->width;
    for (int y = hole->y; y < hole->y + hole->height && hole->width; y++)
        for (int x = hole->x; x < hole->x + hole->width; x++) {
            const int64_t at = (int64_t)y * set->width + x;
            for (int b = 0; b < set->bands; b++) chip->picture[b * plane + at] = 0;
            if (set->set.augment.cutout_ignore) chip->label[at] = ND_IGNORE;
        }
}

nd_status data_sample_chip(const nd_dataset *set, nd_work *work, const data_ask *ask,
                           data_hand *hand, nd_chip *chip)
{
    const int size = set->set.chips.size;
    const int64_t plane = (int64_t)size * size;
    const nd_rect whole = {0, 0, size, size};
    int64_t none;
    data_corner c;
    ND_TRY(data_at(set, ask, &none, &c));
    nd_work own = *work;
    if (!own.cache) own.cache = data_cache(set);
    ND_TRY(data_resolve_corner(set, &own, ask, &c));
    const data_scene *s = &set->scene[c.scene];
    const nd_rect rect = {c.x, c.y, size, size};
    ND_TRY(room(set, hand));
    int64_t *label = (int64_t *)(void *)hand->byte;
    ND_TRY(data_read_bands(set, s, &own, rect, hand->value));
    ND_TRY(data_read_labels(set, s, &own, rect, label));
    const bool is_varied = ask->side == ND_TRAIN && !ask->is_plain;
    if (is_varied)
        data_draw_vary(set, ask->epoch, (uint64_t)ask->index, hand->vary);
    else
        data_no_vary(set, hand->vary);
    if (!is_varied) keep_owned(set, s, &c, label);
    data_copy_ways(hand->vary, size, size, &hand->ways);
    for (int b = 0; b < set->bands; b++)
        data_move_values(hand->vary, &hand->ways, &whole, hand->value + b * plane,
                         chip->picture + b * plane);
    data_move_labels(hand->vary, &hand->ways, &whole, label, chip->label);
    ignore_invalid(set, chip);
    data_vary_values(set, hand->vary, chip->picture, (float *)(void *)hand->extra);
    data_scale_all(set, chip->picture);
    hide_hole(set, &hand->vary->hole, chip);
    place_of(s, &c, size, &chip->place);
    return ND_OK;
}

nd_status data_look_chip(const nd_dataset *set, nd_work *work, const data_ask *ask,
                         data_hand *hand)
{
    const int size = set->set.chips.size;
    int64_t none;
    data_corner c;
    ND_TRY(data_at(set, ask, &none, &c));
    nd_work own = *work;
    if (!own.cache) own.cache = data_cache(set);
    ND_TRY(data_resolve_corner(set, &own, ask, &c));
    ND_TRY(room(set, hand));
    ND_TRY(data_read_bands(set, &set->scene[c.scene], &own,
                           (nd_rect){c.x, c.y, size, size}, hand->value));
    hand->is_bytes = false;
    return ND_OK;
}
