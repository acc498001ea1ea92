// SPDX-License-Identifier: Apache-2.0
// The rows of the models, a file each.
#pragma once
#include <nadir/model.h>

extern const nd_model nn_model_wrn16_2, nn_model_resnet9, nn_model_resnet18,
    nn_model_resnet34, nn_model_resnet50, nn_model_unet, nn_model_unet_resnet18,
    nn_model_unet_resnet34, nn_model_unet_resnet50;

// Whether both sides of the pictures x are multiples of `multiple`; false after nd_fail.
bool nn_model_suits(const nd_tensor *x, const char *model, int multiple);

// A convolution before a norm, which makes a bias needless; keeps the size at stride 1.
static inline nd_conv2d nn_model_conv(int out, int kernel, int stride)
{
    return (nd_conv2d){.out = out,
                       .kernel = kernel,
                       .stride = stride,
                       .pad = kernel / 2,
                       .no_bias = true,
                       .first = ND_FIRST_HE_OUT};
}

// A step of a U-Net's way: conv1 and conv2, each 3 x 3, batch norm, ReLU, to `out`
// channels.
nd_tensor *nn_model_units(nd_tape *t, nd_tensor *x, int out);

// The end of a classifier: the mean (or the maximum) over all places, or over a box for
// each patch, times `factor`, then the linear layer "fc".
typedef struct nn_head {
    bool is_max;
    double factor; // 0: 1
    int multiple;  // pixels of the input from one place to the next
} nn_head;
nd_tensor *nn_model_head(nd_tape *t, nd_tensor *x, const nd_model_set *set, nn_head how);

// Pixels of the input that one step of a chain of windows sees: add each in turn.
typedef struct nn_sight {
    double radius; // from the middle
    double step;   // pixels of the input from one place to the next
} nn_sight;
static inline void nn_sight_add(nn_sight *s, int kernel, int stride)
{
    s->radius += s->step * (kernel - 1) / 2;
    s->step *= stride;
}
