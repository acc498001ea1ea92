// SPDX-License-Identifier: Apache-2.0
// Kernels of kept tiles and levels: samples to pixels and back, sums of columns, means.
#include "raster/tiles.h"
#include <math.h>

static void unpack(const uint16_t *from, int count, const raster_packing *p, float *to)
{
    const int32_t low = p->low, hole = p->hole;
    const double scale = p->scale, offset = p->offset;
    if (scale == 1 && offset == 0) {
        for (int i = 0; i < count; i++) {
            const int32_t q = (int32_t)from[i] + low;
            const float v = (float)q;
            to[i] = q == hole ? NAN : v;
        }
        return;
    }
    for (int i = 0; i < count; i++) {
        const int32_t q = (int32_t)from[i] + low;
        const float v = (float)(offset + scale * q);
        to[i] = q == hole ? NAN : v;
    }
}

// Both clamp before they round, so that no pixel is out of an integer's range.
static bool pack(const float *from, int count, const raster_packing *p, uint16_t *to)
{
    const int32_t low = p->low, hole = p->hole;
    const float least = (float)low, most = (float)p->high;
    const double scale = p->scale, offset = p->offset, inverse = 1 / scale;
    int32_t wrong = 0;
    if (scale == 1 && offset == 0) {
        for (int i = 0; i < count; i++) {
            const float v = from[i];
            float s = v > least ? v : least; // NaN becomes the least
            s = s < most ? s : most;
            const int32_t rounded = (int32_t)s, is_hole = v != v;
            const int32_t q = is_hole ? hole : rounded;
            wrong |= (!is_hole) & (((float)rounded != v) | (rounded == hole));
            to[i] = (uint16_t)(q - low);
        }
        return !wrong;
    }
    for (int i = 0; i < count; i++) {
        const float v = from[i];
        const double exact = ((double)v - offset) * inverse;
        double s = exact > (double)least ? exact : (double)least;
        s = s < (double)most ? s : (double)most;
        const int32_t rounded = (int32_t)(s + (s < 0 ? -0.5 : 0.5)), is_hole = v != v;
        const int32_t q = is_hole ? hole : rounded;
        const float back = (float)(offset + scale * rounded);
        wrong |= (!is_hole) & ((back != v) | (rounded == hole));
        to[i] = (uint16_t)(q - low);
    }
    return !wrong;
}

static void add(const float *from, int count, bool is_power, double *sum, int32_t *valid)
{
    if (is_power) {
        for (int i = 0; i < count; i++) {
            const float v = from[i];
            const double d = v == v ? (double)v : 0;
            sum[i] += d * d;
            valid[i] += v == v;
        }
        return;
    }
    for (int i = 0; i < count; i++) {
        const float v = from[i];
        sum[i] += v == v ? (double)v : 0;
        valid[i] += v == v;
    }
}

// What is missing leaves the mean to what is there.
static float mend(const float *a, const float *b, bool is_power)
{
    const float v[4] = {a[0], b[0], a[1], b[1]};
    double sum = 0, count = 0;
    for (int i = 0; i < 4; i++) {
        const double d = (double)v[i];
        if (v[i] == v[i]) sum += is_power ? d * d : d, count++;
    }
    if (count <= 0) return NAN;
    return (float)(is_power ? sqrt(sum / count) : sum / count);
}

// The loop that is run on most rows has no branch; rows with holes are run over again.
static void halve(const float *restrict a, const float *restrict b, int count,
                  bool is_power, float *restrict out)
{
    int32_t holes = 0;
    if (is_power)
        for (int i = 0; i < count; i++) out[i] = mend(a + 2 * i, b + 2 * i, true);
    else
        for (int i = 0; i < count; i++) {
            const double left = (double)a[2 * i] + (double)b[2 * i];
            const double right = (double)a[2 * i + 1] + (double)b[2 * i + 1];
            const float v = (float)((left + right) * 0.25);
            out[i] = v;
            holes |= v != v;
        }
    for (int i = 0; holes && i < count; i++)
        if (out[i] != out[i]) out[i] = mend(a + 2 * i, b + 2 * i, false);
}

const raster_tile_kernels ND_KERNEL(tile_kernels) = {unpack, pack, add, halve};
