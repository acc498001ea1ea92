// SPDX-License-Identifier: Apache-2.0
// Weights' gradients of any convolution as products summed over pixels: what their
// kernels share.
#pragma once
#include <nadir/cpu.h>
#include <stdbool.h>
#include <stdint.h>

// What is multiplied comes in units of 64 bytes: sixteen channels of one pixel in
// float32, or of two pixels in bfloat16, channel by channel.
typedef struct own_units {
    const void *g;
    int64_t step; // bytes from one block of 16 channels of g to the next
    int64_t blocks;
    int64_t count; // of units; of `lines`: in a row
    int64_t rows, row_step;
    float *sums; // of each block: {channel of x, 16}
    bool adds;   // to what is there
} own_units;

// Rows of pixels under one place of a kernel: of each `wide`, those from `first` to
// `last` (not included) stand in the picture, `stride` apart, and `row_step` bytes from
// row to row; the others are nought, and all are in rows from `top` to `bottom` outside.
typedef struct own_pixels {
    const char *from; // of the first row that is inside, the pixel of `first`
    int64_t row_step;
    int64_t wide, first, last, stride;
    int64_t rows, top, bottom; // rows before `top` and from `bottom` on lie outside
} own_pixels;

// [0]: float32, [1]: bfloat16.
typedef struct own_weigh {
    void (*take[2])(const own_pixels *pixels, void *to);
    // Every other number of a line: the even ones, the odd ones.
    void (*halve[2])(const void *from, int64_t count, void *even, void *odd);
    // Pixels of sixteen channels side by side to units; an odd last one beside nought.
    void (*pair)(const void *from, int64_t pixels, void *to);
    void (*sums[2])(const own_units *units, const void *x);
    // Of eight lines of single numbers, which go on by row_step bytes with each row.
    void (*lines[2])(const own_units *units, const char *const from[8]);
} own_weigh;
ND_KERNEL_TABLES(own_weigh, own_weigh);
