// SPDX-License-Identifier: Apache-2.0
// Many tasks on a few threads, how far they are, and numbers that are random by counter.
#pragma once
#include <nadir/core.h>

// Threads that wait for jobs. A job is `count` tasks; each runs once, on any worker, in
// the order of their numbers as far as workers are free. The first failure cancels the
// rest and becomes the error of the thread that waits.
typedef struct nd_pool nd_pool;
typedef struct nd_job {
    nd_status (*task)(void *user, nd_work *work, int64_t number);
    void *user;
    int64_t count;
    nd_flag *cancel;        // NULL: the pool makes one
    struct nd_cache *cache; // goes into each nd_work
    // Told after each task, one thread at a time; may be NULL.
    void (*progress)(void *progress_user, int64_t done, int64_t count);
    void *progress_user;
} nd_job;
int nd_cores(void);                           // that this process may use
nd_pool *nd_pool_new(int threads) ND_CHECKED; // 0: one a core; NULL after nd_fail
void nd_pool_free(nd_pool *pool);
int nd_pool_threads(const nd_pool *pool);
nd_status nd_pool_run(nd_pool *pool, const nd_job *job) ND_CHECKED; // any thread; waits

// Philox 4x32-10 (Salmon et al. 2011): the same four numbers for the same key and count.
void nd_random(uint64_t key, uint64_t counter, uint32_t out[4]);
double nd_random_unit(uint64_t key, uint64_t counter); // in [0, 1)

// 128 bits of anything, not for secrets: the name of a node, a file, a tile.
typedef struct nd_hash {
    uint64_t a, b;
} nd_hash;
nd_hash nd_hash_more(nd_hash h, const void *bytes, size_t count);
nd_hash nd_hash_text(nd_hash start, const char *text); // NULL differs from ""
void nd_hash_print(nd_hash hash, char text[33]);
bool nd_hash_parse(const char *text, nd_hash *hash);

double nd_seconds(void);         // steady clock
double nd_cpu_seconds(void);     // of this process
int64_t nd_resident_bytes(void); // memory of this process in use; 0: not known
// For a program that runs for days: large blocks go back to the system when freed. Once,
// by the program, before it starts threads.
void nd_steady_memory(void);
