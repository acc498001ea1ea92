// SPDX-License-Identifier: Apache-2.0
// The label of each pixel: a raster on the scene's grid, shapes burnt into each chip, or
// another node of the graph.
#include "learn/scene.h"
#include <math.h>
#include <nadir/op.h>
#include <nadir/run.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_VALUE = -256, VALUES = 1024 }; // of label rasters

// ---- A label raster on another grid: nearest pixel, never the picture onto the label.

typedef struct laid {
    nd_mapping mapping;
    nd_grid grid;
    int band;
} laid;

static nd_status plan_laid(nd_node *self)
{
    const laid *l = self->state;
    nd_band *band = nd_alloc(self->arena, 1, sizeof *band);
    if (!band) return ND_E_MEMORY;
    *band = self->input[0]->band[l->band];
    band->grid = l->grid;
    self->band = band, self->bands = 1;
    return ND_OK;
}

static nd_status compute_laid(const nd_node *self, nd_work *work, nd_tile *tile)
{
    const laid *l = self->state;
    const nd_warp_band band = {l->band, 0, ND_NEAREST};
    const nd_warp warp = {self->input[0], &l->mapping, &band, 1};
    return nd_warp_fill(&warp, work, tile);
}

static const nd_op op_laid = {.name = "label",
                              .brief = "A label on the grid of its picture",
                              .min_inputs = 1,
                              .max_inputs = 1,
                              .scattered = true,
                              .plan = plan_laid,
                              .compute = compute_laid};

static nd_status lay_label(nd_dataset *set, data_scene *scene)
{
    static const nd_table none;
    const nd_grid *from = &scene->label->band[scene->label_band].grid;
    const double error = 0.1 * fabs(scene->grid.pixel_x);
    const bool is_metric = scene->grid.crs && !scene->grid.crs->is_geographic;
    bool meets;
    if (nd_grid_near(from, &scene->grid, is_metric ? error / 111320 : error))
        return ND_OK;
    if (!from->crs || !scene->grid.crs)
        return nd_fail(ND_E_DATA,
                       "the label of %s is %d x %d pixels, its picture %d x %d, and they "
                       "have no place on the ground\nbring both to one size",
                       scene->name, from->width, from->height, scene->grid.width,
                       scene->grid.height);
    ND_TRY(nd_grid_meets(set->arena, &scene->grid, from, &meets));
    if (!meets)
        return nd_fail(ND_E_DATA,
                       "%s and its label %s share no ground\n"
                       "check that both patterns find the same scenes in order of name",
                       scene->name, scene->label->place);
    laid *l = nd_alloc(set->arena, 1, sizeof *l);
    if (!l) return ND_E_MEMORY;
    l->grid = scene->grid, l->band = scene->label_band;
    ND_TRY(nd_mapping_new(set->arena, &l->grid, from, 0.125, &l->mapping));
    scene->label =
        nd_node_new(set->arena, &(nd_make){.op = &op_laid,
                                           .input = &scene->label,
                                           .inputs = 1,
                                           .settings = &(nd_settings){&none, l, 0},
                                           .place = scene->label->place});
    scene->label_band = 0;
    return scene->label ? ND_OK : ND_E_DATA;
}

static nd_status open_raster_label(nd_dataset *set, data_scene *scene)
{
    const nd_data_labels *labels = &set->set.labels;
    ND_TRY(nd_band_choose(scene->label, labels->band, 0, &scene->label_band));
    const nd_band *band = &scene->label->band[scene->label_band];
    scene->names = band->label, scene->name_count = band->labels;
    ND_TRY(lay_label(set, scene));
    nd_settle(&scene->label, 1);
    return ND_OK;
}

// ---- Shapes.

typedef struct sized {
    double area;
    int shape;
} sized;

static int large_first(const void *a, const void *b)
{
    const sized *p = a, *q = b;
    if (p->area != q->area) return p->area > q->area ? -1 : 1;
    return p->shape - q->shape;
}

// Later shapes lie above: small ones, if asked for, by the areas of their boxes.
static nd_status order_shapes(nd_dataset *set, data_scene *scene, const nd_vector *vector)
{
    const int count = nd_vector_shapes(vector);
    sized *all = nd_alloc(set->arena, (size_t)count + 1, sizeof *all);
    int *shape = nd_alloc(set->arena, (size_t)count + 1, sizeof *shape);
    if (!all || !shape) return ND_E_MEMORY;
    const bool by_area = set->set.labels.order.at == 1;
    for (int i = 0; i < count; i++)
        all[i] = (sized){by_area ? nd_vector_area(vector, i) : 0, i};
    if (by_area && count) qsort(all, (size_t)count, sizeof *all, large_first);
    for (int i = 0; i < count; i++) shape[i] = all[i].shape;
    scene->shape = shape, scene->shapes = count;
    return ND_OK;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

// The classes of shapes are the values of their field, sorted, and the background.
static nd_status shape_classes(nd_dataset *set, const nd_vector *vector, int field)
{
    const int count = nd_vector_shapes(vector);
    const char **text = nd_alloc(set->arena, (size_t)count + 2, sizeof *text);
    int found = 0, kept = 0;
    if (!text) return ND_E_MEMORY;
    for (int i = 0; i < count; i++) {
        const char *value = field < 0 ? "inside" : nd_vector_value(vector, i, field);
        if (value && *value) text[found++] = value;
    }
    if (set->set.labels.background) text[found++] = set->set.labels.background;
    qsort(text, (size_t)found, sizeof *text, by_text);
    for (int i = 0; i < found; i++)
        if (!i || strcmp(text[i], text[i - 1]) != 0) text[kept++] = text[i];
    if (kept > 4096)
        return nd_fail(ND_E_DATA,
                       "field %s has %d different values\nchoose one that names classes",
                       set->set.labels.field, kept);
    set->class = nd_alloc(set->arena, (size_t)kept + 1, sizeof *set->class);
    if (!set->class) return ND_E_MEMORY;
    set->classes = kept;
    for (int k = 0; k < kept; k++)
        set->class[k] = (nd_card_class){.value = k, .name = text[k]};
    return ND_OK;
}

static nd_status find_field(const nd_dataset *set, const nd_vector *vector, int *field)
{
    const char *name = set->set.labels.field, *word[256] = {0};
    const int count = nd_vector_fields(vector);
    *field = -1;
    if (!name) return ND_OK;
    for (int i = 0; i < count; i++) {
        if (i < 256) word[i] = nd_vector_field(vector, i);
        if (nd_text_same(nd_vector_field(vector, i), name)) *field = i;
    }
    if (*field >= 0) return ND_OK;
    const char *nearest =
        nd_text_nearest(name, word, (size_t)(count < 256 ? count : 256));
    return nd_fail(ND_E_PARAM, "%s has no field %s\n%s%s%s", set->set.labels.vectors.text,
                   name, nearest ? "did you mean " : "see its fields with nadir info",
                   nearest ? nearest : "", nearest ? "?" : "");
}

static nd_status open_shapes(nd_dataset *set)
{
    const nd_data_labels *labels = &set->set.labels;
    int field;
    const nd_vector *vector =
        nd_vector_open(set->arena, labels->vectors.text, labels->layer);
    if (!vector) return ND_E_DATA;
    ND_TRY(find_field(set, vector, &field));
    if (!set->class) ND_TRY(shape_classes(set, vector, field));
    const int count = nd_vector_shapes(vector);
    int *class = nd_alloc(set->arena, (size_t)count + 1, sizeof *class);
    if (!class) return ND_E_MEMORY;
    for (int i = 0; i < count; i++) {
        const char *value = field < 0 ? "inside" : nd_vector_value(vector, i, field);
        class[i] = value && *value ? data_class_of(set, value) : -1;
        if (class[i] >= 0 || !value || !*value || data_is_ignored(set, value)) continue;
        return nd_fail(ND_E_DATA,
                       "shape %d of %s is of class %s, which is none of the %d classes\n"
                       "add it to data.classes or to data.labels.ignore",
                       i + 1, labels->vectors.text, value, set->classes);
    }
    set->background = labels->background ? data_class_of(set, labels->background) : -1;
    if (labels->background && set->background < 0)
        return nd_fail(ND_E_PARAM,
                       "the background %s is none of the %d classes\n"
                       "add it to data.classes",
                       labels->background, set->classes);
    for (int s = 0; s < set->scenes; s++) {
        data_scene *scene = &set->scene[s];
        scene->layout = nd_vector_lay(set->arena, vector, &scene->grid);
        if (!scene->layout) return ND_E_DATA;
        scene->shape_class = class;
        ND_TRY(order_shapes(set, scene, vector));
    }
    return ND_OK;
}

nd_status data_open_labels(nd_dataset *set)
{
    const nd_data_labels *labels = &set->set.labels;
    const char *const *name = NULL;
    int count = 0;
    if (labels->vectors.text) return open_shapes(set);
    if (labels->raster.count)
        ND_TRY(data_find_files(set->arena, &labels->raster, "data.labels.raster", &name,
                               &count));
    else if (!labels->node)
        return nd_fail(ND_E_PARAM, "the recipe does not say where the labels are\n"
                                   "give data.labels: a raster, vectors or a node");
    if (name && count != set->scenes)
        return nd_fail(ND_E_DATA,
                       "there are %d label rasters for %d scenes, first %s\n"
                       "give one for each, in order of name",
                       count, set->scenes, name[0]);
    for (int i = 0; i < set->scenes; i++) {
        if (name) set->scene[i].label = data_open_file(set->arena, name[i]);
        if (!set->scene[i].label) return ND_E_DATA;
        ND_TRY(open_raster_label(set, &set->scene[i]));
    }
    return ND_OK;
}

// ---- Which value of a raster is which class.

int data_class_of(const nd_dataset *set, const char *text)
{
    const nd_data_class *given = set->set.card ? NULL : set->set.classes.item;
    for (int k = 0; k < set->classes; k++) {
        if (strcmp(set->class[k].name, text) == 0) return k;
        for (size_t i = 0; given && i < given[k].values.count; i++)
            if (strcmp(given[k].values.item[i], text) == 0) return k;
    }
    return -1;
}

bool data_is_ignored(const nd_dataset *set, const char *text)
{
    for (size_t i = 0; i < set->set.labels.ignore.count; i++)
        if (strcmp(set->set.labels.ignore.item[i], text) == 0) return true;
    return false;
}

static bool is_whole(float value)
{
    return value >= FIRST_VALUE && value < FIRST_VALUE + VALUES && floorf(value) == value;
}

static nd_status ignore_values(nd_dataset *set)
{
    const nd_list *ignore = &set->set.labels.ignore;
    for (size_t i = 0; i < ignore->count; i++) {
        double number;
        if (!nd_text_real(ignore->item[i], &number) || !is_whole((float)number))
            return nd_fail(ND_E_PARAM,
                           "data.labels.ignore: %s is no whole number from %d to %d\n"
                           "give the value that the raster holds",
                           ignore->item[i], FIRST_VALUE, FIRST_VALUE + VALUES - 1);
        set->by_value[(int)number - FIRST_VALUE] = -1;
    }
    return ND_OK;
}

// `text`: how the number was given.
static nd_status give_value(nd_dataset *set, int k, double number, const char *text)
{
    if (!is_whole((float)number))
        return nd_fail(ND_E_PARAM,
                       "class %s: %s is no whole number from %d to %d\n"
                       "give the value that the label raster holds",
                       set->class[k].name, text, FIRST_VALUE, FIRST_VALUE + VALUES - 1);
    set->by_value[(int)number - FIRST_VALUE] = k;
    return ND_OK;
}

// The raster's own number of a class by its name, else the class's.
static double value_named(const nd_dataset *set, int k)
{
    const data_scene *scene = set->scene;
    double number = set->class[k].value;
    for (int i = 0; i < scene->name_count; i++)
        if (nd_text_same(scene->names[i].name, set->class[k].name))
            number = scene->names[i].value;
    return number;
}

// Given classes: their values, else their own numbers, else the raster's names of them.
static nd_status values_of_given(nd_dataset *set)
{
    const nd_data_class *given = set->set.card ? NULL : set->set.classes.item;
    for (int k = 0; k < set->classes; k++) {
        const size_t values = given ? given[k].values.count : 0;
        if (!values) ND_TRY(give_value(set, k, value_named(set, k), set->class[k].name));
        for (size_t i = 0; i < values; i++) {
            const char *text = given[k].values.item[i];
            double number;
            if (!nd_text_real(text, &number)) number = (double)NAN;
            ND_TRY(give_value(set, k, number, text));
        }
    }
    return ND_OK;
}

static nd_status see_values(const data_scene *scene, nd_work *work, nd_rect rect,
                            bool *seen)
{
    nd_tile tile;
    ND_TRY(
        nd_read(scene->label, work, (nd_bands){&scene->label_band, 1}, 0, rect, &tile));
    for (int y = rect.y; y < rect.y + rect.height; y++)
        for (int x = rect.x; x < rect.x + rect.width; x++) {
            const float value = *nd_at(&tile, 0, x, y);
            if (isnan(value)) continue;
            if (!is_whole(value))
                return nd_fail(ND_E_DATA,
                               "%s has the label %g at column %d, row %d\n"
                               "classes are whole numbers from %d to %d; choose the "
                               "band, data.labels.band, or learn values, data.task: "
                               "regression",
                               scene->name, (double)value, x, y, FIRST_VALUE,
                               FIRST_VALUE + VALUES - 1);
            seen[(int)value - FIRST_VALUE] = true;
        }
    return ND_OK;
}

static nd_status see_all(const nd_dataset *set, bool *seen)
{
    nd_work work = {.arena = nd_arena_new(), .cache = data_cache(set)};
    nd_status status = work.arena ? ND_OK : ND_E_MEMORY;
    for (int s = 0; s < set->scenes; s++) {
        const nd_grid *g = &set->scene[s].grid;
        for (int y = 0; y < g->height && status == ND_OK; y += 512)
            for (int x = 0; x < g->width && status == ND_OK; x += 512) {
                const nd_rect rect = {x, y, 512, 512};
                status = see_values(&set->scene[s], &work,
                                    nd_rect_clip(rect, g->width, g->height), seen);
                if (work.arena) nd_arena_reset(work.arena);
            }
    }
    nd_arena_free(work.arena);
    return status;
}

// Classes that nobody gave: the values that occur, in order, by the raster's names.
static nd_status classes_of_values(nd_dataset *set)
{
    bool seen[VALUES] = {false};
    ND_TRY(see_all(set, seen));
    set->class = nd_alloc(set->arena, VALUES, sizeof *set->class);
    if (!set->class) return ND_E_MEMORY;
    for (int v = 0; v < VALUES; v++) {
        if (!seen[v] || set->by_value[v] == -1) continue;
        const data_scene *scene = set->scene;
        nd_card_class *class = &set->class[set->classes];
        *class = (nd_card_class){.value = v + FIRST_VALUE};
        for (int i = 0; i < scene->name_count; i++)
            if (scene->names[i].value == v + FIRST_VALUE) {
                class->name = scene->names[i].name;
                class->colour = scene->names[i].colour;
            }
        if (!class->name) class->name = nd_text(set->arena, "%d", v + FIRST_VALUE);
        if (!class->name) return ND_E_MEMORY;
        set->by_value[v] = set->classes++;
    }
    return ND_OK;
}

nd_status data_label_classes(nd_dataset *set)
{
    set->by_value = nd_alloc(set->arena, VALUES, sizeof *set->by_value);
    if (!set->by_value) return ND_E_MEMORY;
    for (int v = 0; v < VALUES; v++) set->by_value[v] = -2; // no class, not ignored
    if (set->scene->layout || set->value) return ND_OK;
    ND_TRY(ignore_values(set));
    if (set->class) return values_of_given(set);
    ND_TRY(classes_of_values(set));
    if (set->classes) return ND_OK;
    return nd_fail(ND_E_DATA, "the labels hold no class at all\ncheck data.labels");
}

// ---- Reading.

// Value to class; false: it is none and not ignored either.
static bool classify(const nd_dataset *set, float value, int64_t *class)
{
    *class = ND_IGNORE;
    if (isnan(value)) return true;
    const int k = is_whole(value) ? set->by_value[(int)value - FIRST_VALUE] : -2;
    if (k >= 0) *class = k;
    return k > -2;
}

static nd_status wrong_value(const nd_dataset *set, const data_scene *scene, float value,
                             int x, int y)
{
    return nd_fail(ND_E_DATA,
                   "%s has the label %g at column %d, row %d, which is none of the %d "
                   "classes\nadd it to data.classes or to data.labels.ignore",
                   scene->name, (double)value, x, y, set->classes);
}

static nd_status burn(const nd_dataset *set, const data_scene *scene, nd_work *work,
                      nd_rect inside, nd_tile *tile)
{
    tile->data = nd_alloc_raw(work->arena, (size_t)inside.width * (size_t)inside.height,
                              sizeof *tile->data);
    if (!tile->data) return ND_E_MEMORY;
    tile->rect = inside, tile->stride = inside.width, tile->plane = 0;
    const float under = set->background < 0 ? NAN : (float)set->background;
    for (int64_t i = 0; i < (int64_t)inside.width * inside.height; i++)
        tile->data[i] = under;
    for (int i = 0; i < scene->shapes; i++) {
        const int shape = scene->shape[i], class = scene->shape_class[shape];
        ND_TRY(nd_layout_burn(scene->layout, work, shape, 0,
                              class < 0 ? NAN : (float)class, tile));
    }
    return ND_OK;
}

nd_status data_read_labels(const nd_dataset *set, const data_scene *scene, nd_work *work,
                           nd_rect rect, int64_t *label)
{
    const nd_rect in = nd_rect_clip(rect, scene->grid.width, scene->grid.height);
    const nd_mark mark = nd_arena_mark(work->arena);
    static const int first = 0;
    const nd_bands bands = {scene->layout ? &first : &scene->label_band, 1};
    nd_tile tile = {.bands = bands};
    for (int64_t i = 0; i < (int64_t)rect.width * rect.height; i++) label[i] = ND_IGNORE;
    if (!in.width || !in.height) return ND_OK;
    if (scene->layout)
        ND_TRY(burn(set, scene, work, in, &tile));
    else
        ND_TRY(nd_read(scene->label, work, bands, 0, in, &tile));
    for (int y = in.y; y < in.y + in.height; y++)
        for (int x = in.x; x < in.x + in.width; x++) {
            const float value = *nd_at(&tile, 0, x, y);
            int64_t *to = &label[(int64_t)(y - rect.y) * rect.width + x - rect.x];
            if (set->value)
                *to = data_value_label(set, value);
            else if (scene->layout)
                *to = isnan(value) ? ND_IGNORE : (int64_t)value;
            else if (!classify(set, value, to))
                return wrong_value(set, scene, value, x, y);
        }
    nd_arena_back(work->arena, mark);
    return ND_OK;
}

nd_status data_read_bands(const nd_dataset *set, const data_scene *scene, nd_work *work,
                          nd_rect rect, float *value)
{
    const nd_mark mark = nd_arena_mark(work->arena);
    const int64_t plane = (int64_t)rect.width * rect.height;
    nd_tile tile;
    ND_TRY(nd_read(scene->picture, work, (nd_bands){scene->band, set->bands}, 0, rect,
                   &tile));
    for (int k = 0; k < set->bands; k++)
        for (int y = 0; y < rect.height; y++)
            memcpy(value + k * plane + (int64_t)y * rect.width,
                   nd_at(&tile, scene->order[k], rect.x, rect.y + y),
                   (size_t)rect.width * sizeof *value);
    nd_arena_back(work->arena, mark);
    return ND_OK;
}
