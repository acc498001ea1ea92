// SPDX-License-Identifier: Apache-2.0
#include "golden.h"
#include <nadir/metrics.h>

#define GOLDEN(name) golden_of(arena, NADIR_GOLDEN "/metrics.txt", name)

static nd_answers answers_of(nd_arena *arena)
{
    const golden logit = GOLDEN("logit"), label = GOLDEN("label");
    float *f = nd_alloc(arena, logit.count, sizeof *f);
    int64_t *l = nd_alloc(arena, label.count, sizeof *l);
    for (size_t i = 0; i < logit.count; i++) f[i] = (float)logit.value[i];
    for (size_t i = 0; i < label.count; i++) l[i] = (int64_t)label.value[i];
    return (nd_answers){(int64_t)label.count, 5, f, l};
}

TEST(areas_under_curves_are_scikit_learns_ties_and_all)
{
    const golden score = GOLDEN("score"), label = GOLDEN("label");
    bool *positive = nd_alloc(arena, label.count, sizeof *positive);
    for (size_t i = 0; i < label.count; i++) positive[i] = label.value[i] == 1;
    double auc, ap;
    CHECK(nd_auc(arena, score.value, positive, (int64_t)score.count, &auc) == ND_OK);
    CHECK(nd_average_precision(arena, score.value, positive, (int64_t)score.count, &ap) ==
          ND_OK);
    CHECK(near(auc, GOLDEN("auc").value[0], 1e-12));
    CHECK(near(ap, GOLDEN("ap").value[0], 1e-12));
    // The scores are hundredths: 2^16 bins keep them apart, so the answer is the same.
    nd_ranks ranks;
    CHECK(nd_ranks_new(arena, &ranks) == ND_OK);
    for (size_t i = 0; i < score.count; i++)
        nd_ranks_add(&ranks, score.value[i], positive[i]);
    CHECK(near(nd_ranks_auc(&ranks), auc, 1e-12));
    CHECK(near(nd_ranks_precision(&ranks), ap, 1e-12));
}

// Positives .9 and .5, negatives .5 and .1: pairs won 1, 1, ½ and 1 of 4.
TEST(a_tie_is_half_a_pair)
{
    const double score[] = {0.9, 0.5, 0.5, 0.1};
    const bool positive[] = {true, true, false, false};
    double auc;
    CHECK(nd_auc(arena, score, positive, 4, &auc) == ND_OK && auc == 3.5 / 4);
}

TEST(one_kind_alone_has_no_curve)
{
    const double score[] = {0.9, 0.5};
    const bool positive[] = {false, false};
    double auc, ap;
    CHECK(nd_auc(arena, score, positive, 2, &auc) == ND_OK && isnan(auc));
    CHECK(nd_average_precision(arena, score, positive, 2, &ap) == ND_OK && isnan(ap));
}

TEST(top_k_counts_labels_with_fewer_than_k_larger_logits)
{
    const nd_answers a = answers_of(arena);
    CHECK(near(nd_top_k(&a, 2), GOLDEN("top2").value[0], 1e-12));
    CHECK(nd_top_k(&a, 5) == 1);
}

TEST(brier_and_nll_are_scikit_learns)
{
    const nd_answers a = answers_of(arena);
    nd_calibration c;
    CHECK(nd_calibrate(arena, &a, 1, &c) == ND_OK);
    CHECK(near(c.brier, GOLDEN("brier").value[0], 1e-12));
    CHECK(near(c.nll, GOLDEN("nll").value[0], 1e-12));
    CHECK(c.bins.total == 240);
}

// Two classes, logits ln(p/(1-p)) and 0: confidences .61, .61, .7, .9 and right 1, 0, 1,
// 1; bins of 1/15 hold the first two together: |1 - 1.22|/4 + |1 - .7|/4 + |1 - .9|/4.
TEST(ece_is_the_gap_between_sure_and_right)
{
    const double sure[] = {0.61, 0.61, 0.7, 0.9};
    float logit[8];
    for (int i = 0; i < 4; i++)
        logit[2 * i] = (float)log(sure[i] / (1 - sure[i])), logit[2 * i + 1] = 0;
    const int64_t label[] = {0, 1, 0, 0};
    nd_calibration c;
    CHECK(nd_calibrate(arena, &(nd_answers){4, 2, logit, label}, 1, &c) == ND_OK);
    CHECK(near(c.ece, (0.22 + 0.3 + 0.1) / 4, 1e-7));
    // One sample a bin, in order: .39, .61, .3, .1 (right among the two .61 either way).
    CHECK(near(c.ece_count, (0.39 + 0.61 + 0.3 + 0.1) / 4, 1e-7));
    CHECK(c.bins.n[9] == 2 && near(c.bins.accuracy[9], 0.5, 1e-12));
    CHECK(isnan(c.bins.confidence[0]));
}

// Logits of (ln 3, 0) are right in 60 of 100: NLL is least where softmax gives .6,
// so T = ln 3 / ln 1.5.
TEST(the_temperature_makes_confidence_the_share_that_is_right)
{
    float logit[200];
    int64_t label[100];
    for (int i = 0; i < 100; i++) {
        logit[2 * i] = (float)log(3.0), logit[2 * i + 1] = 0;
        label[i] = i < 60 ? 0 : 1;
    }
    const nd_answers a = {100, 2, logit, label};
    const double t = nd_temperature(&a);
    CHECK(near(t, log(3.0) / log(1.5), 1e-6));
    nd_calibration c;
    CHECK(nd_calibrate(arena, &a, t, &c) == ND_OK && c.ece < 1e-6);
    CHECK(c.ece_count < 0.5);
}

TEST(a_temperature_beyond_the_range_stays_in_it)
{
    const float logit[] = {1, 0};
    const int64_t label[] = {0};
    CHECK(near(nd_temperature(&(nd_answers){1, 2, logit, label}), exp(-3.0), 1e-6));
}

TEST(answers_without_a_label_are_left_out)
{
    const float logit[] = {5, 0, 0, 5};
    const int64_t label[] = {-100, 1};
    const nd_answers a = {2, 2, logit, label};
    nd_calibration c;
    CHECK(nd_calibrate(arena, &a, 1, &c) == ND_OK && c.bins.total == 1);
    CHECK(nd_top_k(&a, 1) == 1);
    CHECK(isnan(nd_top_k(&(nd_answers){0, 2, NULL, NULL}, 1)));
}

TEST(no_answers_have_no_calibration)
{
    nd_calibration c;
    CHECK(nd_calibrate(arena, &(nd_answers){0, 2, NULL, NULL}, 1, &c) == ND_OK);
    CHECK(isnan(c.ece) && isnan(c.brier) && isnan(c.nll) && isnan(c.ece_count));
}

TEST(errors_of_values_are_scikit_learns)
{
    const golden truth = GOLDEN("truth"), value = GOLDEN("value");
    nd_values v = {0};
    for (size_t i = 0; i < truth.count; i++)
        nd_values_add(&v, truth.value[i], value.value[i], (double)NAN);
    nd_values_add(&v, (double)NAN, 1, 1);
    const nd_value_scores s = nd_values_scores(&v);
    CHECK(s.n == 80);
    CHECK(near(s.mae, GOLDEN("mae").value[0], 1e-12));
    CHECK(near(s.rmse, GOLDEN("rmse").value[0], 1e-12));
    CHECK(near(s.r2, GOLDEN("r2").value[0], 1e-12));
    CHECK(near(s.r, GOLDEN("r").value[0], 1e-12));
    CHECK(near(s.unbiased, GOLDEN("unbiased").value[0], 1e-12));
    CHECK(isnan(s.coverage));
}

TEST(the_90_percent_interval_reaches_1_645_sigma)
{
    nd_values v = {0};
    nd_values_add(&v, 0, 1.64, 1);
    nd_values_add(&v, 0, 1.65, 1);
    CHECK(nd_values_scores(&v).coverage == 0.5);
    const nd_value_scores none = nd_values_scores(&(nd_values){0});
    CHECK(isnan(none.rmse) && isnan(none.unbiased) && isnan(none.bias));
}

// Two classes, logits +-2: so sure of itself is right 88 times of 100. `right` are.
static bool helps(nd_arena *arena, int count, int right)
{
    float *logit = nd_alloc(arena, 2 * (size_t)count, sizeof *logit);
    int64_t *label = nd_alloc(arena, (size_t)count, sizeof *label);
    for (int i = 0; logit && label && i < count; i++)
        logit[2 * i] = 2, label[i] = i < right ? 0 : 1;
    const nd_answers a = {count, 2, logit, label};
    return nd_temperature_helps(&a, nd_temperature(&a));
}

TEST(a_temperature_is_not_believed_of_few_answers_or_of_little_gain)
{
    CHECK(!helps(arena, 20, 12));    // far too sure, but they are few
    CHECK(!helps(arena, 1000, 880)); // as it should be: sigmoid of 2 is 0.881
    CHECK(!helps(arena, 50, 42));    // 84 of 100 may be chance
    CHECK(helps(arena, 1000, 700));  // far too sure, and they are many
    CHECK(helps(arena, 100, 60));
}
