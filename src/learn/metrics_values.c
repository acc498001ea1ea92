// SPDX-License-Identifier: Apache-2.0
// How far predicted values are from true ones: bias, errors, correlation, coverage.
#include <math.h>
#include <nadir/metrics.h>

// Means and squares about them grow together (Welford 1962), so that large values with
// small differences lose nothing.
void nd_values_add(nd_values *v, double truth, double value, double sigma)
{
    if (!isfinite(truth) || !isfinite(value)) return;
    const double error = value - truth;
    v->n += 1;
    const double dt = truth - v->truth, dv = value - v->value;
    v->truth += dt / v->n;
    v->value += dv / v->n;
    v->truth2 += dt * (truth - v->truth);
    v->value2 += dv * (value - v->value);
    v->both += dt * (value - v->value);
    v->absolute += fabs(error);
    v->squared += error * error;
    if (!isfinite(sigma)) return;
    v->intervals += 1;
    v->inside += fabs(error) <= 1.6448536269514722 * sigma; // 95 % of the normal
}

// Chan, Golub and LeVeque 1979.
void nd_values_merge(nd_values *v, const nd_values *o, double times)
{
    const double more = times * o->n, n = v->n + more;
    if (!(more > 0)) return;
    const double dt = o->truth - v->truth, dv = o->value - v->value;
    const double share = more / n, cross = v->n * share;
    v->n = n;
    v->truth += dt * share, v->value += dv * share;
    v->truth2 += times * o->truth2 + dt * dt * cross;
    v->value2 += times * o->value2 + dv * dv * cross;
    v->both += times * o->both + dt * dv * cross;
    v->absolute += times * o->absolute, v->squared += times * o->squared;
    v->intervals += times * o->intervals, v->inside += times * o->inside;
}

nd_value_scores nd_values_scores(const nd_values *v)
{
    const double n = v->n > 0 ? v->n : (double)NAN;
    nd_value_scores s = {.n = v->n};
    s.bias = v->n > 0 ? v->value - v->truth : (double)NAN;
    s.mae = v->absolute / n;
    s.rmse = sqrt(v->squared / n);
    s.r2 = v->truth2 > 0 ? 1 - v->squared / v->truth2 : (double)NAN;
    const double spread = sqrt(v->truth2) * sqrt(v->value2);
    s.r = spread > 0 ? v->both / spread : (double)NAN;
    s.unbiased = sqrt(fmax(0, v->squared / n - s.bias * s.bias));
    if (isnan(s.rmse)) s.unbiased = (double)NAN; // fmax(0, NaN) is 0
    s.coverage = v->intervals > 0 ? v->inside / v->intervals : (double)NAN;
    return s;
}
