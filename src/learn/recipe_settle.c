// SPDX-License-Identifier: Apache-2.0
// What a recipe leaves open, decided by task: network, batch, optimiser, loss.
#include "learn/recipe.h"
#include <math.h>
#include <string.h>

static void is_auto(const nd_recipe *recipe, const char *key, const char *name)
{
    learn_origin *origin = learn_origin_of(recipe, key, name);
    if (origin) *origin = (learn_origin){LEARN_AUTO, 0};
}

static bool has_model(const char *name)
{
    for (const nd_model *const *m = nd_models; *m; m++)
        if (nd_text_same((*m)->name, name)) return true;
    return false;
}

static nd_status settle_model(nd_recipe *recipe, bool is_mask, int side)
{
    nd_train_model *m = &recipe->model;
    if (!m->name) {
        m->name = is_mask ? "unet" : side <= 64 ? "wrn16-2" : "resnet18";
        if (!has_model(m->name)) m->name = "wrn16-2";
        is_auto(recipe, "model", "name");
    }
    const nd_model *model = nd_model_find(m->name);
    if (!model) return ND_E_PARAM;
    if (model->is_mask != is_mask)
        return nd_fail(ND_E_PARAM,
                       is_mask ? "model %s answers for a picture, and the labels are "
                                 "masks\ntake one that answers for each pixel: unet"
                               : "model %s answers for each pixel, and the labels are of "
                                 "pictures\ntake one that answers for a picture: wrn16-2",
                       m->name);
    // Before anything else of the recipe is built on it.
    const nd_model_set given = m->set;
    m->set = nd_model_filled(model, m->set);
    if (given.width != m->set.width) is_auto(recipe, "model", "width");
    if (given.depth != m->set.depth) is_auto(recipe, "model", "depth");
    if (given.stem.at != m->set.stem.at) is_auto(recipe, "model", "stem");
    return ND_OK;
}

static void number(const nd_recipe *recipe, double *value, double what, const char *name)
{
    if (*value >= 0) return;
    *value = what;
    is_auto(recipe, "train", name);
}

static void settle_optimizer(nd_recipe *recipe, bool is_mask)
{
    nd_train_keys *t = &recipe->train;
    const bool is_start = !recipe->model.pretrained.text;
    if (t->optimizer.at == ND_OPTIMIZER_AUTO) {
        t->optimizer.at = is_mask || !is_start ? ND_OPTIMIZER_ADAMW : ND_OPTIMIZER_SGD;
        is_auto(recipe, "train", "optimizer");
    }
    const bool is_sgd = t->optimizer.at == ND_OPTIMIZER_SGD;
    const bool is_fastai = t->optimizer.at == ND_OPTIMIZER_FASTAI;
    number(recipe, &t->beta2, is_fastai ? 0.99 : 0.999, "beta2");
    number(recipe, &t->epsilon, is_fastai ? 1e-5 : 1e-8, "epsilon");
    const bool is_adam = t->optimizer.at == ND_OPTIMIZER_ADAM;
    number(recipe, &t->decay, is_sgd ? 5e-4 : is_adam ? 0 : 0.01, "decay");
    number(recipe, &t->clip, is_sgd ? 0 : 1, "clip");
    number(recipe, &t->spread, 1, "spread");
}

static nd_status settle_value_loss(nd_recipe *recipe)
{
    nd_train_loss *l = &recipe->loss;
    if (l->ce > 0 || l->dice > 0 || l->focal > 0 || l->jaccard > 0 || l->lovasz > 0)
        return nd_fail(ND_E_PARAM, "ce, dice, focal, jaccard and lovasz are losses of "
                                   "classes, and values are learnt\n"
                                   "take l1, l2 or huber, or leave train.loss out");
    if (l->huber < 0)
        is_auto(recipe, "train.loss", "huber"), l->huber = l->l1 <= 0 && l->l2 <= 0;
    if (l->huber + l->l1 + l->l2 <= 0)
        return nd_fail(ND_E_PARAM, "train.loss has no part that is above 0\n"
                                   "take l1, l2 or huber, or leave train.loss out");
    l->ce = l->dice = 0;
    return ND_OK;
}

static nd_status settle_loss(nd_recipe *recipe, bool is_mask, bool is_value)
{
    nd_train_loss *l = &recipe->loss;
    if (is_value) return settle_value_loss(recipe);
    if (l->l1 > 0 || l->l2 > 0 || l->huber > 0)
        return nd_fail(ND_E_PARAM,
                       "l1, l2 and huber are losses of values, and classes are learnt\n"
                       "leave them out, or say data.task: regression");
    l->huber = 0;
    const bool is_none =
        l->ce < 0 && l->dice < 0 && l->focal <= 0 && l->jaccard <= 0 && l->lovasz <= 0;
    if (l->ce < 0) is_auto(recipe, "train.loss", "ce"), l->ce = is_none;
    if (l->dice < 0) is_auto(recipe, "train.loss", "dice"), l->dice = is_none && is_mask;
    return ND_OK;
}

static void settle_batch(nd_recipe *recipe, const nd_dataset *data, bool is_mask,
                         int side)
{
    nd_train_keys *t = &recipe->train;
    if (!t->batch) {
        t->batch = is_mask ? 8 : side <= 64 ? 64 : 32;
        is_auto(recipe, "train", "batch");
    }
    // A set smaller than a batch still makes a step.
    const int64_t count = nd_dataset_count(data, ND_TRAIN);
    if (count && count < t->batch) {
        t->batch = (int)count;
        is_auto(recipe, "train", "batch");
    }
    if (t->epochs == 0 && t->minutes <= 0) {
        t->epochs = 10;
        is_auto(recipe, "train", "epochs");
    }
}

static nd_status settle_monitor(nd_recipe *recipe, bool is_mask, bool is_value)
{
    static const char *const name[] = {"auto", "accuracy", "miou", "loss", "rmse"};
    nd_train_keys *t = &recipe->train;
    if (t->monitor.at == 0) {
        t->monitor.at = is_value ? 4 : is_mask ? 2 : 1;
        is_auto(recipe, "train", "monitor");
    }
    if (t->monitor.at == 3 || (t->monitor.at == 4) == is_value) return ND_OK;
    return nd_fail(ND_E_PARAM,
                   is_value ? "train.monitor: %s is of classes, and values are learnt\n"
                              "take rmse or loss"
                            : "train.monitor: %s is of values, and classes are learnt\n"
                              "take accuracy, miou or loss",
                   name[t->monitor.at]);
}

nd_status nd_recipe_settle(nd_arena *arena, nd_recipe *recipe, const nd_dataset *data)
{
    (void)arena;
    int bands, height, width;
    const bool is_mask = nd_dataset_is_mask(data);
    const bool is_value = nd_dataset_value(data) != NULL;
    nd_dataset_shape(data, &bands, &height, &width);
    const int side = height > width ? height : width;
    ND_TRY(settle_model(recipe, is_mask, side));
    settle_batch(recipe, data, is_mask, side);
    settle_optimizer(recipe, is_mask);
    ND_TRY(settle_loss(recipe, is_mask, is_value));
    ND_TRY(settle_monitor(recipe, is_mask, is_value));
    number(recipe, &recipe->train.smoothing, is_mask ? 0 : 0.1, "smoothing");
    return ND_OK;
}
