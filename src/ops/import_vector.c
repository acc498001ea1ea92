// SPDX-License-Identifier: Apache-2.0
// Import-Vector: shapes of a file become masks, or classes by one of their attributes.
#include <nadir/op.h>
#include <nadir/vector.h>
#include <string.h>

typedef struct import_vector {
    nd_path vector_file;
    const char *layer, *attribute, *name;
    bool separate_shapes;
} import_vector;

static const nd_param params[] = {
    ND_PARAM(import_vector, vector_file, {NULL}, .snap = "vectorFile", .required = true,
             .of = "vector", .help = "Shapefile, GeoJSON, GeoPackage or KML"),
    ND_PARAM(import_vector, separate_shapes, true, .snap = "separateShapes",
             .help = "One mask a shape; else one for all of them"),
    ND_PARAM(import_vector, layer, NULL,
             .help = "Layer of the file; the first if not given"),
    ND_PARAM(import_vector, attribute, NULL,
             .help = "Attribute whose values become the classes of one band"),
    ND_PARAM(import_vector, name, NULL,
             .help = "Name of the band, or what its name begins with; the file's or the "
                     "attribute's if not given"),
};

enum { MOST_MASKS = 256, MOST_CLASSES = 4096 };
// Bands after the input's own: the shapes burnt into each, and with which value.
typedef struct state {
    int own; // the input's bands
    nd_source *from;
    const nd_layout *shapes;
    float *value;    // by shape
    bool separates;  // band own + s holds shape s alone
    bool is_classes; // nothing burnt is no data
} state;

// The file's name without folder and ending, fit for expressions.
static const char *stem_of(nd_arena *arena, const char *path)
{
    const char *slash = strrchr(path, '/'), *begin = slash ? slash + 1 : path;
    char *name = nd_alloc(arena, strlen(begin) + 1, 1);
    for (size_t i = 0; name && begin[i] && begin[i] != '.'; i++) {
        const char c = begin[i];
        const bool is_word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                             (c >= '0' && c <= '9') || c == '_';
        name[i] = is_word ? c : '_';
    }
    return name;
}

// ---- Classes: whole numbers stay what they are, words are counted from 1.

typedef struct classes {
    const char *const *word;
    int count;
    bool is_number;
} classes;

static nd_status collect(nd_arena *arena, const nd_vector *v, int field, classes *c)
{
    ND_TRY(nd_vector_words(arena, v, field, MOST_CLASSES, &c->word, &c->count));
    c->is_number = true;
    for (int i = 0; i < c->count; i++) {
        int64_t n;
        c->is_number &= nd_text_size(c->word[i], &n) && n >= -(1 << 24) && n <= 1 << 24;
    }
    return ND_OK;
}

static float value_of(const classes *c, const char *word)
{
    int64_t n;
    if (c->is_number && nd_text_size(word, &n)) return (float)n;
    for (int i = 0; i < c->count; i++)
        if (strcmp(c->word[i], word) == 0) return (float)(i + 1);
    return NAN;
}

static nd_status add_classes(nd_node *self, const nd_vector *v, state *s)
{
    const import_vector *set = self->settings.data;
    int field;
    classes c;
    ND_TRY(nd_vector_find(v, set->attribute, &field));
    ND_TRY(collect(self->arena, v, field, &c));
    nd_label *label = nd_alloc(self->arena, (size_t)c.count, sizeof *label);
    if (!label) return ND_E_MEMORY;
    for (int i = 0; i < c.count; i++)
        label[i] = (nd_label){(double)value_of(&c, c.word[i]), c.word[i], NULL, 0};
    for (int i = 0; i < nd_vector_shapes(v); i++) {
        const char *word = nd_vector_value(v, i, field);
        s->value[i] = nd_text_is_set(word) ? value_of(&c, word) : NAN;
    }
    s->is_classes = true;
    self->band[self->bands++] =
        (nd_band){.name = nd_text_is_set(set->name) ? set->name : set->attribute,
                  .help = "Classes of shapes",
                  .kind = ND_CLASS,
                  .grid = *nd_node_grid(self->input[0]),
                  .sample = ND_I32,
                  .no_data = -2147483648.0,
                  .label = label,
                  .labels = c.count};
    return ND_OK;
}

// ---- Masks.

static nd_status add_masks(nd_node *self, const nd_vector *v, state *s)
{
    const import_vector *set = self->settings.data;
    const int shapes = nd_vector_shapes(v);
    const char *name = nd_text_is_set(set->name)
                           ? set->name
                           : stem_of(self->arena, set->vector_file.text);
    if (!name) return ND_E_MEMORY;
    s->separates = set->separate_shapes && shapes > 1;
    if (s->separates && shapes > MOST_MASKS)
        return nd_fail(ND_E_PARAM,
                       "%d shapes would become as many masks, over %d\n"
                       "set separate_shapes to false",
                       shapes, MOST_MASKS);
    const nd_band mask = {.help = "Inside of a shape",
                          .kind = ND_FLAGS,
                          .role = ND_MASK,
                          .grid = *nd_node_grid(self->input[0]),
                          .sample = ND_U8,
                          .no_data = (double)NAN};
    for (int i = 0; i < (s->separates ? shapes : 1); i++) {
        nd_band *band = &self->band[self->bands++];
        *band = mask;
        band->name = s->separates ? nd_text(self->arena, "%s_%d", name, i + 1) : name;
        if (!band->name) return ND_E_MEMORY;
    }
    for (int i = 0; i < shapes; i++) s->value[i] = 1;
    return ND_OK;
}

static nd_status check_names(const nd_node *self, int own)
{
    for (int b = own; b < self->bands; b++)
        for (int i = 0; i < own; i++)
            if (nd_text_same(self->band[i].name, self->band[b].name))
                return nd_fail(ND_E_PARAM,
                               "the input has a band %s already\n"
                               "give another name",
                               self->band[b].name);
    return ND_OK;
}

static nd_status plan(nd_node *self)
{
    const import_vector *set = self->state;
    const nd_vector *v = nd_vector_open(self->arena, set->vector_file.text,
                                        nd_text_is_set(set->layer) ? set->layer : NULL);
    state *s = nd_alloc(self->arena, 1, sizeof *s);
    if (!v) return nd_error_code();
    if (!self->bands)
        return nd_fail(ND_E_DATA, "the picture has no band\nconnect one that has");
    const size_t own = (size_t)self->bands, shapes = (size_t)nd_vector_shapes(v);
    nd_band *band = nd_alloc(self->arena, own + shapes + 1, sizeof *band);
    if (!s || !band) return ND_E_MEMORY;
    s->own = self->bands;
    s->from = nd_alloc(self->arena, own, sizeof *s->from);
    s->value = nd_alloc(self->arena, shapes, sizeof *s->value);
    if (!s->from || !s->value) return ND_E_MEMORY;
    for (int b = 0; b < s->own; b++) s->from[b].band = b;
    memcpy(band, self->band, own * sizeof *band);
    s->shapes = nd_vector_lay(self->arena, v, nd_node_grid(self->input[0]));
    if (!s->shapes) return nd_error_code();
    self->band = band;
    ND_TRY(nd_text_is_set(set->attribute) ? add_classes(self, v, s)
                                          : add_masks(self, v, s));
    ND_TRY(check_names(self, s->own));
    self->key = nd_hash_text(self->key, nd_vector_identity(v));
    self->state = s;
    return ND_OK;
}

static void fill(nd_tile *tile, int k, float value)
{
    const nd_rect r = tile->rect;
    for (int y = r.y; y < r.y + r.height; y++)
        for (int x = r.x; x < r.x + r.width; x++) *nd_at(tile, k, x, y) = value;
}

static nd_status burn_band(const state *s, nd_work *work, int band, int k, nd_tile *tile)
{
    const int first = s->separates ? band - s->own : 0;
    const int end = s->separates ? first + 1 : nd_layout_shapes(s->shapes);
    fill(tile, k, s->is_classes ? NAN : 0);
    for (int i = first; i < end; i++) {
        ND_TRY(nd_work_go_on(work));
        ND_TRY(nd_layout_burn(s->shapes, work, i, k, s->value[i], tile));
    }
    return ND_OK;
}

static nd_status compute(const nd_node *self, nd_work *work, nd_tile *tile)
{
    const state *s = self->state;
    int own = 0;
    while (own < tile->bands.count && tile->bands.band[own] < s->own) own++;
    nd_tile part = *tile;
    part.bands.count = own;
    if (own) ND_TRY(nd_forward(self, work, s->from, 0, 0, &part));
    for (int k = own; k < tile->bands.count; k++)
        ND_TRY(burn_band(s, work, tile->bands.band[k], k, tile));
    return ND_OK;
}

const nd_op nd_op_import_vector = {
    .name = "import_vector",
    .snap = "Import-Vector",
    .brief = "Add the shapes of a file as masks or classes",
    .example = "nadir import_vector scene.SAFE -o fields.dim --vector-file fields.shp",
    .help = "A pixel belongs to a polygon that holds its centre, and to a line or point\n"
            "that touches it. With an attribute, whole numbers are the classes, words\n"
            "are numbered from 1 in alphabetical order; of two shapes over a pixel the\n"
            "later one wins. On previews the centre of the larger pixel decides.",
    .table = ND_TABLE(params, import_vector),
    .min_inputs = 1,
    .max_inputs = 1,
    .levels = ND_REDUCED,
    .plan = plan,
    .compute = compute,
};
