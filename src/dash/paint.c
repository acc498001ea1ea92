// SPDX-License-Identifier: Apache-2.0
// A tile as PNG: how its values become colours stands in the address.
#include "dash/dash.h"
#include <nadir/colour.h>
#include <stdlib.h>
#include <string.h>

enum { QUICK = 1 }; // the effort of a picture that is looked at once

// The tile's own range where the address says none.
static nd_stretch own_range(const nd_tile *tile, int k)
{
    float low = INFINITY, high = -INFINITY;
    for (int y = 0; y < tile->rect.height; y++) {
        const float *row = nd_at(tile, k, tile->rect.x, tile->rect.y + y);
        for (int x = 0; x < tile->rect.width; x++)
            if (isfinite(row[x])) low = fminf(low, row[x]), high = fmaxf(high, row[x]);
    }
    return low <= high ? (nd_stretch){.low = (double)low, .high = (double)high}
                       : (nd_stretch){.low = 0, .high = 1};
}

// "s=low,high" for all bands or for each of three; "g=gamma".
static nd_status stretches(nd_arena *arena, const char *query, const nd_tile *tile,
                           nd_stretch stretch[3])
{
    const int bands = tile->bands.count >= 3 ? 3 : 1;
    double number[6], gamma = 1;
    const char *range = dash_query(arena, query, "s");
    const char *bend = dash_query(arena, query, "g");
    const int count = range ? dash_numbers(arena, range, number, 6) : 0;
    if (range && count != 2 && count != 2 * bands)
        return nd_fail(ND_E_PARAM, "s=%.80s is no stretch\ngive low,high of each band",
                       range);
    if (bend && (dash_numbers(arena, bend, &gamma, 1) != 1 || !(gamma > 0)))
        return nd_fail(ND_E_PARAM, "g=%.80s is no gamma\ngive a number above 0", bend);
    for (int k = 0; k < bands; k++) {
        const int at = count == 6 ? 2 * k : 0;
        stretch[k] = count ? (nd_stretch){.low = number[at], .high = number[at + 1]}
                           : own_range(tile, k);
        stretch[k].gamma = gamma;
    }
    return ND_OK;
}

static nd_status prepare(dash_request *r, nd_work *work, const nd_tile *tile,
                         nd_paint *paint)
{
    nd_stretch stretch[3];
    const char *query = r->head.query;
    const char *name = dash_query(work->arena, query, "ramp");
    const nd_band *first = &r->node->band[tile->bands.band[0]];
    ND_TRY(stretches(work->arena, query, tile, stretch));
    if (tile->bands.count >= 3) {
        nd_paint_rgb(paint, stretch);
        return ND_OK;
    }
    if (first->labels && first->kind == ND_CLASS && !name)
        return nd_paint_labels(paint, first->label, first->labels);
    const nd_ramp *ramp = name ? nd_ramp_find(name) : &nd_ramps[0];
    if (!ramp) return ND_E_PARAM;
    nd_paint_ramp(paint, ramp, stretch[0]);
    return ND_OK;
}

// One band needs one byte a pixel, and a palette; three need four.
static void fill(const nd_paint *paint, const nd_tile *tile, uint8_t *pixel)
{
    const size_t width = (size_t)tile->rect.width;
    for (int i = 0; i < tile->rect.height; i++) {
        const int y = tile->rect.y + i;
        const float *in[3] = {nd_at(tile, 0, tile->rect.x, y)};
        for (int k = 1; k < paint->bands; k++) in[k] = nd_at(tile, k, tile->rect.x, y);
        if (paint->bands == 1)
            nd_paint_index(paint, in[0], tile->rect.width, pixel + (size_t)i * width);
        else
            nd_paint_rgba(paint, in, tile->rect.width, pixel + (size_t)i * width * 4);
    }
}

nd_status dash_picture(dash_request *r, nd_work *work, const nd_tile *tile)
{
    nd_paint *paint = nd_alloc(work->arena, 1, sizeof *paint);
    if (!paint) return ND_E_MEMORY;
    ND_TRY(prepare(r, work, tile, paint));
    const int width = tile->rect.width, height = tile->rect.height;
    const int channels = paint->bands == 1 ? 1 : 4;
    uint8_t *pixel =
        nd_alloc_raw(work->arena, (size_t)width * (size_t)height, (size_t)channels);
    if (!pixel) return ND_E_MEMORY;
    fill(paint, tile, pixel);
    const nd_picture picture = {.width = width,
                                .height = height,
                                .channels = channels,
                                .pixel = pixel,
                                .stride = (ptrdiff_t)width * channels,
                                .colour = channels == 1 ? paint->colour : NULL,
                                .colours = channels == 1 ? 256 : 0};
    const uint8_t *bytes;
    size_t count;
    ND_TRY(nd_png_make(work->arena, &picture, QUICK, &bytes, &count));
    void *body = malloc(count);
    if (!body)
        return nd_fail(ND_E_MEMORY, "no memory for a picture\nclose other programs");
    memcpy(body, bytes, count);
    r->answer.kind = DASH_HEAP, r->answer.body = body, r->answer.bytes = count;
    r->answer.type = "image/png";
    return ND_OK;
}
