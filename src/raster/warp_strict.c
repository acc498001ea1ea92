// SPDX-License-Identifier: Apache-2.0
// Samples as SNAP takes them when it resamples, oddities included.
#include "raster/warp.h"
#include <math.h>

static float tap(const nd_tile *in, int k, int x, int y)
{
    const nd_rect r = in->rect;
    const bool is_in = x >= r.x && y >= r.y && x < r.x + r.width && y < r.y + r.height;
    return is_in ? *nd_at(in, k, x, y) : NAN;
}

// Strictly as SNAP: positions in steps of 1/256, any missing sample makes none.
static float strict_sample(const nd_tile *in, int k, double u, double v, nd_kernel kernel)
{
    const double x = floor(nd_whole((u - 0.5) * 256)) / 256,
                 y = floor(nd_whole((v - 0.5) * 256)) / 256;
    const int i = (int)floor(x), j = (int)floor(y);
    const double s = x - i, t = y - j;
    if (kernel == ND_NEAREST)
        return tap(in, k, (int)floor(nd_whole(u)), (int)floor(nd_whole(v)));
    double w[2][4] = {{0, 1 - s, s, 0}, {0, 1 - t, t, 0}}, sum = 0;
    const int reach = kernel == ND_BICUBIC ? 1 : 0;
    for (int a = 0; a < 2 && reach; a++) {
        const double d = a ? t : s;
        w[a][0] = ((-0.5 * d + 1) * d - 0.5) * d;
        w[a][1] = (1.5 * d - 2.5) * d * d + 1;
        w[a][2] = ((-1.5 * d + 2) * d + 0.5) * d;
        w[a][3] = (0.5 * d - 0.5) * d * d;
    }
    for (int b = -reach; b <= 1 + reach; b++)
        for (int a = -reach; a <= 1 + reach; a++)
            sum += w[0][a + 1] * w[1][b + 1] * (double)tap(in, k, i + a, j + b);
    return (float)sum;
}

nd_status nd_warp_strictly(const nd_warp *warp, nd_work *work, nd_tile *tile)
{
    const nd_rect r = tile->rect;
    const nd_mark mark = nd_arena_mark(work->arena);
    int *from = nd_alloc(work->arena, (size_t)warp->bands, sizeof *from), level;
    if (!from) return ND_E_MEMORY;
    for (int k = 0; k < warp->bands; k++) from[k] = warp->band[k].band;
    nd_rect window = nd_warp_window(warp->mapping, ND_BICUBIC, tile, &level);
    window = (nd_rect){window.x - 2, window.y - 2, window.width + 4, window.height + 4};
    nd_tile in;
    ND_TRY(nd_read(warp->source, work, (nd_bands){from, warp->bands}, 0, window, &in));
    for (int y = r.y; y < r.y + r.height; y++)
        for (int x = r.x; x < r.x + r.width; x++) {
            double u = x + 0.5, v = y + 0.5;
            ND_TRY(warp->mapping->exact(warp->mapping->self, 1, &u, &v));
            for (int k = 0; k < warp->bands; k++)
                *nd_at(tile, warp->band[k].plane, x, y) =
                    strict_sample(&in, k, u, v, warp->band[k].kernel);
        }
    nd_arena_back(work->arena, mark);
    return ND_OK;
}
