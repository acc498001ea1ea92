// SPDX-License-Identifier: Apache-2.0
// Reshape's operation, for its kernel.
#pragma once
#include "nn/plain.h"

NN_DECLARE(copy); // in: x; out: the same numbers
extern const nn_op nn_op_reshape;
