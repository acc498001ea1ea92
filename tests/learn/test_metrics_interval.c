// SPDX-License-Identifier: Apache-2.0
#include "golden.h"
#include <nadir/metrics.h>

#define GOLDEN(name) golden_of(arena, NADIR_GOLDEN "/metrics.txt", name)

TEST(wilsons_interval_is_scipys)
{
    const golden g = GOLDEN("wilson");
    for (size_t i = 0; i + 4 <= g.count; i += 4) {
        const nd_interval w = nd_wilson(g.value[i], g.value[i + 1]);
        CHECK(near(w.low, g.value[i + 2], 1e-12) && near(w.high, g.value[i + 3], 1e-12));
    }
    CHECK(isnan(nd_wilson(0, 0).low));
}

// Newcombe 1998, table I, method 3: 81 of 263 gives 0.2553 to 0.3662.
TEST(wilsons_interval_is_the_published_one)
{
    const nd_interval w = nd_wilson(81, 263);
    CHECK(fabs(w.low - 0.2553) < 5e-5 && fabs(w.high - 0.3662) < 5e-5);
}

TEST(mcnemars_p_is_scipys_exact_below_25_and_smooth_above)
{
    const golden g = GOLDEN("mcnemar");
    for (size_t i = 0; i + 3 <= g.count; i += 3) {
        const int64_t b = (int64_t)g.value[i], c = (int64_t)g.value[i + 1];
        const nd_mcnemar m = nd_mcnemar_test(b, c);
        CHECK(fabs(m.p - g.value[i + 2]) <= 1e-12 * fmax(g.value[i + 2], 1e-90));
        CHECK(m.is_exact == (b + c < 25));
    }
}

static void mean_of(const void *user, const uint32_t *times, int64_t units, double *mean)
{
    const double *value = user;
    double sum = 0, n = 0;
    for (int64_t i = 0; i < units; i++) sum += times[i] * value[i], n += times[i];
    *mean = sum / n;
}

// The mean of 0/1 with share 0.3 over 400 units: deviation sqrt(.3 .7 / 400) = 0.02291.
// 4,000 draws know it to 1.1 %: five of those are allowed.
TEST(the_bootstrap_of_a_share_has_the_binomials_deviation)
{
    double value[400];
    for (int i = 0; i < 400; i++) value[i] = i < 120;
    nd_bootstrap b;
    CHECK(nd_bootstrap_run(arena, &(nd_bootstrap_make){mean_of, value, 400, 1, 4000, 7},
                           &b) == ND_OK);
    CHECK(fabs(b.deviation / 0.0229129 - 1) < 0.055);
    CHECK(fabs(b.interval.low - (0.3 - 1.96 * 0.0229129)) < 0.004);
    CHECK(fabs(b.interval.high - (0.3 + 1.96 * 0.0229129)) < 0.004);
    CHECK(b.draws == 4000 && b.p < 0.001);
}

TEST(every_draw_takes_as_many_units_as_there_are)
{
    // mean_of divides by what was drawn: of equal values it is that value whatever comes.
    double value[7] = {2, 2, 2, 2, 2, 2, 2};
    nd_bootstrap b;
    CHECK(nd_bootstrap_run(arena, &(nd_bootstrap_make){mean_of, value, 7, 1, 0, 1}, &b) ==
          ND_OK);
    CHECK(b.interval.low == 2 && b.interval.high == 2 && b.deviation == 0);
    CHECK(b.draws == 1000);
}

TEST(a_difference_around_nothing_is_not_significant)
{
    double value[50];
    for (int i = 0; i < 50; i++) value[i] = i % 2 ? 1 : -1;
    nd_bootstrap b;
    CHECK(nd_bootstrap_run(arena, &(nd_bootstrap_make){mean_of, value, 50, 1, 0, 1},
                           &b) == ND_OK);
    CHECK(b.p > 0.5 && b.interval.low < 0 && b.interval.high > 0);
}

TEST(the_same_seed_draws_the_same_and_another_does_not)
{
    double value[30];
    for (int i = 0; i < 30; i++) value[i] = i * i;
    nd_bootstrap a, b, c;
    nd_bootstrap_make make = {mean_of, value, 30, 0, 100, 5};
    CHECK(nd_bootstrap_run(arena, &make, &a) == ND_OK);
    CHECK(nd_bootstrap_run(arena, &make, &b) == ND_OK);
    make.seed = 6;
    CHECK(nd_bootstrap_run(arena, &make, &c) == ND_OK);
    CHECK(a.interval.low == b.interval.low && a.deviation == b.deviation);
    CHECK(a.deviation != c.deviation);
}

TEST(one_unit_has_no_interval)
{
    double value = 1;
    nd_bootstrap b;
    CHECK(nd_bootstrap_run(arena, &(nd_bootstrap_make){mean_of, &value, 1, 1, 0, 1},
                           &b) == ND_OK);
    CHECK(isnan(b.interval.low) && isnan(b.p) && b.draws == 0);
}

static void two_of(const void *user, const uint32_t *times, int64_t units, double *value)
{
    mean_of(user, times, units, &value[0]);
    value[1] = times[0] ? (double)NAN : 2 * value[0];
}

// A unit is left out of a draw with (1 - 1/n)^n: of 20, 0.358.
TEST(draws_without_a_number_are_left_out)
{
    double value[20];
    for (int i = 0; i < 20; i++) value[i] = i;
    nd_bootstrap b[2];
    CHECK(nd_bootstrap_run(arena, &(nd_bootstrap_make){two_of, value, 20, 2, 0, 3}, b) ==
          ND_OK);
    CHECK(b[0].draws == 1000 && abs(b[1].draws - 358) < 60);
    CHECK(b[1].interval.high > 1.5 * b[0].interval.high);
}
