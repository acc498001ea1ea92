// SPDX-License-Identifier: Apache-2.0
// Plain pools over windows, plane by plane.
#include "nn/pool.h"
#include <math.h>
#include <string.h>

typedef struct planes {
    const nn_pool *pool;
    int64_t count, in[2], out[2];
    const NN_REAL *x, *g; // x of one pass, gradient of the other
    NN_REAL *y;           // y, or the gradient of x
} planes;

static planes planes_of(const nn_call *call, const nd_tensor *x, const nd_tensor *y)
{
    return (planes){.pool = call->record->set,
                    .count = x->shape.dim[0] * x->shape.dim[1],
                    .in = {x->shape.dim[2], x->shape.dim[3]},
                    .out = {y->shape.dim[2], y->shape.dim[3]},
                    .y = call->out[0]};
}

// Where the first maximum of window (i, j) of a plane lies; NaN wins.
static int64_t top_of(const planes *p, const NN_REAL *x, int64_t i, int64_t j)
{
    int64_t rows[2], columns[2];
    nn_pool_window(p->pool, i, p->in[0], p->out[0], rows);
    nn_pool_window(p->pool, j, p->in[1], p->out[1], columns);
    int64_t best = rows[0] * p->in[1] + columns[0];
    for (int64_t r = rows[0]; r < rows[1]; r++)
        for (int64_t c = columns[0]; c < columns[1]; c++) {
            const NN_REAL v = x[r * p->in[1] + c];
            if (v > x[best] || isnan(v)) best = r * p->in[1] + c;
        }
    return best;
}

static void max_part(void *user, int thread, int threads)
{
    const planes *p = user;
    const int64_t in = p->in[0] * p->in[1], out = p->out[0] * p->out[1];
    for (int64_t n = nn_cut(p->count, thread, threads);
         n < nn_cut(p->count, thread + 1, threads); n++) {
        const NN_REAL *x = p->x + n * in;
        if (p->g) memset(p->y + n * in, 0, (size_t)in * sizeof *p->y);
        for (int64_t k = 0; k < out; k++) {
            const int64_t top = top_of(p, x, k / p->out[1], k % p->out[1]);
            if (p->g)
                p->y[n * in + top] += p->g[n * out + k];
            else
                p->y[n * out + k] = x[top];
        }
    }
}

nd_status NN_NAME(max_pool)(const nn_call *call)
{
    planes p = planes_of(call, call->record->in[0], call->record->out[0]);
    p.x = call->in[0];
    nn_team(call->threads, max_part, &p);
    return ND_OK;
}

nd_status NN_NAME(max_pool_back)(const nn_call *call)
{
    planes p = planes_of(call, call->record->in[1], call->record->in[0]);
    p.x = call->in[1], p.g = call->in[0];
    nn_team(call->threads, max_part, &p);
    return ND_OK;
}

// What one axis of window i counts towards the divisor: all that lies inside the padded
// picture, or only what lies inside the picture.
static int64_t extent(const nn_pool *p, int64_t i, int64_t in, const int64_t edge[2])
{
    if (p->set.leave_pad_out) return edge[1] - edge[0];
    const int64_t first = i * p->set.stride - p->set.pad, last = first + p->set.kernel;
    return (last < in + p->set.pad ? last : in + p->set.pad) - first;
}

// The mean of window k of plane n; backwards its share of the gradient to each pixel.
static void mean_window(const planes *p, int64_t n, int64_t k)
{
    const int64_t in = p->in[0] * p->in[1], out = p->out[0] * p->out[1];
    const int64_t i = k / p->out[1], j = k % p->out[1];
    int64_t rows[2], columns[2];
    nn_pool_window(p->pool, i, p->in[0], p->out[0], rows);
    nn_pool_window(p->pool, j, p->in[1], p->out[1], columns);
    const double area = (double)(extent(p->pool, i, p->in[0], rows) *
                                 extent(p->pool, j, p->in[1], columns));
    double sum = 0;
    for (int64_t at = rows[0] * p->in[1]; at < rows[1] * p->in[1]; at += p->in[1])
        for (int64_t c = at + columns[0]; c < at + columns[1]; c++) {
            if (p->g)
                p->y[n * in + c] += (NN_REAL)((double)p->g[n * out + k] / area);
            else
                sum += (double)p->x[n * in + c];
        }
    if (!p->g) p->y[n * out + k] = (NN_REAL)(sum / area);
}

static void mean_part(void *user, int thread, int threads)
{
    const planes *p = user;
    const int64_t in = p->in[0] * p->in[1], out = p->out[0] * p->out[1];
    for (int64_t n = nn_cut(p->count, thread, threads);
         n < nn_cut(p->count, thread + 1, threads); n++) {
        if (p->g) memset(p->y + n * in, 0, (size_t)in * sizeof *p->y);
        for (int64_t k = 0; k < out; k++) mean_window(p, n, k);
    }
}

nd_status NN_NAME(mean_pool)(const nn_call *call)
{
    planes p = planes_of(call, call->record->in[0], call->record->out[0]);
    p.x = call->in[0];
    nn_team(call->threads, mean_part, &p);
    return ND_OK;
}

nd_status NN_NAME(mean_pool_back)(const nn_call *call)
{
    planes p = planes_of(call, call->record->out[0], call->record->in[0]);
    p.g = call->in[0];
    nn_team(call->threads, mean_part, &p);
    return ND_OK;
}
