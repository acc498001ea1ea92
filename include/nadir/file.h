// SPDX-License-Identifier: Apache-2.0
// Files: read or mapped whole; made so that one appears whole or not at all.
#pragma once
#include <nadir/core.h>

typedef struct nd_bytes {
    const uint8_t *at;
    size_t count;
} nd_bytes;
// All of a regular file, read only; unmapped with the arena. A file that another program
// cuts short meanwhile ends this one, as with every mapping.
nd_status nd_file_map(nd_arena *arena, const char *path, nd_bytes *bytes) ND_CHECKED;
// Pages of a mapping that were looked at and may leave the memory again.
void nd_file_rest(const void *at, size_t count);

// All of a small file or a pipe, a 0 after it; NULL after nd_fail, also of more than
// `most` bytes. `length` may be NULL.
const char *nd_file_read(nd_arena *arena, const char *path, size_t most,
                         size_t *length) ND_CHECKED;

// A file being made beside its place, under a hidden name. Freeing the arena before
// nd_file_commit leaves nothing; a run that was killed leaves at most that hidden file,
// which the next one for the same place clears. NULL after nd_fail.
typedef struct nd_file nd_file;
nd_file *nd_file_new(nd_arena *arena, const char *path) ND_CHECKED;
nd_status nd_file_put(nd_file *file, const void *bytes, size_t count) ND_CHECKED;
uint64_t nd_file_length(const nd_file *file); // bytes put so far
// On the disk, and under its name, which it takes from what was there.
nd_status nd_file_commit(nd_file *file) ND_CHECKED;
nd_status nd_file_write(const char *path, const void *bytes, size_t count) ND_CHECKED;
// The same for what only the eye needs: nothing waits for the disk.
nd_status nd_file_show(const char *path, const void *bytes, size_t count) ND_CHECKED;
// A file that lies on the same disk gets another name, durably.
nd_status nd_file_move(const char *from, const char *to) ND_CHECKED;
