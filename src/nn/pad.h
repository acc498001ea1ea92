// SPDX-License-Identifier: Apache-2.0
// Padding's, parts' and joints' operations, for their kernels.
#pragma once
#include "nn/plain.h"

// Of pad: what stands before each axis. Of crop: the first index of each axis.
typedef struct nn_pad {
    int64_t before[ND_MAX_RANK];
    nd_padding like;
    double value;
} nn_pad;
NN_DECLARE(pad);      // in: x; out: y
NN_DECLARE(pad_back); // in: gradient of y; out: of x
NN_DECLARE(crop);     // in: x; out: a part of it, from `before` on
NN_DECLARE(concat);   // in: parts; out: y; set: an int, the axis
extern const nn_op nn_op_pad, nn_op_pad_back, nn_op_crop, nn_op_concat;
