// SPDX-License-Identifier: Apache-2.0
// NetCDF-4 (which is HDF5) by the CF conventions: a variable a band, named after it. By
// GDAL's arrays of many dimensions, as its rasters would number the names.
#include "io/raw.h"
#include "io/reader.h"
#include <cpl_string.h>
#include <fcntl.h>
#include <gdal.h>
#include <math.h>
#include <ogr_srs_api.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { CHUNK = 512 };
typedef struct netcdf {
    const io_job *job;
    GDALGroupH root;
    OGRSpatialReferenceH srs;
    char **options; // of arrays
} netcdf;
typedef struct variable {
    GDALMDArrayH array;
    GDALExtendedDataTypeH type;
    io_pack pack;
    const io_job *job;
} variable;

static GDALDataType gdal_type(nd_sample sample)
{
    static const GDALDataType type[] = {
        [ND_F32] = GDT_Float32, [ND_U8] = GDT_Byte,    [ND_I8] = GDT_Int16,
        [ND_U16] = GDT_UInt16,  [ND_I16] = GDT_Int16,  [ND_U32] = GDT_UInt32,
        [ND_I32] = GDT_Int32,   [ND_F64] = GDT_Float64};
    return type[sample];
}

static void add_text(GDALMDArrayH array, const char *name, const char *value)
{
    if (!value || !*value) return;
    GDALExtendedDataTypeH type = GDALExtendedDataTypeCreateString(0);
    GDALAttributeH made = GDALMDArrayCreateAttribute(array, name, 0, NULL, type, NULL);
    if (made) GDALAttributeWriteString(made, value), GDALAttributeRelease(made);
    GDALExtendedDataTypeRelease(type);
}

static void fill_axis(netcdf *n, const char *name, GDALDimensionH dimension,
                      const nd_grid *grid, bool is_x, const double *place)
{
    GDALExtendedDataTypeH type = GDALExtendedDataTypeCreate(GDT_Float64);
    GDALMDArrayH array = GDALGroupCreateMDArray(n->root, name, 1, &dimension, type, NULL);
    const bool is_angle = grid->crs && grid->crs->is_geographic;
    const char *const words[2][2] = {
        {"projection_y_coordinate", "projection_x_coordinate"},
        {"latitude", "longitude"}};
    const char *const units[2][2] = {{"m", "m"}, {"degrees_north", "degrees_east"}};
    const GUInt64 start = 0;
    const size_t length = (size_t)(is_x ? grid->width : grid->height);
    if (array) {
        GDALMDArrayWrite(array, &start, &length, NULL, NULL, type, place, NULL, 0);
        if (grid->crs) add_text(array, "standard_name", words[is_angle][is_x]);
        GDALMDArraySetUnit(array, units[is_angle][is_x]);
        GDALMDArrayRelease(array);
    }
    GDALExtendedDataTypeRelease(type);
}

// The places of the pixels' centres along one side.
static GDALDimensionH axis(netcdf *n, const char *name, const nd_grid *grid, bool is_x)
{
    const int count = is_x ? grid->width : grid->height;
    const double from = is_x ? grid->x : grid->y,
                 step = is_x ? grid->pixel_x : grid->pixel_y;
    GDALDimensionH dimension =
        GDALGroupCreateDimension(n->root, name, is_x ? "HORIZONTAL_X" : "HORIZONTAL_Y",
                                 NULL, (GUInt64)count, NULL);
    double *place = nd_alloc_raw(n->job->arena, (size_t)count, sizeof *place);
    if (!dimension || !place) return dimension;
    for (int i = 0; i < count; i++) place[i] = from + (i + 0.5) * step;
    fill_axis(n, name, dimension, grid, is_x, place);
    return dimension;
}

static GDALMDArrayH create(netcdf *n, const nd_band *band, GDALDimensionH *sides,
                           const variable *v)
{
    GDALMDArrayH array =
        GDALGroupCreateMDArray(n->root, band->name, 2, sides, v->type, n->options);
    if (!array) return NULL;
    if (n->srs) GDALMDArraySetSpatialRef(array, n->srs);
    if (io_sample_is_float(v->pack.sample) || !isnan(v->pack.no_data))
        GDALMDArraySetNoDataValueAsDouble(
            array, io_sample_is_float(v->pack.sample) ? NAN : v->pack.no_data);
    if (v->pack.scale != 1) GDALMDArraySetScale(array, v->pack.scale);
    if (v->pack.offset != 0) GDALMDArraySetOffset(array, v->pack.offset);
    if (band->unit) GDALMDArraySetUnit(array, band->unit);
    add_text(array, "long_name", band->help ? band->help : band->name);
    return array;
}

// HDF5 seldom says why; a full disk is by far the commonest reason.
static nd_status put_failed(const io_job *job, const io_words *words)
{
    return nd_fail(ND_E_IO,
                   "%s cannot be written%s%s\n"
                   "free some space, or write to another disk",
                   job->path, *words->text ? ": " : "", words->text);
}

// One at a time: the NetCDF library knows no threads.
static nd_status put(void *self, nd_work *work, const nd_tile *tile)
{
    const variable *v = self;
    const nd_rect r = tile->rect;
    const GUInt64 start[] = {(GUInt64)r.y, (GUInt64)r.x};
    const size_t count[] = {(size_t)r.height, (size_t)r.width};
    for (int k = 0; k < tile->bands.count; k++) {
        const size_t row = count[1] * io_sample_bytes(v[k].pack.sample);
        char *out = nd_alloc_raw(work->arena, count[0], row);
        io_words words;
        if (!out) return ND_E_MEMORY;
        for (int y = 0; y < r.height; y++)
            io_pack_row(&v[k].pack, nd_at(tile, k, r.x, r.y + y), r.width,
                        out + (size_t)y * row, 1);
        io_gdal_listen(&words);
        const int is_put = GDALMDArrayWrite(v[k].array, start, count, NULL, NULL,
                                            v[k].type, out, NULL, 0);
        io_gdal_ignore();
        if (!is_put) return put_failed(v->job, &words);
    }
    return ND_OK;
}

static bool make_variables(netcdf *n, nd_bands bands, GDALDimensionH *sides, variable *v)
{
    bool is_made = true;
    for (int k = 0; k < bands.count; k++) {
        const nd_band *band = &n->job->node->band[bands.band[k]];
        v[k].job = n->job;
        v[k].pack = raw_pack(n->job, band);
        if (v[k].pack.sample == ND_I8) v[k].pack.sample = ND_I16;
        v[k].type = GDALExtendedDataTypeCreate(gdal_type(v[k].pack.sample));
        v[k].array = create(n, band, sides, &v[k]);
        is_made &= v[k].array != NULL;
    }
    return is_made;
}

// The bands of one grid. A second grid's sides are x_2 and y_2.
static nd_status fill(netcdf *n, nd_bands bands, int set)
{
    const io_job *job = n->job;
    const nd_grid grid = nd_grid_at(job->node->band[bands.band[0]].grid, job->run->level);
    const char *tail = set ? nd_text(job->arena, "_%d", set + 1) : "";
    const char *x = nd_text(job->arena, "x%s", tail),
               *y = nd_text(job->arena, "y%s", tail);
    variable *v = nd_alloc(job->arena, (size_t)bands.count, sizeof *v);
    io_words words;
    if (!x || !y || !v) return ND_E_MEMORY;
    if (grid.crs && !n->srs) {
        n->srs = OSRNewSpatialReference(NULL);
        (void)OSRSetFromUserInput(n->srs, grid.crs->text);
        OSRSetAxisMappingStrategy(n->srs, OAMS_TRADITIONAL_GIS_ORDER);
    }
    io_gdal_listen(&words);
    GDALDimensionH sides[] = {axis(n, y, &grid, false), axis(n, x, &grid, true)};
    const bool is_made = sides[0] && sides[1] && make_variables(n, bands, sides, v);
    io_gdal_ignore();
    nd_status status = ND_OK;
    if (is_made) {
        const nd_sink sink = {.put = put,
                              .self = v,
                              .tile_width = CHUNK,
                              .tile_height = CHUNK,
                              .serial = true};
        status = nd_run_node(job->node, bands, &sink, job->run);
    } else {
        status = nd_fail(ND_E_IO,
                         "%s cannot be made as NetCDF: %s\n"
                         "look at the names of the bands, or write another format",
                         job->path, words.text);
    }
    for (int k = 0; k < bands.count; k++) {
        if (v[k].array) GDALMDArrayRelease(v[k].array);
        if (v[k].type) GDALExtendedDataTypeRelease(v[k].type);
    }
    for (int i = 0; i < 2; i++)
        if (sides[i]) GDALDimensionRelease(sides[i]);
    return status;
}

static char **array_options(const io_job *job)
{
    char level[16], **options = NULL;
    if (job->options.compress.at == IO_COMPRESS_NONE) return NULL;
    (void)snprintf(level, sizeof level, "%d",
                   job->options.level ? job->options.level : 1);
    options = CSLSetNameValue(options, "COMPRESS", "DEFLATE");
    return CSLSetNameValue(options, "ZLEVEL", level);
}

static nd_status write_sets(netcdf *n)
{
    nd_bands *set;
    int sets;
    const nd_product *product = n->job->node->product;
    GDALExtendedDataTypeH type = GDALExtendedDataTypeCreateString(0);
    const char *title = product && product->simulated ? "simulated pixels" : "";
    const char *const said[][2] = {{"source", "nadir " NADIR_VERSION},
                                   {"history", n->job->write->history},
                                   {"comment", title}};
    for (size_t i = 0; i < sizeof said / sizeof *said; i++) {
        if (!said[i][1] || !*said[i][1]) continue;
        GDALAttributeH made =
            GDALGroupCreateAttribute(n->root, said[i][0], 0, NULL, type, NULL);
        if (made) GDALAttributeWriteString(made, said[i][1]), GDALAttributeRelease(made);
    }
    GDALExtendedDataTypeRelease(type);
    ND_TRY(io_layers_split(n->job, &set, &sets));
    for (int s = 0; s < sets; s++) ND_TRY(fill(n, set[s], s));
    return ND_OK;
}

// HDF5 does not survive a full disk when it closes a file: what its caches may still hold
// (16 MB a variable) is set aside before, and given back just before it closes.
static nd_status set_aside(const io_job *job, const char **reserve)
{
    enum { CACHE = 16 << 20, HEADER = 1 << 20 };
    int64_t bytes = HEADER;
    for (int k = 0; k < job->bands.count; k++) {
        const nd_band *band = &job->node->band[job->bands.band[k]];
        const nd_grid grid = nd_grid_at(band->grid, job->run->level);
        const int64_t raw = (int64_t)grid.width * grid.height *
                            (int64_t)io_sample_bytes(raw_pack(job, band).sample);
        bytes += raw < CACHE ? raw : CACHE;
    }
    *reserve = io_out_inside(job->out, ".reserve");
    const int fd = *reserve ? io_create(job->arena, *reserve) : -1;
    if (fd < 0) return ND_E_IO;
    const int reason = posix_fallocate(fd, 0, (off_t)bytes);
    return reason ? io_disk_failed(job->path, reason) : ND_OK;
}

static void give_back(const char *reserve)
{
    // Still open until the arena goes: cut, so that its room is free at once.
    (void)truncate(reserve, 0);
    (void)unlink(reserve);
}

nd_status io_write_netcdf(io_job *job)
{
    const char *path = io_out_inside(job->out, io_out_main(job->out));
    io_words words;
    if (!path) return ND_E_MEMORY;
    if (job->options.compress.at == IO_COMPRESS_ZSTD)
        return nd_fail(ND_E_PARAM, "NetCDF knows no zstd\nuse compress=deflate or none");
    ND_TRY(io_gdal_start());
    GDALDriverH driver = GDALGetDriverByName("netCDF");
    if (!driver)
        return nd_fail(ND_E_UNSUPPORTED, "this GDAL has no driver for NetCDF\n"
                                         "install the package that holds it");
    const char *reserve;
    ND_TRY(set_aside(job, &reserve));
    io_gdal_listen(&words);
    char **format = CSLSetNameValue(NULL, "FORMAT", "NC4");
    GDALDatasetH made = GDALCreateMultiDimensional(driver, path, NULL, format);
    CSLDestroy(format);
    io_gdal_ignore();
    if (!made)
        return nd_fail(ND_E_IO, "%s cannot be made: %s\nlook at the disk", job->path,
                       words.text);
    netcdf n = {
        .job = job, .root = GDALDatasetGetRootGroup(made), .options = array_options(job)};
    nd_status status = write_sets(&n);
    give_back(reserve);
    io_gdal_listen(&words);
    GDALGroupRelease(n.root);
    GDALClose(made);
    io_gdal_ignore();
    CSLDestroy(n.options);
    if (n.srs) OSRDestroySpatialReference(n.srs);
    // What was in the library's hands goes to the disk only now.
    if (status == ND_OK && *words.text)
        status = nd_fail(ND_E_IO, "%s cannot be written: %s\nlook at the disk", job->path,
                         words.text);
    return status;
}
