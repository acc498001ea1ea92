// SPDX-License-Identifier: Apache-2.0
// Any raster that GDAL reads, as a scene: grid, names, kinds, scales, labels.
#include "io/reader.h"
#include <cpl_string.h>
#include <gdal.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { SIDE = 1 << 28, BLOCK_BYTES = 1 << 30, BANDS = 1 << 16 };

static const char *item(void *object, const char *name, const char *domain)
{
    return GDALGetMetadataItem(object, name, domain);
}

static nd_status check_size(const char *path, GDALDatasetH dataset)
{
    const int width = GDALGetRasterXSize(dataset), height = GDALGetRasterYSize(dataset);
    if (width > SIDE || height > SIDE || width < 1 || height < 1)
        return nd_fail(ND_E_DATA, "%s says it is %d x %d pixels\ncheck its header", path,
                       width, height);
    if (GDALGetRasterCount(dataset) > BANDS)
        return nd_fail(ND_E_DATA, "%s says it has %d bands\ncheck its header", path,
                       GDALGetRasterCount(dataset));
    for (int i = 1; i <= GDALGetRasterCount(dataset); i++) {
        int across = 0, down = 0;
        GDALRasterBandH band = GDALGetRasterBand(dataset, i);
        GDALGetBlockSize(band, &across, &down);
        const int64_t bytes = GDALGetDataTypeSizeBytes(GDALGetRasterDataType(band));
        if ((int64_t)across * down > BLOCK_BYTES / bytes)
            return nd_fail(ND_E_UNSUPPORTED,
                           "%s is cut into blocks of %d x %d pixels, too large to read\n"
                           "rewrite it in tiles: gdal_translate -co TILED=YES",
                           path, across, down);
    }
    return ND_OK;
}

// A container: says what is inside, and how to ask for one of them.
static nd_status explain_parts(nd_arena *arena, const char *path, GDALDatasetH dataset)
{
    char **parts = GDALGetMetadata(dataset, "SUBDATASETS");
    nd_buffer names = {.arena = arena};
    int count = 0;
    for (int i = 0; parts && parts[i]; i++) {
        const char *value = strchr(parts[i], '=');
        if (!value || !strstr(parts[i], "_NAME=")) continue;
        if (count++ < 4) nd_buffer_add(&names, "%s%s", count > 1 ? "  " : "", value + 1);
    }
    const char *text = nd_buffer_text(&names);
    if (!text) return ND_E_MEMORY;
    if (!count)
        return nd_fail(ND_E_DATA, "%s holds no picture\ngive a file with pixels", path);
    return nd_fail(ND_E_DATA, "%s holds %d pictures\ngive one of them: %s%s", path, count,
                   text, count > 4 ? " …" : "");
}

// Only an upright rectangle is a map; anything else is shown as a picture.
static nd_status lay_grid(nd_arena *arena, const char *path, GDALDatasetH dataset,
                          nd_grid *grid)
{
    double t[6];
    const nd_grid picture = {.width = GDALGetRasterXSize(dataset),
                             .height = GDALGetRasterYSize(dataset),
                             .pixel_x = 1,
                             .pixel_y = -1};
    *grid = picture;
    OGRSpatialReferenceH srs = GDALGetSpatialRef(dataset);
    if (GDALGetGeoTransform(dataset, t) != CE_None) {
        if (GDALGetGCPCount(dataset))
            nd_say(ND_NOTE,
                   "%s has ground control points only: shown as a picture, "
                   "without a place on the ground",
                   path);
        return ND_OK;
    }
    if (t[2] != 0 || t[4] != 0 || !(t[1] > 0) || t[5] == 0 || !isfinite(t[0] + t[3])) {
        nd_say(ND_NOTE, "%s lies askew on the ground: shown as a picture", path);
        return ND_OK;
    }
    *grid = (nd_grid){picture.width, picture.height, t[0], t[3], t[1], t[5], NULL};
    if (t[5] > 0) grid->y = t[3] + t[5] * picture.height, grid->pixel_y = -t[5];
    if (!srs || (grid->crs = io_crs(arena, srs))) return ND_OK;
    const nd_error error = nd_error_take();
    if (error.code == ND_E_MEMORY) return nd_error_give(&error);
    nd_say(ND_NOTE, "%s: %s: shown as a picture", path, error.what);
    *grid = picture;
    return ND_OK;
}

static uint32_t colour_of(const GDALColorEntry *c)
{
    return ((uint32_t)c->c1 & 255) << 24 | ((uint32_t)c->c2 & 255) << 16 |
           ((uint32_t)c->c3 & 255) << 8 | ((uint32_t)c->c4 & 255);
}

// "CLASS_4=vegetation": how nadir's own files name classes and flags.
static nd_status read_class_items(nd_arena *arena, GDALRasterBandH from, nd_band *band)
{
    char **items = GDALGetMetadata(from, NULL);
    nd_label *label = nd_alloc(arena, (size_t)CSLCount(items) + 1, sizeof *label);
    char word[64];
    if (!label) return ND_E_MEMORY;
    band->label = label;
    for (int i = 0; items && items[i]; i++) {
        const char *is = strchr(items[i], '=');
        double value;
        if (!is || !EQUALN(items[i], "CLASS_", 6) || is - items[i] - 6 > 60) continue;
        snprintf(word, sizeof word, "%.*s", (int)(is - items[i] - 6), items[i] + 6);
        if (!nd_text_real(word, &value)) continue;
        nd_label *l = &label[band->labels++];
        *l = (nd_label){.value = value, .name = nd_text(arena, "%.200s", is + 1)};
        if (!l->name) return ND_E_MEMORY;
    }
    return ND_OK;
}

// What GDAL knows of classes: names of categories and a table of colours.
typedef struct palette {
    char **name;
    GDALColorTableH colours;
    int named, coloured, count; // count: the longer one
} palette;

static palette palette_of(GDALRasterBandH from)
{
    palette p = {.name = GDALGetRasterCategoryNames(from),
                 .colours = GDALGetRasterColorTable(from)};
    p.named = CSLCount(p.name);
    p.coloured = p.colours ? GDALGetColorEntryCount(p.colours) : 0;
    p.count = p.named > p.coloured ? p.named : p.coloured;
    return p;
}

// Where the items name the classes, the palette only colours them.
static void colour_labels(const palette *p, nd_band *band)
{
    for (int i = 0; i < band->labels; i++) {
        nd_label *l = &((nd_label *)(uintptr_t)band->label)[i];
        GDALColorEntry colour;
        if (l->value >= 0 && l->value < p->coloured &&
            GDALGetColorEntryAsRGB(p->colours, (int)l->value, &colour))
            l->colour = colour_of(&colour);
    }
}

static nd_status read_palette(nd_arena *arena, const palette *p, nd_band *band)
{
    nd_label *label = nd_alloc(arena, (size_t)p->count + 1, sizeof *label);
    if (!label) return ND_E_MEMORY;
    for (int i = 0; i < p->count; i++) {
        GDALColorEntry colour = {0};
        const char *name = i < p->named ? p->name[i] : "";
        const bool has_colour =
            i < p->coloured && GDALGetColorEntryAsRGB(p->colours, i, &colour);
        // Palettes of 256 entries name few of them; what is black and unnamed is unused.
        if (!*name && !(colour.c1 || colour.c2 || colour.c3)) continue;
        nd_label *l = &label[band->labels++];
        l->value = i;
        l->name = *name ? nd_text(arena, "%s", name) : nd_text(arena, "class %d", i);
        l->colour = has_colour ? colour_of(&colour) : 0;
        if (!l->name) return ND_E_MEMORY;
    }
    band->label = label;
    return ND_OK;
}

// Names and colours of classes, where the file has any of them.
static nd_status read_labels(nd_arena *arena, GDALRasterBandH from, nd_band *band)
{
    const palette known = palette_of(from);
    const char *layer = item(from, "LAYER_TYPE", NULL), *kind = item(from, "kind", NULL);
    const bool is_said = kind && nd_text_same(kind, "class");
    const bool is_class = (known.count && known.count <= 65536) || is_said ||
                          (layer && nd_text_same(layer, "thematic"));
    if (kind && nd_text_same(kind, "amplitude")) band->kind = ND_AMPLITUDE;
    if (kind && nd_text_same(kind, "flags")) {
        band->kind = ND_FLAGS;
        return read_class_items(arena, from, band);
    }
    if (is_said) {
        ND_TRY(read_class_items(arena, from, band));
        colour_labels(&known, band);
        band->kind = ND_CLASS;
        if (band->labels) return ND_OK;
    }
    if (!is_class || band->sample == ND_F32 || band->sample == ND_F64) return ND_OK;
    band->kind = ND_CLASS;
    return known.count ? read_palette(arena, &known, band)
                       : read_class_items(arena, from, band);
}

static double number(const char *text)
{
    double value = 0;
    return text && nd_text_real(text, &value) && isfinite(value) ? value : 0;
}

static void read_wavelength(GDALRasterBandH from, nd_band *band)
{
    const double micrometres = number(item(from, "CENTRAL_WAVELENGTH_UM", "IMAGERY"));
    const double width = number(item(from, "FWHM_UM", "IMAGERY"));
    const double plain = number(item(from, "wavelength", NULL));
    const char *unit = item(from, "wavelength_units", NULL);
    const bool is_nm = unit ? nd_text_same(unit, "nanometers") : plain > 100;
    band->wavelength_nm = micrometres > 0 ? micrometres * 1000
                          : is_nm         ? plain
                                          : plain * 1000;
    band->bandwidth_nm = width > 0 ? width * 1000 : number(item(from, "bandwidth", NULL));
}

static nd_status name_band(nd_arena *arena, GDALRasterBandH from, int number_, nd_band *b)
{
    const char *name = GDALGetDescription(from), *unit = GDALGetRasterUnitType(from);
    b->name = *name ? nd_text(arena, "%s", name) : nd_text(arena, "band_%d", number_);
    const char *help = item(from, "LONG_NAME", NULL);
    if (help && !(b->help = nd_text(arena, "%.400s", help))) return ND_E_MEMORY;
    if (unit && *unit && !(b->unit = nd_text(arena, "%s", unit))) return ND_E_MEMORY;
    return b->name ? ND_OK : ND_E_MEMORY;
}

static nd_status read_band(nd_arena *arena, GDALRasterBandH from, int number_, nd_band *b)
{
    int has_scale = 0, has_offset = 0, has_none = 0;
    const double scale = GDALGetRasterScale(from, &has_scale);
    const double offset = GDALGetRasterOffset(from, &has_offset);
    const double none = GDALGetRasterNoDataValue(from, &has_none);
    ND_TRY(name_band(arena, from, number_, b));
    b->sample = io_sample_of(from);
    b->scale = has_scale && isfinite(scale) && scale != 0 ? scale : 1;
    b->offset = has_offset && isfinite(offset) ? offset : 0;
    b->no_data = has_none ? none : NAN;
    GDALGetBlockSize(from, &b->block_width, &b->block_height);
    read_wavelength(from, b);
    return read_labels(arena, from, b);
}

// Wavelets and means of class numbers are numbers of other classes.
static bool mixes(GDALRasterBandH from)
{
    GDALDatasetH dataset = GDALGetBandDataset(from);
    const char *driver = GDALGetDriverShortName(GDALGetDatasetDriver(dataset));
    const char *how = item(dataset, "OVR_RESAMPLING_ALG", NULL);
    if (!how && GDALGetOverviewCount(from))
        how = item(GDALGetOverview(from, 0), "RESAMPLING", NULL);
    return strncmp(driver, "JP2", 3) == 0 ||
           (how && !nd_text_same(how, "NEAREST") && !nd_text_same(how, "MODE"));
}

// Overviews count only where they are as large as the level that they would be.
static void find_overviews(GDALRasterBandH from, const nd_band *band, io_source *source)
{
    source->blends = mixes(from);
    for (int i = 0; i < GDALGetOverviewCount(from) && i < 100 && !source->is_flipped;
         i++) {
        GDALRasterBandH small = GDALGetOverview(from, i);
        const int width = small ? GDALGetRasterBandXSize(small) : 0;
        const int height = small ? GDALGetRasterBandYSize(small) : 0;
        for (int level = 1; level < IO_LEVELS; level++) {
            const nd_grid grid = nd_grid_at(band->grid, level);
            if (grid.width == width && grid.height == height &&
                !source->overview[level]) {
                source->overview[level] = (int8_t)(i + 1);
                break;
            }
        }
    }
}

static void find_mask(GDALRasterBandH from, io_source *source)
{
    const int flags = GDALGetMaskFlags(from);
    source->is_masked = flags & GMF_PER_DATASET && !(flags & (GMF_ALPHA | GMF_NODATA));
}

nd_status io_source_open(nd_arena *arena, io_source *source, nd_band *band)
{
    (void)arena;
    GDALDatasetH dataset = io_file_borrow(source->file);
    if (!dataset) return ND_E_IO;
    const char *path = io_file_path(source->file);
    const int width = GDALGetRasterXSize(dataset), height = GDALGetRasterYSize(dataset);
    nd_status status = check_size(path, dataset);
    if (status == ND_OK && source->band > GDALGetRasterCount(dataset))
        status = nd_fail(ND_E_DATA, "%s has %d bands, not %d\nfetch the file again", path,
                         GDALGetRasterCount(dataset), source->band);
    if (status == ND_OK && (width != band->grid.width || height != band->grid.height))
        status = nd_fail(ND_E_DATA,
                         "%s is %d x %d pixels, its metadata say %d x %d\n"
                         "fetch the file again",
                         path, width, height, band->grid.width, band->grid.height);
    if (status == ND_OK) {
        GDALRasterBandH from = GDALGetRasterBand(dataset, source->band);
        band->sample = io_sample_of(from);
        GDALGetBlockSize(from, &band->block_width, &band->block_height);
        find_overviews(from, band, source);
        find_mask(from, source);
    }
    io_file_return(source->file, dataset);
    return status;
}

static const char *fact(nd_arena *arena, GDALDatasetH from, const char *name,
                        const char *domain)
{
    const char *text = item(from, name, domain);
    return text && *text ? nd_text(arena, "%.400s", text) : NULL;
}

// What nadir writes into its files, and what GDAL knows of some.
static void read_facts(nd_arena *arena, GDALDatasetH from, nd_product *p)
{
    p->mission = fact(arena, from, "MISSION", NULL);
    p->level = fact(arena, from, "PROCESSING_LEVEL", NULL);
    p->start = fact(arena, from, "ACQUISITION_START", NULL);
    if (!p->start) p->start = fact(arena, from, "ACQUISITIONDATETIME", "IMAGERY");
    p->stop = fact(arena, from, "ACQUISITION_STOP", NULL);
    if (!p->stop) p->stop = p->start;
}

typedef struct opening {
    nd_arena *arena;
    nd_product *product;
    io_file *file;
    nd_grid grid;
    bool is_flipped;
} opening;

// One band of the product: one of the file, or a part of one with complex samples.
static nd_status read_part(const opening *o, GDALRasterBandH from, io_part part,
                           io_source *s, nd_band *b)
{
    const int number_ = GDALGetBandNumber(from);
    *b = (nd_band){.grid = o->grid};
    *s = (io_source){
        .file = o->file, .band = number_, .part = part, .is_flipped = o->is_flipped};
    ND_TRY(read_band(o->arena, from, number_, b));
    if (b->kind == ND_FLAGS) s->bits = IO_LOW_BITS;
    find_overviews(from, b, s);
    find_mask(from, s);
    s->copy = io_copy_new(o->arena, s, b);
    for (int l = 1; l < IO_LEVELS; l++)
        if (s->overview[l]) o->product->levels = ND_REDUCED;
    if (part == IO_WHOLE) return ND_OK;
    b->name = nd_text(o->arena, "%s_%s", part == IO_REAL ? "i" : "q", b->name);
    return b->name ? ND_OK : ND_E_MEMORY;
}

// Complex samples become two bands.
static nd_status read_bands(opening *o, GDALDatasetH dataset)
{
    const int count = GDALGetRasterCount(dataset);
    nd_band *band = nd_alloc(o->arena, (size_t)count * 2, sizeof *band);
    io_source *source = nd_alloc(o->arena, (size_t)count * 2, sizeof *source);
    io_reader *reader = nd_alloc(o->arena, 1, sizeof *reader);
    if (!band || !source || !reader) return ND_E_MEMORY;
    int bands = 0;
    o->product->levels = ND_EXACT;
    for (int i = 1; i <= count; i++) {
        GDALRasterBandH from = GDALGetRasterBand(dataset, i);
        const bool is_complex = GDALDataTypeIsComplex(GDALGetRasterDataType(from));
        for (int part = is_complex; part <= 2 * is_complex; part++, bands++)
            ND_TRY(read_part(o, from, (io_part)part, &source[bands], &band[bands]));
    }
    reader->source = source;
    o->product->band = band, o->product->bands = bands, o->product->reader = reader;
    return ND_OK;
}

static nd_status read_pairs(nd_arena *arena, GDALDatasetH dataset, nd_product *product)
{
    char **all = GDALGetMetadata(dataset, NULL);
    nd_pair *pair = nd_alloc(arena, (size_t)CSLCount(all) + 1, sizeof *pair);
    if (!pair) return ND_E_MEMORY;
    for (int i = 0; all && all[i] && i < 4096; i++) {
        const char *value = strchr(all[i], '=');
        if (!value) continue;
        nd_pair *p = &pair[product->mores++];
        p->name = nd_text(arena, "%.*s", (int)(value - all[i]), all[i]);
        p->value = nd_text(arena, "%.4000s", value + 1);
        if (!p->name || !p->value) return ND_E_MEMORY;
        if (nd_text_same(p->name, "SIMULATED") && !nd_text_same(p->value, "no"))
            product->simulated = true;
    }
    product->more = pair;
    return ND_OK;
}

static nd_status read_identity(nd_arena *arena, GDALDatasetH dataset, nd_product *product)
{
    char **files = GDALGetFileList(dataset);
    nd_buffer all = {.arena = arena};
    nd_buffer_add(&all, "%s", product->path);
    for (int i = 0; files && files[i] && i < 1000; i++) {
        const char *one = io_identity(arena, files[i]);
        if (one) nd_buffer_add(&all, "\n%s", one);
    }
    CSLDestroy(files);
    product->identity = nd_buffer_text(&all);
    return product->identity ? ND_OK : ND_E_MEMORY;
}

static nd_status open_dataset(opening *o, GDALDatasetH dataset)
{
    nd_product *product = o->product;
    double t[6];
    if (!GDALGetRasterCount(dataset))
        return explain_parts(o->arena, product->path, dataset);
    ND_TRY(check_size(product->path, dataset));
    ND_TRY(lay_grid(o->arena, product->path, dataset, &o->grid));
    o->is_flipped = GDALGetGeoTransform(dataset, t) == CE_None && t[2] == 0 &&
                    t[4] == 0 && t[1] > 0 && t[5] > 0;
    product->format =
        nd_text(o->arena, "%s", GDALGetDriverShortName(GDALGetDatasetDriver(dataset)));
    product->name = io_name(o->arena, product->path);
    read_facts(o->arena, dataset, product);
    product->read = io_read;
    if (!product->format || !product->name) return ND_E_MEMORY;
    ND_TRY(read_pairs(o->arena, dataset, product));
    ND_TRY(read_identity(o->arena, dataset, product));
    return read_bands(o, dataset);
}

const nd_product *io_open_raster(nd_arena *arena, const char *path, const char *driver)
{
    opening o = {.arena = arena, .product = nd_alloc(arena, 1, sizeof *o.product)};
    if (!o.product) return NULL;
    o.product->path = nd_text(arena, "%s", path);
    o.file = o.product->path ? io_file_new(arena, path, driver) : NULL;
    GDALDatasetH dataset = o.file ? io_file_borrow(o.file) : NULL;
    if (!dataset) return NULL;
    io_words words;
    io_gdal_listen(&words);
    const nd_status status = open_dataset(&o, dataset);
    io_gdal_ignore();
    io_file_return(o.file, dataset);
    return status == ND_OK ? o.product : NULL;
}
