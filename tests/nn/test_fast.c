// SPDX-License-Identifier: Apache-2.0
// The fast backend against plain C in double, layer by layer, on odd shapes.
#include "nets.h"
#include <nadir/cpu.h>
#include <nadir/model.h>
#include <stdlib.h>

typedef struct sample {
    nd_conv2d set;
    int channels, height, width, pictures;
    bool norm, joint; // joint: added to another convolution, then ReLU
    bool apart;       // no value that ReLU is given is next to nought
    bool no_relu;
    nd_dtype compute;
    bool exact;
    double error, mean; // the largest, and the root mean square, to that of the truth
} sample;

static nd_tensor *sample_net(nd_tape *t, nd_tensor *x, const void *user)
{
    const sample *s = user;
    nd_tensor *other = NULL;
    if (s->joint)
        other = nd_conv(t, "other", x, (nd_conv2d){.out = s->set.out, .kernel = 1});
    x = nd_conv(t, "conv", x, s->set);
    if (s->joint) return nd_relu(nd_add(nd_batch_norm(t, "bn", x, (nd_norm){0}), other));
    if (s->norm) x = nd_batch_norm(t, "bn", x, (nd_norm){0});
    return s->norm && !s->no_relu ? nd_relu(x) : x;
}

static nd_net *make(nd_arena *arena, const sample *s, nd_dtype dtype, const char *backend)
{
    return nd_net_new(
        arena, &(nd_net_make){.forward = sample_net,
                              .user = s,
                              .input = ND_SHAPE(1, s->channels, s->height, s->width),
                              .dtype = dtype,
                              .compute = dtype == ND_FLOAT32 ? s->compute : dtype,
                              .backend = backend,
                              .exact = s->exact,
                              .threads = 2,
                              .seed = 3});
}

static bool is_there(nd_arena *arena)
{
    const sample s = {
        .set = {.out = 1, .kernel = 1}, .channels = 1, .height = 1, .width = 1};
    const bool there = make(arena, &s, ND_FLOAT32, "onednn") != NULL;
    (void)nd_error_take();
    return there;
}

// Parameters of `to` get those of `from`, which are double.
static void share(nd_net *from, nd_net *to)
{
    for (int i = 0; i < nd_net_count(from); i++) {
        const nd_array a = nd_net_at(from, i).value, b = nd_net_at(to, i).value;
        if (a.dtype != ND_FLOAT64) continue;
        for (int64_t k = 0; k < nd_shape_count(a.shape); k++) {
            ((float *)b.data)[k] = (float)((const double *)a.data)[k];
            ((double *)a.data)[k] = (double)((float *)b.data)[k];
        }
    }
    CHECK(nd_net_push(from) == ND_OK && nd_net_push(to) == ND_OK);
}

typedef struct distance {
    double largest, mean;
} distance;
static distance far(const nd_array *is, const nd_array *should)
{
    const int64_t count = nd_shape_count(should->shape);
    double worst = 0, square = 0, error = 0;
    for (int64_t i = 0; i < count; i++) {
        const double want = ((const double *)should->data)[i];
        const double d = fabs((double)((const float *)is->data)[i] - want);
        if (!(d <= worst)) worst = d;
        square += want * want, error += d * d;
    }
    const double size = sqrt(square / (double)count) + 1e-30;
    return (distance){worst / size, sqrt(error / (double)count) / size};
}

static void compare(const char *what, const sample *s, const nd_array *is,
                    const nd_array *should)
{
    const distance d = far(is, should);
    const double mean = s->mean > 0 ? s->mean : s->error;
    CHECK(d.largest <= s->error && d.mean <= mean);
    if (d.largest <= s->error && d.mean <= mean) return;
    printf("# %s: %.2e %.2e, conv %d kernel %d stride %d pad %d, %d x %d x %d x %d\n",
           what, d.largest, d.mean, s->set.out, s->set.kernel, s->set.stride, s->set.pad,
           s->pictures, s->channels, s->height, s->width);
}

static int smaller_first(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

// The norms' biases become such that nought is in the middle of the widest gap between
// the values of a channel.
static void part_values(nd_arena *arena, const sample *s, nd_net *truth,
                        const nd_array *x)
{
    sample before = *s;
    before.no_relu = true;
    nd_net *net = make(arena, &before, ND_FLOAT64, "plain");
    nd_optim *none = nd_optim_new(arena, net, &(nd_optim_make){.rate = 0});
    for (int i = 0; i < nd_net_count(net); i++) {
        const nd_array from = nd_net_at(truth, i).value, to = nd_net_at(net, i).value;
        memcpy(to.data, from.data,
               (size_t)nd_shape_count(to.shape) * nd_dtype_bytes(to.dtype));
    }
    nd_shape shape;
    CHECK(nd_net_push(net) == ND_OK && nd_net_output(net, x->shape, &shape) == ND_OK);
    const nd_array any = numbers(arena, ND_FLOAT64, shape, 5);
    const nd_goal goal = {nd_mse, NULL, .keeps_output = true};
    nd_stepped stepped;
    CHECK(nd_step(net, none, &goal, x, &any, &stepped) == ND_OK);
    const int64_t channels = shape.dim[1], pixels = shape.dim[2] * shape.dim[3];
    const int64_t count = shape.dim[0] * pixels;
    double *v = nd_alloc(arena, (size_t)count, sizeof *v);
    double *bias = nd_net_at(truth, nd_net_find(truth, "bn.bias")).value.data;
    for (int64_t c = 0; c < channels; c++) {
        for (int64_t i = 0; i < count; i++)
            v[i] = ((const double *)stepped.output
                        .data)[(i / pixels * channels + c) * pixels + i % pixels];
        qsort(v, (size_t)count, sizeof *v, smaller_first);
        double widest = 0, middle = 0;
        for (int64_t i = 1; i < count; i++)
            if (fabs(v[i]) < 0.7 && v[i] - v[i - 1] > widest)
                widest = v[i] - v[i - 1], middle = (v[i] + v[i - 1]) / 2;
        CHECK(widest > 1e-4);
        bias[c] = -middle;
    }
}

static void check(nd_arena *arena, const sample *s)
{
    static const nd_goal goal = {nd_cross_entropy, NULL};
    nd_net *truth = make(arena, s, ND_FLOAT64, "plain");
    nd_net *fast = make(arena, s, ND_FLOAT32, "onednn");
    CHECK(truth && fast);
    if (!truth || !fast) return;
    const nd_shape shape = ND_SHAPE(s->pictures, s->channels, s->height, s->width);
    nd_array x = numbers(arena, ND_FLOAT32, shape, 1);
    nd_array wide = numbers(arena, ND_FLOAT64, shape, 1);
    for (int64_t i = 0; i < nd_shape_count(shape); i++)
        ((double *)wide.data)[i] = (double)((float *)x.data)[i];
    if (s->apart) part_values(arena, s, truth, &wide);
    share(truth, fast);
    nd_shape made;
    CHECK(nd_net_output(truth, shape, &made) == ND_OK);
    nd_array y =
        numbers(arena, ND_INT64, ND_SHAPE(made.dim[0], made.dim[2], made.dim[3]), 2);
    for (int64_t i = 0; i < nd_shape_count(y.shape); i++)
        ((int64_t *)y.data)[i] %= made.dim[1];
    const nd_array *g[2];
    nd_array of_input[2];
    double loss[2];
    CHECK(nd_gradients(truth, &goal, &wide, &y, &loss[0], &g[0], &of_input[0]) == ND_OK);
    CHECK(nd_gradients(fast, &goal, &x, &y, &loss[1], &g[1], &of_input[1]) == ND_OK);
    CHECK(fabs(loss[0] - loss[1]) <= s->error * (1 + fabs(loss[0])));
    compare("input's gradient", s, &of_input[1], &of_input[0]);
    for (int i = 0; i < nd_net_count(truth); i++)
        if (g[0][i].data) compare(nd_net_at(truth, i).name, s, &g[1][i], &g[0][i]);
    nd_array out[2] = {numbers(arena, ND_FLOAT64, made, 4),
                       numbers(arena, ND_FLOAT32, made, 4)};
    CHECK(nd_infer(truth, &wide, &out[0]) == ND_OK);
    CHECK(nd_infer(fast, &x, &out[1]) == ND_OK);
    compare("output", s, &out[1], &out[0]);
}

TEST(convolutions_agree_with_plain_c_on_odd_shapes)
{
    if (!is_there(arena)) SKIP("no oneDNN here");
    static const sample cases[] = {
        {{.out = 4, .kernel = 1}, 3, 1, 1, 1},
        {{.out = 17, .kernel = 3, .pad = 1}, 13, 9, 7, 2},
        {{.out = 17, .kernel = 3, .stride = 2, .pad = 1}, 4, 9, 8, 2},
        {{.out = 5, .kernel = 3, .stride = 3}, 1, 9, 10, 2},
        {{.out = 16, .kernel = 3, .pad = 2, .dilation = 2}, 20, 9, 7, 1},
        {{.out = 64, .kernel = 7, .stride = 2, .pad = 3, .no_bias = true}, 3, 17, 19, 2},
        {{.out = 64, .kernel = 7, .stride = 2, .pad = 3}, 13, 17, 19, 2},
        {{.out = 6, .kernel = 5, .pad = 2}, 2, 3, 2, 3},
        {{.out = 16, .kernel = 3, .pad = 1, .groups = 16}, 16, 8, 8, 2},
        {{.out = 20, .kernel = 3, .pad = 1, .groups = 20}, 20, 8, 8, 2},
        {{.out = 12, .kernel = 3, .pad = 1, .groups = 3}, 6, 8, 8, 2},
        // Many weights: few pixels at once, and more of them than stay in a cache.
        {{.out = 160, .kernel = 3, .pad = 1, .no_bias = true}, 80, 13, 13, 2},
        {{.out = 160, .kernel = 3, .stride = 2, .pad = 1}, 80, 41, 39, 2},
        {{.out = 272, .kernel = 1, .stride = 2}, 150, 21, 23, 3},
        {{.out = 40, .kernel = 5, .pad = 4, .dilation = 2}, 3, 31, 33, 2},
        // Sevens of pixels side by side, in two rows, and less; an odd block of outputs.
        {{.out = 40, .kernel = 1}, 20, 3, 11, 3},
        {{.out = 30, .kernel = 1, .stride = 2, .no_bias = true}, 33, 13, 29, 2},
        {{.out = 48, .kernel = 3, .stride = 2, .pad = 1}, 40, 13, 14, 3},
        {{.out = 36, .kernel = 2, .pad = 1}, 18, 6, 20, 2},
        {{.out = 18, .kernel = 3, .stride = 2, .pad = 3, .dilation = 2}, 5, 27, 30, 2},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        sample s = cases[i];
        // Of a hundred thousand weights the worst is farther off.
        s.exact = true, s.error = s.set.out > 100 ? 3e-5 : 1e-5, s.mean = 1e-6;
        check(arena, &s);
    }
}

TEST(winograd_agrees_with_plain_c_within_its_error)
{
    if (!is_there(arena)) SKIP("no oneDNN here");
    static const sample cases[] = {
        {{.out = 16, .kernel = 3, .pad = 1}, 16, 32, 32, 2},
        {{.out = 48, .kernel = 3, .pad = 1}, 80, 13, 15, 5},
        {{.out = 10, .kernel = 3, .pad = 1, .no_bias = true}, 30, 23, 21, 2},
        {{.out = 112, .kernel = 3, .pad = 0}, 32, 18, 18, 3},
        {{.out = 32, .kernel = 3, .pad = 2}, 20, 16, 16, 3},
        {{.out = 64, .kernel = 3, .pad = 1}, 64, 8, 8, 16},
        // So many channels that the weights' points are not kept; more tiles than go at
        // once.
        {{.out = 256, .kernel = 3, .pad = 1, .no_bias = true}, 266, 10, 10, 4},
        {{.out = 264, .kernel = 3, .pad = 1}, 256, 3, 3, 100},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        sample s = cases[i];
        // Of half a million weights the worst is farther off.
        s.error = s.set.out > 200 ? 1e-4 : 3e-5, s.mean = 3e-6;
        check(arena, &s);
    }
}

// Of these, found by trial, values within Winograd's error of nought get another sign:
// their gradients counted or not would differ by up to 6e-2 where nought is no gap.
TEST(winograd_before_batch_norm_and_relu_agrees_where_no_value_is_next_to_nought)
{
    if (!is_there(arena)) SKIP("no oneDNN here");
    static const sample cases[] = {
        {{.out = 19, .kernel = 3, .pad = 1, .no_bias = true}, 25, 6, 8, 1},
        {{.out = 41, .kernel = 3, .no_bias = true}, 54, 7, 29, 2},
        {{.out = 21, .kernel = 3, .pad = 2, .no_bias = true}, 58, 29, 30, 4},
        {{.out = 31, .kernel = 3, .no_bias = true}, 30, 20, 16, 4},
        {{.out = 64, .kernel = 3, .pad = 1, .no_bias = true}, 43, 19, 29, 3},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        sample s = cases[i];
        s.norm = s.apart = true, s.error = 3e-5, s.mean = 3e-6;
        check(arena, &s);
    }
}

TEST(batch_norm_with_addition_and_relu_agrees_with_plain_c)
{
    if (!is_there(arena)) SKIP("no oneDNN here");
    static const sample cases[] = {
        {{.out = 17, .kernel = 1, .no_bias = true}, 3, 9, 7, 2, .norm = true},
        {{.out = 64, .kernel = 3, .pad = 1, .no_bias = true},
         32,
         12,
         12,
         3,
         .norm = true},
        {{.out = 24, .kernel = 1, .no_bias = true}, 20, 7, 9, 2, .joint = true},
        {{.out = 24, .kernel = 3, .pad = 1, .no_bias = true}, 36, 7, 9, 2, .joint = true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        sample s = cases[i];
        s.exact = true, s.error = 3e-5;
        check(arena, &s);
    }
}

TEST(bfloat16_keeps_two_digits)
{
    nd_arena *scratch = arena;
    if (!is_there(scratch)) SKIP("no oneDNN here");
    static const sample cases[] = {
        {{.out = 17, .kernel = 3, .pad = 1}, 13, 9, 7, 2},
        {{.out = 32, .kernel = 1, .stride = 2}, 64, 9, 8, 2},
        {{.out = 64, .kernel = 3, .pad = 1}, 64, 16, 16, 3},
        {{.out = 64, .kernel = 7, .stride = 2, .pad = 3, .no_bias = true}, 3, 17, 19, 2},
        {{.out = 5, .kernel = 3, .stride = 3}, 1, 9, 10, 2},
        {{.out = 40, .kernel = 5, .pad = 4, .dilation = 2}, 3, 31, 33, 2},
        {{.out = 160, .kernel = 3, .stride = 2, .pad = 1}, 80, 41, 39, 2},
        {{.out = 160, .kernel = 3, .pad = 1, .no_bias = true}, 80, 13, 13, 2},
        {{.out = 272, .kernel = 1}, 150, 7, 7, 3},
        {{.out = 40, .kernel = 1}, 20, 3, 11, 3},
        {{.out = 36, .kernel = 2, .pad = 1}, 18, 6, 20, 2},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        sample s = cases[i];
        s.compute = ND_BFLOAT16, s.error = 5e-2;
        check(arena, &s);
    }
}

static nd_tensor *norm_relu(nd_tape *t, nd_tensor *x, const void *user)
{
    (void)user;
    return nd_relu(nd_batch_norm(t, "bn", x, (nd_norm){0}));
}

// A quarter of a channel's values stand a last bit apart around the one that the norm
// takes to nought, so that the slightest other scale has another sign somewhere.
static void around_nought(const nd_array *x, float *bias)
{
    const int64_t channels = x->shape.dim[1], pixels = x->shape.dim[2] * x->shape.dim[3];
    float *all = x->data;
    for (int64_t c = 0; c < channels; c++) {
        const float middle = 0.3F + 0.04F * (float)noise(8, c);
        double sum = 0, square = 0;
        const double count = (double)(x->shape.dim[0] * pixels);
        for (int64_t n = 0; n < x->shape.dim[0]; n++)
            for (int64_t i = 0; i < pixels; i++) {
                float *v = &all[(n * channels + c) * pixels + i];
                if (n == 0 && i < pixels / 2)
                    *v = middle + (float)(i - pixels / 4) * 0x1p-25F;
                sum += (double)*v, square += (double)*v * (double)*v;
            }
        const double mean = sum / count, variance = square / count - mean * mean;
        bias[c] = (float)((mean - (double)middle) / sqrt(variance + 1e-5));
    }
}

// The bias's gradient adds 2 (y + 1000) / count where ReLU was on: one more or one less
// would show.
TEST(batch_norm_finds_relu_on_in_the_backward_pass_where_it_was_in_the_forward_pass)
{
    if (!is_there(arena)) SKIP("no oneDNN here");
    const nd_shape shape = ND_SHAPE(2, 48, 16, 16);
    nd_net *net = nd_net_new(arena, &(nd_net_make){.forward = norm_relu,
                                                   .input = shape,
                                                   .backend = "onednn",
                                                   .threads = 2});
    nd_optim *none = net ? nd_optim_new(arena, net, &(nd_optim_make){.rate = 0}) : NULL;
    CHECK(net && none);
    if (!none) return;
    const int bias = nd_net_find(net, "bn.bias");
    const nd_array x = numbers(arena, ND_FLOAT32, shape, 1);
    const nd_array y = numbers(arena, ND_FLOAT32, shape, 1);
    const int64_t count = nd_shape_count(shape);
    for (int64_t i = 0; i < count; i++) ((float *)y.data)[i] = -1000;
    around_nought(&x, nd_net_at(net, bias).value.data);
    CHECK(nd_net_push(net) == ND_OK);
    const nd_goal goal = {nd_mse, NULL, .keeps_output = true};
    nd_stepped stepped;
    CHECK(nd_step(net, none, &goal, &x, &y, &stepped) == ND_OK);
    double on[48] = {0};
    for (int64_t i = 0; i < count; i++) {
        const double v = (double)((const float *)stepped.output.data)[i];
        if (v > 0) on[i / 256 % 48] += v + 1000;
    }
    const nd_array *g;
    nd_array of_input;
    double loss;
    CHECK(nd_gradients(net, &goal, &x, &y, &loss, &g, &of_input) == ND_OK);
    for (int c = 0; c < 48; c++) {
        const double is = (double)((const float *)g[bias].data)[c] * (double)count / 2;
        CHECK(fabs(is - on[c]) < 100);
    }
}

// Sixteen pictures in one batch and in smaller ones.
static void check_batches(nd_arena *arena, const char *model, nd_dtype compute)
{
    const nd_model_set set = {.bands = 4, .classes = 3};
    nd_net *net = nd_model_new(arena, nd_model_find(model), &set,
                               &(nd_net_make){.compute = compute, .threads = 2});
    CHECK(net);
    if (!net) return;
    const nd_array x = numbers(arena, ND_FLOAT32, ND_SHAPE(16, 4, 32, 32), 1);
    nd_shape made;
    CHECK(nd_net_output(net, x.shape, &made) == ND_OK);
    nd_array whole = numbers(arena, ND_FLOAT32, made, 2);
    CHECK(nd_infer(net, &x, &whole) == ND_OK);
    const int64_t each = nd_shape_count(made) / 16;
    static const int batches[] = {1, 4, 8};
    for (int k = 0; k < 3; k++) {
        nd_array some = x, out = numbers(arena, ND_FLOAT32, made, 2);
        some.shape.dim[0] = out.shape.dim[0] = batches[k];
        for (int at = 0; at < 16; at += batches[k]) {
            some.data = (float *)x.data + (int64_t)at * 4 * 32 * 32;
            CHECK(nd_infer(net, &some, &out) == ND_OK);
            CHECK(!memcmp(out.data, (const float *)whole.data + at * each,
                          (size_t)(batches[k] * each) * sizeof(float)));
        }
    }
}

TEST(an_answer_has_the_same_bits_however_many_pictures_are_answered_at_once)
{
    static const char *const models[] = {"resnet9", "resnet18", "unet"};
    for (size_t i = 0; i < sizeof models / sizeof *models; i++) {
        check_batches(arena, models[i], ND_FLOAT32);
        check_batches(arena, models[i], ND_BFLOAT16);
    }
}
