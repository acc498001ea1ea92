// SPDX-License-Identifier: Apache-2.0
// The fast backend: our own kernels where they are better, oneDNN's elsewhere.
#include "nn/onednn/onednn.h"
#include "nn/own/own.h"

static bool is_there(void)
{
    return onednn_there() != NULL;
}

static bool computes_bf16(void)
{
    return is_there() && onednn_there()->computes_bf16;
}

static const nn_kernel *const kernels[] = {
    &own_winograd_conv,
    &own_winograd_data,
    &own_winograd_weight,
    &onednn_conv,
    &onednn_conv_data,
    &onednn_conv_weight,
    &onednn_linear,
    &onednn_linear_data,
    &onednn_linear_weight,
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
    &own_mean_pool_to,
    &own_mean_pool_to_back,
    &own_linear_bias,
    NULL,
};

const nn_backend nn_backend_onednn = {
    .name = "onednn",
    .is_there = is_there,
    .kernel = kernels,
    .computes_bf16 = computes_bf16,
};
