// SPDX-License-Identifier: Apache-2.0
// The formats by any of their names or by extension, and the options they share.
#include "io/reader.h"
#include "io/write.h"
#include <gdal.h>
#include <stdio.h>
#include <string.h>

// In the order in which an extension is looked up. NetCDF4-CF and its like are SNAP's; a
// NetCDF-4 file is an HDF5 file.
static const io_format formats[] = {
    {"GeoTIFF", "GTiff,TIFF,TIF,GeoTIFF-BigTIFF,BigTIFF,GDAL-GTiff-WRITER", ".tif,.tiff",
     NULL, false, io_write_geotiff},
    {"COG", "GDAL-COG-WRITER,Cloud-Optimized-GeoTIFF", ".cog", NULL, false, io_write_cog},
    {"BEAM-DIMAP", "DIMAP", ".dim", NULL, true, io_write_dimap},
    {"ENVI", "GDAL-ENVI-WRITER", ".hdr", NULL, false, io_write_envi},
    {"PNG", "GDAL-PNG-WRITER", ".png", NULL, true, io_write_png},
    {"JPEG", "JPG,GDAL-JPEG-WRITER", ".jpg,.jpeg", "JPEG", true, io_write_picture},
    {"WEBP", "GDAL-WEBP-WRITER", ".webp", "WEBP", true, io_write_picture},
    {"NetCDF4-CF", "netCDF,NetCDF-CF,NetCDF4-BEAM,NetCDF-BEAM,GDAL-netCDF-WRITER", ".nc",
     NULL, true, io_write_netcdf},
    {"HDF5", NULL, ".h5,.hdf5", NULL, true, io_write_netcdf},
    {"JPEG2000", "JP2,JP2OpenJPEG,GDAL-JP2OpenJPEG-WRITER", ".jp2", "JP2OpenJPEG", false,
     io_write_gdal},
};
enum { FORMATS = sizeof formats / sizeof *formats };

static const io_format *by_name(const char *name)
{
    for (int i = 0; i < FORMATS; i++)
        if (nd_text_same(formats[i].name, name) || nd_text_listed(formats[i].also, name))
            return &formats[i];
    return NULL;
}

static bool can_write(GDALDriverH driver)
{
    return GDALGetMetadataItem(driver, GDAL_DCAP_RASTER, NULL) &&
           (GDALGetMetadataItem(driver, GDAL_DCAP_CREATECOPY, NULL) ||
            GDALGetMetadataItem(driver, GDAL_DCAP_CREATE, NULL));
}

// Is `extension`, with its dot, among GDAL's "jp2 j2k"?
static bool has_extension(GDALDriverH driver, const char *extension)
{
    const char *list = GDALGetMetadataItem(driver, GDAL_DMD_EXTENSIONS, NULL);
    char word[32];
    for (int taken; list && sscanf(list, "%31s%n", word, &taken) == 1; list += taken)
        if (*extension && nd_text_same(word, extension + 1)) return true;
    return false;
}

// "GDAL-GPKG-WRITER" is SNAP's way to say GPKG.
static bool is_called(GDALDriverH driver, const char *name)
{
    char snap[64];
    snprintf(snap, sizeof snap, "GDAL-%.40s-WRITER", GDALGetDriverShortName(driver));
    return nd_text_same(GDALGetDriverShortName(driver), name) || nd_text_same(snap, name);
}

// One of GDAL's own drivers: by name, or by extension when `name` is NULL.
static const io_format *of_gdal(nd_arena *arena, const char *name, const char *extension)
{
    for (int i = 0; i < GDALGetDriverCount(); i++) {
        GDALDriverH driver = GDALGetDriver(i);
        if (!can_write(driver) ||
            !(name ? is_called(driver, name) : has_extension(driver, extension)))
            continue;
        io_format *made = nd_alloc(arena, 1, sizeof *made);
        const char *first = GDALGetMetadataItem(driver, GDAL_DMD_EXTENSION, NULL);
        if (!made) return NULL;
        *made =
            (io_format){.driver = nd_text(arena, "%s", GDALGetDriverShortName(driver)),
                        .write = io_write_gdal};
        made->name = made->driver;
        made->extension = name && !has_extension(driver, extension) && first && *first
                              ? nd_text(arena, ".%s", first)
                              : nd_text(arena, "%s", extension);
        return made->driver && made->extension ? made : NULL;
    }
    return NULL;
}

static const char *extension_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *dot = strrchr(slash ? slash + 1 : path, '.');
    return dot && dot[1] ? dot : "";
}

static const io_format *by_extension(const char *extension)
{
    for (int i = 0; *extension && i < FORMATS; i++)
        if (nd_text_listed(formats[i].extension, extension)) return &formats[i];
    return NULL;
}

static nd_status unknown(const char *kind, const char *word)
{
    const char *names[FORMATS + 300];
    size_t count = 0;
    for (int i = 0; i < FORMATS; i++) names[count++] = formats[i].name;
    for (int i = 0; i < GDALGetDriverCount() && count < FORMATS + 300; i++)
        if (can_write(GDALGetDriver(i)))
            names[count++] = GDALGetDriverShortName(GDALGetDriver(i));
    const char *nearest = nd_text_nearest(word, names, count);
    if (nearest)
        return nd_fail(ND_E_PARAM, "there is no %s %s\ndid you mean %s?", kind, word,
                       nearest);
    return nd_fail(ND_E_PARAM,
                   "there is no %s %s\n"
                   "use GeoTIFF, COG, BEAM-DIMAP, ENVI, PNG or a name of GDAL's",
                   kind, word);
}

// The path with the extension that readers of the format look for.
static const char *path_of(nd_arena *arena, const char *path, const char *extension,
                           const io_format *chosen)
{
    char first[16] = "";
    const bool is_cog = chosen->write == io_write_cog;
    // ENVI's header is what is whole last; its image is named after it.
    if (chosen->write == io_write_envi && nd_text_same(extension, ".img"))
        return nd_text(arena, "%.*s.hdr", (int)(extension - path), path);
    if (!*chosen->extension || nd_text_listed(chosen->extension, extension) ||
        (is_cog && nd_text_listed(".tif,.tiff", extension)))
        return nd_text(arena, "%s", path);
    (void)sscanf(chosen->extension, "%15[^,]", first);
    return nd_text(arena, "%s%s", path, is_cog ? ".tif" : first);
}

nd_status io_format_choose(nd_arena *arena, const nd_write *write,
                           const io_format **format, const char **path)
{
    if (!write->path || !*write->path)
        return nd_fail(ND_E_PARAM, "the output has no name\ngive the path of a file");
    if (write->path[strlen(write->path) - 1] == '/')
        return nd_fail(ND_E_PARAM, "%s is a folder\ngive the name of a file",
                       write->path);
    const char *extension = extension_of(write->path);
    const io_format *chosen =
        write->format ? by_name(write->format) : by_extension(extension);
    if (!chosen) ND_TRY(io_gdal_start());
    if (!chosen) chosen = of_gdal(arena, write->format, extension);
    if (!chosen)
        return write->format ? unknown("output format", write->format)
                             : unknown("output format for the extension",
                                       *extension ? extension : "(none)");
    *path = path_of(arena, write->path, extension, chosen);
    *format = chosen;
    return *path ? ND_OK : ND_E_MEMORY;
}
