// SPDX-License-Identifier: Apache-2.0
// The model of a run: the better weights, with a card that says what they expect.
#include "learn/loop.h"
#include <math.h>
#include <nadir/file.h>
#include <string.h>

static const char *train_json(const nd_train *t, nd_arena *arena)
{
    const nd_data_split *split = &t->recipe->data->split;
    nd_buffer text = {.arena = arena};
    nd_json_out out = {.to = &text};
    char hash[33];
    nd_json_open(&out, NULL, '{');
    nd_json_text(&out, "split", nd_dataset_proof(t->data));
    nd_json_real(&out, "split_valid", split->valid);
    nd_json_real(&out, "split_test", split->test);
    nd_json_whole(&out, "split_seed", split->seed);
    nd_json_whole(&out, "seed", t->recipe->train.seed);
    nd_json_whole(&out, "epochs", t->state.epochs);
    nd_json_whole(&out, "best_epoch", t->state.best_epoch);
    nd_json_bool(&out, "averaged_weights", t->state.best_is_ema);
    nd_json_real(&out, "rate", t->state.rate);
    nd_json_whole(&out, "training_pictures", nd_dataset_count(t->data, ND_TRAIN));
    nd_hash_print(nd_dataset_train_hash(t->data), hash);
    nd_json_text(&out, "training_hash", hash);
    nd_json_text(&out, "pretrained", t->recipe->model.pretrained.text);
    nd_json_real(&out, "cpu_minutes", floor(learn_cpu_seconds(t) / 6) / 10);
    nd_json_text(&out, "version", NADIR_VERSION);
    nd_json_text(&out, "command", t->ask.command);
    nd_json_close(&out, '}');
    return nd_buffer_text(&text);
}

static const char *metrics_json(const nd_train *t, nd_arena *arena,
                                const learn_check *check, const nd_calibration *after)
{
    const nd_train_score *s = &check->score;
    nd_buffer text = {.arena = arena};
    nd_json_out out = {.to = &text};
    nd_json_open(&out, NULL, '{');
    nd_json_open(&out, "valid", '{');
    nd_json_real(&out, "n", s->n);
    if (t->value) {
        const nd_value_scores v = nd_values_scores(&check->values);
        nd_json_real(&out, "pixels", v.n);
        nd_json_real(&out, "rmse", v.rmse);
        nd_json_real(&out, "mae", v.mae);
        nd_json_real(&out, "bias", v.bias);
        nd_json_real(&out, "r2", v.r2);
    } else {
        nd_json_real(&out, "accuracy", s->accuracy);
        nd_json_real(&out, "miou", s->miou);
    }
    nd_json_open(&out, "ci95", '[');
    nd_json_real(&out, NULL, s->low);
    nd_json_real(&out, NULL, s->high);
    nd_json_close(&out, ']');
    nd_json_real(&out, "loss", s->loss);
    if (after) nd_json_real(&out, "ece", after->ece);
    nd_json_text(&out, "of",
                 t->is_mask ? "chips that chose the best epoch"
                            : "pictures that chose the best epoch");
    nd_json_close(&out, '}');
    nd_json_close(&out, '}');
    return nd_buffer_text(&text);
}

static const char *settings_json(const nd_train *t, nd_arena *arena)
{
    nd_buffer text = {.arena = arena};
    nd_json_out out = {.to = &text};
    nd_json_open(&out, NULL, '{');
    for (size_t i = 0; i < nd_model_table.count; i++) {
        const nd_param *row = &nd_model_table.row[i];
        const char *value = nd_param_print(arena, row, &t->recipe->model.set);
        const bool is_number = row->type == ND_INT || row->type == ND_REAL;
        if (is_number)
            nd_json_raw(&out, row->name, value);
        else
            nd_json_text(&out, row->name, value);
    }
    nd_json_close(&out, '}');
    return nd_buffer_text(&text);
}

static nd_status make_card(const nd_train *t, nd_arena *arena, const learn_check *check,
                           const nd_calibration *after, double temperature, nd_card *card)
{
    nd_model_set set = t->recipe->model.set;
    set.bands = t->bands, set.classes = t->classes;
    *card = (nd_card){
        .task = t->value     ? "regression"
                : t->is_mask ? "semantic-segmentation"
                             : "scene-classification",
        .name = t->recipe->name,
        .version = NADIR_VERSION,
        .model = t->model->name,
        .model_settings = settings_json(t, arena),
        .pixel_m = nd_dataset_pixel(t->data),
        .patch = t->height,
        .multiple = t->model->multiple(&set),
        .radius = t->model->radius(&set),
        .activation = t->value ? "none" : "softmax",
        .value = t->value,
        .temperature = temperature,
        .train = train_json(t, arena),
        .metrics = metrics_json(t, arena, check, after),
    };
    // EuroSAT's pictures are 64 x 64 pixels of 10 m of Sentinel-2's level 1C (Helber
    // 2019).
    static const char *const sentinel2[] = {"Sentinel-2"};
    if (t->recipe->data->picture_units.at == ND_PICTURES_EUROSAT_RGB) {
        card->level = "L1C", card->sensor = sentinel2, card->sensors = 1;
        if (card->pixel_m <= 0) card->pixel_m = 10;
    }
    card->band = nd_dataset_bands(t->data, &card->bands);
    card->classes = nd_dataset_classes(t->data, &card->class_count);
    return card->train && card->metrics && card->model_settings ? ND_OK : ND_E_MEMORY;
}

static nd_status save(nd_train *t, nd_arena *arena, const nd_card *card)
{
    nd_buffer text = {.arena = arena};
    nd_json_out out = {.to = &text};
    nd_weight *weight;
    int count;
    const char *next = learn_run_file(&t->run, arena, "state/model.safetensors");
    const char *path = learn_run_file(&t->run, arena, "model.safetensors");
    if (!next || !path) return ND_E_MEMORY;
    ND_TRY(nd_card_print(card, &out));
    const char *json = nd_buffer_text(&text);
    if (!json) return ND_E_MEMORY;
    ND_TRY(nd_weights_of(arena, t->net, ND_STORED_F32, &weight, &count));
    ND_TRY(nd_weights_save(next, weight, count, json));
    return nd_file_move(next, path);
}

nd_status learn_model_save(nd_train *train, const learn_check *check, double temperature)
{
    nd_arena *arena = nd_arena_new();
    if (!arena) return ND_E_MEMORY;
    nd_card card;
    nd_status status = make_card(train, arena, check, NULL, temperature, &card);
    if (status == ND_OK) status = save(train, arena, &card);
    nd_arena_free(arena);
    return status;
}

// ---- The card for people, and for catalogues.
static const char *percent(char text[64], const nd_train_score *s)
{
    snprintf(text, 64, "%.2f %% (95 %%: %.2f to %.2f)", 100 * s->accuracy, 100 * s->low,
             100 * s->high);
    return text;
}

static void print_bands(const nd_card *card, nd_buffer *out)
{
    static const char *const how[] = {"clip",    "divide by", "subtract",
                                      "min-max", "z-score",   "decibels of at least"};
    nd_buffer_add(out, "\n## What goes in\n\n");
    for (int b = 0; b < card->bands; b++) {
        const nd_card_band *band = &card->band[b];
        nd_buffer_add(out, "* %s", band->name);
        if (band->unit) nd_buffer_add(out, " in %s", band->unit);
        for (int k = 0; k < band->steps; k++)
            nd_buffer_add(out, "%s %s %.6g, %.6g", k ? "," : ":", how[band->step[k].how],
                          band->step[k].a, band->step[k].b);
        nd_buffer_add(out, "\n");
    }
    nd_buffer_add(out, "\nPictures of %d x %d pixels", card->patch, card->patch);
    if (card->pixel_m > 0) nd_buffer_add(out, " of %.6g m", card->pixel_m);
    nd_buffer_add(out, ". No data: any band without a value.\n");
}

static void print_values(const nd_train *t, const learn_check *check, nd_buffer *out)
{
    const nd_value_scores v = nd_values_scores(&check->values);
    const nd_train_score *s = &check->score;
    const char *unit = t->value->unit ? t->value->unit : "";
    nd_buffer_add(
        out,
        "\n## How good\n\nRoot mean squared error %.4g %s (95 %%: %.4g to %.4g) "
        "over %.0f pixels of %.0f validation chips. They chose the best epoch, "
        "so the figure flatters a little; nadir evaluate measures on "
        "others.\n\nMean absolute error %.4g, bias %.4g, R² %.3f, r %.3f.\n",
        v.rmse, unit, s->low, s->high, v.n, s->n, v.mae, v.bias, v.r2, v.r);
}

static void print_result(const nd_train *t, const learn_check *check, nd_buffer *out)
{
    const nd_train_score *s = &check->score;
    char text[64];
    if (!(s->n > 0)) {
        nd_buffer_add(out, "\n## How good\n\nNot measured: nothing was kept to "
                           "validate with. These are the last weights.\n");
        return;
    }
    if (t->value) {
        print_values(t, check, out);
        return;
    }
    nd_buffer_add(out,
                  "\n## How good\n\n%s right of %.0f validation %s. They chose "
                  "the best epoch, so the figure flatters a little; nadir evaluate "
                  "measures on others.\n\n",
                  percent(text, s), s->n, t->is_mask ? "chips" : "pictures");
    nd_buffer_add(out, "| class | reference | recall | precision | IoU |\n"
                       "|---|---|---|---|---|\n");
    for (int k = 0; k < t->classes; k++) {
        const nd_class_score c = nd_confusion_class(check->confusion, k);
        int count;
        nd_buffer_add(out, "| %s | %.0f | %.3f | %.3f | %.3f |\n",
                      nd_dataset_classes(t->data, &count)[k].name, c.reference, c.recall,
                      c.precision, c.iou);
    }
}

static nd_status put_card(const nd_train *t, nd_arena *arena, const nd_card *card,
                          const learn_check *check)
{
    nd_buffer out = {.arena = arena};
    const nd_recipe *r = t->recipe;
    nd_buffer_add(&out, "# %s\n\n%s by %s, %lld parameters, made by nadir %s", card->name,
                  t->value     ? "A value for each pixel"
                  : t->is_mask ? "A class for each pixel"
                               : "A class for each picture",
                  card->model, (long long)nd_net_parameters(t->net), NADIR_VERSION);
    if (t->ask.command) nd_buffer_add(&out, ":\n\n    %s", t->ask.command);
    if (t->value)
        nd_buffer_add(&out, "\n\nIt gives %s%s%s.", t->value->name,
                      t->value->unit ? " in " : "", t->value->unit ? t->value->unit : "");
    else
        nd_buffer_add(&out, "\n\nTemperature %.4g.", card->temperature);
    print_bands(card, &out);
    print_result(t, check, &out);
    nd_buffer_add(&out,
                  "\n## How made\n\n%s\n\nSeed %lld, %d epochs of which number %d was "
                  "best%s, highest rate %.4g, %.1f CPU minutes.\n",
                  nd_dataset_proof(t->data), (long long)r->train.seed, t->state.epochs,
                  t->state.best_epoch + 1,
                  t->state.best_is_ema ? " (averaged weights)" : "", t->state.rate,
                  learn_cpu_seconds(t) / 60);
    return learn_file_text(learn_run_file(&t->run, arena, "card.md"), &out);
}

static void stac_input(const nd_train *t, const nd_card *card, nd_json_out *out)
{
    nd_json_open(out, "mlm:input", '[');
    nd_json_open(out, NULL, '{');
    nd_json_text(out, "name", "picture");
    nd_json_open(out, "bands", '[');
    for (int b = 0; b < card->bands; b++) nd_json_text(out, NULL, card->band[b].name);
    nd_json_close(out, ']');
    nd_json_open(out, "input", '{');
    const char *shape = nd_text(out->to->arena, "[-1,%d,%d,%d]", t->bands,
                                t->is_mask ? -1 : t->height, t->is_mask ? -1 : t->width);
    nd_json_raw(out, "shape", shape);
    nd_json_raw(out, "dim_order", "[\"batch\",\"channel\",\"height\",\"width\"]");
    nd_json_text(out, "data_type", "float32");
    nd_json_close(out, '}');
    nd_json_null(out, "resize_type");
    nd_json_close(out, '}');
    nd_json_close(out, ']');
}

static void stac_output(const nd_train *t, const nd_card *card, nd_json_out *out)
{
    nd_json_open(out, "mlm:output", '[');
    nd_json_open(out, NULL, '{');
    nd_json_text(out, "name", t->value ? t->value->name : "classes");
    nd_json_open(out, "tasks", '[');
    nd_json_text(out, NULL, card->task);
    nd_json_close(out, ']');
    nd_json_open(out, "classification:classes", '[');
    for (int k = 0; k < card->class_count; k++) {
        nd_json_open(out, NULL, '{');
        nd_json_whole(out, "value", card->classes[k].value);
        nd_json_text(out, "name", card->classes[k].name);
        nd_json_close(out, '}');
    }
    nd_json_close(out, ']');
    nd_json_close(out, '}');
    nd_json_close(out, ']');
}

// An item of the STAC extension MLM 1.3; it has no place of its own on Earth.
static nd_status put_stac(const nd_train *t, nd_arena *arena, const nd_card *card)
{
    nd_buffer text = {.arena = arena};
    nd_json_out out = {.to = &text};
    nd_json_open(&out, NULL, '{');
    nd_json_text(&out, "type", "Feature");
    nd_json_text(&out, "stac_version", "1.0.0");
    nd_json_raw(&out, "stac_extensions",
                "[\"https://stac-extensions.github.io/mlm/v1.3.0/schema.json\"]");
    nd_json_text(&out, "id", card->name);
    nd_json_null(&out, "geometry");
    nd_json_open(&out, "properties", '{');
    nd_json_null(&out, "datetime");
    nd_json_text(&out, "mlm:name", card->name);
    nd_json_text(&out, "mlm:architecture", card->model);
    nd_json_open(&out, "mlm:tasks", '[');
    nd_json_text(&out, NULL, card->task);
    nd_json_close(&out, ']');
    nd_json_text(&out, "mlm:framework", "nadir");
    nd_json_text(&out, "mlm:framework_version", NADIR_VERSION);
    nd_json_whole(&out, "mlm:total_parameters", nd_net_parameters(t->net));
    nd_json_bool(&out, "mlm:pretrained", t->recipe->model.pretrained.text != NULL);
    nd_json_text(&out, "mlm:pretrained_source", t->recipe->model.pretrained.text);
    nd_json_whole(&out, "mlm:batch_size_suggestion", t->recipe->train.batch);
    nd_json_text(&out, "mlm:accelerator", "amd64");
    stac_input(t, card, &out);
    stac_output(t, card, &out);
    nd_json_close(&out, '}');
    nd_json_raw(&out, "links", "[]");
    nd_json_raw(&out, "assets",
                "{\"model\":{\"href\":\"./model.safetensors\",\"roles\":[\"mlm:model\","
                "\"mlm:weights\"]}}");
    nd_json_close(&out, '}');
    nd_buffer_put(&text, "\n", 1);
    return learn_file_text(learn_run_file(&t->run, arena, "stac.json"), &text);
}

// ---- The end: the best weights once more, to measure how sure they may be.
static nd_status load_best(nd_train *t, nd_arena *arena)
{
    const char *path = learn_run_file(&t->run, arena, "model.safetensors");
    const nd_weights *best = path ? nd_weights_open(arena, path) : NULL;
    nd_match match;
    if (!best) return ND_E_DATA;
    ND_TRY(nd_weights_load(arena, best, t->net, NULL, &match));
    if (match.missings || match.reshapeds)
        return nd_fail(ND_E_DATA, "%s is not of this run any more\nstart it anew", path);
    return ND_OK;
}

static nd_status finish(nd_train *t, nd_arena *arena)
{
    learn_check check;
    nd_calibration before, after, *known = NULL;
    nd_card card;
    double temperature = 1;
    ND_TRY(load_best(t, arena));
    ND_TRY(learn_check_run(t, arena, ND_VALID, true, &check));
    if (check.logit && check.count > 1) {
        const nd_answers answers = {check.count, t->classes, check.logit, check.label};
        temperature = nd_temperature(&answers);
        const double fitted = temperature;
        const bool is_sure = nd_temperature_helps(&answers, fitted);
        if (!is_sure) temperature = 1;
        ND_TRY(nd_calibrate(arena, &answers, 1, &before));
        ND_TRY(nd_calibrate(arena, &answers, temperature, &after));
        known = &after;
        if (is_sure)
            learn_fact(t, "calibration",
                       "temperature %.3g: expected calibration error %.3f, was %.3f",
                       temperature, after.ece, before.ece);
        else
            learn_fact(t, "calibration",
                       "temperature 1: %lld validation pictures do not tell it from %.3g",
                       (long long)check.count, fitted);
    }
    ND_TRY(make_card(t, arena, &check, known, temperature, &card));
    ND_TRY(save(t, arena, &card));
    ND_TRY(put_card(t, arena, &card, &check));
    return put_stac(t, arena, &card);
}

// The net itself goes on from where training left it: the state holds that.
nd_status learn_finish(nd_train *train)
{
    nd_arena *arena = nd_arena_new();
    if (!arena) return ND_E_MEMORY;
    learn_copy *copy = learn_copy_take(arena, train);
    nd_status status = copy ? finish(train, arena) : ND_E_MEMORY;
    const nd_error error = nd_error_take();
    if (copy && learn_copy_put(copy, train) != ND_OK && status == ND_OK)
        status = ND_E_MEMORY;
    nd_arena_free(arena);
    return status == ND_OK || !error.code ? status : nd_error_give(&error);
}
