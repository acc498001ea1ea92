// SPDX-License-Identifier: Apache-2.0
#include "scenes.h"
#include <nadir/io.h>
#include <nadir/text.h>
#include <unistd.h>

static float where(int band, int x, int y)
{
    return (float)(band ? y : x);
}
// Five classes in oblong patches.
static float patches(int band, int x, int y)
{
    (void)band;
    return (float)((x / 7 + y / 11) % 5);
}
static float halves(int band, int x, int y)
{
    (void)band, (void)y;
    return (float)(x % 400 < 30);
}

static nd_chip chip_of(nd_arena *arena, const nd_dataset *set, nd_side side,
                       uint32_t epoch, int64_t i)
{
    return sample_of(arena, set, side, epoch, i);
}

#define NO_LIGHT "augment.brightness", "0", "augment.contrast", "0", "norm", "none"

// A picture that says where each pixel was, and a label made of the same places: after
// any move the label is that of the nearest pixel.
TEST(labels_go_where_their_pixels_go)
{
    nd_node *node[] = {
        make_node(arena, (made){where, 300, 260, 2, 0, "EPSG:32631"}, "p"),
        make_node(arena, (made){patches, 300, 260, 1, 0, "EPSG:32631"}, "l")};
    nd_dataset *set =
        OPEN_NODES(node, 2, "chips.size", "64", "split.by", "scene", "split.valid", "0",
                   "augment.rotate", "40", "augment.scale", "1.4", "augment.shift", "0.2",
                   "chips.per_epoch", "40", NO_LIGHT);
    NEED(set);
    int64_t compared = 0, ignored = 0;
    for (int i = 0; i < 40; i++) {
        const nd_chip c = chip_of(arena, set, ND_TRAIN, 0, i);
        for (int p = 0; p < 64 * 64; p++) {
            const float u = c.picture[p], v = c.picture[64 * 64 + p];
            const float fu = u - floorf(u), fv = v - floorf(v);
            ignored += c.label[p] == ND_IGNORE;
            if (c.label[p] == ND_IGNORE) continue;
            if (fabsf(fu - 0.5f) < 1e-3f || fabsf(fv - 0.5f) < 1e-3f) continue;
            const int x = (int)floorf(u + 0.5f), y = (int)floorf(v + 0.5f);
            // At the edge of a chip the mirrored neighbour shifts what bilinear says.
            const int left = c.place.column, top = c.place.row;
            if (x <= left || y <= top || x >= left + 63 || y >= top + 63) continue;
            CHECK(c.label[p] == (int64_t)patches(0, x, y));
            compared++;
        }
    }
    CHECK(compared > 60000 && ignored > 10000);
}

TEST(the_eight_symmetries_are_exact_copies_and_all_occur)
{
    nd_node *node[] = {
        make_node(arena, (made){where, 64, 64, 2, 0, "EPSG:32631"}, "p"),
        make_node(arena, (made){patches, 64, 64, 1, 0, "EPSG:32631"}, "l")};
    nd_dataset *set = OPEN_NODES(node, 2, "chips.size", "64", "split.by", "scene",
                                 "split.valid", "0", "chips.per_epoch", "64", NO_LIGHT);
    NEED(set);
    int seen[8] = {0};
    for (int i = 0; i < 64; i++) {
        const nd_chip c = chip_of(arena, set, ND_TRAIN, 0, i);
        const float *u = c.picture, *v = c.picture + 4096;
        const bool is_across = u[0] == u[1];
        const bool mx = u[0] != 0, my = v[0] != 0;
        seen[is_across * 4 + mx * 2 + my]++;
        for (int y = 0; y < 64; y++)
            for (int x = 0; x < 64; x++) {
                const int a = is_across ? y : x, b = is_across ? x : y;
                const int at = y * 64 + x;
                CHECK(u[at] == (float)(mx ? 63 - a : a) &&
                      v[at] == (float)(my ? 63 - b : b));
                CHECK(c.label[at] == (int64_t)patches(0, (int)u[at], (int)v[at]));
            }
    }
    for (int k = 0; k < 8; k++) CHECK(seen[k] > 0);
}

// Each labelled pixel counts in exactly one chip, though chips overlap and hang over.
TEST(pixels_of_the_grid_are_owned_once)
{
    static const char *const strides[] = {"64", "40", "13"};
    for (int s = 0; s < 3; s++) {
        nd_node *node[] = {
            make_node(arena, (made){where, 150, 101, 2, 0, "EPSG:32631"}, "p"),
            make_node(arena, (made){patches, 150, 101, 1, 0, "EPSG:32631"}, "l")};
        nd_data *data;
        CHECK(nd_data_new(arena, &data) == ND_OK);
        data->is_whole = true, data->labels.node = "label", data->norm.at = 1;
        data->chips.size = 64;
        data->chips.stride = (int)strtol(strides[s], NULL, 10);
        nd_dataset *set = nd_dataset_open(arena, data, node, 2);
        NEED(set);
        static int owned[101][150];
        memset(owned, 0, sizeof owned);
        for (int64_t i = 0; i < nd_dataset_count(set, ND_TEST); i++) {
            const nd_chip c = chip_of(arena, set, ND_TEST, 0, i);
            for (int p = 0; p < 4096; p++)
                if (c.label[p] >= 0)
                    owned[c.place.row + p / 64][c.place.column + p % 64]++;
        }
        for (int y = 0; y < 101; y++)
            for (int x = 0; x < 150; x++) CHECK(owned[y][x] == 1);
    }
}

typedef struct box {
    double x0, y0, x1, y1;
} box;
static box box_of(const nd_chip *c, int size)
{
    return (box){c->place.x - size * 5.0, c->place.y - size * 5.0,
                 c->place.x + size * 5.0, c->place.y + size * 5.0};
}
static double gap(box a, box b)
{
    const double dx = fmax(0, fmax(a.x0 - b.x1, b.x0 - a.x1));
    const double dy = fmax(0, fmax(a.y0 - b.y1, b.y0 - a.y1));
    return sqrt(dx * dx + dy * dy);
}

// Two scenes that overlap by half: squares of ground are the same unit in both.
TEST(no_training_chip_comes_nearer_to_other_sides_than_the_buffer)
{
    static const char *const seeds[] = {"1", "2", "3", "4", "5", "6"};
    for (int s = 0; s < 6; s++) {
        nd_node *node[] = {
            make_node(arena, (made){where, 500, 400, 2, 0, "EPSG:32631"}, "a"),
            make_node(arena, (made){patches, 500, 400, 1, 0, "EPSG:32631"}, "al"),
            make_node(arena, (made){where, 500, 400, 2, 2500, "EPSG:32631"}, "b"),
            make_node(arena, (made){patches, 500, 400, 1, 2500, "EPSG:32631"}, "bl")};
        nd_dataset *set = OPEN_NODES(
            node, 4, "chips.size", "32", "split.block", "1 km", "split.buffer", "170 m",
            "split.valid", "0.2", "split.test", "0.15", "split.seed", seeds[s],
            "chips.per_epoch", "150", NO_LIGHT, "augment.dihedral", "false");
        NEED(set);
        const int64_t trains = nd_dataset_count(set, ND_TRAIN);
        double least = 1e9;
        int64_t pairs = 0;
        for (int side = ND_VALID; side <= ND_TEST; side++)
            for (int64_t i = 0; i < nd_dataset_count(set, (nd_side)side); i++) {
                const nd_chip v = chip_of(arena, set, (nd_side)side, 0, i);
                for (int64_t k = 0; k < trains && !i; k++) {
                    const nd_chip t = chip_of(arena, set, ND_TRAIN, 1, k);
                    CHECK(t.place.row >= 0 && t.place.column >= 0 && t.place.row <= 368 &&
                          t.place.column <= 468);
                }
                for (int64_t k = 0; k < trains; k += 3) {
                    const nd_chip t = chip_of(arena, set, ND_TRAIN, 1, k);
                    least = fmin(least, gap(box_of(&v, 32), box_of(&t, 32)));
                    pairs++;
                }
            }
        CHECK(pairs > 1000);
        if (least < 170) printf("# seed %s: %g m\n", seeds[s], least);
        CHECK(least >= 170);
        CHECK(strstr(nd_dataset_proof(set), "shared pixels 0"));
        const char *told = strstr(nd_dataset_proof(set), "nearest ground distance ");
        CHECK(told && strtol(told + 24, NULL, 10) >= 169);
        CHECK(told && strtol(told + 24, NULL, 10) <= (long)least + 1);
    }
}

static float gap_y(int band, int x, int y)
{
    return (x * 7 + y * 13) % 10 < 3 ? NAN : sinf((float)(x + 50 * band)) * 40 + (float)y;
}

// Two passes over all pixels in long double, NaN left out.
TEST(statistics_of_scenes_are_exact_on_any_number_of_threads)
{
    nd_node *node[] = {
        make_node(arena, (made){gap_y, 700, 300, 2, 0, "EPSG:32631"}, "p"),
        make_node(arena, (made){patches, 700, 300, 1, 0, "EPSG:32631"}, "l")};
    nd_dataset *one = OPEN_NODES(node, 2, "chips.size", "32", "split.by", "scene",
                                 "split.valid", "0", "workers", "1");
    nd_dataset *eight = OPEN_NODES(node, 2, "chips.size", "32", "split.by", "scene",
                                   "split.valid", "0", "workers", "8");
    NEED(one && eight);
    int bands;
    const nd_card_band *a = nd_dataset_bands(one, &bands),
                       *b = nd_dataset_bands(eight, &bands);
    for (int k = 0; k < 2; k++) {
        long double sum = 0, square = 0;
        int64_t n = 0;
        for (int pass = 0; pass < 2; pass++)
            for (int y = 0; y < 300; y++)
                for (int x = 0; x < 700; x++) {
                    const float v = gap_y(k, x, y);
                    if (isnan(v) || isnan(gap_y(1 - k, x, y))) continue;
                    if (!pass)
                        sum += (long double)v, n++;
                    else
                        square += ((long double)v - sum / n) * ((long double)v - sum / n);
                }
        const double mean = (double)(sum / n), sigma = (double)sqrtl(square / n);
        CHECK(fabs(a[k].step[0].a - mean) < 1e-12 * fabs(mean));
        CHECK(fabs(a[k].step[0].b - sigma) < 1e-12 * sigma);
        CHECK(memcmp(&a[k].step[0], &b[k].step[0], sizeof a[k].step[0]) == 0);
        CHECK(a[k].p50 == b[k].p50 && a[k].p2 == b[k].p2);
    }
    const nd_hash ha = nd_dataset_hash(one), hb = nd_dataset_hash(eight);
    CHECK(ha.a == hb.a && ha.b == hb.b);
}

static float nothing(int band, int x, int y)
{
    (void)band, (void)x, (void)y;
    return NAN;
}
static float seventeen(int band, int x, int y)
{
    (void)band;
    return x == 5 && y == 9 ? 17 : (float)(x % 2);
}

TEST(what_cannot_be_learnt_from_is_named)
{
    nd_node *empty[] = {
        make_node(arena, (made){where, 64, 64, 2, 0, "EPSG:32631"}, "good"),
        make_node(arena, (made){patches, 64, 64, 1, 0, "EPSG:32631"}, "good_label"),
        make_node(arena, (made){nothing, 64, 64, 2, 0, "EPSG:32631"}, "paraguay"),
        make_node(arena, (made){patches, 64, 64, 1, 0, "EPSG:32631"}, "paraguay_label")};
    CHECK(!OPEN_NODES(empty, 4, "chips.size", "32", "split.by", "scene"));
    CHECK(error_says("paraguay has no pixel with both a value in all bands and a label"));
    nd_node *odd[] = {
        make_node(arena, (made){where, 64, 64, 2, 0, NULL}, "odd"),
        make_node(arena, (made){seventeen, 64, 64, 1, 0, NULL}, "odd_label")};
    CHECK(!OPEN_NODES(
        odd, 2, "chips.size", "32", "classes",
        "[{\"name\":\"dry\",\"values\":\"0\"},{\"name\":\"wet\",\"values\":\"1\"}]"));
    CHECK(error_says("odd has the label 17 at column 5, row 9, which is none of the 2 "
                     "classes\nadd it to data.classes"));
    nd_dataset *ignored = OPEN_NODES(odd, 2, "chips.size", "32", "split.by", "scene",
                                     "split.valid", "0", "labels.ignore", "17");
    int classes;
    NEED(ignored);
    (void)nd_dataset_classes(ignored, &classes);
    CHECK(classes == 2);
    CHECK(nd_dataset_class_counts(ignored, ND_TRAIN)[0] +
              nd_dataset_class_counts(ignored, ND_TRAIN)[1] ==
          64 * 64 - 1);
    CHECK(!OPEN_NODES(odd, 2, "chips.size", "32", "split.by", "block", "split.block",
                      "20 m", "labels.ignore", "17"));
    CHECK(error_says("squares of 20 m hold no chip of 32 pixels"));
}

// A class of 7.5 % of the pixels: balanced 0 shows it in far more.
TEST(balanced_chips_show_rare_classes_more_often)
{
    nd_node *node[] = {
        make_node(arena, (made){where, 800, 800, 2, 0, "EPSG:32631"}, "p"),
        make_node(arena, (made){halves, 800, 800, 1, 0, "EPSG:32631"}, "l")};
    double share[2];
    for (int i = 0; i < 2; i++) {
        nd_dataset *set =
            OPEN_NODES(node, 2, "chips.size", "32", "split.by", "scene", "split.valid",
                       "0", "chips.per_epoch", "200", "chips.sampling",
                       i ? "balanced" : "random", "chips.balance", "0", NO_LIGHT);
        NEED(set);
        int64_t rare = 0;
        for (int k = 0; k < 200; k++) {
            const nd_chip c = chip_of(arena, set, ND_TRAIN, 0, k);
            for (int p = 0; p < 1024; p++) rare += c.label[p] == 1;
        }
        share[i] = (double)rare / 200 / 1024;
    }
    CHECK(fabs(share[0] - 0.075) < 0.02);
    CHECK(share[1] > 0.25);
}

// Of a scene of one side all places are alike: chi square over the columns.
TEST(random_places_are_even)
{
    nd_node *node[] = {
        make_node(arena, (made){where, 74, 64, 2, 0, "EPSG:32631"}, "p"),
        make_node(arena, (made){patches, 74, 64, 1, 0, "EPSG:32631"}, "l")};
    nd_dataset *set =
        OPEN_NODES(node, 2, "chips.size", "64", "split.by", "scene", "split.valid", "0",
                   "chips.per_epoch", "11000", NO_LIGHT);
    NEED(set);
    int64_t count[11] = {0};
    for (int i = 0; i < 2200; i++) {
        nd_arena *own = nd_arena_new();
        const nd_chip c = chip_of(own, set, ND_TRAIN, 0, i * 5);
        CHECK(c.place.column >= 0 && c.place.column <= 10 && c.place.row == 0);
        if (c.place.column >= 0 && c.place.column <= 10) count[c.place.column]++;
        nd_arena_free(own);
    }
    double chi = 0;
    for (int k = 0; k < 11; k++) {
        const double off = (double)count[k] - 200;
        chi += off * off / 200;
    }
    CHECK(chi < 29.6); // 10 degrees of freedom: p = 0.001
}

static void write_node(nd_node *node, const char *path)
{
    nd_pool *pool = nd_pool_new(1);
    nd_cache *cache = nd_cache_new(1 << 24);
    const nd_write how = {.path = path, .format = "GeoTIFF", .replace = true};
    CHECK(nd_write_node(node, (nd_bands){NULL, 0}, &how,
                        &(nd_run){.pool = pool, .cache = cache}) == ND_OK);
    nd_cache_free(cache);
    nd_pool_free(pool);
}

// The same pixels from files and from nodes: the same chips, bit by bit.
TEST(chips_from_a_graph_and_from_its_files_are_the_same)
{
    char folder[] = "/tmp/nadir_learn_XXXXXX";
    CHECK(mkdtemp(folder));
    const char *picture = nd_text(arena, "%s/p.tif", folder);
    const char *label = nd_text(arena, "%s/l.tif", folder);
    nd_node *node[] = {
        make_node(arena, (made){gap_y, 300, 260, 2, 0, "EPSG:32631"}, picture),
        make_node(arena, (made){patches, 300, 260, 1, 0, "EPSG:32631"}, label)};
    write_node(node[0], picture);
    write_node(node[1], label);
#define SAME                                                                             \
    "chips.size", "32", "split.block", "800 m", "split.buffer", "0", "augment.rotate",   \
        "10", "augment.noise", "0.1", "chips.sampling", "balanced"
    nd_dataset *graph = OPEN_NODES(node, 2, SAME);
    nd_dataset *files = OPEN("raster", picture, "labels.raster", label, SAME);
    NEED(graph && files);
    CHECK(nd_dataset_count(graph, ND_TRAIN) == nd_dataset_count(files, ND_TRAIN));
    CHECK(strcmp(nd_dataset_proof(graph), nd_dataset_proof(files)) == 0);
    for (int side = 0; side < 2; side++)
        for (int64_t i = 0; i < nd_dataset_count(graph, (nd_side)side); i++) {
            nd_arena *own = nd_arena_new();
            const nd_chip a = chip_of(own, graph, (nd_side)side, 1, i);
            const nd_chip b = chip_of(own, files, (nd_side)side, 1, i);
            CHECK(memcmp(a.picture, b.picture, 2 * 1024 * sizeof(float)) == 0);
            CHECK(memcmp(a.label, b.label, 1024 * sizeof(int64_t)) == 0);
            nd_arena_free(own);
        }
    unlink(picture), unlink(label), rmdir(folder);
}

// A card that reads y, then x, with scales of its own: z is not asked for.
TEST(a_model_reads_the_bands_that_its_card_names)
{
    static const nd_scale_step half = {ND_SCALE_BY, 2, 0};
    static const nd_card_band band[] = {{.name = "y", .step = &half, .steps = 1},
                                        {.name = "x"}};
    static const nd_card_class class[] = {
        {0, "a", 0}, {1, "b", 0}, {2, "c", 0}, {3, "d", 0}, {4, "e", 0}};
    const nd_card card = {.band = band, .bands = 2, .classes = class, .class_count = 5};
    nd_node *node[] = {
        make_node(arena, (made){where, 64, 64, 3, 0, "EPSG:32631"}, "p"),
        make_node(arena, (made){patches, 64, 64, 1, 0, "EPSG:32631"}, "l")};
    nd_data *data;
    CHECK(nd_data_new(arena, &data) == ND_OK);
    data->is_whole = true, data->labels.node = "label", data->chips.size = 32;
    data->card = &card;
    nd_dataset *set = nd_dataset_open(arena, data, node, 2);
    NEED(set);
    const nd_chip c = chip_of(arena, set, ND_TEST, 0, 3); // the lower right of four
    CHECK(c.picture[5 * 32 + 7] == (32 + 5) / 2.0f);
    CHECK(c.picture[1024 + 5 * 32 + 7] == 32 + 7);
    CHECK(c.label[5 * 32 + 7] == (int64_t)patches(0, 39, 37));
}
