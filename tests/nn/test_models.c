// SPDX-License-Identifier: Apache-2.0
#include "golden.h"
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

static nd_net *made(nd_arena *arena, const char *name, nd_model_set set)
{
    const nd_model *m = nd_model_find(name);
    return m ? nd_model_new(arena, m, &set, &(nd_net_make){.backend = "plain"}) : NULL;
}

static int64_t count_of(nd_arena *arena, const char *name, nd_model_set set)
{
    nd_net *net = made(arena, name, set);
    return net ? nd_net_parameters(net) : -1;
}

// What torchvision's and segmentation_models_pytorch's networks have.
TEST(residual_networks_and_u_nets_have_the_published_numbers)
{
    const nd_model_set one = {.bands = 3, .classes = 1};
    CHECK(count_of(arena, "unet-resnet18", one) == 14328209);
    CHECK(count_of(arena, "unet-resnet34", one) == 24436369);
    CHECK(count_of(arena, "unet-resnet50", one) == 32521105);
    CHECK(count_of(arena, "unet", (nd_model_set){.bands = 4, .classes = 10}) == 7763626);
    CHECK(count_of(arena, "unet", (nd_model_set){.bands = 13, .classes = 10}) == 7766218);
    const nd_model_set floods = {.bands = 2, .classes = 2, .width = 16, .depth = 4};
    CHECK(count_of(arena, "unet", floods) == 482610);
    CHECK(count_of(arena, "resnet9", (nd_model_set){.bands = 3, .classes = 10}) / 1000 ==
          1646);
    const nd_model_set wide = {.bands = 3, .classes = 10, .width = 64};
    CHECK(count_of(arena, "resnet9", wide) / 1000 == 6573);
}

static void check_names(nd_arena *arena, const char *model, int64_t parameters)
{
    nd_net *net = made(arena, model, (nd_model_set){.bands = 3, .classes = 1000});
    FILE *in = fopen(nd_text(arena, "%s/%s.txt", GOLDEN, model), "r");
    char line[256];
    int at = 0;
    CHECK(net && in);
    for (; net && in && fgets(line, sizeof line, in); at++) {
        char mine[256];
        const nd_named n = nd_net_at(net, at < nd_net_count(net) ? at : 0);
        int used = snprintf(mine, sizeof mine, "%s", n.name);
        for (int i = 0; i < n.value.shape.rank; i++)
            used += snprintf(mine + used, sizeof mine - (size_t)used, " %lld",
                             (long long)n.value.shape.dim[i]);
        line[strcspn(line, "\n")] = 0;
        CHECK(!strcmp(line, mine));
    }
    CHECK(net && at == nd_net_count(net) && nd_net_parameters(net) == parameters);
    if (in) (void)fclose(in);
}

TEST(resnet18_has_torchvisions_names_shapes_and_order)
{
    check_names(arena, "resnet18", 11689512);
}
TEST(resnet34_has_torchvisions_names_shapes_and_order)
{
    check_names(arena, "resnet34", 21797672);
}
TEST(resnet50_has_torchvisions_names_shapes_and_order)
{
    check_names(arena, "resnet50", 25557032);
}

TEST(every_model_takes_1_to_13_bands_and_answers_in_its_shape)
{
    for (const nd_model *const *m = nd_models; *m; m++)
        for (int bands = 1; bands <= 13; bands += 12) {
            const nd_model_set set = {.bands = bands, .classes = 3, .width = 4};
            nd_net *net = nd_model_new(arena, *m, &set, &(nd_net_make){.seed = 1});
            const nd_model_set full = nd_model_filled(*m, set);
            const int side = 2 * (*m)->multiple(&full);
            nd_shape y = {0};
            CHECK(net &&
                  nd_net_output(net, ND_SHAPE(2, bands, side, 2 * side), &y) == ND_OK);
            CHECK(nd_shape_same(y, (*m)->is_mask ? ND_SHAPE(2, 3, side, 2 * side)
                                                 : ND_SHAPE(2, 3)));
        }
}

// Each prefix is some parameter's, and each parameter belongs to one group.
TEST(groups_of_layers_share_out_all_parameters)
{
    for (const nd_model *const *m = nd_models; *m; m++) {
        nd_net *net =
            made(arena, (*m)->name, (nd_model_set){.bands = 2, .classes = 2, .width = 4});
        for (int v = 0; net && v < nd_net_count(net); v++) {
            int found = 0;
            for (int g = 0; g < (*m)->groups; g++) {
                const char *const *prefix;
                size_t count;
                CHECK(nd_text_split(arena, (*m)->group[g], &prefix, &count) == ND_OK);
                for (size_t i = 0; i < count; i++) {
                    const size_t length = strlen(prefix[i]);
                    const char *name = nd_net_at(net, v).name;
                    found += !strncmp(name, prefix[i], length) &&
                             strchr(".0123456789", name[length]);
                }
            }
            CHECK(found == 1);
            if (found != 1) printf("# %s of %s\n", nd_net_at(net, v).name, (*m)->name);
        }
    }
}

// How far from its place a pixel of the input still changes an output, in use and with
// random weights: the farthest of all places within a stride.
static int seen(nd_arena *arena, nd_net *net, int side, int stride)
{
    const size_t count = 2 * (size_t)side * (size_t)side;
    nd_array x = numbers(arena, ND_FLOAT64, ND_SHAPE(1, 2, side, side), 3);
    double *before = nd_alloc(arena, count, sizeof *before);
    double *after = nd_alloc(arena, count, sizeof *after);
    nd_array out = {ND_FLOAT64, ND_SHAPE(1, 2, side, side), before};
    CHECK(nd_infer(net, &x, &out) == ND_OK);
    int far = 0;
    for (int at = side / 2; at < side / 2 + stride; at++) {
        double *pixel = (double *)x.data + at * side + at, kept = *pixel;
        *pixel += 1000;
        out.data = after;
        CHECK(nd_infer(net, &x, &out) == ND_OK);
        *pixel = kept;
        for (int i = 0; i < side * side; i++)
            if (before[i] < after[i] || before[i] > after[i]) {
                const int dx = abs(i % side - at), dy = abs(i / side - at);
                far = dx > far ? dx : far, far = dy > far ? dy : far;
            }
    }
    return far;
}

TEST(nothing_beyond_the_radius_changes_an_output)
{
    static const struct {
        const char *name;
        int depth, side;
    } row[] = {{"unet", 3, 96}, {"unet", 2, 64}};
    for (int i = 0; i < 2; i++) {
        const nd_model *m = nd_model_find(row[i].name);
        const nd_model_set set =
            nd_model_filled(m, (nd_model_set){2, 2, .width = 4, .depth = row[i].depth});
        nd_net *net = nd_model_new(arena, m, &set, &(nd_net_make){.dtype = ND_FLOAT64});
        const int far = net ? seen(arena, net, row[i].side, m->multiple(&set)) : -1;
        CHECK(far > m->radius(&set) - 2 && far <= m->radius(&set));
    }
}

TEST(sides_that_do_not_suit_a_model_are_told)
{
    nd_net *net =
        made(arena, "unet", (nd_model_set){.bands = 2, .classes = 2, .width = 4});
    nd_shape y;
    CHECK(net && nd_net_output(net, ND_SHAPE(1, 2, 40, 64), &y) == ND_E_PARAM);
    CHECK(error_says("unet: pictures of 64 x 40 pixels\n"
                     "take sides that are multiples of 16"));
    CHECK(!made(arena, "resnet18", (nd_model_set){.bands = 0, .classes = 2}));
    CHECK(error_says("a network with 0 bands and 2 classes\ngive it at least one"));
}

TEST(small_pictures_reach_the_last_stage_of_a_small_stem)
{
    nd_net *net =
        made(arena, "resnet18",
             (nd_model_set){.bands = 3, .classes = 10, .stem = {ND_STEM_SMALL}});
    const int at = net ? nd_net_find(net, "conv1.weight") : -1;
    CHECK(at == 0 &&
          nd_shape_same(nd_net_at(net, at).value.shape, ND_SHAPE(64, 3, 3, 3)));
    CHECK(net && nd_net_parameters(net) == 11181642 - 64 * 3 * (49 - 9));
}
