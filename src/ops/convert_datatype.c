// SPDX-License-Identifier: Apache-2.0
// Convert-Datatype: bands as another type of number, scaled to fill it.
#include <nadir/op.h>
#include <string.h>

enum { U8, I8, U16, I16, U32, I32, F32, F64 };
static const nd_option types[] = {{"uint8", "Whole, 0 to 255"},
                                  {"int8", "Whole, -128 to 127"},
                                  {"uint16", "Whole, 0 to 65535"},
                                  {"int16", "Whole, -32768 to 32767"},
                                  {"uint32", "Whole, 0 to 4294967295; exact up to 2^24"},
                                  {"int32", "Whole with sign; exact up to 2^24"},
                                  {"float32", "Real, 7 digits"},
                                  {"float64", "Real; pixels have 7 digits here too"},
                                  {NULL, NULL}};
static const nd_sample samples[] = {ND_U8,  ND_I8,  ND_U16, ND_I16,
                                    ND_U32, ND_I32, ND_F32, ND_F64};
static const double lowest[] = {0, -128, 0, -32768, 0, -2147483648.0, 0, 0};
static const double highest[] = {255,          127,          65535, 32767,
                                 4294967295.0, 2147483647.0, 0,     0};

enum { TRUNCATE, LINEAR, CLIPPED, PEAK, LOGARITHMIC };
static const nd_option scalings[] = {
    {"truncate", "Cut what does not fit", "Truncate"},
    {"linear", "Least and greatest value fill the type", "Linear (slope and intercept)"},
    {"clipped", "The middle 95 % of the values fill the type",
     "Linear (between 95% clipped histogram)"},
    {"peak", "From where 2.5 % lie below to the last bin of 512 with more than 10 pixels",
     "Linear (peak clipped histogram)"},
    {"logarithmic", "10 log10 of the linear scale", "Logarithmic"},
    {NULL, NULL}};

typedef struct convert_datatype {
    nd_list bands;
    nd_choice type, scaling;
    double no_data;
} convert_datatype;

static const nd_param params[] = {
    ND_PARAM(convert_datatype, bands, {0}, .snap = "sourceBands", .of = "band",
             .help = "Bands to convert; all if none is named"),
    ND_PARAM(convert_datatype, type, {U8}, .snap = "targetDataType", .choices = types,
             .help = "How a file holds them"),
    ND_PARAM(convert_datatype, scaling, {CLIPPED}, .snap = "targetScalingStr",
             .choices = scalings, .help = "How values are brought into the type's range"),
    ND_PARAM(convert_datatype, no_data, 0, .snap = "targetNoDataValue",
             .help = "Number that means no data"),
};

// ---- The range of a band's values: one pixel, kept, however many tiles ask for it.

enum { BLOCK = 1024, BINS = 1 << 16 };
enum { PEAK_BINS = 512, PEAK_LEAST = 10 }; // as SNAP has them
#define CUT 0.025                          // share of the values left out at an end
typedef enum cutting { ALL, MIDDLE, TO_PEAK, TO_PEAK_AS_SNAP } cutting;
typedef struct range {
    const int *band; // of the input, for each pair of results: least, greatest
    int bands;
    cutting how;
} range;

static nd_status range_plan(nd_node *self)
{
    const range *r = self->state;
    self->bands = 2 * r->bands;
    self->band = nd_alloc(self->arena, (size_t)self->bands, sizeof *self->band);
    if (!self->band) return ND_E_MEMORY;
    for (int b = 0; b < self->bands; b++)
        self->band[b] = (nd_band){.name = b % 2 ? "greatest" : "least",
                                  .no_data = NAN,
                                  .grid = {1, 1, 0, 0, 1, -1, NULL}};
    self->key = nd_hash_more(self->key, r->band, (size_t)r->bands * sizeof *r->band);
    self->key = nd_hash_more(self->key, &r->how, sizeof r->how);
    self->tile_width = self->tile_height = 1;
    return ND_OK;
}

typedef struct pass {
    double least, most, per_bin, count;
    uint32_t *bin; // NULL: the first pass, for least and most
} pass;

static void see(pass *p, const nd_tile *in, int y)
{
    const float *row = nd_at(in, 0, in->rect.x, y);
    for (int i = 0; i < in->rect.width; i++) {
        const double v = (double)row[i];
        if (!isfinite(v)) continue;
        if (p->bin) {
            const double at = (v - p->least) * p->per_bin;
            p->bin[at >= BINS - 1 ? BINS - 1 : (int)at]++;
        } else {
            p->count++;
            p->least = v < p->least ? v : p->least;
            p->most = v > p->most ? v : p->most;
        }
    }
}

static nd_status pass_over(const nd_node *of, int band, nd_work *work, pass *p)
{
    const nd_grid g = of->band[band].grid;
    for (int y = 0; y < g.height; y += BLOCK)
        for (int x = 0; x < g.width; x += BLOCK) {
            const nd_mark mark = nd_arena_mark(work->arena);
            nd_tile in;
            ND_TRY(nd_read(of, work, ND_BANDS(band), 0,
                           nd_rect_clip((nd_rect){x, y, BLOCK, BLOCK}, g.width, g.height),
                           &in));
            for (int row = y; row < y + in.rect.height; row++) see(p, &in, row);
            nd_arena_back(work->arena, mark);
        }
    return ND_OK;
}

// The value that `rank` values lie below, from the left or from the right.
static double edge(const pass *p, double rank, bool from_right)
{
    double sum = 0;
    for (int i = 0; i < BINS; i++) {
        const int b = from_right ? BINS - 1 - i : i;
        sum += p->bin[b];
        if (sum > rank) return p->least + (b + (from_right ? 1 : 0)) / p->per_bin;
    }
    return from_right ? p->most : p->least;
}

// The last of 512 bins with more than a few values; 0: none.
static int last_peak(const pass *p)
{
    enum { SIZE = BINS / PEAK_BINS };
    for (int b = PEAK_BINS - 1; b > 0; b--) {
        uint64_t in_bin = 0;
        for (int i = 0; i < SIZE; i++) in_bin += p->bin[b * SIZE + i];
        if (in_bin > PEAK_LEAST) return b;
    }
    return 0;
}

// The bin up to which more than a share of the values lie, from one side; -1: none.
static int bin_at(const pass *p, double share, bool from_right)
{
    enum { SIZE = BINS / PEAK_BINS };
    double sum = 0;
    for (int i = 0; i < PEAK_BINS; i++) {
        const int b = from_right ? PEAK_BINS - 1 - i : i;
        for (int k = 0; k < SIZE; k++) sum += p->bin[b * SIZE + k];
        if (sum / p->count > share) return b;
    }
    return -1;
}

// SNAP takes the place of the last peak for a share of the values to leave out: what it
// finds mostly lies far to the left of that peak.
static void peak_as_snap(const pass *p, double share, double found[2])
{
    const int right = bin_at(p, share, true);
    int low = bin_at(p, CUT, false), high = right < 0 ? 0 : right;
    if (low == high && high < PEAK_BINS - 1)
        high++;
    else if (low == high)
        low--;
    const double width = (p->most - p->least) / PEAK_BINS;
    found[0] = p->least + (low < high ? low : high) * width;
    found[1] = p->least + ((low < high ? high : low) + 1) * width;
}

static void cut_ends(const range *r, const pass *p, double found[2])
{
    const int peak = r->how == MIDDLE ? 0 : last_peak(p);
    if (peak && r->how == TO_PEAK_AS_SNAP) {
        peak_as_snap(p, peak / (double)PEAK_BINS, found);
        return;
    }
    found[0] = edge(p, CUT * p->count, false);
    found[1] = edge(p, CUT * p->count, true);
    if (!peak) return;
    const double end = p->least + (peak + 1) * (p->most - p->least) / PEAK_BINS;
    if (end > found[0]) found[1] = end < p->most ? end : p->most;
}

static nd_status range_of(const range *r, const nd_node *of, int band, nd_work *work,
                          double found[2])
{
    pass p = {.least = (double)INFINITY, .most = -(double)INFINITY};
    ND_TRY(pass_over(of, band, work, &p));
    found[0] = p.count > 0 ? p.least : (double)NAN;
    found[1] = p.count > 0 ? p.most : (double)NAN;
    if (r->how == ALL || !(p.most > p.least)) return ND_OK;
    p.per_bin = BINS / (p.most - p.least);
    p.bin = nd_alloc(work->arena, BINS, sizeof *p.bin);
    if (!p.bin) return ND_E_MEMORY;
    ND_TRY(pass_over(of, band, work, &p));
    cut_ends(r, &p, found);
    return ND_OK;
}

static nd_status range_compute(const nd_node *self, nd_work *work, nd_tile *tile)
{
    const range *r = self->state;
    double found[2] = {0};
    for (int k = 0, known = -1; k < tile->bands.count; k++) {
        const int b = tile->bands.band[k];
        if (b / 2 != known)
            ND_TRY(range_of(r, self->input[0], r->band[b / 2], work, found));
        known = b / 2;
        *nd_at(tile, k, 0, 0) = (float)found[b % 2];
    }
    return ND_OK;
}

static nd_rect range_window(const nd_node *self, int input, const nd_tile *tile,
                            int *level)
{
    const range *r = self->state;
    const nd_grid g = self->input[input]->band[r->band[tile->bands.band[0] / 2]].grid;
    *level = 0;
    return (nd_rect){0, 0, g.width, g.height};
}

static const nd_op op_range = {
    .name = "value_range",
    .brief = "Least and greatest value of bands",
    .min_inputs = 1,
    .max_inputs = 1,
    .levels = ND_FULL,
    .decodes = true, // kept: it is dear and small
    .plan = range_plan,
    .compute = range_compute,
    .window = range_window,
};

// ---- The conversion.

typedef struct state {
    int *from;  // band of the input
    int *range; // pair of the range node; -1: not scaled
    double low, high;
    int scaling;
    bool is_real;
    float no_data;
} state;

static bool is_wanted(const nd_list *list, const nd_band *band)
{
    if (band->role != ND_DATA) return false;
    for (size_t i = 0; i < list->count; i++)
        if (nd_text_same(list->item[i], band->name)) return true;
    return !list->count;
}

// A whole band whose own type lies in the new one needs no scaling, as in SNAP.
static bool fits(const nd_band *band, int type)
{
    for (int t = U8; t <= I32; t++)
        if (samples[t] == band->sample && band->offset == 0 &&
            (band->scale == 0 || band->scale == 1))
            return lowest[t] >= lowest[type] && highest[t] <= highest[type];
    return false;
}

static nd_status choose(nd_node *self, const convert_datatype *set, state *s)
{
    const nd_node *in = self->input[0];
    int band, scaled = 0;
    for (size_t i = 0; i < set->bands.count; i++)
        ND_TRY(nd_band_choose(in, set->bands.item[i], 0, &band));
    self->bands = 0;
    for (int b = 0; b < in->bands; b++) {
        if (!is_wanted(&set->bands, &in->band[b])) continue;
        const bool scales = set->scaling.at != TRUNCATE && set->type.at < I32 &&
                            !fits(&in->band[b], set->type.at);
        nd_band *made = &self->band[self->bands];
        *made = in->band[b];
        made->sample = samples[set->type.at];
        made->scale = 1, made->offset = 0, made->no_data = set->no_data;
        if (scales) made->kind = ND_CONTINUOUS;
        s->range[self->bands] = scales ? scaled++ : -1;
        s->from[self->bands++] = b;
    }
    if (self->bands) return ND_OK;
    return nd_fail(ND_E_DATA, "the input has no band to convert\nconnect another");
}

// The range stands beside the input as a second one, so that it is planned and kept.
static nd_status add_range(nd_node *self, const state *s, cutting kind)
{
    static const nd_table none;
    range *r = nd_alloc(self->arena, 1, sizeof *r);
    int *band = nd_alloc(self->arena, (size_t)self->bands, sizeof *band);
    nd_node **input = nd_alloc(self->arena, 2, sizeof *input);
    const char **id = nd_alloc(self->arena, 2, sizeof *id);
    if (!r || !band || !input || !id) return ND_E_MEMORY;
    r->how = kind, r->band = band;
    for (int b = 0; b < self->bands; b++)
        if (s->range[b] >= 0) band[r->bands++] = s->from[b];
    if (!r->bands) return ND_OK;
    input[0] = self->input[0], id[0] = self->input_id[0];
    input[1] =
        nd_node_new(self->arena, &(nd_make){.op = &op_range,
                                            .input = self->input,
                                            .inputs = 1,
                                            .settings = &(nd_settings){&none, r, 0},
                                            .place = self->place});
    id[1] = "range";
    if (!input[1]) return nd_error_code();
    input[1]->keeps = true;
    self->input = input, self->input_id = id, self->inputs = 2;
    return ND_OK;
}

static nd_status plan(nd_node *self)
{
    const convert_datatype *set = self->state;
    const size_t bands = (size_t)self->bands;
    state *s = nd_alloc(self->arena, 1, sizeof *s);
    if (!s) return ND_E_MEMORY;
    *s = (state){.from = nd_alloc(self->arena, bands, sizeof *s->from),
                 .range = nd_alloc(self->arena, bands, sizeof *s->range),
                 .low = lowest[set->type.at],
                 .high = highest[set->type.at],
                 .scaling = set->scaling.at,
                 .is_real = set->type.at >= F32,
                 .no_data = (float)set->no_data};
    if (!s->from || !s->range) return ND_E_MEMORY;
    ND_TRY(choose(self, set, s));
    self->state = s;
    const cutting kind = set->scaling.at == CLIPPED ? MIDDLE
                         : set->scaling.at != PEAK  ? ALL
                         : self->strict             ? TO_PEAK_AS_SNAP
                                                    : TO_PEAK;
    return add_range(self, s, kind);
}

static double scaled(const state *s, double v, double least, double width)
{
    const double share = width > 0 ? (v - least) / width : 0 * v;
    v = (share < 0 ? 0 : share > 1 ? 1 : share) * (s->high - s->low) + s->low;
    if (s->scaling != LOGARITHMIC) return v;
    return v > 0 ? 10 * log10(v) : v * 0 + s->low;
}

// One row. `ends` NULL: values are only cut.
static void convert(const state *s, const float *ends, const float *in, float *out,
                    int count)
{
    const double least = ends ? (double)ends[0] : 0;
    const double width = ends ? (double)ends[1] - least : 0;
    for (int i = 0; i < count; i++) {
        double v = (double)in[i];
        if (ends) v = scaled(s, v, least, width);
        if (!s->is_real) {
            v = v < s->low ? s->low : v > s->high ? s->high : v;
            v = trunc(v); // SNAP rounds nothing
        }
        out[i] = (float)v == s->no_data ? NAN : (float)v;
    }
}

static nd_status compute(const nd_node *self, nd_work *work, nd_tile *tile)
{
    const state *s = self->state;
    const nd_rect r = tile->rect;
    for (int k = 0; k < tile->bands.count; k++) {
        const nd_mark mark = nd_arena_mark(work->arena);
        const int b = tile->bands.band[k], pair = s->range[b];
        float ends[2];
        nd_tile in;
        if (pair >= 0) {
            ND_TRY(nd_read(self->input[1], work, ND_BANDS(2 * pair, 2 * pair + 1), 0,
                           (nd_rect){0, 0, 1, 1}, &in));
            ends[0] = *nd_at(&in, 0, 0, 0), ends[1] = *nd_at(&in, 1, 0, 0);
        }
        ND_TRY(nd_read(self->input[0], work, ND_BANDS(s->from[b]), tile->level, r, &in));
        for (int y = r.y; y < r.y + r.height; y++)
            convert(s, pair >= 0 ? ends : NULL, nd_at(&in, 0, r.x, y),
                    nd_at(tile, k, r.x, y), r.width);
        nd_arena_back(work->arena, mark);
    }
    return ND_OK;
}

static nd_rect window(const nd_node *self, int input, const nd_tile *tile, int *level)
{
    (void)self;
    if (!input) return tile->rect;
    *level = 0;
    return (nd_rect){0, 0, 1, 1};
}

const nd_op nd_op_convert_datatype = {
    .name = "convert_datatype",
    .snap = "Convert-Datatype",
    .brief = "Hold bands as another type of number, scaled to fill it",
    .example = "nadir convert_datatype sigma0.tif -o small.tif --type uint8",
    .help =
        "A scaling cuts values at its two ends and spreads what is between over the\n"
        "type. The logarithmic one takes 10 log10 of the linear one. Scaling peak cuts\n"
        "a thin tail of high values: above the last of 512 equal bins that holds more\n"
        "than 10. SNAP takes the number of that bin for a share of the pixels, so its\n"
        "upper end lies far lower: with --snap-strict it does here too.",
    .table = ND_TABLE(params, convert_datatype),
    .min_inputs = 1,
    .max_inputs = 1,
    .levels = ND_REDUCED,
    .level_error = 1.59,
    .plan = plan,
    .compute = compute,
    .window = window,
};
