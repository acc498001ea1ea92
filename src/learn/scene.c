// SPDX-License-Identifier: Apache-2.0
// Scenes: rasters of a pattern of names, or nodes that a graph made. Both are nodes here,
// so that a chip is the same bits whether its pixels were written to a file between.
#include "learn/scene.h"
#include <glob.h>
#include <math.h>
#include <nadir/op.h>
#include <nadir/product.h>
#include <nadir/run.h>
#include <stdlib.h>
#include <string.h>

// ---- A file as a node.

typedef struct opened {
    const nd_product *product;
} opened;

static nd_status plan(nd_node *self)
{
    const opened *o = self->state;
    const size_t bands = (size_t)o->product->bands;
    self->band = nd_alloc(self->arena, bands, sizeof *self->band);
    if (!self->band) return ND_E_MEMORY;
    memcpy(self->band, o->product->band, bands * sizeof *self->band);
    self->bands = o->product->bands;
    self->product = o->product;
    self->levels = o->product->levels;
    self->key = nd_hash_text(self->key, o->product->identity);
    return ND_OK;
}

static nd_status compute(const nd_node *self, nd_work *work, nd_tile *tile)
{
    const opened *o = self->state;
    return o->product->read(o->product, work, tile);
}

static const nd_op op_file = {.name = "file",
                              .brief = "A file to learn from",
                              .levels = ND_EXACT,
                              .decodes = true,
                              .plan = plan,
                              .compute = compute};

static nd_node *open_file(nd_arena *arena, const char *path)
{
    static const nd_table none;
    opened *o = nd_alloc(arena, 1, sizeof *o);
    if (!o || !(o->product = nd_product_open(arena, path, NULL))) return NULL;
    return nd_node_new(arena, &(nd_make){.op = &op_file,
                                         .settings = &(nd_settings){&none, o, 0},
                                         .place = path});
}

// ---- Chips jump about: what a graph ends in keeps its tiles.

static nd_status plan_kept(nd_node *self)
{
    (void)self;
    return ND_OK;
}

static nd_status compute_kept(const nd_node *self, nd_work *work, nd_tile *tile)
{
    nd_source *from = nd_alloc(work->arena, (size_t)self->bands, sizeof *from);
    if (!from) return ND_E_MEMORY;
    for (int b = 0; b < self->bands; b++) from[b] = (nd_source){0, b};
    return nd_forward(self, work, from, 0, 0, tile);
}

static const nd_op op_chips = {.name = "chips",
                               .brief = "Chips of a scene",
                               .min_inputs = 1,
                               .max_inputs = 1,
                               .levels = ND_EXACT,
                               .scattered = true,
                               .plan = plan_kept,
                               .compute = compute_kept};

static nd_node *keep(nd_arena *arena, nd_node *node)
{
    static const nd_table none;
    return nd_node_new(arena, &(nd_make){.op = &op_chips,
                                         .input = &node,
                                         .inputs = 1,
                                         .settings = &(nd_settings){&none, NULL, 0},
                                         .place = node->place});
}

// ---- Names.

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

// All that the patterns find, by the bytes of their names.
nd_status data_find_files(nd_arena *arena, const nd_list *pattern, const char *key,
                          const char *const **name, int *count)
{
    glob_t found = {0};
    for (size_t i = 0; i < pattern->count; i++) {
        // NOLINTNEXTLINE(concurrency-mt-unsafe): only ~ would ask who the user is
        const int code = glob(pattern->item[i], i ? GLOB_APPEND : 0, NULL, &found);
        if (code == 0) continue;
        if (i || code != GLOB_NOMATCH) globfree(&found);
        if (code == GLOB_NOMATCH)
            return nd_fail(ND_E_IO,
                           "%s: no file is called %s\ncheck the name, from the "
                           "folder where nadir runs",
                           key, pattern->item[i]);
        return nd_fail(ND_E_IO, "%s: the folder of %s cannot be read\ncheck the name",
                       key, pattern->item[i]);
    }
    const char **all = nd_alloc(arena, found.gl_pathc + 1, sizeof *all);
    for (size_t i = 0; all && i < found.gl_pathc; i++)
        if (!(all[i] = nd_text(arena, "%s", found.gl_pathv[i]))) all = NULL;
    if (all) qsort(all, found.gl_pathc, sizeof *all, by_text);
    *name = all, *count = (int)found.gl_pathc;
    if (pattern->count) globfree(&found);
    return all ? ND_OK : ND_E_MEMORY;
}

// ---- Bands: by name, in the recipe's order; all data bands of the finest grid else.

static nd_status all_bands(nd_arena *arena, const nd_node *node, int **band, int *count)
{
    const nd_grid *grid = nd_node_grid(node);
    *band = nd_alloc(arena, (size_t)node->bands + 1, sizeof **band);
    *count = 0;
    if (!*band) return ND_E_MEMORY;
    for (int b = 0; b < node->bands; b++)
        if (node->band[b].role == ND_DATA && nd_grid_same(&node->band[b].grid, grid))
            (*band)[(*count)++] = b;
    if (!*count)
        return nd_fail(ND_E_DATA, "%s has no band of pixels\ngive another scene",
                       node->place);
    return ND_OK;
}

static nd_status choose_bands(nd_dataset *set, data_scene *scene)
{
    const nd_node *node = scene->picture;
    const nd_list *names = &set->set.bands;
    int *wanted, count = (int)names->count;
    if (!count) {
        ND_TRY(all_bands(set->arena, node, &wanted, &count));
    } else {
        wanted = nd_alloc(set->arena, names->count, sizeof *wanted);
        if (!wanted) return ND_E_MEMORY;
        for (int k = 0; k < count; k++)
            ND_TRY(nd_band_choose(node, names->item[k], 0, &wanted[k]));
    }
    if (set->bands && count != set->bands)
        return nd_fail(ND_E_DATA,
                       "%s has %d bands, the scene before it %d\nname them: data.bands",
                       scene->name, count, set->bands);
    set->bands = count;
    int *band = nd_alloc(set->arena, (size_t)count, sizeof *band);
    int *order = nd_alloc(set->arena, (size_t)count, sizeof *order);
    if (!band || !order) return ND_E_MEMORY;
    scene->grid = node->band[wanted[0]].grid;
    for (int k = 0; k < count; k++) {
        int at = 0;
        if (!nd_grid_same(&node->band[wanted[k]].grid, &scene->grid))
            return nd_fail(ND_E_DATA,
                           "bands %s and %s of %s lie on two grids\n"
                           "put a Resample before, in a graph",
                           node->band[wanted[0]].name, node->band[wanted[k]].name,
                           scene->name);
        for (int other = 0; other < count; other++) at += wanted[other] < wanted[k];
        if (band[at] == wanted[k] && at)
            return nd_fail(ND_E_PARAM, "data.bands names %s twice\nname it once",
                           names->item[k]);
        band[at] = wanted[k], order[k] = at;
    }
    scene->band = band, scene->order = order;
    return ND_OK;
}

// ---- The ground: metres of a pixel.

static double pixel_size(const nd_grid *grid)
{
    const double side = 0.5 * (fabs(grid->pixel_x) + fabs(grid->pixel_y));
    if (!grid->crs) return 0;
    if (!grid->crs->is_geographic) return side;
    return side * 111320; // a degree of latitude
}

static nd_status check_pixel(nd_dataset *set, const data_scene *scene)
{
    const double given = set->set.pixel;
    if (set->pixel_m == 0) set->pixel_m = scene->pixel_m;
    if (given > 0 && scene->pixel_m > 0 && fabs(scene->pixel_m / given - 1) > 0.01)
        return nd_fail(ND_E_UNSUPPORTED,
                       "the pixels of %s are %g m wide, data.pixel says %g\n"
                       "put a Resample before, in a graph",
                       scene->name, scene->pixel_m, given);
    if (given == 0 && fabs(scene->pixel_m - set->pixel_m) > 0.01 * set->pixel_m)
        return nd_fail(ND_E_DATA,
                       "the pixels of %s are %g m wide, those of the scene before it %g\n"
                       "say which it shall be: data.pixel",
                       scene->name, scene->pixel_m, set->pixel_m);
    return ND_OK;
}

static nd_status lay_cells(nd_dataset *set, data_scene *scene)
{
    const nd_grid *g = &scene->grid;
    const int size = set->set.chips.size;
    scene->cell = size >= 64 ? DATA_CELL : size >= 32 ? 4 : size >= 16 ? 2 : 1;
    scene->across = (g->width - 1) / DATA_BLOCK + 1;
    scene->down = (g->height - 1) / DATA_BLOCK + 1;
    scene->cells_across = (g->width - 1) / scene->cell + 1;
    scene->cells_down = (g->height - 1) / scene->cell + 1;
    if ((int64_t)g->width * g->height > (int64_t)1 << 33)
        return nd_fail(ND_E_UNSUPPORTED, "%s is %d x %d pixels\ncut it", scene->name,
                       g->width, g->height);
    return ND_OK;
}

static nd_status open_scene(nd_dataset *set, data_scene *scene, nd_node *node)
{
    scene->product = node->product;
    scene->picture = keep(set->arena, node);
    if (!scene->picture) return ND_E_DATA;
    ND_TRY(choose_bands(set, scene));
    scene->pixel_m = pixel_size(&scene->grid);
    ND_TRY(check_pixel(set, scene));
    ND_TRY(lay_cells(set, scene));
    nd_settle(&scene->picture, 1);
    return ND_OK;
}

static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash && slash[1] ? slash + 1 : path;
}

static nd_status name_bands(nd_dataset *set)
{
    const data_scene *scene = set->scene;
    set->band = nd_alloc(set->arena, (size_t)set->bands, sizeof *set->band);
    if (!set->band) return ND_E_MEMORY;
    if (set->set.card && set->set.card->bands == set->bands) {
        memcpy(set->band, set->set.card->band, (size_t)set->bands * sizeof *set->band);
        return ND_OK;
    }
    for (int k = 0; k < set->bands; k++) {
        const nd_band *b = &scene->picture->band[scene->band[scene->order[k]]];
        const char *unit = b->unit && *b->unit ? b->unit : set->set.unit;
        set->band[k] = (nd_card_band){.name = b->name,
                                      .unit = unit,
                                      .wavelength_nm = nd_wavelength_of(b),
                                      .p2 = (double)NAN,
                                      .p50 = (double)NAN,
                                      .p98 = (double)NAN};
    }
    return ND_OK;
}

// A model says which bands it reads, by name and in its order.
static nd_status bands_of_card(nd_dataset *set)
{
    const nd_card *card = set->set.card;
    if (!card || set->set.bands.count) return ND_OK;
    const char **name = nd_alloc(set->arena, (size_t)card->bands + 1, sizeof *name);
    if (!name) return ND_E_MEMORY;
    for (int b = 0; b < card->bands; b++) name[b] = card->band[b].name;
    set->set.bands = (nd_list){name, (size_t)card->bands};
    return ND_OK;
}

// `node`: of a graph, each followed by its labels if it has them; NULL: files by name.
static nd_status open_number(nd_dataset *set, nd_node *const *node,
                             const char *const *name, int i)
{
    data_scene *scene = &set->scene[i];
    const bool has_labels = set->set.labels.node != NULL;
    nd_node *from = node ? node[has_labels ? 2 * i : i] : open_file(set->arena, name[i]);
    if (!from) return ND_E_DATA;
    const bool is_named = node && (size_t)i < set->set.scenes.count;
    scene->name = name       ? name[i]
                  : is_named ? set->set.scenes.item[i]
                             : nd_text(set->arena, "%s", from->place);
    if (!scene->name) return ND_E_MEMORY;
    scene->key = last_part(scene->name);
    if (has_labels && node) scene->label = keep(set->arena, node[2 * i + 1]);
    if (has_labels && node && !scene->label) return ND_E_DATA;
    set->scenes++;
    return open_scene(set, scene, from);
}

nd_status data_open_scenes(nd_dataset *set, nd_node *const *node, int nodes)
{
    ND_TRY(bands_of_card(set));
    const char *const *name = NULL;
    int count = set->set.labels.node ? nodes / 2 : nodes;
    if (!node)
        ND_TRY(
            data_find_files(set->arena, &set->set.raster, "data.raster", &name, &count));
    if (count < 1)
        return nd_fail(ND_E_PARAM, "there is no scene to learn from\n"
                                   "give data.raster, or a graph and data.scenes");
    set->scene = nd_alloc(set->arena, (size_t)count, sizeof *set->scene);
    if (!set->scene) return ND_E_MEMORY;
    set->is_mask = true;
    set->source = node ? "the graph" : "data.raster";
    set->height = set->width = set->set.chips.size;
    for (int i = 0; i < count; i++) ND_TRY(open_number(set, node, name, i));
    return name_bands(set);
}

nd_node *data_open_file(nd_arena *arena, const char *path)
{
    nd_node *node = open_file(arena, path);
    return node ? keep(arena, node) : NULL;
}
