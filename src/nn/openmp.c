// SPDX-License-Identifier: Apache-2.0
// Loads libgomp late, so that its threads sleep while they wait.
#include "nn/openmp.h"
#include <dlfcn.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

static nn_openmp openmp;
static bool is_there;
static pthread_once_t once = PTHREAD_ONCE_INIT;

// libgomp reads its environment when it is loaded. Threads that spin while they wait take
// the core from whoever has work; a short spin would still cost more than a wake-up.
static void load(void)
{
    (void)setenv("OMP_WAIT_POLICY", "passive", 0); // NOLINT(concurrency-mt-unsafe): once
    void *library = dlopen("libgomp.so.1", RTLD_NOW | RTLD_GLOBAL);
    if (!library) return;
    *(void **)&openmp.parallel = dlsym(library, "GOMP_parallel");
    *(void **)&openmp.set_threads = dlsym(library, "omp_set_num_threads");
    *(void **)&openmp.thread = dlsym(library, "omp_get_thread_num");
    *(void **)&openmp.threads = dlsym(library, "omp_get_num_threads");
    int (*limit)(void) = NULL;
    *(void **)&limit = dlsym(library, "omp_get_thread_limit");
    openmp.limit = limit ? limit() : 1 << 20;
    is_there = openmp.parallel && openmp.set_threads && openmp.thread && openmp.threads;
}

const nn_openmp *nn_openmp_there(void)
{
    pthread_once(&once, load);
    return is_there ? &openmp : NULL;
}
