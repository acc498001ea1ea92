// SPDX-License-Identifier: Apache-2.0
// Batch norm: in training by the batch's mean and variance, else by the running ones.
#include "nn/batch_norm.h"

static nd_status give(nd_tape *tape, nn_record *d, nd_tensor *x, nd_tensor *w,
                      nd_tensor *b)
{
    nd_tensor *dx = nn_out(tape, d, 0, x->dtype, x->shape);
    nd_tensor *dw = nn_out(tape, d, 1, w->dtype, w->shape);
    nd_tensor *db = nn_out(tape, d, 2, w->dtype, w->shape);
    if (!dx || !dw || !db) return ND_E_MEMORY;
    ND_TRY(nn_give(tape, x, dx));
    ND_TRY(nn_give(tape, w, dw));
    return nn_give(tape, b, db);
}

// Ioffe and Szegedy 2015: dx = w r (g - sum g / n - x' sum(g x') / n).
static nd_status gradient(nd_tape *tape, nn_record *r, nd_tensor *const *from)
{
    nn_record *d = nn_record_new(tape, &nn_op_batch_norm_back, NULL, 5, 3);
    if (!d) return ND_E_MEMORY;
    d->set = r->set;
    d->in[0] = from[0], d->in[1] = r->in[0], d->in[2] = r->in[1];
    d->in[3] = r->out[1], d->in[4] = r->out[2];
    return give(tape, d, r->in[0], r->in[1], r->in[2]);
}

static nd_status fixed_gradient(nd_tape *tape, nn_record *r, nd_tensor *const *from)
{
    nn_record *d = nn_record_new(tape, &nn_op_batch_norm_fixed_back, NULL, 5, 3);
    if (!d) return ND_E_MEMORY;
    d->set = r->set;
    d->in[0] = from[0], d->in[1] = r->in[0], d->in[2] = r->in[1];
    d->in[3] = r->in[3], d->in[4] = r->in[4];
    return give(tape, d, r->in[0], r->in[1], r->in[2]);
}

const nn_op nn_op_batch_norm = {.name = "batch norm",
                                .plain = NN_PAIR(batch_norm),
                                .gradient = gradient,
                                .may_be_bf16 = true};
const nn_op nn_op_batch_norm_back = {.name = "batch norm gradient",
                                     .plain = NN_PAIR(batch_norm_back),
                                     .may_be_bf16 = true};
const nn_op nn_op_batch_norm_fixed = {.name = "batch norm, fixed",
                                      .plain = NN_PAIR(batch_norm_fixed),
                                      .gradient = fixed_gradient,
                                      .may_be_bf16 = true};
const nn_op nn_op_batch_norm_fixed_back = {.name = "batch norm gradient, fixed",
                                           .plain = NN_PAIR(batch_norm_fixed_back),
                                           .may_be_bf16 = true};
const nn_op nn_op_running = {
    .name = "running mean", .plain = NN_PAIR(running), .is_update = true};
const nn_op nn_op_measured = {
    .name = "measured mean", .plain = NN_PAIR(measured), .is_update = true};

// Keeps the running values: of the parameters' places in the net, after the loss.
static nd_status keep(nd_tape *tape, const nn_record *norm, nd_tensor *const running[3])
{
    const nn_op *op = tape->measuring ? &nn_op_measured : &nn_op_running;
    nn_record *r = nn_record_new(tape, op, NULL, 5, 0);
    if (!r) return ND_E_MEMORY;
    r->set = norm->set;
    for (int k = 0; k < 3; k++) r->in[k] = running[k];
    r->in[3] = norm->out[1], r->in[4] = norm->out[2];
    return ND_OK;
}

static nd_tensor *record(nd_tape *tape, const char *name, nd_tensor *const in[6],
                         const nn_norm *set, bool by_batch)
{
    nd_tensor *x = in[0];
    nn_record *r =
        nn_record_new(tape, by_batch ? &nn_op_batch_norm : &nn_op_batch_norm_fixed, name,
                      by_batch ? 3 : 5, by_batch ? 3 : 1);
    if (!r || nn_record_set(r, tape, set, sizeof *set)) return NULL;
    for (int k = 0; k < r->ins; k++) r->in[k] = in[k];
    nd_tensor *y = nn_out(tape, r, 0, nn_real(tape), x->shape);
    if (!by_batch || !y) return y;
    const nd_shape each = ND_SHAPE(x->shape.dim[1]);
    if (!nn_out(tape, r, 1, nn_real(tape), each) ||
        !nn_out(tape, r, 2, nn_real(tape), each))
        return NULL;
    return keep(tape, r, in + 3) == ND_OK ? y : NULL;
}

nd_tensor *nd_batch_norm(nd_tape *tape, const char *name, nd_tensor *x, nd_norm given)
{
    if (!x) return NULL;
    if (x->shape.rank < 2) {
        (void)nn_wrong(tape, name, "two dimensions or more: pictures, channels, …", x);
        return NULL;
    }
    const nn_norm set = {given.epsilon > 0 ? given.epsilon : 1e-5,
                         given.momentum > 0 ? given.momentum : 0.1};
    const nd_shape each = ND_SHAPE(x->shape.dim[1]);
    nd_tensor *in[6] = {x};
    in[1] = nn_state(tape, name, "weight", each, (nn_first){.value = given.zero ? 0 : 1});
    in[2] = nn_state(tape, name, "bias", each, (nn_first){.value = 0});
    in[3] = nn_buffer(tape, name, "running_mean", nn_real(tape), each, 0);
    in[4] = nn_buffer(tape, name, "running_var", nn_real(tape), each, 1);
    in[5] = nn_buffer(tape, name, "num_batches_tracked", ND_INT64, (nd_shape){0}, 0);
    for (int k = 1; k < 6; k++)
        if (!in[k]) return NULL;
    const bool by_batch = tape->training && !nn_is_frozen(tape, in[1]);
    if (by_batch && nd_shape_count(x->shape) == x->shape.dim[1]) {
        (void)nn_wrong(tape, name, "more than one value a channel: a larger batch", x);
        return NULL;
    }
    return record(tape, name, in, &set, by_batch);
}
