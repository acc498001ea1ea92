// SPDX-License-Identifier: Apache-2.0
// Weights' gradients of any convolution without groups: for each place of the kernel the
// products of x and of y's gradient, summed over pixels. In bfloat16 products are exact
// and sums float32.
#include "nn/own/weigh.h"
#include "nn/conv.h"
#include "nn/net.h"
#include "nn/own/own.h"
#include "nn/own/winograd.h"
#include <string.h>

// Of few units at a time x stays in the first cache, of few blocks g in the second.
enum { UNITS = 400, BLOCKS = 16, FEW = 3 };

typedef struct weigh {
    nn_conv conv;
    int64_t blocks_x, blocks_g; // of 16 channels
    int64_t places;             // of the kernel
    int64_t items; // what g is multiplied with: block and place, or eight lines
    int64_t each;  // sums of an item and a block of g
    int64_t lines; // rows of all outputs
    int64_t units; // at most, at a time
    // A plain x is cut into lines: of channel, row, column modulo stride; `margin`
    // noughts stand before a line.
    int64_t margin, line_bytes, row_bytes;
    size_t sums, g_bytes, x_bytes, part; // bytes of a thread's scratch: each, all
    int type, bytes;                     // of a number
    bool is_plain;                       // x
    bool is_shared;                      // threads share the sums, each has some
    bool is_once; // so, and all pixels are one stretch: few sums are kept at a time
    int threads;
} weigh;

typedef struct weigh_job {
    const weigh *w;
    const char *x, *g;
    float *to;
    char *scratch;
} weigh_job;

// Some rows of the outputs, picture by picture.
typedef struct stretch {
    int64_t first, last, units;
} stretch;

static int64_t units_of(const weigh *w, int64_t pixels)
{
    return w->type ? (pixels + 1) / 2 : pixels;
}

// Rows from `line` on that belong together: to the end of the picture or of the stretch.
static int64_t piece(const weigh *w, int64_t line, int64_t last)
{
    const int64_t high = w->conv.out.dim[2], left = high - line % high;
    if (w->is_plain) return 1; // lines of x are rows
    return last - line < left ? last - line : left;
}

static stretch next(const weigh *w, int64_t first, int64_t end)
{
    const int64_t wide = w->conv.out.dim[3], high = w->conv.out.dim[2];
    stretch s = {first, first, 0};
    while (s.last < end) {
        int64_t rows = piece(w, s.last, end);
        const int64_t fit = (w->units - s.units) * (w->type ? 2 : 1) / wide;
        if (w->is_plain && s.last > first && s.last % high == 0) break;
        if (rows > fit) rows = fit;
        if (!rows) break;
        s.last += rows, s.units += units_of(w, rows * wide);
    }
    return s;
}

// ---- What is multiplied, put side by side.

// Pixels of x under one place of the kernel, for `rows` rows of outputs.
static void take_x(const weigh *w, const char *plane, int64_t place, int64_t row,
                   int64_t rows, char *to)
{
    const nn_conv *c = &w->conv;
    const int64_t wide = c->out.dim[3], stride = c->set.stride,
                  pixel = (int64_t)w->bytes * 16;
    const int64_t down = place / c->set.kernel * c->set.dilation - c->set.pad;
    const int64_t right = place % c->set.kernel * c->set.dilation - c->set.pad;
    own_pixels p = {.row_step = stride * c->in.dim[3] * pixel,
                    .wide = wide,
                    .first = right < 0 ? (-right + stride - 1) / stride : 0,
                    .last = c->in.dim[3] > right ? (c->in.dim[3] - 1 - right) / stride + 1
                                                 : 0,
                    .stride = stride,
                    .rows = rows};
    if (p.last > wide) p.last = wide;
    while (p.top < rows && (row + p.top) * stride + down < 0) p.top++;
    p.bottom = p.top;
    while (p.bottom < rows && (row + p.bottom) * stride + down < c->in.dim[2]) p.bottom++;
    if (p.first >= p.last || p.top >= p.bottom)
        p.bottom = p.top; // nothing is inside
    else
        p.from = plane + (((row + p.top) * stride + down) * c->in.dim[3] +
                          p.first * stride + right) *
                             pixel;
    own_weigh_at[nd_cpu()]->take[w->type](&p, to);
}

static void to_units(const weigh *w, const void *from, int64_t pixels, void *to)
{
    if (w->type)
        own_weigh_at[nd_cpu()]->pair(from, pixels, to);
    else
        memcpy(to, from, (size_t)pixels * 64);
}

static void pack_g(const weigh_job *j, const stretch *s, int64_t block, char *to)
{
    const weigh *w = j->w;
    const int64_t high = w->conv.out.dim[2], wide = w->conv.out.dim[3];
    const size_t row = (size_t)(wide * 16 * w->bytes);
    for (int64_t line = s->first, rows; line < s->last; line += rows) {
        rows = piece(w, line, s->last);
        const int64_t n = line / high;
        to_units(w, j->g + (size_t)((n * w->blocks_g + block) * high + line % high) * row,
                 rows * wide, to);
        to += units_of(w, rows * wide) * 64;
    }
}

// `aside`: room for the pixels before they are paired.
static void pack_x(const weigh_job *j, const stretch *s, int64_t item, char *to,
                   char *aside)
{
    const weigh *w = j->w;
    const nn_conv *c = &w->conv;
    const int64_t high = c->out.dim[2], wide = c->out.dim[3];
    const int64_t block = item / w->places, place = item % w->places;
    const size_t pixel = (size_t)w->bytes * 16;
    const size_t plane = (size_t)(c->in.dim[2] * c->in.dim[3]) * pixel;
    const bool is_same = w->places == 1 && c->set.stride == 1 && !c->set.pad;
    for (int64_t line = s->first, rows; line < s->last; line += rows) {
        rows = piece(w, line, s->last);
        const char *from = j->x + (size_t)(line / high * w->blocks_x + block) * plane;
        if (is_same) {
            to_units(w, from + (size_t)(line % high * wide) * pixel, rows * wide, to);
        } else {
            take_x(w, from, place, line % high, rows, w->type ? aside : to);
            if (w->type) to_units(w, aside, rows * wide, to);
        }
        to += units_of(w, rows * wide) * 64;
    }
}

static void cut_line(const weigh *w, const char *from, char *line)
{
    const int64_t stride = w->conv.set.stride, wide = w->conv.in.dim[3];
    line += w->margin * w->bytes;
    if (stride == 1) {
        memcpy(line, from, (size_t)(wide * w->bytes));
    } else if (stride == 2) {
        own_weigh_at[nd_cpu()]->halve[w->type](from, wide, line, line + w->line_bytes);
    } else {
        for (int64_t x = 0; x < wide; x++)
            memcpy(line + x % stride * w->line_bytes + x / stride * w->bytes,
                   from + x * w->bytes, (size_t)w->bytes);
    }
}

// Lines of a plain x that the rows of a stretch, all of one picture, see: one after the
// other by row, channel, column modulo stride.
static void cut_lines(const weigh_job *j, const stretch *s, char *to)
{
    const weigh *w = j->w;
    const nn_conv *c = &w->conv;
    const int64_t high = c->out.dim[2], stride = c->set.stride, wide = c->in.dim[3];
    const int64_t n = s->first / high, first = s->first % high * stride - c->set.pad;
    const int64_t rows = (s->last - s->first - 1) * stride +
                         (c->set.kernel - 1) * (int64_t)c->set.dilation + 1;
    memset(to, 0, (size_t)(rows * w->row_bytes));
    for (int64_t i = 0; i < rows; i++) {
        const int64_t y = first + i;
        if (y < 0 || y >= c->in.dim[2]) continue;
        for (int64_t k = 0; k < c->in.dim[1]; k++) {
            const char *from =
                j->x +
                (size_t)(((n * c->in.dim[1] + k) * c->in.dim[2] + y) * wide * w->bytes);
            char *line = to + i * w->row_bytes + k * stride * w->line_bytes;
            cut_line(w, from, line);
        }
    }
}

// Where the first output's number of channel, row and column `which` of the weights is.
static const char *line_of(const weigh *w, const char *lines, int64_t which)
{
    const nn_conv *c = &w->conv;
    const int64_t size = c->set.kernel, stride = c->set.stride;
    if (which >= c->in.dim[1] * size * size) which = 0; // its sums are not read
    const int64_t k = which / (size * size), r = which / size % size;
    const int64_t x = which % size * c->set.dilation - c->set.pad + w->margin * stride;
    return lines + r * c->set.dilation * w->row_bytes +
           (k * stride + x % stride) * w->line_bytes + x / stride * w->bytes;
}

// ---- The sums.
typedef struct share {
    int64_t first, last; // lines of the outputs
    int64_t item, end;
    float *sums;
    char *g, *x, *aside;
} share;

static share share_of(const weigh_job *j, int thread, int threads)
{
    const weigh *w = j->w;
    const bool is_apart = w->is_shared && !w->is_once; // the sums, before the parts
    char *own = j->scratch + (is_apart ? w->sums : 0) + (size_t)thread * w->part;
    share s = {0, w->lines, 0, w->items, (float *)(void *)own, NULL, NULL, NULL};
    if (is_apart) {
        s.sums = (float *)(void *)j->scratch;
        s.item = nn_cut(w->items, thread, threads);
        s.end = nn_cut(w->items, thread + 1, threads);
    } else if (w->is_once) {
        s.item = nn_cut(w->blocks_x, thread, threads) * w->places;
        s.end = nn_cut(w->blocks_x, thread + 1, threads) * w->places;
        own += w->sums;
    } else {
        s.first = nn_cut(w->lines, thread, threads);
        s.last = nn_cut(w->lines, thread + 1, threads);
        own += w->sums;
    }
    s.g = own, s.x = own + w->g_bytes, s.aside = s.x + w->x_bytes;
    return s;
}

// Sums of an item and block b of g go where the weights have them.
static void put(const weigh_job *j, const float *sums, int64_t item, int64_t b)
{
    const weigh *w = j->w;
    const nd_shape shape = w->conv.weight;
    const int64_t outs = shape.dim[0] < b * 16 + 16 ? shape.dim[0] - b * 16 : 16;
    const int64_t places = w->is_plain ? 1 : w->places, wide = w->is_plain ? 8 : 16;
    const int64_t rows = w->is_plain ? shape.dim[1] * w->places : shape.dim[1];
    const int64_t first = item / places * wide;
    const int64_t count = rows - first < wide ? rows - first : wide;
    float *to = j->to + (b * 16 * rows + first) * places + item % places;
    if (places == 1 && outs == 16 && count == 16) {
        own_winograd_at[nd_cpu()]->turn(sums, 16, to, rows);
        return;
    }
    for (int64_t k = 0; k < outs; k++, to += rows * places)
        for (int64_t c = 0; c < count; c++) to[c * places] = sums[c * 16 + k];
}

static void multiply(const weigh_job *j, const share *mine, const stretch *s,
                     int64_t block, int64_t blocks)
{
    const weigh *w = j->w;
    const own_weigh *k = own_weigh_at[nd_cpu()];
    const int64_t rows = w->is_plain ? s->last - s->first : 1;
    own_units u = {.g = mine->g,
                   .step = s->units * 64,
                   .blocks = blocks,
                   .count = s->units / rows,
                   .rows = rows,
                   .row_step = w->conv.set.stride * w->row_bytes,
                   .adds = s->first != mine->first};
    for (int64_t b = 0; b < blocks; b++) pack_g(j, s, block + b, mine->g + b * u.step);
    for (int64_t i = mine->item; i < mine->end; i++) {
        const int64_t place = i % w->places;
        u.sums = w->is_once ? mine->sums + place * blocks * w->each
                            : mine->sums + (i * w->blocks_g + block) * w->each;
        if (w->is_plain) {
            const char *from[8];
            for (int64_t l = 0; l < 8; l++) from[l] = line_of(w, mine->x, i * 8 + l);
            k->lines[w->type](&u, from);
        } else {
            pack_x(j, s, i, mine->x, mine->aside);
            k->sums[w->type](&u, mine->x);
        }
        if (!w->is_once || place + 1 < w->places) continue;
        for (int64_t t = 0; t < w->places * blocks; t++)
            put(j, mine->sums + t * w->each, i - place + t / blocks, block + t % blocks);
    }
}

static void part(void *user, int thread, int threads)
{
    const weigh_job *j = user;
    const weigh *w = j->w;
    const share mine = share_of(j, thread, threads);
    if (mine.first == mine.last) memset(mine.sums, 0, w->sums);
    for (int64_t block = 0; block < w->blocks_g; block += BLOCKS) {
        const int64_t left = w->blocks_g - block;
        for (stretch s = next(w, mine.first, mine.last); s.first < mine.last;
             s = next(w, s.last, mine.last)) {
            if (w->is_plain) cut_lines(j, &s, mine.x);
            multiply(j, &mine, &s, block, left < BLOCKS ? left : BLOCKS);
        }
    }
}

// All sums: the threads' added.
static void give(void *user, int thread, int threads)
{
    const weigh_job *j = user;
    const weigh *w = j->w;
    const int64_t all = w->blocks_g * w->items;
    for (int64_t i = nn_cut(all, thread, threads); i < nn_cut(all, thread + 1, threads);
         i++) {
        const int64_t b = i / w->items, item = i % w->items;
        float *sums = (float *)(void *)j->scratch + (item * w->blocks_g + b) * w->each;
        for (int t = 1; t < w->threads && !w->is_shared; t++) {
            const float *more =
                (const float *)(const void *)((const char *)sums + (size_t)t * w->part);
            for (int64_t k = 0; k < w->each; k++) sums[k] += more[k];
        }
        put(j, sums, item, b);
    }
}

// ---- The record's.
static bool has_bf16(void)
{
    return __builtin_cpu_supports("avx512bf16");
}

static bool fits(const nn_record *r)
{
    const nn_conv *c = r->set;
    const nd_dtype type = nn_working_type(r);
    const int64_t line = c->out.dim[3];
    // oneDNN's Winograd is faster, where it may be.
    if (type == ND_FLOAT32 && !r->in[0]->tape->net->make.exact && c->set.kernel == 3 &&
        c->set.stride == 1 && c->set.dilation == 1 && line > 3 && c->out.dim[2] > 3)
        return false;
    return nd_cpu() == ND_CPU_V4 && c->set.groups == 1 && nd_shape_count(c->out) > 0 &&
           line <= 2048 && (type == ND_FLOAT32 || (type == ND_BFLOAT16 && has_bf16()));
}

static void layouts(const nn_record *r, nn_layout *in, nn_layout *out)
{
    const nn_conv *c = r->set;
    in[0] = NN_BLOCKED, in[1] = c->in.dim[1] <= FEW ? NN_PLAIN : NN_BLOCKED;
    out[0] = NN_PLAIN;
}

static void set_lines(weigh *w)
{
    const nn_conv *c = &w->conv;
    const int64_t stride = c->set.stride;
    const int64_t reach = (c->set.kernel - 1) * (int64_t)c->set.dilation;
    w->margin = (c->set.pad + stride - 1) / stride;
    const int64_t most = c->out.dim[3] + (reach + stride - 1) / stride + w->margin + 2;
    const int64_t all = (c->in.dim[3] + stride - 1) / stride + w->margin;
    w->line_bytes = (most > all ? most : all) * w->bytes;
    w->row_bytes = w->line_bytes * stride * c->in.dim[1];
    const int64_t rows = w->units / units_of(w, c->out.dim[3]); // at most, of outputs
    w->x_bytes = (size_t)((rows * stride + reach + 1) * w->row_bytes);
}

static size_t in_lines(size_t bytes)
{
    return (bytes + 127) / 64 * 64; // one more: so that powers of two fall apart
}

static nd_status prepare(nd_arena *arena, nn_record *r)
{
    weigh *w = nd_alloc(arena, 1, sizeof *w);
    if (!w) return ND_E_MEMORY;
    r->ready = w;
    const nn_conv *c = r->set;
    *w = (weigh){.conv = *c,
                 .blocks_x = (c->in.dim[1] + 15) / 16,
                 .blocks_g = (c->out.dim[1] + 15) / 16,
                 .places = c->set.kernel * (int64_t)c->set.kernel,
                 .lines = c->out.dim[0] * c->out.dim[2],
                 .type = nn_working_type(r) == ND_BFLOAT16,
                 .is_plain = c->in.dim[1] <= FEW,
                 .threads = r->in[0]->tape->net->make.threads};
    w->bytes = w->type ? 2 : 4;
    const int64_t wide = units_of(w, c->out.dim[3]);
    w->units = wide > UNITS ? wide : UNITS;
    w->each = w->is_plain ? 128 : 256;
    w->items = w->is_plain ? (c->in.dim[1] * w->places + 7) / 8 : w->blocks_x * w->places;
    w->sums = in_lines((size_t)(w->items * w->blocks_g * w->each) * sizeof(float));
    // Sums that do not stay in a thread's own cache are better shared.
    w->is_shared = w->sums > 400000 && !w->is_plain;
    w->is_once = w->is_shared && w->blocks_x >= w->threads &&
                 next(w, 0, w->lines).last == w->lines;
    const int64_t blocks = w->blocks_g < BLOCKS ? w->blocks_g : BLOCKS;
    if (w->is_once)
        w->sums = in_lines((size_t)(w->places * blocks * w->each) * sizeof(float));
    w->g_bytes = in_lines((size_t)(blocks * w->units) * 64);
    w->x_bytes = (size_t)w->units * 64;
    if (w->is_plain) set_lines(w);
    w->x_bytes = in_lines(w->x_bytes);
    const bool is_apart = w->is_shared && !w->is_once;
    w->part = (is_apart ? 0 : w->sums) + w->g_bytes + w->x_bytes +
              in_lines((size_t)w->units * 64);
    r->scratch = (size_t)w->threads * w->part + (is_apart ? w->sums : 0);
    return ND_OK;
}

static nd_status run(const nn_call *call)
{
    weigh_job j = {call->record->ready, call->in[1], call->in[0], call->out[0],
                   call->scratch};
    nn_team(call->threads, part, &j);
    const weigh *w = j.w;
    if (!w->is_once) nn_team(call->threads, give, &j);
    return ND_OK;
}

static const char *detail(const nn_record *r)
{
    const weigh *w = r->ready;
    return w->type ? "own bfloat16" : "own float32";
}

const nn_kernel own_weigh_direct = {.name = "own",
                                    .op = &nn_op_conv_weight,
                                    .fits = fits,
                                    .layouts = layouts,
                                    .prepare = prepare,
                                    .run = run,
                                    .detail = detail};
