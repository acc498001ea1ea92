// SPDX-License-Identifier: Apache-2.0
// ProductSet-Reader: a list of scenes of the same ground becomes one node.
#include <dirent.h>
#include <nadir/op.h>
#include <nadir/product.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

typedef struct product_set {
    nd_list file_list;
} product_set;

static const nd_param params[] = {
    ND_PARAM(product_set, file_list, {0}, .snap = "fileList", .was = "files",
             .required = true, .of = "scene",
             .help = "Scenes, or folders of scenes; a comma inside a path is written "
                     "\\u002C"),
};

extern const nd_op nd_op_read;
extern const nd_op nd_op_band_merge;

enum { MOST = 1000 };
typedef struct paths {
    const char *item[MOST];
    int count;
} paths;

static nd_status add(paths *all, const char *path)
{
    if (!path) return ND_E_MEMORY;
    if (all->count == MOST)
        return nd_fail(ND_E_PARAM, "file_list has more than %d scenes\ngive fewer", MOST);
    all->item[all->count++] = path;
    return ND_OK;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool is_folder(const char *path)
{
    struct stat about;
    return stat(path, &about) == 0 && S_ISDIR(about.st_mode);
}

// Whether it is a scene; a lack of memory is no answer.
static nd_status try_open(nd_arena *arena, const char *path, bool *is_scene)
{
    *is_scene = nd_product_open(arena, path, NULL) != NULL;
    if (*is_scene) return ND_OK;
    const nd_error error = nd_error_take();
    return error.code == ND_E_MEMORY ? nd_error_give(&error) : ND_OK;
}

// Every file directly in it that can be read, by name, as SNAP does; folders in it are
// left alone.
static nd_status add_folder(nd_arena *arena, paths *all, const char *folder)
{
    const int first = all->count;
    DIR *open = opendir(folder);
    if (!open)
        return nd_fail(ND_E_IO, "the folder %s cannot be read\ncheck its permissions",
                       folder);
    nd_status status = ND_OK;
    for (struct dirent *entry; status == ND_OK && (entry = readdir(open));) {
        const char *path = nd_text(arena, "%s/%s", folder, entry->d_name);
        bool is_scene = false;
        if (!path) status = ND_E_MEMORY;
        if (!path || *entry->d_name == '.' || is_folder(path)) continue;
        status = try_open(arena, path, &is_scene);
        if (is_scene) status = add(all, path);
    }
    closedir(open);
    qsort(all->item + first, (size_t)(all->count - first), sizeof *all->item, by_name);
    if (status == ND_OK && all->count == first)
        return nd_fail(ND_E_DATA, "the folder %s holds no scene\nname the scenes",
                       folder);
    return status;
}

static nd_status find_all(nd_arena *arena, const nd_list *list, paths *all)
{
    for (size_t i = 0; i < list->count; i++) {
        const char *path = list->item[i];
        bool is_scene = !is_folder(path);
        if (!is_scene) ND_TRY(try_open(arena, path, &is_scene));
        ND_TRY(is_scene ? add(all, path) : add_folder(arena, all, path));
    }
    if (all->count) return ND_OK;
    return nd_fail(ND_E_PARAM, "file_list is empty\ngive the paths of scenes");
}

static nd_node *read_one(nd_arena *arena, const nd_make *make, const char *path)
{
    nd_make one = *make;
    one.op = &nd_op_read;
    return nd_node_with(arena, &one, "file", path);
}

// Gives `make` a node of each scene as its inputs.
static nd_status read_all(nd_arena *arena, nd_make *make)
{
    const product_set *set = make->settings->data;
    paths *all = nd_alloc(arena, 1, sizeof *all);
    if (!all || nd_settings_check(make->settings) != ND_OK ||
        find_all(arena, &set->file_list, all) != ND_OK) {
        nd_note("%s", make->place ? make->place : make->op->name);
        return nd_error_code();
    }
    nd_node **input = nd_alloc(arena, (size_t)all->count, sizeof *input);
    if (!input) return ND_E_MEMORY;
    for (int i = 0; i < all->count; i++)
        if (!(input[i] = read_one(arena, make, all->item[i]))) return nd_error_code();
    make->input = input, make->inputs = all->count;
    make->input_id = all->item; // so that a scene that does not fit is named by its path
    return ND_OK;
}

static nd_node *compose(nd_arena *arena, const nd_make *make)
{
    nd_settings settings;
    nd_make merge = *make;
    if (read_all(arena, &merge) != ND_OK ||
        nd_settings_new(arena, &nd_op_band_merge.table, &settings) != ND_OK)
        return NULL;
    merge.op = &nd_op_band_merge, merge.settings = &settings;
    return nd_node_new(arena, &merge);
}

// ---- Scenes that others take one by one: a page shows the first of them.
static nd_status apart_plan(nd_node *self)
{
    nd_source *from = nd_alloc(self->arena, (size_t)self->bands + 1, sizeof *from);
    for (int b = 0; from && b < self->bands; b++) from[b] = (nd_source){0, b};
    self->state = from;
    return from ? ND_OK : ND_E_MEMORY;
}

static nd_status apart_compute(const nd_node *self, nd_work *work, nd_tile *tile)
{
    return nd_forward(self, work, self->state, 0, 0, tile);
}

static nd_rect apart_window(const nd_node *self, int input, const nd_tile *tile,
                            int *level)
{
    (void)self, (void)level;
    return input ? (nd_rect){0} : tile->rect;
}

static const nd_op op_apart = {
    .name = "product_set_reader",
    .snap = "ProductSet-Reader",
    .brief = "Scenes that others take one by one",
    .table = ND_TABLE(params, product_set),
    .min_inputs = 1,
    .max_inputs = -1,
    .levels = ND_EXACT,
    .plan = apart_plan,
    .compute = apart_compute,
    .window = apart_window,
};

static nd_node *apart(nd_arena *arena, const nd_make *make)
{
    nd_make all = *make;
    all.op = &op_apart;
    return read_all(arena, &all) == ND_OK ? nd_node_new(arena, &all) : NULL;
}

const nd_op nd_op_product_set_reader = {
    .name = "product_set_reader",
    .snap = "ProductSet-Reader",
    .brief = "Read several scenes of the same ground as one",
    .example = "nadir product_set_reader --file-list may.tif,june.tif -o both.tif",
    .help = "Collocate and Mosaic get each scene as an input of its own, on any grid.\n"
            "For others the scenes must lie on one grid, and bands of the second whose\n"
            "names are taken get _2, of the third _3.",
    .table = ND_TABLE(params, product_set),
    .levels = ND_EXACT,
    .decodes = true,
    .compose = compose,
    .apart = apart,
};
