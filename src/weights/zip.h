// SPDX-License-Identifier: Apache-2.0
// Inside of weights: zip archives, read by their table of contents and written whole.
#pragma once
#include "weights/weights.h"

typedef struct zip_member {
    const char *name; // in the mapping, not ended by 0
    size_t name_length;
    uint64_t header, packed, size; // offset of its local header; bytes
    uint32_t crc;
    bool is_deflated;
    nd_bytes bytes; // once opened
    bool is_open;
} zip_member;
typedef struct zip {
    nd_arena *arena; // of what is unpacked
    nd_bytes file;
    zip_member *member; // by name
    size_t count;
} zip;
// Reads and checks the table of contents. `scratch`: of the table.
nd_status weights_zip_open(zip *z, nd_arena *arena, nd_arena *scratch,
                           nd_bytes file) ND_CHECKED;
zip_member *weights_zip_find(const zip *z, const char *name, size_t length); // NULL: none
// Its bytes: in the mapping or unpacked; its sum is checked, once.
nd_status weights_zip_read(zip *z, zip_member *member) ND_CHECKED;

// ---- Out: members are stored, their bytes begin at multiples of 64.
typedef struct zip_out zip_out;
zip_out *weights_zip_new(nd_arena *arena, nd_file *file) ND_CHECKED;
nd_status weights_zip_put(zip_out *z, const char *name, const void *bytes,
                          uint64_t count) ND_CHECKED;
// `wide`: zip64 though it is not needed; for tests.
nd_status weights_zip_end(zip_out *z, bool wide) ND_CHECKED;
