// SPDX-License-Identifier: Apache-2.0
// Optimisers against PyTorch: five steps with given gradients.
#include "golden.h"

static nd_tensor *given(nd_tape *t, nd_tensor *x, const void *user)
{
    (void)user;
    return nd_multiply(nd_parameter(t, "p", nd_tensor_shape(x), 1), x);
}

// The sum of p x: the gradient of p is x, the batch.
static nd_tensor *sum(nd_tape *t, nd_tensor *output, nd_tensor *target, const void *set)
{
    (void)t, (void)target, (void)set;
    return nd_reshape(nd_reduce_axes(output, 1, ND_SUM), (nd_shape){0});
}

static bool row_is(const nd_array *a, const nd_array *rows, int row, double most)
{
    for (int64_t i = 0; i < 7; i++) {
        const double far = fabs(value_at(a, i) - value_at(rows, row * 7 + i));
        if (far <= most) continue;
        printf("# number %d of row %d is off by %g\n", (int)i, row, far);
        return false;
    }
    return true;
}

static void check_case(const golden *g, int at, nd_dtype dtype)
{
    const double most = dtype == ND_FLOAT64 ? 1e-14 : 1e-6;
    const nd_json *set = golden_settings(g, at);
    const nd_optim_make make = {.method = (nd_method)whole(set, "method"),
                                .rate = setting(set, "rate", 0),
                                .momentum = setting(set, "momentum", 0),
                                .beta2 = setting(set, "beta2", 0),
                                .epsilon = setting(set, "epsilon", 0),
                                .decay = setting(set, "decay", 0),
                                .nesterov = whole(set, "nesterov"),
                                .clip = setting(set, "clip", 0),
                                .ema = setting(set, "ema", 0),
                                .decay_all = true};
    const nd_array start = as_type(g->arena, golden_array(g, at, "start"), dtype);
    const nd_array grads = as_type(g->arena, golden_array(g, at, "grads"), dtype);
    const nd_array after = golden_array(g, at, "after");
    const nd_array norms = golden_array(g, at, "norms");
    const nd_array averages = golden_array(g, at, "averages");
    nd_net *net = nd_net_new(g->arena, &(nd_net_make){.forward = given,
                                                      .input = ND_SHAPE(7),
                                                      .dtype = dtype,
                                                      .backend = "plain"});
    const nd_array p = nd_net_at(net, 0).value;
    memcpy(p.data, start.data, 7 * nd_dtype_bytes(dtype));
    nd_optim *o = nd_net_push(net) == ND_OK ? nd_optim_new(g->arena, net, &make) : NULL;
    CHECK(o);
    for (int step = 0; step < 5 && o; step++) {
        const nd_array x = {dtype, ND_SHAPE(7),
                            (char *)grads.data +
                                (size_t)step * 7 * nd_dtype_bytes(dtype)};
        nd_stepped s = {0};
        CHECK(nd_step(net, o, &(nd_goal){sum, NULL}, &x, &x, &s) == ND_OK);
        CHECK(nd_net_pull(net) == ND_OK && row_is(&p, &after, step, most));
        if (make.clip > 0) CHECK(fabs(s.norm - value_at(&norms, step)) <= 10 * most);
    }
    if (!(make.ema > 0)) return;
    CHECK(nd_optim_swap(o) == ND_OK && nd_net_pull(net) == ND_OK);
    CHECK(row_is(&p, &averages, 4, most));
    CHECK(nd_optim_swap(o) == ND_OK && row_is(&p, &after, 4, most));
}

TEST(optimisers_are_torchs_in_double)
{
    const golden g = golden_open(arena, "optim");
    CHECK(g.cases == 12);
    for (int at = 0; at < g.cases; at++) check_case(&g, at, ND_FLOAT64);
}

TEST(optimisers_are_torchs_in_float)
{
    const golden g = golden_open(arena, "optim");
    for (int at = 0; at < g.cases; at++) check_case(&g, at, ND_FLOAT32);
}
