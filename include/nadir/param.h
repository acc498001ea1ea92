// SPDX-License-Identifier: Apache-2.0
// Settings that describe themselves: one row per member of a plain struct.
#pragma once
#include <nadir/core.h>

typedef struct nd_choice {
    int at; // index into the row's choices: an enum of the operator
} nd_choice;
typedef struct nd_list {     // comma separated; items trimmed, empty ones vanish;
    const char *const *item; // a comma inside an item is written \u002C
    size_t count;
} nd_list;
typedef struct nd_path {
    const char *text; // NULL: none
} nd_path;
// Structs of one kind, each described by the row's `rows`: SNAP's <variables><variable>.
typedef struct nd_rows {
    const void *item; // count structs of rows->size bytes
    size_t count;
} nd_rows;
typedef enum nd_type {
    ND_BOOL, // bool
    ND_INT,  // int
    ND_SIZE, // int64_t; text may end in k, M, G (powers of 1024)
    ND_REAL, // double; text may be NaN
    ND_TEXT, // const char *
    ND_CHOICE,
    ND_LIST,
    ND_PATH,
    ND_ROWS
} nd_type;
typedef struct nd_option {
    const char *name, *help;
    const char *also; // other spellings, comma separated
} nd_option;

typedef struct nd_param {
    const char *name, *snap, *help;
    const char *was;                     // former and other names, comma separated
    const char *unit, *of;               // of: "band", "crs", "date" … for completion
    const nd_option *choices;            // ends with a row without name
    const char *needs, *excludes;        // names of other rows
    double min, max, soft_min, soft_max; // inclusive; min == max: no limit
    double step;
    bool log, required;
    const struct nd_table *rows; // of ND_ROWS
    const char *row_snap;        // of ND_ROWS: SNAP's element of one, as "variable"
    nd_type type;
    size_t offset;
    const void *def; // a whole struct; only this member of it counts
} nd_param;

typedef struct nd_table {
    const nd_param *row;
    size_t count, size; // rows, at most 64; bytes of the struct
} nd_table;

#define ND_TYPE_OF(member)                                                               \
    _Generic((member), bool : ND_BOOL, int : ND_INT, int64_t : ND_SIZE,                  \
        double : ND_REAL, const char * : ND_TEXT, nd_choice : ND_CHOICE,                 \
        nd_list : ND_LIST, nd_path : ND_PATH, nd_rows : ND_ROWS)
// ND_PARAM(struct, member, default, .help = …, …): the compiler checks the default.
#define ND_PARAM(T, member, value, ...)                                                  \
    {                                                                                    \
        .name = #member, .type = ND_TYPE_OF(((T *)0)->member),                           \
        .offset = offsetof(T, member), .def = &(const T){.member = value}, __VA_ARGS__   \
    }
#define ND_WORDS(...)                                                                    \
    {                                                                                    \
        (const char *const[]){__VA_ARGS__},                                              \
            sizeof(const char *[]){__VA_ARGS__} / sizeof(const char *)                   \
    }
#define ND_TABLE(rows, T)                                                                \
    {                                                                                    \
        rows, sizeof rows / sizeof *rows, sizeof(T)                                      \
    }

// A struct being filled: defaults first, then words of the user, then the check.
// Everything is the arena's. Errors: ND_E_PARAM in two lines that name the row.
typedef struct nd_settings {
    const nd_table *table;
    void *data;
    uint64_t given; // bit i: row i was set
} nd_settings;
nd_status nd_settings_new(nd_arena *arena, const nd_table *table,
                          nd_settings *settings) ND_CHECKED;
// Any of a row's names, case-insensitive. Rows of ND_ROWS: a JSON array of objects.
nd_status nd_settings_set(nd_arena *arena, nd_settings *settings, const char *name,
                          const char *text) ND_CHECKED;
// Appends one struct to a row of ND_ROWS; `row` is to be filled by nd_settings_set.
nd_status nd_settings_add(nd_arena *arena, nd_settings *settings, const char *name,
                          nd_settings *row) ND_CHECKED;
nd_status nd_settings_check(const nd_settings *settings) ND_CHECKED;
// The row with that name; NULL: none.
const nd_param *nd_param_find(const nd_table *table, const char *name);
// A member as the text that nd_settings_set would read; NULL: none (a NULL text).
const char *nd_param_print(nd_arena *arena, const nd_param *p,
                           const void *data) ND_CHECKED;
bool nd_param_is_default(const nd_param *row, const void *data);
// The table for people, one paragraph a row, wrapped at `columns`; and as JSON.
struct nd_buffer;
struct nd_json_out;
nd_status nd_table_help(const nd_table *table, int columns,
                        struct nd_buffer *out) ND_CHECKED;
// The same as words of the command line: -j, --threads N.
nd_status nd_table_options(const nd_table *table, int columns,
                           struct nd_buffer *out) ND_CHECKED;
nd_status nd_table_describe(const nd_table *table, struct nd_json_out *out) ND_CHECKED;
