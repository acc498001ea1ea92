// SPDX-License-Identifier: Apache-2.0
// The range test: a rate that grows with each batch, and what the losses suggest. After
// Smith 2015 and the suggestions of fast.ai 2.
#include <math.h>
#include <nadir/train.h>

static const double first = 1e-7, last = 10, beta = 0.98;

double nd_rate_test_at(int at)
{
    return first * pow(last / first, (double)at / ND_RATE_POINTS);
}

bool nd_rate_test_add(nd_rate_test *test, double loss)
{
    if (test->count >= ND_RATE_POINTS || !isfinite(loss)) return false;
    const int n = test->count++;
    double mean = 0, best = (double)INFINITY;
    test->rate[n] = nd_rate_test_at(n);
    test->loss[n] = loss;
    // The running mean without its debiasing is what smooth[n - 1] was made of.
    if (n) mean = test->smooth[n - 1] * (1 - pow(beta, n));
    test->smooth[n] = (beta * mean + (1 - beta) * loss) / (1 - pow(beta, n + 1));
    for (int i = 0; i <= n; i++) best = fmin(best, test->smooth[i]);
    return test->count < ND_RATE_POINTS && test->smooth[n] <= 4 * best;
}

// Half of the way down the longest falling subsequence of losses, whose start is taken to
// be its end less its length, as fast.ai does.
static double valley(const double *rate, const double *loss, int n)
{
    int length[ND_RATE_POINTS], end = 0, from = 0;
    for (int i = 0; i < n; i++) length[i] = 1;
    for (int i = 1; i < n; i++) {
        for (int j = 0; j < i; j++)
            if (loss[i] < loss[j] && length[i] < length[j] + 1) length[i] = length[j] + 1;
        if (length[i] > length[end]) end = i, from = end - length[end];
    }
    const double third = (end - from) / 3.0;
    const int at = from + (int)third + (int)(third / 2);
    return rate[at > 0 ? at : 0];
}

static double steep(const double *rate, const double *loss, int n)
{
    int best = 0;
    double least = (double)INFINITY;
    for (int i = 0; i + 1 < n; i++) {
        const double slope = (loss[i + 1] - loss[i]) / log(rate[i + 1] / rate[i]);
        if (slope < least) least = slope, best = i;
    }
    return rate[best];
}

static double minimum(const double *rate, const double *loss, int n)
{
    int best = 0;
    for (int i = 1; i < n; i++)
        if (loss[i] < loss[best]) best = i;
    return rate[best] / 10;
}

// numpy's gradient: central differences, one-sided at the ends.
static double gradient(const double *loss, int n, int i)
{
    if (i == 0) return loss[1] - loss[0];
    if (i == n - 1) return loss[n - 1] - loss[n - 2];
    return (loss[i + 1] - loss[i - 1]) / 2;
}

// The interval slide rule: from the right, until the slopes at the ends of an interval of
// 15 points agree within 0.005.
static double slide(const double *rate, const double *loss, int n)
{
    enum { WIDE = 15 };
    int right = n - 1, left = right - WIDE;
    if (left < 0) return (double)NAN;
    double found = rate[left];
    while (left >= 0 &&
           fabs(gradient(loss, n, right) - gradient(loss, n, left)) > 0.005) {
        found = rate[left];
        right--, left--;
    }
    return found;
}

// Points n/10 … -5, as fast.ai cuts them: the first say nothing, the last blow up.
void nd_rate_test_suggest(nd_rate_test *test)
{
    const int from = ND_RATE_POINTS / 10;
    const int n = test->count - 5 - from;
    test->valley = test->steep = test->minimum = test->slide = (double)NAN;
    if (n < 2) return;
    const double *rate = test->rate + from, *loss = test->smooth + from;
    test->valley = valley(rate, loss, n);
    test->steep = steep(rate, loss, n);
    test->minimum = minimum(rate, loss, n);
    test->slide = slide(rate, loss, n);
}

nd_status nd_rate_test_describe(const nd_rate_test *test, nd_json_out *out)
{
    const struct {
        const char *name;
        const double *value;
    } list[] = {{"rate", test->rate}, {"loss", test->loss}, {"smooth", test->smooth}};
    nd_json_open(out, NULL, '{');
    for (size_t k = 0; k < sizeof list / sizeof *list; k++) {
        nd_json_open(out, list[k].name, '[');
        for (int i = 0; i < test->count; i++) nd_json_real(out, NULL, list[k].value[i]);
        nd_json_close(out, ']');
    }
    nd_json_open(out, "suggestion", '{');
    nd_json_real(out, "valley", test->valley);
    nd_json_real(out, "steep", test->steep);
    nd_json_real(out, "minimum", test->minimum);
    nd_json_real(out, "slide", test->slide);
    nd_json_close(out, '}');
    nd_json_close(out, '}');
    return ND_OK;
}
