// SPDX-License-Identifier: Apache-2.0
// Which pictures there are: members of a zip, files of a folder, lines of a list.
#include "learn/data.h"
#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <nadir/product.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { DEPTH = 16, MOST = 50000000 };

static bool is_picture(const char *name)
{
    static const char *const ends[] = {".jpg", ".jpeg", ".png",  ".tif", ".tiff",
                                       ".jp2", ".bmp",  ".webp", ".gif", ".img"};
    const char *last = strrchr(name, '/');
    if ((last ? last[1] : name[0]) == '.' || strncmp(name, "__MACOSX/", 9) == 0)
        return false;
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        if (nd_text_ends(name, ends[i])) return true;
    return false;
}

typedef struct listing {
    nd_dataset *set;
    int64_t room;
} listing;

// Arenas give nothing back, so room doubles.
static nd_status add(listing *l, const char *name, int64_t entry)
{
    nd_dataset *set = l->set;
    if (set->items == MOST)
        return nd_fail(ND_E_UNSUPPORTED, "%s has more than %d pictures\nsplit it",
                       set->source, MOST);
    if (set->items == l->room) {
        const int64_t room = l->room ? 2 * l->room : 1024;
        data_item *more = nd_alloc(set->arena, (size_t)room, sizeof *more);
        if (!more) return ND_E_MEMORY;
        if (set->items) memcpy(more, set->item, (size_t)set->items * sizeof *more);
        set->item = more, l->room = room;
    }
    set->item[set->items++] = (data_item){
        .name = name, .entry = entry, .class = -1, .x = (double)NAN, .y = (double)NAN};
    return ND_OK;
}

static nd_status list_zip(listing *l)
{
    nd_dataset *set = l->set;
    set->zip = nd_zip_open(set->arena, set->source, MOST);
    if (!set->zip) return ND_E_DATA;
    for (size_t i = 0; i < set->zip->count; i++)
        if (is_picture(set->zip->member[i].name))
            ND_TRY(add(l, set->zip->member[i].name, (int64_t)i));
    return ND_OK;
}

static nd_status list_folder(listing *l, const char *under, int depth);

// A picture is taken, a folder looked into; `name` starts at the set's folder.
static nd_status list_entry(listing *l, const char *name, int depth)
{
    nd_arena *arena = l->set->arena;
    struct stat s;
    const char *whole = nd_text(arena, "%s/%s", l->set->folder, name);
    if (!whole) return ND_E_MEMORY;
    if (stat(whole, &s) != 0) return ND_OK;
    if (S_ISREG(s.st_mode) && is_picture(name)) return add(l, name, -1);
    if (!S_ISDIR(s.st_mode)) return ND_OK;
    if (depth == DEPTH)
        return nd_fail(ND_E_DATA, "%s lies too deep\ngive a folder nearer to it", whole);
    const char *below = nd_text(arena, "%s/", name);
    return below ? list_folder(l, below, depth + 1) : ND_E_MEMORY;
}

// `under`: the folder below the set's, "" or ending in a slash.
static nd_status list_folder(listing *l, const char *under, int depth)
{
    nd_dataset *set = l->set;
    const char *path = nd_text(set->arena, "%s/%s", set->folder, under);
    DIR *folder = path ? opendir(path) : NULL;
    if (!path) return ND_E_MEMORY;
    if (!folder)
        return nd_fail(ND_E_IO, "%s cannot be read: %s\ncheck the name", path,
                       nd_system_error(errno));
    nd_status status = ND_OK;
    for (const struct dirent *e; status == ND_OK && (e = readdir(folder));) {
        if (e->d_name[0] == '.') continue;
        const char *name = nd_text(set->arena, "%s%s", under, e->d_name);
        status = name ? list_entry(l, name, depth) : ND_E_MEMORY;
    }
    closedir(folder);
    return status;
}

// A text file: a picture's name on each line, from the folder that the list lies in.
static nd_status list_lines(listing *l)
{
    nd_dataset *set = l->set;
    FILE *file = fopen(set->source, "r");
    char line[4096];
    nd_status status = ND_OK;
    if (!file)
        return nd_fail(ND_E_IO, "%s cannot be opened: %s\ncheck the name", set->source,
                       nd_system_error(errno));
    while (status == ND_OK && fgets(line, sizeof line, file)) {
        line[strcspn(line, "\r\n")] = 0;
        if (!line[0] || line[0] == '#') continue;
        const char *name = nd_text(set->arena, "%s", line);
        status = name ? add(l, name, -1) : ND_E_MEMORY;
    }
    fclose(file);
    return status;
}

static int by_name(const void *a, const void *b)
{
    const data_item *p = a, *q = b;
    return strcmp(p->name, q->name);
}

static bool all_share(const nd_dataset *set, size_t length)
{
    const char *first = set->item[0].name;
    for (int64_t i = 0; i < set->items; i++)
        if (strncmp(set->item[i].name, first, length) != 0 ||
            !strchr(set->item[i].name + length, '/'))
            return false;
    return true;
}

// Keys are names without the folders that all share, so that a zip and what was unpacked
// from it, or a folder and its parent, are split alike. One folder stays: the class.
static void find_keys(nd_dataset *set)
{
    size_t shared = 0;
    const char *first = set->item[0].name;
    for (const char *slash = first; (slash = strchr(slash, '/')); slash++) {
        const size_t length = (size_t)(slash - first) + 1;
        if (!all_share(set, length)) break;
        shared = length;
    }
    for (int64_t i = 0; i < set->items; i++)
        set->item[i].key = set->item[i].name + shared;
}

static nd_status label_by_folder(nd_dataset *set)
{
    for (int64_t i = 0; i < set->items; i++) {
        data_item *item = &set->item[i];
        const char *end = strrchr(item->name, '/'), *start = end;
        while (start && start > item->name && start[-1] != '/') start--;
        if (!end)
            return nd_fail(ND_E_DATA,
                           "%s in %s lies in no folder that could name its class\n"
                           "put each class into a folder, or give a table",
                           item->name, set->source);
        item->label = nd_text(set->arena, "%.*s", (int)(end - start), start);
        if (!item->label) return ND_E_MEMORY;
    }
    return ND_OK;
}

static const char *folder_of(nd_arena *arena, const char *path)
{
    const char *end = strrchr(path, '/');
    return end ? nd_text(arena, "%.*s", (int)(end - path), path) : ".";
}

nd_status data_list_pictures(nd_dataset *set)
{
    listing l = {.set = set};
    struct stat s;
    set->source = set->set.pictures.text;
    if (stat(set->source, &s) != 0)
        return nd_fail(ND_E_IO, "%s cannot be opened: %s\ncheck the name", set->source,
                       nd_system_error(errno));
    const bool is_zip = nd_text_ends(set->source, ".zip");
    set->folder = S_ISDIR(s.st_mode) ? set->source : folder_of(set->arena, set->source);
    if (!set->folder) return ND_E_MEMORY;
    if (S_ISDIR(s.st_mode))
        ND_TRY(list_folder(&l, "", 0));
    else if (is_zip)
        ND_TRY(list_zip(&l));
    else
        ND_TRY(list_lines(&l));
    if (!set->items)
        return nd_fail(ND_E_DATA,
                       "%s holds no picture\ngive JPEG, PNG or TIFF files in a folder "
                       "for each class",
                       set->source);
    qsort(set->item, (size_t)set->items, sizeof *set->item, by_name);
    find_keys(set);
    return label_by_folder(set);
}

// ---- Classes.

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static nd_status sorted_classes(nd_dataset *set)
{
    const char **label = nd_alloc(set->arena, (size_t)set->items, sizeof *label);
    if (!label) return ND_E_MEMORY;
    for (int64_t i = 0; i < set->items; i++) label[i] = set->item[i].label;
    qsort(label, (size_t)set->items, sizeof *label, by_text);
    int count = 0;
    for (int64_t i = 0; i < set->items; i++)
        if (!i || strcmp(label[i], label[i - 1]) != 0) label[count++] = label[i];
    set->class = nd_alloc(set->arena, (size_t)count, sizeof *set->class);
    if (!set->class) return ND_E_MEMORY;
    set->classes = count;
    for (int k = 0; k < count; k++)
        set->class[k] = (nd_card_class){.value = k, .name = label[k]};
    return ND_OK;
}

static bool means(const nd_dataset *set, int class, const char *label)
{
    const nd_data_class *given = set->set.classes.item;
    if (strcmp(set->class[class].name, label) == 0) return true;
    if (!set->set.classes.count || set->set.card) return false;
    for (size_t i = 0; i < given[class].values.count; i++)
        if (strcmp(given[class].values.item[i], label) == 0) return true;
    return false;
}

// "17 of 10": a label that is no class is told with the picture that has it.
static nd_status unknown(const nd_dataset *set, const data_item *item)
{
    const char *name[64];
    size_t names = 0;
    for (int k = 0; k < set->classes && k < 64; k++) name[names++] = set->class[k].name;
    const char *nearest = nd_text_nearest(item->label, name, names);
    return nd_fail(ND_E_DATA,
                   "%s in %s is of class %s, which is none of the %d classes\n"
                   "add it to data.classes%s%s",
                   item->name, set->source, item->label, set->classes,
                   nearest ? ", or correct it to " : "", nearest ? nearest : "");
}

nd_status data_find_classes(nd_dataset *set)
{
    if (!set->class) ND_TRY(sorted_classes(set));
    int last = 0; // labels come in runs
    for (int64_t i = 0; i < set->items; i++) {
        data_item *item = &set->item[i];
        for (int k = 0; k < set->classes && item->class < 0; k++) {
            const int class = (last + k) % set->classes;
            if (means(set, class, item->label)) item->class = last = class;
        }
        if (item->class < 0) return unknown(set, item);
    }
    return ND_OK;
}
