// SPDX-License-Identifier: Apache-2.0
// Maps out: files that appear whole or not at all.
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
// Pulls the bands of `node` (all groups of equal grids) into a new file. No bands: those
// that the format takes; masks are left out, and fields on coarse grids where all bands
// must lie on one. A failure or cancellation leaves nothing behind.
nd_status nd_write_node(const nd_node *node, nd_bands bands, const nd_write *write,
                        const nd_run *run) ND_CHECKED;
// How many bands of `node` it takes when nobody names them; 0 after nd_fail.
int nd_write_count(const nd_node *node, const nd_write *write) ND_CHECKED;
// Where it will be: the path with the extension that the format wants. NULL after
// nd_fail: unknown format, nearest name.
const char *nd_write_path(nd_arena *arena, const nd_write *write) ND_CHECKED;

// The state of a Write node (op->sink), and what to do with it: its input goes into its
// file. `base` says what the node leaves open: format, history, replace, more options.
typedef struct nd_write_settings {
    nd_path file;
    const char *format_name, *compress, *predictor, *type;
    nd_list bands, options; // options: NAME=value, of the format
    int level;
    nd_choice overviews; // automatic, yes, no
    bool delete_output_on_failure, write_entire_tile_rows, clear_cache_after_row_write;
} nd_write_settings;
nd_status nd_write_sink(const nd_node *sink, const nd_write *base,
                        const nd_run *run) ND_CHECKED;
