// SPDX-License-Identifier: Apache-2.0
// Convolutions of any kernel as products of pixels and weights: what their kernels share.
#pragma once
#include <nadir/cpu.h>
#include <stdbool.h>
#include <stdint.h>

// Up to seven pixels side by side, or twice seven, of one or two blocks of 16 outputs. A
// step is 16 channels of x under one place of the kernel; its weights are {channel,
// block, 16}, in bfloat16 {pair of channels, block, 16, 2}.
typedef struct own_cell {
    const char *x;
    const int64_t *offset; // of each step and one more: bytes from x
    int64_t steps;
    int64_t far; // bytes from x to what should be fetched for later: the next cell's
    const char *weights;
    const float *bias; // NULL: none
    const char *r;     // what is added, as y lies; NULL: nothing
    char *y;
    int64_t block, pixel;   // bytes from one to the next in y
    int64_t x_half, y_half; // bytes from the first seven to the others
    bool relu;
} own_cell;
enum { OWN_CELL_PIXELS = 14, OWN_CELL_BLOCKS = 2, OWN_CELL_STRIDE = 2 };

// [0]: float32, [1]: bfloat16.
typedef struct own_direct {
    // Of a cell with so many pixels and blocks, whose pixels in x are 1 or 2 apart.
    void (*products[2])(const own_cell *cell, int pixels, int blocks, int stride);
    // Sixteen lines of sixteen, `step` numbers apart, to eight of pairs.
    void (*pairs)(const float *from, int64_t step, void *to, int64_t to_step);
} own_direct;
ND_KERNEL_TABLES(own_direct, own_direct);
