// SPDX-License-Identifier: Apache-2.0
// BandMerge: the bands of several pictures of the same ground in one.
#include <nadir/op.h>
#include <string.h>

typedef struct band_merge {
    nd_list bands;
    double error;
} band_merge;

static const nd_param params[] = {
    ND_PARAM(band_merge, bands, {0}, .snap = "sourceBands", .was = "bandNames",
             .of = "band",
             .help = "Bands to take, from whichever input has them; all if "
                     "none is named"),
    ND_PARAM(band_merge, error, 1e-5, .snap = "geographicError", .max = 360,
             .unit = "degrees", .help = "How far corners may lie apart"),
};

static bool holds(const nd_list *list, const char *name)
{
    for (size_t i = 0; i < list->count; i++)
        if (nd_text_same(list->item[i], name)) return true;
    return !list->count;
}

static nd_status know_all(const nd_node *self, const nd_list *names)
{
    for (size_t i = 0; i < names->count; i++) {
        int input = 0, band;
        while (input < self->inputs &&
               nd_band_find(self->input[input], names->item[i]) < 0)
            input++;
        if (input == self->inputs)
            return nd_band_choose(self->input[0], names->item[i], 0, &band);
    }
    return ND_OK;
}

static nd_status check_ground(const nd_node *self, int input, double error)
{
    const nd_grid *first = nd_node_grid(self->input[0]);
    const nd_grid *other = nd_node_grid(self->input[input]);
    if (!first || !other || nd_grid_near(first, other, error)) return ND_OK;
    if (first->width != other->width || first->height != other->height)
        return nd_fail(ND_E_DATA,
                       "%s is %d x %d pixels, %s is %d x %d\n"
                       "bring them to one grid with Resample or Collocate",
                       self->input_id[input], other->width, other->height,
                       self->input_id[0], first->width, first->height);
    return nd_fail(ND_E_DATA,
                   "%s does not cover the ground of %s\n"
                   "bring them to one grid with Collocate, or allow a larger error",
                   self->input_id[input], self->input_id[0]);
}

static bool is_taken(const nd_node *self, const char *name)
{
    for (int b = 0; b < self->bands; b++)
        if (nd_text_same(self->band[b].name, name)) return true;
    return false;
}

// SNAP's way with a name that is taken: name_2, name_3, …
static nd_status add(nd_node *self, const nd_band *band, double error)
{
    nd_band *made = &self->band[self->bands];
    *made = *band;
    for (int n = 2; is_taken(self, made->name); n++) {
        made->name = nd_text(self->arena, "%s_%d", band->name, n);
        if (!made->name) return ND_E_MEMORY;
    }
    // Nearly the same ground is the same ground from here on.
    for (int b = 0; b < self->bands; b++)
        if (nd_grid_near(&self->band[b].grid, &made->grid, error)) {
            made->grid = self->band[b].grid;
            break;
        }
    self->bands++;
    return ND_OK;
}

static nd_status add_all(nd_node *self, int input, nd_source *from)
{
    const band_merge *set = self->settings.data;
    for (int b = 0; b < self->input[input]->bands; b++) {
        const nd_band *band = &self->input[input]->band[b];
        // SNAP's code never reads the list.
        const bool is_asked = self->strict || holds(&set->bands, band->name);
        if (band->role == ND_DATA && !is_asked) continue;
        from[self->bands] = (nd_source){input, b};
        ND_TRY(add(self, band, set->error));
    }
    return ND_OK;
}

static nd_status plan(nd_node *self)
{
    const band_merge *set = self->state;
    size_t all = 0;
    for (int i = 0; i < self->inputs; i++) all += (size_t)self->input[i]->bands;
    nd_source *from = nd_alloc(self->arena, all, sizeof *from);
    self->band = nd_alloc(self->arena, all, sizeof *self->band);
    if (!from || !self->band) return ND_E_MEMORY;
    ND_TRY(know_all(self, &set->bands));
    self->bands = 0;
    for (int i = 0; i < self->inputs; i++) {
        if (i) ND_TRY(check_ground(self, i, set->error));
        ND_TRY(add_all(self, i, from));
    }
    self->state = from;
    return ND_OK;
}

static nd_status compute(const nd_node *self, nd_work *work, nd_tile *tile)
{
    return nd_forward(self, work, self->state, 0, 0, tile);
}

const nd_op nd_op_band_merge = {
    .name = "band_merge",
    .snap = "BandMerge",
    .brief = "Put the bands of several pictures of the same ground together",
    .example = "nadir band_merge red.tif infrared.tif -o both.tif",
    .table = ND_TABLE(params, band_merge),
    .min_inputs = 1,
    .max_inputs = -1,
    .levels = ND_EXACT,
    .plan = plan,
    .compute = compute,
};
