// SPDX-License-Identifier: Apache-2.0
// Any format that GDAL can make: our own GeoTIFF first, then its driver's copy.
#include "io/picture.h"
#include "io/reader.h"
#include <cpl_conv.h>
#include <cpl_string.h>
#include <gdal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int go_on(double done, const char *text, void *user)
{
    const nd_work work = {.cancel = ((const nd_run *)user)->cancel};
    (void)done, (void)text;
    if (nd_work_go_on(&work) == ND_OK) return TRUE;
    (void)nd_error_take();
    return FALSE;
}

static nd_status copy_failed(const io_job *job, const char *driver, const io_words *words)
{
    const nd_work work = {.cancel = job->run->cancel};
    ND_TRY(nd_work_go_on(&work));
    return nd_fail(ND_E_IO,
                   "%s cannot be written as %s: %s\n"
                   "write another format, or other bands or another type",
                   job->path, driver, *words->text ? words->text : "it does not say why");
}

static nd_status copy(io_job *job, const char *from, GDALDriverH driver, char **options)
{
    io_words words = {{0}};
    nd_run run = *job->run;
    const char *to = io_out_inside(job->out, io_out_main(job->out));
    if (!to) return ND_E_MEMORY;
    io_gdal_listen(&words);
    GDALDatasetH in = GDALOpen(from, GA_ReadOnly), out = NULL;
    if (in) out = GDALCreateCopy(driver, to, in, FALSE, options, go_on, &run);
    bool is_whole = out != NULL;
    CPLErrorReset();
    if (out) GDALClose(out);
    if (CPLGetLastErrorType() >= CE_Failure) is_whole = false; // the disk filled up
    if (in) GDALClose(in);
    io_gdal_ignore();
    return is_whole ? ND_OK : copy_failed(job, GDALGetDriverShortName(driver), &words);
}

static nd_status copy_to(io_job *job, const char *from, const char *name)
{
    ND_TRY(io_gdal_start());
    GDALDriverH driver = GDALGetDriverByName(name);
    char **options = NULL;
    if (!driver)
        return nd_fail(ND_E_UNSUPPORTED,
                       "this GDAL has no driver %s\n"
                       "install the package that holds it, or write another format",
                       name);
    for (size_t i = 0; i < job->options.rests; i++)
        options = CSLSetNameValue(options, job->options.rest[i].name,
                                  job->options.rest[i].value);
    const nd_status status = copy(job, from, driver, options);
    CSLDestroy(options);
    return status;
}

// A GeoTIFF in a folder of its own, which goes before the output is put in place.
static nd_status by_way_of_tiff(io_job *job, const char *driver)
{
    const char *folder = io_out_inside(job->out, ".source");
    const char *from = folder ? nd_text(job->arena, "%s/source.tif", folder) : NULL;
    if (!from) return ND_E_MEMORY;
    if (mkdir(folder, 0777) != 0) return io_disk_failed(folder, 0);
    job->options.compress.at = IO_COMPRESS_NONE;
    job->options.overviews.at = IO_OVERVIEWS_NO;
    ND_TRY(io_put_geotiff(job, from));
    const nd_status status = copy_to(job, from, driver);
    const char *beside = nd_text(job->arena, "%s.aux.xml", from);
    (void)unlink(from);
    if (beside) (void)unlink(beside);
    (void)rmdir(folder);
    return status;
}

nd_status io_write_gdal(io_job *job)
{
    return by_way_of_tiff(job, job->format->driver);
}

nd_status io_copy_picture(io_job *job, const nd_node *node, const io_look *look,
                          const char *driver)
{
    static const int all[] = {0, 1, 2, 3};
    const bool has_alpha = nd_text_same(driver, "PNG") || nd_text_same(driver, "WEBP");
    io_job part = *job;
    part.node = node;
    part.bands = (nd_bands){all, look->has_index ? 1 : has_alpha ? 4 : 3};
    return by_way_of_tiff(&part, driver);
}
