// SPDX-License-Identifier: Apache-2.0
// Which instruction set the kernels use: found once, when the first one is needed.
#include "core/cpu.h"
#include <nadir/text.h>
#include <pthread.h>
#include <stdlib.h>

static nd_cpu_level chosen, best;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void choose(void)
{
    static const char *const name[ND_CPU_LEVELS] = {"c", "v2", "v3", "v4"};
    const char *wish = getenv("NADIR_CPU"); // NOLINT(concurrency-mt-unsafe): once
    chosen = best = core_cpu_ask();
    if (!wish) return;
    for (int i = 0; i < ND_CPU_LEVELS; i++)
        if (nd_text_same(wish, name[i]) && i < (int)best) chosen = (nd_cpu_level)i;
}

nd_cpu_level nd_cpu(void)
{
    pthread_once(&once, choose);
    return chosen;
}

nd_cpu_level nd_cpu_best(void)
{
    pthread_once(&once, choose);
    return best;
}
