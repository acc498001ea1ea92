// SPDX-License-Identifier: Apache-2.0
// PyTorch's zip archives out: a pickle of the few opcodes and names that torch.load takes
// with weights_only, and the numbers.
#include "weights/zip.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const storages[ND_STORED] = {
    [ND_STORED_F64] = "DoubleStorage", [ND_STORED_F32] = "FloatStorage",
    [ND_STORED_F16] = "HalfStorage",   [ND_STORED_BF16] = "BFloat16Storage",
    [ND_STORED_I64] = "LongStorage",   [ND_STORED_I32] = "IntStorage",
    [ND_STORED_I16] = "ShortStorage",  [ND_STORED_I8] = "CharStorage",
    [ND_STORED_U8] = "ByteStorage",    [ND_STORED_BOOL] = "BoolStorage",
};

// A weight and the storage it is written to; two with the same numbers share one.
typedef struct placed {
    const nd_weight *weight;
    int key; // of its storage
    int at;  // its turn
} placed;

static void op(nd_buffer *out, char code)
{
    nd_buffer_put(out, &code, 1);
}

static void number(nd_buffer *out, uint64_t value, int bytes)
{
    for (int i = 0; i < bytes; i++) op(out, (char)(value >> 8 * i));
}

static void whole(nd_buffer *out, int64_t value)
{
    if (value < 256)
        op(out, 'K'), number(out, (uint64_t)value, 1); // BININT1
    else if (value < 65536)
        op(out, 'M'), number(out, (uint64_t)value, 2); // BININT2
    else if (value <= INT32_MAX)
        op(out, 'J'), number(out, (uint64_t)value, 4); // BININT
    else
        op(out, (char)0x8a), op(out, 8), number(out, (uint64_t)value, 8); // LONG1
}

static void text(nd_buffer *out, const char *value)
{
    op(out, 'X'), number(out, strlen(value), 4), nd_buffer_put(out, value, strlen(value));
}

// OrderedDict(), of which one is the whole and one each tensor's list of hooks.
static void empty_dict(nd_buffer *out)
{
    nd_buffer_add(out, "ccollections\nOrderedDict\n)R");
}

static void tensor(nd_buffer *out, const placed *p)
{
    char key[16];
    const nd_shape shape = p->weight->shape;
    int64_t stride[ND_MAX_RANK], next = 1;
    for (int i = shape.rank; i-- > 0; next *= shape.dim[i] ? shape.dim[i] : 1)
        stride[i] = next;
    snprintf(key, sizeof key, "%d", p->key);
    text(out, p->weight->name);
    nd_buffer_add(out, "ctorch._utils\n_rebuild_tensor_v2\n((");
    text(out, "storage");
    nd_buffer_add(out, "ctorch\n%s\n", storages[p->weight->type]);
    text(out, key), text(out, "cpu");
    whole(out, nd_shape_count(shape));
    nd_buffer_add(out, "tQ");
    whole(out, 0), op(out, '(');
    for (int i = 0; i < shape.rank; i++) whole(out, shape.dim[i]);
    nd_buffer_add(out, "t(");
    for (int i = 0; i < shape.rank; i++) whole(out, stride[i]);
    op(out, 't'), op(out, (char)0x89); // needs no gradient
    empty_dict(out);
    nd_buffer_add(out, "tR");
}

static size_t bytes_of(const nd_weight *w)
{
    return (size_t)nd_shape_count(w->shape) * nd_stored_bytes(w->type);
}

static int by_data(const void *a, const void *b)
{
    const placed *x = a, *y = b;
    const uintptr_t m = (uintptr_t)x->weight->data, n = (uintptr_t)y->weight->data;
    if (m != n) return m < n ? -1 : 1;
    if (x->weight->type != y->weight->type)
        return x->weight->type < y->weight->type ? -1 : 1;
    const size_t p = bytes_of(x->weight), q = bytes_of(y->weight);
    return p != q ? (p < q ? -1 : 1) : x->at - y->at;
}

static int by_turn(const void *a, const void *b)
{
    return ((const placed *)a)->at - ((const placed *)b)->at;
}

static placed *place(nd_arena *arena, const nd_weight *weight, int count)
{
    placed *p = nd_alloc(arena, (size_t)count, sizeof *p);
    if (!p) return NULL;
    for (int i = 0; i < count; i++) p[i] = (placed){&weight[i], i, i};
    qsort(p, (size_t)count, sizeof *p, by_data);
    for (int i = 1; i < count; i++) {
        const nd_weight *a = p[i - 1].weight, *b = p[i].weight;
        if (a->data == b->data && a->type == b->type && bytes_of(b) &&
            bytes_of(a) == bytes_of(b))
            p[i].key = p[i - 1].key;
    }
    qsort(p, (size_t)count, sizeof *p, by_turn);
    return p;
}

static const char *pickle_of(nd_buffer *out, const placed *p, int count)
{
    nd_buffer_put(out, "\x80\2", 2);
    empty_dict(out);
    op(out, '(');
    for (int i = 0; i < count; i++) tensor(out, &p[i]);
    nd_buffer_add(out, "u.");
    return nd_buffer_text(out);
}

static nd_status write(nd_arena *arena, nd_file *file, const nd_weight *weight, int count,
                       const char *card)
{
    nd_buffer out = {.arena = arena};
    const placed *p = place(arena, weight, count);
    zip_out *z = p ? weights_zip_new(arena, file) : NULL;
    if (!z || !pickle_of(&out, p, count)) return ND_E_MEMORY;
    ND_TRY(weights_zip_put(z, "archive/data.pkl", out.text, out.length));
    ND_TRY(weights_zip_put(z, "archive/byteorder", "little", 6));
    for (int i = 0; i < count; i++) {
        if (p[i].key != i) continue;
        const char *name = nd_text(arena, "archive/data/%d", i);
        if (!name) return ND_E_MEMORY;
        ND_TRY(weights_zip_put(z, name, weight[i].data, bytes_of(&weight[i])));
    }
    ND_TRY(weights_zip_put(z, "archive/version", "3\n", 2));
    if (card) ND_TRY(weights_zip_put(z, "archive/extra/nadir.json", card, strlen(card)));
    return weights_zip_end(z, false);
}

nd_status weights_write_torch(nd_file *file, const nd_weight *weight, int count,
                              const char *card)
{
    nd_arena *arena = nd_arena_new();
    if (!arena) return ND_E_MEMORY;
    const nd_status status = write(arena, file, weight, count, card);
    nd_arena_free(arena);
    return status;
}
