// SPDX-License-Identifier: Apache-2.0
// The classic spectral indices: one table, a row per index with its formula and source.
#include <nadir/expr.h>
#include <nadir/op.h>
#include <nadir/product.h>
#include <string.h>

typedef struct settings {
    const char *red, *nir, *green, *blue, *mir, *red4, *red5, *red6, *red1, *red2;
    const char *swir1, *swir2, *name;
    double red_factor, nir_factor, green_factor, blue_factor, mir_factor;
    double red4_factor, red5_factor, red6_factor, red1_factor, red2_factor;
    double soil, slope, intercept, adjustment, angle_deg, soil_slope, gamma;
    nd_choice resampling, upsampling, downsampling;
} settings;

extern const nd_op nd_op_resample;
enum { NONE, LOWEST, HIGHEST };
static const nd_option resamplings[] = {
    {"None", "To the lowest resolution, if need be"},
    {"Lowest", "To the lowest resolution", "Lowest resolution"},
    {"Highest", "To the highest resolution", "Highest resolution"},
    {NULL, NULL}};
static const nd_option ups[] = {{"Nearest", "The closest pixel"},
                                {"Bilinear", "The four pixels around"},
                                {"Bicubic", "The sixteen pixels around"},
                                {NULL, NULL}};
static const nd_option downs[] = {{"First", "The pixel up left"}, {"Min", "The least"},
                                  {"Max", "The greatest"},        {"Mean", "The mean"},
                                  {"Median", "The median"},       {NULL, NULL}};

// Rows that several share. NOLINTBEGIN(bugprone-macro-parentheses): of words
#define BAND_ROW(member, its_snap, words)                                                \
    ND_PARAM(settings, member, NULL, .snap = its_snap, .of = "band",                     \
             .help = words "; by its wavelength if not named")
#define FACTOR_ROW(member, its_snap)                                                     \
    ND_PARAM(settings, member, 1, .snap = its_snap,                                      \
             .help = "What the band is multiplied by first")
#define RED          BAND_ROW(red, "redSourceBand", "Red band")
#define RED_FACTOR   FACTOR_ROW(red_factor, "redFactor")
#define NIR          BAND_ROW(nir, "nirSourceBand", "Near infrared band")
#define NIR_FACTOR   FACTOR_ROW(nir_factor, "nirFactor")
#define GREEN        BAND_ROW(green, "greenSourceBand", "Green band")
#define GREEN_FACTOR FACTOR_ROW(green_factor, "greenFactor")
#define BLUE         BAND_ROW(blue, "blueSourceBand", "Blue band")
#define BLUE_FACTOR  FACTOR_ROW(blue_factor, "blueFactor")
#define MIR          BAND_ROW(mir, "mirSourceBand", "Middle infrared band")
#define MIR_FACTOR   FACTOR_ROW(mir_factor, "mirFactor")
#define RED4         BAND_ROW(red4, "redSourceBand4", "Red band")
#define RED4_FACTOR  FACTOR_ROW(red4_factor, "redB4Factor")
#define RED5         BAND_ROW(red5, "redSourceBand5", "Red edge near 705 nm")
#define RED5_FACTOR  FACTOR_ROW(red5_factor, "redB5Factor")
#define RED6         BAND_ROW(red6, "redSourceBand6", "Red edge near 740 nm")
#define RED6_FACTOR  FACTOR_ROW(red6_factor, "redB6Factor")
#define RED1         BAND_ROW(red1, "red1SourceBand", "Red band")
#define RED1_FACTOR  FACTOR_ROW(red1_factor, "red1Factor")
#define RED2         BAND_ROW(red2, "red2SourceBand", "Red edge near 705 nm")
#define RED2_FACTOR  FACTOR_ROW(red2_factor, "red2Factor")
#define SWIR1        BAND_ROW(swir1, "swir1SourceBand", "Infrared near 1650 nm")
#define SWIR2        BAND_ROW(swir2, "swir2SourceBand", "Infrared near 2200 nm")
#define SOIL                                                                             \
    ND_PARAM(settings, soil, 0.5, .snap = "soilCorrectionFactor",                        \
             .help = "Correction for the soil that shines through")
#define SLOPE ND_PARAM(settings, slope, 0.5, .help = "Slope of the soil line")
#define INTERCEPT                                                                        \
    ND_PARAM(settings, intercept, 0.5,                                                   \
             .help = "Where the soil line meets the infrared axis")
#define ADJUSTMENT                                                                       \
    ND_PARAM(settings, adjustment, 0.08, .help = "Keeps soil from standing out")
#define ANGLE                                                                            \
    ND_PARAM(settings, angle_deg, 45, .snap = "angleSoilLineNIRAxis",                    \
             .help = "Angle between soil line and infrared axis", .unit = "degrees",     \
             .max = 360)
#define LINE                                                                             \
    ND_PARAM(settings, soil_slope, 1.5, .snap = "slopeSoilLine",                         \
             .help = "Slope of the soil line")
#define GAMMA                                                                            \
    ND_PARAM(settings, gamma, 1, .snap = "gammaParameter",                               \
             .help = "How much of the haze in blue is taken from red")
#define SHARED                                                                           \
    ND_PARAM(settings, resampling, {NONE}, .snap = "resampleType",                       \
             .choices = resamplings, .help = "Where bands of different size meet"),      \
        ND_PARAM(settings, upsampling, {0}, .choices = ups,                              \
                 .help = "How pixels become more"),                                      \
        ND_PARAM(settings, downsampling, {0}, .choices = downs,                          \
                 .help = "How pixels become fewer"),                                     \
        ND_PARAM(settings, name, NULL,                                                   \
                 .help = "Name of the band; the scene's and the index' if not given")

#define RED_NIR RED, NIR, RED_FACTOR, NIR_FACTOR
static const nd_param ndvi_rows[] = {RED_NIR, SHARED};
static const nd_param savi_rows[] = {RED_NIR, SOIL, SHARED};
static const nd_param tsavi_rows[] = {RED_NIR, SLOPE, INTERCEPT, ADJUSTMENT, SHARED};
static const nd_param msavi_rows[] = {RED_NIR, SLOPE, SHARED};
static const nd_param msavi2_rows[] = {RED_NIR, SHARED};
static const nd_param dvi_rows[] = {RED_NIR, SHARED};
static const nd_param rvi_rows[] = {RED_NIR, SHARED};
static const nd_param pvi_rows[] = {RED_NIR, ANGLE, SHARED};
static const nd_param ipvi_rows[] = {RED_NIR, SHARED};
static const nd_param wdvi_rows[] = {RED_NIR, LINE, SHARED};
static const nd_param tndvi_rows[] = {RED_NIR, SHARED};
static const nd_param gndvi_rows[] = {GREEN, NIR, GREEN_FACTOR, NIR_FACTOR, SHARED};
static const nd_param gemi_rows[] = {RED_NIR, SHARED};
static const nd_param arvi_rows[] = {RED,         BLUE,       NIR,   RED_FACTOR,
                                     BLUE_FACTOR, NIR_FACTOR, GAMMA, SHARED};
static const nd_param ndi45_rows[] = {RED4, RED5, RED4_FACTOR, RED5_FACTOR, SHARED};
static const nd_param mtci_rows[] = {RED4,        RED5,       NIR,   RED4_FACTOR,
                                     RED5_FACTOR, NIR_FACTOR, SHARED};
static const nd_param mcari_rows[] = {RED1,        RED2,         GREEN, RED1_FACTOR,
                                      RED2_FACTOR, GREEN_FACTOR, SHARED};
static const nd_param reip_rows[] = {
    RED4, RED5, RED6, NIR, RED4_FACTOR, RED5_FACTOR, RED6_FACTOR, NIR_FACTOR, SHARED};
static const nd_param s2rep_rows[] = {
    RED4, RED5, RED6, NIR, RED4_FACTOR, RED5_FACTOR, RED6_FACTOR, NIR_FACTOR, SHARED};
static const nd_param ireci_rows[] = {
    RED4, RED5, RED6, NIR, RED4_FACTOR, RED5_FACTOR, RED6_FACTOR, NIR_FACTOR, SHARED};
static const nd_param pssra_rows[] = {RED_NIR, SHARED};
static const nd_param ndwi_rows[] = {MIR, NIR, MIR_FACTOR, NIR_FACTOR, SHARED};
static const nd_param ndwi2_rows[] = {GREEN, NIR, GREEN_FACTOR, NIR_FACTOR, SHARED};
static const nd_param mndwi_rows[] = {GREEN, MIR, GREEN_FACTOR, MIR_FACTOR, SHARED};
static const nd_param ndpi_rows[] = {GREEN, MIR, GREEN_FACTOR, MIR_FACTOR, SHARED};
static const nd_param ndti_rows[] = {RED, GREEN, RED_FACTOR, GREEN_FACTOR, SHARED};
static const nd_param bi_rows[] = {RED, GREEN, RED_FACTOR, GREEN_FACTOR, SHARED};
static const nd_param bi2_rows[] = {RED,          GREEN,      NIR,   RED_FACTOR,
                                    GREEN_FACTOR, NIR_FACTOR, SHARED};
static const nd_param ri_rows[] = {RED, GREEN, RED_FACTOR, GREEN_FACTOR, SHARED};
static const nd_param ci_rows[] = {RED, GREEN, RED_FACTOR, GREEN_FACTOR, SHARED};
static const nd_param bai_rows[] = {RED, NIR, SHARED};
static const nd_param bain_rows[] = {RED, NIR, SWIR1, SHARED};
static const nd_param bcc_rows[] = {BLUE, GREEN, RED, SHARED};
static const nd_param aweinsh_rows[] = {GREEN, NIR, SWIR1, SWIR2, SHARED};

// A band of a formula: symbol, where it may be named, range whose middle finds it.
typedef struct index_band {
    const char *symbol;
    size_t named, factor; // members of settings; factor 0: none
    double from_nm, to_nm;
} index_band;
enum { BANDS = 4 };
typedef struct index_row {
    const char *name;
    double low, high; // beyond them a flag is raised
    index_band band[BANDS];
    const char *snap; // the formula as SNAP has it, where that is not the published one
} index_row;

// clang-format off
#define PLAIN(symbol, member, from, to) {symbol, offsetof(settings, member), 0, from, to}
#define BAND(symbol, member, from, to) \
    {symbol, offsetof(settings, member), offsetof(settings, member##_factor), from, to}
#define INFINITE (double)INFINITY
static const index_row indices[] = {
    {"ndvi", -1, 1, {BAND("R", red, 600, 665), BAND("N", nir, 800, 900)}},
    {"savi", -1, 1, {BAND("R", red, 600, 650), BAND("N", nir, 800, 900)}},
    {"tsavi", -1, 1, {BAND("R", red, 600, 650), BAND("N", nir, 800, 900)}},
    {"msavi", -1, 1, {BAND("R", red, 600, 650), BAND("N", nir, 800, 900)}},
    {"msavi2", -1, 1, {BAND("R", red, 600, 650), BAND("N", nir, 800, 900)}},
    {"dvi", -INFINITE, INFINITE, {BAND("R", red, 600, 650), BAND("N", nir, 800, 900)}},
    {"rvi", 0, INFINITE, {BAND("R", red, 600, 650), BAND("N", nir, 800, 900)}},
    {"pvi", -1, 1, {BAND("R", red, 600, 650), BAND("N", nir, 800, 900)}},
    {"ipvi", 0, 1, {BAND("R", red, 600, 650), BAND("N", nir, 800, 900)}},
    {"wdvi", -INFINITE, INFINITE, {BAND("R", red, 600, 650), BAND("N", nir, 800, 900)}},
    {"tndvi", 0, 1.23, {BAND("R", red, 600, 650), BAND("N", nir, 800, 900)}},
    {"gndvi", -1, 1, {BAND("G", green, 543, 577), BAND("N", nir, 773, 793)}},
    {"gemi", 0, 1, {BAND("R", red, 600, 650), BAND("N", nir, 900, 900)}},
    {"arvi", -1, 1, {BAND("R", red, 600, 650), BAND("B", blue, 450, 495),
     BAND("N", nir, 800, 900)}},
    {"ndi45", -1, 1, {BAND("R4", red4, 650, 680), BAND("R5", red5, 698, 713)}},
    {"mtci", -1, INFINITE, {BAND("R4", red4, 650, 680), BAND("R5", red5, 697, 712),
     BAND("N", nir, 733, 748)}},
    {"mcari", -1, 1, {BAND("R1", red1, 650, 680), BAND("R2", red2, 697, 712),
     BAND("G", green, 543, 577)}},
    {"reip", 700, 760, {BAND("R4", red4, 650, 680), BAND("R5", red5, 697, 712),
     BAND("R6", red6, 732, 747), BAND("N", nir, 773, 793)}},
    {"s2rep", 690, 740, {BAND("R4", red4, 650, 680), BAND("R5", red5, 697, 712),
     BAND("R6", red6, 732, 747), BAND("N", nir, 773, 793)}},
    {"ireci", -1, 1, {BAND("R4", red4, 650, 680), BAND("R5", red5, 697, 712),
     BAND("R6", red6, 732, 747), BAND("N", nir, 773, 793)}},
    {"pssra", -1, 1, {BAND("R", red, 650, 680), BAND("N", nir, 773, 793)}},
    {"ndwi", -1, 1, {BAND("M", mir, 3000, 8000), BAND("N", nir, 800, 900)}},
    {"ndwi2", -1, 1, {BAND("G", green, 495, 570), BAND("N", nir, 800, 900)}},
    {"mndwi", -1, 1, {BAND("G", green, 495, 570), BAND("M", mir, 3000, 8000)}},
    {"ndpi", -1, 1, {BAND("G", green, 525, 605), BAND("M", mir, 3000, 8000)}},
    {"ndti", -1, 1, {BAND("R", red, 600, 650), BAND("G", green, 495, 570)}},
    {"bi", 0, INFINITE, {BAND("R", red, 600, 650), BAND("G", green, 495, 570)}},
    {"bi2", 0, INFINITE, {BAND("R", red, 600, 650), BAND("G", green, 495, 570),
     BAND("N", nir, 800, 900)}},
    {"ri", -1, 1, {BAND("R", red, 600, 650), BAND("G", green, 495, 570)}},
    {"ci", -1, 1, {BAND("R", red, 600, 650), BAND("G", green, 495, 570)}},
    {"bai", 0, 1, {PLAIN("R", red, 620, 690), PLAIN("N", nir, 760, 900)}},
    {"bain", 0, 1, {PLAIN("R", red, 620, 690), PLAIN("N", nir, 760, 900),
     PLAIN("S1", swir1, 1550, 1750)}},
    {"bcc", 0, 1, {PLAIN("B", blue, 450, 530), PLAIN("G", green, 510, 600),
     PLAIN("R", red, 620, 690)}},
    {"aweinsh", 0, 1, {PLAIN("G", green, 510, 600), PLAIN("N", nir, 760, 900),
     PLAIN("S1", swir1, 1550, 1750), PLAIN("S2", swir2, 2080, 2350)},
     "4 * (G - S1) - 0.25 * N + 2.75 * S2"},
};
// clang-format on

static const index_row *row_of_op(const nd_op *op)
{
    for (size_t i = 0; i < sizeof indices / sizeof *indices; i++)
        if (strcmp(indices[i].name, op->name) == 0) return &indices[i];
    return &indices[0];
}

// What the settings call a band of the formula; NULL: nothing.
static const char *name_of(const nd_node *self, const index_band *b)
{
    const void *at = (const char *)self->settings.data + b->named;
    const char *name = *(const char *const *)at;
    return name && *name ? name : NULL;
}

// SNAP's choice: the wavelength nearest to the middle of the range, which is no limit.
static nd_status choose(const nd_node *self, const index_band *b, int *band)
{
    const nd_node *in = self->input[0];
    const char *named = name_of(self, b);
    const double middle = (b->from_nm + b->to_nm) / 2;
    if (named) return nd_band_choose(in, named, 0, band);
    *band = -1;
    for (int i = 0; i < in->bands; i++) {
        const double nm = nd_wavelength_of(&in->band[i]);
        if (nm == 0 || in->band[i].role != ND_DATA) continue;
        if (*band < 0 ||
            fabs(nm - middle) < fabs(nd_wavelength_of(&in->band[*band]) - middle))
            *band = i;
    }
    if (*band >= 0) return ND_OK;
    return nd_fail(ND_E_DATA,
                   "no band says its wavelength, and one near %.0f nm is needed\n"
                   "name the band in the settings",
                   middle);
}

// What symbols of the formula stand for.
typedef struct asked {
    nd_expr_scope scope;
    const nd_node *self;
    const index_row *index;
    const double *wavelength; // of each band
} asked;

static const double *real_of(const nd_node *self, size_t member)
{
    return (const double *)(const void *)((const char *)self->settings.data + member);
}

static bool known(const asked *a, const char *name, double *value)
{
    const settings *set = a->self->settings.data;
    const struct {
        const char *name;
        double value;
    } words[] = {
        {"L", set->soil},          {"i", set->intercept},    {"a", set->adjustment},
        {"angle", set->angle_deg}, {"g", set->gamma},        {"low", a->index->low},
        {"high", a->index->high},  {"w5", a->wavelength[1]}, {"w6", a->wavelength[2]}};
    if (strcmp(name, "s") == 0) {
        *value = strcmp(a->index->name, "wdvi") == 0 ? set->soil_slope : set->slope;
        return true;
    }
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(words[i].name, name) == 0) {
            *value = words[i].value;
            return true;
        }
    return false;
}

static bool resolve(void *user, const char *name, nd_expr_name *is, const char **nearest)
{
    asked *a = user;
    double value;
    for (int i = 0; i < BANDS && a->index->band[i].symbol; i++) {
        const index_band *b = &a->index->band[i];
        const size_t length = strlen(b->symbol);
        if (strncmp(name, b->symbol, length) != 0) continue;
        if (strcmp(name + length, "_factor") == 0) {
            *is = (nd_expr_name){ND_EXPR_CONSTANT, ND_EXPR_REAL,
                                 .value = *real_of(a->self, b->factor)};
            return true;
        }
        if (name[length]) continue;
        const nd_source *s = &a->scope.source[i];
        const char *band = a->self->input[0]->band[s->band].name;
        if (!nd_expr_resolve(&a->scope, band, is, nearest)) return false;
        is->type = ND_EXPR_REAL, is->row = i;
        return true;
    }
    if (!known(a, name, &value)) return false;
    *is = (nd_expr_name){ND_EXPR_CONSTANT, ND_EXPR_REAL, .value = value};
    return true;
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static const index_band *called(const index_row *index, const char *text, size_t length)
{
    for (const index_band *b = index->band; b < index->band + BANDS && b->symbol; b++)
        if (strlen(b->symbol) == length && memcmp(b->symbol, text, length) == 0) return b;
    return NULL;
}

// The formula with each band that has a factor as (symbol * symbol_factor).
static const char *with_factors(nd_node *self, const index_row *index)
{
    const char *from = self->strict && index->snap ? index->snap : self->op->help;
    nd_buffer to = {.arena = self->arena};
    while (*from && *from != '\n') {
        size_t length = 0;
        while (is_letter(from[length])) length++;
        const index_band *found = called(index, from, length);
        if (found && found->factor && *real_of(self, found->factor) != 1)
            nd_buffer_add(&to, "(%s * %s_factor)", found->symbol, found->symbol);
        else
            nd_buffer_put(&to, from, length ? length : 1);
        from += length ? length : 1;
    }
    return nd_buffer_text(&to);
}

// The index and its flags. SNAP counts 0 where it cannot be computed; here it is no data.
static nd_status write_texts(nd_node *self, const index_row *index, const char *text[2])
{
    const char *f = with_factors(self, index);
    if (!f) return ND_E_MEMORY;
    if (self->strict) {
        text[0] = nd_text(self->arena, "nan(%s) or inf(%s) ? 0 : %s", f, f, f);
        if (!text[0]) return ND_E_MEMORY;
        text[1] = nd_text(self->arena,
                          "(nan(%s) or inf(%s) ? 1 : 0) + ((%s) < low ? 2 : 0) + "
                          "((%s) > high ? 4 : 0)",
                          f, f, text[0], text[0]);
        return text[1] ? ND_OK : ND_E_MEMORY;
    }
    nd_buffer none = {.arena = self->arena};
    for (int i = 0; i < BANDS && index->band[i].symbol; i++)
        nd_buffer_add(&none, "%snan(%s)", i ? " or " : "", index->band[i].symbol);
    const char *no_data = nd_buffer_text(&none);
    if (!no_data) return ND_E_MEMORY;
    text[0] = f;
    text[1] = nd_text(self->arena,
                      "%s ? NaN : (nan(%s) or inf(%s) ? 1 : (%s) < low ? 2 : "
                      "(%s) > high ? 4 : 0)",
                      no_data, f, f, f, f);
    return text[1] ? ND_OK : ND_E_MEMORY;
}

static nd_status name_bands(nd_node *self, const index_row *index)
{
    static const nd_label labels[] = {
        {1, "ARITHMETIC", "It cannot be computed: division by zero or the like",
         0xff0000ff},
        {2, "NEGATIVE", "It is less than the index can be", 0xff00ffff},
        {4, "SATURATION", "It is more than the index can be", 0xffff00ff}};
    const settings *set = self->settings.data;
    self->name = nd_text(self->arena, "%s_%s", self->input[0]->name, index->name);
    self->band = nd_alloc(self->arena, 2, sizeof *self->band);
    if (!self->name || !self->band) return ND_E_MEMORY;
    self->bands = 2;
    self->band[0] = (nd_band){.name = set->name ? set->name : self->name,
                              .unit = "1",
                              .help = self->op->brief,
                              .no_data = NAN};
    self->band[1] = (nd_band){.name = "flags",
                              .help = "Where the index is not what it should be",
                              .kind = ND_FLAGS,
                              .sample = ND_I32,
                              .no_data = NAN,
                              .label = labels,
                              .labels = sizeof labels / sizeof *labels};
    return ND_OK;
}

// Bands of two sizes are brought to the coarsest, as SNAP does unasked, or to the finest.
static nd_status resample(nd_node *self, const nd_band *to, const index_row *index,
                          nd_source *source)
{
    const settings *set = self->settings.data;
    nd_settings how;
    nd_node **input = nd_alloc(self->arena, 1, sizeof *input);
    if (!input) return ND_E_MEMORY;
    const char *const words[] = {"reference_band", to->name,
                                 "upsampling",     ups[set->upsampling.at].name,
                                 "downsampling",   downs[set->downsampling.at].name};
    ND_TRY(nd_settings_new(self->arena, &nd_op_resample.table, &how));
    for (int i = 0; i < 6; i += 2)
        ND_TRY(nd_settings_set(self->arena, &how, words[i], words[i + 1]));
    nd_make make = {.op = &nd_op_resample, .settings = &how, .strict = self->strict};
    make.input = self->input, make.inputs = 1, make.place = self->place;
    input[0] = nd_node_new(self->arena, &make);
    self->input = input;
    if (!input[0]) return nd_error_code();
    for (int i = 0; i < BANDS && index->band[i].symbol; i++)
        ND_TRY(choose(self, &index->band[i], &source[i].band));
    return ND_OK;
}

// SNAP goes on with one band in two places, and gives 0 everywhere.
static nd_status twins(const nd_node *self, const index_band *b, const nd_source *source,
                       int last)
{
    int i = self->strict || name_of(self, &b[last]) ? last : 0;
    while (i < last && source[i].band != source[last].band) i++;
    if (i == last) return ND_OK;
    return nd_fail(ND_E_DATA,
                   "band %s is the nearest to two of the wavelengths needed\n"
                   "take a scene with the bands, or name them in the settings",
                   self->input[0]->band[source[i].band].name);
}

static nd_status choose_bands(nd_node *self, asked *a, double *nm)
{
    const int how = ((const settings *)self->settings.data)->resampling.at;
    nd_source *source = nd_alloc(self->arena, BANDS, sizeof *source);
    const nd_band *in = self->input[0]->band;
    int count = 0, to = -1; // to: the band whose grid all shall have
    bool differ = false;
    if (!source) return ND_E_MEMORY;
    for (; count < BANDS && a->index->band[count].symbol; count++) {
        ND_TRY(choose(self, &a->index->band[count], &source[count].band));
        ND_TRY(twins(self, a->index->band, source, count));
        const nd_band *b = &in[source[count].band];
        nm[count] = nd_wavelength_of(b);
        differ = differ || (to >= 0 && !nd_grid_same(&b->grid, &in[to].grid));
        if (to < 0 || (how == HIGHEST) == (b->grid.width > in[to].grid.width))
            to = source[count].band;
    }
    if (differ) ND_TRY(resample(self, &in[to], a->index, source));
    self->source = source, self->sources = count;
    self->band[1].grid = self->band[0].grid = self->input[0]->band[source[0].band].grid;
    return ND_OK;
}

static nd_status plan(nd_node *self)
{
    double nm[BANDS] = {0};
    asked a = {.self = self, .index = row_of_op(self->op), .wavelength = nm};
    const char *text[2];
    const nd_expr *expr;
    ND_TRY(name_bands(self, a.index));
    ND_TRY(choose_bands(self, &a, nm));
    a.scope = (nd_expr_scope){.node = self};
    a.scope.source = nd_alloc(self->arena, BANDS + (size_t)self->input[0]->bands,
                              sizeof *a.scope.source);
    if (!a.scope.source) return ND_E_MEMORY;
    for (int i = 0; i < self->sources; i++) a.scope.source[i] = self->source[i];
    a.scope.sources = self->sources;
    ND_TRY(write_texts(self, a.index, text));
    if (strcmp(a.index->name, "reip") == 0 && (nm[1] == 0 || nm[2] == 0))
        return nd_fail(ND_E_DATA,
                       "the bands of the red edge do not say their wavelength\n"
                       "use s2rep, which takes Sentinel-2's");
    ND_TRY(nd_expr_compile(
        self->arena,
        &(nd_expr_ask){.text = text, .count = 2, .resolve = resolve, .user = &a}, &expr));
    self->state = expr;
    return ND_OK;
}

static void row(const void *expr, const nd_ctx *ctx, const float *const *in,
                float *const *out)
{
    float *to[2] = {NULL, NULL};
    for (int k = 0; k < ctx->bands.count; k++) to[ctx->bands.band[k]] = out[k];
    const nd_expr_rows rows = {ctx->x, ctx->y, ctx->level, ctx->count, in, NULL};
    nd_expr_run(expr, &rows, to);
}

#define INDEX(id, error, its_snap, its_brief, its_help)                                  \
    const nd_op nd_op_##id = {                                                           \
        .name = #id,                                                                     \
        .snap = its_snap,                                                                \
        .brief = its_brief,                                                              \
        .help = its_help,                                                                \
        .example = "nadir " #id " scene.SAFE -o " #id ".tif",                            \
        .table = ND_TABLE(id##_rows, settings),                                          \
        .min_inputs = 1,                                                                 \
        .max_inputs = 1,                                                                 \
        .levels = ND_REDUCED,                                                            \
        .level_error = error,                                                            \
        .plan = plan,                                                                    \
        .row = row,                                                                      \
    }

INDEX(ndvi, 5.08, "NdviOp", "Greenness, from red and infrared",
      "(N - R) / (N + R)\nRouse, Haas, Schell, Deering 1974: Monitoring vegetation "
      "systems in the Great Plains with ERTS");
INDEX(savi, 1.69, "SaviOp", "Greenness where soil shines through",
      "(N - R) / (N + R + L) * (1 + L)\nHuete 1988: A soil-adjusted vegetation index "
      "(SAVI)");
INDEX(tsavi, 1137.53, "TsaviOp", "Greenness beside a known soil line",
      "s * (N - s * R - i) / (s * N + R - s * i + a * (1 + s * s))\nBaret, Guyot 1991: "
      "Potentials and limits of vegetation indices for LAI and APAR assessment");
INDEX(msavi, 0.81, "MsaviOp", "Greenness that corrects itself for soil",
      "(2 - 2 * s * ((N - R) / (N + R)) * (N - s * R)) * (N - R) / (N + R + 1 - 2 * s * "
      "((N - R) / (N + R)) * (N - s * R))\nQi, Chehbouni, Huete, Kerr, Sorooshian 1994: "
      "A modified soil adjusted vegetation index");
INDEX(msavi2, 0.68, "Msavi2Op", "Greenness that needs no soil line",
      "(2 * N + 1 - sqrt(sq(2 * N + 1) - 8 * (N - R))) / 2\nQi, Chehbouni, Huete, Kerr, "
      "Sorooshian 1994: A modified soil adjusted vegetation index");
INDEX(dvi, 0, "DviOp", "Infrared less red",
      "N - R\nRichardson, Wiegand 1977: Distinguishing vegetation from soil background "
      "information");
INDEX(rvi, 4.70, "RviOp", "Infrared over red",
      "N / R\nPearson, Miller 1972: Remote mapping of standing crop biomass");
INDEX(pvi, 0, "PviOp", "Distance from the soil line",
      "sin(rad(angle)) * N - cos(rad(angle)) * R\nRichardson, Wiegand 1977: "
      "Distinguishing vegetation from soil background information");
INDEX(ipvi, 5.08, "IpviOp", "Share of infrared, from 0 to 1",
      "N / (N + R)\nCrippen 1990: Calculating the vegetation index faster");
INDEX(wdvi, 0, "WdviOp", "Infrared less what the soil gives",
      "N - s * R\nClevers 1988: The derivation of a simplified reflectance model for the "
      "estimation of leaf area index");
INDEX(tndvi, 6.18, "TndviOp", "The root of NDVI and a half",
      "sqrt((N - R) / (N + R) + 0.5)\nDeering, Rouse, Haas, Schell 1975: Measuring "
      "forage production of grazing units from Landsat MSS data");
INDEX(gndvi, 5.22, "GndviOp", "Greenness, from green and infrared",
      "(N - G) / (N + G)\nGitelson, Kaufman, Merzlyak 1996: Use of a green channel in "
      "remote sensing of global vegetation from EOS-MODIS");
INDEX(gemi, 1.47, "GemiOp", "Greenness that haze changes little",
      "((2 * (sq(N) - sq(R)) + 1.5 * N + 0.5 * R) / (N + R + 0.5)) * (1 - 0.25 * ((2 * "
      "(sq(N) - sq(R)) + 1.5 * N + 0.5 * R) / (N + R + 0.5))) - (R - 0.125) / (1 - "
      "R)\nPinty, Verstraete 1992: GEMI: a non-linear index to monitor global vegetation "
      "from satellites");
INDEX(arvi, 5.49, "ArviOp", "Greenness with haze taken out by blue",
      "(N - (R - g * (B - R))) / (N + (R - g * (B - R)))\nKaufman, Tanre 1992: "
      "Atmospherically resistant vegetation index (ARVI) for EOS-MODIS");
INDEX(ndi45, 0, "Ndi45Op", "Chlorophyll, from B4 and B5",
      "(R5 - R4) / (R5 + R4)\nDelegido, Verrelst, Alonso, Moreno 2011: Evaluation of "
      "Sentinel-2 red-edge bands for empirical estimation of green LAI and chlorophyll "
      "content");
INDEX(mtci, 0, "MtciOp", "Chlorophyll, from the red edge",
      "(N - R5) / (R5 - R4)\nDash, Curran 2004: The MERIS terrestrial chlorophyll index");
INDEX(mcari, 0, "McariOp", "Chlorophyll absorption",
      "((R2 - R1) - 0.2 * (R2 - G)) * R2 / R1\nDaughtry, Walthall, Kim, de Colstoun, "
      "McMurtrey 2000: Estimating corn leaf chlorophyll concentration from leaf and "
      "canopy reflectance");
INDEX(reip, 0, "ReipOp", "Wavelength where the red edge turns, of the bands",
      "w5 + (w6 - w5) * ((N + R4) / 2 - R5) / (R6 - R5)\nGuyot, Baret 1988: Utilisation "
      "de la haute resolution spectrale pour suivre l etat des couverts vegetaux");
INDEX(s2rep, 0, "S2repOp", "Wavelength where the red edge turns, of Sentinel-2",
      "705 + 35 * ((N + R4) / 2 - R5) / (R6 - R5)\nFrampton, Dash, Watmough, Milton "
      "2013: Evaluating the capabilities of Sentinel-2 for quantitative estimation of "
      "biophysical variables in vegetation");
INDEX(ireci, 0, "IreciOp", "Chlorophyll of a canopy, from the red edge",
      "(N - R4) / (R5 / R6)\nFrampton, Dash, Watmough, Milton 2013: Evaluating the "
      "capabilities of Sentinel-2 for quantitative estimation of biophysical variables "
      "in vegetation");
INDEX(pssra, 4.70, "PssraOp", "Chlorophyll a, infrared over red",
      "N / R\nBlackburn 1998: Quantifying chlorophylls and caroteniods at leaf and "
      "canopy scales");
INDEX(ndwi, 3.72, "NdwiOp", "Water in leaves",
      "(N - M) / (N + M)\nGao 1996: NDWI: a normalized difference water index for remote "
      "sensing of vegetation liquid water from space");
INDEX(ndwi2, 5.22, "Ndwi2Op", "Open water, from green and infrared",
      "(G - N) / (G + N)\nMcFeeters 1996: The use of the normalized difference water "
      "index (NDWI) in the delineation of open water features");
INDEX(mndwi, 3.03, "MndwiOp", "Open water among buildings",
      "(G - M) / (G + M)\nXu 2006: Modification of normalised difference water index "
      "(NDWI) to enhance open water features in remotely sensed imagery");
INDEX(ndpi, 3.03, "NdpiOp", "Ponds and their plants",
      "(M - G) / (M + G)\nLacaux, Tourre, Vignolles, Ndione, Lafaye 2007: Classification "
      "of ponds from high-spatial resolution remote sensing");
INDEX(ndti, 4.86, "NdtiOp", "How turbid water is",
      "(R - G) / (R + G)\nLacaux, Tourre, Vignolles, Ndione, Lafaye 2007: Classification "
      "of ponds from high-spatial resolution remote sensing");
INDEX(bi, 0.11, "BiOp", "How bright soil is, from red and green",
      "sqrt((sq(R) + sq(G)) / 2)\nEscadafal 1989: Remote sensing of arid soil surface "
      "color with Landsat thematic mapper");
INDEX(bi2, 0.58, "Bi2Op", "How bright soil is, from red, green and infrared",
      "sqrt((sq(R) + sq(G) + sq(N)) / 3)\nEscadafal 1989: Remote sensing of arid soil "
      "surface color with Landsat thematic mapper");
INDEX(ri, 3.68, "RiOp", "How red soil is",
      "sq(R) / (G * G * G)\nPouget, Madeira, Le Floch, Kamal 1990: Caracteristiques "
      "spectrales des surfaces sableuses de la region cotiere nord-ouest de l Egypte");
INDEX(ci, 4.86, "CiOp", "Colour of soil",
      "(R - G) / (R + G)\nPouget, Madeira, Le Floch, Kamal 1990: Caracteristiques "
      "spectrales des surfaces sableuses de la region cotiere nord-ouest de l Egypte");
INDEX(bai, 19.77, "BaiOp", "Burnt ground",
      "1 / (sq(0.1 - R) + sq(0.06 - N))\nChuvieco, Martin, Palacios 2002: Assessment of "
      "different spectral indices in the red-near-infrared spectral domain for burned "
      "land discrimination");
INDEX(bain, 0, "BainOp", "Bare ground",
      "R + S1 - N\nLin, Wu, Chen 2005: Estimating urban impervious surfaces and bareness "
      "with the bareness index");
INDEX(bcc, 3.98, "BccOp", "Share of blue in the colour",
      "B / (R + G + B)\nGillespie, Kahle, Walker 1987: Color enhancement of highly "
      "correlated images II");
INDEX(aweinsh, 0, "AweinshOp", "Open water where there are no shadows",
      "4 * (G - S1) - (0.25 * N + 2.75 * S2)\nFeyisa, Meilby, Fensholt, Proud 2014: "
      "Automated water extraction index: a new technique for surface water mapping using "
      "Landsat imagery");
// NOLINTEND(bugprone-macro-parentheses)
