// SPDX-License-Identifier: Apache-2.0
// For operators that hand pixels on: moved, or averaged from a finer level of their own.
#include "raster/raster.h"
#include <string.h>

static void copy_rows(const nd_tile *from, int k_from, int dx, int dy, nd_tile *to, int k)
{
    const nd_rect r = to->rect;
    for (int y = r.y; y < r.y + r.height; y++)
        memcpy(nd_at(to, k, r.x, y), nd_at(from, k_from, r.x + dx, y + dy),
               (size_t)r.width * sizeof(float));
}

nd_status nd_forward(const nd_node *self, nd_work *work, const nd_source *from, int dx,
                     int dy, nd_tile *tile)
{
    const nd_rect r = tile->rect;
    int *band = nd_alloc(work->arena, (size_t)tile->bands.count, sizeof *band);
    if (!band) return ND_E_MEMORY;
    for (int first = 0, end; first < tile->bands.count; first = end) {
        const nd_source *s = &from[tile->bands.band[first]];
        band[first] = s->band;
        for (end = first + 1; end < tile->bands.count; end++) {
            const nd_source *next = &from[tile->bands.band[end]];
            if (next->input != s->input || next->band <= band[end - 1]) break;
            band[end] = next->band;
        }
        const nd_mark mark = nd_arena_mark(work->arena);
        nd_tile in;
        ND_TRY(nd_read(self->input[s->input], work, (nd_bands){band + first, end - first},
                       tile->level, (nd_rect){r.x + dx, r.y + dy, r.width, r.height},
                       &in));
        for (int k = first; k < end; k++) copy_rows(&in, k - first, dx, dy, tile, k);
        nd_arena_back(work->arena, mark);
    }
    return ND_OK;
}

// One row of the level at a time, so that memory stays small whatever `from` is.
static nd_status reduce_row(const nd_node *self, nd_work *work, int from,
                            const nd_kind *kind, nd_tile *row)
{
    const int side = 1 << (row->level - from);
    const nd_grid fine = nd_grid_at(self->band[row->bands.band[0]].grid, from);
    const nd_rect r = row->rect;
    const nd_rect need = nd_rect_clip(
        (nd_rect){r.x * side, r.y * side, r.width * side, side}, fine.width, fine.height);
    nd_tile in;
    ND_TRY(nd_read(self, work, row->bands, from, need, &in));
    return nd_reduce(work->arena, &in, kind, row);
}

nd_status nd_reduce_from(const nd_node *self, nd_work *work, int from, nd_tile *tile)
{
    nd_kind *kind = nd_alloc(work->arena, (size_t)tile->bands.count, sizeof *kind);
    if (!kind) return ND_E_MEMORY;
    for (int k = 0; k < tile->bands.count; k++)
        kind[k] = self->band[tile->bands.band[k]].kind;
    nd_tile row = *tile;
    row.rect.height = 1;
    for (; row.rect.y < tile->rect.y + tile->rect.height; row.rect.y++) {
        const nd_mark mark = nd_arena_mark(work->arena);
        row.data = nd_at(tile, 0, row.rect.x, row.rect.y);
        ND_TRY(reduce_row(self, work, from, kind, &row));
        nd_arena_back(work->arena, mark);
    }
    return ND_OK;
}
