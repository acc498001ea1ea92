// SPDX-License-Identifier: Apache-2.0
// For plain kernels: one text, compiled for float and for double.
#pragma once
#include "nn/nn.h"

// A file plain_*.c is compiled twice: NN_REAL is float or double, NN_SUFFIX _f32 or _f64.
// NN_NAME(conv) is nn_conv_f32 or nn_conv_f64; nn_op.plain holds both:
// NN_PLAIN_PAIR(conv).
#define NN_JOIN_(a, b) nn_##a##b
#define NN_JOIN(a, b)  NN_JOIN_(a, b)
#define NN_NAME(name)  NN_JOIN(name, NN_SUFFIX)
#define NN_DECLARE(name)                                                                 \
    nd_status nn_##name##_f32(const nn_call *call);                                      \
    nd_status nn_##name##_f64(const nn_call *call)
#define NN_PAIR(name)                                                                    \
    {                                                                                    \
        nn_##name##_f32, nn_##name##_f64                                                 \
    }
