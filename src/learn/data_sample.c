// SPDX-License-Identifier: Apache-2.0
// One example: decoded, varied, scaled. Pictures of bytes go through a table of 256
// values a band; it gives the same bits as the long way.
#include "learn/scene.h"
#include <math.h>
#include <string.h>

static nd_status check_shape(const nd_dataset *set, const data_item *item,
                             const data_hand *hand)
{
    if (hand->width == set->width && hand->height == set->height &&
        hand->bands == set->bands)
        return ND_OK;
    return nd_fail(ND_E_DATA, "%s in %s has changed its size\nstart again", item->name,
                   set->source);
}

// Tools whose size depends on the set, once for each hand.
static nd_status ready(const nd_dataset *set, data_hand *hand)
{
    if (hand->vary) return ND_OK;
    nd_arena *a = hand->lasting;
    const size_t bands = (size_t)set->bands;
    data_vary *v = nd_alloc(a, 1, sizeof *v);
    if (!v) return ND_E_MEMORY;
    v->gain = nd_alloc(a, bands, sizeof *v->gain);
    v->offset = nd_alloc(a, bands, sizeof *v->offset);
    hand->table = nd_alloc(a, 256 * bands, sizeof *hand->table);
    hand->ways.down = nd_alloc(a, (size_t)set->height, sizeof(int));
    hand->ways.across = nd_alloc(a, (size_t)set->width, sizeof(int));
    hand->ways.out_down = nd_alloc(a, (size_t)set->height, 1);
    hand->ways.out_across = nd_alloc(a, (size_t)set->width, 1);
    if (!v->gain || !v->offset || !hand->table || !hand->ways.down ||
        !hand->ways.across || !hand->ways.out_down || !hand->ways.out_across)
        return ND_E_MEMORY;
    hand->vary = v;
    return ND_OK;
}

static void fill_hole(const nd_dataset *set, const nd_rect *hole, float *value)
{
    for (int b = 0; b < set->bands && hole->width; b++)
        for (int y = hole->y; y < hole->y + hole->height; y++)
            memset(value + ((int64_t)b * set->height + y) * set->width + hole->x, 0,
                   (size_t)hole->width * sizeof *value);
}

static void from_bytes(const nd_dataset *set, data_hand *hand, float *out)
{
    const data_vary *v = hand->vary;
    const int bands = set->bands, w = set->width;
    for (int b = 0; b < bands; b++) {
        float *table = hand->table + 256 * (ptrdiff_t)b;
        for (int i = 0; i < 256; i++)
            table[i] = data_unit(set, (float)i) * v->gain[b] + v->offset[b];
        data_scale(&set->band[b], table, 256);
    }
    for (int b = 0; b < bands; b++) {
        const float *table = hand->table + 256 * (ptrdiff_t)b;
        for (int y = 0; y < set->height; y++) {
            const uint8_t *row = hand->byte + (ptrdiff_t)hand->ways.down[y] * bands + b;
            float *to = out + ((int64_t)b * set->height + y) * w;
            for (int x = 0; x < w; x++)
                to[x] = table[row[(ptrdiff_t)hand->ways.across[x] * bands]];
        }
    }
}

// After scaling, what has no value becomes 0, the mean.
void data_scale_all(const nd_dataset *set, float *out)
{
    const int64_t plane = (int64_t)set->width * set->height;
    for (int b = 0; b < set->bands; b++) {
        float *value = out + b * plane;
        data_scale(&set->band[b], value, plane);
        for (int64_t i = 0; i < plane; i++)
            if (!isfinite(value[i])) value[i] = 0;
    }
}

static nd_status from_values(const nd_dataset *set, data_hand *hand, float *out)
{
    const int64_t plane = (int64_t)set->width * set->height;
    const nd_rect size = {0, 0, set->width, set->height};
    ND_TRY(data_values(hand));
    ND_TRY(nd_room(&hand->extra, &hand->extra_room, (size_t)plane * sizeof(float)));
    for (int64_t i = 0; i < plane * set->bands; i++)
        hand->value[i] = data_unit(set, hand->value[i]);
    for (int b = 0; b < set->bands; b++)
        data_move_values(hand->vary, &hand->ways, &size, hand->value + b * plane,
                         out + b * plane);
    data_vary_values(set, hand->vary, out, (float *)(void *)hand->extra);
    data_scale_all(set, out);
    return ND_OK;
}

static nd_status fill(const nd_dataset *set, nd_work *work, const data_ask *ask,
                      data_hand *hand, nd_chip *chip)
{
    int64_t member;
    data_corner none;
    ND_TRY(ready(set, hand));
    if (set->scene) return data_sample_chip(set, work, ask, hand, chip);
    ND_TRY(data_at(set, ask, &member, &none));
    const data_item *item = &set->item[member];
    ND_TRY(data_decode(set, work, item, hand));
    ND_TRY(check_shape(set, item, hand));
    if (ask->side == ND_TRAIN && !ask->is_plain)
        data_draw_vary(set, ask->epoch, (uint64_t)ask->index, hand->vary);
    else
        data_no_vary(set, hand->vary);
    data_copy_ways(hand->vary, set->height, set->width, &hand->ways);
    if (hand->is_bytes && hand->vary->is_copy && hand->vary->is_smooth)
        from_bytes(set, hand, chip->picture);
    else
        ND_TRY(from_values(set, hand, chip->picture));
    fill_hole(set, &hand->vary->hole, chip->picture);
    chip->label[0] = item->class;
    chip->place = (nd_place){.name = item->name, .x = item->x, .y = item->y};
    return ND_OK;
}

nd_status data_sample(const nd_dataset *set, nd_work *work, const data_ask *ask,
                      nd_chip *chip)
{
    data_hand *hand = data_borrow(set);
    if (!hand) return ND_E_MEMORY;
    const nd_status status = fill(set, work, ask, hand, chip);
    data_return(set, hand);
    return status;
}

nd_status nd_dataset_sample(const nd_dataset *set, nd_work *work, nd_side side,
                            uint32_t epoch, int64_t index, nd_chip *chip)
{
    const data_ask ask = {side, epoch, index, false};
    return data_sample(set, work, &ask, chip);
}

// ---- For the eye.

static uint8_t shade(const nd_dataset *set, int band, float value)
{
    const data_band_stats *s = &set->stats[band];
    const double share = ((double)value - s->p2) / (s->p98 - s->p2);
    if (!(share > 0)) return 0;
    return (uint8_t)(fmin(share, 1) * 255 + 0.5);
}

static void look(const nd_dataset *set, data_hand *hand, uint8_t *rgb)
{
    const int64_t plane = (int64_t)set->width * set->height;
    for (int64_t i = 0; i < plane; i++)
        for (int c = 0; c < 3; c++) {
            const int b = set->bands >= 3 ? c : 0;
            rgb[3 * i + c] =
                hand->is_bytes
                    ? hand->byte[i * set->bands + b]
                    : shade(set, b, data_unit(set, hand->value[b * plane + i]));
        }
}

static nd_status look_picture(const nd_dataset *set, nd_work *work, const data_ask *ask,
                              data_hand *hand)
{
    int64_t member;
    data_corner none;
    ND_TRY(data_at(set, ask, &member, &none));
    const data_item *item = &set->item[member];
    ND_TRY(data_decode(set, work, item, hand));
    return check_shape(set, item, hand);
}

nd_status nd_dataset_look(const nd_dataset *set, nd_work *work, nd_side side,
                          uint32_t epoch, int64_t index, uint8_t *rgb)
{
    const data_ask ask = {side, epoch, index, false};
    data_hand *hand = data_borrow(set);
    if (!hand) return ND_E_MEMORY;
    const nd_status status = set->scene ? data_look_chip(set, work, &ask, hand)
                                        : look_picture(set, work, &ask, hand);
    if (status == ND_OK) look(set, hand, rgb);
    data_return(set, hand);
    return status;
}
