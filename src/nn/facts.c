// SPDX-License-Identifier: Apache-2.0
// What a plan costs, for bench and explain.
#include "nn/net.h"
#include "nn/own/own.h"

// The newest plan of that shape: training's knows the goal and the optimiser.
static const nn_plan *newest(const nd_net *net, nd_shape input, bool train)
{
    for (const nn_plan *p = net->plan; p; p = p->next)
        if (p->key.mode == (train ? NN_TRAIN : NN_INFER) &&
            nd_shape_same(p->key.input, input))
            return p;
    return NULL;
}

nd_status nd_net_facts(nd_net *net, nd_shape input, bool train, nd_plan_facts *facts)
{
    const nn_plan *p = newest(net, input, train);
    if (!p)
        return nd_fail(ND_E_PARAM, "no batch of that shape was computed yet\n"
                                   "run one first");
    int64_t weights = 0;
    for (int i = 0; i < net->count; i++)
        weights += nd_shape_count(net->variable[i].shape) *
                   (int64_t)nd_dtype_bytes(net->variable[i].dtype);
    *facts = (nd_plan_facts){.arena_bytes = (int64_t)(p->bytes + p->scratch),
                             .weight_bytes = weights,
                             .flops = p->flops,
                             .records = p->records,
                             .compiled = net->compiled};
    return ND_OK;
}

nd_layer_cost *nd_net_profile(nd_arena *arena, const nd_net *net, int *count)
{
    const nn_plan *p = net->timed;
    nd_layer_cost *cost = nd_alloc(arena, p ? (size_t)p->records : 1, sizeof *cost);
    if (!cost) return NULL;
    *count = p ? p->records : 0;
    for (int i = 0; i < *count; i++) {
        const nn_record *r = p->record[i];
        const nn_kernel *k = r->kernel;
        const char *kernel = k ? k->detail ? k->detail(r) : k->name : "plain";
        cost[i] = (nd_layer_cost){
            .path = nd_text(arena, "%s", r->path),
            .what = nd_text(arena, "%s", r->op->name),
            .kernel = nd_text(arena, "%s", kernel),
            .seconds = p->seconds[i],
            .flops = r->op->flops ? r->op->flops(r) : 0,
            .runs = p->runs,
            .shape = r->outs ? r->out[0]->shape : (nd_shape){0},
        };
        if (!cost[i].path || !cost[i].what || !cost[i].kernel) return NULL;
    }
    return cost;
}

double nd_net_peak(void)
{
    const int64_t rounds = 100000;
    double best = 0;
    const double start = nd_seconds();
    while (nd_seconds() - start < 0.1) {
        const double before = nd_cpu_seconds();
        const double flops = own_here()->multiply_add(rounds);
        const double rate = flops / (nd_cpu_seconds() - before);
        if (rate > best) best = rate;
    }
    return best;
}
