// SPDX-License-Identifier: Apache-2.0
// Training from one start as PyTorch does it: losses step by step, and what the
// parameters are after one step and after fifty. tools/curves.py wrote the other side.
#include "golden.h"
#include <nadir/model.h>

typedef struct run {
    nd_net *net;
    nd_optim *optim;
    int classes;
    nd_shape shape, labels;
    int *order; // variables in the order of their names
    int parameters;
} run;

static const nd_net *sorted_net;
static int by_name(const void *a, const void *b)
{
    return strcmp(nd_net_at(sorted_net, *(const int *)a).name,
                  nd_net_at(sorted_net, *(const int *)b).name);
}

static void set_at(const nd_array *a, int64_t i, double value)
{
    if (a->dtype == ND_FLOAT32)
        ((float *)a->data)[i] = (float)value;
    else
        ((double *)a->data)[i] = value;
}

// The start that tools/curves.py has: parameter k in +-sqrt(6 / fan in), of linear layers
// in +-1 / sqrt(fan in).
static void begin(nd_arena *arena, run *r)
{
    r->order = nd_alloc(arena, (size_t)nd_net_count(r->net), sizeof *r->order);
    for (int v = 0; v < nd_net_count(r->net); v++)
        if (nd_net_at(r->net, v).is_parameter) r->order[r->parameters++] = v;
    sorted_net = r->net;
    qsort(r->order, (size_t)r->parameters, sizeof *r->order, by_name);
    for (int k = 0; k < r->parameters; k++) {
        const nd_named p = nd_net_at(r->net, r->order[k]);
        const int64_t count = nd_shape_count(p.value.shape);
        const bool is_drawn = p.value.shape.rank > 1;
        const double bound = is_drawn ? sqrt((p.value.shape.rank > 2 ? 6.0 : 1.0) *
                                             (double)p.value.shape.dim[0] / (double)count)
                                      : 0;
        const char *end = strrchr(p.name, '.');
        for (int64_t i = 0; i < count; i++)
            set_at(&p.value, i,
                   is_drawn ? bound * noise(1000 + (uint64_t)k, i)
                            : !strcmp(end, ".weight"));
    }
    CHECK(nd_net_push(r->net) == ND_OK);
}

static run begun(nd_arena *arena, const golden *g, int at, nd_dtype dtype,
                 const char *backend)
{
    const nd_json *set = golden_settings(g, at);
    const nd_model *model = nd_model_find(word(set, "model"));
    run r = {.classes = whole(set, "classes")};
    for (const nd_json *d = nd_json_member(set, "shape")->first; d; d = d->next)
        r.shape.dim[r.shape.rank++] = (int64_t)d->number;
    r.labels = model->is_mask ? ND_SHAPE(r.shape.dim[0], r.shape.dim[2], r.shape.dim[3])
                              : ND_SHAPE(r.shape.dim[0]);
    const nd_model_set own = {.bands = (int)r.shape.dim[1],
                              .classes = r.classes,
                              .width = model->is_mask ? 8 : 64};
    r.net = nd_model_new(
        arena, model, &own,
        &(nd_net_make){.dtype = dtype, .backend = backend, .input = r.shape});
    if (r.net) begin(arena, &r);
    return r;
}

static double one_step(nd_arena *arena, run *r, int step)
{
    const nd_dtype dtype = nd_net_at(r->net, 0).value.dtype;
    const nd_mark mark = nd_arena_mark(arena);
    const uint64_t part = (uint64_t)step % 4;
    nd_array x = {dtype, r->shape, NULL}, y = {ND_INT64, r->labels, NULL};
    const int64_t pixels = nd_shape_count(x.shape), places = nd_shape_count(y.shape);
    x.data = nd_alloc(arena, (size_t)pixels, 8);
    y.data = nd_alloc(arena, (size_t)places, 8);
    for (int64_t i = 0; i < pixels; i++) set_at(&x, i, noise(5000 + part, i));
    for (int64_t i = 0; i < places; i++)
        ((int64_t *)y.data)[i] =
            (int64_t)(nd_random_unit(7000 + part, (uint64_t)i) * r->classes);
    nd_stepped s = {.loss = (double)NAN};
    CHECK(nd_step(r->net, r->optim, &(nd_goal){nd_cross_entropy, NULL}, &x, &y, &s) ==
          ND_OK);
    nd_arena_back(arena, mark);
    return s.loss;
}

// Sum, norm and sum along noise of each parameter: the farthest from the wanted ones,
// relative to the parameter's norm.
static double marks_off(const run *r, const nd_array *wanted)
{
    double far = 0;
    CHECK(nd_net_pull(r->net) == ND_OK);
    for (int k = 0; k < r->parameters; k++) {
        const nd_array p = nd_net_at(r->net, r->order[k]).value;
        double mark[3] = {0};
        const int64_t count = nd_shape_count(p.shape);
        for (int64_t i = 0; i < count; i++) {
            const double v = value_at(&p, i);
            mark[0] += v, mark[1] += v * v, mark[2] += v * noise(9000 + (uint64_t)k, i);
        }
        mark[1] = sqrt(mark[1]);
        // A sum of n numbers of one size grows with their square root.
        const double size = value_at(wanted, 3 * k + 1) * sqrt((double)count);
        for (int m = 0; m < 3; m++)
            far = fmax(far, fabs(mark[m] - value_at(wanted, 3 * k + m)) / fmax(size, 1));
    }
    return far;
}

static void follow(nd_arena *arena, int at, int steps)
{
    const golden g = golden_open(arena, "curves");
    run r = begun(arena, &g, at, ND_FLOAT64, "plain");
    const nd_array losses = golden_array(&g, at, "losses");
    const nd_array first = golden_array(&g, at, "first"),
                   end = golden_array(&g, at, "end");
    r.optim = nd_optim_new(
        arena, r.net, &(nd_optim_make){.rate = 0.01, .momentum = 0.9, .decay_all = true});
    double far = 0;
    for (int step = 0; step < steps; step++) {
        far = fmax(far, fabs(one_step(arena, &r, step) - value_at(&losses, step)));
        if (!step) CHECK(marks_off(&r, &first) <= 1e-12);
    }
    printf("# %d steps in double: losses within %g of torch's\n", steps, far);
    CHECK(far <= 1e-6);
    if (steps == 50) CHECK(marks_off(&r, &end) <= 1e-6);
}

// In float the fast backend must start as PyTorch does, and drift from it no more than
// three times as far as PyTorch's two layouts drift from each other.
static void drift(nd_arena *arena, int at)
{
    const golden g = golden_open(arena, "curves");
    run r = begun(arena, &g, at, ND_FLOAT32, NULL);
    const nd_array one = golden_array(&g, at, "float");
    const nd_array other = golden_array(&g, at, "float_last");
    const nd_array first = golden_array(&g, at, "first_float");
    r.optim =
        nd_optim_new(arena, r.net,
                     &(nd_optim_make){.rate = 0.001, .momentum = 0.9, .decay_all = true});
    double ours = 0, theirs = 0;
    for (int step = 0; step < 50; step++) {
        const double loss = one_step(arena, &r, step);
        ours = fmax(ours, fabs(loss - value_at(&one, step)));
        theirs = fmax(theirs, fabs(value_at(&other, step) - value_at(&one, step)));
        if (!step) CHECK(ours <= 1e-5 && marks_off(&r, &first) <= 1e-5);
        if (step == 4) CHECK(ours <= 3 * fmax(theirs, 1e-6));
        if (step == 0 || step == 4 || step == 9 || step == 19 || step == 49)
            printf("# %s, step %d: %.6f, torch %.6f and %.6f; farthest %.1e, theirs "
                   "%.1e\n",
                   nd_net_backend(r.net), step + 1, loss, value_at(&one, step),
                   value_at(&other, step), ours, theirs);
    }
}

// How far float drifts depends on the order of every sum: on the optimiser's, too.
TEST(resnet18_in_float_drifts_from_torch_as_torch_does)
{
#if defined(__SANITIZE_ADDRESS__)
    SKIP("sums are taken in another order under the sanitizers");
#endif
    drift(arena, 0);
}
TEST(a_u_net_in_float_drifts_from_torch_as_torch_does)
{
    drift(arena, 1);
}

// A step in plain C takes a second and more: all fifty when NADIR_TEST_SLOW is set.
TEST(resnet18_in_double_trains_as_in_torch)
{
    follow(arena, 0, getenv("NADIR_TEST_SLOW") ? 50 : 2);
}
TEST(a_u_net_in_double_trains_as_in_torch)
{
    follow(arena, 1, getenv("NADIR_TEST_SLOW") ? 50 : 8);
}
