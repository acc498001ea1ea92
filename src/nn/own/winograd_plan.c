// SPDX-License-Identifier: Apache-2.0
// Winograd's convolutions: sizes, whether it pays, and the weights' points.
#include "nn/own/winograd_plan.h"
#include <string.h>

// Tiles of 4 x 4 of what is written.
void own_winograd_tiles(winograd *w, const nn_conv *c, bool is_data)
{
    const nd_shape from = is_data ? c->out : c->in, to = is_data ? c->in : c->out;
    own_tiles t = {.rows = (to.dim[2] + 3) / 4,
                   .columns = (to.dim[3] + 3) / 4,
                   .height = from.dim[2],
                   .width = from.dim[3],
                   .out_height = to.dim[2],
                   .out_width = to.dim[3],
                   .pad = is_data ? 2 - c->set.pad : c->set.pad,
                   .blocks = own_blocks(from.dim[1])};
    t.end = t.blocks;
    w->in = t;
    t.end = t.blocks = own_blocks(to.dim[1]);
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
    int64_t room = cache / (both * OWN_POINTS * 64) / OWN_ROUND * OWN_ROUND;
    if (room > most) room = most;
    const int64_t each = (w->tiles + threads - 1) / threads;
    const int64_t needed = (each + OWN_ROUND - 1) / OWN_ROUND * OWN_ROUND;
    if (room > needed) room = needed;
    return room < OWN_ROUND ? OWN_ROUND : room;
}

// An odd number of lines between points: so they do not fall into the same few sets of
// the caches.
void own_winograd_steps(winograd *w)
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

void own_winograd_room(winograd *w, int threads)
{
    w->room = room_of(w, threads);
    w->round = own_round(w->outs, 1);
    own_winograd_steps(w);
}

int64_t own_winograd_place(const winograd *w, int64_t k, int64_t c)
{
    int64_t first = 0;
    for (;;) {
        const int group = own_group(w->outs - first);
        if (k < first + group)
            return first * 16 * w->ins * 16 + c * group * 16 + (k - first) * 16;
        first += group;
    }
}

bool own_winograd_can(const nn_record *r, const nn_conv *c, nd_dtype type)
{
    const nd_conv2d *s = &c->set;
    const nd_net_make *make = &r->in[0]->tape->net->make;
    return nd_cpu() == ND_CPU_V4 && !make->exact && s->kernel == 3 && s->stride == 1 &&
           s->dilation == 1 && s->groups == 1 && s->pad <= 2 &&
           (type == ND_FLOAT32 || type == ND_BFLOAT16);
}

// Where it pays: enough of each tile is used, and the weights, four times as many, are
// used by enough tiles. An answer's bits depend on the way taken: in inference the number
// of pictures has no say, so that a window's do not depend on those beside it.
bool own_winograd_pays(const nn_record *r, const nn_conv *c, const nd_shape *to)
{
    const int64_t rows = (to->dim[2] + 3) / 4, columns = (to->dim[3] + 3) / 4;
    const bool training = r->in[0]->tape->training;
    const int64_t tiles = training ? to->dim[0] * rows * columns : rows * columns;
    const int64_t enough = training ? 32 : nn_working_type(r) == ND_BFLOAT16 ? 4 : 1;
    const double used = (double)(to->dim[2] * to->dim[3]) / (double)(rows * columns * 16);
    return c->in.dim[1] > 3 && tiles >= enough && used >= 0.55;
}

const char *own_winograd_detail(const nn_record *r)
{
    (void)r;
    return "own winograd";
}

// Whether all sixteen outputs and inputs are there, so that they can be turned at once.
static bool is_whole(const winograd *w, int64_t k, int64_t block)
{
    const int64_t in = w->weight.dim[1], out = w->weight.dim[0];
    // Of data lines of sixteen are read, the very last one beyond its nine.
    if (w->is_data)
        return k * 16 + 16 <= in && (block + 1) * 16 <= out &&
               (k * 16 + 16 < in || (block + 1) * 16 < out);
    return k * 16 + 16 <= out && (block + 1) * 16 <= in;
}

static void whole_nines(const winograd *w, const float *weights, int64_t k, int64_t block,
                        float *nines)
{
    const own_winograd *here = own_winograd_here();
    const int64_t in = w->weight.dim[1];
    if (!w->is_data) {
        const float *from = weights + (k * 16 * in + block * 16) * 9;
        for (int64_t i = 0; i < 9; i++)
            here->turn(from + i * 16, in * 9, nines + i * 256, 16);
        return;
    }
    for (int64_t c = 0; c < 16; c++) {
        float turned[256];
        here->turn(weights + ((block * 16 + c) * in + k * 16) * 9, 9, turned, 16);
        for (int64_t p = 0; p < 9; p++)
            memcpy(nines + c * OWN_NINE + (8 - p) * 16, turned + p * 16,
                   16 * sizeof(float));
    }
}

void own_winograd_nines(const winograd *w, const float *weights, int64_t k, int64_t block,
                        float nines[16 * OWN_NINE])
{
    if (is_whole(w, k, block)) {
        whole_nines(w, weights, k, block, nines);
        return;
    }
    const int64_t in = w->weight.dim[1];
    const int64_t outs = w->is_data ? in : w->weight.dim[0];
    const int64_t ins = w->is_data ? w->weight.dim[0] : in;
    const int64_t by_out = (w->is_data ? 1 : in) * 9, by_in = (w->is_data ? in : 1) * 9;
    memset(nines, 0, (size_t)16 * OWN_NINE * sizeof(float));
    for (int64_t c = 0; c < 16 && block * 16 + c < ins; c++)
        for (int64_t o = 0; o < 16 && k * 16 + o < outs; o++) {
            const float *from =
                weights + (block * 16 + c) * by_in + (k * 16 + o) * by_out;
            for (int64_t p = 0; p < 9; p++)
                nines[c * OWN_NINE + (w->is_data ? 8 - p : p) * 16 + o] = from[p];
        }
}

void own_winograd_give(const winograd *w, const float nines[16 * OWN_NINE], int64_t k,
                       int64_t block, float *weights)
{
    const int64_t in = w->weight.dim[1], out = w->weight.dim[0];
    if (is_whole(w, k, block)) {
        float *to = weights + (k * 16 * in + block * 16) * 9;
        for (int64_t i = 0; i < 9; i++)
            own_winograd_here()->turn(nines + i * 256, 16, to + i * 16, in * 9);
        return;
    }
    for (int64_t c = 0; c < 16 && block * 16 + c < in; c++)
        for (int64_t o = 0; o < 16 && k * 16 + o < out; o++)
            for (int64_t p = 0; p < 9; p++)
                weights[((k * 16 + o) * in + block * 16 + c) * 9 + p] =
                    nines[c * OWN_NINE + p * 16 + o];
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
    const int64_t all = w->outs * w->ins;
    for (int64_t i = nn_cut(all, thread, threads); i < nn_cut(all, thread + 1, threads);
         i++) {
        const int64_t k = i / w->ins, b = i % w->ins;
        float nines[16 * OWN_NINE];
        own_winograd_nines(w, j->from, k, b, nines);
        for (int64_t c = 0; c < 16; c++)
            own_winograd_here()->to_points(nines + c * OWN_NINE,
                                           j->to + own_winograd_place(w, k, b * 16 + c),
                                           w->step_weight);
    }
}

void own_winograd_points(const winograd *w, const float *weights, float *to, int threads)
{
    weights_job j = {w, weights, to};
    nn_team(threads, weights_part, &j);
}
