// SPDX-License-Identifier: Apache-2.0
// Values as labels: what holds them, what they are scaled by, what is refused.
#include "scenes.h"
#include <nadir/metrics.h>

static float ramp(int band, int x, int y)
{
    return (float)(band ? y : x);
}
// From -64 to 63.5 in steps of a half along each row; a hole and a value that is ignored.
static float halves(int band, int x, int y)
{
    (void)band;
    if (y == 3) return NAN;
    return y == 5 ? 99 : 0.5f * (float)x - 64;
}
static float flat(int band, int x, int y)
{
    (void)band, (void)x, (void)y;
    return 7;
}

static nd_dataset *open_values(nd_arena *arena, formula *label, const char *key,
                               const char *text)
{
    nd_node *node[] = {
        make_node(arena, (made){ramp, 256, 128, 2, 0, "EPSG:32631"}, "p"),
        make_node(arena, (made){label, 256, 128, 1, 0, "EPSG:32631"}, "l")};
    return OPEN_NODES(node, 2, "task", "regression", "labels.ignore", "99", "chips.size",
                      "32", "split.by", "scene", "split.valid", "0", "augment.brightness",
                      "0", "augment.contrast", "0", key, text);
}

TEST(a_label_holds_any_finite_float_and_is_never_below_0)
{
    static const float value[] = {0, -0.0f, -3.25f, 1e-40f, 3.4e38f, -3.4e38f};
    for (size_t i = 0; i < sizeof value / sizeof *value; i++) {
        const float back = nd_label_value(nd_value_label(value[i]));
        CHECK(nd_value_label(value[i]) >= 0);
        CHECK(memcmp(&back, &value[i], sizeof back) == 0);
    }
    CHECK(nd_value_label(NAN) == ND_IGNORE && nd_value_label(INFINITY) == ND_IGNORE);
    CHECK(isnan(nd_label_value(ND_IGNORE)));
}

// 256 numbers d apart have the standard deviation d sqrt((256² - 1) / 12), here 36.95;
// their mean is -0.25. Batches hold (value - mean) / deviation.
TEST(values_are_scaled_by_the_training_side)
{
    nd_dataset *set = open_values(arena, halves, "chips.sampling", "grid");
    NEED(set);
    int classes;
    (void)nd_dataset_classes(set, &classes);
    const nd_card_band *value = nd_dataset_value(set);
    CHECK(classes == 0 && value && value->steps == 1);
    if (!value || value->steps != 1) return;
    const double sigma = 0.5 * sqrt((256.0 * 256 - 1) / 12);
    CHECK(value->step[0].how == ND_Z_SCORE && fabs(value->step[0].a + 0.25) < 1e-9);
    CHECK(fabs(value->step[0].b - sigma) < 1e-9);
    nd_loader *loader = nd_loader_new(
        arena, set, &(nd_loader_make){.batch = 4, .is_plain = true, .mixes = true});
    nd_batch b;
    CHECK(loader && nd_loader_next(loader, &b) == ND_OK && b.y.dtype == ND_FLOAT32);
    CHECK(nd_shape_same(b.y.shape, ND_SHAPE(4, 1, 32, 32)));
    const float *y = b.y.data;
    for (int i = 0; i < 4; i++)
        for (int p = 0; p < 1024; p++) {
            const int row = b.place[i].row + p / 32, column = b.place[i].column + p % 32;
            const double want = (0.5 * column - 64 + 0.25) / sigma;
            if (row == 3 || row == 5)
                CHECK(isnan(y[i * 1024 + p]));
            else
                CHECK(fabs((double)y[i * 1024 + p] - want) < 1e-6);
        }
    nd_loader_stop(loader);
}

// Where a picture says its own place, a value that depends on the place follows it.
TEST(values_go_where_their_pixels_go)
{
    nd_dataset *set = open_values(arena, halves, "norm", "none");
    NEED(set);
    int64_t known = 0;
    for (int i = 0; i < 20; i++) {
        const nd_chip c = sample_of(arena, set, ND_TRAIN, 0, i);
        for (int p = 0; p < 1024; p++) {
            if (c.label[p] == ND_IGNORE) continue;
            CHECK(nd_label_value(c.label[p]) == 0.5f * c.picture[p] - 64);
            known++;
        }
    }
    CHECK(known > 15000);
}

TEST(what_is_of_classes_is_refused)
{
    static const char *const key[][3] = {
        {"chips.sampling", "balanced", "chips.sampling: balanced is for classes"},
        {"augment.mixup", "0.2", "what mixes pictures is for classes"},
        {"class_weights", "inverse", "data.class_weights is for classes"},
        {"labels.ignore", "sea", "data.labels.ignore: sea is no number"}};
    for (size_t i = 0; i < sizeof key / sizeof *key; i++) {
        CHECK(!open_values(arena, halves, key[i][0], key[i][1]));
        CHECK(error_says(key[i][2]));
    }
    CHECK(!open_values(arena, flat, "norm", "none"));
    CHECK(error_says("the label is 7 everywhere on the training side"));
    CHECK(!OPEN(EUROSAT, "task", "regression"));
    CHECK(error_says("regression learns a value for each pixel"));
}

// Sums of two parts, the second twice, are those of the three lists one after the other.
TEST(values_of_parts_add_up)
{
    static const double truth[] = {1e6, 1e6 + 2, 1e6 - 1, 1e6 + 5, 1e6 + 3};
    static const double told[] = {1e6 + 1, 1e6 + 2, 1e6 - 3, 1e6 + 4, 1e6};
    nd_values all = {0}, a = {0}, b = {0};
    for (int i = 0; i < 5; i++) {
        nd_values_add(i < 2 ? &a : &b, truth[i], told[i], (double)NAN);
        for (int n = 0; n < (i < 2 ? 1 : 2); n++)
            nd_values_add(&all, truth[i], told[i], (double)NAN);
    }
    nd_values_merge(&a, &b, 2);
    const nd_value_scores x = nd_values_scores(&a), y = nd_values_scores(&all);
    CHECK(x.n == 8 && fabs(x.rmse - sqrt((1 + 2 * (4 + 1 + 9)) / 8.0)) < 1e-12);
    CHECK(fabs(x.mae - (1 + 2 * (2 + 1 + 3)) / 8.0) < 1e-12);
    CHECK(fabs(x.bias - (1 + 2 * (-2 - 1 - 3)) / 8.0) < 1e-9);
    CHECK(fabs(x.r2 - y.r2) < 1e-9 && fabs(x.r - y.r) < 1e-9);
}
