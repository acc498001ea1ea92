// SPDX-License-Identifier: Apache-2.0
// From a picture's file, or a member of a zip, to pixels: JPEG at once, others by io.
#include "learn/data.h"
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <nadir/product.h>
#include <string.h>
#include <sys/stat.h>
#include <turbojpeg.h>
#include <unistd.h>

enum { SIDE = 16384, MOST = 1 << 26 }; // MOST: bytes of a picture as it is stored

static nd_status read_file(const char *path, data_hand *hand, nd_bytes *bytes)
{
    struct stat s;
    const int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0 || fstat(file, &s) != 0) {
        const int code = errno;
        if (file >= 0) close(file);
        return nd_fail(ND_E_IO, "%s cannot be opened: %s\ncheck the name", path,
                       nd_system_error(code));
    }
    nd_status status = ND_OK;
    size_t size = 0;
    if (s.st_size > MOST)
        status = nd_fail(ND_E_UNSUPPORTED, "%s is %lld bytes long\ncut it into chips",
                         path, (long long)s.st_size);
    if (status == ND_OK)
        status = nd_room(&hand->file, &hand->file_room, (size_t)s.st_size + 1);
    while (status == ND_OK && size < (size_t)s.st_size) {
        const ssize_t got = read(file, hand->file + size, (size_t)s.st_size - size);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0)
            status = nd_fail(ND_E_IO, "%s cannot be read: %s\ncheck the disk", path,
                             nd_system_error(errno));
        if (got <= 0) break;
        size += (size_t)got;
    }
    close(file);
    *bytes = (nd_bytes){hand->file, size};
    return status;
}

static const char *path_of(nd_arena *arena, const nd_dataset *set, const data_item *item)
{
    if (set->zip) return nd_text(arena, "/vsizip/{%s}/%s", set->zip->path, item->name);
    return *set->folder && item->name[0] != '/'
               ? nd_text(arena, "%s/%s", set->folder, item->name)
               : item->name;
}

static nd_status torn(const nd_dataset *set, const data_item *item, const char *why)
{
    return nd_fail(ND_E_DATA,
                   "%s in %s is no whole JPEG: %s\nreplace it, or set bad: skip",
                   item->name, set->source, why);
}

// JPEG of one band or three. Warnings of the library are damage too: it goes on with
// grey.
static nd_status decode_jpeg(const nd_dataset *set, const data_item *item, nd_bytes file,
                             data_hand *hand)
{
    int width, height, sampling, colours;
    if (!hand->jpeg && !(hand->jpeg = tjInitDecompress()))
        return nd_fail(ND_E_MEMORY, "no memory to read JPEG\nclose other programs");
    if (tjDecompressHeader3(hand->jpeg, file.at, file.count, &width, &height, &sampling,
                            &colours) != 0)
        return torn(set, item, tjGetErrorStr2(hand->jpeg));
    if (width < 1 || height < 1)
        return torn(set, item, nd_gettext("it ends within its header"));
    if (colours == TJCS_CMYK || colours == TJCS_YCCK)
        return nd_fail(ND_E_UNSUPPORTED,
                       "%s in %s is a JPEG for print (CMYK)\nmake it RGB", item->name,
                       set->source);
    if (width > SIDE || height > SIDE)
        return nd_fail(ND_E_UNSUPPORTED, "%s in %s is %d x %d pixels\ncut it into chips",
                       item->name, set->source, width, height);
    const bool is_grey = colours == TJCS_GRAY;
    hand->width = width, hand->height = height, hand->bands = is_grey ? 1 : 3;
    hand->is_bytes = true;
    ND_TRY(nd_room(&hand->byte, &hand->byte_room,
                   (size_t)width * (size_t)height * (size_t)hand->bands));
    if (tjDecompress2(hand->jpeg, file.at, file.count, hand->byte, width, 0, height,
                      is_grey ? TJPF_GRAY : TJPF_RGB, TJFLAG_LIMITSCANS) != 0)
        return torn(set, item, tjGetErrorStr2(hand->jpeg));
    return ND_OK;
}

static nd_status value_room(data_hand *hand, int64_t count)
{
    ND_TRY(nd_room(&hand->value_bytes, &hand->value_room,
                   (size_t)count * sizeof *hand->value));
    hand->value = (float *)(void *)hand->value_bytes;
    return ND_OK;
}

static nd_status read_bands(const nd_product *product, nd_work *work, data_hand *hand)
{
    const nd_grid *grid = &product->band[0].grid;
    const int64_t plane = (int64_t)grid->width * grid->height;
    hand->width = grid->width, hand->height = grid->height, hand->bands = 0;
    for (int b = 0; b < product->bands; b++)
        if (product->band[b].role == ND_DATA &&
            nd_grid_same(&product->band[b].grid, grid))
            hand->bands++;
    ND_TRY(value_room(hand, plane * hand->bands));
    for (int b = 0, k = 0; b < product->bands; b++) {
        if (product->band[b].role != ND_DATA ||
            !nd_grid_same(&product->band[b].grid, grid))
            continue;
        nd_tile tile = {.rect = {0, 0, grid->width, grid->height},
                        .bands = ND_BANDS(b),
                        .stride = grid->width,
                        .plane = plane,
                        .data = hand->value + plane * k++};
        ND_TRY(product->read(product, work, &tile));
    }
    return ND_OK;
}

static nd_status decode_raster(const nd_dataset *set, nd_work *work,
                               const data_item *item, data_hand *hand)
{
    const char *path = path_of(hand->arena, set, item);
    const nd_product *product = path ? nd_product_open(hand->arena, path, NULL) : NULL;
    if (!product) return ND_E_DATA;
    const nd_grid *grid = &product->band[0].grid;
    if (grid->width > SIDE || grid->height > SIDE || product->bands > 256)
        return nd_fail(ND_E_UNSUPPORTED,
                       "%s is %d x %d pixels in %d bands\ncut it into chips", item->name,
                       grid->width, grid->height, product->bands);
    hand->is_bytes = false;
    nd_work own = {.arena = hand->arena, .cancel = work->cancel, .cache = work->cache};
    return read_bands(product, &own, hand);
}

static nd_status decode(const nd_dataset *set, nd_work *work, const data_item *item,
                        data_hand *hand)
{
    const bool is_jpeg =
        nd_text_ends(item->name, ".jpg") || nd_text_ends(item->name, ".jpeg");
    nd_bytes file;
    nd_status status;
    if (is_jpeg && set->zip) {
        const nd_zip_member *m = &set->zip->member[item->entry];
        ND_TRY(nd_zip_read(set->zip, m, MOST, &hand->zip, &file));
        return decode_jpeg(set, item, file, hand);
    }
    const char *path = is_jpeg ? path_of(hand->arena, set, item) : NULL;
    if (is_jpeg) {
        status = path ? read_file(path, hand, &file) : ND_E_MEMORY;
        if (status == ND_OK) status = decode_jpeg(set, item, file, hand);
    } else {
        status = decode_raster(set, work, item, hand);
    }
    nd_arena_reset(hand->arena);
    return status;
}

nd_status data_decode(const nd_dataset *set, nd_work *work, const data_item *item,
                      data_hand *hand)
{
    ND_TRY(decode(set, work, item, hand));
    return data_fit(set, item, hand);
}

nd_status data_values(data_hand *hand)
{
    if (!hand->is_bytes) return ND_OK;
    const int64_t plane = (int64_t)hand->width * hand->height;
    ND_TRY(value_room(hand, plane * hand->bands));
    for (int b = 0; b < hand->bands; b++)
        for (int64_t i = 0; i < plane; i++)
            hand->value[b * plane + i] = (float)hand->byte[i * hand->bands + b];
    hand->is_bytes = false;
    return ND_OK;
}
