// SPDX-License-Identifier: Apache-2.0
// Two models on the same samples: is one better, or is it chance?
#include <math.h>
#include <nadir/evaluate.h>
#include <stdlib.h>

// Of the samples that both answered, what the difference is drawn from.
typedef struct pair {
    const nd_tally *a, *b;
    int64_t count;
    const int64_t *unit; // of each sample, from 0
} pair;

static void difference(const void *user, const uint32_t *times, int64_t units,
                       double *value)
{
    const pair *both = user;
    double n = 0, gained = 0;
    (void)units;
    for (int64_t i = 0; i < both->count; i++) {
        const double weight = times[both->unit[i]];
        n += weight * both->a[i].counted;
        gained += weight * (both->b[i].right - both->a[i].right);
    }
    *value = n > 0 ? gained / n : (double)NAN;
}

static int rising(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

// Units as they are named become 0, 1, …: gives how many, -1 after nd_fail.
static int64_t number(nd_arena *arena, const nd_tally *tally, int64_t count,
                      int64_t *unit)
{
    int64_t *name = nd_alloc(arena, (size_t)count, sizeof *name), names = 0;
    if (!name) return -1;
    for (int64_t i = 0; i < count; i++) name[i] = tally[i].unit;
    qsort(name, (size_t)count, sizeof *name, rising);
    for (int64_t i = 0; i < count; i++)
        if (i == 0 || name[i] != name[names - 1]) name[names++] = name[i];
    for (int64_t i = 0; i < count; i++) {
        const int64_t *at =
            bsearch(&tally[i].unit, name, (size_t)names, sizeof *name, rising);
        unit[i] = at ? at - name : 0;
    }
    return names;
}

static nd_status draw(nd_arena *arena, const nd_evaluation *a, const nd_evaluation *b,
                      nd_comparison *to)
{
    int64_t *unit = nd_alloc(arena, (size_t)a->tallies, sizeof *unit);
    if (!unit) return ND_E_MEMORY;
    const int64_t units = number(arena, a->tally, a->tallies, unit);
    if (units < 0) return ND_E_MEMORY;
    const pair both = {a->tally, b->tally, a->tallies, unit};
    nd_bootstrap drawn;
    ND_TRY(nd_bootstrap_run(
        arena, &(nd_bootstrap_make){.of = difference, .user = &both, .units = units},
        &drawn));
    to->is_drawn = true;
    to->difference = drawn.interval;
    to->p = drawn.p;
    return ND_OK;
}

nd_status nd_evaluation_compare(nd_arena *arena, const nd_evaluation *a,
                                const nd_evaluation *b, nd_comparison *comparison)
{
    nd_comparison to = {0};
    double n = 0;
    if (a->values || b->values)
        return nd_fail(ND_E_UNSUPPORTED,
                       "%s gives values, and only classes are compared so far\n"
                       "look at the ranges of both: nadir evaluate",
                       a->values ? a->model : b->model);
    if (a->tallies != b->tallies || a->is_mask != b->is_mask)
        return nd_fail(ND_E_DATA,
                       "the two models answered %lld and %lld samples\n"
                       "compare them on the same data",
                       (long long)a->tallies, (long long)b->tallies);
    for (int64_t i = 0; i < a->tallies; i++) {
        const nd_tally x = a->tally[i], y = b->tally[i];
        if (x.counted != y.counted)
            return nd_fail(ND_E_DATA,
                           "sample %lld has %g labels for one model, %g for the other\n"
                           "compare models with the same classes on the same data",
                           (long long)i, x.counted, y.counted);
        n += x.counted;
        to.first += x.right;
        to.second += y.right;
        to.only_first += x.right > y.right;
        to.only_second += y.right > x.right;
    }
    to.first = n > 0 ? to.first / n : (double)NAN;
    to.second = n > 0 ? to.second / n : (double)NAN;
    if (a->is_mask)
        ND_TRY(draw(arena, a, b, &to));
    else {
        const nd_mcnemar test = nd_mcnemar_test(to.only_first, to.only_second);
        to.p = test.p;
        to.is_exact = test.is_exact;
    }
    *comparison = to;
    return ND_OK;
}
