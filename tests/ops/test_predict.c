// SPDX-License-Identifier: Apache-2.0
#include "../rasters.h"
#include <nadir/model.h>
#include <nadir/text.h>
#include <nadir/weights.h>
#include <unistd.h>

// A model whose last layer looks at nothing and says 0, 1, 0 of three classes: softmax
// gives e / (e + 2) and 1 / (e + 2).
static const double top = 0.5761168847658291, rest = 0.21194155761708544;

static const nd_card_band wants[] = {
    {.name = "red", .unit = "DN", .p2 = 0, .p50 = 1, .p98 = 100}};
static const nd_card_class classes[] = {
    {3, "forest", 0x00FF00FF}, {5, "water", 0x0000FFFF}, {9, "field", 0}};

static void fill(nd_net *net, const char *name, int at, float value)
{
    const nd_named v = nd_net_at(net, nd_net_find(net, name));
    float *to = v.value.data;
    for (int64_t i = 0; i < nd_shape_count(v.value.shape); i++) to[i] = 0;
    if (at >= 0) to[at] = value;
}

// Writes the model and gives its name.
static const char *model(nd_arena *arena, const char *name, const char *head,
                         const nd_card *like)
{
    char place[] = "/tmp/nadir-test-XXXXXX";
    if (!mkdtemp(place)) return NULL;
    const char *path = nd_text(arena, "%s/m.safetensors", place);
    nd_net *net = nd_model_new(
        arena, nd_model_find(name), &(nd_model_set){.bands = 1, .classes = 3, .width = 4},
        &(nd_net_make){.seed = 3, .input = ND_SHAPE(1, 1, 16, 16)});
    if (!net) return NULL;
    fill(net, nd_text(arena, "%s.weight", head), -1, 0);
    fill(net, nd_text(arena, "%s.bias", head), 1, 1);
    nd_card card = *like;
    card.name = "land", card.model = name, card.model_settings = "{\"width\":4}";
    card.band = wants, card.bands = 1, card.classes = classes, card.class_count = 3;
    nd_buffer text = {.arena = arena};
    nd_weight *weight;
    int count;
    CHECK(nd_card_print(&card, &(nd_json_out){.to = &text}) == ND_OK);
    CHECK(nd_weights_of(arena, net, ND_STORED_F32, &weight, &count) == ND_OK);
    CHECK(nd_weights_save(path, weight, count, nd_buffer_text(&text)) == ND_OK);
    return path;
}

static const nd_card patches = {.patch = 8, .activation = "softmax"};
static const nd_card of_pixels = {.patch = 16, .multiple = 4, .radius = 3};

static nd_node *strip(nd_arena *arena)
{
    return PIXELS(6, 1, 1, 2, NAN, 4, 5, 6);
}

TEST(a_picture_model_gives_each_pixel_its_class_and_no_data_stays)
{
    const char *m = model(arena, "wrn16-2", "fc", &patches);
    nd_node *out =
        apply(arena, "predict", FROM(strip(arena)),
              WITH("model", m, "bands", "red=b1", "units", "DN", "stride", "2"));
    CHECK(out && out->bands == 1 && out->band[0].kind == ND_CLASS);
    CHECK(out && out->band[0].labels == 3 &&
          !strcmp(out->band[0].label[1].name, "water"));
    CHECK(out && READS(out, 5, 5, NAN, 5, 5, 5));
}

TEST(a_pixel_model_gives_probabilities_that_blend_to_themselves)
{
    const char *m = model(arena, "unet", "head", &of_pixels);
    nd_node *out =
        apply(arena, "predict", FROM(strip(arena)),
              WITH("model", m, "bands", "red=b1", "units", "DN", "tile", "16", "overlap",
                   "8", "output", "probability,confidence,margin,entropy"));
    CHECK(out && out->bands == 6 && !strcmp(out->band[0].name, "probability_forest"));
    const float a = (float)rest, b = (float)top;
    const float c = (float)(top - rest);
    // -(b ln b + 2 a ln a) / ln 3
    const float d = (float)(-(top * log(top) + 2 * rest * log(rest)) / log(3));
    CHECK(out && READS(out, a, a, NAN, a, a, a, b, b, NAN, b, b, b, a, a, NAN, a, a, a, b,
                       b, NAN, b, b, b, c, c, NAN, c, c, c, d, d, NAN, d, d, d));
}

TEST(little_confidence_is_the_class_unsure)
{
    const char *m = model(arena, "wrn16-2", "fc", &patches);
    nd_node *out =
        apply(arena, "predict", FROM(strip(arena)),
              WITH("model", m, "bands", "red=b1", "units", "DN", "threshold", "0.6"));
    CHECK(out && READS(out, 254, 254, NAN, 254, 254, 254));
    CHECK(out && out->band[0].labels == 4 &&
          !strcmp(out->band[0].label[3].name, "unsure"));
}

TEST(a_pixel_needs_no_more_than_one_band_where_all_must_be_missing)
{
    const char *m = model(arena, "wrn16-2", "fc", &patches);
    nd_node *out =
        apply(arena, "predict", FROM(strip(arena)),
              WITH("model", m, "bands", "red=b1", "units", "DN", "nodata", "all"));
    CHECK(out && READS(out, 5, 5, NAN, 5, 5, 5));
}

TEST(what_the_input_lacks_is_named)
{
    const char *m = model(arena, "wrn16-2", "fc", &patches);
    CHECK(!apply(arena, "predict", FROM(strip(arena)), WITH("model", m)));
    CHECK(error_says("land wants band red, and there is only b1"));
    CHECK(!apply(arena, "predict", FROM(strip(arena)),
                 WITH("model", m, "bands", "red=b1")));
    CHECK(error_says("does not say its unit"));
    CHECK(!apply(arena, "predict", FROM(strip(arena)),
                 WITH("model", m, "bands", "red=b1", "units", "DN", "output", "clas")));
    CHECK(error_says("output: there is no clas\ndid you mean class"));
    CHECK(!apply(arena, "predict", FROM(strip(arena)),
                 WITH("model", "/nowhere.safetensors")));
    CHECK(error_says("/nowhere.safetensors"));
}

TEST(values_far_from_those_of_the_training_are_refused_unless_the_user_says_so)
{
    const char *m = model(arena, "wrn16-2", "fc", &patches);
    nd_node *far = PIXELS(2, 1, 9000, 9100);
    nd_node *out = apply(arena, "predict", FROM(far),
                         WITH("model", m, "bands", "red=b1", "units", "DN"));
    nd_work work = {.arena = arena};
    nd_tile tile;
    CHECK(out &&
          nd_read(out, &work, ND_BANDS(0), 0, (nd_rect){0, 0, 2, 1}, &tile) == ND_E_DATA);
    CHECK(
        error_says("red has a median of 9100 DN, and the model was trained on 0 to 100"));
    out = apply(
        arena, "predict", FROM(far),
        WITH("model", m, "bands", "red=b1", "units", "DN", "accept_values", "true"));
    CHECK(out && READS(out, 5, 5));
}
