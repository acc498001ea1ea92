// SPDX-License-Identifier: Apache-2.0
// Layer norm's and group norm's operations, for their kernels.
#pragma once
#include "nn/plain.h"

// Rows of `size` numbers, each with its own mean and variance. Number i of row r is
// weighed by weight[r % groups * (size / each) + i / each].
typedef struct nn_rows {
    int64_t rows, size, groups, each;
    double epsilon;
} nn_rows;
NN_DECLARE(row_norm);      // in: x, weight, bias or two NULL; out: y, mean, 1 / deviation
NN_DECLARE(row_norm_back); // in: gradient of y, x, weight or NULL, mean, 1 / deviation;
                           // out: of x, and with a weight of weight and bias
extern const nn_op nn_op_row_norm, nn_op_row_norm_back;
