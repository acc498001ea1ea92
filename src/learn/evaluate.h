// SPDX-License-Identifier: Apache-2.0
// Inside learn: one evaluation on its way, shared by the loop, the views, the pictures.
#pragma once
#include <nadir/dataset.h>
#include <nadir/evaluate.h>

typedef struct learn_values learn_values;
typedef struct evaluating {
    nd_arena *arena;
    const nd_model_file *model;
    const nd_evaluate_ask *ask;
    int bands, height, width, classes, batch;
    bool is_mask, by_squares; // by_squares: chips come from squares of ground
    int64_t count, pixels;    // examples; answers of one
    nd_evaluator *plain, *viewed;
    float *logit, *turned, *turned_logit, *mean; // of one batch
    double *p;                                   // of one pixel
    float *row;
    float *wide; // of a batch, with a margin around each picture; NULL: none is wanted
    learn_values *values; // NULL: classes
    double seconds;
} evaluating;

nd_status learn_infer(evaluating *e, const float *picture, int count,
                      float *logit) ND_CHECKED;
// Into e->mean: the log of the mean probability over the eight symmetries.
nd_status learn_views(evaluating *e, const float *picture, int count) ND_CHECKED;
// Units of the split that an example belongs to: squares of ground, else scenes.
int64_t learn_unit_of(evaluating *e, const nd_place *place, int64_t index);

// ---- evaluate_values.c
nd_status learn_values_new(evaluating *e) ND_CHECKED;
void learn_values_add(evaluating *e, const nd_batch *batch, const float *answer);
nd_status learn_values_done(evaluating *e, nd_evaluation *to) ND_CHECKED;

// ---- evaluate_cases.c
// Name, place and picture of each case.
nd_status learn_show_cases(evaluating *e, nd_case *list, int count) ND_CHECKED;
