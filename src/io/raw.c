// SPDX-License-Identifier: Apache-2.0
// Bare samples, row after row, band after band: what ENVI and BEAM-DIMAP hold.
#include "io/raw.h"
#include <string.h>

typedef struct raw {
    const raw_band *band;
    int width;
} raw;

// A strip as wide as the picture is one piece on disk; others go row by row.
static nd_status put(void *self, nd_work *work, const nd_tile *tile)
{
    const raw *to = self;
    const nd_rect r = tile->rect;
    for (int k = 0; k < tile->bands.count; k++) {
        const raw_band *band = &to->band[k];
        const size_t bytes = io_sample_bytes(band->pack.sample),
                     row = (size_t)r.width * bytes;
        const nd_mark mark = nd_arena_mark(work->arena);
        char *out = nd_alloc_raw(work->arena, (size_t)r.height, row);
        if (!out) return ND_E_MEMORY;
        for (int y = 0; y < r.height; y++)
            io_pack_row(&band->pack, nd_at(tile, k, r.x, r.y + y), r.width,
                        out + (size_t)y * row, 1);
        io_swap(out, (size_t)r.width * (size_t)r.height, bytes);
        const uint64_t line = (uint64_t)to->width * bytes,
                       at = band->at + (uint64_t)r.y * line + (uint64_t)r.x * bytes;
        if (r.width == to->width)
            ND_TRY(io_put(band->fd, out, row * (size_t)r.height, at));
        else
            for (int y = 0; y < r.height; y++)
                ND_TRY(io_put(band->fd, out + (size_t)y * row, row,
                              at + (uint64_t)y * line));
        nd_arena_back(work->arena, mark);
    }
    return ND_OK;
}

nd_status raw_fill(const io_job *job, nd_bands bands, const raw_band *band)
{
    const nd_grid grid = nd_grid_at(job->node->band[bands.band[0]].grid, job->run->level);
    raw to = {band, grid.width};
    const nd_sink sink = {
        .put = put, .self = &to, .tile_width = 2048, .tile_height = 256};
    return nd_run_node(job->node, bands, &sink, job->run);
}

io_pack raw_pack(const io_job *job, const nd_band *band)
{
    const int forced = job->options.type.at;
    return io_pack_of(job, band,
                      forced == IO_TYPE_AUTO ? band->sample : (nd_sample)(forced - 1));
}

void io_xml_text(nd_buffer *out, const char *text)
{
    for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
        const int more = *c >= 0xF0 ? 3 : *c >= 0xE0 ? 2 : *c >= 0xC0 ? 1 : 0;
        uint32_t code = *c;
        if (more) code &= 0x3Fu >> more;
        for (int i = 0; i < more && (c[1] & 0xC0) == 0x80; i++)
            code = code << 6 | (*++c & 0x3F);
        if (code >= 0x80 || strchr("<>&\"", (int)code))
            nd_buffer_add(out, "&#%u;", (unsigned)code);
        else if (code >= ' ' || code == '\n' || code == '\t')
            nd_buffer_add(out, "%c", (char)code); // others stand in no XML
    }
}
