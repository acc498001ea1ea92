// SPDX-License-Identifier: Apache-2.0
// Write: ends a graph; its input goes into a file when the graph runs.
#include <nadir/io.h>
#include <string.h>

static const nd_option overviews[] = {
    {"auto", "What suits the format: COG has them", NULL},
    {"yes", "Smaller copies for zooming", "true"},
    {"no", "Full size only", "false,none"},
    {NULL, NULL, NULL}};

static const nd_param params[] = {
    ND_PARAM(nd_write_settings, file, {NULL}, .snap = "file", .required = true,
             .of = "path", .help = "File to write; folders that lack are made"),
    ND_PARAM(nd_write_settings, format_name, NULL, .snap = "formatName", .was = "format",
             .help = "GeoTIFF, COG, BEAM-DIMAP, ENVI, PNG, NetCDF4-CF or a name of "
                     "GDAL's; by the extension if not given"),
    ND_PARAM(nd_write_settings, bands, {0}, .of = "band", .was = "sourceBands",
             .help = "Bands to write; all but masks if not given"),
    ND_PARAM(nd_write_settings, compress, NULL,
             .help = "none, deflate or zstd; what suits the format if not given"),
    ND_PARAM(nd_write_settings, level, 0, .min = 0, .max = 22,
             .help = "How hard to compress; 0 is the codec's usual"),
    ND_PARAM(nd_write_settings, predictor, NULL,
             .help = "none, whole or float; what suits the samples if not given"),
    ND_PARAM(nd_write_settings, type, NULL,
             .help = "How a sample is held: uint8, int16, float32 …; as the bands say "
                     "if not given"),
    ND_PARAM(nd_write_settings, overviews, {0}, .choices = overviews,
             .help = "Whether smaller copies are kept in the file"),
    ND_PARAM(nd_write_settings, options, {0},
             .help = "More options of the format, each NAME=value"),
    ND_PARAM(nd_write_settings, delete_output_on_failure, true,
             .snap = "deleteOutputOnFailure",
             .help = "Nothing stays of a failed run; there is no other way"),
    ND_PARAM(nd_write_settings, write_entire_tile_rows, false,
             .snap = "writeEntireTileRows",
             .help = "Has no effect: tiles go in any order"),
    ND_PARAM(nd_write_settings, clear_cache_after_row_write, false,
             .snap = "clearCacheAfterRowWrite",
             .help = "Has no effect: memory keeps to its budget anyway"),
};

// What goes into the file can be looked at, too.
static void row(const void *state, const nd_ctx *ctx, const float *const *in,
                float *const *out)
{
    (void)state;
    for (int k = 0; k < ctx->bands.count; k++)
        memcpy(out[k], in[k], (size_t)ctx->count * sizeof *out[k]);
}

const nd_op nd_op_write = {
    .name = "write",
    .snap = "Write",
    .brief = "Write bands to a file",
    .example = "nadir write scene.SAFE --file ndvi.tif --format-name COG",
    .help = "The file appears under its name when it is whole. A run that fails or is\n"
            "stopped leaves nothing. Formats of several files are whole when the header\n"
            "has its name.",
    .table = ND_TABLE(params, nd_write_settings),
    .min_inputs = 1,
    .max_inputs = 1,
    .levels = ND_EXACT,
    .sink = true,
    .row = row,
};
