// SPDX-License-Identifier: Apache-2.0
// A trained model ready to be run by many threads at a time: card, net, runners.
#pragma once
#include <nadir/model.h>
#include <nadir/weights.h>

// The net that the card names, with the weights of the file `path` in it: all of them, or
// NULL after nd_fail. An input of `make` without a shape is that of the card.
nd_net *nd_card_net(nd_arena *arena, const char *path, const nd_weights *weights,
                    const nd_card *card, const nd_net_make *make) ND_CHECKED;

// How the card's classifier is asked for patches `step` pixels apart, -1 for an eighth of
// a patch: patch, step and margin of `set`.
nd_status nd_card_dense(nd_arena *arena, const nd_card *card, int step,
                        nd_model_set *set) ND_CHECKED;
// The same net asked so; `dense` NULL: nd_card_net.
nd_net *nd_card_net_as(nd_arena *arena, const char *path, const nd_weights *weights,
                       const nd_card *card, const nd_net_make *make,
                       const nd_model_set *dense) ND_CHECKED;

typedef struct nd_predictor nd_predictor;
// Reads weights and card, builds the card's network, fills it. The arena's. A file
// without a card: ND_E_DATA, with a template of one in a note. `step` > 0: a model that
// answers for a picture is to answer for a patch every so many pixels of a large window,
// its trunk run once; -1: every eighth of a patch.
nd_predictor *nd_predictor_open(nd_arena *arena, const char *path, int step) ND_CHECKED;
const nd_card *nd_predictor_card(const nd_predictor *p);
bool nd_predictor_is_mask(const nd_predictor *p); // an answer for each pixel
int nd_predictor_outputs(const nd_predictor *p);  // classes, or values
// Of a dense one: windows of side (n - 1) step + patch + 2 margin give n x n answers;
// 0 of others.
int nd_predictor_step(const nd_predictor *p);
int nd_predictor_margin(const nd_predictor *p);
// Answers that a window of this side gets along each axis; 0: one for all of it.
int nd_predictor_across(const nd_predictor *p, int side);
const char *nd_predictor_identity(const nd_predictor *p); // changes with the file
// In place, pixels of band k, so many times what they are in the card's unit, to what the
// net was trained on. NaN stays NaN.
void nd_predictor_ready(const nd_predictor *p, int k, double factor, float *pixel,
                        int64_t count);
// Windows {count, bands, side, side}: as nd_predictor_ready made them, 0 where there is
// no data; or, `is_raw`, in the card's units with NaN there, and scaled in place. `out`:
// {count, outputs}, or {count, outputs, side, side} of a mask, or {count, outputs, n, n}
// of a dense one: probabilities after
// softmax or sigmoid and temperature, or values; `logit`, if not NULL: the same before
// both. `symmetries`: 1, or the mean over 4 turns or 8 with mirrors. Any thread; the
// answer to a window depends on nothing else.
typedef struct nd_windows {
    float *x;
    int count, side, symmetries;
    bool is_raw;
    float *logit;
} nd_windows;
nd_status nd_predictor_run(nd_predictor *p, const nd_windows *windows,
                           float *out) ND_CHECKED;
// Makes ready to run so many windows of this side; `*each`: bytes that a thread needs,
// `*all`: those that all share.
nd_status nd_predictor_bytes(nd_predictor *p, int count, int side, int64_t *each,
                             int64_t *all) ND_CHECKED;
// -sum p ln p / ln K of K probabilities: 0 sure, 1 undecided.
double nd_predictor_entropy(const float *probability, int classes);
