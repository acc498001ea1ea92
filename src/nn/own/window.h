// SPDX-License-Identifier: Apache-2.0
// Pools and resizing in blocks of 16 channels: what their kernels share.
#pragma once
#include <nadir/cpu.h>
#include <stdbool.h>
#include <stdint.h>

// One axis: of output i, the pixels from[i] to last[i] (not included) of the input; or
// the two it lies between, and the share of the second.
typedef struct own_axis {
    int64_t in, out;
    const int32_t *from, *last;
    const float *share;
} own_axis;
typedef struct own_window {
    own_axis row, column;
    const float *area; // of means: what each window's sum is multiplied by
    bool is_nearest;
} own_window;

// One plane of sixteen channels. [0]: float32 in memory, [1]: bfloat16.
typedef struct own_windows {
    void (*largest[2])(const own_window *w, const void *x, void *y);
    void (*largest_back[2])(const own_window *w, const void *g, const void *x, void *to);
    void (*mean[2])(const own_window *w, const void *x, void *y);
    void (*mean_back[2])(const own_window *w, const void *g, void *to);
    void (*resize[2])(const own_window *w, const void *x, void *y);
    void (*resize_back[2])(const own_window *w, const void *g, void *to);
    // Logits of `blocks` planes, `step` numbers apart, pixel by pixel: minus ln p of the
    // classes given (less than 0: none), and the gradient of their sum times `by`.
    double (*entropy[2])(const void *z, int64_t step, int64_t blocks, int64_t classes,
                         const int32_t *label, const float *weight, int64_t pixels);
    void (*entropy_back[2])(const void *z, int64_t step, int64_t blocks, int64_t classes,
                            const int32_t *label, const float *by, float *to,
                            int64_t pixels);
} own_windows;
ND_KERNEL_TABLES(own_windows, own_windows);
