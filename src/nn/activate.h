// SPDX-License-Identifier: Apache-2.0
// Activations' operations, for their kernels.
#pragma once
#include "nn/plain.h"

typedef struct nn_activation {
    nd_function function; // never ND_RELU, which has operations of its own
    double a;
} nn_activation;
NN_DECLARE(activate);      // in: x; out: y
NN_DECLARE(activate_back); // in: gradient of y, x; out: of x
extern const nn_op nn_op_activate, nn_op_activate_back;
