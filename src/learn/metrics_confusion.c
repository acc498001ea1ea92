// SPDX-License-Identifier: Apache-2.0
// The confusion matrix, and the scores that are read off it.
#include <math.h>
#include <nadir/metrics.h>

nd_confusion *nd_confusion_new(nd_arena *arena, int classes)
{
    nd_confusion *matrix = nd_alloc(arena, 1, sizeof *matrix);
    if (!matrix) return NULL;
    matrix->classes = classes;
    matrix->count =
        nd_alloc(arena, (size_t)classes * (size_t)classes, sizeof *matrix->count);
    return matrix->count ? matrix : NULL;
}

static double *cell(const nd_confusion *matrix, int64_t reference, int64_t prediction)
{
    return &matrix->count[reference * matrix->classes + prediction];
}

void nd_confusion_add(nd_confusion *matrix, int64_t reference, int64_t prediction,
                      double weight)
{
    if (reference < 0 || reference >= matrix->classes) return;
    if (prediction < 0 || prediction >= matrix->classes) return;
    *cell(matrix, reference, prediction) += weight;
}

void nd_confusion_sum(nd_confusion *into, const nd_confusion *more, double times)
{
    for (int i = 0; i < into->classes * into->classes; i++)
        into->count[i] += times * more->count[i];
}

static double ratio(double part, double whole)
{
    return whole > 0 ? part / whole : (double)NAN;
}

nd_class_score nd_confusion_class(const nd_confusion *matrix, int k)
{
    nd_class_score score = {.right = *cell(matrix, k, k)};
    for (int j = 0; j < matrix->classes; j++) {
        score.reference += *cell(matrix, k, j);
        score.predicted += *cell(matrix, j, k);
    }
    const double either = score.reference + score.predicted;
    score.precision = ratio(score.right, score.predicted);
    score.recall = ratio(score.right, score.reference);
    score.f1 = ratio(2 * score.right, either);
    score.iou = ratio(score.right, either - score.right);
    score.recall_interval = nd_wilson(score.right, score.reference);
    return score;
}

// Means of what exists.
typedef struct mean {
    double sum, n;
} mean;

static void mean_add(mean *m, double value)
{
    if (isnan(value)) return;
    m->sum += value;
    m->n += 1;
}

nd_scores nd_confusion_scores(const nd_confusion *matrix)
{
    nd_scores scores = {0};
    mean precision = {0}, recall = {0}, f1 = {0}, iou = {0}, foreground = {0};
    double chance = 0, differ = 0;
    for (int k = 0; k < matrix->classes; k++) {
        const nd_class_score one = nd_confusion_class(matrix, k);
        scores.n += one.reference;
        scores.right += one.right;
        chance += one.reference * one.predicted;
        differ += fabs(one.reference - one.predicted);
        mean_add(&precision, one.precision);
        mean_add(&recall, one.recall);
        mean_add(&f1, one.f1);
        mean_add(&iou, one.iou);
        if (k > 0) mean_add(&foreground, one.iou);
    }
    scores.accuracy = ratio(scores.right, scores.n);
    scores.accuracy_interval = nd_wilson(scores.right, scores.n);
    scores.precision = ratio(precision.sum, precision.n);
    scores.recall = ratio(recall.sum, recall.n);
    scores.f1 = ratio(f1.sum, f1.n);
    scores.miou = ratio(iou.sum, iou.n);
    scores.miou_foreground = ratio(foreground.sum, foreground.n);
    // One class only: chance alone agrees everywhere, and kappa says nothing.
    const double expected = ratio(chance, scores.n * scores.n);
    scores.kappa = ratio(scores.accuracy - expected, 1 - expected);
    scores.quantity = ratio(differ, 2 * scores.n);
    scores.allocation = 1 - scores.accuracy - scores.quantity;
    return scores;
}
