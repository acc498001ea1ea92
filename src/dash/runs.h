// SPDX-License-Identifier: Apache-2.0
// Inside dash: folders of training runs, what is known of each, and who follows them.
#pragma once
#include "dash/dash.h"

// ---- Curves: rows put together two by two as they grow, so that memory is bounded and
// no peak is lost. Pure.
enum { DASH_SERIES = 5, DASH_POINTS = 1 << 16 };
extern const char *const dash_series[DASH_SERIES]; // loss, lr, grad_norm, img_s, wait

typedef struct dash_row {
    int64_t step;
    double time, epoch; // seconds of training; epochs with their fraction
    double value[DASH_SERIES];
} dash_row;
typedef struct dash_point {
    float step, time, epoch, rows; // of the last of its rows; how many
    float mean[DASH_SERIES], low[DASH_SERIES], high[DASH_SERIES];
} dash_point;
typedef struct dash_curve {
    dash_point *point; // the heap's
    int points, room, each;
    int64_t rows;
} dash_curve;
bool dash_curve_add(dash_curve *curve, const dash_row *row); // false: no memory
void dash_curve_cut(dash_curve *curve, int64_t step);        // rows from `step` on go
void dash_curve_free(dash_curve *curve);
// At most `most` (two or more) points with `from` <= step <= `to`; how many.
int dash_curve_thin(const dash_curve *curve, double from, double to, int most,
                    dash_point *out);

// ---- A run.
enum { DASH_RING = 1024, DASH_EPOCHS = 10000, DASH_NOTES = 32, DASH_RUNS = 32 };
typedef enum dash_part {
    DASH_CONFUSION,
    DASH_WORST,
    DASH_SAMPLE,
    DASH_RATE,
    DASH_STATUS,
    DASH_PARTS
} dash_part;
extern const char *const dash_part_name[DASH_PARTS]; // "confusion"
typedef struct dash_stamp {
    int64_t time_ns, bytes;
    uint64_t inode;
} dash_stamp;
typedef struct dash_run {
    const char *name, *path;
    int folder;
    // Of metrics.jsonl; the follower's alone.
    dash_stamp tail;
    int64_t at;
    char *piece; // the beginning of a line that is still being written
    size_t length;
    bool is_skipping; // the rest of a line that was too long
    nd_arena *scratch;
    double began, epoch_base, epoch_seconds;
    bool says_time; // its rows do
    int64_t epoch_step, epoch_steps, epoch_guess;
    dash_stamp stamp[DASH_PARTS];
    // Under the lock of the runs.
    bool is_known; // read once
    int generation;
    int64_t last_step;
    int64_t last_epoch;
    dash_curve curve;
    dash_row ring[DASH_RING];
    char *epoch[DASH_EPOCHS]; // as JSON
    int64_t epoch_end[DASH_EPOCHS];
    int epochs;
    char *note[DASH_NOTES]; // as JSON; a ring
    int notes, bad;
    char *status;   // as JSON
    double touched; // when it has last written, in seconds since 1970
    int version[DASH_PARTS];
} dash_run;

typedef struct dash_runs {
    nd_dash *dash;
    nd_arena *arena; // of names; under the lock
    pthread_mutex_t lock;
    pthread_cond_t wake, known;
    pthread_t follower;
    bool has_follower, is_stopping;
    dash_run *run[DASH_RUNS];
    int count, streams;
    char boot[17]; // another start, other positions
} dash_runs;
dash_runs *dash_runs_new(nd_dash *dash) ND_CHECKED;
void dash_runs_stop(dash_runs *runs); // joins the follower; NULL: nothing
void dash_runs_free(dash_runs *runs);
dash_runs *dash_runs_of(nd_dash *dash); // NULL: none are watched
nd_status dash_runs_add(dash_runs *runs, const char *path) ND_CHECKED;

// Reads what is new; gives whether anything was. `again`: there is more to read now.
bool dash_run_follow(dash_runs *runs, dash_run *run, bool *again);
dash_run *dash_run_new(nd_arena *arena, const char *path) ND_CHECKED;
void dash_run_free(dash_run *run);
// A whole file of the folder, never through a link; its length. NULL: none, or too long.
const char *dash_run_read(const dash_run *run, nd_arena *arena, const char *name,
                          size_t most, size_t *length);
// The words of a file that a run writes, checked and printed anew. false: it is none.
bool dash_print_status(const nd_json *json, nd_json_out *out);
bool dash_print_epoch(const nd_json *json, nd_json_out *out);
bool dash_print_note(const nd_json *json, nd_json_out *out);
bool dash_print_confusion(const nd_json *json, nd_json_out *out);
bool dash_print_rate(const nd_json *json, nd_json_out *out);
// `locate` adds members of the row's place on Earth; NULL: none are added.
typedef void dash_locate(void *user, double x, double y, const char *crs,
                         nd_json_out *out);
bool dash_print_pictures(const nd_json *json, dash_locate *locate, void *user,
                         nd_json_out *out);
// "pictures/0007.png" or "0007.png": the name; NULL: none of ours.
const char *dash_picture_name(const char *path);
void dash_print_row(const dash_row *row, nd_json_out *out);

// ---- What a stream has said; goes to the browser and comes back as the event's id.
typedef struct dash_place {
    int generation, epochs;
    int64_t rows;
} dash_place;
const char *dash_places_print(nd_arena *arena, const char *boot, const dash_place *place,
                              int count);
// How many; 0: another start's, or no places.
int dash_places_parse(const char *from, const char *boot, dash_place *place);

// ---- Answers.
void dash_train_page(dash_request *r, nd_work *work);
void dash_train_run(dash_request *r, nd_work *work);
void dash_train_control(dash_request *r, nd_work *work);
void dash_train_stream(dash_request *r); // at once, no lane
