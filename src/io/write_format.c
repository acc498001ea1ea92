// SPDX-License-Identifier: Apache-2.0
// The formats by any of their names or by extension, and the options they share.
#include "io/write.h"
#include <cpl_string.h>
#include <gdal.h>
#include <string.h>

// In the order in which an extension is looked up. NetCDF4-CF and its like are SNAP's.
static const io_format formats[] = {
    {"GeoTIFF", "GTiff,TIFF,TIF,GeoTIFF-BigTIFF,BigTIFF,GDAL-GTiff-WRITER", ".tif,.tiff",
     NULL, false, io_write_geotiff},
    {"COG", "GDAL-COG-WRITER,Cloud-Optimized-GeoTIFF", ".cog", NULL, false, io_write_cog},
    {"BEAM-DIMAP", "DIMAP", ".dim", NULL, true, io_write_dimap},
    {"ENVI", "GDAL-ENVI-WRITER", ".hdr", NULL, false, io_write_envi},
};
enum { FORMATS = sizeof formats / sizeof *formats };

static const io_format *by_name(const char *name)
{
    for (int i = 0; i < FORMATS; i++)
        if (nd_text_same(formats[i].name, name) || nd_text_listed(formats[i].also, name))
            return &formats[i];
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
    const char *names[FORMATS];
    for (int i = 0; i < FORMATS; i++) names[i] = formats[i].name;
    const char *nearest = nd_text_nearest(word, names, FORMATS);
    if (nearest)
        return nd_fail(ND_E_PARAM, "there is no %s %s\ndid you mean %s?", kind, word,
                       nearest);
    return nd_fail(ND_E_PARAM,
                   "there is no %s %s\n"
                   "use GeoTIFF, COG, BEAM-DIMAP, ENVI, PNG or a name of GDAL's",
                   kind, word);
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
    if (!chosen)
        return write->format ? unknown("output format", write->format)
                             : unknown("output format for the extension",
                                       *extension ? extension : "(none)");
    char first[16] = "";
    (void)sscanf(chosen->extension, "%15[^,]", first);
    const bool fits =
        nd_text_listed(chosen->extension, extension) ||
        (chosen == by_name("COG") && nd_text_listed(".tif,.tiff", extension));
    // ENVI's header is what is whole last; its image is named after it.
    if (chosen == by_name("ENVI") && nd_text_same(extension, ".img")) {
        *path = nd_text(arena, "%.*s.hdr", (int)(extension - write->path), write->path);
        *format = chosen;
        return *path ? ND_OK : ND_E_MEMORY;
    }
    *path = fits || strcmp(chosen->extension, "") == 0
                ? nd_text(arena, "%s", write->path)
                : nd_text(arena, "%s%s", write->path,
                          chosen == by_name("COG") ? ".tif" : first);
    *format = chosen;
    return *path ? ND_OK : ND_E_MEMORY;
}
