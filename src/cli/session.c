// SPDX-License-Identifier: Apache-2.0
// What a command that computes pixels works with: workers, cache, a way to be stopped.
#include "cli/session.h"
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

// A signal handler has no argument to find these by. The object is set before the act.
static _Atomic(void *) object;
static _Atomic(cli_act *) act;
static volatile sig_atomic_t caught, is_patient;

enum { PATIENCE_S = 4 }; // for workers to stop and files to be taken back

static void give_up(int number)
{
    (void)number;
    _exit(128 + (int)caught);
}

static void stop(int number)
{
    cli_act *what = atomic_load(&act);
    caught = number;
    if (what) what(atomic_load(&object));
    if (!is_patient) (void)alarm(PATIENCE_S);
}

int cli_signal(void)
{
    return (int)caught;
}

void cli_signals_patiently(cli_act *what, void *with)
{
    is_patient = 1;
    cli_signals_do(what, with);
}

void cli_signals_do(cli_act *what, void *with)
{
    static const int stopping[] = {SIGINT, SIGTERM, SIGHUP};
    atomic_store(&act, NULL);
    atomic_store(&object, with);
    atomic_store(&act, what);
    // The second one of a kind ends the program at once.
    struct sigaction action = {.sa_handler = stop, .sa_flags = (int)SA_RESETHAND};
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; !caught && i < sizeof stopping / sizeof *stopping; i++) {
        struct sigaction before;
        const bool is_nohup = stopping[i] == SIGHUP &&
                              sigaction(SIGHUP, NULL, &before) == 0 &&
                              before.sa_handler == SIG_IGN;
        if (!is_nohup) (void)sigaction(stopping[i], &action, NULL);
    }
    action = (struct sigaction){.sa_handler = give_up};
    sigemptyset(&action.sa_mask);
    (void)sigaction(SIGALRM, &action, NULL);
    // A reader that went away is an error of writing, not the end.
    action.sa_handler = SIG_IGN;
    (void)sigaction(SIGPIPE, &action, NULL);
    if (what && caught) what(with);
}

static void raise_flag(void *flag)
{
    nd_flag_raise(flag);
}

void cli_signals_to(nd_flag *flag)
{
    cli_signals_do(flag ? raise_flag : NULL, flag);
}

static void free_pool(void *pool)
{
    nd_pool_free(pool);
}

static void free_cache(void *cache)
{
    nd_cache_free(cache);
}

nd_status cli_session_open(cli_call *call, cli_session *session)
{
    nd_pool *pool = nd_pool_new(call->pulling->threads);
    if (!pool) return ND_E_MEMORY;
    ND_TRY(nd_defer(call->arena, free_pool, pool));
    *session = (cli_session){.call = call, .pool = pool};
    session->progress = cli_progress_new(call->arena, call->general);
    return session->progress ? ND_OK : ND_E_MEMORY;
}

nd_status cli_session_next(cli_session *session, nd_arena *arena, nd_run *run)
{
    nd_flag *flag = nd_flag_new(arena);
    nd_cache *cache = flag ? nd_cache_new(session->call->pulling->memory) : NULL;
    if (!cache) return ND_E_MEMORY;
    ND_TRY(nd_defer(arena, free_cache, cache));
    session->cache = cache;
    cli_signals_to(flag);
    *run = (nd_run){.pool = session->pool,
                    .cache = cache,
                    .cancel = flag,
                    .progress = cli_progress_step,
                    .user = session->progress};
    return ND_OK;
}
