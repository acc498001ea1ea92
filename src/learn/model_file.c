// SPDX-License-Identifier: Apache-2.0
// A model's file ready for use: the net that its card names, with its weights in it.
#include <nadir/evaluate.h>
#include <nadir/predictor.h>
#include <sys/stat.h>

static bool is_folder(const char *path)
{
    struct stat about;
    return stat(path, &about) == 0 && S_ISDIR(about.st_mode);
}

// What a run keeps: its best model.
static const char *weights_of_run(nd_arena *arena, const char *folder)
{
    struct stat about;
    const char *path = nd_text(arena, "%s/model.safetensors", folder);
    if (!path || stat(path, &about) == 0) return path;
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

nd_status nd_model_load(nd_arena *arena, const nd_model_ask *ask, nd_model_file *model)
{
    const nd_weights *weights = open_weights(arena, ask->path, model);
    if (!weights) return ND_E_DATA;
    nd_net_make make = {.threads = ask->threads};
    if (ask->height > 0 && ask->width > 0)
        make.input = ND_SHAPE(1, model->card->bands, ask->height, ask->width);
    nd_model_set dense = {0};
    if (ask->dense) {
        nd_card as = *model->card; // one answer for each whole picture
        as.patch = ask->height > 0 ? ask->height : as.patch;
        if (ask->height != ask->width)
            return nd_fail(ND_E_PARAM,
                           "dense: pictures of %d x %d pixels\n"
                           "take square ones",
                           ask->width, ask->height);
        ND_TRY(nd_card_dense(arena, &as, -1, &dense));
        model->margin = dense.margin;
        make.input = ND_SHAPE(1, as.bands, as.patch + 2 * dense.margin,
                              as.patch + 2 * dense.margin);
    }
    model->net = nd_card_net_as(arena, model->path, weights, model->card, &make,
                                ask->dense ? &dense : NULL);
    if (!model->net) return ND_E_DATA;
    model->parameters = nd_net_parameters(model->net);
    model->words = nd_text(arena, nd_gettext("%s, %.2f M parameters"), model->card->model,
                           (double)model->parameters / 1e6);
    return model->words ? ND_OK : ND_E_MEMORY;
}
