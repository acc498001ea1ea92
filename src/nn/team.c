// SPDX-License-Identifier: Apache-2.0
// A team of threads for one operation: libgomp's, which oneDNN uses too, so that there is
// one pool.
#include "nn/nn.h"
#include "nn/openmp.h"
#include <unistd.h>

typedef struct job {
    void (*fn)(void *user, int thread, int threads);
    void *user;
    int threads;
    const nn_openmp *openmp;
} job;

// The team may be smaller than asked for: the parts stay the same.
static void parts(void *data)
{
    const job *j = data;
    const int here = j->openmp->thread(), all = j->openmp->threads();
    for (int i = here; i < j->threads; i += all) j->fn(j->user, i, j->threads);
}

// More than the limit would never come, and oneDNN's kernels wait for all they count on.
void nn_team_here(int threads)
{
    const nn_openmp *openmp = nn_openmp_there();
    if (openmp) openmp->set_threads(threads < openmp->limit ? threads : openmp->limit);
}

// The threads of a team do not survive a fork.
static bool is_child(void)
{
    static pid_t first;
    pid_t none = 0;
    const pid_t here = getpid();
    return !__atomic_compare_exchange_n(&first, &none, here, false, __ATOMIC_SEQ_CST,
                                        __ATOMIC_SEQ_CST) &&
           none != here;
}

void nn_team(int threads, void (*fn)(void *user, int thread, int threads), void *user)
{
    const nn_openmp *openmp = threads > 1 && !is_child() ? nn_openmp_there() : NULL;
    if (openmp) {
        job j = {fn, user, threads, openmp};
        openmp->parallel(parts, &j, (unsigned)threads, 0);
        return;
    }
    for (int i = 0; i < threads; i++) fn(user, i, threads);
}
