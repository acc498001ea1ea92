// SPDX-License-Identifier: Apache-2.0
// One tile of a node, on its own grid or on another's: read at its level, told how true
// it is, encoded.
#include "dash/dash.h"
#include <nadir/geo.h>
#include <stdio.h>
#include <string.h>

// Pixels of level 0 that one tile of a FULL operator may cost: a fixed number, as a tile
// must be the same for ever.
static const int64_t budget = (int64_t)1 << 22;
enum { LEAST_SIDE = 32 }; // of a centre crop worth looking at

int dash_levels(const nd_grid *grid)
{
    int level = 0;
    const int side = grid->width > grid->height ? grid->width : grid->height;
    while (level < 30 && (side - 1) >> level >= DASH_SIDE) level++;
    return level;
}

nd_status dash_bands(nd_arena *arena, const char *query, const nd_node *node,
                     nd_bands *sorted, int order[DASH_BANDS], int *count)
{
    double number[DASH_BANDS] = {0};
    const char *text = dash_query(arena, query, "b");
    const int wanted = text ? dash_numbers(arena, text, number, DASH_BANDS) : 1;
    int *set = nd_alloc(arena, DASH_BANDS, sizeof *set), size = 0;
    if (!set) return ND_E_MEMORY;
    if (wanted < 1)
        return nd_fail(ND_E_PARAM, "b=%.80s names no bands\ngive up to %d numbers", text,
                       (int)DASH_BANDS);
    for (int i = 0; i < wanted; i++) {
        if (!(number[i] >= 0 && number[i] < node->bands) || number[i] != rint(number[i]))
            return nd_fail(ND_E_PARAM, "there is no band %g\ngive 0 to %d", number[i],
                           node->bands - 1);
        int at = 0;
        while (at < size && set[at] < (int)number[i]) at++;
        if (at < size && set[at] == (int)number[i]) continue;
        memmove(set + at + 1, set + at, (size_t)(size - at) * sizeof *set);
        set[at] = (int)number[i], size++;
    }
    *sorted = (nd_bands){set, size};
    for (int i = 0; i < wanted; i++)
        for (int k = 0; k < size; k++)
            if (set[k] == (int)number[i]) order[i] = k;
    *count = wanted;
    return ND_OK;
}

nd_status dash_reorder(nd_arena *arena, nd_tile *tile, const int *order, int count)
{
    bool is_same = count == tile->bands.count;
    for (int i = 0; i < count && is_same; i++) is_same = order[i] == i;
    if (is_same) return ND_OK;
    const size_t plane = (size_t)tile->rect.width * (size_t)tile->rect.height;
    float *data = nd_alloc_raw(arena, plane * (size_t)count, sizeof *data);
    int *band = nd_alloc(arena, (size_t)count, sizeof *band);
    if (!data || !band) return ND_E_MEMORY;
    for (int i = 0; i < count; i++) {
        band[i] = tile->bands.band[order[i]];
        for (int y = 0; y < tile->rect.height; y++)
            memcpy(data + (size_t)i * plane + (size_t)y * (size_t)tile->rect.width,
                   nd_at(tile, order[i], tile->rect.x, tile->rect.y + y),
                   (size_t)tile->rect.width * sizeof *data);
    }
    *tile = (nd_tile){tile->rect,       tile->level,      {band, count},
                      tile->rect.width, (ptrdiff_t)plane, data};
    return ND_OK;
}

// ---- On which grid: the node's own, or with "on=KEY.band" that of another node, so that
// two steps on different grids lie on each other. Classes are taken as the nearest pixel.

typedef struct laid {
    nd_grid grid;              // that the tile counts in
    const nd_mapping *mapping; // to the node's own; NULL: it is its own
    nd_warp_band *band;        // of a mapping
} laid;

static nd_status grid_of(const dash_request *r, const char *on, nd_grid *grid)
{
    char key[33] = "";
    nd_hash hash;
    double band = -1;
    if (strlen(on) > 33 && on[32] == '.') memcpy(key, on, 32);
    if (!nd_hash_parse(key, &hash) || !nd_text_real(on + 33, &band))
        return nd_fail(ND_E_PARAM, "on=%.80s names no grid\ngive a key, a point, a band",
                       on);
    const nd_node *node = NULL;
    for (const dash_plan *p = r->plan; p && !node; p = p->base)
        node = dash_plan_find(p, hash);
    if (!node || !(band >= 0 && band < node->bands) || band != rint(band))
        return nd_fail(ND_E_PARAM, "on=%.80s is not known here\nreload the page", on);
    *grid = node->band[(int)band].grid;
    return ND_OK;
}

static nd_status lay(const dash_request *r, nd_arena *arena, nd_bands bands, laid *l)
{
    const char *on = dash_query(arena, r->head.query, "on");
    const nd_grid *own = &r->node->band[bands.band[0]].grid;
    *l = (laid){.grid = *own};
    if (!on) return ND_OK;
    ND_TRY(grid_of(r, on, &l->grid));
    if (nd_grid_same(&l->grid, own)) return ND_OK;
    if (!own->crs || !l->grid.crs)
        return nd_fail(ND_E_DATA, "a picture without a crs lies nowhere\n"
                                  "show it by itself");
    nd_mapping *mapping = nd_alloc(arena, 1, sizeof *mapping);
    l->band = nd_alloc(arena, (size_t)bands.count, sizeof *l->band);
    if (!mapping || !l->band) return ND_E_MEMORY;
    for (int k = 0; k < bands.count; k++) {
        const nd_band *b = &r->node->band[bands.band[k]];
        const bool is_exact = nd_band_is_whole(b);
        l->band[k] =
            (nd_warp_band){bands.band[k], k, is_exact ? ND_NEAREST : ND_BILINEAR};
    }
    ND_TRY(nd_mapping_new(arena, &l->grid, own, 0.125, mapping));
    l->mapping = mapping;
    return ND_OK;
}

// All pixels without data, so that what is read may fill a part.
static nd_status blank(nd_work *work, nd_tile *tile)
{
    const size_t plane = (size_t)tile->rect.width * (size_t)tile->rect.height;
    const size_t count = (size_t)tile->bands.count * plane;
    float *data = nd_alloc_raw(work->arena, count, sizeof *data);
    if (!data) return ND_E_MEMORY;
    for (size_t i = 0; i < count; i++) data[i] = NAN;
    tile->stride = tile->rect.width, tile->plane = (ptrdiff_t)plane, tile->data = data;
    return ND_OK;
}

static nd_status read_part(const nd_node *node, nd_work *work, const laid *l,
                           nd_tile *tile)
{
    if (!l->mapping)
        return nd_read(node, work, tile->bands, tile->level, tile->rect, tile);
    ND_TRY(blank(work, tile));
    return nd_warp_fill(&(nd_warp){node, l->mapping, l->band, tile->bands.count}, work,
                        tile);
}

// Pixels of level 0 that so much of a tile is made of.
static int64_t cost_of(const laid *l, const nd_tile *tile, int side)
{
    int level = tile->level;
    nd_tile part = *tile;
    part.rect = (nd_rect){tile->rect.x + (tile->rect.width - side) / 2,
                          tile->rect.y + (tile->rect.height - side) / 2, side, side};
    nd_rect r = part.rect;
    if (l->mapping) r = nd_warp_window(l->mapping, ND_BILINEAR, &part, &level);
    const int64_t pixels = (int64_t)r.width * r.height;
    return pixels > budget >> (2 * level) ? budget + 1 : pixels << (2 * level);
}

// What a FULL operator can afford at this level: all, a square in the middle, nothing.
static int crop_of(const laid *l, const nd_tile *tile, dash_truth *truth)
{
    int side = DASH_SIDE;
    while (side >= LEAST_SIDE && cost_of(l, tile, side) > budget) side /= 2;
    *truth = side == DASH_SIDE   ? DASH_EXACT
             : side < LEAST_SIDE ? DASH_BLANK
                                 : DASH_BUDGET;
    return side < LEAST_SIDE ? 0 : side;
}

static nd_status read_crop(const nd_node *node, nd_work *work, const laid *l, int side,
                           nd_tile *tile)
{
    ND_TRY(blank(work, tile));
    if (!side) return ND_OK;
    // The middle of what lies inside the picture.
    const nd_grid grid = nd_grid_at(l->grid, tile->level);
    const nd_rect in = nd_rect_clip(tile->rect, grid.width, grid.height);
    nd_rect r = {in.x + (in.width - side) / 2, in.y + (in.height - side) / 2, side, side};
    if (in.width < side) r.x = in.x, r.width = in.width;
    if (in.height < side) r.y = in.y, r.height = in.height;
    nd_tile part = {.rect = r, .level = tile->level, .bands = tile->bands};
    ND_TRY(read_part(node, work, l, &part));
    for (int k = 0; k < tile->bands.count; k++)
        for (int y = r.y; y < r.y + r.height; y++)
            memcpy(nd_at(tile, k, r.x, y), nd_at(&part, k, r.x, y),
                   (size_t)r.width * sizeof(float));
    return ND_OK;
}

static nd_status read_tile(const dash_request *r, nd_work *work, const laid *l,
                           nd_tile *tile, dash_truth *truth)
{
    nd_levels levels =
        tile->level || l->mapping ? dash_plan_levels(r->plan, r->node) : ND_EXACT;
    if (l->mapping && tile->level && levels == ND_EXACT) levels = ND_REDUCED;
    *truth = tile->level && levels == ND_REDUCED ? DASH_REDUCED : DASH_EXACT;
    const int side = levels == ND_FULL ? crop_of(l, tile, truth) : DASH_SIDE;
    if (side == DASH_SIDE) return read_part(r->node, work, l, tile);
    return read_crop(r->node, work, l, side, tile);
}

static nd_status encode(dash_request *r, nd_work *work, const nd_tile *tile,
                        dash_truth truth)
{
    if (strcmp(r->format, "png") == 0) return dash_picture(r, work, tile);
    size_t bytes;
    void *body = dash_encode(tile, r->format, r->node->band, truth, &bytes);
    if (!body) return ND_E_MEMORY;
    r->answer.kind = DASH_HEAP, r->answer.body = body, r->answer.bytes = bytes;
    r->answer.type = "application/octet-stream";
    return ND_OK;
}

static nd_status make(dash_request *r, nd_work *work)
{
    int order[DASH_BANDS] = {0}, count;
    nd_tile tile = {0};
    ND_TRY(dash_bands(work->arena, r->head.query, r->node, &tile.bands, order, &count));
    laid l;
    ND_TRY(lay(r, work->arena, tile.bands, &l));
    const int deepest = dash_levels(&l.grid), level = deepest - r->z;
    if (level < 0)
        return nd_fail(ND_E_PARAM, "there is no level %d\ngive 0 to %d", r->z, deepest);
    const nd_grid at = nd_grid_at(l.grid, level);
    if (r->x > (at.width - 1) / DASH_SIDE || r->y > (at.height - 1) / DASH_SIDE)
        return nd_fail(ND_E_PARAM, "tile %d, %d lies outside the picture\nstay within it",
                       r->x, r->y);
    tile.level = level;
    tile.rect = (nd_rect){r->x * DASH_SIDE, r->y * DASH_SIDE, DASH_SIDE, DASH_SIDE};
    dash_truth truth;
    ND_TRY(read_tile(r, work, &l, &tile, &truth));
    ND_TRY(dash_reorder(work->arena, &tile, order, count));
    return encode(r, work, &tile, truth);
}

void dash_tile(dash_request *r, nd_work *work)
{
    const double start = nd_seconds();
    if (make(r, work) != ND_OK) {
        const nd_error error = nd_error_take();
        dash_say_error(r, &error);
        return;
    }
    r->answer.status = 200;
    r->answer.cache = "private, max-age=31536000, immutable";
    r->answer.timing = nd_text(r->arena, "tile;dur=%.2f", (nd_seconds() - start) * 1000);
}
