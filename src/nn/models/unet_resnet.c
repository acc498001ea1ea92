// SPDX-License-Identifier: Apache-2.0
// U-Net whose way down is a residual network: names and sizes as the Python package
// segmentation_models_pytorch has them, so that its weights and torchvision's fit.
#include "nn/models/resnet.h"

enum { BLOCKS = 5, MULTIPLE = 32 };

// Widths of the way up: 4, 2, 1, 1/2, 1/4 times the stem's.
static int width_of(const nd_model_set *set, int block)
{
    const int width = set->width * 4 >> block;
    return width > 0 ? width : 1;
}

static nd_tensor *segment(nd_tape *t, nd_tensor *x, const nn_resnet *net,
                          const nd_model_set *set)
{
    nd_tensor *stage[NN_RESNET_STAGES + 1];
    if (!nn_model_suits(x, "unet-resnet", MULTIPLE)) return NULL;
    nd_scope_enter(t, "encoder");
    const bool is_there = nn_resnet_trunk(t, x, net, set, stage);
    nd_scope_leave(t);
    x = is_there ? stage[NN_RESNET_STAGES] : NULL;
    for (int b = 0; b < BLOCKS && x; b++) {
        const nd_shape s = nd_tensor_shape(x);
        nd_scope_enter(t, "decoder.blocks.%d", b);
        x = nd_upsample(x, (int)s.dim[2] * 2, (int)s.dim[3] * 2, ND_RESIZE_NEAREST);
        if (b < NN_RESNET_STAGES)
            x = nd_concat((nd_tensor *const[]){x, stage[NN_RESNET_STAGES - 1 - b]}, 2, 1);
        x = nn_model_units(t, x, width_of(set, b));
        nd_scope_leave(t);
    }
    nd_scope_enter(t, "segmentation_head");
    x = nd_conv(t, "0", x, (nd_conv2d){.out = set->classes, .kernel = 3, .pad = 1});
    nd_scope_leave(t);
    return x;
}

static nd_tensor *forward18(nd_tape *t, nd_tensor *x, const void *user)
{
    return segment(t, x, &nn_resnet18, user);
}

static nd_tensor *forward34(nd_tape *t, nd_tensor *x, const void *user)
{
    return segment(t, x, &nn_resnet34, user);
}

static nd_tensor *forward50(nd_tape *t, nd_tensor *x, const void *user)
{
    return segment(t, x, &nn_resnet50, user);
}

static int multiple(const nd_model_set *set)
{
    (void)set;
    return MULTIPLE;
}

// Strides are centred on every 32nd pixel; the others see as much less on one side as
// they see more on the other.
static double radius(const nn_resnet *net, const nd_model_set *set)
{
    nn_sight s = nn_resnet_sight(net, set);
    for (int b = 0; b < BLOCKS; b++) {
        s.step /= 2;
        nn_sight_add(&s, 5, 1);
    }
    nn_sight_add(&s, 3, 1);
    return s.radius + MULTIPLE - 1;
}

static double radius18(const nd_model_set *set)
{
    return radius(&nn_resnet18, set);
}

static double radius34(const nd_model_set *set)
{
    return radius(&nn_resnet34, set);
}

static double radius50(const nd_model_set *set)
{
    return radius(&nn_resnet50, set);
}

static const char *const groups[] = {
    "encoder.conv1,encoder.bn1,encoder.layer1,encoder.layer2",
    "encoder.layer3,encoder.layer4", "decoder,segmentation_head"};
const nd_model nn_model_unet_resnet18 = {
    .name = "unet-resnet18",
    .brief = "U-Net whose way down is ResNet-18: for weights trained elsewhere",
    .forward = forward18,
    .is_mask = true,
    .width = 64,
    .stem = ND_STEM_IMAGENET,
    .group = groups,
    .groups = sizeof groups / sizeof *groups,
    .multiple = multiple,
    .radius = radius18,
};
const nd_model nn_model_unet_resnet34 = {
    .name = "unet-resnet34",
    .brief = "U-Net whose way down is ResNet-34: for weights trained elsewhere",
    .forward = forward34,
    .is_mask = true,
    .width = 64,
    .stem = ND_STEM_IMAGENET,
    .group = groups,
    .groups = sizeof groups / sizeof *groups,
    .multiple = multiple,
    .radius = radius34,
};
const nd_model nn_model_unet_resnet50 = {
    .name = "unet-resnet50",
    .brief = "U-Net whose way down is ResNet-50: for weights trained elsewhere",
    .forward = forward50,
    .is_mask = true,
    .width = 64,
    .stem = ND_STEM_IMAGENET,
    .group = groups,
    .groups = sizeof groups / sizeof *groups,
    .multiple = multiple,
    .radius = radius50,
};
