// SPDX-License-Identifier: Apache-2.0
#include "io/crop.h"
#include "scenes.h"

TEST(reflectances_of_baseline_4_equal_an_independent_result)
{
    // ukis-pysat made the _toa file of the same digital numbers.
    const nd_product *p = nd_product_open(arena, NADIR_DATA "/T32UPC", NULL);
    const nd_product *toa =
        nd_product_open(arena,
                        NADIR_DATA "/T32UPC/S2B_MSIL1C_20220615T101559_N0400_R065_T32UPC_"
                                   "20220615T122549_toa.tif",
                        NULL);
    CHECK(p && toa && p->bands == 13 && toa->bands == 13);
    if (!p || !toa) return;
    CHECK(strcmp(p->mission, "Sentinel-2B") == 0 && p->relative_orbit == 65);
    for (int b = 0; b < 13; b++)
        CHECK(same_pixels(read_level(arena, p, b, 0), read_level(arena, toa, b, 0), 9 * 8,
                          1e-6f));
}

TEST(a_crop_says_what_it_knows_and_not_what_it_does_not)
{
    const nd_product *p = nd_product_open(arena, NADIR_DATA "/31UFS/crop.yaml", NULL);
    CHECK(p && !p->start && strcmp(p->tile, "T31UFS") == 0 && p->bands == 11);
    const nd_band *b2 = band_named(p, "B2"), *sun = band_named(p, "sun_zenith");
    CHECK(b2 && b2->wavelength_nm == 490 && strcmp(b2->unit, "dl") == 0);
    CHECK(sun && sun->role == ND_ANGLE && sun->scale == 1);
    float *got = read_named(arena, p, "B8A");
    CHECK(got && got[0] == (float)0.4115 && got[512 * 512 + 100] == (float)0.3176);
    got = read_named(arena, p, "sun_zenith");
    CHECK(got && got[0] == 44);
}

TEST(bands_of_a_crop_may_differ_in_size_and_have_classes)
{
    const nd_product *p = nd_product_open(arena, NADIR_DATA "/29RKH", NULL);
    const nd_band *scl = band_named(p, "quality_scene_classification");
    CHECK(scl && scl->kind == ND_CLASS && scl->labels == 12 && scl->grid.width == 549);
    CHECK(band_named(p, "B4") && band_named(p, "B4")->grid.width == 1098);
    float *got = read_named(arena, p, "quality_aot");
    CHECK(got && fabsf(got[0] - 0.191f) < 1e-7f);
    CHECK(strcmp(p->start, "2020-02-19T11:34:25.405Z") == 0);
}

static bool says(nd_arena *arena, const char *text, const char *words)
{
    crop c;
    if (crop_parse(arena, "crop.yaml", text, strlen(text), &c) == ND_OK) return false;
    return error_says(words);
}

TEST(a_mistake_in_a_crop_is_told_with_its_line)
{
    CHECK(says(arena, "name: x\nlevle: L1C\nbands: {}\n",
               "crop.yaml:2:1: levle is no key of a crop\ndid you mean level?"));
    CHECK(says(arena, "bands:\n  B1: { file: a.tif, wavelength: blue }\n",
               "crop.yaml:2:34: wavelength cannot be blue\n"));
    CHECK(says(arena, "bands:\n  B1: { file: ../a.tif }\n", "crop.yaml:2:7: band B1"));
    CHECK(says(arena, "bands:\n  B1: { file: /etc/a.tif }\n", "crop.yaml:2:7: band B1"));
    CHECK(says(arena, "bands:\n  B1: { band: 2 }\n", "names no file"));
    CHECK(says(arena, "name: x\n", "it names no bands\n"));
    CHECK(says(arena, "", "is empty\n"));
    CHECK(says(arena, "a: [1, 2\n", "crop.yaml:2:1: "));
    CHECK(says(arena, "bands: {B1: {file: a.tif, quantification: 0}}", "band B1"));
}

TEST(aliases_are_read_without_growing)
{
    // Nine levels of nine references each would be 10^9 items if they were copied.
    nd_buffer text = {.arena = arena};
    nd_buffer_add(&text, "metadata:\n  a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
    for (int i = 1; i < 10; i++) {
        nd_buffer_add(&text, "  a%d: &a%d [", i, i);
        for (int j = 0; j < 9; j++) nd_buffer_add(&text, "%s*a%d", j ? ", " : "", i - 1);
        nd_buffer_add(&text, "]\n");
    }
    nd_buffer_add(&text, "bands: {B1: {file: a.tif}}\n");
    crop c;
    CHECK(crop_parse(arena, "crop.yaml", text.text, text.length, &c) == ND_OK);
    CHECK(c.bands == 1);
}

TEST(a_file_that_is_not_there_is_a_band_that_is_missing)
{
    const char *where = folder(arena);
    const char *yaml = "bands: { B4: { file: b4.tif }, b4: { file: c.tif } }";
    write_file(nd_text(arena, "%s/crop.yaml", where), yaml, strlen(yaml));
    CHECK(!nd_product_open(arena, where, NULL) &&
          error_says("two bands are called b4\n"));
    yaml = "bands: { B4: { file: b4.tif } }";
    write_file(nd_text(arena, "%s/crop.yaml", where), yaml, strlen(yaml));
    const nd_product *p = nd_product_open(arena, where, NULL);
    CHECK(p && p->band[0].missing && strstr(p->band[0].missing, "b4.tif"));
}
