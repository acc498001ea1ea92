// SPDX-License-Identifier: Apache-2.0
// The list of the models, their common settings, and nets made of them.
#include "nn/models/models.h"
#include <nadir/text.h>
#include <string.h>

static const nd_option stems[] = {
    {"auto", "What suits the model", NULL},
    {"small", "3 x 3, every pixel: for pictures up to 64 pixels", NULL},
    {"half", "3 x 3, every other pixel: a quarter of the work", NULL},
    {"imagenet", "7 x 7, every other pixel, then a max pool: for 96 pixels and more",
     NULL},
    {NULL, NULL, NULL},
};

static const nd_param rows[] = {
    ND_PARAM(nd_model_set, width, 0, .min = 0, .max = 4096, .soft_min = 8,
             .soft_max = 128, .step = 8, .unit = "channels",
             .help = "Channels of the first stage, 0 for what suits the model"),
    ND_PARAM(nd_model_set, depth, 0, .min = 0, .max = 8, .soft_min = 2, .soft_max = 5,
             .step = 1, .unit = "stages",
             .help = "Stages of a U-Net, 0 for what suits the model"),
    ND_PARAM(nd_model_set, stem, {ND_STEM_AUTO}, .choices = stems,
             .help = "First convolution of a classifier"),
};
const nd_table nd_model_table = ND_TABLE(rows, nd_model_set);

const nd_model *const nd_models[] = {
    &nn_model_wrn16_2,       &nn_model_resnet9,
    &nn_model_resnet18,      &nn_model_resnet34,
    &nn_model_resnet50,      &nn_model_unet,
    &nn_model_unet_resnet18, &nn_model_unet_resnet34,
    &nn_model_unet_resnet50, NULL,
};

const nd_model *nd_model_find(const char *name)
{
    const char *names[64];
    size_t count = 0;
    for (const nd_model *const *m = nd_models; *m && count < 64; m++) {
        if (nd_text_same((*m)->name, name)) return *m;
        names[count++] = (*m)->name;
    }
    const char *nearest = nd_text_nearest(name, names, count);
    if (nearest)
        (void)nd_fail(ND_E_PARAM, "there is no model %s\ndid you mean %s?", name,
                      nearest);
    else
        (void)nd_fail(ND_E_PARAM,
                      "there is no model %s\n"
                      "nadir describe train lists the models",
                      name);
    return NULL;
}

bool nn_model_suits(const nd_tensor *x, const char *model, int multiple)
{
    const nd_shape s = nd_tensor_shape(x);
    if (s.rank == 4 && s.dim[2] % multiple == 0 && s.dim[3] % multiple == 0) return true;
    if (s.rank == 4)
        (void)nd_fail(ND_E_PARAM,
                      "%s: pictures of %lld x %lld pixels\n"
                      "take sides that are multiples of %d",
                      model, (long long)s.dim[3], (long long)s.dim[2], multiple);
    else
        (void)nd_fail(ND_E_PARAM,
                      "%s: an input of %d dimensions\n"
                      "give it pictures: number, bands, rows, columns",
                      model, s.rank);
    return false;
}

nd_model_set nd_model_filled(const nd_model *model, nd_model_set set)
{
    if (!set.width) set.width = model->width;
    if (!set.depth) set.depth = model->depth;
    if (set.stem.at == ND_STEM_AUTO) set.stem.at = (int)model->stem;
    return set;
}

nd_net *nd_model_new(nd_arena *arena, const nd_model *model, const nd_model_set *set,
                     const nd_net_make *make)
{
    nd_model_set *kept = nd_alloc(arena, 1, sizeof *kept);
    if (!kept) return NULL;
    *kept = nd_model_filled(model, *set);
    if (kept->bands < 1 || kept->classes < 1) {
        (void)nd_fail(ND_E_PARAM,
                      "a network with %d bands and %d classes\n"
                      "give it at least one of each",
                      kept->bands, kept->classes);
        return NULL;
    }
    nd_net_make full = *make;
    full.forward = model->forward, full.user = kept;
    // Any size will do that the model takes: the parameters do not depend on it.
    const int many = model->multiple(kept), side = (64 + many - 1) / many * many;
    if (full.input.rank != 4) full.input = ND_SHAPE(1, 0, side, side);
    full.input.dim[1] = kept->bands;
    return nd_net_new(arena, &full);
}

// For each patch, its box of places: `margin` away from the edges, `step` apart.
static nd_tensor *boxes(nd_tensor *x, const nd_model_set *set, const nn_head *how)
{
    const int by = how->multiple, first = set->margin / by;
    if (!x || set->patch % by || set->step % by || set->margin % by || set->step < 1) {
        if (x)
            (void)nd_fail(ND_E_PARAM,
                          "patches of %d, %d pixels apart, are no whole steps of %d\n"
                          "take multiples of %d",
                          set->patch, set->step, by, by);
        return NULL;
    }
    for (int axis = 2; axis < 4 && x; axis++)
        x = nd_slice(x, axis, first, nd_tensor_shape(x).dim[axis] - 2 * (int64_t)first);
    const nd_pool2d box = {.kernel = set->patch / by, .stride = set->step / by};
    return how->is_max ? nd_max_pool(x, box) : nd_mean_pool(x, box);
}

nd_tensor *nn_model_head(nd_tape *t, nd_tensor *x, const nd_model_set *set, nn_head how)
{
    const nd_dense dense = {.out = set->classes};
    if (set->patch <= 0) {
        x = nd_flatten(how.is_max ? nd_max_pool_to(x, 1, 1) : nd_mean_pool_to(x, 1, 1));
        if (how.factor > 0) x = nd_scale(x, how.factor);
        return nd_linear(t, "fc", x, dense);
    }
    x = boxes(x, set, &how);
    if (how.factor > 0) x = nd_scale(x, how.factor);
    x = nd_transpose(x, (const int[]){0, 2, 3, 1}); // the layer works on the last axis
    return nd_transpose(nd_linear(t, "fc", x, dense), (const int[]){0, 3, 1, 2});
}

nd_tensor *nn_model_units(nd_tape *t, nd_tensor *x, int out)
{
    for (int at = 1; at <= 2; at++) {
        nd_scope_enter(t, "conv%d", at);
        x = nd_conv(t, "0", x, nn_model_conv(out, 3, 1));
        x = nd_relu(nd_batch_norm(t, "1", x, (nd_norm){0}));
        nd_scope_leave(t);
    }
    return x;
}
