// SPDX-License-Identifier: Apache-2.0
// Transpose: the axes in another order.
#include "nn/transpose.h"

static nd_status gradient(nd_tape *tape, nn_record *r, nd_tensor *const *from)
{
    const nn_order *set = r->set;
    int back[ND_MAX_RANK] = {0};
    for (int i = 0; i < r->in[0]->shape.rank; i++) back[set->axis[i]] = i;
    return nn_give(tape, r->in[0], nd_transpose(from[0], back));
}

const nn_op nn_op_transpose = {
    .name = "transpose", .plain = NN_PAIR(transpose), .gradient = gradient};

nd_tensor *nd_transpose(nd_tensor *x, const int *order)
{
    if (!x) return NULL;
    nn_order set = {{0}};
    nd_shape y = x->shape;
    unsigned seen = 0;
    for (int i = 0; i < y.rank; i++) {
        const int axis = order[i];
        if (axis < 0 || axis >= y.rank || seen >> axis & 1) {
            (void)nn_wrong(x->tape, "transpose", "an order that names each axis once", x);
            return NULL;
        }
        seen |= 1u << axis;
        set.axis[i] = axis;
        y.dim[i] = x->shape.dim[axis];
    }
    return nn_made(x->tape, (nn_making){.op = &nn_op_transpose,
                                        .set = &set,
                                        .bytes = sizeof set,
                                        .in = {x},
                                        .ins = 1,
                                        .shape = y});
}
