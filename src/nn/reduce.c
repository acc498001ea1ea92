// SPDX-License-Identifier: Apache-2.0
// Sums, means, maxima and minima over axes.
#include "nn/reduce.h"
#include "nn/broadcast.h"

static nd_status gradient(nd_tape *tape, nn_record *r, nd_tensor *const *from)
{
    const nn_reduce *set = r->set;
    nd_tensor *x = r->in[0], *g = from[0];
    if (set->how == ND_MAX || set->how == ND_MIN)
        return nn_give(tape, x,
                       nn_made(tape, (nn_making){.op = &nn_op_extreme_back,
                                                 .set = set,
                                                 .in = {g, x, r->out[0]},
                                                 .ins = 3,
                                                 .shape = x->shape}));
    if (set->how == ND_MEAN)
        g = nd_scale(g,
                     (double)nd_shape_count(g->shape) / (double)nd_shape_count(x->shape));
    return nn_give(tape, x, nn_expand(g, x->shape));
}

const nn_op nn_op_reduce = {
    .name = "reduce", .plain = NN_PAIR(reduce), .gradient = gradient};
const nn_op nn_op_extreme_back = {.name = "maximum gradient",
                                  .plain = NN_PAIR(extreme_back)};

nd_tensor *nd_reduce_axes(nd_tensor *x, unsigned axes, nd_reduction how)
{
    if (!x) return NULL;
    nd_shape y = x->shape;
    bool is_empty = false;
    for (int i = 0; i < y.rank; i++)
        if (axes >> i & 1) is_empty |= y.dim[i] == 0, y.dim[i] = 1;
    if (axes >> y.rank || (is_empty && how != ND_SUM)) {
        (void)nn_wrong(x->tape, "reduce", "the axes to reduce, with numbers in them", x);
        return NULL;
    }
    return nn_made(x->tape, (nn_making){.op = &nn_op_reduce,
                                        .set = &(nn_reduce){axes, how},
                                        .bytes = sizeof(nn_reduce),
                                        .in = {x},
                                        .ins = 1,
                                        .shape = y});
}
