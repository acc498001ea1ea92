// SPDX-License-Identifier: Apache-2.0
// Random numbers of other shapes than even ones, from counted words.
#include "learn/data.h"
#include <math.h>

// Box and Muller 1958; half a step is added, so the logarithm is finite.
double data_normal(uint32_t a, uint32_t b)
{
    const double u = ((double)(a >> 8) + 0.5) * 0x1p-24, v = (double)(b >> 8) * 0x1p-24;
    return sqrt(-2 * log(u)) * cos(2 * 3.14159265358979323846 * v);
}

// Marsaglia and Tsang 2000: 95 of 100 first tries are taken.
double data_gamma(const nd_draw *draw, uint32_t block, double shape)
{
    const double d = shape - 1.0 / 3, c = 1 / sqrt(9 * d);
    for (uint32_t attempt = 0; attempt < DATA_GAMMA_BLOCKS - 1; attempt++) {
        uint32_t w[4];
        nd_draw_block(draw, block + attempt, w);
        const double x = data_normal(w[0], w[1]), v = pow(1 + c * x, 3);
        const double u = ((double)(w[2] >> 8) + 0.5) * 0x1p-24;
        if (1 + c * x > 0 && log(u) < 0.5 * x * x + d - d * v + d * log(v)) return d * v;
    }
    return shape;
}

// From two gammas; of a shape below 1 as of one more, times a power of an even number.
double data_beta(const nd_draw *draw, uint32_t block, double alpha)
{
    double part[2];
    for (uint32_t i = 0; i < 2; i++) {
        const uint32_t from = block + i * DATA_GAMMA_BLOCKS;
        uint32_t w[4];
        nd_draw_block(draw, from + DATA_GAMMA_BLOCKS - 1, w);
        const double u = ((double)(w[0] >> 8) + 0.5) * 0x1p-24;
        part[i] = alpha < 1 ? data_gamma(draw, from, alpha + 1) * pow(u, 1 / alpha)
                            : data_gamma(draw, from, alpha);
    }
    const double sum = part[0] + part[1];
    return sum > 0 ? part[0] / sum : 0.5;
}
