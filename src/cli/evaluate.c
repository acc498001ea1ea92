// SPDX-License-Identifier: Apache-2.0
// A model on data, both as people name them: a run, a folder, a zip, a table, a recipe.
#include "cli/learn.h"
#include "cli/progress.h"
#include "cli/runs.h"
#include "cli/session.h"
#include <string.h>
#include <sys/stat.h>

static bool is_there(const char *path)
{
    struct stat about;
    return stat(path, &about) == 0;
}

// Whose sides count.
static const char *run_of(const cli_evaluation *ask)
{
    return ask->of_run ? ask->of_run : ask->model;
}

static nd_status side_of(const char *text, nd_side *side)
{
    const char *name[ND_SIDES];
    for (int s = 0; s < ND_SIDES; s++) {
        name[s] = nd_side_name((nd_side)s);
        if (nd_text_same(text, name[s])) return *side = (nd_side)s, ND_OK;
    }
    const char *nearest = nd_text_nearest(text, name, ND_SIDES);
    if (nearest)
        return nd_fail(ND_E_PARAM, "data have no side %s\ndid you mean %s?", text,
                       nearest);
    return nd_fail(ND_E_PARAM, "data have no side %s\nthere are train, valid and test",
                   text);
}

static const char *train_text(nd_arena *arena, const nd_card *card, const char *key)
{
    const char *text = card->train;
    const nd_json *root = text ? nd_json_parse(arena, text, strlen(text)) : NULL;
    const nd_json *one =
        root && root->kind == ND_JSON_OBJECT ? nd_json_member(root, key) : NULL;
    if (text && !root) (void)nd_error_take();
    if (!one) return NULL;
    if (one->kind == ND_JSON_NUMBER) return nd_text_of_real(arena, one->number);
    return one->kind == ND_JSON_TEXT ? one->text : NULL;
}

// The model's own split, so that its test side is what it never saw.
static void split_of_card(nd_arena *arena, const nd_card *card, nd_data_split *split)
{
    double number;
    const char *test = train_text(arena, card, "split_test");
    const char *valid = train_text(arena, card, "split_valid");
    const char *seed = train_text(arena, card, "split_seed");
    if (test && nd_text_real(test, &number)) split->test = number;
    if (valid && nd_text_real(valid, &number)) split->valid = number;
    if (seed && nd_text_real(seed, &number)) split->seed = (int64_t)number;
}

// EuroSAT's pictures are reflectance in eight bits; a model of reflectance is given that.
static bool wants_eurosat(const nd_card *card)
{
    if (card->bands != 3) return false;
    for (int b = 0; b < 3; b++)
        if (!card->band[b].unit || !nd_text_same(card->band[b].unit, "DN")) return false;
    return true;
}

static nd_status plain_data(cli_call *call, const cli_evaluation *ask,
                            const nd_model_file *model, nd_data **data)
{
    ND_TRY(nd_data_new(call->arena, data));
    const char *path = nd_text(call->arena, "%s", ask->data);
    const char *split = nd_text(call->arena, "%s/split.tsv", run_of(ask));
    if (!path || !split) return ND_E_MEMORY;
    if (nd_text_ends(path, ".csv") || nd_text_ends(path, ".gpkg"))
        (*data)->table.text = path;
    else
        (*data)->pictures.text = path;
    if (ask->side && is_there(split))
        (*data)->split.keep.text = split;
    else if (ask->side)
        split_of_card(call->arena, model->card, &(*data)->split);
    if (!wants_eurosat(model->card)) return ND_OK;
    (*data)->picture_units.at = ND_PICTURES_EUROSAT_RGB;
    return ND_OK;
}

// Examples, and the nodes that they are cut from.
typedef struct examples {
    nd_data *data;
    nd_node *const *node;
    int nodes;
} examples;

static bool is_recipe(const char *path)
{
    return nd_text_ends(path, ".yaml") || nd_text_ends(path, ".yml");
}

// A recipe's own data; NULL: what the run learnt from, with the sides that it had.
static nd_status recipe_data(cli_call *call, const cli_evaluation *ask, examples *to)
{
    nd_recipe *recipe = ask->data ? cli_recipe_read(call, ask->data)
                                  : nd_run_recipe(call->arena, run_of(ask));
    const char *split = nd_text(call->arena, "%s/split.tsv", run_of(ask));
    if (!recipe) return ND_E_PARAM;
    if (!split) return ND_E_MEMORY;
    to->data = recipe->data;
    if (ask->side && is_there(split)) to->data->split.keep.text = split;
    return cli_recipe_nodes(call, recipe, &to->node, &to->nodes);
}

static nd_status data_of(cli_call *call, const cli_evaluation *ask,
                         const nd_model_file *model, examples *to)
{
    const char *log = nd_text(call->arena, "%s/metrics.jsonl", run_of(ask));
    if (!log) return ND_E_MEMORY;
    if (ask->data ? is_recipe(ask->data) : is_there(log))
        return recipe_data(call, ask, to);
    if (ask->data) return plain_data(call, ask, model, &to->data);
    return nd_fail(ND_E_PARAM,
                   "there is nothing to evaluate %s on\n"
                   "give --data a folder, a zip, a CSV or a recipe",
                   ask->model);
}

// ---- Progress: a bar for a person, nothing where JSON comes out.
typedef struct watching {
    cli_progress *progress;
    const nd_dataset *data;
    const char *name;
    bool is_shown;
} watching;

static void step(void *user, int64_t done, int64_t count)
{
    watching *w = user;
    int bands, height, width;
    if (!w->is_shown) {
        nd_dataset_shape(w->data, &bands, &height, &width);
        cli_progress_start(w->progress, w->name, count * height * width);
        w->is_shown = true;
    }
    cli_progress_step(w->progress, done, count);
}

static nd_status go(cli_call *call, const cli_evaluation *ask, const nd_model_file *model,
                    const nd_dataset *data, nd_side side, nd_evaluation *to)
{
    watching watch = {.data = data, .name = ask->model};
    watch.progress = cli_progress_new(call->arena, call->general);
    nd_flag *flag = nd_flag_new(call->arena);
    if (!watch.progress || !flag) return ND_E_MEMORY;
    const bool is_quiet = call->general->json || call->general->quiet;
    const nd_evaluate_ask how = {.data = data,
                                 .side = (int)side,
                                 .views = ask->views,
                                 .pictures = ask->pictures,
                                 .workers = ask->threads,
                                 .cancel = flag,
                                 .progress = is_quiet ? NULL : step,
                                 .user = &watch};
    cli_signals_to(flag);
    const nd_status status = nd_evaluate(call->arena, model, &how, to);
    if (watch.is_shown) (void)cli_progress_end(watch.progress);
    cli_signals_to(NULL);
    return status;
}

// What a reader of the figures must know.
static const char *notes_of(nd_arena *arena, const cli_evaluation *ask,
                            const nd_data *data, const nd_dataset *set)
{
    nd_buffer text = {.arena = arena};
    int64_t bad = 0;
    (void)nd_dataset_bad(set, &bad);
    if (data->picture_units.at == ND_PICTURES_EUROSAT_RGB)
        nd_buffer_add(&text, "%s\n",
                      nd_gettext("the pictures are taken for EuroSAT's: reflectance in "
                                 "eight bits"));
    if (ask->dense)
        nd_buffer_add(&text, "%s\n",
                      nd_gettext("dense: as Predict asks it, what lies past a picture is "
                                 "the picture mirrored"));
    if (bad) {
        nd_buffer_add(&text, nd_gettext("%lld pictures cannot be read and are left out"),
                      (long long)bad);
        nd_buffer_add(&text, "\n");
    }
    if (ask->side && nd_dataset_proof(set))
        nd_buffer_add(&text, "%s\n", nd_dataset_proof(set));
    if (!ask->side)
        nd_buffer_add(&text, "%s\n",
                      nd_gettext("all of the data was used: what the model learnt from "
                                 "must not be among it"));
    if (text.length) text.text[--text.length] = 0;
    return nd_buffer_text(&text);
}

nd_status cli_evaluate(cli_call *call, const cli_evaluation *ask,
                       nd_evaluation *evaluation)
{
    nd_model_file model;
    if (call->general->json) nd_listen(NULL, NULL); // one document, no lines beside it
    examples from = {0};
    nd_side side = ND_TEST;
    int bands, height, width;
    ND_TRY(nd_model_card(call->arena, ask->model, &model));
    if (ask->side) ND_TRY(side_of(ask->side, &side));
    ND_TRY(data_of(call, ask, &model, &from));
    from.data->is_whole = !ask->side;
    from.data->card = model.card;
    const nd_dataset *set =
        nd_dataset_open(call->arena, from.data, from.node, from.nodes);
    if (!set) return ND_E_DATA;
    nd_dataset_shape(set, &bands, &height, &width);
    const nd_model_ask load = {ask->model, ask->threads, height, width, ask->dense};
    ND_TRY(nd_model_load(call->arena, &load, &model));
    ND_TRY(go(call, ask, &model, set, side, evaluation));
    evaluation->data = ask->data ? ask->data : nd_gettext("the run's own data");
    evaluation->side = ask->side;
    evaluation->note = notes_of(call->arena, ask, from.data, set);
    return evaluation->note ? ND_OK : ND_E_MEMORY;
}

nd_status cli_runs_compare(cli_call *call, const nd_run_told run[2], const char *data,
                           const char *side, nd_comparison *comparison)
{
    nd_evaluation *both = nd_alloc(call->arena, 2, sizeof *both);
    if (!both) return ND_E_MEMORY;
    for (int i = 0; i < 2; i++) {
        // Without data of their own both answer what the first was validated on.
        const cli_evaluation ask = {.model = run[i].path,
                                    .of_run = run[0].path,
                                    .data = data,
                                    .side = data ? side : "valid"};
        ND_TRY(cli_evaluate(call, &ask, &both[i]));
    }
    return nd_evaluation_compare(call->arena, &both[0], &both[1], comparison);
}
