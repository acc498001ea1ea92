// SPDX-License-Identifier: Apache-2.0
// Resizing: nearest, bilinear by pixel areas, bilinear by corners.
#include "nn/upsample.h"

static nd_status gradient(nd_tape *tape, nn_record *r, nd_tensor *const *from)
{
    nd_tensor *x = r->in[0];
    return nn_give(tape, x,
                   nn_made(tape, (nn_making){.op = &nn_op_upsample_back,
                                             .set = r->set,
                                             .in = {from[0]},
                                             .ins = 1,
                                             .shape = x->shape}));
}

const nn_op nn_op_upsample = {.name = "upsample",
                              .plain = NN_PAIR(upsample),
                              .gradient = gradient,
                              .may_be_bf16 = true};
const nn_op nn_op_upsample_back = {
    .name = "upsample gradient", .plain = NN_PAIR(upsample_back), .may_be_bf16 = true};

nd_tensor *nd_upsample(nd_tensor *x, int height, int width, nd_resize how)
{
    if (!x) return NULL;
    if (x->shape.rank != 4 || height < 1 || width < 1 || !x->shape.dim[2] ||
        !x->shape.dim[3]) {
        (void)nn_wrong(x->tape, "upsample",
                       "four dimensions with pixels, and a size of at least 1 x 1", x);
        return NULL;
    }
    return nn_made(
        x->tape,
        (nn_making){.op = &nn_op_upsample,
                    .set = &how,
                    .bytes = sizeof how,
                    .in = {x},
                    .ins = 1,
                    .shape = ND_SHAPE(x->shape.dim[0], x->shape.dim[1], height, width)});
}
