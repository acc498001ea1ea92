// SPDX-License-Identifier: Apache-2.0
// PNG (ISO/IEC 15948), 8 bits: rows filtered, deflated in one go.
#include <libdeflate.h>
#include <nadir/colour.h>
#include <stdlib.h>
#include <string.h>

enum { NONE, SUB, UP, AVERAGE, PAETH };

static void put32(uint8_t *to, uint32_t value)
{
    for (int i = 0; i < 4; i++) to[i] = (uint8_t)(value >> (24 - 8 * i));
}

static uint8_t paeth(int a, int b, int c)
{
    const int p = a + b - c, pa = abs(p - a), pb = abs(p - b), pc = abs(p - c);
    return (uint8_t)(pa <= pb && pa <= pc ? a : pb <= pc ? b : c);
}

// One row; `up` is the row above, zeroes for the first. `step`: bytes of a pixel.
static void filter_row(int filter, const uint8_t *row, const uint8_t *up, size_t count,
                       size_t step, uint8_t *out)
{
    const size_t first = count < step ? count : step;
    switch (filter) {
    case SUB:
        memcpy(out, row, first);
        for (size_t i = step; i < count; i++) out[i] = (uint8_t)(row[i] - row[i - step]);
        break;
    case UP:
        for (size_t i = 0; i < count; i++) out[i] = (uint8_t)(row[i] - up[i]);
        break;
    case AVERAGE:
        for (size_t i = 0; i < first; i++) out[i] = (uint8_t)(row[i] - up[i] / 2);
        for (size_t i = step; i < count; i++)
            out[i] = (uint8_t)(row[i] - (row[i - step] + up[i]) / 2);
        break;
    case PAETH:
        for (size_t i = 0; i < first; i++) out[i] = (uint8_t)(row[i] - up[i]);
        for (size_t i = step; i < count; i++)
            out[i] = (uint8_t)(row[i] - paeth(row[i - step], up[i], up[i - step]));
        break;
    default: memcpy(out, row, count);
    }
}

static int64_t roughness(const uint8_t *row, size_t count)
{
    int64_t sum = 0;
    for (size_t i = 0; i < count; i++) sum += row[i] < 128 ? row[i] : 256 - row[i];
    return sum;
}

// The filter that leaves the smallest numbers on every 16th row: one for the whole
// picture costs little size and saves most of the time.
static int choose_filter(const nd_picture *p, int effort, const uint8_t *zero,
                         uint8_t *room)
{
    const size_t step = (size_t)p->channels, count = (size_t)p->width * step;
    int64_t best = INT64_MAX;
    int chosen = NONE;
    if (p->colour) return NONE; // neighbouring indices say nothing of each other
    for (int filter = NONE; filter <= (effort > 3 ? PAETH : UP); filter++) {
        int64_t sum = 0;
        for (int y = 0; y < p->height; y += 16) {
            const uint8_t *row = p->pixel + y * p->stride;
            filter_row(filter, row, y ? row - p->stride : zero, count, step, room);
            sum += roughness(room, count);
        }
        if (sum < best) best = sum, chosen = filter;
    }
    return chosen;
}

static uint8_t *chunk(uint8_t *to, const char *name, const void *bytes, size_t count)
{
    put32(to, (uint32_t)count);
    memcpy(to + 4, name, 4);
    if (count && bytes != to + 8) memcpy(to + 8, bytes, count);
    put32(to + 8 + count, libdeflate_crc32(0, to + 4, count + 4));
    return to + 12 + count;
}

static uint8_t *palette(uint8_t *to, const nd_picture *p)
{
    uint8_t rgb[3 * 256] = {0}, alpha[256] = {0};
    int opaque_from = 0;
    for (int i = 0; i < p->colours; i++) {
        for (int c = 0; c < 3; c++)
            rgb[3 * i + c] = (uint8_t)(p->colour[i] >> (24 - 8 * c));
        alpha[i] = (uint8_t)p->colour[i];
        if (alpha[i] != 255) opaque_from = i + 1;
    }
    to = chunk(to, "PLTE", rgb, 3 * (size_t)p->colours);
    return opaque_from ? chunk(to, "tRNS", alpha, (size_t)opaque_from) : to;
}

static nd_status filter_all(nd_arena *arena, const nd_picture *p, int effort,
                            uint8_t *out)
{
    const size_t count = (size_t)p->width * (size_t)p->channels;
    uint8_t *zero = nd_alloc(arena, count, 1), *room = nd_alloc_raw(arena, count, 1);
    if (!zero || !room) return ND_E_MEMORY;
    const int filter = choose_filter(p, effort, zero, room);
    for (int y = 0; y < p->height; y++, out += count + 1) {
        const uint8_t *row = p->pixel + y * p->stride;
        *out = (uint8_t)filter;
        filter_row(filter, row, y ? row - p->stride : zero, count, (size_t)p->channels,
                   out + 1);
    }
    return ND_OK;
}

static size_t deflate(const uint8_t *in, size_t count, int effort, uint8_t *out,
                      size_t room)
{
    struct libdeflate_compressor *one = libdeflate_alloc_compressor(effort);
    const size_t made = one ? libdeflate_zlib_compress(one, in, count, out, room) : 0;
    libdeflate_free_compressor(one);
    return made;
}

nd_status nd_png_make(nd_arena *arena, const nd_picture *p, int effort,
                      const uint8_t **bytes, size_t *count)
{
    static const uint8_t kind[] = {0, 0, 4, 2, 6};
    const size_t row = (size_t)p->width * (size_t)p->channels + 1,
                 raw = row * (size_t)p->height;
    if (p->width < 1 || p->height < 1 || p->channels < 1 || p->channels > 4 ||
        p->colours < 0 || p->colours > 256 || raw / row != (size_t)p->height ||
        raw > INT32_MAX)
        return nd_fail(ND_E_UNSUPPORTED,
                       "a PNG of %d x %d pixels is too large\n"
                       "write a smaller one with --level, or a COG",
                       p->width, p->height);
    const size_t text = p->text ? strlen(p->text) : 0,
                 room = libdeflate_zlib_compress_bound(NULL, raw);
    uint8_t *filtered = nd_alloc_raw(arena, raw, 1),
            *out = nd_alloc_raw(arena, room + text + 2048, 1), *to = out;
    if (!filtered || !out) return ND_E_MEMORY;
    ND_TRY(filter_all(arena, p, effort, filtered));
    memcpy(to, "\x89PNG\r\n\x1A\n", 8);
    uint8_t head[13] = {0};
    put32(head, (uint32_t)p->width);
    put32(head + 4, (uint32_t)p->height);
    head[8] = 8, head[9] = p->colour ? 3 : kind[p->channels];
    to = chunk(to + 8, "IHDR", head, sizeof head);
    if (p->colour) to = palette(to, p);
    if (text) {
        memcpy(to + 8, "Comment", 8);
        memcpy(to + 16, p->text, text);
        to = chunk(to, "tEXt", to + 8, text + 8);
    }
    const size_t made = deflate(filtered, raw, effort, to + 8, room);
    if (!made) return nd_fail(ND_E_MEMORY, "no memory to compress\nclose other programs");
    to = chunk(to, "IDAT", to + 8, made);
    to = chunk(to, "IEND", NULL, 0);
    *bytes = out;
    *count = (size_t)(to - out);
    return ND_OK;
}
