// SPDX-License-Identifier: Apache-2.0
// Inside raster: what is done to each pixel of a kept tile or a level.
#pragma once
#include <nadir/cpu.h>
#include <stdbool.h>
#include <stdint.h>

// pixel = offset + scale * sample; sample = stored + low; hole: no data.
typedef struct raster_packing {
    double scale, offset;
    int32_t low, high, hole;
} raster_packing;

typedef struct raster_tile_kernels {
    void (*unpack)(const uint16_t *from, int count, const raster_packing *packing,
                   float *to);
    // False if a pixel would not come back bit for bit.
    bool (*pack)(const float *from, int count, const raster_packing *packing,
                 uint16_t *to);
    // Adds a row to the sums of its columns (of squares), and counts what is valid.
    void (*add)(const float *from, int count, bool is_power, double *sum, int32_t *valid);
    // Means (of squares, their root) of 2 x 2 pixels of two rows; of those that are
    // valid.
    void (*halve)(const float *above, const float *below, int count, bool is_power,
                  float *to);
} raster_tile_kernels;

ND_KERNEL_TABLES(raster_tile_kernels, tile_kernels);
static inline const raster_tile_kernels *raster_tile_kernel(void)
{
    return tile_kernels_at[nd_cpu()];
}
