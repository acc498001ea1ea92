// SPDX-License-Identifier: Apache-2.0
// Losses against PyTorch in double and in float, and their gradients against slopes.
#include "golden.h"

static nd_tensor *as_it_is(nd_tape *t, nd_tensor *x, const void *user)
{
    (void)t, (void)user;
    return nd_scale(x, 1);
}

typedef struct trial {
    const golden *g;
    int at;
    const nd_json *set;
    nd_net *net;
    nd_goal goal;
    nd_class_loss classes;
    nd_value_loss values;
    double weight[32];
    nd_array x, target;
} trial;

static nd_loss *loss_named(const char *name, bool *is_class)
{
    static const struct {
        const char *name;
        nd_loss *loss;
    } all[] = {{"ce", nd_cross_entropy}, {"dice", nd_dice},     {"jaccard", nd_jaccard},
               {"focal", nd_focal},      {"lovasz", nd_lovasz}, {"mixed", nd_mixed_loss},
               {"mse", nd_mse},          {"l1", nd_l1},         {"huber", nd_huber},
               {"bce", nd_bce}};
    for (int i = 0; i < 10; i++)
        if (!strcmp(name, all[i].name)) {
            *is_class = i < 6;
            return all[i].loss;
        }
    return NULL;
}

static void settle(trial *t)
{
    bool is_class = false;
    t->goal.loss = loss_named(word(t->set, "loss"), &is_class);
    const nd_json *list = nd_json_member(t->set, is_class ? "weight" : "positive");
    int count = 0;
    for (const nd_json *w = list ? list->first : NULL; w; w = w->next)
        t->weight[count++] = w->number;
    t->classes = (nd_class_loss){.weight = count ? t->weight : NULL,
                                 .weights = count,
                                 .smoothing = setting(t->set, "smoothing", 0),
                                 .gamma = setting(t->set, "gamma", 0),
                                 .ce = setting(t->set, "ce", 0),
                                 .dice = setting(t->set, "dice", 0),
                                 .focal = setting(t->set, "focal", 0),
                                 .jaccard = setting(t->set, "jaccard", 0),
                                 .lovasz = setting(t->set, "lovasz", 0)};
    t->values = (nd_value_loss){.delta = setting(t->set, "delta", 0),
                                .positive = count ? t->weight : NULL};
    t->goal.settings = is_class ? (const void *)&t->classes : &t->values;
}

static trial *trial_of(const golden *g, int at, nd_dtype dtype)
{
    trial *t = nd_alloc(g->arena, 1, sizeof *t);
    t->g = g, t->at = at, t->set = golden_settings(g, at);
    t->x = as_type(g->arena, golden_array(g, at, "x"), dtype);
    t->target = as_type(g->arena, golden_array(g, at, "target"), dtype);
    settle(t);
    t->net = nd_net_new(g->arena, &(nd_net_make){.forward = as_it_is,
                                                 .input = t->x.shape,
                                                 .dtype = dtype,
                                                 .backend = "plain",
                                                 .threads = 2});
    return t;
}

static double loss_at(trial *t, nd_array *gradient)
{
    double loss = (double)NAN;
    const nd_array *none;
    CHECK(nd_gradients(t->net, &t->goal, &t->x, &t->target, &loss, &none, gradient) ==
          ND_OK);
    return loss;
}

static void check_values(nd_arena *arena, nd_dtype dtype)
{
    const golden g = golden_open(arena, "loss");
    const double most = dtype == ND_FLOAT64 ? 1e-12 : 2e-6;
    CHECK(g.cases > 70);
    for (int at = 0; at < g.cases; at++) {
        trial *t = trial_of(&g, at, dtype);
        nd_array dx = {0};
        const nd_array y = golden_array(&g, at, "y"), wanted = golden_array(&g, at, "dx");
        const double loss = loss_at(t, &dx);
        const double far = fabs(loss - value_at(&y, 0)) / fmax(1, fabs(loss));
        const double off = distance(&dx, &wanted);
        if (far <= most && off <= most) continue;
        CHECK(!"the loss is torch's");
        printf("# case %03d (%s): off by %g, its gradient by %g\n", at,
               word(t->set, "loss"), far, off);
    }
}

TEST(losses_are_torchs_in_double)
{
    check_values(arena, ND_FLOAT64);
}

TEST(losses_are_torchs_in_float)
{
    check_values(arena, ND_FLOAT32);
}

static void check_slopes(trial *t)
{
    const int64_t count = nd_shape_count(t->x.shape);
    double *at = t->x.data, *kept = nd_alloc(t->g->arena, (size_t)count, sizeof *kept);
    double *slopes = nd_alloc(t->g->arena, (size_t)count, sizeof *slopes);
    nd_array dx;
    (void)loss_at(t, &dx);
    memcpy(slopes, dx.data, (size_t)count * sizeof *slopes);
    memcpy(kept, at, (size_t)count * sizeof *kept);
    for (uint64_t way = 0; way < 32; way++) {
        double slope = 0, size = 0, side[2];
        for (int s = 0; s < 2; s++) {
            for (int64_t i = 0; i < count; i++)
                at[i] = kept[i] + (s ? 1e-6 : -1e-6) * noise(way, i);
            side[s] = loss_at(t, &dx);
        }
        for (int64_t i = 0; i < count; i++) {
            slope += slopes[i] * noise(way, i);
            size += fabs(slopes[i] * noise(way, i));
        }
        const double far = fabs((side[1] - side[0]) / 2e-6 - slope);
        if (far <= 1e-6 * size + 1e-9) continue;
        CHECK(!"the gradient is the slope");
        printf("# case %03d (%s): %g from %g\n", t->at, word(t->set, "loss"), far, slope);
        return;
    }
}

TEST(gradients_of_losses_are_slopes)
{
    const golden g = golden_open(arena, "loss");
    for (int at = 0; at < g.cases; at++) check_slopes(trial_of(&g, at, ND_FLOAT64));
}

static nd_net *net_for(nd_arena *arena, nd_shape shape)
{
    return nd_net_new(arena, &(nd_net_make){.forward = as_it_is,
                                            .input = shape,
                                            .dtype = ND_FLOAT64,
                                            .backend = "plain"});
}

TEST(where_nothing_counts_loss_and_gradient_are_0)
{
    static nd_loss *const losses[] = {nd_cross_entropy, nd_dice,   nd_jaccard,
                                      nd_focal,         nd_lovasz, nd_mixed_loss};
    const nd_array x = numbers(arena, ND_FLOAT64, ND_SHAPE(2, 3), 1);
    const nd_array y = {ND_INT64, ND_SHAPE(2), (int64_t[]){ND_IGNORE, ND_IGNORE}};
    const nd_array zeroes = {ND_FLOAT64, ND_SHAPE(2, 3), (double[6]){0}};
    for (int i = 0; i < 6; i++)
        for (int k = 0; k < (i < 4 ? 2 : 1); k++) {
            double loss = 1;
            const nd_array *none;
            nd_array dx;
            CHECK(nd_gradients(net_for(arena, x.shape), &(nd_goal){losses[i], NULL}, &x,
                               k ? &zeroes : &y, &loss, &none, &dx) == ND_OK);
            CHECK(fabs(loss) <= 0);
            for (int j = 0; j < 6; j++) CHECK(fabs(value_at(&dx, j)) <= 0);
        }
    static nd_loss *const values[] = {nd_mse, nd_l1, nd_huber, nd_bce};
    const nd_array nans = {ND_FLOAT64, ND_SHAPE(2, 3),
                           (double[6]){NAN, NAN, NAN, NAN, NAN, NAN}};
    for (int i = 0; i < 4; i++) {
        double loss = 1;
        const nd_array *none;
        nd_array dx;
        CHECK(nd_gradients(net_for(arena, x.shape), &(nd_goal){values[i], NULL}, &x,
                           &nans, &loss, &none, &dx) == ND_OK);
        CHECK(fabs(loss) <= 0 && fabs(value_at(&dx, 3)) <= 0);
    }
}

TEST(every_loss_of_classes_names_a_label_that_is_none)
{
    static nd_loss *const losses[] = {nd_cross_entropy, nd_dice,   nd_jaccard,
                                      nd_focal,         nd_lovasz, nd_mixed_loss};
    const nd_array x = numbers(arena, ND_FLOAT64, ND_SHAPE(2, 3, 1, 2), 1);
    const nd_array y = {ND_INT64, ND_SHAPE(2, 1, 2), (int64_t[]){0, 2, 1, 255}};
    for (int i = 0; i < 6; i++) {
        double loss;
        const nd_array *none;
        nd_array dx;
        CHECK(nd_gradients(net_for(arena, x.shape), &(nd_goal){losses[i], NULL}, &x, &y,
                           &loss, &none, &dx) == ND_E_DATA);
        CHECK(error_says("label 255 of picture 1, pixel 1 of the batch: there are "
                         "classes 0 to 2\nmend the labels"));
    }
}

TEST(logits_beyond_all_measure_lose_nothing)
{
    const nd_array x = {ND_FLOAT64, ND_SHAPE(2, 2), (double[]){1000, -1000, -1000, 1000}};
    const nd_array y = {ND_INT64, ND_SHAPE(2), (int64_t[]){0, 0}};
    double loss = 0;
    const nd_array *none;
    nd_array dx;
    CHECK(nd_gradients(net_for(arena, x.shape), &(nd_goal){nd_cross_entropy, NULL}, &x,
                       &y, &loss, &none, &dx) == ND_OK);
    CHECK(fabs(loss - 1000) <= 1e-9 && fabs(value_at(&dx, 2) + 0.5) <= 1e-12);
    CHECK(nd_gradients(net_for(arena, x.shape), &(nd_goal){nd_focal, NULL}, &x, &y, &loss,
                       &none, &dx) == ND_OK);
    CHECK(isfinite(loss) && isfinite(value_at(&dx, 0)));
}

static void refused(nd_arena *arena, nd_goal goal, const nd_array *x, const nd_array *y,
                    const char *words)
{
    double loss;
    const nd_array *none;
    nd_array dx;
    CHECK(nd_gradients(net_for(arena, x->shape), &goal, x, y, &loss, &none, &dx) ==
          ND_E_PARAM);
    CHECK(error_says(words));
}

TEST(targets_that_do_not_fit_are_told)
{
    const nd_array x = numbers(arena, ND_FLOAT64, ND_SHAPE(2, 3), 1);
    const nd_array three = numbers(arena, ND_INT64, ND_SHAPE(3), 1);
    const nd_array shares = numbers(arena, ND_FLOAT64, ND_SHAPE(2, 3), 1);
    const nd_class_loss two = {.weight = (double[]){1, 1}, .weights = 2};
    const nd_class_loss smooth = {.smoothing = 1.5};
    refused(arena, (nd_goal){nd_dice, NULL}, &x, &three,
            "dice: the output is 2 x 3, the target int64 3\ngive a class");
    refused(arena, (nd_goal){nd_lovasz, NULL}, &x, &shares,
            "lovasz: the target is made of probabilities\ngive it classes");
    refused(arena, (nd_goal){nd_mse, NULL}, &x, &three,
            "mse: the output is 2 x 3, the target int64 3\n"
            "give a target of the output's shape");
    refused(arena, (nd_goal){nd_focal, &two}, &x, &shares,
            "focal: 2 class weights for 3 classes\ngive one for each class");
    refused(arena, (nd_goal){nd_cross_entropy, &smooth}, &x, &shares,
            "cross entropy: a smoothing of 1.5\ntake a share from 0 to 1");
}
