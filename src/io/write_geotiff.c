// SPDX-License-Identifier: Apache-2.0
// Tiled GeoTIFF: tiles as they come, directories at the end; BigTIFF only when needed.
#include "io/raw.h"
#include "io/tiff.h"

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
    uint64_t at = (atomic_load(&t->end) + 15) / 16 * 16;
    tiff_ifd *ifd = nd_alloc(job->arena, (size_t)t->levels, sizeof *ifd);
    if (!ifd) return ND_E_MEMORY;
    uint64_t bytes = 0;
    for (int i = 0; i < t->levels; i++) {
        ND_TRY(tiff_level_ifd(t, i, true, &ifd[i]));
        bytes += tiff_ifd_bytes(&ifd[i], true);
    }
    const bool big = job->options.bigtiff.at == IO_BIGTIFF_YES || at + bytes > UINT32_MAX;
    char header[16] = {0};
    (void)tiff_header_put(big, at, header);
    ND_TRY(io_put(fd, header, sizeof header, 0));
    for (int i = 0; i < t->levels; i++) {
        if (!big) ND_TRY(tiff_level_ifd(t, i, false, &ifd[i]));
        const size_t size = tiff_ifd_bytes(&ifd[i], big);
        char *out = nd_alloc_raw(job->arena, size, 1);
        if (!out) return ND_E_MEMORY;
        tiff_ifd_put(&ifd[i], big, at, i + 1 < t->levels ? at + size : 0, out);
        ND_TRY(io_put(fd, out, size, at));
        at += size;
    }
    return ND_OK;
}
