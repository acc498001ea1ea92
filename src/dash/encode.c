// SPDX-License-Identifier: Apache-2.0
// Pixels to the raw bytes of a tile: a head of 16 bytes, 8 a band, then planes.
#include "dash/dash.h"
#include <stdlib.h>
#include <string.h>

enum { HEAD = 16, BAND = 8 };
typedef enum raw { U16 = 1, F32 = 2, U8 = 3 } raw;

// All platforms we build for are little-endian, and so is the format.
static void put16(unsigned char *to, size_t value)
{
    to[0] = (unsigned char)(value & 255), to[1] = (unsigned char)(value >> 8 & 255);
}

typedef struct range {
    float low, high;
    bool is_whole; // all values are whole numbers
} range;

// A range for each column: one for all would wait for itself at every pixel.
enum { COLUMNS = 256 };

static void widen(const float *row, int count, float *restrict low, float *restrict high)
{
    const float most = 3.4e38f; // no NaN, no infinity
    for (int x = 0; x < count; x++) {
        const float v = row[x];
        const float a = fabsf(v) <= most ? v : INFINITY;
        const float b = fabsf(v) <= most ? v : -INFINITY;
        low[x] = a < low[x] ? a : low[x];
        high[x] = b > high[x] ? b : high[x];
    }
}

static range range_of(const nd_tile *tile, int k, bool wants_whole)
{
    float low[COLUMNS], high[COLUMNS];
    bool is_whole = wants_whole;
    for (int x = 0; x < COLUMNS; x++) low[x] = INFINITY, high[x] = -INFINITY;
    for (int y = 0; y < tile->rect.height; y++) {
        const float *row = nd_at(tile, k, tile->rect.x, tile->rect.y + y);
        for (int x = 0; x < tile->rect.width; x += COLUMNS) {
            const int left = tile->rect.width - x;
            widen(row + x, left < COLUMNS ? left : COLUMNS, low, high);
        }
        for (int x = 0; x < tile->rect.width && is_whole; x++)
            is_whole = !isfinite(row[x]) || row[x] == rintf(row[x]);
    }
    for (int x = 1; x < COLUMNS; x++) {
        low[0] = fminf(low[0], low[x]);
        high[0] = fmaxf(high[0], high[x]);
    }
    return low[0] <= high[0] ? (range){low[0], high[0], is_whole} : (range){0, 0, false};
}

// u16: value = offset + scale * (q - 1), 0 is no data. u8: offset + scale * q, 255.
typedef struct scale {
    double offset, scale;
    int most;
} scale;

static scale scale_of(const range *r, raw form)
{
    scale s = {(double)r->low, 0, form == U16 ? 65534 : 254};
    const double span = (double)r->high - (double)r->low;
    if (r->is_whole && form == U8 && r->low >= 0 && r->high <= 254)
        s.offset = 0, s.scale = 1; // classes as they are
    else if (r->is_whole && span <= s.most)
        s.scale = 1;
    else
        s.scale = span / s.most;
    // What the head can hold is what the values are counted from.
    s.offset = (double)(float)s.offset, s.scale = (double)(float)s.scale;
    return s;
}

static void plane16(const nd_tile *tile, int k, const scale *s, unsigned char *to)
{
    uint16_t *out = (uint16_t *)(void *)to;
    const float offset = (float)s->offset;
    const float inverse = s->scale > 0 ? (float)(1 / s->scale) : 0;
    for (int y = 0; y < tile->rect.height; y++) {
        const float *row = nd_at(tile, k, tile->rect.x, tile->rect.y + y);
        for (int x = 0; x < tile->rect.width; x++) {
            const float v = row[x], q = (v - offset) * inverse + 0.5f;
            float kept = q > 0 ? q : 0; // NaN, too
            kept = kept < 65534 ? kept : 65534;
            const int code = (int)kept + 1;
            out[x] = (uint16_t)(fabsf(v) <= 3.4e38f ? code : 0);
        }
        out += tile->rect.width;
    }
}

static void plane8(const nd_tile *tile, int k, const scale *s, unsigned char *to)
{
    const double inverse = s->scale > 0 ? 1 / s->scale : 0;
    for (int y = 0; y < tile->rect.height; y++) {
        const float *row = nd_at(tile, k, tile->rect.x, tile->rect.y + y);
        for (int x = 0; x < tile->rect.width; x++) {
            double q = ((double)row[x] - s->offset) * inverse + 0.5;
            q = q > s->most ? s->most : q > 0 ? q : 0;
            *to++ = isfinite(row[x]) ? (unsigned char)q : 255;
        }
    }
}

void *dash_encode(const nd_tile *tile, const char *format, const nd_band *band,
                  dash_truth truth, size_t *bytes)
{
    static const unsigned char magic[] = {'N', 'D', 'T', '1'};
    const raw form = *format == 'f' ? F32 : strcmp(format, "u8") == 0 ? U8 : U16;
    const size_t width = (size_t)tile->rect.width, height = (size_t)tile->rect.height;
    const size_t sample = form == F32 ? 4 : form == U16 ? 2 : 1;
    const size_t count = (size_t)tile->bands.count, plane = width * height * sample;
    *bytes = HEAD + count * (BAND + plane);
    unsigned char *out = malloc(*bytes), *to = out + HEAD + count * BAND;
    if (!out)
        return (void)nd_fail(ND_E_MEMORY, "no memory for a tile\nclose other programs"),
               NULL;
    memset(out, 0, HEAD);
    memcpy(out, magic, sizeof magic);
    out[4] = (unsigned char)form, out[5] = (unsigned char)count;
    out[6] = (unsigned char)truth;
    put16(out + 8, width), put16(out + 10, height);
    for (int k = 0; k < tile->bands.count; k++, to += plane) {
        const nd_kind kind = band[tile->bands.band[k]].kind;
        scale s = {0, 1, 0};
        if (form != F32) {
            const range r = range_of(tile, k, kind == ND_CLASS || kind == ND_FLAGS);
            s = scale_of(&r, form);
        }
        const float head[2] = {(float)s.offset, (float)s.scale};
        memcpy(out + HEAD + (size_t)k * BAND, head, BAND);
        if (form == U16) plane16(tile, k, &s, to);
        if (form == U8) plane8(tile, k, &s, to);
        for (size_t y = 0; form == F32 && y < height; y++)
            memcpy(to + y * width * 4,
                   nd_at(tile, k, tile->rect.x, tile->rect.y + (int)y), width * 4);
    }
    return out;
}
