// SPDX-License-Identifier: Apache-2.0
// The pull: checks a request, clips it to the grid and has the operator fill it.
#include "raster/cache.h"

static nd_status check(const nd_node *node, nd_bands bands, int level, nd_rect rect)
{
    if (level < 0 || level > 30 || bands.count < 1 || rect.width < 1 || rect.height < 1)
        return nd_fail(ND_E_BUG,
                       "a read of %d bands, level %d, %d x %d pixels\nreport this",
                       bands.count, level, rect.width, rect.height);
    for (int k = 0; k < bands.count; k++) {
        const int b = bands.band[k];
        if (b < 0 || b >= node->bands || (k && b <= bands.band[k - 1]))
            return nd_fail(ND_E_BUG, "a read of band %d of %d\nreport this", b,
                           node->bands);
        if (node->band[b].missing) return nd_fail(ND_E_DATA, "%s", node->band[b].missing);
        if (!nd_grid_same(&node->band[b].grid, &node->band[bands.band[0]].grid))
            return nd_fail(ND_E_DATA,
                           "bands %s and %s differ in size\n"
                           "put a Resample before it",
                           node->band[bands.band[0]].name, node->band[b].name);
    }
    return ND_OK;
}

nd_status raster_compute(const nd_node *node, nd_work *work, nd_tile *tile)
{
    if (tile->level > 0 && node->levels == ND_FULL)
        return raster_reduce(node, work, tile);
    return node->op->row ? raster_fuse(node, work, tile)
                         : node->op->compute(node, work, tile);
}

static nd_status fill(const nd_node *node, nd_work *work, nd_tile *tile)
{
    return node->keeps && work->cache ? raster_cached(node, work, tile)
                                      : raster_compute(node, work, tile);
}

nd_status nd_read(const nd_node *node, nd_work *work, nd_bands bands, int level,
                  nd_rect rect, nd_tile *tile)
{
    ND_TRY(nd_work_go_on(work));
    ND_TRY(check(node, bands, level, rect));
    const size_t plane = (size_t)rect.width * (size_t)rect.height;
    float *data = nd_alloc_raw(work->arena, (size_t)bands.count * plane, sizeof *data);
    if (!data) return ND_E_MEMORY;
    nd_tile all = {rect, level, bands, rect.width, (ptrdiff_t)plane, data};
    const nd_grid grid = nd_grid_at(node->band[bands.band[0]].grid, level);
    const nd_rect inside = nd_rect_clip(rect, grid.width, grid.height);
    if (inside.width < rect.width || inside.height < rect.height)
        for (size_t i = 0; i < (size_t)bands.count * plane; i++) data[i] = NAN;
    if (inside.width && inside.height) {
        nd_tile part = all;
        part.rect = inside, part.data = nd_at(&all, 0, inside.x, inside.y);
        nd_status status = fill(node, work, &part);
        if (status != ND_OK) {
            nd_note("%s", node->place);
            return status;
        }
    }
    *tile = all;
    return ND_OK;
}
