// SPDX-License-Identifier: Apache-2.0
// Residual network of 9 layers, for small pictures: D. Page's DAWNBench entry of 2018.
#include "nn/models/models.h"

enum { STAGES = 3 };

static nn_sight sight_of(const nd_model_set *set)
{
    nn_sight s = {.step = 1};
    nn_sight_add(&s, 3, set->stem.at == ND_STEM_HALF ? 2 : 1);
    for (int stage = 1; stage <= STAGES; stage++) {
        nn_sight_add(&s, 3, 1);
        nn_sight_add(&s, 2, 2);
        if (stage != 2) nn_sight_add(&s, 5, 1);
    }
    return s;
}

static int multiple(const nd_model_set *set)
{
    return (int)sight_of(set).step;
}

static nd_tensor *unit(nd_tape *t, const char *scope, nd_tensor *x, int out, int stride)
{
    nd_scope_enter(t, "%s", scope);
    x = nd_conv(t, "conv", x, nn_model_conv(out, 3, stride));
    x = nd_relu(nd_batch_norm(t, "bn", x, (nd_norm){0}));
    nd_scope_leave(t);
    return x;
}

static nd_tensor *forward(nd_tape *t, nd_tensor *x, const void *user)
{
    const nd_model_set *set = user;
    x = unit(t, "prep", x, set->width, set->stem.at == ND_STEM_HALF ? 2 : 1);
    for (int s = 1; s <= STAGES; s++) {
        nd_scope_enter(t, "layer%d", s);
        x = nd_max_pool(unit(t, "down", x, set->width << s, 1), (nd_pool2d){.kernel = 2});
        if (s != 2) {
            nd_tensor *y = unit(t, "res1", x, set->width << s, 1);
            x = nd_add(x, unit(t, "res2", y, set->width << s, 1));
        }
        nd_scope_leave(t);
    }
    return nn_model_head(
        t, x, set, (nn_head){.is_max = true, .factor = 0.125, .multiple = multiple(set)});
}

static double radius(const nd_model_set *set)
{
    return sight_of(set).radius;
}

static const char *const groups[] = {"prep,layer1", "layer2,layer3", "fc"};
const nd_model nn_model_resnet9 = {
    .name = "resnet9",
    .brief =
        "Residual network of 9 layers: quick to train on pictures of 32 to 64 pixels",
    .forward = forward,
    .width = 32,
    .stem = ND_STEM_HALF,
    .group = groups,
    .groups = sizeof groups / sizeof *groups,
    .multiple = multiple,
    .radius = radius,
};
