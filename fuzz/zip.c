// SPDX-License-Identifier: Apache-2.0
// Any bytes as a checkpoint in a zip or a tar archive: its table, then its members.
#include "weights/zip.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    nd_arena *arena = nd_arena_new();
    zip z;
    if (!arena) return 0;
    if (weights_zip_open(&z, arena, arena, (nd_bytes){data, size}) == ND_OK)
        for (size_t i = 0; i < z.count; i++)
            if (weights_zip_read(&z, &z.member[i]) != ND_OK) (void)nd_error_take();
    (void)!weights_read(arena, (nd_bytes){data, size});
    (void)nd_error_take();
    nd_arena_free(arena);
    return 0;
}
