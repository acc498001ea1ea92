// SPDX-License-Identifier: Apache-2.0
// What comes from outside may be torn, missing or wrong.
#include "scenes.h"
#include <errno.h>
#include <nadir/file.h>
#include <nadir/text.h>
#include <sys/stat.h>
#include <unistd.h>

static uint8_t *bytes_of(nd_arena *arena, const char *path, size_t *count)
{
    nd_bytes bytes;
    uint8_t *copy;
    *count = 0;
    if (nd_file_map(arena, path, &bytes) != ND_OK) return NULL;
    copy = nd_alloc(arena, bytes.count, 1);
    if (copy) memcpy(copy, bytes.at, *count = bytes.count);
    return copy;
}

static const char *temporary(nd_arena *arena, const char *name)
{
    return nd_text(arena, "%s/nadir_hard_%d_%s",
                   getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp", (int)getpid(), name);
}

// A byte in the middle of each of the first pictures' scan is damaged.
TEST(damaged_pictures_are_named_counted_and_left_out)
{
    size_t count;
    uint8_t *zip = bytes_of(arena, NADIR_DATA "/eurosat_mini200.zip", &count);
    const char *path = temporary(arena, "torn.zip");
    int damaged = 0;
    for (size_t i = 0; zip && i + 40 < count && damaged < 3; i++)
        if (memcmp(zip + i, "PK\3\4", 4) == 0 && i > 1000) zip[i + 1000] ^= 1, damaged++;
    CHECK(damaged == 3 && nd_file_show(path, zip, count) == ND_OK);
    nd_dataset *set = OPEN("pictures", path, "bad_limit", "0.05");
    NEED(set);
    int64_t bad;
    const char *const *why = nd_dataset_bad(set, &bad);
    CHECK(bad == 3 && strstr(why[0], ".jpg: ") && strstr(why[0], "checksum"));
    CHECK(nd_dataset_count(set, ND_TRAIN) + nd_dataset_count(set, ND_VALID) == 197);
    CHECK(!OPEN("pictures", path));
    CHECK(error_says("3 of 200 pictures in"));
    CHECK(!OPEN("pictures", path, "bad", "fatal"));
    CHECK(error_says("does not match its checksum"));
    unlink(path);
}

TEST(a_zip_cut_anywhere_or_with_wild_numbers_is_refused_in_words)
{
    size_t count;
    uint8_t *zip = bytes_of(arena, NADIR_DATA "/eurosat_mini200.zip", &count);
    const char *path = temporary(arena, "cut.zip");
    static const double cuts[] = {0, 0.00002, 0.1, 0.5, 0.98, 0.999, 0.99999};
    for (int i = 0; zip && i < 7; i++) {
        CHECK(nd_file_show(path, zip, (size_t)(cuts[i] * (double)count)) == ND_OK);
        CHECK(!OPEN("pictures", path));
        CHECK(error_says("\n"));
    }
    // Each byte of the last directory entry and of the end record, one after the other.
    for (size_t i = count - 120; zip && i < count; i++) {
        zip[i] ^= 0xFF;
        CHECK(nd_file_show(path, zip, count) == ND_OK);
        nd_arena *own = nd_arena_new();
        const nd_dataset *set = open_data(
            own, (const char *const[]){"pictures", path, "bad_limit", "1", NULL});
        if (!set) CHECK(error_says("\n"));
        nd_arena_free(own);
        zip[i] ^= 0xFF;
    }
    unlink(path);
}

static void put_picture(nd_arena *arena, const char *folder, const char *name,
                        const uint8_t *zip, size_t at)
{
    const size_t size =
        zip[at + 18] | (size_t)zip[at + 19] << 8 | (size_t)zip[at + 20] << 16;
    const size_t skip = 30u + zip[at + 26] + (size_t)zip[at + 28];
    CHECK(nd_file_show(nd_text(arena, "%s/%s", folder, name), zip + at + skip, size) ==
          ND_OK);
}

// The same pictures in folders, in a table, in a list; one alone.
TEST(pictures_come_from_folders_and_tables_too)
{
    size_t count;
    const uint8_t *zip = bytes_of(arena, NADIR_DATA "/eurosat_mini200.zip", &count);
    char folder[] = "/tmp/nadir_folder_XXXXXX";
    CHECK(mkdtemp(folder));
    mkdir(nd_text(arena, "%s/a", folder), 0700),
        mkdir(nd_text(arena, "%s/b", folder), 0700);
    nd_buffer csv = {.arena = arena};
    nd_buffer_add(&csv, "\xEF\xBB\xBFpath,Label,group,x,y\r\n");
    int n = 0;
    for (size_t i = 0; zip && i + 40 < count && n < 12; i++) {
        if (memcmp(zip + i, "PK\3\4", 4) != 0) continue;
        put_picture(arena, folder, nd_text(arena, "%c/p%02d.jpg", n % 2 ? 'b' : 'a', n),
                    zip, i);
        nd_buffer_add(&csv, "%c/p%02d.jpg,\"%s\",g%d,%d,1.5\r\n", n % 2 ? 'b' : 'a', n,
                      n % 2 ? "wet, or \"\"moist\"\"" : "dry", n / 4, n);
        n++;
    }
    const char *table = nd_text(arena, "%s/t.csv", folder);
    CHECK(nd_file_show(table, csv.text, csv.length) == ND_OK);
    nd_dataset *folders = OPEN("pictures", folder);
    NEED(folders);
    int classes;
    CHECK(strcmp(nd_dataset_classes(folders, &classes)[1].name, "b") == 0 &&
          classes == 2);
    CHECK(nd_dataset_count(folders, ND_TRAIN) == 10);
    nd_dataset *set = OPEN("table", table, "split.by", "column", "split.valid", "0.3");
    NEED(set);
    CHECK(strcmp(nd_dataset_classes(set, &classes)[1].name, "wet, or \"moist\"") == 0);
    CHECK(nd_dataset_count(set, ND_TRAIN) == 8 && nd_dataset_count(set, ND_VALID) == 4);
    // A group is on one side only.
    nd_side of[3] = {ND_TEST, ND_TEST, ND_TEST};
    for (int side = 0; side < 2; side++)
        for (int64_t i = 0; i < nd_dataset_count(set, (nd_side)side); i++) {
            const nd_chip c = sample_of(arena, set, (nd_side)side, 0, i);
            const int group = (int)c.place.x / 4;
            CHECK(of[group] == ND_TEST || of[group] == (nd_side)side);
            of[group] = (nd_side)side;
        }
    CHECK(!OPEN("table", table, "labels.column", "lable"));
    CHECK(error_says("has no column lable\ndid you mean Label?"));
    nd_dataset *pattern = OPEN("pictures", folder, "split.by", "group", "split.pattern",
                               "p(0|1)", "split.valid", "0.3");
    NEED(pattern);
    CHECK(nd_dataset_count(pattern, ND_TRAIN) == 10 &&
          nd_dataset_count(pattern, ND_VALID) == 2);
    for (int i = 1; i < n; i++)
        unlink(nd_text(arena, "%s/%c/p%02d.jpg", folder, i % 2 ? 'b' : 'a', i));
    rmdir(nd_text(arena, "%s/b", folder));
    nd_dataset *one = OPEN("pictures", folder, "bands", "R,G,B");
    NEED(one);
    CHECK(nd_dataset_count(one, ND_TRAIN) == 1 && nd_dataset_count(one, ND_VALID) == 0);
    CHECK(!OPEN("pictures", folder, "split.by", "tile"));
    CHECK(error_says("does not say its tile"));
    unlink(nd_text(arena, "%s/a/p00.jpg", folder)), unlink(table);
    CHECK(!OPEN("pictures", folder));
    CHECK(error_says("holds no picture"));
    rmdir(nd_text(arena, "%s/a", folder)), rmdir(folder);
}

static float where(int band, int x, int y)
{
    return (float)(band ? y : x);
}

// A field of 100 x 60 m with a pond inside it, by the rule of centres: hand counted.
TEST(shapes_are_burnt_into_each_chip)
{
    static const char *const geojson =
        "{\"type\":\"FeatureCollection\",\"crs\":{\"type\":\"name\",\"properties\":"
        "{\"name\":\"urn:ogc:def:crs:EPSG::32631\"}},\"features\":["
        "{\"type\":\"Feature\",\"properties\":{\"use\":\"pond\"},\"geometry\":{\"type\":"
        "\"Polygon\",\"coordinates\":[[[500120,4999880],[500150,4999880],[500150,4999860]"
        ","
        "[500120,4999860],[500120,4999880]]]}},"
        "{\"type\":\"Feature\",\"properties\":{\"use\":\"field\"},\"geometry\":{\"type\":"
        "\"Polygon\",\"coordinates\":[[[500100,4999900],[500200,4999900],[500200,4999840]"
        ","
        "[500100,4999840],[500100,4999900]]]}}]}";
    const char *path = temporary(arena, "shapes.geojson");
    CHECK(nd_file_show(path, geojson, strlen(geojson)) == ND_OK);
    nd_node *node[] = {make_node(arena, (made){where, 32, 32, 2, 0, "EPSG:32631"}, "p")};
    nd_data *data;
    CHECK(nd_data_new(arena, &data) == ND_OK);
    data->is_whole = true, data->norm.at = 1, data->chips.size = 32;
    data->labels.vectors.text = path, data->labels.field = "use";
    data->labels.order.at = 1, data->labels.background = "rest";
    nd_dataset *set = nd_dataset_open(arena, data, node, 1);
    NEED(set);
    int classes;
    const nd_card_class *class = nd_dataset_classes(set, &classes);
    CHECK(classes == 3 && strcmp(class[0].name, "field") == 0 &&
          strcmp(class[1].name, "pond") == 0 && strcmp(class[2].name, "rest") == 0);
    const nd_chip c = sample_of(arena, set, ND_TEST, 0, 0);
    for (int y = 0; y < 32; y++)
        for (int x = 0; x < 32; x++) {
            const bool in_field = x >= 10 && x < 20 && y >= 10 && y < 16;
            const bool in_pond = x >= 12 && x < 15 && y >= 12 && y < 14;
            CHECK(c.label[y * 32 + x] == (in_pond ? 1 : in_field ? 0 : 2));
        }
    data->labels.background = NULL, data->labels.order.at = 0;
    set = nd_dataset_open(arena, data, node, 1);
    NEED(set);
    CHECK(nd_dataset_class_counts(set, ND_TEST)[0] == 60); // later shapes lie above
    CHECK(nd_dataset_class_counts(set, ND_TEST)[1] == 0);
    data->labels.field = "usee";
    CHECK(!nd_dataset_open(arena, data, node, 1));
    CHECK(error_says("has no field usee\ndid you mean use?"));
    unlink(path);
}
