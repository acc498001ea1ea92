// SPDX-License-Identifier: Apache-2.0
// Where the numbers of one shape lie in another: broadcasting, parts, turned axes.
#pragma once
#include "nn/nn.h"
#include <assert.h>

// What a walk over `out` steps in a value of `shape`: axes are matched from the last on;
// 0 where one number stands for many.
static inline void nn_strides(nd_shape shape, nd_shape out, int64_t stride[ND_MAX_RANK])
{
    int64_t step = 1;
    assert(out.rank >= 0);
    for (int i = out.rank - 1, j = shape.rank - 1; i >= 0; i--, j--) {
        stride[i] = j >= 0 && shape.dim[j] != 1 ? step : 0;
        if (j >= 0) step *= shape.dim[j];
    }
}

// Offset of the number with the flat index `at` of `shape`.
static inline int64_t nn_offset(nd_shape shape, const int64_t stride[ND_MAX_RANK],
                                int64_t at)
{
    int64_t offset = 0;
    for (int i = shape.rank - 1; i >= 0; i--) {
        offset += at % shape.dim[i] * stride[i];
        at /= shape.dim[i];
    }
    return offset;
}

// A walk goes by runs: the last axis, whose length and number these are.
static inline int64_t nn_run_length(nd_shape shape)
{
    return shape.rank ? shape.dim[shape.rank - 1] : 1;
}
static inline int64_t nn_run_count(nd_shape shape)
{
    int64_t count = 1;
    for (int i = 0; i + 1 < shape.rank; i++) count *= shape.dim[i];
    return count;
}
// Offset of the first number of run `at`.
static inline int64_t nn_run_offset(nd_shape shape, const int64_t stride[ND_MAX_RANK],
                                    int64_t at)
{
    nd_shape outer = shape;
    if (outer.rank) outer.rank--;
    return nn_offset(outer, stride, at);
}
static inline int64_t nn_run_step(nd_shape shape, const int64_t stride[ND_MAX_RANK])
{
    return shape.rank ? stride[shape.rank - 1] : 0;
}
