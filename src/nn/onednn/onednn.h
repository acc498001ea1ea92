// SPDX-License-Identifier: Apache-2.0
// oneDNN 2.x through its C interface, loaded at the first need. Nothing outside this
// folder knows it: 3.x is another interface.
#pragma once
#include "nn/nn.h"
#include <oneapi/dnnl/dnnl.h>

#define ONEDNN_CALLS(X)                                                                  \
    X(engine_create)                                                                     \
    X(stream_create)                                                                     \
    X(memory_desc_init_by_tag)                                                           \
    X(memory_desc_equal)                                                                 \
    X(memory_desc_get_size)                                                              \
    X(memory_create)                                                                     \
    X(memory_destroy)                                                                    \
    X(primitive_desc_create)                                                             \
    X(primitive_desc_destroy)                                                            \
    X(primitive_desc_query)                                                              \
    X(primitive_desc_query_md)                                                           \
    X(primitive_create)                                                                  \
    X(primitive_destroy)                                                                 \
    X(primitive_execute)                                                                 \
    X(primitive_attr_create)                                                             \
    X(primitive_attr_destroy)                                                            \
    X(primitive_attr_set_scratchpad_mode)                                                \
    X(primitive_attr_set_post_ops)                                                       \
    X(post_ops_create)                                                                   \
    X(post_ops_destroy)                                                                  \
    X(post_ops_append_binary)                                                            \
    X(post_ops_append_eltwise)                                                           \
    X(reorder_primitive_desc_create)                                                     \
    X(dilated_convolution_forward_desc_init)                                             \
    X(dilated_convolution_backward_data_desc_init)                                       \
    X(dilated_convolution_backward_weights_desc_init)                                    \
    X(dilated_deconvolution_forward_desc_init)                                           \
    X(matmul_desc_init)                                                                  \
    X(get_effective_cpu_isa)

typedef struct onednn {
#define ONEDNN_MEMBER(name) __typeof__(&dnnl_##name) name;
    ONEDNN_CALLS(ONEDNN_MEMBER)
#undef ONEDNN_MEMBER
    dnnl_engine_t engine;
    dnnl_stream_t stream;
    bool computes_bf16;
} onednn;
const onednn *onednn_there(void); // NULL: the library is not there

// One primitive with what it is given each time.
typedef struct onednn_primitive {
    dnnl_primitive_desc_t desc;
    dnnl_primitive_t primitive;
    size_t scratch;
    const char *how; // the implementation's name
} onednn_primitive;
typedef struct onednn_argument {
    int which; // DNNL_ARG_SRC, …
    const dnnl_memory_desc_t *desc;
    void *data;
} onednn_argument;
// What a primitive may do to its result.
typedef struct onednn_after {
    const dnnl_memory_desc_t *r; // what is added, like the result; NULL: nothing
    bool relu;
} onednn_after;

// From an operation descriptor. ND_E_UNSUPPORTED without words: there is none, or only
// oneDNN's own reference, which is slower than ours. The arena's.
nd_status onednn_primitive_new(nd_arena *arena, onednn_primitive *p, const void *desc,
                               dnnl_primitive_desc_t hint, onednn_after after);
nd_status onednn_reorder_new(nd_arena *arena, onednn_primitive *p,
                             const dnnl_memory_desc_t *from,
                             const dnnl_memory_desc_t *to);
const dnnl_memory_desc_t *onednn_desc(const onednn_primitive *p, dnnl_query_t what);
nd_status onednn_run(const onednn_primitive *p, const onednn_argument *argument,
                     int count, void *scratch);

// Of a picture {N, C, H, W} of a plan, in its layout; blocked: channels rounded up.
dnnl_memory_desc_t onednn_picture(const nd_tensor *x);
// Row-major, any rank.
dnnl_memory_desc_t onednn_plain(int rank, const int64_t *dim, dnnl_data_type_t type);
dnnl_memory_desc_t onednn_any(int rank, const int64_t *dim, dnnl_data_type_t type);
dnnl_data_type_t onednn_type(nd_dtype dtype);

extern const nn_kernel onednn_conv, onednn_conv_data, onednn_conv_weight,
    onednn_conv_transpose, onednn_fold, onednn_linear, onednn_linear_data,
    onednn_linear_weight;
