// SPDX-License-Identifier: Apache-2.0
// BandMaths: bands made from expressions over the bands of the inputs.
#include <nadir/expr.h>
#include <nadir/geo.h>
#include <nadir/op.h>
#include <nadir/product.h>
#include <stdlib.h>
#include <string.h>

enum { TARGETS = 256 };
enum { LAT, LON, TIME, PLACES };

static const nd_option types[] = {{"float32", "Real, 7 digits"},
                                  {"float64", "Real; pixels have 7 digits here too"},
                                  {"uint8", "Whole, 0 to 255"},
                                  {"int8", "Whole, -128 to 127"},
                                  {"uint16", "Whole, 0 to 65535"},
                                  {"int16", "Whole, -32768 to 32767"},
                                  {"uint32", "Whole, 0 to 4294967295; exact up to 2^24"},
                                  {"int32", "Whole, 32 bits with sign; exact up to 2^24"},
                                  {NULL, NULL}};
static const nd_sample samples[] = {ND_F32, ND_F64, ND_U8,  ND_I8,
                                    ND_U16, ND_I16, ND_U32, ND_I32};
static const double lowest[] = {0, 0, 0, -128, 0, -32768, 0, -2147483648.0};
static const double highest[] = {0,     0,     255,          127,
                                 65535, 32767, 4294967295.0, 2147483647.0};

typedef struct target {
    const char *name;
    nd_choice type;
    const char *expression, *description, *unit, *valid, *no_data;
    const char *wavelength, *bandwidth, *index, *angle, *angle_index;
    double scale, offset;
} target;
typedef struct variable {
    const char *name, *type, *value;
} variable;
typedef struct band_maths {
    nd_rows bands, variables;
    const char *expression, *name, *unit;
    nd_choice type;
    const char *no_data;
} band_maths;

static const nd_param target_params[] = {
    ND_PARAM(target, name, NULL, .required = true, .help = "Name of the band"),
    ND_PARAM(target, type, {0}, .choices = types, .help = "How a file holds it"),
    ND_PARAM(target, expression, NULL, .required = true, .of = "expression",
             .help = "What it is, as in B8 - B4"),
    ND_PARAM(target, description, NULL, .help = "What it means"),
    ND_PARAM(target, unit, NULL, .help = "Unit of its values"),
    ND_PARAM(target, valid, NULL, .snap = "validExpression", .of = "expression",
             .help = "Where it is valid; no data elsewhere"),
    ND_PARAM(target, no_data, NULL, .snap = "noDataValue",
             .help = "Number that means no data"),
    ND_PARAM(target, wavelength, NULL, .snap = "spectralWavelength", .unit = "nm",
             .help = "Its wavelength"),
    ND_PARAM(target, bandwidth, NULL, .snap = "spectralBandwidth", .unit = "nm",
             .help = "Its bandwidth"),
    ND_PARAM(target, index, NULL, .snap = "spectralBandIndex",
             .help = "Place among the spectral bands; not kept"),
    ND_PARAM(target, angle, NULL, .snap = "angularValue", .help = "Its angle; not kept"),
    ND_PARAM(target, angle_index, NULL, .snap = "angularBandIndex",
             .help = "Place among the angles; not kept"),
    ND_PARAM(target, scale, 1, .snap = "scalingFactor",
             .help = "Value of one step of the stored number"),
    ND_PARAM(target, offset, 0, .snap = "scalingOffset",
             .help = "Value of the stored number 0"),
};
static const nd_table target_table = ND_TABLE(target_params, target);
static const nd_param variable_params[] = {
    ND_PARAM(variable, name, NULL, .required = true, .help = "Name in expressions"),
    ND_PARAM(variable, type, "float64", .help = "boolean, or a type of number"),
    ND_PARAM(variable, value, NULL, .required = true, .help = "What it stands for"),
};
static const nd_table variable_table = ND_TABLE(variable_params, variable);

static const nd_param params[] = {
    ND_PARAM(band_maths, bands, {0}, .snap = "targetBands",
             .was = "targetBandDescriptors", .rows = &target_table,
             .row_snap = "targetBand", .excludes = "expression",
             .help = "Bands to make; or name one by expression and name"),
    ND_PARAM(band_maths, variables, {0}, .rows = &variable_table, .row_snap = "variable",
             .help = "Constants with a name"),
    ND_PARAM(band_maths, expression, NULL, .of = "expression",
             .help = "What the one band is, as in (B8 - B4) / (B8 + B4)"),
    ND_PARAM(band_maths, name, "band_1", .help = "Name of the one band"),
    ND_PARAM(band_maths, unit, NULL, .help = "Unit of the one band"),
    ND_PARAM(band_maths, type, {0}, .choices = types,
             .help = "How a file holds the one band"),
    ND_PARAM(band_maths, no_data, NULL, .snap = "noDataValue",
             .help = "Number that means no data in the one band"),
};

// What plan prepares for rows: the targets of one grid are one program.
typedef struct group {
    const nd_expr *expr;
    nd_source *source;              // the rows that it is given
    int sources, first;             // first: which of the node's rows is its first
    const nd_transform *to_degrees; // NULL: not asked for
    nd_grid grid;
    double start, days; // of the first line and of all, since 2000
} group;
typedef struct state {
    group *group;
    int groups, sources;
    int *group_of, *at; // by band: its group, its number there
} state;

// The scope and what expressions may ask for beyond bands.
typedef struct asked {
    nd_expr_scope scope;
    bool place[PLACES];
} asked;

static bool resolve(void *user, const char *name, nd_expr_name *is, const char **nearest)
{
    static const struct {
        const char *name;
        int row;
    } places[] = {{"LAT", LAT}, {"LON", LON}, {"TIME", TIME}, {"MJD", TIME}};
    asked *a = user;
    if (nd_expr_resolve(&a->scope, name, is, nearest)) return true;
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if (strcmp(places[i].name, name) == 0) {
            a->place[places[i].row] = true;
            *is = (nd_expr_name){ND_EXPR_PLACE, ND_EXPR_REAL, .row = places[i].row};
            return true;
        }
    return false;
}

// A number of a graph; "null", empty and absent are none.
static nd_status number(const char *what, const char *text, double *value)
{
    *value = NAN;
    if (!text || !*text || nd_text_same(text, "null")) return ND_OK;
    if (nd_text_real(text, value)) return ND_OK;
    return nd_fail(ND_E_PARAM, "%s: %s is not a number\ngive one, as in -9999", what,
                   text);
}

typedef struct job {
    const target *target;
    size_t count;
    const char **text;
    nd_expr_end *end;
    const nd_expr_constant *constant;
    size_t constants;
} job;

static nd_status constants(nd_node *self, const nd_rows *rows, job *j)
{
    const variable *v = rows->item;
    nd_expr_constant *c = nd_alloc(self->arena, rows->count, sizeof *c);
    if (!c) return ND_E_MEMORY;
    for (size_t i = 0; i < rows->count; i++) {
        const bool is_bool =
            nd_text_same(v[i].type, "boolean") || nd_text_same(v[i].type, "bool");
        const bool is_real =
            nd_text_same(v[i].type, "float32") || nd_text_same(v[i].type, "float64");
        c[i].name = v[i].name;
        c[i].type = is_bool ? ND_EXPR_BOOL : is_real ? ND_EXPR_REAL : ND_EXPR_INT;
        if (is_bool)
            c[i].value = nd_text_same(v[i].value, "true");
        else if (!nd_text_real(v[i].value, &c[i].value))
            return nd_fail(ND_E_PARAM,
                           "variable %s: %s is not a number\ngive one, as in 0.5",
                           v[i].name, v[i].value);
        if (c[i].type == ND_EXPR_INT) c[i].value = trunc(c[i].value);
    }
    j->constant = c, j->constants = rows->count;
    return ND_OK;
}

// All targets as rows, whichever way they were given.
static nd_status targets(nd_node *self, const band_maths *set, job *j)
{
    j->target = set->bands.item, j->count = set->bands.count;
    if (j->count > TARGETS)
        return nd_fail(ND_E_PARAM, "%zu bands are more than %d\nuse several BandMaths",
                       j->count, TARGETS);
    if (j->count) return ND_OK;
    if (!set->expression)
        return nd_fail(ND_E_PARAM,
                       "expression is missing\ngive it, as in (B8 - B4) / (B8 + B4)");
    target *one = nd_alloc(self->arena, 1, sizeof *one);
    if (!one) return ND_E_MEMORY;
    *one = (target){.name = set->name,
                    .type = set->type,
                    .expression = set->expression,
                    .unit = set->unit,
                    .no_data = set->no_data,
                    .scale = 1};
    j->target = one, j->count = 1;
    return ND_OK;
}

static nd_status describe(nd_node *self, const target *t, nd_band *band, nd_expr_end *end)
{
    const int type = t->type.at;
    double none, wavelength, bandwidth;
    ND_TRY(number("no_data", t->no_data, &none));
    ND_TRY(number("wavelength", t->wavelength, &wavelength));
    ND_TRY(number("bandwidth", t->bandwidth, &bandwidth));
    const bool is_real = type < 2;
    const double scale = t->scale != 0 ? t->scale : 1;
    *band = (nd_band){.name = t->name,
                      .unit = t->unit,
                      .help = t->description,
                      .sample = samples[type],
                      .scale = t->scale,
                      .offset = t->offset,
                      .no_data = (none - t->offset) / scale,
                      .wavelength_nm = isnan(wavelength) ? 0 : wavelength,
                      .bandwidth_nm = isnan(bandwidth) ? 0 : bandwidth,
                      .expression = NULL};
    *end = (nd_expr_end){.whole = !is_real,
                         .wraps = self->strict,
                         .low = lowest[type],
                         .high = highest[type],
                         .scale = t->scale,
                         .offset = t->offset,
                         .no_data = (double)(float)none};
    // A whole band of the same name keeps what its classes or flags are called.
    const int old = is_real ? -1 : nd_band_find(self->input[0], t->name);
    if (old < 0) return ND_OK;
    band->kind = self->input[0]->band[old].kind;
    band->label = self->input[0]->band[old].label;
    band->labels = self->input[0]->band[old].labels;
    return ND_OK;
}

// SNAP leaves the valid expression to whoever reads the band: the pixels are the same.
static const char *text_of(nd_node *self, const target *t)
{
    if (self->strict || !t->valid || !*t->valid) return t->expression;
    return nd_text(self->arena, "(%s) ? (%s) : NaN", t->valid, t->expression);
}

static nd_status describe_all(nd_node *self, job *j)
{
    j->text = nd_alloc(self->arena, j->count, sizeof *j->text);
    j->end = nd_alloc(self->arena, j->count, sizeof *j->end);
    self->band = nd_alloc(self->arena, j->count, sizeof *self->band);
    if (!j->text || !j->end || !self->band) return ND_E_MEMORY;
    for (size_t i = 0; i < j->count; i++) {
        ND_TRY(describe(self, &j->target[i], &self->band[i], &j->end[i]));
        j->text[i] = text_of(self, &j->target[i]);
        if (!j->text[i]) return ND_E_MEMORY;
    }
    self->bands = (int)j->count;
    return ND_OK;
}

// The targets which[0], which[1], … as one program.
static nd_status compile(nd_node *self, const job *j, const int *which, int count,
                         asked *a, const nd_expr **expr)
{
    const char **text = nd_alloc(self->arena, (size_t)count, sizeof *text);
    nd_expr_end *end = nd_alloc(self->arena, (size_t)count, sizeof *end);
    if (!text || !end) return ND_E_MEMORY;
    for (int i = 0; i < count; i++)
        text[i] = j->text[which[i]], end[i] = j->end[which[i]];
    *a = (asked){0};
    ND_TRY(nd_expr_scope_new(self->arena, self, &a->scope));
    a->scope.constant = j->constant, a->scope.constants = j->constants;
    return nd_expr_compile(self->arena,
                           &(nd_expr_ask){.text = text,
                                          .end = end,
                                          .count = count,
                                          .resolve = resolve,
                                          .user = a,
                                          .strict = self->strict},
                           expr);
}

// All bands of an expression lie on one grid; without any, it is the input's finest.
static nd_status grid_of(const nd_node *self, const nd_expr_scope *scope,
                         const nd_grid **grid)
{
    const nd_source *s = scope->source;
    *grid = nd_node_grid(self->input[0]);
    if (!*grid) return nd_fail(ND_E_DATA, "the input has no bands\nconnect another");
    if (scope->sources) *grid = &self->input[s[0].input]->band[s[0].band].grid;
    for (int i = 1; i < scope->sources; i++) {
        const nd_band *a = &self->input[s[0].input]->band[s[0].band];
        const nd_band *b = &self->input[s[i].input]->band[s[i].band];
        if (!nd_grid_same(&a->grid, &b->grid))
            return nd_fail(ND_E_DATA,
                           "band %s is %d x %d pixels, %s is %d x %d, or they lie apart\n"
                           "put a Resample before it",
                           a->name, a->grid.width, a->grid.height, b->name, b->grid.width,
                           b->grid.height);
    }
    return ND_OK;
}

static bool has_one_grid(const nd_node *self)
{
    const nd_grid *first = NULL;
    for (int i = 0; i < self->inputs; i++)
        for (int b = 0; b < self->input[i]->bands; b++) {
            const nd_grid *g = &self->input[i]->band[b].grid;
            if (!first) first = g;
            if (!nd_grid_same(first, g)) return false;
        }
    return true;
}

// Each target lies on the grid of what it reads: those of one grid are a group.
static nd_status divide(nd_node *self, const job *j, state *s)
{
    const nd_grid *grid;
    if (j->count == 1 || has_one_grid(self)) return s->groups = 1, ND_OK;
    for (int k = 0; k < self->bands; k++) {
        const nd_mark mark = nd_arena_mark(self->arena);
        const nd_expr *expr;
        asked a;
        int at = 0;
        ND_TRY(compile(self, j, &k, 1, &a, &expr));
        ND_TRY(grid_of(self, &a.scope, &grid));
        while (at < s->groups && !nd_grid_same(&s->group[at].grid, grid)) at++;
        if (at == s->groups) s->group[s->groups++].grid = *grid;
        s->group_of[k] = at;
        nd_arena_back(self->arena, mark);
    }
    return ND_OK;
}

// Days since 2000-01-01 of "2018-01-01T10:54:41.026Z"; NaN: no time.
static double mjd2000(const char *text)
{
    if (!text || strlen(text) < 19) return (double)NAN;
    int part[6];
    static const int at[] = {0, 5, 8, 11, 14, 17}, digits[] = {4, 2, 2, 2, 2, 2};
    for (int i = 0; i < 6; i++) {
        part[i] = 0;
        for (int d = 0; d < digits[i]; d++) {
            const char c = text[at[i] + d];
            if (c < '0' || c > '9') return (double)NAN;
            part[i] = 10 * part[i] + (c - '0');
        }
    }
    double fraction = 0, unit = 0.1;
    for (const char *c = text + 19; *c == '.' || (*c >= '0' && *c <= '9'); c++)
        if (*c != '.') fraction += (*c - '0') * unit, unit /= 10;
    // Days of the civil calendar, the year beginning in March.
    const int y = part[0] - (part[1] < 3), m = (part[1] + 9) % 12;
    const int days = 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + part[2];
    const double second = part[3] * 3600.0 + part[4] * 60.0 + part[5] + fraction;
    return days - 730426 + second / 86400;
}

static nd_status place(nd_node *self, const asked *a, group *g)
{
    if (a->place[TIME]) {
        const nd_product *product = self->product;
        g->start = mjd2000(product ? product->start : NULL);
        g->days = mjd2000(product ? product->stop : NULL) - g->start;
        if (isnan(g->start) || isnan(g->days))
            return nd_fail(ND_E_DATA, "the scene does not say when it was taken\n"
                                      "leave TIME and MJD out of the expression");
    }
    if (!a->place[LAT] && !a->place[LON]) return ND_OK;
    if (!g->grid.crs)
        return nd_fail(ND_E_DATA, "the scene does not say where it lies on the Earth\n"
                                  "leave LAT and LON out of the expression");
    const nd_crs *degrees = nd_crs_new(self->arena, "EPSG:4326");
    if (!degrees) return ND_E_PARAM;
    g->to_degrees = nd_transform_new(self->arena, g->grid.crs, degrees);
    return g->to_degrees ? ND_OK : ND_E_DATA;
}

// The grid of a group's results, and how they reduce.
static void shape(nd_node *self, const state *s, const group *g)
{
    for (int k = 0; k < self->bands; k++) {
        nd_band *band = &self->band[k];
        if (&s->group[s->group_of[k]] != g) continue;
        band->grid = g->grid;
        if (nd_expr_type_of(g->expr, s->at[k]) == ND_EXPR_BOOL &&
            band->kind == ND_CONTINUOUS)
            band->kind = ND_CLASS;
        if (!nd_expr_is_linear(g->expr, s->at[k])) self->levels = ND_REDUCED;
    }
    // Averages of squares of amplitudes, of classes or of flags are not linear.
    for (int i = 0; i < g->sources; i++) {
        const nd_source *from = &g->source[i];
        if (self->input[from->input]->band[from->band].kind != ND_CONTINUOUS)
            self->levels = ND_REDUCED;
    }
}

static nd_status make_group(nd_node *self, const job *j, state *s, int number)
{
    group *g = &s->group[number];
    int which[TARGETS], count = 0;
    const nd_grid *grid;
    asked a;
    for (int k = 0; k < self->bands; k++)
        if (s->group_of[k] == number) s->at[k] = count, which[count++] = k;
    ND_TRY(compile(self, j, which, count, &a, &g->expr));
    ND_TRY(grid_of(self, &a.scope, &grid));
    g->grid = *grid;
    g->source = a.scope.source, g->sources = a.scope.sources, g->first = s->sources;
    s->sources += g->sources;
    shape(self, s, g);
    return place(self, &a, g);
}

// The rows of the node: one group's after the other's.
static nd_status join_sources(nd_node *self, const state *s)
{
    nd_source *all = nd_alloc(self->arena, (size_t)s->sources + 1, sizeof *all);
    if (!all) return ND_E_MEMORY;
    for (int i = 0; i < s->groups; i++)
        memcpy(all + s->group[i].first, s->group[i].source,
               (size_t)s->group[i].sources * sizeof *all);
    self->source = all, self->sources = s->sources;
    return ND_OK;
}

static nd_status plan(nd_node *self)
{
    const band_maths *set = self->state;
    job j = {0};
    state *s = nd_alloc(self->arena, 1, sizeof *s);
    if (!s) return ND_E_MEMORY;
    ND_TRY(constants(self, &set->variables, &j));
    ND_TRY(targets(self, set, &j));
    ND_TRY(describe_all(self, &j));
    *s = (state){.group = nd_alloc(self->arena, j.count, sizeof *s->group),
                 .group_of = nd_alloc(self->arena, j.count, sizeof *s->group_of),
                 .at = nd_alloc(self->arena, j.count, sizeof *s->at)};
    if (!s->group || !s->group_of || !s->at) return ND_E_MEMORY;
    ND_TRY(divide(self, &j, s));
    self->levels = ND_EXACT;
    for (int i = 0; i < s->groups; i++) ND_TRY(make_group(self, &j, s, i));
    ND_TRY(join_sources(self, s));
    self->state = s;
    self->name = nd_text(self->arena, "%s_BandMath", self->input[0]->name);
    return self->name ? ND_OK : ND_E_MEMORY;
}

static void fill_places(const group *g, const nd_ctx *ctx, double (*value)[ND_ROW])
{
    const double y = nd_level0(ctx->y, ctx->level) + 0.5;
    for (int i = 0; i < ctx->count; i++) {
        const double x = nd_level0(ctx->x + i, ctx->level) + 0.5;
        value[LON][i] = g->grid.x + g->grid.pixel_x * x;
        value[LAT][i] = g->grid.y + g->grid.pixel_y * y;
        value[TIME][i] = g->start + g->days * y / g->grid.height;
    }
    if (!g->to_degrees || nd_transform_points(g->to_degrees, (size_t)ctx->count,
                                              value[LON], value[LAT]) == ND_OK)
        return;
    (void)nd_error_take();
    for (int i = 0; i < ctx->count; i++) value[LON][i] = value[LAT][i] = (double)NAN;
}

// The bands that are wanted lie on one grid, so they are of one group.
static void row(const void *state_of, const nd_ctx *ctx, const float *const *in,
                float *const *out)
{
    const state *s = state_of;
    const group *g = &s->group[s->group_of[ctx->bands.band[0]]];
    float *to[TARGETS] = {0};
    for (int k = 0; k < ctx->bands.count; k++) to[s->at[ctx->bands.band[k]]] = out[k];
    nd_expr_rows rows = {ctx->x, ctx->y, ctx->level, ctx->count, in + g->first, NULL};
    if (!g->to_degrees && g->days == 0 && g->start == 0) {
        nd_expr_run(g->expr, &rows, to);
        return;
    }
    double value[PLACES][ND_ROW];
    const double *place[PLACES] = {value[LAT], value[LON], value[TIME]};
    fill_places(g, ctx, value);
    rows.place = place;
    nd_expr_run(g->expr, &rows, to);
}

const nd_op nd_op_band_maths = {
    .name = "band_maths",
    .snap = "BandMaths",
    .was = "BandMath,band_math",
    .brief = "Make bands from expressions over other bands",
    .example = "nadir band_maths scene.SAFE -o ndvi.tif --name ndvi "
               "--expression '(B8 - B4) / (B8 + B4)'",
    .help =
        "Expressions are SNAP's: + - * / %, < <= > >= == !=, and or not, & | ^ ~,\n"
        "a > 0 ? b : c, if a > 0 then b else c, and functions such as min, max, abs,\n"
        "sqrt, pow, log, exp, avg. No data goes through arithmetic; comparisons with\n"
        "it are false. Bands of several inputs: $1.B4, $2.B4, or $id.B4. A band made\n"
        "has the grid of the bands it reads: bands of several sizes may be made at once.",
    .table = ND_TABLE(params, band_maths),
    .min_inputs = 1,
    .max_inputs = -1,
    .levels = ND_REDUCED, // exact where plan finds all expressions linear
    .level_error = 5.08,
    .plan = plan,
    .row = row,
};
