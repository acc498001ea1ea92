// SPDX-License-Identifier: Apache-2.0
// Read: a scene on disk becomes a node; a part of it if a region is given.
#include <nadir/op.h>
#include <nadir/product.h>
#include <string.h>

typedef struct read_settings {
    nd_path file;
    const char *format_name;
    nd_list bands, masks;
    const char *pixel_region, *geometry_region;
    nd_path vector_file;
    const char *polygon_region;
    bool use_advanced_options, copy_metadata;
} read_settings;

static const nd_param params[] = {
    ND_PARAM(read_settings, file, {NULL}, .required = true, .of = "scene",
             .help = "Scene to read: a SAFE folder or zip, a BEAM-DIMAP header, any "
                     "raster"),
    ND_PARAM(read_settings, format_name, NULL, .snap = "formatName", .was = "format",
             .help = "SNAP's name of the format; found out if not given"),
    ND_PARAM(read_settings, bands, {0}, .snap = "sourceBands", .was = "bandNames",
             .of = "band", .help = "Bands to read; all if none is named"),
    ND_PARAM(read_settings, masks, {0}, .snap = "sourceMasks", .was = "maskNames",
             .of = "band", .help = "Masks to read; all if none is named"),
    ND_PARAM(read_settings, pixel_region, NULL, .snap = "pixelRegion", .unit = "pixels",
             .excludes = "geometry_region",
             .help = "Part to read as x,y,width,height of the band with the most pixels"),
    ND_PARAM(read_settings, geometry_region, NULL, .snap = "geometryRegion",
             .help = "Shape in WKT, longitude and latitude, whose box is read"),
    ND_PARAM(read_settings, vector_file, {NULL}, .snap = "vectorFile", .of = "vector",
             .help = "File of shapes: their box is read, outside of them is no data"),
    ND_PARAM(read_settings, polygon_region, NULL, .snap = "polygonRegion",
             .help = "Shape in WKT: its box is read, outside of it is no data"),
    ND_PARAM(read_settings, use_advanced_options, false, .snap = "useAdvancedOptions",
             .help = "Given as false, everything but the file and its format is ignored"),
    ND_PARAM(read_settings, copy_metadata, true, .snap = "copyMetadata",
             .help = "Keep what the product says of itself"),
};

// ---- The scene whole: bands are the product's own.

typedef struct scene {
    const nd_product *product;
    const int *from; // by band: its number in the product
} scene;

// SNAP's graphs carry a switch for all but the first two settings. Only a switch that
// was turned off by hand counts: who writes a region means it.
static bool is_plain(const nd_settings *settings)
{
    const read_settings *set = settings->data;
    const nd_param *row = nd_param_find(settings->table, "use_advanced_options");
    return !set->use_advanced_options &&
           settings->given >> (row - settings->table->row) & 1;
}

static bool holds(const nd_list *list, const char *name)
{
    for (size_t i = 0; i < list->count; i++)
        if (nd_text_same(list->item[i], name)) return true;
    return false;
}

static bool is_wanted(const read_settings *set, const nd_band *band)
{
    const nd_list *list = band->role == ND_MASK ? &set->masks : &set->bands;
    return band->role == ND_ANGLE || !list->count || holds(list, band->name) ||
           holds(&set->bands, band->name);
}

static nd_status know_all(const nd_node *self, const nd_list *names)
{
    int band;
    for (size_t i = 0; i < names->count; i++)
        ND_TRY(nd_band_choose(self, names->item[i], 0, &band));
    return ND_OK;
}

static nd_status choose_bands(nd_node *self, int *from)
{
    const read_settings *set = self->settings.data;
    const bool takes_all = is_plain(&self->settings);
    if (!takes_all) {
        ND_TRY(know_all(self, &set->bands));
        ND_TRY(know_all(self, &set->masks));
    }
    int kept = 0;
    for (int b = 0; b < self->bands; b++) {
        if (!takes_all && !is_wanted(set, &self->band[b])) continue;
        from[kept] = b;
        self->band[kept++] = self->band[b];
    }
    self->bands = kept;
    return ND_OK;
}

static nd_status plan_scene(nd_node *self)
{
    const read_settings *set = self->state;
    const char *format = nd_text_is_set(set->format_name) ? set->format_name : NULL;
    if (!nd_text_is_set(set->file.text))
        return nd_fail(ND_E_PARAM, "file is empty\ngive the path of a scene");
    const nd_product *product = nd_product_open(self->arena, set->file.text, format);
    scene *s = nd_alloc(self->arena, 1, sizeof *s);
    if (!product) return nd_error_code();
    const size_t bands = (size_t)product->bands;
    int *from = nd_alloc(self->arena, bands, sizeof *from);
    self->band = nd_alloc(self->arena, bands, sizeof *self->band);
    if (!s || !from || !self->band) return ND_E_MEMORY;
    memcpy(self->band, product->band, bands * sizeof *self->band);
    self->bands = product->bands;
    ND_TRY(choose_bands(self, from));
    *s = (scene){product, from};
    self->state = s;
    self->name = product->name;
    self->product = set->copy_metadata || is_plain(&self->settings) ? product : NULL;
    self->levels = product->levels;
    self->key = nd_hash_text(self->key, product->identity);
    return ND_OK;
}

static nd_status compute_scene(const nd_node *self, nd_work *work, nd_tile *tile)
{
    const scene *s = self->state;
    const int count = tile->bands.count;
    nd_tile wanted = *tile;
    int *band = nd_alloc(work->arena, (size_t)count, sizeof *band);
    if (!band) return ND_E_MEMORY;
    for (int k = 0; k < count; k++) band[k] = s->from[tile->bands.band[k]];
    wanted.bands = (nd_bands){band, count};
    return s->product->read(s->product, work, &wanted);
}

static const nd_op op_scene = {
    .name = "read",
    .snap = "Read",
    .brief = "Read a scene",
    .table = ND_TABLE(params, read_settings),
    .levels = ND_EXACT, // or what the product says
    .decodes = true,
    .plan = plan_scene,
    .compute = compute_scene,
};

// ---- A part of it is a Subset of it.

extern const nd_op nd_op_subset;

static nd_status hand_on(nd_arena *arena, nd_settings *to, const char *name,
                         const char *text)
{
    return nd_text_is_set(text) ? nd_settings_set(arena, to, name, text) : ND_OK;
}

static nd_node *cut(nd_arena *arena, const nd_make *make, nd_node *whole)
{
    const read_settings *set = make->settings->data;
    nd_settings part;
    if (nd_settings_new(arena, &nd_op_subset.table, &part) != ND_OK ||
        hand_on(arena, &part, "region", set->pixel_region) != ND_OK ||
        hand_on(arena, &part, "geo_region", set->geometry_region) != ND_OK ||
        hand_on(arena, &part, "vector_file", set->vector_file.text) != ND_OK ||
        hand_on(arena, &part, "polygon_region", set->polygon_region) != ND_OK ||
        hand_on(arena, &part, "copy_metadata", set->copy_metadata ? NULL : "false") !=
            ND_OK)
        return NULL;
    nd_make cutting = *make;
    cutting.op = &nd_op_subset, cutting.settings = &part;
    cutting.input = &whole, cutting.inputs = 1, cutting.input_id = NULL;
    nd_node *made = nd_node_new(arena, &cutting);
    if (made) made->name = whole->name;
    return made;
}

static nd_node *compose(nd_arena *arena, const nd_make *make)
{
    const read_settings *set = make->settings->data;
    nd_make scene_make = *make;
    scene_make.op = &op_scene;
    nd_node *whole = nd_node_new(arena, &scene_make);
    const bool is_whole =
        !nd_text_is_set(set->pixel_region) && !nd_text_is_set(set->geometry_region) &&
        !nd_text_is_set(set->vector_file.text) && !nd_text_is_set(set->polygon_region);
    if (!whole || is_whole || is_plain(make->settings)) return whole;
    return cut(arena, make, whole);
}

const nd_op nd_op_read = {
    .name = "read",
    .snap = "Read",
    .brief = "Read a scene",
    .example = "nadir read scene.SAFE -o copy.tif --bands B4,B3,B2",
    .help =
        "Whatever the file is, no pixel is read before somebody looks at it. Of an old\n"
        "Sentinel-2 product with several tiles name one: old.SAFE/T31TDH.",
    .table = ND_TABLE(params, read_settings),
    .levels = ND_EXACT,
    .decodes = true,
    .compose = compose,
};
