// SPDX-License-Identifier: Apache-2.0
// Our own kernels: what each instruction set offers, and the rows that use it.
#pragma once
#include "nn/nn.h"
#include <nadir/cpu.h>

// Of sixteen channels.
typedef struct own_norm {
    float mean[16], scale[16], shift[16]; // (x - mean) scale + shift
} own_norm;
typedef struct own_norm_back {
    float mean[16], gradient[16], value[16], shift[16];
    float on_scale[16],
        on_shift[16]; // of ReLU: on where (x - mean) on_scale + on_shift > 0
} own_norm_back;
// Which of the gradients count: all, those where y > 0, or where x says that ReLU was on.
typedef enum own_counts { OWN_ALL, OWN_BY_Y, OWN_BY_X } own_counts;
typedef struct own_adam {
    float rate, beta1, beta2, epsilon, decay, clip, keep, ema;
    float root; // of 1 - beta2^t, by which the square root is divided
} own_adam;
typedef struct own_sgd {
    float rate, momentum, decay, clip, ema;
    bool is_first, nesterov;
} own_sgd;

// [0]: float32 in memory, [1]: bfloat16. Counts are of numbers, `pixels` of sixteen.
typedef struct own_kernels {
    void (*relu[2])(const void *x, void *y, int64_t count);
    void (*relu_back[2])(const void *g, const void *y, void *to, int64_t count);
    void (*add[2])(const void *a, const void *b, void *to, int64_t count);
    void (*widen)(const uint16_t *from, float *to, int64_t count);
    void (*narrow)(const float *from, uint16_t *to, int64_t count);
    // sum += x - about, square += (x - about)^2
    void (*norm_sums[2])(const void *x, int64_t pixels, const float *about, double *sum,
                         double *square);
    // y = norm of x, + r if there is one, >= 0 if `relu`
    void (*norm[2])(const void *x, const void *r, void *y, int64_t pixels,
                    const own_norm *by, bool relu);
    // Of the g that count: sum += g, with += g (x - mean)
    void (*norm_back_sums[2])(const void *const in[3], int64_t pixels,
                              const own_norm_back *by, own_counts counts,
                              double *const to[2]);
    // out[0] = gradient g + value (x - mean) + shift; out[1], if there: g where it counts
    void (*norm_back[2])(const void *const in[3], void *const out[2], int64_t pixels,
                         const own_norm_back *by, own_counts counts);
    void (*sum[2])(const void *x, int64_t pixels, double *sum);
    void (*adam)(float *w, const float *g, float *const state[3], int64_t count,
                 const own_adam *by);
    void (*sgd)(float *w, const float *g, float *const state[2], int64_t count,
                const own_sgd *by);
    double (*multiply_add)(int64_t rounds); // gives how many operations it did
} own_kernels;
ND_KERNEL_TABLES(own_kernels, own_kernels);
static inline const own_kernels *own_here(void)
{
    return own_kernels_at[nd_cpu()];
}

extern const nn_kernel own_relu, own_relu_back, own_add, own_batch_norm,
    own_batch_norm_back, own_batch_norm_fixed, own_norm_relu, own_norm_relu_back,
    own_channel_sum, own_update, own_linear_bias, own_winograd_conv, own_winograd_data,
    own_winograd_weight, own_winograd_fold, own_direct_conv, own_direct_data,
    own_direct_fold, own_direct_add, own_weigh_direct, own_max_pool, own_max_pool_back,
    own_max_pool_to, own_max_pool_to_back, own_mean_pool, own_mean_pool_back,
    own_mean_pool_to, own_mean_pool_to_back, own_upsample, own_upsample_back, own_concat,
    own_crop, own_cross_entropy, own_cross_entropy_back;
