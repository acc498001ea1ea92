// SPDX-License-Identifier: Apache-2.0
#include "golden.h"
#include <nadir/metrics.h>

#define GOLDEN(name) golden_of(arena, NADIR_GOLDEN "/metrics.txt", name)

static nd_confusion *filled(nd_arena *arena, int classes, const double *count)
{
    nd_confusion *m = nd_confusion_new(arena, classes);
    for (int i = 0; m && i < classes * classes; i++)
        nd_confusion_add(m, i / classes, i % classes, count[i]);
    return m;
}

TEST(agrees_with_scikit_learn)
{
    const golden label = GOLDEN("label"), predicted = GOLDEN("predicted");
    nd_confusion *m = nd_confusion_new(arena, 5);
    for (size_t i = 0; i < label.count; i++)
        nd_confusion_add(m, (int64_t)label.value[i], (int64_t)predicted.value[i], 1);
    const golden matrix = GOLDEN("matrix");
    for (int i = 0; i < 25; i++) CHECK(m->count[i] == matrix.value[i]);
    const golden precision = GOLDEN("precision"), recall = GOLDEN("recall");
    const golden f1 = GOLDEN("f1"), iou = GOLDEN("iou");
    double sum = 0;
    for (int k = 0; k < 4; k++) {
        const nd_class_score s = nd_confusion_class(m, k);
        CHECK(near(s.precision, precision.value[k], 1e-12));
        CHECK(near(s.recall, recall.value[k], 1e-12));
        CHECK(near(s.f1, f1.value[k], 1e-12));
        CHECK(near(s.iou, iou.value[k], 1e-12));
        sum += iou.value[k];
    }
    const nd_scores s = nd_confusion_scores(m);
    CHECK(s.n == 240);
    CHECK(near(s.accuracy, GOLDEN("accuracy").value[0], 1e-12));
    CHECK(near(s.kappa, GOLDEN("kappa").value[0], 1e-12));
    CHECK(near(s.miou, sum / 4, 1e-12));
    CHECK(near(s.miou_foreground, (sum - iou.value[0]) / 3, 1e-12));
}

TEST(a_class_that_never_occurs_has_no_score_and_spoils_no_mean)
{
    nd_confusion *m = filled(arena, 3, (double[]){3, 1, 0, 0, 4, 0, 0, 0, 0});
    const nd_class_score absent = nd_confusion_class(m, 2);
    CHECK(isnan(absent.iou) && isnan(absent.recall) && isnan(absent.precision));
    CHECK(isnan(absent.f1) && isnan(absent.recall_interval.low));
    const nd_scores s = nd_confusion_scores(m);
    CHECK(near(s.miou, (3. / 4 + 4. / 5) / 2, 1e-15));
    CHECK(near(s.recall, (3. / 4 + 1) / 2, 1e-15));
}

TEST(a_class_that_is_there_and_never_answered_scores_nothing)
{
    nd_confusion *m = filled(arena, 2, (double[]){5, 0, 3, 0});
    const nd_class_score s = nd_confusion_class(m, 1);
    CHECK(isnan(s.precision) && s.recall == 0 && s.f1 == 0 && s.iou == 0);
}

// Accuracy 0.7; rows 60, 40, columns 70, 30: quantity |60-70|+|40-30| over 200.
TEST(disagreement_is_quantity_and_allocation)
{
    nd_confusion *m = filled(arena, 2, (double[]){50, 10, 20, 20});
    const nd_scores s = nd_confusion_scores(m);
    CHECK(near(s.quantity, 0.1, 1e-15) && near(s.allocation, 0.2, 1e-12));
    CHECK(near(s.kappa, (0.7 - 0.54) / (1 - 0.54), 1e-12));
}

TEST(pairs_outside_the_classes_do_not_count)
{
    nd_confusion *m = nd_confusion_new(arena, 2);
    nd_confusion_add(m, -100, 0, 1);
    nd_confusion_add(m, 0, -1, 1);
    nd_confusion_add(m, 2, 0, 1);
    nd_confusion_add(m, 1, 0, 0.25);
    CHECK(nd_confusion_scores(m).n == 0.25);
}

TEST(nothing_counted_gives_no_figures)
{
    const nd_scores s = nd_confusion_scores(nd_confusion_new(arena, 3));
    CHECK(s.n == 0 && isnan(s.accuracy) && isnan(s.miou) && isnan(s.kappa));
    CHECK(isnan(s.accuracy_interval.low) && isnan(s.quantity));
}

TEST(one_class_alone_has_no_kappa)
{
    const nd_scores s = nd_confusion_scores(filled(arena, 2, (double[]){7, 0, 0, 0}));
    CHECK(s.accuracy == 1 && isnan(s.kappa) && s.miou == 1);
}

TEST(matrices_add_up)
{
    nd_confusion *a = filled(arena, 2, (double[]){1, 2, 3, 4});
    nd_confusion_sum(a, filled(arena, 2, (double[]){1, 0, 0, 5}), 2);
    CHECK(a->count[0] == 3 && a->count[1] == 2 && a->count[2] == 3 && a->count[3] == 14);
}
