// SPDX-License-Identifier: Apache-2.0
// Other programs: run one, with a time limit, and say what it said when it fails.
#pragma once
#include <nadir/core.h>

typedef struct nd_process {
    const char *const *argument;    // ends with NULL; the first is sought in PATH
    const char *const *environment; // NAME=value beside this process's own; NULL: none
    const char *words;              // file that takes all that it prints
    double timeout_s;               // 0: none
} nd_process;
// Runs it in a process group of its own, with nothing to read, and waits. On a time
// limit or when work is cancelled the whole group ends: TERM, and KILL 2 s later.
// Failures carry the last words that it printed. Any thread.
nd_status nd_process_run(const nd_process *process, nd_work *work) ND_CHECKED;
// The words of a command line, as a shell splits them: blanks, '…', "…" and \.
// Nothing else is special. NULL-terminated; NULL after nd_fail.
const char *const *nd_process_split(nd_arena *arena, const char *line) ND_CHECKED;
// A new folder for files that do not stay, in $TMPDIR or /tmp; what earlier runs that
// were killed left there goes. NULL after nd_fail.
const char *nd_scratch_new(nd_arena *arena) ND_CHECKED;
void nd_scratch_remove(const char *folder); // with all that is in it; follows no link
