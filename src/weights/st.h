// SPDX-License-Identifier: Apache-2.0
// Inside of weights: the header of safetensors, scanned.
#pragma once
#include "weights/weights.h"

typedef struct st_text {
    nd_arena *arena; // of the texts
    const char *start, *at, *end;
    char *pool;
    size_t room;
} st_text;
nd_status st_wrong(const st_text *text, const char *expected);
bool st_takes(st_text *text, char c); // the next letter that is no blank
nd_status st_expect(st_text *text, char c) ND_CHECKED;
nd_status st_string(st_text *t, const char **text, size_t *length) ND_CHECKED;
nd_status st_number(st_text *text, int64_t *number) ND_CHECKED;
