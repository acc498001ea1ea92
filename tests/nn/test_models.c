// SPDX-License-Identifier: Apache-2.0
#include "nets.h"
#include <nadir/model.h>

// Counted by hand: 3 x 3 and 1 x 1 kernels, scale and shift of each norm, the head.
TEST(wrn16_2_has_the_numbers_of_the_paper)
{
    const nd_model *m = nd_model_find("WRN16-2");
    nd_net *net = m ? nd_model_new(arena, m, &(nd_model_set){.bands = 3, .classes = 10},
                                   &(nd_net_make){.backend = "plain"})
                    : NULL;
    int64_t want = 3 * 16 * 9;
    int in = 16;
    for (int w = 32; w <= 128; in = w, w *= 2) {
        want += 9 * (in * w + w * w) + in * w + 2 * (in + w);
        want += 9 * 2 * w * w + 2 * (w + w);
    }
    want += 2 * 128 + 128 * 10 + 10;
    CHECK(net && nd_net_parameters(net) == want && want / 1000 == 691);
    CHECK(net && nd_net_find(net, "block2.layer.0.convShortcut.weight") >= 0);
    CHECK(net && nd_net_find(net, "block2.layer.1.convShortcut.weight") < 0);
}

TEST(wrn16_2_learns_one_batch_by_heart)
{
    nd_net *net = nd_model_new(arena, nd_model_find("wrn16-2"),
                               &(nd_model_set){.bands = 2, .classes = 3, .width = 4},
                               &(nd_net_make){.seed = 1});
    const nd_array x = numbers(arena, ND_FLOAT32, ND_SHAPE(6, 2, 16, 16), 1);
    const nd_array y = numbers(arena, ND_INT64, ND_SHAPE(6), 2);
    nd_optim *o =
        nd_optim_new(arena, net, &(nd_optim_make){.rate = 0.05, .momentum = 0.9});
    nd_stepped s = {0};
    for (int i = 0; i < 40; i++)
        CHECK(nd_step(net, o, &(nd_goal){nd_cross_entropy, NULL}, &x, &y, &s) == ND_OK);
    CHECK(s.loss < 0.05);
}

TEST(a_misspelt_model_is_answered_with_the_nearest)
{
    CHECK(!nd_model_find("wrn16_2"));
    CHECK(error_says("there is no model wrn16_2\ndid you mean wrn16-2?"));
}
