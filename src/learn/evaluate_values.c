// SPDX-License-Identifier: Apache-2.0
// A model of values on data: errors of each example, drawn again and again by units.
#include "learn/cases.h"
#include "learn/evaluate.h"
#include <math.h>
#include <nadir/pool.h>
#include <stdlib.h>
#include <string.h>

struct learn_values {
    nd_values *of; // each example, in the value's unit
    int64_t *unit;
    nd_values *by_unit; // once sorted
    nd_value_report report;
    learn_cases cases;
};

nd_status learn_values_new(evaluating *e)
{
    learn_values *v = nd_alloc(e->arena, 1, sizeof *v);
    if (!v) return ND_E_MEMORY;
    v->of = nd_alloc(e->arena, (size_t)e->count, sizeof *v->of);
    v->unit = nd_alloc(e->arena, (size_t)e->count, sizeof *v->unit);
    if (!v->of || !v->unit) return ND_E_MEMORY;
    const nd_card_band *value = nd_dataset_value(e->ask->data);
    // The grid: from three deviations below the mean to as many above.
    v->report.low = (double)nd_card_unscale(value, -3);
    v->report.high = (double)nd_card_unscale(value, 3);
    v->report.name = value->name, v->report.unit = value->unit;
    e->values = v;
    return ND_OK;
}

static int cell_of(const nd_value_report *r, double value)
{
    const double share = (value - r->low) / (r->high - r->low);
    const int cell = (int)(fmin(fmax(share, 0), 1) * ND_VALUE_CELLS);
    return cell < ND_VALUE_CELLS ? cell : ND_VALUE_CELLS - 1;
}

static void add_one(evaluating *e, int64_t index, const float *truth, const float *answer)
{
    learn_values *v = e->values;
    const nd_card_band *value = nd_dataset_value(e->ask->data);
    for (int64_t i = 0; i < e->pixels; i++) {
        if (isnan(truth[i])) continue;
        const double t = (double)nd_card_unscale(value, truth[i]);
        const double a = (double)nd_card_unscale(value, answer[i]);
        nd_values_add(&v->of[index], t, a, (double)NAN);
        v->report
            .grid[cell_of(&v->report, a) * ND_VALUE_CELLS + cell_of(&v->report, t)]++;
    }
    if (v->of[index].n <= 0) return;
    const nd_value_scores s = nd_values_scores(&v->of[index]);
    const nd_case one = {.index = index,
                         .truth = -1,
                         .prediction = -1,
                         .confidence = (double)NAN,
                         .loss = s.rmse,
                         .right = s.bias};
    learn_cases_add(&v->cases, e->ask->seed, one);
}

void learn_values_add(evaluating *e, const nd_batch *batch, const float *answer)
{
    const float *truth = batch->y.data;
    for (int i = 0; i < batch->count; i++) {
        const int64_t index = batch->first + i;
        e->values->unit[index] = learn_unit_of(e, &batch->place[i], index);
        add_one(e, index, truth + i * e->pixels, answer + i * e->pixels);
    }
}

// ---- The figures, and how far they would differ.
enum { BIAS, MAE, RMSE, R2, FIGURES };

static void figures(const void *user, const uint32_t *times, int64_t units, double *value)
{
    const learn_values *v = user;
    nd_values all = {0};
    for (int64_t i = 0; i < units; i++)
        if (times[i]) nd_values_merge(&all, &v->by_unit[i], times[i]);
    const nd_value_scores s = nd_values_scores(&all);
    value[BIAS] = s.bias, value[MAE] = s.mae, value[RMSE] = s.rmse, value[R2] = s.r2;
}

typedef struct placed {
    int64_t unit, index;
} placed;

static int by_unit(const void *a, const void *b)
{
    const placed *x = a, *y = b;
    if (x->unit != y->unit) return x->unit < y->unit ? -1 : 1;
    return (x->index > y->index) - (x->index < y->index);
}

// Units, or each chip where those are few; gives how many.
static nd_status gather_units(const evaluating *e, nd_evaluation *to)
{
    learn_values *v = e->values;
    placed *all = nd_alloc(e->arena, (size_t)e->count, sizeof *all);
    v->by_unit = nd_alloc(e->arena, (size_t)e->count, sizeof *v->by_unit);
    if (!all || !v->by_unit) return ND_E_MEMORY;
    int64_t n = 0, units = 0;
    for (int64_t i = 0; i < e->count; i++)
        if (v->of[i].n > 0) all[n++] = (placed){v->unit[i], i};
    to->samples = n;
    qsort(all, (size_t)n, sizeof *all, by_unit);
    for (int64_t i = 0; i < n; i++) units += !i || all[i].unit != all[i - 1].unit;
    to->is_scattered = units < FEW_UNITS && units < n;
    to->units = 0;
    for (int64_t i = 0; i < n; i++) {
        const bool is_new = !i || to->is_scattered || all[i].unit != all[i - 1].unit;
        to->units += is_new;
        nd_values_merge(&v->by_unit[to->units - 1], &v->of[all[i].index], 1);
    }
    return ND_OK;
}

nd_status learn_values_done(evaluating *e, nd_evaluation *to)
{
    learn_values *v = e->values;
    nd_value_report *r = &v->report;
    nd_bootstrap drawn[FIGURES];
    nd_values all = {0};
    ND_TRY(gather_units(e, to));
    for (int64_t i = 0; i < to->units; i++) nd_values_merge(&all, &v->by_unit[i], 1);
    const nd_bootstrap_make make = {.of = figures,
                                    .user = v,
                                    .units = to->units,
                                    .values = FIGURES,
                                    .seed = e->ask->seed};
    ND_TRY(nd_bootstrap_run(e->arena, &make, drawn));
    r->scores = nd_values_scores(&all);
    r->bias = drawn[BIAS].interval, r->mae = drawn[MAE].interval;
    r->rmse = drawn[RMSE].interval, r->r2 = drawn[R2].interval;
    r->mean = all.n > 0 ? all.truth : (double)NAN;
    r->deviation = sqrt(all.truth2 / all.n);
    learn_cases_give(&v->cases, to);
    to->values = r;
    return ND_OK;
}
