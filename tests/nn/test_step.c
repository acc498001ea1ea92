// SPDX-License-Identifier: Apache-2.0
#include "nets.h"

static const nd_goal goal = {nd_cross_entropy, NULL};

static nd_net *net_of(nd_arena *arena, nd_dtype dtype)
{
    return nd_net_new(arena, &(nd_net_make){.forward = small_net,
                                            .input = ND_SHAPE(1, 2, 6, 5),
                                            .dtype = dtype,
                                            .backend = "plain",
                                            .threads = 2,
                                            .seed = 7});
}

static float first_of(const nd_net *net, const char *name)
{
    return *(const float *)nd_net_at(net, nd_net_find(net, name)).value.data;
}

static double value_of(const nd_array *a)
{
    return a->dtype == ND_FLOAT64 ? *(const double *)a->data
                                  : (double)*(const float *)a->data;
}

static double loss_of(nd_net *net, const nd_array *x, const nd_array *y)
{
    double loss = (double)NAN;
    const nd_array *gradient;
    nd_array of_input;
    CHECK(nd_gradients(net, &goal, x, y, &loss, &gradient, &of_input) == ND_OK);
    return loss;
}

TEST(parameters_are_named_by_their_scopes_in_torchs_order)
{
    nd_net *net = net_of(arena, ND_FLOAT32);
    CHECK(net && nd_net_count(net) == 10);
    static const char *const names[] = {
        "stage1.conv.weight",    "stage1.bn.weight",
        "stage1.bn.bias",        "stage1.bn.running_mean",
        "stage1.bn.running_var", "stage1.bn.num_batches_tracked",
        "again.weight",          "again.bias",
        "head.weight",           "head.bias"};
    for (int i = 0; net && i < 10; i++) CHECK(!strcmp(nd_net_at(net, i).name, names[i]));
    CHECK(net && nd_net_parameters(net) == 4 * 2 * 9 + 8 + 4 * 4 * 9 + 4 + 12 + 3);
}

// Central differences in double, along noise of one value at a time.
static void check_slope(nd_arena *arena, nd_net *net, const nd_array *value,
                        const double *g, const nd_array batch[2])
{
    const int64_t count = nd_shape_count(value->shape);
    double *at = value->data, slope = 0, side[2];
    double *kept = nd_alloc(arena, (size_t)count, sizeof *kept);
    for (int64_t i = 0; i < count; i++) kept[i] = at[i], slope += g[i] * noise(50, i);
    for (int s = 0; s < 2; s++) {
        for (int64_t i = 0; i < count; i++)
            at[i] = kept[i] + (s ? 1e-6 : -1e-6) * noise(50, i);
        CHECK(nd_net_push(net) == ND_OK);
        side[s] = loss_of(net, &batch[0], &batch[1]);
    }
    memcpy(at, kept, (size_t)count * sizeof *at);
    CHECK(fabs((side[1] - side[0]) / 2e-6 - slope) <= 1e-8 + 1e-6 * fabs(slope));
    CHECK(fabs(slope) > 1e-5); // else there were nothing to test
}

TEST(gradients_are_the_slopes_of_the_loss)
{
    nd_net *net = net_of(arena, ND_FLOAT64);
    const nd_array batch[2] = {numbers(arena, ND_FLOAT64, ND_SHAPE(3, 2, 6, 5), 1),
                               numbers(arena, ND_INT64, ND_SHAPE(3), 2)};
    double loss;
    const nd_array *gradient;
    nd_array of_input;
    CHECK(net && nd_gradients(net, &goal, &batch[0], &batch[1], &loss, &gradient,
                              &of_input) == ND_OK);
    // The next call writes over them.
    double *kept[11] = {0};
    for (int v = 0; v <= nd_net_count(net); v++) {
        const nd_array *g = v == nd_net_count(net) ? &of_input : &gradient[v];
        if (!g->data) continue;
        const size_t bytes = (size_t)nd_shape_count(g->shape) * sizeof(double);
        kept[v] = nd_alloc(arena, bytes, 1);
        memcpy(kept[v], g->data, bytes);
    }
    for (int v = 0; v < nd_net_count(net); v++) {
        const nd_named named = nd_net_at(net, v);
        CHECK(named.is_parameter == !!kept[v]);
        if (kept[v]) check_slope(arena, net, &named.value, kept[v], batch);
    }
    check_slope(arena, net, &batch[0], kept[nd_net_count(net)], batch);
}

TEST(a_shape_is_compiled_once_and_replayed)
{
    nd_net *net = net_of(arena, ND_FLOAT32);
    nd_optim *o =
        nd_optim_new(arena, net, &(nd_optim_make){.rate = 0.1, .momentum = 0.9});
    const nd_array y = numbers(arena, ND_INT64, ND_SHAPE(4), 2);
    const nd_array x = numbers(arena, ND_FLOAT32, ND_SHAPE(4, 2, 6, 5), 1);
    nd_stepped first = {0}, last = {0};
    nd_plan_facts facts = {0};
    CHECK(nd_step(net, o, &goal, &x, &y, &first) == ND_OK);
    for (int i = 0; i < 60; i++) CHECK(nd_step(net, o, &goal, &x, &y, &last) == ND_OK);
    CHECK(nd_net_facts(net, x.shape, true, &facts) == ND_OK && facts.compiled == 1);
    CHECK(last.loss < 0.2 * first.loss);
    // 2 per multiply-add: three passes each; the first convolution's data has no
    // gradient.
    const double conv1 = 2.0 * 4 * 30 * 4 * 2 * 9, conv2 = 2.0 * 4 * 30 * 4 * 4 * 9;
    CHECK(fabs(facts.flops - (2 * conv1 + 3 * conv2 + 3 * 2.0 * 4 * 4 * 3)) < 0.5);
}

TEST(equal_seeds_train_to_equal_bits)
{
    double loss[2];
    const nd_array y = numbers(arena, ND_INT64, ND_SHAPE(4), 2);
    const nd_array x = numbers(arena, ND_FLOAT32, ND_SHAPE(4, 2, 6, 5), 1);
    for (int run = 0; run < 2; run++) {
        nd_net *net = net_of(arena, ND_FLOAT32);
        nd_optim *o = nd_optim_new(
            arena, net, &(nd_optim_make){.method = ND_ADAMW, .rate = 0.01, .clip = 1});
        nd_stepped s = {0};
        for (int i = 0; i < 20; i++) CHECK(nd_step(net, o, &goal, &x, &y, &s) == ND_OK);
        loss[run] = s.loss;
        CHECK(s.norm > 0);
    }
    CHECK(!memcmp(&loss[0], &loss[1], sizeof *loss));
}

// One update from batches of 2 + 2 that equals one of 4 (no batch norm by batches here).
TEST(batches_gathered_are_one_batch)
{
    const nd_array y = numbers(arena, ND_INT64, ND_SHAPE(4), 2);
    const nd_array x = numbers(arena, ND_FLOAT64, ND_SHAPE(4, 2, 6, 5), 1);
    double weight[2];
    for (int run = 0; run < 2; run++) {
        nd_net *net = net_of(arena, ND_FLOAT64);
        CHECK(nd_net_freeze(net, "stage1", true) == ND_OK);
        nd_optim *o = nd_optim_new(
            arena, net,
            &(nd_optim_make){.rate = 0.1, .momentum = 0.9, .accumulate = run ? 2 : 1});
        nd_stepped s;
        for (int i = 0; i <= run; i++) {
            const int part = run ? 2 : 4;
            const nd_array xs = {ND_FLOAT64, ND_SHAPE(part, 2, 6, 5),
                                 (double *)x.data + (ptrdiff_t)i * 2 * 60};
            const nd_array ys = {ND_INT64, ND_SHAPE(part), (int64_t *)y.data + 2 * i};
            CHECK(nd_step(net, o, &goal, &xs, &ys, &s) == ND_OK);
        }
        weight[run] =
            *(const double *)nd_net_at(net, nd_net_find(net, "head.weight")).value.data;
    }
    CHECK(fabs(weight[0] - weight[1]) < 1e-14);
}

TEST(a_runner_gives_what_nd_infer_gives)
{
    nd_net *net = net_of(arena, ND_FLOAT32);
    const nd_array x = numbers(arena, ND_FLOAT32, ND_SHAPE(2, 2, 6, 5), 1);
    float a[6], b[6];
    nd_array to_a = {ND_FLOAT32, ND_SHAPE(2, 3), a};
    nd_array to_b = {ND_FLOAT32, ND_SHAPE(2, 3), b};
    nd_runner *r = nd_runner_new(arena, net, x.shape);
    CHECK(r && nd_runner_run(r, &x, &to_a) == ND_OK);
    CHECK(nd_infer(net, &x, &to_b) == ND_OK && !memcmp(a, b, sizeof a));
    nd_shape out = {0};
    CHECK(nd_net_output(net, x.shape, &out) == ND_OK && nd_shape_same(out, to_a.shape));
}

TEST(what_is_frozen_stays)
{
    nd_net *net = net_of(arena, ND_FLOAT32);
    CHECK(nd_net_freeze(net, "stage1", true) == ND_OK);
    nd_optim *o = nd_optim_new(arena, net, &(nd_optim_make){.rate = 0.1});
    const nd_array y = numbers(arena, ND_INT64, ND_SHAPE(4), 2);
    const nd_array x = numbers(arena, ND_FLOAT32, ND_SHAPE(4, 2, 6, 5), 1);
    const float weight = first_of(net, "stage1.conv.weight");
    const float mean = first_of(net, "stage1.bn.running_mean");
    const float head = first_of(net, "head.weight");
    nd_stepped s;
    CHECK(nd_step(net, o, &goal, &x, &y, &s) == ND_OK);
    CHECK(!memcmp(&weight, &(float){first_of(net, "stage1.conv.weight")}, sizeof weight));
    CHECK(!memcmp(&mean, &(float){first_of(net, "stage1.bn.running_mean")}, sizeof mean));
    CHECK(fabsf(head - first_of(net, "head.weight")) > 0);
    CHECK(nd_net_freeze(net, "stag2", true) != ND_OK);
    CHECK(error_says("no parameter's name begins with stag2"));
}

TEST(a_label_outside_the_classes_is_named_and_changes_nothing)
{
    nd_net *net = net_of(arena, ND_FLOAT32);
    nd_optim *o = nd_optim_new(arena, net, &(nd_optim_make){.rate = 0.1});
    const nd_array y = {ND_INT64, ND_SHAPE(2), (int64_t[]){1, 3}};
    const nd_array x = numbers(arena, ND_FLOAT32, ND_SHAPE(2, 2, 6, 5), 1);
    const float before = first_of(net, "head.weight");
    nd_stepped s;
    CHECK(nd_step(net, o, &goal, &x, &y, &s) != ND_OK);
    CHECK(error_says(
        "label 3 of picture 1, pixel 0 of the batch: there are classes 0 to 2"));
    CHECK(!memcmp(&before, &(float){first_of(net, "head.weight")}, sizeof before));
}

TEST(a_number_that_is_none_is_traced_to_its_layer)
{
    nd_net *net = net_of(arena, ND_FLOAT32);
    ((float *)nd_net_at(net, 6).value.data)[0] = NAN;
    nd_optim *o = nd_optim_new(arena, net, &(nd_optim_make){.rate = 0.1});
    const nd_array y = numbers(arena, ND_INT64, ND_SHAPE(2), 2);
    const nd_array x = numbers(arena, ND_FLOAT32, ND_SHAPE(2, 2, 6, 5), 1);
    nd_stepped s;
    CHECK(nd_step(net, o, &goal, &x, &y, &s) != ND_OK);
    CHECK(error_says("the loss is no number"));
    nd_net_check_finite(net, true);
    CHECK(nd_step(net, o, &goal, &x, &y, &s) != ND_OK);
    CHECK(error_says("again (conv, forward)"));
}

// What is kept after each step, averaged by hand: the decay is warmed up, (1 + t) / (10 +
// t), and stays at 0.5 here.
TEST(weights_and_running_means_are_averaged)
{
    nd_net *net = net_of(arena, ND_FLOAT64);
    nd_optim *o = nd_optim_new(arena, net, &(nd_optim_make){.rate = 0.1, .ema = 0.5});
    const nd_array y = numbers(arena, ND_INT64, ND_SHAPE(4), 2);
    const nd_array x = numbers(arena, ND_FLOAT64, ND_SHAPE(4, 2, 6, 5), 1);
    const char *const name[] = {"head.weight", "stage1.bn.running_var"};
    const double *now[2];
    double mean[2];
    for (int k = 0; k < 2; k++) {
        now[k] = nd_net_at(net, nd_net_find(net, name[k])).value.data;
        mean[k] = *now[k];
    }
    for (int t = 0; t < 12; t++) {
        nd_stepped s;
        CHECK(nd_step(net, o, &goal, &x, &y, &s) == ND_OK);
        const double warm = (1.0 + t) / (10.0 + t), d = warm < 0.5 ? warm : 0.5;
        for (int k = 0; k < 2; k++) mean[k] = d * mean[k] + (1 - d) * *now[k];
    }
    const double raw = *now[0];
    CHECK(nd_optim_swap(o) == ND_OK);
    for (int k = 0; k < 2; k++) CHECK(fabs(*now[k] - mean[k]) < 1e-14);
    CHECK(nd_optim_swap(o) == ND_OK && fabs(*now[0] - raw) < 1e-300);
}

static nd_tensor *norm_only(nd_tape *t, nd_tensor *x, const void *user)
{
    (void)user;
    return nd_relu(nd_batch_norm(t, "bn", nd_dropout(x, 0.5), (nd_norm){0}));
}

// 1, 3, 5, 7 and 0, 0, 2, 2: the mean of the eight is 2.5, their squares sum up to 92, so
// the variance is (92 - 8 2.5^2) / 7 = 6; of the last four alone 1 and 4/3.
static void check_measured(nd_arena *arena, const char *backend, nd_dtype dtype)
{
    static float single[] = {1, 3, 5, 7, 0, 0, 2, 2};
    static double twice[] = {1, 3, 5, 7, 0, 0, 2, 2};
    nd_net *net = nd_net_new(arena, &(nd_net_make){.forward = norm_only,
                                                   .input = ND_SHAPE(2, 1, 1, 2),
                                                   .dtype = dtype,
                                                   .backend = backend,
                                                   .threads = 1});
    if (!net) {
        (void)nd_error_take();
        printf("# no %s here\n", backend);
        return;
    }
    const nd_array mean = nd_net_at(net, nd_net_find(net, "bn.running_mean")).value;
    const nd_array var = nd_net_at(net, nd_net_find(net, "bn.running_var")).value;
    const nd_array count =
        nd_net_at(net, nd_net_find(net, "bn.num_batches_tracked")).value;
    nd_array x[2];
    for (int k = 0; k < 2; k++)
        x[k] = (nd_array){dtype, ND_SHAPE(2, 1, 1, 2),
                          dtype == ND_FLOAT64 ? (void *)(twice + 4 * k) : single + 4 * k};
    for (int64_t k = 0; k < 2; k++) CHECK(nd_net_measure(net, &x[k], k) == ND_OK);
    CHECK(fabs(value_of(&mean) - 2.5) < 1e-6 && fabs(value_of(&var) - 6) < 1e-6);
    CHECK(nd_net_measure(net, &x[1], 0) == ND_OK);
    CHECK(fabs(value_of(&mean) - 1) < 1e-6 && fabs(value_of(&var) - 4.0 / 3) < 1e-6);
    CHECK(*(const int64_t *)count.data == 0);
}

TEST(running_values_are_measured_as_those_of_all_batches_together)
{
    check_measured(arena, "plain", ND_FLOAT64);
    check_measured(arena, "plain", ND_FLOAT32);
    check_measured(arena, "onednn", ND_FLOAT32);
}

TEST(measuring_changes_running_values_only_and_what_is_frozen_stays)
{
    nd_net *net = net_of(arena, ND_FLOAT32);
    const nd_array x = numbers(arena, ND_FLOAT32, ND_SHAPE(4, 2, 6, 5), 1);
    void *before[10];
    for (int i = 0; i < 10; i++) {
        const nd_array v = nd_net_at(net, i).value;
        const size_t bytes = (size_t)nd_shape_count(v.shape) * nd_dtype_bytes(v.dtype);
        before[i] = nd_alloc_raw(arena, bytes, 1);
        memcpy(before[i], v.data, bytes);
    }
    for (int frozen = 1; frozen >= 0; frozen--) {
        CHECK(nd_net_freeze(net, "stage1", frozen) == ND_OK);
        CHECK(nd_net_measure(net, &x, 0) == ND_OK);
        for (int i = 0; i < 10; i++) {
            const nd_named v = nd_net_at(net, i);
            const size_t bytes =
                (size_t)nd_shape_count(v.value.shape) * nd_dtype_bytes(v.value.dtype);
            const bool is_running = strstr(v.name, "running_") != NULL;
            CHECK((memcmp(before[i], v.value.data, bytes) == 0) ==
                  (frozen || !is_running));
        }
    }
}
