// SPDX-License-Identifier: Apache-2.0
// The task pool: workers that each own an arena take the next task of the oldest job.
#include <nadir/pool.h>
#include <pthread.h>
#include <stdlib.h>

typedef struct run {
    const nd_job *job;
    nd_flag *cancel;
    int64_t next, done, under_way;
    nd_error error;
    struct run *after;
} run;
struct nd_pool {
    pthread_mutex_t lock;
    pthread_cond_t work, finished;
    run *first;
    bool closing;
    int threads, started;
    struct worker *worker;
};
typedef struct worker {
    pthread_t thread;
    nd_pool *pool;
    nd_arena *arena;
} worker;
// A task that runs a job of its own does it alone: waiting here could wait for itself.
static _Thread_local bool is_worker;

static bool has_failed(const run *r)
{
    return r->error.code != ND_OK;
}

// Under the lock. A failed job starts no more tasks.
static run *next_run(nd_pool *pool)
{
    for (run *r = pool->first; r; r = r->after)
        if (r->next < r->job->count && !has_failed(r)) return r;
    return NULL;
}

static nd_status one_task(const nd_job *job, nd_work *work, int64_t number)
{
    nd_status status = nd_work_go_on(work);
    if (status == ND_OK) status = job->task(job->user, work, number);
    if (status != ND_OK) work->error = nd_error_take();
    nd_arena_reset(work->arena);
    return status;
}

static void finish(nd_pool *pool, run *r, nd_status status, nd_work *work)
{
    r->under_way--;
    if (status == ND_OK) {
        r->done++;
        if (r->job->progress)
            r->job->progress(r->job->progress_user, r->done, r->job->count);
    } else if (!has_failed(r)) {
        r->error = work->error;
        if (r->error.code == ND_OK) r->error.code = status;
        nd_flag_raise(r->cancel);
    }
    if (!r->under_way && (has_failed(r) || r->done == r->job->count))
        pthread_cond_broadcast(&pool->finished);
}

static void *work(void *user)
{
    const worker *self = user;
    nd_pool *pool = self->pool;
    is_worker = true;
    pthread_mutex_lock(&pool->lock);
    while (!pool->closing) {
        run *r = next_run(pool);
        if (!r) {
            pthread_cond_wait(&pool->work, &pool->lock);
            continue;
        }
        const int64_t number = r->next++;
        r->under_way++;
        pthread_mutex_unlock(&pool->lock);
        nd_work tools = {
            .arena = self->arena, .cancel = r->cancel, .cache = r->job->cache};
        const nd_status status = one_task(r->job, &tools, number);
        pthread_mutex_lock(&pool->lock);
        finish(pool, r, status, &tools);
    }
    pthread_mutex_unlock(&pool->lock);
    return NULL;
}

static bool start_worker(nd_pool *pool, worker *made)
{
    *made = (worker){.pool = pool, .arena = nd_arena_new()};
    if (made->arena && pthread_create(&made->thread, NULL, work, made) == 0) return true;
    nd_arena_free(made->arena);
    return false;
}

nd_pool *nd_pool_new(int threads)
{
    if (threads < 1) threads = nd_cores();
    nd_pool *pool = calloc(1, sizeof *pool);
    worker *made = calloc((size_t)threads, sizeof *made);
    if (!pool || !made) {
        free(pool);
        free(made);
        return (void)nd_fail(ND_E_MEMORY, "no memory for %d workers\nask for fewer: -j",
                             threads),
               NULL;
    }
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->work, NULL);
    pthread_cond_init(&pool->finished, NULL);
    pool->worker = made;
    pool->threads = threads;
    for (; pool->started < threads; pool->started++)
        if (!start_worker(pool, &made[pool->started])) {
            nd_pool_free(pool);
            return (void)nd_fail(ND_E_MEMORY,
                                 "the system gives no %d threads\nask for fewer: -j",
                                 threads),
                   NULL;
        }
    return pool;
}

void nd_pool_free(nd_pool *pool)
{
    if (!pool) return;
    pthread_mutex_lock(&pool->lock);
    pool->closing = true;
    pthread_cond_broadcast(&pool->work);
    pthread_mutex_unlock(&pool->lock);
    for (int i = 0; i < pool->started; i++) {
        pthread_join(pool->worker[i].thread, NULL);
        nd_arena_free(pool->worker[i].arena);
    }
    pthread_cond_destroy(&pool->work);
    pthread_cond_destroy(&pool->finished);
    pthread_mutex_destroy(&pool->lock);
    free(pool->worker);
    free(pool);
}

int nd_pool_threads(const nd_pool *pool)
{
    return pool->threads;
}

static nd_status run_alone(const nd_job *job, nd_flag *cancel)
{
    nd_arena *arena = nd_arena_new();
    nd_status status = arena ? ND_OK : ND_E_MEMORY;
    nd_work work = {.arena = arena, .cancel = cancel, .cache = job->cache};
    for (int64_t i = 0; i < job->count && status == ND_OK; i++) {
        status = one_task(job, &work, i);
        if (status != ND_OK) (void)nd_error_give(&work.error);
        if (status == ND_OK && job->progress)
            job->progress(job->progress_user, i + 1, job->count);
    }
    nd_arena_free(arena);
    return status;
}

static void wait_for(nd_pool *pool, run *r)
{
    run **link = &pool->first;
    pthread_mutex_lock(&pool->lock);
    while (*link) link = &(*link)->after;
    *link = r;
    pthread_cond_broadcast(&pool->work);
    while (r->under_way || (!has_failed(r) && r->done < r->job->count))
        pthread_cond_wait(&pool->finished, &pool->lock);
    for (link = &pool->first; *link != r;) link = &(*link)->after;
    *link = r->after;
    pthread_mutex_unlock(&pool->lock);
}

nd_status nd_pool_run(nd_pool *pool, const nd_job *job)
{
    nd_arena *arena = job->cancel ? NULL : nd_arena_new();
    nd_flag *cancel = job->cancel ? job->cancel : arena ? nd_flag_new(arena) : NULL;
    nd_status status = cancel ? ND_OK : ND_E_MEMORY;
    if (status == ND_OK && is_worker) {
        status = run_alone(job, cancel);
    } else if (status == ND_OK) {
        run r = {.job = job, .cancel = cancel};
        wait_for(pool, &r);
        if (has_failed(&r)) status = nd_error_give(&r.error);
    }
    nd_arena_free(arena);
    return status;
}
