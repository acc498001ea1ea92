// SPDX-License-Identifier: Apache-2.0
// Batch norm with what follows it, which only the fast backend knows.
#pragma once
#include "nn/batch_norm.h"
#include "nn/conv.h"
#include "nn/net.h"
#include "nn/own/own.h"

// in: x, weight, bias, r or NULL; out: max(0, norm of x + r), mean, variance (biased)
extern const nn_op own_op_norm;
// in: g, x, weight, mean, variance, and y or bias: where y > 0, or where the norm of x
// was, g counts; out: of x, weight, bias, and, if there is a fourth, g where it counts
extern const nn_op own_op_norm_back;
nd_status own_fuse(nn_plan *plan) ND_CHECKED; // of the fast backend
