// SPDX-License-Identifier: Apache-2.0
// BEAM-DIMAP: NAME.dim, and in NAME.data/ a raster and its ENVI header a band.
#include "io/raw.h"
#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

// A band's name as the name of a file, unlike those of the bands before it.
static const char *file_name(nd_arena *arena, const char *band, const char *const *before,
                             int count)
{
    char *name = nd_alloc(arena, strlen(band) + 1, 1);
    if (!name) return NULL;
    for (size_t i = 0; band[i]; i++)
        name[i] = isalnum((unsigned char)band[i]) || (i && strchr("_-.", band[i]))
                      ? band[i]
                      : '_';
    for (int i = 0; i < count; i++)
        if (nd_text_same(name, before[i])) return nd_text(arena, "%s_%d", name, count);
    return name;
}

// The image of one band, open, and its header.
static nd_status start_band(const io_job *job, int band, const char *path, raw_band *raw)
{
    nd_buffer header = {.arena = job->arena};
    const char *image = nd_text(job->arena, "%s.img", path),
               *beside = nd_text(job->arena, "%s.hdr", path);
    raw->pack = raw_pack(job, &job->node->band[band]);
    raw->fd = image ? io_create(job->arena, image) : -1;
    if (raw->fd < 0 || !beside) return ND_E_IO;
    ND_TRY(raw_envi_header(job, (nd_bands){&band, 1}, &raw->pack, &header));
    return io_put_file(job->arena, beside, header.text, header.length);
}

static int position(nd_bands bands, int band)
{
    int at = 0;
    while (bands.band[at] != band) at++;
    return at;
}

static nd_status write_set(const io_job *job, nd_bands set, const char *place,
                           const char *const *file)
{
    raw_band *raw = nd_alloc(job->arena, (size_t)set.count, sizeof *raw);
    if (!raw) return ND_E_MEMORY;
    for (int k = 0; k < set.count; k++) {
        const char *name = file[position(job->bands, set.band[k])];
        const char *path = nd_text(job->arena, "%s/%s", place, name);
        if (!path) return ND_E_MEMORY;
        ND_TRY(start_band(job, set.band[k], path, &raw[k]));
    }
    return raw_fill(job, set, raw);
}

static nd_status band_files(io_job *job, const char *folder, const char *const *file)
{
    const char *place = io_out_file(job->out, folder);
    nd_bands *set;
    int sets;
    if (!place) return ND_E_IO;
    if (mkdir(place, 0777) != 0) return io_disk_failed(place, errno);
    ND_TRY(io_layers_split(job, &set, &sets));
    for (int s = 0; s < sets; s++) ND_TRY(write_set(job, set[s], place, file));
    return ND_OK;
}

nd_status io_write_dimap(io_job *job)
{
    const char *name = io_out_main(job->out);
    const char *folder = nd_text(job->arena, "%.*s.data", (int)strlen(name) - 4, name);
    const char **file = nd_alloc(job->arena, (size_t)job->bands.count, sizeof *file);
    if (!folder || !file) return ND_E_MEMORY;
    for (int k = 0; k < job->bands.count; k++) {
        file[k] =
            file_name(job->arena, job->node->band[job->bands.band[k]].name, file, k);
        if (!file[k]) return ND_E_MEMORY;
    }
    ND_TRY(band_files(job, folder, file));
    io_pack *pack = nd_alloc(job->arena, (size_t)job->bands.count, sizeof *pack);
    if (!pack) return ND_E_MEMORY;
    for (int k = 0; k < job->bands.count; k++)
        pack[k] = raw_pack(job, &job->node->band[job->bands.band[k]]);
    const char *header = dimap_header(job, pack, file, folder);
    const char *path = io_out_inside(job->out, name);
    if (!header || !path) return ND_E_MEMORY;
    return io_put_file(job->arena, path, header, strlen(header));
}
