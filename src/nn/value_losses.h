// SPDX-License-Identifier: Apache-2.0
// Losses of values: operations, for their kernels.
#pragma once
#include "nn/plain.h"

typedef enum nn_value_kind { NN_BCE, NN_MSE, NN_L1, NN_HUBER } nn_value_kind;
typedef struct nn_value {
    nn_value_kind kind;
    nd_value_loss set;
    int64_t channels,
        size; // of `positive`: the channel of number i is i / size % channels
} nn_value;
NN_DECLARE(value_loss);      // in: output, target; out: loss, how many count
NN_DECLARE(value_loss_back); // in: gradient, output, target, count; out: of output
extern const nn_op nn_op_value_loss, nn_op_value_loss_back;
