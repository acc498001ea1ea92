// SPDX-License-Identifier: Apache-2.0
// Which address is answered by what; who is turned away, and in which words.
#include "dash/runs.h"
#include <stdio.h>
#include <string.h>

void dash_say(dash_request *r, int status, const char *type, const char *text)
{
    r->answer = (dash_answer){.status = status, .type = type, .kind = DASH_COPY};
    r->answer.body = (void *)(uintptr_t)nd_text(r->arena, "%s", text);
    r->answer.bytes = r->answer.body ? strlen(text) : 0;
}

void dash_say_json(dash_request *r, nd_buffer *json)
{
    const char *text = nd_buffer_text(json), *timing = r->answer.timing;
    if (!text) {
        dash_say(r, 503, "text/plain", "no memory\n");
        return;
    }
    r->answer = (dash_answer){.status = 200,
                              .type = "application/json",
                              .timing = timing,
                              .kind = DASH_COPY,
                              .body = (void *)(uintptr_t)text,
                              .bytes = json->length};
}

static const char *const codes[] = {[ND_OK] = "OK",
                                    [ND_E_PARAM] = "PARAM",
                                    [ND_E_DATA] = "DATA",
                                    [ND_E_IO] = "IO",
                                    [ND_E_NET] = "NET",
                                    [ND_E_MEMORY] = "MEMORY",
                                    [ND_E_BUG] = "BUG",
                                    [ND_E_CANCELLED] = "CANCELLED",
                                    [ND_E_UNSUPPORTED] = "UNSUPPORTED"};

void dash_say_error(dash_request *r, const nd_error *error)
{
    static const int status[] = {
        [ND_OK] = 500,    [ND_E_PARAM] = 422,     [ND_E_DATA] = 422,
        [ND_E_IO] = 500,  [ND_E_NET] = 502,       [ND_E_MEMORY] = 503,
        [ND_E_BUG] = 500, [ND_E_CANCELLED] = 410, [ND_E_UNSUPPORTED] = 422};
    nd_buffer text = {.arena = r->arena};
    nd_json_out out = {.to = &text};
    nd_json_open(&out, NULL, '{');
    nd_json_text(&out, "code", codes[error->code]);
    nd_json_text(&out, "where", error->where);
    nd_json_text(&out, "text", error->what);
    nd_json_text(&out, "remedy", error->remedy);
    nd_json_close(&out, '}');
    dash_say_json(r, &text);
    r->answer.status = status[error->code];
}

// ---- Assets and the frame.

const dash_asset *dash_asset_find(const char *name)
{
    for (size_t i = 0; i < dash_asset_count; i++)
        if (strcmp(dash_assets[i].name, name) == 0) return &dash_assets[i];
    return NULL;
}

static void say_asset(dash_request *r, const dash_asset *asset)
{
    const bool is_gzip =
        asset->gzip && r->head.encoding && strstr(r->head.encoding, "gzip");
    r->answer = (dash_answer){.status = 200,
                              .type = asset->type,
                              .is_gzip = is_gzip,
                              .kind = DASH_CONSTANT,
                              .bytes = is_gzip ? asset->gzip_bytes : asset->raw_bytes};
    r->answer.body = (void *)(uintptr_t)(is_gzip ? asset->gzip : asset->raw);
}

static void not_found(dash_request *r)
{
    dash_say(r, 404, "text/plain", "there is nothing at this address\n");
}

static void asset(dash_request *r, const char *rest)
{
    const size_t length = strlen(dash_asset_hash);
    const bool is_ours =
        strncmp(rest, dash_asset_hash, length) == 0 && rest[length] == '/';
    const dash_asset *found = is_ours ? dash_asset_find(rest + length + 1) : NULL;
    if (!found) {
        not_found(r);
        return;
    }
    say_asset(r, found);
    r->answer.cache = "public, max-age=31536000, immutable";
}

// The token of the address becomes a cookie; the page then takes it out of its address.
static void show(dash_request *r, const char *name)
{
    say_asset(r, dash_asset_find(name));
    if (dash_guard_token_in_query(&r->dash->guard, r->arena, &r->head))
        r->answer.cookie =
            nd_text(r->arena, "nadir-%d=%s; HttpOnly; SameSite=Strict; Path=/",
                    r->dash->guard.port, r->dash->guard.token);
}

static void map(dash_request *r, const char *rest)
{
    (void)rest;
    show(r, "frame.html");
}

static void train(dash_request *r, const char *rest)
{
    (void)rest;
    show(r, "train.html");
}

// Where both are there, the map comes first: its page leads to the other.
static void front(dash_request *r, const char *rest)
{
    (void)rest;
    const bool is_train = !dash_has_map(r->dash) && dash_runs_of(r->dash);
    show(r, is_train ? "train.html" : "frame.html");
}

static void health(dash_request *r, const char *rest)
{
    (void)rest;
    nd_buffer text = {.arena = r->arena};
    nd_json_out out = {.to = &text};
    nd_json_open(&out, NULL, '{');
    nd_json_bool(&out, "ok", true);
    nd_json_text(&out, "version", NADIR_VERSION);
    nd_json_whole(&out, "queue", dash_queue_depth(r->dash->queue));
    nd_json_close(&out, '}');
    dash_say_json(r, &text);
}

// ---- Lanes.

static void later(dash_request *r, dash_lane lane,
                  void (*work)(dash_request *, nd_work *))
{
    r->work = work;
    dash_view_read(r->head.view, r->view, &r->generation);
    dash_queue_add(r->dash->queue, lane, r);
}

static void page(dash_request *r, const char *rest)
{
    const bool has_runs = dash_runs_of(r->dash) != NULL;
    if (strcmp(rest, "train") == 0 && has_runs)
        later(r, DASH_TRAIN, dash_train_page);
    else if (strcmp(rest, "map") == 0 && (dash_has_map(r->dash) || !has_runs))
        later(r, DASH_TALK, dash_page);
    else
        not_found(r);
}

static void run(dash_request *r, const char *rest)
{
    (void)rest;
    if (!dash_runs_of(r->dash))
        not_found(r);
    else if (strcmp(r->head.method, "POST") == 0)
        later(r, DASH_TRAIN, dash_train_control);
    else
        later(r, DASH_TRAIN, dash_train_run);
}

static void stream(dash_request *r, const char *rest)
{
    (void)rest;
    if (!dash_runs_of(r->dash) || strcmp(r->head.method, "GET") != 0)
        not_found(r);
    else
        dash_train_stream(r);
}

static void event(dash_request *r, const char *rest)
{
    (void)rest;
    later(r, DASH_TALK, dash_event);
    // Tiles of what was before are not wanted any more.
    if (*r->view) dash_queue_newer(r->dash->queue, r->view, r->generation);
}

static bool has_node(dash_request *r, nd_hash key)
{
    r->plan = dash_find(r->dash, key, &r->node);
    if (!r->plan)
        dash_say(r, 404, "application/json",
                 "{\"code\":\"unknown-key\",\"text\":\"this picture was forgotten\","
                 "\"remedy\":\"send the last event again\"}");
    return r->plan != NULL;
}

// Same address, same bytes: the address is the name of the content.
static bool is_known(dash_request *r)
{
    char text[33];
    nd_hash hash = nd_hash_text((nd_hash){0, 0}, r->head.path);
    hash = nd_hash_text(hash, r->head.query);
    nd_hash_print(hash, text);
    const char *etag = nd_text(r->arena, "\"%s\"", text);
    r->answer.etag = etag;
    if (!r->head.none_match || !etag || !strstr(r->head.none_match, etag)) return false;
    dash_say(r, 304, NULL, "");
    r->answer.etag = etag;
    r->answer.cache = "private, max-age=31536000, immutable";
    return true;
}

static void figure(dash_request *r, const char *key, const char *name)
{
    static const struct {
        const char *name;
        void (*work)(dash_request *, nd_work *);
    } figures[] = {
        {"at", dash_at}, {"line", dash_line}, {"stats", dash_stats}, {"box", dash_stats}};
    nd_hash hash;
    char text[33] = "";
    if (name - key == 33) memcpy(text, key, 32);
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++)
        if (strcmp(name, figures[i].name) == 0 && nd_hash_parse(text, &hash)) {
            if (!has_node(r, hash)) return;
            r->rank = -1; // somebody looks at exactly this
            later(r, DASH_TILES, figures[i].work);
            return;
        }
    not_found(r);
}

static void tile(dash_request *r, const char *rest)
{
    dash_tile_name name;
    if (!dash_tile_parse(rest, &name)) {
        const char *slash = strchr(rest, '/');
        if (slash)
            figure(r, rest, slash + 1);
        else
            not_found(r);
        return;
    }
    if (is_known(r) || !has_node(r, name.key)) return;
    r->is_tile = true;
    r->z = name.z, r->x = name.x, r->y = name.y;
    memcpy(r->format, name.format, sizeof r->format);
    later(r, DASH_TILES, dash_tile);
}

static void file(dash_request *r, const char *rest)
{
    nd_hash key;
    const char *text = dash_query(r->arena, r->head.query, "key");
    const bool is_png = strcmp(rest, "map.png") == 0;
    if ((!is_png && strcmp(rest, "map.tif") != 0) || !text || strlen(text) != 32 ||
        !nd_hash_parse(text, &key)) {
        not_found(r);
        return;
    }
    if (!has_node(r, key)) return;
    memcpy(r->format, is_png ? "png" : "tif", 4);
    later(r, DASH_FILES, dash_file);
}

// ---- The table. A path that ends in '/' stands for all that start with it.

typedef struct route {
    const char *method, *path;
    dash_need need;
    void (*answer)(dash_request *r, const char *rest);
} route;
static const route routes[] = {
    {"GET", "/", DASH_FRAME, front},         {"GET", "/map", DASH_FRAME, map},
    {"GET", "/train", DASH_FRAME, train},    {"GET", "/api/health", DASH_NOTHING, health},
    {"GET", "/a/", DASH_NOTHING, asset},     {"GET", "/t/", DASH_TOKEN, tile},
    {"GET", "/api/page/", DASH_TOKEN, page}, {"POST", "/api/event", DASH_TOKEN, event},
    {"GET", "/api/file/", DASH_TOKEN, file}, {"GET", "/api/stream", DASH_TOKEN, stream},
    {"GET", "/api/runs/", DASH_TOKEN, run},  {"POST", "/api/runs/", DASH_TOKEN, run},
};

static bool leads(const route *t, const char *path)
{
    const size_t length = strlen(t->path);
    return length > 1 && t->path[length - 1] == '/' ? strncmp(t->path, path, length) == 0
                                                    : strcmp(t->path, path) == 0;
}

static void refuse(dash_request *r, int status)
{
    static const struct {
        int status;
        const char *text;
    } words[] = {
        {401, "this page needs its token\n"
              "open the whole address that nadir printed, from ?t= on\n"},
        {403, "another page may not ask here\nopen the address that nadir printed\n"},
        {405, "this address takes no such method\nuse GET, or POST for events\n"},
        {415, "an event is JSON\nsend Content-Type: application/json\n"},
        {421, "this server does not go by that name\n"
              "open the address that nadir printed\n"},
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (words[i].status == status) dash_say(r, status, "text/plain", words[i].text);
}

void dash_route(void *user, dash_request *r)
{
    nd_dash *dash = user;
    r->dash = dash;
    const bool is_head = strcmp(r->head.method, "HEAD") == 0;
    const route *found = NULL;
    bool is_other_method = false;
    for (size_t i = 0; i < sizeof routes / sizeof *routes && !found; i++) {
        if (!leads(&routes[i], r->head.path)) continue;
        if (strcmp(routes[i].method, is_head ? "GET" : r->head.method) == 0)
            found = &routes[i];
        else
            is_other_method = true;
    }
    int status = dash_guard_check(&dash->guard, r->arena, &r->head,
                                  found ? found->need : DASH_NOTHING);
    if (!status && !found && is_other_method) status = 405;
    if (status)
        refuse(r, status);
    else if (!found)
        not_found(r);
    else
        found->answer(r, r->head.path + strlen(found->path));
}
