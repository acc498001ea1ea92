// SPDX-License-Identifier: Apache-2.0
// Scenes read in tests: a folder that goes away, whole levels of a band, text files.
#pragma once
#include "../harness.h"
#include <math.h>
#include <nadir/product.h>
#include <sys/stat.h>
#include <unistd.h>

static void remove_folder(void *path)
{
    char command[600];
    snprintf(command, sizeof command, "rm -rf '%s'", (const char *)path);
    if (system(command) != 0) printf("# %s stays\n", (const char *)path);
}

// A new folder under $TMPDIR that goes with the arena.
static inline const char *folder(nd_arena *arena)
{
    const char *base = getenv("TMPDIR");
    char path[500];
    snprintf(path, sizeof path, "%s/nadir-test-XXXXXX", base ? base : "/tmp");
    if (!mkdtemp(path)) abort();
    const char *kept = nd_text(arena, "%s", path);
    if (!kept || nd_defer(arena, remove_folder, (void *)(uintptr_t)kept) != ND_OK)
        abort();
    return kept;
}

static inline void write_file(const char *path, const void *bytes, size_t count)
{
    FILE *file = fopen(path, "wb");
    if (!file || fwrite(bytes, 1, count, file) != count) abort();
    fclose(file);
}

static inline const nd_band *band_named(const nd_product *product, const char *name)
{
    for (int b = 0; product && b < product->bands; b++)
        if (strcmp(product->band[b].name, name) == 0) return &product->band[b];
    printf("# there is no band %s\n", name);
    return NULL;
}

// Pixels of a rectangle of a level of one band; NULL after nd_fail.
static inline float *read_rect(nd_arena *arena, const nd_product *product, int band,
                               int level, nd_rect r)
{
    nd_work work = {.arena = nd_arena_new()};
    float *data = nd_alloc(arena, (size_t)r.width * (size_t)r.height, sizeof *data);
    nd_tile tile = {r, level, {&band, 1}, r.width, 0, data};
    const bool ok = data && product->read(product, &work, &tile) == ND_OK;
    nd_arena_free(work.arena);
    return ok ? data : NULL;
}

static inline float *read_level(nd_arena *arena, const nd_product *product, int band,
                                int level)
{
    const nd_grid grid = nd_grid_at(product->band[band].grid, level);
    return read_rect(arena, product, band, level,
                     (nd_rect){0, 0, grid.width, grid.height});
}

static inline float *read_named(nd_arena *arena, const nd_product *product,
                                const char *name)
{
    const nd_band *band = band_named(product, name);
    return band ? read_level(arena, product, (int)(band - product->band), 0) : NULL;
}

static inline bool same_pixels(const float *got, const float *want, size_t count,
                               float tolerance)
{
    for (size_t i = 0; got && i < count; i++)
        if (!(isnan(got[i]) && isnan(want[i])) &&
            !(fabsf(got[i] - want[i]) <= tolerance)) {
            printf("# pixel %zu: %.9g, not %.9g\n", i, (double)got[i], (double)want[i]);
            return false;
        }
    return got != NULL;
}
#define HOLDS(got, ...)                                                                  \
    same_pixels(got, (const float[]){__VA_ARGS__},                                       \
                sizeof(float[]){__VA_ARGS__} / sizeof(float), 0)
