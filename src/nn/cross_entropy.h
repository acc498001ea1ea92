// SPDX-License-Identifier: Apache-2.0
// Cross entropy's operations; what losses of classes share.
#pragma once
#include "nn/plain.h"

NN_DECLARE(cross_entropy);      // in: logits, target; out: loss, sum of weights
NN_DECLARE(cross_entropy_back); // in: gradient, logits, target, sum; out: of logits
extern const nn_op nn_op_cross_entropy, nn_op_cross_entropy_back;
// Whether a target's shape fits an output of classes.
nd_status nn_class_target(const nd_tensor *output, const nd_tensor *target,
                          const char *name) ND_CHECKED;
