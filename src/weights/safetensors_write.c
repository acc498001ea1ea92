// SPDX-License-Identifier: Apache-2.0
// safetensors out: widest numbers first, so that each lies at a multiple of its size.
#include "weights/weights.h"
#include <stdlib.h>
#include <string.h>

static const char *const dtypes[ND_STORED] = {
    [ND_STORED_F64] = "F64",   [ND_STORED_F32] = "F32", [ND_STORED_F16] = "F16",
    [ND_STORED_BF16] = "BF16", [ND_STORED_I64] = "I64", [ND_STORED_I32] = "I32",
    [ND_STORED_I16] = "I16",   [ND_STORED_I8] = "I8",   [ND_STORED_U8] = "U8",
    [ND_STORED_BOOL] = "BOOL",
};

static int by_width(const void *a, const void *b)
{
    const nd_weight *const *x = a, *const *y = b;
    const size_t m = nd_stored_bytes((*x)->type), n = nd_stored_bytes((*y)->type);
    return m != n ? (m < n) - (m > n) : strcmp((*x)->name, (*y)->name);
}

static uint64_t bytes_of(const nd_weight *w)
{
    return (uint64_t)nd_shape_count(w->shape) * nd_stored_bytes(w->type);
}

static void put_entry(nd_json_out *out, const nd_weight *w, uint64_t *at)
{
    nd_json_open(out, w->name, '{');
    nd_json_text(out, "dtype", dtypes[w->type]);
    nd_json_open(out, "shape", '[');
    for (int i = 0; i < w->shape.rank; i++) nd_json_whole(out, NULL, w->shape.dim[i]);
    nd_json_close(out, ']');
    nd_json_open(out, "data_offsets", '[');
    nd_json_whole(out, NULL, (int64_t)*at);
    nd_json_whole(out, NULL, (int64_t)(*at += bytes_of(w)));
    nd_json_close(out, ']');
    nd_json_close(out, '}');
}

// Spaces belong to the header, so the numbers may begin where the processor likes it.
static const char *header_of(nd_buffer *text, nd_weight const *const *order, int count,
                             const char *card)
{
    nd_json_out out = {.to = text};
    uint64_t at = 0;
    nd_json_open(&out, NULL, '{');
    nd_json_open(&out, "__metadata__", '{');
    nd_json_text(&out, "format", "pt"); // torch's users have readers that insist on it
    if (card) nd_json_text(&out, "nadir", card);
    nd_json_close(&out, '}');
    for (int i = 0; i < count; i++) put_entry(&out, order[i], &at);
    nd_json_close(&out, '}');
    while (!text->failed && (text->length + 8) % 64) nd_buffer_put(text, " ", 1);
    return nd_buffer_text(text);
}

static nd_status write(nd_file *file, nd_arena *arena, const nd_weight *weight, int count,
                       const char *card)
{
    nd_buffer text = {.arena = arena};
    const nd_weight **order = nd_alloc(arena, (size_t)count, sizeof *order);
    if (!order) return ND_E_MEMORY;
    for (int i = 0; i < count; i++) order[i] = &weight[i];
    qsort(order, (size_t)count, sizeof *order, by_width);
    if (!header_of(&text, order, count, card)) return ND_E_MEMORY;
    uint8_t length[8];
    for (int i = 0; i < 8; i++) length[i] = (uint8_t)((uint64_t)text.length >> 8 * i);
    ND_TRY(nd_file_put(file, length, sizeof length));
    ND_TRY(nd_file_put(file, text.text, text.length));
    for (int i = 0; i < count; i++)
        ND_TRY(nd_file_put(file, order[i]->data, (size_t)bytes_of(order[i])));
    return ND_OK;
}

nd_status weights_write_safetensors(nd_file *file, const nd_weight *weight, int count,
                                    const char *card)
{
    nd_arena *arena = nd_arena_new();
    if (!arena) return ND_E_MEMORY;
    const nd_status status = write(file, arena, weight, count, card);
    nd_arena_free(arena);
    return status;
}
