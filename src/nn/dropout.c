// SPDX-License-Identifier: Apache-2.0
// Dropout (Srivastava et al. 2014): elements are zeroed in training, others scaled. What
// is dropped is drawn again for the gradient: nothing is stored.
#include "nn/dropout.h"

static nd_status gradient(nd_tape *tape, nn_record *r, nd_tensor *const *from)
{
    nd_tensor *x = r->in[0];
    return nn_give(tape, x,
                   nn_made(tape, (nn_making){.op = r->op,
                                             .set = r->set,
                                             .in = {from[0]},
                                             .ins = 1,
                                             .shape = x->shape}));
}

const nn_op nn_op_dropout = {
    .name = "dropout", .plain = NN_PAIR(dropout), .gradient = gradient};

nd_tensor *nd_dropout(nd_tensor *x, double drop)
{
    if (!x) return NULL;
    if (!(drop >= 0 && drop <= 1)) {
        (void)nd_fail(ND_E_PARAM,
                      "%sdropout: %g of all numbers dropped\n"
                      "take a share from 0 to 1",
                      x->tape->scope, drop);
        return NULL;
    }
    if (!x->tape->training || x->tape->measuring || !(drop > 0)) return x;
    const nn_dropout set = {drop, x->tape->records};
    return nn_made(x->tape, (nn_making){.op = &nn_op_dropout,
                                        .set = &set,
                                        .bytes = sizeof set,
                                        .in = {x},
                                        .ins = 1,
                                        .shape = x->shape});
}
