// SPDX-License-Identifier: Apache-2.0
// Inside learn: members of a zip read in place, by any thread, nothing unpacked to disk.
#pragma once
#include <nadir/core.h>

typedef struct zip_entry {
    const char *name;
    uint64_t at, packed, size; // at: of its local header
    uint32_t crc;
    uint16_t method; // 0 stored, 8 deflated
    bool is_secret;
} zip_entry;
typedef struct zip {
    const char *path;
    int file;
    uint64_t size;
    const zip_entry *entry;
    int64_t count;
} zip;

// Reads the central directory once; folders are left out. The arena's, which closes it.
// NULL after nd_fail.
const zip *zip_open(nd_arena *arena, const char *path) ND_CHECKED;
// Memory that grows and is used again, and libdeflate's decompressor; of one thread.
typedef struct zip_hand {
    uint8_t *packed, *bytes;
    size_t packed_room, room;
    void *inflater;
} zip_hand;
// All of a member in hand->bytes; its size and checksum are true. At most 256 MiB.
nd_status zip_read(const zip *from, const zip_entry *entry, zip_hand *hand) ND_CHECKED;
// Room for `size` bytes in *bytes, whose content may be lost.
nd_status zip_room(uint8_t **bytes, size_t *room, size_t size) ND_CHECKED;
void zip_hand_free(zip_hand *hand);
