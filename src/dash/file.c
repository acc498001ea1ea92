// SPDX-License-Identifier: Apache-2.0
// What is on the screen as a file: a picture, or a GeoTIFF of the values.
#define _DEFAULT_SOURCE // mkdtemp
#include "dash/dash.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const int64_t most_pixels = (int64_t)1 << 24, most_values = (int64_t)1 << 27;

// ---- A rectangle of a level of a node, as a node of its own.

typedef struct window {
    int x, y, width, height, level; // in pixels of the level
} window;

static const nd_param params[] = {
    ND_PARAM(window, x, 0, .help = "First column"),
    ND_PARAM(window, y, 0, .help = "First row"),
    ND_PARAM(window, width, 0, .help = "Columns"),
    ND_PARAM(window, height, 0, .help = "Rows"),
    ND_PARAM(window, level, 0, .help = "Level of the input"),
};

static nd_status plan(nd_node *self)
{
    const window *set = self->state;
    for (int b = 0; b < self->bands; b++) {
        nd_grid grid = nd_grid_at(self->band[b].grid, set->level);
        grid.x += set->x * grid.pixel_x, grid.y += set->y * grid.pixel_y;
        grid.width = set->width, grid.height = set->height;
        self->band[b].grid = grid;
    }
    return ND_OK;
}

static nd_status compute(const nd_node *self, nd_work *work, nd_tile *tile)
{
    const window *set = self->state;
    const nd_rect r = tile->rect;
    nd_tile in;
    ND_TRY(nd_read(self->input[0], work, tile->bands, set->level + tile->level,
                   (nd_rect){r.x + (set->x >> tile->level), r.y + (set->y >> tile->level),
                             r.width, r.height},
                   &in));
    for (int k = 0; k < tile->bands.count; k++)
        for (int y = 0; y < r.height; y++)
            memcpy(nd_at(tile, k, r.x, r.y + y), nd_at(&in, k, in.rect.x, in.rect.y + y),
                   (size_t)r.width * sizeof(float));
    return ND_OK;
}

static const nd_op op_window = {.name = "window",
                                .brief = "A part of a picture",
                                .table = ND_TABLE(params, window),
                                .min_inputs = 1,
                                .max_inputs = 1,
                                .levels = ND_REDUCED,
                                .plan = plan,
                                .compute = compute};

static nd_node *cut(nd_arena *arena, const nd_node *node, window set)
{
    nd_settings settings;
    nd_node *input = (nd_node *)(uintptr_t)node; // planned: only read from here on
    if (nd_settings_new(arena, &op_window.table, &settings) != ND_OK) return NULL;
    *(window *)settings.data = set;
    return nd_node_new(arena, &(nd_make){.op = &op_window,
                                         .input = &input,
                                         .inputs = 1,
                                         .settings = &settings});
}

// "r=x,y,width,height" in pixels of level 0; "level=n".
static nd_status window_asked(const dash_request *r, nd_arena *arena, const nd_grid *grid,
                              window *set)
{
    double n[4] = {0, 0, grid->width, grid->height}, level = 0;
    const char *rect = dash_query(arena, r->head.query, "r");
    const char *at = dash_query(arena, r->head.query, "level");
    if (rect && dash_numbers(arena, rect, n, 4) != 4)
        return nd_fail(ND_E_PARAM, "r=%.80s is no rectangle\ngive x,y,width,height",
                       rect);
    if (at && (dash_numbers(arena, at, &level, 1) != 1 || level < 0 || level > 30))
        return nd_fail(ND_E_PARAM, "level=%.80s is no level\ngive 0 to 30", at);
    for (int i = 0; i < 4; i++)
        if (!(fabs(n[i]) < 1 << 30))
            return nd_fail(ND_E_PARAM, "r=%.80s is too large\nstay within the picture",
                           rect);
    const int l = (int)level, side = 1 << l;
    const nd_grid whole = nd_grid_at(*grid, l);
    nd_rect in = {(int)floor(n[0] / side), (int)floor(n[1] / side), 0, 0};
    in.width = (int)ceil((n[0] + n[2]) / side) - in.x;
    in.height = (int)ceil((n[1] + n[3]) / side) - in.y;
    in = nd_rect_clip(in, whole.width, whole.height);
    if (!in.width || !in.height)
        return nd_fail(ND_E_PARAM, "nothing of the picture lies in that rectangle\n"
                                   "move the map until it shows some");
    *set = (window){in.x, in.y, in.width, in.height, l};
    return ND_OK;
}

static nd_status too_large(const window *set)
{
    return nd_fail(ND_E_PARAM,
                   "%d x %d pixels are too many for a download\n"
                   "zoom in, or write the whole with the command line below",
                   set->width, set->height);
}

static nd_status make_picture(dash_request *r, nd_work *work, nd_bands bands,
                              const window *set)
{
    int order[DASH_BANDS], count;
    nd_tile tile;
    if ((int64_t)set->width * set->height > most_pixels) return too_large(set);
    const nd_rect rect = {set->x, set->y, set->width, set->height};
    ND_TRY(nd_read(r->node, work, bands, set->level, rect, &tile));
    ND_TRY(dash_bands(work->arena, r->head.query, r->node, &bands, order, &count));
    ND_TRY(dash_reorder(work->arena, &tile, order, count));
    return dash_picture(r, work, &tile);
}

static nd_status open_made(dash_request *r, const char *path)
{
    struct stat about;
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &about) != 0) {
        if (fd >= 0) close(fd);
        return nd_fail(ND_E_IO, "cannot read %s: %s\ncheck the disk", path,
                       nd_system_error(errno));
    }
    r->answer.kind = DASH_FILE, r->answer.file = fd;
    r->answer.bytes = (size_t)about.st_size;
    r->answer.type = "image/tiff";
    return ND_OK;
}

static nd_status write_in(dash_request *r, nd_node *node, nd_bands bands,
                          const char *folder)
{
    const char *path = nd_text(r->arena, "%s/map.tif", folder);
    const char *history = dash_share(r->arena, r->dash, r->plan);
    if (!path) return ND_E_MEMORY;
    const nd_write write = {.path = path, .format = "GeoTIFF", .history = history};
    const nd_run run = {
        .pool = r->dash->pool, .cache = r->dash->cache, .cancel = r->cancel};
    nd_status status = nd_write_node(node, bands, &write, &run);
    if (status == ND_OK) status = open_made(r, path);
    (void)unlink(path); // what is open stays until it is sent
    return status;
}

static nd_status make_geotiff(dash_request *r, nd_work *work, nd_bands bands,
                              const window *set)
{
    if ((int64_t)set->width * set->height * bands.count > most_values)
        return too_large(set);
    nd_node *node = cut(work->arena, r->node, *set);
    const char *where = getenv("TMPDIR");
    char *folder =
        (char *)(uintptr_t)nd_text(r->arena, "%s/nadir-XXXXXX", where ? where : "/tmp");
    if (!node || !folder) return ND_E_MEMORY;
    if (!mkdtemp(folder))
        return nd_fail(ND_E_IO, "cannot make a folder in %s: %s\nset TMPDIR to another",
                       where ? where : "/tmp", nd_system_error(errno));
    const nd_status status = write_in(r, node, bands, folder);
    (void)rmdir(folder);
    return status;
}

static nd_status make(dash_request *r, nd_work *work)
{
    int order[DASH_BANDS], count;
    nd_bands bands;
    window set = {0};
    ND_TRY(dash_bands(work->arena, r->head.query, r->node, &bands, order, &count));
    ND_TRY(window_asked(r, work->arena, &r->node->band[bands.band[0]].grid, &set));
    return strcmp(r->format, "png") == 0 ? make_picture(r, work, bands, &set)
                                         : make_geotiff(r, work, bands, &set);
}

void dash_file(dash_request *r, nd_work *work)
{
    if (make(r, work) != ND_OK) {
        const nd_error error = nd_error_take();
        dash_say_error(r, &error);
        return;
    }
    r->answer.status = 200;
    r->answer.name = strcmp(r->format, "png") == 0 ? "attachment; filename=\"map.png\""
                                                   : "attachment; filename=\"map.tif\"";
}
