// SPDX-License-Identifier: Apache-2.0
// Kernels: the same C compiled for several instruction sets, one of them chosen at start.
//
// A file X_kernel.c fills one const table of function pointers, ND_KERNEL(X_kernels);
// meson compiles it four times (KERNEL_SUFFIX is _c, _v2, _v3, _v4). Who calls it
// declares the four with ND_KERNEL_TABLES and takes `X_kernels_at[nd_cpu()]`.
#pragma once

typedef enum nd_cpu_level {
    ND_CPU_C,  // plain C for the least machine, not vectorised: the oracle
    ND_CPU_V2, // x86-64-v2 (SSE 4.2)
    ND_CPU_V3, // x86-64-v3 (AVX2)
    ND_CPU_V4, // x86-64-v4 (AVX-512)
    ND_CPU_LEVELS
} nd_cpu_level;

// The best that this machine has, or what NADIR_CPU (c, v2, v3, v4) forces; a wish beyond
// the machine gives its best. Found once; any thread.
nd_cpu_level nd_cpu(void);
nd_cpu_level nd_cpu_best(void); // whatever NADIR_CPU says

#define ND_KERNEL_PASTE(name, suffix) name##suffix
#define ND_KERNEL_NAME(name, suffix)  ND_KERNEL_PASTE(name, suffix)
#define ND_KERNEL(name)               ND_KERNEL_NAME(name, KERNEL_SUFFIX)
#define ND_KERNEL_TABLES(type, name)                                                     \
    extern const type name##_c, name##_v2, name##_v3, name##_v4;                         \
    static const type *const name##_at[ND_CPU_LEVELS] = {&name##_c, &name##_v2,          \
                                                         &name##_v3, &name##_v4}
