// SPDX-License-Identifier: Apache-2.0
// Tiled GeoTIFF: tiles as they come, directories at the end; BigTIFF only when needed.
#include "io/raw.h"
#include "io/tiff.h"

// All directories of one kind, and how long they are.
static nd_status make_directories(const tiff *t, bool big, tiff_ifd *ifd, uint64_t *bytes)
{
    *bytes = 0;
    for (int i = 0; i < t->levels; i++) {
        ND_TRY(tiff_level_ifd(t, i, big, &ifd[i]));
        *bytes += tiff_ifd_bytes(&ifd[i], big);
    }
    return ND_OK;
}

// Header and directories, each of which says where the next one stands.
static nd_status put_chain(const tiff *t, const tiff_ifd *ifd, bool big, uint64_t at)
{
    char header[16] = {0};
    (void)tiff_header_put(big, at, header);
    ND_TRY(io_put(t->fd, header, sizeof header, 0));
    for (int i = 0; i < t->levels; i++) {
        const size_t size = tiff_ifd_bytes(&ifd[i], big);
        char *out = nd_alloc_raw(t->job->arena, size, 1);
        if (!out) return ND_E_MEMORY;
        tiff_ifd_put(&ifd[i], big, at, i + 1 < t->levels ? at + size : 0, out);
        ND_TRY(io_put(t->fd, out, size, at));
        at += size;
    }
    return ND_OK;
}

static nd_status put_directories(tiff *t)
{
    nd_arena *arena = t->job->arena;
    uint64_t at = (atomic_load(&t->end) + 15) / 16 * 16, bytes;
    tiff_ifd *ifd = nd_alloc(arena, (size_t)t->levels, sizeof *ifd);
    if (!ifd) return ND_E_MEMORY;
    ND_TRY(make_directories(t, true, ifd, &bytes));
    const bool big =
        t->job->options.bigtiff.at == IO_BIGTIFF_YES || at + bytes > UINT32_MAX;
    if (!big) ND_TRY(make_directories(t, false, ifd, &bytes));
    return put_chain(t, ifd, big, at);
}

nd_status io_write_geotiff(io_job *job)
{
    const char *path = io_out_inside(job->out, io_out_main(job->out));
    return path ? io_put_geotiff(job, path) : ND_E_MEMORY;
}

nd_status io_put_geotiff(io_job *job, const char *path)
{
    io_layer layer;
    // As SNAP and GDAL do: uncompressed, full size only, unless asked.
    if (job->options.compress.at == IO_COMPRESS_AUTO)
        job->options.compress.at = IO_COMPRESS_NONE;
    ND_TRY(io_layer_plan(job, job->bands, &layer));
    const int fd = io_create(job->arena, path);
    if (fd < 0) return ND_E_IO;
    tiff *t = tiff_new(job, &layer, fd, false);
    if (!t) return ND_E_MEMORY;
    t->snap = dimap_header(job, layer.pack, NULL, NULL);
    if (!t->snap) return ND_E_MEMORY;
    ND_TRY(tiff_fill(t));
    return put_directories(t);
}
