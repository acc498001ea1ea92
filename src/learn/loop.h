// SPDX-License-Identifier: Apache-2.0
// Inside learn: a run while it is trained, its state, and what validation finds.
#pragma once
#include "learn/recipe.h"
#include "learn/run.h"
#include <nadir/metrics.h>
#include <stdatomic.h>

// All that a resumed run needs beside weights and moments. There is no generator state.
typedef struct learn_state {
    int64_t step, total; // steps done, steps planned
    int64_t batch;       // batches done in this epoch
    int epoch, epochs;   // epoch: being trained
    double rate;         // the peak, settled
    double best;         // NaN: none yet
    int best_epoch, worse;
    bool best_is_ema, is_done;
    double loss_sum; // of this epoch's batches
    int64_t loss_count;
    int skipped;
    double cpu_s, wall_s; // before this process
    nd_hash data, recipe;
} learn_state;

// An example to look at, as the network saw it.
typedef struct learn_shown {
    int64_t index, truth, prediction;
    double confidence, loss, right; // right: share of labelled pixels; of values: rmse
    nd_place place;
    uint8_t *truth_mask,
        *mask; // of masks: height x width, 255: ignored; of values shades
} learn_shown;
enum { LEARN_SHOWN = 24 };
typedef struct learn_check {
    nd_arena *arena;
    nd_confusion *confusion; // of classes
    nd_values values;        // of values
    nd_train_score score;
    learn_shown worst[LEARN_SHOWN], sample[LEARN_SHOWN];
    int worsts, samples;
    // Of each example: for intervals over chips, and for the calibration. Of values
    // squared errors instead of what is right.
    double *right, *labelled;
    uint64_t *unit; // of the split; of masks
    float *logit;   // NULL: not kept
    int64_t *label, count;
} learn_check;

struct nd_train {
    nd_arena *arena;
    nd_recipe *recipe;
    nd_train_ask ask;
    nd_dataset *data;
    const nd_card_band *value; // what is learnt instead of classes; NULL: classes are
    const nd_model *model;
    nd_net *net;
    nd_optim *optim;
    nd_class_loss loss;
    nd_goal goal;
    nd_rate_plan plan;
    learn_run run;
    learn_state state;
    int64_t per_epoch; // batches
    int height, width, bands, classes;
    const char *config; // the recipe as given, variables put in
    bool is_mask, is_resumed, is_frozen, has_run;
    bool by_control, is_paused, wants_save;
    atomic_bool stop;
    double began, cpu_began, saved_at, epoch_began, pictures_s, wait, busy_from;
    int64_t busy_pictures;
    nd_train_score last_raw, last_ema;
};

// ---- train.c: words of the page, as flags.
void learn_take_order(nd_train *train);

// ---- train_open.c
nd_status learn_make_optim(nd_train *train) ND_CHECKED;

// ---- state.c
nd_status learn_state_save(nd_train *train) ND_CHECKED;
// `is_fork`: only the weights.
nd_status learn_state_load(nd_train *train, const char *folder, bool is_fork) ND_CHECKED;
// Copies of all arrays of net and optimiser, and back.
typedef struct learn_copy learn_copy;
learn_copy *learn_copy_take(nd_arena *arena, nd_train *train) ND_CHECKED;
nd_status learn_copy_put(const learn_copy *copy, nd_train *train) ND_CHECKED;
// Only what of the net is called so.
nd_status learn_copy_put_some(const learn_copy *copy, nd_train *train,
                              const char *const *prefix, size_t count) ND_CHECKED;

// ---- train_rate.c
nd_status learn_find_rate(nd_train *train, nd_rate_test *test) ND_CHECKED;
// All layers but the head learn nothing.
nd_status learn_freeze(nd_train *train, bool frozen) ND_CHECKED;
typedef struct learn_speed {
    double seconds;                 // to measure
    double pictures_s, cpu_s, wait; // cpu_s: of one picture
} learn_speed;
nd_status learn_find_speed(nd_train *train, learn_speed *speed) ND_CHECKED;
double learn_epoch_pictures(const nd_train *train); // as if all were trained on
// Epochs of `cpu_s` that fit into what is left of train.minutes.
int learn_affordable(const nd_train *train, double cpu_s);

// ---- train_hard.c: what each example of a batch was like, for chips.sampling hard.
nd_status learn_tell_hard(nd_train *train, const nd_batch *batch,
                          const nd_array *output) ND_CHECKED;

// ---- train_values.c: where values are learnt. All in units of the network but what is
// added to `values`.
nd_loss learn_value_loss;
float learn_value_loss_of(const nd_train *train, const float *answer, const float *truth);
void learn_value_add(const nd_train *train, const float *answer, const float *truth,
                     nd_values *values);
uint8_t learn_value_shade(float scaled); // 255: none

// ---- train_check.c: the validation side through the net as it is now.
nd_status learn_check_run(nd_train *train, nd_arena *arena, nd_side side, bool keeps,
                          learn_check *check) ND_CHECKED;
// Batch norm's running values as the net's weights are now, from training batches. Not of
// a net without them, and not where train.norm_batches is 0.
nd_status learn_measure_norms(nd_train *train) ND_CHECKED;
int64_t learn_norm_batches(const nd_train *train);
// What judging raw and averaged weights costs, in pictures that are trained on.
double learn_check_pictures(const nd_train *train);
double learn_check_value(const nd_train *train, const nd_train_score *score);
bool learn_is_better(const nd_train *train, double a, double b); // a than b

// ---- train_tell.c: news to the caller, lines to the log, status.json.
void learn_tell(const nd_train *train, nd_train_news *news);
void learn_fact(const nd_train *train, const char *name, const char *format, ...)
    ND_PRINTF(3, 4);
nd_status learn_event(nd_train *train, const char *what, const char *words) ND_CHECKED;
nd_status learn_step_line(nd_train *train, const nd_stepped *stepped, double rate,
                          double pictures_s) ND_CHECKED;
nd_status learn_epoch_line(nd_train *train, const nd_train_news *news) ND_CHECKED;
nd_status learn_status(nd_train *train, const char *state, bool is_urgent) ND_CHECKED;
double learn_seconds(const nd_train *train); // of the run, all processes
double learn_cpu_seconds(const nd_train *train);
double learn_left(const nd_train *train); // NaN: too early to say

// ---- train_files.c: what is written once, and what after each epoch.
nd_status learn_files_begin(nd_train *train) ND_CHECKED;
nd_status learn_files_epoch(nd_train *train, const learn_check *check) ND_CHECKED;

// ---- train_plots.c: stats.json, and the folder plots.
nd_status learn_stats(const nd_train *train, nd_arena *arena) ND_CHECKED;
// Drawings come last and decide nothing: what cannot be drawn is a warning.
void learn_plots(const nd_train *train); // of the log, at an end
void learn_plot_rate(const nd_train *train, const nd_rate_test *test);

// ---- train_card.c: the model with its card.
nd_status learn_model_save(nd_train *train, const learn_check *check,
                           double temperature) ND_CHECKED;
nd_status learn_finish(nd_train *train) ND_CHECKED;

// ---- train_load.c: weights to start from.
nd_status learn_pretrained(nd_train *train) ND_CHECKED;
void learn_scales_from(nd_train *train, bool goes_on); // before the data are opened
void learn_tell_scales(nd_train *train);               // after
