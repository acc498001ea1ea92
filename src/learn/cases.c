// SPDX-License-Identifier: Apache-2.0
// The worst cases of all that pass, and typical ones drawn by lot.
#include "learn/cases.h"
#include <nadir/pool.h>
#include <stdlib.h>
#include <string.h>

static void insert(nd_case *list, int *count, nd_case one)
{
    int at = *count < ND_CASES ? (*count)++ : ND_CASES - 1;
    for (; at > 0 && list[at - 1].loss < one.loss; at--) list[at] = list[at - 1];
    list[at] = one;
}

// Those with the smallest lots, whatever order they come in.
static void draw_typical(learn_cases *c, uint64_t seed, nd_case one)
{
    uint32_t r[4];
    nd_random(seed ^ 0x74797069, (uint64_t)one.index, r);
    int at = c->typicals;
    if (at == ND_CASES && r[0] >= c->lot[--at]) return;
    for (; at > 0 && c->lot[at - 1] > r[0]; at--) {
        c->typical[at] = c->typical[at - 1];
        c->lot[at] = c->lot[at - 1];
    }
    c->typical[at] = one;
    c->lot[at] = r[0];
    if (c->typicals < ND_CASES) c->typicals++;
}

void learn_cases_add(learn_cases *c, uint64_t seed, nd_case one)
{
    if (c->worsts < ND_CASES || one.loss > c->worst[ND_CASES - 1].loss)
        insert(c->worst, &c->worsts, one);
    draw_typical(c, seed, one);
}

static int by_index(const void *a, const void *b)
{
    const nd_case *x = a, *y = b;
    return (x->index > y->index) - (x->index < y->index);
}

void learn_cases_give(const learn_cases *c, nd_evaluation *to)
{
    memcpy(to->worst, c->worst, sizeof to->worst);
    memcpy(to->typical, c->typical, sizeof to->typical);
    to->worsts = c->worsts;
    to->typicals = c->typicals;
    qsort(to->typical, (size_t)to->typicals, sizeof *to->typical, by_index);
}
