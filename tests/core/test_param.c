// SPDX-License-Identifier: Apache-2.0
#include "../harness.h"
#include <nadir/param.h>
#include <nadir/text.h>

enum { NEAREST, BILINEAR };
typedef struct all {
    bool strict;
    int looks;
    int64_t memory;
    double spacing_m;
    const char *name;
    nd_choice method;
    nd_list bands;
    nd_path dem, orbit;
} all;

static const nd_option methods[] = {{"nearest", "Take the closest pixel"},
                                    {"bilinear", "Weigh the four pixels around"},
                                    {NULL, NULL}};
static const nd_param rows[] = {
    ND_PARAM(all, strict, true, .help = "Do as SNAP does"),
    ND_PARAM(all, looks, 4, .min = 1, .max = 100, .snap = "nRgLooks", .help = "Looks"),
    ND_PARAM(all, memory, (int64_t)4 << 30, .help = "Budget", .unit = "bytes"),
    ND_PARAM(all, spacing_m, 10, .min = 0.1, .max = 1e5, .log = true, .soft_min = 1,
             .soft_max = 1000, .help = "Pixel side", .unit = "m"),
    ND_PARAM(all, name, "ndvi", .help = "Name"),
    ND_PARAM(all, method, {BILINEAR}, .choices = methods, .help = "Resampling"),
    ND_PARAM(all, bands, ND_WORDS("B4", "B8"), .of = "band", .help = "Bands"),
    ND_PARAM(all, dem, {NULL}, .help = "Heights", .excludes = "orbit"),
    ND_PARAM(all, orbit, {NULL}, .help = "Orbit", .needs = "name"),
};
static const nd_table table = ND_TABLE(rows, all);

TEST(defaults_are_the_rows_own)
{
    nd_settings set;
    CHECK(nd_settings_new(arena, &table, &set) == ND_OK);
    const all *a = set.data;
    CHECK(a->strict && a->looks == 4 && a->memory == 4294967296 && a->spacing_m == 10);
    CHECK(strcmp(a->name, "ndvi") == 0 && a->method.at == BILINEAR && !a->dem.text);
    CHECK(a->bands.count == 2 && strcmp(a->bands.item[1], "B8") == 0);
}

static bool sets(nd_arena *arena, nd_settings *set, const char *name, const char *text)
{
    return nd_settings_set(arena, set, name, text) == ND_OK;
}

TEST(words_become_members)
{
    nd_settings set;
    CHECK(nd_settings_new(arena, &table, &set) == ND_OK);
    CHECK(sets(arena, &set, "strict", "no") && sets(arena, &set, "NRGLOOKS", "7"));
    CHECK(sets(arena, &set, "memory", "9007199254740993") &&
          sets(arena, &set, "dem", "a.tif"));
    CHECK(sets(arena, &set, "method", "Nearest") &&
          sets(arena, &set, "bands", "B2,B3,B4"));
    const all *a = set.data;
    CHECK(!a->strict && a->looks == 7 && a->memory == 9007199254740993);
    CHECK(strcmp(a->dem.text, "a.tif") == 0 && a->method.at == NEAREST);
    CHECK(a->bands.count == 3 && strcmp(a->bands.item[2], "B4") == 0);
    CHECK(sets(arena, &set, "memory", "2G") && a->memory == 2147483648);
    CHECK(nd_settings_check(&set) == ND_OK);
}

TEST(what_cannot_be_is_said_in_two_lines)
{
    nd_settings set;
    CHECK(nd_settings_new(arena, &table, &set) == ND_OK);
    CHECK(!sets(arena, &set, "lookz", "1") &&
          error_says("setting lookz\ndid you mean looks?"));
    CHECK(!sets(arena, &set, "looks", "900") && error_says("is not between 1 and 100"));
    CHECK(!sets(arena, &set, "looks", "many") && error_says("is not a whole number"));
    CHECK(!sets(arena, &set, "looks", "") && error_says("looks is empty\ngive a number"));
    CHECK(!sets(arena, &set, "spacing_m", "ten") &&
          error_says("spacing_m: ten is not a number\ngive one, as in 2.5"));
    CHECK(!sets(arena, &set, "spacing_m", "0.05") &&
          error_says("spacing_m: 0.05 is not between 0.1 and 100000 m\nstay"));
    CHECK(!sets(arena, &set, "strict", "perhaps") &&
          error_says("strict: perhaps is neither true nor false\nwrite true or false"));
    CHECK(!sets(arena, &set, "qqqqqqqq", "1") &&
          error_says("there is no setting qqqqqqqq\nleave it out, or take one of strict, "
                     "looks, memory,"));
    CHECK(!sets(arena, &set, "spacing_m", "nan") && error_says("is not between"));
    CHECK(!sets(arena, &set, "method", "best") &&
          error_says("take one of nearest, bilinear"));
    CHECK(sets(arena, &set, "orbit", "x") && nd_settings_check(&set) == ND_E_PARAM);
    CHECK(error_says("orbit says nothing without name"));
    CHECK(sets(arena, &set, "name", "n") && sets(arena, &set, "dem", "d"));
    CHECK(nd_settings_check(&set) == ND_E_PARAM && error_says("contradict each other"));
}

TEST(numbers_may_end_as_java_lets_them)
{
    nd_settings set;
    CHECK(nd_settings_new(arena, &table, &set) == ND_OK);
    const all *a = set.data;
    CHECK(sets(arena, &set, "spacing_m", "2.5f") && a->spacing_m == 2.5);
    CHECK(sets(arena, &set, "spacing_m", "3D") && a->spacing_m == 3);
    CHECK(!sets(arena, &set, "spacing_m", "f") && !sets(arena, &set, "spacing_m", "2ff"));
    CHECK(!sets(arena, &set, "spacing_m", "inff"));
    (void)nd_error_take();
}

TEST(a_value_that_is_refused_leaves_the_one_before)
{
    nd_settings set;
    CHECK(nd_settings_new(arena, &table, &set) == ND_OK);
    const all *a = set.data;
    CHECK(nd_settings_set(arena, &set, "spacing_m", "20") == ND_OK);
    CHECK(nd_settings_set(arena, &set, "spacing_m", "1e9") == ND_E_PARAM);
    CHECK(a->spacing_m == 20);
    CHECK(nd_settings_set(arena, &set, "looks", "1000") == ND_E_PARAM && a->looks == 4);
}
