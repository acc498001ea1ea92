// SPDX-License-Identifier: Apache-2.0
// Inside io, reading: files shared by workers, and where the pixels of a band come from.
#pragma once
#include <nadir/product.h>

// ---- GDAL, started by the first open; silent: its words become ours.
typedef struct io_words {
    char text[400]; // of the last failure; "" if none
} io_words;
// Before anything else of GDAL's, in every function that others call; fails without it.
nd_status io_gdal_start(void) ND_CHECKED;
void io_gdal_listen(io_words *words); // this thread's failures, until io_gdal_ignore
void io_gdal_ignore(void);

// ---- A file that many threads read at once, each through a handle of its own.
typedef struct io_file io_file;
// Opens it once, to see that it can be. The arena closes it. NULL after nd_fail.
io_file *io_file_new(nd_arena *arena, const char *path, const char *driver) ND_CHECKED;
const char *io_file_path(const io_file *file);
// A GDALDatasetH of the caller's own until it gives it back; NULL after nd_fail.
void *io_file_borrow(io_file *file) ND_CHECKED;
void io_file_return(io_file *file, void *dataset);
// "path|size|time" of a file on the disk, for nd_product.identity; `path` if not there.
const char *io_identity(nd_arena *arena, const char *path) ND_CHECKED;

// ---- Where the pixels of one band come from: a file, memory, or other bands.
enum { IO_LEVELS = 31 };
typedef enum io_part { IO_WHOLE, IO_REAL, IO_IMAGINARY } io_part; // of complex samples
// Of flags in 32 bits a pixel holds 24 exactly: the lower ones, or the 8 above them.
typedef enum io_bits { IO_ALL_BITS, IO_LOW_BITS, IO_HIGH_BITS } io_bits;
typedef struct io_source io_source;
struct io_source {
    io_file *file; // NULL: the next ones
    int band;      // of the file, from 1
    io_part part;
    io_bits bits;
    bool is_flipped;            // its first row is the southern one
    bool is_masked;             // the file's mask says which pixels are valid
    int8_t overview[IO_LEVELS]; // 1 + GDAL's number of the one that is the level; 0: none
    bool blends;                // its overviews mix pixels: no levels of classes or flags
    struct io_copy *copy;       // its coarse levels, if it is large and has none; or NULL
    const float *field;         // values of the whole grid, row by row
    // Fills level 0 of a tile of one band; `state` is its own.
    nd_status (*fill)(const io_source *source, nd_work *work, nd_tile *tile);
    const void *state;
};
// A reduced copy in the cache folder. NULL: the band needs none. The arena's.
typedef struct io_copy io_copy;
io_copy *io_copy_new(nd_arena *arena, const io_source *source, const nd_band *band);
// Makes it if it is not there yet; not done: the level is to be read otherwise.
nd_status io_copy_read(io_copy *copy, const io_source *source, const nd_band *band,
                       nd_work *work, nd_tile *tile, bool *done) ND_CHECKED;
typedef struct io_reader {
    const io_source *source; // one a band
} io_reader;
// nd_product.read of all formats: `reader` is an io_reader.
nd_status io_read(const nd_product *product, nd_work *work, nd_tile *tile) ND_CHECKED;
// Any level of one band, into a tile of one band.
nd_status io_source_read(const io_source *source, const nd_band *band, nd_work *work,
                         nd_tile *tile) ND_CHECKED;
// Sets what a file's band itself knows: sample, block, overviews. For bands of a scene
// whose metadata say the rest. Fails when the size differs from the band's grid.
nd_status io_source_open(nd_arena *arena, io_source *source, nd_band *band) ND_CHECKED;
nd_sample io_sample_of(void *gdal_band);
// Samples of band->sample to values.
void io_convert(const void *samples, int count, const nd_band *band, float *to);

// ---- What openers share.
const nd_crs *io_crs(nd_arena *arena, void *spatial_reference) ND_CHECKED;
const nd_crs *io_crs_parse(nd_arena *arena, const char *text) ND_CHECKED;
// The last part of a path, without its extension.
const char *io_name(nd_arena *arena, const char *path) ND_CHECKED;
const char *io_join(nd_arena *arena, const char *folder, const char *name) ND_CHECKED;
const char *io_folder(nd_arena *arena, const char *path) ND_CHECKED; // what holds it

// All of a file (also inside a zip), a 0 after it; at most 64 MiB. NULL after nd_fail.
const char *io_read_text(nd_arena *arena, const char *path, size_t *length) ND_CHECKED;

// Bands of a scene as they are found, each with its source.
typedef struct io_bands {
    nd_arena *arena;
    nd_band *band;
    io_source *source;
    int count, room;
} io_bands;
nd_status io_bands_add(io_bands *bands, const nd_band *band,
                       const io_source *source) ND_CHECKED;
// The same for a band of a file: opens it, fills what the file knows. What cannot be
// opened or has another size is there, but missing: its reads fail with these words.
nd_status io_bands_add_file(io_bands *bands, nd_band band, const char *path,
                            int number) ND_CHECKED;
// Hands them to a product, whose read becomes io_read, and says what its levels are.
nd_status io_bands_give(const io_bands *bands, nd_product *product) ND_CHECKED;

// What a format's name asks for; `driver` is GDAL's for IO_RASTER. PARAM: unknown name.
typedef enum io_reading { IO_ANY, IO_RASTER, IO_SAFE, IO_DIMAP } io_reading;
nd_status io_reading_find(const char *format, io_reading *is,
                          const char **driver) ND_CHECKED;

// ---- Openers, one a format. NULL after nd_fail.
const nd_product *io_open_raster(nd_arena *arena, const char *path,
                                 const char *driver) ND_CHECKED;
// A Sentinel-2 SAFE: its folder, zip, MTD file or tile folder.
bool io_is_safe(const char *path);
const nd_product *io_open_safe(nd_arena *arena, const char *path) ND_CHECKED;
// A folder with a crop.yaml, or that file.
bool io_is_crop(nd_arena *arena, const char *path);
const nd_product *io_open_crop(nd_arena *arena, const char *path) ND_CHECKED;
// BEAM-DIMAP: the .dim of a header and a folder of ENVI files.
const nd_product *io_open_dimap(nd_arena *arena, const char *path) ND_CHECKED;
// A tile folder of the public buckets, or its tileInfo.json.
bool io_is_aws(nd_arena *arena, const char *path);
const nd_product *io_open_aws(nd_arena *arena, const char *path) ND_CHECKED;
