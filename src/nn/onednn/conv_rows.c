// SPDX-License-Identifier: Apache-2.0
// Convolution's kernels by oneDNN: which records they take and in which layout.
#include "nn/conv_transpose.h"
#include "nn/net.h"
#include "nn/onednn/conv.h"
#include "nn/own/fold.h"
#include "nn/own/own.h"
#include <stdlib.h>

static onednn_pass pass_of(const nn_record *r)
{
    if (r->op == &nn_op_conv || r->op == &own_op_fold) return ONEDNN_FORWARD;
    return r->op == &nn_op_conv_weight ? ONEDNN_WEIGHT : ONEDNN_DATA;
}

// A picture of few bands stays as it is: oneDNN has kernels for first layers.
static nn_layout layout_of_x(const nn_conv *c, onednn_pass pass)
{
    return c->in.dim[1] <= 3 && pass != ONEDNN_DATA ? NN_PLAIN : NN_BLOCKED;
}

static onednn_geometry geometry_of(const nn_record *r, onednn_pass pass)
{
    const nn_conv *c = r->set;
    const nd_tape *tape = r->in[0]->tape;
    // Types: those of what is given, except that weights' gradients are float32.
    // Weights' gradients from bfloat16 are no faster, and wait for each other by
    // spinning.
    const nd_dtype type = pass == ONEDNN_WEIGHT ? ND_FLOAT32 : nn_working_type(r);
    const nd_tensor x = {.shape = c->in, .layout = layout_of_x(c, pass), .dtype = type};
    const nd_tensor y = {.shape = c->out, .layout = NN_BLOCKED, .dtype = type};
    return (onednn_geometry){.set = c->set,
                             .weight = c->weight,
                             .x = onednn_picture(&x),
                             .y = onednn_picture(&y),
                             .is_inference = !tape->training,
                             .exact = tape->net->make.exact,
                             .has_bias = pass == ONEDNN_FORWARD && r->in[2]};
}

// Into `g`, which the addition points into.
static void whole_of(const nn_record *r, onednn_geometry *g)
{
    *g = geometry_of(r, pass_of(r));
    if (r->op != &own_op_fold) return;
    const own_fold *set = r->set;
    g->has_bias = g->keeps_bias = true;
    g->after.relu = set->relu;
    if (r->in[OWN_FOLD_R]) g->after.r = &g->y;
}

static bool fits(const nn_record *r)
{
    const nn_conv *c = r->set;
    if (nd_shape_count(c->out) == 0) return false;
    // Groups that are no blocks of 16 would each need filling up.
    const int64_t groups = c->set.groups;
    const bool is_depthwise = c->weight.dim[1] == 1 && c->weight.dim[0] == groups;
    if (groups > 1 && !is_depthwise &&
        (c->weight.dim[1] % 16 || c->weight.dim[0] / groups % 16))
        return false;
    nd_arena *arena = nd_arena_new();
    if (!arena) return false;
    const onednn_pass pass = pass_of(r);
    onednn_geometry g;
    whole_of(r, &g);
    onednn_made made;
    const nd_status status = onednn_conv_new(arena, &g, pass, &made);
    nd_arena_free(arena);
    return status == ND_OK;
}

static void layouts(const nn_record *r, nn_layout *in, nn_layout *out)
{
    const onednn_pass pass = pass_of(r);
    in[0] = out[0] = NN_BLOCKED;
    if (pass == ONEDNN_FORWARD) in[0] = layout_of_x(r->set, pass);
    if (r->op == &own_op_fold) in[OWN_FOLD_R] = NN_BLOCKED;
    if (pass == ONEDNN_WEIGHT) in[1] = layout_of_x(r->set, pass), out[0] = NN_PLAIN;
}

static nd_status prepare(nd_arena *arena, nn_record *r)
{
    const onednn_pass pass = pass_of(r);
    onednn_geometry g;
    whole_of(r, &g);
    onednn_made *made = nd_alloc(arena, 1, sizeof *made);
    if (!made) return ND_E_MEMORY;
    r->ready = made;
    ND_TRY(onednn_conv_new(arena, &g, pass, made));
    r->scratch = onednn_conv_scratch(made);
    return ND_OK;
}

static nd_status renew(const nn_call *call)
{
    const bool has_bias = call->record->ins > 2;
    return onednn_conv_renew(call->record->ready, call->in[1],
                             has_bias ? call->in[2] : NULL);
}

static nd_status run(const nn_call *call)
{
    const nn_record *r = call->record;
    const onednn_pass pass = pass_of(r);
    void *const data[5] = {call->in[0], call->in[1], call->out[0],
                           pass == ONEDNN_FORWARD ? call->in[2] : NULL, NULL};
    return onednn_conv_run(r->ready, pass, data, call->scratch);
}

// A transposed convolution is a data gradient, and adds a bias.
typedef struct bias_job {
    const nn_call *call;
    const own_norm *by;
} bias_job;

static void bias_part(void *user, int thread, int threads)
{
    const bias_job *j = user;
    const nd_tensor *y = j->call->record->out[0];
    const int64_t pixels = y->shape.dim[2] * y->shape.dim[3];
    const int64_t blocks = (y->shape.dim[1] + 15) / 16, all = y->shape.dim[0] * blocks;
    const int type = y->dtype == ND_BFLOAT16;
    const size_t step = (size_t)pixels * (type ? 32 : 64);
    for (int64_t i = nn_cut(all, thread, threads); i < nn_cut(all, thread + 1, threads);
         i++) {
        char *at = (char *)j->call->out[0] + (size_t)i * step;
        own_here()->norm[type](at, NULL, at, pixels, &j->by[i % blocks], false);
    }
}

static nd_status run_transpose(const nn_call *call)
{
    ND_TRY(run(call));
    const float *bias = call->in[2];
    const int64_t channels = call->record->out[0]->shape.dim[1];
    if (!bias) return ND_OK;
    own_norm *by = call->scratch;
    for (int64_t b = 0; b < (channels + 15) / 16; b++) {
        by[b] = (own_norm){{0}, {0}, {0}};
        for (int c = 0; c < 16 && b * 16 + c < channels; c++)
            by[b].scale[c] = 1, by[b].shift[c] = bias[b * 16 + c];
    }
    nn_team(call->threads, bias_part, &(bias_job){call, by});
    return ND_OK;
}

static nd_status prepare_transpose(nd_arena *arena, nn_record *r)
{
    ND_TRY(prepare(arena, r));
    const size_t bias = (size_t)(r->out[0]->shape.dim[1] + 15) / 16 * sizeof(own_norm);
    if (r->scratch < bias) r->scratch = bias;
    return ND_OK;
}

static const char *detail(const nn_record *r)
{
    const onednn_made *made = r->ready;
    return made->p.how;
}

static nd_status renew_fold(const nn_call *call)
{
    const onednn_made *m = call->record->ready;
    const nn_conv *c = call->record->set;
    float *weight = malloc((size_t)nd_shape_count(c->weight) * sizeof *weight);
    if (!weight)
        return nd_fail(ND_E_MEMORY, "no memory for weights\nclose other programs");
    own_fold_weights(call, weight, m->bias_kept);
    const nd_status status = onednn_conv_renew(m, weight, NULL);
    free(weight);
    return status;
}

static nd_status run_fold(const nn_call *call)
{
    void *const data[5] = {call->in[0], call->in[1], call->out[0], NULL,
                           call->in[OWN_FOLD_R]};
    return onednn_conv_run(call->record->ready, ONEDNN_FORWARD, data, call->scratch);
}

#define ROW(of, ready, anew, how)                                                        \
    {                                                                                    \
        .name = "onednn", .op = &(of), .fits = fits, .layouts = layouts,                 \
        .prepare = (ready), .renew = (anew), .run = (how), .detail = detail              \
    }
const nn_kernel onednn_conv = ROW(nn_op_conv, prepare, renew, run);
const nn_kernel onednn_conv_data = ROW(nn_op_conv_data, prepare, renew, run);
const nn_kernel onednn_conv_transpose =
    ROW(nn_op_conv_transpose, prepare_transpose, renew, run_transpose);
const nn_kernel onednn_conv_weight = {.name = "onednn",
                                      .op = &nn_op_conv_weight,
                                      .fits = fits,
                                      .layouts = layouts,
                                      .prepare = prepare,
                                      .run = run,
                                      .wants_float32 = true,
                                      .detail = detail};
const nn_kernel onednn_fold = ROW(own_op_fold, prepare, renew_fold, run_fold);
