// SPDX-License-Identifier: Apache-2.0
// Inside io: the loops between samples of up to 16 bits and floats, one table a CPU
// level.
#pragma once
#include <nadir/cpu.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct io_round {
    double factor, offset; // sample = (value - offset) * factor
    float low, high, none; // bounds of the type; the sample of no data
    bool is_plain;         // factor 1, offset 0
} io_round;
typedef struct io_pack_kernels {
    // Rounded to nearest, ties to even, clamped. Was any value missing?
    int (*to_16)(const io_round *round, const float *in, int count, uint16_t *out);
    int (*to_32)(const io_round *round, const float *in, int count, int32_t *out);
    // `none` becomes NaN; one that no sample has: none does.
    void (*from_u16)(const uint16_t *in, int count, int32_t none, float *out);
    void (*from_i16)(const int16_t *in, int count, int32_t none, float *out);
} io_pack_kernels;
