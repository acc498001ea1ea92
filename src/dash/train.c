// SPDX-License-Identifier: Apache-2.0
// The training page's questions: its runs, their curves and pictures; and what it asks of
// a run: stop, pause, go on, save.
#include "dash/runs.h"
#include <errno.h>
#include <fcntl.h>
#include <nadir/geo.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PART_BYTES = 1 << 22, PICTURE_BYTES = 1 << 24, MOST_POINTS = 4096 };

static void fail(dash_request *r)
{
    const nd_error error = nd_error_take();
    dash_say_error(r, &error);
}

static void not_found(dash_request *r)
{
    dash_say(r, 404, "application/json",
             "{\"code\":\"none\",\"text\":\"the run has not written this yet\","
             "\"remedy\":\"wait for the end of an epoch\"}");
}

// "/api/runs/3/curves": the run, and what is asked of it. Runs are never removed.
static dash_run *run_asked(const dash_request *r, dash_runs *runs, const char **rest)
{
    const char *at = r->head.path + strlen("/api/runs/");
    int number = 0;
    const char *c = at;
    for (; *c >= '0' && *c <= '9' && c - at < 3; c++) number = number * 10 + (*c - '0');
    if (c == at || *c != '/') return NULL;
    *rest = c + 1;
    pthread_mutex_lock(&runs->lock);
    dash_run *run = number < runs->count ? runs->run[number] : NULL;
    // What is there already is read before anything is answered.
    while (run && !run->is_known && !runs->is_stopping)
        pthread_cond_wait(&runs->known, &runs->lock);
    pthread_mutex_unlock(&runs->lock);
    return run;
}

// ---- The page.

static void print_run(const dash_run *run, nd_json_out *out)
{
    nd_json_open(out, NULL, '{');
    nd_json_text(out, "name", run->name);
    nd_json_text(out, "path", run->path);
    nd_json_close(out, '}');
}

void dash_train_page(dash_request *r, nd_work *work)
{
    (void)work;
    dash_runs *runs = dash_runs_of(r->dash);
    nd_buffer text = {.arena = r->arena};
    nd_json_out out = {.to = &text};
    nd_json_open(&out, NULL, '{');
    nd_json_text(&out, "page", "train");
    nd_json_text(&out, "version", NADIR_VERSION);
    nd_json_bool(&out, "map", dash_has_map(r->dash));
    nd_json_open(&out, "series", '[');
    for (int s = 0; s < DASH_SERIES; s++) nd_json_text(&out, NULL, dash_series[s]);
    nd_json_close(&out, ']');
    nd_json_open(&out, "runs", '[');
    pthread_mutex_lock(&runs->lock);
    for (int i = 0; i < runs->count; i++) print_run(runs->run[i], &out);
    pthread_mutex_unlock(&runs->lock);
    nd_json_close(&out, ']');
    nd_json_close(&out, '}');
    dash_say_json(r, &text);
}

// ---- Curves: a head in JSON, then planes of floats; nothing has to be parsed.

static double asked(const dash_request *r, const char *name, double usual)
{
    double value = usual;
    const char *text = dash_query(r->arena, r->head.query, name);
    return text && dash_numbers(r->arena, text, &value, 1) == 1 ? value : usual;
}

static void print_head(const dash_run *run, int points, nd_json_out *out)
{
    nd_json_open(out, NULL, '{');
    nd_json_whole(out, "generation", run->generation);
    nd_json_whole(out, "rows", run->curve.rows);
    nd_json_whole(out, "points", points);
    nd_json_whole(out, "bad", run->bad);
    nd_json_open(out, "epochs", '[');
    for (int i = 0; i < run->epochs; i++) nd_json_raw(out, NULL, run->epoch[i]);
    nd_json_close(out, ']');
    nd_json_close(out, '}');
}

// Plane after plane: step, time, epoch, rows; mean of each series, low, high.
static void planes(const dash_point *point, int points, float *to)
{
    enum { PLANES = sizeof *point / sizeof(float) };
    for (int i = 0; i < points; i++) {
        float value[PLANES];
        memcpy(value, &point[i], sizeof value);
        for (int p = 0; p < PLANES; p++) to[p * points + i] = value[p];
    }
}

static void say_curves(dash_request *r, nd_buffer *head, const dash_point *point,
                       int points)
{
    const char *text = nd_buffer_text(head);
    const size_t pad = (8 - (4 + head->length) % 8) % 8;
    const size_t front = 4 + head->length + pad;
    const size_t bytes = front + (size_t)points * sizeof *point;
    unsigned char *body = text ? malloc(bytes) : NULL;
    float *plane = nd_alloc_raw(r->arena, (size_t)points * sizeof *point + 1, 1);
    if (!body || !plane) {
        free(body);
        dash_say(r, 503, "text/plain", "no memory\n");
        return;
    }
    for (int i = 0; i < 4; i++)
        body[i] = (unsigned char)((head->length + pad) >> 8 * i & 255);
    memcpy(body + 4, text, head->length);
    memset(body + 4 + head->length, ' ', pad);
    planes(point, points, plane);
    memcpy(body + front, plane, (size_t)points * sizeof *point);
    r->answer = (dash_answer){.status = 200,
                              .type = "application/x-nadir-columns",
                              .kind = DASH_HEAP,
                              .body = body,
                              .bytes = bytes};
}

static void curves(dash_request *r, dash_runs *runs, const dash_run *run)
{
    const double from = asked(r, "from", -1), to = asked(r, "to", 1e18);
    const int most = (int)fmax(2, fmin(MOST_POINTS, asked(r, "px", 1000)));
    dash_point *point = nd_alloc_raw(r->arena, (size_t)most, sizeof *point);
    nd_buffer head = {.arena = r->arena};
    nd_json_out out = {.to = &head};
    if (!point) {
        fail(r);
        return;
    }
    pthread_mutex_lock(&runs->lock);
    const int points = dash_curve_thin(&run->curve, from, to, most, point);
    print_head(run, points, &out);
    pthread_mutex_unlock(&runs->lock);
    say_curves(r, &head, point, points);
}

// ---- Small files, and where on Earth their rows lie.

typedef struct places {
    nd_arena *arena;
    const nd_crs *world, *map;
} places;

static bool move(nd_arena *arena, const nd_crs *from, const nd_crs *to, double at[2])
{
    const nd_transform *t = nd_transform_new(arena, from, to);
    if (t && nd_transform_points(t, 1, &at[0], &at[1]) == ND_OK && isfinite(at[0]) &&
        isfinite(at[1]))
        return true;
    (void)nd_error_take();
    return false;
}

static void locate(void *user, double x, double y, const char *name, nd_json_out *out)
{
    const places *p = user;
    const nd_crs *crs = nd_crs_new(p->arena, name);
    double degree[2] = {x, y}, ground[2] = {x, y};
    if (!crs) {
        (void)nd_error_take();
        return;
    }
    if (p->world && move(p->arena, crs, p->world, degree)) {
        nd_json_real(out, "lon", degree[0]);
        nd_json_real(out, "lat", degree[1]);
    }
    if (!p->map || (!nd_crs_same(crs, p->map) && !move(p->arena, crs, p->map, ground)))
        return;
    nd_json_open(out, "map", '[');
    nd_json_real(out, NULL, ground[0]);
    nd_json_real(out, NULL, ground[1]);
    nd_json_close(out, ']');
}

// The coordinates of the map page beside, if there is one and it is open by now.
static const nd_crs *map_crs(nd_dash *dash, nd_arena *arena)
{
    pthread_mutex_lock(&dash->lock);
    dash_plan *plan =
        dash->state == DASH_READY && dash->base ? dash_plan_ref(dash->base) : NULL;
    pthread_mutex_unlock(&dash->lock);
    if (!plan) return NULL;
    const nd_node *node = plan->step[plan->steps - 1].node;
    const nd_crs *crs = node->bands ? node->band[0].grid.crs : NULL;
    const nd_crs *own = crs ? nd_crs_new(arena, crs->text) : NULL;
    if (crs && !own) (void)nd_error_take();
    dash_plan_unref(plan);
    return own;
}

static bool print_part(dash_request *r, dash_part part, const nd_json *json,
                       nd_json_out *out)
{
    if (part == DASH_CONFUSION) return dash_print_confusion(json, out);
    if (part == DASH_RATE) return dash_print_rate(json, out);
    places p = {r->arena, nd_crs_new(r->arena, "EPSG:4326"), map_crs(r->dash, r->arena)};
    if (!p.world) (void)nd_error_take();
    return dash_print_pictures(json, locate, &p, out);
}

static void part(dash_request *r, const dash_run *run, dash_part which)
{
    size_t length;
    const char *name = nd_text(r->arena, "%s.json", dash_part_name[which]);
    const char *text =
        name ? dash_run_read(run, r->arena, name, PART_BYTES, &length) : NULL;
    nd_buffer to = {.arena = r->arena};
    nd_json_out out = {.to = &to};
    if (!text) {
        not_found(r);
        return;
    }
    const nd_json *json = nd_json_parse(r->arena, text, length);
    if (json && print_part(r, which, json, &out)) {
        dash_say_json(r, &to);
        return;
    }
    if (json)
        (void)nd_fail(ND_E_DATA,
                      "%s/%s.json is not what a run writes\n"
                      "run the training again, or remove the file",
                      run->path, dash_part_name[which]);
    fail(r);
}

static void picture(dash_request *r, const dash_run *run, const char *name)
{
    static const unsigned char magic[8] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
    unsigned char head[8];
    struct stat about;
    const int folder =
        openat(run->folder, "pictures", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    const int fd =
        folder < 0 || dash_picture_name(name) != name
            ? -1
            : openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (folder >= 0) close(folder);
    if (fd >= 0 && fstat(fd, &about) == 0 && S_ISREG(about.st_mode) &&
        about.st_size <= PICTURE_BYTES && pread(fd, head, 8, 0) == 8 &&
        memcmp(head, magic, 8) == 0) {
        r->answer = (dash_answer){.status = 200,
                                  .type = "image/png",
                                  .kind = DASH_FILE,
                                  .file = fd,
                                  .bytes = (size_t)about.st_size,
                                  .cache = "private, max-age=3600"};
        return;
    }
    if (fd >= 0) close(fd);
    not_found(r);
}

void dash_train_run(dash_request *r, nd_work *work)
{
    (void)work;
    static const char folder[] = "pictures/";
    const char *what = "";
    dash_runs *runs = dash_runs_of(r->dash);
    const dash_run *run = run_asked(r, runs, &what);
    if (run && strcmp(what, "curves") == 0) {
        curves(r, runs, run);
        return;
    }
    if (run && strncmp(what, folder, sizeof folder - 1) == 0) {
        picture(r, run, what + sizeof folder - 1);
        return;
    }
    for (int p = 0; run && p < DASH_STATUS; p++)
        if (strcmp(what, dash_part_name[p]) == 0) {
            part(r, run, (dash_part)p);
            return;
        }
    dash_say(r, 404, "text/plain", "there is nothing at this address\n");
}

// ---- Words to a run: a line in its control file, obeyed between two batches.

static nd_status add_line(const dash_run *run, const char *word)
{
    const int fd =
        openat(run->folder, "control",
               O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0644);
    char line[16];
    const int length = snprintf(line, sizeof line, "%s\n", word);
    const bool is_done = fd >= 0 && write(fd, line, (size_t)length) == length;
    const int why = errno;
    if (fd >= 0) close(fd);
    return is_done ? ND_OK
                   : nd_fail(ND_E_IO,
                             "cannot write %s/control: %s\n"
                             "ask whoever owns the run, or free some disk",
                             run->path, nd_system_error(why));
}

static nd_status control(const dash_request *r, const dash_run *run)
{
    static const char *const words[] = {"stop", "pause", "resume", "save"};
    const nd_json *json =
        nd_json_parse(r->arena, r->body.text ? r->body.text : "", r->body.length);
    if (!json) return ND_E_DATA;
    const nd_json *word =
        json->kind == ND_JSON_OBJECT ? nd_json_member(json, "command") : NULL;
    if (word && word->kind == ND_JSON_TEXT)
        for (size_t i = 0; i < sizeof words / sizeof *words; i++)
            if (strcmp(word->text, words[i]) == 0) return add_line(run, words[i]);
    return nd_fail(ND_E_DATA,
                   "this is no command of a run\nsend stop, pause, resume or save");
}

void dash_train_control(dash_request *r, nd_work *work)
{
    (void)work;
    const char *what = "";
    const dash_run *run = run_asked(r, dash_runs_of(r->dash), &what);
    if (!run || strcmp(what, "control") != 0)
        dash_say(r, 404, "text/plain", "there is nothing at this address\n");
    else if (control(r, run) != ND_OK)
        fail(r);
    else
        dash_say(r, 200, "application/json", "{\"ok\":true}");
}
