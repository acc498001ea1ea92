// SPDX-License-Identifier: Apache-2.0
// BEAM-DIMAP, SNAP's own format: a header, and an ENVI file a band.
#include "io/dimap.h"
#include <stdio.h>
#include <string.h>

static nd_status add_missing(io_bands *bands, const dimap_band *b, const char *why,
                             const char *what)
{
    nd_band band = b->band;
    band.missing = nd_text(bands->arena, "band %s %s\n%s", band.name, why, what);
    return band.missing ? io_bands_add(bands, &band, &(io_source){0}) : ND_E_MEMORY;
}

static nd_status add_band(const dimap *d, io_bands *bands, const dimap_band *b,
                          const char *folder)
{
    if (b->is_log10)
        return add_missing(bands, b, "holds logarithms, which are not read",
                           "convert it with SNAP's Convert-Datatype");
    if (b->band.expression) return io_bands_add(bands, &b->band, &(io_source){0});
    if (!b->file)
        return add_missing(bands, b, "has no file in the product's header",
                           "write the product again with this band");
    const size_t length = strlen(b->file);
    const bool is_header = nd_text_ends(b->file, ".hdr");
    const char *path =
        nd_text(d->arena, "%s/%.*s%s", folder, (int)(is_header ? length - 4 : length),
                b->file, is_header ? ".img" : "");
    return path ? io_bands_add_file(bands, b->band, path, 1) : ND_E_MEMORY;
}

static nd_status open_dimap(dimap *d, const char *path)
{
    nd_product *product = d->product;
    product->path = nd_text(d->arena, "%s", path);
    const char *folder = io_folder(d->arena, path);
    product->identity = io_identity(d->arena, path);
    if (!product->path || !folder || !product->identity) return ND_E_MEMORY;
    const xmlNode *root = io_xml_read(d->arena, path);
    if (!root) return ND_E_DATA;
    ND_TRY(dimap_parse(d, root));
    if (!product->name) product->name = io_name(d->arena, path);
    io_bands bands = {.arena = d->arena};
    for (int i = 0; i < d->bands; i++) ND_TRY(add_band(d, &bands, &d->band[i], folder));
    ND_TRY(dimap_compute(d, &bands));
    return io_bands_give(&bands, product);
}

const nd_product *io_open_dimap(nd_arena *arena, const char *path)
{
    dimap d = {.arena = arena, .product = nd_alloc(arena, 1, sizeof *d.product)};
    return d.product && open_dimap(&d, path) == ND_OK ? d.product : NULL;
}
