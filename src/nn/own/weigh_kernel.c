// SPDX-License-Identifier: Apache-2.0
// Products summed over pixels, sixteen sums in registers at a time.
#include "nn/own/vector.h"
#include "nn/own/weigh.h"

VECTOR_INLINE void take(const own_pixels *p, char *to, const int64_t pixel)
{
    const char *from = p->from;
    for (int64_t i = 0; i < p->rows; i++) {
        const bool is_in = i >= p->top && i < p->bottom;
        const int64_t first = is_in ? p->first : p->wide,
                      last = is_in ? p->last : p->wide;
        int64_t x = 0;
        for (; x < first; x++, to += pixel) memset(to, 0, (size_t)pixel);
        for (const char *at = from; x < last; x++, to += pixel, at += p->stride * pixel)
            memcpy(to, at, (size_t)pixel);
        for (; x < p->wide; x++, to += pixel) memset(to, 0, (size_t)pixel);
        if (is_in) from += p->row_step;
    }
}
static void take_f32(const own_pixels *pixels, void *to)
{
    take(pixels, to, 64);
}
static void take_bf16(const own_pixels *pixels, void *to)
{
    take(pixels, to, 32);
}

static void halve_f32(const void *from, int64_t count, void *even, void *odd)
{
    const float *restrict in = from;
    float *restrict a = even, *restrict b = odd;
    for (int64_t i = 0; i < count / 2; i++) a[i] = in[2 * i], b[i] = in[2 * i + 1];
    if (count % 2) a[count / 2] = in[count - 1];
}
static void halve_bf16(const void *from, int64_t count, void *even, void *odd)
{
    const uint16_t *restrict in = from;
    uint16_t *restrict a = even, *restrict b = odd;
    for (int64_t i = 0; i < count / 2; i++) a[i] = in[2 * i], b[i] = in[2 * i + 1];
    if (count % 2) a[count / 2] = in[count - 1];
}

// bfloat16's products need an instruction set of their own; who has none of it does not
// come here (own/weigh.c).
#if defined(__AVX512BW__)
#include <immintrin.h>
#define BF16   __attribute__((target("avx512bf16")))
#define UNROLL _Pragma("GCC unroll 16")

static BF16 void pair(const void *from, int64_t pixels, void *to)
{
    const __m512i order =
        _mm512_set_epi16(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8, 23,
                         7, 22, 6, 21, 5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
    const uint16_t *in = from;
    uint16_t *out = to;
    int64_t i = 0;
    for (; i + 2 <= pixels; i += 2)
        _mm512_storeu_si512(out + i * 16, _mm512_permutexvar_epi16(
                                              order, _mm512_loadu_si512(in + i * 16)));
    if (i < pixels)
        _mm512_storeu_si512(out + i * 16,
                            _mm512_cvtepu16_epi32(_mm256_loadu_si256(
                                (const __m256i *)(const void *)(in + i * 16))));
}

// `rows` of x times `blocks` of g; x is read at from[c], or at c numbers behind from[0].
#define CELL(name, target, kind, zero, load, spread, multiply)                           \
    static inline __attribute__((always_inline)) target void name(                       \
        const own_units *u, const char *const *from, int64_t x_step, const char *g,      \
        float *w, const int rows, const int blocks, const bool is_lines)                 \
    {                                                                                    \
        __m512 sum[16];                                                                  \
        UNROLL                                                                           \
        for (int i = 0; i < rows * blocks; i++) sum[i] = zero;                           \
        for (int64_t r = 0; r < u->rows; r++) {                                          \
            const char *at[8];                                                           \
            UNROLL                                                                       \
            for (int c = 0; c < 8; c++)                                                  \
                at[c] = from[is_lines ? c : 0] + r * u->row_step;                        \
            for (int64_t i = 0; i < u->count; i++, g += 64) {                            \
                kind by[2];                                                              \
                UNROLL                                                                   \
                for (int k = 0; k < blocks; k++) by[k] = load(g + k * u->step);          \
                UNROLL                                                                   \
                for (int c = 0; c < rows; c++) {                                         \
                    const kind one =                                                     \
                        spread((is_lines ? at[c] : at[0] + c * 4) + i * x_step);         \
                    UNROLL                                                               \
                    for (int k = 0; k < blocks; k++)                                     \
                        sum[c * blocks + k] = multiply(sum[c * blocks + k], one, by[k]); \
                }                                                                        \
            }                                                                            \
        }                                                                                \
        const int64_t wide = is_lines ? 128 : 256;                                       \
        UNROLL                                                                           \
        for (int c = 0; c < rows; c++) UNROLL                                            \
        for (int k = 0; k < blocks; k++) {                                               \
            float *to = w + k * wide + c * 16;                                           \
            _mm512_storeu_ps(                                                            \
                to, u->adds ? _mm512_add_ps(_mm512_loadu_ps(to), sum[c * blocks + k])    \
                            : sum[c * blocks + k]);                                      \
        }                                                                                \
    }                                                                                    \
    static target void name##_sums(const own_units *u, const void *x)                    \
    {                                                                                    \
        const char *const high[1] = {x}, *const low[1] = {(const char *)x + 32};         \
        int64_t k = 0;                                                                   \
        for (; k + 2 <= u->blocks; k += 2) {                                             \
            const char *g = (const char *)u->g + k * u->step;                            \
            name(u, high, 64, g, u->sums + k * 256, 8, 2, false);                        \
            name(u, low, 64, g, u->sums + k * 256 + 128, 8, 2, false);                   \
        }                                                                                \
        if (k < u->blocks)                                                               \
            name(u, high, 64, (const char *)u->g + k * u->step, u->sums + k * 256, 16,   \
                 1, false);                                                              \
    }                                                                                    \
    static target void name##_lines(const own_units *u, const char *const from[8])       \
    {                                                                                    \
        int64_t k = 0;                                                                   \
        for (; k + 2 <= u->blocks; k += 2)                                               \
            name(u, from, 4, (const char *)u->g + k * u->step, u->sums + k * 128, 8, 2,  \
                 true);                                                                  \
        if (k < u->blocks)                                                               \
            name(u, from, 4, (const char *)u->g + k * u->step, u->sums + k * 128, 8, 1,  \
                 true);                                                                  \
    }

static inline __attribute__((always_inline)) __m512 spread_f32(const char *at)
{
    float x;
    memcpy(&x, at, sizeof x);
    return _mm512_set1_ps(x);
}
static inline __attribute__((always_inline)) __m512 multiply_f32(__m512 sum, __m512 a,
                                                                 __m512 b)
{
    return _mm512_fmadd_ps(a, b, sum);
}
static inline __attribute__((always_inline)) BF16 __m512bh load_bf16(const char *at)
{
    return (__m512bh)_mm512_loadu_si512(at);
}
static inline __attribute__((always_inline)) BF16 __m512bh spread_bf16(const char *at)
{
    int32_t x;
    memcpy(&x, at, sizeof x);
    return (__m512bh)_mm512_set1_epi32(x);
}
CELL(cell_f32, , __m512, _mm512_setzero_ps(), _mm512_loadu_ps, spread_f32, multiply_f32)
CELL(cell_bf16, BF16, __m512bh, _mm512_setzero_ps(), load_bf16, spread_bf16,
     _mm512_dpbf16_ps)

const own_weigh ND_KERNEL(own_weigh) = {
    .take = {take_f32, take_bf16},
    .halve = {halve_f32, halve_bf16},
    .pair = pair,
    .sums = {cell_f32_sums, cell_bf16_sums},
    .lines = {cell_f32_lines, cell_bf16_lines},
};
#else
const own_weigh ND_KERNEL(own_weigh) = {
    .take = {take_f32, take_bf16},
    .halve = {halve_f32, halve_bf16},
};
#endif
