// SPDX-License-Identifier: Apache-2.0
// How far a run is: a bar on a terminal, a line now and then elsewhere, JSON lines.
#pragma once
#include "cli/cli.h"

void cli_progress_clear(void); // takes the bar off the screen; the next step redraws it
