// SPDX-License-Identifier: Apache-2.0
// Plain ReLU and sums; optimisers' updates.
#include "nn/optim.h"
#include "nn/relu.h"
#include "nn/reshape.h"
#include <math.h>
#include <string.h>

static int64_t count_of(const nn_call *call)
{
    return nd_shape_count(call->record->out[0]->shape);
}

nd_status NN_NAME(sum2)(const nn_call *call)
{
    const NN_REAL *a = call->in[0], *b = call->in[1];
    NN_REAL *out = call->out[0];
    for (int64_t i = 0, n = count_of(call); i < n; i++) out[i] = a[i] + b[i];
    return ND_OK;
}

// NaN stays NaN.
nd_status NN_NAME(relu)(const nn_call *call)
{
    const NN_REAL *x = call->in[0];
    NN_REAL *out = call->out[0];
    for (int64_t i = 0, n = count_of(call); i < n; i++) out[i] = x[i] < 0 ? 0 : x[i];
    return ND_OK;
}

nd_status NN_NAME(relu_back)(const nn_call *call)
{
    const NN_REAL *g = call->in[0], *y = call->in[1];
    NN_REAL *out = call->out[0];
    for (int64_t i = 0, n = count_of(call); i < n; i++) out[i] = y[i] > 0 ? g[i] : 0;
    return ND_OK;
}

nd_status NN_NAME(copy)(const nn_call *call)
{
    memcpy(call->out[0], call->in[0], (size_t)count_of(call) * sizeof(NN_REAL));
    return ND_OK;
}

nd_status NN_NAME(gather)(const nn_call *call)
{
    const nd_optim *o = call->optim;
    const nd_tensor *parameter = call->record->in[1];
    const NN_REAL *g = call->in[0];
    NN_REAL *sum = o->gathered[parameter->slot];
    const int64_t count = nd_shape_count(parameter->shape);
    const NN_REAL share = (NN_REAL)1 / (NN_REAL)o->make.accumulate;
    for (int64_t i = 0; i < count; i++) sum[i] = (o->batch ? sum[i] : 0) + g[i] * share;
    *(NN_REAL *)call->out[0] = 0;
    return ND_OK;
}

nd_status NN_NAME(norm)(const nn_call *call)
{
    const nd_optim *o = call->optim;
    const int *slot = call->record->set;
    double sum = 0;
    for (int k = 0; k < call->record->ins; k++) {
        const nn_variable *v = nn_variable_at(o->net, slot[k]);
        const NN_REAL *g = o->make.accumulate > 1 ? o->gathered[slot[k]] : call->in[k];
        const int64_t count = nd_shape_count(v->shape);
        for (int64_t i = 0; i < count; i++) sum += (double)g[i] * (double)g[i];
    }
    *(NN_REAL *)call->out[0] = (NN_REAL)sqrt(sum);
    return ND_OK;
}

// PyTorch's SGD: the first step's momentum is the gradient itself.
static void sgd(const nn_step *s, NN_REAL *p, const NN_REAL *g, NN_REAL *m, int64_t count)
{
    for (int64_t i = 0; i < count; i++) {
        double d = (double)g[i] * s->clip + s->decay * (double)p[i];
        if (m) {
            const double b = s->step == 1 ? d : s->momentum * (double)m[i] + d;
            m[i] = (NN_REAL)b;
            d = s->nesterov ? d + s->momentum * b : b;
        }
        p[i] = (NN_REAL)((double)p[i] - s->rate * d);
    }
}

// Kingma and Ba 2015; decoupled decay: Loshchilov and Hutter 2019.
static void adam(const nn_step *s, NN_REAL *p, const NN_REAL *g, NN_REAL *const state[2],
                 int64_t count)
{
    const double one = 1 - pow(s->momentum, (double)s->step);
    const double two = sqrt(1 - pow(s->beta2, (double)s->step));
    for (int64_t i = 0; i < count; i++) {
        double x = (double)p[i], d = (double)g[i] * s->clip;
        if (s->is_decoupled)
            x *= 1 - s->rate * s->decay;
        else
            d += s->decay * x;
        const double m = s->momentum * (double)state[0][i] + (1 - s->momentum) * d;
        const double v = s->beta2 * (double)state[1][i] + (1 - s->beta2) * d * d;
        state[0][i] = (NN_REAL)m, state[1][i] = (NN_REAL)v;
        p[i] = (NN_REAL)(x - s->rate * (m / one) / (sqrt(v) / two + s->epsilon));
    }
}

nd_status NN_NAME(update)(const nn_call *call)
{
    const nd_optim *o = call->optim;
    const int slot = call->record->in[0]->slot;
    const bool is_clipped = call->record->ins > 2;
    nn_step s;
    if (!nn_step_of(o, slot, is_clipped ? (double)*(const NN_REAL *)call->in[2] : 0, &s))
        return ND_OK; // more batches are gathered first
    const nn_variable *v = nn_variable_at(o->net, slot);
    const int64_t count = nd_shape_count(v->shape);
    NN_REAL *p = call->in[0];
    const NN_REAL *g = o->make.accumulate > 1 ? o->gathered[slot] : call->in[1];
    NN_REAL *const state[2] = {o->moment[slot], o->square[slot]};
    if (o->make.method == ND_SGD)
        sgd(&s, p, g, state[0], count);
    else
        adam(&s, p, g, state, count);
    NN_REAL *average = o->average[slot];
    for (int64_t i = 0; average && i < count; i++)
        average[i] = (NN_REAL)(s.ema * (double)average[i] + (1 - s.ema) * (double)p[i]);
    return ND_OK;
}
