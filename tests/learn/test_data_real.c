// SPDX-License-Identifier: Apache-2.0
// Real sets, where NADIR_TEST_DATA says where they are.
#include "eurosat.h"
#include <nadir/text.h>
#include <unistd.h>

static const char *real(nd_arena *arena, const char *name)
{
    const char *folder = getenv("NADIR_TEST_DATA");
    return folder && *folder ? nd_text(arena, "%s/%s", folder, name) : NULL;
}

// Mean and sigma of value / 255 by Pillow and numpy over all 18,001 pictures.
TEST(the_development_pictures_of_eurosat_have_their_known_statistics)
{
    static const double mean[] = {0.3443, 0.3801, 0.4076},
                        sigma[] = {0.2027, 0.1369, 0.1156};
    const char *zip = real(arena, "ml/eurosat_rgb_dev.zip");
    if (!zip) SKIP("NADIR_TEST_DATA is not set");
    nd_dataset *set = OPEN("pictures", zip, "split.valid", "0");
    int bands;
    int64_t copies;
    NEED(set);
    const nd_card_band *band = nd_dataset_bands(set, &bands);
    for (int b = 0; b < 3; b++) {
        CHECK(fabs(band[b].step[0].a / 255 - mean[b]) < 1e-4);
        CHECK(fabs(band[b].step[0].b / 255 - sigma[b]) < 1e-4);
    }
    (void)nd_dataset_copies(set, &copies);
    CHECK(copies == 0 && nd_dataset_count(set, ND_TRAIN) == 18001);
}

// The committed list was made by a Philox in Python: tools/learn_golden.py.
TEST(the_split_of_eurosat_is_the_committed_list)
{
    const char *zip = real(arena, "ml/eurosat_rgb_dev.zip");
    if (!zip) SKIP("NADIR_TEST_DATA is not set");
    nd_dataset *set = OPEN("pictures", zip, "split.valid", "0.1", "split.test", "0.2");
    NEED(set);
    const char *path = nd_text(arena, "/tmp/nadir_eurosat_%d.tsv", (int)getpid());
    CHECK(nd_dataset_write_split(set, path) == ND_OK);
    FILE *made = fopen(path, "r"), *list = fopen(NADIR_DATA "/eurosat_split.tsv", "r");
    char a[256], b[256];
    int same = 0;
    CHECK(made && list && fgets(b, sizeof b, list)); // its head
    while (made && list && fgets(a, sizeof a, made)) {
        if (a[0] == '#' || strstr(a, "\ttrain\t")) continue;
        CHECK(fgets(b, sizeof b, list));
        b[strcspn(b, "\n")] = 0;
        CHECK(strncmp(a, b, strlen(b)) == 0);
        same++;
    }
    CHECK(list && !fgets(b, sizeof b, list));
    CHECK(same == 1801 + 3599);
    if (made) fclose(made);
    if (list) fclose(list);
    unlink(path);
}

// Five chips of Sen1Floods11, each left out in turn; Paraguay's is all NaN.
TEST(each_flood_chip_can_be_left_out_in_turn)
{
    const char *folder = real(arena, "ml/sen1floods11");
    if (!folder) SKIP("NADIR_TEST_DATA is not set");
    const char *all = nd_text(arena, "%s/S1/*.tif", folder);
    const char *label = nd_text(arena, "%s/Labels/*.tif", folder);
    CHECK(!OPEN("raster", all, "labels.raster", label, "labels.ignore", "-1"));
    CHECK(error_says("Paraguay_34417_S1Hand.tif has no pixel with both a value"));
    const char *five = nd_text(arena, "%s/S1/[IS]*.tif,%s/S1/Pak*.tif,%s/S1/U*.tif",
                               folder, folder, folder);
    const char *five_labels =
        nd_text(arena, "%s/Labels/[IS]*.tif,%s/Labels/Pak*.tif,%s/Labels/U*.tif", folder,
                folder, folder);
    const char *names[5] = {0};
    for (int fold = 0; fold < 5; fold++) {
        nd_dataset *set = OPEN(
            "raster", five, "labels.raster", five_labels, "labels.ignore", "-1", "unit",
            "dB", "split.by", "scene", "split.folds", "5", "split.fold",
            nd_text(arena, "%d", fold), "chips.size", "256", "augment.speckle", "4,32");
        int classes, bands, height, width;
        NEED(set);
        const nd_card_class *class = nd_dataset_classes(set, &classes);
        nd_dataset_shape(set, &bands, &height, &width);
        CHECK(classes == 2 && class[0].value == 0 && class[1].value == 1 && bands == 2);
        CHECK(nd_dataset_count(set, ND_VALID) == 4);
        CHECK(strcmp(nd_dataset_bands(set, &bands)[1].name, "VH") == 0);
        CHECK(nd_dataset_bands(set, &bands)[1].step[0].how == ND_CLIP);
        const nd_chip chip = sample_of(arena, set, ND_VALID, 0, 0);
        names[fold] = chip.place.name;
        for (int k = 0; k < fold; k++) CHECK(strcmp(names[k], names[fold]) != 0);
        const nd_chip trained = sample_of(arena, set, ND_TRAIN, 0, 0);
        CHECK(strcmp(trained.place.name, chip.place.name) != 0);
        CHECK(strstr(nd_dataset_proof(set), "shared pixels 0"));
    }
}

// 100 tiles as 13 bands of L1C and, 100 of them, as RGB pictures: DN from the picture
// against the DN that it was made of. 254 / 2750 grey levels to a DN.
TEST(rgb_pictures_of_eurosat_are_the_reflectance_that_they_say)
{
    static const double most[] = {3.2, 1.7, 3.0}; // rms in grey levels: JPEG noise
    static const int source[] = {3, 2, 1};        // B04, B03, B02 of 13
    const char *ms = real(arena, "ml/eurosat_ms_dev100.zip");
    const char *rgb = real(arena, "ml/eurosat_rgb_dev.zip");
    if (!ms) SKIP("NADIR_TEST_DATA is not set");
    nd_data *data;
    CHECK(nd_data_new(arena, &data) == ND_OK);
    data->is_whole = true, data->norm.at = 1, data->pictures.text = ms;
    nd_dataset *bands13 = nd_dataset_open(arena, data, NULL, 0);
    data->picture_units.at = 1, data->pictures.text = rgb;
    nd_dataset *pictures = nd_dataset_open(arena, data, NULL, 0);
    NEED(bands13 && pictures);
    nd_work work = {.arena = nd_arena_new()};
    const size_t plane = 64 * 64;
    int64_t label, at = 0;
    nd_chip a = {.picture = nd_alloc(arena, 13 * plane, 4), .label = &label};
    nd_chip b = {.picture = nd_alloc(arena, 3 * plane, 4), .label = &label};
    double sum[3] = {0};
    int64_t pairs = 0;
    for (int64_t i = 0; i < nd_dataset_count(bands13, ND_TEST); i++) {
        CHECK(nd_dataset_sample(bands13, &work, ND_TEST, 0, i, &a) == ND_OK);
        const char *name = strrchr(a.place.name, '/');
        const size_t length = strcspn(name, ".");
        for (b.place.name = "/"; at < 18001; at++) { // both in the order of their names
            CHECK(nd_dataset_sample(pictures, &work, ND_TEST, 0, at, &b) == ND_OK);
            if (strncmp(strrchr(b.place.name, '/'), name, length + 1) == 0 ||
                (strncmp(strrchr(b.place.name, '/'), name, length) == 0 &&
                 strrchr(b.place.name, '/')[length] == '.'))
                break;
        }
        if (at == 18001) break;
        pairs++;
        for (int c = 0; c < 3; c++)
            for (size_t p = 0; p < plane; p++) {
                const double dn =
                    fmin((double)a.picture[(size_t)source[c] * plane + p], 2750);
                const double off =
                    ((double)b.picture[(size_t)c * plane + p] - dn) * 254 / 2750;
                sum[c] += off * off;
            }
        nd_arena_reset(work.arena);
    }
    nd_arena_free(work.arena);
    CHECK(pairs == 100);
    for (int c = 0; c < 3; c++) {
        const double rms = sqrt(sum[c] / (double)(pairs * (int64_t)plane));
        printf("# band %d: rms %.2f grey levels\n", c, rms);
        CHECK(rms < most[c]);
    }
}
