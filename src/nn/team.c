// SPDX-License-Identifier: Apache-2.0
// A team of threads for one operation.
#include "nn/nn.h"

void nn_team_here(int threads)
{
    (void)threads;
}

// Every part, one after the other: the cut is what numbers depend on, not the threads.
void nn_team(int threads, void (*fn)(void *user, int thread, int threads), void *user)
{
    for (int i = 0; i < threads; i++) fn(user, i, threads);
}
