// SPDX-License-Identifier: Apache-2.0
// What reading and writing a model card share.
#pragma once
#include <nadir/text.h>
#include <nadir/weights.h>

typedef struct weights_scaling {
    const char *type, *key[2]; // STAC's words for a step, and for its numbers
} weights_scaling;
extern const weights_scaling weights_scalings[]; // by nd_scaling
// A tree as text again, under `key`.
void weights_json_again(const nd_json *json, const char *key, nd_json_out *out);
