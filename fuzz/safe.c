// SPDX-License-Identifier: Apache-2.0
// Any bytes as the metadata of a Sentinel-2 tile, and as those of its product.
#include "io/safe.h"
#include <string.h>

static const char *const plain_tile =
    "<Level-1C_Tile_ID><TILE_ID>S2A_OPER_MSI_L1C_TL_SGS__20180101T124911_A013204_T31TDH_"
    "N02.06</TILE_ID><Tile_Geocoding><HORIZONTAL_CS_CODE>EPSG:32631</HORIZONTAL_CS_CODE>"
    "<Size resolution=\"10\"><NROWS>10980</NROWS><NCOLS>10980</NCOLS></Size>"
    "<Geoposition resolution=\"10\"><ULX>399960</ULX><ULY>4800000</ULY><XDIM>10</XDIM>"
    "<YDIM>-10</YDIM></Geoposition></Tile_Geocoding></Level-1C_Tile_ID>";

static void try(nd_arena *arena, const xmlNode *scene, const xmlNode *tile)
{
    nd_product *product = nd_alloc(arena, 1, sizeof *product);
    safe s = {.arena = arena,
              .product = product,
              .scene = scene,
              .tile = tile,
              .tile_path = "MTD_TL.xml",
              .root = "."};
    io_bands bands = {.arena = arena};
    if (!product) return;
    product->path = ".";
    if (safe_parse(&s) != ND_OK || safe_add_angles(&s, &bands) != ND_OK)
        (void)nd_error_take();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    nd_arena *arena = nd_arena_new();
    if (!arena) return 0;
    const xmlNode *root = io_xml_parse(arena, "x.xml", (const char *)data, size);
    const xmlNode *tile = io_xml_parse(arena, "t.xml", plain_tile, strlen(plain_tile));
    if (root && tile) {
        try(arena, NULL, root);
        try(arena, root, tile);
    }
    (void)nd_error_take();
    nd_arena_free(arena);
    return 0;
}
