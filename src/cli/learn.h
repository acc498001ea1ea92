// SPDX-License-Identifier: Apache-2.0
// Recipes for commands, and what a training run says on the screen.
#pragma once
#include "cli/session.h"
#include <nadir/train.h>

// Reads the recipe with the call's -P; every mistake is printed, and the call is told.
nd_recipe *cli_recipe_read(cli_call *call, const char *path) ND_CHECKED;
// Nodes of data.graph, planned, one for each scene, with data.labels.node two: picture
// and label; none without a graph.
nd_status cli_recipe_nodes(cli_call *call, const nd_recipe *recipe, nd_node *const **node,
                           int *nodes) ND_CHECKED;
// The command line as it was given, for the run's own record.
const char *cli_words_given(const cli_call *call) ND_CHECKED;

// News of a run: a line that moves on a terminal, one now and then elsewhere, JSON lines.
typedef struct cli_training {
    const cli_general *general;
    bool is_terminal, has_head;
    double shown;
    int columns;
} cli_training;
void cli_training_begin(cli_call *call, cli_training *training);
void cli_training_tell(void *training, const nd_train_news *news);
