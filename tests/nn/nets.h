// SPDX-License-Identifier: Apache-2.0
// Small networks and batches for the tests of nn.
#pragma once
#include "../harness.h"
#include <math.h>
#include <nadir/layer.h>
#include <nadir/pool.h>

// Numbers by counter, between -1 and 1.
static inline double noise(uint64_t seed, int64_t i)
{
    return 2 * nd_random_unit(seed, (uint64_t)i) - 1;
}

// int64: classes 0, 1, 2.
static inline nd_array numbers(nd_arena *arena, nd_dtype dtype, nd_shape shape,
                               uint64_t seed)
{
    const int64_t count = nd_shape_count(shape);
    nd_array a = {dtype, shape,
                  nd_alloc(arena, (size_t)count + 1, nd_dtype_bytes(dtype))};
    for (int64_t i = 0; i < count && a.data; i++) {
        if (dtype == ND_FLOAT64) ((double *)a.data)[i] = noise(seed, i);
        if (dtype == ND_FLOAT32) ((float *)a.data)[i] = (float)noise(seed, i);
        if (dtype == ND_INT64)
            ((int64_t *)a.data)[i] = (int64_t)(1.5 + 1.5 * noise(seed, i));
    }
    return a;
}

// Two stages with a residual joint, batch norm and a head of three classes.
static inline nd_tensor *small_net(nd_tape *t, nd_tensor *x, const void *user)
{
    (void)user;
    const nd_conv2d same = {.out = 4, .kernel = 3, .pad = 1, .no_bias = true};
    nd_scope_enter(t, "stage%d", 1);
    x = nd_relu(nd_batch_norm(t, "bn", nd_conv(t, "conv", x, same), (nd_norm){0}));
    nd_scope_leave(t);
    nd_tensor *y = nd_conv(t, "again", x, (nd_conv2d){.out = 4, .kernel = 3, .pad = 1});
    x = nd_mean_pool_to(nd_relu(nd_add(x, y)), 1, 1);
    return nd_linear(t, "head", nd_reshape(x, ND_SHAPE(-1, 4)), (nd_dense){.out = 3});
}
