// SPDX-License-Identifier: Apache-2.0
#include "../harness.h"
#include <nadir/train.h>

static nd_recipe *read_with(nd_arena *arena, const char *text, const nd_given *given,
                            size_t givens)
{
    const nd_recipe_ask ask = {
        .path = "r.yaml", .text = text, .given = given, .givens = givens};
    return nd_recipe_read(arena, &ask);
}

static nd_recipe *read(nd_arena *arena, const char *text)
{
    return read_with(arena, text, NULL, 0);
}

TEST(keys_reach_the_settings_they_name)
{
    const nd_recipe *r =
        read(arena, "data: { pictures: eurosat.zip, labels: by-folder, bands: [B04, B03, "
                    "B02], split: { test: 0.2, valid: 0.1, by: file, seed: 7 } }\n"
                    "model: { name: wrn16-2, pretrained: none }\n"
                    "train: { epochs: auto, batch: 32, rate: 2e-3, augment: { dihedral: "
                    "false, speckle: 8 }, loss: { ce: 1, dice: 0.5 } }\n");
    CHECK(r);
    if (!r) return;
    CHECK(strcmp(r->data->pictures.text, "eurosat.zip") == 0);
    CHECK(r->data->bands.count == 3 && strcmp(r->data->bands.item[2], "B02") == 0);
    CHECK(r->data->split.test == 0.2 && r->data->split.seed == 7);
    CHECK(strcmp(r->model.name, "wrn16-2") == 0 && !r->model.pretrained.text);
    CHECK(r->train.epochs == 0 && r->train.batch == 32 && r->train.rate == 2e-3);
    CHECK(!r->data->augment.dihedral && r->data->augment.speckle.count == 1);
    CHECK(r->loss.ce == 1 && r->loss.dice == 0.5);
    CHECK(strcmp(r->name, "r") == 0);
}

TEST(a_model_in_one_word_is_its_name)
{
    const nd_recipe *r = read(arena, "model: unet\n");
    CHECK(r && strcmp(r->model.name, "unet") == 0);
}

TEST(classes_may_be_words_or_groups_of_keys)
{
    const nd_recipe *r =
        read(arena, "data:\n  classes: [dry, { name: water, values: [1, 2], color: "
                    "\"#2060c0\" }]\n");
    CHECK(r && r->data->classes.count == 2);
    const nd_data_class *class = r ? r->data->classes.item : NULL;
    CHECK(class && strcmp(class[0].name, "dry") == 0);
    CHECK(class && strcmp(class[1].name, "water") == 0 && class[1].values.count == 2);
}

TEST(a_misspelt_key_is_answered_with_place_and_nearest)
{
    CHECK(!read(arena, "train:\n  epochs: 3\n  bacth: 8\n"));
    CHECK(error_says("r.yaml:3:3: train has no key bacth\ndid you mean batch?"));
    CHECK(!read(arena, "data:\n  splt: file\n"));
    CHECK(error_says("r.yaml:2:3: data has no key splt\ndid you mean split?"));
    CHECK(!read(arena, "trian: {}\n"));
    CHECK(error_says("r.yaml:1:1: a recipe has no part trian\ndid you mean train?"));
}

TEST(a_wrong_value_is_told_where_it_stands)
{
    CHECK(!read(arena, "train: { batch: many }\n"));
    CHECK(error_says("r.yaml:1:17: batch: many is not a whole number"));
    CHECK(!read(arena, "train:\n  schedule: onecycle\n"));
    CHECK(error_says("r.yaml:2:13: schedule: there is no choice onecycle\n"
                     "did you mean one-cycle?"));
    CHECK(!read(arena, "train: { ema: 2 }\n"));
    CHECK(error_says("r.yaml:1:15: ema: 2 is not between 0 and 0.999999"));
}

static void count_mistake(void *count, const nd_error *error)
{
    (void)error;
    ++*(int *)count;
}

TEST(all_mistakes_are_told_not_only_the_first)
{
    int count = 0;
    const nd_recipe_ask ask = {.path = "r.yaml",
                               .text = "data: { a: 1 }\ntrain: { b: 2, epochs: x }\n",
                               .errors = count_mistake,
                               .user = &count};
    CHECK(!nd_recipe_read(arena, &ask));
    CHECK(count == 3);
    CHECK(error_says("r.yaml:1:9: data has no key a"));
}

TEST(variables_are_put_in_and_missed)
{
    const nd_given given[] = {{"zip", "a b.zip"}, {"train.epochs", "3"}};
    const nd_recipe *r = read_with(
        arena, "data: { pictures: \"${zip}\" }\ntrain: { epochs: 9 }\n", given, 2);
    CHECK(r && strcmp(r->data->pictures.text, "a b.zip") == 0 && r->train.epochs == 3);
    CHECK(!read(arena, "data: { pictures: \"${zip}\" }\n"));
    CHECK(error_says("r.yaml:1:19: variable zip has no value\ngive it one: -P zip="));
    const nd_given wrong[] = {{"train.epoch", "3"}};
    CHECK(!read_with(arena, "data: {}\n", wrong, 1));
    CHECK(error_says("train has no key epoch\ndid you mean epochs?"));
}

TEST(auto_on_the_command_line_takes_back_what_the_recipe_says)
{
    const nd_given given[] = {{"train.rate", "auto"}, {"model.pretrained", "none"}};
    const nd_recipe *r = read_with(arena,
                                   "train: { rate: 0.1, epochs: 3 }\n"
                                   "model: { pretrained: w.pth, head: keep }\n",
                                   given, 1);
    CHECK(r && r->train.rate == 0 && r->train.epochs == 3);
    r = read_with(arena, "train: { rate: 0.1 }\nmodel: { pretrained: w.pth }\n", given,
                  2);
    CHECK(r && r->train.rate == 0 && !r->model.pretrained.text);
}

TEST(a_variable_may_have_a_default)
{
    const char *text = "variables: { n: 4 }\ntrain: { epochs: \"${n}\" }\n";
    const nd_recipe *r = read(arena, text);
    CHECK(r && r->train.epochs == 4);
    const nd_given given[] = {{"n", "5"}};
    r = read_with(arena, text, given, 1);
    CHECK(r && r->train.epochs == 5);
}

TEST(a_printed_recipe_reads_back_to_the_same)
{
    const nd_recipe *a =
        read(arena, "data: { pictures: \"my pictures: a.zip\", bands: [B04, \"a,b\"], "
                    "classes: [{ name: \"x \\\"y\\\"\", values: [1, 2] }] }\n"
                    "train: { rate: 0.1, seed: 12345678901, minutes: 90 }\n");
    nd_buffer all = {.arena = arena}, few = {.arena = arena};
    CHECK(a && nd_recipe_print(a, true, &all) == ND_OK);
    CHECK(a && nd_recipe_print(a, false, &few) == ND_OK);
    const nd_recipe *b = read(arena, nd_buffer_text(&all));
    const nd_recipe *c = read(arena, nd_buffer_text(&few));
    CHECK(a && b && c);
    if (!a || !b || !c) return;
    CHECK(!nd_recipe_changes(arena, a, b) && !nd_recipe_changes(arena, a, c));
    CHECK(b->data->bands.count == 2 && b->train.seed == 12345678901);
    CHECK(strstr(nd_buffer_text(&all), "  rate: 0.1  # r.yaml:2\n"));
    CHECK(strstr(nd_buffer_text(&all), "  ema: 0.999  # default\n"));
    CHECK(!strstr(nd_buffer_text(&few), "ema"));
}

TEST(changes_between_recipes_are_named)
{
    const nd_recipe *a = read(arena, "train: { epochs: 3, save: 1 }\n");
    const nd_recipe *b = read(arena, "train: { epochs: 4, save: 2 }\ndata: { split: { "
                                     "valid: 0.3 } }\n");
    CHECK(a && b);
    const char *keys = a && b ? nd_recipe_changes(arena, a, b) : NULL;
    CHECK(keys && strcmp(keys, "data.split.valid, train.epochs") == 0);
}

TEST(every_recipe_to_start_from_reads)
{
    static const nd_given given[] = {{"pictures", "p.zip"},
                                     {"weights", "w.pth"},
                                     {"scenes", "s.tif"},
                                     {"labels", "l.tif"},
                                     {"graph", "g.yaml"}};
    for (const nd_recipe_start *s = nd_recipe_starts; s->name; s++)
        CHECK(read_with(arena, s->text, given, sizeof given / sizeof *given));
}

TEST(every_key_is_described)
{
    nd_buffer text = {.arena = arena}, json = {.arena = arena};
    nd_json_out out = {.to = &json};
    CHECK(nd_recipe_help(80, &text) == ND_OK && nd_recipe_describe(NULL, &out) == ND_OK);
    const char *all = nd_buffer_text(&text), *tree = nd_buffer_text(&json);
    CHECK(all && strstr(all, "data.split") && strstr(all, "Highest learning rate"));
    CHECK(tree && nd_json_parse(arena, tree, strlen(tree)));
}

TEST(what_is_no_recipe_is_told)
{
    CHECK(!read(arena, ""));
    CHECK(error_says("the recipe is empty"));
    CHECK(!read(arena, "just words\n"));
    CHECK(error_says("r.yaml:1:1: a recipe has the parts data, model and train"));
    CHECK(!read(arena, "train: 5\n"));
    CHECK(error_says("r.yaml:1:8: train is no value but a group of keys"));
    CHECK(!read(arena, "train: { epochs: [1, 2] }\n"));
    CHECK(error_says("r.yaml:1:18: epochs holds one value, not several"));
}
