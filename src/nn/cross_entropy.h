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
// What a loss of classes asks of its settings.
nd_status nn_class_settings(const nd_tensor *output, const nd_class_loss *set,
                            const char *name) ND_CHECKED;
// ND_E_DATA: label y at place `at` of pictures of `size` pixels.
nd_status nn_wrong_class(int64_t y, int64_t at, int64_t classes, int64_t size);
