// SPDX-License-Identifier: Apache-2.0
// Pools and resizing in blocks of 16 channels, plane by plane.
#include "nn/pool.h"
#include "nn/own/own.h"
#include "nn/own/window.h"
#include "nn/upsample.h"

typedef struct made {
    own_window window;
    const nn_op *op;
    int64_t planes;      // of 16 channels
    size_t large, small; // bytes of a plane of x and of y
    int type;
} made;

static const nn_op *forward_of(const nn_op *op)
{
    static const nn_op *const pair[][2] = {
        {&nn_op_max_pool_back, &nn_op_max_pool},
        {&nn_op_max_pool_to_back, &nn_op_max_pool_to},
        {&nn_op_mean_pool_back, &nn_op_mean_pool},
        {&nn_op_mean_pool_to_back, &nn_op_mean_pool_to},
        {&nn_op_upsample_back, &nn_op_upsample},
    };
    for (size_t i = 0; i < sizeof pair / sizeof *pair; i++)
        if (pair[i][0] == op) return pair[i][1];
    return op;
}

static bool is_back(const nn_record *r)
{
    return forward_of(r->op) != r->op;
}

static nd_status axis_of(nd_arena *arena, const nn_record *r, own_axis *a)
{
    const nn_op *op = forward_of(r->op);
    const size_t count = (size_t)a->out;
    int32_t *from = nd_alloc(arena, count, sizeof *from);
    int32_t *last = nd_alloc(arena, count, sizeof *last);
    float *share = nd_alloc(arena, count, sizeof *share);
    if (!from || !last || !share) return ND_E_MEMORY;
    const nn_pool adaptive = {.is_adaptive = true};
    const nn_pool *pool = op == &nn_op_mean_pool_to ? &adaptive : r->set;
    for (int64_t i = 0; i < a->out; i++) {
        int64_t edge[2];
        if (op == &nn_op_upsample) {
            const nn_between b =
                nn_between_at(*(const nd_resize *)r->set, i, a->in, a->out);
            edge[0] = b.first, edge[1] = b.second;
            share[i] = (float)b.share;
        } else {
            nn_pool_window(pool, i, a->in, a->out, edge);
        }
        from[i] = (int32_t)edge[0], last[i] = (int32_t)edge[1];
    }
    a->from = from, a->last = last, a->share = share;
    return ND_OK;
}

// What one axis of window i counts: PyTorch counts the padding unless told not to.
static int64_t extent(const nn_record *r, const own_axis *a, int64_t i)
{
    const nn_pool *p = r->set;
    if (forward_of(r->op) == &nn_op_mean_pool_to || p->set.leave_pad_out)
        return a->last[i] - a->from[i];
    const int64_t first = i * p->set.stride - p->set.pad, last = first + p->set.kernel;
    return (last < a->in + p->set.pad ? last : a->in + p->set.pad) - first;
}

static nd_status prepare(nd_arena *arena, nn_record *r)
{
    made *m = nd_alloc(arena, 1, sizeof *m);
    if (!m) return ND_E_MEMORY;
    r->ready = m;
    const nd_tensor *x = is_back(r) ? r->out[0] : r->in[0];
    const nd_tensor *y = is_back(r) ? r->in[0] : r->out[0];
    own_window *w = &m->window;
    w->row.in = x->shape.dim[2], w->column.in = x->shape.dim[3];
    w->row.out = y->shape.dim[2], w->column.out = y->shape.dim[3];
    ND_TRY(axis_of(arena, r, &w->row));
    ND_TRY(axis_of(arena, r, &w->column));
    m->op = r->op;
    m->type = r->out[0]->dtype == ND_BFLOAT16;
    m->planes = x->shape.dim[0] * ((x->shape.dim[1] + 15) / 16);
    const size_t bytes = m->type ? 32 : 64;
    m->large = (size_t)(w->row.in * w->column.in) * bytes;
    m->small = (size_t)(w->row.out * w->column.out) * bytes;
    const nn_op *op = forward_of(r->op);
    if (op == &nn_op_upsample)
        w->is_nearest = *(const nd_resize *)r->set == ND_RESIZE_NEAREST;
    if (op != &nn_op_mean_pool && op != &nn_op_mean_pool_to) return ND_OK;
    float *area = nd_alloc(arena, (size_t)(w->row.out * w->column.out), sizeof *area);
    if (!area) return ND_E_MEMORY;
    for (int64_t i = 0; i < w->row.out; i++)
        for (int64_t j = 0; j < w->column.out; j++)
            area[i * w->column.out + j] =
                1 / (float)(extent(r, &w->row, i) * extent(r, &w->column, j));
    w->area = area;
    return ND_OK;
}

static void part(void *user, int thread, int threads)
{
    const nn_call *call = user;
    const made *m = call->record->ready;
    const own_windows *k = own_windows_at[nd_cpu()];
    const own_window *w = &m->window;
    const nn_op *op = forward_of(m->op);
    const int64_t end = nn_cut(m->planes, thread + 1, threads);
    for (int64_t i = nn_cut(m->planes, thread, threads); i < end; i++) {
        const bool back = op != m->op;
        const char *from =
            (const char *)call->in[0] + (size_t)i * (back ? m->small : m->large);
        char *to = (char *)call->out[0] + (size_t)i * (back ? m->large : m->small);
        if (op == &nn_op_max_pool || op == &nn_op_max_pool_to) {
            if (back)
                k->largest_back[m->type](
                    w, from, (const char *)call->in[1] + (size_t)i * m->large, to);
            else
                k->largest[m->type](w, from, to);
        } else if (op == &nn_op_upsample) {
            (back ? k->resize_back : k->resize)[m->type](w, from, to);
        } else {
            (back ? k->mean_back : k->mean)[m->type](w, from, to);
        }
    }
}

static nd_status run(const nn_call *call)
{
    nn_team(call->threads, part, (void *)(uintptr_t)call);
    return ND_OK;
}

static bool fits(const nn_record *r)
{
    const nd_tensor *y = r->out[0];
    return y->dtype != ND_FLOAT64 && y->shape.rank == 4 && nd_shape_count(y->shape) > 0 &&
           nd_shape_count(r->in[0]->shape) > 0;
}

static void blocked(const nn_record *r, nn_layout *in, nn_layout *out)
{
    for (int k = 0; k < r->ins; k++) in[k] = NN_BLOCKED;
    out[0] = NN_BLOCKED;
}

#define ROW(of)                                                                          \
    {                                                                                    \
        .name = "own", .op = &(of), .fits = fits, .layouts = blocked,                    \
        .prepare = prepare, .run = run                                                   \
    }
const nn_kernel own_max_pool = ROW(nn_op_max_pool);
const nn_kernel own_max_pool_back = ROW(nn_op_max_pool_back);
const nn_kernel own_max_pool_to = ROW(nn_op_max_pool_to);
const nn_kernel own_max_pool_to_back = ROW(nn_op_max_pool_to_back);
const nn_kernel own_mean_pool = ROW(nn_op_mean_pool);
const nn_kernel own_mean_pool_back = ROW(nn_op_mean_pool_back);
const nn_kernel own_mean_pool_to = ROW(nn_op_mean_pool_to);
const nn_kernel own_mean_pool_to_back = ROW(nn_op_mean_pool_to_back);
const nn_kernel own_upsample = ROW(nn_op_upsample);
const nn_kernel own_upsample_back = ROW(nn_op_upsample_back);
