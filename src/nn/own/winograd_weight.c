// SPDX-License-Identifier: Apache-2.0
// Weights' gradients of convolutions 3 x 3 by Winograd.
#include "nn/own/own.h"
#include "nn/own/winograd_plan.h"
#include <string.h>

// ---- The weights' gradient: products of the points of x and of y's gradient, summed
// over the tiles. For few channels each thread has its own sums, added in the order of
// threads; for many, threads share the tiles' points and each has some of the sums.
// Products of so many pairs of blocks stay in a thread's own cache.
enum { FEW = 8 * 8 };

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
    const own_winograd *k = own_winograd_here();
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
            own_winograd_here()->gradient[w->type](&w->out, j->g, &s);
        else
            own_winograd_here()->input[w->type](&w->in, j->x, &s);
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
        own_winograd_here()->weigh(&a, w->ins, &b, w->outs, sums + p * w->step_weight,
                                   j->at > 0);
    }
}

static void gather_part(void *user, int thread, int threads)
{
    const weigh_job *j = user;
    const winograd *w = j->w;
    const int64_t all = w->outs * w->ins;
    for (int64_t i = nn_cut(all, thread, threads); i < nn_cut(all, thread + 1, threads);
         i++) {
        const int64_t k = i / w->ins, block = i % w->ins;
        float nines[16 * OWN_NINE], sum[OWN_POINTS * 16];
        for (int64_t c = 0; c < 16; c++) {
            const int64_t at = own_winograd_place(w, k, block * 16 + c);
            for (int64_t p = 0; p < OWN_POINTS; p++)
                for (int64_t o = 0; o < 16; o++) {
                    float all_sums = sums_of(j, 0)[p * w->step_weight + at + o];
                    for (int t = 1; t < j->sums; t++)
                        all_sums += sums_of(j, t)[p * w->step_weight + at + o];
                    sum[p * 16 + o] = all_sums;
                }
            own_winograd_here()->from_points(sum, 16, nines + c * OWN_NINE);
        }
        own_winograd_give(w, nines, k, block, j->to);
    }
}

// Points of all tiles at once stay in the third cache.
static bool is_once(const nn_conv *c)
{
    const int64_t cache = 30000000, each = (int64_t)OWN_POINTS * 64;
    const int64_t tiles =
        c->out.dim[0] * ((c->out.dim[2] + 3) / 4) * ((c->out.dim[3] + 3) / 4);
    return own_products(c) > FEW &&
           (own_blocks(c->in.dim[1]) + own_blocks(c->out.dim[1])) * tiles * each <= cache;
}
enum { ONCE_STEP = 16 * 64 + 16 };

// Of wide ones: sums of a group of outputs and a block of inputs at a time, whose nine
// are made at once.
static void once_part(void *user, int thread, int threads)
{
    const weigh_job *j = user;
    const winograd *w = j->w;
    const own_stretch x = shared(j, false), g = shared(j, true);
    float *sums = sums_of(j, 0) + (int64_t)thread * OWN_POINTS * ONCE_STEP;
    const int64_t end = nn_cut(w->outs, thread + 1, threads);
    for (int64_t k = nn_cut(w->outs, thread, threads), group; k < end; k += group) {
        group = own_group(end - k);
        for (int64_t b = 0; b < w->ins; b++) {
            for (int64_t p = 0; p < OWN_POINTS; p++) {
                own_stretch in = x, of_g = g;
                in.at += p * w->step_in + b * w->room * 16;
                of_g.at += p * w->step_out + k * w->room * 16;
                own_winograd_here()->weigh(&in, 1, &of_g, group, sums + p * ONCE_STEP,
                                           false);
            }
            for (int64_t i = 0; i < group; i++) {
                float nines[16 * OWN_NINE];
                for (int64_t c = 0; c < 16; c++)
                    own_winograd_here()->from_points(sums + (c * group + i) * 16,
                                                     ONCE_STEP, nines + c * OWN_NINE);
                own_winograd_give(w, nines, k + i, b, j->to);
            }
        }
    }
}

static bool weight_fits(const nn_record *r)
{
    const nn_conv *c = r->set;
    const nd_dtype type = nn_working_type(r);
    // Sums of many channels wait for memory; direct ones by bfloat16 do not.
    const int64_t most = type == ND_BFLOAT16 ? FEW : OWN_MANY;
    return own_winograd_can(r, c, type) && own_winograd_pays(r, c, &c->out) &&
           (own_products(c) <= most || (type == ND_FLOAT32 && is_once(c)));
}

static void weight_layouts(const nn_record *r, nn_layout *in, nn_layout *out)
{
    (void)r, (void)out;
    in[0] = in[1] = NN_BLOCKED;
}

// Sums that do not stay there are better shared.
static bool is_shared(const winograd *w)
{
    return w->ins * w->outs > FEW;
}

static nd_status weight_prepare(nd_arena *arena, nn_record *r)
{
    winograd *w = nd_alloc(arena, 1, sizeof *w);
    if (!w) return ND_E_MEMORY;
    r->ready = w;
    own_winograd_tiles(w, r->set, false);
    w->type = nn_working_type(r) == ND_BFLOAT16;
    const int threads = r->in[0]->tape->net->make.threads;
    own_winograd_room(w, threads);
    w->is_wide = is_once(r->set);
    if (w->is_wide) {
        w->room = w->tiles;
        own_winograd_steps(w);
        w->weight_bytes = (size_t)threads * OWN_POINTS * ONCE_STEP * sizeof(float);
    } else if (is_shared(w)) {
        const int64_t cache = 10000000;
        const int64_t most = cache / ((w->ins + w->outs) * OWN_POINTS * 64);
        w->room = w->tiles < most ? w->tiles : most;
        own_winograd_steps(w);
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
    if (w->is_wide) {
        j.count = w->tiles;
        nn_team(call->threads, points_part, &j);
        nn_team(call->threads, once_part, &j);
        return ND_OK;
    }
    if (!is_shared(w)) nn_team(call->threads, weigh_part, &j);
    for (; is_shared(w) && j.at < w->tiles; j.at += w->room) {
        j.count = w->tiles - j.at < w->room ? w->tiles - j.at : w->room;
        nn_team(call->threads, points_part, &j);
        nn_team(call->threads, shared_part, &j);
    }
    nn_team(call->threads, gather_part, &j);
    return ND_OK;
}

const nn_kernel own_winograd_weight = {.name = "own",
                                       .op = &nn_op_conv_weight,
                                       .fits = weight_fits,
                                       .layouts = weight_layouts,
                                       .prepare = weight_prepare,
                                       .run = weight_run,
                                       .detail = own_winograd_detail};
