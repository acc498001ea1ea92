// SPDX-License-Identifier: Apache-2.0
// Plain Lovász-softmax (Berman et al. 2018): errors sorted, class by class.
#include "nn/class_losses.h"
#include "nn/plain/classes.h"
#include <stdlib.h>

static int larger_first(const void *a, const void *b)
{
    const nn_ranked *x = a, *y = b;
    if (x->error < y->error || x->error > y->error) return x->error < y->error ? 1 : -1;
    return (x->at > y->at) - (x->at < y->at);
}

// Errors of class k where something is said, falling; how many belong to the class.
static int64_t sort(const nd_tensor *logits, const NN_REAL *z, const int64_t *label,
                    int64_t k, nn_ranked *ranked, int64_t *hits)
{
    int64_t count = 0;
    *hits = 0;
    for (int64_t at = 0, n = places_of(logits); at < n; at++) {
        if (label[at] == ND_IGNORE) continue;
        const place p = place_at(logits, z, at);
        const double q = exp(log_p(&p, k));
        *hits += label[at] == k;
        ranked[count++] = (nn_ranked){label[at] == k ? 1 - q : q, at};
    }
    qsort(ranked, (size_t)count, sizeof *ranked, larger_first);
    return count;
}

// How much Jaccard's loss grows when the error of this rank is made too.
typedef struct growth {
    double hits, found, others, before;
} growth;

static double next(growth *g, bool is_hit)
{
    g->found += is_hit, g->others += !is_hit;
    const double now = 1 - (g->hits - g->found) / (g->hits + g->others);
    const double grown = now - g->before;
    g->before = now;
    return grown;
}

nd_status NN_NAME(lovasz)(const nn_call *call)
{
    const nd_tensor *logits = call->record->in[0];
    const aim t = aim_of(call->record->in[1], call->in[1]);
    const int64_t *label = call->in[1];
    nn_ranked *ranked = call->scratch;
    double loss = 0, present = 0;
    for (int64_t at = 0, n = places_of(logits); at < n; at++) {
        const place p = place_at(logits, call->in[0], at);
        if (says(&t, &p, at)) ND_TRY(check_label(&t, &p, at));
    }
    for (int64_t k = 0; k < logits->shape.dim[1]; k++) {
        int64_t hits = 0;
        const int64_t count = sort(logits, call->in[0], label, k, ranked, &hits);
        if (!hits) continue;
        present++;
        growth g = {.hits = (double)hits};
        for (int64_t i = 0; i < count; i++)
            loss += ranked[i].error * next(&g, label[ranked[i].at] == k);
    }
    *(NN_REAL *)call->out[0] = (NN_REAL)(present > 0 ? loss / present : 0);
    *(NN_REAL *)call->out[1] = (NN_REAL)present;
    return ND_OK;
}

nd_status NN_NAME(lovasz_back)(const nn_call *call)
{
    const nd_tensor *logits = call->record->in[1];
    const aim t = aim_of(call->record->in[2], call->in[2]);
    const int64_t *label = call->in[2];
    const double present = (double)*(const NN_REAL *)call->in[3];
    const double scale =
        present > 0 ? (double)*(const NN_REAL *)call->in[0] / present : 0;
    NN_REAL *out = call->out[0];
    const int64_t places = places_of(logits);
    for (int64_t i = 0, n = nd_shape_count(logits->shape); i < n; i++) out[i] = 0;
    for (int64_t k = 0; k < logits->shape.dim[1]; k++) {
        int64_t hits = 0;
        nn_ranked *ranked = call->scratch;
        const int64_t count = sort(logits, call->in[1], label, k, ranked, &hits);
        growth g = {.hits = (double)hits};
        for (int64_t i = 0; i < count && hits; i++) {
            const bool is_hit = label[ranked[i].at] == k;
            const double grown = next(&g, is_hit);
            const place p = place_at(logits, call->in[1], ranked[i].at);
            out[p.from + k * p.size] = (NN_REAL)(scale * (is_hit ? -grown : grown));
        }
    }
    for (int64_t at = 0; at < places; at++) {
        const place p = place_at(logits, call->in[1], at);
        if (says(&t, &p, at)) through_softmax(&p, out + p.from);
    }
    return ND_OK;
}
