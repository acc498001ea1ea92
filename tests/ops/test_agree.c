// SPDX-License-Identifier: Apache-2.0
#include "../rasters.h"
#include <nadir/agree.h>

// What land-use pixels of L1C are like, in digital numbers and in reflectance.
static const nd_card_band red = {
    .name = "red", .unit = "DN", .p2 = 260, .p50 = 800, .p98 = 2480};
static const nd_card_band share = {
    .name = "red", .unit = "reflectance", .p2 = 0.026, .p50 = 0.08, .p98 = 0.248};

static nd_status values(nd_arena *arena, const nd_card_band *want, const char *unit,
                        nd_node *node)
{
    static const char *const as[] = {"red=b1"};
    const nd_card card = {.name = "land", .band = want, .bands = 1};
    nd_agreed agreed;
    nd_work work = {.arena = arena};
    if (nd_agree(arena, node, &card, &(nd_terms){.as = as, .count = 1, .unit = unit},
                 &agreed) != ND_OK)
        return ND_E_PARAM;
    return nd_agree_values(&agreed, node, &work);
}

TEST(values_like_those_of_the_training_are_taken)
{
    CHECK(values(arena, &red, "DN", PIXELS(3, 1, 300, 900, 2000)) == ND_OK);
    CHECK(values(arena, &red, "reflectance", PIXELS(3, 1, 0.03f, 0.09f, 0.2f)) == ND_OK);
    CHECK(values(arena, &red, "DN", PIXELS(3, 1, NAN, NAN, NAN)) == ND_OK);
    // Dark water is no other unit.
    CHECK(values(arena, &red, "DN", PIXELS(3, 1, 150, 160, 170)) == ND_OK);
}

TEST(shares_of_one_are_not_taken_for_digital_numbers)
{
    CHECK(values(arena, &red, "DN", PIXELS(1, 1, 0.09f)) == ND_E_DATA);
    CHECK(error_says("red has a median of 0.09 DN, and the model was trained on 260 to "
                     "2480\nthese look like shares of 1: say units: reflectance"));
}

TEST(digital_numbers_are_not_taken_for_shares_of_one)
{
    CHECK(values(arena, &share, "reflectance", PIXELS(3, 1, 300, 900, 2000)) ==
          ND_E_DATA);
    CHECK(error_says("these look like reflectance times 10 000: say units: DN"));
}

TEST(an_offset_that_is_still_in_the_values_is_named)
{
    // Narrow: open water, 100 to 200, so that 1000 more is far off.
    const nd_card_band water = {.name = "red", .unit = "DN", .p2 = 100, .p98 = 200};
    CHECK(values(arena, &water, "DN", PIXELS(3, 1, 1120, 1150, 1160)) == ND_E_DATA);
    CHECK(error_says("if the offset of baseline 04.00 is still in it, subtract 1000"));
    CHECK(values(arena, &water, "DN", PIXELS(3, 1, 5000, 5000, 5000)) == ND_E_DATA);
    CHECK(error_says("check unit, offset and product, or say accept_values: true"));
}

static void hear(nd_loudness loudness, const char *text, void *user)
{
    if (loudness == ND_WARN) snprintf(user, 200, "%s", text);
}

TEST(an_offset_within_what_was_seen_in_training_is_asked_about)
{
    char heard[200] = "";
    nd_listen(hear, heard);
    CHECK(values(arena, &red, "DN", PIXELS(3, 1, 1300, 1900, 3000)) == ND_OK);
    CHECK(strstr(heard, "about 1000 above"));
    *heard = 0;
    CHECK(values(arena, &red, "DN", PIXELS(3, 1, 300, 900, 2000)) == ND_OK);
    CHECK(!*heard);
    nd_listen(NULL, NULL);
}

TEST(what_is_wanted_stands_beside_what_is_offered)
{
    static const char *const as[] = {"red=b1"};
    const nd_card card = {.name = "land", .band = &red, .bands = 1};
    nd_agreed a;
    CHECK(nd_agree(arena, PIXELS(1, 1, 1), &card,
                   &(nd_terms){.as = as, .count = 1, .unit = "reflectance"},
                   &a) == ND_OK);
    CHECK(a.told.columns == 5 && a.told.rows == 2);
    CHECK(!strcmp(a.told.cell[5], "red") && !strcmp(a.told.cell[6], "DN") &&
          !strcmp(a.told.cell[7], "b1") && !strcmp(a.told.cell[9], "10000"));
}
