// SPDX-License-Identifier: Apache-2.0
// Linear's operations, for its kernels.
#pragma once
#include "nn/plain.h"

typedef struct nn_linear {
    int64_t rows, in, out;
} nn_linear;
NN_DECLARE(linear);        // in: x {rows, in}, weight {out, in}, bias or NULL; out: y
NN_DECLARE(linear_data);   // in: gradient of y, weight; out: of x
NN_DECLARE(linear_weight); // in: gradient of y, x; out: of weight
NN_DECLARE(linear_bias);   // in: gradient of y; out: of bias
extern const nn_op nn_op_linear, nn_op_linear_data, nn_op_linear_weight,
    nn_op_linear_bias;
