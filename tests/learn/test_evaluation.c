// SPDX-License-Identifier: Apache-2.0
#include "golden.h"
#include <nadir/evaluate.h>

#define GOLDEN(name) golden_of(arena, NADIR_GOLDEN "/metrics.txt", name)

static const nd_card_class named[] = {{0, "annual crop", 0xe6a23cff},
                                      {1, "forest <old> & 'new'", 0x2c8c4aff},
                                      {2, "river", 0x3a7bd5ff},
                                      {3, "sea", 0x1d4f91ff},
                                      {4, "glacier", 0xddeeffff}};

// The made-up classifier of metrics.txt, one answer after the other.
static nd_status gather(nd_arena *arena, nd_evaluation *to)
{
    const golden logit = GOLDEN("logit"), label = GOLDEN("label");
    const nd_evaluator_make make = {
        .classes = 5, .samples = (int64_t)label.count, .pixels = 1, .seed = 1};
    nd_evaluator *e = nd_evaluator_new(arena, &make);
    if (!e) return ND_E_MEMORY;
    for (size_t i = 0; i < label.count; i++) {
        float row[5];
        for (int k = 0; k < 5; k++) row[k] = (float)logit.value[i * 5 + (size_t)k];
        const int64_t l = (int64_t)label.value[i], at = (int64_t)i;
        ND_TRY(nd_evaluator_add(e, &(nd_answer){row, &l, 1, 1, at, at}));
    }
    ND_TRY(nd_evaluator_done(e, to));
    to->classes = named;
    to->class_count = 5;
    to->data = "made up";
    return ND_OK;
}

TEST(figures_of_pictures_are_scikit_learns)
{
    nd_evaluation e = {0};
    CHECK(gather(arena, &e) == ND_OK);
    CHECK(!e.is_mask && e.samples == 240 && e.units == 240);
    CHECK(near(e.scores.accuracy, GOLDEN("accuracy").value[0], 1e-12));
    CHECK(near(e.plain.brier, GOLDEN("brier").value[0], 1e-12));
    CHECK(near(e.plain.nll, GOLDEN("nll").value[0], 1e-12));
    CHECK(e.best.nll < e.plain.nll && e.best.ece < 0.1);
    CHECK(isnan(e.more[4].auc) && isnan(e.more[4].iou.interval.low));
    // Accuracy by Wilson; what is drawn lies about where it does.
    const nd_interval w = nd_wilson(e.scores.right, 240);
    CHECK(e.accuracy.low == w.low && e.accuracy.high == w.high);
    CHECK(e.f1.interval.low < e.scores.f1 && e.scores.f1 < e.f1.interval.high);
    CHECK(fabs((e.f1.interval.high - e.f1.interval.low) / (w.high - w.low) - 1) < 0.3);
}

TEST(the_worst_are_the_surest_that_err)
{
    nd_evaluation e = {0};
    const golden logit = GOLDEN("logit"), label = GOLDEN("label");
    CHECK(gather(arena, &e) == ND_OK && e.worsts == 24 && e.typicals == 24);
    for (int i = 1; i < 24; i++) CHECK(e.worst[i - 1].loss >= e.worst[i].loss);
    for (int i = 1; i < 24; i++) CHECK(e.typical[i - 1].index < e.typical[i].index);
    // -ln of the softmax at the label, by hand, of all: the largest is the first.
    double most = 0;
    for (size_t i = 0; i < 240; i++) {
        double sum = 0;
        for (size_t k = 0; k < 5; k++) sum += exp(logit.value[i * 5 + k]);
        const double loss = log(sum) - logit.value[i * 5 + (size_t)label.value[i]];
        most = fmax(most, loss);
    }
    CHECK(near(e.worst[0].loss, most, 1e-9));
    CHECK(e.worst[0].truth != e.worst[0].prediction && e.worst[0].right == 0);
}

TEST(the_json_is_strict_and_says_what_was_asked)
{
    nd_evaluation e = {0};
    nd_buffer text = {.arena = arena};
    nd_json_out out = {.to = &text};
    CHECK(gather(arena, &e) == ND_OK && nd_evaluation_describe(&e, &out) == ND_OK);
    const nd_json *root = nd_json_parse(arena, text.text, text.length);
    CHECK(root);
    if (!root) return;
    CHECK(nd_json_member(root, "n")->number == 240);
    CHECK(nd_json_member(root, "interval")->count == 2);
    CHECK(nd_json_member(root, "confusion")->count == 5);
    CHECK(nd_json_member(root, "confusion")->first->first->number == 35);
    const nd_json *last = nd_json_member(root, "classes")->first;
    while (last->next) last = last->next;
    CHECK(nd_json_member(last, "iou")->kind == ND_JSON_NULL);
}

TEST(a_class_without_figures_is_a_dash)
{
    nd_evaluation e = {0};
    nd_buffer text = {.arena = arena};
    CHECK(gather(arena, &e) == ND_OK && nd_evaluation_print(&e, &text) == ND_OK);
    const char *row = strstr(text.text, "glacier");
    CHECK(row && strstr(row, "–"));
    CHECK(strstr(text.text, "63.7 %") || strstr(text.text, "63.8 %"));
}

TEST(the_page_loads_nothing_and_escapes_names)
{
    nd_evaluation e = {0};
    nd_buffer text = {.arena = arena};
    const double x[] = {0, 100, 200}, y[] = {1.5, (double)NAN, 0.5}, a[] = {.5, .7, .9};
    const nd_curve curve[] = {{"loss", x, y, 3, false}, {"accuracy", x, a, 3, true}};
    static const uint8_t png[] = {1, 2, 3, 4};
    CHECK(gather(arena, &e) == ND_OK);
    e.worst[0].png = png;
    e.worst[0].png_bytes = 4;
    CHECK(nd_evaluation_html(&e, curve, 2, &text) == ND_OK);
    CHECK(!strstr(text.text, "http:") && !strstr(text.text, "https:"));
    CHECK(!strstr(text.text, "<old>") &&
          strstr(text.text, "forest &lt;old&gt; &amp; &#39;"));
    CHECK(strstr(text.text, "data:image/png;base64,AQIDBA=='"));
    CHECK(strstr(text.text, "aria-label='Calibration'"));
}

// Near 1e17 doubles lie 16 apart: no step of an axis between two neighbours is one.
TEST(a_curve_between_two_neighbouring_numbers_gets_a_few_ticks)
{
    nd_evaluation e = {0};
    nd_buffer text = {.arena = arena};
    const double x[] = {0, 1}, y[] = {1e17, 1e17 + 16};
    const nd_curve curve[] = {{"loss", x, y, 2, false}, {"more", x, y, 2, false}};
    int ticks = 0;
    CHECK(gather(arena, &e) == ND_OK);
    CHECK(nd_evaluation_html(&e, curve, 2, &text) == ND_OK);
    for (const char *at = text.text; at && (at = strstr(at, "class='grid'")); at++)
        ticks++;
    CHECK(ticks > 0 && ticks < 24);
}

// Two chips of 2 x 2, two classes; the label of one pixel is not known.
TEST(masks_are_counted_by_pixels_and_drawn_by_units)
{
    const float sure[] = {3, 3, -3, -3, 0, 0, 0, 0}; // class 0 above, class 1 below
    const int64_t first[] = {0, 0, 1, -100}, second[] = {0, 1, 1, 1};
    nd_evaluator *e = nd_evaluator_new(
        arena, &(nd_evaluator_make){.classes = 2, .samples = 2, .pixels = 4});
    nd_evaluation to = {0};
    CHECK(e && nd_evaluator_add(e, &(nd_answer){sure, first, 2, 2, 0, 7}) == ND_OK);
    CHECK(e && nd_evaluator_add(e, &(nd_answer){sure, second, 2, 2, 1, 7}) == ND_OK);
    CHECK(e && nd_evaluator_done(e, &to) == ND_OK);
    CHECK(to.is_mask && to.scores.n == 7 && to.scores.right == 6);
    // One unit says nothing about others: its two chips are drawn, and it says so.
    CHECK(to.units == 2 && to.is_scattered && to.accuracy.low < to.accuracy.high);
    CHECK(near(to.scores.miou, (3. / 4 + 3. / 4) / 2, 1e-15));
    CHECK(to.worst[0].index == 1 && to.worst[0].truth == 1 &&
          to.worst[0].prediction == 0);
    CHECK(to.worst[0].right == 0.75);
    // Of the scores for class 1, .5 and .953, each class has ties: AUC by counting pairs.
    // Positives: .953 x 3, .047 x 1; negatives: .047 x 3: 9 wins, 3 ties of 12.
    CHECK(near(to.more[1].auc, (9 + 1.5) / 12, 1e-12));
    CHECK(to.more[1].things.truth[ND_SIZES - 1] == 2);
}

TEST(units_of_their_own_have_an_interval_and_a_mean)
{
    nd_evaluator *e = nd_evaluator_new(
        arena, &(nd_evaluator_make){.classes = 2, .samples = 40, .pixels = 4});
    const float zero[] = {1, 1, 1, 1, 0, 0, 0, 0};
    const int64_t good[] = {0, 0, 0, 0}, half[] = {0, 0, 1, 1};
    nd_evaluation to = {0};
    for (int64_t i = 0; i < 40; i++)
        CHECK(nd_evaluator_add(e, &(nd_answer){zero, i % 2 ? half : good, 2, 2, i, i}) ==
              ND_OK);
    CHECK(nd_evaluator_done(e, &to) == ND_OK);
    // Half of the chips are right, half by half: .75, deviation .25 / sqrt(40).
    CHECK(to.scores.accuracy == 0.75 && to.units == 40);
    CHECK(fabs(to.accuracy.low - (0.75 - 1.96 * 0.0395)) < 0.02);
    CHECK(near(to.miou_each, (1 + 0.25) / 2, 1e-12) && !to.is_scattered);
}

static nd_evaluation tallied(bool is_mask, const nd_tally *tally, int64_t count)
{
    return (nd_evaluation){.is_mask = is_mask, .tally = tally, .tallies = count};
}

// 12 pictures: 9 told apart, 1 to 8: exact binomial 2 (1 + 9) / 2^9.
TEST(pictures_are_compared_by_mcnemar)
{
    nd_tally a[12], b[12];
    for (int i = 0; i < 12; i++) {
        a[i] = (nd_tally){i, 1, i == 0 || i > 8};
        b[i] = (nd_tally){i, 1, i > 0};
    }
    const nd_evaluation x = tallied(false, a, 12), y = tallied(false, b, 12);
    nd_comparison c;
    CHECK(nd_evaluation_compare(arena, &x, &y, &c) == ND_OK);
    CHECK(c.only_first == 1 && c.only_second == 8 && c.is_exact && !c.is_drawn);
    CHECK(near(c.p, 20. / 512, 1e-12) && near(c.second, 11. / 12, 1e-12));
}

// Three scenes of ten chips each, the second model 5 points better everywhere but in one.
TEST(masks_are_compared_by_drawing_units)
{
    nd_tally a[30], b[30];
    for (int i = 0; i < 30; i++) {
        a[i] = (nd_tally){100 + i / 10, 100, 80};
        b[i] = (nd_tally){100 + i / 10, 100, i < 10 ? 80 : 85};
    }
    const nd_evaluation x = tallied(true, a, 30), y = tallied(true, b, 30);
    nd_comparison c;
    CHECK(nd_evaluation_compare(arena, &x, &y, &c) == ND_OK);
    CHECK(c.is_drawn && near(c.second - c.first, 1. / 30, 1e-12));
    // The first scene alone comes up with (1/3)^3: more than 2.5 % of the draws.
    CHECK(c.difference.low == 0 && near(c.difference.high, 0.05, 1e-12) && c.p > 0.05);
}

TEST(models_on_other_samples_are_not_compared)
{
    const nd_tally one = {0, 1, 1}, none = {0, 0, 0};
    const nd_evaluation a = tallied(false, &one, 1), b = tallied(false, &none, 1);
    nd_comparison c;
    CHECK(nd_evaluation_compare(arena, &a, &b, &c) != ND_OK);
    CHECK(error_says("sample 0 has 1 labels for one model, 0 for the other\n"));
}
