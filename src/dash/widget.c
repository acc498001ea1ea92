// SPDX-License-Identifier: Apache-2.0
// A setting's row of its table as the part that moves it on the page.
#include "dash/dash.h"
#include <stdio.h>
#include <string.h>

static bool is_number(const nd_param *p)
{
    return p->type == ND_INT || p->type == ND_SIZE || p->type == ND_REAL;
}

// Where the slider ends: the soft range if there is one, else the hard one.
static bool ends_of(const nd_param *p, double end[2])
{
    const bool is_soft = p->soft_min != p->soft_max;
    end[0] = is_soft ? p->soft_min : p->min, end[1] = is_soft ? p->soft_max : p->max;
    return is_number(p) && end[0] != end[1] && isfinite(end[0]) && isfinite(end[1]);
}

static const char *kind_of(const nd_param *p)
{
    double end[2];
    const bool is_band = p->of && strstr(p->of, "band");
    switch (p->type) {
    case ND_BOOL: return "toggle";
    case ND_CHOICE: return "choice";
    case ND_LIST: return is_band ? "many" : "text";
    case ND_ROWS: return "rows";
    case ND_INT:
    case ND_SIZE:
    case ND_REAL: return ends_of(p, end) ? "slider" : "number";
    case ND_TEXT:
    case ND_PATH: return "text";
    }
    return "text";
}

// A round tenth or hundredth of the range: a hundred stops on the slider.
static double step_of(const nd_param *p, const double end[2])
{
    if (p->step > 0) return p->step;
    if (p->type != ND_REAL) return 1;
    return pow(10, floor(log10((end[1] - end[0]) / 50)));
}

static void range(const nd_param *p, nd_json_out *out)
{
    double end[2];
    if (ends_of(p, end)) {
        nd_json_real(out, "min", end[0]);
        nd_json_real(out, "max", end[1]);
        nd_json_real(out, "step", step_of(p, end));
    } else if (is_number(p) && p->type != ND_REAL) {
        nd_json_real(out, "step", 1);
    }
    if (is_number(p) && p->min != p->max) {
        nd_json_real(out, "least", p->min);
        nd_json_real(out, "most", p->max);
    }
    if (p->log) nd_json_bool(out, "log", true);
}

static void options(const nd_param *p, const nd_node *node, nd_json_out *out)
{
    const bool is_band = p->of && strstr(p->of, "band") && node->inputs;
    if (!p->choices && !is_band) return;
    nd_json_open(out, "options", '[');
    for (int i = 0; p->choices && p->choices[i].name; i++) {
        nd_json_open(out, NULL, '{');
        nd_json_text(out, "name", p->choices[i].name);
        nd_json_text(out, "help", p->choices[i].help);
        nd_json_close(out, '}');
    }
    for (int b = 0; is_band && b < node->input[0]->bands && b < 256; b++) {
        nd_json_open(out, NULL, '{');
        nd_json_text(out, "name", node->input[0]->band[b].name);
        nd_json_close(out, '}');
    }
    nd_json_close(out, ']');
}

static void fields(const nd_table *rows, nd_json_out *out)
{
    nd_json_open(out, "fields", '[');
    for (size_t i = 0; i < rows->count; i++) {
        nd_json_open(out, NULL, '{');
        nd_json_text(out, "name", rows->row[i].name);
        nd_json_text(out, "help", rows->row[i].help);
        nd_json_close(out, '}');
    }
    nd_json_close(out, ']');
}

void dash_widget_print(const dash_step *step, size_t row, nd_json_out *out)
{
    const nd_param *p = &step->settings->table->row[row];
    nd_arena *arena = out->to->arena;
    const char *id = nd_text(arena, "%s.%s", step->id, p->name);
    if (!id) return;
    nd_json_open(out, id, '{');
    nd_json_text(out, "kind", kind_of(p));
    nd_json_text(out, "step", step->id);
    nd_json_text(out, "label", p->name);
    nd_json_text(out, "help", p->help);
    if (p->unit) nd_json_text(out, "unit", p->unit);
    if (step->settings->data)
        nd_json_text(out, "value", nd_param_print(arena, p, step->settings->data));
    nd_json_text(out, "usual", nd_param_print(arena, p, p->def));
    if (step->settings->given >> row & 1) nd_json_bool(out, "given", true);
    range(p, out);
    options(p, step->node, out);
    if (p->rows) fields(p->rows, out);
    nd_json_close(out, '}');
}
