// SPDX-License-Identifier: Apache-2.0
// The instruction sets of x86-64, as the compiler's own run time knows them.
#include "core/cpu.h"
#include <stdbool.h>

static bool has_v2(void)
{
    return __builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("popcnt");
}

static bool has_v3(void)
{
    return has_v2() && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
           __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2");
}

static bool has_v4(void)
{
    return has_v3() && __builtin_cpu_supports("avx512f") &&
           __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512cd") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
}

nd_cpu_level core_cpu_ask(void)
{
    __builtin_cpu_init();
    return has_v4() ? ND_CPU_V4 : has_v3() ? ND_CPU_V3 : has_v2() ? ND_CPU_V2 : ND_CPU_C;
}
