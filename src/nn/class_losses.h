// SPDX-License-Identifier: Apache-2.0
// Dice, Jaccard, focal and Lovász losses: operations, for their kernels.
#pragma once
#include "nn/plain.h"

NN_DECLARE(overlap);      // in: logits, target; out: loss, {K, 3} sums of pt, p, t
NN_DECLARE(overlap_back); // in: gradient, logits, target, sums; out: of logits
NN_DECLARE(focal);        // in: logits, target; out: loss, sum of weights
NN_DECLARE(focal_back);   // in: gradient, logits, target, sum; out: of logits
NN_DECLARE(lovasz);       // in: logits, target; out: loss, number of classes present
NN_DECLARE(lovasz_back);  // in: gradient, logits, target, number; out: of logits
// set of overlap: a bool, whether Jaccard's; of the others: a nd_class_loss.
extern const nn_op nn_op_overlap, nn_op_overlap_back, nn_op_focal, nn_op_focal_back,
    nn_op_lovasz, nn_op_lovasz_back;

// One pixel of Lovász's sort.
typedef struct nn_ranked {
    double error;
    int64_t at;
} nn_ranked;
