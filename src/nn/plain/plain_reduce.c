// SPDX-License-Identifier: Apache-2.0
// Plain reductions: sums in double, in the order of the indices; NaN wins.
#include "nn/reduce.h"
#include "nn/strides.h"
#include <math.h>

// The reduced axes alone, and the steps in x.
static nd_shape reduced(const nn_record *r, nd_shape x, int64_t stride[ND_MAX_RANK])
{
    const nn_reduce *set = r->set;
    nn_strides(x, x, stride);
    for (int i = 0; i < x.rank; i++)
        if (!(set->axes >> i & 1)) x.dim[i] = 1;
    return x;
}

static double one(nd_reduction how, const NN_REAL *x, nd_shape in, const int64_t *stride)
{
    const int64_t runs = nn_run_count(in), length = nn_run_length(in);
    const int64_t step = nn_run_step(in, stride);
    double sum = how == ND_MAX ? -INFINITY : how == ND_MIN ? INFINITY : 0;
    for (int64_t run = 0; run < runs && length; run++) {
        const NN_REAL *at = x + nn_run_offset(in, stride, run);
        for (int64_t i = 0; i < length; i++) {
            const double v = (double)at[i * step];
            if (how == ND_SUM || how == ND_MEAN)
                sum += v;
            else if (isnan(v) || (how == ND_MAX ? v > sum : v < sum))
                sum = isnan(sum) ? sum : v;
        }
    }
    return how == ND_MEAN ? sum / (double)(runs * length) : sum;
}

static void part(void *user, int thread, int threads)
{
    const nn_call *call = user;
    const nn_record *r = call->record;
    const nd_shape y = r->out[0]->shape;
    int64_t stride[ND_MAX_RANK];
    const nd_shape in = reduced(r, r->in[0]->shape, stride);
    const int64_t count = nd_shape_count(y);
    for (int64_t i = nn_cut(count, thread, threads);
         i < nn_cut(count, thread + 1, threads); i++)
        ((NN_REAL *)call->out[0])[i] = (NN_REAL)one(
            ((const nn_reduce *)r->set)->how,
            (const NN_REAL *)call->in[0] + nn_offset(y, stride, i), in, stride);
}

nd_status NN_NAME(reduce)(const nn_call *call)
{
    nn_team(call->threads, part, (void *)(uintptr_t)call);
    return ND_OK;
}

nd_status NN_NAME(extreme_back)(const nn_call *call)
{
    const nn_record *r = call->record;
    const nd_shape y = r->in[0]->shape;
    int64_t stride[ND_MAX_RANK];
    const nd_shape in = reduced(r, r->in[1]->shape, stride);
    const NN_REAL *g = call->in[0], *top = call->in[2];
    for (int64_t i = 0, n = nd_shape_count(y); i < n; i++) {
        const int64_t base = nn_offset(y, stride, i), count = nd_shape_count(in);
        const NN_REAL *x = (const NN_REAL *)call->in[1] + base;
        NN_REAL *dx = (NN_REAL *)call->out[0] + base;
        int64_t equal = 0;
        for (int64_t j = 0; j < count; j++) {
            const NN_REAL v = x[nn_offset(in, stride, j)];
            equal += !(v < top[i]) && !(v > top[i]);
        }
        for (int64_t j = 0; j < count; j++) {
            const int64_t at = nn_offset(in, stride, j);
            const bool is_top = !(x[at] < top[i]) && !(x[at] > top[i]);
            dx[at] = is_top ? g[i] / (NN_REAL)equal : 0;
        }
    }
    return ND_OK;
}
