// SPDX-License-Identifier: Apache-2.0
// Convolutions 3 x 3 by Winograd: a quarter of the multiplications, an error of about
// 1e-6 of the result's size. `exact` asks for none.
#include "nn/own/fold.h"
#include "nn/own/own.h"
#include "nn/own/winograd_plan.h"
#include <stdlib.h>
#include <string.h>

typedef struct tiles_job {
    const winograd *w;
    const void *from;
    void *to;
    const float *weights;
    char *scratch;
    own_finish finish;
    int64_t at, count; // of wide ones: the tiles whose points are there
} tiles_job;

static void tiles_part(void *user, int thread, int threads)
{
    const tiles_job *j = user;
    const winograd *w = j->w;
    const own_winograd *k = own_winograd_here();
    float *memory = (float *)(void *)(j->scratch + (size_t)thread * w->part);
    const int64_t end = nn_cut(w->tiles, thread + 1, threads);
    for (int64_t at = nn_cut(w->tiles, thread, threads); at < end; at += w->room) {
        const int64_t count = end - at < w->room ? end - at : w->room;
        const int64_t room = (count + w->round - 1) / w->round * w->round;
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

// ---- Wide: of so many channels that the weights' points would go to memory and back.
// All tiles' points are made first; then each thread has some outputs, a group at a time.
// Points of WIDE_TILES tiles lie together: more, and their lines would be too far apart
// to be fetched in time.
enum { WIDE_TILES = 72 };
static own_stretch wide_in(const tiles_job *j, int64_t at)
{
    const winograd *w = j->w;
    const int64_t left = j->count - at;
    return (own_stretch){.first = j->at + at,
                         .count = left < w->room ? left : w->room,
                         .filled = w->room,
                         .room = w->room,
                         .step = w->step_in,
                         .at = (float *)(void *)j->scratch +
                               at / w->room * OWN_POINTS * w->step_in};
}

static void wide_points(void *user, int thread, int threads)
{
    const tiles_job *j = user;
    for (int64_t at = 0; at < j->count; at += j->w->room) {
        own_stretch in = wide_in(j, at);
        const int64_t from = nn_cut(in.count, thread, threads);
        const int64_t end = nn_cut(in.count, thread + 1, threads);
        in.filled = end == in.count ? in.filled - from : end - from;
        in.first += from, in.count = end - from, in.at += from * 16;
        own_winograd_here()->input[j->w->type](&j->w->in, j->from, &in);
    }
}

// Outputs of a group for tiles from `at` on, by the weights' points of the group.
static void wide_tiles(const tiles_job *j, int64_t at, int64_t first, int64_t group,
                       const float *weights, float *made)
{
    const winograd *w = j->w;
    const own_winograd *k = own_winograd_here();
    const own_stretch in = wide_in(j, at);
    const own_stretch out = {in.first, in.count, w->room, w->room, w->step_out, made};
    for (int64_t p = 0; p < OWN_POINTS; p++) {
        own_stretch a = in, b = out;
        a.at += p * w->step_in, b.at += p * w->step_out;
        k->product(&a, w->ins, weights + p * w->step_weight, &b, group);
    }
    own_tiles tiles = w->out;
    tiles.begin = first, tiles.end = first + group;
    k->output[w->type](&tiles, &out, j->to, &j->finish);
}

static void wide_part(void *user, int thread, int threads)
{
    const tiles_job *j = user;
    const winograd *w = j->w;
    float *weights = (float *)(void *)(j->scratch + w->whole + (size_t)thread * w->part);
    float *made = weights + OWN_POINTS * w->step_weight;
    const int64_t end = nn_cut(w->outs, thread + 1, threads);
    for (int64_t first = nn_cut(w->outs, thread, threads), group; first < end;
         first += group) {
        group = own_group(end - first);
        for (int64_t i = 0; i < group * w->ins; i++) {
            const int64_t b = i % group, block = i / group;
            float nines[16 * OWN_NINE];
            own_winograd_nines(w, j->weights, first + b, block, nines);
            for (int64_t c = 0; c < 16; c++)
                own_winograd_here()->to_points(
                    nines + c * OWN_NINE, weights + ((block * 16 + c) * group + b) * 16,
                    w->step_weight);
        }
        for (int64_t at = 0; at < j->count; at += w->room)
            wide_tiles(j, at, first, group, weights, made);
    }
}

static void set_wide(winograd *w, int threads)
{
    w->is_wide = true;
    const int64_t parts = (w->tiles + WIDE_TILES - 1) / WIDE_TILES;
    w->room = (w->tiles + parts - 1) / parts;
    w->round = own_round(w->outs, threads);
    w->room = (w->room + w->round - 1) / w->round * w->round;
    const size_t page = 4096;
    w->step_in = w->ins * w->room * 16 + 16;
    w->step_out = 4 * w->room * 16 + 16;
    w->step_weight = w->ins * 16 * 64 + 16;
    const int64_t cache = 20000000,
                  each = OWN_POINTS * w->step_in * (int64_t)sizeof(float);
    w->stretches = cache / each > 1 ? cache / each : 1;
    if (w->stretches > parts) w->stretches = parts;
    w->whole = (size_t)(w->stretches * each);
    w->whole = (w->whole + page - 1) / page * page;
    w->part = (size_t)(OWN_POINTS * (w->step_weight + w->step_out)) * sizeof(float);
    w->part = (w->part + page - 1) / page * page;
}

static void run_wide(const nn_call *call, tiles_job *j)
{
    const winograd *w = j->w;
    j->weights = call->in[1], j->scratch = call->scratch;
    const int64_t most = w->room * w->stretches;
    for (; j->at < w->tiles; j->at += most) {
        j->count = w->tiles - j->at < most ? w->tiles - j->at : most;
        nn_team(call->threads, wide_points, j);
        nn_team(call->threads, wide_part, j);
    }
}

static bool fits(const nn_record *r)
{
    const nn_conv *c = r->set;
    const bool is_data = r->op == &nn_op_conv_data;
    // Direct ones by bfloat16 are as fast for many channels, and keep a tenth of the
    // weights' points.
    const bool is_float32 = r->out[0]->dtype == ND_FLOAT32;
    const int64_t most = is_float32 ? OWN_MANY : OWN_MANY_BF16;
    // Of wide ones the weights' points are not kept.
    const bool may_be_wide = r->in[0]->tape->training && is_float32;
    return own_winograd_can(r, c, r->out[0]->dtype) &&
           own_winograd_pays(r, c, is_data ? &c->in : &c->out) &&
           (may_be_wide || own_products(c) <= most);
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
    own_winograd_tiles(w, c, r->op == &nn_op_conv_data);
    w->type = r->out[0]->dtype == ND_BFLOAT16;
    const int threads = tape->net->make.threads;
    if (own_products(c) > OWN_MANY)
        set_wide(w, threads);
    else
        own_winograd_room(w, threads);
    r->scratch = (size_t)threads * w->part;
    if (w->is_wide)
        r->scratch += w->whole;
    else if (tape->training)
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
    if (w->kept) own_winograd_points(w, call->in[1], w->kept, call->threads);
    return ND_OK;
}

// In training weights change with each step: their points are made where they are used.
static const float *points_of(const winograd *w, const nn_call *call, char **scratch)
{
    *scratch = call->scratch;
    if (w->kept) return w->kept;
    float *to = call->scratch;
    *scratch += w->weight_bytes;
    own_winograd_points(w, call->in[1], to, call->threads);
    return to;
}

static nd_status run(const nn_call *call)
{
    const winograd *w = call->record->ready;
    tiles_job j = {.w = w, .from = call->in[0], .to = call->out[0]};
    if (!w->is_data && call->in[2])
        j.finish.bias = w->bias_kept ? w->bias_kept : call->in[2];
    if (w->is_wide) {
        run_wide(call, &j);
        return ND_OK;
    }
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
    own_winograd_points(w, weight, w->kept, call->threads);
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

#define ROW(of, anew, how)                                                               \
    {                                                                                    \
        .name = "own", .op = &(of), .fits = fits, .layouts = layouts,                    \
        .prepare = prepare, .renew = (anew), .run = (how), .detail = own_winograd_detail \
    }
const nn_kernel own_winograd_conv = ROW(nn_op_conv, renew, run);
const nn_kernel own_winograd_data = ROW(nn_op_conv_data, renew, run);
const nn_kernel own_winograd_fold = ROW(own_op_fold, renew_fold, run_fold);
