// SPDX-License-Identifier: Apache-2.0
// Layer norm (Ba et al. 2016) and group norm (Wu and He 2018): rows of their own mean
// and variance, in training and in use alike.
#include "nn/row_norm.h"

static nd_status gradient(nd_tape *tape, nn_record *r, nd_tensor *const *from)
{
    nd_tensor *x = r->in[0], *w = r->in[1], *b = r->in[2];
    nn_record *d = nn_record_new(tape, &nn_op_row_norm_back, NULL, 5, w ? 3 : 1);
    if (!d) return ND_E_MEMORY;
    d->set = r->set;
    d->in[0] = from[0], d->in[1] = x, d->in[2] = w;
    d->in[3] = r->out[1], d->in[4] = r->out[2];
    nd_tensor *dx = nn_out(tape, d, 0, x->dtype, x->shape);
    nd_tensor *dw = w ? nn_out(tape, d, 1, w->dtype, w->shape) : NULL;
    nd_tensor *db = w ? nn_out(tape, d, 2, w->dtype, w->shape) : NULL;
    if (!dx || (w && (!dw || !db))) return ND_E_MEMORY;
    ND_TRY(nn_give(tape, x, dx));
    if (!w) return ND_OK;
    ND_TRY(nn_give(tape, w, dw));
    return nn_give(tape, b, db);
}

const nn_op nn_op_row_norm = {
    .name = "row norm", .plain = NN_PAIR(row_norm), .gradient = gradient};
const nn_op nn_op_row_norm_back = {.name = "row norm gradient",
                                   .plain = NN_PAIR(row_norm_back)};

static nd_tensor *norm(nd_tape *tape, const char *name, nd_tensor *x, const nn_rows *set,
                       const nd_shape *affine)
{
    nd_tensor *w = NULL, *b = NULL;
    if (affine) {
        w = nn_state(tape, name, "weight", *affine, (nn_first){.value = 1});
        b = nn_state(tape, name, "bias", *affine, (nn_first){.value = 0});
        if (!w || !b) return NULL;
    }
    nn_record *r = nn_record_new(tape, &nn_op_row_norm, name, 3, 3);
    if (!r || nn_record_set(r, tape, set, sizeof *set)) return NULL;
    r->in[0] = x, r->in[1] = w, r->in[2] = b;
    nd_tensor *y = nn_out(tape, r, 0, nn_real(tape), x->shape);
    if (!y || !nn_out(tape, r, 1, nn_real(tape), ND_SHAPE(set->rows)) ||
        !nn_out(tape, r, 2, nn_real(tape), ND_SHAPE(set->rows)))
        return NULL;
    return y;
}

static double epsilon_of(nd_norm set)
{
    return set.epsilon > 0 ? set.epsilon : 1e-5;
}

nd_tensor *nd_layer_norm(nd_tape *tape, const char *name, nd_tensor *x, nd_norm given)
{
    if (!x) return NULL;
    const int axes = given.axes ? given.axes : 1;
    if (axes < 1 || axes > x->shape.rank) {
        (void)nn_wrong(tape, name, "at least as many dimensions as are normalised", x);
        return NULL;
    }
    nd_shape last = {.rank = axes};
    for (int i = 0; i < axes; i++) last.dim[i] = x->shape.dim[x->shape.rank - axes + i];
    nn_rows set = {1, nd_shape_count(last), 1, 1, epsilon_of(given)};
    for (int i = 0; i < x->shape.rank - axes; i++) set.rows *= x->shape.dim[i];
    return norm(tape, name, x, &set, given.no_affine ? NULL : &last);
}

nd_tensor *nd_group_norm(nd_tape *tape, const char *name, nd_tensor *x, nd_norm given)
{
    if (!x) return NULL;
    const int groups = given.groups ? given.groups : 1;
    if (x->shape.rank < 2) {
        (void)nn_wrong(tape, name, "two dimensions or more: pictures, channels, …", x);
        return NULL;
    }
    const int64_t channels = x->shape.dim[1];
    if (groups < 1 || channels % groups) {
        (void)nd_fail(ND_E_PARAM,
                      "%s%s: %d groups do not divide %lld channels\n"
                      "take a number that does",
                      tape->scope, name, groups, (long long)channels);
        return NULL;
    }
    nn_rows set = {x->shape.dim[0] * groups, channels / groups, groups, 1,
                   epsilon_of(given)};
    for (int i = 2; i < x->shape.rank; i++) set.each *= x->shape.dim[i];
    set.size *= set.each;
    const nd_shape affine = ND_SHAPE(channels);
    return norm(tape, name, x, &set, given.no_affine ? NULL : &affine);
}
