// SPDX-License-Identifier: Apache-2.0
// Networks by name: their settings, their forward functions, what they expect.
#pragma once
#include <nadir/layer.h>
#include <nadir/param.h>

typedef enum nd_stem { // the first convolution of classifiers
    ND_STEM_AUTO,      // the model's own
    ND_STEM_SMALL,     // 3 x 3, every pixel: pictures up to 64 pixels
    ND_STEM_HALF,      // 3 x 3, every other pixel
    ND_STEM_IMAGENET   // 7 x 7, every other pixel, and a max pool
} nd_stem;
typedef struct nd_model_set {
    int bands, classes; // in, out
    int width;          // of the first stage; 0: the model's own
    int depth;          // stages of a U-Net; 0: the model's own
    nd_choice stem;
    // patch > 0: a classifier's trunk runs once over a large picture, and its mean over
    // the whole becomes one over a box for each patch of so many pixels, `step` apart,
    // the first and the last `margin` pixels from the picture's edge; so the output is
    // {N, classes, rows, columns}. All three: multiples of the model's.
    int patch, step, margin;
} nd_model_set;
extern const nd_table nd_model_table; // of nd_model_set, but for bands and classes

typedef struct nd_model {
    const char *name, *brief;
    nd_network *forward; // its `user` is a nd_model_set, filled in
    bool is_mask;        // an answer for each pixel, else for each picture
    int width, depth;    // where nd_model_set says 0
    nd_stem stem;
    // What belongs together when layers are unfrozen one group after the other, the head
    // last: prefixes of names, comma separated.
    const char *const *group;
    int groups;
    // Sides of the input are multiples of this; and half the side of what an output sees.
    int (*multiple)(const nd_model_set *set);
    double (*radius)(const nd_model_set *set);
} nd_model;
extern const nd_model *const nd_models[];        // ends with NULL
const nd_model *nd_model_find(const char *name); // NULL after nd_fail: with the nearest
// `make`'s forward, user and input's channels are filled in from the model; the settings
// are copied.
nd_net *nd_model_new(nd_arena *arena, const nd_model *model, const nd_model_set *set,
                     const nd_net_make *make) ND_CHECKED;
nd_model_set nd_model_filled(const nd_model *model, nd_model_set set);
