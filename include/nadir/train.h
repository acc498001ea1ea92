// SPDX-License-Identifier: Apache-2.0
// Training: a recipe, the rate over time, the loop, and the folder that a run leaves.
#pragma once
#include <nadir/dataset.h>
#include <nadir/model.h>
#include <nadir/pool.h>
#include <nadir/text.h>

// ---- Keys of a recipe beside those of nd_data. -1, or 0 where it makes no sense: auto.
typedef enum nd_head { ND_HEAD_AUTO, ND_HEAD_NEW, ND_HEAD_KEEP } nd_head;
typedef struct nd_train_model {
    const char *name; // NULL: by task
    nd_path pretrained;
    nd_choice head; // nd_head
    int freeze;     // epochs
    nd_model_set set;
} nd_train_model;
typedef enum nd_schedule {
    ND_ONE_CYCLE,       // fast.ai's
    ND_ONE_CYCLE_TORCH, // PyTorch's OneCycleLR
    ND_COSINE,
    ND_FLAT_COSINE,
    ND_STEP,
    ND_CONSTANT
} nd_schedule;
typedef enum nd_optimizer {
    ND_OPTIMIZER_AUTO,
    ND_OPTIMIZER_SGD,
    ND_OPTIMIZER_ADAM,
    ND_OPTIMIZER_ADAMW,
    ND_OPTIMIZER_FASTAI
} nd_optimizer;
typedef struct nd_train_loss {
    double ce, dice, focal, jaccard, lovasz, gamma;
    double l1, l2, huber; // of values
} nd_train_loss;
typedef struct nd_train_keys {
    int epochs, batch, accumulate, patience, norm_batches;
    double rate, spread, momentum, beta2, epsilon, decay, clip, smoothing, ema;
    nd_choice schedule, optimizer, precision, monitor;
    double rise, divide, divide_last, warmup, step_epochs, step_factor, calm;
    double minutes, save;
    int64_t seed;
} nd_train_keys;

// A recipe as read. The arena's; plain to read and, before it is settled, to change.
typedef struct nd_recipe {
    const char *path, *name; // name: the file's without folder and ending
    nd_data *data;
    nd_train_model model;
    nd_train_keys train;
    nd_train_loss loss;
    struct nd_recipe_notes *notes; // where each value comes from
} nd_recipe;
typedef struct nd_given {
    const char *name, *value;
} nd_given;
// All mistakes are found: `errors` (may be NULL) hears each with file:line:column, the
// first is the thread's error, and the recipe NULL.
typedef struct nd_recipe_ask {
    const char *path;
    const char *text;      // NULL: read the file
    const nd_given *given; // of ${name}; train.epochs=3 is put over the text
    size_t givens;
    void (*errors)(void *user, const nd_error *error);
    void *user;
} nd_recipe_ask;
nd_recipe *nd_recipe_read(nd_arena *arena, const nd_recipe_ask *ask) ND_CHECKED;
// A recipe of which only the data are known; for evaluate's DATA.
nd_recipe *nd_recipe_new(nd_arena *arena) ND_CHECKED;
// What the recipe leaves open, by task (docs/guide/train.md has the table). The data are
// opened by then. The models' own words follow in the card.
nd_status nd_recipe_settle(nd_arena *arena, nd_recipe *recipe,
                           const nd_dataset *data) ND_CHECKED;
// YAML that reads back to the same recipe, the origin of each value behind it; `is_all`:
// defaults too.
nd_status nd_recipe_print(const nd_recipe *recipe, bool is_all,
                          nd_buffer *out) ND_CHECKED;
// Keys that say other numbers in the two, comma separated; NULL: none. What only speed
// depends on does not count.
const char *nd_recipe_changes(nd_arena *arena, const nd_recipe *a, const nd_recipe *b);
// Every key of a recipe: for people, and as JSON.
nd_status nd_recipe_help(int columns, nd_buffer *out) ND_CHECKED;
nd_status nd_recipe_describe(const char *key, nd_json_out *out) ND_CHECKED;
// Commented recipes to start from; ends with a row without name.
typedef struct nd_recipe_start {
    const char *name, *brief, *text;
} nd_recipe_start;
extern const nd_recipe_start nd_recipe_starts[];

// ---- The rate over time: functions of (step, total), so a resumed run needs no more.
typedef struct nd_rate_plan {
    nd_schedule schedule;
    double rate;                      // the peak
    double low, high;                 // momentum: swings from high to low and back
    double rise, divide, divide_last; // of one cycle; 0: what the schedule's author says
    double warmup;                    // share of the steps, from 0, linearly
    int64_t step_every;               // of ND_STEP: steps
    double step_factor;
    int64_t freeze; // first steps, of the head alone, as fast.ai's fine_tune
} nd_rate_plan;
typedef struct nd_rate {
    double rate, momentum; // momentum NaN: leave it
    bool frozen;           // only the head learns
} nd_rate;
nd_rate nd_rate_at(const nd_rate_plan *plan, int64_t step, int64_t total);

// ---- The range test. Points as recorded, smoothed; suggestions as fast.ai makes them.
enum { ND_RATE_POINTS = 100 };
typedef struct nd_rate_test {
    int count;
    double rate[ND_RATE_POINTS], loss[ND_RATE_POINTS], smooth[ND_RATE_POINTS];
    double valley, steep, minimum, slide; // NaN: too few points
} nd_rate_test;
// The rate of point `at`: 1e-7 to 10, exponentially.
double nd_rate_test_at(int at);
// Adds a loss; false: it has blown up (smooth > 4 x best, or no number), stop.
bool nd_rate_test_add(nd_rate_test *test, double loss);
void nd_rate_test_suggest(nd_rate_test *test);
nd_status nd_rate_test_print(const nd_rate_test *test, int columns, bool is_utf8,
                             nd_buffer *out) ND_CHECKED; // for a terminal
nd_status nd_rate_test_describe(const nd_rate_test *test, nd_json_out *out) ND_CHECKED;
nd_status nd_rate_test_picture(nd_arena *arena, const nd_rate_test *test,
                               const uint8_t **png, size_t *bytes) ND_CHECKED;

// ---- A run.
typedef enum nd_train_what {
    ND_TRAIN_FACT,  // `text`: one line about the run
    ND_TRAIN_RATE,  // `test`: the range test is done
    ND_TRAIN_STEP,  // after each batch
    ND_TRAIN_CHECK, // validation goes on: `step` of `steps` batches
    ND_TRAIN_EPOCH, // after its validation
    ND_TRAIN_EVENT  // `text`: saved, paused, resumed, skipped
} nd_train_what;
typedef struct nd_train_score {
    double loss, accuracy, low, high, miou, n; // NaN: not measured
    double rmse, r2; // of values, in their unit; low and high are rmse's then
} nd_train_score;
typedef struct nd_train_news {
    nd_train_what what;
    const char *name, *text; // of a fact: what it is about, and its words
    int epoch, epochs;
    int64_t step, steps;
    double loss, rate, pictures_s, wait; // wait: share of the time without a batch
    double left_s, seconds;              // NaN: too early to say
    nd_train_score train, raw, ema;
    bool is_best, is_ema; // is_ema: the averaged weights are the better ones
    const nd_rate_test *test;
} nd_train_news;

typedef struct nd_train nd_train;
typedef struct nd_train_ask {
    nd_recipe *recipe;    // settled by nd_train_open
    nd_node *const *node; // of data.graph
    int nodes;
    const char *runs;    // folder in which the run's own is made; NULL: "runs"
    const char *folder;  // the run's own, when it is not to be named by time
    const char *resume;  // a run's folder: go on with it
    bool is_fork;        // a new run starts from the weights of `resume`
    int threads;         // 0: one a core
    const char *backend; // NULL: the fastest there is
    const char *command; // goes into env.json
    void (*tell)(void *user, const nd_train_news *news);
    void *user;
} nd_train_ask;
// Opens the data, makes the net and the folder, and locks it. The arena's.
nd_train *nd_train_open(nd_arena *arena, const nd_train_ask *ask) ND_CHECKED;
const char *nd_train_folder(const nd_train *train);
const nd_recipe *nd_train_recipe(const nd_train *train); // settled
// To the end, or until stopped: ND_E_CANCELLED then, all saved.
nd_status nd_train_run(nd_train *train) ND_CHECKED;
void nd_train_stop(nd_train *train); // after this batch; any thread; signal handlers too
// Only the range test; the weights are as before.
nd_status nd_train_find_rate(nd_train *train, nd_rate_test *test) ND_CHECKED;
// Trains for some seconds and forgets it: how long the recipe will take.
typedef struct nd_train_forecast {
    double pictures_s, epoch_s, total_s, wait;
    int epochs;
    int64_t parameters, steps;
} nd_train_forecast;
nd_status nd_train_measure(nd_train *train, double seconds,
                           nd_train_forecast *forecast) ND_CHECKED;
// Training pictures as they are and as augmented, side by side, into a PNG.
nd_status nd_train_contact(nd_train *train, const char *path) ND_CHECKED;
// The newest run in a folder that can be resumed; NULL after nd_fail: none.
const char *nd_run_newest(nd_arena *arena, const char *runs) ND_CHECKED;
// The recipe of a run, all values settled.
nd_recipe *nd_run_recipe(nd_arena *arena, const char *folder) ND_CHECKED;
