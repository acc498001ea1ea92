// SPDX-License-Identifier: Apache-2.0
// The names that formats go by when a graph says how to read a file.
#include "io/reader.h"
#include <gdal.h>
#include <string.h>

// SNAP's names, and GDAL's driver; "": found by what the file is.
static const char *const names[][2] = {{"GeoTIFF", "GTiff"},
                                       {"GeoTIFF-BigTIFF", "GTiff"},
                                       {"GDAL-GTiff-READER", "GTiff"},
                                       {"GDAL-JP2OpenJPEG-READER", "JP2OpenJPEG"},
                                       {"JPEG2000", "JP2OpenJPEG"},
                                       {"ENVI", "ENVI"},
                                       {"NetCDF", "netCDF"},
                                       {"NetCDF-CF", "netCDF"},
                                       {"NetCDF4-CF", "netCDF"},
                                       {"NetCDF-BEAM", "netCDF"},
                                       {"NetCDF4-BEAM", "netCDF"},
                                       {"HDF5", "HDF5"},
                                       {"JPEG", "JPEG"},
                                       {"PNG", "PNG"},
                                       {"BMP", "BMP"},
                                       {"GIF", "GIF"},
                                       {"COG", "GTiff"},
                                       {"crop", ""}};
enum { NAMES = sizeof names / sizeof *names };

static nd_status unknown(const char *format)
{
    const char *words[NAMES + 2] = {"BEAM-DIMAP", "SENTINEL-2-MSI-MultiRes"};
    for (int i = 0; i < NAMES; i++) words[i + 2] = names[i][0];
    const char *nearest = nd_text_nearest(format, words, NAMES + 2);
    if (nearest)
        return nd_fail(ND_E_PARAM,
                       "there is no reader for the format %s\n"
                       "did you mean %s?",
                       format, nearest);
    return nd_fail(ND_E_PARAM,
                   "there is no reader for the format %s\n"
                   "leave the format out: it is found by itself",
                   format);
}

nd_status io_reading_find(const char *format, io_reading *is, const char **driver)
{
    *is = IO_ANY, *driver = NULL;
    if (!format || !*format) return ND_OK;
    if (strncmp(format, "SENTINEL-2", 10) == 0) *is = IO_SAFE;
    if (nd_text_same(format, "BEAM-DIMAP")) *is = IO_DIMAP;
    if (*is != IO_ANY) return ND_OK;
    for (int i = 0; i < NAMES; i++)
        if (nd_text_same(format, names[i][0])) {
            if (*names[i][1]) *driver = names[i][1], *is = IO_RASTER;
            return ND_OK;
        }
    ND_TRY(io_gdal_start());
    GDALDriverH found = GDALGetDriverByName(format);
    if (!found) return unknown(format);
    *driver = GDALGetDriverShortName(found), *is = IO_RASTER;
    return ND_OK;
}
