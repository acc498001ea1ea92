// SPDX-License-Identifier: Apache-2.0
// Winograd's F(4 x 4, 3 x 3): transforms and products, sixteen channels at a time.
#include "nn/own/vector.h"
#include "nn/own/winograd.h"

#define UNROLL _Pragma("GCC unroll 24")

VECTOR_INLINE v16 get(const float *from)
{
    v16 x;
    memcpy(&x, from, sizeof x);
    return x;
}
VECTOR_INLINE void put(float *to, v16 x)
{
    memcpy(to, &x, sizeof x);
}

// ---- One line of each transform; points 0, a, -a, b, -b, infinity. With 5/8 and 3/2
// results are five times nearer to the truth than with the usual 1 and 2.
#define A  0.625F
#define B  1.5F
#define A2 (A * A)
#define B2 (B * B)
#define NA (1 / (2 * A2 * (A2 - B2)))
#define NB (1 / (2 * B2 * (B2 - A2)))

VECTOR_INLINE void line_in(const v16 d[6], v16 to[6])
{
    const v16 a = d[4] - B2 * d[2], b = A * d[3] - A * B2 * d[1];
    const v16 c = d[4] - A2 * d[2], e = B * d[3] - A2 * B * d[1];
    to[0] = A2 * B2 * d[0] - (A2 + B2) * d[2] + d[4];
    to[1] = a + b, to[2] = a - b;
    to[3] = c + e, to[4] = c - e;
    to[5] = A2 * B2 * d[1] - (A2 + B2) * d[3] + d[5];
}
VECTOR_INLINE void line_out(const v16 m[6], v16 to[4])
{
    const v16 s = m[1] + m[2], d = m[1] - m[2];
    const v16 s2 = m[3] + m[4], d2 = m[3] - m[4];
    to[0] = m[0] + s + s2;
    to[1] = A * d + B * d2;
    to[2] = A2 * s + B2 * s2;
    to[3] = A2 * A * d + B2 * B * d2 + m[5];
}
VECTOR_INLINE void line_gradient(const v16 y[4], v16 to[6])
{
    const v16 a = y[0] + A2 * y[2], b = A * y[1] + A2 * A * y[3];
    const v16 c = y[0] + B2 * y[2], d = B * y[1] + B2 * B * y[3];
    to[0] = y[0];
    to[1] = a + b, to[2] = a - b;
    to[3] = c + d, to[4] = c - d;
    to[5] = y[3];
}
VECTOR_INLINE void line_weight(const v16 w[3], v16 to[6])
{
    const v16 s = NA * w[0] + A2 * NA * w[2], m = A * NA * w[1];
    const v16 s2 = NB * w[0] + B2 * NB * w[2], m2 = B * NB * w[1];
    to[0] = w[0] * (1 / (A2 * B2));
    to[1] = s + m, to[2] = s - m;
    to[3] = s2 + m2, to[4] = s2 - m2;
    to[5] = w[2];
}
VECTOR_INLINE void line_of_weight(const v16 m[6], v16 to[3])
{
    const v16 s = m[1] + m[2], d = m[1] - m[2];
    const v16 s2 = m[3] + m[4], d2 = m[3] - m[4];
    to[0] = m[0] * (1 / (A2 * B2)) + NA * s + NB * s2;
    to[1] = A * NA * d + B * NB * d2;
    to[2] = A2 * NA * s + B2 * NB * s2 + m[5];
}

typedef struct tile_at {
    int64_t picture, top, left; // of the outputs
} tile_at;
VECTOR_INLINE tile_at where(const own_tiles *t, int64_t tile)
{
    const int64_t each = t->rows * t->columns, in = tile % each;
    return (tile_at){tile / each, in / t->columns * 4, in % t->columns * 4};
}

// `side` x `side` pixels from (top, left) on; what lies outside is nought.
VECTOR_INLINE void window(const void *plane, int64_t height, int64_t width, int64_t top,
                          int64_t left, v16 *to, const int side, const bool is_bf16)
{
    if (top >= 0 && left >= 0 && top + side <= height && left + side <= width) {
        for (int i = 0; i < side; i++) UNROLL
        for (int j = 0; j < side; j++)
            to[i * side + j] =
                v16_get(plane, ((top + i) * width + left + j) * 16, is_bf16);
        return;
    }
    for (int i = 0; i < side; i++)
        for (int j = 0; j < side; j++) {
            const int64_t y = top + i, x = left + j;
            const bool is_in = y >= 0 && x >= 0 && y < height && x < width;
            to[i * side + j] =
                is_in ? v16_get(plane, (y * width + x) * 16, is_bf16) : v16_all(0);
        }
}

// Tiles that are multiplied though there are none become nought.
static void fill(const own_stretch *to, int64_t blocks)
{
    for (int p = 0; p < OWN_POINTS && to->count < to->filled; p++)
        for (int64_t b = 0; b < blocks; b++)
            memset(to->at + p * to->step + (b * to->room + to->count) * 16, 0,
                   (size_t)(to->filled - to->count) * 64);
}

VECTOR_INLINE void input(const own_tiles *t, const void *x, const own_stretch *to,
                         const bool is_bf16)
{
    const int64_t size = t->height * t->width * 16 * (is_bf16 ? 2 : 4);
    for (int64_t i = 0; i < to->count; i++) {
        const tile_at at = where(t, to->first + i);
        for (int64_t b = t->begin; b < t->end; b++) {
            const void *plane = (const char *)x + (at.picture * t->blocks + b) * size;
            float *v = to->at + ((b - t->begin) * to->room + i) * 16;
            v16 d[36], half[36];
            window(plane, t->height, t->width, at.top - t->pad, at.left - t->pad, d, 6,
                   is_bf16);
            for (int j = 0; j < 6; j++) {
                const v16 column[6] = {d[j],      d[6 + j],  d[12 + j],
                                       d[18 + j], d[24 + j], d[30 + j]};
                v16 made[6];
                line_in(column, made);
                UNROLL
                for (int k = 0; k < 6; k++) half[k * 6 + j] = made[k];
            }
            for (int k = 0; k < 6; k++) {
                v16 made[6];
                line_in(half + k * 6, made);
                UNROLL
                for (int j = 0; j < 6; j++) put(v + (k * 6 + j) * to->step, made[j]);
            }
        }
    }
    fill(to, t->end - t->begin);
}
static void input_f32(const own_tiles *tiles, const void *x, const own_stretch *to)
{
    input(tiles, x, to, false);
}
static void input_bf16(const own_tiles *tiles, const void *x, const own_stretch *to)
{
    input(tiles, x, to, true);
}

VECTOR_INLINE void gradient(const own_tiles *t, const void *g, const own_stretch *to,
                            const bool is_bf16)
{
    const int64_t size = t->out_height * t->out_width * 16 * (is_bf16 ? 2 : 4);
    for (int64_t i = 0; i < to->count; i++) {
        const tile_at at = where(t, to->first + i);
        for (int64_t b = t->begin; b < t->end; b++) {
            const void *plane = (const char *)g + (at.picture * t->blocks + b) * size;
            float *v = to->at + ((b - t->begin) * to->room + i) * 16;
            v16 d[16], half[24];
            window(plane, t->out_height, t->out_width, at.top, at.left, d, 4, is_bf16);
            for (int j = 0; j < 4; j++) {
                const v16 column[4] = {d[j], d[4 + j], d[8 + j], d[12 + j]};
                v16 made[6];
                line_gradient(column, made);
                UNROLL
                for (int k = 0; k < 6; k++) half[k * 4 + j] = made[k];
            }
            for (int k = 0; k < 6; k++) {
                v16 made[6];
                line_gradient(half + k * 4, made);
                UNROLL
                for (int j = 0; j < 6; j++) put(v + (k * 6 + j) * to->step, made[j]);
            }
        }
    }
    fill(to, t->end - t->begin);
}
static void gradient_f32(const own_tiles *tiles, const void *g, const own_stretch *to)
{
    gradient(tiles, g, to, false);
}
static void gradient_bf16(const own_tiles *tiles, const void *g, const own_stretch *to)
{
    gradient(tiles, g, to, true);
}

VECTOR_INLINE void output(const own_tiles *t, const own_stretch *from, void *y,
                          const own_finish *finish, const bool is_bf16)
{
    const int64_t size = t->out_height * t->out_width * 16;
    for (int64_t i = 0; i < from->count; i++) {
        const tile_at at = where(t, from->first + i);
        const int64_t down = t->out_height - at.top, right = t->out_width - at.left;
        for (int64_t b = t->begin; b < t->end; b++) {
            const float *m = from->at + ((b - t->begin) * from->room + i) * 16;
            const int64_t plane = (at.picture * t->blocks + b) * size;
            const v16 bias = finish->bias ? get(finish->bias + b * 16) : v16_all(0);
            v16 half[24], made[4];
            for (int j = 0; j < 6; j++) {
                const v16 column[6] = {
                    get(m + j * from->step),        get(m + (6 + j) * from->step),
                    get(m + (12 + j) * from->step), get(m + (18 + j) * from->step),
                    get(m + (24 + j) * from->step), get(m + (30 + j) * from->step)};
                line_out(column, made);
                UNROLL
                for (int k = 0; k < 4; k++) half[k * 6 + j] = made[k];
            }
            for (int k = 0; k < 4 && k < down; k++) {
                line_out(half + k * 6, made);
                const int64_t to = plane + ((at.top + k) * t->out_width + at.left) * 16;
                UNROLL
                for (int j = 0; j < 4; j++) {
                    if (j >= right) break;
                    v16 v = made[j] + bias;
                    if (finish->r) v += v16_get(finish->r, to + j * 16, is_bf16);
                    v16_put(y, to + j * 16, finish->relu ? v16_relu(v) : v, is_bf16);
                }
            }
        }
    }
}
static void output_f32(const own_tiles *tiles, const own_stretch *from, void *y,
                       const own_finish *finish)
{
    output(tiles, from, y, finish, false);
}
static void output_bf16(const own_tiles *tiles, const own_stretch *from, void *y,
                        const own_finish *finish)
{
    output(tiles, from, y, finish, true);
}

// ---- Products. 24 sums are kept in registers: `tiles` x `outs` of them.
VECTOR_INLINE void cell(const float *in, int64_t blocks, int64_t step, const float *w,
                        float *out, const int tiles, const int outs)
{
    v16 sum[24];
    UNROLL
    for (int i = 0; i < tiles * outs; i++) sum[i] = v16_all(0);
    for (int64_t b = 0; b < blocks; b++, in += step)
        for (int c = 0; c < 16; c++, w += outs * 16) {
            v16 by[4];
            UNROLL
            for (int k = 0; k < outs; k++) by[k] = get(w + k * 16);
            UNROLL
            for (int t = 0; t < tiles; t++) {
                const v16 one = v16_all(in[t * 16 + c]);
                UNROLL
                for (int k = 0; k < outs; k++) sum[t * outs + k] += one * by[k];
            }
        }
    UNROLL
    for (int t = 0; t < tiles; t++) UNROLL
    for (int k = 0; k < outs; k++) put(out + k * step + t * 16, sum[t * outs + k]);
}

static void product(const own_stretch *in, int64_t ins, const float *w,
                    const own_stretch *out, int64_t outs)
{
    const int64_t step = in->room * 16;
    for (int64_t k = 0; k < outs;) {
        const int group = own_group(outs - k);
        const float *v = in->at;
        float *to = out->at + k * step;
        switch (group) {
        case 4:
            for (int64_t t = 0; t < in->filled; t += 6)
                cell(v + t * 16, ins, step, w, to + t * 16, 6, 4);
            break;
        case 3:
            for (int64_t t = 0; t < in->filled; t += 8)
                cell(v + t * 16, ins, step, w, to + t * 16, 8, 3);
            break;
        case 2:
            for (int64_t t = 0; t < in->filled; t += 12)
                cell(v + t * 16, ins, step, w, to + t * 16, 12, 2);
            break;
        default:
            for (int64_t t = 0; t < in->filled; t += 24)
                cell(v + t * 16, ins, step, w, to + t * 16, 24, 1);
        }
        w += ins * 16 * group * 16;
        k += group;
    }
}

// Sums over the tiles: `rows` channels of one block times `outs` blocks.
VECTOR_INLINE void weigh_cell(const float *in, const float *g, int64_t tiles,
                              int64_t step, float *w, const bool adds, const int rows,
                              const int outs)
{
    v16 sum[24];
    UNROLL
    for (int i = 0; i < rows * outs; i++) sum[i] = v16_all(0);
    for (int64_t t = 0; t < tiles; t++, in += 16, g += 16) {
        v16 by[4];
        UNROLL
        for (int k = 0; k < outs; k++) by[k] = get(g + k * step);
        UNROLL
        for (int c = 0; c < rows; c++) {
            const v16 one = v16_all(in[c]);
            UNROLL
            for (int k = 0; k < outs; k++) sum[c * outs + k] += one * by[k];
        }
    }
    UNROLL
    for (int i = 0; i < rows * outs; i++)
        put(w + i * 16, adds ? get(w + i * 16) + sum[i] : sum[i]);
}

static void weigh(const own_stretch *in, int64_t ins, const own_stretch *g, int64_t outs,
                  float *w, bool adds)
{
    const int64_t step = in->room * 16;
    for (int64_t k = 0; k < outs;) {
        const int group = own_group(outs - k);
        const float *by = g->at + k * step;
        for (int64_t b = 0; b < ins; b++) {
            const float *v = in->at + b * step;
            switch (group) {
            case 4:
                for (int c = 0; c < 16; c += 4, w += 4 * 64)
                    weigh_cell(v + c, by, in->filled, step, w, adds, 4, 4);
                break;
            case 3:
                for (int c = 0; c < 16; c += 8, w += 8 * 48)
                    weigh_cell(v + c, by, in->filled, step, w, adds, 8, 3);
                break;
            case 2:
                for (int c = 0; c < 16; c += 8, w += 8 * 32)
                    weigh_cell(v + c, by, in->filled, step, w, adds, 8, 2);
                break;
            default: weigh_cell(v, by, in->filled, step, w, adds, 16, 1); w += 256;
            }
        }
        k += group;
    }
}

static void to_points(const float *nine, float *to, int64_t step)
{
    v16 half[18], made[6];
    for (int j = 0; j < 3; j++) {
        const v16 column[3] = {get(nine + j * 16), get(nine + (3 + j) * 16),
                               get(nine + (6 + j) * 16)};
        line_weight(column, made);
        UNROLL
        for (int k = 0; k < 6; k++) half[k * 3 + j] = made[k];
    }
    for (int k = 0; k < 6; k++) {
        line_weight(half + k * 3, made);
        UNROLL
        for (int j = 0; j < 6; j++) put(to + (k * 6 + j) * step, made[j]);
    }
}

static void from_points(const float *from, int64_t step, float *nine)
{
    v16 half[18], made[3];
    for (int j = 0; j < 6; j++) {
        const v16 column[6] = {get(from + j * step),        get(from + (6 + j) * step),
                               get(from + (12 + j) * step), get(from + (18 + j) * step),
                               get(from + (24 + j) * step), get(from + (30 + j) * step)};
        line_of_weight(column, made);
        UNROLL
        for (int k = 0; k < 3; k++) half[k * 6 + j] = made[k];
    }
    for (int k = 0; k < 3; k++) {
        line_of_weight(half + k * 6, made);
        UNROLL
        for (int j = 0; j < 3; j++) put(nine + (k * 3 + j) * 16, made[j]);
    }
}

// Pairs of lines 1, 2, 4, 8 apart exchange what is not on their side of the diagonal.
static void turn(const float *from, int64_t step, float *to, int64_t to_step)
{
    static const i16x low[4] = {
        {0, 16, 2, 18, 4, 20, 6, 22, 8, 24, 10, 26, 12, 28, 14, 30},
        {0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29},
        {0, 1, 2, 3, 16, 17, 18, 19, 8, 9, 10, 11, 24, 25, 26, 27},
        {0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23},
    };
    v16 line[16];
    UNROLL
    for (int i = 0; i < 16; i++) line[i] = get(from + i * step);
    UNROLL
    for (int s = 0; s < 4; s++) {
        const int apart = 1 << s;
        UNROLL
        for (int i = 0; i < 16; i++) {
            if (i & apart) continue;
            const v16 a = line[i], b = line[i + apart];
            line[i] = __builtin_shuffle(a, b, low[s]);
            line[i + apart] = __builtin_shuffle(a, b, low[s] + apart);
        }
    }
    UNROLL
    for (int i = 0; i < 16; i++) put(to + i * to_step, line[i]);
}

const own_winograd ND_KERNEL(own_winograd) = {
    .input = {input_f32, input_bf16},
    .output = {output_f32, output_bf16},
    .gradient = {gradient_f32, gradient_bf16},
    .product = product,
    .weigh = weigh,
    .to_points = to_points,
    .from_points = from_points,
    .turn = turn,
};
