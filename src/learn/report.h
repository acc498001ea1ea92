// SPDX-License-Identifier: Apache-2.0
// What the printers of an evaluation share: figures as text, names of classes.
#pragma once
#include <nadir/evaluate.h>

// A share of 1 as "97.5 %", a dash where there is none. Each writes into its own text.
typedef struct report_text {
    char text[64];
} report_text;
report_text report_share(double share);
report_text report_interval(nd_interval interval); // "96.9–98.0 %"
report_text report_number(double number, int digits);
report_text report_count(double count); // "12 345"
const char *report_class(const nd_evaluation *evaluation, int k);
// "48.20193 N 16.36842 E", or easting and northing with their system; "" where unknown.
const char *report_place(nd_arena *arena, const nd_case *one);
// The class that k is most often taken for; -1: none.
int report_rival(const nd_evaluation *evaluation, int k);

const char *report_unit(const nd_evaluation *evaluation); // what intervals draw: a name
// What was counted, as one line; how it was drawn, if there is something to mind.
void report_counted(nd_buffer *out, const nd_evaluation *evaluation);

// What the areas are of, and when they are right; one line or two.
const char *report_areas_of(nd_arena *arena, const nd_map_areas *areas);

// A value with its unit: "3.21 m".
report_text report_value(const nd_value_report *values, double value);
report_text report_value_range(nd_interval of);
// "RMSE 3.2 m, bias 0.4 m" of a case.
void report_value_case(nd_buffer *out, const nd_evaluation *evaluation,
                       const nd_case *one);

// ---- report_values.c: where values were learnt.
void report_value_facts(nd_buffer *out, const nd_value_report *values); // on a terminal
void report_value_json(nd_json_out *out, const nd_value_report *values);
void report_value_tiles(nd_buffer *out, const nd_value_report *values); // on the page
void report_value_grid(nd_buffer *out, const nd_value_report *values);

// ---- Parts of the page, each in a file of its own.
void report_escape(nd_buffer *out, const char *text);
void report_tile(nd_buffer *out, const char *name, report_text value, const char *more);
void report_curves(nd_buffer *out, const nd_curve *curve, int curves, const char *title);
// The same as a file of its own: SVG that stands alone.
void report_plot(nd_buffer *out, const nd_curve *curve, int curves, const char *title);
void report_reliability(nd_buffer *out, const nd_reliability *bins);
void report_matrix(nd_buffer *out, const nd_evaluation *evaluation, bool as_rows);
