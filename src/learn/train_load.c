// SPDX-License-Identifier: Apache-2.0
// Weights to start from: any file that nadir reads, the head replaced where it must be.
#include "learn/loop.h"
#include <string.h>
#include <unistd.h>

// Which of the file's bands each of ours is, by the file's card; without one, three bands
// are taken for red, green and blue.
static int *match_bands(const nd_train *t, const nd_card *card)
{
    static const char *const rgb[][4] = {{"B04", "B4", "red", "R"},
                                         {"B03", "B3", "green", "G"},
                                         {"B02", "B2", "blue", "B"}};
    int count;
    const nd_card_band *own = nd_dataset_bands(t->data, &count);
    int *band = nd_alloc(t->arena, (size_t)count + 1, sizeof *band);
    for (int i = 0; band && i < count; i++) {
        band[i] = -1;
        for (int k = 0; card && k < card->bands; k++)
            if (own[i].name && nd_text_same(card->band[k].name, own[i].name)) band[i] = k;
        for (int k = 0; !card && k < 3; k++)
            for (int n = 0; n < 4; n++)
                if (own[i].name && nd_text_same(rgb[k][n], own[i].name)) band[i] = k;
    }
    return band;
}

// Whose card it is: of the file to start from; of a run that goes on its own, which has
// the same scales, for that file may be gone.
static const nd_card *card_from(nd_train *t, bool goes_on)
{
    const char *path = t->recipe->model.pretrained.text;
    const char *own =
        goes_on ? learn_path(t->arena, t->ask.resume, "model.safetensors") : NULL;
    if (own && access(own, R_OK) == 0) path = own;
    const nd_weights *file = nd_weights_open(t->arena, path);
    const nd_card *card = file && file->card ? nd_card_parse(t->arena, file->card) : NULL;
    if (!card) (void)nd_error_take(); // the weights themselves are read later, with words
    return card;
}

void learn_scales_from(nd_train *t, bool goes_on)
{
    const int norm = t->recipe->data->norm.at;
    const bool may = norm == ND_NORM_AUTO || norm == ND_NORM_PRETRAINED;
    if (may && t->recipe->model.pretrained.text)
        t->recipe->data->from = card_from(t, goes_on);
}

void learn_tell_scales(nd_train *t)
{
    nd_choice *norm = &t->recipe->data->norm;
    learn_origin *origin = learn_origin_of(t->recipe, "data", "norm");
    if (norm->at == ND_NORM_AUTO && origin) *origin = (learn_origin){LEARN_AUTO, 0};
    norm->at = nd_dataset_norm(t->data);
    if (norm->at == ND_NORM_PRETRAINED)
        learn_fact(t, "scales", "as the card of %s says; another: data.norm",
                   t->recipe->model.pretrained.text);
}

static bool same_classes(const nd_train *t, const nd_card *card)
{
    int count;
    const nd_card_class *own = nd_dataset_classes(t->data, &count);
    if (!card || card->class_count != count) return false;
    for (int i = 0; i < count; i++)
        if (strcmp(card->classes[i].name, own[i].name) != 0) return false;
    return true;
}

// A head that happens to have the file's shape answers with other classes.
static nd_status renew_head(nd_train *t, const learn_copy *fresh, bool keeps)
{
    if (keeps) return ND_OK;
    const char *const *prefix;
    size_t count;
    if (!t->model->groups) return ND_OK;
    ND_TRY(
        nd_text_split(t->arena, t->model->group[t->model->groups - 1], &prefix, &count));
    return learn_copy_put_some(fresh, t, prefix, count);
}

static nd_status check_match(const nd_train *t, const nd_match *match)
{
    const char *path = t->recipe->model.pretrained.text;
    if (match->matched == 0)
        return nd_fail(ND_E_DATA,
                       "nothing in %s fits model %s: its first name is %s\n"
                       "nadir info lists its names; name another file or model",
                       path, t->model->name,
                       match->unexpecteds ? match->unexpected[0] : "none");
    if (t->recipe->model.head.at == ND_HEAD_KEEP && (match->missings || match->reshapeds))
        return nd_fail(ND_E_DATA,
                       "%s of %s does not fit model %s\n"
                       "take head: auto, which begins with a new one",
                       match->missings ? match->missing[0] : match->reshaped[0], path,
                       t->model->name);
    return ND_OK;
}

nd_status learn_pretrained(nd_train *t)
{
    const char *path = t->recipe->model.pretrained.text;
    if (!path) return ND_OK;
    const nd_weights *file = nd_weights_open(t->arena, path);
    if (!file) return ND_E_DATA;
    const nd_card *card = file->card ? nd_card_parse(t->arena, file->card) : NULL;
    if (file->card && !card) return ND_E_DATA;
    int *band = match_bands(t, card);
    learn_copy *fresh = learn_copy_take(t->arena, t);
    if (!band || !fresh) return ND_E_MEMORY;
    nd_match match;
    ND_TRY(nd_weights_load(t->arena, file, t->net, band, &match));
    ND_TRY(check_match(t, &match));
    const int how = t->recipe->model.head.at;
    const bool keeps =
        how == ND_HEAD_KEEP || (how == ND_HEAD_AUTO && same_classes(t, card));
    ND_TRY(renew_head(t, fresh, keeps));
    learn_fact(t, "weights", "%d of %d arrays from %s, %s head", match.matched,
               nd_net_count(t->net), path, keeps ? "the same" : "a new");
    return ND_OK;
}
