// SPDX-License-Identifier: Apache-2.0
// Plain dice, Jaccard and focal losses: sums in double, in the order of the pixels.
#include "nn/class_losses.h"
#include "nn/plain/classes.h"

nd_status NN_NAME(overlap)(const nn_call *call)
{
    const bool is_jaccard = *(const bool *)call->record->set;
    const nd_tensor *logits = call->record->in[0];
    const aim t = aim_of(call->record->in[1], call->in[1]);
    const int64_t classes = logits->shape.dim[1], places = places_of(logits);
    NN_REAL *sums = call->out[1];
    double *sum = call->scratch, loss = 0, present = 0;
    for (int64_t k = 0; k < 3 * classes; k++) sum[k] = 0;
    for (int64_t at = 0; at < places; at++) {
        const place p = place_at(logits, call->in[0], at);
        if (!says(&t, &p, at)) continue;
        ND_TRY(check_label(&t, &p, at));
        for (int64_t k = 0; k < classes; k++) {
            const double share = share_of(&t, &p, at, k), q = exp(log_p(&p, k));
            sum[3 * k] += q * share, sum[3 * k + 1] += q, sum[3 * k + 2] += share;
        }
    }
    for (int64_t k = 0; k < classes; k++) {
        const double both = sum[3 * k], all = sum[3 * k + 1] + sum[3 * k + 2];
        for (int i = 0; i < 3; i++) sums[3 * k + i] = (NN_REAL)sum[3 * k + i];
        if (!(sum[3 * k + 2] > 0)) continue;
        present++;
        loss += is_jaccard ? 1 - (both + 1) / (all - both + 1)
                           : 1 - (2 * both + 1) / (all + 1);
    }
    *(NN_REAL *)call->out[0] = (NN_REAL)(present > 0 ? loss / present : 0);
    return ND_OK;
}

// Slope of one class' loss along the probability at a place where t is `share`.
static double overlap_slope(bool is_jaccard, const NN_REAL sums[3], double share)
{
    const double both = (double)sums[0], all = (double)sums[1] + (double)sums[2];
    if (!((double)sums[2] > 0)) return 0;
    const double below = is_jaccard ? all - both + 1 : all + 1;
    return is_jaccard ? ((both + 1) * (1 - share) - share * below) / (below * below)
                      : (2 * both + 1 - 2 * share * below) / (below * below);
}

nd_status NN_NAME(overlap_back)(const nn_call *call)
{
    const bool is_jaccard = *(const bool *)call->record->set;
    const nd_tensor *logits = call->record->in[1];
    const aim t = aim_of(call->record->in[2], call->in[2]);
    const NN_REAL *sums = call->in[3];
    double present = 0;
    for (int64_t k = 0; k < logits->shape.dim[1]; k++)
        present += (double)sums[3 * k + 2] > 0;
    const double g = present > 0 ? (double)*(const NN_REAL *)call->in[0] / present : 0;
    for (int64_t at = 0, n = places_of(logits); at < n; at++) {
        const place p = place_at(logits, call->in[1], at);
        NN_REAL *out = (NN_REAL *)call->out[0] + p.from;
        if (!says(&t, &p, at)) {
            nothing(&p, out);
            continue;
        }
        for (int64_t k = 0; k < p.classes; k++)
            out[k * p.size] = (NN_REAL)(g * overlap_slope(is_jaccard, sums + 3 * k,
                                                          share_of(&t, &p, at, k)));
        through_softmax(&p, out);
    }
    return ND_OK;
}

nd_status NN_NAME(focal)(const nn_call *call)
{
    const nd_class_loss *set = call->record->set;
    const nd_tensor *logits = call->record->in[0];
    const aim t = aim_of(call->record->in[1], call->in[1]);
    double loss = 0, sum = 0;
    for (int64_t at = 0, n = places_of(logits); at < n; at++) {
        const place p = place_at(logits, call->in[0], at);
        if (!says(&t, &p, at)) continue;
        ND_TRY(check_label(&t, &p, at));
        sum += t.by_class ? weight_of(set, t.label[at]) : 1;
        for (int64_t k = 0; k < p.classes; k++) {
            const double w = weight_of(set, k) * share_of(&t, &p, at, k);
            if (w > 0) loss -= w * pow(-expm1(log_p(&p, k)), set->gamma) * log_p(&p, k);
        }
    }
    *(NN_REAL *)call->out[0] = (NN_REAL)(sum > 0 ? loss / sum : 0);
    *(NN_REAL *)call->out[1] = (NN_REAL)sum;
    return ND_OK;
}

// p f'(p) of f = -(1 - p)^c ln p, which is the slope along the logit but for softmax.
static double focal_slope(double log_p, double c)
{
    const double q = -expm1(log_p), p = exp(log_p);
    const double steep = q > 0 ? c * pow(q, c - 1) * p * log_p : 0;
    return steep - pow(q, c);
}

nd_status NN_NAME(focal_back)(const nn_call *call)
{
    const nd_class_loss *set = call->record->set;
    const nd_tensor *logits = call->record->in[1];
    const aim t = aim_of(call->record->in[2], call->in[2]);
    const double all = (double)*(const NN_REAL *)call->in[3];
    const double g = all > 0 ? (double)*(const NN_REAL *)call->in[0] / all : 0;
    for (int64_t at = 0, n = places_of(logits); at < n; at++) {
        const place p = place_at(logits, call->in[1], at);
        NN_REAL *out = (NN_REAL *)call->out[0] + p.from;
        nothing(&p, out);
        if (!says(&t, &p, at)) continue;
        double sum = 0;
        for (int64_t k = 0; k < p.classes; k++) {
            const double w = weight_of(set, k) * share_of(&t, &p, at, k);
            if (w > 0) sum += w * focal_slope(log_p(&p, k), set->gamma);
        }
        for (int64_t k = 0; k < p.classes; k++) {
            const double w = weight_of(set, k) * share_of(&t, &p, at, k);
            const double own = w > 0 ? w * focal_slope(log_p(&p, k), set->gamma) : 0;
            out[k * p.size] = (NN_REAL)(g * (own - exp(log_p(&p, k)) * sum));
        }
    }
    return ND_OK;
}
