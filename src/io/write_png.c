// SPDX-License-Identifier: Apache-2.0
// PNG quick-looks: painted tiles gathered in memory and encoded; large ones by GDAL.
#include "io/picture.h"

static const int64_t most = (int64_t)96 << 20; // bytes of a picture held in memory

typedef struct canvas {
    uint8_t *pixel;
    int width, channels;
    bool is_clear; // some pixel has no data
} canvas;

// Each worker writes its own pixels; the flag may only ever be raised, under `serial`.
static nd_status put(void *self, nd_work *work, const nd_tile *tile)
{
    canvas *c = self;
    const nd_rect r = tile->rect;
    (void)work;
    for (int k = 0; k < tile->bands.count; k++)
        for (int y = r.y; y < r.y + r.height; y++) {
            const float *from = nd_at(tile, k, r.x, y);
            uint8_t *to = c->pixel + ((ptrdiff_t)y * c->width + r.x) * c->channels + k;
            for (int x = 0; x < r.width; x++) {
                to[(ptrdiff_t)x * c->channels] = (uint8_t)from[x];
                c->is_clear |= k == 3 && from[x] < 255;
            }
        }
    return ND_OK;
}

// RGBA to RGB in place, where every pixel is there.
static void drop_alpha(canvas *c, int64_t pixels)
{
    for (int64_t i = 0; i < pixels; i++)
        for (int k = 0; k < 3; k++) c->pixel[3 * i + k] = c->pixel[4 * i + k];
    c->channels = 3;
}

static nd_status encode(io_job *job, const io_look *look, canvas *c, int height)
{
    const nd_product *product = job->node->product;
    const char *text = nd_text(job->arena, "nadir " NADIR_VERSION "%s",
                               product && product->simulated ? ", simulated pixels" : "");
    const nd_picture picture = {.width = c->width,
                                .height = height,
                                .channels = c->channels,
                                .pixel = c->pixel,
                                .stride = (ptrdiff_t)c->width * c->channels,
                                .colour = look->has_index ? look->paint.colour : NULL,
                                .colours =
                                    look->paint.label ? look->paint.labels + 1 : 256,
                                .text = text};
    const char *path = io_out_inside(job->out, io_out_main(job->out));
    const uint8_t *bytes;
    size_t count;
    if (!text || !path) return ND_E_MEMORY;
    ND_TRY(nd_png_make(job->arena, &picture, 6, &bytes, &count));
    return io_put_file(job->arena, path, bytes, count);
}

nd_status io_write_png(io_job *job)
{
    io_look *look = nd_alloc(job->arena, 1, sizeof *look);
    if (!look) return ND_E_MEMORY;
    ND_TRY(io_look_plan(job, true, look));
    nd_node *node = io_look_node(job->arena, job, look);
    if (!node) return ND_E_MEMORY;
    const nd_grid grid = nd_grid_at(node->band[0].grid, job->run->level);
    const int64_t pixels = (int64_t)grid.width * grid.height;
    if (pixels * node->bands > most) return io_copy_picture(job, node, look, "PNG");
    canvas c = {.width = grid.width, .channels = node->bands};
    c.pixel = nd_alloc_raw(job->arena, (size_t)pixels, (size_t)node->bands);
    if (!c.pixel) return ND_E_MEMORY;
    static const int all[] = {0, 1, 2, 3};
    const nd_sink sink = {
        .put = put, .self = &c, .tile_width = 512, .tile_height = 512, .serial = true};
    ND_TRY(nd_run_node(node, (nd_bands){all, node->bands}, &sink, job->run));
    if (c.channels == 4 && !c.is_clear) drop_alpha(&c, pixels);
    return encode(job, look, &c, grid.height);
}

// JPEG, WEBP and the like: three bands of bytes through GDAL's driver.
nd_status io_write_picture(io_job *job)
{
    io_look *look = nd_alloc(job->arena, 1, sizeof *look);
    if (!look) return ND_E_MEMORY;
    ND_TRY(io_look_plan(job, false, look));
    nd_node *node = io_look_node(job->arena, job, look);
    return node ? io_copy_picture(job, node, look, job->format->driver) : ND_E_MEMORY;
}
