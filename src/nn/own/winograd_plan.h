// SPDX-License-Identifier: Apache-2.0
// What convolutions by Winograd and their weights' gradients share: sizes, and where the
// weights' points stand.
#pragma once
#include "nn/conv.h"
#include "nn/net.h"
#include "nn/own/winograd.h"

typedef struct winograd {
    own_tiles in, out; // of what is read and what is written: x and y, or y and x
    int64_t ins, outs; // blocks of 16 channels
    int64_t tiles, room, step_in, step_out, step_weight;
    int64_t round; // of so many tiles a multiple is multiplied
    nd_shape weight;
    bool is_data, is_wide;
    int64_t stretches; // of wide ones: of `room` tiles, whose points are there at once
    int type;
    float *kept;                      // inference: the weights' points
    float *bias_kept;                 // filled up with zeroes; NULL: as it is
    size_t weight_bytes, part, whole; // of scratch: a thread's part, all
} winograd;
// Products of blocks; of more, weights' points are not kept.
enum { OWN_MANY = 16 * 16, OWN_MANY_BF16 = 8 * 8 };

static inline const own_winograd *own_winograd_here(void)
{
    return own_winograd_at[nd_cpu()];
}
static inline int64_t own_blocks(int64_t channels)
{
    return (channels + 15) / 16;
}
static inline int64_t own_products(const nn_conv *c)
{
    return own_blocks(c->in.dim[1]) * own_blocks(c->out.dim[1]);
}
// Tiles of 4 x 4 of what is written; how many at a time; what that needs.
void own_winograd_tiles(winograd *w, const nn_conv *c, bool is_data);
void own_winograd_room(winograd *w, int threads);
void own_winograd_steps(winograd *w);
// Whether it can be, and whether it pays for outputs of that shape.
bool own_winograd_can(const nn_record *r, const nn_conv *c, nd_dtype type);
bool own_winograd_pays(const nn_record *r, const nn_conv *c, const nd_shape *to);

const char *own_winograd_detail(const nn_record *r);

// Of output block k, input channel c: where its sixteen stand among a point's weights.
int64_t own_winograd_place(const winograd *w, int64_t k, int64_t c);
// Nine numbers of sixteen outputs, of each of the sixteen channels of an input block.
enum { OWN_NINE = 9 * 16 };
void own_winograd_nines(const winograd *w, const float *weights, int64_t k, int64_t block,
                        float nines[16 * OWN_NINE]);
// The other way, to the weights' gradient.
void own_winograd_give(const winograd *w, const float nines[16 * OWN_NINE], int64_t k,
                       int64_t block, float *weights);
// All points of all weights.
void own_winograd_points(const winograd *w, const float *weights, float *to, int threads);
