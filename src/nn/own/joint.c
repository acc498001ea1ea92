// SPDX-License-Identifier: Apache-2.0
// Parts of pictures along the channels and their joints, where they are whole blocks.
#include "nn/own/own.h"
#include "nn/pad.h"
#include <string.h>

typedef struct copies {
    const nn_call *call;
    size_t plane; // bytes of a block of a picture
} copies;

static int64_t blocks_of(const nd_tensor *x)
{
    return (x->shape.dim[1] + 15) / 16;
}

static void join(void *user, int thread, int threads)
{
    const copies *c = user;
    const nn_record *r = c->call->record;
    const int64_t pictures = r->out[0]->shape.dim[0], whole = blocks_of(r->out[0]);
    int64_t first = 0;
    for (int k = 0; k < r->ins; k++) {
        const int64_t here = blocks_of(r->in[k]), all = pictures * here;
        for (int64_t i = nn_cut(all, thread, threads);
             i < nn_cut(all, thread + 1, threads); i++)
            memcpy((char *)c->call->out[0] +
                       (size_t)(i / here * whole + first + i % here) * c->plane,
                   (const char *)c->call->in[k] + (size_t)i * c->plane, c->plane);
        first += here;
    }
}

static void cut(void *user, int thread, int threads)
{
    const copies *c = user;
    const nn_record *r = c->call->record;
    const nn_pad *set = r->set;
    const int64_t here = blocks_of(r->out[0]), whole = blocks_of(r->in[0]);
    const int64_t all = r->out[0]->shape.dim[0] * here, first = set->before[1] / 16;
    for (int64_t i = nn_cut(all, thread, threads); i < nn_cut(all, thread + 1, threads);
         i++)
        memcpy((char *)c->call->out[0] + (size_t)i * c->plane,
               (const char *)c->call->in[0] +
                   (size_t)(i / here * whole + first + i % here) * c->plane,
               c->plane);
}

static nd_status run(const nn_call *call)
{
    const nn_record *r = call->record;
    const nd_tensor *y = r->out[0];
    copies c = {call, (size_t)(y->shape.dim[2] * y->shape.dim[3]) * 16 *
                          nd_dtype_bytes(y->dtype)};
    nn_team(call->threads, r->op == &nn_op_concat ? join : cut, &c);
    return ND_OK;
}

static bool joins(const nn_record *r)
{
    bool fits = *(const int *)r->set == 1 && r->out[0]->shape.rank == 4 &&
                r->out[0]->dtype != ND_FLOAT64;
    for (int k = 0; k + 1 < r->ins; k++) fits &= r->in[k]->shape.dim[1] % 16 == 0;
    return fits;
}

// The last block's missing channels must be missing in the whole too.
static bool cuts(const nn_record *r)
{
    const nn_pad *set = r->set;
    const nd_shape in = r->in[0]->shape, out = r->out[0]->shape;
    const bool is_end = set->before[1] + out.dim[1] == in.dim[1];
    return in.rank == 4 && out.dim[0] == in.dim[0] && out.dim[2] == in.dim[2] &&
           out.dim[3] == in.dim[3] && set->before[1] % 16 == 0 &&
           (is_end || out.dim[1] % 16 == 0) && r->out[0]->dtype != ND_FLOAT64;
}

static void blocked(const nn_record *r, nn_layout *in, nn_layout *out)
{
    for (int k = 0; k < r->ins; k++) in[k] = NN_BLOCKED;
    out[0] = NN_BLOCKED;
}

const nn_kernel own_concat = {
    .name = "own", .op = &nn_op_concat, .fits = joins, .layouts = blocked, .run = run};
const nn_kernel own_crop = {
    .name = "own", .op = &nn_op_crop, .fits = cuts, .layouts = blocked, .run = run};
