// SPDX-License-Identifier: Apache-2.0
// Mosaic: many pictures on one grid, their mean where they overlap.
#include <nadir/expr.h>
#include <nadir/geo.h>
#include <nadir/op.h>
#include <string.h>

extern const nd_op nd_op_reproject; // each source is brought to the grid by it

enum { MOST = 64 }; // variables and conditions

typedef struct variable {
    const char *name, *expression;
} variable;
typedef struct condition {
    const char *name, *expression;
    bool output;
} condition;
enum { OR, AND };
typedef struct mosaic {
    nd_rows variables, conditions;
    nd_choice combine;
    const char *crs;
    nd_choice resampling;
    double west_bound, north_bound, east_bound, south_bound;
    double pixel_size_x, pixel_size_y, max_error_px;
} mosaic;

static const nd_option combines[] = {{"OR", "Where any condition holds", NULL},
                                     {"AND", "Where all conditions hold", NULL},
                                     {0}};
static const nd_option kernels[] = {
    {"Nearest", "The pixel that the centre falls in", NULL},
    {"Bilinear", "Weighted mean of 2 x 2 pixels", NULL},
    {"Bicubic", "Weighted mean of 4 x 4 pixels", "Cubic"},
    {0}};
static const nd_param variable_params[] = {
    ND_PARAM(variable, name, NULL, .required = true, .help = "Name of the band made"),
    ND_PARAM(variable, expression, NULL, .required = true, .of = "expression",
             .help = "What it is, of the bands of each source"),
};
static const nd_table variable_table = ND_TABLE(variable_params, variable);
static const nd_param condition_params[] = {
    ND_PARAM(condition, name, NULL, .required = true, .help = "Name of the condition"),
    ND_PARAM(condition, expression, NULL, .required = true, .of = "expression",
             .help = "Where a source counts"),
    ND_PARAM(condition, output, false,
             .help = "Make a band of how many sources fulfil it"),
};
static const nd_table condition_table = ND_TABLE(condition_params, condition);

static const nd_param params[] = {
    ND_PARAM(mosaic, variables, {0}, .rows = &variable_table, .row_snap = "variable",
             .help = "Bands to make"),
    ND_PARAM(mosaic, conditions, {0}, .rows = &condition_table, .row_snap = "condition",
             .help = "Where sources count; everywhere if none is given"),
    ND_PARAM(mosaic, combine, {OR}, .choices = combines,
             .help = "How several conditions go together"),
    ND_PARAM(mosaic, crs, "EPSG:4326", .of = "crs", .help = "System of the result"),
    ND_PARAM(mosaic, resampling, {0}, .choices = kernels,
             .help = "How values between pixels are found"),
    ND_PARAM(mosaic, west_bound, -15, .snap = "westBound", .min = -180, .max = 180,
             .unit = "degrees", .help = "Western edge"),
    ND_PARAM(mosaic, north_bound, 75, .snap = "northBound", .min = -90, .max = 90,
             .unit = "degrees", .help = "Northern edge"),
    ND_PARAM(mosaic, east_bound, 30, .snap = "eastBound", .min = -180, .max = 180,
             .unit = "degrees",
             .help = "Eastern edge; less than the western one goes past 180 degrees"),
    ND_PARAM(mosaic, south_bound, 35, .snap = "southBound", .min = -90, .max = 90,
             .unit = "degrees", .help = "Southern edge"),
    ND_PARAM(mosaic, pixel_size_x, 0.05, .snap = "pixelSizeX", .min = 1e-9, .max = 1e9,
             .unit = "map units", .help = "Width of a pixel"),
    ND_PARAM(mosaic, pixel_size_y, 0.05, .snap = "pixelSizeY", .min = 1e-9, .max = 1e9,
             .unit = "map units", .help = "Height of a pixel"),
    ND_PARAM(mosaic, max_error_px, 0.125, .min = 0, .max = 1, .soft_max = 0.5,
             .unit = "source pixels",
             .help = "How far a position may be off; 0 asks each pixel exactly, slowly"),
};

// The earlier mosaic among the inputs; -1: none.
static int find_update(const char *const *id, int inputs)
{
    for (int i = 0; id && i < inputs; i++)
        if (nd_text_same(id[i], "updateProduct") || nd_text_same(id[i], "update_product"))
            return i;
    return -1;
}

// ---- Compose: the grid, and each source brought to it.

static nd_status lay(nd_arena *arena, const mosaic *set, nd_grid *grid)
{
    const nd_crs *degrees = nd_crs_new(arena, "EPSG:4326"),
                 *crs = nd_crs_new(arena, set->crs);
    nd_transform *t = degrees && crs ? nd_transform_new(arena, degrees, crs) : NULL;
    if (!t) return ND_E_PARAM;
    double east = set->east_bound;
    if (east <= set->west_bound) east += 360;
    if (set->north_bound <= set->south_bound)
        return nd_fail(ND_E_PARAM,
                       "north_bound %g is not north of south_bound %g\nswap the two",
                       set->north_bound, set->south_bound);
    nd_box box = {set->west_bound, set->south_bound, east, set->north_bound};
    ND_TRY(nd_transform_box(t, box, &box));
    const double w = floor(nd_whole((box.x1 - box.x0) / set->pixel_size_x)),
                 h = floor(nd_whole((box.y1 - box.y0) / set->pixel_size_y));
    if (!(w >= 1 && h >= 1 && w <= 1 << 27 && h <= 1 << 27 && w * h <= 4e12))
        return nd_fail(ND_E_PARAM,
                       "the mosaic would be %.0f x %.0f pixels\n"
                       "choose other bounds, or pixel sizes in units of the crs",
                       w, h);
    // As SNAP: the centre of the first pixel lies on the corner of the box.
    *grid = (nd_grid){.width = (int)w,
                      .height = (int)h,
                      .x = box.x0 - set->pixel_size_x / 2,
                      .y = box.y1 + set->pixel_size_y / 2,
                      .pixel_x = set->pixel_size_x,
                      .pixel_y = -set->pixel_size_y,
                      .crs = crs};
    return ND_OK;
}

static nd_node *bring(nd_arena *arena, const nd_make *make, const nd_grid *grid,
                      nd_node *source)
{
    const mosaic *set = make->settings->data;
    const struct {
        const char *name;
        double value;
    } number[] = {{"pixel_size_x", grid->pixel_x},
                  {"pixel_size_y", -grid->pixel_y},
                  {"width", grid->width},
                  {"height", grid->height},
                  {"easting", grid->x},
                  {"northing", grid->y},
                  {"max_error_px", set->max_error_px}};
    nd_settings s;
    if (nd_settings_new(arena, &nd_op_reproject.table, &s) != ND_OK ||
        nd_settings_set(arena, &s, "crs", grid->crs->text) != ND_OK ||
        nd_settings_set(arena, &s, "resampling", kernels[set->resampling.at].name) !=
            ND_OK)
        return NULL;
    for (size_t i = 0; i < sizeof number / sizeof *number; i++) {
        const char *text = nd_text_of_real(arena, number[i].value);
        if (!text || nd_settings_set(arena, &s, number[i].name, text) != ND_OK)
            return NULL;
    }
    return nd_node_new(arena, &(nd_make){.op = &nd_op_reproject,
                                         .input = &source,
                                         .inputs = 1,
                                         .settings = &s,
                                         .place = make->place,
                                         .strict = make->strict});
}

// Sources that cannot contribute are left out, and said: SNAP does the same.
static nd_status is_useful(nd_arena *arena, const nd_make *make, int i,
                           const nd_grid *grid, bool *useful)
{
    const char *id = make->input_id ? make->input_id[i] : "sourceProduct";
    const nd_grid *own = nd_node_grid(make->input[i]);
    *useful = false;
    if (!own || !own->crs) {
        nd_say(ND_WARN, "%s is left out: it does not say where on Earth it lies", id);
        return ND_OK;
    }
    ND_TRY(nd_grid_meets(arena, grid, own, useful));
    if (!*useful) nd_say(ND_NOTE, "%s is left out: it lies outside of the mosaic", id);
    return ND_OK;
}

// As SNAP: an earlier mosaic is added to on its own grid, wherever the bounds are.
static nd_status lay_as(const nd_node *update, nd_grid *grid)
{
    const nd_grid *own = nd_node_grid(update);
    if (!own || !own->crs)
        return nd_fail(ND_E_DATA, "updateProduct does not say where on Earth it lies\n"
                                  "give a mosaic that was made with a crs");
    *grid = *own;
    return ND_OK;
}

// The earlier mosaic is the last of the blend's inputs.
static nd_status gather(nd_arena *arena, const nd_make *make, const nd_grid *grid,
                        nd_make *blend)
{
    const int update = find_update(make->input_id, make->inputs);
    nd_node **input = nd_alloc(arena, (size_t)make->inputs, sizeof *input);
    const char **id = nd_alloc(arena, (size_t)make->inputs, sizeof *id);
    if (!input || !id) return ND_E_MEMORY;
    for (int i = 0; i < make->inputs; i++) {
        bool useful = false;
        if (i != update) ND_TRY(is_useful(arena, make, i, grid, &useful));
        if (!useful) continue;
        nd_node *brought = bring(arena, make, grid, make->input[i]);
        if (!brought) return nd_error_code();
        input[blend->inputs++] = brought;
    }
    if (update >= 0)
        id[blend->inputs] = "updateProduct", input[blend->inputs++] = make->input[update];
    blend->input = input, blend->input_id = id;
    if (blend->inputs) return ND_OK;
    return nd_fail(ND_E_DATA, "no source lies inside of the bounds\n"
                              "give bounds, in degrees, that overlap the sources");
}

// ---- Blend: the private node that stands for the mosaic.

typedef struct part {    // of one source
    const nd_expr *expr; // variables, then conditions
    nd_bands bands;      // of the source, ascending
    int *row_of;         // of each row of the expression: which of those bands
    int rows;
} part;
typedef struct blend {
    int variables, conditions, sources;
    bool all; // conditions must all hold
    part *part;
    int *band_of; // of each condition: the band it is counted in; -1: none
    // The earlier mosaic, the input behind the sources: which band of it is each of
    // this one's. NULL: none.
    nd_source *earlier;
} blend;

static nd_status sort_bands(nd_arena *arena, const nd_node *source,
                            const nd_expr_scope *scope, part *p)
{
    int *band = nd_alloc(arena, (size_t)source->bands + 1, sizeof *band);
    p->row_of = nd_alloc(arena, (size_t)scope->sources + 1, sizeof *p->row_of);
    if (!band || !p->row_of) return ND_E_MEMORY;
    int count = 0;
    for (int b = 0; b < source->bands; b++) {
        bool is_named = false;
        for (int r = 0; r < scope->sources; r++)
            if (scope->source[r].band == b) is_named = true, p->row_of[r] = count;
        if (is_named) band[count++] = b;
    }
    if (!count) band[count++] = 0; // a constant counts where the source has pixels
    p->bands = (nd_bands){band, count};
    p->rows = scope->sources;
    return ND_OK;
}

static nd_status compile(nd_node *self, int i, const mosaic *set, part *p)
{
    const char *text[2 * MOST];
    const variable *v = set->variables.item;
    const condition *c = set->conditions.item;
    int count = 0;
    for (size_t k = 0; k < set->variables.count; k++) text[count++] = v[k].expression;
    for (size_t k = 0; k < set->conditions.count; k++) text[count++] = c[k].expression;
    // Names are those of one source: each has the same ones.
    nd_node *one = nd_alloc(self->arena, 1, sizeof *one);
    nd_expr_scope scope;
    if (!one) return ND_E_MEMORY;
    *one = *self;
    one->input = self->input + i, one->input_id = self->input_id + i, one->inputs = 1;
    ND_TRY(nd_expr_scope_new(self->arena, one, &scope));
    ND_TRY(nd_expr_compile(self->arena,
                           &(nd_expr_ask){.text = text,
                                          .count = count,
                                          .resolve = nd_expr_resolve,
                                          .user = &scope,
                                          .strict = self->strict},
                           &p->expr));
    return sort_bands(self->arena, self->input[i], &scope, p);
}

static nd_band counter(nd_arena *arena, const char *format, const char *name,
                       const char *help, const nd_grid *grid)
{
    return (nd_band){.name = nd_text(arena, format, name),
                     .help = help,
                     .sample = ND_I32,
                     .no_data = (double)NAN,
                     .grid = *grid};
}

static nd_status describe(nd_node *self, const mosaic *set, blend *s)
{
    const variable *v = set->variables.item;
    const condition *c = set->conditions.item;
    const nd_grid grid = *nd_node_grid(self->input[0]);
    nd_arena *arena = self->arena;
    nd_band *band =
        nd_alloc(arena, 2 * set->variables.count + set->conditions.count, sizeof *band);
    s->band_of = nd_alloc(arena, set->conditions.count + 1, sizeof *s->band_of);
    if (!band || !s->band_of) return ND_E_MEMORY;
    int bands = 0;
    for (int k = 0; k < s->variables; k++) {
        band[bands++] = (nd_band){.name = v[k].name,
                                  .sample = ND_F32,
                                  .no_data = self->strict ? 0 : (double)NAN,
                                  .grid = grid};
        band[bands++] = counter(arena, "%s_count", v[k].name,
                                "How many sources went into the mean", &grid);
    }
    for (int k = 0; k < s->conditions; k++) {
        s->band_of[k] = c[k].output ? bands : -1;
        if (c[k].output)
            band[bands++] = counter(arena, "%s", c[k].name,
                                    "How many sources fulfil the condition", &grid);
    }
    self->band = band, self->bands = bands;
    for (int b = 0; b < bands; b++)
        if (!band[b].name) return ND_E_MEMORY;
    return ND_OK;
}

// Each band of this mosaic is one of the earlier one, by its name.
static nd_status find_earlier(nd_node *self, blend *s)
{
    const nd_node *update = self->input[s->sources];
    s->earlier = nd_alloc(self->arena, (size_t)self->bands, sizeof *s->earlier);
    if (!s->earlier) return ND_E_MEMORY;
    for (int b = 0; b < self->bands; b++) {
        const nd_band *band = &self->band[b];
        int k = 0;
        while (k < update->bands && !nd_text_same(update->band[k].name, band->name)) k++;
        if (k == update->bands)
            return nd_fail(ND_E_DATA,
                           "updateProduct has no band %.150s\n"
                           "give the variables and conditions that it was made with",
                           band->name);
        if (!nd_grid_same(&update->band[k].grid, &band->grid))
            return nd_fail(ND_E_DATA,
                           "band %.150s of updateProduct is of another size\n"
                           "give a mosaic as it was made",
                           band->name);
        s->earlier[b] = (nd_source){s->sources, k};
    }
    return ND_OK;
}

static nd_status blend_plan(nd_node *self)
{
    const mosaic *set = self->settings.data;
    blend *s = nd_alloc(self->arena, 1, sizeof *s);
    if (!s) return ND_E_MEMORY;
    s->part = nd_alloc(self->arena, (size_t)self->inputs, sizeof *s->part);
    if (!s->part) return ND_E_MEMORY;
    if (set->variables.count < 1 || set->variables.count > MOST ||
        set->conditions.count > MOST)
        return nd_fail(ND_E_PARAM,
                       "%zu variables and %zu conditions\n"
                       "give 1 to 64 variables, and up to 64 conditions",
                       set->variables.count, set->conditions.count);
    s->variables = (int)set->variables.count, s->conditions = (int)set->conditions.count;
    s->all = set->combine.at == AND;
    const int update = find_update(self->input_id, self->inputs);
    s->sources = update < 0 ? self->inputs : update;
    for (int i = 0; i < s->sources; i++) ND_TRY(compile(self, i, set, &s->part[i]));
    ND_TRY(describe(self, set, s));
    if (update >= 0) ND_TRY(find_earlier(self, s));
    self->state = s;
    self->product = NULL;
    self->name = "mosaic";
    return ND_OK;
}

// Sums of one run of pixels, for all variables and conditions.
typedef struct sums {
    float value[2 * MOST][ND_ROW], *out[2 * MOST];
    double sum[MOST][ND_ROW];
    float count[2 * MOST][ND_ROW]; // levels of an earlier mosaic have parts of one
} sums;

static void add_source(const blend *s, sums *u, const float *there, int count)
{
    for (int i = 0; i < count; i++) {
        if (isnan(there[i])) continue;
        bool any = !s->conditions, all = true;
        for (int c = 0; c < s->conditions; c++) {
            const bool holds = u->value[s->variables + c][i] > 0;
            u->count[MOST + c][i] += holds ? 1 : 0;
            any |= holds, all &= holds;
        }
        if (!(s->all ? all : any)) continue;
        for (int v = 0; v < s->variables; v++)
            if (!isnan(u->value[v][i]))
                u->sum[v][i] += (double)u->value[v][i], u->count[v][i]++;
    }
}

// Means weigh as much as sources went into them. SNAP's 0 for no data may be a mean, too.
static void add_means(const nd_tile *from, int v, double no_data, sums *u)
{
    const nd_rect run = from->rect;
    const float *mean = nd_at(from, 2 * v, run.x, run.y),
                *count = nd_at(from, 2 * v + 1, run.x, run.y);
    for (int i = 0; i < run.width; i++) {
        const double value = isnan(mean[i]) ? no_data : (double)mean[i];
        if (!(count[i] > 0) || isnan(value)) continue;
        u->sum[v][i] += value * (double)count[i];
        u->count[v][i] += count[i];
    }
}

static nd_status add_earlier(const nd_node *self, nd_work *work, sums *u, nd_rect run,
                             int level)
{
    const blend *s = self->state;
    const nd_band *band = self->input[s->sources]->band;
    const nd_mark mark = nd_arena_mark(work->arena);
    const size_t bands = (size_t)self->bands, width = (size_t)run.width;
    int *all = nd_alloc(work->arena, bands, sizeof *all);
    float *data = nd_alloc_raw(work->arena, bands * width, sizeof *data);
    if (!all || !data) return ND_E_MEMORY;
    for (int b = 0; b < self->bands; b++) all[b] = b;
    nd_tile from = {run, level, {all, self->bands}, run.width, run.width, data};
    ND_TRY(nd_forward(self, work, s->earlier, 0, 0, &from));
    for (int v = 0; v < s->variables; v++)
        add_means(&from, v, band[s->earlier[(ptrdiff_t)2 * v].band].no_data, u);
    for (int c = 0; c < s->conditions; c++) {
        const int b = s->band_of[c];
        const float *count = b < 0 ? NULL : nd_at(&from, b, run.x, run.y);
        for (int i = 0; count && i < run.width; i++)
            if (!isnan(count[i])) u->count[MOST + c][i] += count[i];
    }
    nd_arena_back(work->arena, mark);
    return ND_OK;
}

static void store(const nd_node *self, const sums *u, nd_rect run, nd_tile *tile)
{
    const blend *s = self->state;
    for (int k = 0; k < tile->bands.count; k++) {
        const int b = tile->bands.band[k], v = b / 2;
        float *out = nd_at(tile, k, run.x, run.y);
        int c = 0;
        while (b >= 2 * s->variables && s->band_of[c] != b) c++;
        for (int i = 0; i < run.width; i++) {
            if (b >= 2 * s->variables)
                out[i] = u->count[MOST + c][i];
            else if (b % 2)
                out[i] = u->count[v][i];
            else if (u->count[v][i] > 0)
                out[i] = (float)(u->sum[v][i] / (double)u->count[v][i]);
            else
                out[i] = self->strict ? 0 : NAN;
        }
    }
}

static nd_status run_of(const nd_node *self, nd_work *work, sums *u, nd_rect run,
                        nd_tile *tile)
{
    const blend *s = self->state;
    const float *in[512];
    memset(u->sum, 0, sizeof u->sum);
    memset(u->count, 0, sizeof u->count);
    for (int i = 0; i < s->sources; i++) {
        const part *p = &s->part[i];
        const nd_mark mark = nd_arena_mark(work->arena);
        nd_tile from;
        ND_TRY(nd_read(self->input[i], work, p->bands, tile->level, run, &from));
        for (int r = 0; r < p->rows && r < 512; r++)
            in[r] = nd_at(&from, p->row_of[r], run.x, run.y);
        nd_expr_run(p->expr,
                    &(nd_expr_rows){run.x, run.y, tile->level, run.width, in, NULL},
                    u->out);
        add_source(s, u, nd_at(&from, 0, run.x, run.y), run.width);
        nd_arena_back(work->arena, mark);
    }
    if (s->earlier) ND_TRY(add_earlier(self, work, u, run, tile->level));
    store(self, u, run, tile);
    return ND_OK;
}

static nd_status blend_compute(const nd_node *self, nd_work *work, nd_tile *tile)
{
    const blend *s = self->state;
    const nd_rect r = tile->rect;
    sums *u = nd_alloc(work->arena, 1, sizeof *u);
    if (!u) return ND_E_MEMORY;
    for (int k = 0; k < s->variables + s->conditions; k++) u->out[k] = u->value[k];
    for (int y = r.y; y < r.y + r.height; y++)
        for (int x = r.x; x < r.x + r.width; x += ND_ROW) {
            const int left = r.x + r.width - x;
            ND_TRY(run_of(self, work, u,
                          (nd_rect){x, y, left < ND_ROW ? left : ND_ROW, 1}, tile));
        }
    return ND_OK;
}

static const nd_op op_blend = {
    .name = "mosaic",
    .snap = "Mosaic",
    .brief = "The mean of pictures on one grid",
    .table = ND_TABLE(params, mosaic),
    .min_inputs = 1,
    .max_inputs = -1,
    .levels = ND_REDUCED,
    .plan = blend_plan,
    .compute = blend_compute,
};

static nd_node *compose(nd_arena *arena, const nd_make *make)
{
    nd_grid grid;
    nd_make made = *make;
    const int update = find_update(make->input_id, make->inputs);
    made.op = &op_blend, made.inputs = 0;
    if (nd_settings_check(make->settings) == ND_OK &&
        (update < 0 ? lay(arena, make->settings->data, &grid)
                    : lay_as(make->input[update], &grid)) == ND_OK &&
        gather(arena, make, &grid, &made) == ND_OK)
        return nd_node_new(arena, &made);
    nd_note("%s", make->place ? make->place : make->op->name);
    return NULL;
}

const nd_op nd_op_mosaic = {
    .name = "mosaic",
    .snap = "Mosaic",
    .brief = "Put many scenes on one grid, their mean where they overlap",
    .example = "nadir run mosaic.yaml",
    .help =
        "Bounds are degrees, pixel sizes are units of crs. Each variable becomes a\n"
        "band and a count of the sources in it. Where none counts there is no data;\n"
        "SNAP writes 0 there. The input updateProduct is an earlier mosaic that goes\n"
        "on: its grid is taken, whatever the bounds, and its means weigh by their\n"
        "counts. Give the variables and conditions that it was made with.",
    .ignores = "orthorectify,elevationModelName",
    .table = ND_TABLE(params, mosaic),
    .min_inputs = 1,
    .max_inputs = -1,
    .takes_each = true,
    .levels = ND_REDUCED,
    .compose = compose,
};
