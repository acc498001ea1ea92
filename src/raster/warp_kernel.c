// SPDX-License-Identifier: Apache-2.0
// Sampling along lines through a window of pixels: nearest, bilinear, bicubic.
#include "raster/warp.h"
#include <math.h>

// Half a thousandth of a pixel more than the half: ties go right and down in every row,
// whatever the last bit of a position says.
static const float half = 0.5f - 1.0f / 2048;

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
    return s->offset[i] + (s->right[i] >= half) + (s->down[i] >= half ? stride : 0);
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

static void bilinear(const float *restrict data, int stride, const warp_spots *restrict s,
                     int count, float *restrict out)
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
    if (!bad) return;
    for (int i = 0; i < count; i++)
        if (out[i] != out[i] && !isnan(data[nearest_of(s, i, stride)]))
            out[i] = mend(data + s->offset[i], stride, s->right[i], s->down[i]);
}

static inline float keys(float a, float b, float c, float d, float t)
{
    const float p = 0.5f * (c - a), q = a - 2.5f * b + 2 * c - 0.5f * d,
                r = 0.5f * (d - a) + 1.5f * (b - c);
    return b + t * (p + t * (q + t * r));
}

static void bicubic(const float *restrict data, int stride, const warp_spots *restrict s,
                    int count, float *restrict out)
{
    int bad = 0;
    for (int i = 0; i < count; i++) {
        const float *p = data + s->offset[i] - stride - 1;
        const float x = s->right[i];
        float row[4];
        for (int k = 0; k < 4; k++, p += stride) row[k] = keys(p[0], p[1], p[2], p[3], x);
        const float value = keys(row[0], row[1], row[2], row[3], s->down[i]);
        out[i] = value;
        bad |= value != value;
    }
    if (!bad) return;
    for (int i = 0; i < count; i++)
        if (out[i] != out[i] && !isnan(data[nearest_of(s, i, stride)]))
            out[i] = mend(data + s->offset[i], stride, s->right[i], s->down[i]);
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
    refine, spots, {nearest, bilinear, bicubic}};
