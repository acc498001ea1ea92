// SPDX-License-Identifier: Apache-2.0
// A convolution with what follows it: in inference batch norm, addition and ReLU; in
// training the addition to its data gradient.
#pragma once
#include "nn/batch_norm.h"
#include "nn/conv.h"

// in: x, weight, bias or NULL, the norm's weight, bias, mean, variance, r or NULL; out:
// y. `set` begins like a convolution's.
enum { OWN_FOLD_R = 7, OWN_ADD_R = 2 };
typedef struct own_fold {
    nn_conv conv;
    double epsilon;
    bool relu;
} own_fold;
extern const nn_op own_op_fold;
// A data gradient with what it is added to. in: gradient of y, weight, r; out: of x + r
extern const nn_op own_op_data_add;
// Weights w g / sqrt(v + e) and biases b' = beta + (b - m) g / sqrt(v + e), filled up
// with zeroes; `weight` is as large as in[1].
void own_fold_weights(const nn_call *call, float *weight, float *bias);
