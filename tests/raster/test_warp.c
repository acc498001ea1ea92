// SPDX-License-Identifier: Apache-2.0
// Sampling along a way from one grid to another; the ways here are formulas.
#include "../rasters.h"
#include "raster/warp.h"

const nd_op *const nd_ops[] = {NULL};

// x' = ax + bx x + cx y, and the like: what the mapping of these tests does.
typedef struct plane {
    double a[2], b[2], c[2];
    double bend; // of x' with the square of y, pixels
} plane;
static nd_status go(const void *self, size_t count, double *x, double *y)
{
    const plane *p = self;
    for (size_t i = 0; i < count; i++) {
        const double u = p->a[0] + p->b[0] * x[i] + p->c[0] * y[i] +
                         p->bend * y[i] * y[i],
                     v = p->a[1] + p->b[1] * x[i] + p->c[1] * y[i];
        x[i] = u, y[i] = v;
    }
    return ND_OK;
}

typedef struct warped {
    plane way;
    nd_kernel kernel;
    int width, height;
    double max_error_px;
    bool as_snap;
} warped;
static nd_status plan(nd_node *self)
{
    const warped *w = self->state;
    for (int b = 0; b < self->bands; b++)
        self->band[b].grid.width = w->width, self->band[b].grid.height = w->height;
    return ND_OK;
}
static nd_status compute(const nd_node *self, nd_work *work, nd_tile *tile)
{
    const warped *w = self->state;
    nd_warp_band band[8];
    const nd_grid *from = &self->input[0]->band[0].grid;
    const nd_mapping m = {go, &w->way, from->width, from->height, w->max_error_px};
    for (int k = 0; k < tile->bands.count; k++)
        band[k] = (nd_warp_band){tile->bands.band[k], k, w->kernel};
    const nd_warp warp = {self->input[0], &m, band, tile->bands.count, w->as_snap};
    return nd_warp_fill(&warp, work, tile);
}
static const nd_op op_warped = {.name = "warped",
                                .min_inputs = 1,
                                .max_inputs = 1,
                                .levels = ND_REDUCED,
                                .scattered = true,
                                .plan = plan,
                                .compute = compute};
static nd_node *warp(nd_arena *arena, nd_node *in, warped set)
{
    static const nd_table none;
    warped *own = nd_alloc(arena, 1, sizeof *own);
    if (!own || !in) return NULL;
    *own = set;
    return nd_node_new(arena, &(nd_make){.op = &op_warped,
                                         .input = &in,
                                         .inputs = 1,
                                         .settings = &(nd_settings){&none, own, 0}});
}
#define MOVED(dx, dy, scale)                                                             \
    {                                                                                    \
        {dx, dy}, {scale, 0}, {0, scale}, 0                                              \
    }
#define NINE PIXELS(3, 3, 1, 2, 3, 4, 5, 6, 7, 8, 9)

TEST(the_nearest_pixel_is_the_one_the_centre_falls_in)
{
    CHECK(READS(warp(arena, NINE, (warped){MOVED(1, 1, 1), ND_NEAREST, 3, 3, 0.125}), 5,
                6, NAN, 8, 9, NAN, NAN, NAN, NAN));
    // Twice as fine: each pixel four times.
    CHECK(READS(warp(arena, PIXELS(2, 1, 1, 2),
                     (warped){MOVED(0, 0, 0.5), ND_NEAREST, 4, 2, 0.125}),
                1, 1, 2, 2, 1, 1, 2, 2));
    // A centre on an edge belongs to what is to the right and below.
    CHECK(READS(warp(arena, NINE, (warped){MOVED(0.5, 0.5, 1), ND_NEAREST, 2, 2, 0.125}),
                5, 6, 8, 9));
}

// Half a pixel to the right and down: the mean of four.
TEST(bilinear_weighs_the_four_around_the_centre)
{
    CHECK(READS(warp(arena, NINE, (warped){MOVED(0.5, 0.5, 1), ND_BILINEAR, 2, 2, 0.125}),
                3, 4, 6, 7));
    CHECK(READS(warp(arena, NINE, (warped){MOVED(0.25, 0, 1), ND_BILINEAR, 2, 1, 0.125}),
                1.25f, 2.25f));
}

TEST(bilinear_at_the_edge_keeps_to_what_is_there)
{
    // 1 -> 2 twice as fine: centres at 0.25, 0.75, 1.25, 1.75 of [1 | 2].
    CHECK(READS(warp(arena, PIXELS(2, 1, 1, 2),
                     (warped){MOVED(0, 0.25, 0.5), ND_BILINEAR, 4, 1, 0.125}),
                1, 1.25f, 1.75f, 2));
}

TEST(missing_pixels_give_their_weight_away_and_keep_their_place)
{
    nd_node *in = PIXELS(2, 2, 1, NAN, 3, 4);
    // Centres at (0.75, 0.75): weights 9, 3, 3, 1 of 16; without the second 13.
    CHECK(READS(warp(arena, in, (warped){MOVED(0.25, 0.25, 1), ND_BILINEAR, 1, 1, 0.125}),
                (9 * 1 + 3 * 3 + 1 * 4) / 13.0f));
    // (1.25, 0.75): the nearest is the missing one.
    CHECK(READS(warp(arena, in, (warped){MOVED(0.75, 0.25, 1), ND_BILINEAR, 1, 1, 0.125}),
                NAN));
}

// Keys' kernel at a half: -1, 9, 9, -1 of 16.
TEST(bicubic_weighs_four_by_four)
{
    nd_node *in = PIXELS(4, 4, 0, 1, 5, 2, 0, 1, 5, 2, 0, 1, 5, 2, 0, 1, 5, 2);
    CHECK(READS(warp(arena, in, (warped){MOVED(1.5, 1.5, 1), ND_BICUBIC, 1, 1, 0.125}),
                (-1 * 0 + 9 * 1 + 9 * 5 - 1 * 2) / 16.0f));
    in = PIXELS(4, 4, 0, 1, 5, 2, 0, 1, 5, 2, 0, 1, 5, 2, 0, 1, 5, NAN);
    CHECK(READS(warp(arena, in, (warped){MOVED(1.5, 1.5, 1), ND_BICUBIC, 1, 1, 0.125}),
                3)); // one of 16 is missing: the mean of the inner four
}

// As SNAP: one pixel whose centre lies at `x`, `y` of the source.
static nd_node *one_as_snap(nd_arena *arena, nd_node *in, double x, double y,
                            nd_kernel kernel)
{
    return warp(arena, in,
                (warped){MOVED(x - 0.5, y - 0.5, 1), kernel, 1, 1, 0.125, true});
}

TEST(as_snap_a_linear_sample_beside_missing_ones_is_the_upper_left)
{
    nd_node *in = PIXELS(2, 2, 1, NAN, 3, 4), *lost = PIXELS(2, 2, NAN, 2, 3, 4);
    CHECK(READS(one_as_snap(arena, in, 0.75, 0.75, ND_BILINEAR), 1));
    CHECK(READS(one_as_snap(arena, in, 1.25, 1.25, ND_BILINEAR), 1)); // nearest: 4
    CHECK(READS(one_as_snap(arena, lost, 1.25, 1.25, ND_BILINEAR), NAN));
    // On the first row exactly, and between two that are there: the missing one is of
    // the four all the same.
    CHECK(READS(one_as_snap(arena, lost, 1.25, 0.5, ND_BILINEAR), NAN));
    CHECK(
        READS(one_as_snap(arena, lost, 1.75, 1.25, ND_BILINEAR), 0.25f * 2 + 0.75f * 4));
}

// Keys' kernel at a half: -1, 9, 9, -1 of 16; of the first corner 1 of 256.
TEST(as_snap_wider_kernels_put_the_mean_where_a_sample_is_missing)
{
    nd_node *in = PIXELS(4, 4, 0, 1, 5, 2, 0, 1, 5, 2, 0, 1, 5, 2, NAN, 1, 5, 2);
    CHECK(READS(one_as_snap(arena, in, 2, 2, ND_BICUBIC),
                52 / 16.0f + 32 / 15.0f / 256)); // 15 samples, together 32
    in = PIXELS(4, 4, 0, 1, 5, 2, 0, NAN, 5, 2, 0, 1, 5, 2, 0, 1, 5, 2);
    CHECK(READS(one_as_snap(arena, in, 2, 2, ND_BICUBIC), NAN)); // the upper left of four
    in = PIXELS(4, 4, 0, 1, 5, 2, 0, 1, 5, 2, 0, 1, NAN, 2, 0, 1, 5, 2);
    CHECK(READS(one_as_snap(arena, in, 2, 2, ND_BICUBIC),
                52 / 16.0f + 81 / 256.0f * (27 / 15.0f - 5)));
}

TEST(as_snap_the_outermost_pixels_go_on_but_there_is_nothing_outside)
{
    nd_node *in = PIXELS(4, 1, 0, 1, 5, 2);
    // 0, 0, 1, 5 of one row, which goes on upwards and downwards.
    CHECK(READS(one_as_snap(arena, in, 1, 0.5, ND_BICUBIC), (9 * 1 - 5) / 16.0f));
    CHECK(READS(one_as_snap(arena, in, 3.75, 0.25, ND_BILINEAR), 2));
    for (int kernel = ND_NEAREST; kernel < ND_KERNELS; kernel++) {
        CHECK(READS(one_as_snap(arena, in, -0.25, 0.5, (nd_kernel)kernel), NAN));
        CHECK(READS(one_as_snap(arena, in, 0.5, -0.25, (nd_kernel)kernel), NAN));
        CHECK(READS(one_as_snap(arena, in, 4, 0.5, (nd_kernel)kernel), NAN));
        CHECK(READS(one_as_snap(arena, in, 0.5, 1, (nd_kernel)kernel), NAN));
        CHECK(READS(one_as_snap(arena, in, 3.5, 0.5, (nd_kernel)kernel), 2));
    }
}

// At a half, weights of five points are w, 1/2 - w on either side with w = 3 / 4 sqrt(2):
// sinc 2 / pi and -2 / 3 pi, the window (2 +- sqrt(2)) / 4. The first point weighs
// nothing.
TEST(a_sinc_of_five_points_is_what_is_worked_out_by_hand)
{
    nd_node *in = PIXELS(5, 1, 9, 0, 1, 5, 2);
    CHECK(READS(one_as_snap(arena, in, 3, 0.5, ND_SINC_5), 1 + 3 / sqrtf(2)));
}

// numpy: kernel by kernel, the formula as it stands. One of the samples is missing.
TEST(wider_sincs_are_those_of_the_formula)
{
    enum { WIDTH = 30, HEIGHT = 26 };
    static float v[WIDTH * HEIGHT];
    static const double at[4][2] = {
        {20.1875, 5.6875}, {14.875, 11.3125}, {0.3125, 25.625}, {14.625, 12.625}};
    static const float want[3][4] = {
        {21.7590676f, 26.895288f, 15.50949f, NAN},
        {25.7194453f, 31.9694247f, 15.2671121f, NAN},
        {26.1822428f, 34.2640406f, 14.9671198f, NAN},
    };
    for (int i = 0; i < WIDTH * HEIGHT; i++) {
        const int x = i % WIDTH, y = i / WIDTH;
        v[i] = x == 14 && y == 12 ? NAN : (float)((x * x * 7 + y * 13 + x * y) % 31);
    }
    nd_node *in = picture(arena, WIDTH, HEIGHT, v, WIDTH * HEIGHT);
    for (int k = 0; k < 3; k++)
        for (int i = 0; i < 4; i++)
            CHECK(READS(
                one_as_snap(arena, in, at[i][0], at[i][1], (nd_kernel)(ND_SINC_5 + k)),
                want[k][i]));
}

TEST(classes_and_flags_are_never_mixed)
{
    nd_node *in = NINE;
    in->band[0].kind = ND_CLASS;
    CHECK(READS(warp(arena, in, (warped){MOVED(0.25, 0, 1), ND_BICUBIC, 2, 1, 0.125}), 1,
                2));
}

static nd_node *noise(nd_arena *arena, int side)
{
    const size_t count = (size_t)side * (size_t)side;
    float *v = nd_alloc(arena, count, sizeof *v);
    if (!v) return NULL;
    for (size_t i = 0; i < count; i++)
        v[i] = i % 89 ? (float)(1000 * nd_random_unit(7, i)) : NAN;
    return picture(arena, side, side, v, count);
}

// Bent so much that cells are cut down to single pixels, torn where it leaves the source.
TEST(bent_ways_have_no_seams_on_any_level)
{
    nd_node *in = noise(arena, 200);
    const float *got;
    for (int k = 0; k <= ND_BICUBIC + (int)ND_KERNELS; k++) {
        const bool as_snap = k > ND_BICUBIC;
        const warped set = {{{10, -20}, {0.7, 0.3}, {-0.2, 0.9}, 2e-3},
                            (nd_kernel)(as_snap ? k - ND_BICUBIC - 1 : k),
                            300,
                            280,
                            0.125,
                            as_snap};
        nd_node *out = warp(arena, in, set);
        for (int level = 0; level < (as_snap ? 2 : 4); level++)
            CHECK(out && reads_alike(arena, out, ND_BANDS(0), level, &got));
    }
}

TEST(approximate_and_exact_differ_by_what_an_eighth_of_a_pixel_can_do)
{
    enum { SIDE = 200 };
    static float ramp[SIDE * SIDE];
    for (int i = 0; i < SIDE * SIDE; i++) ramp[i] = (float)(i % SIDE);
    nd_node *in = picture(arena, SIDE, SIDE, ramp, SIDE * SIDE);
    warped set = {{{10, 0}, {0.6, 0}, {0.1, 1}, 1e-3}, ND_BILINEAR, 150, 150, 0.125};
    const float *near = NULL, *exact = NULL;
    CHECK(reads_alike(arena, warp(arena, in, set), ND_BANDS(0), 0, &near));
    set.max_error_px = 0;
    CHECK(reads_alike(arena, warp(arena, in, set), ND_BANDS(0), 0, &exact));
    for (int y = 0; y < 150; y++)
        for (int x = 0; x < 150; x++) {
            const double u = 10 + 0.6 * (x + 0.5) + 0.1 * (y + 0.5) +
                             1e-3 * (y + 0.5) * (y + 0.5) - 0.5;
            const float e = exact[y * 150 + x], n = near[y * 150 + x];
            CHECK(fabs((double)e - u) < 1e-4); // the ramp is its own position
            CHECK(fabsf(n - e) <= 0.125f);
        }
}

// Ten times as coarse: level 1 of the result reads a level of the source that suits.
TEST(a_level_reads_a_level)
{
    nd_node *in = noise(arena, 320);
    nd_node *out = warp(arena, in, (warped){MOVED(0, 0, 10), ND_BILINEAR, 32, 32, 0.125});
    const nd_mapping m = {go, &((const warped *)out->state)->way, 320, 320, 0.125};
    const nd_tile tile = {.rect = {0, 0, 16, 16}, .level = 1};
    int level = 0;
    const nd_rect w = nd_warp_window(&m, ND_BILINEAR, &tile, &level);
    CHECK(level == 4); // 20 pixels wide: a sixteenth is 1.25 times as fine
    CHECK(w.x <= 0 && w.y <= 0 && w.x + w.width >= 20 && w.y + w.height >= 20);
    CHECK(w.width < 30 && w.height < 30);
    const float *got;
    CHECK(reads_alike(arena, out, ND_BANDS(0), 1, &got));
}

// A window of 40 000 x 40 000 would be 6 GB: it is read in parts.
TEST(a_window_too_large_to_hold_is_read_in_parts)
{
    nd_node *in = noise(arena, 64);
    in->band[0].grid.width = in->band[0].grid.height = 40000;
    nd_node *out =
        warp(arena, in, (warped){MOVED(0, 0, 1000), ND_NEAREST, 40, 40, 0.125});
    nd_work work = {.arena = nd_arena_new()};
    nd_tile tile;
    in->band[0].missing = "nothing is read beyond the memory\nreport this";
    CHECK(nd_read(out, &work, ND_BANDS(0), 0, (nd_rect){0, 0, 40, 40}, &tile) ==
          ND_E_DATA);
    (void)nd_error_take();
    CHECK(nd_arena_bytes(work.arena) < (size_t)64 << 20);
    nd_arena_free(work.arena);
}

ND_KERNEL_TABLES(warp_kernels, warp_kernels);

TEST(all_instruction_sets_give_the_same_bits)
{
    enum { SIDE = 64 };
    static float data[(SIDE + 20) * SIDE + 20];
    static warp_spots want_spots, spots;
    float want[WARP_ROOT], got[WARP_ROOT];
    for (int i = 0; i < (SIDE + 20) * SIDE + 20; i++)
        data[i] = i % 31 ? (float)(nd_random_unit(3, (uint64_t)i) * 1e4) : NAN;
    const warp_line line = {3.3f, 5.1f, 0.197f, 0.171f, 0.5f, 2, 2, 60, 60, 0, 0, SIDE};
    const warp_kernels *plain = warp_kernels_at[ND_CPU_C];
    const float *middle = data + 10 * SIDE + 10; // the widest kernel reaches ten further
    if (nd_cpu_best() == ND_CPU_C) printf("# this machine knows plain C only\n");
    for (int level = ND_CPU_C; level <= (int)nd_cpu_best(); level++) {
        const warp_kernels *k = warp_kernels_at[level];
        warp_spots *to = level == ND_CPU_C ? &want_spots : &spots;
        k->spots(&line, 251, to);
        CHECK(memcmp(to->offset, want_spots.offset, 251 * sizeof(int)) == 0);
        CHECK(memcmp(to->right, want_spots.right, 251 * sizeof(float)) == 0);
        for (int kernel = 0; kernel <= ND_BICUBIC + (int)ND_KERNELS; kernel++) {
            const int own = kernel - ND_BICUBIC - 1;
            (own < 0 ? plain->sample[kernel]
                     : plain->as_snap[own])(middle, SIDE, &want_spots, 251, want);
            (own < 0 ? k->sample[kernel] : k->as_snap[own])(middle, SIDE, to, 251, got);
            for (int i = 0; i < 251; i++)
                CHECK(memcmp(&want[i], &got[i], sizeof *got) == 0 ||
                      (isnan(want[i]) && isnan(got[i])));
        }
    }
}
