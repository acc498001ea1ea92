// SPDX-License-Identifier: Apache-2.0
// What layers do at their edges, and what they say to what they cannot do.
#include "golden.h"

// The sum of all of an output, whatever the target.
static nd_tensor *sum(nd_tape *t, nd_tensor *output, nd_tensor *target, const void *set)
{
    (void)t, (void)target, (void)set;
    const int rank = nd_tensor_shape(output).rank;
    return nd_reshape(nd_reduce_axes(output, (1u << rank) - 1, ND_SUM), (nd_shape){0});
}
static const nd_goal summed = {sum, NULL};

static nd_net *net_of(nd_arena *arena, nd_network *forward, const void *user,
                      nd_shape shape)
{
    return nd_net_new(arena, &(nd_net_make){.forward = forward,
                                            .user = user,
                                            .input = shape,
                                            .dtype = ND_FLOAT64,
                                            .backend = "plain",
                                            .threads = 2});
}

static double *slopes(nd_arena *arena, nd_net *net, const nd_array *x)
{
    double loss;
    const nd_array *none;
    nd_array dx = {0};
    CHECK(nd_gradients(net, &summed, x, x, &loss, &none, &dx) == ND_OK && dx.data);
    const size_t bytes = (size_t)nd_shape_count(x->shape) * sizeof(double);
    double *copy = nd_alloc(arena, bytes + 8, 1);
    if (dx.data) memcpy(copy, dx.data, bytes);
    return copy;
}

static nd_tensor *hardswish(nd_tape *t, nd_tensor *x, const void *user)
{
    (void)t, (void)user;
    return nd_activate(x, ND_HARDSWISH, 0);
}

TEST(hardswish_bends_as_torch_says_at_3_and_minus_3)
{
    const nd_array x = {ND_FLOAT64, ND_SHAPE(4), (double[]){3, -3, 3.5, -3.5}};
    const double *g = slopes(arena, net_of(arena, hardswish, NULL, x.shape), &x);
    CHECK(fabs(g[0] - 1.5) < 1e-15 && fabs(g[1] + 0.5) < 1e-15);
    CHECK(fabs(g[2] - 1) < 1e-15 && fabs(g[3]) < 1e-15);
}

static nd_tensor *dropping(nd_tape *t, nd_tensor *x, const void *user)
{
    (void)t;
    const double drop = *(const double *)user;
    return nd_dropout(nd_dropout(x, drop), drop);
}

// Through two of them with 0.3: 0.49 stay, each times 1 / 0.49, and what a number is
// multiplied by is its slope.
TEST(dropout_keeps_the_share_and_the_mean)
{
    const double drop = 0.3;
    const nd_array x = numbers(arena, ND_FLOAT64, ND_SHAPE(200, 101), 1);
    nd_net *net = net_of(arena, dropping, &drop, x.shape);
    const double *g = slopes(arena, net, &x);
    int kept = 0, odd = 0;
    for (int i = 0; i < 20200; i++)
        kept += g[i] > 0, odd += g[i] > 0 && fabs(g[i] - 1 / 0.49) > 1e-12;
    // Five standard deviations of a share of 0.49 in 20200.
    CHECK(!odd && abs(kept - 9898) < 355);
    nd_array out = {ND_FLOAT64, x.shape, nd_alloc(arena, 20200, 8)};
    CHECK(nd_infer(net, &x, &out) == ND_OK && !memcmp(out.data, x.data, 8 * 20200));
}

TEST(each_dropout_and_each_step_draws_its_own)
{
    const double drop = 0.5;
    const nd_array x = {ND_FLOAT64, ND_SHAPE(64),
                        numbers(arena, ND_FLOAT64, ND_SHAPE(64), 1).data};
    nd_net *net = net_of(arena, dropping, &drop, x.shape);
    const double *g = slopes(arena, net, &x), *again = slopes(arena, net, &x);
    CHECK(!memcmp(g, again, 64 * sizeof *g));
    int kept = 0;
    for (int i = 0; i < 64; i++) kept += g[i] > 0;
    CHECK(kept > 4 && kept < 28); // one mask twice would keep 32
    nd_optim *o = nd_optim_new(arena, net, &(nd_optim_make){.rate = 0.1});
    nd_stepped a = {0}, b = {0};
    CHECK(nd_step(net, o, &summed, &x, &x, &a) == ND_OK);
    CHECK(nd_step(net, o, &summed, &x, &x, &b) == ND_OK);
    CHECK(a.loss < b.loss || a.loss > b.loss);
}

TEST(dropout_of_all_leaves_nothing)
{
    const double drop = 1;
    const nd_array x = {ND_FLOAT64, ND_SHAPE(3), (double[]){1, 2, 3}};
    const double *g = slopes(arena, net_of(arena, dropping, &drop, x.shape), &x);
    CHECK(fabs(g[0]) + fabs(g[1]) + fabs(g[2]) <= 0);
}

static nd_tensor *many(nd_tape *t, nd_tensor *x, const void *user)
{
    (void)user;
    x = nd_conv_transpose(t, "up", x,
                          (nd_conv2d){.out = 5, .kernel = 3, .stride = 2, .pad = 1});
    x = nd_group_norm(t, "norm", nd_activate(x, ND_GELU, 0), (nd_norm){.groups = 5});
    nd_tensor *y = nd_upsample(nd_dropout(x, 0.2), 9, 7, ND_RESIZE_BILINEAR);
    x = nd_concat((nd_tensor *const[]){y, nd_mean_pool_to(x, 9, 7)}, 2, 1);
    return nd_softmax(nd_max_pool(x, (nd_pool2d){.kernel = 3, .stride = 2}), 1);
}

static nd_tensor *first_channel(nd_tape *t, nd_tensor *output, nd_tensor *target,
                                const void *set)
{
    return sum(t, nd_slice(output, 1, 0, 1), target, set);
}

TEST(numbers_of_threads_change_no_bit)
{
    static const int teams[] = {1, 2, 7};
    const nd_array x = numbers(arena, ND_FLOAT64, ND_SHAPE(3, 4, 5, 4), 1);
    double kept[240], loss[3];
    for (int i = 0; i < 3; i++) {
        nd_net *net = nd_net_new(arena, &(nd_net_make){.forward = many,
                                                       .input = x.shape,
                                                       .dtype = ND_FLOAT64,
                                                       .backend = "plain",
                                                       .threads = teams[i]});
        const nd_array *none;
        nd_array dx = {0};
        CHECK(net && nd_gradients(net, &(nd_goal){first_channel, NULL}, &x, &x, &loss[i],
                                  &none, &dx) == ND_OK);
        if (!dx.data) continue;
        if (!i) memcpy(kept, dx.data, sizeof kept);
        CHECK(!memcmp(kept, dx.data, sizeof kept));
        CHECK(!memcmp(&loss[0], &loss[i], sizeof *loss));
    }
}

static double nth(const nd_net *net, int variable, int64_t i)
{
    const nd_array value = nd_net_at(net, variable).value;
    return value_at(&value, i);
}

static nd_tensor *tied(nd_tape *t, nd_tensor *x, const void *user)
{
    (void)user;
    (void)nd_parameter(t, "spare", ND_SHAPE(3), 1);
    for (int i = 0; i < 3; i++) x = nd_linear(t, "same", x, (nd_dense){2, true});
    return nd_add(x, nd_add(x, x));
}

// One weight w used three times, the result thrice: 3 w w w x, whose slope along w = c I
// is 9 c c x.
TEST(what_is_used_many_times_has_one_gradient_and_what_is_unused_none)
{
    const nd_array x = {ND_FLOAT64, ND_SHAPE(1, 2), (double[]){2, 3}};
    nd_net *net = net_of(arena, tied, NULL, x.shape);
    CHECK(net && nd_net_count(net) == 2);
    double *w = nd_net_at(net, 1).value.data;
    w[0] = w[3] = 0.5, w[1] = w[2] = 0;
    CHECK(nd_net_push(net) == ND_OK);
    double loss;
    const nd_array *g;
    nd_array dx;
    CHECK(nd_gradients(net, &summed, &x, &x, &loss, &g, &dx) == ND_OK);
    CHECK(!g[0].data && fabs(loss - 3 * 0.125 * 5) < 1e-12);
    CHECK(fabs(value_at(&g[1], 0) - 9 * 0.25 * 2) < 1e-12);
    CHECK(fabs(value_at(&g[1], 3) - 9 * 0.25 * 3) < 1e-12);
    const double spare = nth(net, 0, 1);
    nd_optim *o = nd_optim_new(
        arena, net,
        &(nd_optim_make){
            .method = ND_ADAMW, .rate = 0.1, .decay = 0.5, .decay_all = true});
    nd_stepped s;
    CHECK(nd_step(net, o, &summed, &x, &x, &s) == ND_OK && nd_net_pull(net) == ND_OK);
    CHECK(fabs(spare - nth(net, 0, 1)) <= 0);
    CHECK(fabs(nth(net, 1, 0) - 0.5) > 0.01);
}

static nd_tensor *extreme(nd_tape *t, nd_tensor *x, const void *user)
{
    (void)t;
    return nd_reduce_axes(x, 2, *(const nd_reduction *)user);
}

TEST(no_number_wins_in_maxima_minima_and_pools)
{
    const nd_array x = {ND_FLOAT64, ND_SHAPE(2, 3), (double[]){1, NAN, 3, -1, 2, 0}};
    double y[2];
    nd_array out = {ND_FLOAT64, ND_SHAPE(2, 1), y};
    for (nd_reduction how = ND_MAX; how <= ND_MIN; how++) {
        CHECK(nd_infer(net_of(arena, extreme, &how, x.shape), &x, &out) == ND_OK);
        CHECK(isnan(y[0]) && fabs(y[1] - (how == ND_MAX ? 2 : -1)) <= 0);
    }
}

// ---- What cannot be done. Each is one wrong call in the scope "here".
typedef nd_tensor *wrong(nd_tape *t, nd_tensor *x);
static nd_tensor *run_wrong(nd_tape *t, nd_tensor *x, const void *user)
{
    nd_scope_enter(t, "here");
    return (*(wrong *const *)user)(t, x);
}

static nd_tensor *large_kernel(nd_tape *t, nd_tensor *x)
{
    return nd_conv(t, "conv", x, (nd_conv2d){.out = 2, .kernel = 9});
}
static nd_tensor *wrong_groups(nd_tape *t, nd_tensor *x)
{
    return nd_conv_transpose(t, "up", x, (nd_conv2d){.out = 4, .kernel = 2, .groups = 2});
}
static nd_tensor *wrong_more(nd_tape *t, nd_tensor *x)
{
    return nd_conv_transpose(t, "up", x,
                             (nd_conv2d){.out = 4, .kernel = 2, .stride = 2, .more = 2});
}
static nd_tensor *all_padding(nd_tape *t, nd_tensor *x)
{
    return nd_conv_transpose(t, "up", x, (nd_conv2d){.out = 4, .kernel = 1, .pad = 2});
}
static nd_tensor *wrong_norm(nd_tape *t, nd_tensor *x)
{
    return nd_group_norm(t, "norm", x, (nd_norm){.groups = 2});
}
static nd_tensor *wrong_axes(nd_tape *t, nd_tensor *x)
{
    return nd_layer_norm(t, "norm", x, (nd_norm){.axes = 5});
}
static nd_tensor *wrong_pad(nd_tape *t, nd_tensor *x)
{
    (void)t;
    return nd_pad(x, (int[]){0, 0, 4, 0}, (int[4]){0}, ND_PAD_REFLECT, 0);
}
static nd_tensor *wrong_pool(nd_tape *t, nd_tensor *x)
{
    (void)t;
    return nd_max_pool(x, (nd_pool2d){.kernel = 2, .pad = 2});
}
static nd_tensor *small_pool(nd_tape *t, nd_tensor *x)
{
    (void)t;
    return nd_mean_pool(x, (nd_pool2d){.kernel = 7});
}
static nd_tensor *wrong_slice(nd_tape *t, nd_tensor *x)
{
    (void)t;
    return nd_slice(x, 3, 2, 4);
}
static nd_tensor *wrong_concat(nd_tape *t, nd_tensor *x)
{
    (void)t;
    return nd_concat((nd_tensor *const[]){x, nd_slice(x, 2, 0, 2)}, 2, 1);
}
static nd_tensor *wrong_sum(nd_tape *t, nd_tensor *x)
{
    (void)t;
    return nd_add(x, nd_slice(x, 3, 0, 2));
}
static nd_tensor *wrong_product(nd_tape *t, nd_tensor *x)
{
    (void)t;
    return nd_matmul(x, x);
}
static nd_tensor *wrong_order(nd_tape *t, nd_tensor *x)
{
    (void)t;
    return nd_transpose(x, (int[]){0, 1, 1, 3});
}
static nd_tensor *wrong_shape(nd_tape *t, nd_tensor *x)
{
    (void)t;
    return nd_reshape(x, ND_SHAPE(7, -1));
}
static nd_tensor *wrong_drop(nd_tape *t, nd_tensor *x)
{
    (void)t;
    return nd_dropout(x, 1.5);
}
static nd_tensor *too_many(nd_tape *t, nd_tensor *x)
{
    (void)t;
    return nd_upsample(x, 2000000000, 2000000000, ND_RESIZE_NEAREST);
}

TEST(layers_say_where_what_and_what_to_do)
{
    static const struct {
        wrong *call;
        const char *words;
    } row[] = {
        {large_kernel, "here.conv: the input is 2 x 3 x 4 x 5\ngive it more pixels"},
        {wrong_groups, "here.up: 2 groups do not divide 3 channels in and 4 out\ntake"},
        {wrong_more, "here.up: 2 more pixels out, with stride 2 and dilation 1\ntake "},
        {all_padding, "here.up: the input is 2 x 3 x 4 x 5\ngive it more pixels than"},
        {wrong_norm, "here.norm: 2 groups do not divide 3 channels\ntake a number"},
        {wrong_axes, "here.norm: the input is 2 x 3 x 4 x 5\ngive it at least as many"},
        {wrong_pad, "here.pad: 4 before and 0 after axis 2 of 2 x 3 x 4 x 5\ntake"},
        {wrong_pool, "here.max pool: kernel 2, stride 2, pad 2\ntake at least 1 pixel"},
        {small_pool, "here.mean pool: the input is 2 x 3 x 4 x 5\ngive it four"},
        {wrong_slice, "here.slice: 4 from 2 on along axis 3 of 2 x 3 x 4 x 5\ntake"},
        {wrong_concat, "here.concat: 2 x 3 x 4 x 5 and 2 x 3 x 2 x 5 along axis 1\ngive"},
        {wrong_sum, "here.add: the inputs are 2 x 3 x 4 x 5 and 2 x 3 x 4 x 2\ngive"},
        {wrong_product, "here.matmul: the inputs are 2 x 3 x 4 x 5 and 2 x 3 x 4 x 5\n"},
        {wrong_order, "here.transpose: the input is 2 x 3 x 4 x 5\ngive it an order"},
        {wrong_shape, "here.reshape: the input is 2 x 3 x 4 x 5\ngive it as many"},
        {wrong_drop,
         "here.dropout: 1.5 of all numbers dropped\ntake a share from 0 to 1"},
        {too_many, "numbers are more than memory can hold\ntake a smaller batch"},
    };
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        CHECK(!net_of(arena, run_wrong, &row[i].call, ND_SHAPE(2, 3, 4, 5)));
        CHECK(error_says(row[i].words));
    }
}

static nd_tensor *one_value(nd_tape *t, nd_tensor *x, const void *user)
{
    (void)user;
    return nd_batch_norm(t, "bn", x, (nd_norm){0});
}

TEST(batch_norm_of_one_value_a_channel_is_refused_in_training)
{
    const nd_array x = numbers(arena, ND_FLOAT64, ND_SHAPE(1, 3, 1, 1), 1);
    nd_net *net = net_of(arena, one_value, NULL, x.shape);
    double loss;
    const nd_array *none;
    nd_array dx;
    CHECK(nd_gradients(net, &summed, &x, &x, &loss, &none, &dx) == ND_E_PARAM);
    CHECK(error_says("bn: the input is 1 x 3 x 1 x 1\ngive it more than one value a "
                     "channel: a larger batch"));
    double y[3];
    nd_array out = {ND_FLOAT64, x.shape, y};
    CHECK(nd_infer(net, &x, &out) == ND_OK);
}

TEST(nothing_given_to_a_layer_gives_nothing)
{
    CHECK(!nd_activate(NULL, ND_GELU, 0) && !nd_softmax(NULL, 1) && !nd_scale(NULL, 2));
    CHECK(!nd_add(NULL, NULL) && !nd_multiply(NULL, NULL) && !nd_matmul(NULL, NULL));
    CHECK(!nd_max_pool(NULL, (nd_pool2d){0}) && !nd_mean_pool(NULL, (nd_pool2d){0}));
    CHECK(!nd_max_pool_to(NULL, 1, 1) && !nd_flatten(NULL) && !nd_slice(NULL, 0, 0, 1));
    CHECK(!nd_upsample(NULL, 1, 1, ND_RESIZE_NEAREST) && !nd_dropout(NULL, 0.5));
    CHECK(!nd_pad(NULL, NULL, NULL, ND_PAD_EDGE, 0) && !nd_transpose(NULL, NULL));
    CHECK(!nd_concat((nd_tensor *const[]){NULL}, 1, 0) &&
          !nd_reduce_axes(NULL, 1, ND_SUM));
    CHECK(!nd_conv_transpose(NULL, "", NULL, (nd_conv2d){0}));
    CHECK(!nd_layer_norm(NULL, "", NULL, (nd_norm){0}));
    CHECK(!nd_group_norm(NULL, "", NULL, (nd_norm){0}));
    CHECK(nd_error_take().code == ND_OK);
}
