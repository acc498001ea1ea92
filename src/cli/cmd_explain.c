// SPDX-License-Identifier: Apache-2.0
// nadir explain: the plan before a pixel moves: nodes, grids, bands, schedule, memory.
#include "cli/pull.h"
#include <string.h>

enum { TILE = 512 };
static const char *const levels[] = {
    [ND_FULL] = "full", [ND_REDUCED] = "reduced", [ND_EXACT] = "exact"};

// What is pulled of an output: its first band and all that lie on the same grid.
static nd_status first_bands(nd_arena *arena, const nd_node *node, nd_bands *bands)
{
    int *band = nd_alloc(arena, (size_t)node->bands + 1, sizeof *band);
    if (!band) return ND_E_MEMORY;
    int count = 0, first = 0;
    while (first < node->bands - 1 && node->band[first].role != ND_DATA) first++;
    for (int b = first; b < node->bands; b++)
        if (node->band[b].role != ND_MASK &&
            nd_grid_same(&node->band[b].grid, &node->band[first].grid))
            band[count++] = b;
    *bands = (nd_bands){band, count};
    return count ? ND_OK
                 : nd_fail(ND_E_DATA, "%s has no band to compute\ncheck its bands",
                           node->id);
}

// Rows of words, the first what stands above each column.
static void told_json(const nd_told *told, nd_json_out *out)
{
    nd_json_open(out, "told", '[');
    for (int r = 0; r < told->rows; r++) {
        nd_json_open(out, NULL, '[');
        for (int c = 0; c < told->columns; c++)
            nd_json_text(out, NULL, told->cell[r * told->columns + c]);
        nd_json_close(out, ']');
    }
    nd_json_close(out, ']');
}

static void node_json(const nd_node *node, nd_json_out *out)
{
    nd_json_open(out, NULL, '{');
    nd_json_text(out, "id", node->id);
    nd_json_text(out, "operator", node->op->name);
    nd_json_text(out, "place", node->place);
    nd_json_text(out, "levels", levels[node->op->levels]);
    nd_json_bool(out, "keeps_tiles", node->keeps);
    nd_json_bool(out, "materialised", node->op->materialises);
    nd_json_open(out, "inputs", '[');
    for (int i = 0; i < node->inputs; i++) nd_json_text(out, NULL, node->input[i]->id);
    nd_json_close(out, ']');
    nd_json_open(out, "bands", '[');
    for (int b = 0; b < node->bands; b++) {
        const nd_band *band = &node->band[b];
        nd_json_open(out, NULL, '{');
        nd_json_text(out, "name", band->name);
        nd_json_text(out, "unit", band->unit);
        nd_json_whole(out, "width", band->grid.width);
        nd_json_whole(out, "height", band->grid.height);
        nd_json_real(out, "x", band->grid.x);
        nd_json_real(out, "y", band->grid.y);
        nd_json_real(out, "pixel_x", band->grid.pixel_x);
        nd_json_real(out, "pixel_y", band->grid.pixel_y);
        if (band->wavelength_nm > 0) {
            nd_json_real(out, "wavelength_nm", band->wavelength_nm);
            nd_json_real(out, "bandwidth_nm", band->bandwidth_nm);
        }
        nd_json_text(out, "crs", band->grid.crs ? band->grid.crs->text : NULL);
        nd_json_close(out, '}');
    }
    nd_json_close(out, ']');
    if (node->told) told_json(node->told, out);
    nd_json_close(out, '}');
}

// As wide as its widest word is each column.
static void told_text(const nd_told *told, nd_buffer *out)
{
    for (int r = 0; r < told->rows; r++) {
        nd_buffer_add(out, "   ");
        for (int c = 0; c < told->columns; c++) {
            size_t wide = 0;
            for (int i = 0; i < told->rows; i++) {
                const size_t w = strlen(told->cell[i * told->columns + c]);
                wide = w > wide ? w : wide;
            }
            nd_buffer_add(out, " %-*s", c < told->columns - 1 ? (int)wide + 2 : 0,
                          told->cell[r * told->columns + c]);
        }
        nd_buffer_add(out, "\n");
    }
}

static bool is_first_on_grid(const nd_node *node, int b)
{
    for (int a = 0; a < b; a++)
        if (nd_grid_same(&node->band[a].grid, &node->band[b].grid)) return false;
    return true;
}

// The grid of band `first`, and below it the names of the bands that lie on it.
static void grid_text(const nd_node *node, int first, nd_buffer *out)
{
    char width[32], height[32];
    const nd_grid *grid = &node->band[first].grid;
    cli_whole_print(grid->width, width);
    cli_whole_print(grid->height, height);
    nd_buffer_add(out, "    %s x %s, %g x %g, %s\n       ", width, height,
                  fabs(grid->pixel_x), fabs(grid->pixel_y),
                  grid->crs ? grid->crs->name : nd_gettext("not on the map"));
    for (int b = first, told = 0; b < node->bands; b++) {
        if (!nd_grid_same(&node->band[b].grid, grid)) continue;
        if (told == 12) nd_buffer_add(out, " …");
        if (told++ < 12) nd_buffer_add(out, " %s", node->band[b].name);
    }
    nd_buffer_add(out, "\n");
}

static void node_text(const nd_node *node, nd_buffer *out)
{
    nd_buffer_add(out, "%s%s%s   %s%s%s\n", cli_paint_on(stdout, CLI_BOLD), node->id,
                  cli_paint_off(stdout), node->op->snap ? node->op->snap : node->op->name,
                  node->keeps ? nd_gettext(", keeps its tiles") : "",
                  node->op->materialises ? nd_gettext(", materialised: through files")
                                         : "");
    for (int i = 0; i < node->inputs; i++)
        nd_buffer_add(out, "    %-9s %s\n", i ? "" : nd_gettext("from"),
                      node->input[i]->id);
    for (int b = 0; b < node->bands; b++)
        if (is_first_on_grid(node, b)) grid_text(node, b, out);
    if (node->told) told_text(node->told, out);
}

static void plan_json(const nd_node *node, const nd_plan *plan, nd_json_out *out)
{
    nd_json_open(out, NULL, '{');
    nd_json_text(out, "node", node->id);
    nd_json_whole(out, "tiles", plan->tiles);
    nd_json_whole(out, "source_tiles", plan->source_tiles);
    nd_json_whole(out, "source_asks", plan->source_asks);
    nd_json_whole(out, "halo", plan->halo);
    nd_json_whole(out, "scratch_bytes", plan->scratch_bytes);
    nd_json_whole(out, "cache_bytes", plan->cache_bytes);
    nd_json_whole(out, "held_bytes", plan->held_bytes);
    nd_json_whole(out, "peak_bytes", plan->peak_bytes);
    nd_json_bool(out, "fits", plan->fits);
    nd_json_close(out, '}');
}

static void plan_text(const nd_node *node, const nd_plan *plan, nd_buffer *out)
{
    char tiles[32], source[32], asks[32], peak[32];
    cli_whole_print(plan->tiles, tiles);
    cli_whole_print(plan->source_tiles, source);
    cli_whole_print(plan->source_asks, asks);
    cli_bytes_print(plan->peak_bytes, peak);
    nd_buffer_add(out, "\n%s%s%s\n", cli_paint_on(stdout, CLI_BOLD),
                  node->op->sink && node->inputs ? node->input[0]->id : node->id,
                  cli_paint_off(stdout));
    nd_buffer_add(out, nd_gettext("    %s tiles of %d x %d pixels\n"), tiles, TILE, TILE);
    nd_buffer_add(out, nd_gettext("    %s tiles of sources, asked for %s times\n"),
                  source, asks);
    nd_buffer_add(out, nd_gettext("    %d pixels of margin around a tile at most\n"),
                  plan->halo);
    nd_buffer_add(out, nd_gettext("    about %s of memory at the peak\n"), peak);
    if (plan->held_bytes) {
        cli_bytes_print(plan->held_bytes, peak);
        nd_buffer_add(out, nd_gettext("    %s of it for networks\n"), peak);
    }
    nd_buffer_add(out, "    %s\n",
                  plan->fits ? nd_gettext("nothing is computed twice")
                             : nd_gettext("the budget is small: some tiles are computed "
                                          "twice; --memory gives more"));
}

static nd_status plan_of(const cli_session *session, const nd_run *run, nd_node *output,
                         nd_plan *plan)
{
    nd_node *node = output->op->sink && output->inputs ? output->input[0] : output;
    const nd_sink sink = {.tile_width = TILE, .tile_height = TILE};
    nd_bands bands;
    ND_TRY(first_bands(session->call->arena, node, &bands));
    return nd_plan_run(node, bands, &sink, run, plan);
}

static nd_status explain(cli_session *session, const nd_planned *planned, nd_buffer *text)
{
    const bool is_json = session->call->general->json;
    nd_json_out out = {.to = text};
    nd_run run;
    nd_plan plan;
    ND_TRY(cli_session_next(session, session->call->arena, &run));
    nd_settle(planned->output, planned->outputs);
    if (is_json) nd_json_open(&out, NULL, '{'), nd_json_open(&out, "nodes", '[');
    for (int i = 0; i < planned->nodes; i++)
        is_json ? node_json(planned->node[i], &out) : node_text(planned->node[i], text);
    if (is_json) nd_json_close(&out, ']'), nd_json_open(&out, "outputs", '[');
    for (int i = 0; i < planned->outputs; i++) {
        ND_TRY(plan_of(session, &run, planned->output[i], &plan));
        is_json ? plan_json(planned->output[i], &plan, &out)
                : plan_text(planned->output[i], &plan, text);
    }
    if (is_json) {
        nd_json_close(&out, ']');
        nd_json_close(&out, '}');
        nd_buffer_put(text, "\n", 1);
    }
    return ND_OK;
}

static nd_status run_it(cli_call *call)
{
    cli_session session;
    nd_planned planned;
    nd_buffer text = {.arena = call->arena};
    const nd_graph_ask ask = {
        .path = call->word[0], .variable = call->variable, .variables = call->variables};
    const nd_graph *graph = cli_graph_read(call, call->arena, &ask);
    if (!graph) return ND_E_PARAM;
    ND_TRY(cli_graph_ready(call, graph));
    ND_TRY(nd_graph_plan(call->arena, graph, &planned));
    ND_TRY(cli_session_open(call, &session));
    ND_TRY(explain(&session, &planned, &text));
    return cli_put(&text);
}

const cli_command cli_cmd_explain = {
    .name = "explain",
    .brief = "Show the plan of a graph before a pixel moves",
    .usage = "GRAPH [-P name=value]",
    .example = "nadir explain ndvi.yaml -P scene=S2A.SAFE -P out=ndvi.tif",
    .help = "Each node with its grids and bands; for each output how many tiles there\n"
            "are, what they need of the sources, and the memory that will take.",
    .min_words = 1,
    .max_words = 1,
    .of = "graph",
    .pulls = true,
    .variables = true,
    .run = run_it,
};
