// SPDX-License-Identifier: Apache-2.0
// The steps of an expression over one piece of its rows, which stays in the first cache.
#include "raster/expr.h"
#include <float.h>
#include <math.h>
#include <nadir/pool.h>
#include <string.h>

#define LOOP for (int i = 0; i < n; i++)

// One form of a step: A and B become x and y.
#define FORM(code, T, Z, A, B, value)                                                    \
    case code: {                                                                         \
        const T *restrict a = slot[s->a], *restrict b = slot[s->b];                      \
        Z *restrict z = slot[s->z];                                                      \
        const T k = (T)s->k;                                                             \
        (void)a, (void)b, (void)k;                                                       \
        LOOP                                                                             \
        {                                                                                \
            const T x = A, y = B;                                                        \
            (void)x, (void)y;                                                            \
            z[i] = (Z)(value);                                                           \
        }                                                                                \
        break;                                                                           \
    }
#define BINARY(op, value)                                                                \
    FORM(EXPR_CODE(op, EXPR_D | EXPR_RR), double, double, a[i], b[i], value)             \
    FORM(EXPR_CODE(op, EXPR_D | EXPR_RK), double, double, a[i], k, value)                \
    FORM(EXPR_CODE(op, EXPR_D | EXPR_KR), double, double, k, b[i], value)                \
    FORM(EXPR_CODE(op, EXPR_F | EXPR_RR), float, float, a[i], b[i], value)               \
    FORM(EXPR_CODE(op, EXPR_F | EXPR_RK), float, float, a[i], k, value)                  \
    FORM(EXPR_CODE(op, EXPR_F | EXPR_KR), float, float, k, b[i], value)
#define COMPARE(op, value)                                                               \
    FORM(EXPR_CODE(op, EXPR_D | EXPR_RR), double, float, a[i], b[i], value)              \
    FORM(EXPR_CODE(op, EXPR_D | EXPR_RK), double, float, a[i], k, value)                 \
    FORM(EXPR_CODE(op, EXPR_F | EXPR_RR), float, float, a[i], b[i], value)               \
    FORM(EXPR_CODE(op, EXPR_F | EXPR_RK), float, float, a[i], k, value)
#define UNARY(op, value)                                                                 \
    FORM(EXPR_CODE(op, EXPR_D), double, double, a[i], k, value)                          \
    FORM(EXPR_CODE(op, EXPR_F), float, float, a[i], k, value)
#define DOUBLE(op, value) FORM(EXPR_CODE(op, EXPR_D), double, double, a[i], k, value)
#define DOUBLE2(op, value)                                                               \
    FORM(EXPR_CODE(op, EXPR_D | EXPR_RR), double, double, a[i], b[i], value)             \
    FORM(EXPR_CODE(op, EXPR_D | EXPR_RK), double, double, a[i], k, value)                \
    FORM(EXPR_CODE(op, EXPR_D | EXPR_KR), double, double, k, b[i], value)
#define FLOAT(op, value) FORM(EXPR_CODE(op, EXPR_F), float, float, a[i], b[i], value)

// Rounding to the nearest whole number by two additions; |x| < 2^51.
static const double magic = 6755399441055744.0; // 1.5 * 2^52

static inline uint64_t bits_of(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static inline double of_bits(uint64_t bits)
{
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

// A double and its exponent: x = m * 2^e, m in [sqrt(1/2), sqrt(2)), x normal.
static inline double split(double x, double *e)
{
    const uint64_t bits = bits_of(x);
    const double m = of_bits((bits & 0xfffffffffffff) | 0x3ff0000000000000);
    // The exponent's bits under those of 2^52 make 2^52 + exponent.
    const double biased = of_bits(0x4330000000000000 | bits >> 52) - 4503599627370496.0;
    const int high = m > 1.4142135623730951;
    *e = high ? biased - 1022 : biased - 1023;
    return high ? m * 0.5 : m;
}

// log(1 + f) = 2 atanh(f / (2 + f)): |s| <= 0.1716, so eleven terms end below 2^-56.
static inline double log_near_1(double f)
{
    const double s = f / (2 + f), z = s * s;
    double sum = 2.0 / 21;
    sum = sum * z + 2.0 / 19, sum = sum * z + 2.0 / 17, sum = sum * z + 2.0 / 15;
    sum = sum * z + 2.0 / 13, sum = sum * z + 2.0 / 11, sum = sum * z + 2.0 / 9;
    sum = sum * z + 2.0 / 7, sum = sum * z + 2.0 / 5, sum = sum * z + 2.0 / 3;
    return 2 * s + s * z * sum;
}

// What the logarithm of 0, of less, of infinity and of NaN is.
static inline double log_edges(double x, double log)
{
    log = x > DBL_MAX ? x : log;
    log = x == 0 ? -(double)INFINITY : log;
    return x >= 0 ? log : (double)NAN;
}

static inline double log_of(double x)
{
    const int tiny = x < DBL_MIN;
    double e, m = split(tiny ? x * 18014398509481984.0 : x, &e); // 2^54
    e = tiny ? e - 54 : e;
    // ln 2 in two parts, the first with 32 bits, so that e times it is exact.
    const double log =
        e * 0.69314718036912382 + (log_near_1(m - 1) + e * 1.9082149292705877e-10);
    return log_edges(x, log);
}

// Powers of ten give whole numbers, as Java's does.
static inline double log10_of(double x)
{
    const double y = log_of(x) * 0.43429448190325182765;
    const double near = (y + magic) - magic;
    const double off = y > near ? y - near : near - y;
    return off <= 1e-15 * (near < 0 ? -near : near) ? near : y;
}

// exp(r) for |r| <= 0.35: its series ends below 2^-55 after 14 terms.
static inline double exp_near_0(double r)
{
    double sum = 1.0 / 6227020800;
    sum = sum * r + 1.0 / 479001600, sum = sum * r + 1.0 / 39916800;
    sum = sum * r + 1.0 / 3628800, sum = sum * r + 1.0 / 362880;
    sum = sum * r + 1.0 / 40320, sum = sum * r + 1.0 / 5040, sum = sum * r + 1.0 / 720;
    sum = sum * r + 1.0 / 120, sum = sum * r + 1.0 / 24, sum = sum * r + 1.0 / 6;
    sum = sum * r + 0.5;
    return 1 + (r + r * r * sum);
}

// y * 2^n in two steps, as the result may be too small for one; n is whole, |n| < 2000.
static inline double scale(double y, double n)
{
    const double half = (n * 0.5 + magic) - magic;
    const double a = of_bits((bits_of(half + magic) + 1023) << 52);
    const double b = of_bits((bits_of((n - half) + magic) + 1023) << 52);
    return y * a * b;
}

static inline double exp_of(double x)
{
    const double in = x < -760 ? -760 : x > 720 ? 720 : x;
    const double n = (in * 1.4426950408889634 + magic) - magic;
    const double r = (in - n * 0.69314718036912382) - n * 1.9082149292705877e-10;
    const double y = scale(exp_near_0(r), n);
    return x == x ? y : x;
}

static inline double exp10_of(double x)
{
    const double in = x < -330 ? -330 : x > 310 ? 310 : x;
    const double n = (in * 3.3219280948873623 + magic) - magic;
    // log10(2) in two parts, the first with 32 bits.
    const double r = (in - n * 0.3010299955494702) - n * 1.1451100898021838e-10;
    const double y = scale(exp_near_0(r * 2.302585092994046), n);
    return x == x ? y : x;
}

// As Java: NaN is 0, what is too large is the largest.
static inline double to_int(double x)
{
    x = x > -2147483648.0 ? x : x == x ? -2147483648.0 : 0;
    return trunc(x < 2147483647.0 ? x : 2147483647.0);
}

static inline double wrap(double x, double low, double high)
{
    const double most = high > 2147483647.0 ? 9007199254740992.0 : 2147483647.0;
    const double least = high > 2147483647.0 ? -9007199254740992.0 : -2147483648.0;
    x = x > least ? x : x == x ? least : 0;
    x = trunc(x < most ? x : most);
    const double width = high - low + 1;
    return x - floor((x - low) / width) * width;
}

static inline double int_divide(double x, double y)
{
    return y != 0 ? trunc(x / y) : 0;
}

// Java's int arithmetic wraps around; every value here is a whole number of 32 bits.
static inline double int_wrap(int64_t x)
{
    return (double)(int32_t)(uint32_t)(uint64_t)x;
}

static inline double finish_d(double x)
{
    const double size = x < 0 ? -x : x;
    return size <= FLT_MAX ? x : (double)NAN;
}

static inline double normal(uint64_t call, uint64_t place)
{
    // Box and Muller 1958; 1 - u is never 0.
    const double u = nd_random_unit(2 * call, place);
    const double v = nd_random_unit(2 * call + 1, place);
    return sqrt(-2 * log(1 - u)) * cos(6.283185307179586 * v);
}

static inline double centre(const expr_piece *p, int at)
{
    return (at + 0.5) * (double)(1 << p->level);
}

static void run_place(const expr_step *s, const expr_piece *p)
{
    double *z = p->slot[s->z];
    const uint64_t call = (uint64_t)s->row, row = (uint64_t)p->y << 32;
    for (int i = 0; i < p->count; i++) {
        const uint64_t place = row | (uint32_t)(p->x + i);
        switch (s->code >> 3) {
        case E_X: z[i] = centre(p, p->x + i); break;
        case E_Y: z[i] = centre(p, p->y); break;
        case E_RANDOM: z[i] = nd_random_unit(2 * call, place); break;
        default: z[i] = normal(call, place);
        }
    }
}

static void run_choice(const expr_step *s, const expr_piece *p)
{
    const int n = p->count;
    const float *restrict is = p->slot[s->a];
    if (s->code & EXPR_F) {
        const float *restrict b = p->slot[s->b], *restrict c = p->slot[s->c];
        float *restrict z = p->slot[s->z];
        LOOP z[i] = is[i] != 0 ? b[i] : c[i];
    } else {
        const double *restrict b = p->slot[s->b], *restrict c = p->slot[s->c];
        double *restrict z = p->slot[s->z];
        LOOP z[i] = is[i] != 0 ? b[i] : c[i];
    }
}

static void run_flag(const expr_step *s, const expr_piece *p)
{
    const int n = p->count;
    const float *restrict a = p->slot[s->a];
    float *restrict z = p->slot[s->z];
    const int32_t mask = (int32_t)(uint32_t)s->k, bits = (int32_t)(uint32_t)s->k2;
    LOOP
    {
        const float x = a[i] > 0 ? a[i] : 0;
        const int32_t flags = (int32_t)(x < 2147483520.0f ? x : 0);
        z[i] = (flags & mask) == bits ? 1.0f : 0.0f;
    }
}

static void run_out(const expr_step *s, const expr_piece *p)
{
    const int n = p->count;
    float *restrict z = p->slot[s->z];
    const float none = (float)s->k;
    if (s->code & EXPR_F) {
        const float *restrict a = p->slot[s->a];
        LOOP
        {
            const float x = a[i], size = x < 0 ? -x : x;
            z[i] = ((size <= FLT_MAX) & (x != none)) ? x : NAN;
        }
    } else {
        const double *restrict a = p->slot[s->a];
        LOOP
        {
            const float x = (float)finish_d(a[i]), size = x < 0 ? -x : x;
            z[i] = ((size <= FLT_MAX) & (x != none)) ? x : NAN;
        }
    }
}

static void run_constant(const expr_step *s, const expr_piece *p)
{
    if (s->code & EXPR_F)
        for (int i = 0; i < p->count; i++) ((float *)p->slot[s->z])[i] = (float)s->k;
    else
        for (int i = 0; i < p->count; i++) ((double *)p->slot[s->z])[i] = s->k;
}

static void run_step(const expr_step *s, const expr_piece *p)
{
    void *const *slot = p->slot;
    const int n = p->count;
    switch (s->code) {
        BINARY(E_ADD, x + y)
        BINARY(E_SUB, x - y)
        BINARY(E_MUL, x * y)
        BINARY(E_DIV, x / y)
        BINARY(E_MIN, ((x < y) | (x != x)) ? x : y)
        BINARY(E_MAX, ((x > y) | (x != x)) ? x : y)
        DOUBLE2(E_MOD, fmod(x, y))
        DOUBLE2(E_POW, pow(x, y))
        DOUBLE2(E_ATAN2, atan2(x, y))
        UNARY(E_NEG, -x)
        UNARY(E_ABS, x < 0 ? -x : x + 0)
        UNARY(E_SIGN, x > 0 ? 1 : x < 0 ? -1 : x)
        FORM(EXPR_CODE(E_FLOOR, EXPR_D), double, double, a[i], k, floor(x))
        FORM(EXPR_CODE(E_FLOOR, EXPR_F), float, float, a[i], k, floorf(x))
        FORM(EXPR_CODE(E_CEIL, EXPR_D), double, double, a[i], k, ceil(x))
        FORM(EXPR_CODE(E_CEIL, EXPR_F), float, float, a[i], k, ceilf(x))
        FORM(EXPR_CODE(E_RINT, EXPR_D), double, double, a[i], k, rint(x))
        FORM(EXPR_CODE(E_RINT, EXPR_F), float, float, a[i], k, rintf(x))
        FORM(EXPR_CODE(E_ROUND, EXPR_D), double, double, a[i], k,
             floor(x) + (x - floor(x) >= 0.5 ? 1 : 0))
        FORM(EXPR_CODE(E_ROUND, EXPR_F), float, float, a[i], k,
             floorf(x) + (x - floorf(x) >= 0.5f ? 1.0f : 0.0f))
        FORM(EXPR_CODE(E_SQRT, EXPR_D), double, double, a[i], k, sqrt(x))
        FORM(EXPR_CODE(E_SQRT, EXPR_F), float, float, a[i], k, sqrtf(x))
        DOUBLE(E_SIN, sin(x))
        DOUBLE(E_COS, cos(x))
        DOUBLE(E_TAN, tan(x))
        DOUBLE(E_ASIN, asin(x))
        DOUBLE(E_ACOS, acos(x))
        DOUBLE(E_ATAN, atan(x))
        DOUBLE(E_SINH, sinh(x))
        DOUBLE(E_COSH, cosh(x))
        DOUBLE(E_TANH, tanh(x))
        DOUBLE(E_EXP, exp_of(x))
        DOUBLE(E_EXP10, exp10_of(x))
        DOUBLE(E_LOG, log_of(x))
        DOUBLE(E_LOG10, log10_of(x))
        COMPARE(E_LT, x < y)
        COMPARE(E_LE, x <= y)
        COMPARE(E_GT, x > y)
        COMPARE(E_GE, x >= y)
        COMPARE(E_EQ, x == y)
        COMPARE(E_NE, x != y)
        FORM(EXPR_CODE(E_NAN, EXPR_D), double, float, a[i], k, x != x)
        FORM(EXPR_CODE(E_NAN, EXPR_F), float, float, a[i], k, x != x)
        FORM(EXPR_CODE(E_INF, EXPR_D), double, float, a[i], k,
             (x > DBL_MAX) | (x < -DBL_MAX))
        FORM(EXPR_CODE(E_INF, EXPR_F), float, float, a[i], k,
             (x > FLT_MAX) | (x < -FLT_MAX))
        FLOAT(E_AND, x * y)
        FLOAT(E_OR, x > y ? x : y)
        FLOAT(E_NOT, 1 - x)
        DOUBLE(E_TO_INT, to_int(x))
        DOUBLE2(E_INT_ADD, int_wrap((int64_t)x + (int64_t)y))
        DOUBLE2(E_INT_SUB, int_wrap((int64_t)x - (int64_t)y))
        DOUBLE2(E_INT_MUL, int_wrap((int64_t)x * (int64_t)y))
        DOUBLE2(E_INT_DIV, int_wrap((int64_t)int_divide(x, y)))
        DOUBLE2(E_INT_MOD, y != 0 ? fmod(x, y) : 0)
        DOUBLE2(E_BIT_AND, (int32_t)x & (int32_t)y)
        DOUBLE2(E_BIT_OR, (int32_t)x | (int32_t)y)
        DOUBLE2(E_BIT_XOR, (int32_t)x ^ (int32_t)y)
        FORM(EXPR_CODE(E_WIDEN, EXPR_D), float, double, a[i], k, x)
        FORM(EXPR_CODE(E_NARROW, EXPR_F), double, float, a[i], k, x)
        DOUBLE(E_WHOLE, trunc((x < k ? k : x) > s->k2 ? s->k2 : x < k ? k : x))
        DOUBLE(E_WRAP, wrap(x, k, s->k2))
    default:
        switch (s->code >> 3) {
        case E_CONST: run_constant(s, p); break;
        case E_SELECT: run_choice(s, p); break;
        case E_FLAG: run_flag(s, p); break;
        case E_OUT: run_out(s, p); break;
        default: run_place(s, p);
        }
    }
}

static void run(const expr_step *step, int steps, const expr_piece *piece)
{
    for (int i = 0; i < steps; i++)
        if (step[i].wanted_by & piece->wanted) run_step(&step[i], piece);
}

const expr_kernels ND_KERNEL(expr_kernels) = {.run = run};
