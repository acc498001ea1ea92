// SPDX-License-Identifier: Apache-2.0
// A product of unlike bands: floats, scaled samples of 16 bits, classes, flags.
#pragma once
#include "written.h"

// f: floats with NaN · s: uint16, value = 10 + 0.5 * sample, 0 is no data · c: uint8
// classes (x / 7 + y / 5) % 4 · g: int32 flags, 1 << (x + y) % 3 · half: f's formula on
// half the size, if `sizes`.
typedef struct mixed {
    int width, height;
    bool sizes;
} mixed;

static nd_status mixed_plan(nd_node *self)
{
    const mixed *m = self->state;
    static const nd_crs crs = {"EPSG:32631", "WGS 84 / UTM zone 31N", false};
    static const nd_label classes[] = {{0, "water", "Wet & deep", 0x0000FFFF},
                                       {1, "wood", NULL, 0x00A000FF},
                                       {2, "town", NULL, 0xFF0000FF},
                                       {3, "field", NULL, 0xFFFF00FF}},
                          flags[] = {{1, "CLOUD", "Clouds", 0},
                                     {2, "SNOW", "", 0},
                                     {4, "SHADE", NULL, 0}};
    const nd_grid grid = {m->width, m->height, 300000, 4900020, 10, -10, &crs},
                  half = {m->width / 2, m->height / 2, 300000, 4900020, 20, -20, &crs};
    const nd_band bands[] = {
        {.name = "f", .unit = "m", .help = "A <float>", .grid = grid, .no_data = NAN},
        {.name = "s",
         .grid = grid,
         .sample = ND_U16,
         .scale = 0.5,
         .offset = 10,
         .wavelength_nm = 664.6,
         .bandwidth_nm = 31},
        {.name = "c",
         .grid = grid,
         .kind = ND_CLASS,
         .sample = ND_U8,
         .no_data = NAN,
         .label = classes,
         .labels = 4},
        {.name = "g",
         .grid = grid,
         .kind = ND_FLAGS,
         .sample = ND_I32,
         .no_data = NAN,
         .label = flags,
         .labels = 3},
        {.name = "half", .grid = half, .no_data = NAN}};
    self->bands = m->sizes ? 5 : 4;
    self->band = nd_alloc(self->arena, 5, sizeof *self->band);
    if (!self->band) return ND_E_MEMORY;
    memcpy(self->band, bands, sizeof bands);
    return ND_OK;
}

static float mixed_value(int band, int x, int y)
{
    switch (band) {
    case 1: return (x + y) % 31 == 0 ? NAN : (float)(1000 + x + 2 * y) + 0.5f;
    case 2: return (float)((x / 7 + y / 5) % 4);
    case 3: return (float)(1 << (x + y) % 3);
    default: return (x + y) % 31 == 0 ? NAN : (float)(1000 + x + 2 * y) / 7;
    }
}

static nd_status mixed_compute(const nd_node *self, nd_work *work, nd_tile *tile)
{
    const nd_rect r = tile->rect;
    (void)self, (void)work;
    for (int k = 0; k < tile->bands.count; k++)
        for (int y = r.y; y < r.y + r.height; y++)
            for (int x = r.x; x < r.x + r.width; x++)
                *nd_at(tile, k, x, y) = mixed_value(tile->bands.band[k], x, y);
    return ND_OK;
}

static const nd_op op_mixed = {
    .name = "mixed", .plan = mixed_plan, .compute = mixed_compute, .levels = ND_FULL};

static inline nd_node *mixed_node(nd_arena *arena, mixed m)
{
    mixed *kept = nd_alloc(arena, 1, sizeof *kept);
    if (!kept) return NULL;
    *kept = m;
    static const nd_table none;
    return nd_node_new(
        arena, &(nd_make){.op = &op_mixed, .settings = &(nd_settings){&none, kept, 0}});
}

// For gdal_says: what stands in f, s (as samples), c and g.
#define MIXED                                                                            \
    "hole => (x + y) % 31 == 0\n"                                                        \
    "F => np.where(hole, np.nan, ((1000 + x + 2 * y) / np.float32(7)).astype('f4'))\n"   \
    "S => np.where(hole, 0, (1000.5 + x + 2 * y - 10) / 0.5)\n"                          \
    "C => (x // 7 + y // 5) % 4\n"                                                       \
    "G => 1 << (x + y) % 3\n"
