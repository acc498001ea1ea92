// SPDX-License-Identifier: Apache-2.0
// Values instead of classes: what each label pixel holds, and how a network sees it.
#include "learn/scene.h"
#include <math.h>
#include <string.h>

int64_t nd_value_label(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return isfinite(value) ? (int64_t)bits : ND_IGNORE;
}

float nd_label_value(int64_t label)
{
    const uint32_t bits = (uint32_t)label;
    float value;
    if (label < 0) return NAN;
    memcpy(&value, &bits, sizeof value);
    return value;
}

double data_value_share(float scaled)
{
    return isfinite(scaled) ? fmin(fmax((double)scaled / 5 + 0.5, 0), 1) : (double)NAN;
}

int data_planes(const nd_dataset *set)
{
    return set->bands + (set->value ? 1 : 0);
}

static nd_status only_of_classes(const char *key, const char *remedy)
{
    return nd_fail(ND_E_PARAM,
                   "%s is for classes, and data.task: regression learns values\n%s", key,
                   remedy);
}

static nd_status refuse(const nd_dataset *set)
{
    const nd_data *s = &set->set;
    if (s->card) return ND_OK; // a model's own task: what the recipe says is of another
    if (s->labels.vectors.text)
        return only_of_classes(
            "data.labels.vectors",
            nd_gettext("give a raster of the values: data.labels.raster"));
    if (s->classes.count)
        return only_of_classes("data.classes", nd_gettext("leave it out"));
    if (s->class_weights.at)
        return only_of_classes("data.class_weights", nd_gettext("leave it out"));
    if (s->chips.sampling.at == SAMPLING_BALANCED)
        return only_of_classes("chips.sampling: balanced",
                               nd_gettext("take random, grid or hard"));
    if (s->augment.mixup > 0 || s->augment.cutmix > 0)
        return only_of_classes(nd_gettext("what mixes pictures"),
                               nd_gettext("leave mixup and cutmix out"));
    return ND_OK;
}

static nd_status read_ignored(nd_dataset *set)
{
    const nd_list *list = &set->set.labels.ignore;
    set->ignored = nd_alloc(set->arena, list->count + 1, sizeof *set->ignored);
    if (!set->ignored) return ND_E_MEMORY;
    for (size_t i = 0; i < list->count; i++)
        if (!nd_text_real(list->item[i], &set->ignored[i]))
            return nd_fail(ND_E_PARAM,
                           "data.labels.ignore: %s is no number\n"
                           "give the value that the raster holds",
                           list->item[i]);
    return ND_OK;
}

nd_status data_value_new(nd_dataset *set)
{
    const nd_card *card = set->set.card;
    if (card ? card->class_count > 0 : set->set.task.at != ND_TASK_REGRESSION)
        return ND_OK;
    if (!set->scene)
        return nd_fail(ND_E_PARAM, "regression learns a value for each pixel, and "
                                   "pictures of files have one label\n"
                                   "give data.raster or data.graph, and data.labels");
    ND_TRY(refuse(set));
    ND_TRY(read_ignored(set));
    set->value = nd_alloc(set->arena, 1, sizeof *set->value);
    set->class = nd_alloc(set->arena, 1, sizeof *set->class);
    nd_scale_step *step = nd_alloc(set->arena, 1, sizeof *step);
    if (!set->value || !set->class || !step) return ND_E_MEMORY;
    // One class of all that have a value: splits and places count its pixels.
    set->classes = 1;
    set->class[0] = (nd_card_class){.name = "value"};
    if (card && card->value) {
        *set->value = *card->value;
        return ND_OK;
    }
    const data_scene *first = set->scene;
    const nd_band *band = first->label ? &first->label->band[first->label_band] : NULL;
    *set->value =
        (nd_card_band){.name = band && band->name ? band->name : "value",
                       .unit = band && band->unit && *band->unit ? band->unit : NULL,
                       .step = step};
    return ND_OK;
}

int64_t data_value_label(const nd_dataset *set, float value)
{
    for (size_t i = 0; i < set->set.labels.ignore.count; i++)
        if ((double)value == set->ignored[i]) return ND_IGNORE;
    return nd_value_label(value);
}

// Mean 0 and deviation 1 over the training side, whatever the bands are scaled by.
nd_status data_value_scale(nd_dataset *set)
{
    nd_card_band *value = set->value;
    if (!value || set->set.card) return ND_OK;
    const data_band_stats *s = &set->stats[set->bands];
    const double sigma = s->count ? sqrt(s->square / (double)s->count) : 0;
    value->p2 = s->p2, value->p50 = s->p50, value->p98 = s->p98;
    if (sigma < 1e-6 * fmax(fabs(s->mean), 1e-30))
        return nd_fail(ND_E_DATA,
                       "the label is %g everywhere on the training side\n"
                       "check data.labels",
                       s->mean);
    *(nd_scale_step *)value->step = (nd_scale_step){ND_Z_SCORE, s->mean, sigma};
    value->steps = 1;
    return ND_OK;
}

const nd_card_band *nd_dataset_value(const nd_dataset *set)
{
    return set->value;
}
