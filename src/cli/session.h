// SPDX-License-Identifier: Apache-2.0
// What a command that computes pixels works with: workers, cache, a way to be stopped.
#pragma once
#include "cli/progress.h"

// A signal came: its number, 0 if none. The program ends with 128 + it.
int cli_signal(void);
// From now on INT, TERM and HUP call `what`, which must be safe in a signal handler.
typedef void cli_act(void *with);
void cli_signals_do(cli_act *what, void *with);
// The same, and what is to be kept may take its time: no alarm ends the program.
void cli_signals_patiently(cli_act *what, void *with);
// From now on INT, TERM and HUP raise `flag`; NULL: nobody is to be stopped.
void cli_signals_to(nd_flag *flag);

typedef struct cli_session {
    cli_call *call;
    nd_pool *pool;
    nd_cache *cache;
    cli_progress *progress;
    const char *last; // file that was written last, by another graph of a list
} cli_session;
// Starts the workers. The arena of the call stops them.
nd_status cli_session_open(cli_call *call, cli_session *session) ND_CHECKED;
// A fresh flag and cache for one graph: a failure of another has no say in it.
nd_status cli_session_next(cli_session *session, nd_arena *arena, nd_run *run) ND_CHECKED;
