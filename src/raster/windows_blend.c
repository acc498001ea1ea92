// SPDX-License-Identifier: Apache-2.0
// Answers of windows blended to one picture.
#include "raster/windows.h"
#include <string.h>

// ---- The outer node: answers blended.
static nd_status plan_blended(nd_node *self)
{
    const raster_brain *b = raster_windows_of(self)->brain;
    for (int k = 0; k < self->bands; k++) self->band[k].grid = b->grid;
    return ND_OK;
}

// Blocks or cells of the inner node that give weight to these pixels.
static nd_rect under(const raster_brain *b, nd_rect r)
{
    if (b->m.stride) {
        const int d = b->m.stride;
        const int x = r.x / d - 1, y = r.y / d - 1;
        return nd_rect_clip((nd_rect){x, y, (r.x + r.width - 1) / d + 2 - x,
                                      (r.y + r.height - 1) / d + 2 - y},
                            raster_windows_cells(b, b->grid.width),
                            raster_windows_cells(b, b->grid.height));
    }
    const int side = b->m.lattice.side;
    int x[2], y[2];
    nd_lattice_under(b->m.lattice, b->grid.width, r.x, r.width, &x[0], &x[1]);
    nd_lattice_under(b->m.lattice, b->grid.height, r.y, r.height, &y[0], &y[1]);
    return (nd_rect){x[0] * side, y[0] * side, (x[1] - x[0] + 1) * side,
                     (y[1] - y[0] + 1) * side};
}

static nd_rect window_of_blended(const nd_node *self, int input, const nd_tile *tile,
                                 int *level)
{
    (void)input;
    *level = 0;
    return under(raster_windows_of(self)->brain, tile->rect);
}

// Adds window (i, j)'s part of the tile.
static nd_status add_window(const nd_node *self, nd_work *work, int i, int j,
                            nd_tile *tile)
{
    const raster_brain *b = raster_windows_of(self)->brain;
    const nd_lattice l = b->m.lattice;
    const nd_rect r = tile->rect;
    const int x0 = nd_lattice_start(l, i), y0 = nd_lattice_start(l, j);
    nd_rect part = {x0 > r.x ? x0 : r.x, y0 > r.y ? y0 : r.y, 0, 0};
    part.width = (x0 + l.side < r.x + r.width ? x0 + l.side : r.x + r.width) - part.x;
    part.height = (y0 + l.side < r.y + r.height ? y0 + l.side : r.y + r.height) - part.y;
    if (part.width <= 0 || part.height <= 0) return ND_OK;
    const nd_rect block = {i * l.side + part.x - x0, j * l.side + part.y - y0, part.width,
                           part.height};
    const nd_mark mark = nd_arena_mark(work->arena);
    nd_tile in;
    ND_TRY(nd_read(self->input[0], work, tile->bands, 0, block, &in));
    float *across = nd_alloc_raw(work->arena, (size_t)part.width, sizeof *across);
    if (!across) return ND_E_MEMORY;
    for (int x = 0; x < part.width; x++)
        across[x] = nd_lattice_weight(l, part.x + x - x0);
    for (int y = 0; y < part.height; y++) {
        const float down = nd_lattice_weight(l, part.y + y - y0);
        for (int k = 0; k < tile->bands.count; k++) {
            const float *from = nd_at(&in, k, block.x, block.y + y);
            float *to = nd_at(tile, k, part.x, part.y + y);
            for (int x = 0; x < part.width; x++) to[x] += from[x] * (down * across[x]);
        }
    }
    nd_arena_back(work->arena, mark);
    return ND_OK;
}

// Between the middles of which cells a pixel lies, and how far to the second.
static int between(int x, int d, int cells, float *right)
{
    const double u = (x + 0.5) / d - 0.5;
    const int c = (int)floor(u);
    *right = c < 0 || c >= cells - 1 ? 0 : (float)(u - c);
    return c < 0 ? 0 : c >= cells - 1 ? cells - 1 : c;
}

// Which cells an axis' pixels lie between, from cell `at` on.
typedef struct axis {
    int *cell;
    float *share; // of the second; 0: there is none
} axis;

static nd_status axis_of(const raster_brain *b, nd_arena *arena, const int range[2],
                         int cells, axis *to)
{
    const int d = b->m.stride, count = range[1];
    to->cell = nd_alloc_raw(arena, (size_t)count, sizeof *to->cell);
    to->share = nd_alloc(arena, (size_t)count, sizeof *to->share);
    if (!to->cell || !to->share) return ND_E_MEMORY;
    for (int i = 0; i < count; i++)
        to->cell[i] = b->m.lattice.blend == ND_BLEND_CROP
                          ? (range[0] + i) / d
                          : between(range[0] + i, d, cells, &to->share[i]);
    return ND_OK;
}

// Two rows of cells spread along x, kept for all rows of pixels between them: of any two
// neighbours one is odd and one is even.
typedef struct spread {
    const axis *x;
    const nd_tile *in;
    int count, held[2]; // held: the row of cells in each line, -1: none
    float *line[2];
} spread;

static const float *spread_row(spread *s, int k, int cell)
{
    float *to = s->line[cell & 1];
    if (s->held[cell & 1] == cell) return to;
    const int first = s->in->rect.x;
    const float *from = nd_at(s->in, k, first, cell);
    for (int i = 0; i < s->count; i++) {
        const int c = s->x->cell[i] - first;
        const float t = s->x->share[i];
        to[i] = from[c] * (1 - t) + from[c + (t > 0)] * t;
    }
    s->held[cell & 1] = cell;
    return to;
}

static nd_status spread_cells(const nd_node *self, nd_work *work, nd_tile *tile)
{
    const raster_brain *b = raster_windows_of(self)->brain;
    const nd_rect r = tile->rect;
    axis x, y;
    nd_tile in;
    ND_TRY(axis_of(b, work->arena, (int[]){r.x, r.width},
                   raster_windows_cells(b, b->grid.width), &x));
    ND_TRY(axis_of(b, work->arena, (int[]){r.y, r.height},
                   raster_windows_cells(b, b->grid.height), &y));
    ND_TRY(nd_read(self->input[0], work, tile->bands, 0, under(b, r), &in));
    const size_t width = (size_t)r.width;
    float *lines = nd_alloc_raw(work->arena, 2 * width, sizeof *lines);
    if (!lines) return ND_E_MEMORY;
    for (int k = 0; k < tile->bands.count; k++) {
        spread s = {&x, &in, r.width, {-1, -1}, {lines, lines + width}};
        for (int i = 0; i < r.height; i++) {
            const float down = y.share[i];
            const float *above = spread_row(&s, k, y.cell[i]);
            const float *below = down > 0 ? spread_row(&s, k, y.cell[i] + 1) : above;
            float *to = nd_at(tile, k, r.x, r.y + i);
            for (int n = 0; n < r.width; n++)
                to[n] = above[n] * (1 - down) + below[n] * down;
        }
    }
    return ND_OK;
}

static nd_status compute_blended(const nd_node *self, nd_work *work, nd_tile *tile)
{
    const raster_brain *b = raster_windows_of(self)->brain;
    if (b->m.stride) return spread_cells(self, work, tile);
    const nd_rect r = tile->rect, blocks = under(b, r);
    const int side = b->m.lattice.side;
    for (int k = 0; k < tile->bands.count; k++)
        for (int y = r.y; y < r.y + r.height; y++)
            memset(nd_at(tile, k, r.x, y), 0, (size_t)r.width * sizeof(float));
    for (int j = blocks.y / side; j * side < blocks.y + blocks.height; j++)
        for (int i = blocks.x / side; i * side < blocks.x + blocks.width; i++)
            ND_TRY(add_window(self, work, i, j, tile));
    return ND_OK;
}

const nd_op raster_op_blended = {
    .name = "blended",
    .brief = "Windows blended to one picture",
    .table = ND_TABLE(raster_windows_rows, raster_windows),
    .min_inputs = 1,
    .max_inputs = 1,
    .levels = ND_FULL,
    .plan = plan_blended,
    .compute = compute_blended,
    .window = window_of_blended,
};
