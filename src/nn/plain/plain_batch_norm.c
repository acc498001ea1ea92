// SPDX-License-Identifier: Apache-2.0
// Plain batch norm: two passes, sums in double.
#include "nn/batch_norm.h"
#include <math.h>

typedef struct dims {
    int64_t pictures, channels, size;
} dims;

static dims dims_of(const nd_tensor *x)
{
    dims d = {x->shape.dim[0], x->shape.dim[1], 1};
    for (int i = 2; i < x->shape.rank; i++) d.size *= x->shape.dim[i];
    return d;
}

static double count_of(dims d)
{
    return (double)d.pictures * (double)d.size;
}

static void moments(const NN_REAL *x, dims d, int64_t k, double *mean, double *variance)
{
    double sum = 0, square = 0;
    for (int64_t n = 0; n < d.pictures; n++)
        for (int64_t i = 0; i < d.size; i++)
            sum += (double)x[(n * d.channels + k) * d.size + i];
    *mean = sum / count_of(d);
    for (int64_t n = 0; n < d.pictures; n++)
        for (int64_t i = 0; i < d.size; i++) {
            const double v = (double)x[(n * d.channels + k) * d.size + i] - *mean;
            square += v * v;
        }
    *variance = square / count_of(d);
}

static void apply(const NN_REAL *x, NN_REAL *y, dims d, int64_t k, const double line[2])
{
    for (int64_t n = 0; n < d.pictures; n++)
        for (int64_t i = 0; i < d.size; i++) {
            const int64_t at = (n * d.channels + k) * d.size + i;
            y[at] = (NN_REAL)(line[0] * (double)x[at] + line[1]);
        }
}

nd_status NN_NAME(batch_norm)(const nn_call *call)
{
    const nn_norm *set = call->record->set;
    const dims d = dims_of(call->record->in[0]);
    const NN_REAL *w = call->in[1], *b = call->in[2];
    NN_REAL *mean = call->out[1], *variance = call->out[2];
    for (int64_t k = 0; k < d.channels; k++) {
        double m, v;
        moments(call->in[0], d, k, &m, &v);
        const double scale = (double)w[k] / sqrt(v + set->epsilon);
        mean[k] = (NN_REAL)m, variance[k] = (NN_REAL)v;
        apply(call->in[0], call->out[0], d, k,
              (double[2]){scale, (double)b[k] - scale * m});
    }
    return ND_OK;
}

nd_status NN_NAME(batch_norm_fixed)(const nn_call *call)
{
    const nn_norm *set = call->record->set;
    const dims d = dims_of(call->record->in[0]);
    const NN_REAL *w = call->in[1], *b = call->in[2];
    const NN_REAL *mean = call->in[3], *variance = call->in[4];
    for (int64_t k = 0; k < d.channels; k++) {
        const double scale = (double)w[k] / sqrt((double)variance[k] + set->epsilon);
        apply(call->in[0], call->out[0], d, k,
              (double[2]){scale, (double)b[k] - scale * (double)mean[k]});
    }
    return ND_OK;
}

// The two sums of the gradient: of g, and of g times the normed x.
static void sums(const nn_call *call, dims d, int64_t k, const double norm[2],
                 double sum[2])
{
    const NN_REAL *g = call->in[0], *x = call->in[1];
    sum[0] = sum[1] = 0;
    for (int64_t n = 0; n < d.pictures; n++)
        for (int64_t i = 0; i < d.size; i++) {
            const int64_t at = (n * d.channels + k) * d.size + i;
            sum[0] += (double)g[at];
            sum[1] += (double)g[at] * ((double)x[at] - norm[0]) * norm[1];
        }
}

static nd_status back(const nn_call *call, bool by_batch)
{
    const nn_norm *set = call->record->set;
    const dims d = dims_of(call->record->in[1]);
    const NN_REAL *g = call->in[0], *x = call->in[1], *w = call->in[2];
    const NN_REAL *mean = call->in[3], *variance = call->in[4];
    NN_REAL *dx = call->out[0], *dw = call->out[1], *db = call->out[2];
    for (int64_t k = 0; k < d.channels; k++) {
        double norm[2] = {(double)mean[k], 1 / sqrt((double)variance[k] + set->epsilon)},
               sum[2];
        sums(call, d, k, norm, sum);
        db[k] = (NN_REAL)sum[0], dw[k] = (NN_REAL)sum[1];
        const double scale = (double)w[k] * norm[1];
        const double a = by_batch ? sum[0] / count_of(d) : 0;
        const double b = by_batch ? sum[1] / count_of(d) : 0;
        for (int64_t n = 0; n < d.pictures; n++)
            for (int64_t i = 0; i < d.size; i++) {
                const int64_t at = (n * d.channels + k) * d.size + i;
                const double normed = ((double)x[at] - norm[0]) * norm[1];
                dx[at] = (NN_REAL)(scale * ((double)g[at] - a - normed * b));
            }
    }
    return ND_OK;
}

nd_status NN_NAME(batch_norm_back)(const nn_call *call)
{
    return back(call, true);
}

nd_status NN_NAME(batch_norm_fixed_back)(const nn_call *call)
{
    return back(call, false);
}

nd_status NN_NAME(running)(const nn_call *call)
{
    const nn_norm *set = call->record->set;
    const nd_tensor *channels = call->record->in[3];
    // How many values a channel had: the normed value's record knows its input.
    const dims d = dims_of(channels->made_by->in[0]);
    const double n = count_of(d), m = set->momentum;
    NN_REAL *mean = call->in[0], *variance = call->in[1];
    const NN_REAL *new_mean = call->in[3], *new_variance = call->in[4];
    for (int64_t k = 0; k < d.channels; k++) {
        mean[k] = (NN_REAL)((1 - m) * (double)mean[k] + m * (double)new_mean[k]);
        variance[k] = (NN_REAL)((1 - m) * (double)variance[k] +
                                m * (double)new_variance[k] * n / (n - 1));
    }
    ++*(int64_t *)call->in[2];
    return ND_OK;
}

// The values of all batches as if they were one (Chan et al. 1979).
nd_status NN_NAME(measured)(const nn_call *call)
{
    const nd_tensor *channels = call->record->in[3];
    const dims d = dims_of(channels->made_by->in[0]);
    const double n = count_of(d), before = n * (double)call->step, all = before + n;
    NN_REAL *mean = call->in[0], *variance = call->in[1];
    const NN_REAL *new_mean = call->in[3], *new_variance = call->in[4];
    for (int64_t k = 0; k < d.channels; k++) {
        const double old = before > 0 ? (double)mean[k] : 0;
        const double gap = (double)new_mean[k] - old;
        const double square = before > 0 ? (double)variance[k] * (before - 1) : 0;
        const double more = (double)new_variance[k] * n + gap * gap * before * n / all;
        mean[k] = (NN_REAL)(old + gap * n / all);
        variance[k] = (NN_REAL)((square + more) / (all - 1));
    }
    return ND_OK;
}
