// SPDX-License-Identifier: Apache-2.0
// Scores in order: area under the curve by mid-ranks, average precision, and top-k.
#include <math.h>
#include <nadir/metrics.h>
#include <stdlib.h>

typedef struct scored {
    double score;
    bool positive;
} scored;

static int falling(const void *a, const void *b)
{
    const double x = ((const scored *)a)->score, y = ((const scored *)b)->score;
    return (x < y) - (x > y);
}

// Equal scores, one after the other from the highest: how many of each kind.
typedef struct group {
    double positive, negative;
} group;

// The two areas, grown group by group.
typedef struct curves {
    double above_positive, above_negative; // so far
    double pairs;                          // (positive, lower negative), ties half
    double precision;
} curves;

static void areas_add(curves *areas, group tie)
{
    areas->pairs += tie.negative * (areas->above_positive + tie.positive / 2);
    areas->above_positive += tie.positive;
    areas->above_negative += tie.negative;
    const double all = areas->above_positive + areas->above_negative;
    if (all > 0) areas->precision += tie.positive * areas->above_positive / all;
}

static double areas_auc(const curves *areas)
{
    const double pairs = areas->above_positive * areas->above_negative;
    return pairs > 0 ? areas->pairs / pairs : (double)NAN;
}

static double areas_precision(const curves *areas)
{
    const double positives = areas->above_positive;
    return positives > 0 ? areas->precision / positives : (double)NAN;
}

static nd_status walk(nd_arena *arena, const double *score, const bool *positive,
                      int64_t count, curves *areas)
{
    scored *sorted = nd_alloc(arena, (size_t)count, sizeof *sorted);
    if (!sorted) return ND_E_MEMORY;
    int64_t n = 0;
    for (int64_t i = 0; i < count; i++)
        if (!isnan(score[i])) sorted[n++] = (scored){score[i], positive[i]};
    qsort(sorted, (size_t)n, sizeof *sorted, falling);
    for (int64_t i = 0; i < n;) {
        group tie = {0};
        const double at = sorted[i].score;
        for (; i < n && sorted[i].score == at; i++)
            *(sorted[i].positive ? &tie.positive : &tie.negative) += 1;
        areas_add(areas, tie);
    }
    return ND_OK;
}

nd_status nd_auc(nd_arena *arena, const double *score, const bool *positive,
                 int64_t count, double *auc)
{
    curves areas = {0};
    ND_TRY(walk(arena, score, positive, count, &areas));
    *auc = areas_auc(&areas);
    return ND_OK;
}

nd_status nd_average_precision(nd_arena *arena, const double *score, const bool *positive,
                               int64_t count, double *precision)
{
    curves areas = {0};
    ND_TRY(walk(arena, score, positive, count, &areas));
    *precision = areas_precision(&areas);
    return ND_OK;
}

nd_status nd_ranks_new(nd_arena *arena, nd_ranks *ranks)
{
    ranks->positive = nd_alloc(arena, ND_RANK_BINS, sizeof *ranks->positive);
    ranks->negative = nd_alloc(arena, ND_RANK_BINS, sizeof *ranks->negative);
    return ranks->positive && ranks->negative ? ND_OK : ND_E_MEMORY;
}

void nd_ranks_add(nd_ranks *ranks, double score, bool positive)
{
    if (isnan(score)) return;
    const double at = fmin(fmax(score, 0), 1) * (ND_RANK_BINS - 1);
    (positive ? ranks->positive : ranks->negative)[(int)(at + 0.5)] += 1;
}

static curves ranks_walk(const nd_ranks *ranks)
{
    curves areas = {0};
    for (int i = ND_RANK_BINS; i-- > 0;)
        areas_add(&areas, (group){ranks->positive[i], ranks->negative[i]});
    return areas;
}

double nd_ranks_auc(const nd_ranks *ranks)
{
    const curves areas = ranks_walk(ranks);
    return areas_auc(&areas);
}

double nd_ranks_precision(const nd_ranks *ranks)
{
    const curves areas = ranks_walk(ranks);
    return areas_precision(&areas);
}

double nd_top_k(const nd_answers *answers, int k)
{
    int64_t n = 0, found = 0;
    for (int64_t i = 0; i < answers->count; i++) {
        const float *row = &answers->logit[i * answers->classes];
        const int64_t label = answers->label[i];
        if (label < 0 || label >= answers->classes) continue;
        int rank = 1;
        for (int c = 0; c < answers->classes; c++) rank += row[c] > row[label];
        n++;
        found += rank <= k;
    }
    return n ? (double)found / (double)n : (double)NAN;
}
