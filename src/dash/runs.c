// SPDX-License-Identifier: Apache-2.0
// The runs a server shows: who follows them, ten times a second, and streams of what is
// new for each page that looks on.
#include "dash/runs.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

enum { STREAMS = 32, ROWS_A_TICK = 256 };
static const double tick_s = 0.1, idle_s = 1, still_s = 15;

// ---- The follower.

static bool follow_all(dash_runs *runs, bool *again)
{
    bool is_new = false;
    *again = false;
    for (int i = 0;; i++) {
        pthread_mutex_lock(&runs->lock);
        dash_run *run = i < runs->count && !runs->is_stopping ? runs->run[i] : NULL;
        pthread_mutex_unlock(&runs->lock);
        if (!run) return is_new;
        bool more = false;
        is_new = dash_run_follow(runs, run, &more) || is_new;
        *again = *again || more;
    }
}

static void sleep_until(dash_runs *runs, double due)
{
    const double pause = due - nd_seconds();
    struct timespec until;
    if (pause <= 0) return;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += (time_t)pause;
    until.tv_nsec += (long)((pause - floor(pause)) * 1e9);
    if (until.tv_nsec >= 1000000000) until.tv_sec++, until.tv_nsec -= 1000000000;
    pthread_cond_timedwait(&runs->wake, &runs->lock, &until);
}

static void *follow(void *user)
{
    dash_runs *runs = user;
    pthread_mutex_lock(&runs->lock);
    while (!runs->is_stopping) {
        bool again;
        const double start = nd_seconds();
        pthread_mutex_unlock(&runs->lock);
        if (follow_all(runs, &again)) dash_serve_wake(runs->dash->serve);
        pthread_mutex_lock(&runs->lock);
        // On a disk of another machine nothing tells of a change: look.
        if (!again && !runs->is_stopping)
            sleep_until(runs, start + (runs->streams ? tick_s : idle_s));
    }
    pthread_mutex_unlock(&runs->lock);
    return NULL;
}

dash_runs *dash_runs_new(nd_dash *dash)
{
    dash_runs *runs = calloc(1, sizeof *runs);
    nd_arena *arena = nd_arena_new();
    uint64_t boot = 0;
    if (!runs || !arena) {
        free(runs), nd_arena_free(arena);
        return (void)nd_fail(ND_E_MEMORY, "no memory for a run\nclose other programs"),
               NULL;
    }
    if (getrandom(&boot, sizeof boot, 0) < 0) boot = (uint64_t)time(NULL);
    snprintf(runs->boot, sizeof runs->boot, "%016llx", (unsigned long long)boot);
    runs->dash = dash, runs->arena = arena;
    pthread_mutex_init(&runs->lock, NULL);
    pthread_cond_init(&runs->wake, NULL);
    pthread_cond_init(&runs->known, NULL);
    runs->has_follower = pthread_create(&runs->follower, NULL, follow, runs) == 0;
    if (runs->has_follower) return runs;
    dash_runs_free(runs);
    return (void)nd_fail(ND_E_MEMORY, "the system gives no thread\nclose other programs"),
           NULL;
}

nd_status dash_runs_add(dash_runs *runs, const char *path)
{
    pthread_mutex_lock(&runs->lock);
    nd_status status = ND_OK;
    dash_run *run = NULL;
    if (runs->count == DASH_RUNS)
        status = nd_fail(ND_E_UNSUPPORTED,
                         "more than %d runs cannot be watched at once\nleave some out",
                         (int)DASH_RUNS);
    else
        run = dash_run_new(runs->arena, path);
    if (run) {
        runs->run[runs->count++] = run;
        pthread_cond_broadcast(&runs->wake);
    } else if (status == ND_OK) {
        status = ND_E_IO;
    }
    pthread_mutex_unlock(&runs->lock);
    return status;
}

void dash_runs_stop(dash_runs *runs)
{
    if (!runs) return;
    pthread_mutex_lock(&runs->lock);
    runs->is_stopping = true;
    pthread_cond_broadcast(&runs->wake);
    pthread_cond_broadcast(&runs->known);
    pthread_mutex_unlock(&runs->lock);
    if (runs->has_follower) pthread_join(runs->follower, NULL);
    runs->has_follower = false;
}

void dash_runs_free(dash_runs *runs)
{
    if (!runs) return;
    for (int i = 0; i < runs->count; i++) dash_run_free(runs->run[i]);
    pthread_cond_destroy(&runs->wake);
    pthread_cond_destroy(&runs->known);
    pthread_mutex_destroy(&runs->lock);
    nd_arena_free(runs->arena);
    free(runs);
}

// ---- A stream: one page that looks on. What it has been told of each run; the newest
// is said when its socket can take it, so a slow page skips and never queues.

typedef struct heard {
    dash_place place;
    int notes, version[DASH_PARTS];
} heard;
typedef struct stream {
    dash_runs *runs;
    nd_arena *arena;
    heard run[DASH_RUNS];
    int known; // runs the page has been told of
    const char *text;
    size_t length, at;
    double told;
} stream;

static void print_rows(const dash_run *run, int64_t from, nd_json_out *out)
{
    // Beyond what a screen shows, rows are skipped; the curve itself skips none.
    const int64_t count = run->curve.rows - from;
    const int64_t each = (count + ROWS_A_TICK - 1) / ROWS_A_TICK;
    nd_json_whole(out, "from", from);
    nd_json_open(out, "rows", '[');
    for (int64_t i = from + (count - 1) % each; i < run->curve.rows; i += each)
        dash_print_row(&run->ring[i % DASH_RING], out);
    nd_json_close(out, ']');
}

static void print_texts(const char *key, char *const *text, int from, int end, int ring,
                        nd_json_out *out)
{
    nd_json_open(out, key, '[');
    for (int i = from; i < end; i++) nd_json_raw(out, NULL, text[i % ring]);
    nd_json_close(out, ']');
}

// Members that are new of one run; false: none.
static bool print_news(const dash_run *run, int number, heard *said, nd_json_out *out)
{
    const dash_place now = {run->generation, run->epochs, run->curve.rows};
    const bool is_behind =
        said->place.generation != now.generation || said->place.rows > now.rows ||
        said->place.epochs > now.epochs || now.rows - said->place.rows > DASH_RING;
    bool is_new = is_behind;
    if (run->notes - said->notes > DASH_NOTES) said->notes = run->notes - DASH_NOTES;
    if (said->notes > run->notes) said->notes = 0;
    for (int p = 0; p < DASH_PARTS; p++)
        is_new = is_new || said->version[p] != run->version[p];
    if (!is_new && now.rows == said->place.rows && now.epochs == said->place.epochs &&
        run->notes == said->notes)
        return false;
    nd_json_open(out, NULL, '{');
    nd_json_whole(out, "run", number);
    nd_json_whole(out, "generation", now.generation);
    nd_json_whole(out, "total", now.rows);
    nd_json_real(out, "age", fmax(0, rint((double)time(NULL) - run->touched)));
    if (is_behind) nd_json_bool(out, "again", true);
    if (!is_behind && now.rows > said->place.rows) print_rows(run, said->place.rows, out);
    if (!is_behind && now.epochs > said->place.epochs)
        nd_json_whole(out, "epoch", said->place.epochs),
            print_texts("epochs", run->epoch, said->place.epochs, now.epochs, DASH_EPOCHS,
                        out);
    if (run->notes > said->notes)
        print_texts("notes", run->note, said->notes, run->notes, DASH_NOTES, out);
    if (run->version[DASH_STATUS] != said->version[DASH_STATUS] && run->status)
        nd_json_raw(out, "status", run->status);
    nd_json_open(out, "parts", '{');
    for (int p = 0; p < DASH_STATUS; p++)
        if (run->version[p] != said->version[p] && run->version[p])
            nd_json_whole(out, dash_part_name[p], run->version[p]);
    nd_json_close(out, '}');
    nd_json_close(out, '}');
    said->place = now, said->notes = run->notes;
    memcpy(said->version, run->version, sizeof said->version);
    return true;
}

// One event with the news of all runs. Under the lock.
static void compose(stream *s)
{
    const dash_runs *runs = s->runs;
    nd_buffer list = {.arena = s->arena};
    nd_json_out out = {.to = &list};
    bool is_new = s->known != runs->count;
    nd_json_open(&out, NULL, '{');
    nd_json_whole(&out, "count", runs->count);
    nd_json_open(&out, "runs", '[');
    for (int i = 0; i < runs->count; i++)
        if (runs->run[i]->is_known)
            is_new = print_news(runs->run[i], i, &s->run[i], &out) || is_new;
    nd_json_close(&out, ']');
    nd_json_close(&out, '}');
    dash_place place[DASH_RUNS];
    for (int i = 0; i < runs->count; i++) place[i] = s->run[i].place;
    s->known = runs->count;
    const char *news = nd_buffer_text(&list);
    const char *id = dash_places_print(s->arena, runs->boot, place, runs->count);
    const bool is_still = s->told > 0 && nd_seconds() - s->told > still_s;
    const char *text = NULL;
    if (news && id && is_new)
        text = nd_text(s->arena, "%sid: %s\ndata: %s\n\n",
                       s->told > 0 ? "" : "retry: 1000\n", id, news);
    else if (is_still)
        text = ": still here\n\n"; // keeps proxies awake, and shows who has left
    if (text) s->text = text, s->length = strlen(text), s->at = 0, s->told = nd_seconds();
}

static size_t pull(void *user, char *to, size_t room)
{
    stream *s = user;
    if (s->at == s->length) {
        nd_arena_reset(s->arena);
        s->text = NULL, s->at = s->length = 0;
        pthread_mutex_lock(&s->runs->lock);
        // A socket that is always ready is not asked more often than a screen is drawn.
        if (nd_seconds() - s->told > 0.8 * tick_s) compose(s);
        pthread_mutex_unlock(&s->runs->lock);
    }
    const size_t left = s->length - s->at, count = left < room ? left : room;
    if (count) memcpy(to, s->text + s->at, count);
    s->at += count;
    return count;
}

static void done(void *user)
{
    stream *s = user;
    pthread_mutex_lock(&s->runs->lock);
    s->runs->streams--;
    pthread_mutex_unlock(&s->runs->lock);
    nd_arena_free(s->arena);
    free(s);
}

static bool enter(dash_runs *runs)
{
    pthread_mutex_lock(&runs->lock);
    const bool has_room = runs->streams < STREAMS;
    if (has_room) {
        runs->streams++;
        pthread_cond_broadcast(&runs->wake);
    }
    pthread_mutex_unlock(&runs->lock);
    return has_room;
}

static stream *stream_new(dash_runs *runs)
{
    stream *s = calloc(1, sizeof *s);
    nd_arena *arena = nd_arena_new();
    if (s && arena && enter(runs)) {
        s->runs = runs, s->arena = arena;
        return s;
    }
    free(s), nd_arena_free(arena);
    return NULL;
}

// Where the page stands: the browser's own word after a break, else the address's.
void dash_train_stream(dash_request *r)
{
    dash_runs *runs = dash_runs_of(r->dash);
    stream *s = stream_new(runs);
    if (!s) {
        dash_say(r, 503, "text/plain", "too many pages look on, close one\n");
        return;
    }
    dash_place place[DASH_RUNS];
    const char *from = r->head.last_event;
    if (!from || !*from) from = dash_query(r->arena, r->head.query, "from");
    const int count = from ? dash_places_parse(from, runs->boot, place) : 0;
    for (int i = 0; i < DASH_RUNS; i++) {
        s->run[i].place = i < count ? place[i] : (dash_place){.generation = -1};
        for (int p = 0; p < DASH_PARTS; p++) s->run[i].version[p] = -1;
    }
    r->answer = (dash_answer){.status = 200,
                              .type = "text/event-stream",
                              .kind = DASH_STREAM,
                              .body = s,
                              .pull = pull,
                              .done = done};
}
