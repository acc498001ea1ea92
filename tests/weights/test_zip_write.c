// SPDX-License-Identifier: Apache-2.0
#include "bytes.h"
#include "weights/zip.h"
#include <nadir/pool.h>
#include <nadir/zip.h>

static nd_bytes written(nd_arena *arena, bool wide)
{
    const char *path = file_path(arena, wide ? "wide.zip" : "plain.zip");
    nd_bytes all = {0};
    nd_file *file = nd_file_new(arena, path);
    zip_out *z = file ? weights_zip_new(arena, file) : NULL;
    CHECK(z && weights_zip_put(z, "a/data.pkl", "hello", 5) == ND_OK &&
          weights_zip_put(z, "a/y", "", 0) == ND_OK &&
          weights_zip_end(z, wide) == ND_OK && nd_file_commit(file) == ND_OK &&
          nd_file_map(arena, path, &all) == ND_OK);
    return all;
}

TEST(what_is_written_is_read_also_with_wide_numbers)
{
    for (int wide = 0; wide < 2; wide++) {
        const nd_bytes all = written(arena, wide);
        const nd_zip *z = nd_zip_of(arena, all, 2);
        const nd_zip_member *m = z ? nd_zip_find(z, "a/data.pkl") : NULL;
        nd_zip_hand hand = {0};
        nd_bytes bytes = {0};
        CHECK(z && z->count == 2);
        CHECK(m && nd_zip_read(z, m, 5, &hand, &bytes) == ND_OK);
        CHECK(bytes.count == 5 && (bytes.at - all.at) % 64 == 0);
        for (size_t n = 0; n < all.count; n++)
            CHECK(!nd_zip_of(arena, (nd_bytes){all.at, n}, 2));
        (void)nd_error_take();
    }
}

// Of its first entry in the table: the method and the size once unpacked.
TEST(an_archive_that_would_grow_without_measure_is_no_checkpoint)
{
    const nd_bytes all = written(arena, false);
    uint8_t *bomb = nd_alloc(arena, all.count, 1);
    memcpy(bomb, all.at, all.count);
    size_t table = 0;
    while (table + 46 < all.count && memcmp(bomb + table, "PK\1\2", 4) != 0) table++;
    bomb[table + 10] = 8, bomb[table + 27] = 0xB0;
    const int64_t before = nd_resident_bytes();
    CHECK(!weights_read(arena, (nd_bytes){bomb, all.count}));
    CHECK(error_says("the archive would unpack to more than 128 MB\n"));
    CHECK(nd_resident_bytes() - before < 1 << 24);
}
