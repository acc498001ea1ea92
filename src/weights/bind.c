// SPDX-License-Identifier: Apache-2.0
// Tensors of a checkpoint to their numbers: every extent is checked against its storage,
// and what lies scattered is gathered.
#include "weights/checkpoint.h"
#include <string.h>

enum { FREELY = 1 << 26 }; // bytes that may be gathered however small the file is

static nd_status outside(const checkpoint_found *f)
{
    return nd_fail(ND_E_DATA,
                   "%s reaches beyond its numbers in the file\n"
                   "the file is damaged: copy or download it again",
                   f->name);
}

// Bytes of one number; 0 when the type is not known.
static size_t item_bytes(const pickle_tensor *t)
{
    return pickle_type_bytes(t->type_name);
}

static nd_status find_storage(checkpoint *c, const checkpoint_found *f)
{
    pickle_storage *s = f->tensor->storage;
    const size_t size = s->is_untyped ? 1 : pickle_type_bytes(s->type_name);
    int64_t bytes;
    if (!s->is_found) ND_TRY(c->find(c, s));
    s->is_found = true;
    if (!weights_times(s->count, (int64_t)size, &bytes) ||
        (uint64_t)bytes > s->bytes.count)
        return outside(f);
    if (s->has_view &&
        (s->view_offset > s->count || s->view_count > s->count - s->view_offset))
        return outside(f);
    return ND_OK;
}

static bool is_empty(const pickle_tensor *t)
{
    for (int i = 0; i < t->rank; i++)
        if (!t->dim[i]) return true;
    return false;
}

static bool is_contiguous(const pickle_tensor *t)
{
    int64_t next = 1;
    for (int i = t->rank - 1; i >= 0; i--) {
        if (t->dim[i] != 1 && t->stride[i] != next) return false;
        if (!weights_times(next, t->dim[i], &next)) return false;
    }
    return true;
}

// The last number that it reaches lies in the storage, or in its view of it.
static nd_status check_extent(const checkpoint_found *f, int64_t *count)
{
    const pickle_tensor *t = f->tensor;
    const pickle_storage *s = t->storage;
    int64_t last = t->offset, there = s->has_view ? s->view_count : s->count, part;
    *count = is_empty(t) ? 0 : 1;
    if (s->is_untyped) there /= (int64_t)item_bytes(t);
    for (int i = 0; i < t->rank; i++)
        if (t->dim[i] > INT32_MAX) return outside(f);
    for (int i = 0; i < t->rank && *count; i++) {
        if (!weights_times(*count, t->dim[i], count) ||
            !weights_times(t->dim[i] - 1, t->stride[i], &part) ||
            part > INT64_MAX - 1 - last)
            return outside(f);
        last += part;
    }
    return *count && last >= there ? outside(f) : ND_OK;
}

static bool is_taken(const pickle_tensor *t)
{
    return t->type != ND_STORED && t->rank <= ND_MAX_RANK;
}

static bool is_gathered(const checkpoint *c, const pickle_tensor *t)
{
    return !is_empty(t) && (!is_contiguous(t) || (c->is_big_endian && item_bytes(t) > 1));
}

// Of a tensor expanded from one number a small file can hold any count.
static nd_status check_gathered(checkpoint *c, const checkpoint_found *f, int64_t count,
                                int64_t *all)
{
    const int64_t most = FREELY + 4 * (int64_t)c->in->file.count;
    int64_t bytes;
    if (!is_gathered(c, f->tensor)) return ND_OK;
    if (!weights_times(count, (int64_t)item_bytes(f->tensor), &bytes) ||
        bytes > most - *all)
        return nd_fail(ND_E_DATA,
                       "%s and others would unfold to more than %lld MB\n"
                       "save it contiguous, or as safetensors",
                       f->name, (long long)most >> 20);
    *all += bytes;
    return ND_OK;
}

static nd_status check(checkpoint *c)
{
    int64_t count, all = 0;
    for (size_t i = 0; i < c->founds; i++) {
        const checkpoint_found *f = &c->found[i];
        if (!item_bytes(f->tensor))
            return nd_fail(ND_E_UNSUPPORTED,
                           "the type %s of a tensor is not known\n"
                           "write the file again with numbers of 32 bits",
                           f->tensor->type_name);
        ND_TRY(find_storage(c, f));
        ND_TRY(check_extent(f, &count));
        if (is_taken(f->tensor)) ND_TRY(check_gathered(c, f, count, &all));
    }
    return ND_OK;
}

static const uint8_t *first_number(const pickle_tensor *t)
{
    const pickle_storage *s = t->storage;
    const int64_t from = (s->has_view ? s->view_offset : 0) + t->offset;
    return s->bytes.at + (size_t)from * item_bytes(t);
}

static void put(uint8_t *to, const uint8_t *from, size_t size, bool swap)
{
    for (size_t b = 0; b < size; b++) to[b] = from[swap ? size - 1 - b : b];
}

// In the order of the shape, wherever the strides lead.
static const void *gather(const checkpoint *c, const pickle_tensor *t, int64_t count)
{
    const size_t size = item_bytes(t);
    const uint8_t *from = first_number(t);
    uint8_t *made = nd_alloc_raw(c->in->arena, (size_t)count, size);
    int64_t index[ND_MAX_RANK] = {0}, at = 0;
    for (int64_t i = 0; made && i < count; i++) {
        put(made + (size_t)i * size, from + (size_t)at * size, size, c->is_big_endian);
        for (int d = t->rank - 1; d >= 0; d--) {
            at += t->stride[d];
            if (++index[d] < t->dim[d]) break;
            at -= t->stride[d] * t->dim[d];
            index[d] = 0;
        }
    }
    return made;
}

static nd_status add(checkpoint *c, const checkpoint_found *f)
{
    const pickle_tensor *t = f->tensor;
    const char *name = weights_name(c->in->arena, f->name, strlen(f->name));
    if (!name) return ND_E_MEMORY;
    if (!is_taken(t)) {
        const char *reason =
            t->type == ND_STORED
                ? nd_text(c->in->arena, nd_gettext("numbers of type %s"), t->type_name)
                : nd_text(c->in->arena, nd_gettext("%d dimensions"), t->rank);
        return reason ? weights_skip(c->in, name, reason) : ND_E_MEMORY;
    }
    nd_weight weight = {name, t->type, {.rank = t->rank}, ""};
    if (t->rank) memcpy(weight.shape.dim, t->dim, (size_t)t->rank * sizeof *t->dim);
    if (is_gathered(c, t))
        weight.data = gather(c, t, nd_shape_count(weight.shape));
    else if (!is_empty(t))
        weight.data = first_number(t);
    return weight.data ? weights_add(c->in, &weight) : ND_E_MEMORY;
}

nd_status checkpoint_bind(checkpoint *c)
{
    ND_TRY(check(c));
    ND_TRY(weights_reserve(c->in, c->founds));
    for (size_t i = 0; i < c->founds; i++) ND_TRY(add(c, &c->found[i]));
    return ND_OK;
}
