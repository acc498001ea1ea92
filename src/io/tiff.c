// SPDX-License-Identifier: Apache-2.0
// A TIFF file being filled: workers pack, predict and compress their own tiles; only the
// end of the file is shared, as one atomic number.
#include "io/tiff.h"
#include <string.h>

static nd_status plan_level(tiff *t, nd_grid grid)
{
    tiff_level *l = &t->level[t->levels++];
    l->width = grid.width, l->height = grid.height;
    l->across = (grid.width - 1) / t->tile + 1;
    l->down = (grid.height - 1) / t->tile + 1;
    const uint64_t plane = (uint64_t)l->across * (uint64_t)l->down;
    l->tiles = plane * (t->together ? 1 : (uint64_t)t->layer.bands.count);
    if (l->tiles > (uint64_t)1 << 28)
        return nd_fail(ND_E_UNSUPPORTED,
                       "%d x %d pixels are too many for one file\n"
                       "write a smaller region",
                       grid.width, grid.height);
    l->offset = nd_alloc(t->job->arena, (size_t)l->tiles, sizeof *l->offset);
    l->bytes = nd_alloc(t->job->arena, (size_t)l->tiles, sizeof *l->bytes);
    return l->offset && l->bytes ? ND_OK : ND_E_MEMORY;
}

static void choose_predictor(tiff *t)
{
    const int asked = t->job->options.predictor.at;
    const bool is_float = io_sample_is_float(t->layer.sample);
    t->predictor = asked != IO_PREDICTOR_AUTO ? asked
                   : is_float                 ? IO_PREDICTOR_FLOAT
                                              : IO_PREDICTOR_WHOLE;
    // Classes and flags jump; differences of them only cost.
    for (int k = 0; asked == IO_PREDICTOR_AUTO && k < t->layer.bands.count; k++)
        if (t->job->node->band[t->layer.bands.band[k]].kind >= ND_CLASS)
            t->predictor = IO_PREDICTOR_NONE;
    if (t->compress == IO_COMPRESS_NONE) t->predictor = IO_PREDICTOR_NONE;
}

tiff *tiff_new(io_job *job, const io_layer *layer, int fd, bool together)
{
    tiff *t = nd_alloc(job->arena, 1, sizeof *t);
    if (!t) return NULL;
    *t = (tiff){.job = job,
                .layer = *layer,
                .fd = fd,
                .tile = job->options.tile,
                .compress = job->options.compress.at,
                .zip_level = job->options.level,
                .together = together && layer->bands.count > 1};
    atomic_init(&t->end, 16); // the header's room, be it classic or BigTIFF
    choose_predictor(t);
    if (t->predictor == IO_PREDICTOR_FLOAT && !io_sample_is_float(layer->sample))
        return (void)nd_fail(ND_E_PARAM,
                             "predictor 3 is for floats, the samples are %s\n"
                             "use predictor 2 or leave it out",
                             io_sample_name(layer->sample)),
               NULL;
    nd_grid grid = layer->grid;
    if (plan_level(t, grid) != ND_OK) return NULL;
    while (job->options.overviews.at == IO_OVERVIEWS_YES &&
           (grid.width > t->tile || grid.height > t->tile)) {
        grid = nd_grid_at(grid, 1);
        if (plan_level(t, grid) != ND_OK) return NULL;
    }
    if (t->levels > 1 && !(t->pyramid = tiff_pyramid_new(t))) return NULL;
    if (t->compress == IO_COMPRESS_NONE) return t;
    t->codec = tiff_codec_new(job->arena, t->compress, t->zip_level);
    return t->codec ? t : NULL;
}

static nd_status append(tiff *t, nd_work *work, char *bytes, size_t count,
                        tiff_level *level, uint64_t at)
{
    if (t->codec) {
        char *small = nd_alloc_raw(work->arena, tiff_codec_bound(t->codec, count), 1);
        if (!small) return ND_E_MEMORY;
        ND_TRY(tiff_codec_run(t->codec, bytes, count, small, &count));
        bytes = small;
    }
    level->offset[at] = atomic_fetch_add(&t->end, (count + 1) / 2 * 2);
    level->bytes[at] = (uint32_t)count;
    return io_put(t->fd, bytes, count, level->offset[at]);
}

// Rows of `bands` bands from the k-th on; the rest of an edge tile repeats its last
// pixels, which compresses to nothing.
static void pack_tile(const tiff *t, const nd_tile *tile, int k, int bands, char *out,
                      char *scratch)
{
    const size_t each = io_sample_bytes(t->layer.sample), pixel = each * (size_t)bands,
                 row = pixel * (size_t)t->tile;
    const nd_rect r = tile->rect;
    for (int y = 0; y < r.height; y++) {
        char *to = out + (size_t)y * row;
        for (int b = 0; b < bands; b++)
            io_pack_row(&t->layer.pack[k + b], nd_at(tile, k + b, r.x, r.y + y), r.width,
                        to + (size_t)b * each, bands);
        for (int x = r.width; x < t->tile; x++)
            memcpy(to + (size_t)x * pixel, to + (size_t)(r.width - 1) * pixel, pixel);
        tiff_predict(t->predictor, each, bands, t->tile, to, scratch);
    }
    for (int y = r.height; y < t->tile; y++)
        memcpy(out + (size_t)y * row, out + (size_t)(r.height - 1) * row, row);
}

nd_status tiff_put_tile(tiff *t, nd_work *work, int level, const nd_tile *tile)
{
    tiff_level *l = &t->level[level];
    const int bands = t->together ? t->layer.bands.count : 1;
    const size_t row = io_sample_bytes(t->layer.sample) * (size_t)bands * (size_t)t->tile;
    const uint64_t plane = (uint64_t)l->across * (uint64_t)l->down,
                   at = (uint64_t)(tile->rect.y / t->tile) * (uint64_t)l->across +
                        (uint64_t)(tile->rect.x / t->tile);
    const nd_mark mark = nd_arena_mark(work->arena);
    for (int k = 0; k < t->layer.bands.count; k += bands) {
        char *out = nd_alloc_raw(work->arena, (size_t)t->tile, row);
        char *scratch = nd_alloc_raw(work->arena, row, 1);
        if (!out || !scratch) return ND_E_MEMORY;
        pack_tile(t, tile, k, bands, out, scratch);
        ND_TRY(append(t, work, out, row * (size_t)t->tile, l, (uint64_t)k * plane + at));
        nd_arena_back(work->arena, mark);
    }
    return t->pyramid ? tiff_pyramid_put(t, work, level, tile) : ND_OK;
}

static nd_status put(void *self, nd_work *work, const nd_tile *tile)
{
    return tiff_put_tile(self, work, 0, tile);
}

nd_status tiff_fill(tiff *t)
{
    const nd_sink sink = {
        .put = put, .self = t, .tile_width = t->tile, .tile_height = t->tile};
    return nd_run_node(t->job->node, t->layer.bands, &sink, t->job->run);
}
