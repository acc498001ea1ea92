// SPDX-License-Identifier: Apache-2.0
// Dropout's operation, for its kernels.
#pragma once
#include "nn/plain.h"

typedef struct nn_dropout {
    double drop;
    int stream; // which dropout of the net: each draws its own numbers
} nn_dropout;
NN_DECLARE(dropout); // in: x, or the gradient of y; out: y, or the gradient of x
extern const nn_op nn_op_dropout;
