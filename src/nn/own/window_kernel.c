// SPDX-License-Identifier: Apache-2.0
// Pools, resizing and cross entropy over planes of sixteen channels.
#include "nn/own/vector.h"
#include "nn/own/window.h"
#include <math.h>

#define BOTH(name)                                                                       \
    {                                                                                    \
        name##_f32, name##_bf16                                                          \
    }

static void clear(void *to, int64_t pixels, const bool is_bf16)
{
    memset(to, 0, (size_t)pixels * (is_bf16 ? 32 : 64));
}

VECTOR_INLINE void add_to(void *to, int64_t pixel, v16 v, const bool is_bf16)
{
    v16_put(to, pixel * 16, v16_get(to, pixel * 16, is_bf16) + v, is_bf16);
}

// The first maximum of a window of so many rows and columns from `x` on and which pixel
// of it that is; NaN wins.
VECTOR_INLINE v16 top_in(const void *x, int64_t first, int64_t wide, const int32_t rows,
                         const int32_t columns, i16x *place, const bool is_bf16)
{
    v16 best = v16_get(x, first * 16, is_bf16);
    i16x at = {0};
    int32_t k = 0;
    for (int32_t r = 0; r < rows; r++)
        for (int32_t c = 0; c < columns; c++, k++) {
            const v16 v = v16_get(x, (first + r * wide + c) * 16, is_bf16);
            const i16x is_more = (v > best) | (v != v);
            best = v16_where(is_more, v, best);
            at = (is_more & k) | (at & ~is_more);
        }
    *place = at;
    return best;
}

// Windows of 3 x 3 without a loop.
VECTOR_INLINE v16 top_of(const own_window *w, const void *x, int64_t i, int64_t j,
                         i16x *place, const bool is_bf16)
{
    const int64_t wide = w->column.in;
    const int32_t top = w->row.from[i], left = w->column.from[j];
    const int32_t rows = w->row.last[i] - top, columns = w->column.last[j] - left;
    if (rows == 3 && columns == 3)
        return top_in(x, top * wide + left, wide, 3, 3, place, is_bf16);
    return top_in(x, top * wide + left, wide, rows, columns, place, is_bf16);
}

VECTOR_INLINE void largest(const own_window *w, const void *x, void *y,
                           const bool is_bf16)
{
    i16x place;
    for (int64_t i = 0; i < w->row.out; i++)
        for (int64_t j = 0; j < w->column.out; j++)
            v16_put(y, (i * w->column.out + j) * 16, top_of(w, x, i, j, &place, is_bf16),
                    is_bf16);
}
static void largest_f32(const own_window *w, const void *x, void *y)
{
    largest(w, x, y, false);
}
static void largest_bf16(const own_window *w, const void *x, void *y)
{
    largest(w, x, y, true);
}

// A window's gradient to the pixel that was the largest.
VECTOR_INLINE void give_to(void *to, int64_t first, int64_t wide, const int32_t rows,
                           const int32_t columns, i16x place, v16 v, const bool is_bf16)
{
    int32_t k = 0;
    for (int32_t r = 0; r < rows; r++)
        for (int32_t c = 0; c < columns; c++, k++)
            add_to(to, first + r * wide + c, v16_where(place == k, v, v16_all(0)),
                   is_bf16);
}

VECTOR_INLINE void largest_back(const own_window *w, const void *g, const void *x,
                                void *to, const bool is_bf16)
{
    const int64_t wide = w->column.in;
    clear(to, w->row.in * wide, is_bf16);
    for (int64_t i = 0; i < w->row.out; i++)
        for (int64_t j = 0; j < w->column.out; j++) {
            i16x place;
            (void)top_of(w, x, i, j, &place, is_bf16);
            const v16 v = v16_get(g, (i * w->column.out + j) * 16, is_bf16);
            const int64_t first = w->row.from[i] * wide + w->column.from[j];
            const int32_t rows = w->row.last[i] - w->row.from[i];
            const int32_t columns = w->column.last[j] - w->column.from[j];
            if (rows == 3 && columns == 3)
                give_to(to, first, wide, 3, 3, place, v, is_bf16);
            else
                give_to(to, first, wide, rows, columns, place, v, is_bf16);
        }
}
static void largest_back_f32(const own_window *w, const void *g, const void *x, void *to)
{
    largest_back(w, g, x, to, false);
}
static void largest_back_bf16(const own_window *w, const void *g, const void *x, void *to)
{
    largest_back(w, g, x, to, true);
}

VECTOR_INLINE void mean(const own_window *w, const void *x, void *y, const bool is_bf16)
{
    const int64_t wide = w->column.in;
    for (int64_t i = 0; i < w->row.out; i++)
        for (int64_t j = 0; j < w->column.out; j++) {
            v16 sum = v16_all(0);
            for (int32_t r = w->row.from[i]; r < w->row.last[i]; r++)
                for (int32_t c = w->column.from[j]; c < w->column.last[j]; c++)
                    sum += v16_get(x, (r * wide + c) * 16, is_bf16);
            const int64_t at = i * w->column.out + j;
            v16_put(y, at * 16, sum * v16_all(w->area[at]), is_bf16);
        }
}
static void mean_f32(const own_window *w, const void *x, void *y)
{
    mean(w, x, y, false);
}
static void mean_bf16(const own_window *w, const void *x, void *y)
{
    mean(w, x, y, true);
}

VECTOR_INLINE void mean_back(const own_window *w, const void *g, void *to,
                             const bool is_bf16)
{
    const int64_t wide = w->column.in;
    clear(to, w->row.in * wide, is_bf16);
    for (int64_t i = 0; i < w->row.out; i++)
        for (int64_t j = 0; j < w->column.out; j++) {
            const int64_t at = i * w->column.out + j;
            const v16 v = v16_get(g, at * 16, is_bf16) * v16_all(w->area[at]);
            for (int32_t r = w->row.from[i]; r < w->row.last[i]; r++)
                for (int32_t c = w->column.from[j]; c < w->column.last[j]; c++)
                    add_to(to, r * wide + c, v, is_bf16);
        }
}
static void mean_back_f32(const own_window *w, const void *g, void *to)
{
    mean_back(w, g, to, false);
}
static void mean_back_bf16(const own_window *w, const void *g, void *to)
{
    mean_back(w, g, to, true);
}

VECTOR_INLINE v16 between(v16 a, v16 b, float share)
{
    return a + (b - a) * v16_all(share);
}

VECTOR_INLINE void resize(const own_window *w, const void *x, void *y, const bool is_bf16)
{
    const int64_t wide = w->column.in;
    for (int64_t i = 0; i < w->row.out; i++) {
        const int64_t a = w->row.from[i] * wide, b = w->row.last[i] * wide;
        for (int64_t j = 0; j < w->column.out; j++) {
            const int64_t l = w->column.from[j], r = w->column.last[j];
            v16 v = v16_get(x, (a + l) * 16, is_bf16);
            if (!w->is_nearest) {
                v = between(v, v16_get(x, (a + r) * 16, is_bf16), w->column.share[j]);
                const v16 down =
                    between(v16_get(x, (b + l) * 16, is_bf16),
                            v16_get(x, (b + r) * 16, is_bf16), w->column.share[j]);
                v = between(v, down, w->row.share[i]);
            }
            v16_put(y, (i * w->column.out + j) * 16, v, is_bf16);
        }
    }
}
static void resize_f32(const own_window *w, const void *x, void *y)
{
    resize(w, x, y, false);
}
static void resize_bf16(const own_window *w, const void *x, void *y)
{
    resize(w, x, y, true);
}

VECTOR_INLINE void resize_back(const own_window *w, const void *g, void *to,
                               const bool is_bf16)
{
    const int64_t wide = w->column.in;
    clear(to, w->row.in * wide, is_bf16);
    for (int64_t i = 0; i < w->row.out; i++) {
        const int64_t a = w->row.from[i] * wide, b = w->row.last[i] * wide;
        for (int64_t j = 0; j < w->column.out; j++) {
            const int64_t l = w->column.from[j], r = w->column.last[j];
            const v16 v = v16_get(g, (i * w->column.out + j) * 16, is_bf16);
            if (w->is_nearest) {
                add_to(to, a + l, v, is_bf16);
                continue;
            }
            const float down = w->row.share[i], right = w->column.share[j];
            add_to(to, a + l, v * v16_all((1 - down) * (1 - right)), is_bf16);
            add_to(to, a + r, v * v16_all((1 - down) * right), is_bf16);
            add_to(to, b + l, v * v16_all(down * (1 - right)), is_bf16);
            add_to(to, b + r, v * v16_all(down * right), is_bf16);
        }
    }
}
static void resize_back_f32(const own_window *w, const void *g, void *to)
{
    resize_back(w, g, to, false);
}
static void resize_back_bf16(const own_window *w, const void *g, void *to)
{
    resize_back(w, g, to, true);
}

// e^x to 2 ulp: 2^n times a polynomial (Cephes' coefficients); NaN stays, what is too
// small becomes 0.
VECTOR_INLINE v16 power_of_e(v16 x)
{
    const v16 low = v16_all(-87), high = v16_all(88);
    const i16x is_low = x < low;
    v16 v = v16_where(is_low, low, v16_where(x > high, high, x));
    const v16 turn = v16_all(12582912.0F); // 1.5 * 2^23: rounds to whole numbers
    const v16 n = v * v16_all(1.44269504F) + turn;
    const v16 whole = n - turn;
    v = v - whole * v16_all(0.693359375F) + whole * v16_all(2.12194440e-4F);
    v16 p = v16_all(1.9875691500e-4F);
    p = p * v + v16_all(1.3981999507e-3F);
    p = p * v + v16_all(8.3334519073e-3F);
    p = p * v + v16_all(4.1665795894e-2F);
    p = p * v + v16_all(1.6666665459e-1F);
    p = p * v + v16_all(5.0000001201e-1F);
    p = p * v * v + v + v16_all(1);
    const i16x power = ((i16x)n - (i16x)turn + 127) << 23;
    return v16_where(is_low, v16_all(0), p * (v16)power);
}

VECTOR_INLINE float largest_of(v16 x)
{
    float top = x[0];
    for (int c = 1; c < 16; c++) top = x[c] > top ? x[c] : top;
    return top;
}
VECTOR_INLINE float sum_of(v16 x)
{
    float s[8];
    for (int c = 0; c < 8; c++) s[c] = x[c] + x[c + 8];
    return ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]));
}

// Lanes beyond the last class count for nothing.
VECTOR_INLINE v16 logits_at(const void *z, int64_t at, int64_t left, const bool is_bf16)
{
    const i16x lane = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    const int32_t most = left < 16 ? (int32_t)left : 16;
    return v16_where(lane < most, v16_get(z, at, is_bf16), v16_all(-INFINITY));
}

VECTOR_INLINE float top_at(const void *z, int64_t step, int64_t blocks, int64_t classes,
                           int64_t pixel, const bool is_bf16)
{
    v16 top = logits_at(z, pixel * 16, classes, is_bf16);
    for (int64_t b = 1; b < blocks; b++) {
        const v16 v = logits_at(z, b * step + pixel * 16, classes - b * 16, is_bf16);
        top = v16_where(v > top, v, top);
    }
    return largest_of(top);
}

VECTOR_INLINE float sum_at(const void *z, int64_t step, int64_t blocks, int64_t classes,
                           int64_t pixel, float top, const bool is_bf16)
{
    v16 sum = v16_all(0);
    for (int64_t b = 0; b < blocks; b++)
        sum += power_of_e(logits_at(z, b * step + pixel * 16, classes - b * 16, is_bf16) -
                          v16_all(top));
    return sum_of(sum);
}

VECTOR_INLINE double entropy(const void *z, int64_t step, int64_t blocks, int64_t classes,
                             const int32_t *label, const float *weight, int64_t pixels,
                             const bool is_bf16)
{
    double loss = 0;
    for (int64_t i = 0; i < pixels; i++) {
        if (label[i] < 0) continue;
        const float top = top_at(z, step, blocks, classes, i, is_bf16);
        const float sum = sum_at(z, step, blocks, classes, i, top, is_bf16);
        const int64_t at = label[i] / 16 * step + i * 16;
        const float hit = v16_get(z, at, is_bf16)[label[i] % 16];
        const double each = log((double)sum) - ((double)hit - (double)top);
        loss += weight ? (double)weight[label[i]] * each : each;
    }
    return loss;
}
static double entropy_f32(const void *z, int64_t step, int64_t blocks, int64_t classes,
                          const int32_t *label, const float *weight, int64_t pixels)
{
    return entropy(z, step, blocks, classes, label, weight, pixels, false);
}
static double entropy_bf16(const void *z, int64_t step, int64_t blocks, int64_t classes,
                           const int32_t *label, const float *weight, int64_t pixels)
{
    return entropy(z, step, blocks, classes, label, weight, pixels, true);
}

VECTOR_INLINE void entropy_back(const void *z, int64_t step, int64_t blocks,
                                int64_t classes, const int32_t *label, const float *by,
                                float *to, int64_t pixels, const bool is_bf16)
{
    for (int64_t i = 0; i < pixels; i++) {
        if (label[i] < 0) {
            for (int64_t b = 0; b < blocks; b++)
                v16_put(to, b * step + i * 16, v16_all(0), false);
            continue;
        }
        const float top = top_at(z, step, blocks, classes, i, is_bf16);
        const float sum = sum_at(z, step, blocks, classes, i, top, is_bf16);
        const float times = by[label[i]];
        for (int64_t b = 0; b < blocks; b++) {
            const int64_t at = b * step + i * 16;
            v16_put(
                to, at,
                power_of_e(logits_at(z, at, classes - b * 16, is_bf16) - v16_all(top)) *
                    v16_all(times / sum),
                false);
        }
        to[label[i] / 16 * step + i * 16 + label[i] % 16] -= times;
    }
}
static void entropy_back_f32(const void *z, int64_t step, int64_t blocks, int64_t classes,
                             const int32_t *label, const float *by, float *to,
                             int64_t pixels)
{
    entropy_back(z, step, blocks, classes, label, by, to, pixels, false);
}
static void entropy_back_bf16(const void *z, int64_t step, int64_t blocks,
                              int64_t classes, const int32_t *label, const float *by,
                              float *to, int64_t pixels)
{
    entropy_back(z, step, blocks, classes, label, by, to, pixels, true);
}

const own_windows ND_KERNEL(own_windows) = {
    .largest = BOTH(largest),
    .largest_back = BOTH(largest_back),
    .mean = BOTH(mean),
    .mean_back = BOTH(mean_back),
    .resize = BOTH(resize),
    .resize_back = BOTH(resize_back),
    .entropy = BOTH(entropy),
    .entropy_back = BOTH(entropy_back),
};
