// SPDX-License-Identifier: Apache-2.0
// Any other processor: its kernels are all compiled for what the compiler takes as given.
#include "raster/cpu.h"

raster_level raster_cpu_ask(void)
{
    return RASTER_V4;
}
