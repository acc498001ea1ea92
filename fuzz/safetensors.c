// SPDX-License-Identifier: Apache-2.0
// Any bytes as a checkpoint, most of them as safetensors: as they are, and as the header
// of a file whose length is right.
#include "weights/weights.h"
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { NUMBERS = 64 };
    nd_arena *arena = nd_arena_new();
    uint8_t *whole = arena ? nd_alloc(arena, size + 8 + NUMBERS, 1) : NULL;
    if (!whole) return 0;
    (void)!weights_read(arena, (nd_bytes){data, size});
    for (int i = 0; i < 8; i++) whole[i] = (uint8_t)((uint64_t)size >> 8 * i);
    if (size) memcpy(whole + 8, data, size);
    (void)!weights_read(arena, (nd_bytes){whole, size + 8 + NUMBERS});
    (void)nd_error_take();
    nd_arena_free(arena);
    return 0;
}
