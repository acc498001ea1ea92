// SPDX-License-Identifier: Apache-2.0
// Convolutions without groups and their data gradients as products: for each place of
// the kernel sixteen channels of x with the weights of 32 outputs, all sums in registers.
#include "nn/own/direct.h"
#include "nn/own/fold.h"
#include "nn/own/own.h"
#include "nn/own/winograd_plan.h"
#include <stdlib.h>
#include <string.h>

// Pixels of x that are used with all weights stay in the second cache.
enum { BLOCKS = OWN_CELL_BLOCKS, CACHE = 400000, PADDED = 4000000 };

typedef struct direct {
    nn_conv conv;
    bool is_data;
    int64_t ins, outs, panels; // blocks of 16 channels; pairs of blocks of outputs
    int64_t places, steps;
    int64_t *offset; // of each step and one more
    // A picture is cut into rows of so many pixels, `x_row` and `y_row` pixels apart.
    int64_t rows, wide, x_row, y_row;
    int x_stride, y_stride;
    int64_t high, width; // of x as it is read; padded: of a thread's copy of a picture
    int64_t before;      // rows and columns of noughts in front
    bool is_padded;
    int64_t cells, pieces; // of a picture, pairs of sevens; they go in so many pieces
    int64_t together;      // or so many pictures at once
    bool by_panel;         // all pixels with a panel's weights, then the next panel
    int type;
    int64_t bytes; // of a number
    int threads;
    char *kept;       // inference: the weights in their order
    float *bias_kept; // filled up with zeroes; NULL: as it is
    size_t weight_bytes;
    size_t part; // of scratch: a padded picture, of each thread or, by_panel, of all
} direct;

typedef struct direct_job {
    const direct *d;
    const char *x, *r;
    char *y;
    const float *plain; // weights
    char *weights;
    const float *bias;
    char *scratch;
    bool relu;
} direct_job;

static const own_direct *here(void)
{
    return own_direct_at[nd_cpu()];
}

// ---- Weights in their order: of each panel, step.

// The weights of a block of x and a block of outputs: lines of sixteen outputs, for each
// of sixteen channels that are summed over.
typedef struct square {
    const float *from; // the first of them, as they are kept
    int64_t ks, cs;    // that are there: fewer at an edge
    bool is_whole;
    float turned[9 * 256]; // of each channel in, place: sixteen channels out
    float lines[256];
} square;

static void set_square(const direct *d, const float *plain, int64_t block, int64_t out,
                       square *s)
{
    const nd_shape w = d->conv.weight;
    const int64_t size = d->places, each = w.dim[1] * size;
    const int64_t k = (d->is_data ? block : out) * 16;
    const int64_t c = (d->is_data ? out : block) * 16;
    s->from = plain + k * each + c * size;
    s->ks = w.dim[0] - k < 16 ? w.dim[0] - k : 16;
    s->cs = w.dim[1] - c < 16 ? w.dim[1] - c : 16;
    s->is_whole = s->ks == 16 && s->cs == 16 && size <= 9;
    if (s->is_whole && (size > 1 || !d->is_data))
        for (int64_t i = 0; i < size; i++)
            own_winograd_here()->turn(s->from + i * 16, each, s->turned + i * 256, 16);
}

// Its sixteen lines under a place, `*step` apart.
static const float *lines_of(const direct *d, square *s, int64_t place, int64_t *step)
{
    const int64_t size = d->places, each = d->conv.weight.dim[1] * size;
    const int64_t at = d->is_data ? size - 1 - place : place;
    *step = 16;
    if (s->is_whole && !d->is_data) {
        *step = size * 16;
        return s->turned + at * 16;
    }
    if (s->is_whole && size == 1) {
        *step = each;
        return s->from;
    }
    if (s->is_whole) {
        own_winograd_here()->turn(s->turned + at * 16, size * 16, s->lines, 16);
        return s->lines;
    }
    memset(s->lines, 0, sizeof s->lines);
    const int64_t by_k = d->is_data ? 16 : 1, by_c = d->is_data ? 1 : 16;
    for (int64_t i = 0; i < s->ks; i++)
        for (int64_t j = 0; j < s->cs; j++)
            s->lines[i * by_k + j * by_c] = s->from[i * each + j * size + at];
    return s->lines;
}

static int64_t blocks_of(const direct *d, int64_t panel)
{
    const int64_t left = d->outs - panel * BLOCKS;
    return left < BLOCKS ? left : BLOCKS;
}

static size_t panel_at(const direct *d, int64_t panel)
{
    return (size_t)(panel * BLOCKS * d->steps * 256 * d->bytes);
}

static void order_part(void *user, int thread, int threads)
{
    const direct_job *j = user;
    const direct *d = j->d;
    // Row by row as they are kept.
    const int64_t fast = d->is_data ? d->outs : d->ins, all = d->outs * d->ins;
    square s;
    for (int64_t i = nn_cut(all, thread, threads); i < nn_cut(all, thread + 1, threads);
         i++) {
        const int64_t out = d->is_data ? i % fast : i / fast;
        const int64_t block = d->is_data ? i / fast : i % fast;
        const int64_t panel = out / BLOCKS, blocks = blocks_of(d, panel);
        const int64_t line = 64 * blocks, each = 256 * blocks * d->bytes;
        char *to = j->weights + panel_at(d, panel) + out % BLOCKS * 64;
        to += block * d->places * each;
        set_square(d, j->plain, block, out, &s);
        for (int64_t place = 0; place < d->places; place++, to += each) {
            int64_t step;
            const float *from = lines_of(d, &s, place, &step);
            if (d->type)
                here()->pairs(from, step, to, line / 2);
            else
                for (int64_t c = 0; c < 16; c++)
                    memcpy(to + c * line, from + c * step, 64);
        }
    }
}

// ---- Pixels.

// A picture with noughts around it.
static void pad_picture(const direct *d, const char *from, char *to)
{
    const nd_shape x = d->is_data ? d->conv.out : d->conv.in;
    const size_t pixel = (size_t)(16 * d->bytes), line = (size_t)d->width * pixel;
    const int64_t high = x.dim[2], wide = x.dim[3], room = d->width - d->before;
    const size_t left = (size_t)d->before * pixel;
    const size_t kept = (size_t)(wide < room ? wide : room) * pixel;
    for (int64_t b = 0; b < d->ins; b++, from += (size_t)(high * wide) * pixel)
        for (int64_t i = 0; i < d->high; i++, to += line) {
            const int64_t row = i - d->before;
            if (row < 0 || row >= high) {
                memset(to, 0, line);
                continue;
            }
            memset(to, 0, left);
            memcpy(to + left, from + (size_t)(row * wide) * pixel, kept);
            memset(to + left + kept, 0, line - left - kept);
        }
}

// Rows of pixels are cut into sevens and what is left; two sevens make a cell.
enum { SEVEN = OWN_CELL_PIXELS / 2, ENOUGH = 5 };
typedef struct seven {
    int64_t x, y; // bytes from the first pixel of the picture, of a block of y
    int pixels;   // 0: there is none
} seven;

static int64_t sevens_of(const direct *d)
{
    return d->rows * ((d->wide + SEVEN - 1) / SEVEN);
}

static seven seven_at(const direct *d, int64_t i)
{
    const int64_t each = (d->wide + SEVEN - 1) / SEVEN, pixel = 16 * d->bytes;
    const int64_t row = i / each, column = i % each * SEVEN, left = d->wide - column;
    return (seven){(row * d->x_row + column * d->x_stride) * pixel,
                   (row * d->y_row + column * d->y_stride) * pixel,
                   row >= d->rows ? 0
                   : left < SEVEN ? (int)left
                                  : SEVEN};
}

// Pairs of sevens from the first to the last (not included) of picture n, whose x is
// given.
static void do_cells(const direct_job *j, int64_t panel, const char *x, int64_t n,
                     const int64_t pairs[2])
{
    const direct *d = j->d;
    const nd_shape to = d->is_data ? d->conv.in : d->conv.out;
    const int blocks = (int)blocks_of(d, panel);
    own_cell c = {.offset = d->offset,
                  .steps = d->steps,
                  .weights = j->weights + panel_at(d, panel),
                  .bias = j->bias ? j->bias + panel * BLOCKS * 16 : NULL,
                  .block = to.dim[2] * to.dim[3] * 16 * d->bytes,
                  .pixel = 16 * d->bytes * d->y_stride,
                  .relu = j->relu};
    const int64_t base = (n * d->outs + panel * BLOCKS) * c.block;
    for (int64_t i = pairs[0] * 2; i < pairs[1] * 2; i++) {
        const seven is = seven_at(d, i), next = seven_at(d, i + 1);
        const bool is_pair = i % 2 == 0 && is.pixels + next.pixels == OWN_CELL_PIXELS;
        if (!is.pixels) break;
        c.x = x + is.x, c.x_half = next.x - is.x;
        c.far = d->places > 1 ? 0 : 2 * c.x_half;
        c.y = j->y + base + is.y, c.y_half = next.y - is.y;
        c.r = j->r ? j->r + base + is.y : NULL;
        const int pixels = is_pair ? OWN_CELL_PIXELS : is.pixels;
        here()->products[d->type](&c, pixels, blocks, d->x_stride);
        i += is_pair;
    }
}

static void part(void *user, int thread, int threads)
{
    const direct_job *j = user;
    const direct *d = j->d;
    const nd_shape x = d->is_data ? d->conv.out : d->conv.in;
    const size_t picture = (size_t)(d->ins * x.dim[2] * x.dim[3] * 16 * d->bytes);
    char *padded = j->scratch + (d->by_panel ? 0 : (size_t)thread * d->part);
    const int64_t groups = d->pieces * ((x.dim[0] + d->together - 1) / d->together);
    const int64_t all = groups * d->panels, end = nn_cut(all, thread + 1, threads);
    int64_t there = -1; // in `padded`
    for (int64_t i = nn_cut(all, thread, threads); i < end; i++) {
        const int64_t group = d->by_panel ? i % groups : i / d->panels;
        const int64_t panel = d->by_panel ? i / groups : i % d->panels;
        const int64_t piece = group % d->pieces;
        const int64_t cells[2] = {nn_cut(d->cells, (int)piece, (int)d->pieces),
                                  nn_cut(d->cells, (int)piece + 1, (int)d->pieces)};
        int64_t n = group / d->pieces * d->together;
        for (int64_t k = 0; k < d->together && n < x.dim[0]; k++, n++) {
            const char *from = j->x + (size_t)n * picture;
            if (d->is_padded && d->by_panel)
                from = padded + (size_t)n * d->part;
            else if (d->is_padded && there != n)
                pad_picture(d, from, padded), there = n;
            do_cells(j, panel, there == n ? padded : from, n, cells);
        }
    }
}

// All pictures, which all threads read.
static void pad_part(void *user, int thread, int threads)
{
    const direct_job *j = user;
    const direct *d = j->d;
    const nd_shape x = d->is_data ? d->conv.out : d->conv.in;
    const size_t picture = (size_t)(d->ins * x.dim[2] * x.dim[3] * 16 * d->bytes);
    for (int64_t n = nn_cut(x.dim[0], thread, threads);
         n < nn_cut(x.dim[0], thread + 1, threads); n++)
        pad_picture(d, j->x + (size_t)n * picture, j->scratch + (size_t)n * d->part);
}

static void clear_part(void *user, int thread, int threads)
{
    const direct_job *j = user;
    const nd_shape to = j->d->conv.in;
    const int64_t all = to.dim[0] * j->d->outs;
    const int64_t each = to.dim[2] * to.dim[3] * 16 * j->d->bytes;
    const int64_t from = nn_cut(all, thread, threads);
    memset(j->y + from * each, 0,
           (size_t)((nn_cut(all, thread + 1, threads) - from) * each));
}

// ---- The record's.
static bool has_bf16(void)
{
    return __builtin_cpu_supports("avx512bf16");
}

static void set_pixels(direct *d)
{
    const nn_conv *c = &d->conv;
    const nd_shape x = d->is_data ? c->out : c->in, y = d->is_data ? c->in : c->out;
    const int64_t reach = (c->set.kernel - 1) * (int64_t)c->set.dilation;
    const int stride = c->set.stride;
    d->high = x.dim[2], d->width = x.dim[3];
    d->x_stride = d->is_data ? 1 : stride, d->y_stride = d->is_data ? stride : 1;
    d->rows = d->is_data ? x.dim[2] : y.dim[2],
    d->wide = d->is_data ? x.dim[3] : y.dim[3];
    if (stride == 1) d->rows = y.dim[2], d->wide = y.dim[3];
    d->before = d->is_data ? reach - c->set.pad : c->set.pad;
    d->is_padded = d->before > 0;
    if (d->is_padded) {
        d->high = (d->rows - 1) * d->x_stride + reach + 1;
        d->width = (d->wide - 1) * d->x_stride + reach + 1;
    }
    d->x_row = d->width * d->x_stride, d->y_row = y.dim[3] * d->y_stride;
    if (c->set.kernel == 1 && stride == 1 && !d->is_padded)
        d->wide *= d->rows, d->rows = 1; // no rows
}

static void set_sizes(direct *d, const nn_conv *c, bool is_data, nd_dtype type)
{
    *d = (direct){.conv = *c,
                  .is_data = is_data,
                  .ins = own_blocks((is_data ? c->out : c->in).dim[1]),
                  .outs = own_blocks((is_data ? c->in : c->out).dim[1]),
                  .places = c->set.kernel * (int64_t)c->set.kernel,
                  .type = type == ND_BFLOAT16};
    d->bytes = d->type ? 2 : 4;
    d->panels = (d->outs + BLOCKS - 1) / BLOCKS;
    d->steps = d->ins * d->places;
    set_pixels(d);
}

static size_t padded_bytes(const direct *d)
{
    return d->is_padded ? (size_t)(d->ins * d->high * d->width * 16 * d->bytes) : 0;
}

static bool is_data(const nn_record *r)
{
    return r->op == &nn_op_conv_data || r->op == &own_op_data_add;
}

static bool fits(const nn_record *r)
{
    const nn_conv *c = r->set;
    const bool is_back = is_data(r);
    const nd_dtype type = r->out[0]->dtype;
    const int64_t reach = (c->set.kernel - 1) * (int64_t)c->set.dilation;
    if (nd_cpu() != ND_CPU_V4 || c->set.groups != 1 || c->in.dim[1] <= 3 ||
        nd_shape_count(c->out) == 0 || c->set.stride > OWN_CELL_STRIDE)
        return false;
    if (type != ND_FLOAT32 && (type != ND_BFLOAT16 || !has_bf16())) return false;
    if (is_back && (c->set.pad > reach || (c->set.stride > 1 && c->set.kernel > 1)))
        return false;
    // Of larger kernels Winograd is faster, and between strides nothing would be added.
    if (r->op == &own_op_data_add && (c->set.kernel > 1 || c->set.stride > 1))
        return false;
    direct d;
    set_sizes(&d, c, is_back, type);
    // Of few pixels the sums wait for each other.
    const bool is_filled = d.rows * d.wide >= ENOUGH * sevens_of(&d);
    return is_filled && padded_bytes(&d) <= PADDED;
}

static void layouts(const nn_record *r, nn_layout *in, nn_layout *out)
{
    in[0] = out[0] = NN_BLOCKED;
    if (r->op == &own_op_fold) in[OWN_FOLD_R] = NN_BLOCKED;
    if (r->op == &own_op_data_add) in[OWN_ADD_R] = NN_BLOCKED;
}

static void set_pieces(direct *d)
{
    const int64_t pictures = d->conv.in.dim[0];
    d->cells = (sevens_of(d) + 1) / 2;
    // Bytes of x for a cell; under a kernel of one place those between are not read.
    const int64_t apart = d->places > 1 ? d->x_stride * d->x_stride : 1;
    const int64_t pixels = (d->rows * d->wide + d->cells - 1) / d->cells;
    const int64_t each = pixels * apart * d->ins * 16 * d->bytes;
    const int64_t most = CACHE / each > 1 ? CACHE / each : 1;
    d->pieces = (d->cells + most - 1) / most;
    d->together = 1;
    if (d->pieces == 1 && !d->is_padded) {
        d->together = most / d->cells;
        const int64_t share = (pictures + d->threads - 1) / d->threads;
        if (d->together > share) d->together = share;
    }
    // What is read again and again: weights for each group or pixels for each panel.
    const int64_t groups = (pictures + d->together - 1) / d->together * d->pieces;
    d->by_panel = d->panels * each * d->cells * pictures <
                  groups * d->outs * d->steps * 256 * d->bytes;
}

static nd_status prepare(nd_arena *arena, nn_record *r)
{
    const nd_tape *tape = r->in[0]->tape;
    direct *d = nd_alloc(arena, 1, sizeof *d);
    if (!d) return ND_E_MEMORY;
    r->ready = d;
    set_sizes(d, r->set, is_data(r), r->out[0]->dtype);
    d->threads = tape->net->make.threads;
    set_pieces(d);
    const nn_conv *c = &d->conv;
    d->offset = nd_alloc(arena, (size_t)d->steps + 1, sizeof *d->offset);
    if (!d->offset) return ND_E_MEMORY;
    for (int64_t i = 0; i < d->steps; i++) {
        const int64_t place = i % d->places, size = c->set.kernel, by = c->set.dilation;
        const int64_t row = place / size * by, column = place % size * by;
        d->offset[i] =
            ((i / d->places * d->high + row) * d->width + column) * 16 * d->bytes;
    }
    d->offset[d->steps] = 16 * d->bytes * d->x_stride * OWN_CELL_PIXELS; // the next cell
    const size_t page = 4096;
    d->weight_bytes = (size_t)(d->outs * d->steps * 256 * d->bytes);
    d->weight_bytes = (d->weight_bytes + page - 1) / page * page;
    d->part = (padded_bytes(d) + page - 1) / page * page;
    r->scratch = (d->by_panel ? (size_t)c->in.dim[0] : (size_t)d->threads) * d->part;
    if (tape->training)
        r->scratch += d->weight_bytes;
    else if (!(d->kept = nd_alloc(arena, d->weight_bytes, 1)))
        return ND_E_MEMORY;
    if (r->op == &own_op_fold || (!d->is_data && r->in[2] && c->out.dim[1] % 32)) {
        d->bias_kept = nd_alloc(arena, (size_t)d->panels * BLOCKS * 16, sizeof(float));
        if (!d->bias_kept) return ND_E_MEMORY;
    }
    return ND_OK;
}

static void order(const direct *d, const float *plain, char *to, int threads)
{
    nn_team(threads, order_part, &(direct_job){.d = d, .plain = plain, .weights = to});
}

static nd_status renew(const nn_call *call)
{
    const direct *d = call->record->ready;
    if (d->bias_kept)
        memcpy(d->bias_kept, call->in[2], (size_t)d->conv.out.dim[1] * sizeof(float));
    if (d->kept) order(d, call->in[1], d->kept, call->threads);
    return ND_OK;
}

static nd_status renew_fold(const nn_call *call)
{
    const direct *d = call->record->ready;
    float *weight = malloc((size_t)nd_shape_count(d->conv.weight) * sizeof *weight);
    if (!weight)
        return nd_fail(ND_E_MEMORY, "no memory for weights\nclose other programs");
    own_fold_weights(call, weight, d->bias_kept);
    order(d, weight, d->kept, call->threads);
    free(weight);
    return ND_OK;
}

static nd_status run(const nn_call *call)
{
    const nn_record *r = call->record;
    const direct *d = r->ready;
    direct_job j = {.d = d,
                    .x = call->in[0],
                    .y = call->out[0],
                    .weights = d->kept,
                    .scratch = call->scratch};
    if (r->op == &own_op_fold) {
        j.r = call->in[OWN_FOLD_R], j.relu = ((const own_fold *)r->set)->relu;
        j.bias = d->bias_kept;
    } else if (r->op == &own_op_data_add) {
        j.r = call->in[OWN_ADD_R];
    } else if (!d->is_data && call->in[2]) {
        j.bias = d->bias_kept ? d->bias_kept : call->in[2];
    }
    if (!d->kept) { // weights change with each step
        j.weights = call->scratch, j.scratch += d->weight_bytes;
        order(d, call->in[1], j.weights, call->threads);
    }
    if (d->y_stride > 1) nn_team(call->threads, clear_part, &j);
    if (d->is_padded && d->by_panel) nn_team(call->threads, pad_part, &j);
    nn_team(call->threads, part, &j);
    return ND_OK;
}

static const char *detail(const nn_record *r)
{
    const direct *d = r->ready;
    return d->type ? "own direct bfloat16" : "own direct";
}

#define ROW(of, anew)                                                                    \
    {                                                                                    \
        .name = "own", .op = &(of), .fits = fits, .layouts = layouts,                    \
        .prepare = prepare, .renew = (anew), .run = run, .detail = detail                \
    }
const nn_kernel own_direct_conv = ROW(nn_op_conv, renew);
const nn_kernel own_direct_data = ROW(nn_op_conv_data, renew);
const nn_kernel own_direct_add = ROW(own_op_data_add, renew);
const nn_kernel own_direct_fold = ROW(own_op_fold, renew_fold);
