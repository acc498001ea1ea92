// SPDX-License-Identifier: Apache-2.0
// Inside io: a node for the eye: bands chosen, stretched and painted, as bytes.
#pragma once
#include "io/write.h"
#include <nadir/colour.h>

typedef struct io_look {
    nd_paint paint;
    nd_source from[3]; // red, green, blue; or one band
    bool has_index;    // one channel of indices into the paint's colours
} io_look;
// What the options say (rgb, ramp, stretch, low, high, gamma), and what is sane for the
// rest. `index`: whether a palette is wanted where one band is painted.
nd_status io_look_plan(io_job *job, bool index, io_look *look) ND_CHECKED;
// The picture as bands of bytes: index, or red, green, blue and alpha. `state` is look.
nd_node *io_look_node(nd_arena *arena, const io_job *job, io_look *look) ND_CHECKED;
// What `node` gives, copied by GDAL's driver into the job's output.
nd_status io_copy_picture(io_job *job, const nd_node *node, const io_look *look,
                          const char *driver) ND_CHECKED;
