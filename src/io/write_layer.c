// SPDX-License-Identifier: Apache-2.0
// Which bands go into one raster, and the one type that holds the samples of all.
#include "io/write.h"
#include <math.h>
#include <string.h>

static bool is_signed(nd_sample s)
{
    return s == ND_I8 || s == ND_I16 || s == ND_I32;
}

// A signed type must be wider than an unsigned one to hold it.
static size_t bytes_in(nd_sample s, bool in_signed)
{
    return io_sample_bytes(s) * (in_signed && !is_signed(s) ? 2 : 1);
}

// The narrowest type that holds both; as SNAP widens.
static nd_sample widen(nd_sample a, nd_sample b)
{
    static const nd_sample whole[2][3] = {{ND_U8, ND_U16, ND_U32},
                                          {ND_I8, ND_I16, ND_I32}};
    if (a == b) return a;
    if (a == ND_F64 || b == ND_F64) return ND_F64;
    if (a == ND_F32 || b == ND_F32) return ND_F32;
    const bool any = is_signed(a) || is_signed(b);
    const size_t of_a = bytes_in(a, any), of_b = bytes_in(b, any),
                 bytes = of_a > of_b ? of_a : of_b;
    return bytes > 4 ? ND_F64 : whole[any][bytes / 2];
}

static bool same_number(double a, double b)
{
    return a == b || (isnan(a) && isnan(b));
}

// Whole samples keep their meaning only if all bands agree on the one no-data that a
// file can name; otherwise floats hold the values, and NaN stands where there are none.
static nd_sample choose(const io_job *job, nd_bands bands)
{
    if (job->options.type.at != IO_TYPE_AUTO)
        return (nd_sample)(job->options.type.at - 1);
    const nd_band *band = job->node->band;
    nd_sample all = band[bands.band[0]].sample;
    bool agree = true;
    for (int k = 1; k < bands.count; k++) {
        all = widen(all, band[bands.band[k]].sample);
        agree &= same_number(band[bands.band[k]].no_data, band[bands.band[0]].no_data);
    }
    if (agree || io_sample_is_float(all)) return all;
    return io_sample_bytes(all) > 2 ? ND_F64 : ND_F32;
}

// A forced type holds plain values: the band's own scale was made for its own type. Its
// no-data stays where it is a plain value, too.
io_pack io_pack_of(const io_job *job, const nd_band *band, nd_sample sample)
{
    io_pack pack = {.sample = sample, .scale = 1, .no_data = NAN, .lost = job->lost};
    const bool is_plain = (band->scale == 0 || band->scale == 1) && band->offset == 0,
               is_forced = job->options.type.at != IO_TYPE_AUTO;
    if (io_sample_is_float(sample) || io_sample_is_float(band->sample)) return pack;
    if (is_forced) {
        if (is_plain && io_sample_holds(sample, band->no_data))
            pack.no_data = band->no_data;
        return pack;
    }
    pack.scale = band->scale != 0 ? band->scale : 1;
    pack.offset = band->offset, pack.no_data = band->no_data;
    return pack;
}

nd_status io_layer_plan(const io_job *job, nd_bands bands, io_layer *layer)
{
    const nd_band *band = job->node->band;
    *layer = (io_layer){.bands = bands, .sample = choose(job, bands), .no_data = NAN};
    layer->grid = nd_grid_at(band[bands.band[0]].grid, job->run->level);
    layer->pack = nd_alloc(job->arena, (size_t)bands.count, sizeof *layer->pack);
    if (!layer->pack) return ND_E_MEMORY;
    for (int k = 0; k < bands.count; k++) {
        const nd_band *b = &band[bands.band[k]];
        if (!nd_grid_same(&b->grid, &band[bands.band[0]].grid))
            return nd_fail(ND_E_DATA,
                           "band %s is %d x %d pixels, %s is %d x %d: %s holds one size\n"
                           "put a Resample before it, or write BEAM-DIMAP",
                           band[bands.band[0]].name, band[bands.band[0]].grid.width,
                           band[bands.band[0]].grid.height, b->name, b->grid.width,
                           b->grid.height, job->format->name);
        layer->pack[k] = io_pack_of(job, b, layer->sample);
        // A file can name one.
        layer->pack[k].no_data = layer->no_data = layer->pack[0].no_data;
    }
    return ND_OK;
}

nd_status io_layers_split(const io_job *job, nd_bands **set, int *sets)
{
    const nd_band *band = job->node->band;
    const size_t count = (size_t)job->bands.count;
    nd_bands *made = nd_alloc(job->arena, count, sizeof *made);
    bool *taken = nd_alloc(job->arena, count, sizeof *taken);
    *sets = 0;
    if (!made || !taken) return ND_E_MEMORY;
    for (int i = 0; i < job->bands.count; i++) {
        if (taken[i]) continue;
        int *number = nd_alloc(job->arena, count, sizeof *number), n = 0;
        if (!number) return ND_E_MEMORY;
        for (int j = i; j < job->bands.count; j++) {
            if (taken[j] || !nd_grid_same(&band[job->bands.band[i]].grid,
                                          &band[job->bands.band[j]].grid))
                continue;
            taken[j] = true;
            number[n++] = job->bands.band[j];
        }
        made[(*sets)++] = (nd_bands){number, n};
    }
    *set = made;
    return ND_OK;
}
