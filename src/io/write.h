// SPDX-License-Identifier: Apache-2.0
// Inside io: how files are made, so that formats need not think of names, locks or disks.
#pragma once
#include <nadir/io.h>
#include <stdatomic.h>

// ---- The output: files are made under their final names in a hidden folder beside the
// target, which is also the lock, and are moved into place when all are whole.
typedef struct io_out io_out;
// Locked, its predecessor's leftovers cleared. Freeing the arena before io_out_commit
// leaves nothing. NULL after nd_fail.
io_out *io_out_open(nd_arena *arena, const char *path, bool replace) ND_CHECKED;
// Where to make `name` (a file or folder of the output); NULL if it may not be replaced.
const char *io_out_file(io_out *out, const char *name) ND_CHECKED;
// Where a file of the workshop itself would be: it never leaves it.
const char *io_out_inside(io_out *out, const char *name) ND_CHECKED;
const char *io_out_main(const io_out *out); // last part of the path: the header
nd_status io_out_commit(io_out *out) ND_CHECKED;
// A file without a name on the target's disk; closed with the arena. -1 after nd_fail.
int io_out_scratch(io_out *out, nd_arena *arena) ND_CHECKED;
// Open for writing, closed with the arena; -1 after nd_fail.
int io_create(nd_arena *arena, const char *path) ND_CHECKED;
// All bytes or a failure in two lines that names the disk's reason.
nd_status io_put(int fd, const void *bytes, size_t count, uint64_t at) ND_CHECKED;
nd_status io_get(int fd, void *bytes, size_t count, uint64_t at) ND_CHECKED;
nd_status io_disk_failed(const char *name, int reason);
nd_status io_put_file(nd_arena *arena, const char *path, const void *bytes,
                      size_t count) ND_CHECKED;

// ---- Samples: how a band's values are held.
typedef struct io_pack {
    nd_sample sample;
    double scale, offset, no_data; // sample = (value - offset) / scale; NaN: none
    atomic_bool *lost; // raised where a pixel has no data and whole samples have no word
                       // for it, so that it became 0; may be NULL
} io_pack;
size_t io_sample_bytes(nd_sample sample);
bool io_sample_is_float(nd_sample sample);
bool io_sample_holds(nd_sample sample, double value); // of a type of whole numbers
const char *io_sample_name(nd_sample sample);         // "float32"; GDAL's and SNAP's word
// Values to samples, `step` samples apart; whole samples round to nearest, are clamped.
void io_pack_row(const io_pack *pack, const float *in, int count, void *out, int step);
void io_swap(void *samples, size_t count, size_t bytes); // to big-endian and back

// ---- One call of nd_write_node.
typedef struct io_format io_format;
typedef struct io_options {
    nd_choice compress, predictor, type, overviews, bigtiff;
    int level, tile;
    nd_pair *rest; // not ours: for GDAL's driver
    size_t rests;
} io_options;
enum { IO_COMPRESS_AUTO, IO_COMPRESS_NONE, IO_COMPRESS_DEFLATE, IO_COMPRESS_ZSTD };
enum { IO_PREDICTOR_AUTO, IO_PREDICTOR_NONE, IO_PREDICTOR_WHOLE, IO_PREDICTOR_FLOAT };
enum { IO_BIGTIFF_AUTO, IO_BIGTIFF_YES };
enum { IO_TYPE_AUTO }; // otherwise a nd_sample + 1
enum { IO_OVERVIEWS_AUTO, IO_OVERVIEWS_YES, IO_OVERVIEWS_NO };

typedef struct io_job {
    const nd_node *node;
    nd_bands bands;
    const nd_write *write;
    const nd_run *run;
    nd_arena *arena;
    const io_format *format;
    const char *path;
    io_out *out;
    io_options options;
    atomic_bool *lost; // see io_pack
} io_job;
struct io_format {
    const char *name, *also, *extension; // also: other names; extension: ".tif,.tiff"
    const char *driver;                  // GDAL's; NULL: our own
    bool many_grids;                     // bands may differ in size
    nd_status (*write)(io_job *job);
};
// By the name, or by the path's extension; fills path and format. Nearest name otherwise.
nd_status io_format_choose(nd_arena *arena, const nd_write *write,
                           const io_format **format, const char **path) ND_CHECKED;
nd_status io_options_read(io_job *job) ND_CHECKED;
nd_status io_write_geotiff(io_job *job) ND_CHECKED;
nd_status io_write_cog(io_job *job) ND_CHECKED;
nd_status io_write_dimap(io_job *job) ND_CHECKED;
nd_status io_write_envi(io_job *job) ND_CHECKED;
nd_status io_write_png(io_job *job) ND_CHECKED;
nd_status io_write_gdal(io_job *job) ND_CHECKED;
nd_status io_write_netcdf(io_job *job) ND_CHECKED;
nd_status io_write_picture(io_job *job) ND_CHECKED;
nd_status io_put_geotiff(io_job *job, const char *path) ND_CHECKED; // to any path

// ---- Bands of one grid that go into one raster, with samples of one type.
typedef struct io_layer {
    nd_grid grid; // at the level of the run
    nd_bands bands;
    io_pack *pack; // a band each
    nd_sample sample;
    double no_data; // NaN where samples are floats; else NaN: none
} io_layer;
// How `band` is held as `sample`.
io_pack io_pack_of(const io_job *job, const nd_band *band, nd_sample sample);
nd_status io_layer_plan(const io_job *job, nd_bands bands, io_layer *layer) ND_CHECKED;
// Sets of bands that share a grid, in order of their first band.
nd_status io_layers_split(const io_job *job, nd_bands **set, int *sets) ND_CHECKED;
