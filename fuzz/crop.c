// SPDX-License-Identifier: Apache-2.0
// Any bytes as a crop.yaml.
#include "io/crop.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    nd_arena *arena = nd_arena_new();
    crop c;
    if (arena && crop_parse(arena, "crop.yaml", (const char *)data, size, &c) != ND_OK)
        (void)nd_error_take();
    nd_arena_free(arena);
    return 0;
}
