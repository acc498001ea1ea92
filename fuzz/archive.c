// SPDX-License-Identifier: Apache-2.0
// Any bytes as a checkpoint in a zip or a tar archive.
#include "weights/weights.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    nd_arena *arena = nd_arena_new();
    if (!arena) return 0;
    (void)!weights_read(arena, (nd_bytes){data, size});
    (void)nd_error_take();
    nd_arena_free(arena);
    return 0;
}
