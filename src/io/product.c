// SPDX-License-Identifier: Apache-2.0
// Opens whatever a path is.
#include "io/reader.h"
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

// Fetching is another room's work: a read never goes over the network by itself.
static bool is_remote(const char *path)
{
    static const char *const starts[] = {"/vsicurl",  "/vsis3",      "/vsigs",
                                         "/vsiaz",    "/vsiadls",    "/vsioss",
                                         "/vsiswift", "/vsiwebhdfs", "/vsihdfs"};
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++)
        if (strstr(path, starts[i])) return true;
    return strstr(path, "://") != NULL;
}

static bool is_folder(const char *path)
{
    struct stat s;
    return stat(path, &s) == 0 && S_ISDIR(s.st_mode);
}

static nd_status check(const char *path)
{
    struct stat s;
    if (!path || !*path)
        return nd_fail(ND_E_PARAM,
                       "the name of the scene is empty\nname a file or a folder");
    if (is_remote(path))
        return nd_fail(ND_E_UNSUPPORTED,
                       "%s is on the network\nfetch it first, then open it here", path);
    // GDAL has names that are no paths: NETCDF:"file.nc":ndvi, /vsizip/…
    const int why = stat(path, &s) == 0 ? 0 : errno;
    if (why && !strchr(path, ':') && strncmp(path, "/vsi", 4) != 0 &&
        !io_is_safe(path)) // x.SAFE/T31TDH is a tile of a product
        return nd_fail(ND_E_IO, "%s cannot be opened: %s\ncheck the name", path,
                       nd_system_error(why));
    return ND_OK;
}

static const nd_product *refuse(const char *path, const char *format)
{
    nd_fail(ND_E_DATA, "%s is no %s\nleave the format out: it is found by itself", path,
            format);
    return NULL;
}

// An ENVI header stands for its picture.
static const char *picture_of(nd_arena *arena, const char *path)
{
    static const char *const ends[] = {".img", ".dat", ".bin", ""};
    struct stat s;
    if (!nd_text_ends(path, ".hdr")) return path;
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        const char *other =
            nd_text(arena, "%.*s%s", (int)strlen(path) - 4, path, ends[i]);
        if (other && stat(other, &s) == 0 && S_ISREG(s.st_mode)) return other;
    }
    return path;
}

const nd_product *nd_product_open(nd_arena *arena, const char *path, const char *format)
{
    io_reading is;
    const char *driver;
    if (io_gdal_start() != ND_OK || check(path) != ND_OK ||
        io_reading_find(format, &is, &driver) != ND_OK)
        return NULL;
    const bool is_dimap = nd_text_ends(path, ".dim");
    const bool is_safe = (is == IO_ANY || is == IO_SAFE) && io_is_safe(path);
    if ((is == IO_DIMAP && !is_dimap) || (is == IO_SAFE && !is_safe))
        return refuse(path, format);
    if (is == IO_RASTER) return io_open_raster(arena, picture_of(arena, path), driver);
    if (is_safe) return io_open_safe(arena, path);
    if (is_dimap) return io_open_dimap(arena, path);
    if (io_is_crop(arena, path)) return io_open_crop(arena, path);
    if (io_is_aws(arena, path)) return io_open_aws(arena, path);
    if (is_folder(path)) {
        nd_fail(ND_E_DATA,
                "%s is a folder in which no scene is found\n"
                "give a product's folder, a crop with a crop.yaml, or a file",
                path);
        return NULL;
    }
    return io_open_raster(arena, picture_of(arena, path), NULL);
}
