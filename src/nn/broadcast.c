// SPDX-License-Identifier: Apache-2.0
// Sums and products of values whose shapes broadcast, and multiples.
#include "nn/broadcast.h"
#include "nn/relu.h"

nd_shape nn_broadcast(nd_shape a, nd_shape b)
{
    if (a.rank < b.rank) {
        const nd_shape swap = a;
        a = b, b = swap;
    }
    for (int i = 0; i < b.rank; i++) {
        int64_t *to = &a.dim[a.rank - 1 - i];
        const int64_t from = b.dim[b.rank - 1 - i];
        if (*to != from && *to != 1 && from != 1) return (nd_shape){.rank = -1};
        if (*to == 1) *to = from;
    }
    return a;
}

nd_tensor *nn_sum_to(nd_tensor *x, nd_shape shape)
{
    if (!x || nd_shape_same(x->shape, shape)) return x;
    unsigned axes = 0;
    const int shift = x->shape.rank - shape.rank;
    for (int i = 0; i < x->shape.rank; i++)
        if (i < shift || (shape.dim[i - shift] == 1 && x->shape.dim[i] != 1))
            axes |= 1u << i;
    return nd_reshape(nd_reduce_axes(x, axes, ND_SUM), shape);
}

static nd_tensor *two(const nn_op *op, nd_tensor *a, nd_tensor *b, nd_shape shape)
{
    return nn_made(a->tape,
                   (nn_making){.op = op, .in = {a, b}, .ins = 2, .shape = shape});
}

static nd_status add_gradient(nd_tape *tape, nn_record *r, nd_tensor *const *from)
{
    for (int k = 0; k < 2; k++)
        if (r->in[k]->needs_gradient)
            ND_TRY(nn_give(tape, r->in[k], nn_sum_to(from[0], r->in[k]->shape)));
    return ND_OK;
}

static nd_status multiply_gradient(nd_tape *tape, nn_record *r, nd_tensor *const *from)
{
    for (int k = 0; k < 2; k++)
        if (r->in[k]->needs_gradient)
            ND_TRY(
                nn_give(tape, r->in[k],
                        nn_sum_to(nd_multiply(from[0], r->in[1 - k]), r->in[k]->shape)));
    return ND_OK;
}

static nd_status expand_gradient(nd_tape *tape, nn_record *r, nd_tensor *const *from)
{
    return nn_give(tape, r->in[0], nn_sum_to(from[0], r->in[0]->shape));
}

static nd_status scale_gradient(nd_tape *tape, nn_record *r, nd_tensor *const *from)
{
    return nn_give(tape, r->in[0], nd_scale(from[0], *(const double *)r->set));
}

const nn_op nn_op_add_wide = {
    .name = "add, broadcast", .plain = NN_PAIR(add_wide), .gradient = add_gradient};
const nn_op nn_op_multiply = {.name = "multiply",
                              .plain = NN_PAIR(multiply),
                              .gradient = multiply_gradient,
                              .is_point = true};
const nn_op nn_op_multiply_wide = {.name = "multiply, broadcast",
                                   .plain = NN_PAIR(multiply),
                                   .gradient = multiply_gradient};
const nn_op nn_op_expand = {
    .name = "expand", .plain = NN_PAIR(expand), .gradient = expand_gradient};
const nn_op nn_op_scale = {.name = "scale",
                           .plain = NN_PAIR(scale),
                           .gradient = scale_gradient,
                           .is_point = true};

static nd_status check(const nd_tensor *a, const nd_tensor *b, const char *what,
                       nd_shape *shape)
{
    *shape = nn_broadcast(a->shape, b->shape);
    if (shape->rank >= 0) return ND_OK;
    char x[96], y[96];
    return nd_fail(ND_E_PARAM,
                   "%s%s: the inputs are %s and %s\n"
                   "give both the same shape, or one number where they differ",
                   a->tape->scope, what, nn_shape_text(x, a->shape),
                   nn_shape_text(y, b->shape));
}

nd_tensor *nd_add(nd_tensor *a, nd_tensor *b)
{
    nd_shape shape;
    if (!a || !b || check(a, b, "add", &shape)) return NULL;
    if (nd_shape_same(a->shape, b->shape)) return nn_sum2(a, b);
    return two(&nn_op_add_wide, a, b, shape);
}

nd_tensor *nd_multiply(nd_tensor *a, nd_tensor *b)
{
    nd_shape shape;
    if (!a || !b || check(a, b, "multiply", &shape)) return NULL;
    const bool is_same = nd_shape_same(a->shape, b->shape);
    return two(is_same ? &nn_op_multiply : &nn_op_multiply_wide, a, b, shape);
}

nd_tensor *nn_expand(nd_tensor *x, nd_shape shape)
{
    if (!x) return NULL;
    return nn_made(x->tape,
                   (nn_making){.op = &nn_op_expand, .in = {x}, .ins = 1, .shape = shape});
}

nd_tensor *nd_scale(nd_tensor *x, double factor)
{
    return nn_point(&nn_op_scale, x, &factor, sizeof factor);
}
