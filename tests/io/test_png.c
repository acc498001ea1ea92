// SPDX-License-Identifier: Apache-2.0
#include "written.h"
#include <nadir/colour.h>

// Channel c of pixel (x, y).
static uint8_t pixel(int x, int y, int c)
{
    return (uint8_t)((x * 3 + y * 5 + c * 40 + (x * y) % 7 * 9) & 255);
}
#define PIXEL                                                                            \
    "np.stack([(x * 3 + y * 5 + c * 40 + (x * y) %% 7 * 9) & 255 for c in range(N)])"

static nd_status save(nd_arena *arena, const nd_picture *picture, int effort,
                      const char *path)
{
    const uint8_t *bytes;
    size_t count;
    ND_TRY(nd_png_make(arena, picture, effort, &bytes, &count));
    FILE *file = fopen(path, "wb");
    if (!file) return ND_E_IO;
    const bool is_whole = fwrite(bytes, 1, count, file) == count;
    return fclose(file) == 0 && is_whole ? ND_OK : ND_E_IO;
}

TEST(what_gdal_decodes_is_what_went_in)
{
    enum { W = 61, H = 47 };
    const char *folder = folder_new(arena);
    uint8_t *bytes = nd_alloc(arena, W * H * 4, 1);
    for (int n = 1; bytes && n <= 4; n++)
        for (int effort = 1; effort <= 9; effort += 4) {
            for (int i = 0; i < W * H * n; i++)
                bytes[i] = pixel(i / n % W, i / n / W, i % n);
            const nd_picture p = {.width = W,
                                  .height = H,
                                  .channels = n,
                                  .pixel = bytes,
                                  .stride = W * n,
                                  .text = "simulated"};
            const char *path = nd_text(arena, "%s/%d%d.png", folder, n, effort);
            CHECK(save(arena, &p, effort, path) == ND_OK);
            CHECK(gdal_says(arena, path,
                            nd_text(arena,
                                    "N => %d\nnp.array_equal(a, " PIXEL ")\n"
                                    "ds.GetMetadataItem('Comment') == 'simulated'\n",
                                    n)));
        }
}

TEST(each_filter_decodes_to_the_same)
{
    // A slope across, a slope down, and both: each brings another filter to the front.
    const char *folder = folder_new(arena);
    static const int slope[][2] = {{1, 0}, {0, 1}, {3, 5}, {0, 0}};
    uint8_t bytes[40 * 40];
    for (int k = 0; k < 4; k++)
        for (int effort = 1; effort < 8; effort += 6) {
            for (int i = 0; i < 1600; i++)
                bytes[i] = (uint8_t)(i % 40 * slope[k][0] + i / 40 * slope[k][1] +
                                     (k == 3 ? i * i / 7 : 0));
            const nd_picture p = {
                .width = 40, .height = 40, .channels = 1, .pixel = bytes, .stride = 40};
            const char *path = nd_text(arena, "%s/%d%d.png", folder, k, effort);
            CHECK(save(arena, &p, effort, path) == ND_OK);
            CHECK(gdal_says(arena, path,
                            nd_text(arena,
                                    "np.array_equal(a[0], (x * %d + y * %d + (%d and ((y "
                                    "* 40 + x) ** 2 // 7))) & 255)\n",
                                    slope[k][0], slope[k][1], k == 3)));
        }
}

TEST(a_palette_and_its_transparency_arrive)
{
    const char *path = nd_text(arena, "%s/p.png", folder_new(arena));
    static const uint32_t colour[] = {0, 0xFF0000FF, 0x00FF0080};
    static const uint8_t bytes[] = {0, 1, 2, 2, 1, 0};
    const nd_picture p = {.width = 3,
                          .height = 2,
                          .channels = 1,
                          .pixel = bytes,
                          .stride = 3,
                          .colour = colour,
                          .colours = 3};
    CHECK(save(arena, &p, 6, path) == ND_OK);
    CHECK(gdal_says(arena, path,
                    "a[0].tolist() == [[0, 1, 2], [2, 1, 0]]\n"
                    "t => ds.GetRasterBand(1).GetColorTable()\n"
                    "t.GetColorEntry(0) == (0, 0, 0, 0)\n"
                    "t.GetColorEntry(1) == (255, 0, 0, 255)\n"
                    "t.GetColorEntry(2) == (0, 255, 0, 128)\n"));
}

TEST(a_picture_beyond_all_measure_is_refused)
{
    const uint8_t *bytes;
    size_t count;
    const nd_picture p = {.width = 2000000000, .height = 2000000000, .channels = 4};
    CHECK(nd_png_make(arena, &p, 1, &bytes, &count) == ND_E_UNSUPPORTED);
    CHECK(error_says("too large"));
}
