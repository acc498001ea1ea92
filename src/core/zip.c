// SPDX-License-Identifier: Apache-2.0
// Zip archives in (APPNOTE 6.3), by the table of contents alone; every length is checked.
#include <errno.h>
#include <fcntl.h>
#include <libdeflate.h>
#include <nadir/text.h>
#include <nadir/zip.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    END = 22,      // bytes of the end record without its comment
    LOCATOR = 20,  // of zip64
    WIDE_END = 56, // of zip64
    ENTRY = 46,    // of the table, without name, extra and comment
    LOCAL = 30,    // header before a member's bytes
    RATIO = 1032,  // deflate's best
    PIECE = 1 << 18
};

static uint64_t number(const uint8_t *at, int bytes)
{
    uint64_t n = 0;
    for (int i = bytes; i-- > 0;) n = n << 8 | at[i];
    return n;
}

static nd_status damaged(const char *what)
{
    return nd_fail(ND_E_DATA, "the zip archive is damaged: %s\ncopy or download it again",
                   what);
}

static nd_status read_at(const nd_zip *z, uint64_t at, void *to, size_t count)
{
    uint8_t *into = to;
    if (at > z->size || count > z->size - at)
        return damaged(nd_gettext("it ends too early"));
    if (!z->path && count) memcpy(to, z->bytes.at + at, count);
    while (z->path && count) {
        const ssize_t got = pread(z->file, into, count, (off_t)at);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0)
            return nd_fail(ND_E_IO,
                           "%s cannot be read: %s\nlook at its rights and at the disk",
                           z->path, nd_system_error(errno));
        if (got == 0) return damaged(nd_gettext("it ends too early"));
        into += got, at += (uint64_t)got, count -= (size_t)got;
    }
    return ND_OK;
}

// ---- The table of contents.

typedef struct table {
    uint64_t at, size, count;
} table;

// The last end record whose comment fits what follows it; in `tail`, which ends the file.
static const uint8_t *find_end(const uint8_t *tail, size_t count)
{
    for (size_t back = 0; back + END <= count; back++) {
        const uint8_t *at = tail + count - END - back;
        if (at[0] == 'P' && memcmp(at, "PK\5\6", 4) == 0 && number(at + 20, 2) <= back)
            return at;
    }
    return NULL;
}

static nd_status read_wide_end(const nd_zip *z, uint64_t end, table *t)
{
    uint8_t locator[LOCATOR], wide[WIDE_END];
    if (end < LOCATOR) return damaged(nd_gettext("its zip64 record is missing"));
    ND_TRY(read_at(z, end - LOCATOR, locator, sizeof locator));
    const uint64_t at = number(locator + 8, 8);
    if (memcmp(locator, "PK\6\7", 4) != 0 || at > z->size || z->size - at < WIDE_END)
        return damaged(nd_gettext("its zip64 record is missing"));
    ND_TRY(read_at(z, at, wide, sizeof wide));
    if (memcmp(wide, "PK\6\6", 4) != 0)
        return damaged(nd_gettext("its zip64 record is missing"));
    if (number(wide + 16, 4) || number(wide + 20, 4))
        return damaged(nd_gettext("it is one of several parts"));
    *t = (table){number(wide + 48, 8), number(wide + 40, 8), number(wide + 32, 8)};
    return ND_OK;
}

static nd_status find_table(nd_arena *arena, const nd_zip *z, uint64_t most, table *t)
{
    const size_t count = z->size < END + 0xFFFF ? (size_t)z->size : END + 0xFFFF;
    uint8_t *tail = nd_alloc_raw(arena, count + 1, 1);
    if (!tail) return ND_E_MEMORY;
    ND_TRY(read_at(z, z->size - count, tail, count));
    const uint8_t *end = find_end(tail, count);
    if (!end) return damaged(nd_gettext("its end is missing"));
    if (number(end + 4, 2) != 0 && number(end + 4, 2) != 0xFFFF)
        return damaged(nd_gettext("it is one of several parts"));
    *t = (table){number(end + 16, 4), number(end + 12, 4), number(end + 10, 2)};
    if (t->at == 0xFFFFFFFF || t->size == 0xFFFFFFFF || t->count == 0xFFFF)
        ND_TRY(read_wide_end(z, z->size - count + (uint64_t)(end - tail), t));
    if (t->at > z->size || t->size > z->size - t->at || t->count > t->size / ENTRY)
        return damaged(nd_gettext("its table of contents is not inside"));
    if (t->count > most)
        return nd_fail(ND_E_UNSUPPORTED,
                       "the archive has more than %llu members\ncut it into several "
                       "files",
                       (unsigned long long)most);
    return ND_OK;
}

// Zip64 numbers stand in an extra field, only those that do not fit, in this order.
static nd_status widen(nd_zip_member *m, const uint8_t *extra, size_t left)
{
    uint64_t *const wide[] = {&m->size, &m->packed, &m->at};
    bool is_needed = false;
    for (int i = 0; i < 3; i++) is_needed = is_needed || *wide[i] == 0xFFFFFFFF;
    while (is_needed && left >= 4) {
        const size_t id = (size_t)number(extra, 2), size = (size_t)number(extra + 2, 2);
        extra += 4, left -= 4;
        if (size > left) break;
        for (size_t i = 0, used = 0; id == 1 && i < 3; i++) {
            if (*wide[i] != 0xFFFFFFFF) continue;
            if (used + 8 > size) return damaged(nd_gettext("a zip64 field is short"));
            *wide[i] = number(extra + used, 8), used += 8;
        }
        if (id == 1) return ND_OK;
        extra += size, left -= size;
    }
    return is_needed ? damaged(nd_gettext("a zip64 field is missing")) : ND_OK;
}

static bool is_sound_name(const char *name, size_t length)
{
    if (!length || *name == '/' || memchr(name, 0, length) || memchr(name, '\\', length))
        return false;
    for (size_t i = 0; i < length; i++) {
        const bool starts = !i || name[i - 1] == '/';
        if (starts && length - i >= 2 && name[i] == '.' && name[i + 1] == '.' &&
            (length - i == 2 || name[i + 2] == '/'))
            return false;
    }
    return true;
}

// The table, a piece at a time: what is no table is found out before it takes memory.
typedef struct reading {
    const nd_zip *zip;
    uint64_t at, end;
    size_t from, to; // of what waits in `piece`
    uint8_t piece[PIECE];
    char *names; // room for names
    size_t names_left;
} reading;

static nd_status want(reading *r, size_t count)
{
    if (r->to - r->from >= count) return ND_OK;
    if (count > PIECE || count > r->end - r->at + (r->to - r->from))
        return damaged(nd_gettext("its table of contents ends early"));
    memmove(r->piece, r->piece + r->from, r->to - r->from);
    r->to -= r->from, r->from = 0;
    const uint64_t left = r->end - r->at, room = PIECE - r->to;
    const size_t more = (size_t)(left < room ? left : room);
    ND_TRY(read_at(r->zip, r->at, r->piece + r->to, more));
    r->at += more, r->to += more;
    return ND_OK;
}

static const char *keep_name(nd_arena *arena, reading *r, const uint8_t *from,
                             size_t length)
{
    if (r->names_left <= length) {
        r->names = nd_alloc_raw(arena, PIECE, 1);
        r->names_left = r->names ? PIECE : 0;
    }
    if (!r->names) return NULL;
    char *name = r->names;
    memcpy(name, from, length);
    name[length] = 0;
    r->names += length + 1, r->names_left -= length + 1;
    return name;
}

static nd_status read_entry(nd_arena *arena, reading *r, const table *t, nd_zip_member *m)
{
    ND_TRY(want(r, ENTRY));
    const uint8_t *at = r->piece + r->from;
    if (memcmp(at, "PK\1\2", 4) != 0)
        return damaged(nd_gettext("its table of contents ends early"));
    const size_t name = (size_t)number(at + 28, 2), extra = (size_t)number(at + 30, 2),
                 all = ENTRY + name + extra + (size_t)number(at + 32, 2);
    ND_TRY(want(r, all));
    at = r->piece + r->from;
    *m = (nd_zip_member){.at = number(at + 42, 4),
                         .packed = number(at + 20, 4),
                         .size = number(at + 24, 4),
                         .crc = (uint32_t)number(at + 16, 4),
                         .method = (uint16_t)number(at + 10, 2),
                         .is_encrypted = (number(at + 8, 2) & (1 | 64)) != 0};
    ND_TRY(widen(m, at + ENTRY + name, extra));
    if (!is_sound_name((const char *)at + ENTRY, name))
        return damaged(nd_gettext("the name of a member leads out of it"));
    if (m->method == 0 && m->packed != m->size)
        return damaged(nd_gettext("a member has two sizes"));
    if (m->at > t->at || m->packed > t->at - m->at || t->at - m->at - m->packed < LOCAL)
        return damaged(nd_gettext("a member is not inside"));
    if (!(m->name = keep_name(arena, r, at + ENTRY, name))) return ND_E_MEMORY;
    r->from += all;
    return ND_OK;
}

static int by_place(const void *a, const void *b)
{
    const nd_zip_member *x = a, *y = b;
    return (x->at > y->at) - (x->at < y->at);
}

static int by_name(const void *a, const void *b)
{
    const nd_zip_member *x = a, *y = b;
    return strcmp(x->name, y->name);
}

// No byte is a member's twice: so a small file cannot hold many large members.
static nd_status check_members(const table *t, nd_zip_member *member, size_t count)
{
    qsort(member, count, sizeof *member, by_place);
    for (size_t i = 0; i < count; i++) {
        nd_zip_member *m = &member[i];
        m->until = i + 1 < count ? member[i + 1].at : t->at;
        if (m->until - m->at < LOCAL + m->packed)
            return damaged(nd_gettext("two members overlap"));
    }
    qsort(member, count, sizeof *member, by_name);
    for (size_t i = 1; i < count; i++)
        if (by_name(&member[i - 1], &member[i]) == 0)
            return damaged(nd_gettext("two members have one name"));
    return ND_OK;
}

static nd_status read_table(nd_arena *arena, nd_zip *z, uint64_t most)
{
    table t;
    ND_TRY(find_table(arena, z, most, &t));
    reading *r = nd_alloc_raw(arena, 1, sizeof *r);
    nd_zip_member *member = r ? nd_alloc_raw(arena, t.count + 1, sizeof *member) : NULL;
    if (!member) return ND_E_MEMORY;
    r->zip = z, r->at = t.at, r->end = t.at + t.size;
    r->from = r->to = r->names_left = 0, r->names = NULL;
    for (uint64_t i = 0; i < t.count; i++) {
        nd_zip_member *m = &member[z->count];
        ND_TRY(read_entry(arena, r, &t, m));
        if (m->name[strlen(m->name) - 1] != '/') z->count++;
    }
    z->member = member;
    return check_members(&t, member, z->count);
}

const nd_zip *nd_zip_of(nd_arena *arena, nd_bytes bytes, uint64_t most)
{
    nd_zip *z = nd_alloc(arena, 1, sizeof *z);
    if (!z) return NULL;
    *z = (nd_zip){.file = -1, .bytes = bytes, .size = bytes.count};
    return read_table(arena, z, most) == ND_OK ? z : NULL;
}

static void close_file(void *user)
{
    const nd_zip *z = user;
    if (z->file >= 0) close(z->file);
}

const nd_zip *nd_zip_open(nd_arena *arena, const char *path, uint64_t most)
{
    struct stat about = {0};
    nd_zip *z = nd_alloc(arena, 1, sizeof *z);
    if (!z || !(z->path = nd_text(arena, "%s", path))) return NULL;
    z->file = -1;
    if (nd_defer(arena, close_file, z) != ND_OK) return NULL;
    // Opening a pipe to read would wait for one who writes.
    z->file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (z->file < 0 || fstat(z->file, &about) != 0) {
        nd_fail(ND_E_IO, "%s cannot be opened: %s\ncheck the name", path,
                nd_system_error(errno));
        return NULL;
    }
    if (!S_ISREG(about.st_mode)) {
        nd_fail(ND_E_PARAM, "%s is no ordinary file\ngive the name of a file", path);
        return NULL;
    }
    z->size = (uint64_t)about.st_size;
    if (read_table(arena, z, most) == ND_OK) return z;
    nd_note("%s", path);
    return NULL;
}

const nd_zip_member *nd_zip_find(const nd_zip *z, const char *name)
{
    const nd_zip_member key = {.name = name};
    return z->count ? bsearch(&key, z->member, z->count, sizeof key, by_name) : NULL;
}

// ---- A member.

// Where its bytes begin: name and extra of the local header may differ from the table's.
static nd_status find_bytes(const nd_zip *z, const nd_zip_member *m, uint64_t *from)
{
    uint8_t local[LOCAL];
    ND_TRY(read_at(z, m->at, local, sizeof local));
    if (memcmp(local, "PK\3\4", 4) != 0)
        return damaged(nd_gettext("a member is not where the table says"));
    *from = m->at + LOCAL + number(local + 26, 2) + number(local + 28, 2);
    if (*from > m->until || m->packed > m->until - *from)
        return damaged(nd_gettext("two members overlap"));
    return ND_OK;
}

static nd_status check(const nd_zip_member *m, uint64_t most)
{
    if (m->is_encrypted)
        return nd_fail(ND_E_UNSUPPORTED,
                       "%s in the archive is encrypted\nunpack it and make it anew",
                       m->name);
    if (m->method != 0 && m->method != 8)
        return nd_fail(ND_E_UNSUPPORTED,
                       "%s in the archive is packed by method %d\n"
                       "unpack it and make it anew, stored or deflated",
                       m->name, (int)m->method);
    // Deflate adds an eighth and little more at worst: what is far longer is no member.
    const bool is_padded =
        m->packed > m->size && m->packed - m->size > m->size / 4 + 1024;
    if (is_padded) return damaged(nd_gettext("a member has two sizes"));
    if (m->size > most || m->size / RATIO > m->packed)
        return nd_fail(ND_E_DATA,
                       "%s in the archive says it is %llu bytes long\n"
                       "unpack it yourself if you trust it",
                       m->name, (unsigned long long)m->size);
    return ND_OK;
}

// The bytes as they lie in the file: in place if they can be.
static nd_status fetch(const nd_zip *z, const nd_zip_member *m, uint8_t **room,
                       size_t *room_bytes, const uint8_t **bytes)
{
    uint64_t from = 0;
    ND_TRY(find_bytes(z, m, &from));
    if (!z->path) return *bytes = z->bytes.at + from, ND_OK;
    ND_TRY(nd_room(room, room_bytes, m->packed + 1));
    *bytes = *room;
    return read_at(z, from, *room, m->packed);
}

static nd_status inflate(const nd_zip_member *m, const uint8_t *from, nd_zip_hand *hand)
{
    size_t made = 0;
    if (!hand->inflater) hand->inflater = libdeflate_alloc_decompressor();
    if (!hand->inflater)
        return nd_fail(ND_E_MEMORY, "no memory to unpack %s\nclose other programs",
                       m->name);
    ND_TRY(nd_room(&hand->bytes, &hand->room, m->size + 1));
    const enum libdeflate_result result = libdeflate_deflate_decompress(
        hand->inflater, from, m->packed, hand->bytes, m->size, &made);
    return result == LIBDEFLATE_SUCCESS && made == m->size
               ? ND_OK
               : nd_fail(ND_E_DATA,
                         "%s in the archive does not unpack\n"
                         "the file is damaged: copy or download it again",
                         m->name);
}

static nd_status read_member(const nd_zip *z, const nd_zip_member *m, nd_zip_hand *hand,
                             const uint8_t **bytes)
{
    const bool is_stored = m->method == 0;
    ND_TRY(fetch(z, m, is_stored ? &hand->bytes : &hand->packed,
                 is_stored ? &hand->room : &hand->packed_room, bytes));
    if (!is_stored) {
        ND_TRY(inflate(m, *bytes, hand));
        *bytes = hand->bytes;
    }
    if (libdeflate_crc32(0, *bytes, m->size) == m->crc) return ND_OK;
    return nd_fail(ND_E_DATA,
                   "%s in the archive does not match its checksum\n"
                   "the file is damaged: copy or download it again",
                   m->name);
}

nd_status nd_zip_read(const nd_zip *z, const nd_zip_member *m, uint64_t most,
                      nd_zip_hand *hand, nd_bytes *bytes)
{
    const uint8_t *at = NULL;
    nd_status status = check(m, most);
    if (status == ND_OK) status = read_member(z, m, hand, &at);
    if (status != ND_OK && z->path) nd_note("%s", z->path);
    if (status == ND_OK) *bytes = (nd_bytes){at, (size_t)m->size};
    return status;
}

void nd_zip_hand_free(nd_zip_hand *hand)
{
    free(hand->packed);
    free(hand->bytes);
    if (hand->inflater) libdeflate_free_decompressor(hand->inflater);
    *hand = (nd_zip_hand){0};
}
