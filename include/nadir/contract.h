// SPDX-License-Identifier: Apache-2.0
// What a model wants beside what somebody offers: bands by name, units, pixels, level.
#pragma once
#include <nadir/weights.h>

typedef struct nd_offer {
    const char *name;     // of the band: "B4", "B04", "red"
    const char *unit;     // "dl", "dB", "DN"; NULL: not known
    double wavelength_nm; // 0: not known
} nd_offer;
typedef struct nd_offers {
    const nd_offer *band;
    int bands;
    double pixel_m;    // 0: not known
    const char *level; // "L1C", "L2A"; NULL: not known
} nd_offers;
typedef struct nd_terms {  // what the user says of it
    const char *const *as; // "B04=red": the model's name, the band that stands for it
    int count;
    const char *unit;  // of bands that do not say; NULL: they are refused
    bool accept_level; // products of another level too
    bool accept_pixel; // pixels of another size too
} nd_terms;
// value in the model's unit = factor * value as offered
typedef struct nd_taken {
    int band; // of the offers
    double factor;
} nd_taken;

// One nd_taken for each band of the card, into `taken`. Bands are found by the user's
// word, by name (B4 is B04), by the common name of their wavelength (red), by wavelength
// within 15 nm. Errors: ND_E_DATA, naming the bands, the units, the level or the pixels.
nd_status nd_card_match(nd_arena *arena, const nd_card *card, const nd_offers *offers,
                        const nd_terms *terms, nd_taken *taken) ND_CHECKED;
// The common name of a wavelength of Sentinel-2 and Landsat ("red"); NULL: none.
const char *nd_common_name(double wavelength_nm);
