// SPDX-License-Identifier: Apache-2.0
// What the processor can do: a file of its own for each family, chosen by meson.
#pragma once
#include "raster/kernels.h"

raster_level raster_cpu_ask(void);
