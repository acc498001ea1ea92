// SPDX-License-Identifier: Apache-2.0
// Merge: chosen bands of several pictures added to a master's.
#include <nadir/op.h>
#include <string.h>

typedef struct choice {
    const char *product, *name, *pattern, *new_name;
} choice;
typedef struct merge {
    nd_rows includes, excludes;
    double error;
} merge;

static const nd_param choice_params[] = {
    ND_PARAM(choice, product, NULL, .snap = "productId", .of = "source",
             .help = "Which input, by the graph's name of it; the master if not given"),
    ND_PARAM(choice, name, NULL, .of = "band", .excludes = "pattern",
             .help = "Name of the band"),
    ND_PARAM(choice, pattern, NULL, .snap = "namePattern", .excludes = "new_name",
             .help = "Regular expression that whole names match"),
    ND_PARAM(choice, new_name, NULL, .snap = "newName", .needs = "name",
             .help = "What the band is called from here on"),
};
static const nd_table choice_table = ND_TABLE(choice_params, choice);

static const nd_param params[] = {
    ND_PARAM(merge, includes, {0}, .rows = &choice_table, .row_snap = "include",
             .help = "Bands to take; all of those inputs that none is named of"),
    ND_PARAM(merge, excludes, {0}, .rows = &choice_table, .row_snap = "exclude",
             .help = "Bands to leave out; stronger than includes"),
    ND_PARAM(merge, error, 1e-5, .snap = "geographicError", .unit = "degrees",
             .help = "How far corners may lie apart; NaN: anywhere"),
};

// A row of includes or excludes with its input and pattern found.
typedef struct wish {
    const choice *of;
    int input;
    const nd_pattern *pattern;
} wish;
typedef struct wishes {
    const wish *item;
    size_t count;
} wishes;

// The input called masterProduct, or the first.
static int master_of(const nd_node *self)
{
    for (int i = 0; i < self->inputs; i++)
        if (nd_text_same(self->input_id[i], "masterProduct")) return i;
    return 0;
}

static nd_status input_of(const nd_node *self, const char *product, int *input)
{
    *input = master_of(self);
    if (!product || !*product) return ND_OK;
    for (*input = 0; *input < self->inputs; ++*input)
        if (nd_text_same(self->input_id[*input], product)) return ND_OK;
    const char *nearest = nd_text_nearest(product, self->input_id, (size_t)self->inputs);
    if (nearest)
        return nd_fail(ND_E_PARAM, "there is no input %s\ndid you mean %s?", product,
                       nearest);
    return nd_fail(ND_E_PARAM, "there is no input %s\nname one of the sources", product);
}

static nd_status wishes_of(nd_node *self, const nd_rows *rows, wishes *made)
{
    const choice *list = rows->item;
    wish *w = nd_alloc(self->arena, rows->count, sizeof *w);
    if (!w) return ND_E_MEMORY;
    for (size_t i = 0; i < rows->count; i++) {
        w[i].of = &list[i];
        ND_TRY(input_of(self, list[i].product, &w[i].input));
        if (list[i].pattern) {
            w[i].pattern = nd_pattern_new(self->arena, list[i].pattern);
            if (!w[i].pattern) return ND_E_PARAM;
        } else if (!list[i].name) {
            return nd_fail(ND_E_PARAM,
                           "an entry names no band\ngive it a name or a pattern");
        }
    }
    *made = (wishes){w, rows->count};
    return ND_OK;
}

// Each named band must be there, lest a misspelt one is missed only in the result.
static nd_status check_names(const nd_node *self, const wishes *w)
{
    int band;
    for (size_t i = 0; i < w->count; i++)
        if (!w->item[i].pattern)
            ND_TRY(nd_band_choose(self->input[w->item[i].input], w->item[i].of->name, 0,
                                  &band));
    return ND_OK;
}

static const wish *find(const wishes *w, int input, const char *name)
{
    for (size_t i = 0; i < w->count; i++) {
        const wish *one = &w->item[i];
        if (one->input == input && (one->pattern ? nd_pattern_matches(one->pattern, name)
                                                 : nd_text_same(one->of->name, name)))
            return one;
    }
    return NULL;
}

static bool names_any(const wishes *w, int input)
{
    for (size_t i = 0; i < w->count; i++)
        if (w->item[i].input == input) return true;
    return false;
}

static nd_status check_ground(const nd_node *self, int master, int input, double error)
{
    const nd_grid *a = nd_node_grid(self->input[master]);
    const nd_grid *b = nd_node_grid(self->input[input]);
    if (!a || !b) return ND_OK;
    const bool is_near = isnan(error) ? a->width == b->width && a->height == b->height
                                      : nd_grid_near(a, b, error);
    if (is_near) return ND_OK;
    return nd_fail(ND_E_DATA,
                   "%s (%d x %d pixels) does not cover the pixels of %s (%d x %d)\n"
                   "bring them to one grid with Resample or Collocate",
                   self->input_id[input], b->width, b->height, self->input_id[master],
                   a->width, a->height);
}

static void add(nd_node *self, nd_source *from, nd_source source, const char *name)
{
    const nd_grid *master = &self->band[0].grid;
    for (int b = 0; b < self->bands; b++)
        if (nd_text_same(self->band[b].name, name)) return; // as SNAP: the first stays
    nd_band *made = &self->band[self->bands];
    *made = self->input[source.input]->band[source.band];
    made->name = name;
    if (self->bands && made->grid.width == master->width &&
        made->grid.height == master->height)
        made->grid = *master; // near enough is the same from here on
    from[self->bands++] = source;
}

static void add_input(nd_node *self, nd_source *from, int input, const wishes lists[2])
{
    const nd_node *in = self->input[input];
    const bool all = !names_any(&lists[0], input), is_master = input == master_of(self);
    for (int b = 0; b < in->bands; b++) {
        const wish *wanted = find(&lists[0], input, in->band[b].name);
        const bool goes_along = is_master && in->band[b].role != ND_DATA;
        if (find(&lists[1], input, in->band[b].name)) continue;
        if (!all && !wanted && !goes_along) continue;
        const char *name = wanted && wanted->of->new_name ? wanted->of->new_name : NULL;
        add(self, from, (nd_source){input, b}, name ? name : in->band[b].name);
    }
}

static nd_status add_others(nd_node *self, nd_source *from, int master,
                            const wishes lists[2])
{
    const merge *set = self->settings.data;
    for (int i = 0; i < self->inputs; i++) {
        if (i == master) continue;
        ND_TRY(check_ground(self, master, i, set->error));
        add_input(self, from, i, lists);
    }
    return ND_OK;
}

static nd_status plan(nd_node *self)
{
    const merge *set = self->state;
    const int master = master_of(self);
    wishes lists[2];
    size_t all = 0;
    for (int i = 0; i < self->inputs; i++) all += (size_t)self->input[i]->bands;
    nd_source *from = nd_alloc(self->arena, all, sizeof *from);
    self->band = nd_alloc(self->arena, all, sizeof *self->band);
    if (!from || !self->band) return ND_E_MEMORY;
    ND_TRY(wishes_of(self, &set->includes, &lists[0]));
    ND_TRY(wishes_of(self, &set->excludes, &lists[1]));
    ND_TRY(check_names(self, &lists[0]));
    self->bands = 0;
    add_input(self, from, master, lists);
    ND_TRY(add_others(self, from, master, lists));
    if (!self->bands)
        return nd_fail(ND_E_DATA, "no band is left\ninclude one, or exclude fewer");
    self->name = self->input[master]->name, self->product = self->input[master]->product;
    self->state = from;
    return ND_OK;
}

static nd_status compute(const nd_node *self, nd_work *work, nd_tile *tile)
{
    return nd_forward(self, work, self->state, 0, 0, tile);
}

const nd_op nd_op_merge = {
    .name = "merge",
    .snap = "Merge",
    .brief = "Add chosen bands of other pictures to a master's",
    .example = "nadir merge scene.SAFE ndvi.tif -o both.dim",
    .table = ND_TABLE(params, merge),
    .min_inputs = 1,
    .max_inputs = -1,
    .levels = ND_EXACT,
    .plan = plan,
    .compute = compute,
};
