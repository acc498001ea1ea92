// SPDX-License-Identifier: Apache-2.0
// nadir bench nn: how fast networks are trained and used here, beside what the processor
// could do at most.
#include "cli/cli.h"
#include <math.h>
#include <nadir/model.h>
#include <nadir/pool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

typedef struct bench_set {
    const char *model, *mode, *precision;
    double seconds;
    int threads, size;
    bool exact;
} bench_set;

static const nd_param rows[] = {
    ND_PARAM(bench_set, model, NULL, .help = "Only this model, or unet13: 13 bands"),
    ND_PARAM(bench_set, mode, NULL, .help = "Only train, or only infer"),
    ND_PARAM(bench_set, precision, NULL, .help = "Only float32, or only bfloat16"),
    ND_PARAM(bench_set, size, 0, .help = "Only pictures of this size", .unit = "px",
             .min = 0, .max = 4096),
    ND_PARAM(bench_set, seconds, 5, .help = "How long each row is measured", .unit = "s",
             .min = 0.1, .max = 100),
    ND_PARAM(bench_set, threads, 0, .help = "Threads; 0: one a core", .min = 0,
             .max = 1024),
    ND_PARAM(bench_set, exact, false, .help = "Without Winograd's convolutions"),
};

typedef struct bench_case {
    const char *name, *model;
    int bands, size, batch;
} bench_case;
static const bench_case cases[] = {
    {"resnet18", "resnet18", 3, 64, 64}, {"resnet18", "resnet18", 3, 224, 16},
    {"resnet50", "resnet50", 3, 224, 8}, {"unet", "unet", 4, 256, 4},
    {"unet13", "unet", 13, 256, 4},      {"wrn16-2", "wrn16-2", 3, 64, 64},
};

// What is measured of one row.
typedef struct measured {
    double wall, cpu; // seconds of the median step
    nd_plan_facts facts;
    int threads, costs;
    nd_layer_cost *cost; // dearest first
    double whole;        // seconds of all costs
    const char *backend;
} measured;

typedef struct bench_run {
    nd_net *net;
    nd_optim *optim;
    nd_array x, y, out;
    bool trains;
} bench_run;

enum { CLASSES = 10, MOST_STEPS = 4096 };

static nd_status step(bench_run *b)
{
    static const nd_goal goal = {nd_cross_entropy, NULL};
    nd_stepped stepped;
    return b->trains ? nd_step(b->net, b->optim, &goal, &b->x, &b->y, &stepped)
                     : nd_infer(b->net, &b->x, &b->out);
}

static nd_status set_up(nd_arena *arena, const bench_case *c, const bench_set *set,
                        nd_dtype compute, bench_run *b)
{
    const nd_model *model = nd_model_find(c->model);
    if (!model) return ND_E_BUG;
    b->net =
        nd_model_new(arena, model, &(nd_model_set){.bands = c->bands, .classes = CLASSES},
                     &(nd_net_make){.input = ND_SHAPE(1, c->bands, c->size, c->size),
                                    .dtype = ND_FLOAT32,
                                    .compute = compute,
                                    .seed = 1,
                                    .threads = set->threads,
                                    .exact = set->exact});
    if (!b->net) return ND_E_MEMORY;
    const nd_optim_make sgd = {
        .method = ND_SGD, .rate = 0.01, .momentum = 0.9, .decay = 1e-4};
    if (b->trains && !(b->optim = nd_optim_new(arena, b->net, &sgd))) return ND_E_MEMORY;
    b->x = (nd_array){ND_FLOAT32, ND_SHAPE(c->batch, c->bands, c->size, c->size), NULL};
    b->y = (nd_array){
        ND_INT64,
        model->is_mask ? ND_SHAPE(c->batch, c->size, c->size) : ND_SHAPE(c->batch), NULL};
    ND_TRY(nd_net_output(b->net, b->x.shape, &b->out.shape));
    b->out.dtype = ND_FLOAT32;
    nd_array *const all[] = {&b->x, &b->y, &b->out};
    for (int i = 0; i < 3; i++) {
        const size_t count = (size_t)nd_shape_count(all[i]->shape);
        all[i]->data = nd_alloc(arena, count, nd_dtype_bytes(all[i]->dtype));
        if (!all[i]->data) return ND_E_MEMORY;
    }
    for (int64_t i = 0; i < nd_shape_count(b->x.shape); i++)
        ((float *)b->x.data)[i] = (float)(2 * nd_random_unit(1, (uint64_t)i) - 1);
    for (int64_t i = 0; i < nd_shape_count(b->y.shape); i++)
        ((int64_t *)b->y.data)[i] = i % CLASSES;
    return ND_OK;
}

static int by_number(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}
static int dearest(const void *a, const void *b)
{
    const nd_layer_cost *x = a, *y = b;
    return (x->seconds < y->seconds) - (x->seconds > y->seconds);
}

static nd_status measure(nd_arena *arena, bench_run *b, double seconds, measured *m)
{
    double *wall = nd_alloc(arena, MOST_STEPS, sizeof *wall);
    double *cpu = nd_alloc(arena, MOST_STEPS, sizeof *cpu);
    if (!wall || !cpu) return ND_E_MEMORY;
    for (int i = 0; i < 2; i++) ND_TRY(step(b)); // compiles, touches memory
    int count = 0;
    const double start = nd_seconds();
    while (count < MOST_STEPS && (count < 3 || nd_seconds() - start < seconds)) {
        const double before = nd_seconds(), used = nd_cpu_seconds();
        ND_TRY(step(b));
        wall[count] = nd_seconds() - before, cpu[count++] = nd_cpu_seconds() - used;
    }
    qsort(wall, (size_t)count, sizeof *wall, by_number);
    qsort(cpu, (size_t)count, sizeof *cpu, by_number);
    m->wall = wall[count / 2], m->cpu = cpu[count / 2];
    nd_net_time(b->net, true);
    ND_TRY(step(b));
    m->cost = nd_net_profile(arena, b->net, &m->costs);
    if (!m->cost) return ND_E_MEMORY;
    for (int i = 0; i < m->costs; i++) m->whole += m->cost[i].seconds;
    qsort(m->cost, (size_t)m->costs, sizeof *m->cost, dearest);
    m->threads = nd_net_threads(b->net), m->backend = nd_net_backend(b->net);
    return nd_net_facts(b->net, b->x.shape, b->trains, &m->facts);
}

static double peak_mb(void)
{
    struct rusage usage;
    return getrusage(RUSAGE_SELF, &usage) ? 0 : (double)usage.ru_maxrss / 1024;
}

typedef struct report {
    nd_buffer text;
    nd_json_out json;
    bool is_json;
    double peak; // float32 operations a second, of one thread
} report;

static void tell_json(report *r, const bench_case *c, const bench_run *b,
                      nd_dtype compute, const measured *m)
{
    nd_json_out *j = &r->json;
    const double flops = m->facts.flops / m->cpu * m->threads;
    nd_json_open(j, NULL, '{');
    nd_json_text(j, "model", c->name);
    nd_json_whole(j, "size", c->size);
    nd_json_whole(j, "bands", c->bands);
    nd_json_whole(j, "batch", c->batch);
    nd_json_text(j, "mode", b->trains ? "train" : "infer");
    nd_json_text(j, "precision", nd_dtype_name(compute));
    nd_json_whole(j, "threads", m->threads);
    nd_json_text(j, "backend", m->backend);
    nd_json_real(j, "cpu_s_per_image", m->cpu / c->batch);
    nd_json_real(j, "images_per_s", c->batch / m->wall);
    nd_json_real(j, "gflop_per_image", m->facts.flops / c->batch / 1e9);
    nd_json_real(j, "gflops", flops / 1e9);
    nd_json_real(j, "peak_gflops", r->peak * m->threads / 1e9);
    nd_json_real(j, "percent_of_peak", 100 * flops / (r->peak * m->threads));
    nd_json_real(j, "arena_mb", (double)m->facts.arena_bytes / 1e6);
    nd_json_real(j, "peak_mb", peak_mb());
    nd_json_open(j, "layers", '[');
    for (int i = 0; i < 3 && i < m->costs; i++) {
        nd_json_open(j, NULL, '{');
        nd_json_text(j, "path", m->cost[i].path);
        nd_json_text(j, "what", m->cost[i].what);
        nd_json_text(j, "implementation", m->cost[i].kernel);
        nd_json_real(j, "share", m->cost[i].seconds / m->whole);
        nd_json_close(j, '}');
    }
    nd_json_close(j, ']');
    nd_json_close(j, '}');
}

static void tell(report *r, const bench_case *c, const bench_run *b, nd_dtype compute,
                 const measured *m)
{
    if (r->is_json) {
        tell_json(r, c, b, compute, m);
        return;
    }
    const double flops = m->facts.flops / m->cpu * m->threads;
    nd_buffer_add(&r->text, "%-9s %4d  %s  %-8s  %8.5f  %8.1f  %6.0f  %4.0f  %6.0f\n",
                  c->name, c->size, b->trains ? "train" : "infer", nd_dtype_name(compute),
                  m->cpu / c->batch, c->batch / m->wall, flops / 1e9,
                  100 * flops / (r->peak * m->threads), peak_mb());
    for (int i = 0; i < 3 && i < m->costs; i++)
        nd_buffer_add(&r->text, "    %4.1f %%  %s, %s (%s)\n",
                      100 * m->cost[i].seconds / m->whole, m->cost[i].path,
                      m->cost[i].what, m->cost[i].kernel);
}

// A convolution or product that costs something must not run by plain loops.
static nd_status check(const measured *m)
{
    for (int i = 0; i < m->costs; i++) {
        const nd_layer_cost *l = &m->cost[i];
        const bool is_plain =
            !strcmp(l->kernel, "plain") || !strncmp(l->kernel, "ref", 3);
        if (l->flops > 0 && is_plain && l->seconds > 0.05 * m->whole)
            return nd_fail(ND_E_UNSUPPORTED,
                           "%s, %s takes %.0f %% of the time by a reference kernel\n"
                           "install oneDNN: apt install libdnnl2",
                           l->path, l->what, 100 * l->seconds / m->whole);
    }
    return ND_OK;
}

static nd_status bench(const bench_case *c, const bench_set *set, nd_dtype compute,
                       bool trains, report *r)
{
    nd_arena *arena = nd_arena_new();
    if (!arena) return ND_E_MEMORY;
    bench_run b = {.trains = trains};
    measured m = {0};
    nd_status status = set_up(arena, c, set, compute, &b);
    // A processor without bfloat16 has said so; its row would be float32's again.
    const bool is_had = status == ND_OK && nd_net_compute(b.net) == compute;
    if (is_had) status = measure(arena, &b, set->seconds, &m);
    if (is_had && status == ND_OK) tell(r, c, &b, compute, &m);
    if (is_had && status == ND_OK) status = check(&m);
    nd_arena_free(arena);
    return status;
}

static bool is_asked(const char *wish, const char *name)
{
    return !wish || nd_text_same(wish, name);
}

static nd_status run(cli_call *call)
{
    const bench_set *set = call->own;
    if (!nd_text_same(call->word[0], "nn"))
        return cli_misused(call, nd_fail(ND_E_PARAM,
                                         "there is nothing called %s to measure\n"
                                         "say nadir bench nn",
                                         call->word[0]));
    report r = {.text = {.arena = call->arena}, .is_json = call->general->json};
    r.json.to = &r.text;
    r.peak = nd_net_peak();
    if (r.is_json)
        nd_json_open(&r.json, NULL, '[');
    else
        nd_buffer_add(&r.text,
                      "model     size  mode   precision  CPU s/img     img/s  GFLOP/s"
                      "  %% peak  peak MB\n");
    int told = 0;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (int k = 0; k < 4; k++) {
            const bool trains = k < 2;
            const nd_dtype compute = k % 2 ? ND_BFLOAT16 : ND_FLOAT32;
            if (!is_asked(set->model, cases[i].name) ||
                !is_asked(set->mode, trains ? "train" : "infer") ||
                !is_asked(set->precision, nd_dtype_name(compute)) ||
                (set->size && set->size != cases[i].size))
                continue;
            ND_TRY(bench(&cases[i], set, compute, trains, &r));
            told++;
        }
    if (!told)
        return nd_fail(ND_E_PARAM, "no row is of that model, mode, precision and size\n"
                                   "leave one of them out");
    if (r.is_json) {
        nd_json_close(&r.json, ']');
        nd_buffer_put(&r.text, "\n", 1);
    }
    return cli_put(&r.text);
}

const cli_command cli_cmd_bench = {
    .name = "bench",
    .brief = "Measure how fast networks are here",
    .usage = "nn",
    .example = "nadir bench nn --model resnet18 --seconds 2",
    .help =
        "Each row is a network trained or used with pictures of noise: CPU seconds a\n"
        "picture, pictures a second, and how that compares with the most that the\n"
        "processor's float32 registers could do. Below it the three dearest layers.",
    .table = ND_TABLE(rows, bench_set),
    .min_words = 1,
    .max_words = 1,
    .run = run,
};
