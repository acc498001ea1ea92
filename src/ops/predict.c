// SPDX-License-Identifier: Apache-2.0
// Predict: a trained network as an operator: windows of the input in, classes out.
#include <nadir/contract.h>
#include <nadir/lattice.h>
#include <nadir/op.h>
#include <nadir/predictor.h>
#include <nadir/product.h>
#include <stdlib.h>
#include <string.h>

typedef struct predict {
    nd_path model;
    nd_list output, bands;
    int tile, overlap, stride, tta;
    nd_choice blend, nodata;
    double threshold;
    const char *units;
    bool accept_level, accept_pixel, accept_values;
    struct brain *brain; // no setting: what the expression's parts share
} predict;

static const nd_option blends[] = {
    {"crop", "The middle of each window, or the patch's own cell", NULL},
    {"linear", "Weights along a line, between windows or between patches", NULL},
    {"cosine", "Weights along a quarter of a squared sine", NULL},
    {NULL, NULL, NULL},
};
static const nd_option missings[] = {
    {"any", "No answer where one of the bands has no data", NULL},
    {"all", "No answer where none of the bands has data", NULL},
    {NULL, NULL, NULL},
};
enum { AUTO = -1, BATCH = 16, MOST_OUTPUTS = 254 };

static const nd_param params[] = {
    ND_PARAM(predict, model, {NULL}, .required = true, .of = "model",
             .help = "Weights with a model card"),
    ND_PARAM(predict, output, ND_WORDS("class"),
             .help =
                 "What to give: class, probability, confidence, margin, entropy, value"),
    ND_PARAM(predict, bands, {NULL},
             .help = "Which band stands for one of the model: B04=red"),
    ND_PARAM(predict, units, NULL,
             .help = "Unit of bands that do not say it: DN, reflectance or dB"),
    ND_PARAM(predict, tile, 512, .min = 16, .max = 4096, .soft_min = 128,
             .soft_max = 1024, .step = 64, .unit = "pixels",
             .help = "Side of the windows of models that answer for each pixel"),
    ND_PARAM(predict, overlap, AUTO, .min = AUTO, .max = 2048, .unit = "pixels",
             .help = "Overlap of the windows, -1 for what the model needs"),
    ND_PARAM(predict, blend, {ND_BLEND_COSINE}, .choices = blends,
             .help = "How what overlaps becomes one picture"),
    ND_PARAM(predict, stride, 0, .min = 0, .max = 4096, .soft_min = 8, .soft_max = 64,
             .step = 8, .unit = "pixels",
             .help =
                 "Step of the patches of models that answer for a picture, 0 for half "
                 "a patch"),
    ND_PARAM(predict, tta, 1, .min = 1, .max = 8,
             .help = "Symmetries averaged: 1, 4 turns, or 8 with mirrors"),
    ND_PARAM(predict, nodata, {0}, .choices = missings,
             .help = "Where a pixel has no answer"),
    ND_PARAM(predict, threshold, 0, .min = 0, .max = 1, .soft_min = 0, .soft_max = 1,
             .step = 0.05, .help = "Below this confidence a pixel has no class"),
    ND_PARAM(predict, accept_level, false,
             .help = "Take scenes of another level than the model was trained on"),
    ND_PARAM(predict, accept_pixel, false,
             .help = "Take pixels of another size than the model was trained on"),
    ND_PARAM(predict, accept_values, false,
             .help = "Go on though the values are far from those of the training"),
};

typedef enum what { CLASS, PROBABILITY, CONFIDENCE, MARGIN, ENTROPY, VALUE } what;
static const char *const whats[] = {"class",  "probability", "confidence",
                                    "margin", "entropy",     "value"};

// What the parts of the expression share.
typedef struct brain {
    nd_predictor *with;
    const nd_card *card;
    int outputs;
    nd_taken *taken; // of each band of the card
    int *band;       // the same, as numbers of the input's bands
    int side;        // of a window
} brain;

static int round_up(int value, int to)
{
    return (value + to - 1) / to * to;
}

// Overlap: twice the sight of the model, so that the middle sees all it wants; a quarter
// of a window at most, 32 at least, and a whole number of the net's steps.
static int overlap_of(const predict *set, const nd_card *card, int side)
{
    const int multiple = card->multiple > 0 ? card->multiple : 1;
    int o = set->overlap;
    if (o == AUTO) {
        o = card->radius > 0 && 2 * card->radius < side / 4.0 ? (int)(2 * card->radius)
                                                              : side / 4;
        if (o < 32) o = 32;
    }
    o = round_up(o, 2 * multiple);
    return o > side / 2 ? side / 2 / (2 * multiple) * 2 * multiple : o;
}

static nd_status measure(const predict *set, brain *b, nd_windows_make *make)
{
    const nd_card *card = b->card;
    if (!nd_predictor_is_mask(b->with)) {
        b->side = card->patch > 0 ? card->patch : 64;
        make->lattice = (nd_lattice){b->side, 0, (nd_blend)set->blend.at};
        make->stride = set->stride ? set->stride : b->side / 2;
        make->batch = BATCH;
        return ND_OK;
    }
    b->side = round_up(set->tile, card->multiple > 0 ? card->multiple : 1);
    if (set->overlap > b->side / 2)
        return nd_fail(ND_E_PARAM,
                       "overlap: %d pixels are more than half a window of %d\n"
                       "take at most %d",
                       set->overlap, b->side, b->side / 2);
    make->lattice =
        (nd_lattice){b->side, overlap_of(set, card, b->side), (nd_blend)set->blend.at};
    make->batch = 1;
    return ND_OK;
}

// The card's bands among the input's.
static nd_status match(nd_arena *arena, const nd_node *in, const predict *set, brain *b)
{
    const size_t wanted = (size_t)b->card->bands;
    nd_offer *offer = nd_alloc(arena, (size_t)in->bands + 1, sizeof *offer);
    b->taken = nd_alloc(arena, wanted, sizeof *b->taken);
    b->band = nd_alloc(arena, wanted, sizeof *b->band);
    if (!offer || !b->taken || !b->band) return ND_E_MEMORY;
    for (int i = 0; i < in->bands; i++)
        offer[i] = (nd_offer){in->band[i].name, in->band[i].unit,
                              nd_wavelength_of(&in->band[i])};
    const nd_grid *grid = nd_node_grid(in);
    const bool is_metric = grid && grid->crs && !grid->crs->is_geographic;
    const nd_offers offers = {offer, in->bands, is_metric ? fabs(grid->pixel_x) : 0,
                              in->product ? in->product->level : NULL};
    const nd_terms terms = {set->bands.item, (int)set->bands.count, set->units,
                            set->accept_level, set->accept_pixel};
    ND_TRY(nd_card_match(arena, b->card, &offers, &terms, b->taken));
    for (size_t k = 0; k < wanted; k++) b->band[k] = b->taken[k].band;
    return ND_OK;
}

// ---- Values far from those of the training: another unit, an offset, another scene.
static int by_value(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

static nd_status check_band(const brain *b, int k, float *value, size_t count)
{
    const nd_card_band *want = &b->card->band[k];
    if (!count || !(want->p98 > want->p2)) return ND_OK;
    qsort(value, count, sizeof *value, by_value);
    const double median = (double)value[count / 2], spread = want->p98 - want->p2;
    if (median >= want->p2 - 2 * spread && median <= want->p98 + 2 * spread) return ND_OK;
    return nd_fail(
        ND_E_DATA,
        "%s has a median of %.4g %s, and the model was trained on %.4g to %.4g\n"
        "check unit, offset and product, or say accept_values: true",
        want->name, median, want->unit ? want->unit : "", want->p2, want->p98);
}

// Before the first window: 64 squares of 8 x 8 pixels across the scene.
static nd_status check_values(void *user, const nd_node *in, nd_work *work)
{
    const brain *b = user;
    const nd_grid grid = in->band[b->band[0]].grid;
    enum { ACROSS = 8, SMALL = 8 };
    const int64_t most = (int64_t)ACROSS * ACROSS * SMALL * SMALL;
    float *value =
        nd_alloc_raw(work->arena, (size_t)(most * b->card->bands), sizeof *value);
    size_t *count = nd_alloc(work->arena, (size_t)b->card->bands, sizeof *count);
    if (!value || !count) return ND_E_MEMORY;
    for (int i = 0; i < ACROSS * ACROSS; i++) {
        nd_rect r = {(int)((int64_t)grid.width * (2 * (i % ACROSS) + 1) / (2 * ACROSS)),
                     (int)((int64_t)grid.height * (2 * (i / ACROSS) + 1) / (2 * ACROSS)),
                     SMALL, SMALL};
        r = nd_rect_clip(r, grid.width, grid.height);
        for (int k = 0; k < b->card->bands; k++) {
            nd_tile tile;
            ND_TRY(nd_read(in, work, (nd_bands){&b->band[k], 1}, 0, r, &tile));
            for (int p = 0; p < r.width * r.height; p++) {
                const float v = *nd_at(&tile, 0, r.x + p % r.width, r.y + p / r.width);
                if (!isnan(v))
                    value[k * most + (int64_t)count[k]++] = v * (float)b->taken[k].factor;
            }
        }
    }
    for (int k = 0; k < b->card->bands; k++)
        ND_TRY(check_band(b, k, value + k * most, count[k]));
    return ND_OK;
}

// Windows as read: into the card's units, then to the network.
static nd_status say(void *user, int symmetries, float *x, float *out)
{
    const brain *b = user;
    const bool is_mask = nd_predictor_is_mask(b->with);
    const int64_t plane = (int64_t)b->side * b->side;
    const int count = is_mask ? 1 : BATCH;
    for (int64_t n = 0; n < (int64_t)count * b->card->bands; n++) {
        const float factor = (float)b->taken[n % b->card->bands].factor;
        for (int64_t i = 0; i < plane; i++) x[n * plane + i] *= factor;
    }
    return nd_predictor_run(b->with, &(nd_windows){x, count, b->side, symmetries}, out);
}

// ---- What is asked for, made of the probabilities of a pixel.
typedef struct answers {
    int outputs, bands; // sources: so many probabilities, then so many bands
    bool any_will_do;
    float threshold;
    const float *value; // of each class
    const int *is;      // of each band: a what, plus 8 times which output
} answers;

static nd_status know(const predict *set, const brain *b, int *wanted)
{
    *wanted = 0;
    for (size_t i = 0; i < set->output.count; i++) {
        size_t w = 0;
        while (w < 6 && !nd_text_same(set->output.item[i], whats[w])) w++;
        if (w == 6) {
            const char *nearest = nd_text_nearest(set->output.item[i], whats, 6);
            return nd_fail(ND_E_PARAM, "output: there is no %s\n%s%s",
                           set->output.item[i],
                           nearest ? "did you mean " : "take class, probability, …",
                           nearest ? nearest : "");
        }
        if ((w == VALUE) != (b->card->class_count == 0))
            return nd_fail(ND_E_PARAM,
                           "output: %s has %s, not %s\n"
                           "take another output",
                           b->card->name, b->card->class_count ? "classes" : "values",
                           whats[w]);
        *wanted += w == PROBABILITY || w == VALUE ? b->outputs : 1;
    }
    return ND_OK;
}

static nd_status class_band(nd_arena *arena, const brain *b, nd_grid grid, nd_band *band)
{
    nd_label *label = nd_alloc(arena, (size_t)b->card->class_count, sizeof *label);
    if (!label) return ND_E_MEMORY;
    for (int k = 0; k < b->card->class_count; k++) {
        const nd_card_class *c = &b->card->classes[k];
        label[k] = (nd_label){c->value, c->name, c->name, c->colour};
    }
    *band = (nd_band){.name = "class",
                      .help = "Most probable class",
                      .kind = ND_CLASS,
                      .sample = ND_U8,
                      .no_data = 255,
                      .grid = grid,
                      .label = label,
                      .labels = b->card->class_count};
    return ND_OK;
}

// The bands that one word stands for, from band `at` on.
static nd_status name_bands(nd_node *self, const brain *b, int w, int at)
{
    const nd_grid grid = self->input[0]->band[0].grid;
    nd_band *band = self->band + at;
    if (w == CLASS) return class_band(self->arena, b, grid, band);
    const int planes = w == PROBABILITY || w == VALUE ? b->outputs : 1;
    for (int k = 0; k < planes; k++) {
        band[k] = (nd_band){
            .name = whats[w], .grid = grid, .unit = "1", .no_data = (double)NAN};
        if (w == PROBABILITY)
            band[k].name =
                nd_text(self->arena, "probability_%s", b->card->classes[k].name);
        if (w == VALUE && b->outputs > 1)
            band[k].name = nd_text(self->arena, "value_%d", k + 1);
        if (!band[k].name) return ND_E_MEMORY;
    }
    return ND_OK;
}

static nd_status plan_answer(nd_node *self)
{
    const predict *set = self->state;
    const brain *b = set->brain;
    int count, at = 0;
    ND_TRY(know(set, b, &count));
    answers *a = nd_alloc(self->arena, 1, sizeof *a);
    int *is = nd_alloc(self->arena, (size_t)count, sizeof *is);
    float *value = nd_alloc(self->arena, (size_t)b->outputs, sizeof *value);
    nd_source *source =
        nd_alloc(self->arena, (size_t)(b->outputs + b->card->bands), sizeof *source);
    self->band = nd_alloc(self->arena, (size_t)count, sizeof *self->band);
    if (!a || !is || !value || !source || !self->band) return ND_E_MEMORY;
    for (size_t i = 0; i < set->output.count; i++) {
        int w = 0;
        while (!nd_text_same(set->output.item[i], whats[w])) w++;
        ND_TRY(name_bands(self, b, w, at));
        const int planes = w == PROBABILITY || w == VALUE ? b->outputs : 1;
        for (int k = 0; k < planes; k++) is[at++] = w + 8 * k;
    }
    for (int k = 0; k < b->outputs; k++) {
        source[k] = (nd_source){0, k};
        value[k] = k < b->card->class_count ? (float)b->card->classes[k].value : 0;
    }
    for (int k = 0; k < b->card->bands; k++)
        source[b->outputs + k] = (nd_source){1, b->band[k]};
    *a = (answers){
        b->outputs, b->card->bands, set->nodata.at == 1, (float)set->threshold, value,
        is};
    self->bands = count, self->source = source;
    self->sources = b->outputs + b->card->bands;
    self->product = self->input[1]->product, self->name = self->input[1]->name;
    self->state = a;
    return ND_OK;
}

static float answer(const answers *a, int is, const float *const *in, int i)
{
    if (is % 8 == PROBABILITY || is % 8 == VALUE) return in[is / 8][i];
    int best = 0;
    float second = -INFINITY;
    double entropy = 0;
    for (int k = 0; k < a->outputs; k++) {
        const float p = in[k][i];
        if (p > 0) entropy -= (double)p * log((double)p);
        if (!k) continue;
        if (p > in[best][i]) // ties: the smaller class
            second = in[best][i], best = k;
        else if (p > second)
            second = p;
    }
    const float top = in[best][i];
    switch (is % 8) {
    case CONFIDENCE: return top;
    case MARGIN: return a->outputs > 1 ? top - second : top;
    case ENTROPY: return a->outputs > 1 ? (float)(entropy / log(a->outputs)) : 0;
    default: return top < a->threshold ? NAN : a->value[best];
    }
}

static void row(const void *state, const nd_ctx *ctx, const float *const *in,
                float *const *out)
{
    const answers *a = state;
    for (int i = 0; i < ctx->count; i++) {
        int valid = 0;
        for (int k = 0; k < a->bands; k++) valid += !isnan(in[a->outputs + k][i]);
        const bool has_answer = a->any_will_do ? valid > 0 : valid == a->bands;
        for (int k = 0; k < ctx->bands.count; k++)
            out[k][i] = has_answer ? answer(a, a->is[ctx->bands.band[k]], in, i) : NAN;
    }
}

static const nd_op answer_op = {
    .name = "predict_answer",
    .brief = "What is asked for, made of a network's probabilities",
    .table = ND_TABLE(params, predict),
    .min_inputs = 2,
    .max_inputs = 2,
    .levels = ND_FULL,
    .plan = plan_answer,
    .row = row,
};

static nd_status think(nd_arena *arena, const nd_node *in, predict *set,
                       nd_windows_make *make)
{
    brain *b = nd_alloc(arena, 1, sizeof *b);
    if (!b) return ND_E_MEMORY;
    b->with = nd_predictor_open(arena, set->model.text);
    if (!b->with) {
        const nd_error error = nd_error_take();
        return nd_error_give(&error);
    }
    b->card = nd_predictor_card(b->with);
    b->outputs = nd_predictor_outputs(b->with);
    if (b->card->class_count > MOST_OUTPUTS)
        return nd_fail(ND_E_UNSUPPORTED,
                       "%s has %d classes, and a map holds %d\n"
                       "merge classes that need not be told apart",
                       b->card->name, b->card->class_count, MOST_OUTPUTS);
    if (set->tta != 1 && set->tta != 4 && set->tta != 8)
        return nd_fail(ND_E_PARAM, "tta: there are no %d symmetries\ntake 1, 4 or 8",
                       set->tta);
    ND_TRY(measure(set, b, make));
    ND_TRY(match(arena, in, set, b));
    set->brain = b;
    make->outputs = b->outputs, make->band = b->band, make->bands = b->card->bands;
    make->begin = set->accept_values ? NULL : check_values;
    make->run = say, make->user = b, make->symmetries = set->tta;
    make->identity = nd_text(arena, "%s %d %d %d %d %d", nd_predictor_identity(b->with),
                             make->lattice.side, make->lattice.overlap,
                             (int)make->lattice.blend, make->stride, set->tta);
    return make->identity ? ND_OK : ND_E_MEMORY;
}

// Windows of the input, and what is asked for made of the picture that they blend to.
static nd_node *compose(nd_arena *arena, const nd_make *make)
{
    predict *set = nd_alloc(arena, 1, sizeof *set);
    nd_windows_make windows = {0};
    if (!set) return NULL;
    *set = *(const predict *)make->settings->data;
    nd_node *nodes[2] = {NULL, make->input[0]};
    if (think(arena, make->input[0], set, &windows) == ND_OK)
        nodes[0] = nd_windows_new(arena, make->input[0], &windows, make->place);
    if (!nodes[0]) {
        nd_note("%s", make->place ? make->place : "predict");
        return NULL;
    }
    const nd_settings settings = {make->settings->table, set, make->settings->given};
    nd_make outer = *make;
    outer.op = &answer_op, outer.settings = &settings;
    outer.input = nodes, outer.inputs = 2, outer.input_id = NULL;
    return nd_node_new(arena, &outer);
}

const nd_op nd_op_predict = {
    .name = "predict",
    .brief = "Run a trained network over a scene",
    .example = "nadir predict land.safetensors scene.SAFE -o land.tif",
    .help =
        "The model's card says which bands it wants, in which unit, of which level and\n"
        "pixel size; what does not fit is refused, naming the bands. Windows lie on a\n"
        "lattice that begins at the input's first pixel, so that no answer depends on\n"
        "how the work is cut; probabilities are blended, never classes.",
    .lead = "model",
    .table = ND_TABLE(params, predict),
    .min_inputs = 1,
    .max_inputs = 1,
    .levels = ND_FULL,
    .compose = compose,
};
