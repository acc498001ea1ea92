// SPDX-License-Identifier: Apache-2.0
// Points and rectangles from one coordinate system to another.
#include "../harness.h"
#include <math.h>
#include <nadir/geo.h>
#include <pthread.h>

static nd_transform *way(nd_arena *arena, const char *from, const char *to)
{
    const nd_crs *a = nd_crs_new(arena, from), *b = nd_crs_new(arena, to);
    return a && b ? nd_transform_new(arena, a, b) : NULL;
}

static bool leads(const nd_transform *t, double x, double y, double to_x, double to_y,
                  double within)
{
    if (!t || nd_transform_points(t, 1, &x, &y) != ND_OK) return false;
    if (fabs(x - to_x) <= within && fabs(y - to_y) <= within) return true;
    printf("# %.6f %.6f, not %.6f %.6f\n", x, y, to_x, to_y);
    return false;
}

// Examples of IOGP Guidance Note 7-2: Popular Visualisation Pseudo-Mercator, and Lambert
// azimuthal equal area (ETRS89-LAEA).
TEST(agrees_with_the_published_examples_longitude_first)
{
    CHECK(leads(way(arena, "EPSG:4326", "EPSG:3857"), -(100 + 20 / 60.0),
                24 + 22 / 60.0 + 54.433 / 3600, -11169055.58, 2800000.00, 0.02));
    CHECK(
        leads(way(arena, "EPSG:4258", "EPSG:3035"), 5, 50, 3962799.45, 2999718.85, 0.02));
    CHECK(
        leads(way(arena, "EPSG:3035", "EPSG:4258"), 3962799.45, 2999718.85, 5, 50, 1e-6));
    CHECK(leads(way(arena, "EPSG:4326", "EPSG:32631"), 3, 0, 500000, 0, 1e-6));
}

TEST(the_same_crs_changes_nothing)
{
    nd_transform *t = way(arena, "EPSG:32631", "EPSG:32631");
    CHECK(leads(t, 1234.5, -9, 1234.5, -9, 0));
}

TEST(what_cannot_be_transformed_is_no_number)
{
    nd_transform *t = way(arena, "EPSG:4326", "EPSG:3857");
    double x[] = {0, 0, (double)NAN, 10}, y[] = {90, 1e300, 0, 0};
    CHECK(t && nd_transform_points(t, 4, x, y) == ND_OK);
    CHECK(isnan(x[1]) && isnan(y[1]) && isnan(x[2]) && isnan(y[2]));
    CHECK(fabs(x[3] - 1113194.9079) < 1e-3); // 10 degrees of the equator, radius 6378137
}

static nd_box box(nd_arena *arena, const char *from, const char *to, nd_box of)
{
    nd_box image = {0, 0, -1, -1};
    nd_transform *t = way(arena, from, to);
    CHECK(t && nd_transform_box(t, of, &image) == ND_OK);
    return image;
}

static bool near(double a, double b, double within)
{
    if (fabs(a - b) <= within) return true;
    printf("# %.9g, not %.9g\n", a, b);
    return false;
}

// In UTM the 45th parallel bulges to the south between its ends: no corner tells.
TEST(the_image_of_a_rectangle_holds_its_bulging_edges)
{
    nd_box b = box(arena, "EPSG:4326", "EPSG:32631", (nd_box){0, 45, 6, 46});
    double x = 3, y = 45;
    nd_transform *t = way(arena, "EPSG:4326", "EPSG:32631");
    CHECK(t && nd_transform_points(t, 1, &x, &y) == ND_OK);
    CHECK(near(b.y0, y, 5));
    x = 0, y = 46;
    CHECK(t && nd_transform_points(t, 1, &x, &y) == ND_OK);
    CHECK(near(b.y1, y, 1e-3));
    CHECK(near(b.x0 + b.x1, 1000000, 1e-3)); // symmetric about the central meridian
}

TEST(a_box_across_the_antimeridian_runs_past_180)
{
    nd_box b = box(arena, "EPSG:32601", "EPSG:4326", (nd_box){0, 0, 200000, 100000});
    CHECK(b.x0 > 178 && b.x0 < 180 && b.x1 > 180 && b.x1 < 181);
    b = box(arena, "EPSG:32601", "EPSG:3857", (nd_box){0, 0, 200000, 100000});
    CHECK(b.x0 > 19.8e6 && b.x0 < 20037508.35 && b.x1 > 20037508.34 && b.x1 < 20.2e6);
}

TEST(a_box_around_the_pole_has_every_longitude)
{
    nd_box b = box(arena, "EPSG:3995", "EPSG:4326", (nd_box){-1e6, -5e5, 1e6, 1e6});
    CHECK(b.x0 == -180 && b.x1 == 180 && b.y1 == 90 && b.y0 > 76 && b.y0 < 79);
    b = box(arena, "EPSG:3031", "EPSG:4326", (nd_box){-1e6, -1e6, 1e6, 1e6});
    CHECK(b.x0 == -180 && b.x1 == 180 && b.y0 == -90 && b.y1 < -76);
    b = box(arena, "EPSG:4326", "EPSG:3995", (nd_box){-180, 60, 180, 90});
    CHECK(near(b.x0, -b.x1, 1e3) && near(b.y0, -b.y1, 1e3) && b.x1 > 3.2e6);
}

TEST(the_whole_world_stays_the_whole_world)
{
    nd_box b = box(arena, "EPSG:4326", "EPSG:3857", (nd_box){-180, -80, 180, 80});
    CHECK(near(b.x0, -20037508.3428, 1e-3) && near(b.x1, 20037508.3428, 1e-3));
    b = box(arena, "EPSG:3857", "EPSG:4326",
            (nd_box){-20037508.3427892, -20037508.3427892, 20037508.3427892,
                     20037508.3427892});
    CHECK(near(b.x0, -180, 1e-6) && near(b.x1, 180, 1e-6) &&
          near(b.y1, 85.0511288, 1e-6));
}

TEST(a_box_outside_the_domain_is_refused)
{
    nd_box image, far = {1e9, 1e9, 2e9, 2e9};
    nd_transform *t = way(arena, "EPSG:3035", "EPSG:4326");
    CHECK(t && nd_transform_box(t, far, &image) == ND_E_DATA);
    CHECK(error_says("no part of the area can be shown in that crs\n"));
}

TEST(the_period_of_a_cylinder_is_the_width_of_the_world)
{
    CHECK(near(nd_transform_period(way(arena, "EPSG:4326", "EPSG:3857")), 40075016.6856,
               1e-3));
    CHECK(nd_transform_period(way(arena, "EPSG:3857", "EPSG:4326")) == 360);
    CHECK(nd_transform_period(way(arena, "EPSG:4326", "EPSG:32631")) == 0);
}

static void *many(void *given)
{
    for (int i = 0; i < 300; i++) {
        double x[64], y[64];
        for (int k = 0; k < 64; k++) x[k] = -180 + 5.625 * k, y[k] = 60;
        if (nd_transform_points(given, 64, x, y) != ND_OK) return given;
        for (int k = 0; k < 64; k++) // x is longitude times a degree of the equator
            if (fabs(x[k] - (-180 + 5.625 * k) * 111319.49079327358) > 1e-6) return given;
    }
    return NULL;
}

TEST(four_threads_transform_at_once)
{
    nd_transform *t = way(arena, "EPSG:4326", "EPSG:3857");
    pthread_t thread[4];
    for (int i = 0; i < 4; i++) CHECK(pthread_create(&thread[i], NULL, many, t) == 0);
    for (int i = 0; i < 4; i++) {
        void *bad = t;
        CHECK(pthread_join(thread[i], &bad) == 0 && !bad);
    }
}
