// SPDX-License-Identifier: Apache-2.0
// Nodes: made, planned once, then constant, so that any thread may read them.
#include <math.h>
#include <nadir/op.h>
#include <string.h>

nd_grid nd_grid_at(nd_grid grid, int level)
{
    const int side = 1 << level;
    grid.width = (grid.width - 1) / side + 1;
    grid.height = (grid.height - 1) / side + 1;
    grid.pixel_x *= side, grid.pixel_y *= side;
    return grid;
}

bool nd_grid_same(const nd_grid *a, const nd_grid *b)
{
    return a->width == b->width && a->height == b->height && a->x == b->x &&
           a->y == b->y && a->pixel_x == b->pixel_x && a->pixel_y == b->pixel_y &&
           nd_crs_same(a->crs, b->crs);
}

const nd_grid *nd_node_grid(const nd_node *node)
{
    const nd_grid *best = NULL;
    for (int b = 0; b < node->bands; b++) {
        const nd_grid *g = &node->band[b].grid;
        const int64_t pixels = (int64_t)g->width * g->height;
        if (node->band[b].role == ND_ANGLE) continue;
        if (!best || pixels > (int64_t)best->width * best->height) best = g;
    }
    return best ? best : node->bands ? &node->band[0].grid : NULL;
}

bool nd_band_is_whole(const nd_band *band)
{
    return band->kind == ND_CLASS || band->kind == ND_FLAGS || band->role == ND_MASK;
}

double nd_whole(double position)
{
    const double whole = round(position);
    return fabs(position - whole) < 1e-6 ? whole : position;
}

bool nd_grid_near(const nd_grid *a, const nd_grid *b, double error_deg)
{
    // A degree of latitude is 111 320 m on the sphere of the WGS 84 equator.
    const bool is_metric = a->crs && !a->crs->is_geographic;
    const double error = is_metric ? error_deg * 111320 : error_deg;
    const double right = a->x + a->pixel_x * a->width - b->x - b->pixel_x * b->width;
    const double below = a->y + a->pixel_y * a->height - b->y - b->pixel_y * b->height;
    return a->width == b->width && a->height == b->height &&
           nd_crs_same(a->crs, b->crs) && fabs(a->x - b->x) <= error &&
           fabs(a->y - b->y) <= error && fabs(right) <= error && fabs(below) <= error;
}

bool nd_crs_same(const nd_crs *a, const nd_crs *b)
{
    return a == b || (a && b && strcmp(a->text, b->text) == 0);
}

nd_rect nd_rect_clip(nd_rect r, int width, int height)
{
    const int64_t right = (int64_t)r.x + r.width, below = (int64_t)r.y + r.height;
    const int x = r.x > 0 ? r.x : 0, y = r.y > 0 ? r.y : 0;
    const int64_t w = (right < width ? right : width) - x;
    const int64_t h = (below < height ? below : height) - y;
    return (nd_rect){x, y, w > 0 ? (int)w : 0, h > 0 ? (int)h : 0};
}

int nd_band_find(const nd_node *node, const char *name)
{
    for (int i = 0; i < node->bands; i++)
        if (nd_text_same(node->band[i].name, name)) return i;
    return -1;
}

nd_status nd_band_choose(const nd_node *node, const char *name, int otherwise, int *band)
{
    *band = name ? nd_band_find(node, name) : otherwise < node->bands ? otherwise : -1;
    if (*band >= 0) return ND_OK;
    if (!name)
        return nd_fail(ND_E_DATA, "the input has %d bands, not %d\nname the bands to use",
                       node->bands, otherwise + 1);
    const char *word[256] = {0};
    size_t words = 0;
    for (int i = 0; i < node->bands && words < 256; i++)
        word[words++] = node->band[i].name;
    const char *nearest = nd_text_nearest(name, word, words);
    if (nearest)
        return nd_fail(ND_E_DATA, "the input has no band %s\ndid you mean %s?", name,
                       nearest);
    nd_buffer list = {.arena = node->arena};
    for (size_t i = 0; i < words && i < 16; i++)
        nd_buffer_add(&list, "%s%s", i ? ", " : "", word[i]);
    const char *all = nd_buffer_text(&list);
    return nd_fail(ND_E_DATA, "the input has no band %s\nit has %s", name,
                   all && *all ? all : "none");
}

static bool has_on_grid(const nd_node *node, const nd_grid *grid)
{
    for (int k = 0; k < node->bands; k++)
        if (nd_grid_same(grid, &node->band[k].grid)) return true;
    return !node->bands;
}

// A row's sources lie on grids of its results: pixel x is pixel x in those of one grid.
static nd_status check_row(const nd_node *node)
{
    for (int i = 0; i < node->sources; i++) {
        const nd_source *s = &node->source[i];
        const nd_band *from = &node->input[s->input]->band[s->band];
        if (!has_on_grid(node, &from->grid))
            return nd_fail(ND_E_DATA,
                           "band %s is %d x %d pixels, %s is %d x %d\n"
                           "put a Resample before it",
                           from->name, from->grid.width, from->grid.height,
                           node->band[0].name, node->band[0].grid.width,
                           node->band[0].grid.height);
    }
    return ND_OK;
}

static nd_status plan(nd_node *node)
{
    const nd_op *op = node->op;
    if (node->inputs < op->min_inputs ||
        (op->max_inputs >= 0 && node->inputs > op->max_inputs))
        return nd_fail(ND_E_PARAM,
                       "it has %d inputs, not %d\nconnect as many as it needs",
                       node->inputs, op->min_inputs);
    if (node->inputs) {
        const nd_node *first = node->input[0];
        node->bands = first->bands;
        node->product = first->product;
        node->name = first->name;
        node->band = nd_alloc(node->arena, (size_t)node->bands, sizeof *node->band);
        if (!node->band) return ND_E_MEMORY;
        memcpy(node->band, first->band, (size_t)node->bands * sizeof *node->band);
    }
    if (op->plan) ND_TRY(op->plan(node));
    return check_row(node);
}

// The operator, what it is set to, and what it stands on.
static nd_status name_key(nd_node *node)
{
    const nd_table *table = node->settings.table;
    node->key = nd_hash_text(node->key, node->op->name);
    node->key = nd_hash_more(node->key, &node->strict, sizeof node->strict);
    for (size_t i = 0; table && i < table->count; i++) {
        const char *text =
            nd_param_print(node->arena, &table->row[i], node->settings.data);
        if (!text && table->row[i].type != ND_TEXT && table->row[i].type != ND_PATH)
            return ND_E_MEMORY;
        node->key = nd_hash_text(node->key, text);
    }
    for (int i = 0; i < node->inputs; i++) {
        node->key =
            nd_hash_more(node->key, &node->input[i]->key, sizeof node->input[i]->key);
        node->key = nd_hash_text(node->key, node->input_id[i]);
    }
    return ND_OK;
}

static nd_status copy_inputs(nd_node *node, const nd_make *make)
{
    const size_t count = (size_t)make->inputs;
    nd_node **input = nd_alloc(node->arena, count, sizeof *input);
    const char **id = nd_alloc(node->arena, count, sizeof *id);
    if (!input || !id) return ND_E_MEMORY;
    for (size_t i = 0; i < count; i++) {
        input[i] = make->input[i];
        const char *own = make->input_id ? make->input_id[i] : NULL;
        id[i] = own ? nd_text(node->arena, "%s", own)
                : i ? nd_text(node->arena, "sourceProduct.%zu", i)
                    : "sourceProduct";
        if (!id[i]) return ND_E_MEMORY;
    }
    node->input = input, node->input_id = id, node->inputs = make->inputs;
    return ND_OK;
}

nd_node *nd_node_new(nd_arena *arena, const nd_make *make)
{
    const nd_op *op = make->op;
    if (op->compose) return op->compose(arena, make);
    nd_node *node = nd_alloc(arena, 1, sizeof *node);
    const char *where = nd_text(arena, "%s", make->place ? make->place : op->name);
    const char *id = nd_text(arena, "%s", make->id ? make->id : op->name);
    if (!node || !where || !id) return NULL;
    *node = (nd_node){.op = op,
                      .arena = arena,
                      .place = where,
                      .id = id,
                      .name = id,
                      .state = make->settings->data,
                      .settings = *make->settings,
                      .levels = op->levels,
                      .strict = make->strict};
    if (copy_inputs(node, make) == ND_OK && nd_settings_check(make->settings) == ND_OK &&
        plan(node) == ND_OK && name_key(node) == ND_OK)
        return node;
    nd_note("%s", where);
    return NULL;
}

nd_node *nd_node_with(nd_arena *arena, const nd_make *make, const char *name,
                      const char *value)
{
    nd_settings settings;
    if (nd_settings_new(arena, &make->op->table, &settings) != ND_OK ||
        nd_settings_set(arena, &settings, name, value) != ND_OK)
        return NULL;
    nd_make with = *make;
    with.settings = &settings;
    return nd_node_new(arena, &with);
}
