// SPDX-License-Identifier: Apache-2.0
// libgomp, loaded when the first team of threads is needed: oneDNN shares its threads.
#pragma once

typedef struct nn_openmp {
    void (*parallel)(void (*fn)(void *), void *data, unsigned threads, unsigned flags);
    void (*set_threads)(int threads);
    int (*thread)(void);
    int (*threads)(void);
    int limit; // threads that there may be: OMP_THREAD_LIMIT
} nn_openmp;
// NULL: there is none. Any thread.
const nn_openmp *nn_openmp_there(void);
