// SPDX-License-Identifier: Apache-2.0
#include "../harness.h"
#include <nadir/contract.h>

// A card like that of a land-use classifier: three bands of L1C as digital numbers.
static const nd_card_band wants[] = {
    {.name = "B04", .unit = "DN", .wavelength_nm = 665},
    {.name = "B03", .unit = "DN", .wavelength_nm = 560},
    {.name = "B02", .unit = "DN", .wavelength_nm = 490},
};
static const nd_card land = {
    .name = "land", .band = wants, .bands = 3, .pixel_m = 10, .level = "L1C"};

static nd_status match(nd_arena *arena, const nd_offer *offer, int bands, nd_taken *taken)
{
    return nd_card_match(arena, &land, &(nd_offers){offer, bands, 10, "L1C"},
                         &(nd_terms){0}, taken);
}

TEST(bands_are_found_by_name_and_reflectance_becomes_digital_numbers)
{
    const nd_offer offer[] = {{"B2", "dl", 490}, {"B3", "dl", 560}, {"B4", "dl", 665}};
    nd_taken taken[3];
    CHECK(match(arena, offer, 3, taken) == ND_OK);
    CHECK(taken[0].band == 2 && taken[1].band == 1 && taken[2].band == 0);
    CHECK(taken[0].factor > 9999.9 && taken[0].factor < 10000.1);
}

TEST(b8_is_not_taken_for_b8a)
{
    const nd_card_band want = {.name = "B8A", .unit = "dl", .wavelength_nm = 865};
    const nd_card card = {.name = "m", .band = &want, .bands = 1};
    const nd_offer offer[] = {{"B8", "dl", 842}, {"B08A_20m", "dl", 865}};
    nd_taken taken;
    CHECK(nd_card_match(arena, &card, &(nd_offers){offer, 2, 0, NULL}, &(nd_terms){0},
                        &taken) == ND_OK);
    CHECK(taken.band == 1);
}

TEST(bands_without_a_known_name_are_found_by_their_light)
{
    const nd_offer offer[] = {{"x", "DN", 664.6}, {"y", "DN", 559.8}, {"z", "DN", 492.4}};
    nd_taken taken[3];
    CHECK(match(arena, offer, 3, taken) == ND_OK);
    CHECK(taken[0].band == 0 && taken[2].band == 2 && taken[1].factor < 1.1);
    const nd_offer named[] = {{"blue", "DN", 0}, {"green", "DN", 0}, {"red", "DN", 0}};
    CHECK(match(arena, named, 3, taken) == ND_OK && taken[0].band == 2);
}

TEST(the_users_word_comes_first)
{
    const nd_offer offer[] = {{"B2", "DN", 490}, {"B3", "DN", 560}, {"B4", "DN", 665}};
    const char *const as[] = {"B04=B3"};
    nd_taken taken[3];
    CHECK(nd_card_match(arena, &land, &(nd_offers){offer, 3, 10, "L1C"},
                        &(nd_terms){.as = as, .count = 1}, taken) == ND_OK);
    CHECK(taken[0].band == 1 && taken[1].band == 1);
}

TEST(a_band_that_is_not_there_is_named_with_those_that_are)
{
    const nd_offer offer[] = {{"B8", "dl", 842}, {"B11", "dl", 1610}};
    nd_taken taken[3];
    CHECK(match(arena, offer, 2, taken) == ND_E_DATA);
    CHECK(error_says("land wants band B04, and there is only B8, B11\n"
                     "say which band stands for it: bands: B04=NAME"));
}

TEST(a_unit_that_is_not_said_or_does_not_fit_is_refused)
{
    nd_offer offer[] = {{"B2", NULL, 490}, {"B3", NULL, 560}, {"B4", NULL, 665}};
    nd_taken taken[3];
    CHECK(match(arena, offer, 3, taken) == ND_E_DATA);
    CHECK(error_says("land wants B04 in DN, and band B4 does not say its unit\n"
                     "say it: units: DN, or reflectance, or dB"));
    CHECK(nd_card_match(arena, &land, &(nd_offers){offer, 3, 10, "L1C"},
                        &(nd_terms){.unit = "reflectance"}, taken) == ND_OK);
    for (int i = 0; i < 3; i++) offer[i].unit = "W/m^2";
    CHECK(match(arena, offer, 3, taken) == ND_E_DATA);
    CHECK(error_says("band B4 is in W/m^2"));
}

TEST(linear_backscatter_for_a_model_of_decibels_names_the_operator)
{
    const nd_card_band want = {.name = "VV", .unit = "dB"};
    const nd_card card = {.name = "flood", .band = &want, .bands = 1};
    const nd_offer offer = {"VV", "intensity", 0};
    nd_taken taken;
    CHECK(nd_card_match(arena, &card, &(nd_offers){&offer, 1, 10, NULL}, &(nd_terms){0},
                        &taken) == ND_E_DATA);
    CHECK(error_says("flood wants VV in dB, and band VV is in intensity\n"
                     "add LinearToFromdB before Predict"));
}

TEST(another_level_or_pixel_size_is_refused_unless_the_user_says_so)
{
    const nd_offer offer[] = {{"B2", "dl", 490}, {"B3", "dl", 560}, {"B4", "dl", 665}};
    nd_taken taken[3];
    const nd_offers surface = {offer, 3, 10, "L2A"}, coarse = {offer, 3, 20, "L1C"};
    CHECK(nd_card_match(arena, &land, &surface, &(nd_terms){0}, taken) == ND_E_DATA);
    CHECK(error_says("land was trained on L1C, and the scene is L2A\n"
                     "take the scene's L1C product, or say accept_level: true"));
    CHECK(nd_card_match(arena, &land, &surface, &(nd_terms){.accept_level = true},
                        taken) == ND_OK);
    CHECK(nd_card_match(arena, &land, &coarse, &(nd_terms){0}, taken) == ND_E_DATA);
    CHECK(error_says("pixels of 10 m, and these are of 20 m\n"
                     "put a Resample to 10 m before it"));
}
