// SPDX-License-Identifier: Apache-2.0
// Point functions, conversions and updates, cut into equal parts for the team.
#include "nn/linear.h"
#include "nn/optim.h"
#include "nn/own/own.h"
#include "nn/relu.h"
#include <math.h>
#include <string.h>

typedef struct flat {
    const void *a, *b;
    void *to;
    int64_t count;
    int type;
    size_t bytes; // of a number
    const nn_op *op;
} flat;

static void flat_part(void *user, int thread, int threads)
{
    const flat *f = user;
    const own_kernels *k = own_here();
    const int64_t lines = (f->count + 15) / 16;
    const int64_t from = nn_cut(lines, thread, threads) * 16;
    const int64_t end = nn_cut(lines, thread + 1, threads) * 16;
    const int64_t count = (end < f->count ? end : f->count) - from;
    const char *a = (const char *)f->a + (size_t)from * f->bytes;
    const char *b = (const char *)f->b + (size_t)from * f->bytes;
    char *to = (char *)f->to + (size_t)from * f->bytes;
    if (f->op == &nn_op_relu)
        k->relu[f->type](a, to, count);
    else if (f->op == &nn_op_relu_back)
        k->relu_back[f->type](a, b, to, count);
    else
        k->add[f->type](a, b, to, count);
}

static nd_status run_flat(const nn_call *call)
{
    const nn_record *r = call->record;
    const nd_tensor *out = r->out[0];
    const size_t bytes = nd_dtype_bytes(out->dtype);
    flat f = {.a = call->in[0],
              .b = r->ins > 1 ? call->in[1] : call->in[0],
              .to = call->out[0],
              .count = (int64_t)(nn_bytes(out) / bytes),
              .type = out->dtype == ND_BFLOAT16,
              .bytes = bytes,
              .op = r->op};
    nn_team(call->threads, flat_part, &f);
    return ND_OK;
}

static bool is_real(const nn_record *r)
{
    return r->out[0]->dtype == ND_FLOAT32 || r->out[0]->dtype == ND_BFLOAT16;
}

const nn_kernel own_relu = {
    .name = "own", .op = &nn_op_relu, .fits = is_real, .run = run_flat};
const nn_kernel own_relu_back = {
    .name = "own", .op = &nn_op_relu_back, .fits = is_real, .run = run_flat};
const nn_kernel own_add = {
    .name = "own", .op = &nn_op_sum2, .fits = is_real, .run = run_flat};

// ---- Updates.
typedef struct update {
    const nn_step *step;
    nd_method method;
    float *w, *state[3];
    const float *g;
    int64_t count;
} update;

static void update_part(void *user, int thread, int threads)
{
    const update *u = user;
    const nn_step *s = u->step;
    const int64_t from = nn_cut(u->count, thread, threads);
    const int64_t count = nn_cut(u->count, thread + 1, threads) - from;
    float *state[3];
    for (int k = 0; k < 3; k++) state[k] = u->state[k] ? u->state[k] + from : NULL;
    if (u->method == ND_SGD) {
        const own_sgd by = {.rate = (float)s->rate,
                            .momentum = (float)s->momentum,
                            .decay = (float)s->decay,
                            .clip = (float)s->clip,
                            .ema = (float)s->ema,
                            .is_first = s->step == 1,
                            .nesterov = s->nesterov};
        float *const of_sgd[2] = {state[0], state[2]};
        own_here()->sgd(u->w + from, u->g + from, of_sgd, count, &by);
        return;
    }
    const double one = 1 - pow(s->momentum, (double)s->step);
    const double two = sqrt(1 - pow(s->beta2, (double)s->step));
    const own_adam by = {.rate = (float)(s->rate / one),
                         .beta1 = (float)s->momentum,
                         .beta2 = (float)s->beta2,
                         .epsilon = (float)s->epsilon,
                         .decay = s->is_decoupled ? 0 : (float)s->decay,
                         .clip = (float)s->clip,
                         .keep = s->is_decoupled ? (float)(1 - s->rate * s->decay) : 1,
                         .ema = (float)s->ema,
                         .root = (float)(1 / two)};
    own_here()->adam(u->w + from, u->g + from, state, count, &by);
}

static nd_status run_update(const nn_call *call)
{
    const nd_optim *o = call->optim;
    const int slot = call->record->in[0]->slot;
    const bool is_clipped = call->record->ins > 2;
    nn_step step;
    if (!nn_step_of(o, slot, is_clipped ? (double)*(const float *)call->in[2] : 0, &step))
        return ND_OK;
    update u = {.step = &step,
                .method = o->make.method,
                .w = call->in[0],
                .state = {o->moment[slot], o->square[slot], o->average[slot]},
                .g = o->make.accumulate > 1 ? o->gathered[slot] : call->in[1],
                .count = nd_shape_count(nn_variable_at(o->net, slot)->shape)};
    // A team costs more than a few thousand numbers do.
    nn_team(u.count < 16384 ? 1 : call->threads, update_part, &u);
    return ND_OK;
}

static void all_plain(const nn_record *r, nn_layout *in, nn_layout *out)
{
    (void)r, (void)in, (void)out;
}

static bool is_float32(const nn_record *r)
{
    return r->in[0]->dtype == ND_FLOAT32;
}

const nn_kernel own_update = {.name = "own",
                              .op = &nn_op_update,
                              .fits = is_float32,
                              .layouts = all_plain,
                              .run = run_update};

// Few numbers; the plain kernel's one thread and doubles cost a hundred times as much.
static nd_status run_linear_bias(const nn_call *call)
{
    const nn_linear *l = call->record->set;
    const float *g = call->in[0];
    float *to = call->out[0];
    memset(to, 0, (size_t)l->out * sizeof *to);
    for (int64_t i = 0; i < l->rows; i++)
        for (int64_t k = 0; k < l->out; k++) to[k] += g[i * l->out + k];
    return ND_OK;
}

const nn_kernel own_linear_bias = {.name = "own",
                                   .op = &nn_op_linear_bias,
                                   .fits = is_float32,
                                   .layouts = all_plain,
                                   .run = run_linear_bias};
