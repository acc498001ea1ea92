// SPDX-License-Identifier: Apache-2.0
// Plain adaptive mean pooling.
#include "nn/mean_pool.h"
#include <string.h>

typedef struct planes {
    int64_t count, in_height, in_width, height, width;
} planes;

static planes planes_of(const nd_tensor *x, const nd_tensor *y)
{
    return (planes){x->shape.dim[0] * x->shape.dim[1], x->shape.dim[2], x->shape.dim[3],
                    y->shape.dim[2], y->shape.dim[3]};
}

// Window (i, j) of one plane: the mean of x (dx NULL), or g spread over dx.
static double window(planes p, int64_t i, int64_t j, const NN_REAL *x, NN_REAL *dx,
                     double g)
{
    const int64_t top = nn_window_first(i, p.in_height, p.height);
    const int64_t bottom = nn_window_last(i, p.in_height, p.height);
    const int64_t left = nn_window_first(j, p.in_width, p.width);
    const int64_t right = nn_window_last(j, p.in_width, p.width);
    const double count = (double)((bottom - top) * (right - left));
    double sum = 0;
    for (int64_t y = top; y < bottom; y++)
        for (int64_t at = left; at < right; at++) {
            if (dx)
                dx[y * p.in_width + at] += (NN_REAL)(g / count);
            else
                sum += (double)x[y * p.in_width + at];
        }
    return sum / count;
}

nd_status NN_NAME(mean_pool_to)(const nn_call *call)
{
    const planes p = planes_of(call->record->in[0], call->record->out[0]);
    const NN_REAL *x = call->in[0];
    NN_REAL *y = call->out[0];
    for (int64_t n = 0; n < p.count; n++, x += p.in_height * p.in_width)
        for (int64_t i = 0; i < p.height; i++)
            for (int64_t j = 0; j < p.width; j++)
                *y++ = (NN_REAL)window(p, i, j, x, NULL, 0);
    return ND_OK;
}

nd_status NN_NAME(mean_pool_to_back)(const nn_call *call)
{
    const planes p = planes_of(call->record->out[0], call->record->in[0]);
    const NN_REAL *g = call->in[0];
    NN_REAL *dx = call->out[0];
    memset(dx, 0, (size_t)(p.count * p.in_height * p.in_width) * sizeof *dx);
    for (int64_t n = 0; n < p.count; n++, dx += p.in_height * p.in_width)
        for (int64_t i = 0; i < p.height; i++)
            for (int64_t j = 0; j < p.width; j++)
                (void)window(p, i, j, NULL, dx, (double)*g++);
    return ND_OK;
}
