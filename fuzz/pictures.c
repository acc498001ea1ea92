// SPDX-License-Identifier: Apache-2.0
// Any bytes as a zip of pictures: its table of contents, and every member.
#define _GNU_SOURCE
#include "learn/zip.h"
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[64];
    nd_arena *arena = nd_arena_new();
    const int file = memfd_create("pictures", 0);
    if (!arena || file < 0) return 0;
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    if (write(file, data, size) == (ssize_t)size) {
        const zip *z = zip_open(arena, path);
        zip_hand hand = {0};
        for (int64_t i = 0; z && i < z->count && i < 64; i++)
            if (z->entry[i].size > 1 << 22 || zip_read(z, &z->entry[i], &hand) != ND_OK)
                (void)nd_error_take();
        zip_hand_free(&hand);
    }
    (void)nd_error_take();
    close(file);
    nd_arena_free(arena);
    return 0;
}
