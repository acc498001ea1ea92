// SPDX-License-Identifier: Apache-2.0
// Parts of nadir runs and nadir evaluate that the two share.
#pragma once
#include "cli/cli.h"
#include <nadir/dataset.h>
#include <nadir/evaluate.h>

// Both runs' curves in letters: A, B, and * where they meet. Losses or accuracies.
void cli_runs_plot(nd_buffer *out, const nd_run_told run[2], bool is_accuracy);
// Both models on the same samples. `data` NULL: what both were validated on.
nd_status cli_runs_compare(cli_call *call, const nd_run_told run[2], const char *data,
                           const char *side, nd_comparison *comparison) ND_CHECKED;

// A model on data, both as people name them.
typedef struct cli_evaluation {
    const char *model;  // file, or folder of a run
    const char *of_run; // whose data and sides; NULL: the model's
    const char *data;   // folder, zip, CSV or recipe; NULL: what the run learnt from
    const char *side;   // NULL: all of it
    int threads;
    bool views, pictures, dense;
} cli_evaluation;
nd_status cli_evaluate(cli_call *call, const cli_evaluation *ask,
                       nd_evaluation *evaluation) ND_CHECKED;
// Fills in the areas of the classes of the map `path`.
nd_status cli_areas(cli_call *call, const char *path,
                    nd_evaluation *evaluation) ND_CHECKED;
