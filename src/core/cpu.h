// SPDX-License-Identifier: Apache-2.0
// What the processor can do: a file of its own for each family, chosen by meson.
#pragma once
#include <nadir/cpu.h>

nd_cpu_level core_cpu_ask(void);
