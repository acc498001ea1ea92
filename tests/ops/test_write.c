// SPDX-License-Identifier: Apache-2.0
#include "../rasters.h"
#include <nadir/io.h>
#include <unistd.h>

TEST(what_is_written_can_also_be_looked_at)
{
    nd_node *in = PIXELS(2, 2, 1, NAN, 3, 4, 5, 6, 7, 8);
    CHECK(READS(apply(arena, "Write", FROM(in), WITH("file", "/tmp/x.tif")), 1, NAN, 3, 4,
                5, 6, 7, 8));
}

TEST(understands_the_settings_of_snap)
{
    nd_node *in = PIXELS(1, 1, 1);
    nd_node *out = apply(arena, "Write", FROM(in),
                         WITH("file", "a.dim", "formatName", "BEAM-DIMAP",
                              "deleteOutputOnFailure", "true", "writeEntireTileRows",
                              "false", "clearCacheAfterRowWrite", "true"));
    CHECK(out && out->op->sink);
    const nd_write_settings *set = out ? out->state : NULL;
    CHECK(set && strcmp(set->file.text, "a.dim") == 0);
    CHECK(set && strcmp(set->format_name, "BEAM-DIMAP") == 0);
}

TEST(wants_a_file)
{
    nd_node *in = PIXELS(1, 1, 1);
    CHECK(!apply(arena, "Write", FROM(in), DEFAULTS));
    CHECK(error_says("file is missing"));
}

TEST(writes_the_named_bands_into_its_file)
{
    char folder[] = "/tmp/nadir-test-XXXXXX";
    CHECK(mkdtemp(folder));
    const char *path = nd_text(arena, "%s/new/a.tif", folder);
    nd_node *in = PIXELS(2, 1, 1, 2, 3, 4);
    nd_node *out = apply(arena, "Write", FROM(in),
                         WITH("file", path, "bands", "b2", "type", "uint8"));
    nd_pool *pool = nd_pool_new(1);
    CHECK(out && nd_write_sink(out, &(nd_write){0}, &(nd_run){.pool = pool}) == ND_OK);
    // One tile of 512 x 512 bytes without compression: nothing else is that long.
    FILE *file = fopen(path, "rb");
    CHECK(file && fseek(file, 0, SEEK_END) == 0 && ftell(file) > 512 * 512 &&
          ftell(file) < 2 * 512 * 512);
    if (file) {
        CHECK(fseek(file, 16, SEEK_SET) == 0 && fgetc(file) == 3 && fgetc(file) == 4);
        fclose(file);
    }
    CHECK(nd_write_sink(out, &(nd_write){0}, &(nd_run){.pool = pool}) == ND_E_IO);
    CHECK(error_says("exists already\nreplace it with --force"));
    nd_pool_free(pool);
    CHECK(unlink(path) == 0 && rmdir(nd_text(arena, "%s/new", folder)) == 0 &&
          rmdir(folder) == 0);
}

TEST(an_unknown_format_is_answered_with_the_nearest)
{
    nd_node *in = PIXELS(1, 1, 1);
    nd_node *out = apply(arena, "Write", FROM(in),
                         WITH("file", "/tmp/nadir-none", "formatName", "GeoTIF"));
    CHECK(out && nd_write_sink(out, &(nd_write){0}, &(nd_run){0}) == ND_E_PARAM);
    CHECK(error_says("there is no output format GeoTIF\ndid you mean GeoTIFF?"));
}
