// SPDX-License-Identifier: Apache-2.0
// Linear: y = x Wᵀ + b on the last axis; weights {out, in}.
#include "nn/linear.h"
#include <math.h>

static double flops(const nn_record *r)
{
    const nn_linear *l = r->set;
    return 2.0 * (double)l->rows * (double)l->in * (double)l->out;
}

static nd_status gradient(nd_tape *tape, nn_record *r, nd_tensor *const *from)
{
    nd_tensor *x = r->in[0], *w = r->in[1], *b = r->in[2];
    if (x->needs_gradient) {
        nn_record *d = nn_record_new(tape, &nn_op_linear_data, NULL, 2, 1);
        if (!d) return ND_E_MEMORY;
        d->set = r->set, d->in[0] = from[0], d->in[1] = w;
        ND_TRY(nn_give(tape, x, nn_out(tape, d, 0, x->dtype, x->shape)));
    }
    if (w->needs_gradient) {
        nn_record *d = nn_record_new(tape, &nn_op_linear_weight, NULL, 2, 1);
        if (!d) return ND_E_MEMORY;
        d->set = r->set, d->in[0] = from[0], d->in[1] = x;
        ND_TRY(nn_give(tape, w, nn_out(tape, d, 0, w->dtype, w->shape)));
    }
    if (b && b->needs_gradient) {
        nn_record *d = nn_record_new(tape, &nn_op_linear_bias, NULL, 1, 1);
        if (!d) return ND_E_MEMORY;
        d->set = r->set, d->in[0] = from[0];
        ND_TRY(nn_give(tape, b, nn_out(tape, d, 0, b->dtype, b->shape)));
    }
    return ND_OK;
}

const nn_op nn_op_linear = {
    .name = "linear", .plain = NN_PAIR(linear), .gradient = gradient, .flops = flops};
const nn_op nn_op_linear_data = {
    .name = "linear data gradient", .plain = NN_PAIR(linear_data), .flops = flops};
const nn_op nn_op_linear_weight = {
    .name = "linear weight gradient", .plain = NN_PAIR(linear_weight), .flops = flops};
const nn_op nn_op_linear_bias = {.name = "linear bias gradient",
                                 .plain = NN_PAIR(linear_bias)};

nd_tensor *nd_linear(nd_tape *tape, const char *name, nd_tensor *x, nd_dense set)
{
    if (!x) return NULL;
    if (x->shape.rank < 1 || set.out < 1) {
        (void)nn_wrong(tape, name, "one dimension or more, and at least one output", x);
        return NULL;
    }
    nd_shape y = x->shape;
    const int64_t in = y.dim[y.rank - 1];
    y.dim[y.rank - 1] = set.out;
    nn_linear l = {.rows = 1, .in = in, .out = set.out};
    for (int i = 0; i < y.rank - 1; i++) l.rows *= y.dim[i];
    const nn_first first = {.bound = 1 / sqrt((double)in)};
    nd_tensor *w = nn_state(tape, name, "weight", ND_SHAPE(set.out, in), first);
    nd_tensor *b =
        set.no_bias ? NULL : nn_state(tape, name, "bias", ND_SHAPE(set.out), first);
    nn_record *r = nn_record_new(tape, &nn_op_linear, name, 3, 1);
    if (!w || (!b && !set.no_bias) || !r || nn_record_set(r, tape, &l, sizeof l))
        return NULL;
    r->in[0] = x, r->in[1] = w, r->in[2] = b;
    return nn_out(tape, r, 0, nn_real(tape), y);
}
