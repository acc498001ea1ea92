// SPDX-License-Identifier: Apache-2.0
// Inside of weights: a file being read, what is collected from it, numbers as stored.
#pragma once
#include <nadir/file.h>
#include <nadir/text.h>
#include <nadir/weights.h>

enum {
    WEIGHTS_TENSORS = 1000000, // of one file at most
    WEIGHTS_NAME = 4096,       // bytes of a name at most
    WEIGHTS_FILE_RANK = 64     // dimensions in files; ND_MAX_RANK are used
};

// ---- A file being read. The result is the arena's; `scratch` goes when it is read.
typedef struct weights_in {
    nd_arena *arena, *scratch;
    nd_bytes file;
    nd_weights out;
    nd_weight *weight; // these three grow; `out` points to them at the end
    nd_skipped *skipped;
    const char **note;
    size_t weight_room, skipped_room, note_room;
    int skips_untold; // beyond what a reader would read
} weights_in;
nd_status weights_reserve(weights_in *in, size_t count) ND_CHECKED;
nd_status weights_add(weights_in *in, const nd_weight *weight) ND_CHECKED;
nd_status weights_skip(weights_in *in, const char *name, const char *reason) ND_CHECKED;
nd_status weights_note(weights_in *in, const char *format, ...)
    ND_PRINTF(2, 3) ND_CHECKED;
// A list of `size` bytes each with room for one more, twice as long when it was full.
nd_status weights_grow(nd_arena *arena, void *list, size_t *room, size_t count,
                       size_t size) ND_CHECKED;
nd_status weights_finish(weights_in *in) ND_CHECKED; // checks all, fills `out`
// Of the bytes of a whole file, which the result may point into: what nd_weights_open
// does after mapping.
nd_weights *weights_read(nd_arena *arena, nd_bytes file) ND_CHECKED;
nd_status weights_read_safetensors(weights_in *in) ND_CHECKED;
nd_status weights_read_zip(weights_in *in) ND_CHECKED;
nd_status weights_read_legacy(weights_in *in) ND_CHECKED;
nd_status weights_read_tar(weights_in *in) ND_CHECKED;
bool weights_zip_is_torch(nd_bytes file); // looks into the table of contents only
bool weights_tar_is_torch(nd_bytes file);

// ---- Writers; names are sound and differ.
nd_status weights_write_safetensors(nd_file *file, const nd_weight *weight, int count,
                                    const char *card) ND_CHECKED;
nd_status weights_write_torch(nd_file *file, const nd_weight *weight, int count,
                              const char *card) ND_CHECKED;

// ---- Numbers.
static inline uint64_t weights_get(const uint8_t *at, int bytes) // little-endian
{
    uint64_t number = 0;
    for (int i = bytes; i-- > 0;) number = number << 8 | at[i];
    return number;
}
// a * b into *product; false: more than 2^63 - 1. Neither is negative.
bool weights_times(int64_t a, int64_t b, int64_t *product);
bool weights_is_text(const char *text, size_t length); // UTF-8 without NUL
// Of a name as a file gives it: the arena's C string; fails if it is no name.
const char *weights_name(nd_arena *arena, const char *text, size_t length) ND_CHECKED;
int64_t weights_odd_numbers(const nd_weight *weight); // NaN and infinite ones
