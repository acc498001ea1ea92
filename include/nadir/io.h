// SPDX-License-Identifier: Apache-2.0
// Maps out: files that appear whole or not at all, and their colours.
#pragma once
#include <nadir/product.h>
#include <nadir/run.h>

typedef struct nd_write {
    const char *path, *format; // format: SNAP's or GDAL's name; NULL: by extension
    const nd_pair *option;     // "COMPRESS", "ZSTD": of the format
    size_t options;
    bool replace;        // an existing file is replaced, at the end
    const char *history; // graph and version that made it; goes into the file
} nd_write;
// Pulls the bands of `node` (all groups of equal grids) into a new file.
// A failure or cancellation leaves nothing behind.
nd_status nd_write_node(const nd_node *node, nd_bands bands, const nd_write *write,
                        const nd_run *run) ND_CHECKED;
