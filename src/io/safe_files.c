// SPDX-License-Identifier: Apache-2.0
// Finds the parts of a Sentinel-2 product in a folder, a tile folder, or a zip.
#define _GNU_SOURCE
#include "io/safe.h"
#include <cpl_string.h>
#include <cpl_vsi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { ENTRIES = 100000 };

static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

// "MTD_MSIL1C.xml", "MTD_MSIL2A.xml"; before 2016 "S2A_OPER_MTD_SAFL1C_….xml".
static bool is_scene(const char *path)
{
    const char *name = last_part(path);
    return nd_text_ends(name, ".xml") &&
           (strncmp(name, "MTD_MSIL", 8) == 0 || strstr(name, "_MTD_SAFL"));
}

// "MTD_TL.xml"; before 2016 "S2A_OPER_MTD_L1C_TL_….xml".
static bool is_tile(const char *path)
{
    const char *name = last_part(path);
    return strcmp(name, "MTD_TL.xml") == 0 ||
           (nd_text_ends(name, ".xml") && strstr(name, "_MTD_L") && strstr(name, "_TL_"));
}

static bool is_folder(const char *path)
{
    struct stat s;
    return stat(path, &s) == 0 && S_ISDIR(s.st_mode);
}

static bool folder_has(const char *folder, bool (*is_it)(const char *))
{
    char **names = VSIReadDirEx(folder, ENTRIES);
    bool found = false;
    for (int i = 0; names && names[i] && !found; i++) found = is_it(names[i]);
    CSLDestroy(names);
    return found;
}

static bool zip_has(const char *path)
{
    char inside[4200];
    if (snprintf(inside, sizeof inside, "/vsizip/{%s}", path) >= (int)sizeof inside)
        return false;
    char **names = VSIReadDirRecursive(inside);
    bool found = false;
    for (int i = 0; names && names[i] && i < ENTRIES && !found; i++)
        found = is_scene(names[i]) || is_tile(names[i]);
    CSLDestroy(names);
    return found;
}

bool io_is_safe(const char *path)
{
    io_words words;
    io_gdal_listen(&words);
    bool is_it = false;
    if (is_folder(path))
        is_it = folder_has(path, is_scene) || folder_has(path, is_tile);
    else if (nd_text_ends(path, ".zip"))
        is_it = zip_has(path);
    else
        is_it = is_scene(path) || is_tile(path);
    io_gdal_ignore();
    return is_it;
}

// A name that leads out of the product is nobody's business.
static bool is_inside(const char *name)
{
    if (*name == '/' || strlen(name) > 1000 || strchr(name, '\\')) return false;
    for (const char *at = name; (at = strstr(at, "..")); at += 2)
        if ((at == name || at[-1] == '/') && (at[2] == '/' || !at[2])) return false;
    return true;
}

static nd_status list(safe *s, const char *root)
{
    char **names = VSIReadDirRecursive(root);
    const int count = CSLCount(names);
    const char **entry = nd_alloc(s->arena, (size_t)count + 1, sizeof *entry);
    for (int i = 0; entry && i < count && i < ENTRIES; i++)
        if (is_inside(names[i]) && !nd_text_ends(names[i], "/"))
            if (!(entry[s->entries++] = nd_text(s->arena, "%s", names[i]))) break;
    CSLDestroy(names);
    if (!entry || (s->entries && !entry[s->entries - 1])) return ND_E_MEMORY;
    s->entry = entry, s->root = root;
    return ND_OK;
}

// In a zip the product is usually a folder: its name becomes part of the root.
static nd_status strip(safe *s, const char *scene)
{
    const size_t length = (size_t)(last_part(scene) - scene);
    if (!length) return ND_OK;
    size_t kept = 0;
    const char **entry = nd_alloc(s->arena, s->entries, sizeof *entry);
    if (!entry) return ND_E_MEMORY;
    for (size_t i = 0; i < s->entries; i++)
        if (strncmp(s->entry[i], scene, length) == 0)
            entry[kept++] = s->entry[i] + length;
    s->root = nd_text(s->arena, "%s/%.*s", s->root, (int)length - 1, scene);
    s->entry = entry, s->entries = kept;
    return s->root ? ND_OK : ND_E_MEMORY;
}

static const char *only(const safe *s, bool (*is_it)(const char *), int *count)
{
    const char *first = NULL;
    *count = 0;
    for (size_t i = 0; i < s->entries; i++)
        if (is_it(s->entry[i]) && !(*count)++) first = s->entry[i];
    return first;
}

// Which tile: the one that was asked for, else the only one.
static nd_status choose(safe *s, const char *path, const char *wanted)
{
    int count = 0;
    const char *scene = only(s, is_scene, &count);
    if (scene) ND_TRY(strip(s, scene));
    if (scene) s->scene_path = last_part(scene);
    const char *tile = only(s, is_tile, &count);
    if (!count)
        return nd_fail(ND_E_DATA,
                       "%s has no tile: there is no MTD_TL.xml in it\n"
                       "fetch the whole product again",
                       path);
    for (size_t i = 0; wanted && i < s->entries; i++)
        if (is_tile(s->entry[i]) && strstr(s->entry[i], wanted)) tile = s->entry[i];
    if (count > 1 && !wanted)
        return nd_fail(ND_E_UNSUPPORTED,
                       "%s holds %d tiles\nopen one of the folders in GRANULE", path,
                       count);
    s->tile_path = tile;
    return ND_OK;
}

// The product around a tile folder, if it is there: X.SAFE/GRANULE/tile.
static const char *product_of(nd_arena *arena, const char *tile_folder)
{
    char *real = realpath(tile_folder, NULL);
    const char *granule = real ? io_folder(arena, real) : NULL;
    const char *root = granule ? io_folder(arena, granule) : NULL;
    free(real);
    if (!root || !nd_text_ends(granule, "/GRANULE") || !folder_has(root, is_scene))
        return NULL;
    return root;
}

static nd_status locate(safe *s, const char *path)
{
    if (nd_text_ends(path, ".zip")) {
        const char *inside = nd_text(s->arena, "/vsizip/{%s}", path);
        if (!inside) return ND_E_MEMORY;
        ND_TRY(list(s, inside));
        return choose(s, path, NULL);
    }
    const char *folder = is_folder(path) ? path : io_folder(s->arena, path);
    if (!folder) return ND_E_MEMORY;
    if (folder_has(folder, is_scene)) {
        ND_TRY(list(s, folder));
        return choose(s, path, NULL);
    }
    const char *root = product_of(s->arena, folder), *wanted = NULL;
    if (root) {
        char *real = realpath(folder, NULL);
        wanted = nd_text(s->arena, "%s/", real ? last_part(real) : "");
        free(real);
        if (!wanted) return ND_E_MEMORY;
    }
    ND_TRY(list(s, root ? root : folder));
    return choose(s, path, wanted);
}

nd_status safe_locate(safe *s, const char *path)
{
    io_words words;
    io_gdal_listen(&words);
    const nd_status status = locate(s, path);
    io_gdal_ignore();
    return status;
}

const char *safe_find(const safe *s, const char *folder, const char *end)
{
    const size_t length = (size_t)(last_part(s->tile_path) - s->tile_path);
    for (size_t i = 0; i < s->entries; i++) {
        const char *name = s->entry[i];
        if (strncmp(name, s->tile_path, length) != 0 || !nd_text_ends(name, end))
            continue;
        if (strncmp(name + length, folder, strlen(folder)) == 0)
            return io_join(s->arena, s->root, name);
    }
    return NULL;
}
