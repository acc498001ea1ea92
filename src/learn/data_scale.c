// SPDX-License-Identifier: Apache-2.0
// From stored numbers to units, and from units to what a network sees.
#include "learn/data.h"
#include <math.h>
#include <nadir/product.h>

// EuroSAT's pictures: value = 1 + 254 min(DN, 2750) / 2750, fitted on tiles that exist in
// both forms (bench/eurosat_fit.py).
float data_unit(const nd_dataset *set, float stored)
{
    if (set->set.picture_units.at == ND_PICTURES_EUROSAT_RGB)
        return (stored - 1) * (2750.0f / 254);
    return stored;
}

static float step_value(const nd_scale_step *s, double x)
{
    switch (s->how) {
    case ND_CLIP: return (float)fmin(fmax(x, s->a), s->b);
    case ND_SCALE_BY: return (float)(x / s->a);
    case ND_OFFSET: return (float)(x - s->a);
    case ND_MIN_MAX: return (float)((x - s->a) / (s->b - s->a));
    case ND_Z_SCORE: return (float)((x - s->a) / s->b);
    case ND_LOG: return (float)(10 * log10(fmax(x, s->a)));
    }
    return (float)x;
}

void data_scale(const nd_card_band *band, float *value, int64_t count)
{
    for (int k = 0; k < band->steps; k++)
        for (int64_t i = 0; i < count; i++)
            if (!isnan(value[i])) value[i] = step_value(&band->step[k], (double)value[i]);
}

static bool is_decibel(const nd_card_band *band)
{
    return band->unit && nd_text_same(band->unit, "dB");
}

// What comes before the statistics: limits that do not depend on the data.
static void limits(const nd_dataset *set, nd_card_band *band, nd_scale_step *step)
{
    const int norm = set->set.norm.at;
    const bool is_scaled = norm != ND_NORM_NONE && norm != ND_NORM_PERCENTILE;
    if (set->set.picture_units.at == ND_PICTURES_EUROSAT_RGB && is_scaled)
        step[band->steps++] = (nd_scale_step){ND_CLIP, 0, 2750};
    else if (is_decibel(band) && is_scaled)
        step[band->steps++] = nd_text_same(band->name, "VH")
                                  ? (nd_scale_step){ND_CLIP, -35, 0}
                                  : (nd_scale_step){ND_CLIP, -30, 5};
}

// The card's band of this name, unless it is of another unit; NULL: none.
static const nd_card_band *known_band(const nd_card *card, const nd_card_band *band)
{
    for (int k = 0; card && k < card->bands; k++) {
        const nd_card_band *b = &card->band[k];
        const bool is_same_unit =
            band->unit ? b->unit && nd_text_same(b->unit, band->unit) : !b->unit;
        if (nd_text_same(b->name, band->name) && is_same_unit) return b;
    }
    return NULL;
}

// Weights that were trained on other scales see the new pictures as they saw the old.
static nd_status choose_norm(nd_dataset *set)
{
    int missing = 0;
    while (missing < set->bands && known_band(set->set.from, &set->band[missing]))
        missing++;
    const bool knows_all = missing == set->bands;
    if (set->set.norm.at == ND_NORM_AUTO)
        set->set.norm.at = knows_all ? ND_NORM_PRETRAINED : ND_NORM_Z_SCORE;
    if (set->set.norm.at != ND_NORM_PRETRAINED || knows_all) return ND_OK;
    return nd_fail(ND_E_PARAM,
                   "data.norm: pretrained, and the weights to start from have no card "
                   "that knows band %s in its unit\nleave data.norm out",
                   set->band[missing].name);
}

int nd_dataset_norm(const nd_dataset *set)
{
    return set->set.norm.at;
}

nd_status data_begin_scales(nd_dataset *set)
{
    if (set->set.card) return ND_OK;
    ND_TRY(choose_norm(set));
    for (int b = 0; b < set->bands; b++) {
        nd_scale_step *step = nd_alloc(set->arena, 4, sizeof *step);
        if (!step) return ND_E_MEMORY;
        set->band[b].step = step, set->band[b].steps = 0;
        limits(set, &set->band[b], step);
    }
    return ND_OK;
}

static nd_status constant(const nd_card_band *band, double value)
{
    return nd_fail(ND_E_DATA,
                   "band %s is %g everywhere on the training side\n"
                   "leave it out of data.bands",
                   band->name, value);
}

static nd_status finish(const nd_dataset *set, nd_card_band *band,
                        const data_band_stats *s)
{
    nd_scale_step *step = (nd_scale_step *)band->step + band->steps;
    const double sigma = s->count ? sqrt(s->square / (double)s->count) : 0;
    double least = s->least, most = s->most;
    if (sigma < 1e-6 * fmax(fabs(s->mean), 1)) return constant(band, s->mean);
    const nd_card_band *known = known_band(set->set.from, band);
    if (set->set.norm.at == ND_NORM_PRETRAINED && known) {
        band->step = known->step, band->steps = known->steps;
        return ND_OK;
    }
    switch (set->set.norm.at) {
    case ND_NORM_Z_SCORE: *step = (nd_scale_step){ND_Z_SCORE, s->mean, sigma}; break;
    case ND_NORM_NONE: return ND_OK;
    case ND_NORM_PERCENTILE:
        if (!(s->p98 > s->p2)) return constant(band, s->p2);
        least = s->p2, most = s->p98;
        *step++ = (nd_scale_step){ND_CLIP, least, most}, band->steps++;
        *step = (nd_scale_step){ND_MIN_MAX, least, most};
        break;
    case ND_NORM_MIN_MAX: *step = (nd_scale_step){ND_MIN_MAX, least, most}; break;
    default:
        *step = (nd_scale_step){
            ND_SCALE_BY,
            set->is_byte && set->set.picture_units.at == ND_PICTURES_STORED ? 255 : 10000,
            0};
        break;
    }
    band->steps++;
    return ND_OK;
}

nd_status data_finish_scales(nd_dataset *set)
{
    for (int b = 0; b < set->bands; b++) {
        nd_card_band *band = &set->band[b];
        const data_band_stats *s = &set->stats[b];
        if (set->set.card) continue;
        band->p2 = s->p2, band->p50 = s->p50, band->p98 = s->p98;
        if (set->members[ND_TRAIN]) ND_TRY(finish(set, band, s));
    }
    return ND_OK;
}
