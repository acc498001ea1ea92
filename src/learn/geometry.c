// SPDX-License-Identifier: Apache-2.0
// Moving the pixels of an example: exact copies for symmetries and whole shifts, one
// resampling for all the rest. Labels follow the same way, never blended.
#include "learn/data.h"
#include <math.h>

// Beyond the edge a picture is its mirror image, the edge itself not repeated.
static int mirror(int at, int length)
{
    const int period = 2 * (length - 1);
    if (length == 1) return 0;
    at %= period;
    if (at < 0) at += period;
    return at < length ? at : period - at;
}

static int turned(int at, int length, bool is_mirrored, int shift)
{
    return (is_mirrored ? length - 1 - at : at) + shift;
}

// A copy reads pixel down[y] + across[x]; is_out: beyond the edge, for labels.
void data_copy_ways(const data_vary *v, int height, int width, data_ways *ways)
{
    const bool is_across = v->turn & 4;
    for (int y = 0; y < height; y++) {
        const int length = is_across ? width : height;
        const int at = is_across ? turned(y, width, v->turn & 1, v->dx)
                                 : turned(y, height, v->turn & 2, v->dy);
        ways->down[y] = mirror(at, length) * (is_across ? 1 : width);
        ways->out_down[y] = at < 0 || at >= length;
    }
    for (int x = 0; x < width; x++) {
        const int length = is_across ? height : width;
        const int at = is_across ? turned(x, height, v->turn & 2, v->dy)
                                 : turned(x, width, v->turn & 1, v->dx);
        ways->across[x] = mirror(at, length) * (is_across ? width : 1);
        ways->out_across[x] = at < 0 || at >= length;
    }
}

static void copy_plane(const data_ways *ways, int height, int width, const float *from,
                       float *to)
{
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++)
            to[(int64_t)y * width + x] = from[ways->down[y] + ways->across[x]];
}

// Bilinear; a neighbour without a value that weighs more than 0.01 makes none.
static float sample(const float *from, int height, int width, double u, double v)
{
    const double left = floor(u), top = floor(v);
    const double a = u - left, b = v - top;
    const double weight[4] = {(1 - a) * (1 - b), a * (1 - b), (1 - a) * b, a * b};
    double sum = 0, all = 0;
    for (int k = 0; k < 4; k++) {
        const int x = mirror((int)left + (k & 1), width);
        const int y = mirror((int)top + (k >> 1), height);
        const double value = (double)from[(int64_t)y * width + x];
        if (!isnan(value))
            sum += weight[k] * value, all += weight[k];
        else if (weight[k] > 0.01)
            return NAN;
    }
    return (float)(sum / all);
}

void data_move_values(const data_vary *v, const data_ways *ways, const nd_rect *size,
                      const float *from, float *to)
{
    const int h = size->height, w = size->width;
    if (v->is_copy) {
        copy_plane(ways, h, w, from, to);
        return;
    }
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++)
            to[(int64_t)y * w + x] =
                sample(from, h, w, v->way[0] * x + v->way[1] * y + v->way[2],
                       v->way[3] * x + v->way[4] * y + v->way[5]);
}

void data_move_labels(const data_vary *v, const data_ways *ways, const nd_rect *size,
                      const int64_t *from, int64_t *to)
{
    const int h = size->height, w = size->width;
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++) {
            int64_t *label = &to[(int64_t)y * w + x];
            *label = ND_IGNORE;
            if (v->is_copy) {
                if (!ways->out_down[y] && !ways->out_across[x])
                    *label = from[ways->down[y] + ways->across[x]];
                continue;
            }
            const double at_x = v->way[0] * x + v->way[1] * y + v->way[2];
            const double at_y = v->way[3] * x + v->way[4] * y + v->way[5];
            const int u = (int)floor(at_x + 0.5), t = (int)floor(at_y + 0.5);
            if (u >= 0 && t >= 0 && u < w && t < h) *label = from[(int64_t)t * w + u];
        }
}
