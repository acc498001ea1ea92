// SPDX-License-Identifier: Apache-2.0
// Plain losses of values, in double; targets that are no number do not count.
#include "nn/value_losses.h"
#include <math.h>

static double positive_at(const nn_value *v, int64_t i)
{
    return v->set.positive ? v->set.positive[i / v->size % v->channels] : 1;
}

// Loss of one value: of output x where y is wanted; `more` is the weight of positives.
static double loss_of(const nn_value *v, double x, double y, double more)
{
    const double d = fabs(x - y), delta = v->set.delta;
    switch (v->kind) {
    case NN_BCE:
        return (1 - y) * x + (1 + (more - 1) * y) * (log1p(exp(-fabs(x))) + fmax(-x, 0));
    case NN_MSE: return d * d;
    case NN_L1: return d;
    default: return d <= delta ? 0.5 * d * d : delta * (d - 0.5 * delta);
    }
}

static double slope_of(const nn_value *v, double x, double y, double more)
{
    const double d = x - y, delta = v->set.delta, e = exp(-fabs(x));
    switch (v->kind) {
    case NN_BCE: // the slope of ln(1 + e^-x) is -1 / (1 + e^x)
        return 1 - y - (1 + (more - 1) * y) * (x > 0 ? e / (1 + e) : 1 / (1 + e));
    case NN_MSE: return 2 * d;
    case NN_L1: return (d > 0) - (d < 0);
    default: return d > delta ? delta : d < -delta ? -delta : d;
    }
}

nd_status NN_NAME(value_loss)(const nn_call *call)
{
    const nn_value *v = call->record->set;
    const NN_REAL *x = call->in[0], *y = call->in[1];
    double loss = 0, count = 0;
    for (int64_t i = 0, n = nd_shape_count(call->record->in[0]->shape); i < n; i++) {
        if (isnan(y[i])) continue;
        count++;
        loss += loss_of(v, (double)x[i], (double)y[i], positive_at(v, i));
    }
    *(NN_REAL *)call->out[0] = (NN_REAL)(count > 0 ? loss / count : 0);
    *(NN_REAL *)call->out[1] = (NN_REAL)count;
    return ND_OK;
}

nd_status NN_NAME(value_loss_back)(const nn_call *call)
{
    const nn_value *v = call->record->set;
    const NN_REAL *x = call->in[1], *y = call->in[2];
    const double count = (double)*(const NN_REAL *)call->in[3];
    const double g = count > 0 ? (double)*(const NN_REAL *)call->in[0] / count : 0;
    NN_REAL *out = call->out[0];
    for (int64_t i = 0, n = nd_shape_count(call->record->out[0]->shape); i < n; i++)
        out[i] = isnan(y[i]) ? 0
                             : (NN_REAL)(g * slope_of(v, (double)x[i], (double)y[i],
                                                      positive_at(v, i)));
    return ND_OK;
}
