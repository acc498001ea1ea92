// SPDX-License-Identifier: Apache-2.0
// Padding, parts of values and their joints: each other's gradients.
#include "nn/pad.h"

static nd_tensor *moved(const nn_op *op, nd_tensor *x, const nn_pad *set, nd_shape shape)
{
    return nn_made(x->tape, (nn_making){.op = op,
                                        .set = set,
                                        .bytes = sizeof *set,
                                        .in = {x},
                                        .ins = 1,
                                        .shape = shape});
}

static nd_status pad_gradient(nd_tape *tape, nn_record *r, nd_tensor *const *from)
{
    const nn_pad *set = r->set;
    return nn_give(tape, r->in[0],
                   moved(set->like == ND_PAD_VALUE ? &nn_op_crop : &nn_op_pad_back,
                         from[0], set, r->in[0]->shape));
}

static nd_status crop_gradient(nd_tape *tape, nn_record *r, nd_tensor *const *from)
{
    return nn_give(tape, r->in[0], moved(&nn_op_pad, from[0], r->set, r->in[0]->shape));
}

static nd_status concat_gradient(nd_tape *tape, nn_record *r, nd_tensor *const *from)
{
    const int axis = *(const int *)r->set;
    nn_pad set = {.like = ND_PAD_VALUE};
    for (int k = 0; k < r->ins; k++) {
        if (r->in[k]->needs_gradient)
            ND_TRY(nn_give(tape, r->in[k],
                           moved(&nn_op_crop, from[0], &set, r->in[k]->shape)));
        set.before[axis] += r->in[k]->shape.dim[axis];
    }
    return ND_OK;
}

const nn_op nn_op_pad = {
    .name = "pad", .plain = NN_PAIR(pad), .gradient = pad_gradient, .may_be_bf16 = true};
const nn_op nn_op_pad_back = {
    .name = "pad gradient", .plain = NN_PAIR(pad_back), .may_be_bf16 = true};
const nn_op nn_op_crop = {.name = "slice",
                          .plain = NN_PAIR(crop),
                          .gradient = crop_gradient,
                          .may_be_bf16 = true};
const nn_op nn_op_concat = {.name = "concat",
                            .plain = NN_PAIR(concat),
                            .gradient = concat_gradient,
                            .may_be_bf16 = true};

nd_tensor *nd_pad(nd_tensor *x, const int *before, const int *after, nd_padding like,
                  double value)
{
    if (!x) return NULL;
    nn_pad set = {.like = like, .value = value};
    nd_shape y = x->shape;
    for (int i = 0; i < y.rank; i++) {
        const int64_t in = x->shape.dim[i];
        const int most = before[i] > after[i] ? before[i] : after[i];
        const bool is_short = (like == ND_PAD_REFLECT && most >= in && most > 0) ||
                              (like == ND_PAD_EDGE && !in && most > 0);
        if (before[i] < 0 || after[i] < 0 || is_short) {
            char text[96];
            (void)nd_fail(ND_E_PARAM,
                          "%spad: %d before and %d after axis %d of %s\n"
                          "take numbers from 0 on, and fewer than there are to reflect",
                          x->tape->scope, before[i], after[i], i,
                          nn_shape_text(text, x->shape));
            return NULL;
        }
        set.before[i] = before[i];
        y.dim[i] += (int64_t)before[i] + after[i];
    }
    return moved(&nn_op_pad, x, &set, y);
}

nd_tensor *nd_slice(nd_tensor *x, int axis, int64_t first, int64_t count)
{
    if (!x) return NULL;
    const bool is_axis = axis >= 0 && axis < x->shape.rank;
    if (!is_axis || first < 0 || count < 0 || first > x->shape.dim[axis] ||
        count > x->shape.dim[axis] - first) {
        char text[96];
        (void)nd_fail(ND_E_PARAM,
                      "%sslice: %lld from %lld on along axis %d of %s\n"
                      "take a part that lies inside",
                      x->tape->scope, (long long)count, (long long)first, axis,
                      nn_shape_text(text, x->shape));
        return NULL;
    }
    nd_shape y = x->shape;
    y.dim[axis] = count;
    nn_pad set = {.like = ND_PAD_VALUE};
    set.before[axis] = first;
    return moved(&nn_op_crop, x, &set, y);
}

// The shape of all parts together; ND_E_PARAM where they do not fit.
static nd_status joined(nd_tensor *const *parts, int count, int axis, nd_shape *shape)
{
    *shape = parts[0]->shape;
    for (int k = 0; k < count; k++) {
        const nd_shape s = parts[k]->shape;
        bool fits = s.rank == shape->rank && axis >= 0 && axis < s.rank;
        for (int i = 0; i < s.rank && fits; i++)
            fits = i == axis || s.dim[i] == shape->dim[i];
        char a[96], b[96];
        if (!fits)
            return nd_fail(ND_E_PARAM,
                           "%sconcat: %s and %s along axis %d\n"
                           "give parts that differ along that axis only",
                           parts[0]->tape->scope, nn_shape_text(a, parts[0]->shape),
                           nn_shape_text(b, s), axis);
        if (k) shape->dim[axis] += s.dim[axis];
    }
    return ND_OK;
}

nd_tensor *nd_concat(nd_tensor *const *parts, int count, int axis)
{
    for (int k = 0; k < count; k++)
        if (!parts[k]) return NULL;
    if (count < 1) {
        (void)nd_fail(ND_E_PARAM, "a concat of nothing\ngive it at least one part");
        return NULL;
    }
    nd_shape shape;
    if (joined(parts, count, axis, &shape)) return NULL;
    nd_tape *tape = parts[0]->tape;
    nn_record *r = nn_record_new(tape, &nn_op_concat, NULL, count, 1);
    if (!r || nn_record_set(r, tape, &axis, sizeof axis)) return NULL;
    for (int k = 0; k < count; k++) r->in[k] = parts[k];
    return nn_out(tape, r, 0, nn_real(tape), shape);
}
