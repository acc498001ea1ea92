// SPDX-License-Identifier: Apache-2.0
#include "../harness.h"
#include <math.h>
#include <nadir/train.h>

static bool near(double a, double b)
{
    return fabs(a - b) <= 1e-12 * fmax(1, fabs(b));
}

TEST(one_cycle_goes_as_fast_ai_goes)
{
    // fast.ai's combined_cos in double: 8 steps, 0.25 up from 1/25, down to 1e-5.
    static const double rate[] = {0.04,
                                  0.52,
                                  1,
                                  0.9330133717652004,
                                  0.7500025,
                                  0.500005,
                                  0.25000750000000005,
                                  0.06699662823479946};
    static const double momentum[] = {0.95,  0.9, 0.85,  0.856698729810778,
                                      0.875, 0.9, 0.925, 0.9433012701892219};
    const nd_rate_plan plan = {
        .schedule = ND_ONE_CYCLE, .rate = 1, .low = 0.85, .high = 0.95};
    for (int i = 0; i < 8; i++) {
        const nd_rate r = nd_rate_at(&plan, i, 8);
        CHECK(near(r.rate, rate[i]) && near(r.momentum, momentum[i]) && !r.frozen);
    }
}

TEST(one_cycle_goes_as_torch_goes)
{
    // torch 1.13, OneCycleLR(max_lr=1, total_steps=10) over SGD with momentum.
    static const double rate[] = {0.04,
                                  0.52,
                                  1,
                                  0.9504846320134737,
                                  0.8117456539497631,
                                  0.6112620219362893,
                                  0.38874197806371075,
                                  0.18825834605023697,
                                  0.049519367986526286,
                                  4e-06};
    static const double momentum[] = {0.95,
                                      0.9,
                                      0.85,
                                      0.854951556604879,
                                      0.8688255099070633,
                                      0.8888739533021842,
                                      0.9111260466978157,
                                      0.9311744900929366,
                                      0.945048443395121,
                                      0.95};
    const nd_rate_plan plan = {
        .schedule = ND_ONE_CYCLE_TORCH, .rate = 1, .low = 0.85, .high = 0.95};
    for (int i = 0; i < 10; i++) {
        const nd_rate r = nd_rate_at(&plan, i, 10);
        CHECK(near(r.rate, rate[i]) && near(r.momentum, momentum[i]));
    }
}

TEST(a_cosine_stays_down_after_its_end)
{
    const nd_rate_plan plan = {.schedule = ND_COSINE, .rate = 2};
    CHECK(near(nd_rate_at(&plan, 0, 100).rate, 2));
    CHECK(near(nd_rate_at(&plan, 50, 100).rate, 1));
    CHECK(near(nd_rate_at(&plan, 100, 100).rate, 0));
    CHECK(near(nd_rate_at(&plan, 150, 100).rate, 0));
    CHECK(isnan(nd_rate_at(&plan, 50, 100).momentum));
}

TEST(a_warm_up_grows_from_nothing)
{
    const nd_rate_plan plan = {.schedule = ND_CONSTANT, .rate = 0.5, .warmup = 0.2};
    CHECK(near(nd_rate_at(&plan, 0, 100).rate, 0));
    CHECK(near(nd_rate_at(&plan, 10, 100).rate, 0.25));
    CHECK(near(nd_rate_at(&plan, 20, 100).rate, 0.5));
    CHECK(near(nd_rate_at(&plan, 99, 100).rate, 0.5));
}

TEST(steps_fall_by_a_factor)
{
    const nd_rate_plan plan = {
        .schedule = ND_STEP, .rate = 1, .step_every = 30, .step_factor = 0.1};
    CHECK(near(nd_rate_at(&plan, 29, 90).rate, 1));
    CHECK(near(nd_rate_at(&plan, 30, 90).rate, 0.1));
    CHECK(near(nd_rate_at(&plan, 89, 90).rate, 0.01));
}

TEST(flat_then_cosine_ends_at_a_hundred_thousandth)
{
    const nd_rate_plan plan = {.schedule = ND_FLAT_COSINE, .rate = 1};
    CHECK(near(nd_rate_at(&plan, 74, 100).rate, 1));
    CHECK(near(nd_rate_at(&plan, 100, 100).rate, 1e-5));
    CHECK(nd_rate_at(&plan, 90, 100).rate < 0.5);
}

TEST(a_frozen_start_is_a_cycle_of_its_own_then_half_the_rate)
{
    const nd_rate_plan plan = {
        .schedule = ND_ONE_CYCLE, .rate = 1, .low = 0.85, .high = 0.95, .freeze = 100};
    CHECK(nd_rate_at(&plan, 0, 300).frozen && near(nd_rate_at(&plan, 0, 300).rate, 0.04));
    CHECK(near(nd_rate_at(&plan, 99, 300).rate, 1)); // 0.99 of the cycle
    CHECK(!nd_rate_at(&plan, 100, 300).frozen);
    CHECK(near(nd_rate_at(&plan, 100, 300).rate, 0.1)); // half the rate / 5
    CHECK(near(nd_rate_at(&plan, 160, 300).rate, 0.5)); // after 0.3 of what is left
}
