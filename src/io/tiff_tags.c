// SPDX-License-Identifier: Apache-2.0
// What a TIFF of nadir says of itself: shape, samples, place, bands, colours, history.
#include "io/tiff.h"
#include <math.h>
#include <string.h>

enum { COLOURS = 768 }; // red, green, blue of 256 values
enum {
    METADATA = 42112,
    NODATA = 42113,
    SNAP_HEADER = 65000,
    ZSTD_CODE = 50000,
    DEFLATE_CODE = 8
};

// Twice: GDAL's reader undoes it twice, as its writer does it.
static void escape(nd_buffer *out, const char *text)
{
    for (; *text; text++) switch (*text) {
        case '&': nd_buffer_add(out, "&amp;amp;"); break;
        case '<': nd_buffer_add(out, "&amp;lt;"); break;
        case '>': nd_buffer_add(out, "&amp;gt;"); break;
        case '"': nd_buffer_add(out, "&amp;quot;"); break;
        default: nd_buffer_put(out, text, 1);
        }
}

static void item(nd_buffer *out, const char *name, int band, const char *extra,
                 const char *value)
{
    if (!value || !*value) return;
    nd_buffer_add(out, "  <Item name=\"%s\"", name);
    if (band >= 0) nd_buffer_add(out, " sample=\"%d\"", band);
    nd_buffer_add(out, "%s>", extra);
    escape(out, value);
    nd_buffer_add(out, "</Item>\n");
}

static const char *real(nd_buffer *out, double value)
{
    return nd_text_of_real(out->arena, value);
}

static void band_items(nd_buffer *out, const nd_band *band, const io_pack *pack, int k)
{
    static const char *const kind[] = {NULL, "amplitude", "class", "flags"};
    item(out, "DESCRIPTION", k, " role=\"description\"", band->name);
    item(out, "LONG_NAME", k, "", band->help);
    item(out, "UNITTYPE", k, " role=\"unittype\"", band->unit);
    item(out, "KIND", k, "", kind[band->kind]);
    if (pack->offset != 0)
        item(out, "OFFSET", k, " role=\"offset\"", real(out, pack->offset));
    if (pack->scale != 1)
        item(out, "SCALE", k, " role=\"scale\"", real(out, pack->scale));
    if (band->wavelength_nm > 0)
        item(out, "CENTRAL_WAVELENGTH_UM", k, " domain=\"IMAGERY\"",
             real(out, band->wavelength_nm / 1000));
    if (band->bandwidth_nm > 0)
        item(out, "FWHM_UM", k, " domain=\"IMAGERY\"",
             real(out, band->bandwidth_nm / 1000));
    for (int i = 0; i < band->labels; i++) {
        const char *value = real(out, band->label[i].value);
        const char *name = value ? nd_text(out->arena, "CLASS_%s", value) : NULL;
        if (name) item(out, name, k, "", band->label[i].name);
    }
}

const char *tiff_metadata(const io_job *job, const io_layer *layer)
{
    nd_buffer out = {.arena = job->arena};
    const nd_product *product = job->node->product;
    nd_buffer_add(&out, "<GDALMetadata>\n");
    if (product) {
        item(&out, "MISSION", -1, "", product->mission);
        item(&out, "PROCESSING_LEVEL", -1, "", product->level);
        item(&out, "ACQUISITION_START", -1, "", product->start);
        item(&out, "ACQUISITION_STOP", -1, "", product->stop);
        if (product->simulated) item(&out, "SIMULATED", -1, "", "pixels are simulated");
    }
    item(&out, "HISTORY", -1, "", job->write->history);
    for (int k = 0; k < layer->bands.count; k++)
        band_items(&out, &job->node->band[layer->bands.band[k]], &layer->pack[k], k);
    nd_buffer_add(&out, "</GDALMetadata>\n");
    return nd_buffer_text(&out);
}

static uint16_t *shorts(nd_arena *arena, int count, int value)
{
    uint16_t *list = nd_alloc(arena, (size_t)count, sizeof *list);
    for (int i = 0; list && i < count; i++) list[i] = (uint16_t)value;
    return list;
}

// Red, green, blue of 256 values, each times 257; NULL: no colours to give.
static uint16_t *colours(const tiff *t)
{
    const nd_band *band = &t->job->node->band[t->layer.bands.band[0]];
    if (t->layer.bands.count != 1 || t->layer.sample != ND_U8 || band->kind != ND_CLASS)
        return NULL;
    uint16_t *map = NULL;
    for (int i = 0; i < band->labels; i++) {
        const nd_label *l = &band->label[i];
        if (!l->colour || !(l->value >= 0) || l->value > 255) continue;
        if (!map) map = nd_alloc(t->job->arena, COLOURS, sizeof *map);
        if (!map) return NULL;
        for (int c = 0; c < 3; c++)
            map[c * 256 + (int)l->value] =
                (uint16_t)((l->colour >> (24 - 8 * c) & 255) * 257);
    }
    return map;
}

static void add_number(nd_arena *arena, tiff_ifd *ifd, uint16_t tag, uint16_t type,
                       uint32_t value)
{
    uint32_t *kept = nd_alloc(arena, 1, sizeof *kept);
    if (kept) *kept = value; // a SHORT lies in its lower half
    tiff_add(ifd, (tiff_field){tag, type, 1, kept});
}

static void add_text(tiff_ifd *ifd, uint16_t tag, const char *text)
{
    if (text && *text)
        tiff_add(ifd, (tiff_field){tag, TIFF_ASCII, strlen(text) + 1, text});
}

static int sample_format(nd_sample s)
{
    if (io_sample_is_float(s)) return 3;
    return s == ND_I8 || s == ND_I16 || s == ND_I32 ? 2 : 1;
}

static void add_tiles(const tiff *t, const tiff_level *l, bool big, tiff_ifd *ifd)
{
    nd_arena *arena = t->job->arena;
    const void *offset = l->offset;
    add_number(arena, ifd, 322, TIFF_LONG, (uint32_t)t->tile);
    add_number(arena, ifd, 323, TIFF_LONG, (uint32_t)t->tile);
    if (!big) {
        uint32_t *narrow = nd_alloc(arena, (size_t)l->tiles, sizeof *narrow);
        for (uint64_t i = 0; narrow && i < l->tiles; i++)
            narrow[i] = (uint32_t)l->offset[i];
        offset = narrow;
    }
    tiff_add(ifd, (tiff_field){324, big ? TIFF_LONG8 : TIFF_LONG, l->tiles, offset});
    tiff_add(ifd, (tiff_field){325, TIFF_LONG, l->tiles, l->bytes});
}

static const char *no_data_text(const tiff *t)
{
    const double value = t->layer.no_data;
    if (io_sample_is_float(t->layer.sample) && isnan(value)) return "nan";
    return isnan(value) ? NULL : nd_text_of_real(t->job->arena, value);
}

static const char *title(const tiff *t)
{
    const nd_product *product = t->job->node->product;
    return nd_text(t->job->arena, "%s%s", t->job->node->name ? t->job->node->name : "",
                   product && product->simulated ? " (simulated pixels)" : "");
}

// Red, green, blue and how opaque: pictures.
static bool has_alpha_band(const tiff *t)
{
    const nd_bands b = t->layer.bands;
    return b.count == 4 && t->layer.sample == ND_U8 &&
           strcmp(t->job->node->band[b.band[3]].name, "alpha") == 0;
}

static void add_samples(const tiff *t, int extras, bool has_alpha, tiff_ifd *ifd)
{
    nd_arena *arena = t->job->arena;
    const int bands = t->layer.bands.count;
    tiff_add(ifd, (tiff_field){338, TIFF_SHORT, (uint64_t)extras,
                               shorts(arena, extras, has_alpha ? 2 : 0)});
    tiff_add(ifd, (tiff_field){339, TIFF_SHORT, (uint64_t)bands,
                               shorts(arena, bands, sample_format(t->layer.sample))});
}

static int compression_code(int compress)
{
    return compress == IO_COMPRESS_DEFLATE ? DEFLATE_CODE
           : compress == IO_COMPRESS_ZSTD  ? ZSTD_CODE
                                           : 1;
}

nd_status tiff_level_ifd(const tiff *t, int level, bool big, tiff_ifd *ifd)
{
    nd_arena *arena = t->job->arena;
    const tiff_level *l = &t->level[level];
    const int bands = t->layer.bands.count;
    uint16_t *map = colours(t);
    *ifd = (tiff_ifd){0};
    if (level) add_number(arena, ifd, 254, TIFF_LONG, 1);
    add_number(arena, ifd, 256, TIFF_LONG, (uint32_t)l->width);
    add_number(arena, ifd, 257, TIFF_LONG, (uint32_t)l->height);
    const int bits = 8 * (int)io_sample_bytes(t->layer.sample);
    tiff_add(ifd,
             (tiff_field){258, TIFF_SHORT, (uint64_t)bands, shorts(arena, bands, bits)});
    add_number(arena, ifd, 259, TIFF_SHORT, (uint32_t)compression_code(t->compress));
    const bool has_alpha = has_alpha_band(t),
               is_rgb = t->layer.sample == ND_U8 && (bands == 3 || has_alpha);
    const int extras = is_rgb ? bands - 3 : bands - 1;
    add_number(arena, ifd, 262, TIFF_SHORT, map ? 3 : is_rgb ? 2 : 1);
    if (!level) add_text(ifd, 270, title(t));
    add_number(arena, ifd, 277, TIFF_SHORT, (uint32_t)bands);
    add_number(arena, ifd, 284, TIFF_SHORT, t->together || bands == 1 ? 1 : 2);
    if (!level) add_text(ifd, 305, "nadir " NADIR_VERSION);
    if (t->predictor > IO_PREDICTOR_NONE)
        add_number(arena, ifd, 317, TIFF_SHORT, (uint32_t)t->predictor);
    tiff_add(ifd, (tiff_field){320, TIFF_SHORT, COLOURS, map});
    add_tiles(t, l, big, ifd);
    add_samples(t, extras, has_alpha, ifd);
    if (!level) {
        ND_TRY(tiff_add_place(arena, &t->layer.grid, ifd));
        add_text(ifd, METADATA, tiff_metadata(t->job, &t->layer));
    }
    add_text(ifd, NODATA, no_data_text(t));
    if (!level) add_text(ifd, SNAP_HEADER, t->snap);
    return ND_OK;
}
