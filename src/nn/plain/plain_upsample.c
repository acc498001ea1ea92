// SPDX-License-Identifier: Apache-2.0
// Plain resizing, plane by plane; the gradient goes back in the order of the pixels.
#include "nn/upsample.h"
#include <string.h>

typedef struct planes {
    nd_resize how;
    nd_shape in, out;
    const NN_REAL *x;
    NN_REAL *y;
    bool is_back; // x is the gradient of y, y that of x
} planes;

static void pixel(const planes *p, const NN_REAL *x, NN_REAL *y, int64_t row,
                  int64_t column)
{
    const nn_between v = nn_between_at(p->how, row, p->in.dim[2], p->out.dim[2]);
    const nn_between h = nn_between_at(p->how, column, p->in.dim[3], p->out.dim[3]);
    const int64_t wide = p->in.dim[3], at = row * p->out.dim[3] + column;
    const int64_t corner[4] = {v.first * wide + h.first, v.first * wide + h.second,
                               v.second * wide + h.first, v.second * wide + h.second};
    const double share[4] = {(1 - v.share) * (1 - h.share), (1 - v.share) * h.share,
                             v.share * (1 - h.share), v.share * h.share};
    double sum = 0;
    const int corners = p->how == ND_RESIZE_NEAREST ? 1 : 4;
    for (int k = 0; k < corners; k++) {
        if (p->is_back)
            y[corner[k]] += (NN_REAL)((double)x[at] * share[k]);
        else
            sum += (double)x[corner[k]] * share[k];
    }
    if (!p->is_back) y[at] = (NN_REAL)sum;
}

static void part(void *user, int thread, int threads)
{
    const planes *p = user;
    const int64_t count = p->in.dim[0] * p->in.dim[1];
    const int64_t in = p->in.dim[2] * p->in.dim[3], out = p->out.dim[2] * p->out.dim[3];
    for (int64_t n = nn_cut(count, thread, threads);
         n < nn_cut(count, thread + 1, threads); n++) {
        const NN_REAL *x = p->x + n * (p->is_back ? out : in);
        NN_REAL *y = p->y + n * (p->is_back ? in : out);
        if (p->is_back) memset(y, 0, (size_t)in * sizeof *y);
        for (int64_t i = 0; i < out; i++)
            pixel(p, x, y, i / p->out.dim[3], i % p->out.dim[3]);
    }
}

nd_status NN_NAME(upsample)(const nn_call *call)
{
    const nn_record *r = call->record;
    planes p = {*(const nd_resize *)r->set,
                r->in[0]->shape,
                r->out[0]->shape,
                call->in[0],
                call->out[0],
                false};
    nn_team(call->threads, part, &p);
    return ND_OK;
}

nd_status NN_NAME(upsample_back)(const nn_call *call)
{
    const nn_record *r = call->record;
    planes p = {*(const nd_resize *)r->set,
                r->out[0]->shape,
                r->in[0]->shape,
                call->in[0],
                call->out[0],
                true};
    nn_team(call->threads, part, &p);
    return ND_OK;
}
