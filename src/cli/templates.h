// SPDX-License-Identifier: Apache-2.0
// Graphs to start from.
#pragma once
#include "cli/cli.h"

typedef struct cli_template {
    const char *name, *brief, *text;
} cli_template;
extern const cli_template cli_templates[]; // ends with a row without name
