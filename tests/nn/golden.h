// SPDX-License-Identifier: Apache-2.0
// Reads what tools/golden.py wrote, and holds values against it.
#pragma once
#include "nets.h"
#include <nadir/text.h>

typedef struct golden {
    nd_arena *arena;
    const nd_json *header;
    const char *numbers;
    int cases;
} golden;

static inline golden golden_open(nd_arena *arena, const char *family)
{
    golden g = {.arena = arena};
    FILE *in = fopen(nd_text(arena, "%s/%s.safetensors", GOLDEN, family), "rb");
    if (!in) return g;
    (void)fseek(in, 0, SEEK_END);
    const size_t size = (size_t)ftell(in);
    rewind(in);
    char *all = nd_alloc(arena, size, 1);
    uint64_t length = 0;
    if (fread(all, 1, size, in) == size) memcpy(&length, all, 8);
    (void)fclose(in);
    g.header = nd_json_parse(arena, all + 8, length);
    g.numbers = all + 8 + length;
    const nd_json *notes = g.header ? nd_json_member(g.header, "__metadata__") : NULL;
    g.cases = notes ? (int)notes->count - 1 : 0; // one note names torch's version
    return g;
}

static inline const nd_json *golden_settings(const golden *g, int at)
{
    char name[16];
    (void)snprintf(name, sizeof name, "%03d", at);
    const nd_json *notes = nd_json_member(g->header, "__metadata__");
    const nd_json *text = nd_json_member(notes, name);
    return text ? nd_json_parse(g->arena, text->text, strlen(text->text)) : NULL;
}

static inline double setting(const nd_json *set, const char *name, double otherwise)
{
    const nd_json *m = nd_json_member(set, name);
    return m ? m->number : otherwise;
}

static inline int whole(const nd_json *set, const char *name)
{
    return (int)setting(set, name, 0);
}

static inline const char *word(const nd_json *set, const char *name)
{
    const nd_json *m = nd_json_member(set, name);
    return m && m->text ? m->text : "";
}

// A copy of an array; its data is NULL where the case has none.
static inline nd_array golden_array(const golden *g, int at, const char *name)
{
    char full[96];
    (void)snprintf(full, sizeof full, "%03d/%s", at, name);
    const nd_json *m = nd_json_member(g->header, full);
    nd_array a = {0};
    if (!m) return a;
    a.dtype = *word(m, "dtype") == 'I' ? ND_INT64 : ND_FLOAT64;
    for (const nd_json *d = nd_json_member(m, "shape")->first; d; d = d->next)
        a.shape.dim[a.shape.rank++] = (int64_t)d->number;
    const size_t count = (size_t)nd_shape_count(a.shape);
    a.data = nd_alloc(g->arena, count + 1, 8);
    memcpy(a.data, g->numbers + (size_t)nd_json_member(m, "data_offsets")->first->number,
           count * 8);
    return a;
}

// The same in the type of a net; labels stay as they are.
static inline nd_array as_type(nd_arena *arena, nd_array a, nd_dtype dtype)
{
    if (a.dtype != ND_FLOAT64 || dtype != ND_FLOAT32 || !a.data) return a;
    const int64_t count = nd_shape_count(a.shape);
    float *to = nd_alloc(arena, (size_t)count + 1, sizeof *to);
    for (int64_t i = 0; i < count; i++) to[i] = (float)((const double *)a.data)[i];
    return (nd_array){ND_FLOAT32, a.shape, to};
}

static inline double value_at(const nd_array *a, int64_t i)
{
    return a->dtype == ND_FLOAT32 ? (double)((const float *)a->data)[i]
                                  : ((const double *)a->data)[i];
}

// The largest difference, relative to the largest number there should be; what should be
// smaller than 0.1 is a difference of numbers about 1.
static inline double distance(const nd_array *a, const nd_array *wanted)
{
    double most = 0.1, far = 0;
    if (!nd_shape_same(a->shape, wanted->shape)) return INFINITY;
    for (int64_t i = 0, n = nd_shape_count(wanted->shape); i < n; i++) {
        const double x = value_at(a, i), y = value_at(wanted, i);
        if (isnan(x) && isnan(y)) continue;
        if (isnan(x) || isnan(y)) return INFINITY;
        far = fmax(far, fabs(x - y)), most = fmax(most, fabs(y));
    }
    return far / most;
}
