// SPDX-License-Identifier: Apache-2.0
#include "golden.h"
#include <nadir/metrics.h>

// '.' 0, '#' 1, '?' ignored.
static int64_t *drawn(nd_arena *arena, const char *rows)
{
    int64_t *mask = nd_alloc(arena, strlen(rows), sizeof *mask);
    for (size_t i = 0; mask && rows[i]; i++)
        mask[i] = rows[i] == '#' ? 1 : rows[i] == '?' ? -100 : 0;
    return mask;
}

static nd_masks masks_of(nd_arena *arena, int width, const char *truth, const char *seen)
{
    return (nd_masks){drawn(arena, truth), drawn(arena, seen), (int)strlen(truth) / width,
                      width};
}

TEST(objects_hang_together_at_their_corners)
{
    const nd_masks m = masks_of(arena, 5,
                                "#...."
                                ".#..#"
                                "#...#",
                                "#...."
                                ".#..#"
                                "#...#");
    nd_things t = {0};
    CHECK(nd_things_add(arena, &m, 1, &t) == ND_OK);
    CHECK(t.truth[4] == 2 && t.found[4] == 2 && t.predicted[4] == 2 && t.right[4] == 2);
    CHECK(t.truth[0] == 2 && t.truth[1] == 0);
}

// Reference of 4; prediction of 2 inside it (IoU .5: found) and one elsewhere (wrong).
TEST(half_an_object_is_found_and_less_is_not)
{
    nd_masks m = masks_of(arena, 8, "####....", "##....##");
    nd_things t = {0};
    CHECK(nd_things_add(arena, &m, 1, &t) == ND_OK);
    CHECK(t.found[4] == 1 && t.right[4] == 1 && t.predicted[4] == 2 && t.truth[4] == 1);
    m = masks_of(arena, 8, "#####...", "##....##");
    t = (nd_things){0};
    CHECK(nd_things_add(arena, &m, 1, &t) == ND_OK);
    CHECK(t.found[4] == 0 && t.right[4] == 0);
    CHECK(nd_f1(0, 1, 0, 2) == 0 && isnan(nd_f1(0, 0, 0, 0)));
    CHECK(near(nd_f1(1, 1, 1, 2), 2. / 3, 1e-15));
}

// Two halves, each of IoU .5 with the one reference: only one may have it.
TEST(matches_are_one_to_one)
{
    const nd_masks m = masks_of(arena, 5,
                                "#####"
                                "....."
                                "#####",
                                "##.##"
                                "....."
                                "#####");
    nd_things t = {0};
    CHECK(nd_things_add(arena, &m, 1, &t) == ND_OK);
    CHECK(t.truth[4] == 2 && t.predicted[4] == 3 && t.found[4] == 1 && t.right[4] == 1);
    const nd_masks halves = masks_of(arena, 4, "####", "#.##");
    t = (nd_things){0};
    CHECK(nd_things_add(arena, &halves, 1, &t) == ND_OK);
    CHECK(t.found[4] == 1 && t.right[4] == 1 && t.predicted[4] == 2);
}

TEST(what_the_reference_ignores_is_no_object)
{
    const nd_masks m = masks_of(arena, 6, "##..??", "##..##");
    nd_things t = {0};
    CHECK(nd_things_add(arena, &m, 1, &t) == ND_OK);
    CHECK(t.predicted[4] == 1 && t.right[4] == 1);
}

TEST(objects_are_counted_by_size)
{
    int64_t mask[40 * 30] = {0};
    for (int i = 0; i < 40 * 30; i++) mask[i] = i % 40 < 30; // 900 pixels
    mask[35] = 1;
    nd_things t = {0};
    CHECK(nd_things_add(arena, &(nd_masks){mask, mask, 30, 40}, 1, &t) == ND_OK);
    CHECK(t.truth[0] == 1 && t.truth[2] == 1 && t.truth[4] == 2 && t.found[2] == 1);
}

// A border between columns 3 | 4; predicted 5 | 6: two columns on, within reach; then
// 6 | 7: the mask's last column is three away.
TEST(outlines_two_pixels_off_still_meet)
{
    nd_masks m = masks_of(arena, 9, "####.....####.....", "######...######...");
    nd_outline o = {0};
    CHECK(nd_outline_add(arena, &m, 1, &o) == ND_OK);
    CHECK(o.truth == 2 && o.found == 2 && o.predicted == 2 && o.right == 2);
    m = masks_of(arena, 9, "####.....####.....", "#######..#######..");
    o = (nd_outline){0};
    CHECK(nd_outline_add(arena, &m, 1, &o) == ND_OK);
    CHECK(o.truth == 2 && o.found == 0 && o.right == 0);
}

TEST(a_mask_that_fills_the_picture_has_no_outline)
{
    const nd_masks m = masks_of(arena, 3, "#########", "#########");
    nd_outline o = {0};
    CHECK(nd_outline_add(arena, &m, 1, &o) == ND_OK && o.truth == 0);
}

// The Earth's surface and a cell in the Alps, WGS 84 (authalic formula, recomputed with
// mpmath; 5.1006562e14 m² in NIMA TR8350.2).
TEST(the_whole_earth_has_its_area)
{
    CHECK(near(nd_cell_area(-90, 90, 360) / 5.100656217240886e14, 1, 1e-13));
    CHECK(fabs(nd_cell_area(45, 46, 1) - 8686494956.67) < 0.02);
}

// Olofsson et al. 2014, section 5: deforestation, forest gain, stable forest, stable
// non-forest; Landsat pixels of 0.09 ha.
TEST(the_papers_map_has_the_papers_accuracy_and_areas)
{
    const double n[] = {66, 0, 5, 4, 0, 55, 8, 12, 1, 0, 153, 11, 2, 1, 9, 313};
    const double mapped[] = {200000, 150000, 3200000, 6450000};
    nd_map_accuracy a;
    CHECK(nd_map_accuracy_of(arena, &(nd_map_sample){4, n, mapped, 0.09}, &a) == ND_OK);
    CHECK(fabs(a.overall.value - 0.9465) < 5e-5 &&
          fabs(a.overall.margin - 0.0185) < 5e-5);
    const double user[] = {.880, .074, .733, .101, .927, .040, .963, .021};
    const double producer[] = {.749, .213, .847, .254, .935, .034, .962, .018};
    const double area[] = {21158, 6158, 11686, 3756, 285770, 15510, 581386, 16282};
    for (int k = 0; k < 4; k++) {
        CHECK(fabs(a.user[k].value - user[2 * k]) < 5.1e-4);
        CHECK(fabs(a.user[k].margin - user[2 * k + 1]) < 5.1e-4);
        CHECK(fabs(a.producer[k].value - producer[2 * k]) < 5.1e-4);
        CHECK(fabs(a.producer[k].margin - producer[2 * k + 1]) < 5.1e-4);
        CHECK(fabs(a.area[k].value - area[2 * k]) < 0.51);
        CHECK(fabs(a.area[k].margin - area[2 * k + 1]) < 0.51);
    }
}

// The paper's planning example: user's accuracies .70 .60 .90 .95, target .01: 641.
TEST(the_papers_sample_has_641_points)
{
    const double share[] = {.020, .015, .320, .645}, user[] = {.70, .60, .90, .95};
    CHECK(fabs(nd_map_sample_size(4, share, user, 0.01) - 641) < 1);
}

TEST(a_map_class_without_points_leaves_what_it_touches_unknown)
{
    const double n[] = {9, 1, 0, 0}, mapped[] = {100, 50};
    nd_map_accuracy a;
    CHECK(nd_map_accuracy_of(arena, &(nd_map_sample){2, n, mapped, 1}, &a) == ND_OK);
    CHECK(isnan(a.overall.value) && isnan(a.user[1].value) && a.user[0].value == 0.9);
    const double gone[] = {100, 0};
    CHECK(nd_map_accuracy_of(arena, &(nd_map_sample){2, n, gone, 1}, &a) == ND_OK);
    CHECK(near(a.overall.value, 0.9, 1e-15) && near(a.area[1].value, 10, 1e-12));
}
