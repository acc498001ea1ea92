// SPDX-License-Identifier: Apache-2.0
// Checkpoints in and out: named arrays, and the card that says what a model expects.
#pragma once
#include <nadir/nn.h>

struct nd_buffer;
struct nd_json_out;

// What a file calls its numbers; those that nadir does not compute with are kept as they
// are by `convert` and widened by nd_weights_take.
typedef enum nd_stored {
    ND_STORED_F64,
    ND_STORED_F32,
    ND_STORED_F16,
    ND_STORED_BF16,
    ND_STORED_I64,
    ND_STORED_I32,
    ND_STORED_I16,
    ND_STORED_I8,
    ND_STORED_U8,
    ND_STORED_BOOL,
    ND_STORED
} nd_stored;
const char *nd_stored_name(nd_stored type); // "float32", "bfloat16", "bool"
size_t nd_stored_bytes(nd_stored type);

typedef struct nd_weight {
    const char *name;
    nd_stored type;
    nd_shape shape;   // contiguous, last dimension fastest
    const void *data; // the arena's or a mapping that lives as long; at any address
} nd_weight;
typedef struct nd_skipped {
    const char *name, *reason; // what of a file is not taken, and why
} nd_skipped;

// A checkpoint as read. All of it is the arena's; data of safetensors and of stored zip
// members is mapped, not copied. Executes nothing.
typedef struct nd_weights {
    const char *format; // "safetensors", "pytorch zip", "pytorch legacy", "pytorch tar"
    const nd_weight *weight;
    int count;
    const nd_skipped *skipped;
    int skips;
    const char *const *note; // what else a reader should know: device, numbers that are
    int notes;               // none, what of a checkpoint was taken
    const char *card;        // the card's JSON; NULL: none
    const char *const *foreign; // classes and functions that the file names, by which
    int foreigns;               // torch would run code; they were not looked up
} nd_weights;
nd_weights *nd_weights_open(nd_arena *arena, const char *path) ND_CHECKED;
// By its first bytes, or by an ending that only checkpoints have: is it for
// nd_weights_open to take or to refuse?
bool nd_weights_are_in(const char *path);
// All of it in words: a line for each tensor, then what was not taken, notes, the card.
nd_status nd_weights_print(const nd_weights *weights, struct nd_buffer *text) ND_CHECKED;
// {format, numbers, tensors: [{name, dtype, shape}], skipped, notes, foreign, card}
nd_status nd_weights_describe(const nd_weights *weights,
                              struct nd_json_out *out) ND_CHECKED;
int nd_weights_find(const nd_weights *weights, const char *name); // -1: none
// By the ending: .safetensors, or .pt/.pth (as torch.save writes; torch.load with
// weights_only takes it). Whole or not at all. `card`: JSON or NULL.
nd_status nd_weights_save(const char *path, const nd_weight *weight, int count,
                          const char *card) ND_CHECKED;
// The numbers of `weight` as `out->dtype`, float or int64; shapes must agree.
nd_status nd_weights_take(const nd_weight *weight, const nd_array *out) ND_CHECKED;

// ---- Into a net by name, and out of it.
typedef struct nd_match {
    int matched;
    const char *const *missing;    // in the net only
    const char *const *unexpected; // in the file only
    const char *const *reshaped;   // in both, with two shapes: left as they were
    int missings, unexpecteds, reshapeds;
} nd_match;
// First layers of other band
// counts are adapted when `bands` says which of the file's bands each of the net's is
// (-1: none, it gets the mean), all times 3/n; NULL: they count as reshaped.
nd_status nd_weights_load(nd_arena *arena, const nd_weights *weights, nd_net *net,
                          const int *bands, nd_match *match) ND_CHECKED;
// The net's parameters and buffers, floats stored as `type`: double, float, or bfloat16
// of what has two dimensions or more, and float of the rest.
nd_status nd_weights_of(nd_arena *arena, nd_net *net, nd_stored type, nd_weight **weight,
                        int *count) ND_CHECKED;
// The same weights, floats of two dimensions or more rounded to bfloat16, ties to even.
nd_status nd_weights_round(nd_arena *arena, const nd_weights *weights,
                           const nd_weight **rounded) ND_CHECKED;

// ---- The card: what goes in, what comes out, how it was made. All texts the arena's.
typedef enum nd_scaling {
    ND_CLIP,     // a … b
    ND_SCALE_BY, // x / a
    ND_OFFSET,   // x - a
    ND_MIN_MAX,  // (x - a) / (b - a)
    ND_Z_SCORE,  // (x - a) / b
    ND_LOG       // 10 log10(max(x, a))
} nd_scaling;
typedef struct nd_scale_step {
    nd_scaling how;
    double a, b;
} nd_scale_step;
typedef struct nd_card_band {
    const char *name; // "B04", "VV"
    const char *unit; // "DN" (reflectance times 10 000, no offset), "reflectance", "dB"
    const char *kind; // "toa_reflectance", "boa_reflectance", "sigma0", …
    double wavelength_nm;
    double p2, p50, p98; // of the training pixels; NaN: unknown
    const nd_scale_step *step;
    int steps;
} nd_card_band;
typedef struct nd_card_class {
    int value;
    const char *name;
    uint32_t colour; // 0xRRGGBBAA
} nd_card_class;
typedef struct nd_card {
    const char *task; // "scene-classification", "semantic-segmentation", "regression"
    const char *name, *version, *model; // model: name and settings for nd_net_named
    const char *model_settings;         // JSON object
    const nd_card_band *band;
    int bands;
    const nd_card_class *classes;
    int class_count;           // 0: answers are values
    const nd_card_band *value; // theirs: name, unit, the scale they are in; NULL: none
    double pixel_m;
    int patch;         // side of the pictures trained on
    int multiple;      // sides of input are multiples of this
    double radius;     // receptive radius, pixels
    const char *level; // "L1C", "L2A", "S1 GRD"; NULL: any
    const char *const *sensor;
    int sensors;
    const char *activation; // "softmax", "sigmoid", "none"
    double temperature;
    const char *train, *metrics; // JSON objects: split, seed, hashes; n, accuracy, ci95
    const char *licence, *notes;
} nd_card;
// JSON text both ways; unknown keys are ignored, wrong ones named with their path.
nd_card *nd_card_parse(nd_arena *arena, const char *json) ND_CHECKED;
nd_status nd_card_print(const nd_card *card, struct nd_json_out *out) ND_CHECKED;
float nd_card_scale(const nd_card_band *band, float value);
// The way back: from what a net answers to the unit. A clip is taken as it is.
float nd_card_unscale(const nd_card_band *band, float value);
