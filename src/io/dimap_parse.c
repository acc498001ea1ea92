// SPDX-License-Identifier: Apache-2.0
// The header of BEAM-DIMAP, as SNAP writes it, to bands and fields of a scene.
#include "io/dimap.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { SIDE = 1 << 28, PAIRS = 2000, LABELS = 4096, BANDS = 20000 };

// SNAP writes values as text, or of masks as an attribute.
static const char *value_of(const dimap *d, const xmlNode *node, const char *name)
{
    const xmlNode *n = io_xml_first(node, name);
    const char *text = io_xml_content(d->arena, n);
    return text ? text : io_xml_attribute(d->arena, n, "value");
}

static bool real_of(const dimap *d, const xmlNode *node, const char *name, double *value)
{
    const char *text = value_of(d, node, name);
    return text && nd_text_real(text, value);
}

static bool whole_of(const dimap *d, const xmlNode *node, const char *name, int low,
                     int high, int *value)
{
    double number;
    if (!real_of(d, node, name, &number) || !(number >= low && number <= high) ||
        number != trunc(number))
        return false;
    *value = (int)number;
    return true;
}

static bool is_true(const dimap *d, const xmlNode *node, const char *name)
{
    const char *text = value_of(d, node, name);
    return text && nd_text_same(text, "true");
}

// "18-JUL-2017 10:10:29.026999" as ISO 8601; anything else as it stands.
static const char *time_of(const dimap *d, const xmlNode *node, const char *name)
{
    static const char *const months[] = {"JAN", "FEB", "MAR", "APR", "MAY", "JUN",
                                         "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"};
    const char *text = value_of(d, node, name);
    int day, year;
    char month[4], clock[16];
    if (!text || sscanf(text, "%2d-%3[A-Za-z]-%4d %15s", &day, month, &year, clock) != 4)
        return text;
    for (int m = 0; m < 12; m++)
        if (nd_text_same(month, months[m]))
            return nd_text(d->arena, "%04d-%02d-%02dT%sZ", year, m + 1, day, clock);
    return text;
}

static nd_status wrong(const dimap *d, const char *what)
{
    return nd_fail(ND_E_DATA, "%s: %s\nwrite the product again", d->product->path, what);
}

// Six numbers, columns first: scale and shear of x, shear and scale of y, corner.
static bool read_affine(const char *text, nd_grid *grid)
{
    double t[6];
    char word[64];
    for (int i = 0; i < 6; i++) {
        const size_t length = text ? strcspn(text, ",") : 0;
        if (!length || length >= sizeof word) return false;
        memcpy(word, text, length);
        word[length] = 0;
        if (!nd_text_real(word, &t[i]) || !isfinite(t[i])) return false;
        text += length + (text[length] == ',');
    }
    if (t[1] != 0 || t[2] != 0 || !(t[0] > 0) || !(t[3] < 0)) return false;
    grid->x = t[4], grid->y = t[5], grid->pixel_x = t[0], grid->pixel_y = t[3];
    return true;
}

// The system and place of band `index`, or of the scene: a Coordinate_Reference_System
// goes with the Geoposition that follows it.
static void read_place(const dimap *d, const xmlNode *root, int index, nd_grid *grid)
{
    const xmlNode *crs = NULL;
    for (const xmlNode *n = root->children; n; n = n->next) {
        if (io_xml_is(n, "Coordinate_Reference_System")) crs = n;
        if (!io_xml_is(n, "Geoposition") || !crs) continue;
        int its = -1;
        const bool has_index = whole_of(d, n, "BAND_INDEX", 0, BANDS, &its);
        nd_grid place = *grid;
        if ((has_index && its != index) ||
            !read_affine(value_of(d, n, "IMAGE_TO_MODEL_TRANSFORM"), &place))
            continue;
        const char *wkt = value_of(d, crs, "WKT");
        place.crs = wkt ? io_crs_parse(d->arena, wkt) : NULL;
        if (wkt && !place.crs) {
            const nd_error error = nd_error_take();
            nd_say(ND_NOTE, "%s: %s: shown as a picture", d->product->path, error.what);
        }
        if (place.crs) *grid = place;
        return;
    }
}

static nd_status add(dimap *d, const dimap_band *band)
{
    if (d->bands == BANDS) return wrong(d, "it has too many bands");
    if (d->bands == d->room) {
        const int room = d->room ? 2 * d->room : 32;
        dimap_band *more = nd_alloc(d->arena, (size_t)room, sizeof *more);
        if (!more) return ND_E_MEMORY;
        if (d->bands) memcpy(more, d->band, (size_t)d->bands * sizeof *more);
        d->band = more, d->room = room;
    }
    d->band[d->bands++] = *band;
    return ND_OK;
}

static nd_sample sample_of(const char *name)
{
    static const char *const names[] = {
        [ND_F32] = "float32", [ND_U8] = "uint8",   [ND_I8] = "int8",
        [ND_U16] = "uint16",  [ND_I16] = "int16",  [ND_U32] = "uint32",
        [ND_I32] = "int32",   [ND_F64] = "float64"};
    for (size_t i = 0; name && i < sizeof names / sizeof *names; i++)
        if (nd_text_same(name, names[i])) return (nd_sample)i;
    return ND_F32;
}

static const xmlNode *coding_called(const dimap *d, const xmlNode *root, const char *tag,
                                    const char *coding)
{
    const xmlNode *n = io_xml_first(root, tag);
    for (; n; n = io_xml_next(n, tag)) {
        const char *name = io_xml_attribute(d->arena, n, "name");
        if (name && strcmp(name, coding) == 0) break;
    }
    return n;
}

nd_status dimap_label(dimap *d, const xmlNode *root, const char *coding, bool is_flags,
                      nd_band *band)
{
    const char *tag = is_flags ? "Flag_Coding" : "Index_Coding";
    const char *item = is_flags ? "Flag" : "Index";
    const xmlNode *n = coding_called(d, root, tag, coding);
    nd_label *label = nd_alloc(d->arena, LABELS, sizeof *label);
    if (!label) return ND_E_MEMORY;
    band->kind = is_flags ? ND_FLAGS : ND_CLASS;
    band->label = label;
    for (const xmlNode *f = io_xml_first(n, item); f && band->labels < LABELS;
         f = io_xml_next(f, item)) {
        double value;
        const char *name = value_of(d, f, is_flags ? "Flag_Name" : "INDEX_NAME");
        if (!name || !real_of(d, f, is_flags ? "Flag_Index" : "INDEX_VALUE", &value) ||
            fabs(value) > 4294967295.0)
            continue;
        if (is_flags && value < 0) value += 4294967296.0; // Java's int
        label[band->labels++] = (nd_label){
            value, name,
            value_of(d, f, is_flags ? "Flag_description" : "INDEX_DESCRIPTION"), 0};
    }
    return ND_OK;
}

static uint32_t rgba_of(const dimap *d, const xmlNode *colour)
{
    static const char *const parts[] = {"red", "green", "blue", "alpha"};
    uint32_t rgba = 0;
    for (int i = 0; i < 4; i++) {
        const char *text = io_xml_attribute(d->arena, colour, parts[i]);
        double part;
        rgba = rgba << 8;
        if (text && nd_text_real(text, &part) && part >= 0 && part < 256)
            rgba |= (uint32_t)part;
    }
    return rgba;
}

// Colours of classes stand apart, with the display.
static void colour(const dimap *d, const xmlNode *root, int index, nd_band *band)
{
    for (const xmlNode *s =
             io_xml_first(io_xml_first(root, "Image_Display"), "Band_Statistics");
         s; s = io_xml_next(s, "Band_Statistics")) {
        int its;
        if (!whole_of(d, s, "BAND_INDEX", 0, BANDS, &its) || its != index) continue;
        for (const xmlNode *p = io_xml_first(s, "Color_Palette_Point"); p;
             p = io_xml_next(p, "Color_Palette_Point")) {
            double value;
            if (!real_of(d, p, "SAMPLE", &value)) continue;
            const uint32_t rgba = rgba_of(d, io_xml_first(p, "COLOR"));
            for (int i = 0; i < band->labels; i++)
                if (band->label[i].value == value)
                    ((nd_label *)(uintptr_t)band->label)[i].colour = rgba;
        }
    }
}

static const char *file_of(const dimap *d, const xmlNode *root, const char *list,
                           const char *index_tag, int index)
{
    const bool is_band = strcmp(list, "Data_File") == 0;
    for (const xmlNode *n = io_xml_first(io_xml_first(root, "Data_Access"), list); n;
         n = io_xml_next(n, list)) {
        int its;
        if (!whole_of(d, n, index_tag, 0, BANDS, &its) || its != index) continue;
        const char *path = io_xml_attribute(
            d->arena,
            io_xml_first(n, is_band ? "DATA_FILE_PATH" : "TIE_POINT_GRID_FILE_PATH"),
            "href");
        // Nothing outside of the product.
        if (!path || *path == '/' || strstr(path, "..") || strchr(path, ':')) return NULL;
        return path;
    }
    return NULL;
}

static nd_status read_values(dimap *d, const xmlNode *n, const xmlNode *root,
                             dimap_band *b)
{
    nd_band *band = &b->band;
    double value;
    band->unit = value_of(d, n, "PHYSICAL_UNIT");
    band->help = value_of(d, n, "BAND_DESCRIPTION");
    band->sample = sample_of(value_of(d, n, "DATA_TYPE"));
    band->scale = real_of(d, n, "SCALING_FACTOR", &value) && isfinite(value) && value != 0
                      ? value
                      : 1;
    band->offset = real_of(d, n, "SCALING_OFFSET", &value) && isfinite(value) ? value : 0;
    band->no_data = (double)NAN;
    if (is_true(d, n, "NO_DATA_VALUE_USED") && real_of(d, n, "NO_DATA_VALUE", &value))
        band->no_data = value;
    if (real_of(d, n, "BAND_WAVELEN", &value) && value > 0) band->wavelength_nm = value;
    if (real_of(d, n, "BANDWIDTH", &value) && value > 0) band->bandwidth_nm = value;
    if (band->unit && nd_text_same(band->unit, "amplitude")) band->kind = ND_AMPLITUDE;
    b->is_log10 = is_true(d, n, "LOG10_SCALED");
    b->valid = value_of(d, n, "VALID_MASK_TERM");
    if (is_true(d, n, "VIRTUAL_BAND")) band->expression = value_of(d, n, "EXPRESSION");
    const char *flags = value_of(d, n, "FLAG_CODING_NAME");
    const char *classes = value_of(d, n, "INDEX_CODING_NAME");
    if (flags) ND_TRY(dimap_label(d, root, flags, true, band));
    if (classes && !flags) ND_TRY(dimap_label(d, root, classes, false, band));
    if (band->labels) colour(d, root, b->index, band);
    return ND_OK;
}

static nd_status read_band(dimap *d, const xmlNode *n, const xmlNode *root,
                           const nd_grid *scene)
{
    dimap_band b = {.band.grid = *scene};
    nd_grid *grid = &b.band.grid;
    b.band.name = value_of(d, n, "BAND_NAME");
    if (!b.band.name || !whole_of(d, n, "BAND_INDEX", 0, BANDS, &b.index))
        return wrong(d, "a band has no name or no number");
    if ((io_xml_first(n, "BAND_RASTER_WIDTH") &&
         !whole_of(d, n, "BAND_RASTER_WIDTH", 1, SIDE, &grid->width)) ||
        (io_xml_first(n, "BAND_RASTER_HEIGHT") &&
         !whole_of(d, n, "BAND_RASTER_HEIGHT", 1, SIDE, &grid->height)))
        return wrong(d, "the size of a band makes no sense");
    read_place(d, root, b.index, grid);
    const char *affine = value_of(d, n, "IMAGE_TO_MODEL_TRANSFORM");
    if (affine && grid->crs) (void)!read_affine(affine, grid);
    ND_TRY(read_values(d, n, root, &b));
    if (!b.band.expression) b.file = file_of(d, root, "Data_File", "BAND_INDEX", b.index);
    return add(d, &b);
}

// Nodes lie at offset + i * step pixels from the scene's corner: centres of large cells.
static nd_status read_tie_point_grid(dimap *d, const xmlNode *n, const xmlNode *root,
                                     const nd_grid *scene)
{
    dimap_band b = {
        .index = -1,
        .band = {.role = ND_ANGLE, .scale = 1, .no_data = NAN, .grid = *scene}};
    nd_grid *g = &b.band.grid;
    double x = 0, y = 0, step_x, step_y;
    int index;
    b.band.name = value_of(d, n, "TIE_POINT_GRID_NAME");
    b.band.unit = value_of(d, n, "PHYSICAL_UNIT");
    b.band.help = value_of(d, n, "TIE_POINT_DESCRIPTION");
    if (!b.band.name || !whole_of(d, n, "TIE_POINT_GRID_INDEX", 0, BANDS, &index) ||
        !whole_of(d, n, "NCOLS", 1, SIDE, &g->width) ||
        !whole_of(d, n, "NROWS", 1, SIDE, &g->height) ||
        !real_of(d, n, "STEP_X", &step_x) || !(step_x > 0) ||
        !real_of(d, n, "STEP_Y", &step_y) || !(step_y > 0))
        return wrong(d, "a tie-point grid makes no sense");
    (void)!real_of(d, n, "OFFSET_X", &x);
    (void)!real_of(d, n, "OFFSET_Y", &y);
    g->x = scene->x + scene->pixel_x * (x - step_x / 2);
    g->y = scene->y + scene->pixel_y * (y - step_y / 2);
    g->pixel_x = scene->pixel_x * step_x, g->pixel_y = scene->pixel_y * step_y;
    b.file = file_of(d, root, "Tie_Point_Grid_File", "TIE_POINT_GRID_INDEX", index);
    return add(d, &b);
}

// Masks by an expression, or by a range of a band. Drawn shapes are no pixels yet.
static nd_status read_mask(dimap *d, const xmlNode *n, const nd_grid *scene)
{
    dimap_band b = {.index = -1,
                    .band = {.role = ND_MASK,
                             .kind = ND_CLASS,
                             .sample = ND_U8,
                             .scale = 1,
                             .no_data = NAN,
                             .grid = *scene}};
    const char *type = io_xml_attribute(d->arena, n, "type");
    b.band.name = value_of(d, n, "NAME");
    b.band.help = value_of(d, n, "DESCRIPTION");
    b.band.expression = value_of(d, n, "EXPRESSION");
    const char *raster = value_of(d, n, "RASTER");
    const char *low = value_of(d, n, "MINIMUM"), *high = value_of(d, n, "MAXIMUM");
    if (!b.band.name || !type) return ND_OK;
    if (!b.band.expression && raster && low && high)
        b.band.expression =
            nd_text(d->arena, "%s >= %s && %s <= %s", raster, low, raster, high);
    if (!b.band.expression) return ND_OK;
    if (!whole_of(d, n, "MASK_RASTER_WIDTH", 1, SIDE, &b.band.grid.width) ||
        !whole_of(d, n, "MASK_RASTER_HEIGHT", 1, SIDE, &b.band.grid.height))
        b.band.grid = *scene;
    const char *affine = value_of(d, n, "IMAGE_TO_MODEL_TRANSFORM");
    if (affine && scene->crs) (void)!read_affine(affine, &b.band.grid);
    for (int i = 0; i < d->bands; i++) // a mask called like a band would hide it
        if (nd_text_same(d->band[i].band.name, b.band.name)) return ND_OK;
    return add(d, &b);
}

typedef struct pairs {
    nd_pair *pair;
    size_t count;
} pairs;

static nd_status add_pairs(dimap *d, const xmlNode *node, const char *path, pairs *p)
{
    for (const xmlNode *n = node->children; n && p->count < PAIRS; n = n->next) {
        const bool is_group = io_xml_is(n, "MDElem");
        if (!is_group && !io_xml_is(n, "MDATTR")) continue;
        const char *name = io_xml_attribute(d->arena, n, "name");
        const char *here =
            nd_text(d->arena, "%s%s%.200s", path, *path ? "/" : "", name ? name : "");
        if (!here) return ND_E_MEMORY;
        if (strlen(here) > 2000) continue;
        if (is_group) {
            ND_TRY(add_pairs(d, n, here, p)); // as deep as libxml2 lets it be: 256
            continue;
        }
        const char *value = io_xml_content(d->arena, n);
        if (value)
            p->pair[p->count++] = (nd_pair){here, nd_text(d->arena, "%.400s", value)};
    }
    return ND_OK;
}

static const char *pair_of(const nd_product *p, const char *name)
{
    for (size_t i = 0; i < p->mores; i++)
        if (nd_text_ends(p->more[i].name, name)) return p->more[i].value;
    return NULL;
}

static nd_status read_scene(dimap *d, const xmlNode *root)
{
    nd_product *product = d->product;
    const xmlNode *production = io_xml_first(root, "Production");
    const char *said =
        io_xml_content(d->arena, io_xml_at(root, "Dataset_Id/DATASET_DESCRIPTION"));
    product->name = io_xml_content(d->arena, io_xml_at(root, "Dataset_Id/DATASET_NAME"));
    product->format = "BEAM-DIMAP";
    product->simulated = said && strstr(said, "simulated");
    product->start = time_of(d, production, "PRODUCT_SCENE_RASTER_START_TIME");
    product->stop = time_of(d, production, "PRODUCT_SCENE_RASTER_STOP_TIME");
    product->mode = value_of(d, production, "PRODUCT_TYPE");
    pairs p = {nd_alloc(d->arena, PAIRS, sizeof(nd_pair)), 0};
    if (!p.pair) return ND_E_MEMORY;
    for (const xmlNode *n = io_xml_first(root, "Dataset_Sources"); n;
         n = io_xml_next(n, "Dataset_Sources"))
        ND_TRY(add_pairs(d, n, "", &p));
    product->more = p.pair, product->mores = p.count;
    product->mission = pair_of(product, "/MISSION");
    if (!product->mission) product->mission = pair_of(product, "/mission");
    if (!product->mission) product->mission = pair_of(product, "/SPACECRAFT_NAME");
    product->level = pair_of(product, "/processing_level");
    if (!product->level) product->level = pair_of(product, "/PROCESSING_LEVEL");
    product->tile = pair_of(product, "/tile");
    product->baseline = pair_of(product, "/processing_baseline");
    if (!product->baseline) product->baseline = pair_of(product, "/PROCESSING_BASELINE");
    product->pass = pair_of(product, "/orbit_direction");
    return ND_OK;
}

nd_status dimap_parse(dimap *d, const xmlNode *root)
{
    nd_grid scene = {.pixel_x = 1, .pixel_y = -1};
    const xmlNode *size = io_xml_first(root, "Raster_Dimensions");
    if (!io_xml_is(root, "Dimap_Document")) return wrong(d, "it is no BEAM-DIMAP header");
    if (!whole_of(d, size, "NCOLS", 1, SIDE, &scene.width) ||
        !whole_of(d, size, "NROWS", 1, SIDE, &scene.height))
        return wrong(d, "it does not say its size");
    ND_TRY(read_scene(d, root));
    read_place(d, root, -1, &scene);
    const xmlNode *n =
        io_xml_first(io_xml_first(root, "Image_Interpretation"), "Spectral_Band_Info");
    for (; n; n = io_xml_next(n, "Spectral_Band_Info"))
        ND_TRY(read_band(d, n, root, &scene));
    n = io_xml_first(io_xml_first(root, "Tie_Point_Grids"), "Tie_Point_Grid_Info");
    for (; n; n = io_xml_next(n, "Tie_Point_Grid_Info"))
        ND_TRY(read_tie_point_grid(d, n, root, &scene));
    n = io_xml_first(io_xml_first(root, "Masks"), "Mask");
    for (; n; n = io_xml_next(n, "Mask")) ND_TRY(read_mask(d, n, &scene));
    return d->bands ? ND_OK : wrong(d, "it has no bands");
}
