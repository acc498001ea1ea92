// SPDX-License-Identifier: Apache-2.0
// Inside raster: what the two nodes of one call of nd_windows_new share.
#pragma once
#include <nadir/lattice.h>
#include <nadir/op.h>
#include <pthread.h>

typedef struct raster_brain {
    nd_windows_make m;
    nd_grid grid;   // of the input
    int *band, *at; // the bands as a set; at[k]: where band k of `m` is in it
    int bands;      // of the set
    pthread_mutex_t lock;
    bool has_begun; // under the lock
} raster_brain;
// `identity` is a setting so that it is part of the nodes' keys.
typedef struct raster_windows {
    const char *identity;
    raster_brain *brain;
} raster_windows;
static const nd_param raster_windows_rows[] = {
    ND_PARAM(raster_windows, identity, NULL, .help = "What is said of the windows"),
};
static inline const raster_windows *raster_windows_of(const nd_node *self)
{
    return self->state;
}
// Answers of one window along an axis, and those of the whole axis where there is one for
// each cell.
static inline int raster_windows_each(const raster_brain *b)
{
    return !b->m.stride ? b->m.lattice.side : b->m.cells > 0 ? b->m.cells : 1;
}
static inline int raster_windows_cells(const raster_brain *b, int length)
{
    return (length + b->m.stride - 1) / b->m.stride;
}
extern const nd_op raster_op_blended;
