// SPDX-License-Identifier: Apache-2.0
#include "../harness.h"
#include "dash/dash.h"

#define KEY "00112233445566778899aabbccddeeff"

TEST(a_tile_address_is_a_key_a_level_a_place_and_a_format)
{
    dash_tile_name t;
    CHECK(dash_tile_parse(KEY "/5/12/7.png", &t));
    CHECK(t.key.a == 0x0011223344556677 && t.key.b == 0x8899aabbccddeeff);
    CHECK(t.z == 5 && t.x == 12 && t.y == 7 && strcmp(t.format, "png") == 0);
    CHECK(dash_tile_parse(KEY "/0/0/0", &t) && strcmp(t.format, "u16") == 0);
    CHECK(dash_tile_parse(KEY "/30/1073741824/0.f32", &t) && t.x == 1 << 30);
}

TEST(whatever_is_no_tile_address_is_refused)
{
    static const char *const wrong[] = {
        "",
        KEY,
        KEY "/",
        KEY "/1/2",
        KEY "/1/2/3/4",
        KEY "/1/2/3.",
        KEY "/1/2/3.u16x",
        KEY "/1/2/3.gif",
        KEY "/-1/2/3",
        KEY "/01/2/3",
        KEY "/1/ 2/3",
        KEY "/31/0/0",
        KEY "/1/1073741825/0",
        KEY "/1/99999999999999999999/0",
        "00112233445566778899aabbccddeefg/1/2/3",
        "00112233445566778899AABBCCDDEEFF/1/2/3",
        "../../etc/passwd",
        "00112233445566778899aabbccddeef/1/2/3",
    };
    dash_tile_name t;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        if (dash_tile_parse(wrong[i], &t)) printf("# taken: %s\n", wrong[i]);
        CHECK(!dash_tile_parse(wrong[i], &t));
    }
}

TEST(a_query_gives_its_values_decoded)
{
    const char *query = "b=1,2&t=a%2Bb+c&empty=&b=9";
    CHECK(strcmp(dash_query(arena, query, "b"), "1,2") == 0);
    CHECK(strcmp(dash_query(arena, query, "t"), "a+b c") == 0);
    CHECK(strcmp(dash_query(arena, query, "empty"), "") == 0);
    CHECK(!dash_query(arena, query, "e") && !dash_query(arena, "", "b"));
    CHECK(!dash_query(arena, "t=%", "t") && !dash_query(arena, "t=%zz", "t"));
    CHECK(!dash_query(arena, "t=a%00b", "t"));
}

TEST(numbers_are_finite_and_not_too_many)
{
    double n[3];
    CHECK(dash_numbers(arena, "1, -2.5,3e2", n, 3) == 3);
    CHECK(n[0] == 1 && n[1] == -2.5 && n[2] == 300);
    CHECK(dash_numbers(arena, "1,2,3,4", n, 3) == -1);
    CHECK(dash_numbers(arena, "1,x", n, 3) == -1);
    CHECK(dash_numbers(arena, "nan", n, 3) == -1 &&
          dash_numbers(arena, "inf", n, 3) == -1);
    CHECK(dash_numbers(arena, "", n, 3) == 0);
}

TEST(a_view_is_a_short_name_and_a_generation)
{
    char name[16];
    int generation;
    dash_view_read("7f3a.41", name, &generation);
    CHECK(strcmp(name, "7f3a") == 0 && generation == 41);
    static const char *const wrong[] = {
        "", "7f3a", ".4", "7f3a.", "xyz.1", "7f3a.4x", "7f3a.-1", "0123456789abcdef0.1"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        dash_view_read(wrong[i], name, &generation);
        CHECK(!*name && generation == 0);
    }
    dash_view_read(NULL, name, &generation);
    CHECK(!*name && generation == 0);
}

TEST(the_coarsest_level_is_the_first_that_fits_one_tile)
{
    const struct {
        int width, height, levels;
    } grid[] = {{1, 1, 0},   {256, 256, 0},     {257, 1, 1},        {512, 512, 1},
                {513, 2, 2}, {10980, 10980, 6}, {1000000000, 1, 22}};
    for (size_t i = 0; i < sizeof grid / sizeof *grid; i++) {
        const nd_grid g = {.width = grid[i].width, .height = grid[i].height};
        CHECK(dash_levels(&g) == grid[i].levels);
        const nd_grid top = nd_grid_at(g, grid[i].levels);
        CHECK(top.width <= DASH_SIDE && top.height <= DASH_SIDE);
    }
}
