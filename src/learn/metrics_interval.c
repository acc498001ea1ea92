// SPDX-License-Identifier: Apache-2.0
// How sure a figure is: Wilson's interval, the bootstrap over units, McNemar's test.
#include <math.h>
#include <nadir/metrics.h>
#include <nadir/pool.h>
#include <stdlib.h>
#include <string.h>

static const double Z95 = 1.959963984540054; // 97.5 % of the normal distribution

// E. B. Wilson 1927, "Probable inference, the law of succession, and statistical
// inference": the shares that a test at 5 % would not reject.
nd_interval nd_wilson(double right, double n)
{
    if (!(n > 0)) return (nd_interval){(double)NAN, (double)NAN};
    const double p = right / n, zz = Z95 * Z95 / n;
    const double centre = (p + zz / 2) / (1 + zz);
    const double half = Z95 * sqrt(p * (1 - p) / n + zz / (4 * n)) / (1 + zz);
    // Rounding must not let the ends cross what can be.
    return (nd_interval){right <= 0 ? 0 : centre - half, right >= n ? 1 : centre + half};
}

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

// Linear between the sorted values, as numpy's percentile is.
static double percentile(const double *sorted, int count, double share)
{
    const double at = share * (count - 1);
    const int low = (int)at;
    if (low + 1 >= count) return sorted[count - 1];
    return sorted[low] + (at - low) * (sorted[low + 1] - sorted[low]);
}

static void draw(const nd_bootstrap_make *make, uint64_t which, uint32_t *times)
{
    const uint64_t units = (uint64_t)make->units;
    memset(times, 0, (size_t)units * sizeof *times);
    uint32_t r[4];
    for (uint64_t i = 0; i < units; i++) {
        // Two draws of 64 bits from each block; the stream's counter is (draw, block).
        if (i % 2 == 0) nd_random(make->seed, which << 32 | i / 2, r);
        const uint64_t bits = (uint64_t)r[i % 2 * 2] << 32 | r[i % 2 * 2 + 1];
        const uint64_t at = (uint64_t)((double)(bits >> 11) * 0x1p-53 * (double)units);
        times[at < units ? at : units - 1]++; // rounding may reach the end
    }
}

// Of `draws` values, those that are numbers.
static nd_bootstrap summary(double *value, int draws)
{
    nd_bootstrap result = {{(double)NAN, (double)NAN}, (double)NAN, (double)NAN, 0};
    int n = 0, below = 0, above = 0;
    double sum = 0, squares = 0;
    for (int i = 0; i < draws; i++) {
        if (isnan(value[i])) continue;
        below += value[i] <= 0;
        above += value[i] >= 0;
        sum += value[i];
        value[n++] = value[i];
    }
    result.draws = n;
    if (n < 2) return result;
    for (int i = 0; i < n; i++) squares += (value[i] - sum / n) * (value[i] - sum / n);
    result.deviation = sqrt(squares / (n - 1));
    qsort(value, (size_t)n, sizeof *value, compare);
    result.interval.low = percentile(value, n, 0.025);
    result.interval.high = percentile(value, n, 0.975);
    // One is added to each: a p of 0 cannot be had from so many draws.
    const int less = below < above ? below : above;
    result.p = fmin(1, 2.0 * (less + 1) / (n + 1));
    return result;
}

nd_status nd_bootstrap_run(nd_arena *arena, const nd_bootstrap_make *make,
                           nd_bootstrap *result)
{
    const int values = make->values > 0 ? make->values : 1;
    const int draws = make->units < 2 ? 0 : make->draws > 0 ? make->draws : 1000;
    // Value v of draw i at v * draws + i.
    double *all = nd_alloc(arena, (size_t)values * (size_t)draws, sizeof *all);
    double *one = nd_alloc(arena, (size_t)values, sizeof *one);
    uint32_t *times = nd_alloc(arena, (size_t)make->units, sizeof *times);
    if (!all || !one || !times) return ND_E_MEMORY;
    for (int i = 0; i < draws; i++) {
        draw(make, (uint64_t)i, times);
        make->of(make->user, times, make->units, one);
        for (int v = 0; v < values; v++) all[(ptrdiff_t)v * draws + i] = one[v];
    }
    for (int v = 0; v < values; v++)
        result[v] = summary(&all[(ptrdiff_t)v * draws], draws);
    return ND_OK;
}

nd_mcnemar nd_mcnemar_test(int64_t b, int64_t c)
{
    const int64_t n = b + c, least = b < c ? b : c;
    if (n == 0) return (nd_mcnemar){1, true};
    if (n >= 25) {
        // Edwards' correction: whole numbers against a smooth curve.
        const double gap = fmax(0, fabs((double)(b - c)) - 1);
        return (nd_mcnemar){erfc(sqrt(gap * gap / (double)n / 2)), false};
    }
    double sum = 0, term = 1; // n over k
    for (int64_t k = 0; k <= least; k++) {
        sum += term;
        term *= (double)(n - k) / (double)(k + 1);
    }
    return (nd_mcnemar){fmin(1, 2 * ldexp(sum, -(int)n)), true};
}
