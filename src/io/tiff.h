// SPDX-License-Identifier: Apache-2.0
// Inside io: TIFF as nadir writes it: fields, directories, and the file being filled.
#pragma once
#include "io/write.h"
#include <stdatomic.h>

enum { TIFF_ASCII = 2, TIFF_SHORT = 3, TIFF_LONG = 4, TIFF_DOUBLE = 12, TIFF_LONG8 = 16 };
typedef struct tiff_field {
    uint16_t tag, type;
    uint64_t count;
    const void *data;
} tiff_field;
enum { TIFF_FIELDS = 32 };
typedef struct tiff_ifd { // fields in ascending order of their tags
    tiff_field field[TIFF_FIELDS];
    int fields;
} tiff_ifd;
void tiff_add(tiff_ifd *ifd, tiff_field field); // in order; one without data is left out
size_t tiff_ifd_bytes(const tiff_ifd *ifd, bool big); // with what does not fit inside
// Writes it for place `at` of the file into `out`; next: where the next one stands, or 0.
void tiff_ifd_put(const tiff_ifd *ifd, bool big, uint64_t at, uint64_t next, char *out);
size_t tiff_header_put(bool big, uint64_t first, char out[16]); // its length

// What says where on Earth the picture lies; copied from what GDAL writes.
nd_status tiff_add_place(nd_arena *arena, const nd_grid *grid, tiff_ifd *ifd) ND_CHECKED;
// GDAL_METADATA: names, units, scales of bands, and what made the file.
const char *tiff_metadata(const io_job *job, const io_layer *layer) ND_CHECKED;

// One resolution: tiles in row-major order, plane after plane.
typedef struct tiff_level {
    int width, height, across, down;
    uint64_t tiles, *offset;
    uint32_t *bytes;
} tiff_level;
typedef struct tiff_pyramid tiff_pyramid;
typedef struct tiff_codec tiff_codec;
typedef struct tiff {
    const io_job *job;
    io_layer layer;
    int fd, tile, compress, predictor, zip_level;
    const char *snap; // DIMAP header, where SNAP looks for names and units; NULL: none
    bool together;    // bands side by side in each pixel; else a plane each
    tiff_level level[32];
    int levels;
    _Atomic uint64_t end;
    tiff_codec *codec;
    tiff_pyramid *pyramid; // NULL: no overviews
} tiff;
tiff *tiff_new(io_job *job, const io_layer *layer, int fd, bool together) ND_CHECKED;
// Pulls all pixels into tiles of the file and of its overviews.
nd_status tiff_fill(tiff *t) ND_CHECKED;
// Tile (column, row) of `level`: packs, predicts, compresses, appends.
nd_status tiff_put_tile(tiff *t, nd_work *work, int level,
                        const nd_tile *tile) ND_CHECKED;
// The directory of one level; arrays of offsets hold what is there when it is put.
nd_status tiff_level_ifd(const tiff *t, int level, bool big, tiff_ifd *ifd) ND_CHECKED;
nd_status tiff_lay_out_cog(const tiff *t, int fd) ND_CHECKED;

// ---- Compression, a set of tables per worker; any thread.
tiff_codec *tiff_codec_new(nd_arena *arena, int compress, int level) ND_CHECKED;
// `out` has room for tiff_codec_bound(codec, count) bytes.
size_t tiff_codec_bound(const tiff_codec *codec, size_t count);
nd_status tiff_codec_run(tiff_codec *codec, const void *in, size_t count, void *out,
                         size_t *made) ND_CHECKED;
// A row of `count` pixels of `samples` samples, in place (floats need `scratch` as long).
void tiff_predict(int predictor, size_t bytes, int samples, int count, void *row,
                  void *scratch);

// ---- Overviews from tiles as they come.
tiff_pyramid *tiff_pyramid_new(tiff *t) ND_CHECKED;
// A tile of `level` is done: its half goes into the tile above, which may be done, too.
nd_status tiff_pyramid_put(tiff *t, nd_work *work, int level,
                           const nd_tile *tile) ND_CHECKED;
