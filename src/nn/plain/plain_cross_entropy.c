// SPDX-License-Identifier: Apache-2.0
// Plain cross entropy: maximum first, sums in double, in the order of the pixels.
#include "nn/cross_entropy.h"
#include <math.h>

typedef struct place {
    int64_t classes, size; // logits of one place lie `size` apart
    const NN_REAL *z;
    double top, log_sum; // ln p_k = z_k - top - log_sum
} place;

static place place_at(const nd_tensor *logits, const NN_REAL *z, int64_t at)
{
    const nd_shape s = logits->shape;
    place p = {.classes = s.dim[1], .size = 1};
    for (int i = 2; i < s.rank; i++) p.size *= s.dim[i];
    p.z = z + at / p.size * p.classes * p.size + at % p.size;
    p.top = (double)p.z[0];
    for (int64_t k = 1; k < p.classes; k++)
        if ((double)p.z[k * p.size] > p.top) p.top = (double)p.z[k * p.size];
    double sum = 0;
    for (int64_t k = 0; k < p.classes; k++) sum += exp((double)p.z[k * p.size] - p.top);
    p.log_sum = log(sum);
    return p;
}

static double log_p(const place *p, int64_t k)
{
    return (double)p->z[k * p->size] - p->top - p->log_sum;
}

static double weight_of(const nd_class_loss *set, int64_t k)
{
    return set->weight ? set->weight[k] : 1;
}

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

static int64_t places_of(const nd_tensor *logits)
{
    const int64_t classes = logits->shape.dim[1];
    return classes ? nd_shape_count(logits->shape) / classes : 0;
}

static nd_status wrong_class(int64_t y, int64_t at, int64_t classes, int64_t size)
{
    return nd_fail(
        ND_E_DATA,
        "label %lld of picture %lld, pixel %lld of the batch: there are classes "
        "0 to %lld\n"
        "mend the labels, or say which value to ignore",
        (long long)y, (long long)(at / size), (long long)(at % size),
        (long long)classes - 1);
}

nd_status NN_NAME(cross_entropy)(const nn_call *call)
{
    const nd_class_loss *set = call->record->set;
    const nd_tensor *logits = call->record->in[0], *target = call->record->in[1];
    const bool by_class = target->dtype == ND_INT64;
    double loss = 0, sum = 0;
    for (int64_t at = 0, n = places_of(logits); at < n; at++) {
        const place p = place_at(logits, call->in[0], at);
        if (by_class) {
            const int64_t y = ((const int64_t *)call->in[1])[at];
            if (y == ND_IGNORE) continue;
            if (y < 0 || y >= p.classes) return wrong_class(y, at, p.classes, p.size);
            loss += loss_of(set, &p, y, &sum);
            continue;
        }
        const NN_REAL *q =
            (const NN_REAL *)call->in[1] + (p.z - (const NN_REAL *)call->in[0]);
        const double e = set->smoothing, even = e / (double)p.classes;
        for (int64_t k = 0; k < p.classes; k++)
            loss -= weight_of(set, k) * ((1 - e) * (double)q[k * p.size] + even) *
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
    const nd_tensor *logits = call->record->in[1], *target = call->record->in[2];
    const bool by_class = target->dtype == ND_INT64;
    const double all = (double)*(const NN_REAL *)call->in[3];
    const double g = all > 0 ? (double)*(const NN_REAL *)call->in[0] / all : 0;
    const double e = set->smoothing;
    for (int64_t at = 0, n = places_of(logits); at < n; at++) {
        const place p = place_at(logits, call->in[1], at);
        const int64_t from = p.z - (const NN_REAL *)call->in[1];
        NN_REAL *out = (NN_REAL *)call->out[0] + from;
        const int64_t y = by_class ? ((const int64_t *)call->in[2])[at] : 0;
        const NN_REAL *q = by_class ? NULL : (const NN_REAL *)call->in[2] + from;
        const double counts = by_class && y == ND_IGNORE ? 0 : g;
        double sum = 0;
        for (int pass = 0; pass < 2; pass++)
            for (int64_t k = 0; k < p.classes; k++) {
                const double hit = by_class ? k == y : (double)q[k * p.size];
                const double c =
                    weight_of(set, k) * ((1 - e) * hit + e / (double)p.classes);
                if (pass)
                    out[k * p.size] =
                        (NN_REAL)(counts > 0 || counts < 0
                                      ? counts * (exp(log_p(&p, k)) * sum - c)
                                      : 0);
                else
                    sum += c;
            }
    }
    return ND_OK;
}
