// SPDX-License-Identifier: Apache-2.0
#include "../files.h"
#include <libdeflate.h>
#include <nadir/pool.h>
#include <nadir/text.h>
#include <nadir/zip.h>

static void put_number(nd_buffer *b, uint64_t number, int bytes)
{
    for (int i = 0; i < bytes; i++) nd_buffer_put(b, &(char){(char)(number >> 8 * i)}, 1);
}

// An archive by hand: one member, whose every number may lie.
typedef struct member {
    const char *name;
    uint64_t method, flags;
    const void *bytes;
    uint64_t packed, size;
    uint32_t crc;
} member;

static uint32_t put_local(nd_buffer *b, const member *m)
{
    const uint32_t at = (uint32_t)b->length;
    put_number(b, 0x04034b50, 4), put_number(b, 20, 2), put_number(b, m->flags, 2);
    put_number(b, m->method, 2), put_number(b, 0, 4), put_number(b, m->crc, 4);
    put_number(b, m->packed, 4), put_number(b, m->size, 4);
    put_number(b, strlen(m->name), 2), put_number(b, 0, 2);
    nd_buffer_put(b, m->name, strlen(m->name));
    nd_buffer_put(b, m->bytes, (size_t)m->packed);
    return at;
}

static void put_entry(nd_buffer *b, const member *m, uint32_t at)
{
    put_number(b, 0x02014b50, 4), put_number(b, 20, 2), put_number(b, 20, 2);
    put_number(b, m->flags, 2), put_number(b, m->method, 2), put_number(b, 0, 4);
    put_number(b, m->crc, 4), put_number(b, m->packed, 4), put_number(b, m->size, 4);
    put_number(b, strlen(m->name), 2), put_number(b, 0, 8), put_number(b, 0, 4);
    put_number(b, at, 4);
    nd_buffer_put(b, m->name, strlen(m->name));
}

static nd_bytes end(nd_buffer *b, size_t table, uint64_t entries)
{
    const size_t bytes = b->length - table;
    put_number(b, 0x06054b50, 4), put_number(b, 0, 4), put_number(b, entries, 2);
    put_number(b, entries, 2), put_number(b, bytes, 4), put_number(b, table, 4);
    put_number(b, 0, 2);
    return (nd_bytes){(const uint8_t *)b->text, b->length};
}

static nd_bytes one(nd_arena *arena, member m)
{
    nd_buffer *b = nd_alloc(arena, 1, sizeof *b);
    b->arena = arena;
    const uint32_t at = put_local(b, &m);
    const size_t table = b->length;
    put_entry(b, &m, at);
    return end(b, table, 1);
}

static member plain(const char *name, const char *text)
{
    const size_t n = strlen(text);
    return (member){name, 0, 0, text, n, n, libdeflate_crc32(0, text, n)};
}

enum { MOST = 1 << 28 };

static void hand_free(void *hand)
{
    nd_zip_hand_free(hand);
}

static nd_zip_hand *hand_new(nd_arena *arena)
{
    nd_zip_hand *hand = nd_alloc(arena, 1, sizeof *hand);
    return hand && nd_defer(arena, hand_free, hand) == ND_OK ? hand : NULL;
}

// What a member holds, of bytes and of a file alike; NULL after nd_fail.
static const char *text_of(nd_arena *arena, const nd_zip *z, const char *name)
{
    const nd_zip_member *m = z ? nd_zip_find(z, name) : NULL;
    nd_zip_hand *hand = hand_new(arena);
    nd_bytes bytes;
    if (!m || !hand || nd_zip_read(z, m, MOST, hand, &bytes) != ND_OK) return NULL;
    return nd_text(arena, "%.*s", (int)bytes.count, (const char *)bytes.at);
}

static const nd_zip *opened(nd_arena *arena, nd_bytes file)
{
    const char *path = file_path(arena, "a.zip");
    FILE *to = path ? fopen(path, "wb") : NULL;
    if (!to) return NULL;
    const bool is_whole = fwrite(file.at, 1, file.count, to) == file.count;
    return fclose(to) == 0 && is_whole ? nd_zip_open(arena, path, 1000) : NULL;
}

static bool read_all(nd_arena *arena, const nd_zip *z)
{
    for (size_t i = 0; z && i < z->count; i++)
        if (!text_of(arena, z, z->member[i].name)) return false;
    return z != NULL;
}

// Both ways of reading refuse it alike.
static bool refuses(nd_arena *arena, nd_bytes file, const char *words)
{
    return !read_all(arena, nd_zip_of(arena, file, 1000)) && error_says(words) &&
           !read_all(arena, opened(arena, file)) && error_says(words);
}

TEST(a_member_is_found_by_its_name)
{
    const nd_bytes file = one(arena, plain("a/b", "hello"));
    const nd_zip *both[] = {nd_zip_of(arena, file, 1000), opened(arena, file)};
    for (int i = 0; i < 2; i++) {
        const char *text = text_of(arena, both[i], "a/b");
        CHECK(text && strcmp(text, "hello") == 0);
        CHECK(both[i] && !nd_zip_find(both[i], "a/c") && !nd_zip_find(both[i], "a"));
    }
}

TEST(stored_bytes_are_lent_where_they_lie)
{
    const nd_bytes file = one(arena, plain("a/b", "hello"));
    const nd_zip *z = nd_zip_of(arena, file, 1000);
    nd_zip_hand hand = {0};
    nd_bytes bytes = {0};
    CHECK(z && nd_zip_read(z, z->member, MOST, &hand, &bytes) == ND_OK);
    CHECK(bytes.at == file.at + 30 + 3 && bytes.count == 5 && !hand.bytes);
}

TEST(a_packed_member_is_unpacked)
{
    static const char hello[] = "hello hello hello";
    char packed[64];
    struct libdeflate_compressor *c = libdeflate_alloc_compressor(6);
    const size_t n = libdeflate_deflate_compress(c, hello, 17, packed, 64);
    libdeflate_free_compressor(c);
    member m = {"a", 8, 0, packed, n, 17, libdeflate_crc32(0, hello, 17)};
    const char *text = text_of(arena, nd_zip_of(arena, one(arena, m), 1000), "a");
    CHECK(text && strcmp(text, hello) == 0);
    text = text_of(arena, opened(arena, one(arena, m)), "a");
    CHECK(text && strcmp(text, hello) == 0);
    m.size = 18;
    CHECK(refuses(arena, one(arena, m), "a in the archive does not unpack"));
    m.size = 16;
    CHECK(refuses(arena, one(arena, m), "a in the archive does not unpack"));
}

TEST(bombs_are_refused_before_anything_is_unpacked)
{
    char packed[64] = "";
    member m = {"a", 8, 0, packed, 64, 3000000000u, 0};
    const int64_t before = nd_resident_bytes();
    CHECK(refuses(arena, one(arena, m), "a in the archive says it is 3000000000 bytes"));
    m.size = 65 * 1032;
    CHECK(refuses(arena, one(arena, m), "a in the archive says it is 67080 bytes long"));
    CHECK(nd_resident_bytes() - before < 1 << 24);
}

// Bytes that no ten can come from are not fetched, however small the file is on the disk.
TEST(a_packed_member_far_longer_than_what_it_holds_is_refused)
{
    enum { PACKED = 4000 };
    char *packed = nd_alloc(arena, PACKED, 1);
    const member m = {"a", 8, 0, packed, PACKED, 10, 0};
    const nd_bytes file = one(arena, m);
    CHECK(refuses(arena, file, "a member has two sizes"));
    const nd_zip *z = opened(arena, file);
    nd_zip_hand hand = {0};
    nd_bytes bytes;
    CHECK(z && nd_zip_read(z, z->member, MOST, &hand, &bytes) != ND_OK && !hand.packed);
    nd_zip_hand_free(&hand);
}

TEST(members_are_read_only_as_far_as_the_caller_wants)
{
    const nd_zip *z = nd_zip_of(arena, one(arena, plain("a", "hello")), 1);
    nd_zip_hand hand = {0};
    nd_bytes bytes;
    CHECK(z && nd_zip_read(z, z->member, 4, &hand, &bytes) == ND_E_DATA);
    CHECK(error_says("a in the archive says it is 5 bytes long"));
    CHECK(!nd_zip_of(arena, one(arena, plain("a", "hello")), 0));
    CHECK(error_says("the archive has more than 0 members\ncut it into several files"));
}

TEST(archives_that_lie_are_refused)
{
    member m = plain("a", "hello");
    m.crc ^= 1;
    CHECK(refuses(arena, one(arena, m), "a in the archive does not match its checksum"));
    m = plain("a", "hello"), m.size = 6;
    CHECK(refuses(arena, one(arena, m), "a member has two sizes"));
    m = plain("a", "hello"), m.flags = 1;
    CHECK(refuses(arena, one(arena, m), "a in the archive is encrypted"));
    m = plain("a", "hello"), m.method = 12;
    CHECK(refuses(arena, one(arena, m), "packed by method 12"));
    static const char *const names[] = {"../a", "a/../b", "/a", "..", "a\\b", "a/..", ""};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        CHECK(refuses(arena, one(arena, plain(names[i], "x")), "leads out of it"));
    CHECK(!refuses(arena, one(arena, plain("a..b/...", "x")), ""));
}

TEST(folders_are_left_out)
{
    const nd_zip *z = nd_zip_of(arena, one(arena, plain("a/", "")), 1000);
    CHECK(z && z->count == 0 && !nd_zip_find(z, "a/"));
}

TEST(members_that_share_bytes_or_names_are_refused)
{
    nd_buffer b = {.arena = arena};
    member m = plain("a", "hello"), n = plain("b", "hello");
    const uint32_t at = put_local(&b, &m);
    size_t table = b.length;
    put_entry(&b, &m, at), put_entry(&b, &n, at);
    CHECK(refuses(arena, end(&b, table, 2), "two members overlap"));
    nd_buffer c = {.arena = arena};
    const uint32_t first = put_local(&c, &m), second = put_local(&c, &m);
    table = c.length;
    put_entry(&c, &m, first), put_entry(&c, &m, second);
    CHECK(refuses(arena, end(&c, table, 2), "two members have one name"));
    CHECK(refuses(arena, (nd_bytes){(const uint8_t *)c.text, c.length - 1},
                  "its end is missing"));
}

// The table says where members lie; the header there may say that one reaches further.
TEST(a_member_whose_own_header_reaches_into_the_next_is_refused)
{
    nd_buffer b = {.arena = arena};
    member m = plain("a", "hello"), n = plain("b", "hello");
    const uint32_t first = put_local(&b, &m), second = put_local(&b, &n);
    b.text[first + 28] = 1; // a byte of extra field that is not there
    const size_t table = b.length;
    put_entry(&b, &m, first), put_entry(&b, &n, second);
    const nd_bytes file = end(&b, table, 2);
    const nd_zip *z = nd_zip_of(arena, file, 1000);
    CHECK(!text_of(arena, z, "a") && error_says("two members overlap"));
    CHECK(text_of(arena, z, "b"));
}

TEST(a_file_that_is_cut_short_meanwhile_is_a_failure)
{
    const nd_zip *z = opened(arena, one(arena, plain("a", "hello")));
    CHECK(z && truncate(z->path, 33) == 0 && !text_of(arena, z, "a"));
    CHECK(error_says("a.zip: the zip archive is damaged: it ends too early"));
}

TEST(what_is_no_file_is_refused)
{
    CHECK(!nd_zip_open(arena, "/nowhere.zip", 1) &&
          error_says("/nowhere.zip cannot be opened"));
    CHECK(!nd_zip_open(arena, "/", 1) && error_says("/ is no ordinary file"));
    CHECK(!nd_zip_of(arena, (nd_bytes){(const uint8_t *)"", 0}, 1) &&
          error_says("its end is missing"));
}

// A few thousand members, more than one piece of the table.
TEST(long_tables_are_read_a_piece_at_a_time)
{
    enum { COUNT = 3000, LONG = 200 };
    nd_buffer b = {.arena = arena};
    char *name[COUNT];
    uint32_t at[COUNT];
    for (int i = 0; i < COUNT; i++) {
        name[i] = nd_alloc(arena, LONG + 8, 1);
        memset(name[i], 'n', LONG);
        snprintf(name[i] + LONG, 8, "%d", COUNT - i);
        const member m = plain(name[i], name[i] + LONG);
        at[i] = put_local(&b, &m);
    }
    const size_t table = b.length;
    for (int i = 0; i < COUNT; i++) {
        const member m = plain(name[i], name[i] + LONG);
        put_entry(&b, &m, at[i]);
    }
    const nd_bytes file = end(&b, table, COUNT);
    const nd_zip *z = nd_zip_of(arena, file, COUNT);
    CHECK(z && z->count == COUNT);
    for (int i = 0; z && i < COUNT; i += 100) {
        const char *text = text_of(arena, z, name[i]);
        CHECK(text && strcmp(text, name[i] + LONG) == 0);
    }
}
