// SPDX-License-Identifier: Apache-2.0
// Graphs to start from.
#pragma once
#include "cli/start.h"

extern const cli_start cli_templates[]; // ends with a row without name
