// SPDX-License-Identifier: Apache-2.0
// Windows of a node, what somebody says of each, and the picture that they blend to.
#include <math.h>
#include <nadir/lattice.h>
#include <nadir/op.h>
#include <pthread.h>
#include <string.h>

enum { CELLS = 8 }; // cells of a kept tile, each way

// What the two nodes of one call share.
typedef struct brain {
    nd_windows_make m;
    nd_grid grid;   // of the input
    int *band, *at; // the bands as a set; at[k]: where band k of `m` is in it
    int bands;      // of the set
    pthread_mutex_t lock;
    bool has_begun; // under the lock
} brain;
// `identity` is a setting so that it is part of the nodes' keys.
typedef struct windows {
    const char *identity;
    brain *brain;
} windows;
static const nd_param params[] = {
    ND_PARAM(windows, identity, NULL, .help = "What is said of the windows"),
};

static brain *brain_of(const nd_node *self)
{
    return ((const windows *)self->state)->brain;
}

static int cells_of(const brain *b, int length)
{
    return (length + b->m.stride - 1) / b->m.stride;
}

// ---- The inner node: answers laid side by side. Window (i, j) is the block of side x
// side pixels at (i side, j side); of cells, each answer is one pixel.
static nd_status plan_answers(nd_node *self)
{
    const brain *b = brain_of(self);
    nd_band *band = nd_alloc(self->arena, (size_t)b->m.outputs, sizeof *band);
    if (!band) return ND_E_MEMORY;
    const int side = b->m.lattice.side;
    int64_t wide = (int64_t)nd_lattice_count(b->m.lattice, b->grid.width) * side;
    int64_t high = (int64_t)nd_lattice_count(b->m.lattice, b->grid.height) * side;
    if (b->m.stride)
        wide = cells_of(b, b->grid.width), high = cells_of(b, b->grid.height);
    if (wide > INT32_MAX || high > INT32_MAX)
        return nd_fail(ND_E_DATA,
                       "%d x %d pixels are more than windows can be laid on\n"
                       "take a part of them by Subset",
                       b->grid.width, b->grid.height);
    for (int k = 0; k < b->m.outputs; k++) {
        band[k] = (nd_band){.no_data = (double)NAN, .grid = {.pixel_x = 1, .pixel_y = 1}};
        band[k].grid.width = (int)wide, band[k].grid.height = (int)high;
        band[k].name = nd_text(self->arena, "answer_%d", k + 1);
        if (!band[k].name) return ND_E_MEMORY;
    }
    self->band = band, self->bands = b->m.outputs;
    self->tile_width = self->tile_height = b->m.stride ? CELLS : side;
    return ND_OK;
}

// First pixel that window or cell i of an axis sees.
static int start_of(const brain *b, int i)
{
    const int side = b->m.lattice.side;
    return b->m.stride ? i * b->m.stride + b->m.stride / 2 - side / 2
                       : nd_lattice_start(b->m.lattice, i);
}

// Pixels that windows first … last of an axis see, with what stands for those beyond the
// edge and without those.
static void seen_by(const brain *b, const int range[2], int length, int *from, int *count)
{
    const int side = b->m.lattice.side;
    int first = start_of(b, range[0]), last = start_of(b, range[1]) + side - 1;
    const int back = 2 * (length - 1) - last, forth = -first;
    if (forth > last) last = forth;
    if (back < first) first = back;
    if (first < 0 || length <= side) first = 0;
    if (last >= length || length <= side) last = length - 1;
    *from = first, *count = last - first + 1;
}

static nd_rect seen(const brain *b, nd_rect r)
{
    const int by = b->m.stride ? 1 : b->m.lattice.side;
    const int x[2] = {r.x / by, (r.x + r.width - 1) / by};
    const int y[2] = {r.y / by, (r.y + r.height - 1) / by};
    nd_rect all;
    seen_by(b, x, b->grid.width, &all.x, &all.width);
    seen_by(b, y, b->grid.height, &all.y, &all.height);
    return all;
}

static nd_rect window_of_answers(const nd_node *self, int input, const nd_tile *tile,
                                 int *level)
{
    (void)input;
    *level = 0;
    return seen(brain_of(self), tile->rect);
}

// Window (i, j) out of the pixels read. False: it has no data at all.
static bool cut(const brain *b, const nd_tile *in, int i, int j, float *to)
{
    const int side = b->m.lattice.side, x0 = start_of(b, i), y0 = start_of(b, j);
    bool has_data = false;
    for (int k = 0; k < b->m.bands; k++)
        for (int y = 0; y < side; y++) {
            const float *row = nd_at(in, b->at[k], in->rect.x,
                                     nd_lattice_reflect(y0 + y, b->grid.height));
            for (int x = 0; x < side; x++) {
                const int from = nd_lattice_reflect(x0 + x, b->grid.width);
                *to = row[from - in->rect.x];
                has_data |= !isnan(*to++);
            }
        }
    return has_data;
}

// The part of window (i, j) that lies in the tile; NULL: no answer.
static void lay(const brain *b, const float *answer, int i, int j, nd_tile *tile)
{
    const int side = b->m.lattice.side;
    const nd_rect block = {i * side, j * side, side, side}, r = tile->rect;
    const int left = block.x > r.x ? block.x : r.x, top = block.y > r.y ? block.y : r.y;
    const int right = block.x + side < r.x + r.width ? block.x + side : r.x + r.width;
    const int under = block.y + side < r.y + r.height ? block.y + side : r.y + r.height;
    for (int k = 0; k < tile->bands.count; k++)
        for (int y = top; y < under; y++)
            for (int x = left; x < right; x++)
                *nd_at(tile, k, x, y) =
                    answer ? answer[((int64_t)tile->bands.band[k] * side + y - block.y) *
                                        side +
                                    x - block.x]
                           : 0;
}

// One window's pixels.
static nd_status fill_window(const nd_node *self, nd_work *work, int i, int j,
                             nd_tile *tile)
{
    const brain *b = brain_of(self);
    const int side = b->m.lattice.side;
    const size_t plane = (size_t)side * (size_t)side;
    const nd_mark mark = nd_arena_mark(work->arena);
    ND_TRY(nd_work_go_on(work));
    nd_tile in;
    ND_TRY(nd_read(self->input[0], work, (nd_bands){b->band, b->bands}, 0,
                   seen(b, (nd_rect){i * side, j * side, 1, 1}), &in));
    float *x = nd_alloc_raw(work->arena, plane * (size_t)b->m.bands, sizeof *x);
    float *y = nd_alloc_raw(work->arena, plane * (size_t)b->m.outputs, sizeof *y);
    if (!x || !y) return ND_E_MEMORY;
    const bool has_data = cut(b, &in, i, j, x);
    if (has_data) ND_TRY(b->m.run(b->m.user, b->m.symmetries, x, y));
    lay(b, has_data ? y : NULL, i, j, tile);
    nd_arena_back(work->arena, mark);
    return ND_OK;
}

// A batch of cells, counted along the rows of the tile from `first` on.
static nd_status fill_cells(const nd_node *self, nd_work *work, const nd_tile *in,
                            nd_tile *tile, int first)
{
    const brain *b = brain_of(self);
    const nd_rect r = tile->rect;
    const nd_mark mark = nd_arena_mark(work->arena);
    const int side = b->m.lattice.side, left = r.width * r.height - first;
    const size_t each = (size_t)side * (size_t)side * (size_t)b->m.bands;
    ND_TRY(nd_work_go_on(work));
    float *x = nd_alloc(work->arena, (size_t)b->m.batch * each, sizeof *x);
    float *y = nd_alloc(work->arena, (size_t)(b->m.batch * b->m.outputs), sizeof *y);
    bool *has_data = nd_alloc(work->arena, (size_t)b->m.batch, sizeof *has_data),
         any = false;
    if (!x || !y || !has_data) return ND_E_MEMORY;
    const int count = left < b->m.batch ? left : b->m.batch;
    for (int n = 0; n < count; n++) {
        has_data[n] = cut(b, in, r.x + (first + n) % r.width, r.y + (first + n) / r.width,
                          x + (size_t)n * each);
        any |= has_data[n];
    }
    if (any) ND_TRY(b->m.run(b->m.user, b->m.symmetries, x, y));
    for (int n = 0; n < count; n++)
        for (int k = 0; k < tile->bands.count; k++)
            *nd_at(tile, k, r.x + (first + n) % r.width, r.y + (first + n) / r.width) =
                has_data[n] ? y[n * b->m.outputs + tile->bands.band[k]] : 0;
    nd_arena_back(work->arena, mark);
    return ND_OK;
}

// Two threads may begin at once, which costs time and changes nothing.
static nd_status begin(const nd_node *self, nd_work *work)
{
    brain *b = brain_of(self);
    if (!b->m.begin) return ND_OK;
    pthread_mutex_lock(&b->lock);
    const bool has_begun = b->has_begun;
    pthread_mutex_unlock(&b->lock);
    if (has_begun) return ND_OK;
    ND_TRY(b->m.begin(b->m.user, self->input[0], work));
    pthread_mutex_lock(&b->lock);
    b->has_begun = true;
    pthread_mutex_unlock(&b->lock);
    return ND_OK;
}

static nd_status compute_answers(const nd_node *self, nd_work *work, nd_tile *tile)
{
    const brain *b = brain_of(self);
    const nd_rect r = tile->rect;
    const int side = b->m.lattice.side;
    ND_TRY(begin(self, work));
    if (!b->m.stride) {
        for (int j = r.y / side; j <= (r.y + r.height - 1) / side; j++)
            for (int i = r.x / side; i <= (r.x + r.width - 1) / side; i++)
                ND_TRY(fill_window(self, work, i, j, tile));
        return ND_OK;
    }
    nd_tile in;
    ND_TRY(
        nd_read(self->input[0], work, (nd_bands){b->band, b->bands}, 0, seen(b, r), &in));
    for (int first = 0; first < r.width * r.height; first += b->m.batch)
        ND_TRY(fill_cells(self, work, &in, tile, first));
    return ND_OK;
}

// Kept as a decoder's tiles are: dear, and wanted by several.
static const nd_op answers_op = {
    .name = "answers",
    .brief = "What is said of each window",
    .table = ND_TABLE(params, windows),
    .min_inputs = 1,
    .max_inputs = 1,
    .levels = ND_FULL,
    .decodes = true,
    .plan = plan_answers,
    .compute = compute_answers,
    .window = window_of_answers,
};

// ---- The outer node: answers blended.
static nd_status plan_blended(nd_node *self)
{
    const brain *b = brain_of(self);
    for (int k = 0; k < self->bands; k++) self->band[k].grid = b->grid;
    return ND_OK;
}

// Blocks or cells of the inner node that give weight to these pixels.
static nd_rect under(const brain *b, nd_rect r)
{
    if (b->m.stride) {
        const int d = b->m.stride;
        const int x = r.x / d - 1, y = r.y / d - 1;
        return nd_rect_clip((nd_rect){x, y, (r.x + r.width - 1) / d + 2 - x,
                                      (r.y + r.height - 1) / d + 2 - y},
                            cells_of(b, b->grid.width), cells_of(b, b->grid.height));
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
    return under(brain_of(self), tile->rect);
}

// Adds window (i, j)'s part of the tile.
static nd_status add_window(const nd_node *self, nd_work *work, int i, int j,
                            nd_tile *tile)
{
    const brain *b = brain_of(self);
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

static nd_status spread_cells(const nd_node *self, nd_work *work, nd_tile *tile)
{
    const brain *b = brain_of(self);
    const int d = b->m.stride;
    const int wide = cells_of(b, b->grid.width), high = cells_of(b, b->grid.height);
    const nd_rect r = tile->rect;
    const bool is_flat = b->m.lattice.blend == ND_BLEND_CROP;
    nd_tile in;
    ND_TRY(nd_read(self->input[0], work, tile->bands, 0, under(b, r), &in));
    for (int k = 0; k < tile->bands.count; k++)
        for (int y = r.y; y < r.y + r.height; y++)
            for (int x = r.x; x < r.x + r.width; x++) {
                float tx = 0, ty = 0;
                const int cx = is_flat ? x / d : between(x, d, wide, &tx);
                const int cy = is_flat ? y / d : between(y, d, high, &ty);
                const float *a = nd_at(&in, k, cx, cy);
                const float *c = ty > 0 ? a + in.stride : a;
                const int right = tx > 0;
                *nd_at(tile, k, x, y) = (a[0] * (1 - tx) + a[right] * tx) * (1 - ty) +
                                        (c[0] * (1 - tx) + c[right] * tx) * ty;
            }
    return ND_OK;
}

static nd_status compute_blended(const nd_node *self, nd_work *work, nd_tile *tile)
{
    const brain *b = brain_of(self);
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

static const nd_op blended_op = {
    .name = "blended",
    .brief = "Windows blended to one picture",
    .table = ND_TABLE(params, windows),
    .min_inputs = 1,
    .max_inputs = 1,
    .levels = ND_FULL,
    .plan = plan_blended,
    .compute = compute_blended,
    .window = window_of_blended,
};

static void forget(void *object)
{
    pthread_mutex_destroy(&((brain *)object)->lock);
}

// The bands as an ascending set without doubles.
static nd_status sort_bands(nd_arena *arena, const nd_node *input, brain *b)
{
    b->band = nd_alloc(arena, (size_t)b->m.bands, sizeof *b->band);
    b->at = nd_alloc(arena, (size_t)b->m.bands, sizeof *b->at);
    if (!b->band || !b->at) return ND_E_MEMORY;
    for (int i = 0; i < input->bands; i++) {
        bool is_used = false;
        for (int k = 0; k < b->m.bands; k++)
            if (b->m.band[k] == i) b->at[k] = b->bands, is_used = true;
        if (is_used) b->band[b->bands++] = i;
    }
    const nd_band *first = &input->band[b->band[0]];
    b->grid = first->grid;
    for (int k = 1; k < b->bands; k++)
        if (!nd_grid_same(&b->grid, &input->band[b->band[k]].grid))
            return nd_fail(ND_E_DATA,
                           "bands %s and %s have pixels of two sizes\n"
                           "put a Resample before it",
                           first->name, input->band[b->band[k]].name);
    return ND_OK;
}

nd_node *nd_windows_new(nd_arena *arena, nd_node *input, const nd_windows_make *make,
                        const char *place)
{
    brain *b = nd_alloc(arena, 1, sizeof *b);
    if (!b) return NULL;
    b->m = *make;
    if (b->m.batch < 1 || !b->m.stride) b->m.batch = 1;
    if (pthread_mutex_init(&b->lock, NULL)) {
        (void)nd_fail(ND_E_MEMORY, "no lock is to be had\nclose other programs");
        return NULL;
    }
    if (nd_defer(arena, forget, b) || sort_bands(arena, input, b)) return NULL;
    windows *set = nd_alloc(arena, 1, sizeof *set);
    if (!set) return NULL;
    *set = (windows){make->identity, b};
    const nd_settings settings = {&answers_op.table, set, 1};
    nd_node *answers = nd_node_new(arena, &(nd_make){.op = &answers_op,
                                                     .input = &input,
                                                     .inputs = 1,
                                                     .settings = &settings,
                                                     .place = place});
    if (!answers) return NULL;
    const nd_settings again = {&blended_op.table, set, 1};
    return nd_node_new(arena, &(nd_make){.op = &blended_op,
                                         .input = &answers,
                                         .inputs = 1,
                                         .settings = &again,
                                         .place = place});
}
