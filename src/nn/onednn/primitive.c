// SPDX-License-Identifier: Apache-2.0
// Primitives of oneDNN: made once a plan, run with the caller's memory and scratch.
#include "nn/onednn/onednn.h"
#include <string.h>

dnnl_data_type_t onednn_type(nd_dtype dtype)
{
    return dtype == ND_BFLOAT16 ? dnnl_bf16 : dnnl_f32;
}

static dnnl_memory_desc_t by_tag(int rank, const int64_t *dim, dnnl_data_type_t type,
                                 dnnl_format_tag_t tag)
{
    dnnl_memory_desc_t desc = {0};
    dnnl_dims_t dims = {0};
    memcpy(dims, dim, (size_t)rank * sizeof *dims);
    (void)onednn_there()->memory_desc_init_by_tag(&desc, rank, dims, type, tag);
    return desc;
}

dnnl_memory_desc_t onednn_picture(const nd_tensor *x)
{
    int64_t dim[4];
    memcpy(dim, x->shape.dim, sizeof dim);
    dim[1] = nn_channels_kept(dim[1], x->layout);
    return by_tag(4, dim, onednn_type(x->dtype),
                  x->layout == NN_BLOCKED ? dnnl_nChw16c : dnnl_nchw);
}

dnnl_memory_desc_t onednn_plain(int rank, const int64_t *dim, dnnl_data_type_t type)
{
    static const dnnl_format_tag_t tag[] = {dnnl_a,   dnnl_a,    dnnl_ab,
                                            dnnl_abc, dnnl_abcd, dnnl_abcde};
    return by_tag(rank, dim, type, tag[rank]);
}

dnnl_memory_desc_t onednn_any(int rank, const int64_t *dim, dnnl_data_type_t type)
{
    return by_tag(rank, dim, type, dnnl_format_tag_any);
}

static void give_back(void *object)
{
    const onednn_primitive *p = object;
    (void)onednn_there()->primitive_destroy(p->primitive);
    (void)onednn_there()->primitive_desc_destroy(p->desc);
}

// `p` keeps what was made; the arena undoes a copy of it.
static nd_status keep(nd_arena *arena, onednn_primitive *p)
{
    const onednn *o = onednn_there();
    if (o->primitive_create(&p->primitive, p->desc)) {
        (void)o->primitive_desc_destroy(p->desc);
        return ND_E_UNSUPPORTED;
    }
    const dnnl_memory_desc_t *scratch =
        o->primitive_desc_query_md(p->desc, dnnl_query_scratchpad_md, 0);
    p->scratch = scratch ? o->memory_desc_get_size(scratch) : 0;
    onednn_primitive *kept = nd_alloc(arena, 1, sizeof *kept);
    if (kept) *kept = *p;
    if (!kept || nd_defer(arena, give_back, kept)) {
        give_back(p);
        return ND_E_MEMORY;
    }
    return ND_OK;
}

static dnnl_primitive_attr_t attributes(onednn_after after)
{
    const onednn *o = onednn_there();
    dnnl_primitive_attr_t attr = NULL;
    if (o->primitive_attr_create(&attr)) return NULL;
    (void)o->primitive_attr_set_scratchpad_mode(attr, dnnl_scratchpad_mode_user);
    dnnl_post_ops_t ops = NULL;
    if (!after.r && !after.relu) return attr;
    if (o->post_ops_create(&ops)) return attr;
    if (after.r) (void)o->post_ops_append_binary(ops, dnnl_binary_add, after.r);
    if (after.relu) (void)o->post_ops_append_eltwise(ops, 1, dnnl_eltwise_relu, 0, 0);
    (void)o->primitive_attr_set_post_ops(attr, ops);
    (void)o->post_ops_destroy(ops);
    return attr;
}

nd_status onednn_primitive_new(nd_arena *arena, onednn_primitive *p, const void *desc,
                               dnnl_primitive_desc_t hint, onednn_after after)
{
    const onednn *o = onednn_there();
    dnnl_primitive_attr_t attr = attributes(after);
    if (!attr) return ND_E_UNSUPPORTED;
    const dnnl_status_t made =
        o->primitive_desc_create(&p->desc, desc, attr, o->engine, hint);
    (void)o->primitive_attr_destroy(attr);
    if (made) return ND_E_UNSUPPORTED;
    (void)o->primitive_desc_query(p->desc, dnnl_query_impl_info_str, 0, &p->how);
    if (strncmp(p->how, "ref", 3) == 0) {
        (void)o->primitive_desc_destroy(p->desc);
        return ND_E_UNSUPPORTED;
    }
    return keep(arena, p);
}

nd_status onednn_reorder_new(nd_arena *arena, onednn_primitive *p,
                             const dnnl_memory_desc_t *from, const dnnl_memory_desc_t *to)
{
    const onednn *o = onednn_there();
    dnnl_primitive_attr_t attr = attributes((onednn_after){0});
    if (!attr) return ND_E_UNSUPPORTED;
    const dnnl_status_t made =
        o->reorder_primitive_desc_create(&p->desc, from, o->engine, to, o->engine, attr);
    (void)o->primitive_attr_destroy(attr);
    if (made) return ND_E_UNSUPPORTED;
    (void)o->primitive_desc_query(p->desc, dnnl_query_impl_info_str, 0, &p->how);
    return keep(arena, p);
}

const dnnl_memory_desc_t *onednn_desc(const onednn_primitive *p, dnnl_query_t what)
{
    return onednn_there()->primitive_desc_query_md(p->desc, what, 0);
}

// Memory objects are made anew each time: a shared one whose data change is a race.
nd_status onednn_run(const onednn_primitive *p, const onednn_argument *argument,
                     int count, void *scratch)
{
    enum { MOST = 8 };
    const onednn *o = onednn_there();
    dnnl_exec_arg_t arg[MOST];
    dnnl_status_t status = dnnl_success;
    int made = 0;
    for (; made < count && made < MOST - 1 && !status; made++) {
        arg[made] = (dnnl_exec_arg_t){argument[made].which, NULL};
        status = o->memory_create(&arg[made].memory, argument[made].desc, o->engine,
                                  argument[made].data);
    }
    if (!status && p->scratch) {
        arg[made] = (dnnl_exec_arg_t){DNNL_ARG_SCRATCHPAD, NULL};
        status =
            o->memory_create(&arg[made].memory, onednn_desc(p, dnnl_query_scratchpad_md),
                             o->engine, scratch);
        made++;
    }
    if (!status) status = o->primitive_execute(p->primitive, o->stream, made, arg);
    for (int i = 0; i < made; i++) (void)o->memory_destroy(arg[i].memory);
    if (!status) return ND_OK;
    return nd_fail(status == dnnl_out_of_memory ? ND_E_MEMORY : ND_E_BUG,
                   "oneDNN stopped with status %d in %s\n"
                   "take the plain backend and tell us the network",
                   (int)status, p->how);
}
