// SPDX-License-Identifier: Apache-2.0
// Small files that a test writes for itself, gone when its arena goes.
#pragma once
#include "harness.h"
#include <sys/stat.h>
#include <unistd.h>

static void file_remove(void *path)
{
    if (remove(path) != 0) rmdir(path);
}

// A path that no other test has: of a file in a folder of this process.
static inline const char *file_path(nd_arena *arena, const char *name)
{
    const char *temporary = getenv("TMPDIR");
    const char *folder = nd_text(arena, "%s/nadir-test-%ld",
                                 temporary ? temporary : "/tmp", (long)getpid());
    const char *path = folder ? nd_text(arena, "%s/%s", folder, name) : NULL;
    if (!path) return NULL;
    if (mkdir(folder, 0700) == 0 &&
        nd_defer(arena, file_remove, (void *)(uintptr_t)folder) != ND_OK)
        return NULL;
    return nd_defer(arena, file_remove, (void *)(uintptr_t)path) == ND_OK ? path : NULL;
}

static inline const char *file_of(nd_arena *arena, const char *name, const char *text)
{
    const char *path = file_path(arena, name);
    FILE *file = path ? fopen(path, "w") : NULL;
    if (!file) return NULL;
    fputs(text, file);
    fclose(file);
    return path;
}

#define WGS84_PRJ                                                                        \
    "GEOGCS[\"WGS 84\",DATUM[\"WGS_1984\",SPHEROID[\"WGS 84\",6378137,298.257223563]],"  \
    "PRIMEM[\"Greenwich\",0],UNIT[\"degree\",0.0174532925199433]]"
