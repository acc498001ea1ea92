// SPDX-License-Identifier: Apache-2.0
// Inside learn: units that stay on one side, and dealing them out.
#pragma once
#include "learn/data.h"

enum {
    SPLIT_AUTO,
    SPLIT_FILE,
    SPLIT_GROUP,
    SPLIT_COLUMN,
    SPLIT_SCENE,
    SPLIT_TILE,
    SPLIT_BLOCK,
    SPLIT_TIME
};

typedef struct split_unit {
    const char *key;
    const char *time; // of the split by time
    nd_hash hash;
    nd_side side;
    bool is_kept;
    double *count; // labelled pixels, or pictures, of each class
    int64_t next;  // in its slot of the table; -1: the last
} split_unit;
// Units by key; grows in the set's arena.
typedef struct split_units {
    nd_dataset *set;
    split_unit *unit;
    int64_t count, room;
    int64_t *slot; // first of those with a hash
    int64_t slots;
} split_units;
// The unit of that key, made if it is new. -1 after nd_fail.
int64_t split_unit_of(split_units *units, const char *key) ND_CHECKED;
int64_t split_unit_find(const split_units *units, const char *key); // -1: none
// Sides by split.keep, time, folds, or shares of all classes (Sechidis 2011).
nd_status split_assign(split_units *units) ND_CHECKED;
// What a name has in common with its group; NULL after nd_fail.
const char *split_group_of(const nd_dataset *set, const char *name) ND_CHECKED;
const char *split_tile_in(nd_arena *arena, const char *name); // "T32TQM"; NULL: none
const char *split_date_in(nd_arena *arena, const char *name); // "20180101"; NULL: none

const char *split_units_name(const nd_dataset *set); // "block"

// ---- split.tsv
typedef struct split_kept split_kept;
nd_status split_read_kept(const nd_dataset *set, split_kept **kept) ND_CHECKED;
bool split_find_kept(const split_kept *kept, const char *key, nd_side *side);
