// SPDX-License-Identifier: Apache-2.0
// Plain transposed convolution: the data gradient's kernel, then the bias.
#include "nn/conv_transpose.h"

nd_status NN_NAME(conv_transpose)(const nn_call *call)
{
    ND_TRY(NN_NAME(conv_data)(call));
    const nn_conv *c = call->record->set;
    const int64_t size = c->in.dim[2] * c->in.dim[3];
    const NN_REAL *bias = call->in[2];
    NN_REAL *y = call->out[0];
    for (int64_t p = 0; bias && p < c->in.dim[0] * c->in.dim[1]; p++)
        for (int64_t i = 0; i < size; i++) y[p * size + i] += bias[p % c->in.dim[1]];
    return ND_OK;
}
