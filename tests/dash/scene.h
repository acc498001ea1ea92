// SPDX-License-Identifier: Apache-2.0
// A made-up scene and three steps over it, so that pages can be tried without files.
#pragma once
#include <math.h>
#include <nadir/dash.h>
#include <nadir/geo.h>
#include <nadir/op.h>
#include <string.h>

// ---- scene: hills of four wavelengths and classes, no data beyond a slanted edge.
typedef struct scene {
    int width, height;
    bool decodes_slowly;
} scene;
static const nd_param scene_params[] = {
    ND_PARAM(scene, width, 3000, .min = 1, .max = 100000, .help = "Columns"),
    ND_PARAM(scene, height, 2500, .min = 1, .max = 100000, .help = "Rows"),
};
static const nd_label scene_labels[] = {
    {1, "water", NULL, 0}, {2, "meadow", NULL, 0}, {3, "rock", NULL, 0}};

static nd_status scene_plan(nd_node *self)
{
    static const char *const names[] = {"B2", "B3", "B4", "B8", "cover"};
    static const double nm[] = {492, 560, 665, 833, 0};
    const scene *set = self->state;
    const nd_crs *crs = nd_crs_new(self->arena, "EPSG:32631");
    self->bands = 5;
    self->band = nd_alloc(self->arena, 5, sizeof *self->band);
    if (!self->band || !crs) return ND_E_MEMORY;
    for (int b = 0; b < 5; b++)
        self->band[b] =
            (nd_band){.name = names[b],
                      .wavelength_nm = nm[b],
                      .kind = b == 4 ? ND_CLASS : ND_CONTINUOUS,
                      .label = b == 4 ? scene_labels : NULL,
                      .labels = b == 4 ? 3 : 0,
                      .grid = {set->width, set->height, 600000, 5700000, 10, -10, crs}};
    return ND_OK;
}

static float scene_value(int band, double x, double y)
{
    if (y > 3 * x + 4000) return NAN;
    const double hill = sin(x / 170) * cos(y / 210) + 0.4 * sin((x + y) / 31);
    if (band == 4) return hill < -0.3 ? 1 : hill < 0.5 ? 2 : 3;
    const double tone[] = {0.06, 0.09, 0.08, 0.3};
    const double slope[] = {0.02, 0.03, 0.06, -0.15};
    return (float)(tone[band] + slope[band] * hill + 0.01 * sin(x / 3) * sin(y / 3));
}

static nd_status scene_compute(const nd_node *self, nd_work *work, nd_tile *tile)
{
    (void)self, (void)work;
    const nd_rect r = tile->rect;
    for (int k = 0; k < tile->bands.count; k++)
        for (int y = r.y; y < r.y + r.height; y++)
            for (int x = r.x; x < r.x + r.width; x++)
                *nd_at(tile, k, x, y) =
                    scene_value(tile->bands.band[k], nd_level0(x, tile->level),
                                nd_level0(y, tile->level));
    return ND_OK;
}
static const nd_op op_scene = {.name = "scene",
                               .brief = "Hills that nobody has seen",
                               .table = ND_TABLE(scene_params, scene),
                               .levels = ND_REDUCED,
                               .decodes = true,
                               .plan = scene_plan,
                               .compute = scene_compute};

// ---- index: a point operator with a setting of each kind.
typedef struct index_set {
    double gain, offset;
    int times;
    bool clip;
    nd_choice sign;
    const char *name;
    nd_list bands;
} index_set;
static const nd_option index_signs[] = {
    {"plus", "As it is", NULL}, {"minus", "Turned around", NULL}, {NULL, NULL, NULL}};
static const nd_param index_params[] = {
    ND_PARAM(index_set, gain, 1, .min = 0, .max = 100, .soft_max = 4,
             .help = "Factor of the result"),
    ND_PARAM(index_set, offset, 0, .help = "Added to the result"),
    ND_PARAM(index_set, times, 1, .min = 1, .max = 3, .help = "How often"),
    ND_PARAM(index_set, clip, false, .help = "Nothing below zero"),
    ND_PARAM(index_set, sign, {0}, .choices = index_signs, .help = "Direction"),
    ND_PARAM(index_set, name, NULL, .help = "Name of the band made"),
    ND_PARAM(index_set, bands, {NULL}, .of = "band", .help = "Bands that are compared"),
};

static nd_status index_plan(nd_node *self)
{
    const index_set *set = self->state;
    static nd_source from[] = {{0, 3}, {0, 2}};
    if (set->name && strcmp(set->name, "bad") == 0)
        return nd_fail(ND_E_PARAM, "bad is no name\ntake a better one");
    self->source = from, self->sources = 2;
    self->band[0] = self->band[3];
    self->band[0].name = set->name ? set->name : "index";
    self->band[0].wavelength_nm = 0;
    self->bands = 1;
    return ND_OK;
}

static void index_row(const void *state, const nd_ctx *ctx, const float *const *in,
                      float *const *out)
{
    const index_set *set = state;
    const float gain = (float)(set->sign.at ? -set->gain : set->gain);
    const float offset = (float)set->offset;
    for (int i = 0; i < ctx->count; i++) {
        const float v = (in[0][i] - in[1][i]) / (in[0][i] + in[1][i]) * gain + offset;
        out[0][i] = set->clip && v < 0 ? 0 : v;
    }
}
static const nd_op op_index = {.name = "index",
                               .brief = "Compare two bands",
                               .table = ND_TABLE(index_params, index_set),
                               .min_inputs = 1,
                               .max_inputs = 1,
                               .levels = ND_REDUCED,
                               .level_error = 7.5,
                               .plan = index_plan,
                               .row = index_row};

// ---- box: the mean of a square around each pixel; only the full picture knows it.
typedef struct box {
    int radius;
} box;
static const nd_param box_params[] = {
    ND_PARAM(box, radius, 3, .min = 0, .max = 20, .help = "Pixels on each side")};

static nd_status box_compute(const nd_node *self, nd_work *work, nd_tile *tile)
{
    const int m = ((const box *)self->state)->radius;
    const nd_rect r = tile->rect;
    nd_tile in;
    ND_TRY(nd_read(self->input[0], work, tile->bands, tile->level,
                   (nd_rect){r.x - m, r.y - m, r.width + 2 * m, r.height + 2 * m}, &in));
    for (int k = 0; k < tile->bands.count; k++)
        for (int y = r.y; y < r.y + r.height; y++) {
            ND_TRY(nd_work_go_on(work));
            for (int x = r.x; x < r.x + r.width; x++)
                *nd_at(tile, k, x, y) =
                    nd_mean(&in, k, (nd_rect){x - m, y - m, 2 * m + 1, 2 * m + 1});
        }
    return ND_OK;
}
static const nd_op op_box = {.name = "box",
                             .brief = "The mean of a square",
                             .table = ND_TABLE(box_params, box),
                             .min_inputs = 1,
                             .max_inputs = 1,
                             .levels = ND_FULL,
                             .compute = box_compute};

// ---- far: slopes on the web's map grid, over a part of the scene.
static nd_status far_plan(nd_node *self)
{
    const nd_crs *crs = nd_crs_new(self->arena, "EPSG:3857");
    if (!crs) return ND_E_MEMORY;
    self->bands = 1;
    self->band[0] =
        (nd_band){.name = "slope", .grid = {1200, 1000, 500000, 6690000, 15, -15, crs}};
    return ND_OK;
}

static nd_status far_compute(const nd_node *self, nd_work *work, nd_tile *tile)
{
    (void)self, (void)work;
    const nd_rect r = tile->rect;
    for (int y = r.y; y < r.y + r.height; y++)
        for (int x = r.x; x < r.x + r.width; x++)
            *nd_at(tile, 0, x, y) =
                (float)(nd_level0(x, tile->level) + nd_level0(y, tile->level));
    return ND_OK;
}
static const nd_op op_far = {.name = "far",
                             .brief = "Slopes on another grid",
                             .min_inputs = 1,
                             .max_inputs = 1,
                             .levels = ND_EXACT,
                             .plan = far_plan,
                             .compute = far_compute};

// ---- The graph: scene > index > box; or on two grids, scene > far.
static const nd_op *const scene_ops[] = {&op_scene, &op_index, &op_box, &op_far, NULL};

static inline nd_graph *scene_two_grids(nd_arena *arena)
{
    return nd_graph_read(arena, &(nd_graph_ask){.path = "grids.yaml",
                                                .text = "input: { scene: {} }\n"
                                                        "steps:\n"
                                                        "  - far: {}\n",
                                                .catalogue = scene_ops});
}

static inline nd_graph *scene_graph(nd_arena *arena, const nd_variable *variable,
                                    size_t variables)
{
    return nd_graph_read(arena, &(nd_graph_ask){.path = "hills.yaml",
                                                .text = "input: { scene: {} }\n"
                                                        "steps:\n"
                                                        "  - index: { gain: 1 }\n"
                                                        "  - box: { radius: 3 }\n",
                                                .variable = variable,
                                                .variables = variables,
                                                .catalogue = scene_ops});
}
