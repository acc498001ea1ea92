// SPDX-License-Identifier: Apache-2.0
// From values to colours: ramps, stretches, palettes of classes, and PNG in memory.
#pragma once
#include <nadir/run.h>

// ---- Ramps: colours from low to high.
typedef struct nd_ramp {
    const char *name, *help;
    const uint32_t *stop; // 0xRRGGBB, evenly spaced
    int stops;
    bool is_diverging; // its middle means "neither"
} nd_ramp;
extern const nd_ramp nd_ramps[]; // ends with a row without name
// Case-insensitive; "-NAME" is not a name: turn the paint. NULL after nd_fail: nearest.
const nd_ramp *nd_ramp_find(const char *name) ND_CHECKED;
uint32_t nd_ramp_at(const nd_ramp *ramp, double share); // 0xRRGGBBFF; share in [0, 1]

// ---- Stretches: which value is darkest, which brightest.
typedef enum nd_stretching {
    ND_STRETCH_PERCENT,  // 2 % to 98 %
    ND_STRETCH_MINMAX,   // all there is
    ND_STRETCH_DEVIATION // mean -/+ 2 standard deviations
} nd_stretching;
typedef struct nd_stretch {
    double low, high;
    double gamma; // > 1 lightens the dark; 0 means 1
} nd_stretch;
nd_stretch nd_stretch_of(const nd_stats *stats, nd_stretching how);
// One stretch for red, green and blue, so that grey stays grey; a gamma for the eye.
nd_stretch nd_stretch_true_colour(const nd_stats stats[3]);
double nd_stretch_share(const nd_stretch *stretch, double value); // in [0, 1]; NaN stays

// ---- Classes.
// Sentinel-2's scene classification (SCL), with ESA's colours; count: how many.
const nd_label *nd_labels_scl(int *count);
// The label's own colour, or the one that its number has among colours easy to tell
// apart (Okabe and Ito 2008). 0xRRGGBBAA.
uint32_t nd_label_colour(const nd_label *label, int number);

// ---- A paint: what turns rows of one band or of three into pixels. Plain data; any
// thread may use one that is filled.
enum { ND_CURVE = 4096 };
typedef struct nd_paint {
    int bands;                  // 1, or 3: red, green, blue
    nd_stretch stretch[3];      // of a ramp: the first
    uint8_t curve[3][ND_CURVE]; // gamma
    uint32_t colour[256];       // of 1 band: 0xRRGGBBAA; 0 is no data, transparent
    const nd_label *label;      // of classes; NULL: a ramp
    int labels;
} nd_paint;
void nd_paint_ramp(nd_paint *paint, const nd_ramp *ramp, nd_stretch stretch);
void nd_paint_rgb(nd_paint *paint, const nd_stretch stretch[3]);
// `labels` at most 255; a value that has none is transparent.
nd_status nd_paint_labels(nd_paint *paint, const nd_label *label, int labels) ND_CHECKED;
// Rows of `count` values: to indices into `colour` (1 band), or to R G B A.
void nd_paint_index(const nd_paint *paint, const float *in, int count, uint8_t *index);
void nd_paint_rgba(const nd_paint *paint, const float *const *in, int count,
                   uint8_t *rgba);
// As JSON, for a legend: {"stops": [{"value", "colour"}]} or {"classes": [{"value",
// "name", "colour"}]}; colours as "#rrggbb".
nd_status nd_paint_describe(const nd_paint *paint, nd_json_out *out) ND_CHECKED;

// ---- PNG.
typedef struct nd_picture {
    int width, height;
    int channels;           // 1 grey or index, 2 grey and alpha, 3 RGB, 4 RGBA
    const uint8_t *pixel;   // of 8 bits
    ptrdiff_t stride;       // bytes to the next row
    const uint32_t *colour; // 0xRRGGBBAA of indices; NULL: grey
    int colours;            // at most 256
    const char *text;       // "Title" and the like: a note inside; NULL: none
} nd_picture;
// The whole file, the arena's. effort: 1 quick (for the screen) to 9 small (for a file).
nd_status nd_png_make(nd_arena *arena, const nd_picture *picture, int effort,
                      const uint8_t **bytes, size_t *count) ND_CHECKED;
