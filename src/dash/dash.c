// SPDX-License-Identifier: Apache-2.0
// The server as a whole: started first, filled later; viewers and what they have set.
#include "dash/runs.h"
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

// ---- Viewers. All under dash->lock.

static dash_view *view_find(nd_dash *dash, const char *name)
{
    for (int i = 0; *name && i < DASH_VIEWS; i++)
        if (strcmp(dash->view[i].name, name) == 0) return &dash->view[i];
    return NULL;
}

static dash_view *view_take(nd_dash *dash, const char *name)
{
    dash_view *v = view_find(dash, name);
    if (v) return v;
    v = dash->view;
    for (int i = 1; i < DASH_VIEWS; i++) // the one that was silent longest
        if (dash->view[i].used < v->used) v = &dash->view[i];
    dash_plan_unref(v->now);
    dash_plan_unref(v->before);
    *v = (dash_view){0};
    snprintf(v->name, sizeof v->name, "%s", name);
    return v;
}

void dash_view_set(nd_dash *dash, const char *name, int generation, dash_plan *plan)
{
    pthread_mutex_lock(&dash->lock);
    dash_view *v = view_take(dash, *name ? name : "0");
    if (generation >= v->generation) {
        dash_plan_unref(v->before); // of what was before, tiles still stand on the screen
        v->before = v->now, v->now = dash_plan_ref(plan);
        v->generation = generation;
    }
    v->used = ++dash->clock;
    pthread_mutex_unlock(&dash->lock);
}

dash_plan *dash_view_plan(nd_dash *dash, const char *name)
{
    pthread_mutex_lock(&dash->lock);
    const dash_view *v = view_find(dash, name);
    dash_plan *plan = dash_plan_ref(v && v->now ? v->now : dash->base);
    pthread_mutex_unlock(&dash->lock);
    return plan;
}

dash_plan *dash_find(nd_dash *dash, nd_hash key, const nd_node **node)
{
    pthread_mutex_lock(&dash->lock);
    dash_plan *found = dash->base;
    *node = found ? dash_plan_find(found, key) : NULL;
    for (int i = 0; i < 2 * DASH_VIEWS && !*node; i++) {
        dash_view *v = &dash->view[i / 2];
        found = i % 2 ? v->before : v->now;
        *node = found ? dash_plan_find(found, key) : NULL;
        if (*node) v->used = ++dash->clock;
    }
    if (*node)
        (void)dash_plan_ref(found);
    else
        found = NULL;
    pthread_mutex_unlock(&dash->lock);
    return found;
}

// ---- Start.

static nd_status make_token(char token[40])
{
    static const char digits[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    unsigned char secret[24]; // 192 bits
    if (getrandom(secret, sizeof secret, 0) != (ssize_t)sizeof secret)
        return nd_fail(ND_E_IO, "the system gives no random numbers: %s\ntry again",
                       nd_system_error(errno));
    for (size_t i = 0; i < 8; i++) {
        const unsigned n = (unsigned)secret[3 * i] << 16 |
                           (unsigned)secret[3 * i + 1] << 8 | secret[3 * i + 2];
        for (size_t k = 0; k < 4; k++) token[4 * i + k] = digits[n >> (18 - 6 * k) & 63];
    }
    token[32] = 0;
    return ND_OK;
}

static void name_hosts(dash_guard *guard, const char *listen)
{
    static const char *const own[] = {"127.0.0.1", "localhost", "[::1]"};
    int n = 0;
    for (; n < 3; n++)
        snprintf(guard->host[n], sizeof guard->host[n], "%s:%d", own[n], guard->port);
    if (!listen) return;
    const bool is_six = strchr(listen, ':') != NULL;
    snprintf(guard->host[n], sizeof guard->host[n], is_six ? "[%.60s]:%d" : "%.60s:%d",
             listen, guard->port);
    // Listening everywhere, we are called by whatever name the machine has.
    char machine[61] = "";
    if (gethostname(machine, sizeof machine - 1) == 0)
        snprintf(guard->host[n + 1], sizeof guard->host[n + 1], "%s:%d", machine,
                 guard->port);
}

static nd_status start(nd_dash *dash, const nd_dash_settings *set)
{
    if (pipe(dash->stop) != 0) {
        dash->stop[0] = dash->stop[1] = -1;
        return nd_fail(ND_E_IO, "the system gives no pipe: %s\nclose other programs",
                       nd_system_error(errno));
    }
    ND_TRY(make_token(dash->guard.token));
    dash->cache = nd_cache_new(set->memory > 0 ? set->memory : (int64_t)256 << 20);
    if (!dash->cache) return ND_E_MEMORY;
    const int threads = set->threads > 0 ? set->threads : nd_cores();
    dash->queue = dash_queue_new(dash, threads, dash->cache);
    if (!dash->queue) return ND_E_MEMORY;
    dash->pool = nd_pool_new(threads);
    if (!dash->pool) return ND_E_MEMORY;
    const dash_serve_ask ask = {set->listen, set->port, set->head_s, dash_route, dash};
    ND_TRY(dash_serve_new(&ask, &dash->serve));
    dash->guard.port = dash_serve_port(dash->serve);
    name_hosts(&dash->guard, set->listen);
    const char *host = set->listen ? dash->guard.host[3] : dash->guard.host[0];
    snprintf(dash->url, sizeof dash->url, "http://%s/?t=%s", host, dash->guard.token);
    return dash_serve_start(dash->serve);
}

nd_status nd_dash_new(const nd_dash_settings *settings, nd_dash **made)
{
    nd_dash *dash = calloc(1, sizeof *dash);
    if (!dash)
        return nd_fail(ND_E_MEMORY, "no memory for a server\nclose other programs");
    dash->stop[0] = dash->stop[1] = -1;
    pthread_mutex_init(&dash->lock, NULL);
    pthread_cond_init(&dash->opened, NULL);
    dash->speak = settings->speak;
    const nd_status status = start(dash, settings);
    if (status != ND_OK) {
        nd_dash_free(dash);
        return status;
    }
    *made = dash;
    return ND_OK;
}

const char *nd_dash_url(const nd_dash *dash)
{
    return dash->url;
}

int nd_dash_port(const nd_dash *dash)
{
    return dash->guard.port;
}

// ---- Opening the map behind the listening server.

static void *open_map(void *user)
{
    nd_dash *dash = user;
    dash_plan *plan = NULL;
    const nd_status status = dash_plan_new(&dash->map, NULL, NULL, 0, &plan);
    const nd_error error = status == ND_OK ? (nd_error){0} : nd_error_take();
    pthread_mutex_lock(&dash->lock);
    dash->base = plan;
    dash->error = error;
    dash->state = status == ND_OK ? DASH_READY : DASH_FAILED;
    pthread_cond_broadcast(&dash->opened);
    pthread_mutex_unlock(&dash->lock);
    if (status != ND_OK) nd_dash_stop(dash);
    return NULL;
}

nd_status nd_dash_open(nd_dash *dash, const nd_dash_map *map)
{
    dash->map = *map;
    const bool is_started = pthread_create(&dash->opener, NULL, open_map, dash) == 0;
    pthread_mutex_lock(&dash->lock);
    dash->has_opener = is_started;
    pthread_mutex_unlock(&dash->lock);
    if (is_started) return ND_OK;
    return nd_fail(ND_E_MEMORY, "the system gives no thread\nclose other programs");
}

// ---- Runs of training.

dash_runs *dash_runs_of(nd_dash *dash)
{
    pthread_mutex_lock(&dash->lock);
    dash_runs *runs = dash->runs;
    pthread_mutex_unlock(&dash->lock);
    return runs;
}

nd_status nd_dash_watch(nd_dash *dash, const char *folder)
{
    dash_runs *runs = dash_runs_of(dash);
    if (runs) return dash_runs_add(runs, folder);
    runs = dash_runs_new(dash);
    if (!runs) return ND_E_MEMORY;
    const nd_status status = dash_runs_add(runs, folder);
    if (status != ND_OK) {
        dash_runs_stop(runs), dash_runs_free(runs);
        return status;
    }
    pthread_mutex_lock(&dash->lock);
    dash->runs = runs;
    pthread_mutex_unlock(&dash->lock);
    return ND_OK;
}

bool dash_has_map(nd_dash *dash)
{
    pthread_mutex_lock(&dash->lock);
    const bool has_map = dash->has_opener;
    pthread_mutex_unlock(&dash->lock);
    return has_map;
}

void nd_dash_stop(nd_dash *dash)
{
    const char word = 0;
    if (write(dash->stop[1], &word, 1) < 0) return; // full: it has been told already
}

nd_status nd_dash_run(nd_dash *dash)
{
    struct pollfd p = {.fd = dash->stop[0], .events = POLLIN};
    while (poll(&p, 1, -1) < 0 && errno == EINTR) {
    }
    pthread_mutex_lock(&dash->lock);
    const nd_error error = dash->error;
    pthread_mutex_unlock(&dash->lock);
    return error.code == ND_OK ? ND_OK : nd_error_give(&error);
}

void nd_dash_free(nd_dash *dash)
{
    if (!dash) return;
    pthread_mutex_lock(&dash->lock);
    dash->is_stopping = true;
    pthread_cond_broadcast(&dash->opened);
    pthread_mutex_unlock(&dash->lock);
    dash_runs_stop(dash->runs);
    if (dash->queue) dash_queue_stop(dash->queue);
    dash_serve_free(dash->serve);
    dash_runs_free(dash->runs);
    if (dash->has_opener) pthread_join(dash->opener, NULL);
    for (int i = 0; i < DASH_VIEWS; i++) {
        dash_plan_unref(dash->view[i].now);
        dash_plan_unref(dash->view[i].before);
    }
    dash_plan_unref(dash->base);
    dash_queue_free(dash->queue);
    nd_pool_free(dash->pool);
    nd_cache_free(dash->cache);
    for (int i = 0; i < 2; i++)
        if (dash->stop[i] >= 0) close(dash->stop[i]);
    pthread_cond_destroy(&dash->opened);
    pthread_mutex_destroy(&dash->lock);
    free(dash);
}
