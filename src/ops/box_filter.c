// SPDX-License-Identifier: Apache-2.0
// Box filter: the mean of a window around each pixel; the simplest neighbourhood.
#include <nadir/op.h>

typedef struct box_filter {
    int size;
} box_filter;

static const nd_param params[] = {
    ND_PARAM(box_filter, size, 3, .min = 1, .max = 255, .soft_min = 1, .soft_max = 31,
             .step = 2, .unit = "pixels", .help = "Side of the window, an odd number"),
};

typedef struct state {
    int radius, *from; // from: numbers of the input's bands
} state;

// Masks are left out. Means need not be whole samples.
static nd_status plan(nd_node *self)
{
    const box_filter *set = self->state;
    state *s = nd_alloc(self->arena, 1, sizeof *s);
    int *from = nd_alloc(self->arena, (size_t)self->bands, sizeof *from);
    if (!s || !from) return ND_E_MEMORY;
    if (set->size % 2 == 0)
        return nd_fail(ND_E_PARAM, "size: a window of %d pixels has no middle\ntake %d",
                       set->size, set->size + 1);
    int kept = 0;
    for (int b = 0; b < self->bands; b++) {
        nd_band band = self->band[b];
        if (band.role == ND_MASK) continue;
        if (band.kind == ND_CLASS || band.kind == ND_FLAGS)
            return nd_fail(ND_E_DATA,
                           "band %s holds classes or flags, which have no mean\n"
                           "select the other bands first",
                           band.name);
        band.sample = ND_F32, band.scale = 1, band.offset = 0, band.no_data = (double)NAN;
        from[kept] = b;
        self->band[kept++] = band;
    }
    *s = (state){set->size / 2, from};
    self->bands = kept, self->state = s;
    return ND_OK;
}

static nd_rect grown(nd_rect r, int radius)
{
    return (nd_rect){r.x - radius, r.y - radius, r.width + 2 * radius,
                     r.height + 2 * radius};
}

static nd_rect window(const nd_node *self, int input, const nd_tile *tile, int *level)
{
    (void)input;
    *level = tile->level;
    return grown(tile->rect, ((const state *)self->state)->radius);
}

// Sums of the columns above and below each pixel of a row, then along the row. Each
// window is added up afresh, in one order, so that its sum does not depend on the tile.
static void mean_row(const nd_tile *in, int k, int y, int radius, double *sum,
                     nd_tile *out)
{
    const nd_rect r = out->rect;
    double *count = sum + in->rect.width;
    for (int i = 0; i < 2 * in->rect.width; i++) sum[i] = 0;
    for (int dy = -radius; dy <= radius; dy++) {
        const float *row = nd_at(in, k, in->rect.x, y + dy);
        for (int i = 0; i < in->rect.width; i++) {
            const bool is_valid = !isnan(row[i]);
            sum[i] += is_valid ? (double)row[i] : 0;
            count[i] += is_valid;
        }
    }
    for (int x = 0; x < r.width; x++) {
        double all = 0, valid = 0;
        for (int i = x; i <= x + 2 * radius; i++) all += sum[i], valid += count[i];
        *nd_at(out, k, r.x + x, y) = valid > 0 ? (float)(all / valid) : NAN;
    }
}

static nd_status compute(const nd_node *self, nd_work *work, nd_tile *tile)
{
    const state *s = self->state;
    const nd_rect need = grown(tile->rect, s->radius);
    nd_tile in;
    int *band = nd_alloc(work->arena, (size_t)tile->bands.count, sizeof *band);
    if (!band) return ND_E_MEMORY;
    for (int k = 0; k < tile->bands.count; k++) band[k] = s->from[tile->bands.band[k]];
    ND_TRY(nd_read(self->input[0], work, (nd_bands){band, tile->bands.count}, tile->level,
                   need, &in));
    double *sum = nd_alloc_raw(work->arena, 2 * (size_t)need.width, sizeof *sum);
    if (!sum) return ND_E_MEMORY;
    for (int k = 0; k < tile->bands.count; k++)
        for (int y = tile->rect.y; y < tile->rect.y + tile->rect.height; y++)
            mean_row(&in, k, y, s->radius, sum, tile);
    return ND_OK;
}

const nd_op nd_op_box_filter = {
    .name = "box_filter",
    .brief = "Average a window around each pixel",
    .example = "nadir box_filter scene.tif -o smooth.tif --size 5",
    .help = "Pixels without data are left out of the mean; where a window holds none,\n"
            "there is no data. Previews are computed from all pixels and averaged.",
    .table = ND_TABLE(params, box_filter),
    .min_inputs = 1,
    .max_inputs = 1,
    .levels = ND_FULL,
    .plan = plan,
    .compute = compute,
    .window = window,
};
