// SPDX-License-Identifier: Apache-2.0
// Types of numbers and shapes of arrays.
#include "nn/nn.h"
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    size_t bytes;
} types[ND_DTYPES] = {
    [ND_FLOAT32] = {"float32", 4},   [ND_FLOAT64] = {"float64", 8},
    [ND_BFLOAT16] = {"bfloat16", 2}, [ND_INT64] = {"int64", 8},
    [ND_UINT8] = {"uint8", 1},
};

size_t nd_dtype_bytes(nd_dtype dtype)
{
    return types[dtype].bytes;
}

const char *nd_dtype_name(nd_dtype dtype)
{
    return types[dtype].name;
}

int64_t nd_shape_count(nd_shape shape)
{
    int64_t count = 1;
    for (int i = 0; i < shape.rank; i++) count *= shape.dim[i];
    return count;
}

bool nd_shape_same(nd_shape a, nd_shape b)
{
    return a.rank == b.rank && !memcmp(a.dim, b.dim, (size_t)a.rank * sizeof *a.dim);
}

const char *nn_shape_text(char text[96], nd_shape shape)
{
    size_t used = 0;
    text[0] = 0;
    if (!shape.rank) (void)snprintf(text, 96, "one number");
    for (int i = 0; i < shape.rank && used < 90; i++)
        used += (size_t)snprintf(text + used, 96 - used, i ? " x %lld" : "%lld",
                                 (long long)shape.dim[i]);
    return text;
}

size_t nn_bytes(const nd_tensor *x)
{
    nd_shape shape = x->shape;
    if (shape.rank == 4) shape.dim[1] = nn_channels_kept(shape.dim[1], x->layout);
    return (size_t)nd_shape_count(shape) * nd_dtype_bytes(x->dtype);
}
