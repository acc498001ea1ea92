// SPDX-License-Identifier: Apache-2.0
// Bands of a scene as they are found, and files opened once for all of their bands.
#include "io/reader.h"
#include <math.h>
#include <string.h>

nd_status io_bands_add(io_bands *bands, const nd_band *band, const io_source *source)
{
    if (bands->count == bands->room) {
        const int room = bands->room ? 2 * bands->room : 32;
        nd_band *b = nd_alloc(bands->arena, (size_t)room, sizeof *b);
        io_source *s = nd_alloc(bands->arena, (size_t)room, sizeof *s);
        if (!b || !s) return ND_E_MEMORY;
        if (bands->count) {
            memcpy(b, bands->band, (size_t)bands->count * sizeof *b);
            memcpy(s, bands->source, (size_t)bands->count * sizeof *s);
        }
        bands->band = b, bands->source = s, bands->room = room;
    }
    bands->band[bands->count] = *band;
    bands->source[bands->count++] = *source;
    return ND_OK;
}

// The same file again: its handles serve all of its bands.
static io_file *find(const io_bands *bands, const char *path)
{
    for (int i = bands->count - 1; i >= 0; i--) {
        io_file *file = bands->source[i].file;
        if (file && strcmp(io_file_path(file), path) == 0) return file;
    }
    return NULL;
}

// The error of this thread as the sentence of a band that is missing.
static const char *take_sentence(nd_arena *arena, nd_status *status)
{
    const nd_error error = nd_error_take();
    *status = error.code == ND_E_MEMORY ? ND_E_MEMORY : ND_OK;
    return nd_text(arena, "%s\n%s", error.what, error.remedy);
}

nd_status io_bands_add_file(io_bands *bands, nd_band band, const char *path, int number)
{
    io_source source = {.band = number};
    nd_status status = ND_OK;
    source.file = find(bands, path);
    if (!source.file) source.file = io_file_new(bands->arena, path, NULL);
    if (!source.file || io_source_open(bands->arena, &source, &band) != ND_OK)
        band.missing = take_sentence(bands->arena, &status);
    return status == ND_OK ? io_bands_add(bands, &band, &source) : status;
}

nd_status io_bands_give(const io_bands *bands, nd_product *product)
{
    io_reader *reader = nd_alloc(bands->arena, 1, sizeof *reader);
    if (!reader) return ND_E_MEMORY;
    reader->source = bands->source;
    product->band = bands->band, product->bands = bands->count;
    product->reader = reader, product->read = io_read;
    product->levels = ND_EXACT;
    nd_buffer identity = {.arena = bands->arena};
    nd_buffer_add(&identity, "%s", product->path);
    const io_file *last = NULL;
    for (int i = 0; i < bands->count; i++) {
        io_source *s = &bands->source[i];
        if (!bands->band[i].missing)
            s->copy = io_copy_new(bands->arena, s, &bands->band[i]);
        for (int l = 1; l < IO_LEVELS; l++)
            if (s->overview[l]) product->levels = ND_REDUCED;
        if (!s->file || s->file == last) continue;
        last = s->file;
        const char *one = io_identity(bands->arena, io_file_path(s->file));
        if (one) nd_buffer_add(&identity, "\n%s", one);
    }
    if (product->identity) nd_buffer_add(&identity, "\n%s", product->identity);
    product->identity = nd_buffer_text(&identity);
    return product->identity ? ND_OK : ND_E_MEMORY;
}
