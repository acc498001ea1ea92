// SPDX-License-Identifier: Apache-2.0
// An evaluation of values: its figures on a terminal, as JSON, and on the page.
#include "learn/report.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

report_text report_value(const nd_value_report *v, double value)
{
    report_text out;
    if (isfinite(value))
        snprintf(out.text, sizeof out.text, "%.4g%s%.40s", value, v->unit ? " " : "",
                 v->unit ? v->unit : "");
    else
        snprintf(out.text, sizeof out.text, "–");
    return out;
}

report_text report_value_range(nd_interval of)
{
    report_text out = {""};
    if (isfinite(of.low))
        snprintf(out.text, sizeof out.text, nd_gettext("%.4g to %.4g"), of.low, of.high);
    return out;
}

void report_value_case(nd_buffer *out, const nd_evaluation *e, const nd_case *one)
{
    nd_buffer_add(out, nd_gettext("RMSE %s, bias %s"),
                  report_value(e->values, one->loss).text,
                  report_value(e->values, one->right).text);
}

// One list for all three: what it is called, its value, its range.
enum { FIGURES = 6 };
typedef struct figure {
    const char *name, *key;
    double value;
    nd_interval of;
    bool has_unit;
} figure;

static void list(const nd_value_report *v, figure figure_of[FIGURES])
{
    const nd_value_scores *s = &v->scores;
    const nd_interval none = {(double)NAN, (double)NAN};
    const figure all[FIGURES] = {
        {"RMSE", "rmse", s->rmse, v->rmse, true},
        {"MAE", "mae", s->mae, v->mae, true},
        {nd_gettext("bias"), "bias", s->bias, v->bias, true},
        {"R²", "r2", s->r2, v->r2, false},
        {"r", "r", s->r, none, false},
        {nd_gettext("unbiased"), "unbiased_rmse", s->unbiased, none, true}};
    memcpy(figure_of, all, sizeof all);
}

static report_text text_of(const nd_value_report *v, const figure *f)
{
    return f->has_unit ? report_value(v, f->value) : report_number(f->value, 4);
}

void report_value_facts(nd_buffer *out, const nd_value_report *v)
{
    figure f[FIGURES];
    list(v, f);
    for (int i = 0; i < FIGURES; i++) {
        const report_text range = report_value_range(f[i].of);
        nd_buffer_add(out, "%-13s", f[i].name);
        // R² is longer in bytes than on the screen.
        if (strcmp(f[i].key, "r2") == 0) nd_buffer_put(out, " ", 1);
        nd_buffer_add(out, "%s%s%s\n", text_of(v, &f[i]).text, *range.text ? "   " : "",
                      range.text);
    }
    nd_buffer_add(out, "%-13s", nd_gettext("reference"));
    nd_buffer_add(out, nd_gettext("mean %s, standard deviation %s\n"),
                  report_value(v, v->mean).text, report_value(v, v->deviation).text);
}

void report_value_json(nd_json_out *out, const nd_value_report *v)
{
    figure f[FIGURES];
    list(v, f);
    nd_json_open(out, "value", '{');
    nd_json_text(out, "name", v->name);
    nd_json_text(out, "unit", v->unit);
    nd_json_real(out, "mean", v->mean);
    nd_json_real(out, "stddev", v->deviation);
    nd_json_close(out, '}');
    for (int i = 0; i < FIGURES; i++) {
        nd_json_real(out, f[i].key, f[i].value);
        if (!isfinite(f[i].of.low)) continue;
        const char *key = nd_text(out->to->arena, "%s_interval", f[i].key);
        nd_json_open(out, key ? key : "interval", '[');
        nd_json_real(out, NULL, f[i].of.low);
        nd_json_real(out, NULL, f[i].of.high);
        nd_json_close(out, ']');
    }
}

void report_value_tiles(nd_buffer *out, const nd_value_report *v)
{
    figure f[FIGURES];
    list(v, f);
    nd_buffer_add(out, "<div class=tiles>");
    for (int i = 0; i < FIGURES; i++)
        report_tile(out, f[i].name, text_of(v, &f[i]), report_value_range(f[i].of).text);
    nd_buffer_add(out, "</div>\n");
}

// Truth across, answer upwards, the diagonal where both agree. In tenths of a pixel.
enum { SIDE = 3200, EDGE = 700, CELL = SIDE / ND_VALUE_CELLS };

static void ticks(nd_buffer *out, const nd_value_report *v)
{
    for (int i = 0; i <= 4; i++) {
        const double value = v->low + (v->high - v->low) * i / 4;
        const int at = SIDE * i / 4;
        nd_buffer_add(out,
                      "<text x=%d y=%d class=end>%.3g</text>"
                      "<text x=%d y=%d class=middle>%.3g</text>",
                      EDGE - 60, 100 + SIDE - at + 45, value, EDGE + at, 100 + SIDE + 180,
                      value);
    }
}

void report_value_grid(nd_buffer *out, const nd_value_report *v)
{
    double most = 1;
    for (int i = 0; i < ND_VALUE_CELLS * ND_VALUE_CELLS; i++)
        most = fmax(most, v->grid[i]);
    nd_buffer_add(out, "<h2>%s</h2><div class=card>", nd_gettext("Answer and reference"));
    nd_buffer_add(out, "<svg class=square viewBox='0 0 %d %d' role=img aria-label='%s'>",
                  EDGE + SIDE + 260, SIDE + 700, nd_gettext("Answer and reference"));
    ticks(out, v);
    for (int row = 0; row < ND_VALUE_CELLS; row++)
        for (int x = 0; x < ND_VALUE_CELLS; x++) {
            const double n = v->grid[row * ND_VALUE_CELLS + x];
            if (!(n > 0)) continue;
            // Few are to be seen beside many: the logarithm lifts them.
            const int shade = 40 + (int)lround(215 * log1p(n) / log1p(most));
            nd_buffer_add(out, "<rect x=%d y=%d width=%d height=%d fill='#2a6fbb%02x'/>",
                          EDGE + x * CELL, 100 + SIDE - (row + 1) * CELL, CELL, CELL,
                          (unsigned)shade);
        }
    nd_buffer_add(out, "<path class=ideal d='M%d %dL%d %d'/>", EDGE, 100 + SIDE,
                  EDGE + SIDE, 100);
    const char *unit = v->unit ? v->unit : "";
    nd_buffer_add(out, "<text x=%d y=%d class=middle>%s ", EDGE + SIDE / 2, SIDE + 560,
                  nd_gettext("reference"));
    report_escape(out, unit);
    nd_buffer_add(out,
                  "</text><text class=middle transform='translate(120 %d) "
                  "rotate(-90)'>%s ",
                  100 + SIDE / 2, nd_gettext("answer"));
    report_escape(out, unit);
    nd_buffer_add(out, "</text></svg></div>\n");
}
