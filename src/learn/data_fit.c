// SPDX-License-Identifier: Apache-2.0
// Pictures of other sizes: resampled, or their middle cut out, to the size of the set.
#include "learn/data.h"
#include <math.h>
#include <string.h>

enum { REFUSE, RESIZE, CROP }; // data.fit

// Which part of a line each new pixel is the mean of: from `at` on, `step` pixels long.
typedef struct line {
    double at, step;
    int length, made;
} line;

// The middle of a line of `length` when `step` old pixels become a new one.
static line middle(int length, int made, double step)
{
    return (line){(length - made * step) / 2, step, length, made};
}

// Old pixels that new pixel `k` is made of, and the weight of each: areas where it
// shrinks, the two neighbours of its centre where it grows.
static int weights_of(const line *l, int k, int *first, double *weight)
{
    const double low = l->at + k * l->step, high = low + l->step;
    if (l->step < 1) {
        const double centre = fmin(fmax((low + high) / 2 - 0.5, 0), l->length - 1);
        *first = (int)centre;
        weight[0] = 1 - (centre - *first), weight[1] = centre - *first;
        return *first + 1 < l->length ? 2 : 1;
    }
    *first = (int)fmax(floor(low + 1e-9), 0);
    int count = 0;
    for (int i = *first; i < l->length && i < high - 1e-9; i++)
        weight[count++] = fmin(i + 1, high) - fmax(i, low);
    return count;
}

// Most old pixels in one new one.
static size_t most_of(const line *l)
{
    return (size_t)ceil(l->step) + 2;
}

typedef struct fitting {
    const data_hand *hand;
    line across, down;
    double *wx, *wy;
    int x, y, nx, ny; // of the new pixel under way
} fitting;

static double old_value(const data_hand *h, int b, int64_t x, int64_t y)
{
    const int64_t at = y * h->width + x;
    return h->is_bytes ? (double)h->byte[at * h->bands + b]
                       : (double)h->value[(int64_t)b * h->width * h->height + at];
}

// Pixels without a value do not count; where they are more than half, there is none.
static double mean(const fitting *f, int b)
{
    double sum = 0, all = 0, none = 0;
    for (int j = 0; j < f->ny; j++)
        for (int i = 0; i < f->nx; i++) {
            const double w = f->wx[i] * f->wy[j];
            const double value = old_value(f->hand, b, f->x + i, f->y + j);
            if (isnan(value))
                none += w;
            else
                all += w, sum += w * value;
        }
    return all > 0 && none <= all ? sum / all : (double)NAN;
}

static void fill(fitting *f)
{
    uint8_t *byte = f->hand->extra;
    float *value = (float *)(void *)f->hand->extra;
    const int bands = f->hand->bands, width = f->across.made, height = f->down.made;
    const int64_t plane = (int64_t)width * height;
    for (int y = 0; y < height; y++) {
        f->ny = weights_of(&f->down, y, &f->y, f->wy);
        for (int x = 0; x < width; x++) {
            const int64_t at = (int64_t)y * width + x;
            f->nx = weights_of(&f->across, x, &f->x, f->wx);
            for (int b = 0; b < bands; b++) {
                const double one = mean(f, b);
                if (f->hand->is_bytes)
                    byte[at * bands + b] = (uint8_t)(one + 0.5);
                else
                    value[b * plane + at] = (float)one;
            }
        }
    }
}

static void change(uint8_t **a, size_t *a_room, uint8_t **b, size_t *b_room)
{
    uint8_t *kept = *a;
    const size_t room = *a_room;
    *a = *b, *a_room = *b_room;
    *b = kept, *b_room = room;
}

static nd_status fit(data_hand *hand, const line *across, const line *down)
{
    const size_t count = (size_t)across->made * (size_t)down->made * (size_t)hand->bands;
    double wx[4096], wy[4096];
    const bool is_bytes = hand->is_bytes;
    fitting f = {.hand = hand, .across = *across, .down = *down, .wx = wx, .wy = wy};
    if (most_of(across) > 4096 || most_of(down) > 4096)
        return nd_fail(ND_E_UNSUPPORTED, "a picture would shrink more than 4096 times\n"
                                         "cut it into chips");
    ND_TRY(
        nd_room(&hand->extra, &hand->extra_room, count * (is_bytes ? 1 : sizeof(float))));
    fill(&f);
    if (is_bytes)
        change(&hand->byte, &hand->byte_room, &hand->extra, &hand->extra_room);
    else
        change(&hand->value_bytes, &hand->value_room, &hand->extra, &hand->extra_room);
    hand->value = (float *)(void *)hand->value_bytes;
    hand->width = across->made, hand->height = down->made;
    return ND_OK;
}

nd_status data_fit(const nd_dataset *set, const data_item *item, data_hand *hand)
{
    const int how = set->set.fit.at, w = set->width, h = set->height;
    if (how == REFUSE || !w || (hand->width == w && hand->height == h)) return ND_OK;
    if (how == CROP && (hand->width < w || hand->height < h))
        return nd_fail(ND_E_DATA,
                       "%s in %s is %d x %d pixels: too small to cut %d x %d out of it\n"
                       "set data.fit: resize, or a smaller data.side",
                       item->name, set->source, hand->width, hand->height, w, h);
    const double step =
        how == CROP ? 1 : fmin((double)hand->width / w, (double)hand->height / h);
    line across = middle(hand->width, w, step), down = middle(hand->height, h, step);
    // Whole pixels are copied.
    if (how == CROP) across.at = floor(across.at), down.at = floor(down.at);
    return fit(hand, &across, &down);
}
