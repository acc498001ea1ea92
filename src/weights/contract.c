// SPDX-License-Identifier: Apache-2.0
// Does what is offered fit the card? The words of the refusal name what does not.
#include <ctype.h>
#include <math.h>
#include <nadir/contract.h>
#include <nadir/text.h>
#include <string.h>

// Common names as STAC's electro-optical extension has them, with their ranges in nm.
static const struct {
    const char *name;
    double from, to;
} common[] = {
    {"coastal", 400, 450},    {"blue", 450, 530},       {"green", 510, 600},
    {"red", 620, 690},        {"rededge071", 690, 715}, {"rededge075", 730, 750},
    {"rededge078", 770, 790}, {"nir", 790, 855},        {"nir08", 855, 890},
    {"nir09", 930, 950},      {"cirrus", 1350, 1400},   {"swir16", 1550, 1680},
    {"swir22", 2080, 2350},
};

const char *nd_common_name(double wavelength_nm)
{
    for (size_t i = 0; i < sizeof common / sizeof *common; i++)
        if (wavelength_nm >= common[i].from && wavelength_nm < common[i].to)
            return common[i].name;
    return NULL;
}

// The number and the letter of "B04", "b4_10m", "B8A"; false: the name is none of these.
static bool band_code(const char *name, int *number, char *letter)
{
    if (toupper((unsigned char)*name++) != 'B') return false;
    if (!isdigit((unsigned char)*name)) return false;
    *number = 0, *letter = 0;
    for (int digits = 0; isdigit((unsigned char)*name) && digits < 3; digits++)
        *number = *number * 10 + *name++ - '0';
    if (*name && *name != '_') *letter = (char)toupper((unsigned char)*name++);
    return !*name || *name == '_';
}

// "B4", "b04" and "B4_10m" are one band; "B8A" is not "B8".
static bool same_band(const char *a, const char *b)
{
    int number[2];
    char letter[2];
    if (nd_text_same(a, b)) return true;
    return band_code(a, &number[0], &letter[0]) && band_code(b, &number[1], &letter[1]) &&
           number[0] == number[1] && letter[0] == letter[1];
}

static int by_name(const nd_offers *offers, const char *name)
{
    for (int i = 0; i < offers->bands; i++)
        if (nd_text_same(offers->band[i].name, name)) return i;
    for (int i = 0; i < offers->bands; i++)
        if (same_band(offers->band[i].name, name)) return i;
    return -1;
}

// What the user says stands for the model's band; NULL: nothing.
static const char *said_of(const nd_terms *terms, const char *name)
{
    const size_t length = strlen(name);
    for (int i = 0; i < terms->count; i++)
        if (!strncmp(terms->as[i], name, length) && terms->as[i][length] == '=')
            return terms->as[i] + length + 1;
    return NULL;
}

static int by_light(const nd_offers *offers, const nd_card_band *want)
{
    const char *name = nd_common_name(want->wavelength_nm);
    int best = -1;
    for (int i = 0; i < offers->bands; i++) {
        const nd_offer *o = &offers->band[i];
        if (name && nd_text_same(o->name, name)) return i;
        const double off = fabs(o->wavelength_nm - want->wavelength_nm);
        if (o->wavelength_nm <= 0 || want->wavelength_nm <= 0 || off > 15) continue;
        if (best < 0 ||
            off < fabs(offers->band[best].wavelength_nm - want->wavelength_nm))
            best = i;
    }
    return best;
}

static const char *names(nd_arena *arena, const nd_offers *offers)
{
    nd_buffer list = {.arena = arena};
    for (int i = 0; i < offers->bands && i < 20; i++)
        nd_buffer_add(&list, "%s%s", i ? ", " : "", offers->band[i].name);
    const char *text = nd_buffer_text(&list);
    return text && *text ? text : "none";
}

static const char *nearest(nd_arena *arena, const nd_offers *offers, const char *name)
{
    const char **all = nd_alloc(arena, (size_t)offers->bands + 1, sizeof *all);
    for (int i = 0; all && i < offers->bands; i++) all[i] = offers->band[i].name;
    return all ? nd_text_nearest(name, all, (size_t)offers->bands) : NULL;
}

static nd_status find(nd_arena *arena, const nd_card *card, const nd_offers *offers,
                      const nd_terms *terms, int k, int *at)
{
    const nd_card_band *want = &card->band[k];
    const char *said = said_of(terms, want->name);
    *at = by_name(offers, said ? said : want->name);
    if (*at < 0 && !said) *at = by_light(offers, want);
    if (*at >= 0) return ND_OK;
    if (said)
        return nd_fail(ND_E_DATA,
                       "there is no band %s to stand for %s of %s\n"
                       "take one of %s",
                       said, want->name, card->name, names(arena, offers));
    const char *near = nearest(arena, offers, want->name);
    return near ? nd_fail(ND_E_DATA,
                          "%s wants band %s, and there is only %s\n"
                          "if %s stands for it, say so: bands: %s=%s",
                          card->name, want->name, names(arena, offers), near, want->name,
                          near)
                : nd_fail(ND_E_DATA,
                          "%s wants band %s, and there is only %s\n"
                          "say which band stands for it: bands: %s=NAME",
                          card->name, want->name, names(arena, offers), want->name);
}

static bool is_one_of(const char *word, const char *const *list)
{
    for (; word && *list; list++)
        if (nd_text_same(word, *list)) return true;
    return false;
}

// How a number of the offered unit becomes one of the wanted; 0: not at all.
static double factor_of(const char *offered, const char *wanted)
{
    static const char *const ratio[] = {"dl", "1", "reflectance", NULL};
    static const char *const scaled[] = {"DN", "reflectance*10000", NULL};
    if (!wanted || nd_text_same(offered, wanted)) return 1;
    if (is_one_of(offered, ratio))
        return is_one_of(wanted, scaled) ? 10000 : is_one_of(wanted, ratio) ? 1 : 0;
    if (is_one_of(offered, scaled))
        return is_one_of(wanted, scaled) ? 1 : is_one_of(wanted, ratio) ? 1e-4 : 0;
    return 0;
}

static nd_status convert(const nd_card *card, const nd_card_band *want,
                         const nd_offer *offer, const nd_terms *terms, double *factor)
{
    const char *unit = offer->unit && *offer->unit ? offer->unit : terms->unit;
    *factor = 1;
    if (!want->unit) return ND_OK;
    if (!unit)
        return nd_fail(ND_E_DATA,
                       "%s wants %s in %s, and band %s does not say its unit\n"
                       "say it: units: DN, or reflectance, or dB",
                       card->name, want->name, want->unit, offer->name);
    *factor = factor_of(unit, want->unit);
    if (*factor > 0) return ND_OK;
    return nd_text_same(want->unit, "dB")
               ? nd_fail(ND_E_DATA,
                         "%s wants %s in dB, and band %s is in %s\n"
                         "add LinearToFromdB before Predict",
                         card->name, want->name, offer->name, unit)
               : nd_fail(ND_E_DATA,
                         "%s wants %s in %s, and band %s is in %s\n"
                         "convert it with BandMaths before Predict",
                         card->name, want->name, want->unit, offer->name, unit);
}

static nd_status check_scene(const nd_card *card, const nd_offers *offers,
                             const nd_terms *terms)
{
    if (card->level && offers->level && !terms->accept_level &&
        !nd_text_same(card->level, offers->level))
        return nd_fail(ND_E_DATA,
                       "%s was trained on %s, and the scene is %s\n"
                       "take the scene's %s product, or say accept_level: true",
                       card->name, card->level, offers->level, card->level);
    if (card->pixel_m > 0 && offers->pixel_m > 0 && !terms->accept_pixel &&
        fabs(offers->pixel_m / card->pixel_m - 1) > 0.25)
        return nd_fail(ND_E_DATA,
                       "%s was trained on pixels of %g m, and these are of %g m\n"
                       "put a Resample to %g m before it",
                       card->name, card->pixel_m, offers->pixel_m, card->pixel_m);
    return ND_OK;
}

nd_status nd_card_match(nd_arena *arena, const nd_card *card, const nd_offers *offers,
                        const nd_terms *terms, nd_taken *taken)
{
    ND_TRY(check_scene(card, offers, terms));
    for (int k = 0; k < card->bands; k++) {
        ND_TRY(find(arena, card, offers, terms, k, &taken[k].band));
        ND_TRY(convert(card, &card->band[k], &offers->band[taken[k].band], terms,
                       &taken[k].factor));
    }
    return ND_OK;
}
