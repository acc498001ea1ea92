// SPDX-License-Identifier: Apache-2.0
// Adaptive mean pooling's operations, for their kernels.
#pragma once
#include "nn/plain.h"

NN_DECLARE(mean_pool_to);      // in: x; out: y
NN_DECLARE(mean_pool_to_back); // in: gradient of y; out: of x
extern const nn_op nn_op_mean_pool_to, nn_op_mean_pool_to_back;
// Window i of `out` over `in` pixels: PyTorch's, from first to last (not included).
static inline int64_t nn_window_first(int64_t i, int64_t in, int64_t out)
{
    return i * in / out;
}
static inline int64_t nn_window_last(int64_t i, int64_t in, int64_t out)
{
    return ((i + 1) * in + out - 1) / out;
}
