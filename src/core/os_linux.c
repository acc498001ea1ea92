// SPDX-License-Identifier: Apache-2.0
// What only this system can tell: the cores and the memory of this process.
#define _GNU_SOURCE
#include <malloc.h>
#include <nadir/core.h>
#include <nadir/pool.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int nd_cores(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) != 0) return 1;
    const int count = CPU_COUNT(&set);
    return count > 0 ? count : 1;
}

int64_t nd_resident_bytes(void)
{
    long long whole, resident = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    if (!file) return 0;
    if (fscanf(file, "%lld %lld", &whole, &resident) != 2) resident = 0;
    (void)fclose(file);
    return resident * sysconf(_SC_PAGESIZE);
}

// The C library raises this bound by itself whenever a large block is freed; after that
// tiles share a heap that only grows.
void nd_steady_memory(void)
{
    (void)mallopt(M_MMAP_THRESHOLD, 1 << 18); // NOLINT(concurrency-mt-unsafe): once
}

// Only a code that the C library does not know needs the room.
const char *nd_system_error(int code)
{
    static _Thread_local char words[64];
    return strerror_r(code, words, sizeof words);
}
