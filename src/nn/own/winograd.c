// SPDX-License-Identifier: Apache-2.0
// Convolutions 3 x 3 by Winograd: a quarter of the multiplications, an error of about
// 1e-6 of the result's size. `exact` asks for none.
#include "nn/own/winograd.h"
#include "nn/conv.h"
#include "nn/net.h"
#include "nn/own/fold.h"
#include "nn/own/own.h"
#include <stdlib.h>
#include <string.h>

typedef struct winograd {
    own_tiles in, out; // of what is read and what is written: x and y, or y and x
    int64_t ins, outs; // blocks of 16 channels
    int64_t tiles, room, step_in, step_out, step_weight;
    nd_shape weight;
    bool is_data;
    int type;
    float *kept;                      // inference: the weights' points
    float *bias_kept;                 // filled up with zeroes; NULL: as it is
    size_t weight_bytes, part, whole; // of scratch: a thread's part, all
} winograd;

static const own_winograd *here(void)
{
    return own_winograd_at[nd_cpu()];
}

static int64_t blocks_of(int64_t channels)
{
    return (channels + 15) / 16;
}

// Tiles of 4 x 4 of what is written.
static void set_tiles(winograd *w, const nn_conv *c, bool is_data)
{
    const nd_shape from = is_data ? c->out : c->in, to = is_data ? c->in : c->out;
    own_tiles t = {.rows = (to.dim[2] + 3) / 4,
                   .columns = (to.dim[3] + 3) / 4,
                   .height = from.dim[2],
                   .width = from.dim[3],
                   .out_height = to.dim[2],
                   .out_width = to.dim[3],
                   .pad = is_data ? 2 - c->set.pad : c->set.pad,
                   .blocks = blocks_of(from.dim[1])};
    w->in = t;
    t.blocks = blocks_of(to.dim[1]);
    w->out = t;
    w->ins = w->in.blocks, w->outs = w->out.blocks;
    w->tiles = to.dim[0] * t.rows * t.columns;
    w->is_data = is_data;
    w->weight = c->weight;
}

// So many tiles at a time that what is made of them stays in the second cache.
static int64_t room_of(const winograd *w, int64_t threads)
{
    const int64_t cache = 900000, most = 96, both = w->ins + w->outs;
    int64_t room = cache / (OWN_POINTS * 64 * both) / OWN_ROUND * OWN_ROUND;
    if (room > most) room = most;
    const int64_t each = (w->tiles + threads - 1) / threads;
    const int64_t needed = (each + OWN_ROUND - 1) / OWN_ROUND * OWN_ROUND;
    if (room > needed) room = needed;
    return room < OWN_ROUND ? OWN_ROUND : room;
}

// An odd number of lines between points: so they do not fall into the same few sets of
// the caches.
static void set_steps(winograd *w)
{
    w->step_in = w->ins * w->room * 16 + 16;
    w->step_out = w->outs * w->room * 16 + 16;
    w->step_weight = w->ins * w->outs * 256 + 16;
    const size_t page = 4096;
    w->part = (size_t)(OWN_POINTS * (w->step_in + w->step_out)) * sizeof(float);
    w->part = (w->part + page - 1) / page * page;
    w->weight_bytes = (size_t)(OWN_POINTS * w->step_weight) * sizeof(float);
    w->weight_bytes = (w->weight_bytes + page - 1) / page * page;
}

static void set_room(winograd *w, int threads)
{
    w->room = room_of(w, threads);
    set_steps(w);
}

// Of output block k, input channel c: where its sixteen stand among a point's weights.
static int64_t place_of(const winograd *w, int64_t k, int64_t c)
{
    int64_t first = 0;
    for (;;) {
        const int group = own_group(w->outs - first);
        if (k < first + group)
            return first * 16 * w->ins * 16 + c * group * 16 + (k - first) * 16;
        first += group;
    }
}

typedef struct weights_job {
    const winograd *w;
    const float *from;
    float *to;
} weights_job;

static void weights_part(void *user, int thread, int threads)
{
    const weights_job *j = user;
    const winograd *w = j->w;
    const int64_t all = w->outs * w->ins * 16;
    const int64_t real_out = w->weight.dim[0], real_in = w->weight.dim[1];
    const int64_t outs = w->is_data ? real_in : real_out;
    const int64_t ins = w->is_data ? real_out : real_in;
    for (int64_t i = nn_cut(all, thread, threads); i < nn_cut(all, thread + 1, threads);
         i++) {
        const int64_t k = i / (w->ins * 16), c = i % (w->ins * 16);
        float nine[9 * 16] = {0};
        for (int64_t o = 0; o < 16 && k * 16 + o < outs && c < ins; o++) {
            const int64_t out = k * 16 + o;
            const float *from =
                j->from + (w->is_data ? c * real_in + out : out * real_in + c) * 9;
            for (int64_t p = 0; p < 9; p++)
                nine[p * 16 + o] = from[w->is_data ? 8 - p : p];
        }
        here()->to_points(nine, j->to + place_of(w, k, c), w->step_weight);
    }
}

static void transform(const winograd *w, const float *weight, float *to, int threads)
{
    weights_job j = {w, weight, to};
    nn_team(threads, weights_part, &j);
}

typedef struct tiles_job {
    const winograd *w;
    const void *from;
    void *to;
    const float *weights;
    char *scratch;
    own_finish finish;
} tiles_job;

static void tiles_part(void *user, int thread, int threads)
{
    const tiles_job *j = user;
    const winograd *w = j->w;
    const own_winograd *k = here();
    float *memory = (float *)(void *)(j->scratch + (size_t)thread * w->part);
    const int64_t end = nn_cut(w->tiles, thread + 1, threads);
    for (int64_t at = nn_cut(w->tiles, thread, threads); at < end; at += w->room) {
        const int64_t count = end - at < w->room ? end - at : w->room;
        const int64_t room = (count + OWN_ROUND - 1) / OWN_ROUND * OWN_ROUND;
        const own_stretch in = {at, count, room, room, w->step_in, memory};
        const own_stretch out = {at,   count,       room,
                                 room, w->step_out, memory + OWN_POINTS * w->step_in};
        k->input[w->type](&w->in, j->from, &in);
        for (int64_t p = 0; p < OWN_POINTS; p++) {
            own_stretch a = in, b = out;
            a.at += p * w->step_in, b.at += p * w->step_out;
            k->product(&a, w->ins, j->weights + p * w->step_weight, &b, w->outs);
        }
        k->output[w->type](&w->out, &out, j->to, &j->finish);
    }
}

static bool can(const nn_record *r, const nn_conv *c, nd_dtype type)
{
    const nd_conv2d *s = &c->set;
    const nd_net_make *make = &r->in[0]->tape->net->make;
    return nd_cpu() == ND_CPU_V4 && !make->exact && s->kernel == 3 && s->stride == 1 &&
           s->dilation == 1 && s->groups == 1 && s->pad <= 2 &&
           (type == ND_FLOAT32 || type == ND_BFLOAT16);
}

// Where it pays: enough of each tile is used, and the weights, four times as many, are
// used by enough tiles.
static bool pays(const nn_conv *c, const nd_shape *to)
{
    const int64_t rows = (to->dim[2] + 3) / 4, columns = (to->dim[3] + 3) / 4;
    const int64_t tiles = to->dim[0] * rows * columns;
    const double used = (double)(to->dim[2] * to->dim[3]) / (double)(rows * columns * 16);
    const int64_t products = blocks_of(c->in.dim[1]) * blocks_of(c->out.dim[1]);
    return c->in.dim[1] > 3 && tiles >= 32 && used >= 0.55 && products <= 16 * 16;
}

static bool fits(const nn_record *r)
{
    const nn_conv *c = r->set;
    const bool is_data = r->op == &nn_op_conv_data;
    return can(r, c, r->out[0]->dtype) && pays(c, is_data ? &c->in : &c->out);
}

static void layouts(const nn_record *r, nn_layout *in, nn_layout *out)
{
    in[0] = out[0] = NN_BLOCKED;
    if (r->op == &own_op_fold) in[OWN_FOLD_R] = NN_BLOCKED;
}

static nd_status prepare(nd_arena *arena, nn_record *r)
{
    const nn_conv *c = r->set;
    const nd_tape *tape = r->in[0]->tape;
    winograd *w = nd_alloc(arena, 1, sizeof *w);
    if (!w) return ND_E_MEMORY;
    r->ready = w;
    set_tiles(w, c, r->op == &nn_op_conv_data);
    w->type = r->out[0]->dtype == ND_BFLOAT16;
    const int threads = tape->net->make.threads;
    set_room(w, threads);
    r->scratch = (size_t)threads * w->part;
    if (tape->training)
        r->scratch += w->weight_bytes;
    else if (!(w->kept = nd_alloc(arena, w->weight_bytes, 1)))
        return ND_E_MEMORY;
    if (r->op == &own_op_fold || (!w->is_data && r->in[2] && c->out.dim[1] % 16)) {
        w->bias_kept = nd_alloc(arena, (size_t)w->outs * 16, sizeof(float));
        if (!w->bias_kept) return ND_E_MEMORY;
    }
    return ND_OK;
}

static nd_status renew(const nn_call *call)
{
    const winograd *w = call->record->ready;
    if (w->bias_kept)
        memcpy(w->bias_kept, call->in[2], (size_t)w->weight.dim[0] * sizeof(float));
    if (w->kept) transform(w, call->in[1], w->kept, call->threads);
    return ND_OK;
}

// In training weights change with each step: their points are made where they are used.
static const float *points_of(const winograd *w, const nn_call *call, char **scratch)
{
    *scratch = call->scratch;
    if (w->kept) return w->kept;
    float *to = call->scratch;
    *scratch += w->weight_bytes;
    transform(w, call->in[1], to, call->threads);
    return to;
}

static nd_status run(const nn_call *call)
{
    const winograd *w = call->record->ready;
    tiles_job j = {.w = w, .from = call->in[0], .to = call->out[0]};
    if (!w->is_data && call->in[2])
        j.finish.bias = w->bias_kept ? w->bias_kept : call->in[2];
    j.weights = points_of(w, call, &j.scratch);
    nn_team(call->threads, tiles_part, &j);
    return ND_OK;
}

static nd_status renew_fold(const nn_call *call)
{
    const winograd *w = call->record->ready;
    float *weight = malloc((size_t)nd_shape_count(w->weight) * sizeof *weight);
    if (!weight)
        return nd_fail(ND_E_MEMORY, "no memory for weights\nclose other programs");
    own_fold_weights(call, weight, w->bias_kept);
    transform(w, weight, w->kept, call->threads);
    free(weight);
    return ND_OK;
}

static nd_status run_fold(const nn_call *call)
{
    const winograd *w = call->record->ready;
    const own_fold *set = call->record->set;
    tiles_job j = {.w = w,
                   .from = call->in[0],
                   .to = call->out[0],
                   .weights = w->kept,
                   .scratch = call->scratch,
                   .finish = {w->bias_kept, call->in[OWN_FOLD_R], set->relu}};
    nn_team(call->threads, tiles_part, &j);
    return ND_OK;
}

// ---- The weights' gradient: products of the points of x and of y's gradient, summed
// over the tiles. For few channels each thread has its own sums, added in the order of
// threads; for many, threads share the tiles' points and each has some of the sums.
typedef struct weigh_job {
    const winograd *w;
    const void *x, *g;
    float *to;
    char *scratch;
    int sums; // how many there are
    int64_t at, count;
} weigh_job;

static float *sums_of(const weigh_job *j, int thread)
{
    return (float *)(void *)(j->scratch + (size_t)thread * j->w->whole);
}

static void weigh_part(void *user, int thread, int threads)
{
    const weigh_job *j = user;
    const winograd *w = j->w;
    const own_winograd *k = here();
    float *sums = sums_of(j, thread);
    float *memory = (float *)(void *)((char *)sums + w->weight_bytes);
    const int64_t first = nn_cut(w->tiles, thread, threads);
    const int64_t end = nn_cut(w->tiles, thread + 1, threads);
    if (first == end) memset(sums, 0, w->weight_bytes);
    for (int64_t at = first; at < end; at += w->room) {
        const int64_t count = end - at < w->room ? end - at : w->room;
        const own_stretch in = {at, count, count, w->room, w->step_in, memory};
        const own_stretch g = {at,      count,       count,
                               w->room, w->step_out, memory + OWN_POINTS * w->step_in};
        k->input[w->type](&w->in, j->x, &in);
        k->gradient[w->type](&w->out, j->g, &g);
        for (int64_t p = 0; p < OWN_POINTS; p++) {
            own_stretch a = in, b = g;
            a.at += p * w->step_in, b.at += p * w->step_out;
            k->weigh(&a, w->ins, &b, w->outs, sums + p * w->step_weight, at != first);
        }
    }
}

static own_stretch shared(const weigh_job *j, bool of_g)
{
    const winograd *w = j->w;
    float *memory = (float *)(void *)(j->scratch + w->weight_bytes);
    return (own_stretch){.first = j->at,
                         .count = j->count,
                         .filled = j->count,
                         .room = w->room,
                         .step = of_g ? w->step_out : w->step_in,
                         .at = memory + (of_g ? OWN_POINTS * w->step_in : 0)};
}

static void points_part(void *user, int thread, int threads)
{
    const weigh_job *j = user;
    const winograd *w = j->w;
    const int64_t from = nn_cut(j->count, thread, threads);
    for (int of_g = 0; of_g < 2; of_g++) {
        own_stretch s = shared(j, of_g);
        s.first += from, s.at += from * 16;
        s.count = s.filled = nn_cut(j->count, thread + 1, threads) - from;
        if (of_g)
            here()->gradient[w->type](&w->out, j->g, &s);
        else
            here()->input[w->type](&w->in, j->x, &s);
    }
}

static void shared_part(void *user, int thread, int threads)
{
    const weigh_job *j = user;
    const winograd *w = j->w;
    float *sums = (float *)(void *)j->scratch;
    const int64_t end = nn_cut(OWN_POINTS, thread + 1, threads);
    for (int64_t p = nn_cut(OWN_POINTS, thread, threads); p < end; p++) {
        own_stretch a = shared(j, false), b = shared(j, true);
        a.at += p * w->step_in, b.at += p * w->step_out;
        here()->weigh(&a, w->ins, &b, w->outs, sums + p * w->step_weight, j->at > 0);
    }
}

static void gather_part(void *user, int thread, int threads)
{
    const weigh_job *j = user;
    const winograd *w = j->w;
    const int64_t all = w->outs * w->ins * 16;
    const int64_t outs = w->weight.dim[0], ins = w->weight.dim[1];
    for (int64_t i = nn_cut(all, thread, threads); i < nn_cut(all, thread + 1, threads);
         i++) {
        const int64_t k = i / (w->ins * 16), c = i % (w->ins * 16);
        if (c >= ins) continue;
        const int64_t at = place_of(w, k, c);
        float sum[OWN_POINTS * 16], nine[9 * 16];
        for (int64_t p = 0; p < OWN_POINTS; p++)
            for (int64_t o = 0; o < 16; o++) {
                float all_sums = sums_of(j, 0)[p * w->step_weight + at + o];
                for (int t = 1; t < j->sums; t++)
                    all_sums += sums_of(j, t)[p * w->step_weight + at + o];
                sum[p * 16 + o] = all_sums;
            }
        here()->from_points(sum, 16, nine);
        for (int64_t o = 0; o < 16 && k * 16 + o < outs; o++)
            for (int64_t p = 0; p < 9; p++)
                j->to[((k * 16 + o) * ins + c) * 9 + p] = nine[p * 16 + o];
    }
}

static bool weight_fits(const nn_record *r)
{
    const nn_conv *c = r->set;
    const nd_dtype type = nn_working_type(r);
    // Sums of many channels wait for memory; direct ones by bfloat16 do not.
    const int64_t products = blocks_of(c->in.dim[1]) * blocks_of(c->out.dim[1]);
    return can(r, c, type) && pays(c, &c->out) &&
           (type == ND_FLOAT32 || products <= 8 * 8);
}

static void weight_layouts(const nn_record *r, nn_layout *in, nn_layout *out)
{
    (void)r, (void)out;
    in[0] = in[1] = NN_BLOCKED;
}

// Sums that do not stay in a thread's own cache are better shared.
static bool is_shared(const winograd *w)
{
    return w->ins * w->outs > 64;
}

static nd_status weight_prepare(nd_arena *arena, nn_record *r)
{
    winograd *w = nd_alloc(arena, 1, sizeof *w);
    if (!w) return ND_E_MEMORY;
    r->ready = w;
    set_tiles(w, r->set, false);
    w->type = nn_working_type(r) == ND_BFLOAT16;
    const int threads = r->in[0]->tape->net->make.threads;
    set_room(w, threads);
    if (is_shared(w)) {
        const int64_t cache = 10000000;
        const int64_t most = cache / (OWN_POINTS * 64 * (w->ins + w->outs));
        w->room = w->tiles < most ? w->tiles : most;
        set_steps(w);
    }
    w->whole = w->part + w->weight_bytes;
    r->scratch = (is_shared(w) ? 1 : (size_t)threads) * w->whole;
    return ND_OK;
}

static nd_status weight_run(const nn_call *call)
{
    const winograd *w = call->record->ready;
    weigh_job j = {.w = w,
                   .g = call->in[0],
                   .x = call->in[1],
                   .to = call->out[0],
                   .scratch = call->scratch,
                   .sums = is_shared(w) ? 1 : call->threads};
    if (!is_shared(w)) nn_team(call->threads, weigh_part, &j);
    for (; is_shared(w) && j.at < w->tiles; j.at += w->room) {
        j.count = w->tiles - j.at < w->room ? w->tiles - j.at : w->room;
        nn_team(call->threads, points_part, &j);
        nn_team(call->threads, shared_part, &j);
    }
    nn_team(call->threads, gather_part, &j);
    return ND_OK;
}

static const char *detail(const nn_record *r)
{
    (void)r;
    return "own winograd";
}

const nn_kernel own_winograd_conv = {.name = "own",
                                     .op = &nn_op_conv,
                                     .fits = fits,
                                     .layouts = layouts,
                                     .prepare = prepare,
                                     .renew = renew,
                                     .run = run,
                                     .detail = detail};
const nn_kernel own_winograd_fold = {.name = "own",
                                     .op = &own_op_fold,
                                     .fits = fits,
                                     .layouts = layouts,
                                     .prepare = prepare,
                                     .renew = renew_fold,
                                     .run = run_fold,
                                     .detail = detail};
const nn_kernel own_winograd_data = {.name = "own",
                                     .op = &nn_op_conv_data,
                                     .fits = fits,
                                     .layouts = layouts,
                                     .prepare = prepare,
                                     .renew = renew,
                                     .run = run,
                                     .detail = detail};
const nn_kernel own_winograd_weight = {.name = "own",
                                       .op = &nn_op_conv_weight,
                                       .fits = weight_fits,
                                       .layouts = weight_layouts,
                                       .prepare = weight_prepare,
                                       .run = weight_run,
                                       .detail = detail};
