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

// "x.SAFE/T31TDH", "x.zip/x.SAFE/GRANULE/tile": how much of the path is on the disk.
// What comes after it names a tile.
static size_t length_on_disk(const char *path, char *part, size_t size)
{
    struct stat s;
    size_t n = strlen(path);
    if (n >= size) return 0;
    memcpy(part, path, n + 1);
    while (n && stat(part, &s) != 0) {
        while (n && part[n - 1] != '/') n--;
        while (n && part[n - 1] == '/') n--;
        part[n] = 0;
    }
    return n;
}

bool io_is_safe(const char *whole)
{
    char path[4200];
    io_words words;
    if (!length_on_disk(whole, path, sizeof path)) return false;
    const bool is_part = strlen(path) < strlen(whole);
    io_gdal_listen(&words);
    bool is_it = false;
    if (is_folder(path))
        is_it = folder_has(path, is_scene) || (!is_part && folder_has(path, is_tile));
    else if (nd_text_ends(path, ".zip"))
        is_it = zip_has(path);
    else
        is_it = !is_part && (is_scene(path) || is_tile(path));
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

static int by_name(const void *a, const void *b)
{
    const char *const *x = a, *const *y = b;
    return strcmp(*x, *y);
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
    qsort(entry, s->entries, sizeof *entry, by_name); // disks and zips have orders
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

// "T31TDH" where it stands as "_T31TDH" in a name; NULL: nowhere.
static const char *tile_in(const char *path)
{
    for (const char *at = path; (at = strstr(at, "_T")); at++) {
        const char *c = at + 2;
        bool is_it = c[0] >= '0' && c[0] <= '9' && c[1] >= '0' && c[1] <= '9';
        for (int i = 2; is_it && i < 5; i++) is_it = c[i] >= 'A' && c[i] <= 'Z';
        const char end = is_it ? c[5] : 'x';
        if (end == '_' || end == '/' || end == '.' || !end) return at + 1;
    }
    return NULL;
}

static bool has_part(const char *path, const char *part)
{
    const size_t length = strlen(part);
    for (const char *at = path; (at = strstr(at, part)); at++)
        if ((at == path || at[-1] == '/') && (at[length] == '/' || !at[length]))
            return true;
    return false;
}

// Every part of what is wanted is the tile's number, or stands whole in its path or in
// that of its product.
static bool is_named(const char *product, const char *path, const char *wanted)
{
    const char *tile = tile_in(path);
    char number[8] = "", part[256];
    if (tile) memcpy(number, tile, 6);
    for (size_t length; *wanted; wanted += length + strspn(wanted + length, "/")) {
        length = strcspn(wanted, "/");
        if (length >= sizeof part) return false;
        memcpy(part, wanted, length), part[length] = 0;
        if (!nd_text_same(number, part) && !has_part(path, part) &&
            !has_part(product, part))
            return false;
    }
    return true;
}

// A tile's folder: "L1C_T31TDH_A013204_20180101T105435".
static const char *folder_of(const safe *s, const char *tile)
{
    const char *folder = io_folder(s->arena, tile);
    return folder ? last_part(folder) : NULL;
}

// The tiles of a product: "T31TCH, T31TDH"; those of one name by their folders. At most
// so many that a message holds them.
static const char *tiles_of(const safe *s, const char *const *tile, int count,
                            bool by_folder)
{
    const int most = by_folder ? 5 : 20;
    nd_buffer list = {.arena = s->arena};
    for (int i = 0; i < count && i < most; i++) {
        const char *number = by_folder ? NULL : tile_in(tile[i]);
        const char *name = number ? number : folder_of(s, tile[i]);
        nd_buffer_add(&list, "%s%.*s", i ? ", " : "", number ? 6 : 100, name ? name : "");
    }
    if (count > most) nd_buffer_add(&list, ", …");
    return nd_buffer_text(&list);
}

static nd_status refuse_several(const safe *s, const char *path, const char *const *tile,
                                int count, bool by_folder)
{
    const char *folder = nd_text_ends(path, ".xml") ? io_folder(s->arena, path) : path;
    const char *number = by_folder ? NULL : tile_in(tile[0]);
    const char *name = number ? number : folder_of(s, tile[0]);
    const char *all = tiles_of(s, tile, count, by_folder);
    if (!folder || !name || !all) return ND_E_MEMORY;
    size_t end = strlen(folder);
    while (end > 1 && folder[end - 1] == '/') end--;
    return nd_fail(ND_E_PARAM,
                   "%s holds %d tiles: %s\n"
                   "name one after the product, as in %.*s/%.*s",
                   path, count, all, (int)end, folder, number ? 6 : 100, name);
}

// Which tile: the one that was asked for, else the only one.
static nd_status choose(safe *s, const char *path, const char *wanted)
{
    int fit = 0;
    const char *const outside = s->root;
    size_t scene = 0;
    while (scene < s->entries && !is_scene(s->entry[scene])) scene++;
    if (scene < s->entries) {
        s->scene_path = last_part(s->entry[scene]);
        ND_TRY(strip(s, s->entry[scene]));
    }
    const char *product = s->root + strlen(outside); // "/p.SAFE" in a zip
    const char **tile = nd_alloc(s->arena, s->entries + 1, sizeof *tile);
    const char **fits = nd_alloc(s->arena, s->entries + 1, sizeof *fits);
    if (!tile || !fits) return ND_E_MEMORY;
    s->tiles = 0;
    for (size_t i = 0; i < s->entries; i++) {
        if (!is_tile(s->entry[i])) continue;
        tile[s->tiles++] = s->entry[i];
        if (!wanted || is_named(product, s->entry[i], wanted)) fits[fit++] = s->entry[i];
    }
    if (!s->tiles)
        return nd_fail(ND_E_DATA,
                       "%s has no tile: there is no MTD_TL.xml in it\n"
                       "fetch the whole product again",
                       path);
    if (fit > 1) return refuse_several(s, path, fits, fit, wanted);
    const char *all = tiles_of(s, tile, s->tiles, false);
    if (!all) return ND_E_MEMORY;
    if (!fit)
        return nd_fail(ND_E_DATA, "%s has no tile %.60s\nit has %s", path, wanted, all);
    s->tile_path = fits[0];
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

// A folder or file on the disk that is a tile: its folder's name.
static const char *name_of_folder(nd_arena *arena, const char *folder)
{
    char *real = realpath(folder, NULL);
    const char *name = nd_text(arena, "%s", real ? last_part(real) : folder);
    free(real);
    return name;
}

static nd_status locate(safe *s, const char *path, const char *wanted)
{
    if (nd_text_ends(path, ".zip")) {
        const char *inside = nd_text(s->arena, "/vsizip/{%s}", path);
        if (!inside) return ND_E_MEMORY;
        ND_TRY(list(s, inside));
        return choose(s, path, wanted);
    }
    const char *folder = is_folder(path) ? path : io_folder(s->arena, path);
    if (!folder) return ND_E_MEMORY;
    if (folder_has(folder, is_scene)) {
        ND_TRY(list(s, folder));
        return choose(s, path, wanted);
    }
    const char *root = product_of(s->arena, folder);
    if (root && !(wanted = name_of_folder(s->arena, folder))) return ND_E_MEMORY;
    ND_TRY(list(s, root ? root : folder));
    return choose(s, path, wanted);
}

// The path on the disk, and what is named below it.
static nd_status split(safe *s, const char *path, const char **on_disk,
                       const char **wanted)
{
    char part[4200];
    const size_t length = length_on_disk(path, part, sizeof part);
    const char *rest = path + length + strspn(path + length, "/");
    *on_disk = path, *wanted = NULL;
    if (!length || !*rest) return ND_OK;
    size_t end = strlen(rest);
    while (end && rest[end - 1] == '/') end--;
    *on_disk = nd_text(s->arena, "%s", part);
    *wanted = nd_text(s->arena, "%.*s", (int)end, rest);
    return *on_disk && *wanted ? ND_OK : ND_E_MEMORY;
}

nd_status safe_locate(safe *s, const char *path)
{
    io_words words;
    const char *on_disk, *wanted;
    ND_TRY(split(s, path, &on_disk, &wanted));
    io_gdal_listen(&words);
    const nd_status status = locate(s, on_disk, wanted);
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
