// SPDX-License-Identifier: Apache-2.0
// Ramps, stretches and palettes: the colours of quick-looks, pages and outputs.
#include "io/safe.h"
#include <math.h>
#include <nadir/colour.h>
#include <string.h>

// viridis and magma: van der Walt and Smith, cividis: Nunez et al. 2018, all CC0; every
// 5th or 17th of their 256 colours. RdYlGn, RdBu, BrBG: ColorBrewer 2.0 (Apache-2.0),
// with 11 colours.
static const uint32_t viridis[] = {
    0x440154, 0x46085C, 0x471063, 0x481769, 0x481D6F, 0x482475, 0x472A7A, 0x46307E,
    0x453781, 0x433D84, 0x414287, 0x3F4889, 0x3D4E8A, 0x3A538B, 0x38598C, 0x355E8D,
    0x33638D, 0x31688E, 0x2E6D8E, 0x2C718E, 0x2A768E, 0x297B8E, 0x27808E, 0x25848E,
    0x23898E, 0x218E8D, 0x20928C, 0x1F978B, 0x1E9C89, 0x1FA188, 0x21A585, 0x24AA83,
    0x28AE80, 0x2EB37C, 0x35B779, 0x3DBC74, 0x46C06F, 0x50C46A, 0x5AC864, 0x65CB5E,
    0x70CF57, 0x7CD250, 0x89D548, 0x95D840, 0xA2DA37, 0xB0DD2F, 0xBDDF26, 0xCAE11F,
    0xD8E219, 0xE5E419, 0xF1E51D, 0xFDE725};
static const uint32_t magma[] = {
    0x000004, 0x02020B, 0x050416, 0x090720, 0x0E0B2B, 0x140E36, 0x1A1042, 0x21114E,
    0x29115A, 0x311165, 0x390F6E, 0x420F75, 0x4A1079, 0x52137C, 0x5A167E, 0x621980,
    0x6A1C81, 0x721F81, 0x792282, 0x812581, 0x892881, 0x912B81, 0x992D80, 0xA1307E,
    0xAA337D, 0xB2357B, 0xBA3878, 0xC23B75, 0xCA3E72, 0xD2426F, 0xD9466B, 0xE04C67,
    0xE75263, 0xEC5860, 0xF1605D, 0xF4695C, 0xF7725C, 0xF97B5D, 0xFB8560, 0xFC8E64,
    0xFD9869, 0xFEA16E, 0xFEAA74, 0xFEB47B, 0xFEBD82, 0xFEC68A, 0xFECF92, 0xFED89A,
    0xFDE2A3, 0xFDEBAC, 0xFCF4B6, 0xFCFDBF};
static const uint32_t cividis[] = {
    0x00224E, 0x002E6C, 0x1E3A6F, 0x35456C, 0x47516C, 0x575D6D, 0x666970, 0x757575,
    0x848279, 0x948E77, 0xA59C74, 0xB7A96E, 0xC8B866, 0xDBC75A, 0xEED649, 0xFEE838};
static const uint32_t grey[] = {0x000000, 0xFFFFFF};
static const uint32_t red_green[] = {0xA50026, 0xD73027, 0xF46D43, 0xFDAE61,
                                     0xFEE08B, 0xFFFFBF, 0xD9EF8B, 0xA6D96A,
                                     0x66BD63, 0x1A9850, 0x006837};
static const uint32_t red_blue[] = {0x67001F, 0xB2182B, 0xD6604D, 0xF4A582,
                                    0xFDDBC7, 0xF7F7F7, 0xD1E5F0, 0x92C5DE,
                                    0x4393C3, 0x2166AC, 0x053061};
static const uint32_t brown_teal[] = {0x543005, 0x8C510A, 0xBF812D, 0xDFC27D,
                                      0xF6E8C3, 0xF5F5F5, 0xC7EAE5, 0x80CDC1,
                                      0x35978F, 0x01665E, 0x003C30};

#define STOPS(list) list, (int)(sizeof(list) / sizeof *(list))
const nd_ramp nd_ramps[] = {
    {"grey", "Black to white", STOPS(grey), false},
    {"viridis", "Blue to yellow, even to the eye", STOPS(viridis), false},
    {"cividis", "Blue to yellow, the same for colour-blind eyes", STOPS(cividis), false},
    {"magma", "Black through red to cream", STOPS(magma), false},
    {"RdYlGn", "Red through yellow to green, for vegetation", STOPS(red_green), true},
    {"RdBu", "Red through white to blue, for water and change", STOPS(red_blue), true},
    {"BrBG", "Brown through white to teal, for dry and wet", STOPS(brown_teal), true},
    {NULL, NULL, NULL, 0, false}};

const nd_ramp *nd_ramp_find(const char *name)
{
    const char *names[sizeof nd_ramps / sizeof *nd_ramps];
    size_t count = 0;
    for (const nd_ramp *r = nd_ramps; r->name; r++) {
        if (nd_text_same(r->name, name)) return r;
        names[count++] = r->name;
    }
    if (nd_text_same(name, "gray")) return nd_ramps;
    const char *nearest = nd_text_nearest(name, names, count);
    return (void)nd_fail(ND_E_PARAM, "there is no ramp %s\nuse %s", name,
                         nearest ? nearest : "grey, viridis, cividis, magma or RdYlGn"),
           NULL;
}

uint32_t nd_ramp_at(const nd_ramp *ramp, double share)
{
    const double at = (share > 0 ? share < 1 ? share : 1 : 0) * (ramp->stops - 1);
    const int i = at < ramp->stops - 1 ? (int)at : ramp->stops - 2;
    uint32_t colour = 0;
    for (int shift = 16; shift >= 0; shift -= 8) {
        const double a = ramp->stop[i] >> shift & 255,
                     b = ramp->stop[i + 1] >> shift & 255;
        colour = colour << 8 | (uint32_t)lrint(a + (b - a) * (at - i));
    }
    return colour << 8 | 255;
}

nd_stretch nd_stretch_of(const nd_stats *s, nd_stretching how)
{
    const double spread = 2 * sqrt(s->variance);
    nd_stretch stretch = {s->p2, s->p98, 1};
    if (how == ND_STRETCH_MINMAX) stretch = (nd_stretch){s->minimum, s->maximum, 1};
    if (how == ND_STRETCH_DEVIATION)
        stretch = (nd_stretch){fmax(s->mean - spread, s->minimum),
                               fmin(s->mean + spread, s->maximum), 1};
    return stretch;
}

// Percentiles of the three together; from 0 where the dark end is near it, because a
// shadow is black. 1.5 lies between the linear screen and sRGB's 2.2: clouds keep form.
nd_stretch nd_stretch_true_colour(const nd_stats stats[3])
{
    nd_stretch s = {stats[0].p2, stats[0].p98, 1.5};
    for (int i = 1; i < 3; i++) {
        s.low = fmin(s.low, stats[i].p2);
        s.high = fmax(s.high, stats[i].p98);
    }
    if (s.low > 0 && s.low < s.high / 4) s.low /= 2;
    return s;
}

double nd_stretch_share(const nd_stretch *s, double value)
{
    if (isnan(value)) return NAN;
    const double wide = s->high - s->low;
    double share = wide > 0 ? (value - s->low) / wide : value > s->low ? 1 : 0;
    share = share > 0 ? share < 1 ? share : 1 : 0;
    return s->gamma > 0 && s->gamma != 1 ? pow(share, 1 / s->gamma) : share;
}

const nd_label *nd_labels_scl(int *count)
{
    *count = (int)(sizeof safe_classes / sizeof *safe_classes);
    return safe_classes;
}

uint32_t nd_label_colour(const nd_label *label, int number)
{
    static const uint32_t distinct[] = {0xE69F00FF, 0x56B4E9FF, 0x009E73FF, 0xF0E442FF,
                                        0x0072B2FF, 0xD55E00FF, 0xCC79A7FF, 0x999999FF};
    return label->colour ? label->colour : distinct[(unsigned)number % 8];
}
