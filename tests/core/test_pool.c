// SPDX-License-Identifier: Apache-2.0
#include "../harness.h"
#include <nadir/pool.h>
#include <stdatomic.h>

typedef struct counts {
    atomic_int ran[200], started;
    atomic_llong sum;
    nd_pool *pool;
    int64_t last;
    int told;
} counts;

static nd_status count(void *user, nd_work *work, int64_t number)
{
    counts *c = user;
    if (!nd_alloc(work->arena, 1000, 1)) return ND_E_MEMORY;
    atomic_fetch_add(&c->ran[number], 1);
    atomic_fetch_add(&c->sum, number);
    return ND_OK;
}

static void tell(void *user, int64_t done, int64_t all)
{
    counts *c = user;
    CHECK(done == c->last + 1 && done <= all);
    c->last = done;
    c->told++;
}

TEST(runs_each_task_once_and_tells_how_far_it_is)
{
    counts c = {.last = 0};
    nd_pool *pool = nd_pool_new(4);
    CHECK(pool && nd_pool_threads(pool) == 4);
    CHECK(nd_pool_run(pool, &(nd_job){.task = count,
                                      .user = &c,
                                      .count = 200,
                                      .progress = tell,
                                      .progress_user = &c}) == ND_OK);
    for (int i = 0; i < 200; i++) CHECK(atomic_load(&c.ran[i]) == 1);
    CHECK(atomic_load(&c.sum) == 199 * 200 / 2 && c.told == 200);
    CHECK(nd_pool_run(pool, &(nd_job){.task = count, .user = &c}) == ND_OK);
    nd_pool_free(pool);
    nd_pool_free(NULL);
}

static nd_status fail_at_ten(void *user, nd_work *work, int64_t number)
{
    counts *c = user;
    atomic_fetch_add(&c->started, 1);
    if (number == 10)
        return nd_fail(ND_E_DATA, "tile %d is torn\nfetch the scene again", (int)number);
    while (number > 10) ND_TRY(nd_work_go_on(work)); // until the failure cancels it
    return ND_OK;
}

TEST(the_first_failure_cancels_and_its_words_reach_who_waits)
{
    counts c = {.last = 0};
    nd_pool *pool = nd_pool_new(3);
    CHECK(pool &&
          nd_pool_run(pool, &(nd_job){.task = fail_at_ten, .user = &c, .count = 200}) ==
              ND_E_DATA);
    CHECK(error_says("tile 10 is torn\nfetch the scene again"));
    CHECK(atomic_load(&c.started) <= 13); // ten, the torn one, two others under way
    // The pool is as good as new.
    CHECK(nd_pool_run(pool, &(nd_job){.task = count, .user = &c, .count = 50}) == ND_OK);
    CHECK(nd_error_take().code == ND_OK);
    nd_pool_free(pool);
}

static nd_status inner(void *user, nd_work *work, int64_t number)
{
    counts *c = user;
    (void)work;
    if (c->last == number) return nd_fail(ND_E_IO, "disk %d is full\nmake room", 7);
    atomic_fetch_add(&c->sum, 1);
    return ND_OK;
}

static nd_status outer(void *user, nd_work *work, int64_t number)
{
    counts *c = user;
    (void)work, (void)number;
    return nd_pool_run(c->pool, &(nd_job){.task = inner, .user = c, .count = 10});
}

TEST(a_task_may_run_a_job_of_its_own)
{
    counts c = {.last = -1};
    c.pool = nd_pool_new(2);
    CHECK(c.pool &&
          nd_pool_run(c.pool, &(nd_job){.task = outer, .user = &c, .count = 20}) ==
              ND_OK);
    CHECK(atomic_load(&c.sum) == 200);
    c.last = 4; // the fifth task of the inner job fails
    CHECK(nd_pool_run(c.pool, &(nd_job){.task = outer, .user = &c, .count = 20}) ==
          ND_E_IO);
    CHECK(error_says("disk 7 is full\nmake room"));
    nd_pool_free(c.pool);
}

TEST(a_raised_flag_stops_a_job_before_it_starts)
{
    counts c = {.last = 0};
    nd_pool *pool = nd_pool_new(2);
    nd_flag *flag = nd_flag_new(arena);
    CHECK(pool && flag);
    nd_flag_raise(flag);
    CHECK(nd_pool_run(
              pool, &(nd_job){.task = count, .user = &c, .count = 200, .cancel = flag}) ==
          ND_E_CANCELLED);
    CHECK(error_says("stopped on request") && atomic_load(&c.sum) == 0);
    nd_pool_free(pool);
}

TEST(there_is_a_core)
{
    nd_pool *pool = nd_pool_new(0);
    CHECK(nd_cores() >= 1 && pool && nd_pool_threads(pool) == nd_cores());
    nd_pool_free(pool);
}
