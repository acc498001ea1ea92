// SPDX-License-Identifier: Apache-2.0
// What a network learns from: pictures or chips of scenes, labels, splits, batches.
#pragma once
#include <nadir/layer.h>
#include <nadir/param.h>
#include <nadir/raster.h>
#include <nadir/weights.h>

typedef enum nd_side { ND_TRAIN, ND_VALID, ND_TEST, ND_SIDES } nd_side;
const char *nd_side_name(nd_side side); // "train", "valid", "test"

// ---- Settings: the keys of a recipe. Each struct has a table of its own.
typedef struct nd_data_labels {
    nd_choice by; // folder, column; the next ones speak for themselves
    const char *column;
    nd_list raster; // patterns of names; empty: none
    const char *band;
    nd_path vectors;
    const char *layer, *field;
    nd_choice order;
    const char *node;
    nd_list ignore;
    const char *background;
} nd_data_labels;
typedef struct nd_data_chips {
    int size;
    nd_choice sampling;
    int64_t per_epoch;
    int stride;
    double balance, hard, power, clip;
} nd_data_chips;
typedef struct nd_data_split {
    nd_choice by;
    double valid, test;
    int64_t seed;
    const char *block, *buffer, *pattern, *column;
    nd_list cuts;
    nd_path keep;
    int folds, fold;
} nd_data_split;
typedef struct nd_augment {
    bool dihedral;
    double rotate, scale, shift;
    nd_list crop;
    double brightness, brightness_db, contrast, haze, band_drop;
    nd_list speckle;
    double noise, blur, cutout;
    bool cutout_ignore;
    double mixup, cutmix, mix_share;
} nd_augment;
typedef struct nd_data_class {
    const char *name, *color;
    nd_list values;
    double weight;
} nd_data_class;
// What task says.
enum { ND_TASK_CLASSES, ND_TASK_REGRESSION };
// What norm says.
enum {
    ND_NORM_Z_SCORE,
    ND_NORM_NONE,
    ND_NORM_MIN_MAX,
    ND_NORM_PERCENTILE,
    ND_NORM_SCALE,
    ND_NORM_PRETRAINED,
    ND_NORM_AUTO
};
// What picture_units says.
enum { ND_PICTURES_STORED, ND_PICTURES_EUROSAT_RGB };
typedef struct nd_data {
    nd_path pictures, table, graph;
    nd_list raster, scenes, params, bands;
    const char *unit;
    nd_rows classes; // nd_data_class
    nd_choice task, picture_units, fit, bad, norm, class_weights;
    nd_list weights;
    double pixel, min_valid, bad_limit;
    int64_t cache;
    int workers, side;
    // Sections of their own.
    nd_data_labels labels;
    nd_data_chips chips;
    nd_data_split split;
    nd_augment augment;
    // Not keys: who opens the set says so.
    uint64_t seed;       // of order, places and augmentation: train.seed
    bool is_whole;       // no split: all of it is on the test side
    const nd_card *card; // bands, scales and classes are a model's; NULL: its own
    const nd_card *from; // of the weights to start from: scales of bands it knows
} nd_data;
// Sections of a recipe: "data", "data.labels", "data.chips", "data.split",
// "train.augment".
typedef struct nd_data_section {
    const char *key, *help;
    const nd_table *table;
    size_t offset;    // of the section's struct in nd_data
    const char *word; // the row that a bare word sets: labels: by-folder; NULL: none
} nd_data_section;
extern const nd_data_section nd_data_sections[]; // ends with a row without key
nd_status nd_data_new(nd_arena *arena, nd_data **data) ND_CHECKED; // all defaults

// ---- A set of examples. The arena's; constant once opened, so any thread may use it.
typedef struct nd_dataset nd_dataset;
// `node`: of data.graph, one for each scene; with labels.node two: picture and label.
// Scans the pictures: sizes, classes, statistics, copies. NULL after nd_fail.
nd_dataset *nd_dataset_open(nd_arena *arena, const nd_data *set, nd_node *const *node,
                            int nodes) ND_CHECKED;
// Pictures or chips of one epoch.
int64_t nd_dataset_count(const nd_dataset *set, nd_side side);
void nd_dataset_shape(const nd_dataset *set, int *bands, int *height, int *width);
bool nd_dataset_is_mask(const nd_dataset *set); // a label per pixel
const nd_card_class *nd_dataset_classes(const nd_dataset *set, int *count);
// Where values are learnt: their name, unit, and the scale of the network's answers.
// NULL: classes are.
const nd_card_band *nd_dataset_value(const nd_dataset *set);
const nd_card_band *nd_dataset_bands(const nd_dataset *set, int *count);
int nd_dataset_norm(const nd_dataset *set);     // what data.norm: auto became
double nd_dataset_pixel(const nd_dataset *set); // metres; 0: not known
// Weights of the loss by class; NULL: all 1.
const double *nd_dataset_class_weights(const nd_dataset *set);
// Examples, or labelled pixels, of each class on a side.
const int64_t *nd_dataset_class_counts(const nd_dataset *set, nd_side side);
// One line: what was split how, and how far apart the sides are.
const char *nd_dataset_proof(const nd_dataset *set);
// Key, class, side and hash of each unit, tab separated; whole or not at all.
nd_status nd_dataset_write_split(const nd_dataset *set, const char *path) ND_CHECKED;
// Of inputs and keys: a resumed run must find the same.
nd_hash nd_dataset_hash(const nd_dataset *set);
// Only of the names on the training side: goes into the card.
nd_hash nd_dataset_train_hash(const nd_dataset *set);
// What could not be read and was left out: "name: why".
const char *const *nd_dataset_bad(const nd_dataset *set, int64_t *count);
const char *const *nd_dataset_copies(const nd_dataset *set, int64_t *count); // "a = b"

typedef struct nd_place {
    const char *name;
    double x, y;     // of the centre, in `crs`; NaN: not known
    const char *crs; // NULL: none
    int row, column; // of the upper left pixel in its scene
    uint64_t unit;   // of a split by block: the square of ground; else 0
} nd_place;
typedef struct nd_chip {
    float *picture; // bands x height x width, in network units; the caller's
    int64_t *label; // one, or height x width; ND_IGNORE where there is none
    nd_place place;
} nd_chip;
// Of values a label holds the bits of a float, so it is never below 0; NaN is ND_IGNORE.
float nd_label_value(int64_t label);
int64_t nd_value_label(float value);
// A pure function of seed, epoch and index: whoever asks, in whatever order. The training
// side is shuffled and augmented, others are neither.
nd_status nd_dataset_sample(const nd_dataset *set, nd_work *work, nd_side side,
                            uint32_t epoch, int64_t index, nd_chip *chip) ND_CHECKED;
// The same example unaugmented, as height x width x 3 bytes for the eye.
nd_status nd_dataset_look(const nd_dataset *set, nd_work *work, nd_side side,
                          uint32_t epoch, int64_t index, uint8_t *rgb) ND_CHECKED;

// What the loss of training examples was. Hard ones come more often once nd_dataset_turn
// was called: an epoch's order never changes while it goes on. No matter unless
// chips.sampling is hard.
typedef struct nd_losses {
    uint32_t epoch;
    int64_t first;     // index of the first
    int count;         // a whole batch
    const float *loss; // NaN: not known
    const float *kept; // as nd_batch has it: two that were mixed share the loss; NULL
} nd_losses;
nd_status nd_dataset_tell(const nd_dataset *set, const nd_losses *told) ND_CHECKED;
void nd_dataset_turn(const nd_dataset *set);
// That memory, to be saved and put back, `count` numbers: what epochs are drawn by, then
// what will be after the next turn. NULL: there is none.
float *nd_dataset_hardness(const nd_dataset *set, int64_t *count);

// ---- Batches, made ahead by threads of their own; their order never depends on those.
typedef struct nd_loader nd_loader;
typedef struct nd_loader_make {
    nd_side side;
    uint32_t epoch;
    int64_t first;             // of the examples: a resumed epoch starts later
    int batch, workers, ahead; // workers 0: one a core; ahead 0: 4 batches
    bool drop_last;            // a short last batch is left out
    bool is_plain;             // training side without augmentation, in file order
    bool mixes;                // mixup and cutmix as the recipe says: y is probabilities
} nd_loader_make;
typedef struct nd_batch {
    nd_array x, y; // y: int64 {N} or {N, H, W}; if mixed, float {N, K} or {N, K, H, W};
                   // of values float {N, 1, H, W}, scaled, NaN where there is none
    int64_t first; // index of the first example
    int count;
    const nd_place *place;
    const float *kept; // if mixed: how much of each is its own, the rest the next one's
} nd_batch;
// The arena's, which also stops it. NULL after nd_fail.
nd_loader *nd_loader_new(nd_arena *arena, const nd_dataset *set,
                         const nd_loader_make *make) ND_CHECKED;
// count 0: the epoch is over. Valid until the next call.
nd_status nd_loader_next(nd_loader *loader, nd_batch *batch) ND_CHECKED;
void nd_loader_stop(nd_loader *loader);
double nd_loader_waited(const nd_loader *loader); // seconds that nd_loader_next waited
