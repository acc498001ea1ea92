// SPDX-License-Identifier: Apache-2.0
// Plain sums and products with broadcasting, run by run.
#include "nn/broadcast.h"
#include "nn/strides.h"

typedef struct pair {
    const nn_call *call;
    bool is_product;
} pair;

static void part(void *user, int thread, int threads)
{
    const pair *p = user;
    const nn_record *r = p->call->record;
    const nd_shape shape = r->out[0]->shape;
    int64_t stride[2][ND_MAX_RANK];
    for (int k = 0; k < 2; k++) nn_strides(r->in[k]->shape, shape, stride[k]);
    const int64_t runs = nn_run_count(shape), length = nn_run_length(shape);
    const int64_t a = nn_run_step(shape, stride[0]), b = nn_run_step(shape, stride[1]);
    for (int64_t run = nn_cut(runs, thread, threads);
         run < nn_cut(runs, thread + 1, threads); run++) {
        const NN_REAL *x =
            (const NN_REAL *)p->call->in[0] + nn_run_offset(shape, stride[0], run);
        const NN_REAL *y =
            (const NN_REAL *)p->call->in[1] + nn_run_offset(shape, stride[1], run);
        NN_REAL *out = (NN_REAL *)p->call->out[0] + run * length;
        if (p->is_product)
            for (int64_t i = 0; i < length; i++) out[i] = x[i * a] * y[i * b];
        else
            for (int64_t i = 0; i < length; i++) out[i] = x[i * a] + y[i * b];
    }
}

nd_status NN_NAME(add_wide)(const nn_call *call)
{
    nn_team(call->threads, part, &(pair){call, false});
    return ND_OK;
}

nd_status NN_NAME(multiply)(const nn_call *call)
{
    nn_team(call->threads, part, &(pair){call, true});
    return ND_OK;
}

nd_status NN_NAME(expand)(const nn_call *call)
{
    const nn_record *r = call->record;
    const nd_shape shape = r->out[0]->shape;
    int64_t stride[ND_MAX_RANK];
    nn_strides(r->in[0]->shape, shape, stride);
    const int64_t step = nn_run_step(shape, stride), length = nn_run_length(shape);
    NN_REAL *out = call->out[0];
    for (int64_t run = 0, runs = nn_run_count(shape); run < runs; run++) {
        const NN_REAL *x =
            (const NN_REAL *)call->in[0] + nn_run_offset(shape, stride, run);
        for (int64_t i = 0; i < length; i++) *out++ = x[i * step];
    }
    return ND_OK;
}

nd_status NN_NAME(scale)(const nn_call *call)
{
    const double factor = *(const double *)call->record->set;
    const NN_REAL *x = call->in[0];
    NN_REAL *y = call->out[0];
    for (int64_t i = 0, n = nd_shape_count(call->record->out[0]->shape); i < n; i++)
        y[i] = (NN_REAL)(factor * (double)x[i]);
    return ND_OK;
}
