// SPDX-License-Identifier: Apache-2.0
// Plain cross entropy: maximum first, sums in double, in the order of the pixels.
#include "nn/plain/classes.h"

// Loss of one place whose class is `y`; its weight goes into `sum`. As PyTorch, where
// smoothing weighs each class by its own weight.
static double loss_of(const nd_class_loss *set, const place *p, int64_t y, double *sum)
{
    const double e = set->smoothing;
    double smooth = 0;
    for (int64_t k = 0; k < p->classes && e > 0; k++)
        smooth -= weight_of(set, k) * log_p(p, k);
    *sum += weight_of(set, y);
    return -(1 - e) * weight_of(set, y) * log_p(p, y) + e / (double)p->classes * smooth;
}

nd_status NN_NAME(cross_entropy)(const nn_call *call)
{
    const nd_class_loss *set = call->record->set;
    const nd_tensor *logits = call->record->in[0];
    const aim t = aim_of(call->record->in[1], call->in[1]);
    double loss = 0, sum = 0;
    for (int64_t at = 0, n = places_of(logits); at < n; at++) {
        const place p = place_at(logits, call->in[0], at);
        if (!says(&t, &p, at)) continue;
        ND_TRY(check_label(&t, &p, at));
        if (t.by_class) {
            loss += loss_of(set, &p, t.label[at], &sum);
            continue;
        }
        const double e = set->smoothing, even = e / (double)p.classes;
        for (int64_t k = 0; k < p.classes; k++)
            loss -= weight_of(set, k) * ((1 - e) * share_of(&t, &p, at, k) + even) *
                    log_p(&p, k);
        sum += 1;
    }
    *(NN_REAL *)call->out[0] = (NN_REAL)(sum > 0 ? loss / sum : 0);
    *(NN_REAL *)call->out[1] = (NN_REAL)sum;
    return ND_OK;
}

// d/dz_j of -sum_k c_k ln p_k is p_j sum c - c_j; c_k: what each class counts here.
nd_status NN_NAME(cross_entropy_back)(const nn_call *call)
{
    const nd_class_loss *set = call->record->set;
    const nd_tensor *logits = call->record->in[1];
    const aim t = aim_of(call->record->in[2], call->in[2]);
    const double all = (double)*(const NN_REAL *)call->in[3];
    const double g = all > 0 ? (double)*(const NN_REAL *)call->in[0] / all : 0;
    const double e = set->smoothing;
    for (int64_t at = 0, n = places_of(logits); at < n; at++) {
        const place p = place_at(logits, call->in[1], at);
        NN_REAL *out = (NN_REAL *)call->out[0] + p.from;
        if (!says(&t, &p, at)) {
            nothing(&p, out);
            continue;
        }
        double sum = 0;
        for (int pass = 0; pass < 2; pass++)
            for (int64_t k = 0; k < p.classes; k++) {
                const double hit = share_of(&t, &p, at, k);
                const double c =
                    weight_of(set, k) * ((1 - e) * hit + e / (double)p.classes);
                if (pass)
                    out[k * p.size] = (NN_REAL)(g * (exp(log_p(&p, k)) * sum - c));
                else
                    sum += c;
            }
    }
    return ND_OK;
}
