// SPDX-License-Identifier: Apache-2.0
// Softmax at one place of logits, and what its target says: for the losses of classes.
#pragma once
#include "nn/cross_entropy.h"
#include <math.h>

typedef struct place {
    int64_t classes, size; // logits of one place lie `size` apart
    int64_t from;          // of the first logit
    const NN_REAL *z;
    double top, log_sum; // ln p_k = z_k - top - log_sum
} place;

static inline place place_at(const nd_tensor *logits, const NN_REAL *z, int64_t at)
{
    const nd_shape s = logits->shape;
    place p = {.classes = s.dim[1], .size = 1};
    for (int i = 2; i < s.rank; i++) p.size *= s.dim[i];
    p.from = at / p.size * p.classes * p.size + at % p.size;
    p.z = z + p.from;
    p.top = (double)p.z[0];
    for (int64_t k = 1; k < p.classes; k++)
        if ((double)p.z[k * p.size] > p.top) p.top = (double)p.z[k * p.size];
    double sum = 0;
    for (int64_t k = 0; k < p.classes; k++) sum += exp((double)p.z[k * p.size] - p.top);
    p.log_sum = log(sum);
    return p;
}

static inline double log_p(const place *p, int64_t k)
{
    return (double)p->z[k * p->size] - p->top - p->log_sum;
}

static inline double weight_of(const nd_class_loss *set, int64_t k)
{
    return set->weight ? set->weight[k] : 1;
}

static inline int64_t places_of(const nd_tensor *logits)
{
    const int64_t classes = logits->shape.dim[1];
    return classes ? nd_shape_count(logits->shape) / classes : 0;
}

// What a target says: classes by number, or probabilities.
typedef struct aim {
    bool by_class;
    const int64_t *label;
    const NN_REAL *share;
} aim;

static inline aim aim_of(const nd_tensor *target, const void *data)
{
    const bool by_class = target->dtype == ND_INT64;
    return (aim){by_class, by_class ? data : NULL, by_class ? NULL : data};
}

static inline double share_of(const aim *t, const place *p, int64_t at, int64_t k)
{
    return t->by_class ? t->label[at] == k : (double)t->share[p->from + k * p->size];
}

// Whether a place says anything: labels to ignore and probabilities that are all 0 do
// not.
static inline bool says(const aim *t, const place *p, int64_t at)
{
    if (t->by_class) return t->label[at] != ND_IGNORE;
    for (int64_t k = 0; k < p->classes; k++)
        if (share_of(t, p, at, k) > 0) return true;
    return false;
}

// The gradient of the logits from that of the probabilities, which stands in `d`.
static inline void through_softmax(const place *p, NN_REAL *d)
{
    double sum = 0;
    for (int64_t k = 0; k < p->classes; k++)
        sum += (double)d[k * p->size] * exp(log_p(p, k));
    for (int64_t k = 0; k < p->classes; k++)
        d[k * p->size] = (NN_REAL)(exp(log_p(p, k)) * ((double)d[k * p->size] - sum));
}

static inline void nothing(const place *p, NN_REAL *d)
{
    for (int64_t k = 0; k < p->classes; k++) d[k * p->size] = 0;
}

// ND_E_DATA for a label that is no class.
static inline nd_status check_label(const aim *t, const place *p, int64_t at)
{
    if (!t->by_class || (t->label[at] >= 0 && t->label[at] < p->classes)) return ND_OK;
    return nn_wrong_class(t->label[at], at, p->classes, p->size);
}
