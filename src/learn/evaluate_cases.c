// SPDX-License-Identifier: Apache-2.0
// The cases that a report shows: where they are, and a picture of each.
#include "learn/data.h"
#include "learn/evaluate.h"
#include <math.h>
#include <nadir/colour.h>
#include <nadir/pool.h>
#include <string.h>

enum { RIM = 2 }; // between picture, reference and answer

typedef struct canvas {
    uint8_t *rgb;
    int width, height;
} canvas;

static void put_look(const canvas *c, const uint8_t *rgb, int width)
{
    for (int y = 0; y < c->height; y++)
        memcpy(&c->rgb[(size_t)y * (size_t)c->width * 3],
               &rgb[(size_t)y * (size_t)width * 3], (size_t)width * 3);
}

static void put_pixel(const evaluating *e, const canvas *c, int64_t pixel, int x0,
                      uint32_t colour)
{
    const int64_t y = pixel / e->width, x = x0 + pixel % e->width;
    uint8_t *to = &c->rgb[(y * c->width + x) * 3];
    to[0] = (uint8_t)(colour >> 24);
    to[1] = (uint8_t)(colour >> 16);
    to[2] = (uint8_t)(colour >> 8);
}

enum { GREY = 0x808080 }; // what is not known

// Classes in their colours from column `x0` on.
static void put_classes(const evaluating *e, const canvas *c, const int64_t *class,
                        int x0)
{
    const nd_card_class *known = e->model->card->classes;
    for (int64_t i = 0; i < e->pixels; i++) {
        const bool is_known = class[i] >= 0 && class[i] < e->classes;
        put_pixel(e, c, i, x0, is_known ? known[class[i]].colour : (uint32_t)GREY << 8);
    }
}

// Values from low to high as a ramp shows them.
static void put_values(const evaluating *e, const canvas *c, const float *value, int x0)
{
    const nd_ramp *ramp = &nd_ramps[1]; // viridis
    for (int64_t i = 0; i < e->pixels; i++) {
        const double at = data_value_share(value[i]);
        put_pixel(e, c, i, x0, isnan(at) ? (uint32_t)GREY << 8 : nd_ramp_at(ramp, at));
    }
}

static nd_status put_truth_and_values(evaluating *e, nd_work *work, const canvas *c,
                                      const nd_chip *chip)
{
    const nd_card_band *value = nd_dataset_value(e->ask->data);
    float *truth = nd_alloc(work->arena, (size_t)e->pixels, sizeof *truth);
    if (!truth) return ND_E_MEMORY;
    for (int64_t i = 0; i < e->pixels; i++)
        truth[i] = nd_card_scale(value, nd_label_value(chip->label[i]));
    ND_TRY(learn_infer(e, chip->picture, 1, e->logit));
    put_values(e, c, truth, e->width + RIM);
    put_values(e, c, e->logit, 2 * (e->width + RIM));
    return ND_OK;
}

static void answer_of(const evaluating *e, int64_t *class)
{
    for (int64_t i = 0; i < e->pixels; i++) {
        class[i] = 0;
        for (int k = 1; k < e->classes; k++)
            if (e->logit[k * e->pixels + i] > e->logit[class[i] * e -> pixels + i])
                class[i] = k;
    }
}

// The chip's own buffers are taken from the worker's arena, the PNG from the lasting one.
static nd_status show(evaluating *e, nd_work *work, nd_case *one, nd_chip *chip)
{
    const nd_side side = (nd_side)e->ask->side;
    const size_t plane = (size_t)e->height * (size_t)e->width;
    uint8_t *rgb = nd_alloc(work->arena, plane * 3, 1);
    canvas c = {.width = e->is_mask ? 3 * e->width + 2 * RIM : e->width,
                .height = e->height};
    c.rgb = nd_alloc(work->arena, (size_t)c.width * (size_t)c.height * 3, 1);
    if (!rgb || !c.rgb) return ND_E_MEMORY;
    memset(c.rgb, 255, (size_t)c.width * (size_t)c.height * 3);
    ND_TRY(nd_dataset_look(e->ask->data, work, side, 0, one->index, rgb));
    put_look(&c, rgb, e->width);
    if (e->values) {
        ND_TRY(put_truth_and_values(e, work, &c, chip));
    } else if (e->is_mask) {
        int64_t *answer = nd_alloc(work->arena, plane, sizeof *answer);
        if (!answer) return ND_E_MEMORY;
        ND_TRY(learn_infer(e, chip->picture, 1, e->logit));
        answer_of(e, answer);
        put_classes(e, &c, chip->label, e->width + RIM);
        put_classes(e, &c, answer, 2 * (e->width + RIM));
    }
    const nd_picture picture = {.width = c.width,
                                .height = c.height,
                                .channels = 3,
                                .pixel = c.rgb,
                                .stride = (ptrdiff_t)c.width * 3};
    return nd_png_make(e->arena, &picture, 9, &one->png, &one->png_bytes);
}

static nd_status show_one(evaluating *e, nd_work *work, nd_case *one)
{
    const size_t plane = (size_t)e->height * (size_t)e->width;
    nd_chip chip = {.picture =
                        nd_alloc(work->arena, plane * (size_t)e->bands, sizeof(float)),
                    .label = nd_alloc(work->arena, (size_t)e->pixels, sizeof(int64_t))};
    if (!chip.picture || !chip.label) return ND_E_MEMORY;
    ND_TRY(nd_dataset_sample(e->ask->data, work, (nd_side)e->ask->side, 0, one->index,
                             &chip));
    const nd_place *place = &chip.place;
    one->name = place->name ? nd_text(e->arena, "%s", place->name) : NULL;
    one->crs = place->crs ? nd_text(e->arena, "%s", place->crs) : NULL;
    one->x = place->x;
    one->y = place->y;
    one->row = place->row;
    one->column = place->column;
    return show(e, work, one, &chip);
}

nd_status learn_show_cases(evaluating *e, nd_case *list, int count)
{
    nd_work work = {.arena = nd_arena_new(), .cancel = e->ask->cancel};
    nd_status status = work.arena ? ND_OK : ND_E_MEMORY;
    for (int i = 0; i < count && status == ND_OK; i++) {
        status = show_one(e, &work, &list[i]);
        nd_arena_reset(work.arena);
    }
    nd_arena_free(work.arena);
    return status;
}
