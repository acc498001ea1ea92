// SPDX-License-Identifier: Apache-2.0
// Winograd's F(4 x 4, 3 x 3) in blocks of 16 channels (Lavin and Gray 2016): what its
// kernels share.
#pragma once
#include <nadir/cpu.h>
#include <stdbool.h>
#include <stdint.h>

// Pictures are cut into tiles of 4 x 4 outputs, numbered picture by picture.
typedef struct own_tiles {
    int64_t rows, columns; // of tiles in a picture
    int64_t height, width; // of what is read
    int64_t out_height, out_width;
    int64_t pad;
    int64_t blocks;     // of 16 channels of a picture
    int64_t begin, end; // those of them that are read or written
} own_tiles;
// A stretch of tiles, side by side in memory: of point p, block b, tile t the sixteen at
// p * step + (b * room + t) * 16.
typedef struct own_stretch {
    int64_t first, count;
    int64_t filled; // tiles from count to here are made nought
    int64_t room;   // what b steps by
    int64_t step;
    float *at;
} own_stretch;
// What becomes of an output: + bias, + r, >= 0.
typedef struct own_finish {
    const float *bias; // of all channels, rounded up; NULL: none
    const void *r;     // like the output; NULL: none
    bool relu;
} own_finish;

// [0]: float32 in memory, [1]: bfloat16. Products of a group of at most four blocks of
// outputs: weights {point, group, channel, 16 of each block}.
typedef struct own_winograd {
    void (*input[2])(const own_tiles *tiles, const void *x, const own_stretch *to);
    void (*output[2])(const own_tiles *tiles, const own_stretch *from, void *y,
                      const own_finish *finish);
    void (*gradient[2])(const own_tiles *tiles, const void *g, const own_stretch *to);
    // out = in x weights of one point
    void (*product)(const own_stretch *in, int64_t ins, const float *weights,
                    const own_stretch *out, int64_t outs);
    // weights = (or, `adds`, +=) in x g, summed over tiles, of one point
    void (*weigh)(const own_stretch *in, int64_t ins, const own_stretch *g, int64_t outs,
                  float *weights, bool adds);
    // Nine numbers each of 16 outputs to 36 and back; `step` between points.
    void (*to_points)(const float *nine, float *to, int64_t step);
    void (*from_points)(const float *from, int64_t step, float *nine);
    // Sixteen lines of sixteen, `step` numbers apart, rows to columns.
    void (*turn)(const float *from, int64_t step, float *to, int64_t to_step);
} own_winograd;
ND_KERNEL_TABLES(own_winograd, own_winograd);

// The next group when so many blocks are left.
static inline int own_group(int64_t left)
{
    return left >= 8 || left == 4 ? 4 : left == 7 ? 4 : left > 4 ? 3 : (int)left;
}
enum { OWN_POINTS = 36, OWN_ROUND = 24 };
// Tiles are multiplied 6, 8, 12 or 24 at a time: by sixes where all groups are of four
// blocks, each part having a like share of the outputs.
static inline int64_t own_round(int64_t outs, int64_t parts)
{
    return outs % (4 * parts) ? OWN_ROUND : OWN_ROUND / 4;
}
