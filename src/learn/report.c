// SPDX-License-Identifier: Apache-2.0
// An evaluation as strict JSON and as tables on a terminal.
#include "learn/report.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

static const char *const dash = "–";

report_text report_number(double number, int digits)
{
    report_text out;
    if (isfinite(number))
        snprintf(out.text, sizeof out.text, "%.*f", digits, number);
    else
        snprintf(out.text, sizeof out.text, "%s", dash);
    return out;
}

report_text report_share(double share)
{
    report_text out;
    if (isfinite(share))
        snprintf(out.text, sizeof out.text, "%.1f %%", 100 * share);
    else
        snprintf(out.text, sizeof out.text, "%s", dash);
    return out;
}

report_text report_interval(nd_interval interval)
{
    report_text out;
    if (isfinite(interval.low))
        snprintf(out.text, sizeof out.text, "%.1f–%.1f %%", 100 * interval.low,
                 100 * interval.high);
    else
        snprintf(out.text, sizeof out.text, "%s", dash);
    return out;
}

// Whole numbers in groups of three; weights and areas as they are.
report_text report_count(double count)
{
    report_text out;
    char plain[40];
    if (!isfinite(count) || count != floor(count) || fabs(count) > 1e15)
        return report_number(count, 2);
    snprintf(plain, sizeof plain, "%.0f", count);
    size_t n = 0;
    const size_t length = strlen(plain);
    for (size_t i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0 && plain[i - 1] != '-') out.text[n++] = ' ';
        out.text[n++] = plain[i];
    }
    out.text[n] = 0;
    return out;
}

const char *report_class(const nd_evaluation *e, int k)
{
    return k >= 0 && k < e->class_count && e->classes[k].name ? e->classes[k].name : dash;
}

const char *report_place(nd_arena *arena, const nd_case *one)
{
    if (!one->crs || !isfinite(one->x) || !isfinite(one->y)) return "";
    if (strcmp(one->crs, "EPSG:4326") == 0)
        return nd_text(arena, "%.5f° %c, %.5f° %c", fabs(one->y), one->y < 0 ? 'S' : 'N',
                       fabs(one->x), one->x < 0 ? 'W' : 'E');
    const bool is_code = strlen(one->crs) < 20; // else WKT
    return nd_text(arena, "%.0f, %.0f%s%s", one->x, one->y, is_code ? " " : "",
                   is_code ? one->crs : "");
}

int report_rival(const nd_evaluation *e, int k)
{
    int rival = -1;
    const double *row = &e->matrix->count[(ptrdiff_t)k * e->matrix->classes];
    for (int j = 0; j < e->matrix->classes; j++)
        if (j != k && row[j] > 0 && (rival < 0 || row[j] > row[rival])) rival = j;
    return rival;
}

const char *report_areas_of(nd_arena *arena, const nd_map_areas *areas)
{
    const char *of = nd_text(
        arena,
        nd_gettext("ground of %s by class; right if the data are a random sample of it"),
        areas->map);
    if (!of || areas->other <= 0) return of;
    return nd_text(arena, nd_gettext("%s; %s ha more are of no class"), of,
                   report_number(areas->other, 1).text);
}

const char *report_unit(const nd_evaluation *e)
{
    if (!e->is_mask) return "picture";
    return e->is_scattered ? "chip" : e->by_squares ? "square" : "scene";
}

// ---- JSON. NaN becomes null by itself.
static void json_interval(nd_json_out *out, const char *key, nd_interval interval)
{
    nd_json_open(out, key, '[');
    nd_json_real(out, NULL, interval.low);
    nd_json_real(out, NULL, interval.high);
    nd_json_close(out, ']');
}

static void json_matrix(nd_json_out *out, const char *key, const nd_confusion *m)
{
    nd_json_open(out, key, '[');
    for (int j = 0; j < m->classes; j++) {
        nd_json_open(out, NULL, '[');
        for (int k = 0; k < m->classes; k++)
            nd_json_real(out, NULL, m->count[j * m->classes + k]);
        nd_json_close(out, ']');
    }
    nd_json_close(out, ']');
}

static void json_calibration(nd_json_out *out, const char *key, const nd_calibration *c)
{
    nd_json_open(out, key, '{');
    nd_json_real(out, "temperature", c->temperature);
    nd_json_real(out, "ece", c->ece);
    nd_json_real(out, "ece_equal_count", c->ece_count);
    nd_json_real(out, "ece_class_wise", c->ece_class);
    nd_json_real(out, "brier", c->brier);
    nd_json_real(out, "nll", c->nll);
    nd_json_open(out, "bins", '[');
    for (int b = 0; b < ND_BINS; b++) {
        nd_json_open(out, NULL, '{');
        nd_json_real(out, "n", c->bins.n[b]);
        nd_json_real(out, "confidence", c->bins.confidence[b]);
        nd_json_real(out, "accuracy", c->bins.accuracy[b]);
        nd_json_close(out, '}');
    }
    nd_json_close(out, ']');
    nd_json_close(out, '}');
}

static void json_things(nd_json_out *out, const nd_class_more *more)
{
    static const char *const size[ND_SIZES] = {"below_10", "below_100", "below_1000",
                                               "larger", "all"};
    const nd_things *t = &more->things;
    nd_json_open(out, "objects", '{');
    for (int i = 0; i < ND_SIZES; i++) {
        nd_json_open(out, size[i], '{');
        nd_json_real(out, "n", t->truth[i]);
        nd_json_real(out, "found", t->found[i]);
        nd_json_real(out, "predicted", t->predicted[i]);
        nd_json_real(out, "right", t->right[i]);
        nd_json_real(out, "f1",
                     nd_f1(t->found[i], t->truth[i], t->right[i], t->predicted[i]));
        nd_json_close(out, '}');
    }
    nd_json_close(out, '}');
    const nd_outline *o = &more->outline;
    nd_json_real(out, "boundary_f1", nd_f1(o->found, o->truth, o->right, o->predicted));
}

static void json_class(nd_json_out *out, const nd_evaluation *e, int k)
{
    const nd_class_score s = nd_confusion_class(e->matrix, k);
    nd_json_open(out, NULL, '{');
    nd_json_text(out, "name", report_class(e, k));
    if (k < e->class_count) nd_json_whole(out, "value", e->classes[k].value);
    nd_json_real(out, "n", s.reference);
    nd_json_real(out, "predicted", s.predicted);
    nd_json_real(out, "recall", s.recall);
    if (!e->is_mask) json_interval(out, "recall_interval", s.recall_interval);
    nd_json_real(out, "precision", s.precision);
    nd_json_real(out, "f1", s.f1);
    json_interval(out, "f1_interval", e->more[k].f1.interval);
    nd_json_real(out, "iou", s.iou);
    json_interval(out, "iou_interval", e->more[k].iou.interval);
    nd_json_real(out, "auc", e->more[k].auc);
    nd_json_real(out, "average_precision", e->more[k].precision);
    if (e->is_mask) json_things(out, &e->more[k]);
    nd_json_close(out, '}');
}

static void json_cases(nd_json_out *out, const char *key, const nd_evaluation *e,
                       const nd_case *list, int count)
{
    nd_json_open(out, key, '[');
    for (int i = 0; i < count; i++) {
        const nd_case *one = &list[i];
        nd_json_open(out, NULL, '{');
        nd_json_text(out, "name", one->name);
        nd_json_whole(out, "index", one->index);
        if (e->values) {
            nd_json_real(out, "rmse", one->loss);
            nd_json_real(out, "bias", one->right);
        } else {
            nd_json_text(out, "truth", report_class(e, one->truth));
            nd_json_text(out, "prediction", report_class(e, one->prediction));
            nd_json_real(out, "confidence", one->confidence);
            nd_json_real(out, "loss", one->loss);
        }
        if (e->is_mask && !e->values) nd_json_real(out, "right", one->right);
        nd_json_real(out, "x", one->crs ? one->x : (double)NAN);
        nd_json_real(out, "y", one->crs ? one->y : (double)NAN);
        nd_json_text(out, "crs", one->crs);
        nd_json_whole(out, "row", one->row);
        nd_json_whole(out, "column", one->column);
        nd_json_close(out, '}');
    }
    nd_json_close(out, ']');
}

static void json_units(nd_json_out *out, const nd_evaluation *e)
{
    nd_json_whole(out, "samples", e->samples);
    nd_json_whole(out, "units", e->units);
    nd_json_text(out, "unit", report_unit(e));
}

static void json_figures(nd_json_out *out, const nd_evaluation *e)
{
    const nd_scores *s = &e->scores;
    nd_json_real(out, "n", s->n);
    nd_json_real(out, "accuracy", s->accuracy);
    json_interval(out, "interval", e->accuracy);
    nd_json_text(out, "interval_by", e->is_mask ? "bootstrap over units" : "Wilson");
    json_units(out, e);
    nd_json_real(out, "f1", s->f1);
    json_interval(out, "f1_interval", e->f1.interval);
    nd_json_real(out, "precision", s->precision);
    nd_json_real(out, "recall", s->recall);
    nd_json_real(out, "miou", s->miou);
    json_interval(out, "miou_interval", e->miou.interval);
    nd_json_real(out, "miou_foreground", s->miou_foreground);
    if (e->is_mask) nd_json_real(out, "miou_mean_of_units", e->miou_each);
    nd_json_real(out, "kappa", s->kappa);
    nd_json_real(out, "quantity_disagreement", s->quantity);
    nd_json_real(out, "allocation_disagreement", s->allocation);
    if (isfinite(e->top3)) nd_json_real(out, "top3", e->top3);
}

static void json_views(nd_json_out *out, const nd_evaluation *e)
{
    const nd_scores s = nd_confusion_scores(e->views);
    nd_json_open(out, "mean_of_8_views", '{');
    nd_json_real(out, "accuracy", s.accuracy);
    json_interval(out, "interval", e->views_accuracy);
    nd_json_real(out, "f1", s.f1);
    nd_json_real(out, "miou", s.miou);
    json_matrix(out, "confusion", e->views);
    nd_json_close(out, '}');
}

static void json_estimate(nd_json_out *out, const char *key, nd_estimate of)
{
    nd_json_open(out, key, '{');
    nd_json_real(out, "value", of.value);
    nd_json_real(out, "margin", of.margin);
    nd_json_close(out, '}');
}

static void json_areas(nd_json_out *out, const nd_evaluation *e)
{
    const nd_map_areas *a = e->areas;
    nd_json_open(out, "areas", '{');
    nd_json_text(out, "map", a->map);
    nd_json_text(out, "unit", "ha");
    nd_json_real(out, "other", a->other);
    json_estimate(out, "accuracy", a->accuracy.overall);
    nd_json_open(out, "classes", '[');
    for (int k = 0; k < e->matrix->classes; k++) {
        nd_json_open(out, NULL, '{');
        nd_json_text(out, "name", report_class(e, k));
        nd_json_real(out, "mapped", a->mapped[k]);
        json_estimate(out, "area", a->accuracy.area[k]);
        json_estimate(out, "user_accuracy", a->accuracy.user[k]);
        json_estimate(out, "producer_accuracy", a->accuracy.producer[k]);
        nd_json_close(out, '}');
    }
    nd_json_close(out, ']');
    nd_json_close(out, '}');
}

static void json_of_classes(nd_json_out *out, const nd_evaluation *e)
{
    json_figures(out, e);
    nd_json_open(out, "classes", '[');
    for (int k = 0; k < e->matrix->classes; k++) json_class(out, e, k);
    nd_json_close(out, ']');
    json_matrix(out, "confusion", e->matrix);
    nd_json_real(out, "calibrated_on", e->calibrated_on);
    json_calibration(out, "calibration", &e->plain);
    json_calibration(out, "calibration_at_best", &e->best);
    if (e->views) json_views(out, e);
    if (e->areas) json_areas(out, e);
}

nd_status nd_evaluation_describe(const nd_evaluation *e, nd_json_out *out)
{
    nd_json_open(out, NULL, '{');
    nd_json_text(out, "model", e->model);
    nd_json_text(out, "architecture", e->architecture);
    nd_json_text(out, "data", e->data);
    nd_json_text(out, "side", e->side);
    nd_json_text(out, "task", e->task);
    nd_json_text(out, "note", e->note);
    if (e->values) {
        nd_json_real(out, "n", e->values->scores.n);
        json_units(out, e);
        report_value_json(out, e->values);
    } else {
        json_of_classes(out, e);
    }
    json_cases(out, "worst", e, e->worst, e->worsts);
    json_cases(out, "typical", e, e->typical, e->typicals);
    nd_json_real(out, "seconds", e->seconds);
    nd_json_close(out, '}');
    return nd_buffer_text(out->to) ? ND_OK : ND_E_MEMORY;
}
