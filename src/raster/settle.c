// SPDX-License-Identifier: Apache-2.0
// Which nodes keep their tiles: decoders, fan-outs, what scattered reads stand on, and
// where the halos on the way have grown dearer than memory.
#include "raster/cache.h"

enum { SIDE = 512, MOST = 4096 };

typedef struct seen {
    nd_node *node;
    int users;
    bool is_scattered; // a user reads it in another order than it is asked
    double halo;       // pixels of margin between it and the last kept node below
} seen;
typedef struct settling {
    seen *seen;
    int count;
} settling;

static seen *find(settling *s, const nd_node *node)
{
    for (int i = 0; i < s->count; i++)
        if (s->seen[i].node == node) return &s->seen[i];
    return NULL;
}

// Inputs first, each node once; deeper or larger than any real graph is left alone.
static void collect(settling *s, nd_node *node, int depth)
{
    if (depth > MOST || find(s, node)) return;
    for (int i = 0; i < node->inputs; i++) collect(s, node->input[i], depth + 1);
    if (s->count < MOST) s->seen[s->count++] = (seen){.node = node};
}

int raster_tile_width(const nd_node *node)
{
    return node->tile_width > 0 ? node->tile_width : SIDE;
}

int raster_tile_height(const nd_node *node)
{
    return node->tile_height > 0 ? node->tile_height : SIDE;
}

cache_name raster_cache_name(const nd_node *node, int level, int x, int y)
{
    return (cache_name){.key = node->key, .level = level, .x = x, .y = y};
}

nd_rect raster_window(const nd_node *node, int input, const nd_tile *tile, int *level)
{
    *level = tile->level;
    if (!node->op->window || node->op->row) return tile->rect;
    return node->op->window(node, input, tile, level);
}

// Margin that `node` asks of an input around a tile in the middle of nowhere.
static double margin_of(const nd_node *node, int input)
{
    if (!node->op->window || node->op->scattered || !node->bands) return 0;
    static const int first[] = {0};
    const nd_rect r = {SIDE, SIDE, SIDE, SIDE};
    const nd_tile tile = {.rect = r, .bands = {first, 1}};
    int level;
    const nd_rect w = raster_window(node, input, &tile, &level);
    const double more = (double)w.width * SIDE / (w.height > 0 ? w.height : 1);
    return w.width > r.width && more > 0 ? (w.width - r.width) / 2.0 : 0;
}

static void tell_inputs(settling *s, const seen *user)
{
    for (int i = 0; i < user->node->inputs; i++) {
        seen *input = find(s, user->node->input[i]);
        if (!input) continue;
        const double halo =
            (user->node->keeps ? 0 : user->halo) + margin_of(user->node, i);
        input->users++;
        if (halo > input->halo) input->halo = halo;
        // A row is cheaper made again than kept: what it stands on is kept in its stead.
        input->is_scattered |=
            user->node->op->scattered || (user->is_scattered && user->node->op->row);
    }
}

static int round_up(int value, int to)
{
    return (value + to - 1) / to * to;
}

// Tiles of a decoder hold whole blocks of its file: one large block, or as many small
// ones as make some 512 x 512 pixels. All bands have the tiles of the largest one.
static void cut_by_blocks(nd_node *node)
{
    enum { LARGEST = 4096 };
    const nd_band *best = NULL;
    for (int b = 0; b < node->bands; b++)
        if (node->band[b].block_width > 0 && node->band[b].block_height > 0 &&
            (!best || node->band[b].grid.width > best->grid.width))
            best = &node->band[b];
    if (!best || node->tile_width > 0) return;
    const int w = best->block_width, h = best->block_height;
    if (w < best->grid.width || w <= SIDE) {
        node->tile_width = w > LARGEST ? SIDE : round_up(SIDE, w);
        node->tile_height = h > LARGEST ? SIDE : round_up(SIDE, h);
        return;
    }
    const int rows = SIDE * SIDE / w; // strips: as wide as the picture
    node->tile_width = w;
    node->tile_height = h > LARGEST ? SIDE : round_up(rows > 0 ? rows : 1, h);
}

void nd_settle(nd_node *const *output, int outputs)
{
    settling s = {0};
    if (outputs < 1) return;
    s.seen = nd_alloc(output[0]->arena, MOST, sizeof *s.seen);
    if (!s.seen) return; // nothing is kept: slow, not wrong
    for (int i = 0; i < outputs; i++) collect(&s, output[i], 0);
    for (int i = s.count - 1; i >= 0; i--) {
        seen *n = &s.seen[i];
        const nd_op *op = n->node->op;
        const double side = (SIDE + 2 * n->halo) / SIDE;
        const bool is_dear = side * side >= 1.3;
        if (op->decodes) cut_by_blocks(n->node);
        const bool keeps = op->decodes ||
                           (!op->row && (n->users > 1 || n->is_scattered)) ||
                           (is_dear && (!op->row || n->users > 1));
        // A node of an earlier plan may be in use: it is never told to forget.
        if (keeps && !n->node->keeps) n->node->keeps = true;
        tell_inputs(&s, n);
    }
}
