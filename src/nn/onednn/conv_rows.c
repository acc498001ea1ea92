// SPDX-License-Identifier: Apache-2.0
// Convolution's kernels by oneDNN: which records they take and in which layout.
#include "nn/conv.h"
#include "nn/net.h"
#include "nn/onednn/conv.h"

static onednn_pass pass_of(const nn_record *r)
{
    return r->op == &nn_op_conv        ? ONEDNN_FORWARD
           : r->op == &nn_op_conv_data ? ONEDNN_DATA
                                       : ONEDNN_WEIGHT;
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
    const nd_dtype type = pass == ONEDNN_WEIGHT ? r->in[1]->dtype : r->out[0]->dtype;
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
    const onednn_geometry g = geometry_of(r, pass);
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
    if (pass == ONEDNN_WEIGHT) in[1] = layout_of_x(r->set, pass), out[0] = NN_PLAIN;
}

static nd_status prepare(nd_arena *arena, nn_record *r)
{
    const onednn_pass pass = pass_of(r);
    const onednn_geometry g = geometry_of(r, pass);
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
    void *const data[4] = {call->in[0], call->in[1], call->out[0],
                           pass == ONEDNN_FORWARD ? call->in[2] : NULL};
    return onednn_conv_run(r->ready, pass, data, call->scratch);
}

static const char *detail(const nn_record *r)
{
    const onednn_made *made = r->ready;
    return made->p.how;
}

const nn_kernel onednn_conv = {.name = "onednn",
                               .op = &nn_op_conv,
                               .fits = fits,
                               .layouts = layouts,
                               .prepare = prepare,
                               .renew = renew,
                               .run = run,
                               .detail = detail};
const nn_kernel onednn_conv_data = {.name = "onednn",
                                    .op = &nn_op_conv_data,
                                    .fits = fits,
                                    .layouts = layouts,
                                    .prepare = prepare,
                                    .renew = renew,
                                    .run = run,
                                    .detail = detail};
const nn_kernel onednn_conv_weight = {.name = "onednn",
                                      .op = &nn_op_conv_weight,
                                      .fits = fits,
                                      .layouts = layouts,
                                      .prepare = prepare,
                                      .run = run,
                                      .detail = detail};
