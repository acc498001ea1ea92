// SPDX-License-Identifier: Apache-2.0
// The map page as data: a flat table of parts, the nodes of the graph and their grids.
#include "dash/dash.h"
#include <nadir/colour.h>
#include <nadir/geo.h>
#include <string.h>

enum { MESH = 9, GRIDS = 64 };

// ---- Parts.

static const char *step_part(nd_arena *arena, const dash_step *step)
{
    return nd_text(arena, "step:%s", step->id);
}

static void open_part(nd_json_out *out, const char *id, const char *kind)
{
    nd_json_open(out, id, '{');
    nd_json_text(out, "kind", kind);
}

static void children(nd_json_out *out, const char *const *id)
{
    nd_json_open(out, "children", '[');
    for (; *id; id++) nd_json_text(out, NULL, *id);
    nd_json_close(out, ']');
}

static void layout(nd_json_out *out)
{
    static const struct {
        const char *id, *kind, *children[6];
    } part[] = {
        {"root", "shell", {"side", "stage"}},
        {"side", "column", {"layers", "steps", "share"}},
        {"stage", "stage", {"map", "figures"}},
        {"figures", "row", {"inspector", "profile"}},
        {"layers", "layers", {0}},
        {"map", "map", {0}},
        {"inspector", "inspector", {0}},
        {"profile", "profile", {0}},
        {"share", "share", {0}},
    };
    for (size_t i = 0; i < sizeof part / sizeof *part; i++) {
        open_part(out, part[i].id, part[i].kind);
        if (*part[i].children) children(out, part[i].children);
        nd_json_close(out, '}');
    }
}

static void steps(const dash_plan *plan, nd_json_out *out)
{
    nd_arena *arena = out->to->arena;
    open_part(out, "steps", "steps");
    nd_json_open(out, "children", '[');
    for (int i = 0; i < plan->steps; i++)
        nd_json_text(out, NULL, step_part(arena, &plan->step[i]));
    nd_json_close(out, ']');
    nd_json_close(out, '}');
    for (int i = 0; i < plan->steps; i++) {
        const dash_step *step = &plan->step[i];
        const nd_table *table = step->settings ? step->settings->table : NULL;
        const char *id = step_part(arena, step);
        if (!id) continue;
        open_part(out, id, "step");
        nd_json_text(out, "id", step->id);
        nd_json_text(out, "op", step->op->snap ? step->op->snap : step->op->name);
        if (step->op->brief) nd_json_text(out, "brief", step->op->brief);
        nd_json_open(out, "children", '[');
        for (size_t k = 0; table && k < table->count; k++)
            nd_json_text(out, NULL,
                         nd_text(arena, "%s.%s", step->id, table->row[k].name));
        nd_json_close(out, ']');
        nd_json_close(out, '}');
        for (size_t k = 0; table && k < table->count; k++)
            dash_widget_print(step, k, out);
    }
}

// ---- Nodes and grids.

typedef struct grids {
    const nd_grid *grid[GRIDS];
    int count;
} grids;

static int number_of(grids *g, const nd_grid *grid)
{
    for (int i = 0; i < g->count; i++)
        if (nd_grid_same(g->grid[i], grid)) return i;
    if (g->count == GRIDS) return -1;
    g->grid[g->count] = grid;
    return g->count++;
}

// "KEY.band" of a node that has the grid, for tiles of others on it. One of the first
// plan where it can be: its key does not change while a slider moves.
static const char *name_of_grid(nd_arena *arena, const dash_plan *plan,
                                const nd_grid *grid)
{
    const char *inner = plan->base ? name_of_grid(arena, plan->base, grid) : NULL;
    for (int i = 0; i < plan->steps && !inner; i++)
        for (int b = 0; b < plan->step[i].node->bands && !inner; b++)
            if (nd_grid_same(&plan->step[i].node->band[b].grid, grid)) {
                char key[33];
                nd_hash_print(plan->step[i].node->key, key);
                inner = nd_text(arena, "%s.%d", key, b);
            }
    return inner;
}

// Longitude and latitude of 9 x 9 points, for what stands under the pointer.
static void mesh(const nd_grid *grid, nd_json_out *out)
{
    nd_arena *arena = out->to->arena;
    double x[MESH * MESH], y[MESH * MESH];
    for (int i = 0; i < MESH * MESH; i++) {
        const int column = i % MESH, row = i / MESH;
        x[i] = grid->x + grid->pixel_x * grid->width * column / (MESH - 1);
        y[i] = grid->y + grid->pixel_y * grid->height * row / (MESH - 1);
    }
    const nd_crs *world = nd_crs_new(arena, "EPSG:4326");
    const nd_transform *t = world ? nd_transform_new(arena, grid->crs, world) : NULL;
    if (!t || nd_transform_points(t, (size_t)MESH * MESH, x, y) != ND_OK) {
        (void)nd_error_take();
        return;
    }
    nd_json_open(out, "lonlat", '[');
    for (int i = 0; i < MESH * MESH; i++) {
        nd_json_real(out, NULL, x[i]);
        nd_json_real(out, NULL, y[i]);
    }
    nd_json_close(out, ']');
}

static void print_grid(const dash_plan *plan, const nd_grid *grid, nd_json_out *out)
{
    nd_json_open(out, NULL, '{');
    nd_json_text(out, "on", name_of_grid(out->to->arena, plan, grid));
    nd_json_whole(out, "width", grid->width);
    nd_json_whole(out, "height", grid->height);
    nd_json_real(out, "x", grid->x);
    nd_json_real(out, "y", grid->y);
    nd_json_real(out, "px", grid->pixel_x);
    nd_json_real(out, "py", grid->pixel_y);
    nd_json_whole(out, "levels", dash_levels(grid));
    if (grid->crs) {
        nd_json_text(out, "crs", grid->crs->text);
        nd_json_text(out, "crsName", grid->crs->name);
        nd_json_bool(out, "degrees", grid->crs->is_geographic);
        mesh(grid, out);
    }
    nd_json_close(out, '}');
}

static void print_labels(const nd_band *band, nd_json_out *out)
{
    nd_json_open(out, "labels", '[');
    for (int i = 0; i < band->labels && i < 256; i++) {
        const nd_label *l = &band->label[i];
        nd_json_open(out, NULL, '{');
        nd_json_real(out, "value", l->value);
        nd_json_text(out, "name", l->name);
        const uint32_t colour = nd_label_colour(l, i);
        nd_json_whole(out, "colour", colour >> 8);
        if (!(colour & 255)) nd_json_bool(out, "clear", true);
        nd_json_close(out, '}');
    }
    nd_json_close(out, ']');
}

// Of a network's answers that lie between 0 and 1: how they are best looked at.
static const char *ramp_of(const dash_step *step, const nd_band *band)
{
    static const char *const shares = "confidence,margin,entropy";
    if (strcmp(step->op->name, "predict") != 0 || band->kind == ND_CLASS) return NULL;
    const bool is_share = strncmp(band->name, "probability_", 12) == 0 ||
                          nd_text_listed(shares, band->name);
    return is_share ? "viridis" : NULL;
}

static void print_band(const dash_step *step, const nd_band *band, grids *g,
                       nd_json_out *out)
{
    static const char *const kinds[] = {[ND_CONTINUOUS] = "continuous",
                                        [ND_AMPLITUDE] = "amplitude",
                                        [ND_CLASS] = "class",
                                        [ND_FLAGS] = "flags"};
    nd_json_open(out, NULL, '{');
    nd_json_text(out, "name", band->name);
    if (band->unit) nd_json_text(out, "unit", band->unit);
    nd_json_text(out, "kind", kinds[band->kind]);
    nd_json_whole(out, "grid", number_of(g, &band->grid));
    if (band->help) nd_json_text(out, "help", band->help);
    if (band->missing) nd_json_text(out, "missing", band->missing);
    if (band->wavelength_nm > 0) nd_json_real(out, "nm", band->wavelength_nm);
    if (band->labels) print_labels(band, out);
    if (ramp_of(step, band)) {
        nd_json_text(out, "ramp", ramp_of(step, band));
        nd_json_open(out, "range", '[');
        nd_json_whole(out, NULL, 0);
        nd_json_whole(out, NULL, 1);
        nd_json_close(out, ']');
    }
    nd_json_close(out, '}');
}

static int band_near(const nd_node *node, double nm, const char *names)
{
    int best = -1;
    double least = 25; // half the distance between neighbours in the visible
    for (int b = 0; b < node->bands; b++) {
        const double off = fabs(node->band[b].wavelength_nm - nm);
        if (node->band[b].missing || !(node->band[b].wavelength_nm > 0) || off >= least)
            continue;
        best = b, least = off;
    }
    for (int b = 0; b < node->bands && best < 0; b++)
        if (!node->band[b].missing && nd_text_listed(names, node->band[b].name)) best = b;
    return best;
}

// What is shown first: true colour if the node has it, else its first band that is there.
static void print_show(const nd_node *node, nd_json_out *out)
{
    const int rgb[] = {band_near(node, 665, "B4,B04,red,r"),
                       band_near(node, 560, "B3,B03,green,g"),
                       band_near(node, 490, "B2,B02,blue,b")};
    bool is_colour = true;
    for (int i = 0; i < 3 && is_colour; i++)
        is_colour = rgb[i] >= 0 && rgb[i] != rgb[(i + 1) % 3] &&
                    nd_grid_same(&node->band[rgb[0]].grid, &node->band[rgb[i]].grid);
    nd_json_open(out, "show", '[');
    for (int i = 0; i < 3 && is_colour; i++) nd_json_whole(out, NULL, rgb[i]);
    for (int b = 0; b < node->bands && !is_colour; b++)
        if (!node->band[b].missing) {
            nd_json_whole(out, NULL, b);
            break;
        }
    nd_json_close(out, ']');
}

static void print_node(const dash_plan *plan, const dash_step *step, grids *g,
                       nd_json_out *out)
{
    static const char *const levels[] = {
        [ND_FULL] = "full", [ND_REDUCED] = "reduced", [ND_EXACT] = "exact"};
    char key[33];
    nd_hash_print(step->node->key, key);
    nd_json_open(out, NULL, '{');
    nd_json_text(out, "id", step->id);
    nd_json_text(out, "key", key);
    nd_json_text(out, "levels", levels[dash_plan_levels(plan, step->node)]);
    const double error = dash_plan_error(plan, step->node);
    if (error > 0) {
        nd_json_real(out, "level_error_percent", error);
        nd_json_whole(out, "level_error_at", ND_LEVEL_MEASURED);
    }
    nd_json_open(out, "bands", '[');
    for (int b = 0; b < step->node->bands && b < 256; b++)
        print_band(step, &step->node->band[b], g, out);
    nd_json_close(out, ']');
    print_show(step->node, out);
    nd_json_close(out, '}');
}

static void print_graph(const dash_plan *plan, nd_json_out *out)
{
    grids g = {0};
    nd_json_open(out, "map.graph", '{');
    nd_json_open(out, "nodes", '[');
    for (int i = 0; i < plan->steps; i++) print_node(plan, &plan->step[i], &g, out);
    nd_json_close(out, ']');
    nd_json_open(out, "grids", '[');
    for (int i = 0; i < g.count; i++) print_grid(plan, g.grid[i], out);
    nd_json_close(out, ']');
    nd_json_close(out, '}');
}

// What the page opens with: where there are labels, them beside what they belong to;
// else the last step, and the first to compare it with.
static void print_first(const dash_plan *plan, nd_json_out *out)
{
    const char *left = plan->step[plan->steps - 1].id, *right = plan->step[0].id;
    bool is_compared = false;
    for (int i = 1; i < plan->steps; i++) {
        const dash_step *step = &plan->step[i];
        const bool is_known = strcmp(step->op->name, "labels") == 0;
        if (is_known) right = step->id, is_compared = true;
        if (step->input && (is_known || strcmp(step->op->name, "class_error") == 0))
            left = step->input->id;
    }
    nd_json_open(out, "first", '{');
    nd_json_text(out, "left", left);
    nd_json_text(out, "right", right);
    nd_json_bool(out, "compared", is_compared);
    nd_json_close(out, '}');
}

// In a shell's single quotes only a single quote needs care.
static void quote(nd_buffer *to, const char *text)
{
    nd_buffer_add(to, "'");
    for (; *text; text++)
        if (*text == '\'')
            nd_buffer_add(to, "'\\''");
        else
            nd_buffer_put(to, text, 1);
    nd_buffer_add(to, "'");
}

const char *dash_share(nd_arena *arena, const nd_dash *dash, const dash_plan *plan)
{
    nd_buffer text = {.arena = arena};
    nd_buffer_add(&text, "%s", dash->map.command ? dash->map.command : "nadir map");
    for (size_t i = 0; i < plan->changes; i++) {
        const dash_change *c = &plan->change[i];
        nd_buffer_add(&text, " -P ");
        const char *word = nd_text(arena, "%s.%s=%s", c->step, c->name, c->value);
        if (word && strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                 "0123456789._=,:/+-") == strlen(word))
            nd_buffer_add(&text, "%s", word);
        else if (word)
            quote(&text, word);
    }
    return nd_buffer_text(&text);
}

nd_status dash_set_print(nd_dash *dash, const dash_plan *plan, nd_json_out *out)
{
    nd_json_open(out, "set", '{');
    print_graph(plan, out);
    nd_json_text(out, "share.text", dash_share(out->to->arena, dash, plan));
    nd_json_close(out, '}');
    return nd_buffer_text(out->to) ? ND_OK : ND_E_MEMORY;
}

static void print_colours(nd_json_out *out)
{
    nd_json_open(out, "ramps", '[');
    for (const nd_ramp *r = nd_ramps; r->name; r++) {
        nd_json_open(out, NULL, '{');
        nd_json_text(out, "name", r->name);
        nd_json_text(out, "help", r->help);
        nd_json_open(out, "stops", '[');
        for (int i = 0; i < r->stops; i++) nd_json_whole(out, NULL, r->stop[i]);
        nd_json_close(out, ']');
        nd_json_close(out, '}');
    }
    nd_json_close(out, ']');
}

nd_status dash_page_print(nd_dash *dash, const dash_plan *plan, nd_json_out *out)
{
    nd_json_open(out, NULL, '{');
    nd_json_text(out, "page", "map");
    nd_json_text(out, "title", dash->map.title ? dash->map.title : "map");
    nd_json_text(out, "version", NADIR_VERSION);
    nd_json_bool(out, "runs", dash->runs != NULL);
    print_first(plan, out);
    nd_json_open(out, "parts", '{');
    layout(out);
    steps(plan, out);
    nd_json_close(out, '}');
    print_colours(out);
    ND_TRY(dash_set_print(dash, plan, out));
    nd_json_close(out, '}');
    return nd_buffer_text(out->to) ? ND_OK : ND_E_MEMORY;
}
