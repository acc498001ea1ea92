// SPDX-License-Identifier: Apache-2.0
// Subset: a part of the ground, some of the bands, every n-th pixel.
#include <nadir/run.h>
#include <nadir/vector.h>
#include <string.h>

typedef struct subset {
    nd_list bands, tie_point_grids;
    const char *region, *reference_band, *geo_region;
    nd_path aoi;
    int sub_sampling_x, sub_sampling_y;
    bool full_swath;
    nd_path vector_file;
    const char *polygon_region;
    bool copy_metadata;
} subset;

static const nd_param params[] = {
    ND_PARAM(subset, bands, {0}, .snap = "sourceBands", .was = "bandNames", .of = "band",
             .help = "Bands to keep; all if none is named"),
    ND_PARAM(subset, tie_point_grids, {0}, .snap = "tiePointGrids",
             .was = "tiePointGridNames", .of = "band",
             .help = "Angle grids to keep; all if none is named"),
    ND_PARAM(subset, region, NULL, .unit = "pixels",
             .help = "Part to keep as x,y,width,height; a width or height of 0 goes to "
                     "the edge"),
    ND_PARAM(subset, reference_band, NULL, .snap = "referenceBand", .of = "band",
             .help = "Band whose pixels region counts; the one with the most if not "
                     "given"),
    ND_PARAM(subset, geo_region, NULL, .snap = "geoRegion",
             .help = "Shape in WKT, longitude and latitude, whose box is kept; wins over "
                     "region"),
    ND_PARAM(subset, aoi, {0}, .of = "vector",
             .help = "File of shapes, as GeoJSON, whose box is kept"),
    ND_PARAM(subset, sub_sampling_x, 1, .snap = "subSamplingX", .min = 1, .max = 10000,
             .soft_min = 1, .soft_max = 16, .step = 1, .unit = "pixels",
             .help = "Take every n-th column"),
    ND_PARAM(subset, sub_sampling_y, 1, .snap = "subSamplingY", .min = 1, .max = 10000,
             .soft_min = 1, .soft_max = 16, .step = 1, .unit = "pixels",
             .help = "Take every n-th row"),
    ND_PARAM(subset, full_swath, false, .snap = "fullSwath",
             .help = "Keep the whole width whatever the region says"),
    ND_PARAM(subset, vector_file, {0}, .snap = "vectorFile", .of = "vector",
             .help = "File of shapes: their box is kept, outside of them is no data"),
    ND_PARAM(subset, polygon_region, NULL, .snap = "polygonRegion",
             .help = "Shape in WKT: its box is kept, outside of it is no data"),
    ND_PARAM(subset, copy_metadata, true, .snap = "copyMetadata",
             .help = "Keep what the product says of itself"),
};

// What plan works out. Bands of one piece are cut alike.
typedef struct piece {
    nd_grid of; // the input's
    nd_rect rect;
    int step_x, step_y;
    const nd_layout *shapes; // what lies outside is no data; NULL: nothing does
} piece;
typedef struct state {
    nd_source *from;
    int *piece_of; // by band
    piece *piece;
    int pieces;
    bool is_rough; // the input's levels are no means: near is near enough
} state;

static bool holds(const nd_list *list, const char *name)
{
    for (size_t i = 0; i < list->count; i++)
        if (nd_text_same(list->item[i], name)) return true;
    return false;
}

// ---- Plan: which ground, in pixels of the reference band.

static nd_status read_region(nd_node *self, const char *text, double box[4])
{
    const char *const *item;
    size_t count;
    int64_t n[4];
    ND_TRY(nd_text_split(self->arena, text, &item, &count));
    bool ok = count == 4;
    for (size_t i = 0; i < 4 && ok; i++)
        ok = nd_text_size(item[i], &n[i]) && n[i] >= 0 && n[i] <= 2147483647;
    if (!ok)
        return nd_fail(ND_E_PARAM,
                       "region: %s is not x,y,width,height\n"
                       "write four whole numbers, as in 0,0,512,512",
                       text);
    box[0] = (double)n[0], box[1] = (double)n[1];
    box[2] = n[2] ? (double)(n[0] + n[2]) : INFINITY;
    box[3] = n[3] ? (double)(n[1] + n[3]) : INFINITY;
    return ND_OK;
}

static nd_status find_reference(const nd_node *self, const char *name, int *band)
{
    if (nd_text_is_set(name)) return nd_band_choose(self, name, 0, band);
    *band = -1;
    for (int b = 0; b < self->bands; b++) {
        const nd_grid *g = &self->band[b].grid;
        const nd_grid *best = *band < 0 ? NULL : &self->band[*band].grid;
        if (self->band[b].role == ND_ANGLE) continue;
        if (!best || (int64_t)g->width * g->height > (int64_t)best->width * best->height)
            *band = b;
    }
    return *band >= 0 ? ND_OK : nd_band_choose(self, NULL, 0, band);
}

// The shapes that say which ground is kept, and whether they also cut what is around.
static nd_status open_shapes(nd_node *self, const nd_vector **shapes, bool *cuts)
{
    const subset *set = self->state;
    *shapes = NULL;
    *cuts = nd_text_is_set(set->vector_file.text) || nd_text_is_set(set->polygon_region);
    const char *file =
        nd_text_is_set(set->vector_file.text) ? set->vector_file.text : set->aoi.text;
    const char *wkt =
        nd_text_is_set(set->polygon_region) ? set->polygon_region : set->geo_region;
    if (nd_text_is_set(set->vector_file.text) ||
        (!*cuts && !nd_text_is_set(wkt) && nd_text_is_set(file)))
        *shapes = nd_vector_open(self->arena, file, NULL);
    else if (nd_text_is_set(wkt))
        *shapes = nd_vector_parse(self->arena, wkt);
    else
        return ND_OK;
    if (!*shapes) return ND_E_PARAM;
    self->key = nd_hash_text(self->key, nd_vector_identity(*shapes));
    return ND_OK;
}

static nd_status find_box(nd_node *self, const nd_grid *grid, const nd_vector *shapes,
                          double box[4])
{
    const subset *set = self->state;
    box[0] = box[1] = 0, box[2] = grid->width, box[3] = grid->height;
    if (shapes) {
        const nd_layout *laid = nd_vector_lay(self->arena, shapes, grid);
        if (!laid) return nd_error_code();
        if (!nd_layout_bounds(laid, box))
            return nd_fail(ND_E_DATA, "the region lies outside of the picture\n"
                                      "give a region that overlaps it");
    } else if (nd_text_is_set(set->region)) {
        ND_TRY(read_region(self, set->region, box));
        if (box[0] >= grid->width || box[1] >= grid->height)
            return nd_fail(ND_E_PARAM,
                           "region: %s begins outside of the picture\n"
                           "it has %d x %d pixels",
                           set->region, grid->width, grid->height);
    }
    if (set->full_swath) box[0] = 0, box[2] = grid->width;
    box[2] = fmin(box[2], grid->width), box[3] = fmin(box[3], grid->height);
    return ND_OK;
}

// ---- Plan: the same ground in pixels of every other grid.

// The band that was asked for by ground keeps every pixel touched, others keep those
// whose centres lie inside (SNAP's rounding); angle grids of their own keep a node more
// on each side, for what is read between their nodes, but not strictly.
typedef enum rounding { TOUCHED, CENTRES, MARGIN } rounding;

static void to_pixels(double low, double high, int size, rounding how, int *at,
                      int *count)
{
    double from = floor(low - 1), to = ceil(high + 1);
    if (how == TOUCHED) from = floor(nd_whole(low)), to = ceil(nd_whole(high));
    // A centre on the edge itself belongs to what begins there, not to what ends.
    if (how == CENTRES) from = ceil(nd_whole(low - 0.5)), to = ceil(nd_whole(high - 0.5));
    from = fmin(fmax(from, 0), size - 1.0);
    to = fmax(fmin(to, size), from + 1);
    *at = (int)from, *count = (int)(to - from);
}

static nd_rect rect_in(const nd_band *band, const nd_grid *reference, const double box[4],
                       bool strict)
{
    const bool is_same = nd_grid_same(&band->grid, reference);
    const bool has_margin = band->role == ND_ANGLE && !strict;
    const rounding how = is_same ? TOUCHED : has_margin ? MARGIN : CENTRES;
    const nd_grid *g = &band->grid, *r = reference;
    double x[2], y[2];
    for (int i = 0; i < 2; i++) {
        const double *corner = i ? box + 2 : box;
        x[i] = (r->x + corner[0] * r->pixel_x - g->x) / g->pixel_x;
        y[i] = (r->y + corner[1] * r->pixel_y - g->y) / g->pixel_y;
        if (is_same) x[i] = corner[0], y[i] = corner[1];
        // Bands that nothing says the place of: all of them show the same.
        if (!is_same && !g->crs && !r->crs && g->x == r->x && g->y == r->y &&
            g->pixel_x == r->pixel_x && g->pixel_y == r->pixel_y) {
            x[i] = corner[0] * g->width / r->width;
            y[i] = corner[1] * g->height / r->height;
        }
    }
    nd_rect rect;
    to_pixels(x[0], x[1], g->width, how, &rect.x, &rect.width);
    to_pixels(y[0], y[1], g->height, how, &rect.y, &rect.height);
    return rect;
}

static nd_status add_piece(nd_node *self, state *s, const piece *made,
                           const nd_vector *cut, int *at)
{
    for (*at = 0; *at < s->pieces; (*at)++) {
        const piece *p = &s->piece[*at];
        if (nd_grid_same(&p->of, &made->of) && p->step_x == made->step_x &&
            p->step_y == made->step_y &&
            memcmp(&p->rect, &made->rect, sizeof p->rect) == 0)
            return ND_OK;
    }
    piece *p = &s->piece[s->pieces++];
    *p = *made;
    if (!cut) return ND_OK;
    nd_grid grid = made->of;
    grid.x += grid.pixel_x * made->rect.x, grid.y += grid.pixel_y * made->rect.y;
    grid.width = made->rect.width, grid.height = made->rect.height;
    p->shapes = nd_vector_lay(self->arena, cut, &grid);
    return p->shapes ? ND_OK : ND_E_DATA;
}

static void cut_grid(nd_grid *grid, const piece *p)
{
    grid->x += grid->pixel_x * p->rect.x, grid->y += grid->pixel_y * p->rect.y;
    grid->width = (p->rect.width - 1) / p->step_x + 1;
    grid->height = (p->rect.height - 1) / p->step_y + 1;
    grid->pixel_x *= p->step_x, grid->pixel_y *= p->step_y;
}

static bool is_kept(const subset *set, const nd_band *band)
{
    if (holds(&set->bands, band->name)) return true;
    if (band->role == ND_ANGLE)
        return !set->tie_point_grids.count || holds(&set->tie_point_grids, band->name);
    return !set->bands.count || band->role == ND_MASK;
}

typedef struct cutting {
    nd_grid reference;
    double box[4];
    const nd_vector *cut;
} cutting;

static nd_status cut_bands(nd_node *self, state *s, const cutting *c)
{
    const subset *set = self->settings.data;
    int kept = 0;
    for (int b = 0; b < self->bands; b++) {
        nd_band band = self->band[b];
        if (!is_kept(set, &band)) continue;
        const bool is_thinned = band.role != ND_ANGLE && !c->cut;
        const piece made = {.of = band.grid,
                            .rect = rect_in(&band, &c->reference, c->box, self->strict),
                            .step_x = is_thinned ? set->sub_sampling_x : 1,
                            .step_y = is_thinned ? set->sub_sampling_y : 1};
        const nd_vector *cut = band.role == ND_ANGLE ? NULL : c->cut;
        ND_TRY(add_piece(self, s, &made, cut, &s->piece_of[kept]));
        s->from[kept] = (nd_source){0, b};
        cut_grid(&band.grid, &made);
        self->band[kept++] = band;
    }
    self->bands = kept;
    return ND_OK;
}

static nd_status know_all(const nd_node *self, const nd_list *names)
{
    int band;
    for (size_t i = 0; i < names->count; i++)
        ND_TRY(nd_band_choose(self, names->item[i], 0, &band));
    return ND_OK;
}

static state *state_new(const nd_node *self)
{
    const size_t bands = (size_t)self->bands;
    state *s = nd_alloc(self->arena, 1, sizeof *s);
    if (!s) return NULL;
    s->from = nd_alloc(self->arena, bands, sizeof *s->from);
    s->piece_of = nd_alloc(self->arena, bands, sizeof *s->piece_of);
    s->piece = nd_alloc(self->arena, bands, sizeof *s->piece);
    s->is_rough = nd_levels_of(self->input[0]) == ND_REDUCED;
    return s->from && s->piece_of && s->piece ? s : NULL;
}

static nd_status find_ground(nd_node *self, cutting *c)
{
    const subset *set = self->settings.data;
    int reference;
    const nd_vector *shapes;
    bool cuts;
    ND_TRY(find_reference(self, set->reference_band, &reference));
    ND_TRY(open_shapes(self, &shapes, &cuts));
    c->reference = self->band[reference].grid;
    c->cut = cuts ? shapes : NULL;
    if (cuts && (set->sub_sampling_x > 1 || set->sub_sampling_y > 1))
        nd_say(ND_NOTE, "%s: inside a shape every pixel is kept, not every n-th",
               self->place);
    return find_box(self, &c->reference, shapes, c->box);
}

static nd_status plan(nd_node *self)
{
    const subset *set = self->state;
    state *s = state_new(self);
    cutting c = {0};
    if (!s) return ND_E_MEMORY;
    ND_TRY(know_all(self, &set->bands));
    ND_TRY(know_all(self, &set->tie_point_grids));
    ND_TRY(find_ground(self, &c));
    ND_TRY(cut_bands(self, s, &c));
    if (!set->copy_metadata) self->product = NULL;
    self->state = s;
    self->name = nd_text(self->arena, "Subset_%s", self->name);
    return self->name ? ND_OK : ND_E_MEMORY;
}

// ---- Compute.

// The largest level whose pixels begin and end with whole pixels of `n`.
static int fitting_level(int n)
{
    int level = 0;
    while (level < 30 && n % (1 << (level + 1)) == 0) level++;
    return n ? level : 30;
}

static nd_status mask(const piece *p, nd_work *work, nd_tile *tile)
{
    const nd_rect r = tile->rect;
    if (!p->shapes) return ND_OK;
    const nd_mark mark = nd_arena_mark(work->arena);
    nd_tile held = {r, tile->level, ND_BANDS(0), r.width, 0, NULL};
    held.data = nd_alloc(work->arena, (size_t)r.width * (size_t)r.height, sizeof(float));
    if (!held.data) return ND_E_MEMORY;
    for (int s = 0; s < nd_layout_shapes(p->shapes); s++)
        ND_TRY(nd_layout_burn(p->shapes, work, s, 0, 1, &held));
    for (int k = 0; k < tile->bands.count; k++)
        for (int y = r.y; y < r.y + r.height; y++)
            for (int x = r.x; x < r.x + r.width; x++)
                if (*nd_at(&held, 0, x, y) == 0) *nd_at(tile, k, x, y) = NAN;
    nd_arena_back(work->arena, mark);
    return ND_OK;
}

// Every n-th pixel, one row at a time, as the rows between are not wanted.
static nd_status thin(const nd_node *self, nd_work *work, const piece *p, nd_tile *tile)
{
    const state *s = self->state;
    const nd_rect r = tile->rect;
    int *band = nd_alloc(work->arena, (size_t)tile->bands.count, sizeof *band);
    if (!band) return ND_E_MEMORY;
    for (int k = 0; k < tile->bands.count; k++)
        band[k] = s->from[tile->bands.band[k]].band;
    for (int y = r.y; y < r.y + r.height; y++) {
        const nd_mark mark = nd_arena_mark(work->arena);
        const nd_rect need = {p->rect.x + r.x * p->step_x, p->rect.y + y * p->step_y,
                              (r.width - 1) * p->step_x + 1, 1};
        nd_tile in;
        ND_TRY(nd_read(self->input[0], work, (nd_bands){band, tile->bands.count}, 0, need,
                       &in));
        for (int k = 0; k < tile->bands.count; k++)
            for (int x = 0; x < r.width; x++)
                *nd_at(tile, k, r.x + x, y) =
                    *nd_at(&in, k, need.x + x * p->step_x, need.y);
        nd_arena_back(work->arena, mark);
    }
    return ND_OK;
}

static nd_tile part_of(const nd_tile *tile, nd_rect rect)
{
    nd_tile part = *tile;
    part.rect = rect;
    part.data = nd_at(tile, 0, rect.x, rect.y);
    return part;
}

// Columns and rows of a level that are whole pixels of it. The edge of the input is also
// its levels' edge.
static void count_whole(const piece *p, int level, bool fits, int *width, int *height)
{
    const nd_rect c = p->rect;
    *width = c.width >> level, *height = c.height >> level;
    if (fits && c.x + c.width == p->of.width) *width = ((c.width - 1) >> level) + 1;
    if (fits && c.y + c.height == p->of.height) *height = ((c.height - 1) >> level) + 1;
}

static nd_status cut_inner(const nd_node *self, nd_work *work, const piece *p,
                           nd_tile *tile)
{
    const state *s = self->state;
    const int start = fitting_level(p->rect.x | p->rect.y), level = tile->level;
    if (start < level) return nd_reduce_from(self, work, start, tile);
    ND_TRY(nd_forward(self, work, s->from, p->rect.x >> level, p->rect.y >> level, tile));
    return mask(p, work, tile);
}

// Pixels of a level are the input's own where both begin at the same place and cover the
// same pixels. Else they are averaged from the finest level where they do.
static nd_status cut_level(const nd_node *self, nd_work *work, const piece *p,
                           nd_tile *tile)
{
    const int level = tile->level;
    const nd_rect r = tile->rect, c = p->rect;
    const int whole = fitting_level(c.x | c.y | c.width | c.height);
    int width, height;
    count_whole(p, level, fitting_level(c.x | c.y) >= level, &width, &height);
    const nd_rect inner = nd_rect_clip(r, width, height);
    const nd_rect part[3] = {
        inner,
        {r.x + inner.width, r.y, r.width - inner.width, r.height},
        {r.x, r.y + inner.height, inner.width, r.height - inner.height}};
    for (int i = 0; i < 3; i++) {
        if (part[i].width < 1 || part[i].height < 1) continue;
        nd_tile to = part_of(tile, part[i]);
        ND_TRY(i ? nd_reduce_from(self, work, whole < level ? whole : level - 1, &to)
                 : cut_inner(self, work, p, &to));
    }
    return ND_OK;
}

// Where the input's levels only approximate, so may we: from two levels finer, moved by
// up to half a pixel of that, an eighth of ours. Else a whole scene would be decoded for
// an overview of a part of it.
static nd_status cut_nearly(const nd_node *self, nd_work *work, const piece *p,
                            nd_tile *tile)
{
    const state *s = self->state;
    const int start = fitting_level(p->rect.x | p->rect.y), level = tile->level;
    const int from = start >= level ? level : start > level - 2 ? start : level - 2;
    if (from < 1 && level > 0) return cut_level(self, work, p, tile);
    const int side = 1 << (level - from), half = from ? 1 << (from - 1) : 0;
    const int dx = (p->rect.x + half) >> from, dy = (p->rect.y + half) >> from;
    const nd_rect r = tile->rect;
    nd_tile fine = *tile;
    nd_kind *kind = nd_alloc(work->arena, (size_t)tile->bands.count, sizeof *kind);
    if (!kind) return ND_E_MEMORY;
    for (int k = 0; k < tile->bands.count; k++)
        kind[k] = self->band[tile->bands.band[k]].kind;
    if (side > 1) {
        const nd_grid grid = nd_grid_at(self->band[tile->bands.band[0]].grid, from);
        fine.level = from;
        fine.rect = nd_rect_clip(
            (nd_rect){r.x * side, r.y * side, r.width * side, r.height * side},
            grid.width, grid.height);
        const size_t pixels = (size_t)fine.rect.width * (size_t)fine.rect.height;
        fine.stride = fine.rect.width, fine.plane = (ptrdiff_t)pixels;
        fine.data = nd_alloc_raw(work->arena, pixels * (size_t)tile->bands.count,
                                 sizeof *fine.data);
        if (!fine.data) return ND_E_MEMORY;
    }
    ND_TRY(nd_forward(self, work, s->from, dx, dy, &fine));
    if (side > 1) ND_TRY(nd_reduce(work->arena, &fine, kind, tile));
    return mask(p, work, tile);
}

static nd_status cut(const nd_node *self, nd_work *work, const piece *p, nd_tile *tile)
{
    const state *s = self->state;
    if (p->step_x == 1 && p->step_y == 1)
        return s->is_rough ? cut_nearly(self, work, p, tile)
                           : cut_level(self, work, p, tile);
    return tile->level ? nd_reduce_from(self, work, 0, tile) : thin(self, work, p, tile);
}

// Bands of one size may come from pieces of several: one after the other.
static nd_status compute(const nd_node *self, nd_work *work, nd_tile *tile)
{
    const state *s = self->state;
    for (int first = 0, end; first < tile->bands.count; first = end) {
        const int at = s->piece_of[tile->bands.band[first]];
        for (end = first + 1; end < tile->bands.count; end++)
            if (s->piece_of[tile->bands.band[end]] != at) break;
        nd_tile part = *tile;
        part.bands = (nd_bands){tile->bands.band + first, end - first};
        part.data += first * tile->plane;
        ND_TRY(cut(self, work, &s->piece[at], &part));
    }
    return ND_OK;
}

static nd_rect window(const nd_node *self, int input, const nd_tile *tile, int *level)
{
    const state *s = self->state;
    const piece *p = &s->piece[s->piece_of[tile->bands.band[0]]];
    const int start = fitting_level(p->rect.x | p->rect.y);
    const bool is_thin = p->step_x > 1 || p->step_y > 1;
    (void)input;
    const int fit = s->is_rough && start < tile->level - 2 ? tile->level - 2 : start;
    *level = is_thin ? 0 : tile->level < fit ? tile->level : fit;
    const int side = 1 << (tile->level - *level);
    const int x = side * p->step_x, y = side * p->step_y;
    return (nd_rect){(p->rect.x >> *level) + tile->rect.x * x,
                     (p->rect.y >> *level) + tile->rect.y * y, tile->rect.width * x,
                     tile->rect.height * y};
}

const nd_op nd_op_subset = {
    .name = "subset",
    .snap = "Subset",
    .brief = "Keep a part of the ground, some bands, every n-th pixel",
    .example = "nadir subset scene.SAFE -o part.tif --region 0,0,2048,2048",
    .help =
        "Bands of other sizes keep the same ground. Previews are exact where the\n"
        "input's are: a part that begins at multiples of 64 pixels takes the input's\n"
        "own, another its finer ones, which takes longer. Where the input's only\n"
        "approximate (JPEG 2000), pixels lie up to an eighth of a pixel off.",
    .ignores = "resampleType",
    .table = ND_TABLE(params, subset),
    .min_inputs = 1,
    .max_inputs = 1,
    .levels = ND_EXACT,
    .plan = plan,
    .compute = compute,
    .window = window,
};
