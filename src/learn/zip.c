// SPDX-License-Identifier: Apache-2.0
// Reads zip archives as PKWARE's APPNOTE 6.3 describes them, 64-bit sizes included.
#include "learn/zip.h"
#include <errno.h>
#include <fcntl.h>
#include <libdeflate.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { END = 22, END_64 = 56, WAY_64 = 20, ENTRY = 46, LOCAL = 30 };
static const uint64_t most_bytes = 1 << 28, most_ratio = 1032; // deflate's best;

static uint64_t number(const uint8_t *at, int bytes)
{
    uint64_t n = 0;
    for (int i = bytes; i-- > 0;) n = n << 8 | at[i];
    return n;
}

static nd_status torn(const zip *z, const char *what)
{
    return nd_fail(ND_E_DATA, "%s is no whole zip: %s\nfetch the file again", z->path,
                   what);
}

static nd_status read_at(const zip *z, uint64_t at, void *to, size_t size)
{
    if (at > z->size || size > z->size - at) return torn(z, "it ends too early");
    uint8_t *into = to;
    while (size) {
        const ssize_t got = pread(z->file, into, size, (off_t)at);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0)
            return nd_fail(ND_E_IO, "%s cannot be read: %s\ncheck the disk", z->path,
                           nd_system_error(errno));
        if (got == 0) return torn(z, "it ends too early");
        into += got, at += (uint64_t)got, size -= (size_t)got;
    }
    return ND_OK;
}

typedef struct index_place {
    uint64_t at, size, count;
} index_place;

// The end record lies before a comment of at most 65 535 bytes.
static nd_status find_index(nd_arena *arena, const zip *z, index_place *place)
{
    const uint64_t take = z->size < END + 65535 ? z->size : END + 65535;
    uint8_t *tail = nd_alloc(arena, take + 1, 1), far[END_64];
    if (!tail) return ND_E_MEMORY;
    ND_TRY(read_at(z, z->size - take, tail, take));
    int64_t at = (int64_t)take - END;
    while (at >= 0 && memcmp(tail + at, "PK\5\6", 4) != 0) at--;
    if (at < 0) return torn(z, "it has no directory");
    *place = (index_place){number(tail + at + 16, 4), number(tail + at + 12, 4),
                           number(tail + at + 10, 2)};
    if (at < WAY_64 || memcmp(tail + at - WAY_64, "PK\6\7", 4) != 0) return ND_OK;
    ND_TRY(read_at(z, number(tail + at - WAY_64 + 8, 8), far, sizeof far));
    if (memcmp(far, "PK\6\6", 4) != 0) return torn(z, "its directory is lost");
    *place = (index_place){number(far + 48, 8), number(far + 40, 8), number(far + 32, 8)};
    return ND_OK;
}

// Sizes of 2^32 - 1 stand for numbers in the extra field 1, in this order.
static void widen(zip_entry *e, const uint8_t *extra, size_t length)
{
    while (length >= 4) {
        const size_t size = (size_t)number(extra + 2, 2);
        if (size > length - 4) return;
        size_t at = 4;
        uint64_t *const wide[] = {&e->size, &e->packed, &e->at};
        for (int i = 0; i < 3 && number(extra, 2) == 1; i++)
            if (*wide[i] == 0xFFFFFFFF && at + 8 <= size + 4)
                *wide[i] = number(extra + at, 8), at += 8;
        extra += 4 + size, length -= 4 + size;
    }
}

static nd_status read_entry(nd_arena *arena, const uint8_t *from, size_t left,
                            zip_entry *e, size_t *length)
{
    if (left < ENTRY || memcmp(from, "PK\1\2", 4) != 0) return ND_E_DATA;
    const size_t name = (size_t)number(from + 28, 2),
                 extra = (size_t)number(from + 30, 2);
    *length = ENTRY + name + extra + (size_t)number(from + 32, 2);
    if (*length > left) return ND_E_DATA;
    *e = (zip_entry){.at = number(from + 42, 4),
                     .packed = number(from + 20, 4),
                     .size = number(from + 24, 4),
                     .crc = (uint32_t)number(from + 16, 4),
                     .method = (uint16_t)number(from + 10, 2),
                     .is_secret = number(from + 8, 2) & 1};
    widen(e, from + ENTRY + name, extra);
    char *text = nd_alloc(arena, name + 1, 1);
    if (!text) return ND_E_MEMORY;
    memcpy(text, from + ENTRY, name);
    e->name = text;
    return ND_OK;
}

static nd_status read_index(nd_arena *arena, zip *z)
{
    index_place place;
    ND_TRY(find_index(arena, z, &place));
    if (place.size > z->size || place.count > place.size / ENTRY)
        return torn(z, "its directory is too short for its files");
    uint8_t *index = nd_alloc_raw(arena, place.size + 1, 1);
    zip_entry *entry = nd_alloc(arena, place.count + 1, sizeof *entry);
    if (!index || !entry) return ND_E_MEMORY;
    ND_TRY(read_at(z, place.at, index, place.size));
    size_t at = 0, length = 0;
    for (uint64_t i = 0; i < place.count; i++, at += length) {
        zip_entry *e = &entry[z->count];
        const nd_status status =
            read_entry(arena, index + at, place.size - at, e, &length);
        if (status == ND_E_MEMORY) return status;
        if (status != ND_OK) return torn(z, "its directory is damaged");
        const size_t end = strlen(e->name);
        if (end && e->name[end - 1] != '/') z->count++;
    }
    z->entry = entry;
    return ND_OK;
}

static void close_file(void *user)
{
    const zip *z = user;
    close(z->file);
}

const zip *zip_open(nd_arena *arena, const char *path)
{
    zip *z = nd_alloc(arena, 1, sizeof *z);
    struct stat s;
    if (!z || !(z->path = nd_text(arena, "%s", path))) return NULL;
    z->file = open(path, O_RDONLY | O_CLOEXEC);
    if (z->file < 0 || fstat(z->file, &s) != 0) {
        nd_fail(ND_E_IO, "%s cannot be opened: %s\ncheck the name", path,
                nd_system_error(errno));
        if (z->file >= 0) close(z->file);
        return NULL;
    }
    z->size = (uint64_t)s.st_size;
    if (nd_defer(arena, close_file, z) != ND_OK) return NULL;
    return read_index(arena, z) == ND_OK ? z : NULL;
}

nd_status zip_room(uint8_t **bytes, size_t *room, size_t size)
{
    if (size <= *room) return ND_OK;
    free(*bytes);
    *room = size + size / 2;
    *bytes = malloc(*room);
    if (*bytes) return ND_OK;
    *room = 0;
    return nd_fail(ND_E_MEMORY, "no memory for %zu bytes\nclose other programs", size);
}

static nd_status inflate(const zip *z, const zip_entry *e, zip_hand *hand)
{
    size_t made = 0;
    if (!hand->inflater) hand->inflater = libdeflate_alloc_decompressor();
    if (!hand->inflater)
        return nd_fail(ND_E_MEMORY, "no memory to unpack %s\nclose other programs",
                       e->name);
    const enum libdeflate_result result = libdeflate_deflate_decompress(
        hand->inflater, hand->packed, e->packed, hand->bytes, e->size, &made);
    if (result == LIBDEFLATE_SUCCESS && made == e->size) return ND_OK;
    return nd_fail(ND_E_DATA, "%s in %s is damaged\nfetch the file again", e->name,
                   z->path);
}

nd_status zip_read(const zip *from, const zip_entry *e, zip_hand *hand)
{
    uint8_t local[LOCAL];
    if (e->is_secret || (e->method != 0 && e->method != 8))
        return nd_fail(ND_E_UNSUPPORTED,
                       "%s in %s is %s\npack it again, stored or deflated", e->name,
                       from->path, e->is_secret ? "encrypted" : "packed in another way");
    if (e->size > most_bytes || e->size / most_ratio > e->packed ||
        (e->method == 0 && e->size != e->packed))
        return nd_fail(ND_E_DATA, "%s in %s says it is %llu bytes long\ncheck the file",
                       e->name, from->path, (unsigned long long)e->size);
    ND_TRY(read_at(from, e->at, local, sizeof local));
    if (memcmp(local, "PK\3\4", 4) != 0) return torn(from, "a file in it is lost");
    const uint64_t at = e->at + LOCAL + number(local + 26, 2) + number(local + 28, 2);
    if (e->packed > from->size) return torn(from, "it ends too early");
    ND_TRY(zip_room(&hand->bytes, &hand->room, e->size + 1));
    if (e->method == 0) {
        ND_TRY(read_at(from, at, hand->bytes, e->size));
    } else {
        ND_TRY(zip_room(&hand->packed, &hand->packed_room, e->packed + 1));
        ND_TRY(read_at(from, at, hand->packed, e->packed));
        ND_TRY(inflate(from, e, hand));
    }
    if (libdeflate_crc32(0, hand->bytes, e->size) == e->crc) return ND_OK;
    return nd_fail(ND_E_DATA,
                   "%s in %s does not match its checksum\nfetch the file again", e->name,
                   from->path);
}

void zip_hand_free(zip_hand *hand)
{
    free(hand->packed);
    free(hand->bytes);
    if (hand->inflater) libdeflate_free_decompressor(hand->inflater);
    *hand = (zip_hand){0};
}
