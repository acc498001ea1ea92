// SPDX-License-Identifier: Apache-2.0
// Residual networks of 18, 34 and 50 layers: He et al. 2015, with torchvision's names and
// its place of the stride in bottlenecks, the 3 x 3 convolution ("v1.5").
#include "nn/models/resnet.h"

const nn_resnet nn_resnet18 = {{2, 2, 2, 2}, false};
const nn_resnet nn_resnet34 = {{3, 4, 6, 3}, false};
const nn_resnet nn_resnet50 = {{3, 4, 6, 3}, true};

static nd_tensor *norm(nd_tape *t, const char *name, nd_tensor *x)
{
    return nd_batch_norm(t, name, x, (nd_norm){0});
}

static nd_tensor *block(nd_tape *t, nd_tensor *x, int width, int stride, bool is_deep)
{
    if (!x) return NULL;
    const int out = is_deep ? 4 * width : width;
    nd_tensor *y = x;
    if (is_deep) {
        y = nd_conv(t, "conv1", y, nn_model_conv(width, 1, 1));
        y = nd_relu(norm(t, "bn1", y));
        y = nd_conv(t, "conv2", y, nn_model_conv(width, 3, stride));
        y = nd_relu(norm(t, "bn2", y));
        y = norm(t, "bn3", nd_conv(t, "conv3", y, nn_model_conv(out, 1, 1)));
    } else {
        y = nd_conv(t, "conv1", y, nn_model_conv(width, 3, stride));
        y = nd_relu(norm(t, "bn1", y));
        y = norm(t, "bn2", nd_conv(t, "conv2", y, nn_model_conv(width, 3, 1)));
    }
    if (stride > 1 || nd_tensor_shape(x).dim[1] != out) {
        nd_scope_enter(t, "downsample");
        x = nd_conv(t, "0", x, nn_model_conv(out, 1, stride));
        x = norm(t, "1", x);
        nd_scope_leave(t);
    }
    return nd_relu(nd_add(y, x));
}

static nd_conv2d stem_of(const nd_model_set *set)
{
    const bool is_large = set->stem.at == ND_STEM_IMAGENET;
    return nn_model_conv(set->width, is_large ? 7 : 3,
                         set->stem.at == ND_STEM_SMALL ? 1 : 2);
}

bool nn_resnet_trunk(nd_tape *t, nd_tensor *x, const nn_resnet *net,
                     const nd_model_set *set, nd_tensor *stage[NN_RESNET_STAGES + 1])
{
    x = nd_relu(norm(t, "bn1", nd_conv(t, "conv1", x, stem_of(set))));
    stage[0] = x;
    if (set->stem.at == ND_STEM_IMAGENET)
        x = nd_max_pool(x, (nd_pool2d){.kernel = 3, .stride = 2, .pad = 1});
    for (int s = 0; s < NN_RESNET_STAGES; s++) {
        for (int b = 0; b < net->blocks[s]; b++) {
            nd_scope_enter(t, "layer%d.%d", s + 1, b);
            x = block(t, x, set->width << s, s && !b ? 2 : 1, net->is_deep);
            nd_scope_leave(t);
        }
        stage[s + 1] = x;
    }
    return x;
}

nn_sight nn_resnet_sight(const nn_resnet *net, const nd_model_set *set)
{
    nn_sight sight = {.step = 1};
    const nd_conv2d stem = stem_of(set);
    nn_sight_add(&sight, stem.kernel, stem.stride);
    if (set->stem.at == ND_STEM_IMAGENET) nn_sight_add(&sight, 3, 2);
    for (int s = 0; s < NN_RESNET_STAGES; s++)
        for (int b = 0; b < net->blocks[s]; b++) {
            nn_sight_add(&sight, 3, s && !b ? 2 : 1);
            if (!net->is_deep) nn_sight_add(&sight, 3, 1);
        }
    return sight;
}

static nd_tensor *classify(nd_tape *t, nd_tensor *x, const nn_resnet *net,
                           const nd_model_set *set)
{
    nd_tensor *stage[NN_RESNET_STAGES + 1];
    if (!nn_resnet_trunk(t, x, net, set, stage)) return NULL;
    return nn_model_head(t, stage[NN_RESNET_STAGES], set,
                         (nn_head){.multiple = (int)nn_resnet_sight(net, set).step});
}

static nd_tensor *forward18(nd_tape *t, nd_tensor *x, const void *user)
{
    return classify(t, x, &nn_resnet18, user);
}

static nd_tensor *forward34(nd_tape *t, nd_tensor *x, const void *user)
{
    return classify(t, x, &nn_resnet34, user);
}

static nd_tensor *forward50(nd_tape *t, nd_tensor *x, const void *user)
{
    return classify(t, x, &nn_resnet50, user);
}

static int multiple(const nd_model_set *set)
{
    return (int)nn_resnet_sight(&nn_resnet18, set).step;
}

static double radius18(const nd_model_set *set)
{
    return nn_resnet_sight(&nn_resnet18, set).radius;
}

static double radius34(const nd_model_set *set)
{
    return nn_resnet_sight(&nn_resnet34, set).radius;
}

static double radius50(const nd_model_set *set)
{
    return nn_resnet_sight(&nn_resnet50, set).radius;
}

static const char *const groups[] = {"conv1,bn1,layer1,layer2", "layer3,layer4", "fc"};
const nd_model nn_model_resnet18 = {
    .name = "resnet18",
    .brief = "Residual network of 18 layers, torchvision's names",
    .forward = forward18,
    .width = 64,
    .stem = ND_STEM_IMAGENET,
    .group = groups,
    .groups = sizeof groups / sizeof *groups,
    .multiple = multiple,
    .radius = radius18,
};
const nd_model nn_model_resnet34 = {
    .name = "resnet34",
    .brief = "Residual network of 34 layers, torchvision's names",
    .forward = forward34,
    .width = 64,
    .stem = ND_STEM_IMAGENET,
    .group = groups,
    .groups = sizeof groups / sizeof *groups,
    .multiple = multiple,
    .radius = radius34,
};
const nd_model nn_model_resnet50 = {
    .name = "resnet50",
    .brief = "Residual network of 50 layers, torchvision's names",
    .forward = forward50,
    .width = 64,
    .stem = ND_STEM_IMAGENET,
    .group = groups,
    .groups = sizeof groups / sizeof *groups,
    .multiple = multiple,
    .radius = radius50,
};
