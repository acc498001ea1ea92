// SPDX-License-Identifier: Apache-2.0
// Files behind GDAL: started late, silent, and one handle a worker and file.
#define _GNU_SOURCE
#include "io/reader.h"
#include <cpl_conv.h>
#include <cpl_error.h>
#include <cpl_vsi.h>
#include <gdal.h>
#include <nadir/late.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { IDLE = 64, CACHE_BYTES = 32 << 20 };

static pthread_once_t once = PTHREAD_ONCE_INIT;

// Nothing goes over the network behind the user's back: drivers that would are left out,
// and /vsicurl inside a VRT finds nothing.
static void start(void)
{
    static const char *const settings[][2] = {
        {"GDAL_NUM_THREADS", "1"},
        {"GDAL_SKIP", "WMS,WCS,WMTS,HTTP,PLMOSAIC,EEDAI,DAAS,STACTA,STACIT,OGCAPI,"
                      "PLSCENES,NGW,SENTINEL2,RASDAMAN,PostGISRaster"},
        {"CPL_VSIL_CURL_ALLOWED_EXTENSIONS", ".none"},
        {"GDAL_VRT_ENABLE_PYTHON", "NO"},
        {"GTIFF_DIRECT_IO", "YES"},
        {"GDAL_PAM_ENABLED", "YES"},
        {"GDAL_CACHEMAX", "32"},
    };
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++)
        CPLSetConfigOption(settings[i][0], settings[i][1]);
    CPLSetErrorHandler(CPLQuietErrorHandler);
    GDALAllRegister();
    GDALSetCacheMax64(CACHE_BYTES);
}

nd_status io_gdal_start(void)
{
    ND_TRY(nd_late_load(ND_GDAL, "libgdal32"));
    pthread_once(&once, start);
    return ND_OK;
}

// One line: our messages have two of their own.
static void CPL_STDCALL keep(CPLErr class, CPLErrorNum number, const char *text)
{
    (void)number;
    io_words *words = CPLGetErrorHandlerUserData();
    if (class < CE_Failure) return;
    snprintf(words->text, sizeof words->text, "%.*s", (int)sizeof words->text - 1, text);
    for (char *c = words->text; *c; c++)
        if (*c == '\n' || *c == '\r' || *c == '\t') *c = ' ';
}

void io_gdal_listen(io_words *words)
{
    *words->text = 0;
    CPLPushErrorHandlerEx(keep, words);
}

void io_gdal_ignore(void)
{
    CPLPopErrorHandler();
}

struct io_file {
    const char *path, *driver;
    pthread_mutex_t lock;
    GDALDatasetH idle[IDLE];
    int idles;
};

static void close_all(void *object)
{
    io_file *file = object;
    io_words words;
    io_gdal_listen(&words);
    for (int i = 0; i < file->idles; i++) GDALClose(file->idle[i]);
    io_gdal_ignore();
    pthread_mutex_destroy(&file->lock);
}

static GDALDatasetH open_file(const io_file *file)
{
    const char *const drivers[] = {file->driver, NULL};
    io_words words;
    io_gdal_listen(&words);
    GDALDatasetH dataset =
        GDALOpenEx(file->path, GDAL_OF_RASTER | GDAL_OF_READONLY | GDAL_OF_VERBOSE_ERROR,
                   file->driver ? drivers : NULL, NULL, NULL);
    io_gdal_ignore();
    const size_t length = strlen(file->path);
    const char *said = words.text; // GDAL may say the name again
    if (strncmp(said, file->path, length) == 0 && strncmp(said + length, ": ", 2) == 0)
        said += length + 2;
    if (!dataset)
        nd_fail(ND_E_DATA,
                "%s cannot be opened: %s\n"
                "check that the file is whole and holds a picture",
                file->path, *said ? said : "its format is not known");
    return dataset;
}

io_file *io_file_new(nd_arena *arena, const char *path, const char *driver)
{
    if (io_gdal_start() != ND_OK) return NULL;
    io_file *file = nd_alloc(arena, 1, sizeof *file);
    if (!file) return NULL;
    file->path = nd_text(arena, "%s", path);
    if (!file->path) return NULL;
    if (driver && !(file->driver = nd_text(arena, "%s", driver))) return NULL;
    GDALDatasetH first = open_file(file);
    if (!first) return NULL;
    pthread_mutex_init(&file->lock, NULL);
    file->idle[file->idles++] = first;
    return nd_defer(arena, close_all, file) == ND_OK ? file : NULL;
}

const char *io_file_path(const io_file *file)
{
    return file->path;
}

void *io_file_borrow(io_file *file)
{
    GDALDatasetH dataset = NULL;
    pthread_mutex_lock(&file->lock);
    if (file->idles) dataset = file->idle[--file->idles];
    pthread_mutex_unlock(&file->lock);
    return dataset ? dataset : open_file(file);
}

void io_file_return(io_file *file, void *dataset)
{
    pthread_mutex_lock(&file->lock);
    const bool has_room = file->idles < IDLE;
    if (has_room) file->idle[file->idles++] = dataset;
    pthread_mutex_unlock(&file->lock);
    if (!has_room) GDALClose(dataset);
}

const char *io_identity(nd_arena *arena, const char *path)
{
    struct stat s;
    if (stat(path, &s) != 0) return nd_text(arena, "%s", path);
    return nd_text(arena, "%s|%lld|%lld.%09ld", path, (long long)s.st_size,
                   (long long)s.st_mtim.tv_sec, s.st_mtim.tv_nsec);
}
