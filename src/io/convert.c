// SPDX-License-Identifier: Apache-2.0
// Samples as a file holds them to values: scaled, offset, no-data to NaN.
#include "io/pack_kernels.h"
#include "io/reader.h"
#include <math.h>

ND_KERNEL_TABLES(io_pack_kernels, io_pack_kernels);

// A no-data value that the type cannot hold means that no sample is without data.
static bool is_in(double value, double low, double high)
{
    return value >= low && value <= high && value == trunc(value);
}

// The loops are apart so that each becomes vector code. Scaled in double: a sample times
// 0.0001 is then the float nearest to the decimal.
#define CONVERT(T, low, high)                                                            \
    do {                                                                                 \
        const T *from = samples;                                                         \
        const bool has_none = is_in(none, low, high);                                    \
        const T is_none = has_none ? (T)none : 0;                                        \
        if (!is_plain)                                                                   \
            for (int i = 0; i < count; i++)                                              \
                to[i] = (float)(offset + factor * (double)from[i]);                      \
        else                                                                             \
            for (int i = 0; i < count; i++) to[i] = (float)from[i];                      \
        if (has_none)                                                                    \
            for (int i = 0; i < count; i++) to[i] = from[i] == is_none ? NAN : to[i];    \
    } while (0)

static void convert_f32(const float *from, int count, const nd_band *band, float *to)
{
    const double factor = band->scale == 0 ? 1 : band->scale, offset = band->offset;
    const float none = (float)band->no_data; // its decimals mean the nearest float
    for (int i = 0; i < count; i++)
        to[i] = from[i] == none ? NAN : (float)(offset + factor * (double)from[i]);
}

static void convert_f64(const double *from, int count, const nd_band *band, float *to)
{
    const double factor = band->scale == 0 ? 1 : band->scale, offset = band->offset;
    for (int i = 0; i < count; i++)
        to[i] = from[i] == band->no_data ? NAN : (float)(offset + factor * from[i]);
}

void io_convert(const void *samples, int count, const nd_band *band, float *to)
{
    const double none = band->no_data, offset = band->offset;
    const double factor = band->scale == 0 ? 1 : band->scale;
    const bool is_plain = factor == 1 && offset == 0;
    switch (band->sample) {
    case ND_F32: convert_f32(samples, count, band, to); break;
    case ND_F64: convert_f64(samples, count, band, to); break;
    case ND_U8: CONVERT(uint8_t, 0, UINT8_MAX); break;
    case ND_I8: CONVERT(int8_t, INT8_MIN, INT8_MAX); break;
    case ND_U16:
        if (is_plain)
            io_pack_kernels_at[nd_cpu()]->from_u16(
                samples, count, is_in(none, 0, UINT16_MAX) ? (int32_t)none : -1, to);
        else
            CONVERT(uint16_t, 0, UINT16_MAX);
        break;
    case ND_I16:
        if (is_plain)
            io_pack_kernels_at[nd_cpu()]->from_i16(
                samples, count,
                is_in(none, INT16_MIN, INT16_MAX) ? (int32_t)none : INT32_MAX, to);
        else
            CONVERT(int16_t, INT16_MIN, INT16_MAX);
        break;
    case ND_U32: CONVERT(uint32_t, 0, UINT32_MAX); break;
    case ND_I32: CONVERT(int32_t, INT32_MIN, INT32_MAX); break;
    }
}
