// SPDX-License-Identifier: Apache-2.0
// HTTP through libmicrohttpd, and what it leaves to us: deadlines, a full house, limits.
#define _GNU_SOURCE // POLLRDHUP
#include "dash/dash.h"
#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    MOST = 128,           // connections; one more and the oldest unfinished goes
    SLOTS = 2 * MOST,     // with those that are being closed
    HEAD_BYTES = 1 << 14, // request line and headers
    BODY_BYTES = 1 << 20,
    SILENCE_S = 60,
    SEND_S = 600, // an answer nobody reads
};

typedef enum phase { FREE, HEAD, BODY, WORK, STREAM, IDLE } phase;
typedef struct slot {
    phase phase;
    bool is_shut;
    int fd;
    double since;
    size_t got; // bytes of the body
} slot;
// A stream under way: woken when there may be something to say.
typedef struct flow {
    dash_serve *serve;
    struct MHD_Connection *connection;
    slot *slot;
    size_t (*pull)(void *, char *, size_t);
    void (*done)(void *);
    void *body;
    bool is_waiting, is_over;
    struct flow *next, *woken;
} flow;
struct dash_serve {
    struct MHD_Daemon *daemon;
    dash_serve_ask ask;
    int socket, port;
    pthread_mutex_t lock; // of the slots: a socket is never shut down after it is closed
    pthread_cond_t wake;
    pthread_t sweeper;
    bool has_sweeper, is_stopping, is_ending;
    slot slot[SLOTS];
    flow *flows; // under the lock
    int64_t wakes;
};

static void enter(dash_serve *serve, slot *s, phase next)
{
    if (!s) return;
    pthread_mutex_lock(&serve->lock);
    s->phase = next, s->since = nd_seconds(), s->got = 0;
    pthread_mutex_unlock(&serve->lock);
}

static void shut(slot *s)
{
    s->is_shut = true;
    shutdown(s->fd, SHUT_RDWR);
}

// Of two the one that has stood longer in its phase; `a` may be NULL.
static slot *older(slot *a, slot *b)
{
    return !a || b->since < a->since ? b : a;
}

// ---- A full house. Under the lock: the oldest that has not said what it wants, else
// the one that has been silent longest, else the newcomer.
static void make_room(dash_serve *serve, slot *newcomer)
{
    int open = 0;
    slot *unfinished = NULL, *silent = NULL;
    for (int i = 0; i < SLOTS; i++) {
        slot *s = &serve->slot[i];
        if (s->phase == FREE || s->is_shut) continue;
        open++;
        if (s == newcomer) continue;
        if (s->phase == HEAD || s->phase == BODY) unfinished = older(unfinished, s);
        if (s->phase == IDLE) silent = older(silent, s);
    }
    if (open > MOST) shut(unfinished ? unfinished : silent ? silent : newcomer);
}

static void connected(void *user, struct MHD_Connection *connection, void **context,
                      enum MHD_ConnectionNotificationCode code)
{
    dash_serve *serve = user;
    pthread_mutex_lock(&serve->lock);
    if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
        if (*context) *(slot *)*context = (slot){0};
        *context = NULL;
    } else {
        const union MHD_ConnectionInfo *info =
            MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
        slot *s = serve->slot;
        while (s < serve->slot + SLOTS && s->phase != FREE) s++;
        if (info && s < serve->slot + SLOTS) {
            *s = (slot){.phase = HEAD, .fd = info->connect_fd, .since = nd_seconds()};
            *context = s;
            make_room(serve, s);
        } else if (info) {
            shutdown(info->connect_fd, SHUT_RDWR);
        }
    }
    pthread_mutex_unlock(&serve->lock);
}

static bool has_left(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLRDHUP};
    return poll(&p, 1, 0) > 0 && (p.revents & (POLLRDHUP | POLLHUP | POLLERR | POLLNVAL));
}

static bool is_overdue(const slot *s, double now, double head_s)
{
    const double age = now - s->since;
    if (age > SEND_S) return true;
    switch (s->phase) {
    case HEAD: return age > head_s;
    case BODY: return age > head_s + (double)s->got / 1024;
    case STREAM:
    case IDLE: return age > SILENCE_S;
    default: return false;
    }
}

// Half a second, or until somebody wakes; under the lock.
static void doze(dash_serve *serve)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += 500000000;
    if (until.tv_nsec >= 1000000000) until.tv_sec++, until.tv_nsec -= 1000000000;
    pthread_cond_timedwait(&serve->wake, &serve->lock, &until);
}

// The library's own timeout counts silence only; a byte a second would live for ever.
static void *sweep(void *user)
{
    dash_serve *serve = user;
    const double head_s = serve->ask.head_s > 0 ? serve->ask.head_s : 10;
    pthread_mutex_lock(&serve->lock);
    while (!serve->is_stopping) {
        const double now = nd_seconds();
        for (flow *f = serve->flows; f; f = f->next)
            if (f->is_waiting && f->slot && has_left(f->slot->fd)) f->is_over = true;
        for (int i = 0; i < SLOTS; i++) {
            slot *s = &serve->slot[i];
            if (s->phase != FREE && !s->is_shut && is_overdue(s, now, head_s)) shut(s);
        }
        pthread_mutex_unlock(&serve->lock);
        dash_serve_wake(serve); // streams that are over, and those that were still long
        pthread_mutex_lock(&serve->lock);
        if (!serve->is_stopping) doze(serve);
    }
    pthread_mutex_unlock(&serve->lock);
    return NULL;
}

bool dash_is_gone(const dash_request *r)
{
    const slot *s = r->slot;
    return s && has_left(s->fd);
}

// ---- A request: made when its first line is there, freed when its answer is sent.

static void *begun(void *user, const char *uri, struct MHD_Connection *connection)
{
    dash_serve *serve = user;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    slot *s = info ? info->socket_context : NULL;
    enter(serve, s, HEAD);
    nd_arena *arena = nd_arena_new();
    dash_request *r = arena ? nd_alloc(arena, 1, sizeof *r) : NULL;
    if (!r) {
        nd_arena_free(arena);
        return NULL;
    }
    r->arena = arena, r->connection = connection, r->slot = s;
    r->body.arena = arena;
    const size_t path = strcspn(uri, "?");
    r->head.path = nd_text(arena, "%.*s", (int)path, uri);
    r->head.query = nd_text(arena, "%s", uri[path] ? uri + path + 1 : "");
    return r;
}

static void ended(void *user, struct MHD_Connection *connection, void **context,
                  enum MHD_RequestTerminationCode code)
{
    (void)connection, (void)code;
    dash_request *r = *context;
    *context = NULL;
    if (!r) return;
    enter(user, r->slot, IDLE);
    if (r->answer.kind == DASH_HEAP) free(r->answer.body);
    if (r->answer.kind == DASH_FILE) close(r->answer.file);
    if (r->answer.kind == DASH_STREAM) r->answer.done(r->answer.body);
    nd_arena_free(r->arena);
}

static const char *header(dash_request *r, const char *name)
{
    const char *value = MHD_lookup_connection_value(r->connection, MHD_HEADER_KIND, name);
    return value ? nd_text(r->arena, "%s", value) : NULL;
}

static void read_head(dash_request *r, const char *method)
{
    dash_head *h = &r->head;
    h->method = nd_text(r->arena, "%s", method);
    h->host = header(r, "Host");
    h->origin = header(r, "Origin");
    h->site = header(r, "Sec-Fetch-Site");
    h->mode = header(r, "Sec-Fetch-Mode");
    h->cookie = header(r, "Cookie");
    h->authorization = header(r, "Authorization");
    h->type = header(r, "Content-Type");
    h->view = header(r, "Nadir-View");
    h->none_match = header(r, "If-None-Match");
    h->encoding = header(r, "Accept-Encoding");
    h->language = header(r, "Accept-Language");
    h->last_event = header(r, "Last-Event-ID");
}

// ---- Streams. The library asks for bytes; where there are none the connection rests
// until somebody wakes it.

void dash_serve_wake(dash_serve *serve)
{
    flow *woken = NULL;
    pthread_mutex_lock(&serve->lock);
    serve->wakes++;
    for (flow *f = serve->flows; f; f = f->next)
        if (f->is_waiting) f->is_waiting = false, f->woken = woken, woken = f;
    pthread_mutex_unlock(&serve->lock);
    // Whoever rests is freed by nobody else.
    while (woken) {
        flow *f = woken;
        woken = f->woken;
        MHD_resume_connection(f->connection);
    }
}

static ssize_t read_flow(void *user, uint64_t at, char *to, size_t room)
{
    (void)at;
    flow *f = user;
    dash_serve *serve = f->serve;
    for (;;) {
        pthread_mutex_lock(&serve->lock);
        const int64_t wakes = serve->wakes;
        const bool is_over = serve->is_ending || f->is_over;
        pthread_mutex_unlock(&serve->lock);
        if (is_over) return MHD_CONTENT_READER_END_OF_STREAM;
        const size_t count = f->pull(f->body, to, room);
        pthread_mutex_lock(&serve->lock);
        if (f->slot) f->slot->since = nd_seconds();
        const bool must_rest = !count && wakes == serve->wakes && !serve->is_ending;
        if (must_rest) {
            f->is_waiting = true;
            MHD_suspend_connection(f->connection);
        }
        pthread_mutex_unlock(&serve->lock);
        if (count || must_rest) return (ssize_t)count;
    }
}

static void end_flow(void *user)
{
    flow *f = user;
    pthread_mutex_lock(&f->serve->lock);
    flow **link = &f->serve->flows;
    while (*link && *link != f) link = &(*link)->next;
    if (*link) *link = f->next;
    pthread_mutex_unlock(&f->serve->lock);
    f->done(f->body);
    free(f);
}

static struct MHD_Response *new_flow(dash_serve *serve, dash_request *r)
{
    const dash_answer *a = &r->answer;
    flow *f = calloc(1, sizeof *f);
    if (!f) return NULL;
    *f = (flow){.serve = serve,
                .connection = r->connection,
                .slot = r->slot,
                .pull = a->pull,
                .done = a->done,
                .body = a->body};
    struct MHD_Response *response = MHD_create_response_from_callback(
        MHD_SIZE_UNKNOWN, HEAD_BYTES / 2, read_flow, f, end_flow);
    if (!response) {
        free(f);
        return NULL;
    }
    MHD_add_response_header(response, "X-Accel-Buffering", "no");
    pthread_mutex_lock(&serve->lock);
    f->next = serve->flows, serve->flows = f;
    pthread_mutex_unlock(&serve->lock);
    enter(serve, r->slot, STREAM);
    return response;
}

static void add_headers(struct MHD_Response *response, const dash_answer *a)
{
    static const char *const always[][2] = {
        {"Content-Security-Policy",
         "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
         "connect-src 'self'; font-src 'self'; worker-src 'self'; base-uri 'none'; "
         "form-action 'none'; frame-ancestors 'none'"},
        {"X-Content-Type-Options", "nosniff"},
        {"Referrer-Policy", "no-referrer"},
        {"Cross-Origin-Opener-Policy", "same-origin"},
        {"Cross-Origin-Resource-Policy", "same-origin"},
    };
    for (size_t i = 0; i < sizeof always / sizeof *always; i++)
        MHD_add_response_header(response, always[i][0], always[i][1]);
    MHD_add_response_header(response, "Cache-Control", a->cache ? a->cache : "no-store");
    if (a->type) MHD_add_response_header(response, "Content-Type", a->type);
    if (a->etag) MHD_add_response_header(response, "ETag", a->etag);
    if (a->cookie) MHD_add_response_header(response, "Set-Cookie", a->cookie);
    if (a->timing) MHD_add_response_header(response, "Server-Timing", a->timing);
    if (a->is_gzip) MHD_add_response_header(response, "Content-Encoding", "gzip");
    if (a->is_gzip) MHD_add_response_header(response, "Vary", "Accept-Encoding");
    if (a->name) MHD_add_response_header(response, "Content-Disposition", a->name);
    if (a->status == MHD_HTTP_SERVICE_UNAVAILABLE)
        MHD_add_response_header(response, "Retry-After", "1");
    if (a->status == MHD_HTTP_METHOD_NOT_ALLOWED)
        MHD_add_response_header(response, "Allow", "GET, HEAD, POST");
}

static enum MHD_Result give(dash_serve *serve, struct MHD_Connection *connection,
                            dash_request *r)
{
    dash_answer *a = &r->answer;
    struct MHD_Response *response = NULL;
    static char empty[1];
    if (a->kind == DASH_STREAM)
        response = new_flow(serve, r);
    else if (a->kind == DASH_FILE)
        response = MHD_create_response_from_fd64(a->bytes, a->file);
    else
        response = MHD_create_response_from_buffer(
            a->bytes, a->body ? a->body : empty,
            a->kind == DASH_HEAP   ? MHD_RESPMEM_MUST_FREE
            : a->kind == DASH_COPY ? MHD_RESPMEM_MUST_COPY
                                   : MHD_RESPMEM_PERSISTENT);
    if (!response) return MHD_NO;
    a->kind = DASH_CONSTANT; // the body is the response's now
    add_headers(response, a);
    const enum MHD_Result result =
        MHD_queue_response(connection, (unsigned)a->status, response);
    MHD_destroy_response(response);
    return result;
}

static bool is_too_long(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
    return info && info->header_size > HEAD_BYTES;
}

static enum MHD_Result take_body(dash_serve *serve, dash_request *r, const char *data,
                                 size_t *bytes)
{
    if (*bytes > BODY_BYTES - r->body.length) return MHD_NO;
    nd_buffer_put(&r->body, data, *bytes);
    pthread_mutex_lock(&serve->lock);
    if (r->slot) ((slot *)r->slot)->got += *bytes;
    pthread_mutex_unlock(&serve->lock);
    *bytes = 0;
    return MHD_YES;
}

// Called when the head is there, for each part of the body, when it is whole, and again
// after a suspension. NOLINTNEXTLINE(readability-function-size): the library's parameters
static enum MHD_Result called(void *user, struct MHD_Connection *connection,
                              const char *url, const char *method, const char *version,
                              const char *data, size_t *bytes, void **context)
{
    (void)url, (void)version;
    dash_serve *serve = user;
    dash_request *r = *context;
    if (!r || !r->head.path || !r->head.query) return MHD_NO;
    if (!r->head.method) {
        read_head(r, method);
        enter(serve, r->slot, BODY);
        const char *length = MHD_lookup_connection_value(connection, MHD_HEADER_KIND,
                                                         MHD_HTTP_HEADER_CONTENT_LENGTH);
        int64_t announced = 0;
        if (length && nd_text_size(length, &announced) && announced > BODY_BYTES)
            dash_say(r, MHD_HTTP_CONTENT_TOO_LARGE, "text/plain", "too much\n");
        else if (is_too_long(connection))
            dash_say(r, MHD_HTTP_REQUEST_HEADER_FIELDS_TOO_LARGE, "text/plain",
                     "too many headers\n");
        return r->answer.status ? give(serve, connection, r) : MHD_YES;
    }
    if (*bytes) return take_body(serve, r, data, bytes);
    if (!r->answer.status) {
        enter(serve, r->slot, WORK);
        serve->ask.handle(serve->ask.user, r);
        if (r->is_waiting) return MHD_YES; // called again when the answer stands
    }
    enter(serve, r->slot, WORK);
    return give(serve, connection, r);
}

void dash_suspend(dash_request *r)
{
    r->is_waiting = true;
    MHD_suspend_connection(r->connection);
}

void dash_resume(dash_request *r)
{
    MHD_resume_connection(r->connection);
}

// ---- The socket: one that the kernel gives, or the first free from 8765 on.
static int listen_at(const char *address, int port)
{
    const bool is_six = strchr(address, ':') != NULL;
    struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    struct sockaddr_in6 six = {.sin6_family = AF_INET6,
                               .sin6_port = htons((uint16_t)port)};
    if (inet_pton(is_six ? AF_INET6 : AF_INET, address,
                  is_six ? (void *)&six.sin6_addr : (void *)&four.sin_addr) != 1) {
        errno = EADDRNOTAVAIL;
        return -1;
    }
    const int fd = socket(is_six ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int yes = 1;
    if (fd < 0) return -1;
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    const struct sockaddr *at =
        is_six ? (struct sockaddr *)&six : (struct sockaddr *)&four;
    if (bind(fd, at, is_six ? sizeof six : sizeof four) == 0 && listen(fd, 256) == 0)
        return fd;
    const int why = errno;
    close(fd);
    errno = why;
    return -1;
}

static nd_status listen_somewhere(const char *address, int port, int *fd)
{
    const int first = port < 0 ? 8765 : port, last = port < 0 ? first + 200 : port;
    for (int p = first; p <= last; p++) {
        *fd = listen_at(address, p);
        if (*fd >= 0) return ND_OK;
        if (errno != EADDRINUSE) break;
    }
    if (errno == EADDRINUSE)
        return nd_fail(ND_E_IO,
                       "port %d of %s is taken by another program\n"
                       "give another, or 0 for any: --port 0",
                       first, address);
    return nd_fail(ND_E_IO,
                   "cannot listen at %s, port %d: %s\n"
                   "give a numeric address of this machine, and a port above 1023",
                   address, first, nd_system_error(errno));
}

static int port_of(int fd)
{
    union {
        struct sockaddr any;
        struct sockaddr_in four;
        struct sockaddr_in6 six;
    } at = {.six = {0}};
    socklen_t size = sizeof at;
    if (getsockname(fd, &at.any, &size) != 0) return 0;
    return ntohs(at.any.sa_family == AF_INET6 ? at.six.sin6_port : at.four.sin_port);
}

nd_status dash_serve_new(const dash_serve_ask *ask, dash_serve **made)
{
    int fd;
    ND_TRY(listen_somewhere(ask->listen ? ask->listen : "127.0.0.1", ask->port, &fd));
    dash_serve *serve = calloc(1, sizeof *serve);
    if (!serve) {
        close(fd);
        return nd_fail(ND_E_MEMORY, "no memory for a server\nclose other programs");
    }
    serve->ask = *ask;
    serve->socket = fd, serve->port = port_of(fd);
    pthread_mutex_init(&serve->lock, NULL);
    pthread_cond_init(&serve->wake, NULL);
    *made = serve;
    return ND_OK;
}

nd_status dash_serve_start(dash_serve *serve)
{
    const unsigned flags =
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ITC;
    serve->daemon = MHD_start_daemon(
        flags, 0, NULL, NULL, called, serve, MHD_OPTION_LISTEN_SOCKET, serve->socket,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)SLOTS, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        2 * (size_t)HEAD_BYTES, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)SILENCE_S,
        MHD_OPTION_NOTIFY_CONNECTION, connected, serve, MHD_OPTION_NOTIFY_COMPLETED,
        ended, serve, MHD_OPTION_URI_LOG_CALLBACK, begun, serve,
        MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);
    serve->has_sweeper =
        serve->daemon && pthread_create(&serve->sweeper, NULL, sweep, serve) == 0;
    if (serve->has_sweeper) return ND_OK;
    return nd_fail(ND_E_IO, "the web server does not start: %s\nclose other programs",
                   nd_system_error(errno));
}

int dash_serve_port(const dash_serve *serve)
{
    return serve->port;
}

void dash_serve_free(dash_serve *serve)
{
    if (!serve) return;
    pthread_mutex_lock(&serve->lock);
    serve->is_ending = true; // the library must not be stopped while somebody rests
    pthread_mutex_unlock(&serve->lock);
    dash_serve_wake(serve);
    if (serve->daemon)
        MHD_stop_daemon(serve->daemon); // closes the socket
    else if (serve->socket >= 0)
        close(serve->socket);
    pthread_mutex_lock(&serve->lock);
    serve->is_stopping = true;
    pthread_cond_broadcast(&serve->wake);
    pthread_mutex_unlock(&serve->lock);
    if (serve->has_sweeper) pthread_join(serve->sweeper, NULL);
    pthread_cond_destroy(&serve->wake);
    pthread_mutex_destroy(&serve->lock);
    free(serve);
}
