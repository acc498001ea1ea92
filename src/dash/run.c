// SPDX-License-Identifier: Apache-2.0
// One run folder, followed: its growing metrics line by line, its small files by change.
#include "dash/runs.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CHUNK = 1 << 18, LINE = 1 << 16, STATUS = 1 << 16 };
const char *const dash_part_name[DASH_PARTS] = {"confusion", "worst", "sample", "rate",
                                                "status"};

// ---- Files of the folder. Links are not followed: only what a run wrote is shown.

static int open_file(const dash_run *run, const char *name, dash_stamp *stamp)
{
    struct stat about;
    const int fd =
        openat(run->folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd >= 0 && fstat(fd, &about) == 0 && S_ISREG(about.st_mode)) {
        *stamp = (dash_stamp){(int64_t)about.st_mtim.tv_sec * 1000000000 +
                                  about.st_mtim.tv_nsec,
                              about.st_size, about.st_ino};
        return fd;
    }
    if (fd >= 0) close(fd);
    return -1;
}

static bool same_stamp(const dash_stamp *a, const dash_stamp *b)
{
    return a->time_ns == b->time_ns && a->bytes == b->bytes && a->inode == b->inode;
}

const char *dash_run_read(const dash_run *run, nd_arena *arena, const char *name,
                          size_t most, size_t *length)
{
    dash_stamp stamp;
    const int fd = open_file(run, name, &stamp);
    if (fd < 0) return NULL;
    const size_t size = (size_t)stamp.bytes;
    char *text = size <= most ? nd_alloc_raw(arena, size + 1, 1) : NULL;
    size_t got = 0;
    while (text && got < size) {
        const ssize_t n = read(fd, text + got, size - got);
        if (n <= 0) break;
        got += (size_t)n;
    }
    close(fd);
    if (!text || got != size) return NULL;
    text[size] = 0;
    *length = size;
    return text;
}

// ---- Begin and end.

dash_run *dash_run_new(nd_arena *arena, const char *path)
{
    const int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        (void)nd_fail(ND_E_IO, "%s cannot be opened: %s\ngive the folder of a run", path,
                      nd_system_error(errno));
        return NULL;
    }
    size_t length = strlen(path);
    while (length > 1 && path[length - 1] == '/') length--;
    size_t from = length;
    while (from && path[from - 1] != '/') from--;
    dash_run *run = calloc(1, sizeof *run);
    char *piece = malloc(LINE);
    nd_arena *scratch = nd_arena_new();
    const char *name = nd_text(arena, "%.*s", (int)(length - from), path + from);
    const char *whole = nd_text(arena, "%.*s", (int)length, path);
    if (!run || !piece || !scratch || !name || !whole) {
        free(run), free(piece), nd_arena_free(scratch), close(fd);
        (void)nd_fail(ND_E_MEMORY, "no memory for a run\nclose other programs");
        return NULL;
    }
    run->folder = fd, run->piece = piece, run->scratch = scratch;
    run->name = *name ? name : whole, run->path = whole;
    run->last_step = run->last_epoch = -1;
    return run;
}

static void forget(dash_run *run)
{
    for (int i = 0; i < run->epochs; i++) free(run->epoch[i]), run->epoch[i] = NULL;
    for (int i = 0; i < DASH_NOTES; i++) free(run->note[i]), run->note[i] = NULL;
    dash_curve_free(&run->curve);
    run->epochs = run->notes = run->bad = 0;
    run->last_step = run->last_epoch = -1;
    run->generation++;
}

void dash_run_free(dash_run *run)
{
    if (!run) return;
    forget(run);
    free(run->status);
    free(run->piece);
    nd_arena_free(run->scratch);
    close(run->folder);
    free(run);
}

static void start_again(dash_runs *runs, dash_run *run)
{
    pthread_mutex_lock(&runs->lock);
    forget(run);
    pthread_mutex_unlock(&runs->lock);
    run->at = 0, run->length = 0, run->is_skipping = false;
    run->began = run->epoch_base = run->epoch_seconds = 0;
    run->says_time = false;
    run->epoch_step = run->epoch_steps = 0;
}

// ---- A line.

static double real(const nd_json *json, const char *key)
{
    const nd_json *n = nd_json_member(json, key);
    return n && n->kind == ND_JSON_NUMBER ? n->number : (double)NAN;
}

static bool whole(const nd_json *json, const char *key, int64_t *value)
{
    const double n = real(json, key);
    if (!(n >= 0 && n < 9e15)) return false;
    *value = (int64_t)n;
    return true;
}

// Where a row does not say its time: as long a step as in the epoch before, else since we
// have looked.
static double time_of(dash_run *run, const nd_json *json, int64_t step)
{
    const double said = real(json, "time");
    if (said >= 0) {
        run->says_time = true;
        return said;
    }
    if (run->epoch_steps > 0)
        return run->epoch_base + (double)(step - run->epoch_step) * run->epoch_seconds /
                                     (double)run->epoch_steps;
    if (!(run->began > 0)) run->began = nd_seconds();
    return nd_seconds() - run->began;
}

// A run that goes on after a crash has cut what it had not saved.
static void cut(dash_run *run, int64_t step)
{
    dash_curve_cut(&run->curve, step);
    while (run->epochs && run->epoch_end[run->epochs - 1] > step) {
        free(run->epoch[--run->epochs]);
        run->epoch[run->epochs] = NULL;
    }
    run->generation++;
}

static bool read_step(dash_run *run, const nd_json *json)
{
    dash_row row;
    int64_t epoch = 0;
    if (!whole(json, "step", &row.step)) return false;
    (void)whole(json, "epoch", &epoch);
    if (row.step <= run->last_step) cut(run, row.step);
    if (epoch != run->last_epoch) run->epoch_step = row.step;
    run->last_epoch = epoch, run->last_step = row.step;
    row.time = time_of(run, json, row.step);
    const int64_t steps = run->epoch_steps > 0 ? run->epoch_steps : run->epoch_guess;
    row.epoch = (double)epoch;
    if (steps > 0)
        row.epoch += fmin((double)(row.step - run->epoch_step) / (double)steps, 1);
    for (int s = 0; s < DASH_SERIES; s++) row.value[s] = real(json, dash_series[s]);
    run->ring[run->curve.rows % DASH_RING] = row;
    return dash_curve_add(&run->curve, &row);
}

static char *printed(dash_run *run, const nd_json *json,
                     bool (*print)(const nd_json *, nd_json_out *))
{
    nd_buffer to = {.arena = run->scratch};
    nd_json_out out = {.to = &to};
    const char *text = print(json, &out) ? nd_buffer_text(&to) : NULL;
    return text ? strdup(text) : NULL;
}

// The first epoch's length becomes known when it ends; its rows get their share of it.
// NaN: they have said their times themselves.
static void spread(dash_run *run, double seconds)
{
    dash_curve *c = &run->curve;
    for (int i = 0; i < c->points; i++) {
        dash_point *p = &c->point[i];
        const float share = p->step / (float)fmax((double)run->last_step, 1);
        p->epoch = share;
        if (!isnan(seconds)) p->time = share * (float)seconds;
    }
    const int64_t from = c->rows > DASH_RING ? c->rows - DASH_RING : 0;
    for (int64_t i = from; i < c->rows; i++) {
        dash_row *row = &run->ring[i % DASH_RING];
        row->epoch = (double)row->step / fmax((double)run->last_step, 1);
        if (!isnan(seconds)) row->time = row->epoch * seconds;
    }
}

static bool read_epoch(dash_run *run, const nd_json *json)
{
    const double seconds = real(json, "seconds");
    int64_t step = run->last_step;
    char *text = run->epochs < DASH_EPOCHS ? printed(run, json, dash_print_epoch) : NULL;
    if (!text) return false;
    (void)whole(json, "step", &step);
    const double said = real(json, "time");
    if (!run->epochs && (seconds > 0 || run->says_time))
        spread(run, run->says_time ? (double)NAN : seconds);
    run->epoch_end[run->epochs] = step;
    run->epoch[run->epochs++] = text;
    if (step > run->epoch_step) run->epoch_steps = step - run->epoch_step;
    if (seconds > 0) run->epoch_seconds = seconds, run->epoch_base += seconds;
    if (said >= 0) run->epoch_base = said;
    run->epoch_step = step;
    return true;
}

static bool read_note(dash_run *run, const nd_json *json)
{
    char *text = printed(run, json, dash_print_note);
    if (!text) return false;
    char **at = &run->note[run->notes++ % DASH_NOTES];
    free(*at);
    *at = text;
    return true;
}

static bool read_line(dash_run *run, const char *line, size_t length)
{
    const nd_json *json = nd_json_parse(run->scratch, line, length);
    if (!json) (void)nd_error_take();
    const nd_json *kind =
        json && json->kind == ND_JSON_OBJECT ? nd_json_member(json, "t") : NULL;
    if (!kind || kind->kind != ND_JSON_TEXT) return false;
    if (strcmp(kind->text, "step") == 0) return read_step(run, json);
    if (strcmp(kind->text, "epoch") == 0) return read_epoch(run, json);
    if (strcmp(kind->text, "event") == 0) return read_note(run, json);
    return true; // of a later version
}

static void take_line(dash_runs *runs, dash_run *run)
{
    pthread_mutex_lock(&runs->lock);
    if (run->is_skipping || (run->length && !read_line(run, run->piece, run->length)))
        run->bad++;
    pthread_mutex_unlock(&runs->lock);
    nd_arena_reset(run->scratch);
    run->length = 0, run->is_skipping = false;
}

static void take(dash_runs *runs, dash_run *run, const char *bytes, size_t count)
{
    while (count) {
        const char *end = memchr(bytes, '\n', count);
        const size_t part = end ? (size_t)(end - bytes) : count;
        if (run->length + part > LINE) {
            run->is_skipping = true, run->length = 0;
        } else if (!run->is_skipping) {
            memcpy(run->piece + run->length, bytes, part);
            run->length += part;
        }
        if (end) take_line(runs, run);
        bytes += part + (end != NULL), count -= part + (end != NULL);
    }
}

static bool follow_metrics(dash_runs *runs, dash_run *run, bool *again)
{
    dash_stamp stamp;
    const int fd = open_file(run, "metrics.jsonl", &stamp);
    if (fd < 0) return false;
    const bool is_other = stamp.inode != run->tail.inode || stamp.bytes < run->at;
    if (is_other && run->at) start_again(runs, run);
    run->tail = stamp;
    char *bytes = stamp.bytes > run->at ? malloc(CHUNK) : NULL;
    const ssize_t got = bytes ? pread(fd, bytes, CHUNK, run->at) : 0;
    close(fd);
    if (got > 0) {
        take(runs, run, bytes, (size_t)got);
        run->at += got;
    }
    free(bytes);
    *again = got > 0 && run->at < stamp.bytes;
    return got > 0 || is_other;
}

// ---- The small files.

static bool has_changed(dash_run *run, dash_part part)
{
    dash_stamp stamp;
    const char *name = nd_text(run->scratch, "%s.json", dash_part_name[part]);
    const int fd = name ? open_file(run, name, &stamp) : -1;
    if (fd < 0) return false;
    close(fd);
    if (same_stamp(&stamp, &run->stamp[part])) return false;
    run->stamp[part] = stamp;
    return true;
}

static char *read_status(dash_run *run)
{
    size_t length;
    const char *text = dash_run_read(run, run->scratch, "status.json", STATUS, &length);
    const nd_json *json = text ? nd_json_parse(run->scratch, text, length) : NULL;
    int64_t steps, epochs;
    if (text && !json) (void)nd_error_take();
    if (json && whole(json, "steps", &steps) && whole(json, "epochs", &epochs) && epochs)
        run->epoch_guess = steps / epochs;
    return json ? printed(run, json, dash_print_status) : NULL;
}

bool dash_run_follow(dash_runs *runs, dash_run *run, bool *again)
{
    bool is_new = false;
    *again = false;
    for (int p = 0; p < DASH_PARTS; p++) {
        if (!has_changed(run, (dash_part)p)) continue;
        char *status = p == DASH_STATUS ? read_status(run) : NULL;
        pthread_mutex_lock(&runs->lock);
        if (status) free(run->status), run->status = status;
        run->version[p]++;
        pthread_mutex_unlock(&runs->lock);
        is_new = true;
    }
    nd_arena_reset(run->scratch);
    is_new = follow_metrics(runs, run, again) || is_new;
    if (is_new) {
        const dash_stamp *status = &run->stamp[DASH_STATUS];
        pthread_mutex_lock(&runs->lock);
        run->touched =
            1e-9 * (double)(run->tail.time_ns > status->time_ns ? run->tail.time_ns
                                                                : status->time_ns);
        pthread_mutex_unlock(&runs->lock);
    }
    if (!*again && !run->is_known) {
        pthread_mutex_lock(&runs->lock);
        run->is_known = true;
        pthread_cond_broadcast(&runs->known);
        pthread_mutex_unlock(&runs->lock);
        is_new = true;
    }
    return is_new;
}
