// SPDX-License-Identifier: Apache-2.0
// Inside learn: the folder of a run, and files that are whole or not there.
#pragma once
#include <nadir/train.h>
#include <stdio.h>

// nd_file_write and nd_file_show of a text that was made; NULL as a path is no memory.
nd_status learn_file_text(const char *path, nd_buffer *text) ND_CHECKED;
nd_status learn_file_show(const char *path, nd_buffer *text) ND_CHECKED;
const char *learn_path(nd_arena *arena, const char *folder, const char *name) ND_CHECKED;

typedef struct learn_run {
    nd_arena *arena;
    const char *path;
    FILE *metrics;
    int lock;
    double status_at;
    int64_t control_at; // bytes of `control` that are read
} learn_run;
// A new folder under `runs`: time, name, four digits of `hash`; or just `folder`.
nd_status learn_run_new(nd_arena *arena, const nd_train_ask *ask, const char *name,
                        nd_hash hash, learn_run *run) ND_CHECKED;
// One that is there. Lines of metrics.jsonl beyond `step` of `epoch` are cut, a half one
// too.
nd_status learn_run_open(nd_arena *arena, const char *path, learn_run *run) ND_CHECKED;
nd_status learn_run_cut(learn_run *run, int64_t step, int epoch) ND_CHECKED;
// Appends one line; the buffer holds the object without its end.
nd_status learn_run_line(learn_run *run, nd_buffer *line) ND_CHECKED;
const char *learn_run_file(const learn_run *run, nd_arena *arena,
                           const char *name) ND_CHECKED;
// What the last new line of `control` orders; lines from before the run count as read.
typedef enum learn_order {
    LEARN_NO_ORDER,
    LEARN_STOP,
    LEARN_PAUSE,
    LEARN_RESUME,
    LEARN_SAVE
} learn_order;
learn_order learn_run_order(learn_run *run);
