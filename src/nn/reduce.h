// SPDX-License-Identifier: Apache-2.0
// Reductions' operations, for their kernels.
#pragma once
#include "nn/plain.h"

typedef struct nn_reduce {
    unsigned axes;
    nd_reduction how;
} nn_reduce;
NN_DECLARE(reduce);       // in: x; out: y, whose reduced axes have size 1
NN_DECLARE(extreme_back); // in: gradient of y, x, y; out: of x. Equal ones share it.
extern const nn_op nn_op_reduce, nn_op_extreme_back;
