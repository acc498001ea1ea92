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
    const char *identity;
    pthread_mutex_t lock;
    runner *idle;
};

// A card to begin with: as many bands as the first convolution looks at.
static void tell_template(const nd_weights *weights)
{
    char bands[1024];
    size_t length = 0;
    int64_t n = 1;
    for (int i = 0; i < weights->count; i++)
        if (weights->weight[i].shape.rank == 4) {
            n = weights->weight[i].shape.dim[1];
            break;
        }
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

static nd_status build(nd_arena *arena, const char *path, nd_predictor *p)
{
    const nd_weights *weights = nd_weights_open(arena, path);
    if (!weights) return ND_E_DATA;
    if (!weights->card) return no_card(path, weights);
    p->card = nd_card_parse(arena, weights->card);
    if (!p->card) return ND_E_DATA;
    p->net = nd_card_net(arena, path, weights, p->card, &(nd_net_make){.threads = 1});
    if (!p->net) return ND_E_DATA;
    p->model = nd_model_find(p->card->model);
    p->outputs = p->card->class_count > 0 ? p->card->class_count : 1;
    return ND_OK;
}

nd_predictor *nd_predictor_open(nd_arena *arena, const char *path)
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
    return p->identity && build(own, path, p) == ND_OK ? p : NULL;
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

// In place, to what the net was trained on; no data becomes 0, the mean.
static void scale(const nd_card *card, const nd_windows *w)
{
    const int64_t plane = (int64_t)w->side * w->side;
    for (int64_t n = 0; n < w->count; n++)
        for (int b = 0; b < card->bands; b++) {
            float *x = w->x + (n * card->bands + b) * plane;
            for (int64_t i = 0; i < plane; i++)
                x[i] = isnan(x[i]) ? 0 : nd_card_scale(&card->band[b], x[i]);
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

// Logits of one place, `step` apart, to probabilities; values stay.
static void activate(const nd_card *card, float *z, int count, int64_t step)
{
    const double t = card->temperature > 0 ? card->temperature : 1;
    const char *how = card->activation ? card->activation : "softmax";
    if (nd_text_same(how, "sigmoid"))
        for (int k = 0; k < count; k++)
            z[k * step] = (float)(1 / (1 + exp(-(double)z[k * step] / t)));
    if (!nd_text_same(how, "softmax")) return;
    double top = (double)z[0], sum = 0;
    for (int k = 1; k < count; k++)
        if ((double)z[k * step] > top) top = (double)z[k * step];
    for (int k = 0; k < count; k++) sum += exp(((double)z[k * step] - top) / t);
    for (int k = 0; k < count; k++)
        z[k * step] = (float)(exp(((double)z[k * step] - top) / t) / sum);
}

static nd_status run(const nd_predictor *p, runner *r, const nd_windows *w, float *out)
{
    const int64_t plane = p->model->is_mask ? (int64_t)w->side * w->side : 1;
    const nd_array x = {ND_FLOAT32, ND_SHAPE(w->count, p->card->bands, w->side, w->side),
                        w->x};
    nd_array y = {ND_FLOAT32,
                  p->model->is_mask ? ND_SHAPE(w->count, p->outputs, w->side, w->side)
                                    : ND_SHAPE(w->count, p->outputs),
                  out};
    ND_TRY(nd_runner_run(r->run, &x, &y));
    for (int64_t n = 0; n < w->count; n++)
        for (int64_t i = 0; i < plane; i++)
            activate(p->card, out + n * p->outputs * plane + i, p->outputs, plane);
    return ND_OK;
}

// The mean over symmetries, in a fixed order.
static nd_status run_turned(const nd_predictor *p, runner *r, const nd_windows *w,
                            float *out, float *room)
{
    const int64_t side2 = (int64_t)w->side * w->side;
    const int64_t in = w->count * p->card->bands * side2;
    const int64_t plane = p->model->is_mask ? side2 : 1;
    const int64_t outs = w->count * p->outputs * plane;
    float *x = room, *y = room + in, *z = y + outs;
    memset(out, 0, (size_t)outs * sizeof *out);
    for (int s = 0; s < w->symmetries; s++) {
        turn(w->x, x, w->count * p->card->bands, w->side, s, false);
        ND_TRY(run(p, r, &(nd_windows){x, w->count, w->side, 1}, y));
        if (p->model->is_mask) turn(y, z, w->count * p->outputs, w->side, s, true);
        const float *add = p->model->is_mask ? z : y;
        for (int64_t i = 0; i < outs; i++) out[i] += add[i] / (float)w->symmetries;
    }
    return ND_OK;
}

nd_status nd_predictor_run(nd_predictor *p, const nd_windows *windows, float *out)
{
    runner *r;
    ND_TRY(take(p, windows->count, windows->side, &r));
    scale(p->card, windows);
    nd_status status;
    if (windows->symmetries > 1) {
        const size_t plane = (size_t)windows->side * (size_t)windows->side;
        const size_t each =
            plane * (size_t)p->card->bands + 2 * (size_t)p->outputs * plane;
        nd_arena *scratch = nd_arena_new();
        float *room =
            scratch ? nd_alloc_raw(scratch, (size_t)windows->count * each, sizeof *room)
                    : NULL;
        status = room ? run_turned(p, r, windows, out, room) : ND_E_MEMORY;
        if (scratch) nd_arena_free(scratch);
    } else {
        status = run(p, r, windows, out);
    }
    back(p, r);
    return status;
}
