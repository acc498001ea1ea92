// SPDX-License-Identifier: Apache-2.0
// What the data are like, as numbers, and how a run went, as drawings: stats.json, plots.
#include "learn/data.h"
#include "learn/loop.h"
#include "learn/report.h"
#include <math.h>
#include <nadir/file.h>
#include <string.h>

// ---- stats.json: the training side in the units of the bands, before any scaling.
static void put_band(const nd_card_band *band, const data_band_stats *s, const char *key,
                     nd_json_out *out)
{
    nd_json_open(out, key, '{');
    nd_json_text(out, "name", band->name);
    nd_json_text(out, "unit", band->unit);
    nd_json_whole(out, "count", s->count);
    nd_json_real(out, "mean", s->mean);
    nd_json_real(out, "stddev", sqrt(s->square / (double)s->count));
    nd_json_real(out, "minimum", s->least);
    nd_json_real(out, "maximum", s->most);
    nd_json_real(out, "p2", s->p2);
    nd_json_real(out, "p50", s->p50);
    nd_json_real(out, "p98", s->p98);
    nd_json_close(out, '}');
}

static void put_class(const nd_train *t, int k, nd_json_out *out)
{
    const double *weight = nd_dataset_class_weights(t->data);
    int count;
    nd_json_open(out, NULL, '{');
    nd_json_text(out, "name", nd_dataset_classes(t->data, &count)[k].name);
    for (int side = 0; side < ND_SIDES; side++)
        nd_json_whole(out, nd_side_name((nd_side)side),
                      nd_dataset_class_counts(t->data, (nd_side)side)[k]);
    nd_json_real(out, "weight", weight ? weight[k] : 1);
    nd_json_close(out, '}');
}

nd_status learn_stats(const nd_train *t, nd_arena *arena)
{
    nd_buffer text = {.arena = arena};
    nd_json_out out = {.to = &text};
    int count;
    if (!t->data->stats) return ND_OK;
    nd_json_open(&out, NULL, '{');
    nd_json_text(&out, "side", "train");
    nd_json_open(&out, "bands", '[');
    const data_band_stats *stats = t->data->stats;
    const nd_card_band *band = nd_dataset_bands(t->data, &count);
    for (int b = 0; b < t->bands; b++) put_band(&band[b], &stats[b], NULL, &out);
    nd_json_close(&out, ']');
    nd_json_text(&out, "counts", t->is_mask ? "pixels" : "pictures");
    if (t->value) put_band(t->value, &stats[t->bands], "value", &out);
    nd_json_open(&out, "classes", '[');
    for (int k = 0; k < t->classes && !t->value; k++) put_class(t, k, &out);
    nd_json_close(&out, ']');
    nd_json_close(&out, '}');
    nd_buffer_put(&text, "\n", 1);
    return learn_file_text(learn_run_file(&t->run, arena, "stats.json"), &text);
}

// ---- Plots.
typedef struct plot {
    const nd_curve *curve;
    int curves;
    const char *title;
} plot;

static nd_status put_plot(const nd_train *t, nd_arena *arena, plot of, const char *name)
{
    nd_buffer text = {.arena = arena};
    const char *path = learn_run_file(&t->run, arena, name);
    report_plot(&text, of.curve, of.curves, of.title);
    return text.length ? learn_file_show(path, &text) : ND_OK;
}

static nd_status put_plots(const nd_train *t, nd_arena *arena)
{
    nd_run_told run;
    ND_TRY(nd_run_read(arena, t->run.path, &run));
    double *x = nd_alloc(arena, (size_t)run.epochs * 4 + 1, sizeof *x);
    if (!x) return ND_E_MEMORY;
    double *train = x + run.epochs, *valid = train + run.epochs;
    double *right = valid + run.epochs;
    for (int i = 0; i < run.epochs; i++) {
        x[i] = run.epoch[i].step, train[i] = run.epoch[i].train_loss;
        valid[i] = run.epoch[i].valid_loss;
        right[i] = t->value ? run.epoch[i].rmse : run.epoch[i].accuracy;
    }
    const nd_curve loss[] = {
        {nd_gettext("training"), x, train, run.epochs, false},
        {nd_gettext("validation"), x, valid, run.epochs, false},
    };
    const nd_curve good = {nd_gettext("validation"), x, right, run.epochs, !t->value};
    ND_TRY(put_plot(t, arena, (plot){loss, 2, nd_gettext("Loss")}, "plots/loss.svg"));
    if (t->value) return put_plot(t, arena, (plot){&good, 1, "RMSE"}, "plots/rmse.svg");
    return put_plot(t, arena, (plot){&good, 1, nd_gettext("Right answers")},
                    "plots/accuracy.svg");
}

static void warn(nd_status status)
{
    if (status == ND_OK) return;
    const nd_error error = nd_error_take();
    nd_say(ND_WARN, "the run is not drawn: %s", error.what);
}

void learn_plots(const nd_train *t)
{
    nd_arena *arena = nd_arena_new();
    warn(arena ? put_plots(t, arena) : ND_E_MEMORY);
    nd_arena_free(arena);
}

static nd_status put_rate(const nd_train *t, const nd_rate_test *test)
{
    const uint8_t *png;
    size_t count;
    const char *path = learn_run_file(&t->run, t->arena, "plots/rate.png");
    if (!path) return ND_E_MEMORY;
    ND_TRY(nd_rate_test_picture(t->arena, test, &png, &count));
    return nd_file_show(path, png, count);
}

void learn_plot_rate(const nd_train *t, const nd_rate_test *test)
{
    warn(put_rate(t, test));
}
