// SPDX-License-Identifier: Apache-2.0
#include "engine.h"

enum { MANY = 1 << 26 };

static bool same(const float *a, const float *b, size_t count)
{
    for (size_t i = 0; a && b && i < count; i++)
        if (memcmp(&a[i], &b[i], sizeof *a) != 0 && !(isnan(a[i]) && isnan(b[i]))) {
            printf("# pixel %zu: %g, not %g\n", i, (double)a[i], (double)b[i]);
            return false;
        }
    return a && b;
}

// What `counter` holds, doubled, straight from its definition.
static float *expected(nd_arena *arena, const counter *c, double scale, bool is_flipped)
{
    const size_t plane = (size_t)c->width * (size_t)c->height;
    float *out = nd_alloc(arena, plane * (size_t)c->bands, sizeof *out), *to = out;
    const int w = is_flipped ? c->height : c->width;
    const int h = is_flipped ? c->width : c->height;
    for (int b = 0; b < c->bands; b++)
        for (int y = 0; y < h; y++)
            for (int x = 0; x < w; x++)
                *to++ = (float)(scale * (double)(is_flipped ? pixel_of(b, y, x)
                                                            : pixel_of(b, x, y)));
    return out;
}

TEST(a_decoder_makes_each_tile_once_whatever_asks_for_it)
{
    static const int threads[] = {1, 4};
    for (int i = 0; i < 2; i++) {
        counter c = {300, 200, 2, 64, ND_U16, 0, 0, -1};
        nd_node *in = counted(arena, &c);
        nd_node *out = apply_op(arena, &op_blur, FROM(in), DEFAULTS);
        CHECK(run_all(arena, out, (how){threads[i], 32, MANY, false}, NULL));
        CHECK(c.made == 5 * 4);
    }
}

TEST(what_comes_out_does_not_depend_on_threads_tiles_or_memory)
{
    static const how ways[] = {{1, 64, MANY, false},
                               {4, 64, MANY, false},
                               {4, 17, MANY, true},
                               {2, 50, 40000, false},
                               {3, 128, 0, false}};
    counter c = {300, 200, 2, 64, ND_U16, 0, 0, -1};
    const float *one = expected(arena, &c, 1, true);
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        nd_node *in = counted(arena, &c);
        nd_node *out = apply_op(arena, &op_flip, FROM(in), DEFAULTS);
        CHECK(same(run_all(arena, out, ways[i], NULL), one, 300 * 200 * 2));
    }
}

TEST(small_samples_are_kept_small_and_come_back_bit_for_bit)
{
    static const struct {
        nd_sample sample;
        double scale;
        int bytes;
    } kinds[] = {{ND_U16, 0, 2}, {ND_U16, 0.0001, 2}, {ND_F32, 0, 4}, {ND_U8, 0, 4}};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        counter c = {128, 64, 1, 64, kinds[i].sample, kinds[i].scale, 0, -1};
        nd_node *in = counted(arena, &c);
        nd_node *out = apply_op(arena, &op_flip, FROM(in), DEFAULTS);
        nd_cache_use use;
        const float *got = run_all(arena, out, (how){1, 256, MANY, false}, &use);
        const double scale = c.scale != 0 ? c.scale : 1;
        CHECK(same(got, expected(arena, &c, scale, true), 128 * 64));
        CHECK(use.peak_bytes >= 2 * 64 * 64 * kinds[i].bytes);
        CHECK(use.bytes == 2 * 64 * 64 * kinds[i].bytes);
    }
}

TEST(the_budget_is_kept)
{
    counter c = {512, 512, 2, 64, ND_F32, 0, 0, -1};
    nd_node *in = counted(arena, &c);
    nd_node *out = apply_op(arena, &op_flip, FROM(in), DEFAULTS);
    nd_cache_use use;
    CHECK(run_all(arena, out, (how){2, 48, 200000, false}, &use));
    CHECK(use.peak_bytes <= 200000 && use.evicted > 0);
}

// A picture that is read row by row of tiles while its source lies column by column:
// knowing the schedule, a third of the tiles can stay; the least recently used never.
TEST(the_tile_needed_furthest_in_the_future_goes_first)
{
    counter c = {640, 640, 1, 64, ND_F32, 0, 0, -1};
    nd_node *in = counted(arena, &c);
    nd_node *out = apply_op(arena, &op_flip, FROM(in), DEFAULTS);
    CHECK(run_all(arena, out, (how){1, 64, 64 * 64 * 4 * 30, true}, NULL));
    CHECK(c.made == 100); // each is wanted once: none twice
    atomic_store(&c.made, 0);
    CHECK(run_all(arena, out, (how){1, 32, 64 * 64 * 4 * 5, true}, NULL));
    // 20 rows of tiles, each of which crosses 10 sources; neighbouring rows want the
    // same. 5 of the 10 can be kept for the second row of a pair: 5 of 10 are made twice.
    CHECK(c.made <= 10 * (10 + 6));
}

TEST(a_failed_block_names_itself_and_its_node)
{
    counter c = {300, 200, 1, 64, ND_U16, 0, 0, 130};
    nd_node *out = apply_op(arena, &op_blur, FROM(counted(arena, &c)), DEFAULTS);
    CHECK(!run_all(arena, out, (how){2, 64, MANY, false}, NULL));
    CHECK(error_says("counter: block 128 cannot be read\ncopy the file again"));
}

// The first block fails while other workers wait for their turn to hand over.
TEST(a_failure_ends_those_who_wait_for_their_turn)
{
    for (int i = 0; i < 50; i++) {
        counter c = {600, 64, 1, 64, ND_U16, 0, 0, 0};
        nd_node *out = apply_op(arena, &op_twice, FROM(counted(arena, &c)), DEFAULTS);
        CHECK(!run_all(arena, out, (how){4, 64, MANY, true}, NULL));
        CHECK(error_says("counter: block 0 cannot be read\ncopy the file again"));
    }
}

typedef struct stop {
    nd_flag *flag;
} stop;
static void stop_after_three(void *user, int64_t done, int64_t count)
{
    (void)count;
    if (done == 3) nd_flag_raise(((stop *)user)->flag);
}

TEST(stops_when_asked_and_says_so)
{
    counter c = {600, 600, 1, 64, ND_U16, 0, 0, -1};
    nd_node *out = apply_op(arena, &op_twice, FROM(counted(arena, &c)), DEFAULTS);
    collector all = {nd_alloc(arena, 360000, sizeof(float)), 600, 600, 0};
    const nd_sink sink = {collect_put, &all, 20, 20, false, false};
    nd_pool *pool = nd_pool_new(2);
    nd_cache *cache = nd_cache_new(MANY);
    stop s = {nd_flag_new(arena)};
    nd_settle(&out, 1);
    CHECK(nd_run_node(out, ND_BANDS(0), &sink,
                      &(nd_run){.pool = pool,
                                .cache = cache,
                                .cancel = s.flag,
                                .progress = stop_after_three,
                                .user = &s}) == ND_E_CANCELLED);
    CHECK(error_says("stopped on request") && all.tiles < 20);
    nd_cache_free(cache);
    nd_pool_free(pool);
}

TEST(rows_are_made_again_but_a_neighbourhood_read_twice_is_kept)
{
    counter c = {300, 200, 1, 64, ND_U16, 0, 0, -1};
    nd_node *in = counted(arena, &c);
    nd_node *row = apply_op(arena, &op_twice, FROM(in), DEFAULTS);
    nd_node *blur = apply_op(arena, &op_blur, FROM(row), DEFAULTS);
    nd_node *flip = apply_op(arena, &op_flip, FROM(blur), DEFAULTS);
    nd_settle(&flip, 1);
    CHECK(in->keeps && !row->keeps && blur->keeps && !flip->keeps);
}

TEST(the_plan_foresees_tiles_halo_and_memory)
{
    counter c = {640, 640, 1, 64, ND_F32, 0, 0, -1};
    nd_node *blur = apply_op(arena, &op_blur, FROM(counted(arena, &c)), DEFAULTS);
    nd_pool *pool = nd_pool_new(1);
    nd_cache *cache = nd_cache_new(MANY);
    const nd_sink sink = {collect_put, NULL, 64, 64, false, false};
    nd_plan plan;
    nd_settle(&blur, 1);
    CHECK(nd_plan_run(blur, ND_BANDS(0), &sink, &(nd_run){.pool = pool, .cache = cache},
                      &plan) == ND_OK);
    CHECK(plan.tiles == 100 && plan.source_tiles == 100 && plan.halo == 1 && plan.fits);
    // Two rows of tiles and a bit live at once; the run uses no more than was foreseen.
    CHECK(plan.cache_bytes >= 20 * 64 * 64 * 4 && plan.cache_bytes < 40 * 64 * 64 * 4);
    nd_cache_free(cache);
    nd_pool_free(pool);
    nd_cache_use use;
    CHECK(run_all(arena, blur, (how){1, 64, MANY, false}, &use));
    CHECK(use.peak_bytes <= plan.cache_bytes);
}
