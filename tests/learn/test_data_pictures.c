// SPDX-License-Identifier: Apache-2.0
// Expected numbers: tools/learn_golden.py, by Pillow and numpy.
#include "eurosat.h"
#include <nadir/colour.h>
#include <nadir/file.h>
#include <nadir/text.h>
#include <sys/stat.h>
#include <unistd.h>

TEST(pictures_are_classed_by_their_folders)
{
    nd_dataset *set = OPEN(EUROSAT);
    int classes, bands, height, width;
    NEED(set);
    const nd_card_class *class = nd_dataset_classes(set, &classes);
    nd_dataset_shape(set, &bands, &height, &width);
    CHECK(classes == 10 && strcmp(class[0].name, "AnnualCrop") == 0 &&
          strcmp(class[9].name, "SeaLake") == 0);
    CHECK(bands == 3 && height == 64 && width == 64 && !nd_dataset_is_mask(set));
    CHECK(nd_dataset_count(set, ND_TRAIN) == 160 &&
          nd_dataset_count(set, ND_VALID) == 40);
    CHECK(nd_dataset_count(set, ND_TEST) == 0);
}

// The whole set by numpy: mean, sigma and percentiles of the values as they are stored.
TEST(statistics_are_those_of_all_pixels_of_the_training_side)
{
    static const double mean[] = {89.65143677, 98.79179077, 105.45411133};
    static const double sigma[] = {50.70524725, 34.15648509, 29.0202509};
    static const double p2[] = {27, 51, 67}, p50[] = {79, 93, 100},
                        p98[] = {225, 189, 179};
    nd_dataset *set = OPEN(EUROSAT, "split.valid", "0");
    int bands;
    const nd_card_band *band = set ? nd_dataset_bands(set, &bands) : NULL;
    for (int b = 0; band && b < 3; b++) {
        CHECK(band[b].steps == 1 && band[b].step[0].how == ND_Z_SCORE);
        CHECK(fabs(band[b].step[0].a - mean[b]) < 1e-7);
        CHECK(fabs(band[b].step[0].b - sigma[b]) < 1e-7);
        CHECK(band[b].p2 == p2[b] && band[b].p50 == p50[b] && band[b].p98 == p98[b]);
    }
    CHECK(band);
}

TEST(pictures_of_eurosat_become_reflectance_numbers)
{
    static const double mean[] = {959.80886264, 1058.76938827, 1130.90081162};
    static const double sigma[] = {548.97413361, 369.80446451, 314.19562979};
    nd_dataset *set = OPEN(EUROSAT, "split.valid", "0", "picture_units", "eurosat-rgb");
    int bands;
    const nd_card_band *band = set ? nd_dataset_bands(set, &bands) : NULL;
    CHECK(band && strcmp(band[0].name, "B04") == 0 && strcmp(band[2].name, "B02") == 0);
    for (int b = 0; band && b < 3; b++) {
        CHECK(strcmp(band[b].unit, "DN") == 0 && band[b].steps == 2);
        CHECK(band[b].step[0].how == ND_CLIP && band[b].step[0].a == 0 &&
              band[b].step[0].b == 2750);
        CHECK(fabs(band[b].step[1].a - mean[b]) < 1e-3); // values pass through float
        CHECK(fabs(band[b].step[1].b - sigma[b]) < 1e-3);
    }
    CHECK(band && band[0].wavelength_nm > 600 && band[0].wavelength_nm < 700);
}

// Picture 37 by Pillow at (0, 0), (row 5, column 9) and (63, 63).
TEST(a_sample_is_the_scaled_picture_with_its_label_and_name)
{
    nd_dataset *set =
        OPEN(EUROSAT, "split.valid", "0", "split.test", "0.9", "norm", "none");
    nd_data *data;
    CHECK(set && nd_data_new(arena, &data) == ND_OK);
    data->pictures.text = NADIR_DATA "/eurosat_mini200.zip";
    data->is_whole = true, data->norm.at = 1;
    set = nd_dataset_open(arena, data, NULL, 0);
    CHECK(set && nd_dataset_count(set, ND_TEST) == 200);
    if (!set) return;
    const nd_chip chip = sample_of(arena, set, ND_TEST, 0, 37);
    static const float rgb[3][3] = {{46, 34, 39}, {68, 59, 61}, {82, 79, 82}};
    for (int b = 0; b < 3; b++) {
        CHECK(chip.picture[b * 4096] == rgb[b][0]);
        CHECK(chip.picture[b * 4096 + 5 * 64 + 9] == rgb[b][1]);
        CHECK(chip.picture[b * 4096 + 4095] == rgb[b][2]);
    }
    CHECK(chip.label[0] == 1);
    CHECK(strcmp(chip.place.name, "EuroSAT_RGB/Forest/Forest_792.jpg") == 0);
    uint8_t rgb8[64 * 64 * 3];
    nd_work work = {.arena = arena};
    CHECK(nd_dataset_look(set, &work, ND_TEST, 0, 37, rgb8) == ND_OK);
    CHECK(rgb8[0] == 46 && rgb8[1] == 68 && rgb8[2] == 82);
}

static const char *side_in(const char *text, const char *key)
{
    const char *line = strstr(text, key), *tab = line ? strchr(line, '\t') : NULL;
    return tab ? strchr(tab + 1, '\t') + 1 : "";
}

static char *read_all(nd_arena *arena, const char *path)
{
    FILE *file = fopen(path, "r");
    char *text = nd_alloc(arena, 1 << 20, 1);
    if (file && text) text[fread(text, 1, (1 << 20) - 1, file)] = 0;
    if (file) fclose(file);
    return text;
}

// Sides by an independent Philox in Python.
TEST(the_split_by_file_is_the_published_function_of_names_and_seed)
{
    static const char *const valid[] = {"AnnualCrop/AnnualCrop_1039.jpg",
                                        "AnnualCrop/AnnualCrop_2385.jpg",
                                        "Forest/Forest_2418.jpg",
                                        "Forest/Forest_775.jpg",
                                        "Highway/Highway_1165.jpg",
                                        "Highway/Highway_1595.jpg",
                                        "PermanentCrop/PermanentCrop_1006.jpg",
                                        "PermanentCrop/PermanentCrop_2368.jpg",
                                        "Residential/Residential_2869.jpg",
                                        "Residential/Residential_362.jpg",
                                        "SeaLake/SeaLake_2416.jpg",
                                        "SeaLake/SeaLake_2732.jpg"};
    static const char *const tested[] = {
        "AnnualCrop/AnnualCrop_1492.jpg", "AnnualCrop/AnnualCrop_1690.jpg",
        "AnnualCrop/AnnualCrop_2106.jpg", "AnnualCrop/AnnualCrop_783.jpg",
        "Forest/Forest_1180.jpg",         "Forest/Forest_4.jpg"};
    nd_dataset *set = OPEN(EUROSAT, "split.valid", "0.1", "split.test", "0.2");
    const char *path = nd_text(arena, "/tmp/nadir_split_%d.tsv", (int)getpid());
    CHECK(set && nd_dataset_write_split(set, path) == ND_OK);
    const char *text = read_all(arena, path);
    for (size_t i = 0; i < sizeof valid / sizeof *valid; i++)
        CHECK(strncmp(side_in(text, valid[i]), "valid\t", 6) == 0);
    for (size_t i = 0; i < sizeof tested / sizeof *tested; i++)
        CHECK(strncmp(side_in(text, tested[i]), "test\t", 5) == 0);
    CHECK(set && strstr(nd_dataset_proof(set), "train 140, valid 20, test 40 pictures"));
    // Kept: another seed moves nothing that the list names.
    nd_dataset *again = OPEN(EUROSAT, "split.valid", "0.1", "split.test", "0.2",
                             "split.seed", "7", "split.keep", path);
    CHECK(again && nd_dataset_write_split(again, path) == ND_OK);
    const char *kept = read_all(arena, path);
    for (const char *line = text; (line = strchr(line, '\n')) && line[1]; line++) {
        char key[200];
        snprintf(key, sizeof key, "%.*s", (int)strcspn(line + 1, "\t"), line + 1);
        CHECK(strncmp(side_in(text, key), side_in(kept, key), 4) == 0);
    }
    nd_dataset *other =
        OPEN(EUROSAT, "split.valid", "0.1", "split.test", "0.2", "split.seed", "7");
    CHECK(other && nd_dataset_write_split(other, path) == ND_OK);
    CHECK(strcmp(text, read_all(arena, path)) != 0);
    unlink(path);
}

TEST(an_empty_class_and_a_label_of_none_are_told)
{
    CHECK(!OPEN(EUROSAT, "classes", "[{\"name\":\"Forest\"},{\"name\":\"Rivers\"}]"));
    CHECK(error_says("is of class AnnualCrop, which is none of the 2 classes"));
    CHECK(!OPEN("pictures", "/nowhere.zip"));
    CHECK(error_says("/nowhere.zip cannot be opened"));
    CHECK(!OPEN("pictures", NADIR_DATA "/PROVENANCE.md"));
    CHECK(error_says("\n"));
    CHECK(!OPEN("min_valid", "0.3"));
    CHECK(error_says("does not say what to learn from"));
    CHECK(!OPEN(EUROSAT, "bands", "B04,B03"));
    CHECK(error_says("names 2 bands, the pictures of"));
}

// A ramp: the mean of any of its parts is the value in that part's middle.
static void put_ramp(nd_arena *arena, const char *path, int width, int height)
{
    uint8_t *pixel = nd_alloc(arena, (size_t)width * (size_t)height, 1);
    const nd_picture picture = {
        .width = width, .height = height, .channels = 1, .pixel = pixel, .stride = width};
    const uint8_t *png;
    size_t count;
    for (int i = 0; i < width * height; i++)
        pixel[i] = (uint8_t)(4 * (i % width) + 5 * (i / width));
    CHECK(nd_png_make(arena, &picture, 1, &png, &count) == ND_OK);
    CHECK(nd_file_write(path, png, count) == ND_OK);
}

static bool is_ramp(const nd_chip *c, double at_x, double at_y, double step)
{
    for (int y = 0; y < 8; y++)
        for (int x = 0; x < 8; x++) {
            // Beyond the middle of the outermost pixels they go on.
            const double u = fmax(at_x + (x + 0.5) * step - 0.5, 0);
            const double v = fmax(at_y + (y + 0.5) * step - 0.5, 0);
            const double most = step < 1 ? 3 : 1e9;
            const double wanted = 4 * fmin(u, most) + 5 * fmin(v, most);
            if (fabs((double)c->picture[8 * y + x] - wanted) > 1e-4) return false;
        }
    return true;
}

TEST(pictures_of_several_sizes_are_refused_resized_or_cropped)
{
    char folder[] = "/tmp/nadir_sizes_XXXXXX";
    static const int size[][2] = {{8, 8}, {12, 8}, {16, 24}, {4, 4}};
    const char *path[4];
    CHECK(mkdtemp(folder));
    mkdir(nd_text(arena, "%s/a", folder), 0700),
        mkdir(nd_text(arena, "%s/b", folder), 0700);
    for (int i = 0; i < 4; i++) {
        path[i] = nd_text(arena, "%s/%c/%d.png", folder, i < 2 ? 'a' : 'b', i);
        put_ramp(arena, path[i], size[i][0], size[i][1]);
    }
#define ALL                                                                              \
    "pictures", folder, "split.by", "file", "split.valid", "0.5", "norm", "none",        \
        "augment.dihedral", "false", "augment.brightness", "0", "augment.contrast", "0"
    CHECK(!OPEN(ALL, "bad", "fatal"));
    CHECK(error_says("set data.fit: resize or crop, or bring all pictures to one size"));
    CHECK(!OPEN(ALL, "fit", "crop", "bad", "fatal"));
    CHECK(error_says("is 4 x 4 pixels: too small to cut 8 x 8 out of it"));
    nd_dataset *resized = OPEN(ALL, "fit", "resize");
    nd_dataset *cropped = OPEN(ALL, "fit", "crop", "bad_limit", "0.5");
    NEED(resized && cropped);
    int bands, height, width, seen = 0;
    nd_dataset_shape(resized, &bands, &height, &width);
    CHECK(bands == 1 && height == 8 && width == 8);
    for (int64_t i = 0; i < 4; i++) {
        const nd_side side = i % 2 ? ND_VALID : ND_TRAIN;
        if (i / 2 >= nd_dataset_count(resized, side)) continue;
        const nd_chip c = sample_of(arena, resized, side, 0, i / 2);
        const int which = c.place.name[strlen(c.place.name) - 5] - '0';
        static const double at[][3] = {{0, 0, 1}, {2, 0, 1}, {0, 4, 2}, {0, 0, 0.5}};
        CHECK(is_ramp(&c, at[which][0], at[which][1], at[which][2]));
        seen++;
    }
    for (int64_t i = 0; i < 4; i++) {
        const nd_side side = i % 2 ? ND_VALID : ND_TRAIN;
        if (i / 2 >= nd_dataset_count(cropped, side)) continue;
        const nd_chip c = sample_of(arena, cropped, side, 0, i / 2);
        const int which = c.place.name[strlen(c.place.name) - 5] - '0';
        static const double at[][2] = {{0, 0}, {2, 0}, {4, 8}};
        CHECK(which < 3 && is_ramp(&c, at[which][0], at[which][1], 1));
        seen++;
    }
    CHECK(seen == 7);
    for (int i = 0; i < 4; i++) unlink(path[i]);
    rmdir(nd_text(arena, "%s/a", folder)), rmdir(nd_text(arena, "%s/b", folder));
    rmdir(folder);
}

// JPEG halved: the mean of four bytes, rounded.
TEST(jpegs_are_shrunk_by_means_of_areas)
{
#define MINI EUROSAT, "split.by", "file", "norm", "none"
    nd_dataset *whole = OPEN(MINI), *half = OPEN(MINI, "fit", "resize", "side", "32");
    NEED(whole && half);
    for (int64_t i = 0; i < 20; i++) {
        const nd_chip a = sample_of(arena, whole, ND_VALID, 0, i);
        const nd_chip b = sample_of(arena, half, ND_VALID, 0, i);
        for (int k = 0; k < 3 * 32 * 32; k++) {
            const int band = k / 1024, y = k / 32 % 32, x = k % 32;
            const float *p = a.picture + 4096 * band + 128 * y + 2 * x;
            const double mean =
                ((double)p[0] + (double)p[1] + (double)p[64] + (double)p[65]) / 4;
            CHECK((double)b.picture[k] == floor(mean + 0.5));
        }
    }
}
