// SPDX-License-Identifier: Apache-2.0
// safetensors in: a length, a JSON header, and the numbers without holes or overlaps.
#include "weights/st.h"
#include <stdlib.h>
#include <string.h>

// One row of the header. `bytes` of a number in the file; type ND_STORED: one that nadir
// does not read.
typedef struct entry {
    const char *dtype;
    nd_stored type;
    int64_t bits;
    int rank;
    int64_t dim[WEIGHTS_FILE_RANK], begin, end;
    bool has_dtype, has_shape, has_offsets;
} entry;
typedef struct extent {
    int64_t begin, end;
} extent;
typedef struct reader {
    weights_in *in;
    st_text text;
    const uint8_t *data;
    int64_t length; // of the data
    extent *extent;
    size_t extents, extent_room;
    bool has_metadata;
} reader;

static const struct {
    const char *name;
    nd_stored type;
    int bits;
} dtypes[] = {
    {"F32", ND_STORED_F32, 32},  {"F16", ND_STORED_F16, 16}, {"BF16", ND_STORED_BF16, 16},
    {"I64", ND_STORED_I64, 64},  {"F64", ND_STORED_F64, 64}, {"I32", ND_STORED_I32, 32},
    {"I16", ND_STORED_I16, 16},  {"I8", ND_STORED_I8, 8},    {"U8", ND_STORED_U8, 8},
    {"BOOL", ND_STORED_BOOL, 8}, {"U16", ND_STORED, 16},     {"U32", ND_STORED, 32},
    {"U64", ND_STORED, 64},      {"F8_E4M3", ND_STORED, 8},  {"F8_E5M2", ND_STORED, 8},
    {"F8_E8M0", ND_STORED, 8},   {"C64", ND_STORED, 64},
};
enum { DTYPES = sizeof dtypes / sizeof *dtypes };

static nd_status read_dtype(reader *r, entry *e)
{
    const char *name;
    size_t length;
    ND_TRY(st_string(&r->text, &name, &length));
    for (size_t i = 0; i < DTYPES; i++) {
        if (strcmp(dtypes[i].name, name) != 0) continue;
        e->dtype = dtypes[i].name, e->type = dtypes[i].type, e->bits = dtypes[i].bits;
        return ND_OK;
    }
    return nd_fail(ND_E_UNSUPPORTED,
                   "the type %s of a tensor is not known\n"
                   "write the file again with numbers of 32 bits",
                   name);
}

static nd_status read_shape(reader *r, entry *e)
{
    ND_TRY(st_expect(&r->text, '['));
    if (st_takes(&r->text, ']')) return ND_OK;
    do {
        if (e->rank == WEIGHTS_FILE_RANK)
            return st_wrong(&r->text, nd_gettext("the end of the shape"));
        ND_TRY(st_number(&r->text, &e->dim[e->rank]));
        if (e->dim[e->rank++] > INT32_MAX)
            return st_wrong(&r->text, nd_gettext("a number below 2^31"));
    } while (st_takes(&r->text, ','));
    return st_expect(&r->text, ']');
}

static nd_status read_offsets(reader *r, entry *e)
{
    ND_TRY(st_expect(&r->text, '['));
    ND_TRY(st_number(&r->text, &e->begin));
    ND_TRY(st_expect(&r->text, ','));
    ND_TRY(st_number(&r->text, &e->end));
    return st_expect(&r->text, ']');
}

static nd_status read_member(reader *r, entry *e)
{
    const char *key;
    size_t length;
    ND_TRY(st_string(&r->text, &key, &length));
    ND_TRY(st_expect(&r->text, ':'));
    const struct {
        const char *key;
        bool *has;
        nd_status (*read)(reader *, entry *);
    } members[] = {{"dtype", &e->has_dtype, read_dtype},
                   {"shape", &e->has_shape, read_shape},
                   {"data_offsets", &e->has_offsets, read_offsets}};
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        if (strcmp(members[i].key, key) != 0) continue;
        if (*members[i].has) break;
        *members[i].has = true;
        return members[i].read(r, e);
    }
    return st_wrong(&r->text, "dtype, shape, data_offsets");
}

static nd_status read_entry(reader *r, entry *e)
{
    *e = (entry){.type = ND_STORED};
    ND_TRY(st_expect(&r->text, '{'));
    do {
        ND_TRY(read_member(r, e));
    } while (st_takes(&r->text, ','));
    ND_TRY(st_expect(&r->text, '}'));
    if (!e->has_dtype || !e->has_shape || !e->has_offsets)
        return st_wrong(&r->text, "dtype, shape, data_offsets");
    return ND_OK;
}

static nd_status check_entry(const reader *r, const char *name, const entry *e)
{
    int64_t count = 1, bits = 0;
    bool fits = true, is_empty = false;
    for (int i = 0; i < e->rank; i++) is_empty = is_empty || !e->dim[i];
    for (int i = 0; i < e->rank && !is_empty; i++)
        fits = fits && weights_times(count, e->dim[i], &count);
    if (is_empty) count = 0;
    fits = fits && weights_times(count, e->bits, &bits);
    if (fits && e->begin <= e->end && e->end <= r->length &&
        e->end - e->begin == bits / 8)
        return ND_OK;
    return nd_fail(ND_E_DATA,
                   "%s does not fit its place in the file, bytes %lld to %lld of %lld\n"
                   "the file is damaged: copy or download it again",
                   name, (long long)e->begin, (long long)e->end, (long long)r->length);
}

static nd_status add_entry(reader *r, const char *name, const entry *e)
{
    ND_TRY(check_entry(r, name, e));
    if (r->extents >= WEIGHTS_TENSORS)
        return nd_fail(ND_E_UNSUPPORTED,
                       "the file holds more than %d tensors\ncut it into several files",
                       WEIGHTS_TENSORS);
    ND_TRY(weights_grow(r->in->scratch, &r->extent, &r->extent_room, r->extents,
                        sizeof *r->extent));
    r->extent[r->extents++] = (extent){e->begin, e->end};
    if (e->type == ND_STORED || e->rank > ND_MAX_RANK) {
        const char *reason =
            e->type == ND_STORED
                ? nd_text(r->in->arena, nd_gettext("numbers of type %s"), e->dtype)
                : nd_text(r->in->arena, nd_gettext("%d dimensions"), e->rank);
        return reason ? weights_skip(r->in, name, reason) : ND_E_MEMORY;
    }
    nd_weight weight = {name, e->type, {.rank = e->rank}, r->data + e->begin};
    memcpy(weight.shape.dim, e->dim, (size_t)e->rank * sizeof *e->dim);
    return weights_add(r->in, &weight);
}

// Texts only. The card is ours; what others wrote there says nothing that nadir needs.
static nd_status read_metadata(reader *r)
{
    const char *key, *value;
    size_t length;
    if (r->has_metadata) return st_wrong(&r->text, nd_gettext("a name not used before"));
    r->has_metadata = true;
    ND_TRY(st_expect(&r->text, '{'));
    if (st_takes(&r->text, '}')) return ND_OK;
    do {
        ND_TRY(st_string(&r->text, &key, &length));
        ND_TRY(st_expect(&r->text, ':'));
        ND_TRY(st_string(&r->text, &value, &length));
        if (strcmp(key, "nadir") == 0) r->in->out.card = value;
    } while (st_takes(&r->text, ','));
    return st_expect(&r->text, '}');
}

static nd_status read_named(reader *r)
{
    const char *name;
    size_t length;
    entry e;
    ND_TRY(st_string(&r->text, &name, &length));
    if (length > WEIGHTS_NAME) return st_wrong(&r->text, nd_gettext("a shorter name"));
    ND_TRY(st_expect(&r->text, ':'));
    if (strcmp(name, "__metadata__") == 0) return read_metadata(r);
    ND_TRY(read_entry(r, &e));
    return add_entry(r, name, &e);
}

static nd_status read_header(reader *r)
{
    ND_TRY(st_expect(&r->text, '{'));
    if (!st_takes(&r->text, '}')) {
        do ND_TRY(read_named(r));
        while (st_takes(&r->text, ','));
        ND_TRY(st_expect(&r->text, '}'));
    }
    while (r->text.at < r->text.end && *r->text.at == ' ') r->text.at++;
    return r->text.at == r->text.end ? ND_OK : st_wrong(&r->text, nd_gettext("the end"));
}

static int by_begin(const void *a, const void *b)
{
    const extent *x = a, *y = b;
    if (x->begin != y->begin) return x->begin < y->begin ? -1 : 1;
    return x->end < y->end ? -1 : x->end > y->end;
}

// From the first byte to the last, each belongs to one tensor: what lies in a hole or
// twice in use has no business in a file of numbers.
static nd_status check_extents(reader *r)
{
    int64_t at = 0;
    if (r->extents) qsort(r->extent, r->extents, sizeof *r->extent, by_begin);
    for (size_t i = 0; i < r->extents; i++) {
        if (r->extent[i].begin != at)
            return nd_fail(ND_E_DATA,
                           "the tensors overlap or leave a hole at byte %lld of %lld\n"
                           "the file is damaged: copy or download it again",
                           (long long)at, (long long)r->length);
        at = r->extent[i].end;
    }
    if (at != r->length)
        return nd_fail(ND_E_DATA,
                       "%lld bytes of numbers are there, the tensors need %lld\n"
                       "the file is damaged: copy or download it again",
                       (long long)r->length, (long long)at);
    return ND_OK;
}

nd_status weights_read_safetensors(weights_in *in)
{
    enum { LARGEST = 100000000 }; // header, by the reference implementation
    const nd_bytes file = in->file;
    const uint64_t header = file.count >= 8 ? weights_get(file.at, 8) : LARGEST + 1;
    if (header > LARGEST || header > file.count - 8)
        return nd_fail(ND_E_DATA,
                       "the header of %llu bytes does not fit in the file\n"
                       "the file is damaged: copy or download it again",
                       (unsigned long long)header);
    reader r = {.in = in, .data = file.at + 8 + header};
    r.length = (int64_t)(file.count - 8 - header);
    r.text = (st_text){.arena = in->arena, .start = (const char *)file.at + 8};
    r.text.at = r.text.start, r.text.end = r.text.start + header;
    size_t rows = 0;
    for (const char *c = r.text.start; c < r.text.end; c++) rows += *c == '{';
    ND_TRY(weights_reserve(in, rows < WEIGHTS_TENSORS ? rows : WEIGHTS_TENSORS));
    ND_TRY(read_header(&r));
    return check_extents(&r);
}
