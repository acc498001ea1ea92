// SPDX-License-Identifier: Apache-2.0
// A graph behind a handle: planned without its writers, read by windows on all cores.
#include "easy/easy.h"
#include <nadir/graph.h>
#include <nadir/run.h>
#include <string.h>

enum { SIDE = 512 };

struct nd_easy_graph {
    nd_arena *arena;
    nd_planned planned;
    nd_pool *pool;
    nd_cache *cache;
    const char *text; // of describe
};

static nd_status open_graph(nd_easy_graph *g, const char *path, const char *text,
                            const char *const *variables)
{
    size_t count = 0;
    while (variables && variables[2 * count]) count++;
    nd_variable *v = nd_alloc(g->arena, count + 1, sizeof *v);
    if (!v) return ND_E_MEMORY;
    for (size_t i = 0; i < count; i++)
        v[i] = (nd_variable){.name = variables[2 * i], .value = variables[2 * i + 1]};
    const nd_graph *graph = nd_graph_read(g->arena, &(nd_graph_ask){.path = path,
                                                                    .text = text,
                                                                    .variable = v,
                                                                    .variables = count,
                                                                    .catalogue = nd_ops});
    if (!graph) return nd_error_code();
    const nd_graph_with with = {.without_sinks = true};
    ND_TRY(nd_graph_plan_with(g->arena, graph, &with, &g->planned));
    nd_settle(g->planned.output, g->planned.outputs);
    g->pool = nd_pool_new(0);
    g->cache = g->pool ? nd_cache_new((int64_t)512 << 20) : NULL;
    return g->cache ? ND_OK : nd_error_code();
}

nd_easy_graph *nd_easy_graph_open(const char *path, const char *text,
                                  const char *const *variables)
{
    nd_arena *arena = nd_arena_new();
    nd_easy_graph *g = arena ? nd_alloc(arena, 1, sizeof *g) : NULL;
    if (!g) {
        if (arena) nd_arena_free(arena);
        return easy_null(ND_E_MEMORY);
    }
    g->arena = arena;
    const nd_status status = open_graph(g, path, text, variables);
    if (status == ND_OK) return g;
    nd_easy_graph_close(g);
    return easy_null(status);
}

void nd_easy_graph_close(nd_easy_graph *graph)
{
    if (!graph) return;
    if (graph->pool) nd_pool_free(graph->pool);
    if (graph->cache) nd_cache_free(graph->cache);
    nd_arena_free(graph->arena);
}

static void describe_band(const nd_band *b, nd_json_out *out)
{
    static const char *const kinds[] = {"continuous", "amplitude", "class", "flags"};
    nd_json_open(out, NULL, '{');
    nd_json_text(out, "name", b->name);
    nd_json_text(out, "unit", b->unit);
    nd_json_text(out, "kind", kinds[b->kind]);
    nd_json_whole(out, "width", b->grid.width);
    nd_json_whole(out, "height", b->grid.height);
    nd_json_real(out, "x", b->grid.x);
    nd_json_real(out, "y", b->grid.y);
    nd_json_real(out, "pixel_x", b->grid.pixel_x);
    nd_json_real(out, "pixel_y", b->grid.pixel_y);
    nd_json_text(out, "crs", b->grid.crs ? b->grid.crs->text : NULL);
    if (b->wavelength_nm > 0) nd_json_real(out, "wavelength_nm", b->wavelength_nm);
    nd_json_open(out, "labels", '[');
    for (int i = 0; i < b->labels; i++) {
        nd_json_open(out, NULL, '{');
        nd_json_real(out, "value", b->label[i].value);
        nd_json_text(out, "name", b->label[i].name);
        nd_json_whole(out, "colour", b->label[i].colour);
        nd_json_close(out, '}');
    }
    nd_json_close(out, ']');
    nd_json_close(out, '}');
}

const char *nd_easy_graph_describe(nd_easy_graph *graph)
{
    static const char *const levels[] = {"full", "reduced", "exact"};
    if (graph->text) return graph->text;
    nd_buffer text = {.arena = graph->arena};
    nd_json_out out = {.to = &text};
    const nd_planned *p = &graph->planned;
    nd_json_open(&out, NULL, '{');
    nd_json_open(&out, "nodes", '[');
    for (int i = 0; i < p->nodes; i++) {
        const nd_node *n = p->node[i];
        nd_json_open(&out, NULL, '{');
        nd_json_text(&out, "id", n->id);
        nd_json_text(&out, "operator", n->op->name);
        nd_json_text(&out, "levels", levels[nd_levels_of(n)]);
        nd_json_open(&out, "bands", '[');
        for (int b = 0; b < n->bands; b++) describe_band(&n->band[b], &out);
        nd_json_close(&out, ']');
        nd_json_close(&out, '}');
    }
    nd_json_close(&out, ']');
    nd_json_open(&out, "outputs", '[');
    for (int i = 0; i < p->outputs; i++) nd_json_text(&out, NULL, p->output[i]->id);
    nd_json_close(&out, ']');
    nd_json_close(&out, '}');
    graph->text = nd_buffer_text(&text);
    return graph->text ? graph->text : easy_null(ND_E_MEMORY);
}

typedef struct reading {
    const nd_node *node;
    const nd_easy_window *w;
    float *out;
    int across; // tiles in a row
} reading;

static nd_status read_tile(void *user, nd_work *work, int64_t number)
{
    const reading *r = user;
    const nd_easy_window *w = r->w;
    const int x = (int)(number % r->across) * SIDE, y = (int)(number / r->across) * SIDE;
    const int width = w->width - x < SIDE ? w->width - x : SIDE;
    const int height = w->height - y < SIDE ? w->height - y : SIDE;
    nd_tile tile;
    ND_TRY(nd_read(r->node, work, (nd_bands){w->band, w->bands}, w->level,
                   (nd_rect){w->x + x, w->y + y, width, height}, &tile));
    for (int k = 0; k < w->bands; k++)
        for (int i = 0; i < height; i++)
            memcpy(r->out + ((int64_t)k * w->height + y + i) * w->width + x,
                   nd_at(&tile, k, w->x + x, w->y + y + i),
                   (size_t)width * sizeof(float));
    return ND_OK;
}

static nd_status find(const nd_easy_graph *graph, const char *id, const nd_node **node)
{
    const nd_planned *p = &graph->planned;
    *node = p->outputs ? p->output[0] : NULL;
    for (int i = 0; id && i < p->nodes; i++)
        if (nd_text_same(p->node[i]->id, id)) {
            *node = p->node[i];
            return ND_OK;
        }
    if (id || !*node)
        return nd_fail(ND_E_PARAM, "the graph has no node %s\ntake one of describe's ids",
                       id ? id : "at all");
    return ND_OK;
}

// Bands in range, ascending, on one grid: the engine takes that for granted.
static nd_status check(const nd_node *node, const nd_easy_window *w)
{
    if (w->bands < 1 || w->width < 0 || w->height < 0 || w->level < 0 || w->level > 30)
        return nd_fail(ND_E_PARAM,
                       "%d bands, %d x %d pixels of level %d\n"
                       "ask for a band or more, and sizes and levels from 0 on",
                       w->bands, w->width, w->height, w->level);
    for (int k = 0; k < w->bands; k++) {
        const int b = w->band[k];
        if (b < 0 || b >= node->bands || (k && b <= w->band[k - 1]))
            return nd_fail(ND_E_PARAM,
                           "band %d: there are bands 0 to %d\n"
                           "name each once, in rising order",
                           b, node->bands - 1);
        if (!nd_grid_same(&node->band[b].grid, &node->band[w->band[0]].grid))
            return nd_fail(ND_E_PARAM,
                           "bands %s and %s have pixels of two sizes\n"
                           "read them one after the other, or put a Resample before",
                           node->band[w->band[0]].name, node->band[b].name);
    }
    return ND_OK;
}

int nd_easy_read(nd_easy_graph *graph, const nd_easy_window *window, float *out)
{
    const nd_node *node;
    nd_status status = find(graph, window->node, &node);
    if (status == ND_OK) status = check(node, window);
    if (status != ND_OK) return easy_failed(status);
    const int across = (window->width + SIDE - 1) / SIDE;
    const int down = (window->height + SIDE - 1) / SIDE;
    reading r = {.node = node, .w = window, .across = across};
    r.out = out;
    const nd_job job = {.task = read_tile,
                        .user = &r,
                        .count = (int64_t)across * down,
                        .cache = graph->cache};
    return job.count ? easy_failed(nd_pool_run(graph->pool, &job)) : 0;
}
