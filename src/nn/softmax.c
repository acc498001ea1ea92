// SPDX-License-Identifier: Apache-2.0
// Softmax over one axis.
#include "nn/softmax.h"

static nd_status gradient(nd_tape *tape, nn_record *r, nd_tensor *const *from)
{
    nd_tensor *x = r->in[0];
    return nn_give(tape, x,
                   nn_made(tape, (nn_making){.op = &nn_op_softmax_back,
                                             .set = r->set,
                                             .in = {from[0], r->out[0]},
                                             .ins = 2,
                                             .shape = x->shape}));
}

const nn_op nn_op_softmax = {
    .name = "softmax", .plain = NN_PAIR(softmax), .gradient = gradient};
const nn_op nn_op_softmax_back = {.name = "softmax gradient",
                                  .plain = NN_PAIR(softmax_back)};

nd_tensor *nd_softmax(nd_tensor *x, int axis)
{
    if (!x) return NULL;
    if (axis < 0 || axis >= x->shape.rank) {
        (void)nn_wrong(x->tape, "softmax", "more dimensions than the axis' number", x);
        return NULL;
    }
    nn_softmax set = {1, x->shape.dim[axis], 1};
    for (int i = 0; i < axis; i++) set.outer *= x->shape.dim[i];
    for (int i = axis + 1; i < x->shape.rank; i++) set.inner *= x->shape.dim[i];
    return nn_point(&nn_op_softmax, x, &set, sizeof set);
}
