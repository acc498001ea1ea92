// SPDX-License-Identifier: Apache-2.0
// Products of pixels and weights: up to 28 sums of sixteen outputs in registers.
#include "nn/own/direct.h"

// Who has no AVX-512 does not come here (own/direct.c).
#if defined(__AVX512BW__)
#include <immintrin.h>
#include <string.h>
#define BF16   __attribute__((target("avx512bf16")))
#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("GCC unroll 28")

INLINE __m512 get_f32(const char *at)
{
    return _mm512_loadu_ps(at);
}
INLINE void put_f32(char *to, __m512 x)
{
    _mm512_storeu_ps(to, x);
}
INLINE __m512 spread_f32(const char *at)
{
    float x;
    memcpy(&x, at, sizeof x);
    return _mm512_set1_ps(x);
}
INLINE __m512 multiply_f32(__m512 sum, __m512 a, __m512 b)
{
    return _mm512_fmadd_ps(a, b, sum);
}
INLINE BF16 __m512 get_bf16(const char *at)
{
    const __m256i x = _mm256_loadu_si256((const __m256i *)(const void *)at);
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(x), 16));
}
INLINE BF16 void put_bf16(char *to, __m512 x)
{
    const __m256bh h = _mm512_cvtneps_pbh(x);
    memcpy(to, &h, sizeof h);
}
INLINE BF16 __m512bh load_bf16(const char *at)
{
    return (__m512bh)_mm512_loadu_si512(at);
}
INLINE BF16 __m512bh spread_bf16(const char *at)
{
    int32_t x;
    memcpy(&x, at, sizeof x);
    return (__m512bh)_mm512_set1_epi32(x);
}

enum { HALF = OWN_CELL_PIXELS / 2 };
#define OF_Y(i)                                                                          \
    ((i) % blocks * c->block + ((i) / blocks < HALF ? 0 : c->y_half) +                   \
     (i) / blocks % HALF * c->pixel)
// Each x is spread once for both blocks. The next step's lines of x are far from these.
#define CELL(name, target, kind, load, multiply, wide)                                   \
    INLINE target void name(const own_cell *c, const int pixels, const int blocks,       \
                            const int stride)                                            \
    {                                                                                    \
        __m512 sum[OWN_CELL_PIXELS * OWN_CELL_BLOCKS];                                   \
        UNROLL                                                                           \
        for (int i = 0; i < pixels * blocks; i++)                                        \
            sum[i] = c->bias ? _mm512_loadu_ps(c->bias + i % blocks * 16)                \
                             : _mm512_setzero_ps();                                      \
        UNROLL                                                                           \
        for (int i = 0; i < pixels * blocks; i++) {                                      \
            const int64_t at = OF_Y(i);                                                  \
            _mm_prefetch(c->y + at, _MM_HINT_T0);                                        \
            if (c->r) _mm_prefetch(c->r + at, _MM_HINT_T0);                              \
        }                                                                                \
        const char *w = c->weights;                                                      \
        for (int64_t s = 0; s < c->steps; s++) {                                         \
            const char *x = c->x + c->offset[s], *next = c->x + c->offset[s + 1];        \
            int64_t far = c->far;                                                        \
            for (int i = 0; i < (wide) / 4; i++) {                                       \
                kind by[OWN_CELL_BLOCKS];                                                \
                UNROLL                                                                   \
                for (int k = 0; k < blocks; k++, w += 64) by[k] = load(w);               \
                _mm_prefetch(next, _MM_HINT_T0);                                         \
                _mm_prefetch(x + far, _MM_HINT_T1);                                      \
                UNROLL                                                                   \
                for (int p = 0; p < pixels; p++) {                                       \
                    const kind one = spread_##name((p < HALF ? x : x + c->x_half) +      \
                                                   p % HALF * stride * (wide));          \
                    UNROLL                                                               \
                    for (int k = 0; k < blocks; k++)                                     \
                        sum[p * blocks + k] = multiply(sum[p * blocks + k], one, by[k]); \
                }                                                                        \
                x += 4, next += 64 * stride, far += 64 * stride - 4;                     \
            }                                                                            \
        }                                                                                \
        if (c->r) UNROLL                                                                 \
        for (int i = 0; i < pixels * blocks; i++)                                        \
            sum[i] = _mm512_add_ps(sum[i], get_##name(c->r + i % blocks * c->block +     \
                                                      i / blocks * c->pixel));           \
        if (c->relu) UNROLL                                                              \
        for (int i = 0; i < pixels * blocks; i++)                                        \
            sum[i] = _mm512_max_ps(_mm512_setzero_ps(), sum[i]); /* NaN stays */         \
        UNROLL                                                                           \
        for (int i = 0; i < pixels * blocks; i++) put_##name(c->y + OF_Y(i), sum[i]);    \
    }
CELL(f32, , __m512, _mm512_loadu_ps, multiply_f32, 64)
CELL(bf16, BF16, __m512bh, load_bf16, _mm512_dpbf16_ps, 32)

#define ONE(name, target, blocks, stride)                                                \
    static target void name##_##blocks##_##stride(const own_cell *c, int pixels)         \
    {                                                                                    \
        switch (pixels) {                                                                \
        case 1: name(c, 1, blocks, stride); break;                                       \
        case 2: name(c, 2, blocks, stride); break;                                       \
        case 3: name(c, 3, blocks, stride); break;                                       \
        case 4: name(c, 4, blocks, stride); break;                                       \
        case 5: name(c, 5, blocks, stride); break;                                       \
        case 6: name(c, 6, blocks, stride); break;                                       \
        case 7: name(c, 7, blocks, stride); break;                                       \
        default: name(c, OWN_CELL_PIXELS, blocks, stride);                               \
        }                                                                                \
    }
#define ALL(name, target)                                                                \
    ONE(name, target, 1, 1)                                                              \
    ONE(name, target, 1, 2)                                                              \
    ONE(name, target, 2, 1)                                                              \
    ONE(name, target, 2, 2)                                                              \
    static void name##_all(const own_cell *c, int pixels, int blocks, int stride)        \
    {                                                                                    \
        static void (*const of[2][2])(const own_cell *, int) = {                         \
            {name##_1_1, name##_1_2}, {name##_2_1, name##_2_2}};                         \
        of[blocks - 1][stride - 1](c, pixels);                                           \
    }
ALL(f32, )
ALL(bf16, BF16)

static BF16 void pairs(const float *from, int64_t step, void *to, int64_t to_step)
{
    const __m512i order =
        _mm512_set_epi16(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8, 23,
                         7, 22, 6, 21, 5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
    uint16_t *out = to;
    for (int i = 0; i < 16; i += 2, from += 2 * step, out += to_step) {
        const __m512bh both =
            _mm512_cvtne2ps_pbh(_mm512_loadu_ps(from + step), _mm512_loadu_ps(from));
        _mm512_storeu_si512(out, _mm512_permutexvar_epi16(order, (__m512i)both));
    }
}

const own_direct ND_KERNEL(own_direct) = {.products = {f32_all, bf16_all},
                                          .pairs = pairs};
#else
const own_direct ND_KERNEL(own_direct) = {.pairs = 0};
#endif
