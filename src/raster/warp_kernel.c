// SPDX-License-Identifier: Apache-2.0
// Sampling along lines through a window of pixels: nearest, linear, cubic, sinc.
#include "raster/warp.h"
#include <math.h>

static void spots(const warp_line *restrict l, int count, warp_spots *restrict s)
{
    const float u0 = l->u, v0 = l->v, du = l->step_u, dv = l->step_v, k0 = l->first;
    const float low_u = l->low_u, low_v = l->low_v, high_u = l->high_u,
                high_v = l->high_v;
    const int base_x = l->base_x, base_y = l->base_y, stride = l->stride;
    for (int i = 0; i < count; i++) {
        const float k = k0 + (float)i;
        float u = u0 + k * du, v = v0 + k * dv;
        u = u < low_u ? low_u : u, v = v < low_v ? low_v : v;
        u = u > high_u ? high_u : u, v = v > high_v ? high_v : v;
        const int x = (int)u, y = (int)v;
        s->offset[i] = (y + base_y) * stride + x + base_x;
        s->right[i] = u - (float)x, s->down[i] = v - (float)y;
    }
}

static inline int nearest_of(const warp_spots *s, int i, int stride)
{
    return s->offset[i] + (s->right[i] >= WARP_HALF) +
           (s->down[i] >= WARP_HALF ? stride : 0);
}

static void nearest(const float *restrict data, int stride, const warp_spots *restrict s,
                    int count, float *restrict out)
{
    for (int i = 0; i < count; i++) out[i] = data[nearest_of(s, i, stride)];
}

// What is missing gives its weight to what is there.
static float mend(const float *p, int stride, float right, float down)
{
    const float v[4] = {p[0], p[1], p[stride], p[stride + 1]};
    const float w[4] = {(1 - right) * (1 - down), right * (1 - down), (1 - right) * down,
                        right * down};
    float sum = 0, weight = 0;
    for (int i = 0; i < 4; i++)
        if (v[i] == v[i]) sum += w[i] * v[i], weight += w[i];
    return sum / weight;
}

// Is any missing?
static inline bool linear(const float *restrict data, int stride,
                          const warp_spots *restrict s, int count, float *restrict out)
{
    const float *restrict below = data + stride;
    int bad = 0;
    for (int i = 0; i < count; i++) {
        const int at = s->offset[i];
        const float x = s->right[i], y = s->down[i];
        const float a = data[at], b = data[at + 1], c = below[at], d = below[at + 1];
        const float up = a + x * (b - a), low = c + x * (d - c);
        const float value = up + y * (low - up);
        out[i] = value;
        bad |= value != value;
    }
    return bad;
}

static void mend_all(const float *restrict data, int stride, const warp_spots *restrict s,
                     int count, float *restrict out)
{
    for (int i = 0; i < count; i++)
        if (out[i] != out[i] && !isnan(data[nearest_of(s, i, stride)]))
            out[i] = mend(data + s->offset[i], stride, s->right[i], s->down[i]);
}

static void bilinear(const float *restrict data, int stride, const warp_spots *restrict s,
                     int count, float *restrict out)
{
    if (linear(data, stride, s, count, out)) mend_all(data, stride, s, count, out);
}

static void bilinear_as_snap(const float *restrict data, int stride,
                             const warp_spots *restrict s, int count, float *restrict out)
{
    if (!linear(data, stride, s, count, out)) return;
    for (int i = 0; i < count; i++)
        if (out[i] != out[i]) out[i] = data[s->offset[i]];
}

static inline float keys(float a, float b, float c, float d, float t)
{
    const float p = 0.5f * (c - a), q = a - 2.5f * b + 2 * c - 0.5f * d,
                r = 0.5f * (d - a) + 1.5f * (b - c);
    return b + t * (p + t * (q + t * r));
}

static inline float keys_of(const float *restrict p, int stride, float x, float y)
{
    float row[4];
    for (int k = 0; k < 4; k++, p += stride) row[k] = keys(p[0], p[1], p[2], p[3], x);
    return keys(row[0], row[1], row[2], row[3], y);
}

static inline bool cubic(const float *restrict data, int stride,
                         const warp_spots *restrict s, int count, float *restrict out)
{
    int bad = 0;
    for (int i = 0; i < count; i++) {
        const float value =
            keys_of(data + s->offset[i] - stride - 1, stride, s->right[i], s->down[i]);
        out[i] = value;
        bad |= value != value;
    }
    return bad;
}

static void bicubic(const float *restrict data, int stride, const warp_spots *restrict s,
                    int count, float *restrict out)
{
    if (cubic(data, stride, s, count, out)) mend_all(data, stride, s, count, out);
}

enum { WIDEST = 21 };

// The n x n samples at p, those that are missing as the mean of the others.
static void complete(const float *restrict p, int stride, int n, float *restrict to)
{
    double sum = 0;
    int valid = 0;
    for (int y = 0; y < n; y++)
        for (int x = 0; x < n; x++) {
            const float v = to[y * n + x] = p[y * stride + x];
            if (v == v) sum += (double)v, valid++;
        }
    const float mean = (float)(sum / valid);
    for (int i = 0; i < n * n; i++) to[i] = to[i] == to[i] ? to[i] : mean;
}

static void bicubic_as_snap(const float *restrict data, int stride,
                            const warp_spots *restrict s, int count, float *restrict out)
{
    float all[16];
    if (!cubic(data, stride, s, count, out)) return;
    for (int i = 0; i < count; i++) {
        const float *p = data + s->offset[i];
        if (out[i] == out[i] || isnan(*p)) continue;
        complete(p - stride - 1, stride, 4, all);
        out[i] = keys_of(all, 4, s->right[i], s->down[i]);
    }
}

// sin(pi d) / (pi d) * (1 + cos(pi d / half)) / 2 at d = t + half, t + half - 1, …, of
// which those beyond half are nought; their sum is 1. The cosine turns by a fixed angle.
static void sinc_weights(int n, double t, double *restrict weight)
{
    const double pi = 3.14159265358979323846;
    const int half = n / 2;
    const double turn_c = cos(pi / half), turn_s = sin(pi / half), sine = sin(pi * t);
    double c = -cos(pi * t / half), s = -sin(pi * t / half), sum = 0;
    for (int k = 0; k < n; k++) {
        const double d = t + half - k;
        const double sinc = d == 0 ? 1 : ((half - k) % 2 ? -sine : sine) / (pi * d);
        weight[k] = d > half ? 0 : sinc * 0.5 * (1 + c);
        sum += weight[k];
        const double next = c * turn_c + s * turn_s;
        s = s * turn_c - c * turn_s, c = next;
    }
    for (int k = 0; k < n; k++) weight[k] /= sum;
}

static inline float sinc_of(const float *restrict p, int stride, int n,
                            const double *restrict across, const double *restrict down)
{
    double column[WIDEST] = {0}, sum = 0;
    for (int y = 0; y < n; y++)
        for (int x = 0; x < n; x++) column[x] += down[y] * (double)p[y * stride + x];
    for (int x = 0; x < n; x++) sum += across[x] * column[x];
    return (float)sum;
}

static inline void sinc(const float *restrict data, int stride,
                        const warp_spots *restrict s, int n, int count,
                        float *restrict out)
{
    float all[WIDEST * WIDEST];
    double across[WIDEST], down[WIDEST];
    for (int i = 0; i < count; i++) {
        const float *p = data + s->offset[i], *first = p - n / 2 * (stride + 1);
        out[i] = NAN;
        if (isnan(*p)) continue;
        sinc_weights(n, (double)s->right[i], across);
        sinc_weights(n, (double)s->down[i], down);
        out[i] = sinc_of(first, stride, n, across, down);
        if (out[i] == out[i]) continue;
        complete(first, stride, n, all);
        out[i] = sinc_of(all, n, n, across, down);
    }
}

static void sinc_5(const float *restrict data, int stride, const warp_spots *restrict s,
                   int count, float *restrict out)
{
    sinc(data, stride, s, 5, count, out);
}

static void sinc_11(const float *restrict data, int stride, const warp_spots *restrict s,
                    int count, float *restrict out)
{
    sinc(data, stride, s, 11, count, out);
}

static void sinc_21(const float *restrict data, int stride, const warp_spots *restrict s,
                    int count, float *restrict out)
{
    sinc(data, stride, s, 21, count, out);
}

// Twice as fine, in one go: the compiler weaves the two.
static void refine_two(const warp_steps *restrict s, int count, const float *restrict t,
                       float *restrict out)
{
    const float *restrict a = t + s->from[0], *restrict b = t + s->from[1];
    const float x = s->right[0], y = s->right[1];
    for (int i = 0; i < count; i++) {
        out[2 * i] = a[i] + x * (a[i + 1] - a[i]);
        out[2 * i + 1] = b[i] + y * (b[i + 1] - b[i]);
    }
}

static bool refine(const warp_steps *restrict s, int count, float *restrict t,
                   float *restrict out)
{
    const float *restrict a = s->above, *restrict b = s->below;
    const float down = s->down;
    int bad = 0; // whatever is missing there is missing here, and the other way round
    for (int i = 0; i < count + 2; i++) {
        const float v = a[i] + down * (b[i] - a[i]);
        t[i] = v;
        bad |= v != v;
    }
    if (s->n == 2) {
        refine_two(s, count, t, out);
        return bad;
    }
    for (int p = 0; p < s->n; p++) {
        const float *restrict c = t + s->from[p];
        const float x = s->right[p];
        for (int i = 0; i < count; i++) out[i * s->n + p] = c[i] + x * (c[i + 1] - c[i]);
    }
    return bad;
}

const warp_kernels ND_KERNEL(warp_kernels) = {
    refine,
    spots,
    {nearest, bilinear, bicubic},
    {nearest, bilinear_as_snap, bicubic_as_snap, sinc_5, sinc_11, sinc_21}};
