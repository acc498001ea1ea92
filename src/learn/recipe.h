// SPDX-License-Identifier: Apache-2.0
// Inside learn: the sections of a recipe, and where each of its values comes from.
#pragma once
#include <nadir/train.h>
#include <nadir/yaml.h>

enum {
    LEARN_SECTIONS = 16,
    LEARN_ROWS = 64,
    LEARN_RECIPE_BYTES = 1 << 20,
    LEARN_MISTAKES = 100
};

// `offset`: in nd_recipe; of the data's sections, in nd_data.
typedef struct learn_section {
    const char *key, *help;
    const nd_table *table;
    size_t offset;
    const char *word; // the row that a bare word sets
    bool is_data;
} learn_section;
// All sections of a recipe; the count of them.
int learn_sections(learn_section section[LEARN_SECTIONS]);

typedef enum learn_from {
    LEARN_DEFAULT,
    LEARN_RECIPE,
    LEARN_COMMAND,
    LEARN_AUTO
} learn_from;
typedef struct learn_origin {
    uint8_t from;
    int line;
} learn_origin;
struct nd_recipe_notes {
    int sections;
    learn_section section[LEARN_SECTIONS];
    nd_settings settings[LEARN_SECTIONS];
    learn_origin origin[LEARN_SECTIONS][LEARN_ROWS];
};
// The notes' row `name` of section `key`: its origin; NULL: no such key.
learn_origin *learn_origin_of(const nd_recipe *recipe, const char *key, const char *name);
// Only speed depends on it.
bool learn_is_speed(const char *key, const char *name);
