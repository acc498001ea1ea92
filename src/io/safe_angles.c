// SPDX-License-Identifier: Apache-2.0
// Sun and view angles of a Sentinel-2 tile: grids of 5 km, their nodes pixel centres.
#include "io/safe.h"
#include <math.h>
#include <string.h>

enum { NODES = 256 };

typedef struct field {
    int width, height;
    double step_x, step_y;
    double *value;
} field;

// A grid that is absent or makes no sense is no grid: width 0.
static nd_status read_field(const safe *s, const xmlNode *from, field *f)
{
    double *value = nd_alloc(s->arena, (size_t)NODES * NODES, sizeof *value);
    const xmlNode *list = io_xml_first(from, "Values_List");
    *f = (field){.value = value};
    if (!value) return ND_E_MEMORY;
    if (!io_xml_real(io_xml_first(from, "COL_STEP"), &f->step_x) || !(f->step_x > 0) ||
        !io_xml_real(io_xml_first(from, "ROW_STEP"), &f->step_y) || !(f->step_y > 0))
        return ND_OK;
    int width = 0, height = 0;
    for (const xmlNode *row = io_xml_first(list, "VALUES"); row && height < NODES;
         row = io_xml_next(row, "VALUES")) {
        int count;
        if (!io_xml_numbers(row, value + (ptrdiff_t)height * width, NODES, &count) ||
            (height && count != width))
            return ND_OK;
        width = count, height++;
    }
    f->width = width, f->height = height;
    return ND_OK;
}

// Means of angles: 359 and 1 give 0. `sum` holds them relative to the first one met.
typedef struct mean {
    field shape;
    double *first, *sum;
    int *count;
} mean;

static nd_status mean_new(nd_arena *arena, mean *m)
{
    *m = (mean){.first = nd_alloc(arena, (size_t)NODES * NODES, sizeof *m->first),
                .sum = nd_alloc(arena, (size_t)NODES * NODES, sizeof *m->sum),
                .count = nd_alloc(arena, (size_t)NODES * NODES, sizeof *m->count)};
    return m->first && m->sum && m->count ? ND_OK : ND_E_MEMORY;
}

static void mean_add(mean *m, const field *f)
{
    if (!f->width) return;
    if (!m->shape.width) m->shape = *f;
    if (f->width != m->shape.width || f->height != m->shape.height) return;
    for (int i = 0; i < f->width * f->height; i++) {
        const double value = f->value[i];
        if (!isfinite(value)) continue;
        if (!m->count[i]++) m->first[i] = value;
        m->sum[i] += remainder(value - m->first[i], 360);
    }
}

static void mean_take(const mean *m, bool wraps, field *f)
{
    for (int i = 0; i < m->shape.width * m->shape.height; i++) {
        f->value[i] = m->count[i] ? m->first[i] + m->sum[i] / m->count[i] : (double)NAN;
        if (wraps && f->value[i] < 0) f->value[i] += 360;
        if (wraps && f->value[i] >= 360) f->value[i] -= 360;
    }
    f->width = m->shape.width, f->height = m->shape.height;
    f->step_x = m->shape.step_x, f->step_y = m->shape.step_y;
}

// The first node lies on the tile's corner, so the corner of its pixel lies outside.
static nd_status add_field(const safe *s, io_bands *bands, const field *f,
                           const char *name, const char *help)
{
    if (!f->width) return ND_OK;
    const nd_grid *fine = NULL;
    for (int i = 0; i < 3 && !fine; i++)
        if (s->grid[i].width) fine = &s->grid[i];
    const size_t count = (size_t)f->width * (size_t)f->height;
    float *value = nd_alloc(s->arena, count, sizeof *value);
    if (!value || !fine) return ND_E_MEMORY;
    for (size_t i = 0; i < count; i++) value[i] = (float)f->value[i];
    const nd_band band = {.name = name,
                          .unit = "deg",
                          .help = help,
                          .role = ND_ANGLE,
                          .sample = ND_F32,
                          .scale = 1,
                          .no_data = NAN,
                          .grid = {f->width, f->height, fine->x - f->step_x / 2,
                                   fine->y + f->step_y / 2, f->step_x, -f->step_y,
                                   fine->crs}};
    return io_bands_add(bands, &band, &(io_source){.field = value});
}

static nd_status add_sun(const safe *s, io_bands *bands, const xmlNode *angles)
{
    const xmlNode *sun = io_xml_first(angles, "Sun_Angles_Grid");
    field f;
    ND_TRY(read_field(s, io_xml_first(sun, "Zenith"), &f));
    ND_TRY(add_field(s, bands, &f, "sun_zenith", "Angle of the sun from the zenith"));
    ND_TRY(read_field(s, io_xml_first(sun, "Azimuth"), &f));
    return add_field(s, bands, &f, "sun_azimuth",
                     "Direction of the sun, clockwise from north");
}

static const char *const kind_names[2] = {"Zenith", "Azimuth"};

// Detectors overlap: where two saw a place, their mean.
static nd_status read_band_field(const safe *s, const xmlNode *angles, int band, int kind,
                                 field *f)
{
    static const char *const name = "Viewing_Incidence_Angles_Grids";
    mean m;
    field one;
    ND_TRY(mean_new(s->arena, &m));
    for (const xmlNode *n = io_xml_first(angles, name); n; n = io_xml_next(n, name)) {
        const char *text = io_xml_attribute(s->arena, n, "bandId");
        double id;
        if (!text || !nd_text_real(text, &id) || id != band) continue;
        const nd_mark mark = nd_arena_mark(s->arena);
        ND_TRY(read_field(s, io_xml_first(n, kind_names[kind]), &one));
        mean_add(&m, &one);
        nd_arena_back(s->arena, mark);
    }
    *f = (field){.value = nd_alloc(s->arena, (size_t)NODES * NODES, sizeof *f->value)};
    if (!f->value) return ND_E_MEMORY;
    mean_take(&m, kind == 1, f);
    return ND_OK;
}

static nd_status add_views(const safe *s, io_bands *bands, const xmlNode *angles,
                           int kind)
{
    static const char *const words[2] = {"zenith", "azimuth"};
    static const char *const help[2] = {
        "Angle of the satellite from the zenith",
        "Direction of the satellite, clockwise from north"};
    mean all;
    field f;
    ND_TRY(mean_new(s->arena, &all));
    for (int b = 0; b < SAFE_BANDS; b++) {
        // L2A has no pixels of B10, but its angles, in SNAP's list too.
        const char *name =
            nd_text(s->arena, "view_%s_%s", words[kind], safe_band_rows[b].name);
        if (!name) return ND_E_MEMORY;
        ND_TRY(read_band_field(s, angles, b, kind, &f));
        if (safe_band_rows[b].resolution[s->is_l2a]) mean_add(&all, &f);
        ND_TRY(add_field(s, bands, &f, name, help[kind]));
    }
    f = (field){.value = nd_alloc(s->arena, (size_t)NODES * NODES, sizeof *f.value)};
    if (!f.value) return ND_E_MEMORY;
    mean_take(&all, kind == 1, &f);
    const char *name = kind ? "view_azimuth_mean" : "view_zenith_mean";
    return add_field(s, bands, &f, name, help[kind]);
}

nd_status safe_add_angles(const safe *s, io_bands *bands)
{
    const xmlNode *angles = io_xml_any(s->tile, "Tile_Angles");
    ND_TRY(add_sun(s, bands, angles));
    ND_TRY(add_views(s, bands, angles, 0));
    return add_views(s, bands, angles, 1);
}
