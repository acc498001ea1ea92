// SPDX-License-Identifier: Apache-2.0
// Predict: a trained network as an operator: windows of the input in, classes out.
#include <nadir/agree.h>
#include <nadir/lattice.h>
#include <nadir/op.h>
#include <nadir/predictor.h>
#include <string.h>

typedef struct predict {
    nd_path model;
    nd_list ensemble, output, bands;
    int tile, overlap, stride, tta;
    nd_choice blend, nodata;
    double threshold;
    const char *units;
    bool dense, accept_level, accept_pixel, accept_values;
    struct council *council; // no setting: what the expression's parts share
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
enum { AUTO = -1, BATCH = 16, MOST_OUTPUTS = 254, MOST_MODELS = 16 };

static const nd_param params[] = {
    ND_PARAM(predict, model, {NULL}, .required = true, .of = "model",
             .help = "Weights with a model card"),
    ND_PARAM(predict, ensemble, {NULL}, .of = "file",
             .help = "More models with the same classes: the mean of all is taken"),
    ND_PARAM(predict, output, ND_WORDS("class"),
             .help = "What to give: class (of a model of values: value), probability, "
                     "confidence, margin, entropy, logits, mutual, value, sigma"),
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
    ND_PARAM(predict, dense, false,
             .help = "Run the trunk of models that answer for a picture once over whole "
                     "tiles: any stride costs the same"),
    ND_PARAM(predict, tta, 1, .min = 1, .max = 8,
             .help = "Symmetries averaged: 1, 4 turns, or 8 with mirrors"),
    ND_PARAM(predict, nodata, {0}, .choices = missings,
             .help = "Where a pixel has no answer"),
    ND_PARAM(predict, threshold, 0, .min = 0, .max = 1, .soft_min = 0, .soft_max = 1,
             .step = 0.05,
             .help = "Below this confidence a pixel is of the class unsure"),
    ND_PARAM(predict, accept_level, false,
             .help = "Take scenes of another level than the model was trained on"),
    ND_PARAM(predict, accept_pixel, false,
             .help = "Take pixels of another size than the model was trained on"),
    ND_PARAM(predict, accept_values, false,
             .help = "Go on though the values are far from those of the training"),
};

typedef enum what {
    CLASS,
    PROBABILITY,
    CONFIDENCE,
    MARGIN,
    ENTROPY,
    LOGITS,
    MUTUAL,
    VALUE,
    SIGMA,
    WHATS
} what;
static const char *const whats[] = {"class",  "probability", "confidence",
                                    "margin", "entropy",     "logits",
                                    "mutual", "value",       "sigma"};

// One model and how it looks at the scene.
typedef struct member {
    nd_predictor *with;
    const nd_card *card;
    nd_agreed agreed;
    int side, symmetries, outputs;
    bool has_logits; // its answers: probabilities, then these
} member;
// What the parts of the expression share.
typedef struct council {
    member of[MOST_MODELS];
    int members, outputs;
    bool has_logits;
} council;

// Of a dense model a window is as large as its answers and what they see.
static void measure_patches(const predict *set, member *m, nd_windows_make *make)
{
    const int patch = m->card->patch > 0 ? m->card->patch : 64;
    const int step = nd_predictor_step(m->with);
    make->stride = set->stride ? set->stride : patch / 2;
    m->side = patch, make->batch = BATCH;
    if (step) {
        make->stride = step, make->batch = 1;
        make->cells = set->tile / step > 1 ? set->tile / step : 1;
        m->side = (make->cells - 1) * step + patch + 2 * nd_predictor_margin(m->with);
    }
    make->lattice = (nd_lattice){m->side, 0, (nd_blend)set->blend.at};
}

static nd_status measure(const predict *set, member *m, nd_windows_make *make)
{
    const nd_card *card = m->card;
    if (!nd_predictor_is_mask(m->with)) {
        measure_patches(set, m, make);
        return ND_OK;
    }
    const int by = card->multiple > 0 ? card->multiple : 1;
    m->side = (set->tile + by - 1) / by * by;
    if (set->overlap > m->side / 2)
        return nd_fail(ND_E_PARAM,
                       "overlap: %d pixels are more than half a window of %d\n"
                       "take at most %d",
                       set->overlap, m->side, m->side / 2);
    make->lattice = (nd_lattice){m->side, 0, (nd_blend)set->blend.at};
    make->lattice.overlap = nd_lattice_overlap(m->side, set->overlap, by, card->radius);
    make->batch = 1;
    return ND_OK;
}

// ---- What windows ask of a member.
static nd_status begin(const void *user, const nd_node *in, nd_work *work)
{
    return nd_agree_values(&((const member *)user)->agreed, in, work);
}

static void ready(const void *user, int k, float *pixel, int64_t count)
{
    const member *m = user;
    nd_predictor_ready(m->with, k, m->agreed.taken[k].factor, pixel, count);
}

// Each window's probabilities, then its logits.
static nd_status say_both(const member *m, const nd_windows *w, float *out, int64_t each)
{
    const size_t numbers = (size_t)(w->count * each), bytes = (size_t)each * sizeof *out;
    nd_arena *scratch = nd_arena_new();
    float *room = scratch ? nd_alloc_raw(scratch, 2 * numbers, sizeof *room) : NULL;
    nd_windows both = *w;
    both.logit = room ? room + numbers : NULL;
    const nd_status status = room ? nd_predictor_run(m->with, &both, room) : ND_E_MEMORY;
    for (int64_t n = 0; n < w->count && status == ND_OK; n++) {
        memcpy(out + 2 * n * each, room + n * each, bytes);
        memcpy(out + (2 * n + 1) * each, both.logit + n * each, bytes);
    }
    if (scratch) nd_arena_free(scratch);
    return status;
}

// Nets are compiled for a number of windows: of few there are as many as a power of two.
static nd_status say(const void *user, int count, float *x, float *out)
{
    const member *m = user;
    const int64_t plane = (int64_t)m->side * m->side, window = plane * m->card->bands;
    int many = 1;
    while (many < count) many *= 2;
    memset(x + count * window, 0, (size_t)((many - count) * window) * sizeof *x);
    const nd_windows w = {
        .x = x, .count = many, .side = m->side, .symmetries = m->symmetries};
    if (!m->has_logits) return nd_predictor_run(m->with, &w, out);
    const int n = nd_predictor_across(m->with, m->side);
    return say_both(m, &w, out, (int64_t)m->outputs * (n ? (int64_t)n * n : 1));
}

// ---- What is asked for, made of the probabilities of a pixel.
enum { NO_ANSWER, SURE, UNSURE }; // as tallied
typedef struct answers {
    int members, outputs, each, bands; // sources: of each member so many, then the bands
    bool any_will_do, wants_entropy;
    float threshold, unsure;
    const float *value; // of each class
    const int *is;      // of each band: a what, plus WHATS times which output
    nd_tally *tally;    // NULL: nothing is counted
} answers;

static int planes_of(int w, int outputs)
{
    return w == PROBABILITY || w == LOGITS || w == VALUE ? outputs : 1;
}

static int what_of(const char *name)
{
    int w = 0;
    while (w < WHATS && !nd_text_same(name, whats[w])) w++;
    return w;
}

static nd_status may(const council *c, int w)
{
    const nd_card *card = c->of[0].card;
    const bool is_of_values = w == VALUE || w == SIGMA;
    if (is_of_values != (card->class_count == 0))
        return nd_fail(ND_E_PARAM,
                       "output: %s has %s, not %s\n"
                       "take another output",
                       card->name, card->class_count ? "classes" : "values", whats[w]);
    if ((w == MUTUAL || w == SIGMA) && c->members < 2)
        return nd_fail(ND_E_PARAM,
                       "output: %s tells how far models disagree, and there is one\n"
                       "give more by ensemble",
                       whats[w]);
    return ND_OK;
}

static nd_status know(const predict *set, const council *c, int *wanted)
{
    *wanted = 0;
    for (size_t i = 0; i < set->output.count; i++) {
        const int w = what_of(set->output.item[i]);
        if (w == WHATS) {
            const char *nearest = nd_text_nearest(set->output.item[i], whats, WHATS);
            return nearest
                       ? nd_fail(ND_E_PARAM, "output: there is no %s\ndid you mean %s",
                                 set->output.item[i], nearest)
                       : nd_fail(ND_E_PARAM,
                                 "output: there is no %s\n"
                                 "take class, probability or confidence",
                                 set->output.item[i]);
        }
        ND_TRY(may(c, w));
        *wanted += planes_of(w, c->outputs);
    }
    return ND_OK;
}

// A value that no class has, below that of no data.
static int free_value(const nd_card *card)
{
    for (int v = MOST_OUTPUTS;; v--) {
        bool is_free = true;
        for (int k = 0; k < card->class_count; k++)
            is_free = is_free && card->classes[k].value != v;
        if (is_free) return v;
    }
}

static nd_status class_band(nd_arena *arena, const nd_card *card, int unsure,
                            nd_grid grid, nd_band *band)
{
    const int count = card->class_count + (unsure >= 0);
    nd_label *label = nd_alloc(arena, (size_t)count, sizeof *label);
    if (!label) return ND_E_MEMORY;
    for (int k = 0; k < card->class_count; k++) {
        const nd_card_class *c = &card->classes[k];
        label[k] = (nd_label){c->value, c->name, c->name, c->colour};
    }
    if (unsure >= 0)
        label[count - 1] = (nd_label){unsure, "unsure", "unsure", 0x808080FF};
    *band = (nd_band){.name = "class",
                      .help = "Most probable class",
                      .kind = ND_CLASS,
                      .sample = ND_U8,
                      .no_data = 255,
                      .grid = grid,
                      .label = label,
                      .labels = count};
    return ND_OK;
}

// The bands that one word stands for, from band `at` on.
static nd_status name_bands(nd_node *self, const council *c, int w, int at)
{
    const predict *set = self->state;
    const nd_card *card = c->of[0].card;
    const nd_grid grid = self->input[0]->band[0].grid;
    nd_band *band = self->band + at;
    if (w == CLASS)
        return class_band(self->arena, card, set->threshold > 0 ? free_value(card) : -1,
                          grid, band);
    for (int k = 0; k < planes_of(w, c->outputs); k++) {
        const bool is_of_values = (w == VALUE || w == SIGMA) && card->value;
        band[k] = (nd_band){.name = whats[w],
                            .grid = grid,
                            .unit = is_of_values ? card->value->unit : "1",
                            .no_data = (double)NAN};
        if (w == PROBABILITY || w == LOGITS)
            band[k].name =
                nd_text(self->arena, "%s_%s", w == LOGITS ? "logit" : "probability",
                        card->classes[k].name);
        if (w == VALUE && c->outputs > 1)
            band[k].name = nd_text(self->arena, "value_%d", k + 1);
        if (!band[k].name) return ND_E_MEMORY;
    }
    return ND_OK;
}

// All that the members say, then each band that one of them looks at.
static nd_status sources_of(nd_node *self, const council *c, answers *a)
{
    const nd_node *scene = self->input[c->members];
    const size_t most = (size_t)a->each * (size_t)c->members + (size_t)scene->bands;
    nd_source *source = nd_alloc(self->arena, most, sizeof *source);
    if (!source) return ND_E_MEMORY;
    int at = 0;
    for (int m = 0; m < c->members; m++)
        for (int k = 0; k < a->each; k++) source[at++] = (nd_source){m, k};
    for (int b = 0; b < scene->bands; b++) {
        bool is_used = false;
        for (int m = 0; m < c->members; m++)
            for (int k = 0; k < c->of[m].card->bands; k++)
                is_used |= c->of[m].agreed.band[k] == b;
        if (is_used) source[at++] = (nd_source){c->members, b}, a->bands++;
    }
    self->source = source, self->sources = at;
    return ND_OK;
}

static nd_status plan_answer(nd_node *self)
{
    const predict *set = self->state;
    const council *c = set->council;
    const nd_card *card = c->of[0].card;
    int count, at = 0;
    ND_TRY(know(set, c, &count));
    answers *a = nd_alloc(self->arena, 1, sizeof *a);
    int *is = nd_alloc(self->arena, (size_t)count, sizeof *is);
    float *value = nd_alloc(self->arena, (size_t)c->outputs, sizeof *value);
    self->band = nd_alloc(self->arena, (size_t)count, sizeof *self->band);
    if (!a || !is || !value || !self->band) return ND_E_MEMORY;
    *a = (answers){.members = c->members,
                   .outputs = c->outputs,
                   .each = c->outputs * (c->has_logits ? 2 : 1),
                   .any_will_do = set->nodata.at == 1,
                   .threshold = (float)set->threshold,
                   .unsure = (float)free_value(card),
                   .value = value,
                   .is = is};
    for (size_t i = 0; i < set->output.count; i++) {
        const int w = what_of(set->output.item[i]);
        ND_TRY(name_bands(self, c, w, at));
        a->wants_entropy |= w == ENTROPY || w == MUTUAL;
        for (int k = 0; k < planes_of(w, c->outputs); k++) is[at++] = w + WHATS * k;
    }
    for (int k = 0; k < card->class_count; k++) value[k] = (float)card->classes[k].value;
    ND_TRY(sources_of(self, c, a));
    if (set->threshold > 0 &&
        !(a->tally = nd_tally_new(self->arena, &self->input[0]->band[0].grid)))
        return ND_E_MEMORY;
    const nd_node *scene = self->input[c->members];
    self->bands = count, self->told = &c->of[0].agreed.told;
    self->product = scene->product, self->name = scene->name;
    self->state = a;
    return ND_OK;
}

// What is known of one pixel.
typedef struct known {
    int best;
    float top, second;
    double entropy, mutual; // of 1
} known;

static float mean_of(const answers *a, const float *const *in, int k, int i)
{
    if (a->members == 1) return in[k][i];
    double sum = 0;
    for (int m = 0; m < a->members; m++) sum += (double)in[m * a->each + k][i];
    return (float)(sum / a->members);
}

// How far the members' values lie from their mean, as a standard deviation.
static float sigma_of(const answers *a, const float *const *in, int i)
{
    const double mean = (double)mean_of(a, in, 0, i);
    double sum = 0;
    for (int m = 0; m < a->members; m++) {
        const double off = (double)in[(int64_t)m * a->each][i] - mean;
        sum += off * off;
    }
    return (float)sqrt(sum / a->members);
}

static known know_pixel(const answers *a, const float *const *in, int i)
{
    float p[MOST_OUTPUTS];
    known of = {.second = -INFINITY};
    p[0] = 0;
    for (int k = 0; k < a->outputs; k++) {
        p[k] = mean_of(a, in, k, i);
        if (k && p[k] > p[of.best]) // ties: the smaller class
            of.second = p[of.best], of.best = k;
        else if (k && p[k] > of.second)
            of.second = p[k];
    }
    of.top = p[of.best];
    if (a->outputs == 1) of.second = 0;
    if (!a->wants_entropy) return of;
    of.entropy = of.mutual = nd_predictor_entropy(p, a->outputs);
    for (int m = 0; m < a->members; m++) {
        for (int k = 0; k < a->outputs; k++) p[k] = in[m * a->each + k][i];
        of.mutual -= nd_predictor_entropy(p, a->outputs) / a->members;
    }
    if (of.mutual < 0) of.mutual = 0; // by rounding only: the entropy is concave
    return of;
}

static float answer(const answers *a, const known *of, int is, const float *const *in,
                    int i)
{
    switch (is % WHATS) {
    case PROBABILITY:
    case VALUE: return mean_of(a, in, is / WHATS, i);
    case LOGITS: return mean_of(a, in, a->outputs + is / WHATS, i);
    case SIGMA: return sigma_of(a, in, i);
    case CONFIDENCE: return of->top;
    case MARGIN: return of->top - of->second;
    case ENTROPY: return (float)of->entropy;
    case MUTUAL: return (float)of->mutual;
    default: return of->top < a->threshold ? a->unsure : a->value[of->best];
    }
}

static void count_unsure(nd_tally *tally, const nd_ctx *ctx, const uint8_t *kind)
{
    int64_t n[ND_TALLIED];
    if (!nd_tally_row(tally, ctx, kind, n) || n[SURE] + n[UNSURE] == 0) return;
    nd_say(ND_NOTE, "%.1f %% of the pixels that have an answer are unsure",
           100 * (double)n[UNSURE] / (double)(n[SURE] + n[UNSURE]));
}

static void row(const void *state, const nd_ctx *ctx, const float *const *in,
                float *const *out)
{
    const answers *a = state;
    const float *const *band = in + (int64_t)a->members * a->each;
    uint8_t kind[ND_ROW];
    for (int i = 0; i < ctx->count; i++) {
        int valid = 0;
        for (int k = 0; k < a->bands; k++) valid += !isnan(band[k][i]);
        const bool has_answer = a->any_will_do ? valid > 0 : valid == a->bands;
        const known of = has_answer ? know_pixel(a, in, i) : (known){0};
        kind[i] = !has_answer ? NO_ANSWER : of.top < a->threshold ? UNSURE : SURE;
        for (int k = 0; k < ctx->bands.count; k++)
            out[k][i] =
                has_answer ? answer(a, &of, a->is[ctx->bands.band[k]], in, i) : NAN;
    }
    if (a->tally && a->is[ctx->bands.band[0]] == CLASS) count_unsure(a->tally, ctx, kind);
}

static const nd_op answer_op = {
    .name = "predict",
    .brief = "What is asked for, made of networks' probabilities",
    .table = ND_TABLE(params, predict),
    .min_inputs = 2,
    .max_inputs = MOST_MODELS + 1,
    .levels = ND_FULL,
    .plan = plan_answer,
    .row = row,
};

// ---- The members: opened, matched, measured.
static nd_status fits_first(const council *c, const nd_card *card)
{
    const nd_card *first = c->of[0].card;
    bool is_same = card->class_count == first->class_count;
    for (int k = 0; k < card->class_count && is_same; k++)
        is_same = card->classes[k].value == first->classes[k].value &&
                  nd_text_same(card->classes[k].name, first->classes[k].name);
    if (is_same) return ND_OK;
    return nd_fail(ND_E_DATA,
                   "ensemble: %s and %s tell different classes apart\n"
                   "take models of the same classes, in the same order",
                   first->name, card->name);
}

static nd_status open_member(nd_arena *arena, const predict *set, const char *path,
                             member *m)
{
    const int step = !set->dense ? 0 : set->stride ? set->stride : -1;
    m->with = nd_predictor_open(arena, path, step);
    if (!m->with) return nd_error_code();
    m->card = nd_predictor_card(m->with);
    m->outputs = nd_predictor_outputs(m->with), m->symmetries = set->tta;
    if (m->card->class_count < MOST_OUTPUTS) return ND_OK;
    return nd_fail(ND_E_UNSUPPORTED,
                   "%s has %d classes, and a map holds %d\n"
                   "merge classes that need not be told apart",
                   m->card->name, m->card->class_count, MOST_OUTPUTS - 1);
}

// A node of what one model says of the scene; NULL after nd_fail.
static nd_node *member_node(nd_arena *arena, const nd_make *make, const predict *set,
                            member *m)
{
    nd_node *in = make->input[0];
    nd_windows_make w = {0};
    const nd_terms terms = {set->bands.item, (int)set->bands.count, set->units,
                            set->accept_level, set->accept_pixel};
    if (measure(set, m, &w) || nd_agree(arena, in, m->card, &terms, &m->agreed))
        return NULL;
    if (nd_predictor_bytes(m->with, w.batch, m->side, &w.worker_bytes, &w.own_bytes))
        return NULL;
    w.outputs = m->outputs * (m->has_logits ? 2 : 1);
    w.band = m->agreed.band, w.bands = m->card->bands, w.user = m;
    w.begin = set->accept_values ? NULL : begin;
    w.ready = ready, w.run = say;
    w.identity =
        nd_text(arena, "%s %d %d %d %d %d %d %d %d", nd_predictor_identity(m->with),
                w.lattice.side, w.lattice.overlap, (int)w.lattice.blend, w.stride,
                w.cells, set->tta, (int)m->has_logits, (int)set->accept_values);
    return w.identity ? nd_windows_new(arena, in, &w, make->place) : NULL;
}

static nd_status think(nd_arena *arena, const nd_make *make, predict *set,
                       nd_node *nodes[MOST_MODELS + 1])
{
    council *c = nd_alloc(arena, 1, sizeof *c);
    if (!c) return ND_E_MEMORY;
    if (set->tta != 1 && set->tta != 4 && set->tta != 8)
        return nd_fail(ND_E_PARAM, "tta: there are no %d symmetries\ntake 1, 4 or 8",
                       set->tta);
    if (set->ensemble.count >= MOST_MODELS)
        return nd_fail(ND_E_PARAM,
                       "ensemble: %zu models are more than can be asked at once\n"
                       "take at most %d",
                       set->ensemble.count, MOST_MODELS - 1);
    for (size_t i = 0; i < set->output.count; i++)
        c->has_logits |= what_of(set->output.item[i]) == LOGITS;
    for (size_t i = 0; i <= set->ensemble.count; i++) {
        member *m = &c->of[i];
        m->has_logits = c->has_logits;
        ND_TRY(
            open_member(arena, set, i ? set->ensemble.item[i - 1] : set->model.text, m));
        ND_TRY(fits_first(c, m->card));
        nodes[i] = member_node(arena, make, set, m);
        if (!nodes[i]) return nd_error_code();
        c->members++;
    }
    c->outputs = c->of[0].outputs, set->council = c;
    nodes[c->members] = make->input[0];
    return ND_OK;
}

// Windows of the input, and what is asked for made of the picture that they blend to.
static bool is_given(const nd_settings *settings, const char *name)
{
    const nd_param *row = nd_param_find(settings->table, name);
    return row && settings->given >> (row - settings->table->row) & 1;
}

static nd_node *compose(nd_arena *arena, const nd_make *make)
{
    predict *set = nd_alloc(arena, 1, sizeof *set);
    nd_node *nodes[MOST_MODELS + 1];
    if (set) *set = *(const predict *)make->settings->data;
    if (!set || think(arena, make, set, nodes) != ND_OK) {
        nd_note("%s", make->place ? make->place : "predict");
        return NULL;
    }
    if (!is_given(make->settings, "output") && !set->council->of[0].card->class_count)
        set->output = (nd_list){&whats[VALUE], 1};
    const nd_settings settings = {make->settings->table, set, make->settings->given};
    nd_make outer = *make;
    outer.op = &answer_op, outer.settings = &settings;
    outer.input = nodes, outer.inputs = set->council->members + 1, outer.input_id = NULL;
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
