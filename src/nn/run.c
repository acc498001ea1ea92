// SPDX-License-Identifier: Apache-2.0
// Runs a plan: a loop over its records, no allocation, no look-up.
#include "nn/net.h"
#include <math.h>
#include <stdlib.h>

static void give_back(void *memory)
{
    free(memory);
}

nn_context *nn_context_new(nd_arena *arena, const nn_plan *plan)
{
    nn_context *c = nd_alloc(arena, 1, sizeof *c);
    if (!c) return NULL;
    const size_t page = 4096;
    const size_t values = (plan->bytes + page - 1) / page * page + page;
    const size_t scratch = (plan->scratch + page - 1) / page * page + 2 * page;
    char *memory = aligned_alloc(page, values + scratch);
    if (!memory) {
        (void)nd_fail(ND_E_MEMORY,
                      "%.0f MB are needed for one batch and not to be had\n"
                      "take a smaller batch or smaller pictures",
                      (double)(values + scratch) / 1e6);
        return NULL;
    }
    if (nd_defer(arena, give_back, memory)) {
        free(memory);
        return NULL;
    }
    *c = (nn_context){plan, memory, memory + values, values + scratch};
    return c;
}

void *nn_where(const nn_context *context, const nn_edges *edges, const nd_tensor *x)
{
    if (!x) return NULL;
    switch (x->place) {
    case NN_VALUE: return context->memory + x->offset;
    case NN_INPUT: return (void *)(uintptr_t)edges->input;
    case NN_TARGET: return (void *)(uintptr_t)edges->target;
    default: return context->plan->net->variable[x->slot].data;
    }
}

static nd_status call(const nn_plan *plan, nn_run *run, const nn_record *r,
                      const nn_context *context, const nn_edges *edges)
{
    enum { MOST = 64 };
    void *in[MOST], *out[MOST];
    for (int k = 0; k < r->ins; k++) in[k] = nn_where(context, edges, r->in[k]);
    for (int k = 0; k < r->outs; k++) out[k] = nn_where(context, edges, r->out[k]);
    const nn_call c = {
        .record = r,
        .in = in,
        .out = out,
        .scratch = context->scratch,
        .threads = plan->key.threads,
        .seed = plan->net->make.seed,
        .step = edges->optim ? edges->optim->step * (edges->optim->make.accumulate
                                                         ? edges->optim->make.accumulate
                                                         : 1) +
                                   edges->optim->batch
                             : edges->turn,
        .optim = edges->optim,
    };
    return run(&c);
}

nd_status nn_plan_renew(nn_plan *plan)
{
    if (plan->version == plan->net->version) return ND_OK;
    const nn_context none = {.plan = plan};
    const nn_edges edges = {0};
    for (int i = 0; i < plan->records; i++) {
        const nn_record *r = plan->record[i];
        if (r->kernel && r->kernel->renew)
            ND_TRY(call(plan, r->kernel->renew, r, &none, &edges));
    }
    plan->version = plan->net->version;
    return ND_OK;
}

static int64_t first_bad(const nd_tensor *x, const void *data, int64_t *bad)
{
    const int64_t count = (int64_t)(nn_bytes(x) / nd_dtype_bytes(x->dtype));
    int64_t first = -1;
    *bad = 0;
    for (int64_t i = 0; i < count; i++) {
        double v = 0;
        if (x->dtype == ND_FLOAT32) v = (double)((const float *)data)[i];
        if (x->dtype == ND_FLOAT64) v = ((const double *)data)[i];
        if (x->dtype == ND_BFLOAT16)
            v = (double)nn_from_bf16(((const uint16_t *)data)[i]);
        if (isfinite(v)) continue;
        if (first < 0) first = i;
        ++*bad;
    }
    return first;
}

static nd_status check(const nn_context *context, const nn_edges *edges,
                       const nn_record *r)
{
    for (int k = 0; k < r->outs; k++) {
        int64_t bad = 0;
        const int64_t at =
            first_bad(r->out[k], nn_where(context, edges, r->out[k]), &bad);
        if (at >= 0)
            return nd_fail(
                ND_E_DATA,
                "%s (%s, %s): %lld numbers that are none, the first at %lld\n"
                "lower the learning rate, or look for such numbers in the data",
                r->path, r->op->name, r->is_backward ? "backward" : "forward",
                (long long)bad, (long long)at);
    }
    return ND_OK;
}

void nd_net_time(nd_net *net, bool on)
{
    net->is_timed = on;
    for (nn_plan *p = net->plan; p; p = p->next) {
        p->runs = 0;
        for (int i = 0; p->seconds && i < p->records; i++) p->seconds[i] = 0;
    }
}

nd_status nn_plan_run(const nn_plan *plan, nn_context *context, const nn_edges *edges)
{
    const nd_dtype real = plan->net->make.dtype;
    double before = plan->net->is_timed ? nd_cpu_seconds() : 0;
    for (int i = 0; i < plan->records; i++) {
        const nn_record *r = plan->record[i];
        nn_run *run = r->kernel ? r->kernel->run : r->op->plain[real == ND_FLOAT64];
        ND_TRY(call(plan, run, r, context, edges));
        if (plan->net->is_timed) {
            const double now = nd_cpu_seconds();
            plan->seconds[i] += now - before;
            before = now;
        }
        if (plan->net->checks_finite) ND_TRY(check(context, edges, r));
        if (plan->loss && i == plan->loss_at) {
            const void *at = nn_where(context, edges, plan->loss);
            const double loss =
                real == ND_FLOAT64 ? *(const double *)at : (double)*(const float *)at;
            if (!isfinite(loss))
                return nd_fail(ND_E_DATA,
                               "the loss is %s\n"
                               "lower the learning rate, or look for such numbers in the "
                               "data",
                               isnan(loss) ? "no number" : "infinite");
        }
    }
    return ND_OK;
}
