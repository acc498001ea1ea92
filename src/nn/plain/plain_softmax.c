// SPDX-License-Identifier: Apache-2.0
// Plain softmax: maximum first, in double.
#include "nn/softmax.h"
#include <math.h>

static void forward(void *user, int thread, int threads)
{
    const nn_call *call = user;
    const nn_softmax *set = call->record->set;
    const int64_t rows = set->outer * set->inner;
    for (int64_t r = nn_cut(rows, thread, threads); r < nn_cut(rows, thread + 1, threads);
         r++) {
        const int64_t at = r / set->inner * set->size * set->inner + r % set->inner;
        const NN_REAL *x = (const NN_REAL *)call->in[0] + at;
        NN_REAL *y = (NN_REAL *)call->out[0] + at;
        double top = -INFINITY, sum = 0;
        for (int64_t k = 0; k < set->size; k++)
            if ((double)x[k * set->inner] > top) top = (double)x[k * set->inner];
        for (int64_t k = 0; k < set->size; k++)
            sum += exp((double)x[k * set->inner] - top);
        for (int64_t k = 0; k < set->size; k++)
            y[k * set->inner] = (NN_REAL)(exp((double)x[k * set->inner] - top) / sum);
    }
}

nd_status NN_NAME(softmax)(const nn_call *call)
{
    nn_team(call->threads, forward, (void *)(uintptr_t)call);
    return ND_OK;
}

static void backward(void *user, int thread, int threads)
{
    const nn_call *call = user;
    const nn_softmax *set = call->record->set;
    const int64_t rows = set->outer * set->inner;
    for (int64_t r = nn_cut(rows, thread, threads); r < nn_cut(rows, thread + 1, threads);
         r++) {
        const int64_t at = r / set->inner * set->size * set->inner + r % set->inner;
        const NN_REAL *g = (const NN_REAL *)call->in[0] + at;
        const NN_REAL *y = (const NN_REAL *)call->in[1] + at;
        NN_REAL *dx = (NN_REAL *)call->out[0] + at;
        double sum = 0;
        for (int64_t k = 0; k < set->size; k++)
            sum += (double)g[k * set->inner] * (double)y[k * set->inner];
        for (int64_t k = 0; k < set->size; k++)
            dx[k * set->inner] =
                (NN_REAL)((double)y[k * set->inner] * ((double)g[k * set->inner] - sum));
    }
}

nd_status NN_NAME(softmax_back)(const nn_call *call)
{
    nn_team(call->threads, backward, (void *)(uintptr_t)call);
    return ND_OK;
}
