// SPDX-License-Identifier: Apache-2.0
// A model's file ready for use: the net that its card names, with its weights in it.
#include <nadir/evaluate.h>
#include <nadir/model.h>
#include <string.h>
#include <sys/stat.h>

static bool is_folder(const char *path)
{
    struct stat about;
    return stat(path, &about) == 0 && S_ISDIR(about.st_mode);
}

// What a run keeps: the finished model, or the best state on the way to it.
static const char *weights_of_run(nd_arena *arena, const char *folder)
{
    static const char *const name[] = {"model.safetensors", "state/best.nds"};
    struct stat about;
    for (size_t i = 0; i < sizeof name / sizeof *name; i++) {
        const char *path = nd_text(arena, "%s/%s", folder, name[i]);
        if (!path) return NULL;
        if (stat(path, &about) == 0) return path;
    }
    (void)nd_fail(ND_E_DATA,
                  "%s holds no model.safetensors\n"
                  "give a model, or a run that has ended an epoch",
                  folder);
    return NULL;
}

static nd_status read_card(nd_arena *arena, const nd_weights *weights, nd_model_file *to)
{
    if (!weights->card)
        return nd_fail(ND_E_DATA,
                       "%s has no model card: nobody knows what goes in\n"
                       "use a model that nadir trained, or convert it with a card",
                       to->path);
    to->card = nd_card_parse(arena, weights->card);
    return to->card ? ND_OK : ND_E_DATA;
}

static nd_weights *open_weights(nd_arena *arena, const char *path, nd_model_file *to)
{
    *to = (nd_model_file){.path = is_folder(path) ? weights_of_run(arena, path)
                                                  : nd_text(arena, "%s", path)};
    nd_weights *weights = to->path ? nd_weights_open(arena, to->path) : NULL;
    return weights && read_card(arena, weights, to) == ND_OK ? weights : NULL;
}

nd_status nd_model_card(nd_arena *arena, const char *path, nd_model_file *model)
{
    return open_weights(arena, path, model) ? ND_OK : ND_E_DATA;
}

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

static nd_status fill(nd_arena *arena, const nd_weights *weights, nd_model_file *to)
{
    nd_match match;
    ND_TRY(nd_weights_load(arena, weights, to->net, NULL, &match));
    if (match.missings)
        return nd_fail(ND_E_DATA, "%s lacks the weights %s of %s\nthe file is not whole",
                       to->path, match.missing[0], to->card->model);
    if (match.reshapeds)
        return nd_fail(ND_E_DATA,
                       "%s has weights %s of another shape than %s wants\n"
                       "the card does not belong to these weights",
                       to->path, match.reshaped[0], to->card->model);
    to->parameters = nd_net_parameters(to->net);
    to->words = nd_text(arena, nd_gettext("%s, %.2f M parameters"), to->card->model,
                        (double)to->parameters / 1e6);
    return to->words ? ND_OK : ND_E_MEMORY;
}

nd_status nd_model_load(nd_arena *arena, const nd_model_ask *ask, nd_model_file *model)
{
    nd_model_set set;
    const nd_weights *weights = open_weights(arena, ask->path, model);
    if (!weights) return ND_E_DATA;
    const nd_card *card = model->card;
    const nd_model *named = card->model ? nd_model_find(card->model) : NULL;
    if (!card->model)
        return nd_fail(ND_E_DATA,
                       "the card of %s names no network\n"
                       "take a model that nadir trained",
                       model->path);
    if (!named) return ND_E_DATA;
    ND_TRY(settings_of(arena, card, &set));
    const int side = card->patch > 0 ? card->patch : 64;
    const nd_net_make make = {.input = ND_SHAPE(1, set.bands,
                                                ask->height > 0 ? ask->height : side,
                                                ask->width > 0 ? ask->width : side),
                              .dtype = ND_FLOAT32,
                              .compute = ND_FLOAT32,
                              .threads = ask->threads};
    model->net = nd_model_new(arena, named, &set, &make);
    return model->net ? fill(arena, weights, model) : ND_E_DATA;
}
