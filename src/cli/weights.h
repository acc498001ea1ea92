// SPDX-License-Identifier: Apache-2.0
// Files of weights, for the commands that take them.
#pragma once
#include "cli/cli.h"
#include <nadir/weights.h>

// `strict`: refused if it names classes or functions besides tensors.
const nd_weights *cli_weights_open(cli_call *call, const char *path,
                                   bool strict) ND_CHECKED;
