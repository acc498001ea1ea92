// SPDX-License-Identifier: Apache-2.0
// Crops: files without their product's metadata, and a crop.yaml that says what it would.
#include "io/crop.h"
#include <math.h>
#include <string.h>
#include <sys/stat.h>

static bool is_file(const char *path)
{
    struct stat s;
    return stat(path, &s) == 0 && S_ISREG(s.st_mode);
}

// "…/crop.yaml" for the folder or the file itself; NULL: neither.
static const char *find(nd_arena *arena, const char *path)
{
    if (is_file(path)) return nd_text_ends(path, "crop.yaml") ? path : NULL;
    const char *inside = io_join(arena, path, "crop.yaml");
    return inside && is_file(inside) ? inside : NULL;
}

bool io_is_crop(nd_arena *arena, const char *path)
{
    return find(arena, path) != NULL;
}

// The band of the file, with what the crop says instead of the file.
static nd_status add_band(io_bands *bands, const crop_band *b, const char *path)
{
    const nd_product *file = io_open_raster(bands->arena, path, NULL);
    if (!file || b->number > file->bands) {
        nd_error error = nd_error_take();
        nd_band missing = b->band;
        missing.grid = (nd_grid){1, 1, 0, 0, 1, -1, NULL};
        if (bands->count) missing.grid = bands->band[0].grid;
        if (file)
            missing.missing =
                nd_text(bands->arena, "%s has %d bands, not %d\ncorrect crop.yaml", path,
                        file->bands, b->number);
        else
            missing.missing = nd_text(bands->arena, "%s\n%s", error.what, error.remedy);
        if (!missing.missing) return ND_E_MEMORY;
        return io_bands_add(bands, &missing, &(io_source){0});
    }
    nd_band band = file->band[b->number - 1];
    const io_source source = ((const io_reader *)file->reader)->source[b->number - 1];
    band.name = b->band.name, band.role = b->band.role;
    if (b->band.unit) band.unit = b->band.unit;
    if (b->band.help) band.help = b->band.help;
    if (b->band.wavelength_nm > 0) band.wavelength_nm = b->band.wavelength_nm;
    if (b->band.bandwidth_nm > 0) band.bandwidth_nm = b->band.bandwidth_nm;
    if (b->band.kind != ND_CONTINUOUS) band.kind = b->band.kind;
    if (b->band.labels) band.label = b->band.label, band.labels = b->band.labels;
    if (b->has_none) band.no_data = b->no_data;
    if (b->has_scale)
        band.scale = 1 / b->quantification, band.offset = b->offset / b->quantification;
    return io_bands_add(bands, &band, &source);
}

static nd_status check_names(const crop *c)
{
    for (int i = 0; i < c->bands; i++)
        for (int j = 0; j < i; j++)
            if (nd_text_same(c->band[i].band.name, c->band[j].band.name))
                return nd_fail(ND_E_DATA, "two bands are called %s\ngive each its name",
                               c->band[i].band.name);
    return ND_OK;
}

static nd_status open_crop(nd_arena *arena, const char *path, nd_product *product)
{
    const char *yaml = find(arena, path);
    const char *folder = yaml ? io_folder(arena, yaml) : NULL;
    size_t length = 0;
    const char *text = folder ? io_read_text(arena, yaml, &length) : NULL;
    crop c;
    if (!text) return ND_E_IO;
    ND_TRY(crop_parse(arena, yaml, text, length, &c));
    ND_TRY(check_names(&c));
    *product = c.product;
    product->path = nd_text(arena, "%s", path);
    product->format = "crop";
    if (!product->name) product->name = io_name(arena, folder);
    product->identity = io_identity(arena, yaml);
    if (!product->path || !product->name || !product->identity) return ND_E_MEMORY;
    io_bands bands = {.arena = arena};
    for (int i = 0; i < c.bands; i++) {
        const char *file = io_join(arena, folder, c.band[i].file);
        if (!file) return ND_E_MEMORY;
        ND_TRY(add_band(&bands, &c.band[i], file));
    }
    return io_bands_give(&bands, product);
}

const nd_product *io_open_crop(nd_arena *arena, const char *path)
{
    nd_product *product = nd_alloc(arena, 1, sizeof *product);
    return product && open_crop(arena, path, product) == ND_OK ? product : NULL;
}
