// SPDX-License-Identifier: Apache-2.0
// Resample and S2Resampling: bands of several sizes come to one size.
#include <nadir/file.h>
#include <nadir/geo.h>
#include <nadir/op.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SNAP_PLACE, CENTRE_PLACE };

static const nd_option ups[] = {
    {"Nearest", "The pixel that the sample falls in; classes are always taken so", NULL},
    {"Bilinear", "Weighted mean of 2 x 2 pixels", NULL},
    {"Bicubic", "Weighted mean of 4 x 4 pixels, sharper", "Cubic"},
    {0}};
static const nd_option downs[] = {
    {"First", "The upper left of the pixels; classes are always taken so", NULL},
    {"Min", "The smallest", NULL},
    {"Max", "The largest", NULL},
    {"Mean", "The mean, each pixel by the area of it that counts", NULL},
    {"Median", "The one in the middle", NULL},
    {0}};
static const nd_option flag_downs[] = {
    {"First", "Those of the upper left of the pixels", NULL},
    {"FlagAnd", "Flags that all pixels have", NULL},
    {"FlagOr", "Flags that any pixel has", NULL},
    {"FlagMedianAnd", "Flags that more than half of the pixels have", NULL},
    {"FlagMedianOr", "Flags that half of the pixels have, or more", NULL},
    {0}};
static const nd_option places[] = {
    {"SNAP", "Where SNAP does: at the upper left corner of the new pixel", NULL},
    {"Centre", "At the centre of the new pixel, as GDAL does", NULL},
    {0}};

// In the order of the options.
static const nd_gather gathers[] = {ND_FIRST, ND_LEAST, ND_MOST, ND_AREA_MEAN, ND_MEDIAN};
static const nd_gather flag_gathers[] = {ND_FIRST, ND_EACH_FLAG, ND_ANY_FLAG,
                                         ND_MOST_FLAGS, ND_HALF_FLAGS};

typedef struct resample {
    const char *reference_band;
    int target_width, target_height;
    double target_resolution;
    nd_choice upsampling, downsampling, flag_downsampling;
    nd_path resampling_preset;
    const char *band_resamplings;
    nd_choice sample_at;
} resample;

static const nd_param params[] = {
    ND_PARAM(resample, reference_band, NULL, .snap = "referenceBand",
             .was = "referenceBandName", .of = "band",
             .help = "Band whose pixels all others get"),
    ND_PARAM(resample, target_width, 0, .snap = "targetWidth", .min = 0,
             .max = 2147483647, .unit = "pixels",
             .help = "Width of the result, with target_height"),
    ND_PARAM(resample, target_height, 0, .snap = "targetHeight", .min = 0,
             .max = 2147483647, .unit = "pixels",
             .help = "Height of the result, with target_width"),
    ND_PARAM(resample, target_resolution, 0, .snap = "targetResolution", .min = 0,
             .max = 1e9, .unit = "map units", .help = "Side of a pixel of the result"),
    ND_PARAM(resample, upsampling, {0}, .was = "upsamplingMethod", .choices = ups,
             .help = "How pixels become more"),
    ND_PARAM(resample, downsampling, {0}, .was = "downsamplingMethod", .choices = downs,
             .help = "How pixels become fewer"),
    ND_PARAM(resample, flag_downsampling, {0}, .snap = "flagDownsampling",
             .was = "flagDownsamplingMethod", .choices = flag_downs,
             .help = "How flags become fewer"),
    ND_PARAM(resample, resampling_preset, {0}, .snap = "resamplingPreset",
             .help = "File of lines band:upsampling:downsampling"),
    ND_PARAM(resample, band_resamplings, NULL, .snap = "bandResamplings",
             .help = "Exceptions: band:upsampling:downsampling, comma separated"),
    ND_PARAM(resample, sample_at, {SNAP_PLACE}, .choices = places,
             .help = "Where in a new pixel bilinear and bicubic samples are taken"),
};

typedef enum action { PASS, REFINE, WARP, AREA } action;
// Bands of one grid that are treated alike.
typedef struct kind {
    nd_grid from;
    action action;
    nd_kernel kernel; // REFINE, WARP
    nd_gather gather; // AREA
    nd_mapping mapping;
    int across, below, x, y; // REFINE
    bool is_whole;           // strictly: SNAP computes with whole numbers
} kind;
typedef struct state {
    nd_grid to;
    kind *kind;
    int kinds, *kind_of; // by band
    int *from;           // band of the source, by band
    double at;
} state;

// ---- Plan: the grid that all bands get.

// The corner of the scene: all grids share it, or the centre of their first pixel.
static nd_status corner(const nd_node *self, const nd_grid *scene, double side, double *x,
                        double *y)
{
    bool corners = true, centres = true;
    const double noise = 1e-6 * fabs(scene->pixel_x);
    for (int b = 0; b < self->bands; b++) {
        const nd_grid *g = &self->band[b].grid;
        if (self->band[b].role == ND_ANGLE) continue;
        const double dx = g->x - scene->x, dy = g->y - scene->y;
        corners &= fabs(dx) <= noise && fabs(dy) <= noise;
        centres &= fabs(dx + (g->pixel_x - scene->pixel_x) / 2) <= noise &&
                   fabs(dy + (g->pixel_y - scene->pixel_y) / 2) <= noise;
    }
    if (!corners && !centres)
        return nd_fail(ND_E_DATA,
                       "the bands neither share their upper left corner nor the centre "
                       "of their first pixel\ngive a reference_band instead of "
                       "target_resolution");
    const double more_x = corners ? 0 : (scene->pixel_x - side) / 2,
                 more_y = corners ? 0 : (scene->pixel_y + side) / 2;
    *x = scene->x + more_x, *y = scene->y + more_y;
    return ND_OK;
}

static nd_status by_resolution(const nd_node *self, double side, nd_grid *to)
{
    const nd_grid scene = *to;
    if (!scene.crs)
        return nd_fail(ND_E_DATA, "target_resolution needs a scene with a crs\n"
                                  "give target_width and target_height");
    const double w = ceil(nd_whole(scene.width * fabs(scene.pixel_x) / side)),
                 h = ceil(nd_whole(scene.height * fabs(scene.pixel_y) / side));
    if (!(w >= 1 && h >= 1 && w <= 1 << 27 && h <= 1 << 27 && w * h <= 4e12))
        return nd_fail(ND_E_PARAM,
                       "the result would be %.0f x %.0f pixels\n"
                       "choose another target_resolution",
                       w, h);
    ND_TRY(corner(self, &scene, side, &to->x, &to->y));
    to->width = (int)w, to->height = (int)h;
    to->pixel_x = side, to->pixel_y = scene.pixel_y < 0 ? -side : side;
    return ND_OK;
}

static nd_status find_grid(const nd_node *self, const resample *set, nd_grid *to)
{
    const bool by_band = set->reference_band && *set->reference_band,
               by_size = set->target_width > 0 || set->target_height > 0;
    const int said = by_band + by_size + (set->target_resolution > 0);
    *to = *nd_node_grid(self);
    if (said != 1)
        return nd_fail(ND_E_PARAM, "the new size must be said once\n"
                                   "give one of reference_band, target_resolution, or "
                                   "target_width and target_height");
    if (by_band) {
        int band;
        ND_TRY(nd_band_choose(self, set->reference_band, 0, &band));
        *to = self->band[band].grid;
        return ND_OK;
    }
    if (!by_size) return by_resolution(self, set->target_resolution, to);
    const double w = set->target_width, h = set->target_height;
    if (w < 1 || h < 1 || w > 1 << 27 || h > 1 << 27 || w * h > 4e12)
        return nd_fail(ND_E_PARAM,
                       "the result would be %.0f x %.0f pixels\n"
                       "give target_width and target_height, of a size that exists",
                       w, h);
    to->pixel_x *= to->width / w, to->pixel_y *= to->height / h;
    to->width = (int)w, to->height = (int)h;
    return ND_OK;
}

// ---- Plan: exceptions for single bands.

static int option_at(const nd_option *options, const char *word)
{
    for (int i = 0; options[i].name; i++)
        if (nd_text_same(options[i].name, word) || nd_text_listed(options[i].also, word))
            return i;
    return -1;
}

typedef struct methods {
    int up, down, flag_down;
} methods;

// A word between the colons: each way has a name of its own, so their order is free, as
// in SNAP's graphs (band:downsampling:upsampling) and in its help (the other way round).
static bool name_way(const char *word, methods *m)
{
    const int up = option_at(ups, word), down = option_at(downs, word);
    const int flag = option_at(flag_downs, word);
    if (up >= 0) m->up = up;
    if (down >= 0) m->down = down;
    if (flag >= 0) m->flag_down = flag;
    return up >= 0 || down >= 0 || flag >= 0;
}

// One "band:upsampling:downsampling": an exception, if it is for this band.
static nd_status except(nd_node *self, const nd_band *band, char *text, methods *m)
{
    char *part[3] = {text, NULL, NULL};
    int parts = 1, known;
    for (char *c = text; *c; c++)
        if (*c == ':' && parts < 3) *c = 0, part[parts++] = c + 1;
    methods its = *m;
    bool is_way = parts > 1;
    for (int i = 1; i < parts; i++)
        is_way = is_way && (!*part[i] || name_way(part[i], &its));
    if (parts > 2 && *part[1] && *part[2]) // one of each
        is_way = is_way && (option_at(ups, part[1]) < 0) != (option_at(ups, part[2]) < 0);
    if (!is_way)
        return nd_fail(ND_E_PARAM,
                       "%.60s:%.40s:%.40s is no way to resample\n"
                       "write band:upsampling:downsampling, as in B1:Bilinear:Mean",
                       part[0], part[1] ? part[1] : "", part[2] ? part[2] : "");
    ND_TRY(nd_band_choose(self, part[0], 0, &known));
    if (nd_text_same(part[0], band->name)) *m = its;
    return ND_OK;
}

static nd_status exceptions(nd_node *self, const nd_band *band, const char *text,
                            methods *m)
{
    char word[256];
    while (text && *text) {
        const size_t length = strcspn(text, ",;\r\n\t ");
        if (length >= sizeof word)
            return nd_fail(ND_E_PARAM,
                           "%.60s… is no way to resample\n"
                           "write band:upsampling:downsampling, comma separated",
                           text);
        memcpy(word, text, length), word[length] = 0;
        // Other lines of a preset file: its name, and remarks.
        if (length && *word != '#' && strchr(word, ':'))
            ND_TRY(except(self, band, word, m));
        text += length + (text[length] != 0);
    }
    return ND_OK;
}

static nd_status read_preset(nd_node *self, const resample *set, const char **text)
{
    enum { LONGEST = 1 << 16 };
    *text = NULL;
    if (!set->resampling_preset.text || !*set->resampling_preset.text) return ND_OK;
    const char *all =
        nd_file_read(self->arena, set->resampling_preset.text, LONGEST, NULL);
    if (!all) return ND_E_IO;
    *text = all;
    self->key = nd_hash_text(self->key, all);
    return ND_OK;
}

// ---- Plan: what becomes of each band.

static bool is_multiple(double a, double b, int *n)
{
    const double ratio = a / b, whole = round(ratio);
    *n = (int)fmin(whole, 1e9);
    return whole >= 1 && whole <= 256 && fabs(ratio - whole) < 1e-9 * whole;
}

// Whole numbers of new pixels to a pixel, corners in step: there is a shorter way.
static bool is_refined(const state *s, kind *k)
{
    const nd_grid *f = &k->from, *t = &s->to;
    const double x = (f->x - t->x) / t->pixel_x, y = (f->y - t->y) / t->pixel_y;
    if (k->kernel == ND_BICUBIC || !is_multiple(f->pixel_x, t->pixel_x, &k->across) ||
        !is_multiple(f->pixel_y, t->pixel_y, &k->below) || fabs(x) > 1e8 ||
        fabs(y) > 1e8 || nd_whole(x) != round(x) || nd_whole(y) != round(y))
        return false;
    k->x = (int)round(x), k->y = (int)round(y);
    return true;
}

static nd_status settle(nd_node *self, const state *s, const nd_band *band, methods m,
                        kind *k)
{
    const bool is_flags = band->kind == ND_FLAGS || band->role == ND_MASK;
    const bool is_class = band->kind == ND_CLASS;
    const nd_grid *f = &band->grid, *t = &s->to;
    *k = (kind){.from = *f,
                .gather = is_flags   ? flag_gathers[m.flag_down]
                          : is_class ? ND_FIRST
                                     : gathers[m.down],
                .kernel = is_flags || is_class ? ND_NEAREST : (nd_kernel)m.up};
    if (nd_grid_same(f, t)) return ND_OK;
    const double noise = 1 + 1e-9;
    const bool is_coarser = fabs(f->pixel_x) * noise >= fabs(t->pixel_x) ||
                            fabs(f->pixel_y) * noise >= fabs(t->pixel_y);
    k->action = AREA;
    const bool is_sampled_whole = band->sample != ND_F32 && band->sample != ND_F64;
    k->is_whole = self->strict && is_sampled_whole && isnan(band->no_data);
    if (!is_coarser) return ND_OK;
    k->action = is_refined(s, k) && !self->strict ? REFINE : WARP;
    nd_grid moved = *t; // samples are taken at the centres of its pixels
    if (s->at == 0) moved.x -= moved.pixel_x / 2, moved.y -= moved.pixel_y / 2;
    return nd_mapping_new(self->arena, &moved, f, 1, &k->mapping);
}

static bool are_alike(const kind *a, const kind *b)
{
    return nd_grid_same(&a->from, &b->from) && a->action == b->action &&
           a->kernel == b->kernel && a->gather == b->gather && a->is_whole == b->is_whole;
}

static nd_status each_band(nd_node *self, const resample *set, state *s)
{
    const methods usual = {set->upsampling.at, set->downsampling.at,
                           set->flag_downsampling.at};
    const char *preset;
    ND_TRY(read_preset(self, set, &preset));
    for (int b = 0; b < self->bands; b++) {
        nd_band *band = &self->band[b];
        methods m = usual;
        kind k;
        int at = 0;
        if (!nd_crs_same(band->grid.crs, s->to.crs))
            return nd_fail(ND_E_DATA,
                           "band %s has another crs than the others\n"
                           "select bands of one crs first",
                           band->name);
        ND_TRY(exceptions(self, band, preset, &m));
        ND_TRY(exceptions(self, band, set->band_resamplings, &m));
        ND_TRY(settle(self, s, band, m, &k));
        while (at < s->kinds && !are_alike(&s->kind[at], &k)) at++;
        if (at == s->kinds) s->kind[s->kinds++] = k;
        s->kind_of[b] = at;
        if (k.action != PASS) band->block_width = band->block_height = 0;
        band->grid = s->to;
    }
    return ND_OK;
}

static nd_status plan_as(nd_node *self, const resample *set)
{
    const size_t bands = (size_t)self->bands;
    state *s = nd_alloc(self->arena, 1, sizeof *s);
    if (!s) return ND_E_MEMORY;
    s->kind = nd_alloc(self->arena, bands, sizeof *s->kind);
    s->kind_of = nd_alloc(self->arena, bands, sizeof *s->kind_of);
    s->from = nd_alloc(self->arena, bands, sizeof *s->from);
    if (!s->kind || !s->kind_of || !s->from) return ND_E_MEMORY;
    for (int b = 0; b < self->bands; b++) s->from[b] = b;
    s->at = set->sample_at.at == SNAP_PLACE ? 0 : 0.5;
    ND_TRY(find_grid(self, set, &s->to));
    ND_TRY(each_band(self, set, s));
    self->state = s;
    self->name = nd_text(self->arena, "%s_resampled", self->name);
    return self->name ? ND_OK : ND_E_MEMORY;
}

static nd_status plan(nd_node *self)
{
    return plan_as(self, self->settings.data);
}

// ---- Compute.

static nd_status fill_area(const nd_node *self, nd_work *work, const kind *k,
                           const nd_warp *warp, nd_tile *tile)
{
    const state *s = self->state;
    const nd_grid *f = &k->from, *t = &s->to;
    const nd_area area = {.source = warp->source,
                          .band = warp->band,
                          .bands = warp->bands,
                          .how = k->gather,
                          .is_whole = k->is_whole,
                          .x = (t->x - f->x) / f->pixel_x,
                          .y = (t->y - f->y) / f->pixel_y,
                          .across = t->pixel_x / f->pixel_x,
                          .down = t->pixel_y / f->pixel_y};
    return nd_area_fill(&area, work, tile);
}

static nd_status fill_kind(const nd_node *self, nd_work *work, const kind *k,
                           const nd_warp *warp, nd_tile *tile)
{
    const state *s = self->state;
    if (k->action == AREA) return fill_area(self, work, k, warp, tile);
    if (self->strict && !tile->level) return nd_warp_strictly(warp, work, tile);
    if (k->action == WARP || tile->level) return nd_warp_fill(warp, work, tile);
    const nd_refine refine = {.source = warp->source,
                              .band = warp->band,
                              .bands = warp->bands,
                              .across = k->across,
                              .down = k->below,
                              .x = k->x,
                              .y = k->y,
                              .at = s->at};
    return nd_refine_fill(&refine, work, tile);
}

// As they are, all in one read.
static nd_status pass(const nd_warp *warp, nd_work *work, nd_tile *tile)
{
    const nd_rect r = tile->rect;
    const nd_mark mark = nd_arena_mark(work->arena);
    int *from = nd_alloc(work->arena, (size_t)warp->bands, sizeof *from);
    nd_tile in;
    if (!from) return ND_E_MEMORY;
    for (int k = 0; k < warp->bands; k++) from[k] = warp->band[k].band;
    ND_TRY(
        nd_read(warp->source, work, (nd_bands){from, warp->bands}, tile->level, r, &in));
    for (int k = 0; k < warp->bands; k++)
        for (int y = r.y; y < r.y + r.height; y++)
            memcpy(nd_at(tile, warp->band[k].plane, r.x, y), nd_at(&in, k, r.x, y),
                   (size_t)r.width * sizeof(float));
    nd_arena_back(work->arena, mark);
    return ND_OK;
}

static nd_status compute(const nd_node *self, nd_work *work, nd_tile *tile)
{
    const state *s = self->state;
    const size_t count = (size_t)tile->bands.count;
    nd_warp_band *band = nd_alloc(work->arena, count, sizeof *band);
    if (!band) return ND_E_MEMORY;
    for (int at = 0; at < s->kinds; at++) {
        const kind *how = &s->kind[at];
        int bands = 0;
        for (int k = 0; k < tile->bands.count; k++) {
            const int b = tile->bands.band[k];
            if (s->kind_of[b] == at)
                band[bands++] = (nd_warp_band){s->from[b], k, how->kernel};
        }
        const nd_warp warp = {self->input[0], &how->mapping, band, bands};
        if (!bands) continue;
        if (how->action == PASS) ND_TRY(pass(&warp, work, tile));
        if (how->action != PASS) ND_TRY(fill_kind(self, work, how, &warp, tile));
    }
    return ND_OK;
}

static nd_rect window(const nd_node *self, int input, const nd_tile *tile, int *level)
{
    const state *s = self->state;
    const kind *k = &s->kind[s->kind_of[tile->bands.band[0]]];
    const nd_grid *f = &k->from, *t = &s->to;
    (void)input;
    if (k->action == PASS) return tile->rect;
    if (k->action != AREA) return nd_warp_window(&k->mapping, k->kernel, tile, level);
    const double side = (double)((int64_t)1 << tile->level),
                 across = t->pixel_x / f->pixel_x, down = t->pixel_y / f->pixel_y;
    const nd_rect r = tile->rect;
    const double x = (t->x - f->x) / f->pixel_x / side + r.x * across,
                 y = (t->y - f->y) / f->pixel_y / side + r.y * down;
    return (nd_rect){(int)floor(x), (int)floor(y), (int)ceil(r.width * across) + 1,
                     (int)ceil(r.height * down) + 1};
}

const nd_op nd_op_resample = {
    .name = "resample",
    .snap = "Resample",
    .brief = "Bring bands of several sizes to one size",
    .example = "nadir resample scene.SAFE -o all.tif --target-resolution 10",
    .help =
        "Says the new size once: by a band, by a width and height, or by the side of a\n"
        "pixel. SNAP takes bilinear and bicubic samples at the corner of a new pixel,\n"
        "so its pictures are moved by half of one; --sample-at Centre does not. At the\n"
        "edges and next to missing pixels the weights go to the valid ones, where SNAP\n"
        "mixes its no-data number in.",
    .ignores = "resampleOnPyramidLevels",
    .table = ND_TABLE(params, resample),
    .min_inputs = 1,
    .max_inputs = 1,
    .levels = ND_REDUCED,
    .level_error = 21.20,
    .plan = plan,
    .compute = compute,
    .window = window,
};

// ---- S2Resampling: the same with other defaults, for Sentinel-2.

typedef struct s2_resampling {
    nd_choice resolution, upsampling, downsampling, flag_downsampling;
    nd_list bands, masks;
    nd_choice sample_at;
} s2_resampling;

static const nd_option sides[] = {
    {"10", "Metres", NULL}, {"20", "Metres", NULL}, {"60", "Metres", NULL}, {0}};
static const nd_param s2_params[] = {
    ND_PARAM(s2_resampling, resolution, {2}, .choices = sides, .unit = "m",
             .help = "Side of a pixel of the result"),
    ND_PARAM(s2_resampling, upsampling, {1}, .choices = ups,
             .help = "How pixels become more"),
    ND_PARAM(s2_resampling, downsampling, {3}, .choices = downs,
             .help = "How pixels become fewer"),
    ND_PARAM(s2_resampling, flag_downsampling, {0}, .snap = "flagDownsampling",
             .choices = flag_downs, .help = "How flags become fewer"),
    ND_PARAM(s2_resampling, bands, {0}, .of = "band",
             .help = "Bands to keep; all if none is named"),
    ND_PARAM(s2_resampling, masks, {0}, .of = "band",
             .help = "Masks to keep; all if none is named"),
    ND_PARAM(s2_resampling, sample_at, {SNAP_PLACE}, .choices = places,
             .help = "Where in a new pixel bilinear and bicubic samples are taken"),
};

static bool holds(const nd_list *list, const char *name)
{
    for (size_t i = 0; i < list->count; i++)
        if (nd_text_same(list->item[i], name)) return true;
    return !list->count;
}

static nd_status s2_plan(nd_node *self)
{
    static const double metres[] = {10, 20, 60};
    const s2_resampling *set = self->settings.data;
    resample *as = nd_alloc(self->arena, 1, sizeof *as);
    if (!as) return ND_E_MEMORY;
    as->target_resolution = metres[set->resolution.at];
    as->upsampling = set->upsampling, as->downsampling = set->downsampling;
    as->flag_downsampling = set->flag_downsampling, as->sample_at = set->sample_at;
    ND_TRY(plan_as(self, as));
    state *s = (state *)(uintptr_t)self->state;
    int kept = 0, band;
    for (size_t i = 0; i < set->bands.count; i++)
        ND_TRY(nd_band_choose(self, set->bands.item[i], 0, &band));
    for (size_t i = 0; i < set->masks.count; i++)
        ND_TRY(nd_band_choose(self, set->masks.item[i], 0, &band));
    for (int b = 0; b < self->bands; b++) {
        const nd_band *each = &self->band[b];
        const nd_list *names = each->role == ND_MASK ? &set->masks : &set->bands;
        if (each->role != ND_ANGLE && !holds(names, each->name)) continue;
        s->kind_of[kept] = s->kind_of[b], s->from[kept] = s->from[b];
        self->band[kept++] = *each;
    }
    self->bands = kept;
    return ND_OK;
}

const nd_op nd_op_s2_resampling = {
    .name = "s2_resampling",
    .snap = "S2Resampling",
    .brief = "Bring all bands of a Sentinel-2 scene to 10, 20 or 60 m",
    .example = "nadir s2_resampling scene.SAFE -o all.tif --resolution 20",
    .help =
        "Angles are interpolated as they are: not detector by detector, as SNAP does\n"
        "where a scene has footprints of its detectors.",
    .ignores = "resampleOnPyramidLevels",
    .table = ND_TABLE(s2_params, s2_resampling),
    .min_inputs = 1,
    .max_inputs = 1,
    .levels = ND_REDUCED,
    .level_error = 0.03,
    .plan = s2_plan,
    .compute = compute,
    .window = window,
};
