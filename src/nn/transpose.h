// SPDX-License-Identifier: Apache-2.0
// Turned axes and matrix products: operations, for their kernels.
#pragma once
#include "nn/plain.h"

typedef struct nn_order {
    int axis[ND_MAX_RANK]; // axis i of y is axis[i] of x
} nn_order;
// The last two axes are a matrix, turned when asked; those before broadcast.
typedef struct nn_product {
    bool turn_a, turn_b;
} nn_product;
NN_DECLARE(transpose); // in: x; out: y
NN_DECLARE(matmul);    // in: a, b; out: their product
extern const nn_op nn_op_transpose, nn_op_matmul;
