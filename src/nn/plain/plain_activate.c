// SPDX-License-Identifier: Apache-2.0
// Plain activations, computed in double.
#include "nn/activate.h"
#include <math.h>

// In two branches, so that the exponential never overflows.
static double sigmoid(double x)
{
    if (x >= 0) return 1 / (1 + exp(-x));
    const double e = exp(x);
    return e / (1 + e);
}

static double value(const nn_activation *set, double x)
{
    switch (set->function) {
    case ND_LEAKY_RELU: return x > 0 ? x : set->a * x;
    case ND_GELU: return 0.5 * x * (1 + erf(x * 0.7071067811865476));
    case ND_SILU: return x * sigmoid(x);
    case ND_HARDSWISH: return x * fmin(fmax(x + 3, 0), 6) / 6;
    case ND_SIGMOID: return sigmoid(x);
    case ND_TANH: return tanh(x);
    default: return x < 0 ? 0 : x;
    }
}

// At the edges what PyTorch gives: hardswish 1.5 at 3 and -0.5 at -3.
static double slope(const nn_activation *set, double x)
{
    const double s = sigmoid(x);
    switch (set->function) {
    case ND_LEAKY_RELU: return x > 0 ? 1 : set->a;
    case ND_GELU:
        return 0.5 * (1 + erf(x * 0.7071067811865476)) +
               x * 0.3989422804014327 * exp(-0.5 * x * x);
    case ND_SILU: return s * (1 + x * (1 - s));
    case ND_HARDSWISH: return x < -3 ? 0 : x <= 3 ? (2 * x + 3) / 6 : 1;
    case ND_SIGMOID: return s * (1 - s);
    case ND_TANH: return 1 - tanh(x) * tanh(x);
    default: return x > 0;
    }
}

static void forward(void *user, int thread, int threads)
{
    const nn_call *call = user;
    const int64_t n = nd_shape_count(call->record->out[0]->shape);
    const NN_REAL *x = call->in[0];
    NN_REAL *y = call->out[0];
    for (int64_t i = nn_cut(n, thread, threads); i < nn_cut(n, thread + 1, threads); i++)
        y[i] = (NN_REAL)value(call->record->set, (double)x[i]);
}

nd_status NN_NAME(activate)(const nn_call *call)
{
    nn_team(call->threads, forward, (void *)(uintptr_t)call);
    return ND_OK;
}

static void backward(void *user, int thread, int threads)
{
    const nn_call *call = user;
    const int64_t n = nd_shape_count(call->record->out[0]->shape);
    const NN_REAL *g = call->in[0], *x = call->in[1];
    NN_REAL *dx = call->out[0];
    for (int64_t i = nn_cut(n, thread, threads); i < nn_cut(n, thread + 1, threads); i++)
        dx[i] = (NN_REAL)((double)g[i] * slope(call->record->set, (double)x[i]));
}

nd_status NN_NAME(activate_back)(const nn_call *call)
{
    nn_team(call->threads, backward, (void *)(uintptr_t)call);
    return ND_OK;
}
