// SPDX-License-Identifier: Apache-2.0
// Kernels: the same C compiled for several instruction sets, one of them chosen at start.
//
// A file X_kernel.c fills one const table of function pointers, `KERNEL(X_kernels)`;
// meson compiles it four times (KERNEL_SUFFIX is _c, _v2, _v3, _v4). Who calls it
// declares the four with KERNEL_TABLES and takes `X_kernels_at[raster_cpu()]`.
// Contraction is off, so the four give the same bits for + - * / sqrt and everything made
// of them.
#pragma once

typedef enum raster_level {
    RASTER_C,  // plain C for the least machine, not vectorised: the oracle
    RASTER_V2, // x86-64-v2 (SSE 4.2)
    RASTER_V3, // x86-64-v3 (AVX2)
    RASTER_V4, // x86-64-v4 (AVX-512)
    RASTER_LEVELS
} raster_level;

// The best that this machine has, or what NADIR_CPU (c, v2, v3, v4) forces; a wish beyond
// the machine gives its best. Found once; any thread.
raster_level raster_cpu(void);
raster_level raster_cpu_best(void); // whatever NADIR_CPU says

#define KERNEL_PASTE(name, suffix) name##suffix
#define KERNEL_NAME(name, suffix)  KERNEL_PASTE(name, suffix)
#define KERNEL(name)               KERNEL_NAME(name, KERNEL_SUFFIX)
#define KERNEL_TABLES(type, name)                                                        \
    extern const type name##_c, name##_v2, name##_v3, name##_v4;                         \
    static const type *const name##_at[RASTER_LEVELS] = {&name##_c, &name##_v2,          \
                                                         &name##_v3, &name##_v4}
