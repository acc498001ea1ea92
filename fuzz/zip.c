// SPDX-License-Identifier: Apache-2.0
// Any bytes as a zip, where they lie and as a file: its table of contents, and every
// member.
#define _GNU_SOURCE
#include <nadir/zip.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { MOST = 1 << 22 };
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t read_all(const nd_zip *z)
{
    nd_zip_hand hand = {0};
    size_t whole = 0;
    for (size_t i = 0; z && i < z->count && i < 64; i++) {
        nd_bytes bytes;
        if (nd_zip_find(z, z->member[i].name) != &z->member[i]) abort();
        if (nd_zip_read(z, &z->member[i], MOST, &hand, &bytes) == ND_OK) whole++;
        (void)nd_error_take();
    }
    nd_zip_hand_free(&hand);
    return whole;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[64];
    nd_arena *arena = nd_arena_new();
    const int file = memfd_create("zip", 0);
    if (!arena || file < 0) return 0;
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    if (write(file, data, size) == (ssize_t)size) {
        const nd_zip *bytes = nd_zip_of(arena, (nd_bytes){data, size}, 1000);
        const nd_zip *opened = nd_zip_open(arena, path, 1000);
        if (!bytes != !opened || read_all(bytes) != read_all(opened)) abort();
    }
    (void)nd_error_take();
    close(file);
    nd_arena_free(arena);
    return 0;
}
