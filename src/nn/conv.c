// SPDX-License-Identifier: Apache-2.0
// Convolution: weights {out, in / groups, kernel, kernel}, padding with zeroes.
#include "nn/conv.h"
#include <math.h>

nd_conv2d nn_conv_filled(nd_conv2d set)
{
    if (!set.stride) set.stride = 1;
    if (!set.dilation) set.dilation = 1;
    if (!set.groups) set.groups = 1;
    return set;
}

nd_status nn_conv_check(const nd_tape *tape, const char *name, const nd_tensor *x,
                        nd_conv2d set)
{
    if (x->shape.rank != 4)
        return nn_wrong(tape, name, "four dimensions: pictures, channels, rows, columns",
                        x);
    if (set.out < 1 || set.kernel < 1 || set.stride < 1 || set.dilation < 1 ||
        set.groups < 1 || set.pad < 0)
        return nd_fail(
            ND_E_PARAM,
            "%s%s: out %d, kernel %d, stride %d, pad %d, dilation %d, groups %d\n"
            "take whole numbers from 1 on, for pad from 0 on",
            tape->scope, name, set.out, set.kernel, set.stride, set.pad, set.dilation,
            set.groups);
    if (x->shape.dim[1] % set.groups || set.out % set.groups)
        return nd_fail(ND_E_PARAM,
                       "%s%s: %d groups do not divide %lld channels in and %d out\n"
                       "take a number that divides both",
                       tape->scope, name, set.groups, (long long)x->shape.dim[1],
                       set.out);
    return ND_OK;
}

static double flops(const nn_record *r)
{
    const nn_conv *c = r->set;
    return 2.0 * (double)nd_shape_count(c->out) * (double)c->weight.dim[1] *
           (double)(c->weight.dim[2] * c->weight.dim[3]);
}

static nd_status gradient(nd_tape *tape, nn_record *r, nd_tensor *const *from)
{
    nd_tensor *x = r->in[0], *w = r->in[1], *b = r->in[2];
    if (x->needs_gradient) {
        nn_record *d = nn_record_new(tape, &nn_op_conv_data, NULL, 2, 1);
        if (!d) return ND_E_MEMORY;
        d->set = r->set, d->in[0] = from[0], d->in[1] = w;
        ND_TRY(nn_give(tape, x, nn_out(tape, d, 0, x->dtype, x->shape)));
    }
    if (w->needs_gradient) {
        nn_record *d = nn_record_new(tape, &nn_op_conv_weight, NULL, 2, 1);
        if (!d) return ND_E_MEMORY;
        d->set = r->set, d->in[0] = from[0], d->in[1] = x;
        ND_TRY(nn_give(tape, w, nn_out(tape, d, 0, w->dtype, w->shape)));
    }
    if (b && b->needs_gradient) {
        nn_record *d = nn_record_new(tape, &nn_op_channel_sum, NULL, 1, 1);
        if (!d) return ND_E_MEMORY;
        d->in[0] = from[0];
        ND_TRY(nn_give(tape, b, nn_out(tape, d, 0, b->dtype, b->shape)));
    }
    return ND_OK;
}

const nn_op nn_op_conv = {.name = "conv",
                          .plain = NN_PAIR(conv),
                          .gradient = gradient,
                          .flops = flops,
                          .may_be_bf16 = true};
const nn_op nn_op_conv_data = {.name = "conv data gradient",
                               .plain = NN_PAIR(conv_data),
                               .flops = flops,
                               .may_be_bf16 = true};
const nn_op nn_op_conv_weight = {
    .name = "conv weight gradient", .plain = NN_PAIR(conv_weight), .flops = flops};
const nn_op nn_op_channel_sum = {.name = "bias gradient", .plain = NN_PAIR(channel_sum)};

// First weights: PyTorch's kaiming_uniform with a = sqrt 5 is uniform in 1 / sqrt(fan
// in); He et al. 2015 by the outputs, as torchvision's networks.
nn_first nn_conv_first(nd_conv2d set, int64_t fan_in)
{
    if (set.first == ND_FIRST_ZERO) return (nn_first){.value = 0};
    if (set.first == ND_FIRST_HE_OUT)
        return (nn_first){.deviation =
                              sqrt(2.0 / ((double)set.out * set.kernel * set.kernel))};
    return (nn_first){.bound = 1 / sqrt((double)fan_in)};
}

nd_tensor *nd_conv(nd_tape *tape, const char *name, nd_tensor *x, nd_conv2d set)
{
    if (!x) return NULL;
    set = nn_conv_filled(set);
    if (nn_conv_check(tape, name, x, set)) return NULL;
    const int64_t reach = (int64_t)set.dilation * (set.kernel - 1);
    const int64_t high = x->shape.dim[2] + 2 * (int64_t)set.pad - reach;
    const int64_t wide = x->shape.dim[3] + 2 * (int64_t)set.pad - reach;
    if (high < 1 || wide < 1) {
        (void)nn_wrong(tape, name, "more pixels than the kernel has, or padding", x);
        return NULL;
    }
    const int64_t each = x->shape.dim[1] / set.groups;
    nn_conv c = {.set = set,
                 .in = x->shape,
                 .out = ND_SHAPE(x->shape.dim[0], set.out, (high - 1) / set.stride + 1,
                                 (wide - 1) / set.stride + 1),
                 .weight = ND_SHAPE(set.out, each, set.kernel, set.kernel)};
    const int64_t fan_in = each * set.kernel * set.kernel;
    nd_tensor *w = nn_state(tape, name, "weight", c.weight, nn_conv_first(set, fan_in));
    nd_tensor *b = set.no_bias ? NULL
                               : nn_state(tape, name, "bias", ND_SHAPE(set.out),
                                          (nn_first){.bound = 1 / sqrt((double)fan_in)});
    nn_record *r = nn_record_new(tape, &nn_op_conv, name, 3, 1);
    if (!w || (!b && !set.no_bias) || !r || nn_record_set(r, tape, &c, sizeof c))
        return NULL;
    r->in[0] = x, r->in[1] = w, r->in[2] = b;
    return nn_out(tape, r, 0, nn_real(tape), c.out);
}
