// SPDX-License-Identifier: Apache-2.0
// ReLU's and the sum's operations, for their kernels.
#pragma once
#include "nn/net.h"

NN_DECLARE(relu);      // in: x; out: y
NN_DECLARE(relu_back); // in: gradient of y, y; out: of x
extern const nn_op nn_op_relu, nn_op_relu_back;
nd_tensor *nn_sum2(nd_tensor *a, nd_tensor *b); // of one shape
