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

static void hear(nd_loudness loudness, const char *line, void *user)
{
    char *heard = user;
    (void)loudness;
    snprintf(heard + strlen(heard), 128 - strlen(heard), "%s;", line);
}

// The model is as sure everywhere, where there is data.
TEST(however_often_a_pixel_is_read_it_counts_once_as_unsure)
{
    float value[130];
    for (int i = 0; i < 130; i++) value[i] = i % 2 ? NAN : 100;
    nd_node *in = picture(arena, 130, 1, value, 130);
    const char *m = model(arena, "wrn16-2", "fc", &patches);
    nd_node *out =
        apply(arena, "predict", FROM(in),
              WITH("model", m, "bands", "red=b1", "units", "DN", "threshold", "0.6"));
    static const int read[][2] = {{0, 64}, {0, 64}, {30, 50}, {128, 2}, {0, 130}};
    char heard[128] = "";
    nd_work work = {.arena = arena};
    nd_tile tile;
    nd_listen(hear, heard);
    for (int i = 0; out && i < 5; i++) {
        CHECK(!*heard);
        CHECK(nd_read(out, &work, ND_BANDS(0), 0, (nd_rect){read[i][0], 0, read[i][1], 1},
                      &tile) == ND_OK);
    }
    nd_listen(NULL, NULL);
    CHECK(!strcmp(heard, "100.0 % of the pixels that have an answer are unsure;"));
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

// ---- Several models, and what they say of each other.
// One whose logits are 0 but for that of class `at`.
static const char *voter(nd_arena *arena, int at)
{
    nd_arena *own = arena;
    const char *path = model(own, "wrn16-2", "fc", &patches);
    nd_weights *w = nd_weights_open(arena, path);
    nd_weight *copy = nd_alloc(arena, (size_t)w->count, sizeof *copy);
    static const float bias[3][3] = {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}};
    for (int i = 0; i < w->count; i++) {
        copy[i] = w->weight[i];
        if (!strcmp(copy[i].name, "fc.bias")) copy[i].data = bias[at];
    }
    const char *to =
        nd_text(arena, "%.*s/v%d.safetensors", (int)strlen(path) - 14, path, at);
    CHECK(nd_weights_save(to, copy, w->count, w->card) == ND_OK);
    return to;
}

TEST(several_models_give_their_mean_and_how_far_they_disagree)
{
    nd_node *out = apply(arena, "predict", FROM(PIXELS(1, 1, 1)),
                         WITH("model", voter(arena, 1), "ensemble", voter(arena, 2),
                              "bands", "red=b1", "units", "DN", "output",
                              "class,probability,mutual,entropy"));
    const double both = (top + rest) / 2;
    const double mean = -(rest * log(rest) + 2 * both * log(both)) / log(3);
    const double each = -(top * log(top) + 2 * rest * log(rest)) / log(3);
    CHECK(out && out->bands == 6 && !strcmp(out->band[4].name, "mutual"));
    // Classes 5 and 9 are as likely as each other: the smaller.
    CHECK(out && READS(out, 5, (float)rest, (float)both, (float)both,
                       (float)(mean - each), (float)mean));
}

TEST(models_that_agree_have_nothing_between_them)
{
    const char *m = voter(arena, 1);
    nd_node *out = apply(arena, "predict", FROM(PIXELS(1, 1, 1)),
                         WITH("model", m, "ensemble", m, "bands", "red=b1", "units", "DN",
                              "output", "mutual,confidence"));
    CHECK(out && READS(out, 0, (float)top));
}

TEST(one_model_cannot_disagree)
{
    const char *m = voter(arena, 1);
    CHECK(!apply(arena, "predict", FROM(PIXELS(1, 1, 1)),
                 WITH("model", m, "bands", "red=b1", "units", "DN", "output", "mutual")));
    CHECK(error_says("mutual tells how far models disagree, and there is one\n"
                     "give more by ensemble"));
    CHECK(!apply(arena, "predict", FROM(PIXELS(1, 1, 1)),
                 WITH("model", m, "ensemble", m, "bands", "red=b1", "units", "DN",
                      "output", "sigma")));
    CHECK(error_says("output: land has classes, not sigma"));
}

// Two that say 1 and 3 of everything: 2, give or take 1.
TEST(values_of_several_models_have_a_standard_deviation)
{
    char place[] = "/tmp/nadir-test-XXXXXX";
    const char *path[2];
    CHECK(mkdtemp(place));
    for (int i = 0; i < 2; i++) {
        nd_net *net =
            nd_model_new(arena, nd_model_find("wrn16-2"),
                         &(nd_model_set){.bands = 1, .classes = 1, .width = 4},
                         &(nd_net_make){.seed = 3, .input = ND_SHAPE(1, 1, 16, 16)});
        nd_card card = {.task = "regression",
                        .name = "wet",
                        .model = "wrn16-2",
                        .model_settings = "{\"width\":4}",
                        .band = wants,
                        .bands = 1,
                        .patch = 8,
                        .activation = "none"};
        nd_buffer text = {.arena = arena};
        nd_weight *weight;
        int count;
        fill(net, "fc.weight", -1, 0);
        fill(net, "fc.bias", 0, i ? 3 : 1);
        path[i] = nd_text(arena, "%s/%d.safetensors", place, i);
        CHECK(nd_card_print(&card, &(nd_json_out){.to = &text}) == ND_OK);
        CHECK(nd_weights_of(arena, net, ND_STORED_F32, &weight, &count) == ND_OK);
        CHECK(nd_weights_save(path[i], weight, count, nd_buffer_text(&text)) == ND_OK);
    }
    nd_node *out = apply(arena, "predict", FROM(PIXELS(1, 1, 1)),
                         WITH("model", path[0], "ensemble", path[1], "bands", "red=b1",
                              "units", "DN", "output", "value,sigma"));
    CHECK(out && READS(out, 2, 1));
}

TEST(logits_come_before_softmax_and_are_averaged_over_symmetries)
{
    const char *m = model(arena, "unet", "head", &of_pixels);
    nd_node *out = apply(arena, "predict", FROM(PIXELS(2, 1, 1, NAN)),
                         WITH("model", m, "bands", "red=b1", "units", "DN", "tile", "16",
                              "overlap", "8", "tta", "8", "output", "logits,confidence"));
    CHECK(out && out->bands == 4 && !strcmp(out->band[1].name, "logit_water"));
    CHECK(out && READS(out, 0, NAN, 1, NAN, 0, NAN, (float)top, NAN));
}

// ---- Windows: random weights on noise, where every seam would show.
static const char *wild(nd_arena *arena, const char *name, const char *settings,
                        const nd_model_set *set, int patch)
{
    char place[] = "/tmp/nadir-test-XXXXXX";
    if (!mkdtemp(place)) return NULL;
    const char *path = nd_text(arena, "%s/w.safetensors", place);
    const nd_model *kind = nd_model_find(name);
    nd_net *net = nd_model_new(
        arena, kind, set, &(nd_net_make){.seed = 5, .input = ND_SHAPE(1, 1, 32, 32)});
    const nd_model_set full = nd_model_filled(kind, *set);
    const nd_card card = {.name = "wild",
                          .model = name,
                          .model_settings = settings,
                          .band = &(nd_card_band){.name = "red"},
                          .bands = 1,
                          .classes = classes,
                          .class_count = 3,
                          .patch = patch,
                          .multiple = kind->multiple(&full),
                          .radius = kind->radius(&full),
                          .activation = "softmax"};
    nd_buffer text = {.arena = arena};
    nd_weight *weight;
    int count;
    CHECK(net && nd_card_print(&card, &(nd_json_out){.to = &text}) == ND_OK);
    CHECK(net && nd_weights_of(arena, net, ND_STORED_F32, &weight, &count) == ND_OK);
    CHECK(net && nd_weights_save(path, weight, count, nd_buffer_text(&text)) == ND_OK);
    return path;
}

static const char *wild_unet(nd_arena *arena)
{
    return wild(arena, "unet", "{\"width\":4,\"depth\":2}",
                &(nd_model_set){.bands = 1, .classes = 3, .width = 4, .depth = 2}, 32);
}

// Pixel (x, y), or that place turned by a quarter.
static nd_node *noise_about(nd_arena *arena, int side, bool is_turned, float base,
                            float spread)
{
    float *value = nd_alloc(arena, (size_t)(side * side), sizeof *value);
    for (int y = 0; value && y < side; y++)
        for (int x = 0; x < side; x++) {
            const int at = is_turned ? x * side + side - 1 - y : y * side + x;
            value[y * side + x] =
                base + spread * (float)(2 * nd_random_unit(9, (uint64_t)at) - 1);
        }
    return picture(arena, side, side, value, (size_t)(side * side));
}

static nd_node *noise(nd_arena *arena, int side, bool is_turned)
{
    return noise_about(arena, side, is_turned, 0, 2);
}

typedef struct asked {
    const char *model, *tile, *overlap, *blend, *tta, *stride, *dense;
} asked;

static const float *logits(nd_arena *arena, nd_node *in, const asked *a)
{
    nd_work work = {.arena = arena};
    const nd_rect all = {0, 0, in->band[0].grid.width, in->band[0].grid.height};
    nd_tile tile;
    nd_node *out =
        apply(arena, "predict", FROM(in),
              WITH("model", a->model, "bands", "red=b1", "tile", a->tile ? a->tile : "32",
                   "overlap", a->overlap ? a->overlap : "0", "blend",
                   a->blend ? a->blend : "crop", "tta", a->tta ? a->tta : "1", "stride",
                   a->stride ? a->stride : "0", "dense", a->dense ? a->dense : "false",
                   "output", "logits"));
    CHECK(out && nd_read(out, &work, ND_BANDS(0), 0, all, &tile) == ND_OK);
    return tile.data;
}

// Mean jump from columns that begin a window to the one before, over the mean elsewhere.
static double seam(const float *p, int side, int first, int step)
{
    double at = 0, off = 0;
    int ats = 0, offs = 0;
    for (int y = 0; y < side; y++)
        for (int x = 1; x < side; x++) {
            const double jump =
                fabs((double)p[y * side + x] - (double)p[y * side + x - 1]);
            if ((x - first) % step == 0)
                at += jump, ats++;
            else
                off += jump, offs++;
        }
    return at / ats / (off / offs);
}

TEST(blended_windows_leave_no_seams_and_windows_side_by_side_do)
{
    const char *m = wild_unet(arena);
    // Around a level, which the padding of a window breaks off.
    nd_node *in = noise_about(arena, 192, false, 2, 0.5f);
    const float *hard = logits(arena, in, &(asked){.model = m, .tile = "16"});
    CHECK(seam(hard, 192, 0, 16) > 1.2);
    const float *soft =
        logits(arena, in,
               &(asked){.model = m, .tile = "32", .overlap = "16", .blend = "cosine"});
    CHECK(seam(soft, 192, 0, 16) < 1.05 && seam(soft, 192, 8, 16) < 1.05);
}

TEST(cropped_windows_give_what_one_over_all_gives)
{
    const char *m = wild_unet(arena);
    nd_node *in = noise(arena, 80, false);
    const float *whole = logits(arena, in, &(asked){.model = m, .tile = "80"});
    const float *cut =
        logits(arena, in, &(asked){.model = m, .tile = "48", .overlap = "20"});
    double worst = 0;
    for (int y = 10; y < 70; y++)
        for (int x = 10; x < 70; x++)
            worst =
                fmax(worst, fabs((double)whole[y * 80 + x] - (double)cut[y * 80 + x]));
    CHECK(worst < 1e-4);
    // Without the overlap that the net needs it would show.
    const float *little =
        logits(arena, in, &(asked){.model = m, .tile = "48", .overlap = "4"});
    for (int y = 10; y < 70; y++)
        for (int x = 10; x < 70; x++)
            worst =
                fmax(worst, fabs((double)whole[y * 80 + x] - (double)little[y * 80 + x]));
    CHECK(worst > 1e-3);
}

TEST(four_turns_answer_a_turned_picture_with_a_turned_answer)
{
    const char *m = wild_unet(arena);
    const asked four = {.model = m, .tta = "4"}, one = {.model = m};
    const float *a = logits(arena, noise(arena, 32, false), &four);
    const float *b = logits(arena, noise(arena, 32, true), &four);
    const float *c = logits(arena, noise(arena, 32, false), &one);
    double worst = 0, moved = 0;
    for (int y = 0; y < 32; y++)
        for (int x = 0; x < 32; x++) {
            const float same = a[x * 32 + 31 - y];
            worst = fmax(worst, fabs((double)b[y * 32 + x] - (double)same));
            moved = fmax(moved, fabs((double)c[y * 32 + x] - (double)a[y * 32 + x]));
        }
    CHECK(worst < 1e-5);
    CHECK(moved > 1e-3);
}

// ---- Dense: patches of 32 every 16 pixels are means of 4 x 4 patches of 8, as the
// network's steps are, because what follows the mean is linear.
TEST(dense_answers_are_means_over_the_boxes_that_their_patches_hold)
{
    const nd_model_set set = {
        .bands = 1, .classes = 3, .width = 4, .stem = {ND_STEM_SMALL}};
    const char *words = "{\"width\":4,\"stem\":\"small\"}";
    const char *fine = wild(arena, "resnet18", words, &set, 8);
    const char *wide = wild(arena, "resnet18", words, &set, 32);
    nd_node *in = noise(arena, 96, false);
    const float *small = logits(
        arena, in, &(asked){.model = fine, .stride = "8", .dense = "true", .tile = "96"});
    const float *large =
        logits(arena, in,
               &(asked){.model = wide, .stride = "16", .dense = "true", .tile = "32"});
    double worst = 0;
    for (int k = 1; k < 5; k++)
        for (int j = 1; j < 5; j++) {
            double mean = 0;
            for (int i = 0; i < 16; i++)
                mean += (double)small[(16 * k - 8 + 8 * (i / 4)) * 96 + 16 * j - 8 +
                                      8 * (i % 4)] /
                        16;
            worst = fmax(worst, fabs(mean - (double)large[16 * k * 96 + 16 * j]));
        }
    CHECK(worst < 1e-4);
}

TEST(dense_tiles_of_any_size_agree)
{
    const nd_model_set set = {
        .bands = 1, .classes = 3, .width = 4, .stem = {ND_STEM_SMALL}};
    const char *m = wild(arena, "resnet18", "{\"width\":4,\"stem\":\"small\"}", &set, 32);
    nd_node *in = noise(arena, 96, false);
    const float *a = logits(
        arena, in, &(asked){.model = m, .stride = "8", .dense = "true", .tile = "96"});
    const float *b = logits(
        arena, in, &(asked){.model = m, .stride = "8", .dense = "true", .tile = "16"});
    double worst = 0;
    for (int i = 0; i < 96 * 96; i++)
        worst = fmax(worst, fabs((double)a[i] - (double)b[i]));
    CHECK(worst < 1e-4);
}

TEST(dense_refuses_steps_that_are_no_whole_ones_of_the_network)
{
    CHECK(!apply(arena, "predict", FROM(strip(arena)),
                 WITH("model", model(arena, "wrn16-2", "fc", &patches), "bands", "red=b1",
                      "units", "DN", "dense", "true", "stride", "3")));
    CHECK(error_says("dense: land can answer every 8 pixels, not every 3\n"
                     "take a stride that is a multiple of 8"));
    CHECK(!apply(arena, "predict", FROM(strip(arena)),
                 WITH("model", model(arena, "unet", "head", &of_pixels), "bands",
                      "red=b1", "units", "DN", "dense", "true")));
    CHECK(error_says("land answers for each pixel already"));
}
