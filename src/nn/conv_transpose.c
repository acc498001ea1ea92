// SPDX-License-Identifier: Apache-2.0
// Transposed convolution: the data gradient of a convolution, and its gradients that
// convolution's other two passes.
#include "nn/conv_transpose.h"
#include <math.h>

static double flops(const nn_record *r)
{
    const nn_conv *c = r->set;
    return 2.0 * (double)nd_shape_count(c->out) * (double)c->weight.dim[1] *
           (double)(c->weight.dim[2] * c->weight.dim[3]);
}

static nd_status gradient(nd_tape *tape, nn_record *r, nd_tensor *const *from)
{
    nd_tensor *x = r->in[0], *w = r->in[1], *b = r->in[2];
    if (x->needs_gradient)
        ND_TRY(nn_give(tape, x,
                       nn_made(tape, (nn_making){.op = &nn_op_conv,
                                                 .set = r->set,
                                                 .in = {from[0], w, NULL},
                                                 .ins = 3,
                                                 .shape = x->shape})));
    if (w->needs_gradient)
        ND_TRY(nn_give(tape, w,
                       nn_made(tape, (nn_making){.op = &nn_op_conv_weight,
                                                 .set = r->set,
                                                 .in = {x, from[0]},
                                                 .ins = 2,
                                                 .shape = w->shape})));
    if (!b || !b->needs_gradient) return ND_OK;
    return nn_give(tape, b,
                   nn_made(tape, (nn_making){.op = &nn_op_channel_sum,
                                             .in = {from[0]},
                                             .ins = 1,
                                             .shape = b->shape}));
}

const nn_op nn_op_conv_transpose = {.name = "transposed conv",
                                    .plain = NN_PAIR(conv_transpose),
                                    .gradient = gradient,
                                    .flops = flops,
                                    .may_be_bf16 = true};

static nd_status check(const nd_tape *tape, const char *name, const nd_tensor *x,
                       nd_conv2d set)
{
    ND_TRY(nn_conv_check(tape, name, x, set));
    const int most = set.stride > set.dilation ? set.stride : set.dilation;
    if (set.more < 0 || set.more >= most)
        return nd_fail(ND_E_PARAM,
                       "%s%s: %d more pixels out, with stride %d and dilation %d\n"
                       "take fewer than the larger of the two",
                       tape->scope, name, set.more, set.stride, set.dilation);
    return ND_OK;
}

nd_tensor *nd_conv_transpose(nd_tape *tape, const char *name, nd_tensor *x, nd_conv2d set)
{
    if (!x) return NULL;
    set = nn_conv_filled(set);
    if (check(tape, name, x, set)) return NULL;
    const int64_t add =
        (int64_t)set.dilation * (set.kernel - 1) + set.more + 1 - 2 * (int64_t)set.pad;
    const nd_shape y =
        ND_SHAPE(x->shape.dim[0], set.out, (x->shape.dim[2] - 1) * set.stride + add,
                 (x->shape.dim[3] - 1) * set.stride + add);
    if (y.dim[2] < 1 || y.dim[3] < 1) {
        (void)nn_wrong(tape, name, "more pixels than the padding takes away", x);
        return NULL;
    }
    const int64_t each = set.out / set.groups;
    nn_conv c = {.set = set,
                 .in = y,
                 .out = x->shape,
                 .weight = ND_SHAPE(x->shape.dim[1], each, set.kernel, set.kernel)};
    // PyTorch takes the second dimension of the weights for the fan in here too.
    const int64_t fan_in = each * set.kernel * set.kernel;
    nd_tensor *w = nn_state(tape, name, "weight", c.weight, nn_conv_first(set, fan_in));
    nd_tensor *b = set.no_bias ? NULL
                               : nn_state(tape, name, "bias", ND_SHAPE(set.out),
                                          (nn_first){.bound = 1 / sqrt((double)fan_in)});
    if (!w || (!b && !set.no_bias)) return NULL;
    return nn_made(tape, (nn_making){.op = &nn_op_conv_transpose,
                                     .name = name,
                                     .set = &c,
                                     .bytes = sizeof c,
                                     .in = {x, w, b},
                                     .ins = 3,
                                     .shape = y});
}
