// SPDX-License-Identifier: Apache-2.0
// Parts of nadir runs and nadir evaluate that the two share.
#pragma once
#include "cli/cli.h"
#include <nadir/evaluate.h>

// Both runs' curves in letters: A, B, and * where they meet. Losses or accuracies.
void cli_runs_plot(nd_buffer *out, const nd_run_told run[2], bool is_accuracy);
