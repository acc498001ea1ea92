// SPDX-License-Identifier: Apache-2.0
// Resizing's operations, for their kernels.
#pragma once
#include "nn/plain.h"

// set: a nd_resize. Of pixel `i` of `out`: the two pixels of `in` it lies between, and
// the share of the second.
typedef struct nn_between {
    int64_t first, second;
    double share;
} nn_between;
static inline nn_between nn_between_at(nd_resize how, int64_t i, int64_t in, int64_t out)
{
    if (how == ND_RESIZE_NEAREST) return (nn_between){i * in / out, i * in / out, 0};
    double at = ((double)i + 0.5) * ((double)in / (double)out) - 0.5;
    if (how == ND_RESIZE_CORNERS)
        at = out > 1 ? (double)i * ((double)(in - 1) / (double)(out - 1)) : 0;
    if (at < 0) at = 0;
    int64_t first = (int64_t)at;
    if (first > in - 1) first = in - 1;
    return (nn_between){first, first + (first < in - 1), at - (double)first};
}
NN_DECLARE(upsample);      // in: x; out: y
NN_DECLARE(upsample_back); // in: gradient of y; out: of x
extern const nn_op nn_op_upsample, nn_op_upsample_back;
