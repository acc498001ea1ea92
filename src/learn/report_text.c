// SPDX-License-Identifier: Apache-2.0
// An evaluation as a person reads it on a terminal: facts, a row per class, the worst.
#include "learn/report.h"
#include <math.h>
#include <string.h>

// Characters on the screen: UTF-8's continuation bytes take no room.
static int width_of(const char *text)
{
    int width = 0;
    for (; *text; text++) width += ((unsigned char)*text & 0xC0) != 0x80;
    return width;
}

static int gap(const char *text, int width)
{
    return width > width_of(text) ? width - width_of(text) : 0;
}

static void left(nd_buffer *out, const char *text, int width)
{
    nd_buffer_add(out, "%s%*s", text, gap(text, width), "");
}

static void right(nd_buffer *out, const char *text, int width)
{
    nd_buffer_add(out, "%*s%s", gap(text, width), "", text);
}

static void fact(nd_buffer *out, const char *name)
{
    left(out, name, 13);
}

static void share_fact(nd_buffer *out, const char *name, double share, nd_interval of)
{
    fact(out, name);
    right(out, report_share(share).text, 7);
    if (isfinite(of.low)) nd_buffer_add(out, "   %s", report_interval(of).text);
    nd_buffer_add(out, "\n");
}

void report_counted(nd_buffer *out, const nd_evaluation *e)
{
    const report_text n = report_count(e->values ? e->values->scores.n : e->scores.n);
    const report_text samples = report_count((double)e->samples);
    if (!e->is_mask)
        nd_buffer_add(out, nd_gettext("%s pictures"), n.text);
    else if (e->is_scattered)
        nd_buffer_add(out,
                      e->by_squares
                          ? nd_gettext("%s pixels of %s chips; so few squares of ground "
                                       "that each chip was drawn alone: the ranges are "
                                       "too narrow")
                          : nd_gettext("%s pixels of %s chips; so few scenes that each "
                                       "chip was drawn alone: the ranges are too narrow"),
                      n.text, samples.text);
    else if (e->by_squares)
        nd_buffer_add(out, nd_gettext("%s pixels of %s chips in %s squares of ground"),
                      n.text, samples.text, report_count((double)e->units).text);
    else
        nd_buffer_add(out, nd_gettext("%s pixels of %s chips in %s scenes"), n.text,
                      samples.text, report_count((double)e->units).text);
}

static void head(nd_buffer *out, const nd_evaluation *e)
{
    if (e->model) {
        fact(out, nd_gettext("model"));
        nd_buffer_add(out, "%s%s%s\n", e->model, e->architecture ? ", " : "",
                      e->architecture ? e->architecture : "");
    }
    if (e->data) {
        fact(out, nd_gettext("data"));
        nd_buffer_add(out, "%s", e->data);
        if (e->side) nd_buffer_add(out, nd_gettext(", side %s"), e->side);
        nd_buffer_add(out, "\n");
    }
    fact(out, nd_gettext("counted"));
    report_counted(out, e);
    nd_buffer_add(out, "\n");
}

static void figures(nd_buffer *out, const nd_evaluation *e)
{
    const nd_scores *s = &e->scores;
    share_fact(out, nd_gettext("accuracy"), s->accuracy, e->accuracy);
    share_fact(out, nd_gettext("macro F1"), s->f1, e->f1.interval);
    share_fact(out, nd_gettext("mean IoU"), s->miou, e->miou.interval);
    if (e->is_mask) {
        const nd_interval none = {(double)NAN, (double)NAN};
        share_fact(out, nd_gettext("  of units"), e->miou_each, none);
        share_fact(out, nd_gettext("  not first"), s->miou_foreground, none);
    }
    fact(out, nd_gettext("kappa"));
    right(out, report_number(s->kappa, 3).text, 7);
    nd_buffer_add(out, nd_gettext("   disagreement: quantity %s, allocation %s\n"),
                  report_share(s->quantity).text, report_share(s->allocation).text);
    if (isfinite(e->top3)) {
        fact(out, nd_gettext("in best 3"));
        right(out, report_share(e->top3).text, 7);
        nd_buffer_add(out, "\n");
    }
    fact(out, nd_gettext("calibration"));
    right(out, report_share(e->plain.ece).text, 7);
    nd_buffer_add(
        out, nd_gettext("   ECE at temperature %s; %s at %s; Brier %s, NLL %s\n"),
        report_number(e->plain.temperature, 2).text, report_share(e->best.ece).text,
        report_number(e->best.temperature, 2).text, report_number(e->plain.brier, 3).text,
        report_number(e->plain.nll, 3).text);
    if (!e->views) return;
    const nd_scores v = nd_confusion_scores(e->views);
    share_fact(out, nd_gettext("eight views"), v.accuracy, e->views_accuracy);
}

enum { NAME = 22 };

static void class_row(nd_buffer *out, const nd_evaluation *e, int k)
{
    const nd_class_score s = nd_confusion_class(e->matrix, k);
    const int rival = report_rival(e, k);
    left(out, report_class(e, k), NAME);
    right(out, report_count(s.reference).text, 12);
    right(out, report_share(s.recall).text, 9);
    right(out,
          report_interval(e->is_mask ? e->more[k].iou.interval : s.recall_interval).text,
          14);
    right(out, report_share(s.precision).text, 10);
    right(out, report_share(s.f1).text, 9);
    right(out, report_share(s.iou).text, 9);
    if (rival >= 0)
        nd_buffer_add(
            out, "  %s %s", report_class(e, rival),
            report_count(e->matrix->count[k * e->matrix->classes + rival]).text);
    nd_buffer_add(out, "\n");
}

static void classes(nd_buffer *out, const nd_evaluation *e)
{
    nd_buffer_add(out, "\n");
    left(out, nd_gettext("class"), NAME);
    right(out, "n", 12);
    right(out, nd_gettext("recall"), 9);
    right(out, e->is_mask ? nd_gettext("IoU, 95 %") : "95 %", 14);
    right(out, nd_gettext("precision"), 10);
    right(out, "F1", 9);
    right(out, "IoU", 9);
    nd_buffer_add(out, "  %s\n", nd_gettext("most often taken for"));
    for (int k = 0; k < e->matrix->classes; k++) class_row(out, e, k);
}

// Wider ones do not fit on a terminal; the page and the JSON have them.
static void matrix(nd_buffer *out, const nd_evaluation *e)
{
    const int k = e->matrix->classes;
    if (k > 12) return;
    nd_buffer_add(out, "\n");
    left(out, nd_gettext("reference \\ answer"), NAME);
    for (int j = 0; j < k; j++)
        right(out, report_number(j + 1, 0).text, e->is_mask ? 12 : 7);
    nd_buffer_add(out, "\n");
    for (int i = 0; i < k; i++) {
        const char *name = nd_text(out->arena, "%2d %s", i + 1, report_class(e, i));
        left(out, name ? name : "", NAME);
        for (int j = 0; j < k; j++) {
            const double n = e->matrix->count[i * k + j];
            right(out, n > 0 ? report_count(n).text : "·", e->is_mask ? 12 : 7);
        }
        nd_buffer_add(out, "\n");
    }
}

static void areas(nd_buffer *out, const nd_evaluation *e)
{
    const nd_map_areas *a = e->areas;
    if (!a) return;
    nd_buffer_add(out, "\n");
    const char *of = report_areas_of(out->arena, a);
    nd_buffer_add(out, "%s\n", of ? of : "");
    left(out, nd_gettext("class"), NAME);
    right(out, nd_gettext("mapped, ha"), 14);
    right(out, nd_gettext("estimated, ha"), 16);
    right(out, "± 95 %", 14);
    nd_buffer_add(out, "\n");
    for (int k = 0; k < e->matrix->classes; k++) {
        left(out, report_class(e, k), NAME);
        right(out, report_number(a->mapped[k], 1).text, 14);
        right(out, report_number(a->accuracy.area[k].value, 1).text, 16);
        right(out, report_number(a->accuracy.area[k].margin, 1).text, 14);
        nd_buffer_add(out, "\n");
    }
}

enum { SHOWN = 10 };

static void worst(nd_buffer *out, const nd_evaluation *e)
{
    if (e->worsts == 0) return;
    nd_buffer_add(out, "\n%s\n", nd_gettext("worst"));
    for (int i = 0; i < e->worsts && i < SHOWN; i++) {
        const nd_case *one = &e->worst[i];
        const char *place = report_place(out->arena, one);
        nd_buffer_add(out, "  %s", one->name ? one->name : "–");
        if (one->row > 0 || one->column > 0)
            nd_buffer_add(out, " [%d, %d]", one->column, one->row);
        if (e->values) {
            nd_buffer_add(out, ": ");
            report_value_case(out, e, one);
        } else if (e->is_mask)
            nd_buffer_add(out, nd_gettext(": %s right, most of the rest %s taken for %s"),
                          report_share(one->right).text, report_class(e, one->truth),
                          report_class(e, one->prediction));
        else
            nd_buffer_add(out, nd_gettext(": %s, taken for %s, %s sure"),
                          report_class(e, one->truth), report_class(e, one->prediction),
                          report_share(one->confidence).text);
        nd_buffer_add(out, "%s%s\n", place && *place ? ", " : "", place ? place : "");
    }
}

nd_status nd_evaluation_print(const nd_evaluation *e, nd_buffer *out)
{
    head(out, e);
    if (e->values) {
        report_value_facts(out, e->values);
    } else {
        figures(out, e);
        classes(out, e);
        matrix(out, e);
        areas(out, e);
    }
    worst(out, e);
    if (e->note) nd_buffer_add(out, "\n%s\n", e->note);
    return nd_buffer_text(out) ? ND_OK : ND_E_MEMORY;
}
