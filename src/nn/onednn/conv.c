// SPDX-License-Identifier: Apache-2.0
// Convolutions by oneDNN: descriptors, weights in its order, the three passes.
#include "nn/onednn/conv.h"
#include <string.h>

// Weights are seen over channels rounded up to 16; those that are not there are zero.
static void dims_of(const onednn_geometry *g, int64_t real[5], int64_t round[5],
                    int *rank)
{
    const int64_t groups = g->set.groups;
    const int64_t *w = g->weight.dim;
    int at = 0;
    if (groups > 1) {
        real[at] = groups,
        round[at] = g->y.dims[1] == g->weight.dim[0] ? groups : g->y.dims[1];
        at++;
    }
    real[at] = w[0] / groups;
    round[at++] = groups > 1 ? w[0] / groups : g->y.dims[1];
    real[at] = w[1];
    round[at++] = groups > 1 ? w[1] : g->x.dims[1];
    for (int i = 2; i < 4; i++) real[at] = round[at] = w[i], at++;
    *rank = at;
}

// A view of memory laid out for the rounded channels that has only the real ones.
static dnnl_memory_desc_t view_of(const dnnl_memory_desc_t *whole, const int64_t *real,
                                  int rank)
{
    dnnl_memory_desc_t view = *whole;
    for (int i = 0; i < rank; i++) view.dims[i] = real[i];
    return view;
}

static nd_status describe(const onednn_geometry *g, onednn_pass pass,
                          const dnnl_memory_desc_t *weight,
                          const dnnl_memory_desc_t *bias, dnnl_alg_kind_t algorithm,
                          dnnl_convolution_desc_t *desc)
{
    const onednn *o = onednn_there();
    const dnnl_dims_t strides = {g->set.stride, g->set.stride};
    const dnnl_dims_t dilates = {g->set.dilation - 1, g->set.dilation - 1};
    dnnl_dims_t before = {g->set.pad, g->set.pad}, after = {0};
    for (int i = 0; i < 2; i++) // what the last window reaches beyond the picture
        after[i] = (g->y.dims[2 + i] - 1) * g->set.stride +
                   g->set.dilation * (g->weight.dim[2 + i] - 1) + 1 - g->x.dims[2 + i] -
                   g->set.pad;
    dnnl_status_t status = dnnl_success;
    if (pass == ONEDNN_FORWARD)
        status = o->dilated_convolution_forward_desc_init(
            desc, g->is_inference ? dnnl_forward_inference : dnnl_forward_training,
            algorithm, &g->x, weight, bias, &g->y, strides, dilates, before, after);
    else if (pass == ONEDNN_DATA)
        status = o->dilated_convolution_backward_data_desc_init(
            desc, algorithm, &g->x, weight, &g->y, strides, dilates, before, after);
    else
        status = o->dilated_convolution_backward_weights_desc_init(
            desc, algorithm, &g->x, weight, NULL, &g->y, strides, dilates, before, after);
    return status ? ND_E_UNSUPPORTED : ND_OK;
}

static nd_status primitive(nd_arena *arena, const onednn_geometry *g, onednn_pass pass,
                           dnnl_alg_kind_t algorithm, onednn_made *m)
{
    int rank = 0;
    int64_t real[5], round[5];
    dims_of(g, real, round, &rank);
    const dnnl_data_type_t type = g->x.data_type;
    const dnnl_memory_desc_t any =
        onednn_any(rank, round, pass == ONEDNN_WEIGHT ? dnnl_f32 : type);
    const int64_t out = g->y.dims[1];
    m->bias = onednn_plain(1, &out, dnnl_f32);
    const dnnl_memory_desc_t *bias =
        pass == ONEDNN_FORWARD && g->has_bias ? &m->bias : NULL;
    dnnl_convolution_desc_t desc;
    onednn_primitive hint = {0};
    if (pass != ONEDNN_FORWARD) { // the backward ones want to know the forward one
        const dnnl_memory_desc_t weight = onednn_any(rank, round, type);
        ND_TRY(describe(g, ONEDNN_FORWARD, &weight, NULL, algorithm, &desc));
        if (onednn_there()->primitive_desc_create(&hint.desc, &desc, NULL,
                                                  onednn_there()->engine, NULL))
            return ND_E_UNSUPPORTED;
    }
    nd_status status = describe(g, pass, &any, bias, algorithm, &desc);
    if (!status) status = onednn_primitive_new(arena, &m->p, &desc, hint.desc, g->after);
    if (hint.desc) (void)onednn_there()->primitive_desc_destroy(hint.desc);
    return status;
}

nd_status onednn_conv_new(nd_arena *arena, const onednn_geometry *g, onednn_pass pass,
                          onednn_made *m)
{
    const onednn *o = onednn_there();
    *m = (onednn_made){.x = g->x, .y = g->y, .out = g->weight.dim[0]};
    // Winograd's own memory is large: for the batches of training only.
    const bool wants_winograd = !g->exact && !g->is_inference && g->set.groups == 1 &&
                                g->set.kernel == 3 && g->set.stride == 1 &&
                                g->set.dilation == 1 && g->x.data_type == dnnl_f32 &&
                                g->y.dims[2] > 3 && g->y.dims[3] > 3;
    nd_status status = ND_E_UNSUPPORTED;
    if (wants_winograd) status = primitive(arena, g, pass, dnnl_convolution_winograd, m);
    if (status) status = primitive(arena, g, pass, dnnl_convolution_direct, m);
    if (status) return status;
    int rank = 0;
    int64_t real[5], round[5];
    dims_of(g, real, round, &rank);
    m->weight = *onednn_desc(&m->p, pass == ONEDNN_WEIGHT ? dnnl_query_diff_weights_md
                                                          : dnnl_query_weights_md);
    m->plain = onednn_plain(rank, real, dnnl_f32);
    m->is_plain = o->memory_desc_equal(&m->weight, &m->plain);
    m->weight_bytes = o->memory_desc_get_size(&m->weight);
    if (m->is_plain && !g->keeps_bias) return ND_OK;
    m->view = m->weight;
    if (m->weight.format_kind == dnnl_blocked)
        m->view = view_of(&m->weight, real, rank);
    else if (memcmp(real, round, (size_t)rank * sizeof *real) != 0)
        return ND_E_UNSUPPORTED; // Winograd's order has no view
    if (pass == ONEDNN_WEIGHT)
        return onednn_reorder_new(arena, &m->reorder, &m->view, &m->plain);
    if (!(m->weights = nd_alloc(arena, m->weight_bytes, 1))) return ND_E_MEMORY;
    if (g->keeps_bias || (g->has_bias && g->y.dims[1] != m->out)) {
        m->bias_kept = nd_alloc(arena, (size_t)g->y.dims[1], sizeof(float));
        if (!m->bias_kept) return ND_E_MEMORY;
    }
    return onednn_reorder_new(arena, &m->reorder, &m->plain, &m->view);
}

size_t onednn_conv_scratch(const onednn_made *m)
{
    const size_t page = 4096;
    size_t bytes = (m->p.scratch + page - 1) / page * page;
    if (!m->weights && !m->is_plain) bytes += m->weight_bytes;
    return bytes;
}

nd_status onednn_conv_renew(const onednn_made *m, const void *weight, const void *bias)
{
    if (m->bias_kept && bias) memcpy(m->bias_kept, bias, (size_t)m->out * sizeof(float));
    if (m->is_plain && !m->weights) return ND_OK;
    const onednn_argument argument[] = {
        {DNNL_ARG_FROM, &m->plain, (void *)(uintptr_t)weight},
        {DNNL_ARG_TO, &m->view, m->weights},
    };
    return onednn_run(&m->reorder, argument, 2, NULL);
}

static nd_status weight_gradient(const onednn_made *m, void *const *data, void *scratch)
{
    const size_t page = 4096;
    char *made = (char *)scratch + (m->p.scratch + page - 1) / page * page;
    const onednn_argument argument[] = {
        {DNNL_ARG_DIFF_DST, &m->y, data[0]},
        {DNNL_ARG_SRC, &m->x, data[1]},
        {DNNL_ARG_DIFF_WEIGHTS, &m->weight, m->is_plain ? data[2] : made},
    };
    ND_TRY(onednn_run(&m->p, argument, 3, scratch));
    if (m->is_plain) return ND_OK;
    const onednn_argument back[] = {
        {DNNL_ARG_FROM, &m->view, made},
        {DNNL_ARG_TO, &m->plain, data[2]},
    };
    return onednn_run(&m->reorder, back, 2, NULL);
}

nd_status onednn_conv_run(const onednn_made *m, onednn_pass pass, void *const *data,
                          void *scratch)
{
    if (pass == ONEDNN_WEIGHT) return weight_gradient(m, data, scratch);
    void *weight = m->weights ? m->weights : data[1];
    if (pass == ONEDNN_DATA) {
        const onednn_argument argument[] = {
            {DNNL_ARG_DIFF_DST, &m->y, data[0]},
            {DNNL_ARG_WEIGHTS, &m->weight, weight},
            {DNNL_ARG_DIFF_SRC, &m->x, data[2]},
        };
        return onednn_run(&m->p, argument, 3, scratch);
    }
    onednn_argument argument[5] = {
        {DNNL_ARG_SRC, &m->x, data[0]},
        {DNNL_ARG_WEIGHTS, &m->weight, weight},
        {DNNL_ARG_DST, &m->y, data[2]},
    };
    int count = 3;
    if (data[3] || m->bias_kept)
        argument[count++] = (onednn_argument){DNNL_ARG_BIAS, &m->bias,
                                              m->bias_kept ? m->bias_kept : data[3]};
    if (data[4])
        argument[count++] = (onednn_argument){
            DNNL_ARG_ATTR_MULTIPLE_POST_OP(0) | DNNL_ARG_SRC_1, &m->y, data[4]};
    return onednn_run(&m->p, argument, count, scratch);
}
