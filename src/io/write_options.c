// SPDX-License-Identifier: Apache-2.0
// Options of the formats that nadir writes itself; GDAL's spellings are understood, too.
#include "io/write.h"
#include <string.h>

static const nd_option compressions[] = {
    {"auto", "What suits the format", NULL},
    {"none", "Largest and fastest", "no"},
    {"deflate", "Understood everywhere", "zip"},
    {"zstd", "Smaller and faster than deflate", "zstandard"},
    {NULL, NULL, NULL}};
static const nd_option predictors[] = {
    {"auto", "What suits the samples", "yes"},
    {"none", "Samples as they are", "no,1"},
    {"whole", "Differences of whole numbers", "2,standard,horizontal"},
    {"float", "Differences of the bytes of floats", "3,floating_point"},
    {NULL, NULL, NULL}};
static const nd_option types[] = {
    {"auto", "As the bands say", NULL},     {"float32", "4 bytes", "float"},
    {"uint8", "0 to 255", "byte"},          {"int8", "-128 to 127", NULL},
    {"uint16", "0 to 65 535", NULL},        {"int16", "-32 768 to 32 767", "short"},
    {"uint32", "0 to 4 294 967 295", NULL}, {"int32", "Whole numbers of 4 bytes", "int"},
    {"float64", "8 bytes", "double"},       {NULL, NULL, NULL}};
static const nd_option overviews[] = {{"auto", "What suits the format", NULL},
                                      {"yes", "Smaller copies for zooming", "true,1"},
                                      {"no", "Full size only", "none,false,0"},
                                      {NULL, NULL, NULL}};

static const nd_option bigtiffs[] = {
    {"auto", "Where 4 GB do not suffice", "if_needed,if_safer,no"},
    {"yes", "Always", "true"},
    {NULL, NULL, NULL}};

static const nd_param params[] = {
    ND_PARAM(io_options, compress, {0}, .choices = compressions,
             .help = "How tiles are made smaller"),
    ND_PARAM(io_options, predictor, {0}, .choices = predictors,
             .help = "What is compressed"),
    ND_PARAM(io_options, type, {0}, .choices = types, .was = "ot",
             .help = "How a sample is held"),
    ND_PARAM(io_options, overviews, {0}, .choices = overviews,
             .help = "Whether smaller copies are kept"),
    ND_PARAM(io_options, bigtiff, {0}, .choices = bigtiffs,
             .help = "Whether places in the file have 8 bytes"),
    ND_PARAM(io_options, level, 0, .min = 0, .max = 22, .was = "zlevel,zstd_level",
             .help = "How hard to compress; 0 is the codec's usual"),
    ND_PARAM(io_options, tile, 512, .min = 16, .max = 4096, .was = "blocksize,blockxsize",
             .help = "Side of a tile", .unit = "pixels"),
};
static const nd_table table = ND_TABLE(params, io_options);

nd_status io_options_read(io_job *job)
{
    nd_settings settings;
    ND_TRY(nd_settings_new(job->arena, &table, &settings));
    nd_pair *rest = nd_alloc(job->arena, job->write->options, sizeof *rest);
    size_t rests = 0;
    if (!rest) return ND_E_MEMORY;
    for (size_t i = 0; i < job->write->options; i++) {
        const nd_pair *pair = &job->write->option[i];
        // GDAL's drivers know more names than we do, and mean other things by ours.
        const bool is_ours = nd_text_same(pair->name, "type") ||
                             (!job->format->driver && nd_param_find(&table, pair->name));
        if (!is_ours && (job->format->driver || job->format->write == io_write_png))
            rest[rests++] = *pair;
        else
            ND_TRY(nd_settings_set(job->arena, &settings, pair->name, pair->value));
    }
    job->options = *(const io_options *)settings.data;
    job->options.rest = rest, job->options.rests = rests;
    if (job->options.tile % 16)
        return nd_fail(ND_E_PARAM, "a tile's side is %d\ngive a multiple of 16",
                       job->options.tile);
    if (job->options.compress.at == IO_COMPRESS_DEFLATE && job->options.level > 12)
        return nd_fail(ND_E_PARAM, "deflate has no level %d\nuse 1 to 12",
                       job->options.level);
    return ND_OK;
}
