// SPDX-License-Identifier: Apache-2.0
// Linear by oneDNN's matrix product: all three passes read the weights as they lie.
#include "nn/linear.h"
#include "nn/onednn/onednn.h"

typedef struct made {
    onednn_primitive p;
    dnnl_memory_desc_t a, b, c, bias;
} made;

static dnnl_memory_desc_t matrix(int64_t rows, int64_t columns, bool is_turned)
{
    dnnl_memory_desc_t desc = {0};
    const dnnl_dims_t dims = {rows, columns};
    (void)onednn_there()->memory_desc_init_by_tag(&desc, 2, dims, dnnl_f32,
                                                  is_turned ? dnnl_ba : dnnl_ab);
    return desc;
}

static nd_status make(nd_arena *arena, const nn_record *r, made *m)
{
    const nn_linear *l = r->set;
    const bool has_bias = r->op == &nn_op_linear && r->in[2];
    if (r->op == &nn_op_linear) {
        m->a = matrix(l->rows, l->in, false), m->b = matrix(l->in, l->out, true);
        m->c = matrix(l->rows, l->out, false);
    } else if (r->op == &nn_op_linear_data) {
        m->a = matrix(l->rows, l->out, false), m->b = matrix(l->out, l->in, false);
        m->c = matrix(l->rows, l->in, false);
    } else {
        m->a = matrix(l->out, l->rows, true), m->b = matrix(l->rows, l->in, false);
        m->c = matrix(l->out, l->in, false);
    }
    m->bias = matrix(1, l->out, false);
    dnnl_matmul_desc_t desc;
    if (onednn_there()->matmul_desc_init(&desc, &m->a, &m->b, has_bias ? &m->bias : NULL,
                                         &m->c))
        return ND_E_UNSUPPORTED;
    return onednn_primitive_new(arena, &m->p, &desc, NULL, (onednn_after){0});
}

static bool fits(const nn_record *r)
{
    const nn_linear *l = r->set;
    if (!l->rows || !l->in || !l->out) return false;
    nd_arena *arena = nd_arena_new();
    made m = {0};
    const bool is_had = arena && make(arena, r, &m) == ND_OK;
    nd_arena_free(arena);
    return is_had;
}

static void layouts(const nn_record *r, nn_layout *in, nn_layout *out)
{
    (void)r, (void)in, (void)out; // plain all through
}

static nd_status prepare(nd_arena *arena, nn_record *r)
{
    made *m = nd_alloc(arena, 1, sizeof *m);
    if (!m) return ND_E_MEMORY;
    r->ready = m;
    ND_TRY(make(arena, r, m));
    r->scratch = m->p.scratch;
    return ND_OK;
}

static nd_status run(const nn_call *call)
{
    const made *m = call->record->ready;
    const bool has_bias = call->record->op == &nn_op_linear && call->in[2];
    const onednn_argument argument[] = {
        {DNNL_ARG_SRC, &m->a, call->in[0]},
        {DNNL_ARG_WEIGHTS, &m->b, call->in[1]},
        {DNNL_ARG_DST, &m->c, call->out[0]},
        {DNNL_ARG_BIAS, &m->bias, has_bias ? call->in[2] : NULL},
    };
    return onednn_run(&m->p, argument, has_bias ? 4 : 3, call->scratch);
}

static const char *detail(const nn_record *r)
{
    const made *m = r->ready;
    return m->p.how;
}

#define ROW(of)                                                                          \
    {                                                                                    \
        .name = "onednn", .op = &(of), .fits = fits, .layouts = layouts,                 \
        .prepare = prepare, .run = run, .detail = detail                                 \
    }
const nn_kernel onednn_linear = ROW(nn_op_linear);
const nn_kernel onednn_linear_data = ROW(nn_op_linear_data);
const nn_kernel onednn_linear_weight = ROW(nn_op_linear_weight);
