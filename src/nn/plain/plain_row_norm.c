// SPDX-License-Identifier: Apache-2.0
// Plain layer norm and group norm: two passes a row, sums in double.
#include "nn/row_norm.h"
#include <math.h>

static int64_t weight_at(const nn_rows *set, int64_t row, int64_t i)
{
    return row % set->groups * (set->size / set->each) + i / set->each;
}

static void forward(void *user, int thread, int threads)
{
    const nn_call *call = user;
    const nn_rows *set = call->record->set;
    const NN_REAL *w = call->in[1], *b = call->in[2];
    NN_REAL *means = call->out[1], *inverse = call->out[2];
    for (int64_t r = nn_cut(set->rows, thread, threads);
         r < nn_cut(set->rows, thread + 1, threads); r++) {
        const NN_REAL *x = (const NN_REAL *)call->in[0] + r * set->size;
        NN_REAL *y = (NN_REAL *)call->out[0] + r * set->size;
        double sum = 0, square = 0;
        for (int64_t i = 0; i < set->size; i++) sum += (double)x[i];
        const double mean = sum / (double)set->size;
        for (int64_t i = 0; i < set->size; i++)
            square += ((double)x[i] - mean) * ((double)x[i] - mean);
        const double scale = 1 / sqrt(square / (double)set->size + set->epsilon);
        means[r] = (NN_REAL)mean, inverse[r] = (NN_REAL)scale;
        for (int64_t i = 0; i < set->size; i++) {
            const double v = ((double)x[i] - mean) * scale;
            const int64_t k = w ? weight_at(set, r, i) : 0;
            y[i] = (NN_REAL)(w ? v * (double)w[k] + (double)b[k] : v);
        }
    }
}

nd_status NN_NAME(row_norm)(const nn_call *call)
{
    nn_team(call->threads, forward, (void *)(uintptr_t)call);
    return ND_OK;
}

// dx = s (h - sum h / n - x' sum(h x') / n) with h = g w, x' = (x - mean) s.
static void to_data(void *user, int thread, int threads)
{
    const nn_call *call = user;
    const nn_rows *set = call->record->set;
    const NN_REAL *w = call->in[2], *means = call->in[3], *inverse = call->in[4];
    for (int64_t r = nn_cut(set->rows, thread, threads);
         r < nn_cut(set->rows, thread + 1, threads); r++) {
        const NN_REAL *g = (const NN_REAL *)call->in[0] + r * set->size;
        const NN_REAL *x = (const NN_REAL *)call->in[1] + r * set->size;
        NN_REAL *dx = (NN_REAL *)call->out[0] + r * set->size;
        const double m = (double)means[r], s = (double)inverse[r], n = (double)set->size;
        double sum = 0, along = 0;
        for (int64_t i = 0; i < set->size; i++) {
            const double h = (double)g[i] * (w ? (double)w[weight_at(set, r, i)] : 1);
            sum += h, along += h * ((double)x[i] - m) * s;
        }
        for (int64_t i = 0; i < set->size; i++) {
            const double h = (double)g[i] * (w ? (double)w[weight_at(set, r, i)] : 1);
            dx[i] = (NN_REAL)(s * (h - sum / n - ((double)x[i] - m) * s * along / n));
        }
    }
}

// Number k of the weights: rows of its group, `each` numbers in each.
static void to_weight(void *user, int thread, int threads)
{
    const nn_call *call = user;
    const nn_rows *set = call->record->set;
    const NN_REAL *g = call->in[0], *x = call->in[1];
    const NN_REAL *means = call->in[3], *inverse = call->in[4];
    NN_REAL *dw = call->out[1], *db = call->out[2];
    const int64_t channels = set->size / set->each, count = channels * set->groups;
    for (int64_t k = nn_cut(count, thread, threads);
         k < nn_cut(count, thread + 1, threads); k++) {
        double sum = 0, along = 0;
        for (int64_t r = k / channels; r < set->rows; r += set->groups)
            for (int64_t i = 0; i < set->each; i++) {
                const int64_t at = r * set->size + k % channels * set->each + i;
                sum += (double)g[at];
                along += (double)g[at] * ((double)x[at] - (double)means[r]) *
                         (double)inverse[r];
            }
        dw[k] = (NN_REAL)along, db[k] = (NN_REAL)sum;
    }
}

nd_status NN_NAME(row_norm_back)(const nn_call *call)
{
    nn_team(call->threads, to_data, (void *)(uintptr_t)call);
    if (call->record->outs > 1)
        nn_team(call->threads, to_weight, (void *)(uintptr_t)call);
    return ND_OK;
}
