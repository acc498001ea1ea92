// SPDX-License-Identifier: Apache-2.0
// Inside learn: the cases that an evaluation shows, kept while examples pass in any
// order.
#pragma once
#include <nadir/evaluate.h>

// Fewer units than this say little of how much others would differ.
enum { FEW_UNITS = 5 };

typedef struct learn_cases { // starts as {0}
    nd_case worst[ND_CASES], typical[ND_CASES];
    uint32_t lot[ND_CASES]; // of the typical ones
    int worsts, typicals;
} learn_cases;

void learn_cases_add(learn_cases *cases, uint64_t seed, nd_case one);
void learn_cases_give(const learn_cases *cases, nd_evaluation *to);
