// SPDX-License-Identifier: Apache-2.0
// The transposed convolution's operation, for its kernels.
#pragma once
#include "nn/conv.h"

// `set` is a nn_conv that describes the convolution whose data gradient this is: its
// `in` is the shape of y, its `out` that of x; weight {channels of x, of y / groups, …}.
NN_DECLARE(conv_transpose); // in: x, weight, bias or NULL; out: y
extern const nn_op nn_op_conv_transpose;
