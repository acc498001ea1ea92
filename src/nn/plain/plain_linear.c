// SPDX-License-Identifier: Apache-2.0
// Plain linear layers: sums in double.
#include "nn/linear.h"

typedef struct product {
    const NN_REAL *a, *b, *bias;
    NN_REAL *out;
    int64_t rows, columns, depth;
    int64_t a_row, a_step, b_column, b_step; // how far apart numbers lie
} product;

static void part(void *user, int thread, int threads)
{
    const product *p = user;
    for (int64_t i = nn_cut(p->rows, thread, threads);
         i < nn_cut(p->rows, thread + 1, threads); i++)
        for (int64_t j = 0; j < p->columns; j++) {
            const NN_REAL *a = p->a + i * p->a_row, *b = p->b + j * p->b_column;
            double sum = p->bias ? (double)p->bias[j] : 0;
            for (int64_t k = 0; k < p->depth; k++)
                sum += (double)a[k * p->a_step] * (double)b[k * p->b_step];
            p->out[i * p->columns + j] = (NN_REAL)sum;
        }
}

nd_status NN_NAME(linear)(const nn_call *call)
{
    const nn_linear *l = call->record->set;
    product p = {call->in[0], call->in[1], call->in[2], call->out[0], l->rows, l->out,
                 l->in,       l->in,       1,           l->in,        1};
    nn_team(call->threads, part, &p);
    return ND_OK;
}

nd_status NN_NAME(linear_data)(const nn_call *call)
{
    const nn_linear *l = call->record->set;
    product p = {call->in[0], call->in[1], NULL, call->out[0], l->rows, l->in, l->out,
                 l->out,      1,           1,    l->in};
    nn_team(call->threads, part, &p);
    return ND_OK;
}

nd_status NN_NAME(linear_weight)(const nn_call *call)
{
    const nn_linear *l = call->record->set;
    product p = {call->in[0], call->in[1], NULL, call->out[0], l->out, l->in, l->rows,
                 1,           l->out,      1,    l->in};
    nn_team(call->threads, part, &p);
    return ND_OK;
}

nd_status NN_NAME(linear_bias)(const nn_call *call)
{
    const nn_linear *l = call->record->set;
    const NN_REAL *g = call->in[0];
    NN_REAL *out = call->out[0];
    for (int64_t k = 0; k < l->out; k++) {
        double sum = 0;
        for (int64_t i = 0; i < l->rows; i++) sum += (double)g[i * l->out + k];
        out[k] = (NN_REAL)sum;
    }
    return ND_OK;
}
