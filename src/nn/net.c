// SPDX-License-Identifier: Apache-2.0
// A net: its variables by name, their first values, what is frozen.
#include "nn/net.h"
#include <math.h>
#include <string.h>

const nn_variable *nn_variable_at(const nd_net *net, int slot)
{
    return &net->variable[slot];
}

// Numbers 2 at and 2 at + 1: one draw makes both. Box and Muller 1958 for the normal.
static void draw(uint64_t key, uint64_t at, nn_first first, double pair[2])
{
    uint32_t r[4];
    nd_random(key, at, r);
    const double u = (double)(((uint64_t)r[0] << 32 | r[1]) >> 11) * 0x1p-53;
    const double v = (double)(((uint64_t)r[2] << 32 | r[3]) >> 11) * 0x1p-53;
    if (first.bound > 0) {
        pair[0] = first.bound * (2 * u - 1), pair[1] = first.bound * (2 * v - 1);
        return;
    }
    const double length = first.deviation * sqrt(-2 * log(1 - u));
    pair[0] = length * cos(6.283185307179586 * v);
    pair[1] = length * sin(6.283185307179586 * v);
}

// Stream 6 of nd_random is first weights; each is keyed by its name, so that a layer more
// or less changes no other.
static void fill(const nd_net *net, const nn_variable *v, nn_first first)
{
    const nd_hash h =
        nd_hash_more((nd_hash){net->make.seed, 6}, v->name, strlen(v->name));
    const int64_t count = nd_shape_count(v->shape);
    const bool is_drawn = first.bound > 0 || first.deviation > 0;
    double pair[2] = {first.value, first.value};
    for (int64_t i = 0; i < count; i++) {
        if (is_drawn && i % 2 == 0) draw(h.a, (uint64_t)i / 2, first, pair);
        const double x = pair[i % 2];
        if (v->dtype == ND_FLOAT32) ((float *)v->data)[i] = (float)x;
        if (v->dtype == ND_FLOAT64) ((double *)v->data)[i] = x;
        if (v->dtype == ND_INT64) ((int64_t *)v->data)[i] = (int64_t)x;
    }
}

int nn_variable_add(nd_net *net, const nn_variable *variable, nn_first first)
{
    if (net->count == net->room) {
        const int room = net->room ? 2 * net->room : 64;
        nn_variable *more = nd_alloc(net->arena, (size_t)room, sizeof *more);
        if (!more) return -1;
        if (net->count) memcpy(more, net->variable, (size_t)net->count * sizeof *more);
        net->variable = more, net->room = room;
    }
    nn_variable *v = &net->variable[net->count];
    *v = *variable;
    v->name = nd_text(net->arena, "%s", variable->name);
    v->data =
        nd_alloc(net->arena, (size_t)nd_shape_count(v->shape), nd_dtype_bytes(v->dtype));
    if (!v->name || !v->data) return -1;
    const bool is_drawn = first.bound > 0 || first.deviation > 0;
    if (!net->make.blank || !is_drawn) fill(net, v, first);
    return net->count++;
}

static const nn_backend *backend(const char *name)
{
    static const nn_backend *const all[] = {&nn_backend_onednn, &nn_backend_plain, NULL};
    for (const nn_backend *const *b = all; *b; b++)
        if ((!name || !strcmp(name, (*b)->name)) && (!(*b)->is_there || (*b)->is_there()))
            return *b;
    (void)nd_fail(ND_E_PARAM, "backend %s is not there\ntake plain, or install oneDNN",
                  name);
    return NULL;
}

static void free_plans(void *object)
{
    nd_net *net = object;
    if (net->context_arena) nd_arena_free(net->context_arena);
    while (net->plan) {
        nn_plan *next = net->plan->next;
        nd_arena_free(net->plan->arena);
        net->plan = next;
    }
}

nd_net *nd_net_new(nd_arena *arena, const nd_net_make *make)
{
    nd_net *net = nd_alloc(arena, 1, sizeof *net);
    if (!net) return NULL;
    *net = (nd_net){.arena = arena, .make = *make};
    if (!net->make.threads) net->make.threads = nd_cores();
    // Doubles are the oracle's.
    net->backend = backend(make->dtype == ND_FLOAT64 ? "plain" : make->backend);
    if (!net->backend || nd_defer(arena, free_plans, net)) return NULL;
    if (make->compute == ND_BFLOAT16 && make->dtype == ND_FLOAT32) {
        const bool can = net->backend->computes_bf16 && net->backend->computes_bf16();
        if (!can)
            nd_say(ND_WARN, "this processor has no bfloat16 arithmetic: float32 is used");
        net->make.compute = can ? ND_BFLOAT16 : ND_FLOAT32;
    } else {
        net->make.compute = make->dtype;
    }
    net->make.backend = net->backend->name;
    nd_arena *scratch = nd_arena_new();
    if (!scratch) return NULL;
    nd_tape tape = {.arena = scratch, .net = net};
    nd_tensor *x = nn_tensor(&tape, make->dtype, make->input);
    const bool is_made = x && make->forward(&tape, x, make->user);
    nd_arena_free(scratch);
    return is_made ? net : NULL;
}

int nd_net_count(const nd_net *net)
{
    return net->count;
}

nd_named nd_net_at(const nd_net *net, int at)
{
    const nn_variable *v = &net->variable[at];
    return (nd_named){v->name, {v->dtype, v->shape, v->data}, v->is_parameter, v->frozen};
}

int nd_net_find(const nd_net *net, const char *name)
{
    for (int i = 0; i < net->count; i++)
        if (!strcmp(net->variable[i].name, name)) return i;
    return -1;
}

int64_t nd_net_parameters(const nd_net *net)
{
    int64_t count = 0;
    for (int i = 0; i < net->count; i++)
        if (net->variable[i].is_parameter)
            count += nd_shape_count(net->variable[i].shape);
    return count;
}

// Values lie in plain order, always.
nd_status nd_net_pull(nd_net *net)
{
    (void)net;
    return ND_OK;
}

nd_status nd_net_push(nd_net *net)
{
    net->version++;
    return ND_OK;
}

nd_status nd_net_freeze(nd_net *net, const char *prefix, bool frozen)
{
    int found = 0;
    for (int i = 0; i < net->count; i++)
        if (!strncmp(net->variable[i].name, prefix, strlen(prefix)))
            net->variable[i].frozen = frozen, found++;
    if (!found)
        return nd_fail(ND_E_PARAM,
                       "no parameter's name begins with %s\n"
                       "nadir info lists the names",
                       prefix);
    net->frozen++;
    return ND_OK;
}

int nd_net_threads(const nd_net *net)
{
    return net->make.threads;
}

const char *nd_net_backend(const nd_net *net)
{
    return net->backend->name;
}

nd_dtype nd_net_compute(const nd_net *net)
{
    return net->make.compute;
}

void nd_net_check_finite(nd_net *net, bool on)
{
    net->checks_finite = on;
}
