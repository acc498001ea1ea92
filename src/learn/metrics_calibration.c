// SPDX-License-Identifier: Apache-2.0
// Whether confidence means what it says: ECE, Brier score, NLL, and the temperature.
#include <math.h>
#include <nadir/metrics.h>
#include <stdlib.h>

int nd_answer_softmax(const float *logit, int classes, double temperature,
                      double *probability)
{
    int best = 0;
    for (int k = 1; k < classes; k++)
        if (logit[k] > logit[best]) best = k;
    double sum = 0;
    for (int k = 0; k < classes; k++) {
        probability[k] = exp(((double)logit[k] - (double)logit[best]) / temperature);
        sum += probability[k];
    }
    for (int k = 0; k < classes; k++) probability[k] /= sum;
    return best;
}

static bool counts(const nd_answers *answers, int64_t i)
{
    return answers->label[i] >= 0 && answers->label[i] < answers->classes;
}

// What one bin has so far: samples, sum of confidence, how many are right.
typedef struct bin {
    double n, confidence, right;
} bin;

// Guo et al. 2017: bin b holds confidences in (b/B, (b+1)/B].
static void bin_add(bin *bins, double confidence, double right)
{
    int b = (int)ceil(confidence * ND_BINS) - 1;
    b = b < 0 ? 0 : b >= ND_BINS ? ND_BINS - 1 : b;
    bins[b].n += 1;
    bins[b].confidence += confidence;
    bins[b].right += right;
}

static double gap(const bin *bins, int count)
{
    double n = 0, sum = 0;
    for (int b = 0; b < count; b++) {
        n += bins[b].n;
        sum += fabs(bins[b].right - bins[b].confidence);
    }
    return n > 0 ? sum / n : (double)NAN;
}

typedef struct sure {
    double confidence, right;
} sure;

static int rising(const void *a, const void *b)
{
    const double x = ((const sure *)a)->confidence, y = ((const sure *)b)->confidence;
    return (x > y) - (x < y);
}

// Bins of equal count, as even as they can be: the first n mod B hold one more.
static double gap_of_equals(sure *all, int64_t n)
{
    qsort(all, (size_t)n, sizeof *all, rising);
    bin bins[ND_BINS] = {{0}};
    int64_t at = 0;
    for (int b = 0; b < ND_BINS; b++) {
        const int64_t size = n / ND_BINS + (b < n % ND_BINS);
        for (int64_t i = 0; i < size; i++, at++) {
            bins[b].n += 1;
            bins[b].confidence += all[at].confidence;
            bins[b].right += all[at].right;
        }
    }
    return gap(bins, ND_BINS);
}

// ln of the probability of the label: by its logits, so that it never is ln 0.
static double log_likelihood(const float *row, int classes, int64_t label, double t)
{
    double top = (double)row[0], sum = 0;
    for (int k = 1; k < classes; k++) top = fmax(top, (double)row[k]);
    for (int k = 0; k < classes; k++) sum += exp(((double)row[k] - top) / t);
    return ((double)row[label] - top) / t - log(sum);
}

static void reliability(const bin *bins, nd_reliability *to)
{
    for (int b = 0; b < ND_BINS; b++) {
        const bool any = bins[b].n > 0;
        to->n[b] = bins[b].n;
        to->confidence[b] = any ? bins[b].confidence / bins[b].n : (double)NAN;
        to->accuracy[b] = any ? bins[b].right / bins[b].n : (double)NAN;
        to->total += bins[b].n;
    }
}

nd_status nd_calibrate(nd_arena *arena, const nd_answers *answers, double temperature,
                       nd_calibration *calibration)
{
    const int classes = answers->classes;
    double *p = nd_alloc(arena, (size_t)classes, sizeof *p);
    sure *all = nd_alloc(arena, (size_t)answers->count, sizeof *all);
    bin(*of)[ND_BINS] = nd_alloc(arena, (size_t)classes, sizeof *of);
    if (!p || !all || !of) return ND_E_MEMORY;
    bin bins[ND_BINS] = {{0}};
    int64_t n = 0;
    double brier = 0, nll = 0;
    for (int64_t i = 0; i < answers->count; i++) {
        if (!counts(answers, i)) continue;
        const float *row = &answers->logit[i * classes];
        const int64_t label = answers->label[i];
        const int best = nd_answer_softmax(row, classes, temperature, p);
        all[n++] = (sure){p[best], best == label};
        bin_add(bins, p[best], best == label);
        for (int k = 0; k < classes; k++) {
            bin_add(of[k], p[k], k == label);
            brier += (p[k] - (k == label)) * (p[k] - (k == label));
        }
        nll -= log_likelihood(row, classes, label, temperature);
    }
    *calibration = (nd_calibration){.temperature = temperature};
    const double whole = n ? (double)n : (double)NAN;
    double of_classes = 0;
    for (int k = 0; k < classes; k++) of_classes += gap(of[k], ND_BINS);
    calibration->ece = gap(bins, ND_BINS);
    calibration->ece_class = of_classes / classes;
    calibration->ece_count = gap_of_equals(all, n);
    calibration->brier = brier / whole;
    calibration->nll = nll / whole;
    reliability(bins, &calibration->bins);
    return ND_OK;
}

static double loss_at(const nd_answers *answers, double log_t)
{
    double sum = 0;
    for (int64_t i = 0; i < answers->count; i++)
        if (counts(answers, i))
            sum -= log_likelihood(&answers->logit[i * answers->classes], answers->classes,
                                  answers->label[i], exp(log_t));
    return sum;
}

double nd_temperature(const nd_answers *answers)
{
    const double golden = (sqrt(5.0) - 1) / 2;
    double low = -3, high = 3;
    double a = high - golden * (high - low), b = low + golden * (high - low);
    double at_a = loss_at(answers, a), at_b = loss_at(answers, b);
    // 40 cuts leave 3e-8 of ln T: beyond what a sum of floats can tell apart.
    for (int i = 0; i < 40; i++) {
        if (at_a <= at_b) {
            high = b, b = a, at_b = at_a;
            a = high - golden * (high - low), at_a = loss_at(answers, a);
        } else {
            low = a, a = b, at_a = at_b;
            b = low + golden * (high - low), at_b = loss_at(answers, b);
        }
    }
    return exp((low + high) / 2);
}

// Measured on the answers that it was fitted to, half of the gain's z is that of the
// slope at 1: more than one standard error is a slope beyond two, 5 % by chance.
bool nd_temperature_helps(const nd_answers *answers, double temperature)
{
    enum { FEW = 30 };
    double n = 0, sum = 0, squares = 0;
    for (int64_t i = 0; i < answers->count; i++) {
        if (!counts(answers, i)) continue;
        const float *row = &answers->logit[i * answers->classes];
        const double gain =
            log_likelihood(row, answers->classes, answers->label[i], temperature) -
            log_likelihood(row, answers->classes, answers->label[i], 1);
        n += 1, sum += gain, squares += gain * gain;
    }
    if (n < FEW || sum <= 0) return false;
    const double mean = sum / n, variance = (squares - n * mean * mean) / (n - 1);
    return mean * mean * n > variance;
}
