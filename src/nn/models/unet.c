// SPDX-License-Identifier: Apache-2.0
// U-Net: Ronneberger et al. 2015, with batch norms and padding, so that what comes out is
// as large as what goes in.
#include "nn/models/models.h"

static int multiple(const nd_model_set *set)
{
    return 1 << (set->depth - 1);
}

static nd_tensor *forward(nd_tape *t, nd_tensor *x, const void *user)
{
    const nd_model_set *set = user;
    nd_tensor *skip[8] = {NULL};
    if (!nn_model_suits(x, "unet", multiple(set))) return NULL;
    for (int s = 0; s < set->depth; s++) {
        if (s) x = nd_max_pool(x, (nd_pool2d){.kernel = 2});
        nd_scope_enter(t, "down.%d", s);
        x = skip[s] = nn_model_units(t, x, set->width << s);
        nd_scope_leave(t);
    }
    for (int s = set->depth - 2; s >= 0; s--) {
        const int width = set->width << s;
        nd_scope_enter(t, "up.%d", s);
        x = nd_conv_transpose(t, "up", x,
                              (nd_conv2d){.out = width, .kernel = 2, .stride = 2});
        x = nd_concat((nd_tensor *const[]){x, skip[s]}, 2, 1);
        x = nn_model_units(t, x, width);
        nd_scope_leave(t);
    }
    return nd_conv(t, "head", x, (nd_conv2d){.out = set->classes, .kernel = 1});
}

// A pixel's place within the widest window shifts what it sees by up to half of that.
static double radius(const nd_model_set *set)
{
    nn_sight s = {.step = 1};
    for (int stage = 0; stage < set->depth; stage++) {
        if (stage) nn_sight_add(&s, 2, 2);
        nn_sight_add(&s, 5, 1);
    }
    for (int stage = set->depth - 2; stage >= 0; stage--) {
        s.step /= 2;
        nn_sight_add(&s, 5, 1);
    }
    return s.radius + (multiple(set) - 1) / 2.0;
}

static const char *const groups[] = {"down", "up", "head"};
const nd_model nn_model_unet = {
    .name = "unet",
    .brief = "U-Net: an answer for each pixel, from scratch",
    .forward = forward,
    .is_mask = true,
    .width = 32,
    .depth = 5,
    .group = groups,
    .groups = sizeof groups / sizeof *groups,
    .multiple = multiple,
    .radius = radius,
};
