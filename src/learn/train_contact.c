// SPDX-License-Identifier: Apache-2.0
// A contact sheet: training pictures as they are, and as augmentation changes them.
#include "learn/data.h"
#include "learn/loop.h"
#include <math.h>
#include <nadir/colour.h>
#include <nadir/file.h>
#include <string.h>

enum { COLUMNS = 5, ROWS = 8, GAP = 4 }; // a column is a pair: before, after

typedef struct sheet {
    const nd_dataset *set;
    uint8_t *pixel, *before;
    float *after;
    int64_t *label;
    double low[3], high[3]; // network units of black and white
    int stride;
} sheet;

// The eye sees the augmented picture as nd_dataset_look shows the one it was made of.
static void find_range(sheet *s)
{
    const nd_dataset *set = s->set;
    for (int c = 0; c < 3; c++) {
        const int b = set->bands >= 3 ? c : 0;
        float ends[2] = {data_unit(set, 0), data_unit(set, 255)};
        if (!set->is_byte)
            ends[0] = (float)set->stats[b].p2, ends[1] = (float)set->stats[b].p98;
        data_scale(&set->band[b], ends, 2);
        s->low[c] = (double)ends[0], s->high[c] = (double)ends[1];
    }
}

static uint8_t *cell(const sheet *s, int column, int row)
{
    const int x =
        column / 2 * (2 * s->set->width + 1 + GAP) + column % 2 * (s->set->width + 1);
    return s->pixel + (ptrdiff_t)row * (s->set->height + GAP) * s->stride +
           3 * (ptrdiff_t)x;
}

static void put_before(const sheet *s, int column, int row)
{
    const size_t line = 3 * (size_t)s->set->width;
    for (int y = 0; y < s->set->height; y++)
        memcpy(cell(s, column, row) + (ptrdiff_t)y * s->stride,
               s->before + (size_t)y * line, line);
}

static void put_after(const sheet *s, int column, int row)
{
    const int64_t plane = (int64_t)s->set->height * s->set->width;
    uint8_t *to = cell(s, column, row);
    for (int64_t i = 0; i < plane; i++)
        for (int c = 0; c < 3; c++) {
            const double v = (double)s->after[(s->set->bands >= 3 ? c : 0) * plane + i];
            const double part = (v - s->low[c]) / (s->high[c] - s->low[c]);
            to[i / s->set->width * s->stride + 3 * (i % s->set->width) + c] =
                (uint8_t)(255 * fmin(fmax(part, 0), 1) + 0.5);
        }
}

static nd_status fill(sheet *s, nd_work *work)
{
    const int64_t count = nd_dataset_count(s->set, ND_TRAIN);
    nd_chip chip = {.picture = s->after, .label = s->label};
    find_range(s);
    for (int k = 0; k < COLUMNS * ROWS && k < count; k++) {
        const int column = 2 * (k % COLUMNS), row = k / COLUMNS;
        ND_TRY(nd_dataset_look(s->set, work, ND_TRAIN, 0, k, s->before));
        ND_TRY(nd_dataset_sample(s->set, work, ND_TRAIN, 0, k, &chip));
        put_before(s, column, row);
        put_after(s, column + 1, row);
    }
    return ND_OK;
}

static nd_status make(const nd_train *train, nd_arena *arena, const char *path)
{
    const int w = train->width, h = train->height;
    const int wide = COLUMNS * (2 * w + 1 + GAP) - GAP, tall = ROWS * (h + GAP) - GAP;
    const size_t pixels = (size_t)w * (size_t)h;
    sheet s = {.set = train->data,
               .stride = 3 * wide,
               .pixel = nd_alloc(arena, (size_t)tall, 3 * (size_t)wide),
               .before = nd_alloc(arena, pixels, 3),
               .after = nd_alloc(arena, pixels * (size_t)train->bands, sizeof(float)),
               .label = nd_alloc(arena, pixels, sizeof(int64_t))};
    if (!s.pixel || !s.before || !s.after || !s.label) return ND_E_MEMORY;
    memset(s.pixel, 255, (size_t)tall * 3 * (size_t)wide);
    nd_work work = {.arena = nd_arena_new()};
    if (!work.arena) return ND_E_MEMORY;
    const nd_status status = fill(&s, &work);
    nd_arena_free(work.arena);
    ND_TRY(status);
    const nd_picture picture = {.width = wide,
                                .height = tall,
                                .channels = 3,
                                .pixel = s.pixel,
                                .stride = s.stride};
    const uint8_t *png;
    size_t bytes;
    ND_TRY(nd_png_make(arena, &picture, 6, &png, &bytes));
    return nd_file_write(path, png, bytes);
}

nd_status nd_train_contact(nd_train *train, const char *path)
{
    nd_arena *arena = nd_arena_new();
    if (!arena) return ND_E_MEMORY;
    const nd_status status = make(train, arena, path);
    nd_arena_free(arena);
    return status;
}
