// SPDX-License-Identifier: Apache-2.0
// Softmax's operations, for their kernels.
#pragma once
#include "nn/plain.h"

typedef struct nn_softmax {
    int64_t outer, size, inner; // numbers of one softmax lie `inner` apart
} nn_softmax;
NN_DECLARE(softmax);      // in: x; out: y
NN_DECLARE(softmax_back); // in: gradient of y, y; out: of x
extern const nn_op nn_op_softmax, nn_op_softmax_back;
