// SPDX-License-Identifier: Apache-2.0
// Zip archives in (APPNOTE 6.3), by the table of contents alone; every length is checked.
#include "weights/zip.h"
#include <libdeflate.h>
#include <stdlib.h>
#include <string.h>

enum {
    MEMBERS = WEIGHTS_TENSORS + 1000,
    END = 22,         // bytes of the end record without its comment
    LOCATOR = 20,     // of zip64
    WIDE_END = 56,    // of zip64
    ENTRY = 46,       // of the table, without name, extra and comment
    LOCAL = 30,       // header before a member's bytes
    FREELY = 1 << 27, // bytes that may be unpacked however small the file is
    REST = 1 << 26    // a mapping larger than this gives pages back
};

static nd_status damaged(const char *what)
{
    return nd_fail(ND_E_DATA, "the zip archive is damaged: %s\ncopy or download it again",
                   what);
}

// Where the table lies: from the last end record that fits the file.
typedef struct table {
    uint64_t at, bytes, count;
} table;

static const uint8_t *find_end(nd_bytes file)
{
    if (file.count < END) return NULL;
    const size_t most = file.count - END < 0xFFFF ? file.count - END : 0xFFFF;
    const uint8_t *last = file.at + file.count - END;
    for (size_t back = 0; back <= most; back++) {
        const uint8_t *at = last - back;
        if (at[0] == 'P' && memcmp(at, "PK\5\6", 4) == 0 &&
            weights_get(at + 20, 2) <= back)
            return at;
    }
    return NULL;
}

static nd_status read_wide_end(nd_bytes file, const uint8_t *end, table *t)
{
    const size_t before = (size_t)(end - file.at);
    const uint8_t *locator = before >= LOCATOR ? end - LOCATOR : NULL;
    if (!locator || memcmp(locator, "PK\6\7", 4) != 0)
        return damaged(nd_gettext("its zip64 record is missing"));
    const uint64_t at = weights_get(locator + 8, 8);
    if (at > file.count || file.count - at < WIDE_END ||
        memcmp(file.at + at, "PK\6\6", 4) != 0)
        return damaged(nd_gettext("its zip64 record is missing"));
    const uint8_t *wide = file.at + at;
    if (weights_get(wide + 16, 4) || weights_get(wide + 20, 4))
        return damaged(nd_gettext("it is one of several parts"));
    *t = (table){weights_get(wide + 48, 8), weights_get(wide + 40, 8),
                 weights_get(wide + 32, 8)};
    return ND_OK;
}

static nd_status find_table(nd_bytes file, table *t)
{
    const uint8_t *end = find_end(file);
    if (!end) return damaged(nd_gettext("its end is missing"));
    if (weights_get(end + 4, 2) != 0 && weights_get(end + 4, 2) != 0xFFFF)
        return damaged(nd_gettext("it is one of several parts"));
    *t = (table){weights_get(end + 16, 4), weights_get(end + 12, 4),
                 weights_get(end + 10, 2)};
    if (t->at == 0xFFFFFFFF || t->bytes == 0xFFFFFFFF || t->count == 0xFFFF)
        ND_TRY(read_wide_end(file, end, t));
    if (t->at > file.count || t->bytes > file.count - t->at ||
        t->count > t->bytes / ENTRY)
        return damaged(nd_gettext("its table of contents is not inside"));
    if (t->count > MEMBERS)
        return nd_fail(ND_E_UNSUPPORTED,
                       "the archive has more than %d members\ncut it into several files",
                       MEMBERS);
    return ND_OK;
}

// Zip64 numbers stand in an extra field, only those that do not fit, in this order.
static nd_status widen(zip_member *m, const uint8_t *extra, size_t left)
{
    uint64_t *const wide[] = {&m->size, &m->packed, &m->header};
    bool is_needed = false;
    for (int i = 0; i < 3; i++) is_needed = is_needed || *wide[i] == 0xFFFFFFFF;
    while (is_needed && left >= 4) {
        const uint64_t id = weights_get(extra, 2), bytes = weights_get(extra + 2, 2);
        extra += 4, left -= 4;
        if (bytes > left) break;
        if (id != 1) {
            extra += bytes, left -= bytes;
            continue;
        }
        uint64_t used = 0;
        for (int i = 0; i < 3; i++) {
            if (*wide[i] != 0xFFFFFFFF) continue;
            if (used + 8 > bytes) return damaged(nd_gettext("a zip64 field is short"));
            *wide[i] = weights_get(extra + used, 8);
            used += 8;
        }
        return ND_OK;
    }
    return is_needed ? damaged(nd_gettext("a zip64 field is missing")) : ND_OK;
}

static bool is_sound_name(const char *name, size_t length)
{
    if (!length || length > WEIGHTS_NAME || *name == '/' ||
        !weights_is_text(name, length))
        return false;
    for (size_t i = 0; i < length; i++) {
        const bool starts = !i || name[i - 1] == '/';
        if (starts && length - i >= 2 && name[i] == '.' && name[i + 1] == '.' &&
            (length - i == 2 || name[i + 2] == '/'))
            return false;
        if (name[i] == '\\') return false;
    }
    return true;
}

static nd_status read_entry(const zip *z, const uint8_t *at, size_t left, zip_member *m,
                            size_t *used)
{
    if (left < ENTRY || memcmp(at, "PK\1\2", 4) != 0)
        return damaged(nd_gettext("its table of contents ends early"));
    const uint64_t flags = weights_get(at + 8, 2), method = weights_get(at + 10, 2),
                   name = weights_get(at + 28, 2), extra = weights_get(at + 30, 2),
                   comment = weights_get(at + 32, 2);
    if (name + extra + comment > left - ENTRY)
        return damaged(nd_gettext("its table of contents ends early"));
    *m = (zip_member){.name = (const char *)at + ENTRY,
                      .name_length = name,
                      .header = weights_get(at + 42, 4),
                      .packed = weights_get(at + 20, 4),
                      .size = weights_get(at + 24, 4),
                      .crc = (uint32_t)weights_get(at + 16, 4),
                      .is_deflated = method == 8};
    if (!is_sound_name(m->name, m->name_length))
        return damaged(nd_gettext("the name of a member leads out of it"));
    if (flags & 1 || flags & 64)
        return nd_fail(ND_E_UNSUPPORTED,
                       "the archive is encrypted\nunpack it and make it anew");
    if (method != 0 && method != 8)
        return nd_fail(ND_E_UNSUPPORTED,
                       "the archive is packed by method %d\n"
                       "unpack it and make it anew with stored members",
                       (int)method);
    ND_TRY(widen(m, at + ENTRY + name, extra));
    if (!m->is_deflated && m->packed != m->size)
        return damaged(nd_gettext("a member has two sizes"));
    if (m->header > z->file.count || z->file.count - m->header < LOCAL)
        return damaged(nd_gettext("a member is not inside"));
    *used = (size_t)(ENTRY + name + extra + comment);
    return ND_OK;
}

// Where the bytes begin: name and extra of the local header may differ from the table's.
static nd_status find_bytes(const zip *z, const zip_member *m, uint64_t *from)
{
    const uint8_t *local = z->file.at + m->header;
    if (memcmp(local, "PK\3\4", 4) != 0)
        return damaged(nd_gettext("a member is not where the table says"));
    *from = m->header + LOCAL + weights_get(local + 26, 2) + weights_get(local + 28, 2);
    if (*from > z->file.count || m->packed > z->file.count - *from)
        return damaged(nd_gettext("a member is not inside"));
    return ND_OK;
}

static int by_header(const void *a, const void *b)
{
    const zip_member *x = a, *y = b;
    return x->header < y->header ? -1 : x->header > y->header;
}

static int compare(const char *a, size_t m, const char *b, size_t n)
{
    const int order = memcmp(a, b, m < n ? m : n);
    return order ? order : (m > n) - (m < n);
}

static int by_name(const void *a, const void *b)
{
    const zip_member *x = a, *y = b;
    return compare(x->name, x->name_length, y->name, y->name_length);
}

// A real archive shrinks a few times; one that would grow without measure is a bomb.
static nd_status check_growth(const zip *z)
{
    const uint64_t most = FREELY + 4 * (uint64_t)z->file.count;
    uint64_t all = 0;
    for (size_t i = 0; i < z->count; i++) {
        const zip_member *m = &z->member[i];
        if (!m->is_deflated) continue;
        if (m->size > most || (all += m->size) > most)
            return nd_fail(ND_E_DATA,
                           "the archive would unpack to more than %llu MB\n"
                           "unpack it yourself if you trust it, and store it unpacked",
                           (unsigned long long)most >> 20);
    }
    return ND_OK;
}

// No byte is a member's twice: so a small file cannot hold many large members.
static nd_status check_members(zip *z)
{
    uint64_t end = 0, from = 0;
    qsort(z->member, z->count, sizeof *z->member, by_header);
    for (size_t i = 0; i < z->count; i++) {
        if (z->member[i].header < end) return damaged(nd_gettext("two members overlap"));
        ND_TRY(find_bytes(z, &z->member[i], &from));
        end = from + z->member[i].packed;
    }
    qsort(z->member, z->count, sizeof *z->member, by_name);
    for (size_t i = 1; i < z->count; i++)
        if (by_name(&z->member[i - 1], &z->member[i]) == 0)
            return damaged(nd_gettext("two members have one name"));
    return check_growth(z);
}

nd_status weights_zip_open(zip *z, nd_arena *arena, nd_arena *scratch, nd_bytes file)
{
    table t;
    size_t used;
    *z = (zip){.arena = arena, .file = file};
    ND_TRY(find_table(file, &t));
    z->member = nd_alloc(scratch, (size_t)t.count, sizeof *z->member);
    if (!z->member) return ND_E_MEMORY;
    const uint8_t *at = file.at + t.at;
    for (size_t left = (size_t)t.bytes; z->count < t.count; at += used, left -= used)
        ND_TRY(read_entry(z, at, left, &z->member[z->count++], &used));
    return check_members(z);
}

zip_member *weights_zip_find(const zip *z, const char *name, size_t length)
{
    size_t low = 0, high = z->count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        zip_member *m = &z->member[middle];
        const int order = compare(name, length, m->name, m->name_length);
        if (order == 0) return m;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

static nd_status inflate(zip *z, const zip_member *m, const uint8_t *from, uint8_t **to)
{
    *to = nd_alloc_raw(z->arena, (size_t)m->size, 1);
    struct libdeflate_decompressor *d = *to ? libdeflate_alloc_decompressor() : NULL;
    if (!d) return ND_E_MEMORY;
    const enum libdeflate_result result = libdeflate_deflate_decompress(
        d, from, (size_t)m->packed, *to, (size_t)m->size, NULL);
    libdeflate_free_decompressor(d);
    return result == LIBDEFLATE_SUCCESS ? ND_OK
                                        : damaged(nd_gettext("a member does not unpack"));
}

nd_status weights_zip_read(zip *z, zip_member *m)
{
    uint64_t at = 0;
    if (m->is_open) return ND_OK;
    ND_TRY(find_bytes(z, m, &at));
    const uint8_t *bytes = z->file.at + at;
    if (m->is_deflated) {
        uint8_t *unpacked;
        ND_TRY(inflate(z, m, bytes, &unpacked));
        bytes = unpacked;
    }
    if (libdeflate_crc32(0, bytes, (size_t)m->size) != m->crc)
        return nd_fail(ND_E_DATA,
                       "the sum of %.*s does not agree with its bytes\n"
                       "the file is damaged: copy or download it again",
                       (int)m->name_length, m->name);
    if (!m->is_deflated && z->file.count > REST) nd_file_rest(bytes, (size_t)m->size);
    m->bytes = (nd_bytes){bytes, (size_t)m->size};
    m->is_open = true;
    return ND_OK;
}
