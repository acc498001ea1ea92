// SPDX-License-Identifier: Apache-2.0
// Values to samples of up to 16 bits, and such samples to values.
#include "io/pack_kernels.h"
#include <math.h>

// Adding 1.5 x 2^23 to a small float rounds it to the nearest whole number, ties to even,
// in a loop that the compiler can make wide.
static inline int32_t rounded(const io_round *r, float v)
{
    const float magic = 12582912.0f;
    v = v == v ? v : r->none;
    v = v > r->low ? v : r->low;
    v = v < r->high ? v : r->high;
    return (int32_t)((v + magic) - magic);
}

static inline float scaled(const io_round *r, float v)
{
    return (float)(((double)v - r->offset) * r->factor);
}

// `any` is no bool: so the loops become wide.
#define ROUND(T)                                                                         \
    const io_round r = *round;                                                           \
    int any = 0;                                                                         \
    if (r.is_plain)                                                                      \
        for (int i = 0; i < count; i++) {                                                \
            any |= in[i] != in[i];                                                       \
            out[i] = (T)rounded(&r, in[i]);                                              \
        }                                                                                \
    else                                                                                 \
        for (int i = 0; i < count; i++) {                                                \
            const float v = scaled(&r, in[i]);                                           \
            any |= v != v;                                                               \
            out[i] = (T)rounded(&r, v);                                                  \
        }                                                                                \
    return any

static int to_16(const io_round *round, const float *restrict in, int count,
                 uint16_t *restrict out)
{
    ROUND(uint16_t);
}

static int to_32(const io_round *round, const float *restrict in, int count,
                 int32_t *restrict out)
{
    ROUND(int32_t);
}

static void from_u16(const uint16_t *restrict in, int count, int32_t none,
                     float *restrict out)
{
    for (int i = 0; i < count; i++) out[i] = in[i] == none ? NAN : (float)in[i];
}

static void from_i16(const int16_t *restrict in, int count, int32_t none,
                     float *restrict out)
{
    for (int i = 0; i < count; i++) out[i] = in[i] == none ? NAN : (float)in[i];
}

const io_pack_kernels ND_KERNEL(io_pack_kernels) = {to_16, to_32, from_u16, from_i16};
