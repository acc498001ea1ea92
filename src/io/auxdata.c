// SPDX-License-Identifier: Apache-2.0
// Looks for auxiliary data in a fixed order of folders, and says what lacks.
#include <math.h>
#include <nadir/auxdata.h>
#include <nadir/text.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { FOLDERS = 4, MOST_TILES = 400 };

static const char *set_or_null(const char *name)
{
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

// The folder a scene lies in; of a folder too, the one around it.
static const char *folder_of(nd_arena *arena, const char *path)
{
    size_t length = strlen(path);
    while (length > 1 && path[length - 1] == '/') length--;
    while (length && path[length - 1] != '/') length--;
    if (!length) return nd_text(arena, ".");
    return nd_text(arena, "%.*s", (int)(length > 1 ? length - 1 : 1), path);
}

nd_status nd_aux_folders(nd_arena *arena, const char *scene, nd_list *folders)
{
    const char **item = nd_alloc(arena, FOLDERS, sizeof *item);
    const char *given = set_or_null("NADIR_AUX"), *data = set_or_null("XDG_DATA_HOME"),
               *home = set_or_null("HOME");
    size_t count = 0;
    if (!item) return ND_E_MEMORY;
    if (scene) item[count++] = folder_of(arena, scene);
    if (given) item[count++] = nd_text(arena, "%s", given);
    if (data || home)
        item[count++] = nd_text(arena, "%s%s/nadir/aux", data ? data : home,
                                data ? "" : "/.local/share");
    if (home) item[count++] = nd_text(arena, "%s/.snap/auxdata", home);
    for (size_t i = 0; i < count; i++)
        if (!item[i]) return ND_E_MEMORY;
    *folders = (nd_list){item, count};
    return ND_OK;
}

const char *nd_aux_find(nd_arena *arena, const nd_list *folders, const char *const *names)
{
    struct stat about;
    for (size_t i = 0; i < folders->count; i++)
        for (const char *const *name = names; *name; name++) {
            const char *path = nd_text(arena, "%s/%s", folders->item[i], *name);
            if (!path) return NULL;
            if (stat(path, &about) == 0 && S_ISREG(about.st_mode)) return path;
        }
    return NULL;
}

// ---- Heights: three families of tiles, with the names their makers gave them.

typedef struct family {
    const char *name, *snap_folder, *site;
    int side; // of a tile, degrees
    // Names of the tile whose lower left corner is (lon, lat), and how many.
    int (*names)(nd_arena *arena, int lon, int lat, const char **name);
} family;

static int hgt_names(nd_arena *arena, int lon, int lat, const char **name)
{
    static const char *const ends[] = {".SRTMGL1.hgt.zip", ".SRTMGL1.hgt", ".hgt.zip",
                                       ".hgt"};
    for (int i = 0; i < 4; i++)
        name[i] = nd_text(arena, "%c%02d%c%03d%s", lat < 0 ? 'S' : 'N', abs(lat),
                          lon < 0 ? 'W' : 'E', abs(lon), ends[i]);
    return 4;
}

static int copernicus_names(nd_arena *arena, int lon, int lat, const char **name)
{
    name[0] = nd_text(arena, "Copernicus_DSM_COG_10_%c%02d_00_%c%03d_00_DEM.tif",
                      lat < 0 ? 'S' : 'N', abs(lat), lon < 0 ? 'W' : 'E', abs(lon));
    return 1;
}

// Columns count from 180 W, rows from 60 N, in steps of 5 degrees.
static int cgiar_names(nd_arena *arena, int lon, int lat, const char **name)
{
    const int column = (lon + 180) / 5 + 1, row = (60 - lat) / 5;
    name[0] = nd_text(arena, "srtm_%02d_%02d.tif", column, row);
    return 1;
}

static const family families[] = {
    {"SRTM 1 arc-second", "SRTM 1Sec HGT", "https://step.esa.int/auxdata/dem/SRTMGL1/", 1,
     hgt_names},
    {"Copernicus 30 m", "Copernicus 30m Global DEM",
     "https://copernicus-dem-30m.s3.amazonaws.com/", 1, copernicus_names},
    {"SRTM 3 arc-seconds", "SRTM 3Sec", "https://download.esa.int/step/auxdata/dem/", 5,
     cgiar_names}};
enum { FAMILIES = sizeof families / sizeof *families };

typedef struct search {
    nd_arena *arena;
    const nd_dem_ask *ask;
    nd_list folders;
    const char **found;
    size_t count;
    nd_buffer missing; // names of tiles
    int lacking, tiles;
} search;

static nd_status seek_tile(search *s, const family *f, int lon, int lat)
{
    const char *bare[4], *name[13] = {0};
    const int wrapped = lon > 179 ? lon - 360 : lon < -180 ? lon + 360 : lon;
    const int names = f->names(s->arena, wrapped, lat, bare);
    int all = 0;
    for (int i = 0; i < names; i++) {
        if (!bare[i]) return ND_E_MEMORY;
        name[all++] = bare[i];
        name[all++] = nd_text(s->arena, "dem/%s", bare[i]);
        name[all++] = nd_text(s->arena, "dem/%s/%s", f->snap_folder, bare[i]);
        if (!name[all - 1] || !name[all - 2]) return ND_E_MEMORY;
    }
    const char *path = nd_aux_find(s->arena, &s->folders, name);
    s->tiles++;
    if (path) {
        s->found[s->count++] = path;
    } else if (s->lacking++ < 4) {
        nd_buffer_add(&s->missing, "%s%s", s->lacking > 1 ? ", " : "", bare[0]);
    }
    return ND_OK;
}

static nd_status seek_family(search *s, const family *f)
{
    const nd_box g = s->ask->ground;
    const int side = f->side;
    const int x0 = (int)floor(g.x0 / side), x1 = (int)floor(g.x1 / side);
    const int y0 = (int)floor(g.y0 / side), y1 = (int)floor(g.y1 / side);
    s->count = 0, s->lacking = s->tiles = 0;
    s->missing = (nd_buffer){.arena = s->arena};
    for (int y = y0; y <= y1; y++)
        for (int x = x0; x <= x1; x++) ND_TRY(seek_tile(s, f, x * side, y * side));
    return ND_OK;
}

static nd_status lacking(search *s)
{
    const char *names = nd_buffer_text(&s->missing);
    nd_buffer places = {.arena = s->arena};
    for (size_t i = 0; i < s->folders.count; i++)
        nd_buffer_add(&places, "%s%s", i ? ", " : "", s->folders.item[i]);
    const char *looked = nd_buffer_text(&places);
    const char *put = s->folders.count ? s->folders.item[s->folders.count > 2] : ".";
    if (!names || !looked) return ND_E_MEMORY;
    return nd_fail(ND_E_DATA,
                   "heights lack, %d of %d tiles: %s%s; looked in %s\n"
                   "get them from %s, put them into %s, or name a file of heights",
                   s->lacking, s->tiles, names, s->lacking > 4 ? ", …" : "", looked,
                   families[0].site, put);
}

static nd_status seek(search *s, nd_list *files)
{
    const nd_box g = s->ask->ground;
    if (!(g.x1 - g.x0 <= 360 && g.y0 >= -90 && g.y1 <= 90) ||
        (floor(g.x1) - floor(g.x0) + 1) * (floor(g.y1) - floor(g.y0) + 1) > MOST_TILES)
        return nd_fail(ND_E_UNSUPPORTED,
                       "the picture covers more than %d tiles of heights\n"
                       "name one file of heights",
                       MOST_TILES);
    s->found = nd_alloc(s->arena, MOST_TILES, sizeof *s->found);
    if (!s->found) return ND_E_MEMORY;
    ND_TRY(nd_aux_folders(s->arena, s->ask->scene, &s->folders));
    for (int f = 0; f < FAMILIES; f++) {
        ND_TRY(seek_family(s, &families[f]));
        if (s->lacking && !(s->ask->missing_is_sea && s->count)) continue;
        nd_say(ND_NOTE, "heights from %s, %zu tiles, the first is %s", families[f].name,
               s->count, s->found[0]);
        *files = (nd_list){s->found, s->count};
        return ND_OK;
    }
    ND_TRY(seek_family(s, &families[0]));
    if (!s->ask->missing_is_sea) return lacking(s);
    *files = (nd_list){s->found, 0};
    return ND_OK;
}

nd_status nd_aux_dem(nd_arena *arena, const nd_dem_ask *ask, nd_list *files)
{
    search s = {.arena = arena, .ask = ask};
    if (!ask->file || !*ask->file) return seek(&s, files);
    const char **one = nd_alloc(arena, 1, sizeof *one);
    struct stat about;
    if (!one) return ND_E_MEMORY;
    if (stat(ask->file, &about) != 0)
        return nd_fail(ND_E_IO, "there is no file of heights %s\ncheck its path",
                       ask->file);
    one[0] = ask->file;
    *files = (nd_list){one, 1};
    return ND_OK;
}
