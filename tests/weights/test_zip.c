// SPDX-License-Identifier: Apache-2.0
#include "bytes.h"
#include "weights/zip.h"
#include <libdeflate.h>
#include <nadir/pool.h>

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
    return bytes_of(b);
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

static bool refuses(nd_arena *arena, nd_bytes file, const char *words)
{
    zip z;
    nd_status status = weights_zip_open(&z, arena, arena, file);
    for (size_t i = 0; status == ND_OK && i < z.count; i++)
        status = weights_zip_read(&z, &z.member[i]);
    return status != ND_OK && error_says(words);
}

TEST(a_member_is_found_by_its_name)
{
    zip z;
    CHECK(weights_zip_open(&z, arena, arena, one(arena, plain("a/b", "hello"))) == ND_OK);
    zip_member *m = weights_zip_find(&z, "a/b", 3);
    CHECK(m && weights_zip_read(&z, m) == ND_OK && m->bytes.count == 5);
    CHECK(m && memcmp(m->bytes.at, "hello", 5) == 0);
    CHECK(!weights_zip_find(&z, "a/c", 3));
}

TEST(a_packed_member_is_unpacked)
{
    char packed[64];
    struct libdeflate_compressor *c = libdeflate_alloc_compressor(6);
    const size_t n = libdeflate_deflate_compress(c, "hello hello hello", 17, packed, 64);
    libdeflate_free_compressor(c);
    zip z;
    member m = {"a", 8, 0, packed, n, 17, libdeflate_crc32(0, "hello hello hello", 17)};
    CHECK(weights_zip_open(&z, arena, arena, one(arena, m)) == ND_OK);
    CHECK(weights_zip_read(&z, &z.member[0]) == ND_OK);
    CHECK(z.member[0].bytes.count == 17 &&
          memcmp(z.member[0].bytes.at, "hello hello hello", 17) == 0);
    m.size = 18;
    CHECK(refuses(arena, one(arena, m), "a member does not unpack"));
    m.size = 16;
    CHECK(refuses(arena, one(arena, m), "a member does not unpack"));
}

TEST(bombs_are_refused_before_anything_is_unpacked)
{
    char packed[64] = "";
    const member m = {"a", 8, 0, packed, 64, 3000000000u, 0};
    const int64_t before = nd_resident_bytes();
    CHECK(refuses(arena, one(arena, m), "the archive would unpack to more than 128 MB"));
    CHECK(nd_resident_bytes() - before < 1 << 24);
}

TEST(archives_that_lie_are_refused)
{
    member m = plain("a", "hello");
    m.crc ^= 1;
    CHECK(refuses(arena, one(arena, m), "the sum of a does not agree with its bytes\n"));
    m = plain("a", "hello"), m.size = 6;
    CHECK(refuses(arena, one(arena, m), "a member has two sizes"));
    m = plain("a", "hello"), m.flags = 1;
    CHECK(refuses(arena, one(arena, m), "the archive is encrypted"));
    m = plain("a", "hello"), m.method = 12;
    CHECK(refuses(arena, one(arena, m), "packed by method 12"));
    static const char *const names[] = {"../a", "a/../b", "/a", "..", "a\\b", "a/.."};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        CHECK(refuses(arena, one(arena, plain(names[i], "x")), "leads out of it"));
    CHECK(!refuses(arena, one(arena, plain("a..b/...", "x")), ""));
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

static nd_bytes written(nd_arena *arena, bool wide)
{
    const char *path = file_path(arena, wide ? "wide.zip" : "plain.zip");
    nd_bytes all = {0};
    nd_file *file = nd_file_new(arena, path);
    zip_out *z = file ? weights_zip_new(arena, file) : NULL;
    CHECK(z && weights_zip_put(z, "a/x", "hello", 5) == ND_OK &&
          weights_zip_put(z, "a/y", "", 0) == ND_OK &&
          weights_zip_end(z, wide) == ND_OK && nd_file_commit(file) == ND_OK &&
          nd_file_map(arena, path, &all) == ND_OK);
    return all;
}

TEST(what_is_written_is_read_also_with_wide_numbers)
{
    for (int wide = 0; wide < 2; wide++) {
        zip z;
        const nd_bytes all = written(arena, wide);
        CHECK(weights_zip_open(&z, arena, arena, all) == ND_OK && z.count == 2);
        CHECK(weights_zip_read(&z, &z.member[0]) == ND_OK);
        CHECK(z.member[0].bytes.count == 5 && (z.member[0].bytes.at - all.at) % 64 == 0);
        for (size_t n = 0; n < all.count; n++)
            CHECK(weights_zip_open(&z, arena, arena, (nd_bytes){all.at, n}) != ND_OK);
        (void)nd_error_take();
    }
}
