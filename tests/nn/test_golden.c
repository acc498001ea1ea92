// SPDX-License-Identifier: Apache-2.0
// Layers against PyTorch in double and in float, and their gradients against slopes.
#include "golden.h"

static nd_shape shape_of(const nd_json *set, const char *name)
{
    nd_shape s = {0};
    const nd_json *list = nd_json_member(set, name);
    for (const nd_json *d = list ? list->first : NULL; d; d = d->next)
        s.dim[s.rank++] = (int64_t)d->number;
    return s;
}

static nd_tensor *with_weights(nd_tape *t, nd_tensor *x, const nd_json *set)
{
    const char *layer = word(set, "layer");
    const nd_conv2d conv = {.out = whole(set, "out"),
                            .kernel = whole(set, "kernel"),
                            .stride = whole(set, "stride"),
                            .pad = whole(set, "pad"),
                            .dilation = whole(set, "dilation"),
                            .groups = whole(set, "groups"),
                            .more = whole(set, "more"),
                            .no_bias = !whole(set, "bias")};
    const nd_norm norm = {.epsilon = setting(set, "epsilon", 0),
                          .momentum = setting(set, "momentum", 0),
                          .groups = whole(set, "groups"),
                          .axes = whole(set, "axes"),
                          .no_affine = !whole(set, "affine")};
    if (!strcmp(layer, "conv")) return nd_conv(t, "", x, conv);
    if (!strcmp(layer, "conv_transpose")) return nd_conv_transpose(t, "", x, conv);
    if (!strcmp(layer, "linear"))
        return nd_linear(t, "", x, (nd_dense){conv.out, conv.no_bias});
    if (!strcmp(layer, "batch_norm")) return nd_batch_norm(t, "", x, norm);
    if (!strcmp(layer, "layer_norm")) return nd_layer_norm(t, "", x, norm);
    if (!strcmp(layer, "group_norm")) return nd_group_norm(t, "", x, norm);
    const nd_shape b = shape_of(set, "b");
    nd_tensor *other = b.rank ? nd_parameter(t, "b", b, 1) : NULL;
    if (!strcmp(layer, "add")) return nd_add(x, other);
    if (!strcmp(layer, "multiply")) return nd_multiply(x, other);
    if (!strcmp(layer, "matmul")) return nd_matmul(x, other);
    if (!strcmp(layer, "concat"))
        return nd_concat((nd_tensor *const[]){x, other, x}, 3, whole(set, "axis"));
    return NULL;
}

static nd_tensor *windowed(nd_tensor *x, const nd_json *set)
{
    const char *layer = word(set, "layer");
    const nd_pool2d pool = {whole(set, "kernel"), whole(set, "stride"), whole(set, "pad"),
                            whole(set, "ceil"), whole(set, "leave")};
    const int height = whole(set, "height"), width = whole(set, "width");
    if (!strcmp(layer, "max_pool")) return nd_max_pool(x, pool);
    if (!strcmp(layer, "mean_pool")) return nd_mean_pool(x, pool);
    if (!strcmp(layer, "max_pool_to")) return nd_max_pool_to(x, height, width);
    if (!strcmp(layer, "mean_pool_to")) return nd_mean_pool_to(x, height, width);
    if (!strcmp(layer, "upsample"))
        return nd_upsample(x, height, width, (nd_resize)whole(set, "how"));
    return NULL;
}

static nd_tensor *reshaped(nd_tensor *x, const nd_json *set)
{
    const char *layer = word(set, "layer");
    const int axis = whole(set, "axis");
    int order[ND_MAX_RANK];
    const nd_shape axes = shape_of(set, "order");
    for (int i = 0; i < axes.rank; i++) order[i] = (int)axes.dim[i];
    if (!strcmp(layer, "activate"))
        return nd_activate(x, (nd_function)whole(set, "function"), setting(set, "a", 0));
    if (!strcmp(layer, "softmax")) return nd_softmax(x, axis);
    if (!strcmp(layer, "scale")) return nd_scale(x, setting(set, "a", 0));
    if (!strcmp(layer, "thrice")) return nd_add(nd_multiply(x, x), x);
    if (!strcmp(layer, "slice"))
        return nd_slice(x, axis, whole(set, "first"), whole(set, "count"));
    if (!strcmp(layer, "reshape")) return nd_reshape(x, shape_of(set, "shape"));
    if (!strcmp(layer, "flatten")) return nd_flatten(x);
    if (!strcmp(layer, "transpose")) return nd_transpose(x, order);
    if (!strcmp(layer, "reduce"))
        return nd_reduce_axes(x, (unsigned)whole(set, "axes"),
                              (nd_reduction)whole(set, "how"));
    if (!strcmp(layer, "pad"))
        return nd_pad(x, (int[]){0, 0, whole(set, "top"), whole(set, "left")},
                      (int[]){0, 0, whole(set, "bottom"), whole(set, "right")},
                      (nd_padding)whole(set, "like"), setting(set, "value", 0));
    return NULL;
}

static nd_tensor *one_layer(nd_tape *t, nd_tensor *x, const void *user)
{
    nd_tensor *y = with_weights(t, x, user);
    if (!y) y = windowed(x, user);
    return y ? y : reshaped(x, user);
}

// The product with the target, added up: its gradient of the output is the target.
static nd_tensor *along(nd_tape *t, nd_tensor *output, nd_tensor *target, const void *set)
{
    (void)t, (void)set;
    const int rank = nd_tensor_shape(output).rank;
    nd_tensor *sum =
        nd_reduce_axes(nd_multiply(output, target), (1u << rank) - 1, ND_SUM);
    return nd_reshape(sum, (nd_shape){0});
}
static const nd_goal goal = {along, NULL};

typedef struct trial {
    const golden *g;
    int at;
    const nd_json *set;
    nd_net *net;
    nd_array x, to; // to: g of the case
    double tolerance;
} trial;

static bool near(const trial *t, const char *what, const nd_array *a)
{
    const nd_array wanted = golden_array(t->g, t->at, what);
    const double far = wanted.data ? distance(a, &wanted) : INFINITY;
    if (far <= t->tolerance) return true;
    printf("# case %03d (%s), %s: off by %g\n", t->at, word(t->set, "layer"), what, far);
    return false;
}

static trial trial_of(const golden *g, int at, nd_dtype dtype)
{
    trial t = {.g = g, .at = at, .set = golden_settings(g, at)};
    t.x = as_type(g->arena, golden_array(g, at, "x"), dtype);
    t.to = as_type(g->arena, golden_array(g, at, "g"), dtype);
    t.tolerance = dtype == ND_FLOAT64 ? 1e-12 : 5e-6;
    t.net = nd_net_new(g->arena, &(nd_net_make){.forward = one_layer,
                                                .user = t.set,
                                                .input = t.x.shape,
                                                .dtype = dtype,
                                                .backend = "plain",
                                                .threads = 2});
    for (int v = 0; t.net && v < nd_net_count(t.net); v++) {
        const nd_named named = nd_net_at(t.net, v);
        const nd_array p = as_type(
            g->arena, golden_array(g, at, nd_text(g->arena, "p.%s", named.name)), dtype);
        if (!p.data) continue;
        CHECK(nd_shape_same(p.shape, named.value.shape));
        memcpy(named.value.data, p.data,
               (size_t)nd_shape_count(p.shape) * nd_dtype_bytes(dtype));
    }
    CHECK(t.net && nd_net_push(t.net) == ND_OK);
    return t;
}

static void check_forward(const trial *t)
{
    const nd_array y = golden_array(t->g, t->at, "y");
    nd_array out = {t->x.dtype, y.shape, NULL};
    out.data = nd_alloc(t->g->arena, (size_t)nd_shape_count(y.shape) + 1, 8);
    CHECK(nd_infer(t->net, &t->x, &out) == ND_OK && near(t, "y", &out));
}

static void check_gradients(const trial *t)
{
    double loss;
    const nd_array *gradient;
    nd_array of_input;
    CHECK(nd_gradients(t->net, &goal, &t->x, &t->to, &loss, &gradient, &of_input) ==
          ND_OK);
    CHECK(near(t, "dx", &of_input));
    for (int v = 0; v < nd_net_count(t->net); v++) {
        const nd_named named = nd_net_at(t->net, v);
        if (!named.is_parameter) continue;
        const char *name = nd_text(t->g->arena, "d.%s", named.name);
        CHECK(gradient[v].data && near(t, name, &gradient[v]));
    }
}

// Training's own values: the loss is y along g; what batch norm remembers.
static void check_training(const trial *t)
{
    const nd_array y = golden_array(t->g, t->at, "y"), g = golden_array(t->g, t->at, "g");
    double sum = 0, most = 0;
    for (int64_t i = 0; i < nd_shape_count(y.shape); i++) {
        sum += value_at(&y, i) * value_at(&g, i);
        most += fabs(value_at(&y, i) * value_at(&g, i));
    }
    nd_optim *o = nd_optim_new(t->g->arena, t->net, &(nd_optim_make){.rate = 0});
    nd_stepped stepped = {0};
    CHECK(nd_step(t->net, o, &goal, &t->x, &t->to, &stepped) == ND_OK);
    CHECK(fabs(stepped.loss - sum) <= t->tolerance * most);
    CHECK(nd_net_pull(t->net) == ND_OK);
    for (int k = 0; k < 2; k++) {
        const char *name = k ? "running_var" : "running_mean";
        const nd_named named = nd_net_at(t->net, nd_net_find(t->net, name));
        CHECK(near(t, nd_text(t->g->arena, "after.%s", name), &named.value));
    }
}

static void check_family(nd_arena *arena, const char *family, nd_dtype dtype)
{
    const golden g = golden_open(arena, family);
    CHECK(g.cases > 4);
    for (int at = 0; at < g.cases; at++) {
        trial t = trial_of(&g, at, dtype);
        if (!t.net) continue;
        const bool is_norm = !strcmp(word(t.set, "layer"), "batch_norm");
        const bool by_batch = is_norm && whole(t.set, "training");
        // In float the input itself, 1000 and 1, has but four digits behind the mean.
        if (by_batch && dtype == ND_FLOAT32 && value_at(&t.x, 0) > 100)
            t.tolerance = 1e-3;
        if (by_batch) check_training(&t);
        if (is_norm && !by_batch) CHECK(nd_net_freeze(t.net, "", true) == ND_OK);
        if (!by_batch) check_forward(&t);
        if (!is_norm || by_batch) check_gradients(&t);
    }
}

// Along random directions of the input and all parameters at once.
static void check_slopes(const trial *t)
{
    nd_array value[4] = {t->x}, kept[4];
    int values = 1;
    for (int v = 0; v < nd_net_count(t->net); v++)
        if (nd_net_at(t->net, v).is_parameter)
            value[values++] = nd_net_at(t->net, v).value;
    double loss, side[2];
    const nd_array *gradient;
    nd_array g[4];
    CHECK(nd_gradients(t->net, &goal, &t->x, &t->to, &loss, &gradient, &g[0]) == ND_OK);
    for (int v = 0, k = 1; v < nd_net_count(t->net); v++)
        if (nd_net_at(t->net, v).is_parameter) g[k++] = gradient[v];
    for (int k = 0; k < values; k++) {
        const size_t bytes = 8 * (size_t)nd_shape_count(value[k].shape);
        kept[k] = value[k];
        kept[k].data = nd_alloc(t->g->arena, bytes + 8, 1);
        memcpy(kept[k].data, value[k].data, bytes);
        double *copy = nd_alloc(t->g->arena, bytes + 8, 1);
        memcpy(copy, g[k].data, bytes);
        g[k].data = copy;
    }
    for (uint64_t way = 0; way < 32; way++) {
        double slope = 0, size = 0;
        for (int s = 0; s < 2; s++) {
            for (int k = 0; k < values; k++)
                for (int64_t i = 0; i < nd_shape_count(value[k].shape); i++) {
                    const double d = noise(way * 4 + (uint64_t)k, i);
                    ((double *)value[k].data)[i] =
                        value_at(&kept[k], i) + (s ? 3e-6 : -3e-6) * d;
                    if (s) slope += value_at(&g[k], i) * d;
                    if (s) size += fabs(value_at(&g[k], i) * d);
                }
            nd_array none;
            CHECK(nd_net_push(t->net) == ND_OK &&
                  nd_gradients(t->net, &goal, &t->x, &t->to, &side[s], &gradient,
                               &none) == ND_OK);
        }
        const double far = fabs((side[1] - side[0]) / 6e-6 - slope);
        if (far > 1e-6 * size + 1e-9) {
            CHECK(!"the gradient is the slope");
            printf("# case %03d (%s): %g from a slope of %g\n", t->at,
                   word(t->set, "layer"), far, slope);
            return;
        }
    }
}

static void check_family_slopes(nd_arena *arena, const char *family)
{
    const golden g = golden_open(arena, family);
    for (int at = 0; at < g.cases; at++) {
        const trial t = trial_of(&g, at, ND_FLOAT64);
        const bool is_far = nd_shape_count(t.x.shape) && value_at(&t.x, 0) > 100;
        if (t.net && !whole(t.set, "edges") && !is_far) check_slopes(&t);
    }
}

TEST(convolutions_and_linear_are_torchs_in_double)
{
    check_family(arena, "conv", ND_FLOAT64);
}
TEST(convolutions_and_linear_are_torchs_in_float)
{
    check_family(arena, "conv", ND_FLOAT32);
}
TEST(gradients_of_convolutions_are_slopes)
{
    check_family_slopes(arena, "conv");
}
TEST(norms_are_torchs_in_double)
{
    check_family(arena, "norm", ND_FLOAT64);
}
TEST(norms_are_torchs_in_float)
{
    check_family(arena, "norm", ND_FLOAT32);
}
TEST(gradients_of_norms_are_slopes)
{
    check_family_slopes(arena, "norm");
}
TEST(point_functions_are_torchs_in_double)
{
    check_family(arena, "point", ND_FLOAT64);
}
TEST(point_functions_are_torchs_in_float)
{
    check_family(arena, "point", ND_FLOAT32);
}
TEST(gradients_of_point_functions_are_slopes)
{
    check_family_slopes(arena, "point");
}
TEST(windows_and_sizes_are_torchs_in_double)
{
    check_family(arena, "window", ND_FLOAT64);
}
TEST(windows_and_sizes_are_torchs_in_float)
{
    check_family(arena, "window", ND_FLOAT32);
}
TEST(gradients_of_windows_are_slopes)
{
    check_family_slopes(arena, "window");
}
TEST(shapes_and_products_are_torchs_in_double)
{
    check_family(arena, "shape", ND_FLOAT64);
}
TEST(shapes_and_products_are_torchs_in_float)
{
    check_family(arena, "shape", ND_FLOAT32);
}
TEST(gradients_of_shapes_and_products_are_slopes)
{
    check_family_slopes(arena, "shape");
}
