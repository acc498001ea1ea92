// SPDX-License-Identifier: Apache-2.0
// A catalogue of five small operators, for what reads graphs.
#pragma once
#include <nadir/graph.h>
#include <stdlib.h>
#include <string.h>

typedef struct toy_read {
    nd_path file;
    const char *format;
    nd_list bands;
} toy_read;
static const nd_param toy_read_rows[] = {
    ND_PARAM(toy_read, file, {NULL}, .required = true, .help = "Scene to read"),
    ND_PARAM(toy_read, format, NULL, .snap = "formatName", .help = "Its format"),
    ND_PARAM(toy_read, bands, {NULL}, .snap = "sourceBands", .was = "bandNames",
             .help = "Bands to read"),
};
typedef struct toy_entry {
    const char *name, *expression;
    double no_data;
} toy_entry;
static const nd_param toy_entry_rows[] = {
    ND_PARAM(toy_entry, name, NULL, .required = true, .help = "Name of the band"),
    ND_PARAM(toy_entry, expression, NULL, .required = true, .help = "What it is"),
    ND_PARAM(toy_entry, no_data, 0, .snap = "noDataValue", .help = "No data"),
};
static const nd_table toy_entries = ND_TABLE(toy_entry_rows, toy_entry);
typedef struct toy_maths {
    nd_rows bands;
    const char *expression;
} toy_maths;
static const nd_param toy_maths_rows[] = {
    ND_PARAM(toy_maths, bands, {NULL}, .snap = "targetBands", .rows = &toy_entries,
             .row_snap = "targetBand", .help = "Bands to make"),
    ND_PARAM(toy_maths, expression, NULL, .help = "What the one band is"),
};
static const nd_option toy_methods[] = {
    {"Nearest", "The nearest pixel", NULL}, {"Bilinear", "Four pixels", NULL}, {0}};
typedef struct toy_resample {
    int resolution;
    double shift;
    nd_choice method;
    const char *band;
} toy_resample;
static const nd_param toy_resample_rows[] = {
    ND_PARAM(toy_resample, resolution, 0, .snap = "targetResolution", .min = 0,
             .max = 100, .help = "Size of a pixel"),
    ND_PARAM(toy_resample, shift, 0, .help = "Shift"),
    ND_PARAM(toy_resample, method, {0}, .snap = "upsampling", .choices = toy_methods,
             .help = "How"),
    ND_PARAM(toy_resample, band, NULL, .snap = "referenceBand", .of = "band",
             .help = "Band whose grid it is"),
};
typedef struct toy_none {
    bool unused;
} toy_none;
static const nd_param toy_none_rows[] = {
    ND_PARAM(toy_none, unused, false, .help = "Nothing"),
};

static nd_status toy_open(nd_node *self)
{
    self->bands = 1;
    self->band = nd_alloc(self->arena, 1, sizeof *self->band);
    if (!self->band) return ND_E_MEMORY;
    self->band[0] = (nd_band){.name = "B4", .grid = {4, 4, 0, 0, 10, -10, NULL}};
    return ND_OK;
}

static nd_status toy_choose(nd_node *self)
{
    const toy_resample *set = self->state;
    int band;
    return nd_band_choose(self->input[0], set->band, 0, &band);
}

static nd_status toy_fill(const nd_node *self, nd_work *work, nd_tile *tile)
{
    (void)self, (void)work;
    *tile->data = 1;
    return ND_OK;
}

static const nd_op toy_ops[] = {
    {.name = "read",
     .snap = "Read",
     .table = ND_TABLE(toy_read_rows, toy_read),
     .plan = toy_open,
     .compute = toy_fill},
    {.name = "write",
     .snap = "Write",
     .table = ND_TABLE(toy_read_rows, toy_read),
     .min_inputs = 1,
     .max_inputs = 1,
     .sink = true,
     .compute = toy_fill},
    {.name = "band_maths",
     .snap = "BandMaths",
     .ignores = "variables",
     .table = ND_TABLE(toy_maths_rows, toy_maths),
     .min_inputs = 1,
     .max_inputs = -1,
     .compute = toy_fill},
    {.name = "resample",
     .snap = "Resample",
     .ignores = "resampleOnPyramidLevels",
     .table = ND_TABLE(toy_resample_rows, toy_resample),
     .min_inputs = 1,
     .max_inputs = 1,
     .plan = toy_choose,
     .compute = toy_fill},
    {.name = "collocate",
     .snap = "Collocate",
     .table = ND_TABLE(toy_none_rows, toy_none),
     .min_inputs = 2,
     .max_inputs = 2,
     .compute = toy_fill},
};
static const nd_op *const toys[] = {&toy_ops[0], &toy_ops[1], &toy_ops[2],
                                    &toy_ops[3], &toy_ops[4], NULL};
