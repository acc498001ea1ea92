// SPDX-License-Identifier: Apache-2.0
// A net small enough to know by heart, over the bundled pictures; expected numbers by
// scikit-learn (tools/metrics_golden.py).
#include "golden.h"
#include "learn/evaluate.h"
#include "learn/report.h"
#include "scenes.h"
#include <nadir/layer.h>

#define GOLDEN(name) golden_of(arena, NADIR_GOLDEN "/colours.txt", name)

static nd_tensor *mean_colour(nd_tape *tape, nd_tensor *x, const void *user)
{
    (void)user;
    return nd_linear(tape, "head", nd_flatten(nd_mean_pool_to(x, 1, 1)),
                     (nd_dense){.out = 10});
}

static const char *const kinds[] = {
    "AnnualCrop", "Forest",        "HerbaceousVegetation", "Highway", "Industrial",
    "Pasture",    "PermanentCrop", "Residential",          "River",   "SeaLake"};

// The net with scikit-learn's weights, and a card that leaves values as they are stored.
static nd_status model_of(nd_arena *arena, nd_model_file *model)
{
    static nd_card_band band[3] = {{.name = "red"}, {.name = "green"}, {.name = "blue"}};
    static nd_card_class class[10];
    static nd_card card = {.task = "scene-classification",
                           .band = band,
                           .bands = 3,
                           .classes = class,
                           .class_count = 10,
                           .temperature = 1};
    const golden weight = GOLDEN("weight"), bias = GOLDEN("bias");
    for (int k = 0; k < 10; k++)
        class[k] = (nd_card_class){k, kinds[k], 0x101010ffu * (uint32_t)(k + 1)};
    *model = (nd_model_file){.path = "by heart", .card = &card};
    model->net = nd_net_new(arena, &(nd_net_make){.forward = mean_colour,
                                                  .input = ND_SHAPE(1, 3, 64, 64),
                                                  .threads = 1});
    if (!model->net) return ND_E_DATA;
    for (int i = 0; i < nd_net_count(model->net); i++) {
        const nd_named named = nd_net_at(model->net, i);
        const golden from = strstr(named.name, "bias") ? bias : weight;
        float *to = named.value.data;
        if (nd_shape_count(named.value.shape) != (int64_t)from.count) return ND_E_DATA;
        for (size_t k = 0; k < from.count; k++) to[k] = (float)from.value[k];
    }
    return nd_net_push(model->net);
}

static nd_dataset *pictures_of(nd_arena *arena, const nd_card *card)
{
    nd_data *data;
    if (nd_data_new(arena, &data) != ND_OK) return NULL;
    data->pictures.text = NADIR_DATA "/eurosat_mini200.zip";
    data->is_whole = true;
    data->card = card;
    return nd_dataset_open(arena, data, NULL, 0);
}

TEST(a_model_over_pictures_has_scikit_learns_figures)
{
    nd_model_file model;
    nd_evaluation e;
    CHECK(model_of(arena, &model) == ND_OK);
    nd_dataset *data = model.card ? pictures_of(arena, model.card) : NULL;
    CHECK(data);
    if (!data) return;
    const nd_evaluate_ask ask = {
        .data = data, .side = ND_TEST, .views = true, .pictures = true, .batch = 64};
    CHECK(nd_evaluate(arena, &model, &ask, &e) == ND_OK);
    const golden matrix = GOLDEN("matrix"), worst = GOLDEN("worst"), auc = GOLDEN("auc");
    for (int i = 0; i < 100; i++) CHECK(e.matrix->count[i] == matrix.value[i]);
    CHECK(near(e.scores.accuracy, GOLDEN("accuracy").value[0], 1e-12));
    CHECK(near(e.plain.nll, GOLDEN("nll").value[0], 1e-5));
    for (int k = 0; k < 10; k++) CHECK(near(e.more[k].auc, auc.value[k], 1e-3));
    // The mean colour is the same from all sides.
    for (int i = 0; i < 100; i++) CHECK(e.views->count[i] == e.matrix->count[i]);
    CHECK(e.samples == 200 && e.worsts == 24 &&
          e.worst[0].index == (int64_t)worst.value[0]);
    CHECK(near(e.worst[0].loss, worst.value[1], 1e-5));
    CHECK(e.worst[0].name && strstr(e.worst[0].name, kinds[e.worst[0].truth]));
    CHECK(e.worst[0].png && memcmp(e.worst[0].png, "\x89PNG", 4) == 0);
}

TEST(a_side_without_pictures_is_refused)
{
    nd_model_file model;
    nd_evaluation e;
    CHECK(model_of(arena, &model) == ND_OK);
    nd_dataset *data = pictures_of(arena, model.card);
    const nd_evaluate_ask ask = {.data = data, .side = ND_TRAIN};
    CHECK(data && nd_evaluate(arena, &model, &ask, &e) != ND_OK);
    CHECK(error_says("there is nothing on the side train of the data\n"));
}

static int at; // which pixel the net looks at

static nd_tensor *one_pixel(nd_tape *tape, nd_tensor *x, const void *user)
{
    (void)tape, (void)user;
    nd_tensor *pixel = nd_slice(nd_slice(x, 2, at / 4, 1), 3, at % 4, 1);
    nd_tensor *parts[] = {nd_flatten(pixel), nd_scale(nd_flatten(pixel), -1)};
    return nd_concat(parts, 2, 1);
}

static nd_tensor *every_pixel(nd_tape *tape, nd_tensor *x, const void *user)
{
    (void)tape, (void)user;
    nd_tensor *parts[] = {x, nd_scale(x, -1)};
    return nd_concat(parts, 2, 1);
}

static evaluating by_hand(nd_arena *arena, nd_model_file *model, bool is_mask)
{
    evaluating e = {.arena = arena, .model = model, .bands = 1, .height = 4, .width = 4};
    e.classes = 2, e.batch = 1, e.is_mask = is_mask, e.pixels = is_mask ? 16 : 1;
    e.turned = nd_alloc(arena, 16, sizeof(float));
    e.turned_logit = nd_alloc(arena, 32, sizeof(float));
    e.mean = nd_alloc(arena, 32, sizeof(float));
    e.p = nd_alloc(arena, 2, sizeof(double));
    e.row = nd_alloc(arena, 2, sizeof(float));
    return e;
}

static nd_status net_by_hand(nd_arena *arena, nd_network *forward, nd_model_file *model)
{
    static const nd_card card = {.class_count = 2, .bands = 1, .temperature = 1};
    *model = (nd_model_file){.path = "by hand", .card = &card};
    model->net = nd_net_new(
        arena,
        &(nd_net_make){.forward = forward, .input = ND_SHAPE(1, 1, 4, 4), .threads = 1});
    return model->net ? ND_OK : ND_E_DATA;
}

// Row 0, column 1 of a square of four goes to eight places, one in each view. In this
// picture three of them are light: three eighths of sigmoid(2 · 9) and five of
// sigmoid(-2 · 9).
TEST(eight_views_look_at_eight_places)
{
    float picture[16];
    nd_model_file model;
    for (int i = 0; i < 16; i++) picture[i] = -9;
    picture[1] = picture[2] = picture[7] = 9;
    at = 1;
    CHECK(net_by_hand(arena, one_pixel, &model) == ND_OK);
    evaluating e = by_hand(arena, &model, false);
    CHECK(learn_views(&e, picture, 1) == ND_OK);
    CHECK(fabs(exp((double)e.mean[0]) - 0.375) < 1e-6);
    CHECK(fabs(exp((double)e.mean[1]) - 0.625) < 1e-6);
}

TEST(answers_of_views_are_laid_back_where_they_belong)
{
    float picture[16];
    nd_model_file model;
    for (int i = 0; i < 16; i++) picture[i] = 0.3f * (float)((7 * i) % 16 - 8);
    CHECK(net_by_hand(arena, every_pixel, &model) == ND_OK);
    evaluating e = by_hand(arena, &model, true);
    CHECK(learn_views(&e, picture, 1) == ND_OK);
    for (int i = 0; i < 16; i++)
        CHECK(fabs(exp((double)e.mean[i]) - 1 / (1 + exp(-2 * (double)picture[i]))) <
              1e-6);
}

static float slope(int band, int x, int y)
{
    (void)band;
    return (float)((x * 7 + y * 3) % 11) - 5;
}
static float stripes(int band, int x, int y)
{
    (void)band, (void)y;
    return (float)(x / 9 % 2);
}

// Chips of 320 m, squares of 800 m: those of one square are drawn together, and their
// squares follow from where their centres lie.
TEST(chips_of_one_square_of_ground_are_drawn_together)
{
    nd_node *node[] = {
        make_node(arena, (made){slope, 400, 320, 1, 0, "EPSG:32631"}, "p"),
        make_node(arena, (made){stripes, 400, 320, 1, 0, "EPSG:32631"}, "l")};
    nd_dataset *set =
        OPEN_NODES(node, 2, "chips.size", "32", "split.block", "800 m", "split.buffer",
                   "0", "split.valid", "0.5", "chips.stride", "16");
    NEED(set);
    enum { MOST = 400 };
    long long square[MOST];
    uint64_t unit[MOST];
    const int64_t count = nd_dataset_count(set, ND_VALID);
    int64_t squares = 0;
    CHECK(count > 20 && count <= MOST);
    for (int64_t i = 0; i < count && i < MOST; i++) {
        const nd_place p = sample_of(arena, set, ND_VALID, 0, i).place;
        square[i] = (long long)floor(p.x / 800) * 100000 + (long long)floor(p.y / 800);
        unit[i] = p.unit;
        bool is_new = true;
        for (int64_t k = 0; k < i; k++) {
            CHECK((square[k] == square[i]) == (unit[k] == unit[i]));
            is_new = is_new && square[k] != square[i];
        }
        squares += is_new;
    }
    nd_model_file model;
    nd_evaluation e;
    CHECK(net_by_hand(arena, every_pixel, &model) == ND_OK);
    const nd_evaluate_ask ask = {.data = set, .side = ND_VALID};
    CHECK(nd_evaluate(arena, &model, &ask, &e) == ND_OK);
    CHECK(e.by_squares && !e.is_scattered && e.units == squares && squares < count);
    nd_buffer text = {.arena = arena};
    report_counted(&text, &e);
    CHECK(strstr(nd_buffer_text(&text), " squares of ground"));
}
