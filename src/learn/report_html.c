// SPDX-License-Identifier: Apache-2.0
// The report: one HTML file that loads nothing, light or dark, for a screen or paper.
#include "learn/report.h"
#include <math.h>
#include <string.h>

// NULL: the letter stands for itself.
static const char *entity_of(char letter)
{
    switch (letter) {
    case '&': return "&amp;";
    case '<': return "&lt;";
    case '>': return "&gt;";
    case '"': return "&quot;";
    case '\'': return "&#39;";
    default: return NULL;
    }
}

void report_escape(nd_buffer *out, const char *text)
{
    for (; text && *text; text++) {
        const char *as = entity_of(*text);
        if (as)
            nd_buffer_put(out, as, strlen(as));
        else
            nd_buffer_put(out, text, 1);
    }
}

static const char style[] =
    ":root{color-scheme:light dark;--ink:#17212b;--faint:#5c6b79;--paper:#f6f8fa;"
    "--card:#fff;--rim:#d9e0e6;--hit:#2a6fbb;--miss:#c2571a}"
    "@media(prefers-color-scheme:dark){:root{--ink:#e5ebf0;--faint:#94a3b0;"
    "--paper:#10161c;--card:#18212a;--rim:#2c3946;--hit:#6aa9ea;--miss:#ee9055}}"
    "*{box-sizing:border-box}body{margin:0 auto;padding:32px 24px;max-width:1180px;"
    "font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper)}"
    "h1{font-size:26px;margin:0;font-weight:650;overflow-wrap:anywhere}"
    "h2{font-size:18px;margin:36px 0 12px;font-weight:650}p{margin:4px 0}"
    ".faint,figcaption small{color:var(--faint)}"
    ".tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(165px,1fr));gap:"
    "12px;"
    "margin-top:20px}.tile,.card{background:var(--card);border:1px solid var(--rim);"
    "border-radius:10px;padding:14px 16px}.tile b{display:block;font-size:27px;"
    "font-weight:650;font-variant-numeric:tabular-nums;line-height:1.25}"
    ".tile small{color:var(--faint)}.card{overflow-x:auto}"
    ".two{display:grid;grid-template-columns:repeat(auto-fit,minmax(340px,1fr));gap:12px}"
    "table{border-collapse:collapse;font-variant-numeric:tabular-nums;width:100%}"
    "td,th{padding:5px 10px;text-align:right;white-space:nowrap;font-weight:400}"
    "th{color:var(--faint);font-size:13px}td:first-child,th:first-child,.word{text-align:"
    "left}tbody tr+tr td{border-top:1px solid var(--rim)}"
    ".dot{display:inline-block;width:10px;height:10px;border-radius:3px;margin-right:7px;"
    "border:1px solid var(--rim)}"
    ".matrix td{text-align:center;min-width:46px;border:1px solid var(--rim);padding:6px}"
    ".matrix th{padding:4px 8px;text-align:center}.matrix tbody th{text-align:right}"
    ".matrix .tall{vertical-align:bottom}.matrix .tall span{writing-mode:vertical-rl;"
    "transform:rotate(180deg)}.matrix{width:auto}"
    ".pick input{position:absolute;opacity:0}.pick label{display:inline-block;cursor:"
    "pointer;border:1px solid var(--rim);border-radius:7px;padding:3px 12px;margin:0 6px "
    "12px 0}.pick input:checked+label{background:var(--hit);color:#fff;border-color:"
    "var(--hit)}.pick input:focus-visible+label{outline:2px solid var(--ink)}"
    "#by-count:checked~.rows,#by-row:checked~.counts{display:none}"
    "svg{display:block;width:100%;height:auto}svg text{font-size:120px;fill:var(--faint)}"
    ".end{text-anchor:end}.middle{text-anchor:middle}.grid{stroke:var(--rim);"
    "stroke-width:10}.line{fill:none;stroke-width:26;stroke-linejoin:round}"
    ".c0{stroke:#2a7de1;background:#2a7de1}.c1{stroke:#e0721b;background:#e0721b}"
    ".c2{stroke:#2c9c69;background:#2c9c69}.c3{stroke:#b05cc8;background:#b05cc8}"
    ".c4{stroke:#c9a227;background:#c9a227}.c5{stroke:#d14a61;background:#d14a61}"
    ".chart svg text{font-size:155px}"
    ".square{max-width:400px;margin:auto}.ideal{stroke:var(--faint);stroke-width:14;"
    "stroke-dasharray:60 45}.bar{fill:var(--hit);opacity:.75}.count{fill:var(--faint);"
    "opacity:.55}.sure{stroke:var(--miss);stroke-width:34}"
    ".chart{margin:0;background:var(--card);border:1px solid "
    "var(--rim);border-radius:10px;"
    "padding:14px 16px}.chart figcaption{font-weight:600;margin-bottom:6px}"
    ".legend span{margin-right:16px}.legend i{display:inline-block;width:18px;height:4px;"
    "border-radius:2px;vertical-align:middle;margin-right:6px}"
    ".cases{display:grid;grid-template-columns:repeat(auto-fill,minmax(150px,1fr));gap:"
    "12px}"
    ".cases.wide{grid-template-columns:repeat(auto-fill,minmax(330px,1fr))}"
    ".cases figure{margin:0;background:var(--card);border:1px solid var(--rim);"
    "border-radius:10px;overflow:hidden}.cases img{display:block;width:100%;"
    "image-rendering:pixelated}.cases figcaption{padding:8px 11px 10px;font-size:13px;"
    "line-height:1.4;overflow-wrap:anywhere}.cases small{display:block}"
    ".wrong{color:var(--miss);font-weight:600}.right{color:var(--hit);font-weight:600}"
    "@media print{.rows,.counts{display:block!important}.pick label{display:none}}";

static void dot(nd_buffer *out, const nd_evaluation *e, int k)
{
    if (k < 0 || k >= e->class_count) return;
    nd_buffer_add(out, "<span class=dot style='background:#%06x'></span>",
                  (unsigned)(e->classes[k].colour >> 8));
}

void report_tile(nd_buffer *out, const char *name, report_text value, const char *more)
{
    nd_buffer_add(out, "<div class=tile><span>%s</span><b>%s</b><small>%s</small></div>",
                  name, value.text, more);
}

static void tiles(nd_buffer *out, const nd_evaluation *e)
{
    const nd_scores *s = &e->scores;
    const report_text temperature = report_number(e->plain.temperature, 2);
    nd_buffer_add(out, "<div class=tiles>");
    report_tile(out, nd_gettext("Accuracy"), report_share(s->accuracy),
                report_interval(e->accuracy).text);
    report_tile(out, nd_gettext("Macro F1"), report_share(s->f1),
                report_interval(e->f1.interval).text);
    report_tile(out, nd_gettext("Mean IoU"), report_share(s->miou),
                report_interval(e->miou.interval).text);
    nd_buffer_add(out, "<div class=tile><span>Kappa</span><b>%s</b><small>",
                  report_number(s->kappa, 3).text);
    nd_buffer_add(out, nd_gettext("quantity %s, allocation %s"),
                  report_share(s->quantity).text, report_share(s->allocation).text);
    nd_buffer_add(out, "</small></div><div class=tile><span>%s</span><b>%s</b><small>",
                  nd_gettext("Calibration error"), report_share(e->plain.ece).text);
    nd_buffer_add(out, nd_gettext("at temperature %s"), temperature.text);
    nd_buffer_add(out, "</small></div>");
    if (e->views) {
        const nd_scores v = nd_confusion_scores(e->views);
        report_tile(out, nd_gettext("Eight views"), report_share(v.accuracy),
                    report_interval(e->views_accuracy).text);
    }
    nd_buffer_add(out, "</div>\n");
}

static void head(nd_buffer *out, const nd_evaluation *e)
{
    const char *title = e->model ? e->model : "nadir";
    nd_buffer_add(out, "<!doctype html>\n<html lang='%s'><head><meta charset=utf-8>",
                  nd_gettext("en"));
    nd_buffer_add(out, "<meta http-equiv=Content-Security-Policy content=\"default-src "
                       "'none';img-src data:;style-src 'unsafe-inline'\">"
                       "<meta name=viewport content='width=device-width,initial-scale=1'>"
                       "<title>");
    report_escape(out, title);
    nd_buffer_add(out, "</title><style>%s</style></head><body>\n<h1>", style);
    report_escape(out, title);
    nd_buffer_add(out, "</h1><p class=faint>");
    report_escape(out, e->architecture);
    if (e->architecture && e->data) nd_buffer_add(out, " · ");
    report_escape(out, e->data);
    if (e->side) nd_buffer_add(out, nd_gettext(", side %s"), e->side);
    nd_buffer_add(out, "</p><p class=faint>");
    report_counted(out, e);
    nd_buffer_add(out, " · %s</p>\n", nd_gettext("ranges are of 95 %"));
}

static void class_row(nd_buffer *out, const nd_evaluation *e, int k)
{
    const nd_class_score s = nd_confusion_class(e->matrix, k);
    const nd_class_more *more = &e->more[k];
    nd_buffer_add(out, "<tr><td>");
    dot(out, e, k);
    report_escape(out, report_class(e, k));
    nd_buffer_add(out, "<td>%s<td>%s", report_count(s.reference).text,
                  report_share(s.recall).text);
    if (!e->is_mask)
        nd_buffer_add(out, "<td>%s", report_interval(s.recall_interval).text);
    nd_buffer_add(out, "<td>%s<td>%s<td>%s", report_share(s.precision).text,
                  report_share(s.f1).text, report_share(s.iou).text);
    if (e->is_mask)
        nd_buffer_add(out, "<td>%s", report_interval(more->iou.interval).text);
    nd_buffer_add(out, "<td>%s<td>%s", report_number(more->auc, 3).text,
                  report_number(more->precision, 3).text);
    if (e->is_mask) {
        const nd_things *t = &more->things;
        const nd_outline *o = &more->outline;
        const int all = ND_SIZES - 1;
        nd_buffer_add(
            out, "<td>%s<td>%s",
            report_share(
                nd_f1(t->found[all], t->truth[all], t->right[all], t->predicted[all]))
                .text,
            report_share(nd_f1(o->found, o->truth, o->right, o->predicted)).text);
    }
    const int rival = report_rival(e, k);
    nd_buffer_add(out, "<td class=word>");
    if (rival >= 0) report_escape(out, report_class(e, rival));
    nd_buffer_add(out, "</tr>\n");
}

static void classes(nd_buffer *out, const nd_evaluation *e)
{
    nd_buffer_add(out, "<h2>%s</h2><div class=card><table><thead><tr><th>%s<th>n<th>%s",
                  nd_gettext("Classes"), nd_gettext("class"), nd_gettext("recall"));
    if (!e->is_mask) nd_buffer_add(out, "<th>95 %%");
    nd_buffer_add(out, "<th>%s<th>F1<th>IoU", nd_gettext("precision"));
    if (e->is_mask) nd_buffer_add(out, "<th>%s", nd_gettext("IoU, 95 %"));
    nd_buffer_add(out, "<th>AUC<th>AP");
    if (e->is_mask)
        nd_buffer_add(out, "<th>%s<th>%s", nd_gettext("objects F1"),
                      nd_gettext("outline F1"));
    nd_buffer_add(out, "<th class=word>%s</tr></thead><tbody>",
                  nd_gettext("most often taken for"));
    for (int k = 0; k < e->matrix->classes; k++) class_row(out, e, k);
    nd_buffer_add(out, "</tbody></table></div>\n");
}

static void areas(nd_buffer *out, const nd_evaluation *e)
{
    const nd_map_areas *a = e->areas;
    if (!a) return;
    nd_buffer_add(out, "<h2>%s</h2><p class=faint>", nd_gettext("Areas"));
    report_escape(out, report_areas_of(out->arena, a));
    nd_buffer_add(
        out, "</p><div class=card><table><thead><tr><th>%s<th>%s<th>%s<th>± 95 %%",
        nd_gettext("class"), nd_gettext("mapped, ha"), nd_gettext("estimated, ha"));
    nd_buffer_add(out, "</tr></thead><tbody>");
    for (int k = 0; k < e->matrix->classes; k++) {
        nd_buffer_add(out, "<tr><td>");
        dot(out, e, k);
        report_escape(out, report_class(e, k));
        nd_buffer_add(out, "<td>%s<td>%s<td>%s</tr>", report_number(a->mapped[k], 1).text,
                      report_number(a->accuracy.area[k].value, 1).text,
                      report_number(a->accuracy.area[k].margin, 1).text);
    }
    nd_buffer_add(out, "</tbody></table></div>\n");
}

static void matrix_cell(nd_buffer *out, const nd_evaluation *e, int i, int j,
                        bool as_rows)
{
    const double n = e->matrix->count[i * e->matrix->classes + j];
    const double whole = nd_confusion_class(e->matrix, i).reference;
    const double share = whole > 0 ? n / whole : 0;
    // A few wrong ones should be seen: the square root lifts them.
    const unsigned shade = (unsigned)lround(200 * sqrt(share));
    nd_buffer_add(out, "<td style='background:#%s%02x'>", i == j ? "2a6fbb" : "d9601a",
                  n > 0 ? shade : 0);
    if (n <= 0)
        nd_buffer_add(out, "·");
    else if (as_rows)
        nd_buffer_add(out, "%s", report_number(100 * share, 1).text);
    else
        nd_buffer_add(out, "%s", report_count(n).text);
}

void report_matrix(nd_buffer *out, const nd_evaluation *e, bool as_rows)
{
    const int k = e->matrix->classes;
    nd_buffer_add(out, "<table class=matrix><thead><tr><th>%s",
                  nd_gettext("reference \\ answer"));
    for (int j = 0; j < k; j++) {
        nd_buffer_add(out, "<th class=tall><span>");
        report_escape(out, report_class(e, j));
        nd_buffer_add(out, "</span>");
    }
    nd_buffer_add(out, "</tr></thead><tbody>");
    for (int i = 0; i < k; i++) {
        nd_buffer_add(out, "<tr><th>");
        report_escape(out, report_class(e, i));
        for (int j = 0; j < k; j++) matrix_cell(out, e, i, j, as_rows);
        nd_buffer_add(out, "</tr>");
    }
    nd_buffer_add(out, "</tbody></table>\n");
}

static void matrices(nd_buffer *out, const nd_evaluation *e)
{
    nd_buffer_add(
        out,
        "<h2>%s</h2><div class='card pick'>"
        "<input type=radio name=by id=by-count checked><label for=by-count>%s"
        "</label><input type=radio name=by id=by-row><label for=by-row>%s</label>"
        "<div class=counts>",
        nd_gettext("Confusion matrix"), nd_gettext("counts"),
        nd_gettext("percent of the row"));
    report_matrix(out, e, false);
    nd_buffer_add(out, "</div><div class=rows>");
    report_matrix(out, e, true);
    nd_buffer_add(out, "</div></div>\n");
}

static void calibration(nd_buffer *out, const nd_evaluation *e)
{
    const nd_calibration *as[] = {&e->plain, &e->best};
    nd_buffer_add(out, "<h2>%s</h2><div class=two><div class=card>",
                  nd_gettext("Calibration"));
    report_reliability(out, &e->plain.bins);
    nd_buffer_add(out,
                  "</div><div class=card><table><thead><tr><th><th>%s<th>%s</tr>"
                  "</thead><tbody>",
                  nd_gettext("as shipped"), nd_gettext("best on this data"));
    const struct {
        const char *name;
        double value[2];
        bool is_share;
    } row[] = {
        {nd_gettext("temperature"), {as[0]->temperature, as[1]->temperature}, false},
        {nd_gettext("ECE, bins of equal width"), {as[0]->ece, as[1]->ece}, true},
        {nd_gettext("ECE, bins of equal count"),
         {as[0]->ece_count, as[1]->ece_count},
         true},
        {nd_gettext("ECE, mean of the classes"),
         {as[0]->ece_class, as[1]->ece_class},
         true},
        {nd_gettext("Brier score"), {as[0]->brier, as[1]->brier}, false},
        {nd_gettext("negative log-likelihood"), {as[0]->nll, as[1]->nll}, false}};
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        nd_buffer_add(out, "<tr><td>%s", row[i].name);
        for (int k = 0; k < 2; k++)
            nd_buffer_add(out, "<td>%s",
                          (row[i].is_share ? report_share(row[i].value[k])
                                           : report_number(row[i].value[k], 4))
                              .text);
    }
    nd_buffer_add(out, "</tbody></table><p class=faint>");
    nd_buffer_add(out,
                  nd_gettext("Measured on %s answers. A bar shows how many of the "
                             "answers in it are right, its mark how sure they were"),
                  report_count(e->calibrated_on).text);
    nd_buffer_add(out, "</p></div></div>\n");
}

static void picture(nd_buffer *out, const nd_case *one)
{
    static const char digits[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    if (!one->png) return;
    nd_buffer_add(out, "<img alt='' src='data:image/png;base64,");
    for (size_t i = 0; i < one->png_bytes; i += 3) {
        const size_t left = one->png_bytes - i;
        const uint32_t bits = (uint32_t)one->png[i] << 16 |
                              (left > 1 ? (uint32_t)one->png[i + 1] << 8 : 0) |
                              (left > 2 ? one->png[i + 2] : 0);
        const char four[4] = {digits[bits >> 18], digits[bits >> 12 & 63],
                              left > 1 ? digits[bits >> 6 & 63] : '=',
                              left > 2 ? digits[bits & 63] : '='};
        nd_buffer_put(out, four, 4);
    }
    nd_buffer_add(out, "'>");
}

static void case_of(nd_buffer *out, const nd_evaluation *e, const nd_case *one)
{
    nd_buffer_add(out, "<figure>");
    picture(out, one);
    nd_buffer_add(out, "<figcaption>");
    if (!e->values) {
        dot(out, e, one->truth);
        report_escape(out, report_class(e, one->truth));
    }
    if (one->truth != one->prediction) {
        nd_buffer_add(out, " → <span class=wrong>");
        report_escape(out, report_class(e, one->prediction));
        nd_buffer_add(out, "</span>");
    }
    nd_buffer_add(out, "<small>");
    if (e->values)
        report_value_case(out, e, one);
    else if (e->is_mask)
        nd_buffer_add(out, nd_gettext("%s of the pixels right, %s sure"),
                      report_share(one->right).text, report_share(one->confidence).text);
    else
        nd_buffer_add(out, nd_gettext("%s sure"), report_share(one->confidence).text);
    nd_buffer_add(out, "</small><small class=faint>");
    report_escape(out, one->name);
    if (one->row > 0 || one->column > 0)
        nd_buffer_add(out, " [%d, %d]", one->column, one->row);
    const char *place = report_place(out->arena, one);
    if (place && *place) {
        nd_buffer_add(out, "<br>");
        report_escape(out, place);
    }
    nd_buffer_add(out, "</small></figcaption></figure>\n");
}

static void cases(nd_buffer *out, const nd_evaluation *e, const char *title,
                  const nd_case *list, int count)
{
    if (count == 0) return;
    nd_buffer_add(out, "<h2>%s</h2>", title);
    if (e->values)
        nd_buffer_add(out, "<p class=faint>%s</p>",
                      nd_gettext("From left to right: picture, reference, answer, from "
                                 "2.5 deviations below the mean to as many above"));
    else if (e->is_mask)
        nd_buffer_add(out, "<p class=faint>%s</p>",
                      nd_gettext("From left to right: picture, reference, answer. Below: "
                                 "the class most often missed and what stands there"));
    nd_buffer_add(out, "<div class='cases%s'>\n", e->is_mask ? " wide" : "");
    for (int i = 0; i < count; i++) case_of(out, e, &list[i]);
    nd_buffer_add(out, "</div>\n");
}

static void curves_of(nd_buffer *out, const nd_curve *curve, int curves)
{
    nd_curve part[12];
    if (curves <= 0) return;
    nd_buffer_add(out, "<h2>%s</h2><div class=two>", nd_gettext("Curves"));
    for (int shares = 0; shares < 2; shares++) {
        int n = 0;
        for (int c = 0; c < curves && n < 12; c++)
            if (curve[c].is_share == shares) part[n++] = curve[c];
        report_curves(out, part, n, shares ? nd_gettext("Accuracy") : nd_gettext("Loss"));
    }
    nd_buffer_add(out, "</div>\n");
}

nd_status nd_evaluation_html(const nd_evaluation *e, const nd_curve *curve, int curves,
                             nd_buffer *out)
{
    head(out, e);
    if (e->values)
        report_value_tiles(out, e->values);
    else
        tiles(out, e);
    if (e->note) {
        nd_buffer_add(out, "<p style='margin-top:14px;white-space:pre-line'>");
        report_escape(out, e->note);
        nd_buffer_add(out, "</p>");
    }
    curves_of(out, curve, curves);
    if (e->values) {
        report_value_grid(out, e->values);
    } else {
        matrices(out, e);
        classes(out, e);
        areas(out, e);
        calibration(out, e);
    }
    cases(out, e, nd_gettext("Worst cases"), e->worst, e->worsts);
    cases(out, e, nd_gettext("Typical cases, drawn by lot"), e->typical, e->typicals);
    nd_buffer_add(out,
                  "<p class=faint style='margin-top:36px'>nadir %s</p></body></html>\n",
                  NADIR_VERSION);
    return nd_buffer_text(out) ? ND_OK : ND_E_MEMORY;
}
