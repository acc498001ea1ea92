// SPDX-License-Identifier: Apache-2.0
// Pools' operations, for their kernels.
#pragma once
#include "nn/mean_pool.h"

typedef struct nn_pool {
    nd_pool2d set; // stride filled in
    bool is_adaptive;
} nn_pool;
// First and last (not included) pixel of window i, in all, without those of the padding.
static inline void nn_pool_window(const nn_pool *p, int64_t i, int64_t in, int64_t out,
                                  int64_t edge[2])
{
    edge[0] =
        p->is_adaptive ? nn_window_first(i, in, out) : i * p->set.stride - p->set.pad;
    edge[1] = p->is_adaptive ? nn_window_last(i, in, out) : edge[0] + p->set.kernel;
    if (edge[0] < 0) edge[0] = 0;
    if (edge[1] > in) edge[1] = in;
}
NN_DECLARE(max_pool);       // in: x; out: y
NN_DECLARE(max_pool_back);  // in: gradient of y, x; out: of x, each to the first maximum
NN_DECLARE(mean_pool);      // in: x; out: y
NN_DECLARE(mean_pool_back); // in: gradient of y; out: of x
// The _to: adaptive.
extern const nn_op nn_op_max_pool, nn_op_max_pool_back, nn_op_max_pool_to,
    nn_op_max_pool_to_back, nn_op_mean_pool, nn_op_mean_pool_back;
