// SPDX-License-Identifier: Apache-2.0
// Inside dash: requests and answers, who may ask, plans and keys, lanes, tiles.
#pragma once
#include <nadir/dash.h>
#include <pthread.h>
#include <stdatomic.h>

// ---- Requests and answers; serve.c alone knows the HTTP library.
typedef struct dash_head {
    const char *method, *path, *query; // path as it came, query without '?'
    const char *host, *origin, *site, *mode, *cookie, *authorization, *type;
    const char *view, *none_match, *encoding, *last_event, *language;
} dash_head;
typedef enum dash_body {
    DASH_CONSTANT,
    DASH_COPY, // the request's arena's
    DASH_HEAP, // freed when sent
    DASH_FILE, // closed when sent
    DASH_STREAM
} dash_body;
typedef struct dash_answer {
    int status;
    const char *type, *cache, *etag, *cookie, *name, *timing;
    bool is_gzip;
    dash_body kind;
    void *body;
    size_t bytes;
    int file; // of DASH_FILE
    // Of DASH_STREAM, called with the body: bytes that are there, 0: none until somebody
    // calls dash_serve_wake(); the end of it.
    size_t (*pull)(void *body, char *to, size_t room);
    void (*done)(void *body);
} dash_answer;
typedef struct dash_request dash_request;
typedef struct dash_plan dash_plan;
struct dash_request {
    nd_arena *arena;
    dash_head head;
    nd_buffer body;
    dash_answer answer;
    void *connection, *slot; // serve.c's
    bool is_waiting;
    // Of a lane.
    nd_dash *dash;
    void (*work)(dash_request *r, nd_work *work);
    dash_plan *plan;
    const nd_node *node;
    nd_flag *cancel;
    char view[16];
    int generation, rank; // rank: lower goes first
    bool is_tile;
    int64_t number;
    dash_request *next;
    // Of a tile.
    int z, x, y;
    char format[4];
};

typedef struct dash_serve dash_serve;
typedef struct dash_serve_ask {
    const char *listen;
    int port;
    double head_s;
    // Gives an answer, or suspends the request and has it answered later.
    void (*handle)(void *user, dash_request *r);
    void *user;
} dash_serve_ask;
// Listens, so that the port is known; answers once started.
nd_status dash_serve_new(const dash_serve_ask *ask, dash_serve **made) ND_CHECKED;
nd_status dash_serve_start(dash_serve *serve) ND_CHECKED;
int dash_serve_port(const dash_serve *serve);
void dash_serve_free(dash_serve *serve);
void dash_serve_wake(dash_serve *serve);  // streams may have something to say; any thread
void dash_suspend(dash_request *r);       // in handle, before anybody may resume it
void dash_resume(dash_request *r);        // any thread; the answer stands
bool dash_is_gone(const dash_request *r); // the client hung up

void dash_say(dash_request *r, int status, const char *type, const char *text);
void dash_say_error(dash_request *r, const nd_error *error);
void dash_say_json(dash_request *r, nd_buffer *json);

// ---- Addresses; pure.
typedef struct dash_tile_name {
    nd_hash key;
    int z, x, y;
    char format[4]; // "u16" unless said
} dash_tile_name;
bool dash_tile_parse(const char *path, dash_tile_name *name); // path after "/t/"
// The decoded value of `name`; NULL: none, or it is no text.
const char *dash_query(nd_arena *arena, const char *query, const char *name);
// "1,2.5,-3" to numbers; how many, -1: not numbers or more than `most`.
int dash_numbers(nd_arena *arena, const char *text, double *number, int most);

// ---- Who may ask; pure. 0: pass, else the status to refuse with.
typedef struct dash_guard {
    char token[40];
    char host[5][80]; // names we answer to, with the port; "" ends
    int port;
} dash_guard;
typedef enum dash_need { DASH_NOTHING, DASH_FRAME, DASH_TOKEN } dash_need;
int dash_guard_check(const dash_guard *guard, nd_arena *arena, const dash_head *head,
                     dash_need need);
bool dash_guard_token_in_query(const dash_guard *guard, nd_arena *arena,
                               const dash_head *head);

// ---- Assets, made at build time.
typedef struct dash_asset {
    const char *name, *type;
    const unsigned char *raw, *gzip;
    size_t raw_bytes, gzip_bytes;
} dash_asset;
extern const dash_asset dash_assets[];
extern const size_t dash_asset_count;
extern const char dash_asset_hash[];
const dash_asset *dash_asset_find(const char *name); // NULL: none

// ---- Plans: the graph as some viewer has set it. Shared.
typedef struct dash_change {
    const char *step, *name, *value;
} dash_change;
// A step as the page shows it: its settings are widgets, its node a layer.
typedef struct dash_step {
    const char *id;
    const nd_op *op;
    const nd_settings *settings;
    nd_node *node;
    const nd_node *input; // its first, as the graph has it; NULL: none
} dash_step;
struct dash_plan {
    atomic_int users;
    nd_arena *arena;
    dash_plan *base; // whose nodes it shares; NULL: it is the first
    nd_planned planned;
    dash_step *step;
    nd_node **node; // every node, also those inside a step; inputs first
    int steps, nodes;
    const dash_change *change; // what the viewer has moved
    size_t changes;
};
nd_status dash_plan_new(const nd_dash_map *map, dash_plan *base,
                        const dash_change *change, size_t changes,
                        dash_plan **made) ND_CHECKED;
nd_status dash_change_check(nd_arena *arena, const dash_plan *plan,
                            const dash_change *change) ND_CHECKED;
dash_plan *dash_plan_ref(dash_plan *plan);
void dash_plan_unref(dash_plan *plan); // NULL: nothing
const nd_node *dash_plan_find(const dash_plan *plan, nd_hash key);
// The worst that stands between a node's pixels and the truth of a level.
nd_levels dash_plan_levels(const dash_plan *plan, const nd_node *node);
// Where that is REDUCED: the greatest level_error between; 0: none was measured.
double dash_plan_error(const dash_plan *plan, const nd_node *node);

// ---- Viewers: what each has set last, and how new it is.
enum { DASH_VIEWS = 32 };
typedef struct dash_view {
    char name[16];
    int generation;
    int64_t used, served;
    dash_plan *now, *before;
} dash_view;

// ---- Lanes: requests that wait for a thread of their kind.
typedef enum dash_lane {
    DASH_TILES, // a thread a core; each other lane has one
    DASH_TALK,
    DASH_FILES,
    DASH_TRAIN,
    DASH_LANES
} dash_lane;
typedef struct dash_queue dash_queue;
dash_queue *dash_queue_new(nd_dash *dash, int threads, struct nd_cache *cache) ND_CHECKED;
void dash_queue_stop(dash_queue *queue); // answers all that wait, joins the threads
void dash_queue_free(dash_queue *queue);
// Suspends the request and lets `r->work` answer it; at once 503 when the lane is full.
void dash_queue_add(dash_queue *queue, dash_lane which, dash_request *r);
// A view has a newer generation: its older tiles are not wanted any more.
void dash_queue_newer(dash_queue *queue, const char *view, int generation);
int dash_queue_depth(dash_queue *queue);

// ---- The server.
typedef enum dash_state { DASH_OPENING, DASH_READY, DASH_FAILED } dash_state;
struct nd_dash {
    dash_guard guard;
    dash_serve *serve;
    dash_queue *queue;
    struct nd_cache *cache;
    nd_pool *pool; // of downloads
    char url[160];
    void (*speak)(const char *language); // of the settings; NULL: one language for all
    int stop[2];                         // a pipe: nd_dash_stop writes, nd_dash_run reads
    pthread_mutex_t lock;
    pthread_cond_t opened;
    dash_state state;
    bool is_stopping, has_opener;
    nd_error error;
    nd_dash_map map;
    pthread_t opener;
    dash_plan *base;
    dash_view view[DASH_VIEWS];
    int64_t clock;
    struct dash_runs *runs; // of training; NULL until there is one
};
bool dash_has_map(nd_dash *dash);
// The plan that knows `key`, with a reference, and its node; NULL: forgotten.
dash_plan *dash_find(nd_dash *dash, nd_hash key, const nd_node **node);
// A viewer's newest plan, with a reference; the first one if it has none.
dash_plan *dash_view_plan(nd_dash *dash, const char *name);
void dash_view_set(nd_dash *dash, const char *name, int generation, dash_plan *plan);
void dash_view_read(const char *header, char name[16], int *generation);

// ---- Routes and what answers them.
void dash_route(void *user, dash_request *r); // user: the nd_dash
void dash_tile(dash_request *r, nd_work *work);
void dash_at(dash_request *r, nd_work *work);
void dash_line(dash_request *r, nd_work *work);
void dash_stats(dash_request *r, nd_work *work);
void dash_event(dash_request *r, nd_work *work);
void dash_page(dash_request *r, nd_work *work);
void dash_file(dash_request *r, nd_work *work);
typedef struct dash_moves {
    dash_change *change;
    size_t changes, newest; // newest: the one moved last, by the page's own word
} dash_moves;
nd_status dash_event_parse(nd_arena *arena, const char *text, size_t length,
                           dash_moves *moves) ND_CHECKED;
// The whole page; what a change of settings changes, as members of an open object.
nd_status dash_page_print(nd_dash *dash, const dash_plan *plan,
                          nd_json_out *out) ND_CHECKED;
nd_status dash_set_print(nd_dash *dash, const dash_plan *plan,
                         nd_json_out *out) ND_CHECKED;
void dash_widget_print(const dash_step *step, size_t row, nd_json_out *out);
// The command line that makes what is on the page.
const char *dash_share(nd_arena *arena, const nd_dash *dash, const dash_plan *plan);

// ---- Pixels to bytes.
typedef enum dash_truth { DASH_EXACT, DASH_REDUCED, DASH_BUDGET, DASH_BLANK } dash_truth;
enum { DASH_SIDE = 256, DASH_BANDS = 16 };
// Bytes of a tile in the raw formats "u16", "f32" and "u8"; the heap's. NULL after
// nd_fail.
void *dash_encode(const nd_tile *tile, const char *format, const nd_band *band,
                  dash_truth truth, size_t *bytes) ND_CHECKED;
// The tile as PNG, coloured as the address says, becomes the answer's body.
nd_status dash_picture(dash_request *r, nd_work *work, const nd_tile *tile) ND_CHECKED;
// Z of level 0: how often the grid is halved until one tile holds it.
int dash_levels(const nd_grid *grid);
// "b=3,2,1": the set to read, ascending, and where each of the wanted stands in it.
nd_status dash_bands(nd_arena *arena, const char *query, const nd_node *node,
                     nd_bands *sorted, int order[DASH_BANDS], int *count) ND_CHECKED;
// The planes as they were asked for, which may repeat and run backwards.
nd_status dash_reorder(nd_arena *arena, nd_tile *tile, const int *order,
                       int count) ND_CHECKED;
