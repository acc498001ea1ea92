// SPDX-License-Identifier: Apache-2.0
// Point functions, batch norm and optimisers, sixteen numbers at a time.
#include "nn/own/own.h"
#include "nn/own/vector.h"
#include <math.h>

// A function for each type of memory, and the tail of a flat array by a padded copy.
#define BOTH(name)                                                                       \
    {                                                                                    \
        name##_f32, name##_bf16                                                          \
    }

// ---- Point functions.
VECTOR_INLINE void relu(const void *x, void *y, int64_t count, const bool is_bf16)
{
    int64_t i = 0;
    for (; i + 16 <= count; i += 16)
        v16_put(y, i, v16_relu(v16_get(x, i, is_bf16)), is_bf16);
    for (; i < count; i++)
        if (is_bf16) {
            const float v = nn_from_bf16(((const uint16_t *)x)[i]);
            ((uint16_t *)y)[i] = v < 0 ? 0 : ((const uint16_t *)x)[i];
        } else {
            const float v = ((const float *)x)[i];
            ((float *)y)[i] = v < 0 ? 0 : v;
        }
}
static void relu_f32(const void *x, void *y, int64_t count)
{
    relu(x, y, count, false);
}
static void relu_bf16(const void *x, void *y, int64_t count)
{
    relu(x, y, count, true);
}

VECTOR_INLINE void relu_back(const void *g, const void *y, void *to, int64_t count,
                             const bool is_bf16)
{
    int64_t i = 0;
    for (; i + 16 <= count; i += 16) {
        const i16x is_on = v16_get(y, i, is_bf16) > v16_all(0);
        v16_put(to, i, v16_where(is_on, v16_get(g, i, is_bf16), v16_all(0)), is_bf16);
    }
    for (; i < count; i++)
        if (is_bf16)
            ((uint16_t *)to)[i] =
                nn_from_bf16(((const uint16_t *)y)[i]) > 0 ? ((const uint16_t *)g)[i] : 0;
        else
            ((float *)to)[i] = ((const float *)y)[i] > 0 ? ((const float *)g)[i] : 0;
}
static void relu_back_f32(const void *g, const void *y, void *to, int64_t count)
{
    relu_back(g, y, to, count, false);
}
static void relu_back_bf16(const void *g, const void *y, void *to, int64_t count)
{
    relu_back(g, y, to, count, true);
}

static void add_f32(const void *a, const void *b, void *to, int64_t count)
{
    const float *p = a, *q = b;
    float *out = to;
    for (int64_t i = 0; i < count; i++) out[i] = p[i] + q[i];
}
static void add_bf16(const void *a, const void *b, void *to, int64_t count)
{
    int64_t i = 0;
    for (; i + 16 <= count; i += 16)
        v16_put(to, i, v16_get(a, i, true) + v16_get(b, i, true), true);
    for (; i < count; i++)
        ((uint16_t *)to)[i] = nn_to_bf16(nn_from_bf16(((const uint16_t *)a)[i]) +
                                         nn_from_bf16(((const uint16_t *)b)[i]));
}

static void widen(const uint16_t *from, float *to, int64_t count)
{
    int64_t i = 0;
    for (; i + 16 <= count; i += 16) v16_put(to, i, v16_get(from, i, true), false);
    for (; i < count; i++) to[i] = nn_from_bf16(from[i]);
}
static void narrow(const float *from, uint16_t *to, int64_t count)
{
    int64_t i = 0;
    for (; i + 16 <= count; i += 16) v16_put(to, i, v16_get(from, i, false), true);
    for (; i < count; i++) to[i] = nn_to_bf16(from[i]);
}

// ---- Batch norm. Sums of a stretch in float, of stretches in double.
enum { STRETCH = 512 };

VECTOR_INLINE void gather(double *sum, const v16 part[4])
{
    const v16 all = (part[0] + part[1]) + (part[2] + part[3]);
    for (int c = 0; c < 16; c++) sum[c] += (double)all[c];
}

VECTOR_INLINE void norm_sums(const void *x, int64_t pixels, const float *about,
                             double *sum, double *square, const bool is_bf16)
{
    const v16 from = v16_get(about, 0, false);
    for (int64_t at = 0; at < pixels; at += STRETCH) {
        const int64_t end = at + STRETCH < pixels ? at + STRETCH : pixels;
        v16 s[4] = {{0}}, q[4] = {{0}};
        int64_t i = at;
        for (; i + 4 <= end; i += 4)
            for (int k = 0; k < 4; k++) {
                const v16 d = v16_get(x, (i + k) * 16, is_bf16) - from;
                s[k] += d, q[k] += d * d;
            }
        for (; i < end; i++) {
            const v16 d = v16_get(x, i * 16, is_bf16) - from;
            s[0] += d, q[0] += d * d;
        }
        gather(sum, s), gather(square, q);
    }
}
static void norm_sums_f32(const void *x, int64_t pixels, const float *about, double *sum,
                          double *square)
{
    norm_sums(x, pixels, about, sum, square, false);
}
static void norm_sums_bf16(const void *x, int64_t pixels, const float *about, double *sum,
                           double *square)
{
    norm_sums(x, pixels, about, sum, square, true);
}

VECTOR_INLINE void norm(const void *x, const void *r, void *y, int64_t pixels,
                        const own_norm *by, const bool is_relu, const bool is_bf16)
{
    const v16 mean = v16_get(by->mean, 0, false), scale = v16_get(by->scale, 0, false);
    const v16 shift = v16_get(by->shift, 0, false);
    for (int64_t i = 0; i < pixels * 16; i += 16) {
        v16 v = (v16_get(x, i, is_bf16) - mean) * scale + shift;
        if (r) v += v16_get(r, i, is_bf16);
        v16_put(y, i, is_relu ? v16_relu(v) : v, is_bf16);
    }
}
static void norm_f32(const void *x, const void *r, void *y, int64_t pixels,
                     const own_norm *by, bool is_relu)
{
    if (r && is_relu)
        norm(x, r, y, pixels, by, true, false);
    else if (r)
        norm(x, r, y, pixels, by, false, false);
    else if (is_relu)
        norm(x, NULL, y, pixels, by, true, false);
    else
        norm(x, NULL, y, pixels, by, false, false);
}
static void norm_bf16(const void *x, const void *r, void *y, int64_t pixels,
                      const own_norm *by, bool is_relu)
{
    if (r && is_relu)
        norm(x, r, y, pixels, by, true, true);
    else if (r)
        norm(x, r, y, pixels, by, false, true);
    else if (is_relu)
        norm(x, NULL, y, pixels, by, true, true);
    else
        norm(x, NULL, y, pixels, by, false, true);
}

// in: g, x, y. What does not count is nought.
VECTOR_INLINE v16 counted(const void *const in[3], int64_t i, v16 d, const v16 on[2],
                          const own_counts counts, const bool is_bf16)
{
    const v16 g = v16_get(in[0], i, is_bf16);
    if (counts == OWN_ALL) return g;
    const v16 v = counts == OWN_BY_Y ? v16_get(in[2], i, is_bf16) : d * on[0] + on[1];
    return v16_where(v > v16_all(0), g, v16_all(0));
}

VECTOR_INLINE void norm_back_sums(const void *const in[3], int64_t pixels,
                                  const own_norm_back *by, const own_counts counts,
                                  double *const to[2], const bool is_bf16)
{
    const v16 from = v16_get(by->mean, 0, false);
    const v16 on[2] = {v16_get(by->on_scale, 0, false), v16_get(by->on_shift, 0, false)};
    for (int64_t at = 0; at < pixels; at += STRETCH) {
        const int64_t end = at + STRETCH < pixels ? at + STRETCH : pixels;
        v16 s[4] = {{0}}, q[4] = {{0}};
        int64_t i = at;
        for (; i + 4 <= end; i += 4)
            for (int k = 0; k < 4; k++) {
                const v16 d = v16_get(in[1], (i + k) * 16, is_bf16) - from;
                const v16 v = counted(in, (i + k) * 16, d, on, counts, is_bf16);
                s[k] += v, q[k] += v * d;
            }
        for (; i < end; i++) {
            const v16 d = v16_get(in[1], i * 16, is_bf16) - from;
            const v16 v = counted(in, i * 16, d, on, counts, is_bf16);
            s[0] += v, q[0] += v * d;
        }
        gather(to[0], s), gather(to[1], q);
    }
}

VECTOR_INLINE void norm_back(const void *const in[3], void *const out[2], int64_t pixels,
                             const own_norm_back *by, const own_counts counts,
                             const bool is_bf16)
{
    const v16 mean = v16_get(by->mean, 0, false), a = v16_get(by->gradient, 0, false);
    const v16 b = v16_get(by->value, 0, false), c = v16_get(by->shift, 0, false);
    const v16 on[2] = {v16_get(by->on_scale, 0, false), v16_get(by->on_shift, 0, false)};
    void *dx = out[0], *masked = out[1];
    for (int64_t i = 0; i < pixels * 16; i += 16) {
        const v16 d = v16_get(in[1], i, is_bf16) - mean;
        const v16 g = counted(in, i, d, on, counts, is_bf16);
        if (masked) v16_put(masked, i, g, is_bf16);
        v16_put(dx, i, a * g + (b * d + c), is_bf16);
    }
}

#define NORM_BACK(type, is_bf16)                                                         \
    static void norm_back_sums_##type(const void *const in[3], int64_t pixels,           \
                                      const own_norm_back *by, own_counts counts,        \
                                      double *const to[2])                               \
    {                                                                                    \
        switch (counts) {                                                                \
        case OWN_BY_Y: norm_back_sums(in, pixels, by, OWN_BY_Y, to, is_bf16); break;     \
        case OWN_BY_X: norm_back_sums(in, pixels, by, OWN_BY_X, to, is_bf16); break;     \
        default: norm_back_sums(in, pixels, by, OWN_ALL, to, is_bf16);                   \
        }                                                                                \
    }                                                                                    \
    static void norm_back_##type(const void *const in[3], void *const out[2],            \
                                 int64_t pixels, const own_norm_back *by,                \
                                 own_counts counts)                                      \
    {                                                                                    \
        void *const one[2] = {out[0], NULL};                                             \
        switch (counts) {                                                                \
        case OWN_BY_Y:                                                                   \
            if (out[1])                                                                  \
                norm_back(in, out, pixels, by, OWN_BY_Y, is_bf16);                       \
            else                                                                         \
                norm_back(in, one, pixels, by, OWN_BY_Y, is_bf16);                       \
            break;                                                                       \
        case OWN_BY_X: norm_back(in, out, pixels, by, OWN_BY_X, is_bf16); break;         \
        default: norm_back(in, one, pixels, by, OWN_ALL, is_bf16);                       \
        }                                                                                \
    }
NORM_BACK(f32, false)
NORM_BACK(bf16, true)

VECTOR_INLINE void sum_of(const void *x, int64_t pixels, double *sum, const bool is_bf16)
{
    for (int64_t at = 0; at < pixels; at += STRETCH) {
        const int64_t end = at + STRETCH < pixels ? at + STRETCH : pixels;
        v16 s[4] = {{0}};
        int64_t i = at;
        for (; i + 4 <= end; i += 4)
            for (int k = 0; k < 4; k++) s[k] += v16_get(x, (i + k) * 16, is_bf16);
        for (; i < end; i++) s[0] += v16_get(x, i * 16, is_bf16);
        gather(sum, s);
    }
}
static void sum_f32(const void *x, int64_t pixels, double *sum)
{
    sum_of(x, pixels, sum, false);
}
static void sum_bf16(const void *x, int64_t pixels, double *sum)
{
    sum_of(x, pixels, sum, true);
}

// ---- Optimisers: one pass over weights, gradients and state. Formulas: PyTorch's.
static void sgd(float *restrict w, const float *restrict g, float *const state[2],
                int64_t count, const own_sgd *by)
{
    float *restrict m = state[0], *restrict ema = state[1];
    const float rate = by->rate, momentum = by->momentum, decay = by->decay;
    const float clip = by->clip, keep = by->ema;
    if (!m)
        for (int64_t i = 0; i < count; i++) w[i] -= rate * (clip * g[i] + decay * w[i]);
    else if (by->is_first)
        for (int64_t i = 0; i < count; i++) {
            const float d = clip * g[i] + decay * w[i];
            m[i] = d;
            w[i] -= rate * (by->nesterov ? d + momentum * d : d);
        }
    else if (by->nesterov)
        for (int64_t i = 0; i < count; i++) {
            const float d = clip * g[i] + decay * w[i];
            m[i] = momentum * m[i] + d;
            w[i] -= rate * (d + momentum * m[i]);
        }
    else
        for (int64_t i = 0; i < count; i++) {
            m[i] = momentum * m[i] + (clip * g[i] + decay * w[i]);
            w[i] -= rate * m[i];
        }
    for (int64_t i = 0; i < count && ema; i++) ema[i] = keep * ema[i] + (1 - keep) * w[i];
}

static void adam(float *restrict w, const float *restrict g, float *const state[3],
                 int64_t count, const own_adam *by)
{
    float *restrict m = state[0], *restrict v = state[1], *restrict ema = state[2];
    const float b1 = by->beta1, b2 = by->beta2, keep = by->ema;
    for (int64_t i = 0; i < count; i++) {
        const float d = by->clip * g[i] + by->decay * w[i];
        m[i] = b1 * m[i] + (1 - b1) * d;
        v[i] = b2 * v[i] + (1 - b2) * (d * d);
        w[i] =
            by->keep * w[i] - by->rate * (m[i] / (sqrtf(v[i]) * by->root + by->epsilon));
    }
    for (int64_t i = 0; i < count && ema; i++) ema[i] = keep * ema[i] + (1 - keep) * w[i];
}

// Twelve sums that do not wait for each other: what the registers can do at most.
static double multiply_add(int64_t rounds)
{
    v16 sum[12];
    _Pragma("GCC unroll 12") for (int k = 0; k < 12; k++) sum[k] = v16_all((float)k);
    v16 a = v16_all(0.999F), b = v16_all(1e-3F);
    for (int64_t i = 0; i < rounds; i++) {
        __asm__ volatile("" : "+m"(a), "+m"(b)); // else it were computed beforehand
        const v16 x = a, y = b;
        for (int j = 0; j < 8; j++)
            _Pragma("GCC unroll 12") for (int k = 0; k < 12; k++) sum[k] = sum[k] * x + y;
    }
    _Pragma("GCC unroll 12") for (int k = 1; k < 12; k++) sum[0] += sum[k];
    return (double)rounds * 8 * 12 * 16 * 2 + (double)sum[0][0] * 1e-30;
}

const own_kernels ND_KERNEL(own_kernels) = {
    .relu = BOTH(relu),
    .relu_back = BOTH(relu_back),
    .add = BOTH(add),
    .widen = widen,
    .narrow = narrow,
    .norm_sums = BOTH(norm_sums),
    .norm = BOTH(norm),
    .norm_back_sums = BOTH(norm_back_sums),
    .norm_back = BOTH(norm_back),
    .sum = BOTH(sum),
    .adam = adam,
    .sgd = sgd,
    .multiply_add = multiply_add,
};
