// SPDX-License-Identifier: Apache-2.0
// Any rectangle of any level of one band: from the file's own level, or reduced.
#include "io/reader.h"
#include <gdal.h>
#include <math.h>
#include <string.h>

enum { CHUNK = 1 << 22 }; // pixels that are read at once to be reduced

nd_sample io_sample_of(void *gdal_band)
{
    const char *type = GDALGetMetadataItem(gdal_band, "PIXELTYPE", "IMAGE_STRUCTURE");
    switch (GDALGetRasterDataType(gdal_band)) {
    case GDT_Byte: return type && nd_text_same(type, "SIGNEDBYTE") ? ND_I8 : ND_U8;
    case GDT_UInt16: return ND_U16;
    case GDT_Int16:
    case GDT_CInt16: return ND_I16;
    case GDT_UInt32: return ND_U32;
    case GDT_Int32:
    case GDT_CInt32: return ND_I32;
    case GDT_Float32:
    case GDT_CFloat32: return ND_F32;
    default: return ND_F64;
    }
}

static const struct {
    GDALDataType type;
    size_t size;
} as_read[] = {
    [ND_F32] = {GDT_Float32, 4}, [ND_U8] = {GDT_Byte, 1},    [ND_I8] = {GDT_Byte, 1},
    [ND_U16] = {GDT_UInt16, 2},  [ND_I16] = {GDT_Int16, 2},  [ND_U32] = {GDT_UInt32, 4},
    [ND_I32] = {GDT_Int32, 4},   [ND_F64] = {GDT_Float64, 8}};

static GDALRasterBandH band_of(const io_source *source, GDALDatasetH dataset, int level)
{
    GDALRasterBandH band = GDALGetRasterBand(dataset, source->band);
    return level ? GDALGetOverview(band, source->overview[level] - 1) : band;
}

// Samples of `r`, top row first. A flipped file is read from its lower end.
static CPLErr read_samples(const io_source *source, GDALRasterBandH band, nd_rect r,
                           nd_sample sample, void *to)
{
    const size_t size = as_read[sample].size;
    GDALDataType type = as_read[sample].type;
    int y = r.y;
    if (source->is_flipped) y = GDALGetRasterBandYSize(band) - r.y - r.height;
    if (source->part == IO_WHOLE)
        return GDALRasterIO(band, GF_Read, r.x, y, r.width, r.height, to, r.width,
                            r.height, type, 0, 0);
    // GDAL steps over the other half of a complex sample that is asked for as two.
    const GDALDataType pair = sample == ND_F64 ? GDT_CFloat64 : GDT_CFloat32;
    return GDALRasterIO(band, GF_Read, r.x, y, r.width, r.height, to, r.width, r.height,
                        pair, (int)size * 2, 0);
}

static void turn_over(char *rows, size_t size, int count)
{
    for (int a = 0, b = count - 1; a < b; a++, b--)
        for (size_t i = 0; i < size; i++) {
            const char kept = rows[(size_t)a * size + i];
            rows[(size_t)a * size + i] = rows[(size_t)b * size + i];
            rows[(size_t)b * size + i] = kept;
        }
}

// Every other number of a row of complex samples, moved to its front.
static void take_part(void *row, int count, nd_sample sample, io_part part)
{
    float *f = row;
    double *d = row;
    const int first = part == IO_IMAGINARY;
    for (int i = 0; i < count; i++)
        if (sample == ND_F64)
            d[i] = d[2 * i + first];
        else
            f[i] = f[2 * i + first];
}

static void take_bits(const uint32_t *from, int count, io_bits bits, float *to)
{
    for (int i = 0; i < count; i++)
        to[i] = (float)(bits == IO_HIGH_BITS ? from[i] >> 24 : from[i] & 0xffffff);
}

static CPLErr apply_mask(const io_source *source, GDALRasterBandH band, nd_rect r,
                         unsigned char *mask)
{
    io_source plain = *source;
    plain.part = IO_WHOLE;
    return read_samples(&plain, GDALGetMaskBand(band), r, ND_U8, mask);
}

typedef struct samples {
    char *data;
    unsigned char *mask;
    size_t row; // bytes
    nd_sample sample;
} samples;

static nd_status fetch(const io_source *source, nd_work *work, int level, nd_rect r,
                       samples *got)
{
    io_words words;
    const size_t pixels = (size_t)r.width * (size_t)r.height;
    got->data = nd_alloc_raw(work->arena, (size_t)r.height, got->row);
    got->mask = source->is_masked ? nd_alloc_raw(work->arena, pixels, 1) : NULL;
    if (!got->data || (source->is_masked && !got->mask)) return ND_E_MEMORY;
    GDALDatasetH dataset = io_file_borrow(source->file);
    if (!dataset) return ND_E_IO;
    io_gdal_listen(&words);
    GDALRasterBandH band = band_of(source, dataset, level);
    CPLErr wrong = read_samples(source, band, r, got->sample, got->data);
    if (wrong == CE_None && got->mask) wrong = apply_mask(source, band, r, got->mask);
    io_file_return(source->file, dataset);
    io_gdal_ignore();
    if (wrong == CE_None) return ND_OK;
    return nd_fail(ND_E_IO, "%s cannot be read: %s\nfetch or copy the file again",
                   io_file_path(source->file), words.text);
}

// A level that the file itself has: tile->level is 0, or one with an overview.
static nd_status read_file(const io_source *source, const nd_band *band, nd_work *work,
                           nd_tile *tile)
{
    const nd_rect r = tile->rect;
    nd_band as = *band;
    if (source->part && as.sample != ND_F64) as.sample = ND_F32;
    const size_t size = as_read[as.sample].size * (source->part ? 2 : 1);
    samples got = {.row = (size_t)r.width * size, .sample = as.sample};
    const nd_mark mark = nd_arena_mark(work->arena);
    ND_TRY(fetch(source, work, tile->level, r, &got));
    if (source->is_flipped) {
        turn_over(got.data, got.row, r.height);
        if (got.mask) turn_over((char *)got.mask, (size_t)r.width, r.height);
    }
    for (int y = 0; y < r.height; y++) {
        char *row = got.data + (size_t)y * got.row;
        float *to = tile->data + y * tile->stride;
        if (source->part) take_part(row, r.width, as.sample, source->part);
        if (source->bits && size == 4)
            take_bits((const uint32_t *)(const void *)row, r.width, source->bits, to);
        else
            io_convert(row, r.width, &as, to);
        for (int x = 0; got.mask && x < r.width; x++)
            if (!got.mask[(size_t)y * (size_t)r.width + (size_t)x]) to[x] = NAN;
    }
    nd_arena_back(work->arena, mark);
    return ND_OK;
}

static nd_status read_own(const io_source *source, const nd_band *band, nd_work *work,
                          nd_tile *tile)
{
    const nd_rect r = tile->rect;
    if (source->file) return read_file(source, band, work, tile);
    if (source->fill) return source->fill(source, work, tile);
    for (int y = 0; y < r.height; y++)
        memcpy(tile->data + y * tile->stride,
               source->field + (size_t)(r.y + y) * (size_t)band->grid.width + r.x,
               (size_t)r.width * sizeof *tile->data);
    return ND_OK;
}

// Reads `r` of the level as blocks of the level below that has pixels of its own.
static nd_status reduce(const io_source *source, const nd_band *band, nd_work *work,
                        nd_tile *tile, int below)
{
    const int step = tile->level - below, side = 1 << step;
    const nd_grid grid = nd_grid_at(band->grid, below);
    const nd_rect r = tile->rect;
    const nd_rect all =
        nd_rect_clip((nd_rect){r.x * side, r.y * side, r.width * side, r.height * side},
                     grid.width, grid.height);
    nd_tile in = {all, below, tile->bands, all.width, 0, NULL};
    const size_t pixels = (size_t)all.width * (size_t)all.height;
    in.data = nd_alloc_raw(work->arena, pixels, sizeof *in.data);
    if (!in.data) return ND_E_MEMORY;
    ND_TRY(read_own(source, band, work, &in));
    return nd_reduce(work->arena, &in, &band->kind, tile);
}

// So many pixels of the result that what they are made from fits in a chunk.
static nd_status reduce_parts(const io_source *source, const nd_band *band, nd_work *work,
                              nd_tile *tile, int below)
{
    const int step = tile->level - below,
              most = CHUNK >> (2 * step) ? CHUNK >> 2 * step : 1;
    const nd_rect r = tile->rect;
    if (step > 12)
        return nd_fail(ND_E_UNSUPPORTED,
                       "level %d of band %s would need %d x %d pixels for one\nzoom in",
                       tile->level, band->name, 1 << step, 1 << step);
    const int width = r.width < most ? r.width : most;
    const int height = most / width < r.height ? most / width : r.height;
    for (int y = r.y; y < r.y + r.height; y += height)
        for (int x = r.x; x < r.x + r.width; x += width) {
            nd_tile part = *tile;
            part.rect = (nd_rect){x, y, width, height};
            if (x + width > r.x + r.width) part.rect.width = r.x + r.width - x;
            if (y + height > r.y + r.height) part.rect.height = r.y + r.height - y;
            part.data = nd_at(tile, 0, x, y);
            const nd_mark mark = nd_arena_mark(work->arena);
            ND_TRY(nd_work_go_on(work));
            ND_TRY(reduce(source, band, work, &part, below));
            nd_arena_back(work->arena, mark);
        }
    return ND_OK;
}

nd_status io_source_read(const io_source *source, const nd_band *band, nd_work *work,
                         nd_tile *tile)
{
    int below = tile->level;
    const bool is_blind =
        source->blends && (band->kind == ND_CLASS || band->kind == ND_FLAGS);
    while (below > 0 && (is_blind || !source->overview[below])) below--;
    if (below == tile->level) return read_own(source, band, work, tile);
    bool done = false;
    if (source->copy) ND_TRY(io_copy_read(source->copy, source, band, work, tile, &done));
    if (done) return ND_OK;
    return reduce_parts(source, band, work, tile, below);
}

nd_status io_read(const nd_product *product, nd_work *work, nd_tile *tile)
{
    const io_reader *reader = product->reader;
    for (int k = 0; k < tile->bands.count; k++) {
        const int b = tile->bands.band[k];
        nd_tile one = *tile;
        one.bands = (nd_bands){&b, 1};
        one.data = tile->data + k * tile->plane;
        ND_TRY(nd_work_go_on(work));
        if (product->band[b].missing)
            return nd_fail(ND_E_DATA, "%s", product->band[b].missing);
        ND_TRY(io_source_read(&reader->source[b], &product->band[b], work, &one));
    }
    return ND_OK;
}
