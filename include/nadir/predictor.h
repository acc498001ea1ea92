// SPDX-License-Identifier: Apache-2.0
// A trained model ready to be run by many threads at a time: card, net, runners.
#pragma once
#include <nadir/model.h>
#include <nadir/weights.h>

// The net that the card names, with the weights of the file `path` in it: all of them, or
// NULL after nd_fail. An input of `make` without a shape is that of the card.
nd_net *nd_card_net(nd_arena *arena, const char *path, const nd_weights *weights,
                    const nd_card *card, const nd_net_make *make) ND_CHECKED;

typedef struct nd_predictor nd_predictor;
// Reads weights and card, builds the card's network, fills it. The arena's. A file
// without a card: ND_E_DATA, with a template of one in a note.
nd_predictor *nd_predictor_open(nd_arena *arena, const char *path) ND_CHECKED;
const nd_card *nd_predictor_card(const nd_predictor *p);
bool nd_predictor_is_mask(const nd_predictor *p);         // an answer for each pixel
int nd_predictor_outputs(const nd_predictor *p);          // classes, or values
const char *nd_predictor_identity(const nd_predictor *p); // changes with the file
// Windows {count, bands, side, side} in the card's units, NaN where there is no data:
// they are scaled in place. `out`: {count, outputs}, or {count, outputs, side, side} of a
// mask: probabilities after softmax or sigmoid and temperature, or values. `symmetries`:
// 1, or the mean over 4 turns or 8 with mirrors. Any thread; its answer depends on none.
typedef struct nd_windows {
    float *x;
    int count, side, symmetries;
} nd_windows;
nd_status nd_predictor_run(nd_predictor *p, const nd_windows *windows,
                           float *out) ND_CHECKED;
