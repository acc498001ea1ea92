// SPDX-License-Identifier: Apache-2.0
#include "../files.h"
#include <nadir/evaluate.h>
#include <nadir/model.h>
#include <nadir/predictor.h>
#include <string.h>

static const nd_card_band band[2] = {{.name = "VV", .unit = "dB"},
                                     {.name = "VH", .unit = "dB"}};
static const nd_card_class class[3] = {
    {0, "dry", 0xc8b478ff}, {1, "wet", 0x2060c0ff}, {2, "ice", 0xffffffff}};

static nd_card card_of(const char *model, const char *settings)
{
    return (nd_card){.task = "scene-classification",
                     .name = "test",
                     .model = model,
                     .model_settings = settings,
                     .band = band,
                     .bands = 2,
                     .classes = class,
                     .class_count = 3,
                     .patch = 16,
                     .activation = "softmax",
                     .temperature = 1.5};
}

static const char *saved(nd_arena *arena, nd_net *net, const nd_card *card)
{
    nd_buffer text = {.arena = arena};
    nd_json_out out = {.to = &text};
    nd_weight *weight;
    int count;
    const char *path = file_path(arena, "model.safetensors");
    if (!path || nd_weights_of(arena, net, ND_STORED_F32, &weight, &count) != ND_OK ||
        (card && nd_card_print(card, &out) != ND_OK) ||
        nd_weights_save(path, weight, count, card ? nd_buffer_text(&text) : NULL) !=
            ND_OK)
        return NULL;
    return path;
}

static nd_net *net_of(nd_arena *arena, int width)
{
    const nd_model *model = nd_model_find("wrn16-2");
    const nd_model_set set = {.bands = 2, .classes = 3, .width = width};
    return model ? nd_model_new(arena, model, &set,
                                &(nd_net_make){.input = ND_SHAPE(1, 2, 16, 16),
                                               .seed = 11,
                                               .threads = 1})
                 : NULL;
}

TEST(a_saved_model_gives_the_same_answers)
{
    nd_net *net = net_of(arena, 8);
    const nd_card card = card_of("wrn16-2", "{\"width\":8}");
    const char *path = net ? saved(arena, net, &card) : NULL;
    nd_model_file model;
    CHECK(path && nd_model_load(arena, &(nd_model_ask){path, 1, 0, 0}, &model) == ND_OK);
    float x[512], a[3] = {0}, b[3] = {1, 1, 1};
    for (int i = 0; i < 512; i++) x[i] = (float)(i * 37 % 101) / 50 - 1;
    const nd_array in = {ND_FLOAT32, ND_SHAPE(1, 2, 16, 16), x};
    const nd_array out_a = {ND_FLOAT32, ND_SHAPE(1, 3), a};
    const nd_array out_b = {ND_FLOAT32, ND_SHAPE(1, 3), b};
    CHECK(path && nd_infer(net, &in, (nd_array *)(uintptr_t)&out_a) == ND_OK);
    CHECK(path && nd_infer(model.net, &in, (nd_array *)(uintptr_t)&out_b) == ND_OK);
    for (int k = 0; k < 3; k++) CHECK(a[k] == b[k]);
    CHECK(path && model.card->temperature == 1.5 && strstr(model.words, "wrn16-2"));
}

TEST(weights_without_a_card_are_refused)
{
    nd_net *net = net_of(arena, 8);
    const char *path = net ? saved(arena, net, NULL) : NULL;
    nd_model_file model;
    CHECK(path && nd_model_card(arena, path, &model) != ND_OK);
    CHECK(error_says("has no model card: nobody knows what goes in\n"));
}

TEST(a_card_of_another_net_is_refused)
{
    nd_net *net = net_of(arena, 8);
    const nd_card card = card_of("wrn16-2", "{\"width\":16}");
    const char *path = net ? saved(arena, net, &card) : NULL;
    nd_model_file model;
    CHECK(path && nd_model_load(arena, &(nd_model_ask){path, 1, 0, 0}, &model) != ND_OK);
    CHECK(error_says("of another shape than wrn16-2 wants\n"));
}

TEST(a_run_without_a_model_is_refused)
{
    const char *file = file_of(arena, "metrics.jsonl", "");
    const char *folder =
        file ? nd_text(arena, "%.*s", (int)strlen(file) - 14, file) : NULL;
    nd_model_file model;
    CHECK(folder && nd_model_card(arena, folder, &model) != ND_OK);
    CHECK(
        error_says("holds no model.safetensors\ngive a model, or a run that has ended"));
}

// Half a stem: the trunk answers every 8 pixels. 60 is no multiple of 8 whatever the
// stride; an eighth of a patch of 8 is one pixel, and the least step 8.
TEST(a_dense_model_asks_for_patches_that_its_trunk_divides)
{
    nd_model_set set;
    nd_card card = card_of("wrn16-2", "{\"stem\":\"half\"}");
    card.patch = 60;
    CHECK(nd_card_dense(arena, &card, 8, &set) == ND_E_PARAM);
    CHECK(error_says("the patches of test are 60 pixels, and its trunk answers every 8"));
    card.patch = 8;
    CHECK(nd_card_dense(arena, &card, -1, &set) == ND_OK && set.step == 8);
    card.patch = 4;
    CHECK(nd_card_dense(arena, &card, -1, &set) == ND_E_PARAM);
    card.patch = 64;
    CHECK(nd_card_dense(arena, &card, 12, &set) == ND_E_PARAM);
    CHECK(error_says("every 8 pixels, not every 12"));
}
