// SPDX-License-Identifier: Apache-2.0
// What a scene says of itself: strict JSON for programs, lines for people.
#include "io/reader.h"
#include <math.h>
#include <stdio.h>

static const char *const samples[] = {
    [ND_F32] = "float32", [ND_U8] = "uint8",   [ND_I8] = "int8",   [ND_U16] = "uint16",
    [ND_I16] = "int16",   [ND_U32] = "uint32", [ND_I32] = "int32", [ND_F64] = "float64"};
static const char *const kinds[] = {[ND_CONTINUOUS] = "continuous",
                                    [ND_AMPLITUDE] = "amplitude",
                                    [ND_CLASS] = "class",
                                    [ND_FLAGS] = "flags"};
static const char *const roles[] = {
    [ND_DATA] = "data", [ND_ANGLE] = "angle", [ND_MASK] = "mask"};

static void describe_grid(const nd_grid *grid, nd_json_out *out)
{
    nd_json_whole(out, "width", grid->width);
    nd_json_whole(out, "height", grid->height);
    nd_json_open(out, "transform", '[');
    nd_json_real(out, NULL, grid->x);
    nd_json_real(out, NULL, grid->pixel_x);
    nd_json_real(out, NULL, 0);
    nd_json_real(out, NULL, grid->y);
    nd_json_real(out, NULL, 0);
    nd_json_real(out, NULL, grid->pixel_y);
    nd_json_close(out, ']');
    nd_json_text(out, "crs", grid->crs ? grid->crs->text : NULL);
    nd_json_text(out, "crs_name", grid->crs ? grid->crs->name : NULL);
}

static void describe_label(const nd_label *label, nd_json_out *out)
{
    char colour[16];
    nd_json_open(out, NULL, '{');
    nd_json_real(out, "value", label->value);
    nd_json_text(out, "name", label->name);
    if (label->help) nd_json_text(out, "help", label->help);
    if (label->colour) {
        snprintf(colour, sizeof colour, "#%08x", label->colour);
        nd_json_text(out, "colour", colour);
    }
    nd_json_close(out, '}');
}

static void describe_known(nd_json_out *out, const char *key, double value)
{
    if (value > 0)
        nd_json_real(out, key, value);
    else
        nd_json_null(out, key);
}

static void describe_band(const nd_band *band, nd_json_out *out)
{
    nd_json_open(out, NULL, '{');
    nd_json_text(out, "name", band->name);
    nd_json_text(out, "unit", band->unit);
    nd_json_text(out, "help", band->help);
    nd_json_text(out, "kind", kinds[band->kind]);
    nd_json_text(out, "role", roles[band->role]);
    nd_json_text(out, "type", samples[band->sample]);
    nd_json_real(out, "no_data", band->no_data);
    nd_json_real(out, "scale", band->scale == 0 ? 1 : band->scale);
    nd_json_real(out, "offset", band->offset);
    describe_known(out, "wavelength_nm", band->wavelength_nm);
    describe_known(out, "bandwidth_nm", band->bandwidth_nm);
    describe_grid(&band->grid, out);
    nd_json_text(out, "expression", band->expression);
    if (band->labels) {
        nd_json_open(out, "labels", '[');
        for (int i = 0; i < band->labels; i++) describe_label(&band->label[i], out);
        nd_json_close(out, ']');
    }
    nd_json_text(out, "missing", band->missing);
    nd_json_close(out, '}');
}

static void describe_count(nd_json_out *out, const char *key, int value)
{
    if (value)
        nd_json_whole(out, key, value);
    else
        nd_json_null(out, key);
}

// The largest grid stands for the scene.
static const nd_grid *scene_grid(const nd_product *product)
{
    const nd_grid *best = NULL;
    for (int i = 0; i < product->bands; i++)
        if (!best || product->band[i].grid.width > best->width)
            best = &product->band[i].grid;
    return best;
}

nd_status nd_product_describe(const nd_product *p, nd_json_out *out)
{
    const nd_grid *grid = scene_grid(p);
    nd_json_open(out, NULL, '{');
    nd_json_text(out, "path", p->path);
    nd_json_text(out, "name", p->name);
    nd_json_text(out, "format", p->format);
    nd_json_text(out, "mission", p->mission);
    nd_json_text(out, "level", p->level);
    nd_json_text(out, "mode", p->mode);
    nd_json_text(out, "tile", p->tile);
    describe_count(out, "orbit", p->orbit);
    describe_count(out, "relative_orbit", p->relative_orbit);
    nd_json_text(out, "pass", p->pass);
    nd_json_text(out, "baseline", p->baseline);
    nd_json_text(out, "start", p->start);
    nd_json_text(out, "stop", p->stop);
    nd_json_bool(out, "simulated", p->simulated);
    nd_json_text(out, "levels", p->levels == ND_EXACT ? "exact" : "reduced");
    if (grid) describe_grid(grid, out);
    nd_json_open(out, "bands", '[');
    for (int i = 0; i < p->bands; i++) describe_band(&p->band[i], out);
    nd_json_close(out, ']');
    nd_json_open(out, "metadata", '[');
    for (size_t i = 0; i < p->mores; i++) {
        nd_json_open(out, NULL, '{');
        nd_json_text(out, "name", p->more[i].name);
        nd_json_text(out, "value", p->more[i].value);
        nd_json_close(out, '}');
    }
    nd_json_close(out, ']');
    nd_json_close(out, '}');
    return nd_buffer_text(out->to) ? ND_OK : ND_E_MEMORY;
}

static void print_known(nd_buffer *out, const char *what, const char *value)
{
    if (value) nd_buffer_add(out, "%-14s %s\n", what, value);
}

static void print_band(const nd_band *band, nd_buffer *out)
{
    nd_buffer_add(out, "  %-28s %-8s %6d x %-6d", band->name, samples[band->sample],
                  band->grid.width, band->grid.height);
    if (band->kind != ND_CONTINUOUS) nd_buffer_add(out, "  %s", kinds[band->kind]);
    if (band->role != ND_DATA) nd_buffer_add(out, "  %s", roles[band->role]);
    if (band->unit) nd_buffer_add(out, "  %s", band->unit);
    if (band->wavelength_nm > 0)
        nd_buffer_add(out, "  %s nm", nd_text_of_real(out->arena, band->wavelength_nm));
    if (!isnan(band->no_data))
        nd_buffer_add(out, "  no data %s", nd_text_of_real(out->arena, band->no_data));
    nd_buffer_add(out, "%s\n", band->missing ? "  missing" : "");
}

nd_status nd_product_print(const nd_product *p, nd_buffer *out)
{
    const nd_grid *grid = scene_grid(p);
    print_known(out, "name", p->name);
    print_known(out, "format", p->format);
    print_known(out, "mission", p->mission);
    print_known(out, "level", p->level);
    print_known(out, "mode", p->mode);
    print_known(out, "tile", p->tile);
    print_known(out, "baseline", p->baseline);
    print_known(out, "start", p->start);
    print_known(out, "stop", p->stop);
    print_known(out, "pass", p->pass);
    if (p->orbit) nd_buffer_add(out, "%-14s %d\n", "orbit", p->orbit);
    if (p->relative_orbit)
        nd_buffer_add(out, "%-14s %d\n", "relative orbit", p->relative_orbit);
    if (p->simulated) print_known(out, "pixels", "simulated");
    if (grid) {
        nd_buffer_add(out, "%-14s %d x %d pixels of %s\n", "size", grid->width,
                      grid->height, nd_text_of_real(out->arena, grid->pixel_x));
        print_known(out, "crs", grid->crs ? grid->crs->text : "none: a picture");
        if (grid->crs) print_known(out, "", grid->crs->name);
    }
    nd_buffer_add(out, "bands\n");
    for (int i = 0; i < p->bands; i++) print_band(&p->band[i], out);
    return nd_buffer_text(out) ? ND_OK : ND_E_MEMORY;
}
