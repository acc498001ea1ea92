// SPDX-License-Identifier: Apache-2.0
// labels: what is known of the ground, from a raster or from shapes, as the classes of a
// prediction and on its grid.
#include <nadir/colour.h>
#include <nadir/geo.h>
#include <nadir/op.h>
#include <nadir/vector.h>

#include <string.h>

typedef struct labels {
    nd_path file;
    const char *field, *layer, *band;
    double ignore;
} labels;

static const nd_param params[] = {
    ND_PARAM(labels, file, {NULL}, .required = true, .of = "scene",
             .help = "Raster of classes, or shapes: GeoPackage, GeoJSON, Shapefile, KML"),
    ND_PARAM(labels, field, NULL,
             .help = "Attribute of the shapes that holds the class, by name or number"),
    ND_PARAM(labels, layer, NULL, .help = "Layer of the shapes; the first if not given"),
    ND_PARAM(labels, band, NULL, .of = "band",
             .help = "Band of the raster; the first if not given"),
    ND_PARAM(labels, ignore, (double)NAN, .help = "Value that says nothing"),
};

enum { MOST_CLASSES = 4096 };
// Shapes and what is burnt for each; or where a raster's pixels lie, and the numbers that
// its classes have here.
typedef struct state {
    const nd_layout *shapes;
    float *value; // of each shape
    nd_mapping mapping;
    bool is_same; // the raster lies on this grid as it is
    nd_source from;
    float *was, *is; // numbers that are others here
    int others;
    float ignore;
} state;
// The classes known so far: the prediction's, then those that only the labels have.
typedef struct classes {
    nd_label *label;
    int count;
    double next; // number of the next one without a number
} classes;

static bool is_vector(const labels *set)
{
    static const char *const endings[] = {".gpkg", ".geojson", ".json", ".shp", ".kml",
                                          ".gml",  ".fgb",     ".kmz",  NULL};
    bool is = nd_text_is_set(set->field) || nd_text_is_set(set->layer);
    for (int i = 0; endings[i] && !is && set->file.text; i++)
        is = nd_text_ends(set->file.text, endings[i]);
    return is;
}

// ---- Classes: one name is one class, whatever number it had.

static const nd_band *predicted(const nd_node *node)
{
    for (int b = 0; b < node->bands; b++)
        if (node->band[b].kind == ND_CLASS && node->band[b].labels) return &node->band[b];
    return NULL;
}

static nd_status begin(const nd_node *self, size_t more, classes *c)
{
    const nd_band *like = predicted(self->input[0]);
    const size_t count = like ? (size_t)like->labels : 0;
    *c = (classes){nd_alloc(self->arena, count + more + 1, sizeof *c->label), 0, 1};
    if (!c->label) return ND_E_MEMORY;
    for (size_t i = 0; i < count; i++) {
        c->label[i] = like->label[i];
        c->label[i].colour = nd_label_colour(&like->label[i], (int)i);
        c->next = fmax(c->next, like->label[i].value + 1);
    }
    c->count = (int)count;
    return ND_OK;
}

static double add(classes *c, double value, const char *name)
{
    c->label[c->count] = (nd_label){.value = value, .name = name};
    c->label[c->count].colour = nd_label_colour(&c->label[c->count], c->count);
    c->next = fmax(c->next, value + 1);
    return c->label[c->count++].value;
}

static bool is_number(const char *word, int64_t *n)
{
    return nd_text_size(word, n) && *n >= -(1 << 24) && *n <= 1 << 24;
}

// Of all names before the first is numbered: a name that is a number keeps it, and no
// other gets it.
static void leave_free(classes *c, const char *word)
{
    int64_t n;
    if (is_number(word, &n)) c->next = fmax(c->next, (double)n + 1);
}

static double value_of(classes *c, const char *word)
{
    int64_t n;
    for (int i = 0; i < c->count; i++)
        if (nd_text_same(c->label[i].name, word)) return c->label[i].value;
    if (!is_number(word, &n)) return add(c, c->next, word);
    for (int i = 0; i < c->count; i++)
        if (c->label[i].value == (double)n) return (double)n;
    return add(c, (double)n, word);
}

// ---- Shapes.

static nd_status find_field(const labels *set, const nd_vector *v, int *field)
{
    const int fields = nd_vector_fields(v);
    if (!fields)
        return nd_fail(ND_E_DATA,
                       "the shapes of %.200s have no attribute\n"
                       "give shapes that say which class they are",
                       set->file.text);
    if (nd_text_is_set(set->field)) return nd_vector_find(v, set->field, field);
    if (fields == 1) return *field = 0, ND_OK;
    return nd_fail(ND_E_PARAM,
                   "the shapes have %d attributes\n"
                   "say which holds the class, as in field: %s",
                   fields, nd_vector_field(v, 0));
}

// Words in alphabetical order, so that their numbers do not hang on the shapes' order.
static nd_status take_shapes(nd_node *self, state *s, const nd_grid *grid, classes *c)
{
    const labels *set = self->settings.data;
    const nd_vector *v = nd_vector_open(self->arena, set->file.text,
                                        nd_text_is_set(set->layer) ? set->layer : NULL);
    const char *const *word;
    int field = 0, different;
    if (!v) return nd_error_code();
    ND_TRY(find_field(set, v, &field));
    ND_TRY(nd_vector_words(self->arena, v, field, MOST_CLASSES, &word, &different));
    const int shapes = nd_vector_shapes(v);
    s->value = nd_alloc(self->arena, (size_t)shapes + 1, sizeof *s->value);
    s->shapes = nd_vector_lay(self->arena, v, grid);
    if (!s->value || !s->shapes) return nd_error_code();
    ND_TRY(begin(self, (size_t)different, c));
    for (int i = 0; i < different; i++) leave_free(c, word[i]);
    for (int i = 0; i < different; i++) (void)value_of(c, word[i]);
    for (int i = 0; i < shapes; i++) {
        const char *is = nd_vector_value(v, i, field);
        s->value[i] = nd_text_is_set(is) ? (float)value_of(c, is) : NAN;
        if (s->value[i] == s->ignore) s->value[i] = NAN;
    }
    self->key = nd_hash_text(self->key, nd_vector_identity(v));
    return ND_OK;
}

// ---- A raster.

// The raster's own classes beside those predicted, and the numbers they have here.
static nd_status number_classes(const nd_node *self, state *s, const nd_band *band,
                                classes *c)
{
    const size_t own = (size_t)band->labels;
    ND_TRY(begin(self, own, c));
    if (!c->count) {
        if (own) memcpy(c->label, band->label, own * sizeof *c->label);
        c->count = band->labels;
        return ND_OK;
    }
    s->was = nd_alloc(self->arena, own + 1, sizeof *s->was);
    s->is = nd_alloc(self->arena, own + 1, sizeof *s->is);
    if (!s->was || !s->is) return ND_E_MEMORY;
    for (size_t i = 0; i < own; i++) leave_free(c, band->label[i].name);
    for (size_t i = 0; i < own; i++) {
        s->was[i] = (float)band->label[i].value;
        s->is[i] = (float)value_of(c, band->label[i].name);
    }
    s->others = band->labels;
    return ND_OK;
}

static nd_status take_raster(nd_node *self, state *s, const nd_grid *grid, classes *c)
{
    const labels *set = self->settings.data;
    const nd_node *raster = self->input[1];
    int b = 0;
    ND_TRY(nd_band_choose(raster, nd_text_is_set(set->band) ? set->band : NULL, 0, &b));
    const nd_band *band = &raster->band[b];
    s->from = (nd_source){0, b}; // the raster is the only input in the end
    s->is_same = nd_grid_same(grid, &band->grid);
    if (!s->is_same && (!grid->crs || !band->grid.crs))
        return nd_fail(ND_E_DATA,
                       "%.200s and the picture do not both say where they lie\n"
                       "use a raster with a crs",
                       set->file.text);
    if (!s->is_same)
        ND_TRY(nd_mapping_new(self->arena, grid, &band->grid, 0.125, &s->mapping));
    return number_classes(self, s, band, c);
}

static nd_status plan(nd_node *self)
{
    const labels *set = self->settings.data;
    const nd_band *like = predicted(self->input[0]);
    const nd_grid *grid = like ? &like->grid : nd_node_grid(self->input[0]);
    state *s = nd_alloc(self->arena, 1, sizeof *s);
    nd_band *band = nd_alloc(self->arena, 1, sizeof *band);
    classes c = {0};
    if (!s || !band) return ND_E_MEMORY;
    if (!grid) return nd_fail(ND_E_DATA, "the picture has no band\nconnect one that has");
    s->ignore = (float)set->ignore;
    ND_TRY(self->inputs > 1 ? take_raster(self, s, grid, &c)
                            : take_shapes(self, s, grid, &c));
    *band = (nd_band){.name = "labels",
                      .help = "What is known of the ground",
                      .kind = ND_CLASS,
                      .grid = *grid,
                      .sample = ND_I32,
                      .no_data = -2147483648.0,
                      .label = c.count ? c.label : NULL,
                      .labels = c.count};
    // Of the prediction only the classes are wanted, never a pixel: whoever looks at
    // labels does not wait for a network.
    self->input++, self->inputs--;
    self->band = band, self->bands = 1;
    self->state = s;
    return ND_OK;
}

// ---- Pixels.

static nd_status burn(const state *s, nd_work *work, nd_tile *tile)
{
    const nd_rect r = tile->rect;
    for (int y = r.y; y < r.y + r.height; y++)
        for (int x = r.x; x < r.x + r.width; x++) *nd_at(tile, 0, x, y) = NAN;
    for (int i = 0; i < nd_layout_shapes(s->shapes); i++) {
        ND_TRY(nd_work_go_on(work));
        ND_TRY(nd_layout_burn(s->shapes, work, i, 0, s->value[i], tile));
    }
    return ND_OK;
}

static float here(const state *s, float value)
{
    if (value == s->ignore) return NAN;
    for (int i = 0; i < s->others; i++)
        if (s->was[i] == value) return s->is[i];
    return value;
}

static nd_status compute(const nd_node *self, nd_work *work, nd_tile *tile)
{
    const state *s = self->state;
    const nd_rect r = tile->rect;
    if (s->shapes) return burn(s, work, tile);
    const nd_warp_band band = {s->from.band, 0, ND_NEAREST};
    const nd_warp warp = {self->input[0], &s->mapping, &band, 1};
    ND_TRY(s->is_same ? nd_forward(self, work, &s->from, 0, 0, tile)
                      : nd_warp_fill(&warp, work, tile));
    for (int y = r.y; y < r.y + r.height; y++)
        for (int x = r.x; x < r.x + r.width; x++)
            *nd_at(tile, 0, x, y) = here(s, *nd_at(tile, 0, x, y));
    return ND_OK;
}

static nd_rect window(const nd_node *self, int input, const nd_tile *tile, int *level)
{
    const state *s = self->state;
    (void)input;
    return s->is_same ? tile->rect : nd_warp_window(&s->mapping, ND_NEAREST, tile, level);
}

static const nd_op op_laid = {
    .name = "labels",
    .brief = "What is known of the ground, as the classes of a prediction",
    .table = ND_TABLE(params, labels),
    .min_inputs = 1,
    .max_inputs = 2,
    .levels = ND_REDUCED,
    .scattered = true,
    .plan = plan,
    .compute = compute,
    .window = window,
};

extern const nd_op nd_op_read;

static nd_node *read_raster(nd_arena *arena, const nd_make *make, const char *path)
{
    const nd_make read = {.op = &nd_op_read, .place = make->place, .id = "labels"};
    return nd_node_with(arena, &read, "file", path);
}

static nd_node *compose(nd_arena *arena, const nd_make *make)
{
    const labels *set = make->settings->data;
    nd_node *input[2] = {make->input[0], NULL};
    const bool is_shapes = is_vector(set);
    if (!is_shapes && !(input[1] = read_raster(arena, make, set->file.text))) return NULL;
    nd_make laid = *make;
    laid.op = &op_laid, laid.input = input, laid.inputs = is_shapes ? 1 : 2;
    laid.input_id = NULL;
    return nd_node_new(arena, &laid);
}

const nd_op nd_op_labels = {
    .name = "labels",
    .brief = "What is known of the ground, as the classes of a prediction",
    .example = "nadir labels land.tif -o known.tif --file fields.gpkg --field crop",
    .help =
        "The input says the grid, and if it has a band of classes, their numbers, names\n"
        "and colours: a class of the same name gets the same number. Numbers stay what\n"
        "they are; names that the input does not know come behind its own. Shapes are\n"
        "burnt on the grid, the later over the earlier; of a raster on another grid the\n"
        "nearest pixel is taken.",
    .table = ND_TABLE(params, labels),
    .min_inputs = 1,
    .max_inputs = 1,
    .levels = ND_REDUCED,
    .compose = compose,
};
