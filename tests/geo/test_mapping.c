// SPDX-License-Identifier: Apache-2.0
// Where the pixels of one grid lie on another, against PROJ itself.
#include "../harness.h"
#include <math.h>
#include <nadir/geo.h>
#include <proj.h>

typedef struct pair {
    nd_grid target, source;
    const char *target_crs, *source_crs;
} pair;

static bool make(nd_arena *arena, pair *p, double max_error_px, nd_mapping *m)
{
    p->target.crs = nd_crs_new(arena, p->target_crs);
    p->source.crs = nd_crs_new(arena, p->source_crs);
    return p->target.crs && p->source.crs &&
           nd_mapping_new(arena, &p->target, &p->source, max_error_px, m) == ND_OK;
}

// PROJ alone, one point at a time, longitude or easting first.
static void truth(PJ *way, const pair *p, int col, int row, double *x, double *y)
{
    const nd_grid *t = &p->target, *s = &p->source;
    const PJ_COORD at = proj_trans(way, PJ_FWD,
                                   proj_coord(t->x + (col + 0.5) * t->pixel_x,
                                              t->y + (row + 0.5) * t->pixel_y, 0, 0));
    *x = (at.xy.x - s->x) / s->pixel_x, *y = (at.xy.y - s->y) / s->pixel_y;
    const double turn = 360 / s->pixel_x; // the same place, once around
    if (s->crs->is_geographic) *x -= turn * round((*x - s->width / 2.0) / turn);
}

// The largest distance from PROJ over 10 000 random pixels of the target that lie on the
// source, in pixels of the source.
static double worst(nd_arena *arena, pair *p, double max_error_px)
{
    nd_mapping m;
    if (!make(arena, p, max_error_px, &m)) return (double)INFINITY;
    PJ_CONTEXT *context = proj_context_create();
    PJ *any = proj_create_crs_to_crs(context, p->target_crs, p->source_crs, NULL);
    PJ *way = proj_normalize_for_visualization(context, any);
    double most = 0;
    int counted = 0;
    for (uint64_t i = 0; i < 200000 && counted < 10000; i++) {
        const int col = (int)(nd_random_unit(1, 2 * i) * p->target.width),
                  row = (int)(nd_random_unit(1, 2 * i + 1) * p->target.height);
        double x, y, tx, ty;
        truth(way, p, col, row, &tx, &ty);
        if (!(tx >= 0 && tx < p->source.width && ty >= 0 && ty < p->source.height))
            continue;
        nd_mark mark = nd_arena_mark(arena);
        if (nd_warp_positions(&m, arena, 0, (nd_rect){col, row, 1, 1}, &x, &y) != ND_OK ||
            isnan(x))
            most = (double)INFINITY; // a hole
        nd_arena_back(arena, mark);
        most = fmax(most, hypot(x - tx, y - ty)), counted++;
    }
    proj_destroy(way), proj_destroy(any), proj_context_destroy(context);
    printf("# %s from %s: %d points, %.4f px at most\n", p->target_crs, p->source_crs,
           counted, most);
    return counted == 10000 ? most : (double)INFINITY;
}

TEST(a_sentinel_2_tile_on_the_web_map_lies_within_an_eighth_of_a_pixel)
{
    pair p = {{16800, 16800, 161000, 5755000, 10, -10, NULL},
              {10980, 10980, 399960, 4800000, 10, -10, NULL},
              "EPSG:3857",
              "EPSG:32631"};
    p.target.x = 195000, p.target.y = 5370000;
    CHECK(worst(arena, &p, 0.125) <= 0.125);
}

TEST(so_does_one_at_80_degrees_north)
{
    pair p = {{12000, 6000, 2.5, 81, 0.0005, -0.00016, NULL},
              {10980, 10980, 499980, 8990040, 10, -10, NULL},
              "EPSG:4326",
              "EPSG:32631"};
    CHECK(worst(arena, &p, 0.125) <= 0.125);
    pair q = {{12000, 12000, -60000, -1000000, 10, -10, NULL},
              {10980, 10980, 499980, 8990040, 10, -10, NULL},
              "EPSG:3995",
              "EPSG:32633"};
    q.target.x = -70000, q.target.y = -1000000 + 60000;
    q.target.pixel_x = 20, q.target.pixel_y = -20;
    q.source_crs = "EPSG:32631";
    q.target.x = -20000, q.target.y = -900000;
    CHECK(worst(arena, &q, 0.125) <= 0.125);
}

TEST(so_does_one_across_the_antimeridian)
{
    pair p = {{8000, 8000, 179, 0.7, 0.0002, -0.0001, NULL}, // runs to 180.6
              {20000, 8000, 200000, 80000, 10, -10, NULL},
              "EPSG:4326",
              "EPSG:32601"};
    p.source.x = 100000;
    CHECK(worst(arena, &p, 0.125) <= 0.125);
    pair q = {{9000, 9000, 100000, 90000, 10, -10, NULL},
              {4000, 4000, 179, 1, 0.0005, -0.0005, NULL}, // from 179 to 181
              "EPSG:32601",
              "EPSG:4326"};
    CHECK(worst(arena, &q, 0.125) <= 0.125);
}

TEST(the_whole_world_from_a_polar_map_and_back)
{
    pair p = {{3600, 600, -180, 90, 0.1, -0.1, NULL},
              {4000, 4000, -4e6, 4e6, 2000, -2000, NULL},
              "EPSG:4326",
              "EPSG:3995"};
    CHECK(worst(arena, &p, 0.125) <= 0.125);
    pair q = {{4000, 4000, -4e6, 4e6, 2000, -2000, NULL},
              {3600, 600, -180, 90, 0.1, -0.1, NULL},
              "EPSG:3995",
              "EPSG:4326"};
    CHECK(worst(arena, &q, 0.125) <= 0.125);
}

TEST(exact_is_exact)
{
    pair p = {{16800, 16800, 195000, 5370000, 10, -10, NULL},
              {10980, 10980, 399960, 4800000, 10, -10, NULL},
              "EPSG:3857",
              "EPSG:32631"};
    CHECK(worst(arena, &p, 0) <= 1e-6);
}

TEST(one_plane_needs_no_earth)
{
    const nd_grid target = {8, 8, 100, 200, 10, -10, NULL},
                  source = {4, 4, 80, 240, 20, -20, NULL};
    nd_mapping m;
    double x = 0, y = 0;
    CHECK(nd_mapping_new(arena, &target, &source, 0.125, &m) == ND_OK);
    CHECK(nd_warp_positions(&m, arena, 0, (nd_rect){3, 2, 1, 1}, &x, &y) == ND_OK);
    CHECK(x == 2.75 && y == 3.25); // (100 + 35 - 80) / 20; (240 - 200 + 25) / 20
}

TEST(a_picture_and_a_map_do_not_meet)
{
    const nd_grid picture = {4, 4, 0, 0, 1, 1, NULL};
    nd_grid map = picture;
    map.crs = nd_crs_new(arena, "EPSG:4326");
    nd_mapping m;
    CHECK(nd_mapping_new(arena, &picture, &map, 0.125, &m) == ND_E_DATA);
    CHECK(error_says("only one of the two grids says where on Earth it lies\n"));
}
