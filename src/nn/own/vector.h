// SPDX-License-Identifier: Apache-2.0
// Sixteen floats at a time, from float32 or bfloat16 memory: for kernels.
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

typedef float v16 __attribute__((vector_size(64)));
typedef int32_t i16x __attribute__((vector_size(64)));
typedef uint32_t u16x __attribute__((vector_size(64)));
typedef uint16_t h16x __attribute__((vector_size(32)));
typedef double d8 __attribute__((vector_size(64)));

#define VECTOR_INLINE static inline __attribute__((always_inline))

VECTOR_INLINE v16 v16_all(float x)
{
    return (v16){x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x};
}

// Sixteen numbers from number `at` on; memory need not be aligned.
VECTOR_INLINE v16 v16_get(const void *from, int64_t at, const bool is_bf16)
{
    if (!is_bf16) {
        v16 x;
        memcpy(&x, (const float *)from + at, sizeof x);
        return x;
    }
    h16x h;
    memcpy(&h, (const uint16_t *)from + at, sizeof h);
    return (v16)(__builtin_convertvector(h, u16x) << 16);
}

// To bfloat16: nearest, ties to even; NaN stays NaN. The instruction makes the smallest
// numbers, below 2^-126, nought.
VECTOR_INLINE void v16_put(void *to, int64_t at, v16 x, const bool is_bf16)
{
    if (!is_bf16) {
        memcpy((float *)to + at, &x, sizeof x);
        return;
    }
#if defined(__AVX512BW__)
    // Who computes in bfloat16 and comes here has the instruction (onednn/load.c).
    h16x h;
    __asm__("vcvtneps2bf16 %1, %0" : "=v"(h) : "v"(x));
#else
    const u16x bits = (u16x)x;
    const u16x rounded = (bits + 0x7FFF + (bits >> 16 & 1)) >> 16;
    const u16x is_nan = (u16x)(x != x);
    const h16x h = __builtin_convertvector(
        (rounded & ~is_nan) | ((bits >> 16 | 0x40) & is_nan), h16x);
#endif
    memcpy((uint16_t *)to + at, &h, sizeof h);
}

VECTOR_INLINE v16 v16_where(i16x mask, v16 a, v16 b)
{
    return (v16)(((i16x)a & mask) | ((i16x)b & ~mask));
}

// NaN stays NaN.
VECTOR_INLINE v16 v16_relu(v16 x)
{
    return (v16)((i16x)x & ~(x < v16_all(0)));
}
