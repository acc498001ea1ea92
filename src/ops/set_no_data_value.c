// SPDX-License-Identifier: Apache-2.0
// SetNoDataValue: which stored number means that there is no data.
#include <nadir/op.h>

typedef struct set_no_data_value {
    bool used;
    double value;
} set_no_data_value;

static const nd_param params[] = {
    ND_PARAM(set_no_data_value, used, true, .snap = "noDataValueUsed",
             .help = "Does a number mean no data? If not, every number counts"),
    ND_PARAM(set_no_data_value, value, 0, .snap = "noDataValue",
             .help = "The number that means no data, as files hold it"),
};

// What rows need of each band: the pixel that becomes no data, and what no data becomes.
typedef struct state {
    float none, fill;
} state;

static float pixel_of(const nd_band *band, double sample)
{
    return (float)(band->offset + (band->scale != 0 ? band->scale : 1) * sample);
}

static nd_status plan(nd_node *self)
{
    const set_no_data_value *set = self->state;
    state *s = nd_alloc(self->arena, (size_t)self->bands, sizeof *s);
    if (!s) return ND_E_MEMORY;
    for (int b = 0; b < self->bands; b++) {
        nd_band *band = &self->band[b];
        s[b] = (state){NAN, NAN};
        if (band->role == ND_MASK) continue;
        // What meant nothing counts again when nothing means nothing; strictly, also when
        // another number takes its place.
        if (!set->used || self->strict) s[b].fill = pixel_of(band, band->no_data);
        band->no_data = set->used ? set->value : (double)NAN;
        if (set->used) s[b].none = pixel_of(band, set->value);
    }
    self->state = s;
    return ND_OK;
}

static void row(const void *state_of, const nd_ctx *ctx, const float *const *in,
                float *const *out)
{
    for (int k = 0; k < ctx->bands.count; k++) {
        const state *s = (const state *)state_of + ctx->bands.band[k];
        for (int i = 0; i < ctx->count; i++) {
            const float v = isnan(in[k][i]) ? s->fill : in[k][i];
            out[k][i] = v == s->none ? NAN : v;
        }
    }
}

const nd_op nd_op_set_no_data_value = {
    .name = "set_no_data_value",
    .snap = "SetNoDataValue",
    .brief = "Say which number means no data",
    .example = "nadir set_no_data_value scene.tif -o scene2.tif --value -9999",
    .table = ND_TABLE(params, set_no_data_value),
    .min_inputs = 1,
    .max_inputs = 1,
    .levels = ND_REDUCED, // it turns numbers into no data
    .level_error = 0.03,
    .plan = plan,
    .row = row,
};
