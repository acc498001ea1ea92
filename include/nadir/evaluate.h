// SPDX-License-Identifier: Apache-2.0
// What a model is worth on data it did not learn from: gathered, printed, compared.
#pragma once
#include <nadir/metrics.h>
#include <nadir/text.h>
#include <nadir/weights.h>

// ---- Gathering: answers in, one after the other, in any number; what is kept whole is
// bounded. One thread at a time. All of it the arena's.
typedef struct nd_evaluator nd_evaluator;
typedef struct nd_evaluator_make {
    int classes;
    int64_t samples, pixels; // that will come; pixels of one: 1 for pictures
    double temperature;      // of the card; 0: 1
    uint64_t seed;           // of the bootstrap and of the typical cases
    bool is_brief;           // only the matrix, its scores and their intervals
} nd_evaluator_make;
nd_evaluator *nd_evaluator_new(nd_arena *arena, const nd_evaluator_make *make) ND_CHECKED;
typedef struct nd_answer {
    const float *logit;   // classes, or classes x height x width
    const int64_t *label; // 1, or height x width; outside the classes: not known
    int height, width;    // 1, 1: of a picture
    int64_t index, unit;  // below samples; samples of one unit are drawn together
} nd_answer;
nd_status nd_evaluator_add(nd_evaluator *evaluator, const nd_answer *answer) ND_CHECKED;

// ---- What came of it. Plain data.
typedef struct nd_case {
    int64_t index;
    int truth, prediction; // of masks: the class most often missed, and what stood there
    double confidence, loss, right; // of masks: means over the pixels; of values: none,
                                    // root of the mean squared error, bias
    const char *name;               // the file; NULL: not known
    double x, y;                    // of its centre, where `crs` is known
    const char *crs;
    int row, column;
    const uint8_t *png; // of masks: picture, reference, prediction side by side
    size_t png_bytes;
} nd_case;
enum { ND_CASES = 24 };
typedef struct nd_class_more {
    double auc, precision; // one against the rest; average precision
    nd_bootstrap f1, iou;  // intervals over units
    nd_things things;      // of masks
    nd_outline outline;    // of masks
} nd_class_more;
// A map's areas, corrected by what was evaluated: right if that is a random sample of the
// map's ground, drawn alike within each class of the map.
typedef struct nd_map_areas {
    const char *map;
    const double *mapped;     // hectares of each class, as the map has it
    double other;             // hectares of values that no class has
    nd_map_accuracy accuracy; // its areas in hectares
} nd_map_areas;
// A model of values. Intervals: bootstrap over units. The grid counts pixels by truth
// (across) and answer (down the rows), from low to high; what lies beyond is at its edge.
enum { ND_VALUE_CELLS = 40 };
typedef struct nd_value_report {
    const char *name, *unit; // unit NULL: not known
    nd_value_scores scores;
    nd_interval bias, mae, rmse, r2;
    double mean, deviation; // of the truth
    double low, high, grid[ND_VALUE_CELLS * ND_VALUE_CELLS];
} nd_value_report;
typedef struct nd_evaluation {
    const char *model, *data, *side, *task; // side NULL: all of the data
    const char *architecture;               // "wrn16-2, 0.69 M parameters"; NULL
    const char *note;                       // what a reader must know; lines; NULL
    const nd_card_class *classes;
    int class_count;
    bool is_mask, by_squares; // by_squares: units are squares of ground, not scenes
    int64_t samples, units;
    bool is_scattered; // too few units to draw from: each chip was taken for one
    const nd_value_report *values; // NULL: classes; else what is of classes is empty
    const nd_confusion *matrix;
    nd_scores scores;
    nd_interval accuracy;       // pictures: Wilson's; masks: bootstrap over units
    nd_bootstrap f1, miou;      // of the macro figures, over units
    double miou_each;           // mean of the units' own; NaN for pictures
    double top3;                // NaN below four classes, and for masks
    const nd_class_more *more;  // of each class
    nd_calibration plain, best; // as the card has it; with this data's own temperature
    double calibrated_on;       // samples that it was measured on
    nd_case worst[ND_CASES], typical[ND_CASES];
    int worsts, typicals;
    const nd_confusion *views; // of the mean of eight views; NULL: not asked for
    nd_interval views_accuracy;
    const nd_map_areas *areas;    // NULL: not asked for
    double seconds;               // of the network
    const struct nd_tally *tally; // of each sample that was asked for, by index
    int64_t tallies;
} nd_evaluation;
typedef struct nd_tally {
    int64_t unit;
    double counted, right; // pixels, or 1
} nd_tally;
// The rest (names, pictures, views) is the caller's to fill in.
nd_status nd_evaluator_done(nd_evaluator *e, nd_evaluation *to) ND_CHECKED;

// Two models on the same samples: ND_E_DATA if they are not. Pictures: McNemar's test;
// masks: bootstrap over units of the difference in accuracy.
typedef struct nd_comparison {
    double first, second; // accuracies on what both answered
    int64_t only_first, only_second;
    bool is_drawn, is_exact; // by bootstrap; by the exact binomial
    nd_interval difference;  // of second - first, if drawn
    double p;
} nd_comparison;
nd_status nd_evaluation_compare(nd_arena *arena, const nd_evaluation *a,
                                const nd_evaluation *b,
                                nd_comparison *comparison) ND_CHECKED;

// ---- Telling it.
nd_status nd_evaluation_describe(const nd_evaluation *evaluation,
                                 nd_json_out *out) ND_CHECKED;
nd_status nd_evaluation_print(const nd_evaluation *evaluation, nd_buffer *out) ND_CHECKED;
// One line of a run: what `metrics.jsonl` told of it, side by side.
typedef struct nd_curve {
    const char *name;
    const double *x, *y; // y NaN: a gap
    int count;
    bool is_share; // of 1: drawn from 0 to 100 %
} nd_curve;
// One HTML file that loads nothing; curves may be none.
nd_status nd_evaluation_html(const nd_evaluation *evaluation, const nd_curve *curve,
                             int curves, nd_buffer *out) ND_CHECKED;

// ---- Doing it: a model's file, and examples that nobody trained on.
struct nd_dataset;
typedef struct nd_model_ask {
    const char *path;  // a model, or the folder of a run
    int threads;       // 0: one a core
    int height, width; // of the pictures to come; 0: as the card says
    bool dense;        // a classifier as Predict asks it: its trunk sees past the patch
} nd_model_ask;
typedef struct nd_model_file {
    const char *path; // of the weights
    const nd_card *card;
    nd_net *net;
    int64_t parameters;
    int margin;        // of dense ones: pixels that are mirrored around a picture
    const char *words; // "wrn16-2, 0.69 M parameters"
} nd_model_file;
// Only the card; net NULL.
nd_status nd_model_card(nd_arena *arena, const char *path,
                        nd_model_file *model) ND_CHECKED;
// The net, too, with its weights: all of them, or ND_E_DATA.
nd_status nd_model_load(nd_arena *arena, const nd_model_ask *ask,
                        nd_model_file *model) ND_CHECKED;
typedef struct nd_evaluate_ask {
    const struct nd_dataset *data; // opened with the model's card
    int side;                      // nd_side
    bool views;                    // the mean of eight views as well, reported apart
    bool pictures;                 // of the worst and the typical cases
    int batch, workers;            // 0: by size; one a core
    uint64_t seed;
    const nd_flag *cancel;
    void (*progress)(void *user, int64_t done, int64_t count);
    void *user;
} nd_evaluate_ask;
nd_status nd_evaluate(nd_arena *arena, const nd_model_file *model,
                      const nd_evaluate_ask *ask, nd_evaluation *evaluation) ND_CHECKED;

// ---- Runs on disk, as nadir train left them.
typedef struct nd_key {
    const char *name, *value;
} nd_key;
typedef struct nd_epoch {
    double step, train_loss, valid_loss, accuracy, low, high, seconds, rate;
    double rmse; // of values; NaN: of classes
    int64_t n;
} nd_epoch;
typedef struct nd_run_told {
    const char *path, *name; // the folder; its last part
    const nd_key *key;       // of resolved.yaml, or config.yaml: model.name, train.epochs
    int keys;
    const nd_epoch *epoch;
    int epochs, best; // best: index into epoch; -1: none
    double minutes;
    int64_t parameters; // 0: not known
    const char *state;  // of status.json: "done", "stopped", …; NULL: not known
} nd_run_told;
// ND_E_IO or ND_E_DATA where it is no run folder.
nd_status nd_run_read(nd_arena *arena, const char *folder, nd_run_told *run) ND_CHECKED;
// All run folders directly in `folder`, by name; itself if it is one.
nd_status nd_runs_find(nd_arena *arena, const char *folder, nd_run_told **run,
                       int *count) ND_CHECKED;
