// SPDX-License-Identifier: Apache-2.0
// ReLU, and the sum of two values of one shape: the joints of residual networks.
#include "nn/relu.h"

static nd_status gradient(nd_tape *tape, nn_record *r, nd_tensor *const *from)
{
    nn_record *d = nn_record_new(tape, &nn_op_relu_back, NULL, 2, 1);
    if (!d) return ND_E_MEMORY;
    d->in[0] = from[0], d->in[1] = r->out[0];
    return nn_give(tape, r->in[0], nn_out(tape, d, 0, r->in[0]->dtype, r->in[0]->shape));
}

const nn_op nn_op_relu = {.name = "relu",
                          .plain = NN_PAIR(relu),
                          .gradient = gradient,
                          .is_point = true,
                          .may_be_bf16 = true};
const nn_op nn_op_relu_back = {.name = "relu gradient",
                               .plain = NN_PAIR(relu_back),
                               .is_point = true,
                               .may_be_bf16 = true};

nd_tensor *nd_relu(nd_tensor *x)
{
    return nn_point(&nn_op_relu, x, NULL, 0);
}

static nd_status sum_gradient(nd_tape *tape, nn_record *record, nd_tensor *const *from)
{
    ND_TRY(nn_give(tape, record->in[0], from[0]));
    return nn_give(tape, record->in[1], from[0]);
}

const nn_op nn_op_sum2 = {.name = "add",
                          .plain = NN_PAIR(sum2),
                          .is_point = true,
                          .may_be_bf16 = true,
                          .gradient = sum_gradient};

nd_tensor *nn_sum2(nd_tensor *a, nd_tensor *b)
{
    nn_record *r = nn_record_new(a->tape, &nn_op_sum2, NULL, 2, 1);
    if (!r) return NULL;
    r->in[0] = a, r->in[1] = b;
    return nn_out(a->tape, r, 0, a->dtype, a->shape);
}
