// SPDX-License-Identifier: Apache-2.0
// ENVI: one .img of all bands, band after band, and the text header .hdr beside it.
#include "io/raw.h"
#include <math.h>
#include <nadir/geo.h>
#include <stdio.h>
#include <string.h>

static int envi_type(nd_sample sample)
{
    static const int code[] = {[ND_F32] = 4, [ND_U8] = 1,   [ND_I8] = 1,  [ND_U16] = 12,
                               [ND_I16] = 2, [ND_U32] = 13, [ND_I32] = 3, [ND_F64] = 5};
    return code[sample];
}

// Braces and line breaks end a value of ENVI; commas part a list.
static void word(nd_buffer *out, const char *text)
{
    for (; text && *text; text++)
        nd_buffer_add(out, "%c", strchr("{},\n\r", *text) ? ' ' : *text);
}

static const char *real(nd_buffer *out, double value)
{
    const char *text = nd_text_of_real(out->arena, value);
    return text ? text : "0";
}

// UTM by its zone, degrees, or neither: the system's own text says the rest.
static nd_status place(const nd_grid *grid, nd_buffer *out)
{
    const nd_crs *crs = grid->crs;
    int code = 0, zone = 0;
    if (!crs || grid->pixel_x <= 0 || grid->pixel_y >= 0) return ND_OK;
    (void)sscanf(crs->text, "EPSG:%d", &code);
    if ((code > 32600 && code <= 32660) || (code > 32700 && code <= 32760))
        zone = code % 100;
    nd_buffer_add(out, "map info = {%s,1.0,1.0,%s,%s,%s,%s",
                  zone                 ? "UTM"
                  : crs->is_geographic ? "Geographic Lat/Lon"
                                       : "Arbitrary",
                  real(out, grid->x), real(out, grid->y), real(out, grid->pixel_x),
                  real(out, -grid->pixel_y));
    if (zone) nd_buffer_add(out, ",%d,%s", zone, code < 32700 ? "North" : "South");
    nd_buffer_add(out, ",WGS-84,units=%s}\n", crs->is_geographic ? "Degrees" : "Meters");
    const char *wkt = nd_crs_wkt(out->arena, crs);
    if (!wkt) return ND_E_PARAM;
    nd_buffer_add(out, "coordinate system string = {%s}\n", wkt);
    return ND_OK;
}

static void numbers(nd_buffer *out, const char *name, const double *value, int count)
{
    nd_buffer_add(out, "%s = {", name);
    for (int k = 0; k < count; k++)
        nd_buffer_add(out, "%s%s", k ? ", " : "", real(out, value[k]));
    nd_buffer_add(out, "}\n");
}

static nd_status per_band(const io_job *job, nd_bands bands, const io_pack *pack,
                          nd_buffer *out)
{
    const nd_band *band = job->node->band;
    double *gain = nd_alloc(out->arena, (size_t)bands.count * 3, sizeof *gain);
    if (!gain) return ND_E_MEMORY;
    double *offset = gain + bands.count, *wave = offset + bands.count;
    bool is_scaled = false, has_wave = false;
    for (int k = 0; k < bands.count; k++) {
        gain[k] = pack[k].scale, offset[k] = pack[k].offset;
        wave[k] = band[bands.band[k]].wavelength_nm;
        is_scaled |= gain[k] != 1 || offset[k] != 0;
        has_wave |= wave[k] > 0;
    }
    if (is_scaled) {
        numbers(out, "data gain values", gain, bands.count);
        numbers(out, "data offset values", offset, bands.count);
    }
    if (has_wave) {
        nd_buffer_add(out, "wavelength units = Nanometers\n");
        numbers(out, "wavelength", wave, bands.count);
    }
    if (!isnan(pack[0].no_data))
        nd_buffer_add(out, "data ignore value = %s\n", real(out, pack[0].no_data));
    else if (io_sample_is_float(pack[0].sample))
        nd_buffer_add(out, "data ignore value = nan\n");
    return ND_OK;
}

nd_status raw_envi_header(const io_job *job, nd_bands bands, const io_pack *pack,
                          nd_buffer *out)
{
    const nd_band *band = job->node->band;
    const nd_grid grid = nd_grid_at(band[bands.band[0]].grid, job->run->level);
    nd_buffer_add(out, "ENVI\ndescription = {");
    if (bands.count == 1) {
        const nd_band *b = &band[bands.band[0]];
        word(out, b->help ? b->help : b->name);
        if (b->unit) nd_buffer_add(out, " - Unit: "), word(out, b->unit);
    } else {
        word(out, job->node->name);
    }
    nd_buffer_add(out,
                  "}\nsamples = %d\nlines = %d\nbands = %d\nheader offset = 0\n"
                  "file type = ENVI Standard\ndata type = %d\ninterleave = bsq\n"
                  "byte order = 1\nband names = {",
                  grid.width, grid.height, bands.count, envi_type(pack[0].sample));
    for (int k = 0; k < bands.count; k++) {
        if (k) nd_buffer_add(out, ", ");
        word(out, band[bands.band[k]].name);
    }
    nd_buffer_add(out, "}\n");
    ND_TRY(place(&grid, out));
    ND_TRY(per_band(job, bands, pack, out));
    return nd_buffer_text(out) ? ND_OK : ND_E_MEMORY;
}

nd_status io_write_envi(io_job *job)
{
    io_layer layer;
    nd_buffer header = {.arena = job->arena};
    ND_TRY(io_layer_plan(job, job->bands, &layer));
    if (layer.sample == ND_I8)
        return nd_fail(ND_E_UNSUPPORTED,
                       "ENVI has no samples from -128 to 127\nadd type=int16");
    ND_TRY(raw_envi_header(job, layer.bands, layer.pack, &header));
    const char *name = io_out_main(job->out);
    const char *image = nd_text(job->arena, "%.*s.img", (int)strlen(name) - 4, name);
    const char *path = image ? io_out_file(job->out, image) : NULL;
    const int fd = path ? io_create(job->arena, path) : -1;
    raw_band *band = nd_alloc(job->arena, (size_t)layer.bands.count, sizeof *band);
    if (fd < 0 || !band) return ND_E_IO;
    const uint64_t plane = (uint64_t)layer.grid.width * (uint64_t)layer.grid.height *
                           io_sample_bytes(layer.sample);
    for (int k = 0; k < layer.bands.count; k++)
        band[k] = (raw_band){fd, (uint64_t)k * plane, layer.pack[k]};
    ND_TRY(raw_fill(job, layer.bands, band));
    const char *main = io_out_inside(job->out, name);
    return main ? io_put_file(job->arena, main, header.text, header.length) : ND_E_MEMORY;
}
