// SPDX-License-Identifier: Apache-2.0
// The fast backend: our own kernels where they are better, oneDNN's elsewhere.
#include "nn/onednn/onednn.h"
#include "nn/own/norm.h"

static bool is_there(void)
{
    return onednn_there() != NULL;
}

static bool computes_bf16(void)
{
    return is_there() && onednn_there()->computes_bf16;
}

// The first that fits is taken.
static const nn_kernel *const kernels[] = {
    &own_relu,
    &own_relu_back,
    &own_add,
    &own_batch_norm,
    &own_batch_norm_back,
    &own_batch_norm_fixed,
    &own_norm_relu,
    &own_norm_relu_back,
    &own_channel_sum,
    &own_update,
    &own_linear_bias,
    &own_winograd_conv,
    &own_winograd_data,
    &own_winograd_weight,
    &own_winograd_fold,
    &own_direct_conv,
    &own_direct_data,
    &own_direct_fold,
    &own_direct_add,
    &own_weigh_direct,
    &own_max_pool,
    &own_max_pool_back,
    &own_max_pool_to,
    &own_max_pool_to_back,
    &own_mean_pool,
    &own_mean_pool_back,
    &own_mean_pool_to,
    &own_mean_pool_to_back,
    &own_upsample,
    &own_upsample_back,
    &own_concat,
    &own_crop,
    &own_cross_entropy,
    &own_cross_entropy_back,
    &onednn_conv,
    &onednn_conv_data,
    &onednn_conv_weight,
    &onednn_conv_transpose,
    &onednn_fold,
    &onednn_linear,
    &onednn_linear_data,
    &onednn_linear_weight,
    NULL,
};

const nn_backend nn_backend_onednn = {
    .name = "onednn",
    .is_there = is_there,
    .kernel = kernels,
    .computes_bf16 = computes_bf16,
    .fuse = own_fuse,
};
