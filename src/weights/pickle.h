// SPDX-License-Identifier: Apache-2.0
// Inside of weights: a pickle as values. Nothing is looked up, called or imported: what
// is not known here stays a name with its arguments.
#pragma once
#include "weights/weights.h"

typedef enum pickle_kind {
    PICKLE_NONE,
    PICKLE_BOOL,
    PICKLE_WHOLE,
    PICKLE_REAL,
    PICKLE_TEXT,
    PICKLE_BYTES,
    PICKLE_TUPLE,
    PICKLE_LIST, // and sets
    PICKLE_DICT, // items: key, value, key, value, …
    PICKLE_GLOBAL,
    PICKLE_STORAGE,
    PICKLE_TENSOR,
    PICKLE_OPAQUE
} pickle_kind;
typedef struct pickle_value pickle_value;

// Numbers somewhere in the file. `bytes` once the container has found them.
typedef struct pickle_storage {
    nd_stored type;  // ND_STORED: one that nadir does not read, called `type_name`
    bool is_untyped; // count is of bytes, the type is the tensor's
    const char *type_name;
    const char *key;
    size_t key_length;
    int64_t count;
    int64_t view_offset, view_count; // of legacy files, in numbers; count 0: no view
    bool has_view;
    nd_bytes bytes;
    bool is_found;
} pickle_storage;
typedef struct pickle_tensor {
    pickle_storage *storage;
    nd_stored type;
    const char *type_name;
    int rank;
    int64_t offset, *dim, *stride; // in numbers
} pickle_tensor;
// A class or function that was named, and what it would have been given.
typedef struct pickle_opaque {
    const char *module, *name;
    pickle_value *given, *state, *items; // NULL: nothing
    bool is_harmless;                    // known: a number of numpy, a device
} pickle_opaque;

typedef struct pickle_list {
    pickle_value **item;
    size_t count, room;
} pickle_list;
struct pickle_value {
    pickle_kind kind;
    union {
        int64_t whole; // and bools
        double real;
        struct {
            const char *text; // not ended by 0
            size_t length;
        };
        pickle_list list;
        struct {
            const char *module, *name;
        };
        pickle_storage *storage;
        pickle_tensor *tensor;
        pickle_opaque *opaque;
    };
};

typedef struct pickle {
    nd_arena *arena; // of the values; the bytes of the pickle live as long
    // What a persistent id stands for; NULL: a storage in a tuple.
    pickle_value *(*persistent)(struct pickle *p, const pickle_value *id);
    void *user;
    const char **foreign; // names of classes and functions that are not known here
    size_t foreigns, foreign_room;
    pickle_list storages; // all that were named
    // ---- inside
    size_t taken; // bytes of memory, of all pickles of the file
    char *pool;
    size_t pool_room;
    const uint8_t *start, *at, *end, *opcode;
    pickle_list stack, memo;
    size_t *mark;
    size_t marks, mark_room;
} pickle;
// Reads one pickle from the start of `bytes`; `used`: how many of them it takes. NULL
// after nd_fail.
pickle_value *pickle_read(pickle *p, nd_bytes bytes, size_t *used) ND_CHECKED;

// ---- Inside: memory, failures, values.
enum { PICKLE_MEMORY = 96 << 20 };
void *pickle_take(pickle *p, size_t count, size_t size) ND_CHECKED; // zeroed
const char *pickle_text(pickle *p, const char *text, size_t length) ND_CHECKED;
pickle_value *pickle_new(pickle *p, pickle_kind kind) ND_CHECKED;
nd_status pickle_push(pickle *p, pickle_list *list, pickle_value *value) ND_CHECKED;
nd_status pickle_wrong(const pickle *p); // the kind of value that the opcode finds
bool pickle_says(const pickle_value *value, const char *text);
const pickle_value *pickle_member(const pickle_value *dict, const char *key);

// ---- Calls that the pickle asks for.
pickle_value *pickle_global(pickle *p, const char *module, size_t module_length,
                            const char *name, size_t name_length) ND_CHECKED;
pickle_value *pickle_call(pickle *p, pickle_value *callee,
                          pickle_value *given) ND_CHECKED;
nd_status pickle_build(pickle *p, pickle_value *object, pickle_value *state) ND_CHECKED;
// ('storage', type, key, place, count[, view]): the usual persistent id.
pickle_value *pickle_storage_of(pickle *p, const pickle_value *id) ND_CHECKED;
// Of the dtype or storage called torch.`name`: "float32", "FloatStorage".
nd_stored pickle_type(const char *name);
size_t pickle_type_bytes(const char *name); // also of types not read; 0: unknown
