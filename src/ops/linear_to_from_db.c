// SPDX-License-Identifier: Apache-2.0
// LinearToFromdB: power to decibel, and decibel back to power.
#include <nadir/expr.h>
#include <nadir/op.h>
#include <string.h>

enum { BANDS = 512 };
typedef struct linear_to_from_db {
    nd_list bands;
} linear_to_from_db;

static const nd_param params[] = {
    ND_PARAM(linear_to_from_db, bands, {0}, .snap = "sourceBands", .of = "band",
             .help = "Bands to convert; all if none is named"),
};

static bool is_wanted(const nd_list *list, const nd_band *band)
{
    if (band->role != ND_DATA) return false;
    for (size_t i = 0; i < list->count; i++)
        if (nd_text_same(list->item[i], band->name)) return true;
    return !list->count;
}

static bool has_unit(const nd_band *band, const char *unit)
{
    return band->unit && nd_text_same(band->unit, unit);
}

static bool is_db(const nd_band *band)
{
    return band->unit && nd_text_ends(band->unit, "db");
}

static const char *without_db(nd_node *self, const char *text)
{
    const size_t length = strlen(text);
    const size_t end = nd_text_ends(text, "_db")  ? length - 3
                       : nd_text_ends(text, "db") ? length - 2
                                                  : length;
    return nd_text(self->arena, "%.*s", (int)end, text);
}

// Names, units and texts of the results; a source is called r0, r1, … in the texts.
typedef struct maker {
    nd_node *self;
    nd_source *source;
    const char **text;
} maker;

static nd_status add(maker *m, int b, int imaginary)
{
    nd_node *self = m->self;
    const nd_band *from = &self->input[0]->band[b];
    nd_band *made = &self->band[self->bands];
    const int r = self->sources;
    *made = *from;
    made->kind = ND_CONTINUOUS, made->sample = ND_F32, made->expression = NULL;
    const double scale = from->scale != 0 ? from->scale : 1;
    // 0 means no power as often as no data, but 0 dB is a number like any other.
    made->no_data = self->strict ? from->offset + scale * from->no_data : (double)NAN;
    made->scale = 1, made->offset = 0;
    m->source[self->sources++].band = b;
    const char *value = nd_text(self->arena, "r%d", r);
    if (imaginary >= 0) {
        m->source[self->sources++].band = imaginary;
        value = nd_text(self->arena, "(r%d * r%d + r%d * r%d)", r, r, r + 1, r + 1);
        const char *suffix = strchr(from->name, '_');
        made->name = nd_text(self->arena, "Intensity%s_db", suffix ? suffix : "");
        made->unit = "intensity_db";
    } else if (is_db(from)) {
        made->name = without_db(self, from->name);
        made->unit = without_db(self, from->unit);
    } else {
        made->name = nd_text(self->arena, "%s_db", from->name);
        made->unit = from->unit ? nd_text(self->arena, "%s_db", from->unit) : "db";
    }
    if (!value || !made->name || !made->unit) return ND_E_MEMORY;
    // SNAP makes -1e-30, nearly 0 dB, of what has no logarithm.
    const char *const form = imaginary < 0 && is_db(from) ? "exp10(%s / 10)"
                             : self->strict ? "%s < 1e-30 ? -1e-30 : 10 * log10(%s)"
                                            : "%s > 0 ? 10 * log10(%s) : NaN";
    nd_buffer text = {.arena = self->arena};
    for (const char *c = form; *c; c++)
        if (*c == '%')
            nd_buffer_add(&text, "%s", value), c++;
        else
            nd_buffer_put(&text, c, 1);
    m->text[self->bands++] = nd_buffer_text(&text);
    return m->text[self->bands - 1] ? ND_OK : ND_E_MEMORY;
}

static bool resolve(void *user, const char *name, nd_expr_name *is, const char **nearest)
{
    (void)user, (void)nearest;
    if (*name != 'r') return false;
    *is = (nd_expr_name){ND_EXPR_ROW, ND_EXPR_REAL};
    for (const char *c = name + 1; *c >= '0' && *c <= '9'; c++)
        is->row = 10 * is->row + (*c - '0');
    return true;
}

static nd_status add_all(maker *m, const nd_list *bands)
{
    const nd_node *in = m->self->input[0];
    for (int b = 0; b < in->bands; b++) {
        if (!is_wanted(bands, &in->band[b])) continue;
        if (!has_unit(&in->band[b], "real")) {
            ND_TRY(add(m, b, -1));
            continue;
        }
        const bool has_pair =
            b + 1 < in->bands && has_unit(&in->band[b + 1], "imaginary");
        if (!has_pair)
            return nd_fail(ND_E_DATA,
                           "band %s is the real half of a number, the other is missing\n"
                           "take both bands",
                           in->band[b].name);
        ND_TRY(add(m, b, b + 1));
        b++;
    }
    return ND_OK;
}

static nd_status plan(nd_node *self)
{
    const linear_to_from_db *set = self->state;
    const nd_node *in = self->input[0];
    const size_t most = (size_t)in->bands + 1;
    maker m = {self, nd_alloc(self->arena, most, sizeof *m.source),
               nd_alloc(self->arena, most, sizeof *m.text)};
    const nd_expr *expr;
    int band;
    self->band = nd_alloc(self->arena, most, sizeof *self->band);
    if (!self->band || !m.source || !m.text) return ND_E_MEMORY;
    for (size_t i = 0; i < set->bands.count; i++)
        ND_TRY(nd_band_choose(in, set->bands.item[i], 0, &band));
    self->bands = 0;
    ND_TRY(add_all(&m, &set->bands));
    if (!self->bands || self->bands > BANDS)
        return nd_fail(ND_E_DATA,
                       "the input has %d bands to convert, not 1 to %d\n"
                       "name those to convert",
                       self->bands, BANDS);
    self->source = m.source;
    self->name = nd_text(self->arena, "%s_dB", in->name);
    if (!self->name) return ND_E_MEMORY;
    ND_TRY(nd_expr_compile(
        self->arena,
        &(nd_expr_ask){.text = m.text, .count = self->bands, .resolve = resolve}, &expr));
    self->state = expr;
    return ND_OK;
}

static void row(const void *expr, const nd_ctx *ctx, const float *const *in,
                float *const *out)
{
    float *to[BANDS] = {0};
    for (int k = 0; k < ctx->bands.count; k++) to[ctx->bands.band[k]] = out[k];
    nd_expr_run(expr, &(nd_expr_rows){ctx->x, ctx->y, ctx->level, ctx->count, in, NULL},
                to);
}

const nd_op nd_op_linear_to_from_db = {
    .name = "linear_to_from_db",
    .snap = "LinearToFromdB",
    .was = "LinearTodB,dBToLinear,LinearToFromDB",
    .brief = "Convert power to decibel, or decibel to power",
    .help = "A band whose unit ends with db becomes power again, every other becomes\n"
            "10 log10 of itself. Zero and less have no logarithm: they are no data.",
    .example = "nadir linear_to_from_db sigma0.tif -o sigma0_db.tif",
    .table = ND_TABLE(params, linear_to_from_db),
    .min_inputs = 1,
    .max_inputs = 1,
    .levels = ND_REDUCED,
    .level_error = 3.84,
    .plan = plan,
    .row = row,
};
