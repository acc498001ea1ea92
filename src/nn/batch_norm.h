// SPDX-License-Identifier: Apache-2.0
// Batch norm's operations, for its kernels and for the passes that fuse it.
#pragma once
#include "nn/plain.h"

typedef struct nn_norm {
    double epsilon, momentum;
} nn_norm;
// All take {N, C, …} and one number a channel in float32 (or float64).
NN_DECLARE(batch_norm);            // in: x, weight, bias; out: y, mean, variance (biased)
NN_DECLARE(batch_norm_back);       // in: g, x, weight, mean, variance; out: of x, w, b
NN_DECLARE(batch_norm_fixed);      // in: x, weight, bias, mean, variance; out: y
NN_DECLARE(batch_norm_fixed_back); // as batch_norm_back, by running mean and variance
NN_DECLARE(running);  // in: running mean, variance, count (written); batch mean, variance
NN_DECLARE(measured); // the same, but of all batches since the first alike
extern const nn_op nn_op_batch_norm, nn_op_batch_norm_back, nn_op_batch_norm_fixed,
    nn_op_batch_norm_fixed_back, nn_op_running, nn_op_measured;
