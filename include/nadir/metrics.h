// SPDX-License-Identifier: Apache-2.0
// How good answers are, as numbers with an uncertainty: matrix, ranks, calibration, area.
#pragma once
#include <nadir/core.h>

// Everywhere NaN means "there is no such number" (a class that never occurs has neither
// recall nor IoU, and is left out of means): printed as a dash, in JSON as null.
// All functions are pure; any thread. Formulas: docs/design/metrics.md.
typedef struct nd_interval {
    double low, high; // of 95 %
} nd_interval;

// ---- One matrix: reference j in rows, prediction k in columns; doubles, so that weights
// or areas of pixels can be counted as well as pictures.
typedef struct nd_confusion {
    int classes;
    double *count; // classes x classes, the arena's
} nd_confusion;
nd_confusion *nd_confusion_new(nd_arena *arena, int classes) ND_CHECKED;
// A pair with a class outside 0 … classes-1 (ND_IGNORE, no answer) does not count.
void nd_confusion_add(nd_confusion *matrix, int64_t reference, int64_t prediction,
                      double weight);
void nd_confusion_sum(nd_confusion *into, const nd_confusion *more, double times);
typedef struct nd_class_score {
    double reference, predicted, right; // row sum, column sum, diagonal
    double precision, recall, f1, iou;
    nd_interval recall_interval; // Wilson's: for pictures that are independent
} nd_class_score;
nd_class_score nd_confusion_class(const nd_confusion *matrix, int k);
typedef struct nd_scores {
    double n, right, accuracy; // accuracy: also micro precision, recall and F1
    nd_interval accuracy_interval;
    double precision, recall, f1, miou; // macro: means over the classes that have one
    double miou_foreground;             // without class 0
    double kappa, quantity, allocation; // Pontius and Millones 2011
} nd_scores;
nd_scores nd_confusion_scores(const nd_confusion *matrix);

// ---- Intervals and comparisons.
nd_interval nd_wilson(double right, double n); // Wilson 1927
// Numbers from units (pictures, blocks, scenes; never pixels), unit u counted times[u].
typedef void nd_statistic(const void *user, const uint32_t *times, int64_t units,
                          double *value);
typedef struct nd_bootstrap_make {
    nd_statistic *of;
    const void *user;
    int64_t units;
    int values;    // that `of` gives; 0: 1
    int draws;     // 0: 1,000
    uint64_t seed; // stream of nd_random
} nd_bootstrap_make;
typedef struct nd_bootstrap {
    nd_interval interval; // percentiles 2.5 and 97.5 of the draws
    double deviation;     // of the draws
    double p;             // two-sided, that the number is 0: for differences
    int draws;            // that gave a number
} nd_bootstrap;
// `result`: one for each value.
nd_status nd_bootstrap_run(nd_arena *arena, const nd_bootstrap_make *make,
                           nd_bootstrap *result) ND_CHECKED;
// Of two models on the same samples: b only the first got right, c only the second.
typedef struct nd_mcnemar {
    double p; // exact binomial if b + c < 25, else chi-square with correction
    bool is_exact;
} nd_mcnemar;
nd_mcnemar nd_mcnemar_test(int64_t b, int64_t c);

// ---- Answers kept whole: the logits of each sample (or of a fixed share of pixels).
typedef struct nd_answers {
    int64_t count;
    int classes;
    const float *logit;   // count x classes
    const int64_t *label; // outside the classes: left out
} nd_answers;
// Softmax of one row divided by `temperature`; gives the most probable class, the
// smallest of equals.
int nd_answer_softmax(const float *logit, int classes, double temperature,
                      double *probability);
double nd_top_k(const nd_answers *answers, int k); // rank: 1 + strictly larger logits
// One class against the rest, by its probability; ties by mid-ranks.
nd_status nd_auc(nd_arena *arena, const double *score, const bool *positive,
                 int64_t count, double *auc) ND_CHECKED;
// Average precision: Σ (R_j - R_(j-1)) P_j over the distinct scores, falling.
nd_status nd_average_precision(nd_arena *arena, const double *score, const bool *positive,
                               int64_t count, double *precision) ND_CHECKED;
// The same two for maps of any size, from scores in [0, 1] laid into 2^16 bins.
enum { ND_RANK_BINS = 1 << 16 };
typedef struct nd_ranks {
    double *positive, *negative; // ND_RANK_BINS each, the arena's
} nd_ranks;
nd_status nd_ranks_new(nd_arena *arena, nd_ranks *ranks) ND_CHECKED;
void nd_ranks_add(nd_ranks *ranks, double score, bool positive);
double nd_ranks_auc(const nd_ranks *ranks);
double nd_ranks_precision(const nd_ranks *ranks);

// ---- Calibration: does "90 % sure" mean right nine times in ten?
enum { ND_BINS = 15 };
typedef struct nd_reliability {
    double n[ND_BINS], confidence[ND_BINS], accuracy[ND_BINS]; // means; NaN: empty
    double total;
} nd_reliability;
typedef struct nd_calibration {
    double temperature;
    double ece, ece_count, ece_class; // equal width; equal count; mean of the classes'
    double brier, nll;
    nd_reliability bins; // equal width
} nd_calibration;
nd_status nd_calibrate(nd_arena *arena, const nd_answers *answers, double temperature,
                       nd_calibration *calibration) ND_CHECKED;
// The one that makes NLL least: golden section of ln T in [-3, 3] (Guo et al. 2017).
double nd_temperature(const nd_answers *answers);
// Is that temperature more than chance? Of 30 answers at least, and its gain in
// likelihood over 1 larger than the gain's own standard error.
bool nd_temperature_helps(const nd_answers *answers, double temperature);

// ---- Values instead of classes.
typedef struct nd_values {
    double n, truth, value, truth2, value2, both; // means; sums of squares about them
    double absolute, squared;                     // sums of errors
    double intervals, inside;                     // 90 % intervals told, and kept
} nd_values;
// `sigma`: the model's own; NaN: it tells none. A pair that is not finite is left out.
void nd_values_add(nd_values *values, double truth, double value, double sigma);
// As if all of `other` had been added so many times.
void nd_values_merge(nd_values *values, const nd_values *other, double times);
typedef struct nd_value_scores {
    double n, bias, mae, rmse, r2, r, unbiased; // unbiased: sqrt(rmse² - bias²)
    double coverage;                            // of the 90 % interval
} nd_value_scores;
nd_value_scores nd_values_scores(const nd_values *values);

// ---- Things on maps. Sizes: < 10, < 100, < 1,000 pixels, more, and all together.
enum { ND_SIZES = 5 };
typedef struct nd_masks {
    const int64_t *truth, *prediction; // height x width; truth outside 0 … : ignored
    int height, width;
} nd_masks;
typedef struct nd_things {
    double truth[ND_SIZES], found[ND_SIZES];     // by the size of the reference's
    double predicted[ND_SIZES], right[ND_SIZES]; // by the size of the prediction's
} nd_things;
// Adds the 8-connected objects of one class, matched one to one, greedily from the
// largest IoU down to 0.5.
nd_status nd_things_add(nd_arena *arena, const nd_masks *masks, int64_t of,
                        nd_things *things) ND_CHECKED;
typedef struct nd_outline {
    double truth, found, predicted, right; // border pixels, and those within 2 pixels
} nd_outline;
nd_status nd_outline_add(nd_arena *arena, const nd_masks *masks, int64_t of,
                         nd_outline *outline) ND_CHECKED;
double nd_f1(double found, double truth, double right, double predicted);

// ---- Area, and the accuracy of a map from a sample stratified by it (Olofsson et al.
// 2014).
double nd_cell_area(double south_deg, double north_deg, double width_deg); // m², WGS 84
typedef struct nd_map_sample {
    int classes;
    const double *count;  // classes x classes: MAP class in rows, reference in columns
    const double *mapped; // area (or pixels) of each map class
    double unit;          // area of one of `mapped`: hectares a pixel; 1
} nd_map_sample;
typedef struct nd_estimate {
    double value, margin; // value ± margin: 95 %
} nd_estimate;
typedef struct nd_map_accuracy {
    nd_estimate overall;
    nd_estimate *user, *producer, *area; // of each class; area by the reference
} nd_map_accuracy;
nd_status nd_map_accuracy_of(nd_arena *arena, const nd_map_sample *sample,
                             nd_map_accuracy *accuracy) ND_CHECKED;
// Points for a standard error of the overall accuracy of `target`, from guesses of the
// user's accuracies: (Σ W S / target)².
double nd_map_sample_size(int classes, const double *share, const double *user,
                          double target);
