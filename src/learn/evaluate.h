// SPDX-License-Identifier: Apache-2.0
// Inside learn: one evaluation on its way, shared by the loop, the views, the pictures.
#pragma once
#include <nadir/dataset.h>
#include <nadir/evaluate.h>

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
    double seconds;
} evaluating;

nd_status learn_infer(evaluating *e, const float *picture, int count,
                      float *logit) ND_CHECKED;
// Into e->mean: the log of the mean probability over the eight symmetries.
nd_status learn_views(evaluating *e, const float *picture, int count) ND_CHECKED;
// Name, place and picture of each case.
nd_status learn_show_cases(evaluating *e, nd_case *list, int count) ND_CHECKED;
