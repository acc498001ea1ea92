// SPDX-License-Identifier: Apache-2.0
#include "engine.h"

enum { W = 1100, H = 700 };

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

// The same numbers from the definition: all valid pixels of a window, sorted.
static nd_stats by_hand(nd_arena *arena, nd_rect r)
{
    double *v = nd_alloc(arena, (size_t)r.width * (size_t)r.height, sizeof *v), sum = 0;
    int count = 0;
    for (int y = r.y; y < r.y + r.height; y++)
        for (int x = r.x; x < r.x + r.width; x++)
            if (!isnan(pixel_of(0, x, y))) v[count++] = (double)pixel_of(0, x, y);
    qsort(v, (size_t)count, sizeof *v, by_value);
    for (int i = 0; i < count; i++) sum += v[i];
    nd_stats s = {count, sum / count, 0, v[0], v[count - 1], 0, 0};
    for (int i = 0; i < count; i++)
        s.variance += (v[i] - s.mean) * (v[i] - s.mean) / count;
    s.p2 = v[(int)(0.02 * (count - 1))], s.p98 = v[(int)(0.98 * (count - 1))];
    return s;
}

static bool near(double a, double b, double within)
{
    if (fabs(a - b) <= within) return true;
    printf("# %.9g, not %.9g\n", a, b);
    return false;
}

TEST(a_cell_is_what_its_pixels_say)
{
    counter c = {W, H, 1, 256, ND_U16, 0, 0, -1};
    nd_node *stats = nd_stats_node(arena, counted(arena, &c), 0);
    static const int all[] = {0, 1, 2, 3, 4, 5, 6};
    nd_work work = {.arena = arena};
    nd_tile tile;
    CHECK(stats && stats->band[0].grid.width == 3 && stats->band[0].grid.height == 2);
    CHECK(nd_read(stats, &work, (nd_bands){all, 7}, 0, (nd_rect){0, 0, 3, 2}, &tile) ==
          ND_OK);
    const nd_rect last = {1024, 512, W - 1024, H - 512};
    const nd_stats s = by_hand(arena, last);
    CHECK(near((double)*nd_at(&tile, 0, 2, 1), (double)s.count, 0));
    CHECK(near((double)*nd_at(&tile, 1, 2, 1), s.mean, 1e-7 * s.mean));
    CHECK(near((double)*nd_at(&tile, 2, 2, 1), s.variance, 1e-6 * s.variance));
    CHECK(near((double)*nd_at(&tile, 3, 2, 1), s.minimum, 0));
    CHECK(near((double)*nd_at(&tile, 4, 2, 1), s.maximum, 0));
    CHECK(near((double)*nd_at(&tile, 5, 2, 1), s.p2, 0));
    CHECK(near((double)*nd_at(&tile, 6, 2, 1), s.p98, 0));
}

TEST(the_whole_is_exact_and_the_same_on_one_thread_and_four)
{
    counter c = {W, H, 1, 256, ND_U16, 0, 0, -1};
    nd_node *in = counted(arena, &c);
    const nd_stats s = by_hand(arena, (nd_rect){0, 0, W, H});
    nd_stats got[2];
    for (int i = 0; i < 2; i++) {
        nd_pool *pool = nd_pool_new(i ? 4 : 1);
        CHECK(nd_stats_read(in, 0, &(nd_run){.pool = pool}, &got[i]) == ND_OK);
        nd_pool_free(pool);
    }
    CHECK(memcmp(&got[0], &got[1], sizeof got[0]) == 0);
    CHECK(got[0].count == s.count && near(got[0].mean, s.mean, 1e-9 * s.mean));
    CHECK(near(got[0].variance, s.variance, 1e-9 * s.variance));
    CHECK(got[0].minimum == s.minimum && got[0].maximum == s.maximum);
    const double bin = (s.maximum - s.minimum) / 65536; // of the histogram
    CHECK(near(got[0].p2, s.p2, bin) && near(got[0].p98, s.p98, bin));
}

TEST(nothing_valid_has_no_mean)
{
    nd_node *in = PIXELS(2, 1, NAN, NAN);
    nd_stats got;
    nd_pool *pool = nd_pool_new(1);
    CHECK(nd_stats_read(in, 0, &(nd_run){.pool = pool}, &got) == ND_OK);
    CHECK(got.count == 0 && isnan(got.mean) && isnan(got.p98));
    nd_pool_free(pool);
}

TEST(a_picture_of_more_rows_of_cells_than_histograms)
{
    enum { TALL = 40000 }; // 79 rows of cells, 64 histograms
    static float value[TALL];
    for (int y = 0; y < TALL; y++) value[y] = (float)y;
    nd_node *in = picture(arena, 1, TALL, value, TALL);
    nd_stats got;
    nd_pool *pool = nd_pool_new(1);
    CHECK(nd_stats_read(in, 0, &(nd_run){.pool = pool}, &got) == ND_OK);
    CHECK(near(got.p2, 0.02 * (TALL - 1), 1) && near(got.p98, 0.98 * (TALL - 1), 1));
    nd_pool_free(pool);
}
