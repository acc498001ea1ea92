// SPDX-License-Identifier: Apache-2.0
// Convolution's operations, for its kernels and for its transpose.
#pragma once
#include "nn/plain.h"

// `set` of the records of all three operations.
typedef struct nn_conv {
    nd_conv2d set;            // every member filled in
    nd_shape in, out, weight; // of the forward convolution
} nn_conv;
NN_DECLARE(conv);        // in: x, weight, bias or NULL; out: y
NN_DECLARE(conv_data);   // in: gradient of y, weight; out: of x
NN_DECLARE(conv_weight); // in: gradient of y, x; out: of weight
NN_DECLARE(channel_sum); // in: {N, C, …}; out: {C}
extern const nn_op nn_op_conv, nn_op_conv_data, nn_op_conv_weight, nn_op_channel_sum;

nd_conv2d nn_conv_filled(nd_conv2d set); // zeroes to PyTorch's defaults
nd_status nn_conv_check(const nd_tape *tape, const char *name, const nd_tensor *x,
                        nd_conv2d set) ND_CHECKED;
nn_first nn_conv_first(nd_conv2d set, int64_t fan_in);
