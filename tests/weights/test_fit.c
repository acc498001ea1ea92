// SPDX-License-Identifier: Apache-2.0
#include "../harness.h"
#include <math.h>
#include <nadir/layer.h>
#include <nadir/weights.h>

static nd_tensor *tiny(nd_tape *t, nd_tensor *x, const void *user)
{
    (void)user;
    x = nd_conv(t, "first", x, (nd_conv2d){.out = 1, .kernel = 1, .no_bias = true});
    return nd_batch_norm(t, "norm", x, (nd_norm){0});
}

static nd_net *net_of(nd_arena *arena, int bands)
{
    return nd_net_new(arena, &(nd_net_make){.forward = tiny,
                                            .input = ND_SHAPE(1, bands, 2, 2),
                                            .backend = "plain"});
}

static const float three[] = {1, 2, 3}, one[] = {5};
static const nd_weight file[] = {
    {"first.weight", ND_STORED_F32, {4, {1, 3, 1, 1}}, three},
    {"norm.weight", ND_STORED_F32, {1, {1}}, one},
    {"norm.bias", ND_STORED_F32, {1, {1}}, one},
    {"norm.running_mean", ND_STORED_F32, {1, {1}}, one},
    {"extra", ND_STORED_F32, {1, {1}}, one},
};
static const nd_weights weights = {.weight = file, .count = 5};

TEST(arrays_go_by_name_and_the_others_are_listed)
{
    nd_net *net = net_of(arena, 3);
    nd_match m;
    CHECK(nd_weights_load(arena, &weights, net, NULL, &m) == ND_OK);
    CHECK(m.matched == 4 && m.missings == 1 && !strcmp(m.missing[0], "norm.running_var"));
    CHECK(m.unexpecteds == 1 && !strcmp(m.unexpected[0], "extra") && !m.reshapeds);
    CHECK(((const float *)nd_net_at(net, 0).value.data)[2] > 2.9f);
}

// Bands 2 and 0 keep their slices, the second gets the mean 2, all times 3 / 3.
TEST(a_first_layer_takes_other_bands)
{
    nd_net *net = net_of(arena, 4);
    nd_match m;
    CHECK(nd_weights_load(arena, &weights, net, NULL, &m) == ND_OK && m.reshapeds == 1);
    CHECK(nd_weights_load(arena, &weights, net, (const int[]){2, -1, 0, -1}, &m) ==
          ND_OK);
    CHECK(!m.reshapeds);
    const float *w = nd_net_at(net, 0).value.data;
    const float want[] = {3 * 0.75f, 2 * 0.75f, 1 * 0.75f, 2 * 0.75f};
    for (int i = 0; i < 4; i++) CHECK(fabsf(w[i] - want[i]) < 1e-6f);
    CHECK(nd_weights_load(arena, &weights, net, (const int[]){3, 0, 0, 0}, &m) != ND_OK);
    CHECK(error_says("first.weight looks at 3 bands, and band 3 is wanted"));
}

// 1 + 2^-8 lies half-way between 1 and the next bfloat16: the even one is 1.
TEST(bfloat16_is_for_what_has_two_dimensions)
{
    nd_net *net = net_of(arena, 3);
    float *w = nd_net_at(net, 0).value.data;
    w[0] = 1.00390625f, w[1] = 1.01171875f, w[2] = NAN;
    nd_weight *out;
    int count;
    CHECK(nd_weights_of(arena, net, ND_STORED_BF16, &out, &count) == ND_OK && count == 6);
    const uint16_t *b = out[0].data;
    CHECK(out[0].type == ND_STORED_BF16 && b[0] == 0x3F80 && b[1] == 0x3F82);
    CHECK((b[2] & 0x7FFF) > 0x7F80);
    CHECK(out[1].type == ND_STORED_F32 && out[5].type == ND_STORED_I64);
}
