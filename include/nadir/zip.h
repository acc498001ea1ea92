// SPDX-License-Identifier: Apache-2.0
// Zip archives (PKWARE's APPNOTE 6.3, zip64 too) read in place, by their table of
// contents.
#pragma once
#include <nadir/file.h>

typedef struct nd_zip_member {
    const char *name;      // with its folders; it leads to no place outside
    uint64_t at, until;    // its local header; where the next member or the table begins
    uint64_t packed, size; // bytes, as the table says
    uint32_t crc;
    uint16_t method;
    bool is_encrypted;
} nd_zip_member;
// Constant once opened: any thread may read.
typedef struct nd_zip {
    const char *path; // NULL: of bytes
    int file;
    nd_bytes bytes;
    uint64_t size;
    const nd_zip_member *member; // by name; folders are left out
    size_t count;
} nd_zip;

// Reads and checks the table: one with more than `most` members, with two of one name or
// with two that share bytes is refused. The arena's, which closes the file. NULL after
// nd_fail. A file that is cut short meanwhile is a failure of nd_zip_read, no crash.
const nd_zip *nd_zip_open(nd_arena *arena, const char *path, uint64_t most) ND_CHECKED;
// Of bytes that outlive it, of a mapping as a rule.
const nd_zip *nd_zip_of(nd_arena *arena, nd_bytes bytes, uint64_t most) ND_CHECKED;
const nd_zip_member *nd_zip_find(const nd_zip *zip, const char *name); // NULL: none

// Memory that grows and is used again, and libdeflate's decompressor; of one thread.
typedef struct nd_zip_hand {
    uint8_t *packed, *bytes;
    size_t packed_room, room;
    void *inflater;
} nd_zip_hand;
// All of a member: where it lies if it is stored in bytes, else in the hand until its
// next use. The sum is right and the size is the table's, which is refused if it is above
// `most` or more than deflate can make of what there is, and so are bytes far longer than
// it, before any memory is taken.
nd_status nd_zip_read(const nd_zip *zip, const nd_zip_member *member, uint64_t most,
                      nd_zip_hand *hand, nd_bytes *bytes) ND_CHECKED;
void nd_zip_hand_free(nd_zip_hand *hand);
