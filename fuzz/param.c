// SPDX-License-Identifier: Apache-2.0
// Any bytes as settings: lines of NAME=VALUE into a table with a row of each type. What
// is taken must print as text that is taken again, and prints the same.
#include <nadir/param.h>
#include <nadir/text.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct entry {
    const char *name;
    double value;
} entry;
typedef struct all {
    bool on;
    int looks;
    int64_t memory;
    double spacing;
    const char *name;
    nd_choice method;
    nd_list bands;
    nd_path file;
    nd_rows entries;
} all;

static const nd_option methods[] = {
    {"Nearest", "Closest", "NN,NearestNeighbour"}, {"Bilinear", "Four"}, {NULL}};
static const nd_param entry_rows[] = {
    ND_PARAM(entry, name, NULL, .help = "Name"),
    ND_PARAM(entry, value, 0, .min = -5, .max = 5, .help = "Value")};
static const nd_table entries = ND_TABLE(entry_rows, entry);
static const nd_param rows[] = {
    ND_PARAM(all, on, true, .help = "On"),
    ND_PARAM(all, looks, 4, .min = 1, .max = 100, .was = "nLooks,l", .help = "Looks"),
    ND_PARAM(all, memory, 0, .help = "Bytes"),
    ND_PARAM(all, spacing, 10, .min = 0.1, .max = 1e5, .help = "Spacing"),
    ND_PARAM(all, name, "x", .needs = "looks", .help = "Name"),
    ND_PARAM(all, method, {0}, .choices = methods, .help = "Method"),
    ND_PARAM(all, bands, {0}, .snap = "sourceBands", .help = "Bands"),
    ND_PARAM(all, file, {NULL}, .excludes = "on", .help = "File"),
    ND_PARAM(all, entries, {0}, .rows = &entries, .help = "Entries"),
};
static const nd_table table = ND_TABLE(rows, all);

static void again(nd_arena *arena, const nd_settings *set)
{
    nd_settings copy;
    if (nd_settings_new(arena, &table, &copy) != ND_OK) return;
    for (size_t i = 0; i < table.count; i++) {
        const char *text = nd_param_print(arena, &rows[i], set->data);
        if (!text || !(set->given >> i & 1)) continue;
        if (nd_settings_set(arena, &copy, rows[i].name, text) != ND_OK) abort();
        const char *second = nd_param_print(arena, &rows[i], copy.data);
        if (!second || strcmp(text, second) != 0) abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    nd_arena *arena = nd_arena_new();
    char *text = arena ? nd_alloc(arena, size + 1, 1) : NULL;
    nd_settings set;
    if (!text || nd_settings_new(arena, &table, &set) != ND_OK) return 0;
    if (size) memcpy(text, data, size);
    for (char *line = text, *next; line && *line; line = next) {
        next = strchr(line, '\n');
        if (next) *next++ = 0;
        char *value = strchr(line, '=');
        if (!value) continue;
        *value++ = 0;
        if (nd_settings_set(arena, &set, line, value) != ND_OK) (void)nd_error_take();
    }
    if (nd_settings_check(&set) != ND_OK) (void)nd_error_take();
    // JSON replaces bytes that are no UTF-8, so only plain text must come back alike.
    bool is_plain = true;
    for (size_t i = 0; i < size; i++) is_plain = is_plain && data[i] < 0x80;
    if (is_plain) again(arena, &set);
    nd_arena_free(arena);
    return 0;
}
