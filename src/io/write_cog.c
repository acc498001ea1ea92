// SPDX-License-Identifier: Apache-2.0
// COG: the finished tiles are laid out again in the order that a reader over a network
// wants, without being encoded again (GDAL's "COG" layout: ghost area, IFDs, overviews).
#include "io/tiff.h"
#include <stdio.h>
#include <string.h>

static const char hints[] = "LAYOUT=IFDS_BEFORE_DATA\n"
                            "BLOCK_ORDER=ROW_MAJOR\n"
                            "BLOCK_LEADER=SIZE_AS_UINT4\n"
                            "BLOCK_TRAILER=LAST_4_BYTES_REPEATED\n"
                            "KNOWN_INCOMPATIBLE_EDITION=NO\n ";
enum { BATCH = 1 << 22 };

// Where every tile will be, the smallest overview first; gives the end of the file.
static uint64_t place_tiles(const tiff *t, tiff_level *level, uint64_t at)
{
    for (int i = t->levels - 1; i >= 0; i--)
        for (uint64_t n = 0; n < level[i].tiles; n++) {
            level[i].offset[n] = at + 4;
            at += 4 + (uint64_t)level[i].bytes[n] + 4;
        }
    return at;
}

static nd_status new_places(const tiff *t, tiff_level *level)
{
    for (int i = 0; i < t->levels; i++) {
        level[i] = t->level[i];
        level[i].offset =
            nd_alloc(t->job->arena, (size_t)level[i].tiles, sizeof(uint64_t));
        if (!level[i].offset) return ND_E_MEMORY;
    }
    return ND_OK;
}

// Header, ghost area and all directories; NULL after nd_fail.
static char *head(const tiff *t, const tiff *moved, bool big, size_t *length)
{
    char line[64];
    size_t at = big ? 16 : 8;
    const int ghost =
        snprintf(line, sizeof line, "GDAL_STRUCTURAL_METADATA_SIZE=%06zu bytes\n",
                 sizeof hints - 1);
    const size_t first = (at + (size_t)ghost + sizeof hints - 1 + 15) / 16 * 16;
    tiff_ifd *ifd = nd_alloc(t->job->arena, (size_t)t->levels, sizeof *ifd);
    if (!ifd) return NULL;
    *length = first;
    for (int i = 0; i < t->levels; i++) {
        if (tiff_level_ifd(moved, i, big, &ifd[i]) != ND_OK) return NULL;
        *length += tiff_ifd_bytes(&ifd[i], big);
    }
    char *out = nd_alloc(t->job->arena, *length, 1);
    if (!out) return NULL;
    char start[16] = {0};
    (void)tiff_header_put(big, first, start);
    memcpy(out, start, at);
    memcpy(out + at, line, (size_t)ghost);
    memcpy(out + at + ghost, hints, sizeof hints - 1);
    at = first;
    for (int i = 0; i < t->levels; i++) {
        const size_t size = tiff_ifd_bytes(&ifd[i], big);
        tiff_ifd_put(&ifd[i], big, at, i + 1 < t->levels ? at + size : 0, out + at);
        at += size;
    }
    return out;
}

typedef struct mover {
    const tiff *t;
    int fd;
    char *buffer;
    size_t held;
    uint64_t at;
} mover;

static nd_status flush_batch(mover *m)
{
    ND_TRY(io_put(m->fd, m->buffer, m->held, m->at));
    m->at += m->held;
    m->held = 0;
    return ND_OK;
}

// Length before, last four bytes again behind: a reader sees a torn tile at once.
static nd_status move_tile(mover *m, const tiff_level *from, uint64_t n)
{
    const uint32_t bytes = from->bytes[n];
    if (m->held && m->held + bytes + 8 > BATCH) ND_TRY(flush_batch(m));
    char *to = m->buffer + m->held;
    memcpy(to, &bytes, 4);
    ND_TRY(io_get(m->t->fd, to + 4, bytes, from->offset[n]));
    memcpy(to + 4 + bytes, to + bytes, 4);
    m->held += (size_t)bytes + 8;
    return ND_OK;
}

static nd_status move_level(mover *m, const tiff_level *from)
{
    const nd_work work = {.cancel = m->t->job->run->cancel};
    for (uint64_t n = 0; n < from->tiles; n++) {
        ND_TRY(nd_work_go_on(&work));
        ND_TRY(move_tile(m, from, n));
    }
    return ND_OK;
}

static nd_status move_tiles(const tiff *t, int fd, uint64_t at)
{
    size_t largest = 0;
    for (int i = 0; i < t->levels; i++)
        for (uint64_t n = 0; n < t->level[i].tiles; n++)
            if (t->level[i].bytes[n] > largest) largest = t->level[i].bytes[n];
    mover m = {t, fd, nd_alloc_raw(t->job->arena, BATCH + largest + 8, 1), 0, at};
    if (!m.buffer) return ND_E_MEMORY;
    for (int i = t->levels - 1; i >= 0; i--) ND_TRY(move_level(&m, &t->level[i]));
    return flush_batch(&m);
}

nd_status tiff_lay_out_cog(const tiff *t, int fd)
{
    tiff *moved = nd_alloc(t->job->arena, 1, sizeof *moved);
    if (!moved) return ND_E_MEMORY;
    memcpy(moved, t, sizeof *moved);
    ND_TRY(new_places(t, moved->level));
    size_t length = 0;
    bool big = t->job->options.bigtiff.at == IO_BIGTIFF_YES;
    char *start = head(t, moved, big, &length);
    if (!start) return ND_E_MEMORY;
    if (place_tiles(t, moved->level, length) > UINT32_MAX && !big) {
        big = true;
        if (!head(t, moved, big, &length)) return ND_E_MEMORY;
        (void)place_tiles(t, moved->level, length);
    }
    start = head(t, moved, big, &length);
    if (!start) return ND_E_MEMORY;
    ND_TRY(io_put(fd, start, length, 0));
    return move_tiles(t, fd, length);
}

nd_status io_write_cog(io_job *job)
{
    io_layer layer;
    if (job->options.compress.at == IO_COMPRESS_AUTO)
        job->options.compress.at = IO_COMPRESS_ZSTD;
    if (job->options.overviews.at == IO_OVERVIEWS_AUTO)
        job->options.overviews.at = IO_OVERVIEWS_YES;
    ND_TRY(io_layer_plan(job, job->bands, &layer));
    const char *path = io_out_inside(job->out, io_out_main(job->out));
    const int fd = path ? io_create(job->arena, path) : -1;
    const int loose = fd >= 0 ? io_out_scratch(job->out, job->arena) : -1;
    if (loose < 0) return ND_E_IO;
    tiff *t = tiff_new(job, &layer, loose, true);
    if (!t) return ND_E_MEMORY;
    nd_say(ND_DEBUG, "tiles wait in a file without a name beside %s", job->path);
    ND_TRY(tiff_fill(t));
    return tiff_lay_out_cog(t, fd);
}
