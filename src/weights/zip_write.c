// SPDX-License-Identifier: Apache-2.0
// Zip archives out: stored members, each at a multiple of 64 so that readers can map it.
#include "weights/zip.h"
#include <libdeflate.h>
#include <string.h>

enum { ALIGN = 64, LOCAL = 30, WIDE = 20 }; // WIDE: bytes of a zip64 field of two numbers

typedef struct entry {
    const char *name;
    uint64_t at, count;
    uint32_t crc;
} entry;
struct zip_out {
    nd_arena *arena;
    nd_file *file;
    entry *entry;
    size_t entries, room;
};

typedef struct record {
    uint8_t bytes[128];
    size_t length;
} record;

static void add(record *r, uint64_t number, int bytes)
{
    for (int i = 0; i < bytes; i++) r->bytes[r->length++] = (uint8_t)(number >> 8 * i);
}

static uint64_t narrow(uint64_t number, bool wide)
{
    return wide ? 0xFFFFFFFF : number;
}

zip_out *weights_zip_new(nd_arena *arena, nd_file *file)
{
    zip_out *z = nd_alloc(arena, 1, sizeof *z);
    if (z) *z = (zip_out){.arena = arena, .file = file};
    return z;
}

// Version, flags (names are UTF-8), method, time, date; what local header and table
// share.
static void add_common(record *r, const entry *e, bool wide)
{
    enum { UTF8 = 0x0800, STORED = 0, DAY_ONE = 0x21 }; // 1980-01-01
    add(r, wide ? 45 : 20, 2), add(r, UTF8, 2), add(r, STORED, 2);
    add(r, 0, 2), add(r, DAY_ONE, 2), add(r, e->crc, 4);
    add(r, narrow(e->count, wide), 4), add(r, narrow(e->count, wide), 4);
    add(r, strlen(e->name), 2);
}

nd_status weights_zip_put(zip_out *z, const char *name, const void *bytes, uint64_t count)
{
    static const char fill[ALIGN] = "ZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZ"
                                    "ZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZ";
    const bool wide = count >= 0xFFFFFFFF;
    const entry e = {name, nd_file_length(z->file), count,
                     libdeflate_crc32(0, bytes, (size_t)count)};
    ND_TRY(weights_grow(z->arena, &z->entry, &z->room, z->entries, sizeof e));
    z->entry[z->entries++] = e;
    // The bytes begin at a multiple: filled up by an extra field, as torch does.
    const uint64_t before = e.at + LOCAL + strlen(name) + (wide ? WIDE : 0) + 4;
    const size_t filling = (size_t)((ALIGN - before % ALIGN) % ALIGN);
    record r = {.length = 0};
    add(&r, 0x04034b50, 4);
    add_common(&r, &e, wide);
    add(&r, filling + 4 + (wide ? WIDE : 0), 2);
    ND_TRY(nd_file_put(z->file, r.bytes, r.length));
    ND_TRY(nd_file_put(z->file, name, strlen(name)));
    r.length = 0;
    if (wide) add(&r, 1, 2), add(&r, 16, 2), add(&r, count, 8), add(&r, count, 8);
    add(&r, 0x4246, 2), add(&r, filling, 2);
    ND_TRY(nd_file_put(z->file, r.bytes, r.length));
    ND_TRY(nd_file_put(z->file, fill, filling));
    return nd_file_put(z->file, bytes, (size_t)count);
}

static nd_status put_table(zip_out *z, bool wide)
{
    for (size_t i = 0; i < z->entries; i++) {
        const entry *e = &z->entry[i];
        const bool wide_size = wide || e->count >= 0xFFFFFFFF,
                   wide_at = wide || e->at >= 0xFFFFFFFF;
        const int numbers = (wide_size ? 2 : 0) + (wide_at ? 1 : 0);
        record r = {.length = 0};
        add(&r, 0x02014b50, 4), add(&r, numbers ? 45 : 20, 2);
        add_common(&r, e, wide_size);
        add(&r, numbers ? 4 + 8 * (uint64_t)numbers : 0, 2);
        add(&r, 0, 2), add(&r, 0, 2), add(&r, 0, 2), add(&r, 0, 4);
        add(&r, narrow(e->at, wide_at), 4);
        ND_TRY(nd_file_put(z->file, r.bytes, r.length));
        ND_TRY(nd_file_put(z->file, e->name, strlen(e->name)));
        r.length = 0;
        if (numbers) add(&r, 1, 2), add(&r, 8 * (uint64_t)numbers, 2);
        if (wide_size) add(&r, e->count, 8), add(&r, e->count, 8);
        if (wide_at) add(&r, e->at, 8);
        ND_TRY(nd_file_put(z->file, r.bytes, r.length));
    }
    return ND_OK;
}

nd_status weights_zip_end(zip_out *z, bool wide)
{
    const uint64_t table = nd_file_length(z->file);
    ND_TRY(put_table(z, wide));
    const uint64_t end = nd_file_length(z->file), bytes = end - table;
    record r = {.length = 0};
    wide = wide || z->entries >= 0xFFFF || end >= 0xFFFFFFFF;
    if (wide) {
        add(&r, 0x06064b50, 4), add(&r, 44, 8), add(&r, 45, 2), add(&r, 45, 2);
        add(&r, 0, 4), add(&r, 0, 4), add(&r, z->entries, 8), add(&r, z->entries, 8);
        add(&r, bytes, 8), add(&r, table, 8);
        add(&r, 0x07064b50, 4), add(&r, 0, 4), add(&r, end, 8), add(&r, 1, 4);
    }
    add(&r, 0x06054b50, 4), add(&r, 0, 2), add(&r, 0, 2);
    add(&r, wide ? 0xFFFF : z->entries, 2), add(&r, wide ? 0xFFFF : z->entries, 2);
    add(&r, narrow(bytes, wide), 4), add(&r, narrow(table, wide), 4), add(&r, 0, 2);
    return nd_file_put(z->file, r.bytes, r.length);
}
