// SPDX-License-Identifier: Apache-2.0
// Levels of a large band against means taken here from the values it was made of.
#include "scenes.h"
#include <dirent.h>
#include <gdal.h>

enum { WIDTH = 4203, HEIGHT = 4001 };

// No data in a disc and in a scattering of pixels.
static unsigned char sample(int x, int y)
{
    const int dx = x - 1000, dy = y - 900;
    if (dx * dx + dy * dy < 300 * 300 || (x * 7 + y * 13) % 31 == 0) return 0;
    return (unsigned char)(1 + (x / 3 + y / 2 + x * y % 17) % 250);
}

static const char *make(nd_arena *arena, const char *where, const char *kind)
{
    const char *path = nd_text(arena, "%s/%s.tif", where, kind);
    unsigned char *row = nd_alloc(arena, WIDTH, 1);
    GDALAllRegister();
    GDALDatasetH d =
        GDALCreate(GDALGetDriverByName("GTiff"), path, WIDTH, HEIGHT, 1, GDT_Byte, NULL);
    GDALRasterBandH b = GDALGetRasterBand(d, 1);
    GDALSetRasterNoDataValue(b, 0);
    GDALSetMetadataItem(b, "KIND", kind, NULL);
    for (int y = 0; y < HEIGHT; y++) {
        for (int x = 0; x < WIDTH; x++) row[x] = sample(x, y);
        if (GDALRasterIO(b, GF_Write, 0, y, WIDTH, 1, row, WIDTH, 1, GDT_Byte, 0, 0))
            abort();
    }
    GDALClose(d);
    return path;
}

static float expected(int level, int px, int py, const char *kind)
{
    const int side = 1 << level;
    double sum = 0;
    int count = 0, all = 0, bits = 0;
    for (int y = py * side; y < (py + 1) * side && y < HEIGHT; y++)
        for (int x = px * side; x < (px + 1) * side && x < WIDTH; x++) {
            const int v = sample(x, y);
            all++;
            if (!v) continue;
            sum += *kind == 'a' ? v * v : v;
            count++, bits |= v;
        }
    if (2 * count < all) return NAN;
    if (*kind == 'f') return (float)bits;
    return (float)(*kind == 'a' ? sqrt(sum / count) : sum / count);
}

static bool levels_agree(nd_arena *arena, const nd_product *p, const char *kind)
{
    for (int level = 3; level <= 7; level++) {
        const nd_grid g = nd_grid_at(p->band[0].grid, level);
        const float *got = read_level(arena, p, 0, level);
        for (int i = 0; got && i < g.width * g.height; i += level < 5 ? 37 : 1) {
            const float want = expected(level, i % g.width, i / g.width, kind);
            if (isnan(want) ? isnan(got[i]) : fabsf(got[i] - want) <= 1e-6f * want)
                continue;
            printf("# level %d, pixel %d: %g, not %g\n", level, i, (double)got[i],
                   (double)want);
            return false;
        }
        if (!got) return false;
    }
    return true;
}

static int kept_files(const char *where, char *first, size_t size)
{
    char path[800];
    snprintf(path, sizeof path, "%s/nadir/levels", where);
    DIR *dir = opendir(path);
    int count = 0;
    for (struct dirent *e; dir && (e = readdir(dir));)
        if (*e->d_name != '.')
            count++, snprintf(first, size, "%s/%.200s", path, e->d_name);
    if (dir) closedir(dir);
    return count;
}

TEST(a_large_band_has_true_levels_and_keeps_them)
{
    static const char *const kinds[] = {"mean", "amplitude", "flags"};
    for (int i = 0; i < 3; i++) {
        const char *where = folder(arena), *path = make(arena, where, kinds[i]);
        char kept[1100];
        CHECK(setenv("XDG_CACHE_HOME", where, 1) == 0);
        const nd_product *p = nd_product_open(arena, path, NULL);
        CHECK(p && p->levels == ND_EXACT && levels_agree(arena, p, kinds[i]));
        CHECK(kept_files(where, kept, sizeof kept) == 1); // no part is left behind
        p = nd_product_open(arena, path, NULL);           // from what was kept
        CHECK(p && levels_agree(arena, p, kinds[i]));
    }
}

TEST(a_copy_that_is_cut_short_is_made_again)
{
    const char *where = folder(arena), *path = make(arena, where, "mean");
    char kept[1100];
    CHECK(setenv("XDG_CACHE_HOME", where, 1) == 0);
    const nd_product *p = nd_product_open(arena, path, NULL);
    CHECK(p && read_level(arena, p, 0, 5));
    CHECK(kept_files(where, kept, sizeof kept) == 1 && truncate(kept, 1000) == 0);
    p = nd_product_open(arena, path, NULL);
    CHECK(p && levels_agree(arena, p, "mean"));
}

TEST(without_a_folder_to_keep_it_in_levels_are_read_all_the_same)
{
    const char *where = folder(arena), *path = make(arena, where, "mean");
    CHECK(setenv("XDG_CACHE_HOME", nd_text(arena, "%s/a/b/c", where), 1) == 0);
    const nd_product *p = nd_product_open(arena, path, NULL);
    CHECK(p && levels_agree(arena, p, "mean"));
}

TEST(a_limit_of_the_cache_is_kept)
{
    const char *where = folder(arena), *path = make(arena, where, "mean");
    char kept[1100];
    CHECK(setenv("XDG_CACHE_HOME", where, 1) == 0);
    CHECK(mkdir(nd_text(arena, "%s/nadir", where), 0700) == 0);
    write_file(nd_text(arena, "%s/nadir/limit", where), "1000\n", 5);
    const nd_product *p = nd_product_open(arena, path, NULL);
    CHECK(p && levels_agree(arena, p, "mean"));
    CHECK(kept_files(where, kept, sizeof kept) == 0);
}
