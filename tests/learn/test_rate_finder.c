// SPDX-License-Identifier: Apache-2.0
#include "../harness.h"
#include <math.h>
#include <nadir/train.h>

// A curve with the shape that range tests have: flat, a slope, a blow-up.
static double loss_at(int i)
{
    const double rate = nd_rate_test_at(i);
    return 2.3 - 1.5 / (1 + exp(-3 * (log10(rate) + 3))) + 4 * rate * rate +
           0.02 * sin(1.7 * i);
}

static bool near(double a, double b)
{
    return fabs(a / b - 1) < 1e-9;
}

TEST(rates_grow_from_1e_7_to_10)
{
    CHECK(near(nd_rate_test_at(0), 1e-7));
    CHECK(near(nd_rate_test_at(50), 1e-3));
    CHECK(near(nd_rate_test_at(100), 10));
}

TEST(suggestions_are_those_of_fast_ai)
{
    // Expected: the definitions in fastai/callback/schedule.py worked with numpy.
    nd_rate_test *t = nd_alloc(arena, 1, sizeof *t);
    CHECK(t);
    int i = 0;
    while (nd_rate_test_add(t, loss_at(i))) i++;
    nd_rate_test_suggest(t);
    CHECK(t->count == 97); // smooth > 4 x best
    CHECK(near(t->smooth[96], 7.869229551529691));
    CHECK(near(t->valley, 0.001202264434617413));
    CHECK(near(t->steep, 0.00363078054770101));
    CHECK(near(t->minimum, 0.0363078054770101));
    CHECK(near(t->slide, 0.002511886431509582));
}

TEST(a_loss_that_is_no_number_ends_the_test)
{
    nd_rate_test *t = nd_alloc(arena, 1, sizeof *t);
    for (int i = 0; i < 12; i++) CHECK(nd_rate_test_add(t, 1));
    CHECK(!nd_rate_test_add(t, (double)NAN));
    nd_rate_test_suggest(t);
    CHECK(t->count == 12 && isnan(t->valley));
}

TEST(the_curve_is_drawn_within_its_columns)
{
    nd_rate_test *t = nd_alloc(arena, 1, sizeof *t);
    nd_buffer text = {.arena = arena};
    int i = 0;
    while (nd_rate_test_add(t, loss_at(i))) i++;
    nd_rate_test_suggest(t);
    CHECK(nd_rate_test_print(t, 60, false, &text) == ND_OK);
    const char *line = nd_buffer_text(&text);
    int lines = 0, stars = 0;
    for (const char *c = line; c && *c; c++) lines += *c == '\n', stars += *c == '*';
    CHECK(lines == 13 && stars >= 45);
    CHECK(line && strstr(line, "v valley 1.20e-03   s steep 3.63e-03"));
}

TEST(the_picture_is_a_png)
{
    nd_rate_test *t = nd_alloc(arena, 1, sizeof *t);
    const uint8_t *png;
    size_t bytes;
    int i = 0;
    while (nd_rate_test_add(t, loss_at(i))) i++;
    nd_rate_test_suggest(t);
    CHECK(nd_rate_test_picture(arena, t, &png, &bytes) == ND_OK);
    CHECK(bytes > 500 && memcmp(png, "\x89PNG\r\n\x1a\n", 8) == 0);
}
