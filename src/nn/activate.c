// SPDX-License-Identifier: Apache-2.0
// Activations: leaky ReLU, GELU, SiLU, hardswish, sigmoid, tanh.
#include "nn/activate.h"

static nd_status gradient(nd_tape *tape, nn_record *r, nd_tensor *const *from)
{
    nd_tensor *x = r->in[0];
    return nn_give(tape, x,
                   nn_made(tape, (nn_making){.op = &nn_op_activate_back,
                                             .set = r->set,
                                             .in = {from[0], x},
                                             .ins = 2,
                                             .shape = x->shape}));
}

const nn_op nn_op_activate = {.name = "activation",
                              .plain = NN_PAIR(activate),
                              .gradient = gradient,
                              .is_point = true};
const nn_op nn_op_activate_back = {
    .name = "activation gradient", .plain = NN_PAIR(activate_back), .is_point = true};

nd_tensor *nd_activate(nd_tensor *x, nd_function function, double a)
{
    if (function == ND_RELU) return nd_relu(x);
    const nn_activation set = {function,
                               function == ND_LEAKY_RELU && !(a < 0 || a > 0) ? 0.01 : a};
    return nn_point(&nn_op_activate, x, &set, sizeof set);
}
