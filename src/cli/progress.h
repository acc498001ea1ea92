// SPDX-License-Identifier: Apache-2.0
// How far a run is: a bar on a terminal, a line now and then elsewhere, JSON lines.
#pragma once
#include "cli/cli.h"

typedef struct cli_progress cli_progress;
cli_progress *cli_progress_new(nd_arena *arena, const cli_general *general) ND_CHECKED;
// A new file of `pixels` pixels is being made.
void cli_progress_start(cli_progress *progress, const char *path, int64_t pixels);
// The nd_run's; user is the cli_progress.
void cli_progress_step(void *user, int64_t done, int64_t count);
double cli_progress_end(cli_progress *progress); // takes the bar away; seconds it took
void cli_progress_clear(void); // takes the bar off the screen; the next step redraws it

// "3 s", "2 min 10 s", "1 h 5 min".
void cli_duration_print(double seconds, char text[32]);
// "10 980": digits in groups of three.
void cli_whole_print(int64_t number, char text[32]);
// "0.3 GB", "12 MB".
void cli_bytes_print(int64_t bytes, char text[32]);
