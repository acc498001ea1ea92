// SPDX-License-Identifier: Apache-2.0
// Inside of weights: from the values of a pickle to named tensors.
#pragma once
#include "weights/pickle.h"

typedef struct checkpoint_found {
    const char *name;
    const pickle_tensor *tensor;
} checkpoint_found;
typedef struct checkpoint {
    weights_in *in;
    checkpoint_found *found;
    size_t founds, found_room;
    // Where the numbers are: fills storage->bytes.
    nd_status (*find)(struct checkpoint *c, pickle_storage *storage);
    void *container;
    bool is_big_endian;
    // ---- inside
    char path[WEIGHTS_NAME + 1];
    size_t length;
    int64_t steps;
    int depth, quiet;
} checkpoint;
// All tensors of `root` that are of the model into `in`; what else there is, is named.
nd_status checkpoint_take(checkpoint *c, const pickle *p,
                          const pickle_value *root) ND_CHECKED;
nd_status checkpoint_bind(checkpoint *c) ND_CHECKED; // found tensors to weights

// ---- Storages by their keys, of formats that hold them one after the other.
typedef struct storage_row {
    const char *key;
    size_t length;
    nd_bytes bytes;
    size_t item; // bytes of one number; 0: not known yet
    const pickle_value *type;
} storage_row;
typedef struct storage_table {
    storage_row *row, **by_key; // in the order of the file; sorted
    size_t count;
} storage_table;
nd_status storage_table_sort(storage_table *table, nd_arena *arena) ND_CHECKED;
storage_row *storage_table_find(const storage_table *table, const char *key,
                                size_t length); // NULL: none
nd_status storage_table_bind(checkpoint *c, pickle_storage *storage) ND_CHECKED;
nd_status weights_damaged(const char *what); // "what\nthe file is damaged …"
