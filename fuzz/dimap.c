// SPDX-License-Identifier: Apache-2.0
// Any bytes as a BEAM-DIMAP header, its expressions compiled over bands without files.
#include "io/dimap.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    nd_arena *arena = nd_arena_new();
    nd_product *product = arena ? nd_alloc(arena, 1, sizeof *product) : NULL;
    if (!product) return 0;
    product->path = "x.dim";
    dimap d = {.arena = arena, .product = product};
    const xmlNode *root = io_xml_parse(arena, "x.dim", (const char *)data, size);
    if (root && dimap_parse(&d, root) == ND_OK) {
        io_bands bands = {.arena = arena};
        nd_status status = ND_OK;
        for (int i = 0; i < d.bands && status == ND_OK; i++)
            status = io_bands_add(&bands, &d.band[i].band, &(io_source){0});
        if (status == ND_OK && dimap_compute(&d, &bands) != ND_OK) (void)nd_error_take();
    }
    (void)nd_error_take();
    nd_arena_free(arena);
    return 0;
}
