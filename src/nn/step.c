// SPDX-License-Identifier: Apache-2.0
// Training steps and inference: the plan for a batch's shape is found or made, then run.
#include "nn/optim.h"
#include <math.h>
#include <string.h>

static nd_status plan_for(nd_net *net, const nn_key *key, nn_plan **plan)
{
    *plan = nn_plan_find(net, key);
    return *plan ? ND_OK : nn_compile(net, key, plan);
}

// Memory for this plan: the net's, made anew where it is too small.
static nd_status context_for(nd_net *net, const nn_plan *plan, nn_context *context)
{
    const size_t page = 4096;
    if (!net->context || net->context->bytes < plan->bytes + plan->scratch + 3 * page) {
        if (net->context_arena) nd_arena_free(net->context_arena);
        net->context = NULL;
        net->context_arena = nd_arena_new();
        if (!net->context_arena) return ND_E_MEMORY;
        net->context = nn_context_new(net->context_arena, plan);
        if (!net->context) return ND_E_MEMORY;
    }
    *context = *net->context;
    context->plan = plan;
    context->scratch = context->memory + (plan->bytes + 2 * page - 1) / page * page;
    return ND_OK;
}

// The plan for a key, its memory, and what is made of the weights: ready to run here.
static nd_status ready(nd_net *net, const nn_key *key, nn_plan **plan,
                       nn_context *context)
{
    ND_TRY(plan_for(net, key, plan));
    ND_TRY(context_for(net, *plan, context));
    nn_team_here(key->threads);
    ND_TRY(nn_plan_renew(*plan));
    if (net->is_timed) net->timed = *plan, (*plan)->runs++;
    return ND_OK;
}

static nd_status check_array(const nd_array *x, nd_dtype wanted, const char *what)
{
    if (x->dtype != wanted)
        return nd_fail(ND_E_PARAM, "the %s is %s\ngive it as %s", what,
                       nd_dtype_name(x->dtype), nd_dtype_name(wanted));
    for (int i = 0; i < x->shape.rank; i++)
        if (x->shape.dim[i] < 0)
            return nd_fail(ND_E_PARAM, "the %s has %lld in one direction\ngive it a size",
                           what, (long long)x->shape.dim[i]);
    return ND_OK;
}

static nd_status train_key(const nd_net *net, const nd_goal *goal, const nd_array *x,
                           const nd_array *y, nn_key *key)
{
    ND_TRY(check_array(x, net->make.dtype, "input"));
    *key = (nn_key){.mode = NN_TRAIN,
                    .input = x->shape,
                    .target = y->shape,
                    .input_dtype = x->dtype,
                    .target_dtype = y->dtype,
                    .goal = *goal,
                    .threads = net->make.threads,
                    .frozen = net->frozen};
    return ND_OK;
}

static double number(const nn_context *c, const nn_edges *edges, const nd_tensor *x)
{
    if (!x) return (double)NAN;
    const void *at = nn_where(c, edges, x);
    return x->dtype == ND_FLOAT64 ? *(const double *)at : (double)*(const float *)at;
}

nd_status nd_step(nd_net *net, nd_optim *optim, const nd_goal *goal, const nd_array *x,
                  const nd_array *y, nd_stepped *stepped)
{
    nn_key key;
    nn_plan *plan;
    nn_context context;
    ND_TRY(train_key(net, goal, x, y, &key));
    key.optim = optim;
    ND_TRY(ready(net, &key, &plan, &context));
    const nn_edges edges = {.input = x->data, .target = y->data, .optim = optim};
    ND_TRY(nn_plan_run(plan, &context, &edges));
    const int of = optim->make.accumulate ? optim->make.accumulate : 1;
    if (++optim->batch >= of) {
        nn_average_buffers(optim);
        optim->batch = 0, optim->step++;
        net->version++;
    }
    *stepped = (nd_stepped){.loss = number(&context, &edges, plan->loss),
                            .norm = number(&context, &edges, plan->norm)};
    const nd_tensor *out = goal->keeps_output ? plan->output : NULL;
    if (out)
        stepped->output =
            (nd_array){out->dtype, out->shape, nn_where(&context, &edges, out)};
    return ND_OK;
}

// What is asked, and the three that are found. NOLINTNEXTLINE(readability-function-size)
nd_status nd_gradients(nd_net *net, const nd_goal *goal, const nd_array *x,
                       const nd_array *y, double *loss, const nd_array **gradients,
                       nd_array *of_input)
{
    nn_key key;
    nn_plan *plan;
    nn_context context;
    ND_TRY(train_key(net, goal, x, y, &key));
    key.mode = NN_GRADIENTS;
    ND_TRY(ready(net, &key, &plan, &context));
    const nn_edges edges = {.input = x->data, .target = y->data};
    ND_TRY(nn_plan_run(plan, &context, &edges));
    nd_array *all = nd_alloc(net->arena, (size_t)net->count, sizeof *all);
    if (!all) return ND_E_MEMORY;
    for (const nd_tensor *v = plan->tape->tensor; v; v = v->next) {
        if (!v->gradient || (v->place != NN_STATE && v != plan->input)) continue;
        const nd_array found = {v->gradient->dtype, v->shape,
                                nn_where(&context, &edges, v->gradient)};
        if (v == plan->input)
            *of_input = found;
        else
            all[v->slot] = found;
    }
    *loss = number(&context, &edges, plan->loss);
    *gradients = all;
    return ND_OK;
}

static nn_key infer_key(const nd_net *net, nd_shape input, int threads)
{
    return (nn_key){.mode = NN_INFER,
                    .input = input,
                    .input_dtype = net->make.dtype,
                    .threads = threads,
                    .frozen = net->frozen};
}

static nd_status infer(const nn_plan *plan, nn_context *context, const nd_array *x,
                       nd_array *out)
{
    ND_TRY(check_array(x, plan->net->make.dtype, "input"));
    const nd_tensor *y = plan->output;
    if (!nd_shape_same(out->shape, y->shape) || out->dtype != y->dtype) {
        char a[96], b[96];
        return nd_fail(ND_E_PARAM, "the output is given room for %s %s\ngive it %s %s",
                       nn_shape_text(a, out->shape), nd_dtype_name(out->dtype),
                       nn_shape_text(b, y->shape), nd_dtype_name(y->dtype));
    }
    const nn_edges edges = {.input = x->data};
    ND_TRY(nn_plan_run(plan, context, &edges));
    memcpy(out->data, nn_where(context, &edges, y), nn_bytes(y));
    return ND_OK;
}

nd_status nd_infer(nd_net *net, const nd_array *x, nd_array *out)
{
    const nn_key key = infer_key(net, x->shape, net->make.threads);
    nn_plan *plan;
    nn_context context;
    ND_TRY(ready(net, &key, &plan, &context));
    return infer(plan, &context, x, out);
}

nd_status nd_net_output(nd_net *net, nd_shape input, nd_shape *output)
{
    nd_arena *scratch = nd_arena_new();
    if (!scratch) return ND_E_MEMORY;
    nd_tape tape = {.arena = scratch, .net = net};
    nd_tensor *x = nn_tensor(&tape, net->make.dtype, input);
    const nd_tensor *y = x ? net->make.forward(&tape, x, net->make.user) : NULL;
    if (y) *output = y->shape;
    nd_arena_free(scratch);
    if (y) return ND_OK;
    const nd_error error = nd_error_take();
    return nd_error_give(&error);
}

nd_status nd_net_measure(nd_net *net, const nd_array *x, int64_t turn)
{
    nn_key key = infer_key(net, x->shape, net->make.threads);
    nn_plan *plan;
    nn_context context;
    key.mode = NN_MEASURE;
    ND_TRY(check_array(x, net->make.dtype, "input"));
    ND_TRY(ready(net, &key, &plan, &context));
    const nn_edges edges = {.input = x->data, .turn = turn};
    ND_TRY(nn_plan_run(plan, &context, &edges));
    net->version++;
    return ND_OK;
}

struct nd_runner {
    nn_plan *plan;
    nn_context *context;
};

nd_runner *nd_runner_new(nd_arena *arena, nd_net *net, nd_shape input)
{
    const nn_key key = infer_key(net, input, 1);
    nd_runner *r = nd_alloc(arena, 1, sizeof *r);
    if (!r || plan_for(net, &key, &r->plan)) return NULL;
    nn_team_here(1);
    r->context = nn_context_new(arena, r->plan);
    return r->context && nn_plan_renew(r->plan) == ND_OK ? r : NULL;
}

nd_status nd_runner_run(nd_runner *runner, const nd_array *x, nd_array *out)
{
    nn_team_here(1);
    return infer(runner->plan, runner->context, x, out);
}

size_t nd_runner_bytes(const nd_runner *runner)
{
    return runner->context->bytes;
}
