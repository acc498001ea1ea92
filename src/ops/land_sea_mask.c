// SPDX-License-Identifier: Apache-2.0
// Land-Sea-Mask: no data on land, or at sea, by shapes or by heights.
#include <nadir/auxdata.h>
#include <nadir/op.h>
#include <nadir/product.h>
#include <nadir/vector.h>
#include <string.h>

typedef struct land_sea_mask {
    nd_list bands;
    bool land_mask, use_srtm;
    const char *geometry;
    bool invert_geometry;
    int shoreline_extension;
    nd_path vector_file, dem_file;
    bool zero_is_sea, missing_is_sea;
} land_sea_mask;

static const nd_param params[] = {
    ND_PARAM(land_sea_mask, bands, {0}, .snap = "sourceBands", .was = "bandNames",
             .of = "band", .help = "Bands to mask; all if none is named"),
    ND_PARAM(land_sea_mask, land_mask, true, .snap = "landMask",
             .help = "Take the land out; else the sea"),
    ND_PARAM(land_sea_mask, use_srtm, true, .snap = "useSRTM",
             .help = "What has no height is sea; else what is deeper than 10 m"),
    ND_PARAM(land_sea_mask, geometry, "", .of = "band",
             .help = "Mask of the scene: what is inside stays, whatever the heights say"),
    ND_PARAM(land_sea_mask, invert_geometry, false, .snap = "invertGeometry",
             .help = "What is outside of the geometry stays"),
    ND_PARAM(land_sea_mask, shoreline_extension, 0, .snap = "shorelineExtension",
             .max = 4096, .soft_max = 50, .step = 1, .unit = "pixels",
             .help = "How far what is taken out reaches beyond the shore"),
    ND_PARAM(land_sea_mask, vector_file, {NULL}, .of = "vector",
             .help = "File of shapes that are land; no heights are needed"),
    ND_PARAM(land_sea_mask, dem_file, {NULL}, .of = "raster",
             .help = "File of heights; sought among the auxiliary data if not given"),
    ND_PARAM(land_sea_mask, zero_is_sea, true,
             .help = "A height of exactly 0 is sea, as SRTM 1 arc-second writes it"),
    ND_PARAM(land_sea_mask, missing_is_sea, false,
             .help = "Tiles of heights that lack are open sea"),
};

typedef struct dem {
    const nd_transform *way; // from the scene to this file's system
    nd_grid grid;
    int level; // added to a preview's: that of the file whose pixels are as large
} dem;
typedef struct state {
    const land_sea_mask *set;
    nd_source *from;
    bool *is_masked;      // by band
    int geometry;         // its band in the input; -1: none
    const nd_grid *grids; // those of masked bands, all different
    const nd_layout **shapes;
    int grid_count;
    dem *dem; // by input, from the second on
} state;

// ---- Plan. The files of heights are inputs like any other, so that the schedule knows.

static bool holds(const nd_list *list, const char *name)
{
    for (size_t i = 0; i < list->count; i++)
        if (nd_text_same(list->item[i], name)) return true;
    return !list->count;
}

static nd_status choose_bands(nd_node *self, state *s)
{
    int kept = 0, band;
    for (size_t i = 0; i < s->set->bands.count; i++)
        ND_TRY(nd_band_choose(self, s->set->bands.item[i], 0, &band));
    for (int b = 0; b < self->bands; b++) {
        nd_band made = self->band[b];
        const bool is_data = made.role == ND_DATA;
        if (is_data && !holds(&s->set->bands, made.name)) continue;
        // A sample that no pixel of a file of whole numbers needs, as SNAP writes it.
        if (is_data && isnan(made.no_data) && made.sample != ND_F32 &&
            made.sample != ND_F64)
            made.no_data = 0;
        s->from[kept].band = b;
        s->is_masked[kept] = is_data;
        self->band[kept++] = made;
    }
    self->bands = kept;
    return ND_OK;
}

static nd_status lay_shapes(nd_node *self, state *s)
{
    nd_grid *grids = nd_alloc(self->arena, (size_t)self->bands, sizeof *grids);
    s->shapes = nd_alloc(self->arena, (size_t)self->bands, sizeof(nd_layout *));
    if (!grids || !s->shapes) return ND_E_MEMORY;
    s->grids = grids;
    const nd_vector *v = nd_vector_open(self->arena, s->set->vector_file.text, NULL);
    if (!v) return nd_error_code();
    self->key = nd_hash_text(self->key, nd_vector_identity(v));
    for (int b = 0; b < self->bands; b++) {
        int i = 0;
        while (i < s->grid_count && !nd_grid_same(&grids[i], &self->band[b].grid)) i++;
        if (!s->is_masked[b] || i < s->grid_count) continue;
        grids[i] = self->band[b].grid;
        s->shapes[i] = nd_vector_lay(self->arena, v, &grids[i]);
        if (!s->shapes[i]) return nd_error_code();
        s->grid_count++;
    }
    return ND_OK;
}

// Pixels of heights that are no smaller than half a pixel of the scene would be.
static int suiting_level(const nd_transform *way, const nd_grid *scene,
                         const nd_grid *heights)
{
    double x[2] = {scene->x + scene->pixel_x * scene->width / 2}, y[2];
    x[1] = x[0] + scene->pixel_x;
    y[0] = y[1] = scene->y + scene->pixel_y * scene->height / 2;
    if (nd_transform_points(way, 2, x, y) != ND_OK) return (void)nd_error_take(), 0;
    const double ratio = fabs((x[1] - x[0]) / heights->pixel_x);
    return ratio > 2 ? (int)log2(ratio) : 0;
}

static nd_status join_dem(nd_node *self, state *s)
{
    s->dem = nd_alloc(self->arena, (size_t)self->inputs, sizeof *s->dem);
    if (!s->dem) return ND_E_MEMORY;
    const nd_grid *scene = &self->band[0].grid;
    for (int i = 1; i < self->inputs; i++) {
        const nd_node *heights = self->input[i];
        dem *d = &s->dem[i];
        if (!heights->bands || !heights->band[0].grid.crs)
            return nd_fail(ND_E_DATA,
                           "heights: %s has no coordinate system\n"
                           "give a file of heights that has one",
                           heights->name);
        d->grid = heights->band[0].grid;
        d->way = nd_transform_new(self->arena, scene->crs, d->grid.crs);
        if (!d->way) return nd_error_code();
        d->level = suiting_level(d->way, scene, &d->grid);
    }
    return ND_OK;
}

static nd_status plan(nd_node *self)
{
    state *s = nd_alloc(self->arena, 1, sizeof *s);
    if (!s) return ND_E_MEMORY;
    s->set = self->state, s->geometry = -1;
    s->from = nd_alloc(self->arena, (size_t)self->bands, sizeof *s->from);
    s->is_masked = nd_alloc(self->arena, (size_t)self->bands, sizeof *s->is_masked);
    if (!s->from || !s->is_masked) return ND_E_MEMORY;
    if (nd_text_is_set(s->set->geometry))
        ND_TRY(nd_band_choose(self, s->set->geometry, 0, &s->geometry));
    ND_TRY(choose_bands(self, s));
    self->state = s;
    if (s->geometry >= 0) return ND_OK;
    if (nd_text_is_set(s->set->vector_file.text)) return lay_shapes(self, s);
    return join_dem(self, s);
}

// ---- Compute: what is to go, as 1 in a plane of its own.

static nd_rect grown(nd_rect r, int radius)
{
    return (nd_rect){r.x - radius, r.y - radius, r.width + 2 * radius,
                     r.height + 2 * radius};
}

static int radius_at(const state *s, int level)
{
    return (s->set->shoreline_extension + (1 << level) / 2) >> level;
}

static nd_status find_by_geometry(const nd_node *self, nd_work *work, nd_tile *gone)
{
    const state *s = self->state;
    nd_tile in;
    ND_TRY(nd_read(self->input[0], work, ND_BANDS(s->geometry), gone->level, gone->rect,
                   &in));
    for (int y = gone->rect.y; y < gone->rect.y + gone->rect.height; y++)
        for (int x = gone->rect.x; x < gone->rect.x + gone->rect.width; x++) {
            const float v = *nd_at(&in, 0, x, y);
            const bool is_inside = !isnan(v) && v != 0;
            *nd_at(gone, 0, x, y) = is_inside == s->set->invert_geometry;
        }
    return ND_OK;
}

static nd_status find_by_shapes(const nd_node *self, nd_work *work, const nd_grid *grid,
                                nd_tile *gone)
{
    const state *s = self->state;
    const size_t count = (size_t)gone->rect.width * (size_t)gone->rect.height;
    int i = 0;
    while (i < s->grid_count - 1 && !nd_grid_same(&s->grids[i], grid)) i++;
    for (size_t p = 0; p < count; p++) gone->data[p] = s->set->land_mask ? 0 : 1;
    for (int shape = 0; shape < nd_layout_shapes(s->shapes[i]); shape++) {
        ND_TRY(nd_work_go_on(work));
        ND_TRY(nd_layout_burn(s->shapes[i], work, shape, 0, s->set->land_mask ? 1 : 0,
                              gone));
    }
    return ND_OK;
}

// The result itself takes the nearest height there is; previews look at smaller copies.
static int level_of(const dem *d, int level)
{
    return level ? d->level + level : 0;
}

// Where pixels of a row lie in a file of heights: transformed at every so many columns,
// counted from column 0, and straight between. Over 2 km a way bends by some 0.1 m.
typedef struct row_way {
    int first, count, stride; // anchors, and the columns from one to the next
    double *x, *y;
} row_way;

static int stride_of(const nd_grid *grid)
{
    const bool is_degrees = grid->crs && grid->crs->is_geographic;
    const double pixel_m = fabs(grid->pixel_x) * (is_degrees ? 111320 : 1);
    const double columns = 2000 / pixel_m;
    return columns >= 16 ? 16 : columns >= 2 ? (int)columns : 1;
}

static nd_status place_row(const dem *d, nd_work *work, nd_grid grid, nd_rect r, int y,
                           row_way *row)
{
    const int stride = stride_of(&grid);
    row->stride = stride, row->first = r.x / stride;
    row->count = (r.x + r.width - row->first * stride - 1) / stride + 2;
    row->x = nd_alloc_raw(work->arena, 2 * (size_t)row->count, sizeof *row->x);
    if (!row->x) return ND_E_MEMORY;
    row->y = row->x + row->count;
    for (int i = 0; i < row->count; i++) {
        row->x[i] = grid.x + grid.pixel_x * ((row->first + i) * stride + 0.5);
        row->y[i] = grid.y + grid.pixel_y * (y + 0.5);
    }
    ND_TRY(nd_transform_points(d->way, (size_t)row->count, row->x, row->y));
    for (int i = 0; i < row->count; i++) {
        row->x[i] = (row->x[i] - d->grid.x) / d->grid.pixel_x;
        row->y[i] = (row->y[i] - d->grid.y) / d->grid.pixel_y;
    }
    return ND_OK;
}

// Pixel of the file at `level`; {-1, -1} where there is none.
static void place_pixel(const row_way *row, const dem *d, int level, int x, int at[2])
{
    const int i = x / row->stride - row->first;
    const double t = (double)(x % row->stride) / row->stride;
    const double px = row->x[i] + t * (row->x[i + 1] - row->x[i]);
    const double py = row->y[i] + t * (row->y[i + 1] - row->y[i]);
    at[0] = at[1] = -1;
    if (!(px >= 0 && px < d->grid.width && py >= 0 && py < d->grid.height)) return;
    at[0] = (int)px >> level, at[1] = (int)py >> level;
}

// One row of heights from one file; pixels that it does not cover stay.
static nd_status take_row(const nd_node *self, nd_work *work, int input, nd_grid grid,
                          const nd_tile *gone, int y)
{
    const state *s = self->state;
    const dem *d = &s->dem[input];
    const int level = level_of(d, gone->level);
    const nd_rect r = gone->rect;
    row_way row;
    int low[2] = {2147483647, 2147483647}, high[2] = {-1, -1}, at[2];
    ND_TRY(place_row(d, work, grid, r, y, &row));
    for (int x = r.x; x < r.x + r.width; x++) {
        place_pixel(&row, d, level, x, at);
        for (int a = 0; a < 2 && at[0] >= 0; a++) {
            if (at[a] < low[a]) low[a] = at[a];
            if (at[a] > high[a]) high[a] = at[a];
        }
    }
    if (high[0] < 0) return ND_OK;
    nd_tile in;
    ND_TRY(nd_read(self->input[input], work, ND_BANDS(0), level,
                   (nd_rect){low[0], low[1], high[0] - low[0] + 1, high[1] - low[1] + 1},
                   &in));
    for (int x = r.x; x < r.x + r.width; x++) {
        place_pixel(&row, d, level, x, at);
        if (at[0] >= 0) *nd_at(gone, 0, x, y) = *nd_at(&in, 0, at[0], at[1]);
    }
    return ND_OK;
}

static bool is_land(const nd_node *self, float height)
{
    const land_sea_mask *set = ((const state *)self->state)->set;
    if (!set->use_srtm) return height >= -10;
    return !isnan(height) && (height != 0 || !set->zero_is_sea || self->strict);
}

static nd_status find_by_heights(const nd_node *self, nd_work *work, nd_grid grid,
                                 nd_tile *gone)
{
    const state *s = self->state;
    const nd_rect r = gone->rect;
    const nd_grid level = nd_grid_at(grid, gone->level);
    for (int y = r.y; y < r.y + r.height; y++) {
        for (int x = r.x; x < r.x + r.width; x++) *nd_at(gone, 0, x, y) = NAN;
        for (int i = 1; i < self->inputs; i++) {
            const nd_mark mark = nd_arena_mark(work->arena);
            ND_TRY(take_row(self, work, i, level, gone, y));
            nd_arena_back(work->arena, mark);
        }
        for (int x = r.x; x < r.x + r.width; x++) {
            float *p = nd_at(gone, 0, x, y);
            *p = is_land(self, *p) == s->set->land_mask;
        }
    }
    return ND_OK;
}

// Widens what is gone by `radius` along `step`, for `count` pixels; `old` is a copy.
static void widen_line(float *line, ptrdiff_t step, int count, int radius, float *old)
{
    int last = -radius - 1; // the last one gone
    for (int i = 0; i < count; i++) old[i] = line[i * step];
    for (int i = 0; i < count + radius; i++) {
        if (i < count && old[i] != 0) last = i;
        if (i >= radius && i - last <= 2 * radius) line[(i - radius) * step] = 1;
    }
}

static nd_status widen(nd_work *work, nd_tile *gone, int radius)
{
    const int width = gone->rect.width, height = gone->rect.height;
    const int longest = width > height ? width : height;
    float *old = nd_alloc_raw(work->arena, (size_t)longest, sizeof *old);
    if (!old) return ND_E_MEMORY;
    for (int y = 0; y < height; y++)
        widen_line(gone->data + y * gone->stride, 1, width, radius, old);
    for (int x = 0; x < width; x++)
        widen_line(gone->data + x, gone->stride, height, radius, old);
    return ND_OK;
}

static nd_status find_gone(const nd_node *self, nd_work *work, const nd_tile *tile,
                           int band, nd_tile *gone)
{
    const state *s = self->state;
    const nd_grid *grid = &self->band[band].grid;
    const nd_grid level = nd_grid_at(*grid, tile->level);
    const int radius = radius_at(s, tile->level);
    const nd_rect r = nd_rect_clip(grown(tile->rect, radius), level.width, level.height);
    *gone = (nd_tile){r, tile->level, ND_BANDS(0), r.width, 0, NULL};
    gone->data =
        nd_alloc_raw(work->arena, (size_t)r.width * (size_t)r.height, sizeof(float));
    if (!gone->data) return ND_E_MEMORY;
    if (s->geometry >= 0)
        ND_TRY(find_by_geometry(self, work, gone));
    else if (s->shapes)
        ND_TRY(find_by_shapes(self, work, grid, gone));
    else
        ND_TRY(find_by_heights(self, work, *grid, gone));
    return radius ? widen(work, gone, radius) : ND_OK;
}

static nd_status compute(const nd_node *self, nd_work *work, nd_tile *tile)
{
    const state *s = self->state;
    const nd_rect r = tile->rect;
    nd_tile gone = {0};
    ND_TRY(nd_forward(self, work, s->from, 0, 0, tile));
    for (int k = 0; k < tile->bands.count; k++) {
        const int band = tile->bands.band[k];
        if (!s->is_masked[band]) continue;
        if (!gone.data) ND_TRY(find_gone(self, work, tile, band, &gone));
        for (int y = r.y; y < r.y + r.height; y++)
            for (int x = r.x; x < r.x + r.width; x++)
                if (*nd_at(&gone, 0, x, y) != 0) *nd_at(tile, k, x, y) = NAN;
    }
    return ND_OK;
}

// Of heights: the box around the outline of the tile, a little larger.
static nd_rect heights_window(const nd_node *self, int input, const nd_tile *tile,
                              int *level)
{
    enum { SIDE = 8, POINTS = SIDE * SIDE };
    const state *s = self->state;
    const dem *d = &s->dem[input];
    const nd_grid grid = nd_grid_at(self->band[tile->bands.band[0]].grid, tile->level);
    const nd_rect r = grown(tile->rect, radius_at(s, tile->level));
    double x[POINTS], y[POINTS];
    double low[2] = {INFINITY, INFINITY}, high[2] = {-INFINITY, -INFINITY};
    for (int i = 0; i < POINTS; i++) {
        const int column = i % SIDE, line = i / SIDE;
        x[i] = grid.x + grid.pixel_x * (r.x + r.width * column / (SIDE - 1.0));
        y[i] = grid.y + grid.pixel_y * (r.y + r.height * line / (SIDE - 1.0));
    }
    *level = level_of(d, tile->level);
    if (nd_transform_points(d->way, POINTS, x, y) != ND_OK)
        return (void)nd_error_take(), (nd_rect){0};
    for (int i = 0; i < POINTS; i++) {
        if (!isfinite(x[i]) || !isfinite(y[i])) continue;
        const double p[2] = {(x[i] - d->grid.x) / d->grid.pixel_x,
                             (y[i] - d->grid.y) / d->grid.pixel_y};
        for (int a = 0; a < 2; a++) {
            low[a] = fmin(low[a], p[a]), high[a] = fmax(high[a], p[a]);
        }
    }
    if (!(low[0] < d->grid.width && high[0] >= 0 && low[1] < d->grid.height &&
          high[1] >= 0))
        return (nd_rect){0};
    const int left = (int)fmax(low[0] - 2, 0) >> *level;
    const int top = (int)fmax(low[1] - 2, 0) >> *level;
    const int right = (int)fmin(high[0] + 2, d->grid.width - 1) >> *level;
    const int bottom = (int)fmin(high[1] + 2, d->grid.height - 1) >> *level;
    return (nd_rect){left, top, right - left + 1, bottom - top + 1};
}

static nd_rect window(const nd_node *self, int input, const nd_tile *tile, int *level)
{
    const state *s = self->state;
    if (input) return heights_window(self, input, tile, level);
    *level = tile->level;
    return s->geometry >= 0 ? grown(tile->rect, radius_at(s, tile->level)) : tile->rect;
}

static const nd_op op_masked = {
    .name = "land_sea_mask",
    .snap = "Land-Sea-Mask",
    .brief = "Take the land out of a scene, or the sea",
    .table = ND_TABLE(params, land_sea_mask),
    .min_inputs = 1,
    .max_inputs = -1,
    .levels = ND_REDUCED, // pixels become no data
    .plan = plan,
    .compute = compute,
    .window = window,
};

// ---- The scene, and the files of heights that lie under it.

extern const nd_op nd_op_read;

static nd_status find_heights(nd_arena *arena, const nd_make *make, nd_list *files)
{
    const land_sea_mask *set = make->settings->data;
    const nd_node *scene = make->input[0];
    const nd_grid *grid = scene->bands ? &scene->band[0].grid : NULL;
    if (!grid || !grid->crs)
        return nd_fail(ND_E_DATA, "the picture has no coordinate system, so no heights "
                                  "lie under it\ngive it one, or use a geometry");
    const nd_crs *degrees = nd_crs_new(arena, "EPSG:4326");
    const nd_transform *way =
        degrees ? nd_transform_new(arena, grid->crs, degrees) : NULL;
    if (!way) return nd_error_code();
    nd_dem_ask ask = {.file = set->dem_file.text,
                      .scene = scene->product ? scene->product->path : NULL,
                      .missing_is_sea = set->missing_is_sea};
    ND_TRY(nd_transform_box(way, nd_grid_box(grid), &ask.ground));
    return nd_aux_dem(arena, &ask, files);
}

static nd_node *open_heights(nd_arena *arena, const nd_make *make, const char *path)
{
    const nd_make read = {.op = &nd_op_read, .place = make->place, .id = "heights"};
    return nd_node_with(arena, &read, "file", path);
}

static nd_node *join(nd_arena *arena, const nd_make *make, const nd_list *files)
{
    nd_node **input = nd_alloc(arena, files->count + 1, sizeof *input);
    const char **id = nd_alloc(arena, files->count + 1, sizeof *id);
    if (!input || !id) return NULL;
    input[0] = make->input[0], id[0] = "sourceProduct";
    for (size_t i = 0; i < files->count; i++) {
        id[i + 1] = files->item[i];
        if (!(input[i + 1] = open_heights(arena, make, files->item[i]))) return NULL;
    }
    nd_make masked = *make;
    masked.op = &op_masked;
    masked.input = input, masked.input_id = id, masked.inputs = (int)files->count + 1;
    return nd_node_new(arena, &masked);
}

static nd_node *compose(nd_arena *arena, const nd_make *make)
{
    const land_sea_mask *set = make->settings->data;
    nd_list files = {0};
    nd_status status = ND_OK;
    if (make->inputs != 1)
        status =
            nd_fail(ND_E_PARAM, "it has %d inputs, not %d\nconnect as many as it needs",
                    make->inputs, 1);
    else if (!nd_text_is_set(set->geometry) && !nd_text_is_set(set->vector_file.text))
        status = find_heights(arena, make, &files);
    if (status == ND_OK) return join(arena, make, &files);
    nd_note("%s", make->place ? make->place : make->op->name);
    return NULL;
}

const nd_op nd_op_land_sea_mask = {
    .name = "land_sea_mask",
    .snap = "Land-Sea-Mask",
    .brief = "Take the land out of a scene, or the sea",
    .example = "nadir land_sea_mask scene.SAFE -o sea.tif --vector-file coast.shp",
    .help = "By shapes of land, by a mask of the scene, or by heights: land is where\n"
            "there is a height. Heights are read from dem_file or sought beside the\n"
            "scene, in $NADIR_AUX, in ~/.local/share/nadir/aux and in SNAP's folder;\n"
            "they are never fetched silently. SRTM 1 arc-second writes open sea as 0,\n"
            "so land at exactly 0 m is taken for sea unless zero_is_sea is false.",
    .table = ND_TABLE(params, land_sea_mask),
    .min_inputs = 1,
    .max_inputs = 1,
    .levels = ND_REDUCED,
    .compose = compose,
};
