// SPDX-License-Identifier: Apache-2.0
// Losses of values: binary cross entropy on logits, squares, absolute values, Huber's.
#include "nn/value_losses.h"

static nd_status gradient(nd_tape *tape, nn_record *r, nd_tensor *const *from)
{
    nd_tensor *x = r->in[0];
    return nn_give(tape, x,
                   nn_made(tape, (nn_making){.op = &nn_op_value_loss_back,
                                             .set = r->set,
                                             .in = {from[0], x, r->in[1], r->out[1]},
                                             .ins = 4,
                                             .shape = x->shape}));
}

const nn_op nn_op_value_loss = {
    .name = "loss of values", .plain = NN_PAIR(value_loss), .gradient = gradient};
const nn_op nn_op_value_loss_back = {.name = "loss of values gradient",
                                     .plain = NN_PAIR(value_loss_back)};

static nd_tensor *loss(nd_tensor *output, nd_tensor *target, const void *settings,
                       nn_value_kind kind, const char *name)
{
    if (!output || !target) return NULL;
    nd_tape *tape = output->tape;
    if (!nd_shape_same(output->shape, target->shape) || target->dtype != nn_real(tape)) {
        char a[96], b[96];
        (void)nd_fail(ND_E_PARAM,
                      "%s: the output is %s, the target %s %s\n"
                      "give a target of the output's shape and type",
                      name, nn_shape_text(a, output->shape), nd_dtype_name(target->dtype),
                      nn_shape_text(b, target->shape));
        return NULL;
    }
    nn_value set = {.kind = kind, .channels = 1, .size = 1};
    if (settings) set.set = *(const nd_value_loss *)settings;
    if (!(set.set.delta > 0)) set.set.delta = 1;
    if (output->shape.rank > 1) set.channels = output->shape.dim[1];
    for (int i = 2; i < output->shape.rank; i++) set.size *= output->shape.dim[i];
    nn_record *r = nn_record_new(tape, &nn_op_value_loss, name, 2, 2);
    if (!r || nn_record_set(r, tape, &set, sizeof set)) return NULL;
    r->in[0] = output, r->in[1] = target;
    nd_tensor *out = nn_out(tape, r, 0, nn_real(tape), (nd_shape){0});
    return nn_out(tape, r, 1, nn_real(tape), (nd_shape){0}) ? out : NULL;
}

nd_tensor *nd_bce(nd_tape *tape, nd_tensor *output, nd_tensor *target,
                  const void *settings)
{
    (void)tape;
    return loss(output, target, settings, NN_BCE, "bce");
}

nd_tensor *nd_mse(nd_tape *tape, nd_tensor *output, nd_tensor *target,
                  const void *settings)
{
    (void)tape;
    return loss(output, target, settings, NN_MSE, "mse");
}

nd_tensor *nd_l1(nd_tape *tape, nd_tensor *output, nd_tensor *target,
                 const void *settings)
{
    (void)tape;
    return loss(output, target, settings, NN_L1, "l1");
}

nd_tensor *nd_huber(nd_tape *tape, nd_tensor *output, nd_tensor *target,
                    const void *settings)
{
    (void)tape;
    return loss(output, target, settings, NN_HUBER, "huber");
}
