// SPDX-License-Identifier: Apache-2.0
// Collocate: other pictures on the grid of the first, side by side with it.
#include <nadir/geo.h>
#include <nadir/op.h>
#include <string.h>

typedef struct collocate {
    nd_list source_product_paths;
    const char *reference_product_name, *target_product_name, *target_product_type;
    bool copy_secondary_metadata, rename_reference, rename_secondary;
    const char *reference_pattern, *secondary_pattern;
    nd_choice resampling;
} collocate;

static const nd_option kernels[] = { // in the order of nd_kernel
    {"NEAREST_NEIGHBOUR", "The pixel that the centre falls in; classes are always so",
     "Nearest"},
    {"BILINEAR_INTERPOLATION", "Weighted mean of 2 x 2 pixels", "Bilinear"},
    {"CUBIC_CONVOLUTION", "Weighted mean of 4 x 4 pixels, sharper",
     "Bicubic,Cubic,BICUBIC_INTERPOLATION"},
    {"BISINC_5_POINT_INTERPOLATION", "Weighted mean of 5 x 5 pixels, a windowed sinc"},
    {"BISINC_11_POINT_INTERPOLATION", "Weighted mean of 11 x 11 pixels, a windowed sinc"},
    {"BISINC_21_POINT_INTERPOLATION", "Weighted mean of 21 x 21 pixels, a windowed sinc"},
    {0}};

static const nd_param params[] = {
    ND_PARAM(collocate, source_product_paths, {0}, .snap = "sourceProductPaths",
             .help = "Files of more products, read after those that are connected"),
    ND_PARAM(collocate, reference_product_name, NULL, .snap = "referenceProductName",
             .was = "masterProductName",
             .help = "Name of the product whose grid is taken; the first if not given"),
    ND_PARAM(collocate, target_product_name, "_collocated", .snap = "targetProductName",
             .help = "Name of the result"),
    ND_PARAM(collocate, target_product_type, "COLLOCATED", .snap = "targetProductType",
             .help = "Type of the result; not kept"),
    ND_PARAM(collocate, copy_secondary_metadata, false, .snap = "copySecondaryMetadata",
             .help = "Keep what the others say of themselves; not kept"),
    ND_PARAM(collocate, rename_reference, true, .snap = "renameReferenceComponents",
             .was = "renameMasterComponents",
             .help = "Give the bands of the reference new names"),
    ND_PARAM(collocate, rename_secondary, true, .snap = "renameSecondaryComponents",
             .was = "renameSlaveComponents",
             .help = "Give the bands of the others new names"),
    ND_PARAM(collocate, reference_pattern, "${ORIGINAL_NAME}_M",
             .snap = "referenceComponentPattern", .was = "masterComponentPattern",
             .help = "New names of the reference's bands"),
    ND_PARAM(collocate, secondary_pattern, "${ORIGINAL_NAME}_S${SLAVE_NUMBER_ID}",
             .snap = "secondaryComponentPattern", .was = "slaveComponentPattern",
             .help = "New names of the others' bands"),
    ND_PARAM(collocate, resampling, {ND_NEAREST}, .snap = "resamplingType",
             .choices = kernels, .help = "How values between pixels are found"),
};

// Bands of one input on one grid go the same way.
typedef struct way {
    int input;
    nd_grid from;
    nd_mapping mapping;
} way;
enum { REFERENCE = -1 };
typedef struct made { // of a band of the result
    nd_source from;
    int way; // or REFERENCE
    bool is_presence;
    nd_kernel kernel;
} made;
typedef struct state {
    way *way;
    int ways, reference;
    nd_grid grid;
    made *made;
    nd_source *from; // of each band, for nd_forward
} state;

// ---- Plan.

static nd_status find_reference(const nd_node *self, int *reference)
{
    const collocate *set = self->settings.data;
    const char *name = set->reference_product_name;
    *reference = 0;
    for (int i = 0; i < self->inputs; i++) {
        if (nd_text_same(self->input_id[i], "reference") ||
            nd_text_same(self->input_id[i], "master"))
            *reference = i;
        if (name && *name &&
            (nd_text_same(self->input[i]->name, name) ||
             nd_text_same(self->input_id[i], name))) {
            *reference = i;
            return ND_OK;
        }
    }
    if (!name || !*name) return ND_OK;
    const char *word[64];
    size_t words = 0;
    for (int i = 0; i < self->inputs && words < 64; i++)
        word[words++] = self->input[i]->name;
    const char *near = nd_text_nearest(name, word, words);
    return nd_fail(ND_E_PARAM, "no input is called %.150s\nname one, as %.150s", name,
                   near ? near : word[0]);
}

static nd_status find_grid(const nd_node *node, nd_grid *grid)
{
    const nd_band *first = NULL;
    for (int b = 0; b < node->bands; b++) {
        const nd_band *band = &node->band[b];
        if (band->role == ND_ANGLE) continue;
        if (first && !nd_grid_same(&band->grid, &first->grid))
            return nd_fail(ND_E_DATA,
                           "bands %s and %s of the reference differ in size\n"
                           "put a Resample before it",
                           first->name, band->name);
        if (!first) first = band;
    }
    if (!first)
        return nd_fail(ND_E_DATA, "the reference has no bands\nname another product");
    *grid = first->grid;
    return ND_OK;
}

// Puts the name and the number where the pattern has its keys.
static const char *rename_by(nd_arena *arena, const char *pattern, const char *name,
                             const char *number)
{
    static const char *const keys[] = {"${ORIGINAL_NAME}", "${SLAVE_NUMBER_ID}",
                                       "${SECONDARY_NUMBER_ID}"};
    const char *const values[] = {name, number, number};
    nd_buffer out = {.arena = arena};
    while (*pattern) {
        int key = 0;
        while (key < 3 && strncmp(pattern, keys[key], strlen(keys[key])) != 0) key++;
        if (key == 3) {
            nd_buffer_put(&out, pattern++, 1);
            continue;
        }
        nd_buffer_add(&out, "%s", values[key]);
        pattern += strlen(keys[key]);
    }
    return nd_buffer_text(&out);
}

static bool is_taken(const nd_node *self, const char *name)
{
    for (int b = 0; b < self->bands; b++)
        if (nd_text_same(self->band[b].name, name)) return true;
    return false;
}

static nd_status add(nd_node *self, state *s, const nd_band *band, made how)
{
    if (!band->name) return ND_E_MEMORY;
    if (is_taken(self, band->name))
        return nd_fail(ND_E_PARAM,
                       "two bands would be called %.150s\n"
                       "let the others be renamed, or change the pattern",
                       band->name);
    s->made[self->bands] = how;
    s->from[self->bands] = how.from;
    self->band[self->bands++] = *band;
    return ND_OK;
}

static nd_status find_way(nd_node *self, state *s, int input, const nd_grid *grid,
                          int *at)
{
    for (*at = 0; *at < s->ways; (*at)++)
        if (s->way[*at].input == input && nd_grid_same(&s->way[*at].from, grid))
            return ND_OK;
    way *w = &s->way[s->ways++];
    bool meets = false;
    w->input = input, w->from = *grid;
    if (!grid->crs != !s->grid.crs)
        return nd_fail(ND_E_DATA,
                       "%s and %s do not both say where on Earth they lie\n"
                       "use products with a crs",
                       self->input_id[s->reference], self->input_id[input]);
    ND_TRY(nd_grid_meets(self->arena, &s->grid, grid, &meets));
    if (!meets)
        return nd_fail(ND_E_DATA,
                       "%s does not overlap %s\n"
                       "collocate pictures of the same ground",
                       self->input_id[input], self->input_id[s->reference]);
    return nd_mapping_new(self->arena, &s->grid, grid, 0.125, &w->mapping);
}

static nd_status add_flags(nd_node *self, state *s, int input, const char *number)
{
    const collocate *set = self->settings.data;
    nd_label *label = nd_alloc(self->arena, 1, sizeof *label);
    if (!label) return ND_E_MEMORY;
    nd_band band = {.name = "collocationFlags",
                    .help = "Where the other picture is",
                    .kind = ND_FLAGS,
                    .sample = ND_U8,
                    .no_data = (double)NAN,
                    .grid = s->grid,
                    .label = label,
                    .labels = 1};
    *label = (nd_label){.value = 1, .help = "The other picture covers this pixel"};
    label->name = *number ? nd_text(self->arena, "SECONDARY_%s_PRESENT", number)
                          : "SECONDARY_PRESENT";
    if (*number)
        band.name = rename_by(self->arena, set->secondary_pattern, band.name, number);
    made how = {.from = {input, 0}, .is_presence = true};
    const nd_grid *grid = nd_node_grid(self->input[input]);
    if (!label->name) return ND_E_MEMORY;
    ND_TRY(find_way(self, s, input, grid, &how.way));
    return add(self, s, &band, how);
}

static nd_kernel kernel_of(const collocate *set, const nd_band *band)
{
    return nd_band_is_whole(band) ? ND_NEAREST : (nd_kernel)set->resampling.at;
}

static nd_status add_other(nd_node *self, state *s, int input, const char *number)
{
    const collocate *set = self->settings.data;
    const nd_node *node = self->input[input];
    for (int b = 0; b < node->bands; b++) {
        nd_band band = node->band[b];
        made how = {.from = {input, b}, .kernel = kernel_of(set, &band)};
        if (band.role == ND_ANGLE) how.kernel = ND_BILINEAR, band.role = ND_DATA;
        ND_TRY(find_way(self, s, input, &band.grid, &how.way));
        if (set->rename_secondary)
            band.name = rename_by(self->arena, set->secondary_pattern, band.name, number);
        band.grid = s->grid, band.expression = NULL;
        band.block_width = band.block_height = 0;
        if (band.sample != ND_F32 && band.sample != ND_F64 && isnan(band.no_data))
            band.no_data = 0; // outside of it
        ND_TRY(add(self, s, &band, how));
    }
    return ND_OK;
}

static nd_status add_reference(nd_node *self, state *s)
{
    const collocate *set = self->settings.data;
    const nd_node *node = self->input[s->reference];
    for (int b = 0; b < node->bands; b++) {
        nd_band band = node->band[b];
        if (set->rename_reference)
            band.name = rename_by(self->arena, set->reference_pattern, band.name, "");
        ND_TRY(add(self, s, &band, (made){.from = {s->reference, b}, .way = REFERENCE}));
    }
    return ND_OK;
}

extern const nd_op nd_op_read;

// The products of source_product_paths become inputs like any other; a folder or a file
// that cannot be read is its own failure.
static nd_status read_paths(nd_node *self)
{
    const nd_list *paths =
        &((const collocate *)self->settings.data)->source_product_paths;
    const int all = self->inputs + (int)paths->count;
    nd_node **input = nd_alloc(self->arena, (size_t)all, sizeof *input);
    const char **id = nd_alloc(self->arena, (size_t)all, sizeof *id);
    if (!input || !id) return ND_E_MEMORY;
    for (int i = 0; i < self->inputs; i++)
        input[i] = self->input[i], id[i] = self->input_id[i];
    const nd_make read = {.op = &nd_op_read, .place = self->place};
    for (size_t i = 0; i < paths->count; i++) {
        input[self->inputs] = nd_node_with(self->arena, &read, "file", paths->item[i]);
        if (!input[self->inputs]) return nd_error_code();
        id[self->inputs++] = paths->item[i];
    }
    self->input = input, self->input_id = id;
    if (self->inputs) return ND_OK;
    return nd_fail(ND_E_PARAM, "no product is given\n"
                               "connect products, or name files in source_product_paths");
}

// All the bands of the inputs, and flags of each.
static nd_status prepare(nd_node *self, state *s)
{
    size_t all = 0;
    for (int i = 0; i < self->inputs; i++) all += (size_t)self->input[i]->bands + 1;
    s->way = nd_alloc(self->arena, all, sizeof *s->way);
    s->made = nd_alloc(self->arena, all, sizeof *s->made);
    s->from = nd_alloc(self->arena, all, sizeof *s->from);
    self->band = nd_alloc(self->arena, all, sizeof *self->band);
    self->bands = 0;
    return s->way && s->made && s->from && self->band ? ND_OK : ND_E_MEMORY;
}

static nd_status add_others(nd_node *self, state *s)
{
    int number = 0;
    for (int i = 0; i < self->inputs; i++) {
        if (i == s->reference) continue;
        const char *text = self->inputs > 2 ? nd_text(self->arena, "%d", number++) : "";
        if (!text) return ND_E_MEMORY;
        ND_TRY(add_other(self, s, i, text));
        ND_TRY(add_flags(self, s, i, text));
    }
    return ND_OK;
}

static nd_status plan(nd_node *self)
{
    const collocate *set = self->settings.data;
    ND_TRY(read_paths(self));
    state *s = nd_alloc(self->arena, 1, sizeof *s);
    if (!s) return ND_E_MEMORY;
    ND_TRY(prepare(self, s));
    ND_TRY(find_reference(self, &s->reference));
    ND_TRY(find_grid(self->input[s->reference], &s->grid));
    self->product = self->input[s->reference]->product;
    ND_TRY(add_reference(self, s));
    ND_TRY(add_others(self, s));
    self->name = set->target_product_name;
    self->state = s;
    return ND_OK;
}

// ---- Compute.

static nd_status presence(const way *w, nd_work *work, int k, nd_tile *tile)
{
    const nd_rect r = tile->rect;
    const nd_mark mark = nd_arena_mark(work->arena);
    const size_t count = (size_t)r.width * (size_t)r.height;
    double *x = nd_alloc_raw(work->arena, count, sizeof *x);
    double *y = nd_alloc_raw(work->arena, count, sizeof *y);
    if (!x || !y) return ND_E_MEMORY;
    ND_TRY(nd_warp_positions(&w->mapping, work->arena, tile->level, r, x, y));
    for (size_t i = 0; i < count; i++) {
        const bool is_there =
            x[i] >= 0 && y[i] >= 0 && x[i] < w->mapping.width && y[i] < w->mapping.height;
        *nd_at(tile, k, r.x + (int)(i % (size_t)r.width),
               r.y + (int)(i / (size_t)r.width)) = is_there;
    }
    nd_arena_back(work->arena, mark);
    return ND_OK;
}

static nd_status go(const nd_node *self, nd_work *work, int at, nd_tile *tile)
{
    const state *s = self->state;
    nd_warp_band *band = nd_alloc(work->arena, (size_t)tile->bands.count, sizeof *band);
    int bands = 0;
    if (!band) return ND_E_MEMORY;
    for (int k = 0; k < tile->bands.count; k++) {
        const made *m = &s->made[tile->bands.band[k]];
        if (m->way != at) continue;
        if (m->is_presence) ND_TRY(presence(&s->way[at], work, k, tile));
        if (!m->is_presence) band[bands++] = (nd_warp_band){m->from.band, k, m->kernel};
    }
    const nd_warp warp = {self->input[s->way[at].input], &s->way[at].mapping, band, bands,
                          .as_snap = true};
    return bands ? nd_warp_fill(&warp, work, tile) : ND_OK;
}

static nd_status compute(const nd_node *self, nd_work *work, nd_tile *tile)
{
    const state *s = self->state;
    int own = 0; // the reference's bands come first
    while (own < tile->bands.count && s->made[tile->bands.band[own]].way == REFERENCE)
        own++;
    if (own) {
        nd_tile part = *tile;
        part.bands.count = own;
        ND_TRY(nd_forward(self, work, s->from, 0, 0, &part));
    }
    for (int w = 0; w < s->ways && own < tile->bands.count; w++)
        ND_TRY(go(self, work, w, tile));
    return ND_OK;
}

static nd_rect window(const nd_node *self, int input, const nd_tile *tile, int *level)
{
    const state *s = self->state;
    const collocate *set = self->settings.data;
    const nd_kernel kernel = (nd_kernel)set->resampling.at;
    if (input == s->reference) return tile->rect;
    for (int w = 0; w < s->ways; w++)
        if (s->way[w].input == input)
            return nd_warp_window(&s->way[w].mapping, kernel, tile, level);
    return (nd_rect){0};
}

const nd_op nd_op_collocate = {
    .name = "collocate",
    .snap = "Collocate",
    .brief = "Bring other pictures to the grid of the first, side by side",
    .example = "nadir collocate summer.tif winter.tif -o both.tif",
    .table = ND_TABLE(params, collocate),
    .min_inputs = 0, // products may be named as files
    .max_inputs = -1,
    .takes_each = true,
    .levels = ND_REDUCED,
    .level_error = 0.03,
    .scattered = true,
    .plan = plan,
    .compute = compute,
    .window = window,
};
