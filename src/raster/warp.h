// SPDX-License-Identifier: Apache-2.0
// Inside raster: cells of the lattice, and the sampling loops.
#pragma once
#include <nadir/cpu.h>
#include <nadir/warp.h>
#include <stdbool.h>

enum { WARP_ROOT = 256, WARP_LEAF = 16 }; // pixels of a level: largest and smallest cell

// A square of target pixels in which positions are linear in x and in y, or known one by
// one. Corners: 00, 10, 01, 11 (x first).
typedef struct warp_cell {
    int x, y, size;
    nd_rect part;      // what lies in the rectangle that was asked for
    double u[4], v[4]; // at the corners
    double *each[2];   // not NULL: of each pixel's centre of `part`
    double range[4];   // of the positions in `part`: least u, v, most u, v; NaN: none
    struct warp_cell *next;
} warp_cell;
// Cells under `rect`; pixels outside of all of them have no source.
nd_status warp_cells(const nd_mapping *mapping, nd_arena *scratch, int level,
                     nd_rect rect, warp_cell **first) ND_CHECKED;

// Positions of a row of pixels: start + k * step for k = first, first + 1, …; relative
// to pixel (base_x, base_y) of the window, and never below its low bound.
typedef struct warp_line {
    float u, v, step_u, step_v, first;
    float low_u, low_v, high_u, high_v;
    int base_x, base_y, stride; // base: where in the window u and v count from
} warp_line;
// Half a thousandth of a pixel less than the half: ties go right and down in every row,
// whatever the last bit of a position says.
#define WARP_HALF (0.5f - 1.0f / 2048)
// Upper left sample of the 2 x 2, and how far to the right and down of its centre.
typedef struct warp_spots {
    int offset[WARP_ROOT];
    float right[WARP_ROOT], down[WARP_ROOT];
} warp_spots;
// Rows of the source, from the sample left of the first pixel's, and how n samples to a
// pixel lie: the one on the left (0) or the pixel itself (1), and the way to the next.
typedef struct warp_steps {
    const float *above, *below;
    float down; // from above to below, 0 to 1
    int n;
    int from[WARP_ROOT];
    float right[WARP_ROOT];
} warp_steps;
typedef void warp_sample(const float *data, int stride, const warp_spots *spots,
                         int count, float *out);
typedef struct warp_kernels {
    // `count` source pixels, n * count samples out; room: count + 2. Is any missing?
    bool (*refine)(const warp_steps *steps, int count, float *room, float *out);
    void (*spots)(const warp_line *line, int count, warp_spots *spots);
    warp_sample *sample[ND_BICUBIC + 1]; // by nd_kernel
    warp_sample *as_snap[ND_KERNELS];
} warp_kernels;
