// SPDX-License-Identifier: Apache-2.0
// Reproject: the same ground in another coordinate system, or on another product's grid.
#include <assert.h>
#include <nadir/file.h>
#include <nadir/geo.h>
#include <nadir/op.h>
#include <nadir/vector.h>
#include <stdio.h>
#include <string.h>

typedef struct reproject {
    const char *crs;
    nd_path wkt_file;
    nd_choice resampling;
    double pixel_size, pixel_size_x, pixel_size_y;
    int width, height;
    nd_path aoi;
    double reference_pixel_x, reference_pixel_y, easting, northing, orientation;
    double no_data_value;
    bool include_tie_point_grids;
    double max_error_px;
} reproject;

static const nd_option kernels[] = {
    {"Nearest", "The pixel that the centre falls in; classes are always taken so", NULL},
    {"Bilinear", "Weighted mean of 2 x 2 pixels", NULL},
    {"Bicubic", "Weighted mean of 4 x 4 pixels, sharper", "Cubic"},
    {0}};

static const nd_param params[] = {
    ND_PARAM(reproject, crs, NULL, .of = "crs",
             .help = "Target system: EPSG:n, a number, WKT, a PROJ string, or AUTO:42001 "
                     "for the UTM zone of the scene"),
    ND_PARAM(reproject, wkt_file, {0}, .snap = "wktFile",
             .help = "File that holds the target system as WKT"),
    ND_PARAM(reproject, resampling, {0}, .choices = kernels, .was = "resamplingName",
             .help = "How values between pixels are found"),
    ND_PARAM(reproject, pixel_size, 0, .min = 0, .max = 1e9, .unit = "map units",
             .help = "Side of a pixel; 0 keeps about as many pixels as there were"),
    ND_PARAM(reproject, pixel_size_x, 0, .snap = "pixelSizeX", .needs = "pixel_size_y",
             .min = 0, .max = 1e9, .unit = "map units",
             .help = "Width of a pixel, where it differs from the height"),
    ND_PARAM(reproject, pixel_size_y, 0, .snap = "pixelSizeY", .needs = "pixel_size_x",
             .min = 0, .max = 1e9, .unit = "map units", .help = "Height of a pixel"),
    ND_PARAM(reproject, width, 0, .min = 0, .max = 2147483647, .unit = "pixels",
             .help = "Width of the result; 0 takes what the ground needs"),
    ND_PARAM(reproject, height, 0, .min = 0, .max = 2147483647, .unit = "pixels",
             .help = "Height of the result; 0 takes what the ground needs"),
    ND_PARAM(reproject, aoi, {0}, .of = "vector",
             .help = "File of shapes, as GeoJSON, whose box is kept"),
    ND_PARAM(reproject, reference_pixel_x, (double)NAN, .snap = "referencePixelX",
             .needs = "reference_pixel_y", .unit = "pixels",
             .help = "Column, from the left edge, that lies at easting"),
    ND_PARAM(reproject, reference_pixel_y, (double)NAN, .snap = "referencePixelY",
             .needs = "easting", .unit = "pixels",
             .help = "Row, from the upper edge, that lies at northing"),
    ND_PARAM(reproject, easting, (double)NAN, .needs = "northing", .unit = "map units",
             .help = "Where the reference pixel lies, to the east"),
    ND_PARAM(reproject, northing, (double)NAN, .needs = "easting", .unit = "map units",
             .help = "Where the reference pixel lies, to the north"),
    ND_PARAM(reproject, orientation, 0, .min = -360, .max = 360, .unit = "degrees",
             .help = "Turn of the result's grid; only 0 is done"),
    ND_PARAM(reproject, no_data_value, (double)NAN, .snap = "noDataValue",
             .help = "Sample that means no data in files; the band's own if not given"),
    ND_PARAM(reproject, include_tie_point_grids, true, .snap = "includeTiePointGrids",
             .help = "Bring angle grids along as bands"),
    ND_PARAM(reproject, max_error_px, 0.125, .min = 0, .max = 1, .soft_min = 0,
             .soft_max = 0.5, .unit = "source pixels",
             .help = "How far a position may be off; 0 asks each pixel exactly, slowly"),
};

// Bands of one grid go the same way.
typedef struct way {
    nd_grid from, to;
    nd_mapping mapping;
} way;
typedef struct state {
    way *way;
    int ways, *way_of; // by band
    nd_source *from;
    nd_kernel *kernel; // by band
} state;

// ---- Plan: the target's coordinate system.

static const nd_crs *crs_of_file(nd_node *self, const char *path)
{
    enum { LONGEST = 1 << 16 };
    const char *text = nd_file_read(self->arena, path, LONGEST, NULL);
    return text ? nd_crs_new(self->arena, text) : NULL;
}

// The middle of the scene, for AUTO:42001. Not known is not an error.
static void middle_of(nd_node *self, const nd_grid *grid, double *lon, double *lat)
{
    const nd_crs *degrees = nd_crs_new(self->arena, "EPSG:4326");
    nd_transform *t = degrees ? nd_transform_new(self->arena, grid->crs, degrees) : NULL;
    *lon = grid->x + grid->width * grid->pixel_x / 2;
    *lat = grid->y + grid->height * grid->pixel_y / 2;
    if (t && nd_transform_points(t, 1, lon, lat) == ND_OK) return;
    (void)nd_error_take();
    *lon = *lat = (double)NAN;
}

static const nd_node *partner(const nd_node *self)
{
    return self->inputs > 1 ? self->input[1] : NULL;
}

static const nd_crs *target_of(nd_node *self)
{
    const reproject *set = self->settings.data;
    const bool has_crs = set->crs && *set->crs,
               has_file = set->wkt_file.text && *set->wkt_file.text;
    const int said = has_crs + has_file + (partner(self) != NULL);
    if (said > 1)
        nd_fail(ND_E_PARAM, "more than one says what the target is\n"
                            "give one of crs, wkt_file and collocateWith");
    if (said == 0)
        nd_fail(ND_E_PARAM, "nothing says what the target is\n"
                            "give a crs, as in crs: EPSG:3857");
    if (said != 1) return NULL;
    if (has_file) return crs_of_file(self, set->wkt_file.text);
    if (partner(self)) {
        const nd_crs *crs = partner(self)->band[0].grid.crs;
        if (!crs)
            nd_fail(ND_E_DATA, "collocateWith does not say where on Earth it lies\n"
                               "name a product with a crs");
        return crs;
    }
    double lon = (double)NAN, lat = (double)NAN;
    if (strncmp(set->crs, "AUTO", 4) == 0)
        middle_of(self, &self->band[0].grid, &lon, &lat);
    return nd_crs_new_at(self->arena, set->crs, lon, lat);
}

// ---- Plan: the target's grid.

static nd_status set_size(nd_grid *grid, double width, double height)
{
    const double most = 1 << 27;
    if (!(width >= 1 && height >= 1 && width <= most && height <= most &&
          width * height <= 4e12))
        return nd_fail(ND_E_PARAM,
                       "the result would be %.0f x %.0f pixels\n"
                       "choose another pixel_size, or a part of the ground with aoi",
                       width, height);
    grid->width = (int)width, grid->height = (int)height;
    return ND_OK;
}

static double given_or(double size, double other)
{
    return size > 0 ? size : other;
}

// As SNAP lays it: the box around the scene, pixels square and as many as fit the side
// where they are smaller; one more than fit, so that the last is whole.
static nd_status lay(nd_node *self, const nd_grid *from, const nd_crs *crs, nd_grid *to)
{
    const reproject *set = self->settings.data;
    nd_transform *t = nd_transform_new(self->arena, from->crs, crs);
    nd_box box;
    if (!t) return ND_E_PARAM;
    ND_TRY(nd_transform_box(t, nd_grid_box(from), &box));
    // SNAP takes the whole world where we go on past 180 degrees.
    if (self->strict && crs->is_geographic && box.x1 > 180) box.x0 = -180, box.x1 = 180;
    const double w = box.x1 - box.x0, h = box.y1 - box.y0;
    const double side =
                     given_or(set->pixel_size, fmin(w / from->width, h / from->height)),
                 px = given_or(set->pixel_size_x, side),
                 py = given_or(set->pixel_size_y, side);
    if (!(px > 0 && py > 0))
        return nd_fail(ND_E_DATA,
                       "the scene is a point in %.100s\ngive a pixel_size, and check crs",
                       crs->name);
    *to = (nd_grid){.x = box.x0, .y = box.y1, .pixel_x = px, .pixel_y = -py, .crs = crs};
    ND_TRY(set_size(to, given_or(set->width, 1 + floor(w / px)),
                    given_or(set->height, 1 + floor(h / py))));
    if (isnan(set->easting)) return ND_OK;
    const double rx = isnan(set->reference_pixel_x) ? 0 : set->reference_pixel_x,
                 ry = isnan(set->reference_pixel_y) ? 0 : set->reference_pixel_y;
    to->x = set->easting - rx * px, to->y = set->northing + ry * py;
    return ND_OK;
}

// Whole pixels of the grid that was laid: results of one scene stay congruent.
static nd_status crop(nd_node *self, const nd_vector *shapes, nd_grid *grid)
{
    double box[4];
    const nd_layout *laid = nd_vector_lay(self->arena, shapes, grid);
    if (!laid) return nd_error_code();
    if (!nd_layout_bounds(laid, box))
        return nd_fail(ND_E_DATA, "the aoi lies outside of the scene\n"
                                  "give an aoi that overlaps it");
    const int x = (int)floor(box[0]), y = (int)floor(box[1]);
    grid->x += x * grid->pixel_x, grid->y += y * grid->pixel_y;
    return set_size(grid, fmax(1, ceil(box[2]) - x), fmax(1, ceil(box[3]) - y));
}

// Not known where the scene lies is no error; too little memory is one.
static nd_status warn_outside(nd_node *self, const nd_grid *from, const nd_crs *crs)
{
    nd_box area, box;
    const nd_crs *degrees = nd_crs_new(self->arena, "EPSG:4326");
    nd_transform *t = degrees ? nd_transform_new(self->arena, from->crs, degrees) : NULL;
    if (!t || nd_transform_box(t, nd_grid_box(from), &box) != ND_OK) {
        const nd_error error = nd_error_take();
        return error.code == ND_E_MEMORY ? nd_error_give(&error) : ND_OK;
    }
    if (!nd_crs_area(crs, &area)) return ND_OK;
    bool meets = false;
    for (int turn = -360; turn <= 360; turn += 360)
        meets |= box.x0 + turn <= area.x1 && box.x1 + turn >= area.x0;
    if (!meets || box.y0 > area.y1 || box.y1 < area.y0)
        nd_say(ND_WARN, "%s: the scene lies outside of the area that %s is made for",
               self->place, crs->name);
    return ND_OK;
}

static nd_status no_place(void)
{
    return nd_fail(ND_E_DATA, "the scene does not say where on Earth it lies\n"
                              "use a source with a crs, or terrain-correct it first");
}

static nd_status lead(nd_node *self, const nd_crs *crs, const nd_vector *shapes, way *w)
{
    const reproject *set = self->settings.data;
    const nd_node *other = partner(self);
    if (!w->from.crs) return no_place();
    assert(other || crs);
    if (other) w->to = other->band[0].grid;
    if (!other) ND_TRY(lay(self, &w->from, crs, &w->to));
    if (shapes) ND_TRY(crop(self, shapes, &w->to));
    return nd_mapping_new(self->arena, &w->to, &w->from, set->max_error_px, &w->mapping);
}

static void describe(nd_band *band, const reproject *set, const nd_grid *grid)
{
    const bool is_whole = band->sample != ND_F32 && band->sample != ND_F64;
    band->grid = *grid;
    band->block_width = band->block_height = 0;
    band->expression = NULL; // a picture of its own now
    if (!isnan(set->no_data_value)) band->no_data = set->no_data_value;
    // What lies outside of the scene needs a sample that says so.
    else if (is_whole && isnan(band->no_data) && band->role != ND_MASK)
        band->no_data = 0;
}

static nd_status choose_bands(nd_node *self, state *s)
{
    const reproject *set = self->settings.data;
    int kept = 0;
    for (int b = 0; b < self->bands; b++) {
        const nd_band band = self->band[b];
        if (band.role == ND_ANGLE && !set->include_tie_point_grids) continue;
        int w = 0;
        while (w < s->ways && !nd_grid_same(&s->way[w].from, &band.grid)) w++;
        if (w == s->ways) s->way[s->ways++].from = band.grid;
        s->from[kept] = (nd_source){0, b}, s->way_of[kept] = w;
        s->kernel[kept] =
            nd_band_is_whole(&band) ? ND_NEAREST : (nd_kernel)set->resampling.at;
        self->band[kept++] = band;
    }
    self->bands = kept;
    if (kept) return ND_OK;
    return nd_fail(ND_E_DATA, "no band is left\nkeep the angle grids, or other bands");
}

static nd_status prepare(nd_node *self, state *s)
{
    const size_t bands = (size_t)self->bands;
    s->way = nd_alloc(self->arena, bands, sizeof *s->way);
    s->way_of = nd_alloc(self->arena, bands, sizeof *s->way_of);
    s->from = nd_alloc(self->arena, bands, sizeof *s->from);
    s->kernel = nd_alloc(self->arena, bands, sizeof *s->kernel);
    return s->way && s->way_of && s->from && s->kernel ? ND_OK : ND_E_MEMORY;
}

// The shapes of the aoi, where one is given.
static nd_status open_aoi(nd_node *self, const nd_vector **shapes)
{
    const char *path = ((const reproject *)self->settings.data)->aoi.text;
    *shapes = NULL;
    if (!path || !*path) return ND_OK;
    *shapes = nd_vector_open(self->arena, path, NULL);
    if (!*shapes) return nd_error_code();
    self->key = nd_hash_text(self->key, nd_vector_identity(*shapes));
    return ND_OK;
}

static nd_status plan(nd_node *self)
{
    const reproject *set = self->settings.data;
    state *s = nd_alloc(self->arena, 1, sizeof *s);
    if (!s) return ND_E_MEMORY;
    ND_TRY(prepare(self, s));
    if (set->orientation != 0 && fabs(set->orientation) != 360)
        return nd_fail(ND_E_UNSUPPORTED,
                       "a grid turned by %g degrees is not done\n"
                       "leave orientation at 0",
                       set->orientation);
    ND_TRY(choose_bands(self, s));
    if (!self->band[0].grid.crs) return no_place();
    const nd_crs *crs = target_of(self);
    const nd_vector *shapes;
    if (!crs) return nd_error_code();
    ND_TRY(open_aoi(self, &shapes));
    for (int w = 0; w < s->ways; w++) ND_TRY(lead(self, crs, shapes, &s->way[w]));
    ND_TRY(warn_outside(self, &s->way[0].from, crs));
    for (int b = 0; b < self->bands; b++)
        describe(&self->band[b], set, &s->way[s->way_of[b]].to);
    self->key = nd_hash_text(self->key, crs->text);
    self->state = s;
    self->name = nd_text(self->arena, "projected_%s", self->name);
    return self->name ? ND_OK : ND_E_MEMORY;
}

// ---- Compute. Ways may end on one grid: one after the other.
static nd_status compute(const nd_node *self, nd_work *work, nd_tile *tile)
{
    const state *s = self->state;
    nd_warp_band *band = nd_alloc(work->arena, (size_t)tile->bands.count, sizeof *band);
    if (!band) return ND_E_MEMORY;
    for (int w = 0; w < s->ways; w++) {
        int count = 0;
        for (int k = 0; k < tile->bands.count; k++) {
            const int b = tile->bands.band[k];
            if (s->way_of[b] == w)
                band[count++] = (nd_warp_band){s->from[b].band, k, s->kernel[b]};
        }
        const nd_warp warp = {self->input[0], &s->way[w].mapping, band, count};
        if (count) ND_TRY(nd_warp_fill(&warp, work, tile));
    }
    return ND_OK;
}

static nd_rect window(const nd_node *self, int input, const nd_tile *tile, int *level)
{
    const state *s = self->state;
    const int b = tile->bands.band[0];
    if (input) return (nd_rect){0};
    return nd_warp_window(&s->way[s->way_of[b]].mapping, s->kernel[b], tile, level);
}

const nd_op nd_op_reproject = {
    .name = "reproject",
    .snap = "Reproject",
    .brief = "Bring a scene to another coordinate system or another product's grid",
    .example = "nadir reproject scene.SAFE -o map.tif --crs EPSG:3857",
    .help =
        "The grid is SNAP's: the box around the scene in the target system, square\n"
        "pixels, about as many as the scene has along the side where they come out\n"
        "smaller. Scenes across 180 degrees go on past it. Bands of several sizes keep\n"
        "a grid each. Bilinear and bicubic work on whole numbers too, where SNAP falls\n"
        "back to the nearest; where the nearest pixel has no data there is none, and\n"
        "next to it the weights of missing pixels go to the valid ones.",
    .ignores = "tileSizeX,tileSizeY,orthorectify,elevationModelName,addDeltaBands",
    .table = ND_TABLE(params, reproject),
    .min_inputs = 1,
    .max_inputs = 2,
    .levels = ND_REDUCED,
    .level_error = 6.20,
    .scattered = true,
    .plan = plan,
    .compute = compute,
    .window = window,
};
