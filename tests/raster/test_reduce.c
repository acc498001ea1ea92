// SPDX-License-Identifier: Apache-2.0
#include "engine.h"

static const nd_op op_full = {.name = "full",
                              .min_inputs = 1,
                              .max_inputs = 1,
                              .levels = ND_FULL,
                              .row = twice_row};

static float level_1(nd_arena *arena, nd_kind kind, const float v[4])
{
    nd_node *in = picture(arena, 2, 2, v, 4);
    in->band[0].kind = kind;
    nd_node *out = apply_op(arena, &op_full, FROM(in), DEFAULTS);
    nd_work work = {.arena = arena};
    nd_tile tile;
    CHECK(nd_read(out, &work, ND_BANDS(0), 1, (nd_rect){0, 0, 1, 1}, &tile) == ND_OK);
    return *tile.data;
}

TEST(a_level_is_the_mean_the_power_the_mode_or_the_bits_of_what_is_valid)
{
    // The operator doubles and adds one first: 3, 5, 9, 9 and so on.
    CHECK(level_1(arena, ND_CONTINUOUS, (float[]){1, 2, 4, NAN}) == (3 + 5 + 9) / 3.0f);
    CHECK(level_1(arena, ND_AMPLITUDE, (float[]){0, 3, NAN, NAN}) == 5); // of 1 and 7
    CHECK(level_1(arena, ND_CLASS, (float[]){4, 1, 4, 2}) == 9);
    CHECK(level_1(arena, ND_FLAGS, (float[]){0, 1, 0, 2}) == 7); // 1 | 3 | 1 | 5
    CHECK(isnan(level_1(arena, ND_CONTINUOUS, (float[]){1, NAN, NAN, NAN})));
}

TEST(a_costly_preview_shows_its_middle_or_nothing_and_says_so)
{
    counter c = {512, 512, 1, 64, ND_U16, 0, 0, -1};
    nd_node *out = apply_op(arena, &op_full, FROM(counted(arena, &c)), DEFAULTS);
    nd_work work = {.arena = arena};
    nd_tile whole, part;
    nd_honesty honesty;
    nd_look look = {ND_BANDS(0), {0, 0, 128, 128}, 2, 512 * 512};
    CHECK(nd_preview(out, &work, &look, &whole, &honesty) == ND_OK);
    CHECK(honesty == ND_IS_EXACT);
    look.budget /= 4;
    CHECK(nd_preview(out, &work, &look, &part, &honesty) == ND_OK);
    CHECK(honesty == ND_IS_PART && isnan(*nd_at(&part, 0, 31, 64)));
    CHECK(*nd_at(&part, 0, 32, 64) == *nd_at(&whole, 0, 32, 64));
    CHECK(*nd_at(&part, 0, 95, 95) == *nd_at(&whole, 0, 95, 95));
    CHECK(isnan(*nd_at(&part, 0, 96, 64)));
    look.budget = 100;
    CHECK(nd_preview(out, &work, &look, &part, &honesty) == ND_OK);
    CHECK(honesty == ND_IS_BLANK);
}

TEST(the_worst_operator_on_the_way_decides_how_honest_a_level_is)
{
    counter c = {64, 64, 1, 64, ND_U16, 0, 0, -1};
    nd_node *in = counted(arena, &c);
    nd_node *full = apply_op(arena, &op_full, FROM(in), DEFAULTS);
    nd_node *twice = apply_op(arena, &op_twice, FROM(in), DEFAULTS);
    CHECK(nd_levels_of(twice) == ND_REDUCED); // the counter is no better
    CHECK(nd_levels_of(apply_op(arena, &op_twice, FROM(full), DEFAULTS)) == ND_FULL);
}
