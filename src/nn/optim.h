// SPDX-License-Identifier: Apache-2.0
// What the optimiser's records and their kernels share.
#pragma once
#include "nn/net.h"

NN_DECLARE(gather);
NN_DECLARE(norm);
NN_DECLARE(update);
extern const nn_op nn_op_gather, nn_op_norm, nn_op_update;

// The numbers of one parameter's update.
typedef struct nn_step {
    double rate, momentum, beta2, epsilon, decay;
    double clip;  // times the gradient
    double ema;   // decay of the average, warmed up
    int64_t step; // 1, 2, …
    bool nesterov, is_decoupled;
} nn_step;
// False: this batch is only gathered. `norm`: of all gradients; 0: not clipped.
bool nn_step_of(const nd_optim *optim, int slot, double norm, nn_step *step);
// The averages of what is no parameter follow the net's, once an update.
void nn_average_buffers(const nd_optim *optim);
