// SPDX-License-Identifier: Apache-2.0
// Tiles kept between pulls.
#include <nadir/run.h>
#include <stdlib.h>

struct nd_cache {
    int64_t budget;
};

nd_cache *nd_cache_new(int64_t budget_bytes)
{
    nd_cache *cache = calloc(1, sizeof *cache);
    if (!cache)
        return (void)nd_fail(ND_E_MEMORY, "no memory for a cache\nclose other programs"),
               NULL;
    cache->budget = budget_bytes;
    return cache;
}

void nd_cache_free(nd_cache *cache)
{
    free(cache);
}

nd_cache_use nd_cache_used(nd_cache *cache)
{
    (void)cache;
    return (nd_cache_use){0};
}

void nd_settle(nd_node *const *output, int outputs)
{
    (void)output, (void)outputs;
}
