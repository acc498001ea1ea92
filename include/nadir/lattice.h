// SPDX-License-Identifier: Apache-2.0
// The lattice of overlapping windows that a network is run on, and how they are blended.
#pragma once
#include <nadir/raster.h>

typedef enum nd_blend {
    ND_BLEND_CROP,   // the middle of each window
    ND_BLEND_LINEAR, // weights that rise along a line
    ND_BLEND_COSINE  // and along a quarter of a sine's square
} nd_blend;
// Window k of an axis covers [k step - overlap, k step - overlap + side), step = side -
// overlap, for k = 0, 1, … while it begins inside. Anchored at pixel (0, 0) of the node,
// never at what is asked for: so no answer depends on how the work was cut.
typedef struct nd_lattice {
    int side, overlap; // 0 <= overlap <= side / 2
    nd_blend blend;
} nd_lattice;
int nd_lattice_step(nd_lattice lattice);
// The overlap that a net wants whose output sees `radius` pixels to each side, 0: not
// known: `asked`, or below 0 twice the radius, a quarter of the window at most, 32 at
// least; then up to an even multiple of `multiple`, and half a window at most.
int nd_lattice_overlap(int side, int asked, int multiple, double radius);
int nd_lattice_start(nd_lattice lattice, int k); // its first pixel; may be below 0
int nd_lattice_count(nd_lattice lattice, int length);
// Windows that give weight to pixels first … first + count - 1 of an axis; at least one.
void nd_lattice_under(nd_lattice lattice, int length, int first, int count, int *from,
                      int *to);
// Weight of pixel i of a window: over each pixel of the axis they add up to 1.
float nd_lattice_weight(nd_lattice lattice, int i);
// The pixel that stands for x beyond an axis: reflected, without repeating the edge.
int nd_lattice_reflect(int x, int length);

// ---- A node whose pixels are what somebody says of windows of its input.
typedef struct nd_windows_make {
    nd_lattice lattice;
    int stride; // > 0: answers for cells of stride x stride pixels; 0: for each pixel
    int cells;  // of a window each way, around its middle; 0: one, and windows in batches
    int outputs;     // numbers of an answer: bands of the node
    int batch;       // most windows given to `run` at a time; 0: 1
    const int *band; // of the input, on one grid
    int bands;
    // Once, before the first window is run; may be NULL.
    nd_status (*begin)(const void *user, const nd_node *input, nd_work *work);
    // In place, pixels of band k of `band` as read, once for all windows that see them;
    // NaN stays NaN. NULL: they are good as they are.
    void (*ready)(const void *user, int k, float *pixel, int64_t count);
    // Windows {count, bands, side, side}, 0 where there is no data, to be written over;
    // `out`: {count, outputs} or {count, outputs, side, side}; of several cells, {1,
    // outputs, cells, cells}. Any thread; a pure function of each window. Windows without
    // any data are not asked for: their answer is 0.
    nd_status (*run)(const void *user, int count, float *x, float *out);
    const void *user;
    const char *identity; // of what is said of windows: goes into the node's key
    int64_t own_bytes, worker_bytes; // that it holds, once and for each thread
} nd_windows_make;
// Beyond the edge pixels are reflected. Answers of pixels are blended by the lattice's
// weights; of cells by lines between their middles, or not at all by ND_BLEND_CROP. The
// arena's; NULL after nd_fail.
nd_node *nd_windows_new(nd_arena *arena, nd_node *input, const nd_windows_make *make,
                        const char *place) ND_CHECKED;
