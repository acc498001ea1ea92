// SPDX-License-Identifier: Apache-2.0
// Wide residual network 16-2: Zagoruyko and Komodakis 2016, activations before weights.
#include "nn/models/models.h"

enum { STAGES = 3, BLOCKS = 2, STEM = 16 };

static int multiple(const nd_model_set *set)
{
    return set->stem.at == ND_STEM_HALF ? 8 : 4;
}

static nd_tensor *norm(nd_tape *t, const char *name, nd_tensor *x)
{
    return nd_relu(nd_batch_norm(t, name, x, (nd_norm){0}));
}

// The paper's block; the shortcut starts behind the first activation where it has
// weights.
static nd_tensor *block(nd_tape *t, nd_tensor *x, int width, int stride)
{
    if (!x) return NULL;
    const bool is_same = nd_tensor_shape(x).dim[1] == width && stride == 1;
    nd_tensor *a = norm(t, "bn1", x);
    // Each block begins as what it adds to: the last convolution at zero. A zero norm, as
    // behind an addition, would stay one here: the ReLU after it passes no gradient at 0.
    nd_conv2d second = nn_model_conv(width, 3, 1);
    second.first = ND_FIRST_ZERO;
    nd_tensor *y =
        norm(t, "bn2", nd_conv(t, "conv1", a, nn_model_conv(width, 3, stride)));
    y = nd_conv(t, "conv2", y, second);
    if (is_same) return nd_add(y, x);
    return nd_add(y, nd_conv(t, "convShortcut", a, nn_model_conv(width, 1, stride)));
}

static nd_tensor *forward(nd_tape *t, nd_tensor *x, const void *user)
{
    const nd_model_set *set = user;
    const int stride = set->stem.at == ND_STEM_HALF ? 2 : 1;
    x = nd_conv(t, "conv1", x, nn_model_conv(STEM, 3, stride));
    for (int s = 0; s < STAGES; s++)
        for (int b = 0; b < BLOCKS; b++) {
            nd_scope_enter(t, "block%d.layer.%d", s + 1, b);
            x = block(t, x, set->width << s, s && !b ? 2 : 1);
            nd_scope_leave(t);
        }
    return nn_model_head(t, norm(t, "bn1", x), set, (nn_head){.multiple = multiple(set)});
}

static double radius(const nd_model_set *set)
{
    nn_sight s = {.step = 1};
    nn_sight_add(&s, 3, set->stem.at == ND_STEM_HALF ? 2 : 1);
    for (int stage = 0; stage < STAGES; stage++)
        for (int b = 0; b < BLOCKS; b++) {
            nn_sight_add(&s, 3, stage && !b ? 2 : 1);
            nn_sight_add(&s, 3, 1);
        }
    return s.radius;
}

static const char *const groups[] = {"conv1,block1", "block2,block3,bn1", "fc"};
const nd_model nn_model_wrn16_2 = {
    .name = "wrn16-2",
    .brief =
        "Wide residual network of 16 layers: small and good for pictures of 64 pixels",
    .forward = forward,
    .width = 32,
    .stem = ND_STEM_HALF,
    .group = groups,
    .groups = sizeof groups / sizeof *groups,
    .multiple = multiple,
    .radius = radius,
};
