// SPDX-License-Identifier: Apache-2.0
// What the metadata of a Sentinel-2 product say: from their XML to a scene's fields.
#include "io/safe.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { PAIRS = 600, SIDE = 1 << 20 };

const safe_band safe_band_rows[SAFE_BANDS] = {{"B1", "B01", {60, 60}, 433, 453, 443},
                                              {"B2", "B02", {10, 10}, 457.5, 522.5, 490},
                                              {"B3", "B03", {10, 10}, 542.5, 577.5, 560},
                                              {"B4", "B04", {10, 10}, 650, 680, 665},
                                              {"B5", "B05", {20, 20}, 697.5, 712.5, 705},
                                              {"B6", "B06", {20, 20}, 732.5, 747.5, 740},
                                              {"B7", "B07", {20, 20}, 773, 793, 783},
                                              {"B8", "B08", {10, 10}, 784.5, 899.5, 842},
                                              {"B8A", "B8A", {20, 20}, 855, 875, 865},
                                              {"B9", "B09", {60, 60}, 935, 955, 945},
                                              {"B10", "B10", {60, 0}, 1360, 1390, 1375},
                                              {"B11", "B11", {20, 20}, 1565, 1655, 1610},
                                              {"B12", "B12", {20, 20}, 2100, 2280, 2190}};

double nd_wavelength_of(const nd_band *band)
{
    const char *name = band->name;
    if (band->wavelength_nm > 0) return band->wavelength_nm;
    for (int i = 0; i < SAFE_BANDS; i++)
        if (nd_text_same(name, safe_band_rows[i].name) ||
            nd_text_same(name, safe_band_rows[i].file))
            return safe_band_rows[i].centre_nm;
    return 0;
}

static const char *text_at(const safe *s, const char *name)
{
    return io_xml_content(s->arena, io_xml_any(s->scene, name));
}

// "…_A013204_T31TDH_N02.06" of the metadata: the part that starts with `mark` and has
// `digits` characters after it.
static const char *part_of(nd_arena *arena, const char *id, const char *mark, int length)
{
    const char *at = id ? strstr(id, mark) : NULL;
    if (!at || (int)strlen(at) < (int)strlen(mark) + length) return NULL;
    return nd_text(arena, "%.*s", length, at + strlen(mark));
}

static const char *tile_id(const safe *s)
{
    static const char *const names[] = {"TILE_ID", "TILE_ID_2A", "L1C_TILE_ID"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *id = io_xml_content(s->arena, io_xml_any(s->tile, names[i]));
        if (id) return id;
    }
    return NULL;
}

static void read_names(safe *s)
{
    nd_product *p = s->product;
    const xmlNode *datatake = io_xml_any(s->scene, "Datatake");
    const char *id = io_xml_attribute(s->arena, datatake, "datatakeIdentifier");
    const char *tile = tile_id(s), *uri = text_at(s, "PRODUCT_URI");
    double number;
    if (!uri) uri = text_at(s, "PRODUCT_URI_1C");
    if (!uri) uri = text_at(s, "PRODUCT_URI_2A");
    p->name = uri ? io_name(s->arena, uri) : tile;
    p->mission = text_at(s, "SPACECRAFT_NAME");
    p->start = text_at(s, "PRODUCT_START_TIME"),
    p->stop = text_at(s, "PRODUCT_STOP_TIME");
    if (!p->start)
        p->start = io_xml_content(s->arena, io_xml_any(s->tile, "SENSING_TIME"));
    if (!p->stop) p->stop = p->start;
    p->mode = text_at(s, "DATATAKE_TYPE"),
    p->pass = text_at(s, "SENSING_ORBIT_DIRECTION");
    p->baseline = text_at(s, "PROCESSING_BASELINE");
    if (!p->baseline) p->baseline = part_of(s->arena, tile, "_N", 5);
    p->level = s->is_l2a ? "L2A" : "L1C";
    p->format = s->is_l2a ? "SENTINEL-2-MSI-L2A" : "SENTINEL-2-MSI-L1C";
    p->tile = part_of(s->arena, tile, "_T", 5);
    if (tile && strstr(tile, "_TL_")) // its own letters begin like the tile's
        p->tile = part_of(s->arena, strstr(tile, "_TL_") + 4, "_T", 5);
    if (p->tile) p->tile = nd_text(s->arena, "T%s", p->tile);
    if (s->tiles > 1 && uri && p->tile)
        p->name = nd_text(s->arena, "%s_%s", p->name, p->tile);
    if (!io_xml_whole(io_xml_any(s->scene, "SENSING_ORBIT_NUMBER"), 1, 143,
                      &p->relative_orbit))
        p->relative_orbit = 0;
    // "GS2A_20180101T105441_013204_N02.06"
    const char *end = id ? strstr(id, "_N") : NULL, *orbit = NULL;
    if (end && end - id >= 6) orbit = nd_text(s->arena, "%.6s", end - 6);
    if (!orbit) orbit = part_of(s->arena, tile, "_A", 6);
    if (orbit && nd_text_real(orbit, &number) && number < 1e6) p->orbit = (int)number;
}

static double number_of(const safe *s, const char *const *names, double otherwise)
{
    double value;
    for (; *names; names++)
        if (io_xml_real(io_xml_any(s->scene, *names), &value) && value > 0) return value;
    return otherwise;
}

// From baseline 04.00 on, digital numbers are 1000 higher than before.
static void read_radiometry(safe *s)
{
    static const char *const q[] = {"QUANTIFICATION_VALUE", "BOA_QUANTIFICATION_VALUE",
                                    "L2A_BOA_QUANTIFICATION_VALUE", NULL};
    static const char *const a[] = {"AOT_QUANTIFICATION_VALUE",
                                    "L2A_AOT_QUANTIFICATION_VALUE", NULL};
    static const char *const w[] = {"WVP_QUANTIFICATION_VALUE",
                                    "L2A_WVP_QUANTIFICATION_VALUE", NULL};
    const char *const name = s->is_l2a ? "BOA_ADD_OFFSET" : "RADIO_ADD_OFFSET";
    s->quantification = number_of(s, q, 10000);
    s->aot = number_of(s, a, 1000), s->wvp = number_of(s, w, 1000);
    for (const xmlNode *n = io_xml_any(s->scene, name); n; n = io_xml_next(n, name)) {
        const char *text = io_xml_attribute(s->arena, n, "band_id");
        double id, offset;
        if (text && nd_text_real(text, &id) && id >= 0 && id < SAFE_BANDS &&
            io_xml_real(n, &offset))
            s->offset[(int)id] = offset;
    }
    double baseline = 0;
    if (s->scene || !s->product->baseline ||
        !nd_text_real(s->product->baseline, &baseline) || baseline < 4)
        return;
    nd_say(ND_NOTE,
           "%s has no product metadata around it: the offset of baseline %s is "
           "taken as -1000",
           s->product->path, s->product->baseline);
    for (int i = 0; i < SAFE_BANDS; i++) s->offset[i] = -1000;
}

static const xmlNode *of_resolution(const safe *s, const char *name, int resolution)
{
    const xmlNode *all = io_xml_any(s->tile, "Tile_Geocoding");
    for (const xmlNode *n = io_xml_first(all, name); n; n = io_xml_next(n, name)) {
        const char *text = io_xml_attribute(s->arena, n, "resolution");
        double value;
        if (text && nd_text_real(text, &value) && value == resolution) return n;
    }
    return NULL;
}

static nd_status wrong(const safe *s, const char *what)
{
    return nd_fail(ND_E_DATA, "%s does not say %s\nfetch the product again", s->tile_path,
                   what);
}

static nd_status read_grids(safe *s)
{
    static const int resolution[] = {10, 20, 60};
    const char *code =
        io_xml_content(s->arena, io_xml_any(s->tile, "HORIZONTAL_CS_CODE"));
    if (!code) return wrong(s, "its coordinate system");
    const nd_crs *crs = io_crs_parse(s->arena, code);
    if (!crs) return ND_E_DATA;
    int found = 0;
    for (int i = 0; i < 3; i++) {
        const xmlNode *size = of_resolution(s, "Size", resolution[i]);
        const xmlNode *place = of_resolution(s, "Geoposition", resolution[i]);
        nd_grid *g = &s->grid[i];
        if (!size || !place) continue;
        if (!io_xml_whole(io_xml_first(size, "NROWS"), 1, SIDE, &g->height) ||
            !io_xml_whole(io_xml_first(size, "NCOLS"), 1, SIDE, &g->width) ||
            !io_xml_real(io_xml_first(place, "ULX"), &g->x) ||
            !io_xml_real(io_xml_first(place, "ULY"), &g->y) ||
            !io_xml_real(io_xml_first(place, "XDIM"), &g->pixel_x) ||
            !io_xml_real(io_xml_first(place, "YDIM"), &g->pixel_y) || !(g->pixel_x > 0) ||
            !(g->pixel_y < 0))
            return wrong(s, "its size and place in numbers that make sense");
        g->crs = crs;
        found++;
    }
    return found ? ND_OK : wrong(s, "its size and place");
}

const nd_grid *safe_grid(const safe *s, int resolution)
{
    const nd_grid *grid = &s->grid[resolution == 10 ? 0 : resolution == 20 ? 1 : 2];
    return grid->width ? grid : NULL;
}

// Lists of numbers and of auxiliary files are left out: they are long and say little.
static bool is_dull(const xmlNode *node)
{
    static const char *const names[] = {"GIPP_List",      "Spectral_Response",
                                        "Values_List",    "Granule_List",
                                        "Pixel_Level_QI", "GRI_List"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (io_xml_is(node, names[i])) return true;
    return false;
}

typedef struct pairs {
    nd_arena *arena;
    nd_pair *pair;
    size_t count;
} pairs;

static nd_status add_pairs(pairs *p, const xmlNode *node, const char *path, int depth)
{
    if (depth > 12) return ND_OK;
    for (const xmlNode *n = node->children; n && p->count < PAIRS; n = n->next) {
        if (n->type != XML_ELEMENT_NODE || is_dull(n)) continue;
        const char *id = io_xml_attribute(p->arena, n, "bandId");
        const char *here = nd_text(p->arena, "%s%s%.80s%s%.8s", path, *path ? "/" : "",
                                   (const char *)n->name, id ? "." : "", id ? id : "");
        const char *value = io_xml_content(p->arena, n);
        if (!here) return ND_E_MEMORY;
        if (value)
            p->pair[p->count++] = (nd_pair){here, nd_text(p->arena, "%.400s", value)};
        ND_TRY(add_pairs(p, n, here, depth + 1));
    }
    return ND_OK;
}

nd_status safe_parse(safe *s)
{
    const xmlNode *root = s->scene ? s->scene : s->tile;
    s->is_l2a = strstr((const char *)root->name, "Level-2A") != NULL;
    if (!strstr((const char *)root->name, "Level-1C") && !s->is_l2a)
        return nd_fail(ND_E_DATA,
                       "%s is of no Sentinel-2 product of level 1C or 2A: it begins with "
                       "%.60s\ngive the product's folder",
                       s->product->path, (const char *)root->name);
    read_names(s);
    if (!s->product->name) return wrong(s, "its name");
    read_radiometry(s);
    ND_TRY(read_grids(s));
    pairs p = {s->arena, nd_alloc(s->arena, PAIRS, sizeof(nd_pair)), 0};
    if (!p.pair) return ND_E_MEMORY;
    if (s->scene) ND_TRY(add_pairs(&p, s->scene, "", 0));
    ND_TRY(add_pairs(&p, s->tile, "", 0));
    s->product->more = p.pair, s->product->mores = p.count;
    return ND_OK;
}
