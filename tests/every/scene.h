// SPDX-License-Identifier: Apache-2.0
// Pictures that an operator of any kind can be tried on, and what each one asks for.
#pragma once
#include "../files.h"
#include "../rasters.h"

static const nd_crs scene_crs = {"EPSG:32631", "WGS 84 / UTM zone 31N", false};

static inline nd_node *placed(nd_node *node)
{
    for (int b = 0; node && b < node->bands; b++) {
        nd_grid *g = &node->band[b].grid;
        *g = (nd_grid){g->width, g->height, 500000, 5700000, 10, -10, &scene_crs};
    }
    return node;
}

// Three bands with texture, a hole and zeros.
static inline nd_node *rough_scene(nd_arena *arena)
{
    enum { W = 40, H = 24, BANDS = 3 };
    static float value[W * H * BANDS];
    uint32_t seed = 1;
    for (int i = 0; i < W * H * BANDS; i++) {
        seed = seed * 1664525 + 1013904223;
        value[i] = (float)(seed >> 20);
        if (i % 211 < 9) value[i] = NAN;
        if (i % 97 == 0) value[i] = 0;
    }
    return placed(picture(arena, W, H, value, sizeof value / sizeof *value));
}

// Three bands of gentle hills, far from 0 and from each other, valid everywhere.
static inline nd_node *smooth_scene(nd_arena *arena)
{
    enum { W = 160, H = 120, BANDS = 3 };
    static float value[W * H * BANDS];
    for (int i = 0; i < W * H * BANDS; i++) {
        const double x = i % W, y = i / W % H, b = i / (W * H);
        value[i] =
            (float)(1000 + 1200 * b + 150 * sin(x / 25 + b) + 100 * cos(y / 19 - 2 * b));
    }
    return placed(picture(arena, W, H, value, sizeof value / sizeof *value));
}

// What an operator needs beside its defaults, where any word would not do. {scene} and
// {shapes} are files.
typedef struct need {
    const char *op, *with[15];
    int inputs;     // 0: as few as it takes
    bool is_file;   // its result does not come from the scene but from a file
    double may_err; // of a preview, in parts of the range; 0: 1 %
} need;
static const need needs[] = {
    {"subset", {"region", "3,5,30,17"}},
    {"read", {"file", "{scene}"}, 0, true},
    {"product_set_reader", {"file_list", "{scene},{scene}"}, 0, true},
    {"import_vector", {"vector_file", "{shapes}"}},
    {"land_sea_mask", {"vector_file", "{shapes}"}},
    {"exec", {"command", "cp {in} {out}"}, 1},
    {"write", {"file", "unused.tif"}},
    // "First" takes the upper left pixel of four, its preview their mean: half a pixel
    // off.
    {"resample", {"target_resolution", "20"}, 0, false, 0.04},
    {"reproject", {"crs", "EPSG:3857"}},
    {"collocate", {NULL}, 2},
    {"mosaic",
     {"variables", "[{\"name\": \"v\", \"expression\": \"b1 + b2\"}]", "west_bound",
      "3.001", "east_bound", "3.02", "south_bound", "51.4402", "north_bound", "51.4495",
      "pixel_size_x", "0.0001", "pixel_size_y", "0.0001"},
     2},
};

static inline const need *need_of(const nd_op *op)
{
    for (size_t i = 0; i < sizeof needs / sizeof *needs; i++)
        if (strcmp(needs[i].op, op->name) == 0) return &needs[i];
    return NULL;
}

static inline const char *scene_file(nd_arena *arena)
{
    char text[40 * 24 * 8 + 200];
    size_t at = (size_t)snprintf(text, sizeof text,
                                 "ncols 40\nnrows 24\nxllcorner 3\nyllcorner 51\n"
                                 "cellsize 0.01\nNODATA_value -9\n");
    for (int i = 0; i < 40 * 24; i++)
        at += (size_t)snprintf(text + at, sizeof text - at, "%d%c",
                               i % 37 ? i * 7 % 1000 : -9, i % 40 == 39 ? '\n' : ' ');
    (void)file_of(arena, "scene.prj", WGS84_PRJ);
    return file_of(arena, "scene.asc", text);
}

static inline const char *shapes_file(nd_arena *arena)
{
    return file_of(
        arena, "shapes.geojson",
        "{\"type\":\"Polygon\",\"coordinates\":[[[3.0005,51.4495],"
        "[3.004,51.4493],[3.0035,51.4508],[3.001,51.4510],[3.0005,51.4495]]]}");
}

static inline const char *with_files(nd_arena *arena, const char *text)
{
    nd_buffer out = {.arena = arena};
    while (*text) {
        const bool is_scene = strncmp(text, "{scene}", 7) == 0;
        const bool is_shapes = strncmp(text, "{shapes}", 8) == 0;
        const char *path = is_scene    ? scene_file(arena)
                           : is_shapes ? shapes_file(arena)
                                       : NULL;
        nd_buffer_put(&out, path ? path : text, path ? strlen(path) : 1);
        text += is_scene ? 7 : is_shapes ? 8 : 1;
    }
    return nd_buffer_text(&out);
}

// Settings by the table above; else an expression or a band where one may be named, and
// any word where a text must be given. True: the operator may refuse them.
static inline bool choose_settings(nd_arena *arena, const nd_op *op, const char **with)
{
    static const char *const band[] = {"b1", "b2", "b3"};
    const need *special = need_of(op);
    size_t count = 0, bands = 0;
    bool asks = op->min_inputs > 1;
    for (; special && special->with[count]; count++)
        with[count] = with_files(arena, special->with[count]);
    for (size_t i = 0; !special && i < op->table.count; i++) {
        const nd_param *p = &op->table.row[i];
        const char *word = p->required ? "1" : NULL;
        asks |= p->required;
        if (strcmp(p->name, "expression") == 0) word = "(b1 - b2) / 2 + b3";
        if (p->type == ND_TEXT && p->of && strcmp(p->of, "band") == 0)
            word = band[bands++ % 3];
        if (word) with[count++] = p->name, with[count++] = word;
    }
    with[count] = NULL;
    return asks;
}

typedef struct trial {
    const nd_op *op;
    const char *with[2 * 64 + 1];
    nd_node *input[8];
    bool may_refuse;
} trial;

static inline void prepare_trial(nd_arena *arena, const nd_op *op,
                                 nd_node *(*scene)(nd_arena *), trial *t)
{
    const need *special = need_of(op);
    int inputs = special && special->inputs ? special->inputs : op->min_inputs;
    if (inputs > 7) inputs = 7;
    *t = (trial){.op = op};
    for (int i = 0; i < inputs; i++) t->input[i] = scene(arena);
    t->may_refuse = choose_settings(arena, op, t->with);
}

// NULL where it asks for more than any picture and any word; then this is no failure.
static inline nd_node *run_trial(nd_arena *arena, const trial *t)
{
    nd_node *out = apply_op(arena, t->op, t->input, t->with);
    const nd_error error = nd_error_take();
    if (out || t->may_refuse || error.code == ND_E_PARAM) return out;
    printf("# %s refuses: %s\n", t->op->name, error.what);
    failures++;
    return NULL;
}

static inline nd_node *on_scene(nd_arena *arena, const nd_op *op,
                                nd_node *(*scene)(nd_arena *))
{
    trial t;
    prepare_trial(arena, op, scene, &t);
    return run_trial(arena, &t);
}
