// SPDX-License-Identifier: Apache-2.0
// Runs a net for many threads: each takes a runner that is free, or makes one.
#include <errno.h>
#include <math.h>
#include <nadir/param.h>
#include <nadir/predictor.h>
#include <nadir/text.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { MOST_BANDS = 40 }; // that a note has room for

typedef struct runner {
    nd_runner *run;
    int count, side;
    struct runner *next;
} runner;
struct nd_predictor {
    nd_arena *arena; // of what is made later; under the lock
    nd_card *card;
    const nd_model *model;
    nd_net *net;
    int outputs;
    nd_model_set dense; // patch 0: it is not
    const char *identity;
    pthread_mutex_t lock;
    runner *idle;
};

// A card to begin with: as many bands as the first convolution looks at, which is that
// of the fewest; files come in any order.
static void tell_template(const nd_weights *weights)
{
    char bands[1024];
    size_t length = 0;
    int64_t n = 0;
    for (int i = 0; i < weights->count; i++) {
        const nd_shape shape = weights->weight[i].shape;
        if (shape.rank == 4 && shape.dim[3] > 1 && (n == 0 || shape.dim[1] < n))
            n = shape.dim[1];
    }
    if (n == 0) n = 1;
    *bands = 0;
    for (int i = 0; i < n && i < MOST_BANDS; i++)
        length += (size_t)snprintf(bands + length, sizeof bands - length,
                                   "%s{\"name\":\"band%d\"}", i ? "," : "", i + 1);
    nd_say(ND_NOTE,
           "a card to begin with, for %lld bands: {\"model\":{\"name\":\"resnet18\"},"
           "\"input\":{\"bands\":[%s],\"patch\":64},"
           "\"output\":{\"classes\":[{\"value\":0,\"name\":\"class0\"}],"
           "\"activation\":\"softmax\"}}",
           (long long)n, bands);
}

static nd_status no_card(const char *path, const nd_weights *weights)
{
    tell_template(weights);
    return nd_fail(ND_E_DATA,
                   "%s holds %d arrays and no model card: what it wants is not known\n"
                   "train it with nadir, or write its card with nadir convert --card",
                   path, weights->count);
}

static void done(void *object)
{
    nd_predictor *p = object;
    pthread_mutex_destroy(&p->lock);
    nd_arena_free(p->arena);
}

static nd_status build(nd_arena *arena, const char *path, int step, nd_predictor *p)
{
    const nd_weights *weights = nd_weights_open(arena, path);
    if (!weights) return ND_E_DATA;
    if (!weights->card) return no_card(path, weights);
    p->card = nd_card_parse(arena, weights->card);
    if (!p->card) return ND_E_DATA;
    if (step) ND_TRY(nd_card_dense(arena, p->card, step, &p->dense));
    p->net = nd_card_net_as(arena, path, weights, p->card, &(nd_net_make){.threads = 1},
                            step ? &p->dense : NULL);
    if (!p->net) return ND_E_DATA;
    p->model = nd_model_find(p->card->model);
    p->outputs = p->card->class_count > 0 ? p->card->class_count : 1;
    return ND_OK;
}

nd_predictor *nd_predictor_open(nd_arena *arena, const char *path, int step)
{
    nd_predictor *p = nd_alloc(arena, 1, sizeof *p);
    nd_arena *own = p ? nd_arena_new() : NULL;
    if (!own) return NULL;
    p->arena = own;
    if (pthread_mutex_init(&p->lock, NULL)) {
        nd_arena_free(own);
        (void)nd_fail(ND_E_MEMORY, "no lock is to be had\nclose other programs");
        return NULL;
    }
    if (nd_defer(arena, done, p)) {
        done(p);
        return NULL;
    }
    struct stat st;
    if (stat(path, &st)) {
        (void)nd_fail(ND_E_IO, "%s: %s\ngive the file of a trained model", path,
                      nd_system_error(errno));
        return NULL;
    }
    p->identity = nd_text(arena, "%s %lld %lld.%09ld", path, (long long)st.st_size,
                          (long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
    return p->identity && build(own, path, step, p) == ND_OK ? p : NULL;
}

const nd_card *nd_predictor_card(const nd_predictor *p)
{
    return p->card;
}

bool nd_predictor_is_mask(const nd_predictor *p)
{
    return p->model->is_mask;
}

int nd_predictor_outputs(const nd_predictor *p)
{
    return p->outputs;
}

int nd_predictor_step(const nd_predictor *p)
{
    return p->dense.step;
}

int nd_predictor_margin(const nd_predictor *p)
{
    return p->dense.margin;
}

const char *nd_predictor_identity(const nd_predictor *p)
{
    return p->identity;
}

// A runner for this many windows of this side that nobody uses.
static nd_status take(nd_predictor *p, int count, int side, runner **taken)
{
    nd_status status = ND_OK;
    runner *found = NULL;
    pthread_mutex_lock(&p->lock);
    for (runner **link = &p->idle; *link; link = &(*link)->next)
        if ((*link)->count == count && (*link)->side == side) {
            found = *link, *link = found->next;
            break;
        }
    if (!found) {
        found = nd_alloc(p->arena, 1, sizeof *found);
        if (found) {
            *found = (runner){.count = count, .side = side};
            found->run = nd_runner_new(p->arena, p->net,
                                       ND_SHAPE(count, p->card->bands, side, side));
        }
        if (!found || !found->run) {
            const nd_error error = nd_error_take();
            status = nd_error_give(&error);
        }
    }
    pthread_mutex_unlock(&p->lock);
    *taken = found;
    return status;
}

static void back(nd_predictor *p, runner *r)
{
    pthread_mutex_lock(&p->lock);
    r->next = p->idle, p->idle = r;
    pthread_mutex_unlock(&p->lock);
}

static void clip_row(double a, double b, double *x, int count)
{
    for (int i = 0; i < count; i++) x[i] = x[i] < a ? a : x[i] > b ? b : x[i];
}

// The steps of a chain, one after the other over all pixels: each loop is a simple one.
static void step_row(const nd_scale_step *s, double *x, int count)
{
    const double a = s->a, b = s->b;
    switch (s->how) {
    case ND_CLIP: clip_row(a, b, x, count); break;
    case ND_SCALE_BY:
        for (int i = 0; i < count; i++) x[i] /= a;
        break;
    case ND_OFFSET:
        for (int i = 0; i < count; i++) x[i] -= a;
        break;
    case ND_MIN_MAX:
        for (int i = 0; i < count; i++) x[i] = (x[i] - a) / (b - a);
        break;
    case ND_Z_SCORE:
        for (int i = 0; i < count; i++) x[i] = (x[i] - a) / b;
        break;
    default:
        for (int i = 0; i < count; i++) x[i] = 10 * log10(x[i] < a ? a : x[i]);
    }
}

void nd_predictor_ready(const nd_predictor *p, int k, double factor, float *pixel,
                        int64_t count)
{
    enum { ROW_PART = 512 };
    const nd_card_band *band = &p->card->band[k];
    double x[ROW_PART];
    for (int64_t at = 0; at < count; at += ROW_PART) {
        const int part = count - at < ROW_PART ? (int)(count - at) : ROW_PART;
        for (int i = 0; i < part; i++) x[i] = (double)(pixel[at + i] * (float)factor);
        for (int s = 0; s < band->steps; s++) step_row(&band->step[s], x, part);
        for (int i = 0; i < part; i++) pixel[at + i] = (float)x[i];
    }
}

static void scale(const nd_predictor *p, const nd_windows *w)
{
    const int64_t plane = (int64_t)w->side * w->side;
    for (int64_t n = 0; n < (int64_t)w->count * p->card->bands; n++) {
        float *x = w->x + n * plane;
        nd_predictor_ready(p, (int)(n % p->card->bands), 1, x, plane);
        for (int64_t i = 0; i < plane; i++)
            if (isnan(x[i])) x[i] = 0;
    }
}

// Where pixel (x, y) of a window lies in its symmetry s: turns first, then a mirror.
static int64_t turned(int s, int side, int x, int y)
{
    int u = s & 4 ? side - 1 - x : x, v = y;
    for (int t = 0; t < (s & 3); t++) {
        const int kept = u;
        u = side - 1 - v, v = kept;
    }
    return (int64_t)v * side + u;
}

static void turn(const float *from, float *to, int planes, int side, int s, bool is_back)
{
    for (int64_t p = 0; p < planes; p++)
        for (int y = 0; y < side; y++)
            for (int x = 0; x < side; x++) {
                const int64_t a = p * side * side + (int64_t)y * side + x;
                const int64_t b = p * side * side + turned(s, side, x, y);
                to[is_back ? a : b] = from[is_back ? b : a];
            }
}

// Softmax of `count` places side by side: channels lie `plane` apart. Channel by channel,
// so that memory is read as it lies.
enum { PART = 256 };
static void softmax_part(float *z, int channels, int64_t plane, int count, double t)
{
    float top[PART];
    double sum[PART] = {0};
    for (int i = 0; i < count; i++) top[i] = z[i];
    for (int k = 1; k < channels; k++)
        for (int i = 0; i < count; i++) {
            const float v = z[k * plane + i];
            top[i] = v > top[i] ? v : top[i];
        }
    for (int k = 0; k < channels; k++)
        for (int i = 0; i < count; i++) {
            float *v = &z[k * plane + i];
            const double e = exp(((double)*v - (double)top[i]) / t);
            sum[i] += e, *v = (float)e;
        }
    for (int k = 0; k < channels; k++)
        for (int i = 0; i < count; i++)
            z[k * plane + i] = (float)((double)z[k * plane + i] / sum[i]);
}

static void softmax(float *z, int channels, int64_t plane, int count, double t)
{
    for (int at = 0; at < count; at += PART)
        softmax_part(z + at, channels, plane, count - at < PART ? count - at : PART, t);
}

// Logits of one window to probabilities, values to their unit.
static void activate(const nd_card *card, float *z, int channels, int64_t plane)
{
    enum { ROW = 1 << 14 };
    const double t = card->temperature > 0 ? card->temperature : 1;
    const char *how = card->activation ? card->activation : "softmax";
    if (nd_text_same(how, "sigmoid"))
        for (int64_t i = 0; i < channels * plane; i++)
            z[i] = (float)(1 / (1 + exp(-(double)z[i] / t)));
    for (int64_t i = 0; card->value && i < channels * plane; i++)
        z[i] = nd_card_unscale(card->value, z[i]);
    if (!nd_text_same(how, "softmax") || !card->class_count) return;
    for (int64_t at = 0; at < plane; at += ROW)
        softmax(z + at, channels, plane, plane - at < ROW ? (int)(plane - at) : ROW, t);
}

int nd_predictor_across(const nd_predictor *p, int side)
{
    const nd_model_set *d = &p->dense;
    return p->model->is_mask ? side
           : d->patch        ? (side - d->patch - 2 * d->margin) / d->step + 1
                             : 0;
}

static int64_t answers_of(const nd_predictor *p, int side)
{
    const int64_t n = nd_predictor_across(p, side);
    return n ? n * n : 1;
}

static nd_status run(const nd_predictor *p, runner *r, const nd_windows *w, float *out)
{
    const int64_t plane = answers_of(p, w->side), n = nd_predictor_across(p, w->side);
    const nd_array x = {ND_FLOAT32, ND_SHAPE(w->count, p->card->bands, w->side, w->side),
                        w->x};
    nd_array y = {
        ND_FLOAT32,
        n ? ND_SHAPE(w->count, p->outputs, n, n) : ND_SHAPE(w->count, p->outputs), out};
    const size_t numbers = (size_t)w->count * (size_t)p->outputs * (size_t)plane;
    ND_TRY(nd_runner_run(r->run, &x, &y));
    if (w->logit) memcpy(w->logit, out, numbers * sizeof *out);
    for (int64_t i = 0; i < w->count; i++)
        activate(p->card, out + i * p->outputs * plane, p->outputs, plane);
    return ND_OK;
}

// Adds a view, laid back where it belongs.
static void add_view(const nd_predictor *p, const nd_windows *w, int s, const float *view,
                     float *room, float *sum)
{
    const int64_t count = (int64_t)w->count * p->outputs * answers_of(p, w->side);
    const int n = nd_predictor_across(p, w->side);
    if (n) turn(view, room, w->count * p->outputs, n, s, true);
    const float *add = n ? room : view;
    for (int64_t i = 0; i < count; i++) sum[i] += add[i] / (float)w->symmetries;
}

// The mean over symmetries, in a fixed order.
static nd_status run_turned(const nd_predictor *p, runner *r, const nd_windows *w,
                            float *out, float *room)
{
    const int64_t in = (int64_t)w->count * p->card->bands * w->side * w->side;
    const int64_t outs = (int64_t)w->count * p->outputs * answers_of(p, w->side);
    float *x = room, *y = room + in, *z = y + outs, *logit = w->logit ? z + outs : NULL;
    memset(out, 0, (size_t)outs * sizeof *out);
    if (logit) memset(w->logit, 0, (size_t)outs * sizeof *out);
    for (int s = 0; s < w->symmetries; s++) {
        const nd_windows one = {x, w->count, w->side, 1, false, logit};
        turn(w->x, x, w->count * p->card->bands, w->side, s, false);
        ND_TRY(run(p, r, &one, y));
        add_view(p, w, s, y, z, out);
        if (logit) add_view(p, w, s, logit, z, w->logit);
    }
    return ND_OK;
}

static nd_status run_views(const nd_predictor *p, runner *r, const nd_windows *w,
                           float *out)
{
    const size_t each = (size_t)w->side * (size_t)w->side * (size_t)p->card->bands +
                        3 * (size_t)p->outputs * (size_t)answers_of(p, w->side);
    nd_arena *scratch = nd_arena_new();
    float *room =
        scratch ? nd_alloc_raw(scratch, (size_t)w->count * each, sizeof *room) : NULL;
    const nd_status status = room ? run_turned(p, r, w, out, room) : ND_E_MEMORY;
    if (scratch) nd_arena_free(scratch);
    return status;
}

nd_status nd_predictor_run(nd_predictor *p, const nd_windows *windows, float *out)
{
    runner *r;
    ND_TRY(take(p, windows->count, windows->side, &r));
    if (windows->is_raw) scale(p, windows);
    const nd_status status =
        windows->symmetries > 1 ? run_views(p, r, windows, out) : run(p, r, windows, out);
    back(p, r);
    return status;
}

nd_status nd_predictor_bytes(nd_predictor *p, int count, int side, int64_t *each,
                             int64_t *all)
{
    runner *r;
    nd_plan_facts facts;
    ND_TRY(take(p, count, side, &r));
    *each = (int64_t)nd_runner_bytes(r->run);
    pthread_mutex_lock(&p->lock);
    const nd_status status =
        nd_net_facts(p->net, ND_SHAPE(count, p->card->bands, side, side), false, &facts);
    pthread_mutex_unlock(&p->lock);
    back(p, r);
    *all = status == ND_OK ? facts.weight_bytes : 0;
    return status;
}

double nd_predictor_entropy(const float *probability, int classes)
{
    double sum = 0;
    for (int k = 0; k < classes; k++) {
        const double p = (double)probability[k];
        if (p > 0) sum -= p * log(p);
    }
    return classes > 1 ? sum / log(classes) : 0;
}
