// SPDX-License-Identifier: Apache-2.0
// Any other processor: its kernels are all compiled for what the compiler takes as given.
#include "core/cpu.h"

nd_cpu_level core_cpu_ask(void)
{
    return ND_CPU_V4;
}
