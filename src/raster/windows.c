// SPDX-License-Identifier: Apache-2.0
// Windows of a node and what somebody says of each, laid side by side.
#include "raster/windows.h"
#include <string.h>

enum { CELLS = 8 }; // cells of a kept tile, each way

// ---- The inner node: answers laid side by side. Window (i, j) is the block of side x
// side pixels at (i side, j side); of cells, each answer is one pixel.
static nd_status plan_answers(nd_node *self)
{
    const raster_brain *b = raster_windows_of(self)->brain;
    nd_band *band = nd_alloc(self->arena, (size_t)b->m.outputs, sizeof *band);
    if (!band) return ND_E_MEMORY;
    const int side = b->m.lattice.side;
    int64_t wide = (int64_t)nd_lattice_count(b->m.lattice, b->grid.width) * side;
    int64_t high = (int64_t)nd_lattice_count(b->m.lattice, b->grid.height) * side;
    if (b->m.stride)
        wide = raster_windows_cells(b, b->grid.width),
        high = raster_windows_cells(b, b->grid.height);
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
    self->own_bytes = b->m.own_bytes, self->worker_bytes = b->m.worker_bytes;
    self->tile_width = self->tile_height =
        b->m.stride && !b->m.cells ? CELLS : raster_windows_each(b);
    return ND_OK;
}

// First pixel that window i of an axis sees: of cells, it stands around their middle.
static int start_of(const raster_brain *b, int i)
{
    const int side = b->m.lattice.side, block = raster_windows_each(b) * b->m.stride;
    return b->m.stride ? i * block + block / 2 - side / 2
                       : nd_lattice_start(b->m.lattice, i);
}

// Pixels that windows first … last of an axis see, with what stands for those beyond the
// edge and without those.
static void seen_by(const raster_brain *b, const int range[2], int length, int *from,
                    int *count)
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

static nd_rect seen(const raster_brain *b, nd_rect r)
{
    const int by = raster_windows_each(b);
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
    return seen(raster_windows_of(self)->brain, tile->rect);
}

// The pixels under some answers, made ready once however many windows see them: plane k
// is band k of `m`. A band may stand for two.
static nd_status look(const nd_node *self, nd_work *work, nd_rect answers, nd_tile *tile)
{
    const raster_brain *b = raster_windows_of(self)->brain;
    const nd_rect r = seen(b, answers);
    nd_tile in;
    ND_TRY(nd_read(self->input[0], work, (nd_bands){b->band, b->bands}, 0, r, &in));
    *tile = in;
    tile->stride = r.width, tile->plane = (ptrdiff_t)r.width * r.height;
    tile->data =
        nd_alloc_raw(work->arena, (size_t)(tile->plane * b->m.bands), sizeof *tile->data);
    if (!tile->data) return ND_E_MEMORY;
    for (int k = 0; k < b->m.bands; k++) {
        for (int y = r.y; y < r.y + r.height; y++)
            memcpy(nd_at(tile, k, r.x, y), nd_at(&in, b->at[k], r.x, y),
                   (size_t)r.width * sizeof(float));
        if (b->m.ready)
            b->m.ready(b->m.user, k, nd_at(tile, k, r.x, r.y), (int64_t)tile->plane);
    }
    return ND_OK;
}

// So many pixels in a row; where there is no data, 0. False: there is none at all.
static bool copy_row(const float *from, int count, float *to)
{
    int any = 0;
    for (int x = 0; x < count; x++) {
        const int is_there = !isnan(from[x]);
        to[x] = is_there ? from[x] : 0;
        any |= is_there;
    }
    return any != 0;
}

static bool copy_reflected(const float *row, int first, int count, int width, float *to)
{
    bool any = false;
    for (int x = 0; x < count; x++) {
        const float v = row[nd_lattice_reflect(first + x, width)];
        to[x] = isnan(v) ? 0 : v;
        any |= !isnan(v);
    }
    return any;
}

// Window (i, j) out of the pixels read. False: it has no data at all.
static bool cut(const raster_brain *b, const nd_tile *in, int i, int j, float *to)
{
    const int side = b->m.lattice.side, x0 = start_of(b, i), y0 = start_of(b, j);
    const bool is_inside = x0 >= 0 && x0 + side <= b->grid.width;
    bool has_data = false;
    for (int k = 0; k < b->m.bands; k++)
        for (int y = 0; y < side; y++, to += side) {
            const int at = nd_lattice_reflect(y0 + y, b->grid.height);
            has_data |= is_inside ? copy_row(nd_at(in, k, x0, at), side, to)
                                  : copy_reflected(nd_at(in, k, 0, at), x0, side,
                                                   b->grid.width, to);
        }
    return has_data;
}

// The part of window (i, j) that lies in the tile; NULL: no answer.
static void lay(const raster_brain *b, const float *answer, int i, int j, nd_tile *tile)
{
    const int side = raster_windows_each(b);
    const nd_rect block = {i * side, j * side, side, side}, r = tile->rect;
    const int left = block.x > r.x ? block.x : r.x, top = block.y > r.y ? block.y : r.y;
    const int right = block.x + side < r.x + r.width ? block.x + side : r.x + r.width;
    const int under = block.y + side < r.y + r.height ? block.y + side : r.y + r.height;
    for (int k = 0; k < tile->bands.count; k++)
        for (int y = top; y < under; y++) {
            float *to = nd_at(tile, k, left, y);
            const int64_t row = (int64_t)tile->bands.band[k] * side + y - block.y;
            if (answer)
                memcpy(to, answer + row * side + left - block.x,
                       (size_t)(right - left) * sizeof *to);
            else
                memset(to, 0, (size_t)(right - left) * sizeof *to);
        }
}

// One window's answers: of its pixels, or of the cells in its middle.
static nd_status fill_window(const nd_node *self, nd_work *work, int i, int j,
                             nd_tile *tile)
{
    const raster_brain *b = raster_windows_of(self)->brain;
    const size_t side = (size_t)b->m.lattice.side, each = (size_t)raster_windows_each(b);
    const nd_mark mark = nd_arena_mark(work->arena);
    ND_TRY(nd_work_go_on(work));
    nd_tile in;
    ND_TRY(look(self, work, (nd_rect){i * (int)each, j * (int)each, 1, 1}, &in));
    float *x = nd_alloc_raw(work->arena, side * side * (size_t)b->m.bands, sizeof *x);
    float *y = nd_alloc_raw(work->arena, each * each * (size_t)b->m.outputs, sizeof *y);
    if (!x || !y) return ND_E_MEMORY;
    const bool has_data = cut(b, &in, i, j, x);
    if (has_data) ND_TRY(b->m.run(b->m.user, 1, x, y));
    lay(b, has_data ? y : NULL, i, j, tile);
    nd_arena_back(work->arena, mark);
    return ND_OK;
}

// Windows of single cells that are gathered until a batch is full.
typedef struct gathering {
    const raster_brain *brain;
    nd_tile *tile;
    float *x, *y;
    int *cell; // of the tile, counted along its rows
    int count;
} gathering;

static float *answer_at(const gathering *g, int cell, int k)
{
    const nd_rect r = g->tile->rect;
    return nd_at(g->tile, k, r.x + cell % r.width, r.y + cell / r.width);
}

static nd_status ask(gathering *g)
{
    const raster_brain *b = g->brain;
    if (g->count) ND_TRY(b->m.run(b->m.user, g->count, g->x, g->y));
    for (int n = 0; n < g->count; n++)
        for (int k = 0; k < g->tile->bands.count; k++)
            *answer_at(g, g->cell[n], k) =
                g->y[n * b->m.outputs + g->tile->bands.band[k]];
    g->count = 0;
    return ND_OK;
}

static nd_status fill_cells(const nd_node *self, nd_work *work, nd_tile *tile)
{
    const raster_brain *b = raster_windows_of(self)->brain;
    const nd_rect r = tile->rect;
    const size_t side = (size_t)b->m.lattice.side, batch = (size_t)b->m.batch;
    const size_t each = side * side * (size_t)b->m.bands;
    gathering g = {.brain = b, .tile = tile};
    nd_tile in;
    ND_TRY(look(self, work, r, &in));
    g.x = nd_alloc_raw(work->arena, batch * each, sizeof *g.x);
    g.y = nd_alloc_raw(work->arena, batch * (size_t)b->m.outputs, sizeof *g.y);
    g.cell = nd_alloc_raw(work->arena, batch, sizeof *g.cell);
    if (!g.x || !g.y || !g.cell) return ND_E_MEMORY;
    for (int c = 0; c < r.width * r.height; c++) {
        const int i = r.x + c % r.width, j = r.y + c / r.width;
        if (cut(b, &in, i, j, g.x + (size_t)g.count * each))
            g.cell[g.count++] = c;
        else
            for (int k = 0; k < tile->bands.count; k++) *answer_at(&g, c, k) = 0;
        if (g.count < b->m.batch) continue;
        ND_TRY(nd_work_go_on(work));
        ND_TRY(ask(&g));
    }
    return ask(&g);
}

// Two threads may begin at once, which costs time and changes nothing.
static nd_status begin(const nd_node *self, nd_work *work)
{
    raster_brain *b = raster_windows_of(self)->brain;
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
    const raster_brain *b = raster_windows_of(self)->brain;
    const nd_rect r = tile->rect;
    const int each = raster_windows_each(b);
    ND_TRY(begin(self, work));
    if (b->m.stride && !b->m.cells) return fill_cells(self, work, tile);
    for (int j = r.y / each; j <= (r.y + r.height - 1) / each; j++)
        for (int i = r.x / each; i <= (r.x + r.width - 1) / each; i++)
            ND_TRY(fill_window(self, work, i, j, tile));
    return ND_OK;
}

// Kept as a decoder's tiles are: dear, and wanted by several.
static const nd_op answers_op = {
    .name = "answers",
    .brief = "What is said of each window",
    .table = ND_TABLE(raster_windows_rows, raster_windows),
    .min_inputs = 1,
    .max_inputs = 1,
    .levels = ND_FULL,
    .decodes = true,
    .plan = plan_answers,
    .compute = compute_answers,
    .window = window_of_answers,
};

static void forget(void *object)
{
    pthread_mutex_destroy(&((raster_brain *)object)->lock);
}

// The bands as an ascending set without doubles.
static nd_status sort_bands(nd_arena *arena, const nd_node *input, raster_brain *b)
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
    raster_brain *b = nd_alloc(arena, 1, sizeof *b);
    if (!b) return NULL;
    b->m = *make;
    if (b->m.batch < 1 || !b->m.stride) b->m.batch = 1;
    if (pthread_mutex_init(&b->lock, NULL)) {
        (void)nd_fail(ND_E_MEMORY, "no lock is to be had\nclose other programs");
        return NULL;
    }
    if (nd_defer(arena, forget, b) || sort_bands(arena, input, b)) return NULL;
    raster_windows *set = nd_alloc(arena, 1, sizeof *set);
    if (!set) return NULL;
    *set = (raster_windows){make->identity, b};
    const nd_settings settings = {&answers_op.table, set, 1};
    nd_node *answers = nd_node_new(arena, &(nd_make){.op = &answers_op,
                                                     .input = &input,
                                                     .inputs = 1,
                                                     .settings = &settings,
                                                     .place = place});
    if (!answers) return NULL;
    const nd_settings again = {&raster_op_blended.table, set, 1};
    return nd_node_new(arena, &(nd_make){.op = &raster_op_blended,
                                         .input = &answers,
                                         .inputs = 1,
                                         .settings = &again,
                                         .place = place});
}
