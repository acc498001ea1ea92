// SPDX-License-Identifier: Apache-2.0
// A convolution and its two gradients as oneDNN has them, for convolution and for its
// transpose, which is the data gradient of one.
#pragma once
#include "nn/onednn/onednn.h"

typedef enum onednn_pass { ONEDNN_FORWARD, ONEDNN_DATA, ONEDNN_WEIGHT } onednn_pass;
// In words of the forward convolution: `x` goes in, `y` comes out.
typedef struct onednn_geometry {
    nd_conv2d set;
    nd_shape weight; // {K, C / groups, R, S}
    dnnl_memory_desc_t x, y;
    bool is_inference, exact, has_bias;
    bool keeps_bias; // a copy of its own, always
    onednn_after after;
    int threads;
} onednn_geometry;

// What was made: record->ready.
typedef struct onednn_made {
    onednn_primitive p, reorder; // reorder: of weights, to or from their plain order
    dnnl_memory_desc_t x, y, weight, view, plain, bias;
    bool is_plain; // no reorder
    void *weights; // reordered; of forward and data
    float *bias_kept;
    int64_t out;
    size_t weight_bytes;
} onednn_made;

// ND_E_UNSUPPORTED without words: oneDNN has no fast one.
nd_status onednn_conv_new(nd_arena *arena, const onednn_geometry *g, onednn_pass pass,
                          onednn_made *made);
size_t onednn_conv_scratch(const onednn_made *made);
nd_status onednn_conv_renew(const onednn_made *made, const void *weight,
                            const void *bias);
// data: forward {x, weight, y, bias, r}; data {y, weight, x}; weight {y, x, weight}.
nd_status onednn_conv_run(const onednn_made *made, onednn_pass pass, void *const *data,
                          void *scratch);
