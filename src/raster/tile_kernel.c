// SPDX-License-Identifier: Apache-2.0
// Kernels of kept tiles and levels: samples to pixels and back, sums of columns.
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

const raster_tile_kernels ND_KERNEL(tile_kernels) = {unpack, pack, add};
