// SPDX-License-Identifier: Apache-2.0
// Adaptive mean pooling: to a given height and width, whatever the input's.
#include "nn/mean_pool.h"

static nd_status gradient(nd_tape *tape, nn_record *r, nd_tensor *const *from)
{
    nn_record *d = nn_record_new(tape, &nn_op_mean_pool_to_back, NULL, 1, 1);
    if (!d) return ND_E_MEMORY;
    d->in[0] = from[0];
    return nn_give(tape, r->in[0], nn_out(tape, d, 0, r->in[0]->dtype, r->in[0]->shape));
}

const nn_op nn_op_mean_pool_to = {.name = "adaptive mean pool",
                                  .plain = NN_PAIR(mean_pool_to),
                                  .gradient = gradient,
                                  .may_be_bf16 = true};
const nn_op nn_op_mean_pool_to_back = {.name = "adaptive mean pool gradient",
                                       .plain = NN_PAIR(mean_pool_to_back),
                                       .may_be_bf16 = true};

nd_tensor *nd_mean_pool_to(nd_tensor *x, int height, int width)
{
    if (!x) return NULL;
    if (x->shape.rank != 4 || height < 1 || width < 1) {
        (void)nn_wrong(x->tape, "adaptive mean pool",
                       "four dimensions, and a size of at least 1 x 1", x);
        return NULL;
    }
    nn_record *r = nn_record_new(x->tape, &nn_op_mean_pool_to, NULL, 1, 1);
    if (!r) return NULL;
    r->in[0] = x;
    return nn_out(x->tape, r, 0, x->dtype,
                  ND_SHAPE(x->shape.dim[0], x->shape.dim[1], height, width));
}
