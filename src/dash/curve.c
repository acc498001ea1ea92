// SPDX-License-Identifier: Apache-2.0
// Curves of a run: bounded memory, means, and the extremes of what was put together.
#include "dash/runs.h"
#include <stdlib.h>

const char *const dash_series[DASH_SERIES] = {"loss", "lr", "grad_norm", "img_s", "wait"};

// `b` follows `a`. A mean weighs rows; a value that is not there weighs nothing.
static void join(dash_point *a, const dash_point *b)
{
    for (int s = 0; s < DASH_SERIES; s++) {
        if (isnan(a->mean[s])) {
            a->mean[s] = b->mean[s], a->low[s] = b->low[s], a->high[s] = b->high[s];
        } else if (!isnan(b->mean[s])) {
            a->mean[s] += (b->mean[s] - a->mean[s]) * b->rows / (a->rows + b->rows);
            a->low[s] = fminf(a->low[s], b->low[s]);
            a->high[s] = fmaxf(a->high[s], b->high[s]);
        }
    }
    a->step = b->step, a->time = b->time, a->epoch = b->epoch;
    a->rows += b->rows;
}

static int halve(dash_point *point, int points)
{
    int n = 0;
    for (int i = 0; i < points; i += 2) {
        point[n] = point[i];
        if (i + 1 < points) join(&point[n], &point[i + 1]);
        n++;
    }
    return n;
}

static bool grow(dash_curve *curve)
{
    const int room = curve->room ? 2 * curve->room : 256;
    dash_point *more = realloc(curve->point, (size_t)room * sizeof *more);
    if (!more) return false;
    curve->point = more, curve->room = room;
    return true;
}

bool dash_curve_add(dash_curve *curve, const dash_row *row)
{
    dash_point p = {
        (float)row->step, (float)row->time, (float)row->epoch, 1, {0}, {0}, {0}};
    for (int s = 0; s < DASH_SERIES; s++)
        p.mean[s] = p.low[s] = p.high[s] = (float)row->value[s];
    dash_point *last = curve->points ? &curve->point[curve->points - 1] : NULL;
    if (!curve->each) curve->each = 1;
    if (last && (int)last->rows < curve->each) {
        join(last, &p);
        curve->rows++;
        return true;
    }
    if (curve->points == DASH_POINTS) {
        curve->points = halve(curve->point, curve->points);
        curve->each *= 2;
    }
    if (curve->points == curve->room && !grow(curve)) return false;
    curve->point[curve->points++] = p;
    curve->rows++;
    return true;
}

void dash_curve_cut(dash_curve *curve, int64_t step)
{
    while (curve->points && curve->point[curve->points - 1].step >= (float)step)
        curve->rows -= (int64_t)curve->point[--curve->points].rows;
}

void dash_curve_free(dash_curve *curve)
{
    free(curve->point);
    *curve = (dash_curve){0};
}

int dash_curve_thin(const dash_curve *curve, double from, double to, int most,
                    dash_point *out)
{
    int first = 0, end = curve->points;
    while (first < end && (double)curve->point[first].step < from) first++;
    while (end > first && (double)curve->point[end - 1].step > to) end--;
    const int count = end - first, each = (count + most - 1) / most;
    int n = 0;
    for (int i = 0; i < count; i++) {
        if (i % each)
            join(&out[n - 1], &curve->point[first + i]);
        else
            out[n++] = curve->point[first + i];
    }
    return n;
}
