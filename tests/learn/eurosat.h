// SPDX-License-Identifier: Apache-2.0
// The bundled pictures of EuroSAT as a set of examples, with settings by name.
#pragma once
#include "../harness.h"
#include <math.h>
#include <nadir/dataset.h>
#include <nadir/pool.h>

static inline void say_nothing(nd_loudness loudness, const char *line, void *user)
{
    (void)loudness, (void)line, (void)user;
}

// Sets KEY of the section "data", "split" …: pairs "split.seed", "3".
static inline nd_status data_set(nd_arena *arena, nd_data *data, const char *key,
                                 const char *text)
{
    const nd_data_section *section = nd_data_sections;
    const char *dot = strchr(key, '.');
    while (dot && section->key) {
        const char *last = strrchr(section->key, '.');
        if (last && strncmp(last + 1, key, (size_t)(dot - key)) == 0 &&
            strlen(last + 1) == (size_t)(dot - key))
            break;
        section++;
    }
    nd_settings settings = {section->table, (char *)data + section->offset, 0};
    return nd_settings_set(arena, &settings, dot ? dot + 1 : key, text);
}

// words: name, value, …, NULL.
static inline nd_dataset *open_data(nd_arena *arena, const char *const *words)
{
    nd_data *data;
    nd_listen(say_nothing, NULL);
    if (nd_data_new(arena, &data) != ND_OK) return NULL;
    for (; *words; words += 2)
        if (data_set(arena, data, words[0], words[1]) != ND_OK) return NULL;
    return nd_dataset_open(arena, data, NULL, 0);
}
#define OPEN(...) open_data(arena, (const char *const[]){__VA_ARGS__, NULL})
#define EUROSAT   "pictures", NADIR_DATA "/eurosat_mini200.zip"

// Leaves the test with the error's words where there is none.
#define NEED(made)                                                                       \
    do {                                                                                 \
        if (made) break;                                                                 \
        CHECK(error_says("no error"));                                                   \
        return;                                                                          \
    } while (0)

// One example; memory is the arena's.
static inline nd_chip sample_of(nd_arena *arena, const nd_dataset *set, nd_side side,
                                uint32_t epoch, int64_t index)
{
    int bands, height, width;
    nd_dataset_shape(set, &bands, &height, &width);
    const size_t plane = (size_t)height * (size_t)width;
    nd_chip chip = {.picture = nd_alloc(arena, plane * (size_t)bands, sizeof(float)),
                    .label = nd_alloc(arena, plane, sizeof(int64_t))};
    nd_work work = {.arena = nd_arena_new()};
    CHECK(chip.picture && chip.label && work.arena &&
          nd_dataset_sample(set, &work, side, epoch, index, &chip) == ND_OK);
    nd_arena_free(work.arena);
    return chip;
}
