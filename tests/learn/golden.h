// SPDX-License-Identifier: Apache-2.0
// Numbers by name from a text file that tools/metrics_golden.py wrote.
#pragma once
#include "../harness.h"
#include <math.h>
#include <nadir/text.h>

typedef struct golden {
    double *value;
    size_t count;
} golden;

// The record of that name; none: a failed check and no values.
static inline golden golden_of(nd_arena *arena, const char *path, const char *name)
{
    golden found = {0};
    FILE *file = fopen(path, "r");
    char word[64];
    long count = 0;
    while (file && fscanf(file, "%63s %ld", word, &count) == 2 && count > 0) {
        double *value = nd_alloc(arena, (size_t)count, sizeof *value);
        for (long i = 0; value && i < count; i++) {
            char text[64];
            if (fscanf(file, "%63s", text) != 1 || !nd_text_real(text, &value[i])) break;
        }
        if (strcmp(word, name) != 0) continue;
        found = (golden){value, (size_t)count};
        break;
    }
    if (file) fclose(file);
    CHECK(found.value);
    return found;
}

static inline bool near(double a, double b, double by)
{
    if (isnan(a) && isnan(b)) return true;
    if (fabs(a - b) <= by * fmax(1, fabs(b))) return true;
    printf("# %.17g is not %.17g\n", a, b);
    return false;
}
