// SPDX-License-Identifier: Apache-2.0
// A record and its one output in one call: what most layers and gradients are made of.
#include "nn/nn.h"

nd_tensor *nn_made(nd_tape *tape, nn_making making)
{
    nn_record *r = nn_record_new(tape, making.op, making.name, making.ins, 1);
    if (!r || nn_record_set(r, tape, making.set, making.bytes)) return NULL;
    if (!making.bytes) r->set = making.set;
    for (int k = 0; k < making.ins; k++) r->in[k] = making.in[k];
    return nn_out(tape, r, 0, nn_real(tape), making.shape);
}
