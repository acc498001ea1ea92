// SPDX-License-Identifier: Apache-2.0
// Sums and products of two values, copies spread over a shape, scaling: operations.
#pragma once
#include "nn/plain.h"

NN_DECLARE(add_wide); // in: a, b, whose shapes broadcast to that of out
NN_DECLARE(multiply); // likewise
NN_DECLARE(expand);   // in: x, spread over the shape of out
NN_DECLARE(scale);    // in: x; set: a double
extern const nn_op nn_op_add_wide, nn_op_multiply, nn_op_multiply_wide, nn_op_expand,
    nn_op_scale;
nd_tensor *nn_expand(nd_tensor *x, nd_shape shape);
// The sum over what broadcasting has repeated: from the shape of x to `shape`.
nd_tensor *nn_sum_to(nd_tensor *x, nd_shape shape);
// The shape of both, as NumPy has it; rank -1 when they do not fit.
nd_shape nn_broadcast(nd_shape a, nd_shape b);
