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
// The same with all 128 bits of the counter.
void nd_random_wide(uint64_t key, const uint32_t counter[4], uint32_t out[4]);
// Streams keep what is drawn for one purpose apart from all others. The counter is block,
// index (48 bits), stream (16 bits) and epoch: any number can be had by itself.
typedef enum nd_stream {
    ND_DRAW_SPLIT,
    ND_DRAW_ORDER,
    ND_DRAW_PLACE,
    ND_DRAW_AUGMENT,
    ND_DRAW_MIX,
    ND_DRAW_DROPOUT,
    ND_DRAW_WEIGHTS,
    ND_DRAW_STATISTICS,
    ND_DRAW_BOOTSTRAP
} nd_stream;
typedef struct nd_draw {
    uint64_t seed, index;
    uint32_t epoch;
    nd_stream stream;
} nd_draw;
void nd_draw_block(const nd_draw *draw, uint32_t block, uint32_t out[4]);
// A word as a number in [0, 1), exact in float.
static inline float nd_draw_unit(uint32_t word)
{
    return (float)(word >> 8) * 0x1p-24f;
}
// Without bias in [0, n) by Lemire's product; a rejected word is replaced by words of
// further blocks, from `block` on. n > 0.
uint32_t nd_draw_below(const nd_draw *draw, uint32_t block, uint32_t n);

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
