// SPDX-License-Identifier: Apache-2.0
// The net that a card names, with a file's weights in it.
#include "weights/weights.h"
#include <math.h>
#include <nadir/param.h>
#include <nadir/predictor.h>
#include <nadir/text.h>
#include <string.h>

// The card's settings, a JSON object, become those of the model's table.
static nd_status settings_of(nd_arena *arena, const nd_card *card, nd_model_set *set)
{
    nd_settings settings;
    ND_TRY(nd_settings_new(arena, &nd_model_table, &settings));
    const char *text = card->model_settings;
    const nd_json *root = text ? nd_json_parse(arena, text, strlen(text)) : NULL;
    if (text && (!root || root->kind != ND_JSON_OBJECT))
        return nd_fail(ND_E_DATA, "the card's model settings are no object\n"
                                  "take another model: this card is damaged");
    for (const nd_json *one = root ? root->first : NULL; one; one = one->next) {
        const char *value = one->kind == ND_JSON_TEXT ? one->text
                            : one->kind == ND_JSON_NUMBER
                                ? nd_text_of_real(arena, one->number)
                                : NULL;
        // Rows that this program's models do not have are somebody else's.
        if (value && nd_param_find(&nd_model_table, one->key))
            ND_TRY(nd_settings_set(arena, &settings, one->key, value));
    }
    ND_TRY(nd_settings_check(&settings));
    *set = *(const nd_model_set *)settings.data;
    set->bands = card->bands;
    set->classes = card->class_count > 0 ? card->class_count : 1;
    return ND_OK;
}

static bool is_of_net(const nd_match *match, const char *name)
{
    for (int i = 0; i < match->unexpecteds; i++)
        if (strcmp(match->unexpected[i], name) == 0) return false;
    return true;
}

// One that is no number makes every answer none.
static nd_status check_numbers(const char *path, const nd_weights *weights,
                               const nd_match *match)
{
    for (int i = 0; i < weights->count; i++) {
        const nd_weight *w = &weights->weight[i];
        const int64_t odd = weights_odd_numbers(w);
        if (odd && is_of_net(match, w->name))
            return nd_fail(ND_E_DATA,
                           "%s: %lld of the weights %s are not finite\n"
                           "take a state from before its training went wrong",
                           path, (long long)odd, w->name);
    }
    return ND_OK;
}

static nd_status fill(nd_arena *arena, const char *path, const nd_weights *weights,
                      const nd_card *card, nd_net *net)
{
    nd_match match;
    ND_TRY(nd_weights_load(arena, weights, net, NULL, &match));
    if (match.missings)
        return nd_fail(ND_E_DATA, "%s lacks the weights %s of %s\nthe file is not whole",
                       path, match.missing[0], card->model);
    if (match.reshapeds)
        return nd_fail(ND_E_DATA,
                       "%s has weights %s of another shape than %s wants\n"
                       "the card does not belong to these weights",
                       path, match.reshaped[0], card->model);
    return check_numbers(path, weights, &match);
}

nd_status nd_card_dense(nd_arena *arena, const nd_card *card, int step, nd_model_set *set)
{
    const nd_model *model = card->model ? nd_model_find(card->model) : NULL;
    if (!model)
        return nd_fail(ND_E_DATA, "the card names no model that is known\n"
                                  "write its model, as wrn16-2, into the card");
    ND_TRY(settings_of(arena, card, set));
    *set = nd_model_filled(model, *set);
    const int by = model->multiple(set);
    set->patch = card->patch > 0 ? card->patch : 64;
    if (model->is_mask)
        return nd_fail(ND_E_PARAM, "%s answers for each pixel already\nleave dense out",
                       card->name);
    if (set->patch % by)
        return nd_fail(ND_E_PARAM,
                       "dense: the patches of %s are %d pixels, and its trunk answers "
                       "every %d\nleave dense out: they are no multiple of that",
                       card->name, set->patch, by);
    if (step < 0) step = (set->patch / 8 + by - 1) / by * by;
    set->step = step > 0 ? step : by;
    if (set->step % by)
        return nd_fail(ND_E_PARAM,
                       "dense: %s can answer every %d pixels, not every %d\n"
                       "take a stride that is a multiple of %d",
                       card->name, by, step, by);
    // What a box sees beyond its patch, and a step for strides that are not centred.
    set->margin = ((int)ceil(model->radius(set)) + by / 2 + by - 1) / by * by;
    return ND_OK;
}

nd_net *nd_card_net(nd_arena *arena, const char *path, const nd_weights *weights,
                    const nd_card *card, const nd_net_make *make)
{
    return nd_card_net_as(arena, path, weights, card, make, NULL);
}

nd_net *nd_card_net_as(nd_arena *arena, const char *path, const nd_weights *weights,
                       const nd_card *card, const nd_net_make *make,
                       const nd_model_set *dense)
{
    nd_model_set set;
    if (!card->model) {
        (void)nd_fail(ND_E_DATA,
                      "the card of %s names no model\n"
                      "write its model, as wrn16-2, into the card",
                      path);
        return NULL;
    }
    const nd_model *model = nd_model_find(card->model);
    if (!model || settings_of(arena, card, &set)) return NULL;
    int side = card->patch > 0 ? card->patch : 64;
    if (dense) {
        set.patch = dense->patch, set.step = dense->step, set.margin = dense->margin;
        side += 2 * set.margin;
    }
    nd_net_make full = *make;
    if (full.input.rank != 4) full.input = ND_SHAPE(1, set.bands, side, side);
    full.blank = true;
    nd_net *net = nd_model_new(arena, model, &set, &full);
    return net && fill(arena, path, weights, card, net) == ND_OK ? net : NULL;
}
