// SPDX-License-Identifier: Apache-2.0
// What only this system can tell: the cores that this process may use.
#define _GNU_SOURCE
#include <nadir/pool.h>
#include <sched.h>

int nd_cores(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) != 0) return 1;
    const int count = CPU_COUNT(&set);
    return count > 0 ? count : 1;
}
