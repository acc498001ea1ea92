// SPDX-License-Identifier: Apache-2.0
// PyTorch's oldest files: a tar with storages, tensors and a pickle that refers to them,
// or whose tensors refer to storages by themselves.
#include "weights/checkpoint.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = 512 };

typedef struct members {
    nd_bytes storages, tensors, pickle;
    bool has_storages, has_tensors, has_pickle;
} members;
typedef struct tensor_row {
    const char *key;
    size_t length;
    pickle_value *tensor;
} tensor_row;
typedef struct reader {
    weights_in *in;
    pickle p;
    storage_table storages;
    size_t storage_room;
    tensor_row *tensor; // by key
    size_t tensors;
} reader;

static bool octal(const uint8_t *at, size_t count, uint64_t *number)
{
    *number = 0;
    while (count && *at == ' ') at++, count--;
    for (; count && *at >= '0' && *at <= '7'; at++, count--)
        *number = *number << 3 | (uint64_t)(*at - '0');
    return !count || !*at || *at == ' ';
}

static bool is_header(const uint8_t *block)
{
    uint64_t sum, is = 0;
    for (int i = 0; i < BLOCK; i++) is += i >= 148 && i < 156 ? ' ' : block[i];
    return memcmp(block + 257, "ustar", 5) == 0 && octal(block + 148, 8, &sum) &&
           sum == is;
}

static void keep(members *m, const char *name, nd_bytes bytes)
{
    if (strncmp(name, "./", 2) == 0) name += 2;
    if (strcmp(name, "storages") == 0) m->storages = bytes, m->has_storages = true;
    if (strcmp(name, "tensors") == 0) m->tensors = bytes, m->has_tensors = true;
    if (strcmp(name, "pickle") == 0) m->pickle = bytes, m->has_pickle = true;
}

static bool find_members(nd_bytes file, members *m)
{
    *m = (members){.has_storages = false};
    while (file.count >= BLOCK && *file.at) {
        uint64_t size;
        char name[101] = "";
        if (!is_header(file.at) || !octal(file.at + 124, 12, &size)) return false;
        memcpy(name, file.at, 100);
        file.at += BLOCK, file.count -= BLOCK;
        if (size > file.count) return false;
        keep(m, name, (nd_bytes){file.at, (size_t)size});
        const size_t whole = ((size_t)size + BLOCK - 1) / BLOCK * BLOCK;
        const size_t step = whole < file.count ? whole : file.count;
        file.at += step, file.count -= step;
    }
    return m->has_pickle;
}

static nd_status next(reader *r, nd_bytes *rest, const pickle_value **value)
{
    size_t used = 0;
    *value = pickle_read(&r->p, *rest, &used);
    if (!*value) return ND_E_DATA;
    rest->at += used, rest->count -= used;
    return ND_OK;
}

// A count comes first; each thing takes bytes, so it cannot lie by much.
static nd_status next_count(reader *r, nd_bytes *rest, size_t *count)
{
    const pickle_value *value;
    ND_TRY(next(r, rest, &value));
    if (value->kind != PICKLE_WHOLE || value->whole < 0 ||
        (uint64_t)value->whole > rest->count)
        return weights_damaged(nd_gettext("a count of the tar file is wrong"));
    *count = (size_t)value->whole;
    return ND_OK;
}

// Keys are numbers or texts; references spell them as texts.
static nd_status read_key(reader *r, const pickle_value *key, const char **text,
                          size_t *length)
{
    char number[32];
    if (key->kind == PICKLE_TEXT) {
        *text = key->text, *length = key->length;
        return ND_OK;
    }
    if (key->kind != PICKLE_WHOLE)
        return weights_damaged(nd_gettext("a key of the tar file is wrong"));
    snprintf(number, sizeof number, "%lld", (long long)key->whole);
    *length = strlen(number);
    *text = pickle_text(&r->p, number, *length);
    return *text ? ND_OK : ND_E_MEMORY;
}

static bool is_tuple(const pickle_value *value, size_t count)
{
    return value->kind == PICKLE_TUPLE && value->list.count >= count;
}

static nd_status add_storage(reader *r, const storage_row *row)
{
    storage_table *t = &r->storages;
    ND_TRY(
        weights_grow(r->in->scratch, &t->row, &r->storage_room, t->count, sizeof *row));
    t->row[t->count++] = *row;
    return ND_OK;
}

// (key, place, type), a count of 8 bytes, the numbers.
static nd_status read_storage(reader *r, nd_bytes *rest)
{
    const pickle_value *about;
    storage_row row = {.item = 0};
    ND_TRY(next(r, rest, &about));
    if (!is_tuple(about, 3) || about->list.item[2]->kind != PICKLE_GLOBAL)
        return weights_damaged(nd_gettext("a storage of the tar file is wrong"));
    ND_TRY(read_key(r, about->list.item[0], &row.key, &row.length));
    row.type = about->list.item[2];
    row.item = pickle_type_bytes(row.type->name);
    if (!row.item || rest->count < 8)
        return weights_damaged(nd_gettext("a storage of the tar file is wrong"));
    const uint64_t count = weights_get(rest->at, 8);
    rest->at += 8, rest->count -= 8;
    if (count > rest->count / row.item)
        return weights_damaged(nd_gettext("its numbers are cut short"));
    row.bytes = (nd_bytes){rest->at, (size_t)count * row.item};
    rest->at += row.bytes.count, rest->count -= row.bytes.count;
    return add_storage(r, &row);
}

// (target, root, offset, count): a storage inside another.
static nd_status read_view(reader *r, const pickle_value *view)
{
    const char *root = NULL;
    size_t length = 0;
    storage_row row = {.item = 0};
    if (!is_tuple(view, 4) || view->list.item[2]->kind != PICKLE_WHOLE ||
        view->list.item[3]->kind != PICKLE_WHOLE)
        return weights_damaged(nd_gettext("a view of the tar file is wrong"));
    ND_TRY(read_key(r, view->list.item[0], &row.key, &row.length));
    ND_TRY(read_key(r, view->list.item[1], &root, &length));
    const storage_row *of = storage_table_find(&r->storages, root, length);
    const int64_t offset = view->list.item[2]->whole, count = view->list.item[3]->whole;
    const int64_t there = of ? (int64_t)(of->bytes.count / of->item) : -1;
    if (offset < 0 || count < 0 || offset > there || count > there - offset)
        return weights_damaged(nd_gettext("a view of the tar file is wrong"));
    row.type = of->type, row.item = of->item;
    row.bytes =
        (nd_bytes){of->bytes.at + (size_t)offset * of->item, (size_t)count * of->item};
    return add_storage(r, &row);
}

static nd_status read_storages(reader *r, nd_bytes rest)
{
    size_t count = 0;
    const pickle_value *views;
    ND_TRY(next_count(r, &rest, &count));
    for (size_t i = 0; i < count; i++) ND_TRY(read_storage(r, &rest));
    ND_TRY(storage_table_sort(&r->storages, r->in->scratch));
    if (!rest.count) return ND_OK; // some writers leave the views out
    ND_TRY(next(r, &rest, &views));
    if (views->kind != PICKLE_LIST)
        return weights_damaged(nd_gettext("a view of the tar file is wrong"));
    for (size_t i = 0; i < views->list.count; i++)
        ND_TRY(read_view(r, views->list.item[i]));
    return storage_table_sort(&r->storages, r->in->scratch);
}

static pickle_tensor *tensor_new(reader *r, const storage_row *of, int rank)
{
    pickle *p = &r->p;
    pickle_tensor *t = pickle_take(p, 1, sizeof *t);
    pickle_storage *s = t ? pickle_take(p, 1, sizeof *s) : NULL;
    if (!s || !(t->dim = pickle_take(p, (size_t)rank + 1, sizeof *t->dim)) ||
        !(t->stride = pickle_take(p, (size_t)rank + 1, sizeof *t->stride)))
        return NULL;
    *s = (pickle_storage){.type = pickle_type(of->type->name),
                          .type_name = of->type->name,
                          .count = (int64_t)(of->bytes.count / of->item),
                          .bytes = of->bytes,
                          .is_found = true};
    t->storage = s, t->type = s->type, t->type_name = s->type_name, t->rank = rank;
    return t;
}

// Rank (4 bytes, 4 to skip), sizes, strides and offset of 8 bytes each.
static nd_status read_layout(reader *r, nd_bytes *rest, const storage_row *of,
                             pickle_tensor **tensor)
{
    const uint64_t rank =
        rest->count >= 8 ? weights_get(rest->at, 4) : WEIGHTS_FILE_RANK + 1;
    if (rank > WEIGHTS_FILE_RANK || rest->count < 8 + 16 * rank + 8)
        return weights_damaged(nd_gettext("a tensor of the tar file is wrong"));
    pickle_tensor *t = tensor_new(r, of, (int)rank);
    if (!t) return ND_E_MEMORY;
    const uint8_t *at = rest->at + 8;
    bool is_sound = true;
    for (uint64_t i = 0; i < rank; i++, at += 8) {
        t->dim[i] = (int64_t)weights_get(at, 8);
        t->stride[i] = (int64_t)weights_get(at + 8 * rank, 8);
        is_sound = is_sound && t->dim[i] >= 0 && t->stride[i] >= 0;
    }
    t->offset = (int64_t)weights_get(at + 8 * rank, 8);
    if (!is_sound || t->offset < 0)
        return weights_damaged(nd_gettext("a tensor of the tar file is wrong"));
    rest->at += 16 + 16 * rank, rest->count -= 16 + 16 * (size_t)rank;
    *tensor = t;
    return ND_OK;
}

static nd_status read_tensor(reader *r, nd_bytes *rest, tensor_row *to)
{
    const pickle_value *about;
    const char *key = NULL;
    size_t length = 0;
    ND_TRY(next(r, rest, &about));
    if (!is_tuple(about, 2))
        return weights_damaged(nd_gettext("a tensor of the tar file is wrong"));
    ND_TRY(read_key(r, about->list.item[0], &to->key, &to->length));
    ND_TRY(read_key(r, about->list.item[1], &key, &length));
    const storage_row *of = storage_table_find(&r->storages, key, length);
    if (!of) return weights_damaged(nd_gettext("the numbers of a tensor are missing"));
    to->tensor = pickle_new(&r->p, PICKLE_TENSOR);
    return to->tensor ? read_layout(r, rest, of, &to->tensor->tensor) : ND_E_MEMORY;
}

static int compare(const void *a, const void *b)
{
    const tensor_row *x = a, *y = b;
    const size_t shorter = x->length < y->length ? x->length : y->length;
    const int order = memcmp(x->key, y->key, shorter);
    return order ? order : (x->length > y->length) - (x->length < y->length);
}

static nd_status read_tensors(reader *r, nd_bytes rest)
{
    size_t count = 0, room = 0;
    ND_TRY(next_count(r, &rest, &count));
    for (size_t i = 0; i < count; i++) {
        tensor_row made;
        ND_TRY(read_tensor(r, &rest, &made));
        ND_TRY(weights_grow(r->in->scratch, &r->tensor, &room, r->tensors, sizeof made));
        r->tensor[r->tensors++] = made;
    }
    if (count) qsort(r->tensor, r->tensors, sizeof *r->tensor, compare);
    return ND_OK;
}

// The text of a tensor's key; or a container with its source, of which it is the first.
static pickle_value *persistent(pickle *p, const pickle_value *id)
{
    const reader *r = p->user;
    const tensor_row want = {.key = id->text, .length = id->length};
    if (id->kind == PICKLE_TUPLE && id->list.count)
        return pickle_says(id->list.item[0], "storage") ? pickle_storage_of(p, id)
                                                        : id->list.item[0];
    const tensor_row *found =
        id->kind == PICKLE_TEXT && r->tensors
            ? bsearch(&want, r->tensor, r->tensors, sizeof want, compare)
            : NULL;
    if (found) return found->tensor;
    return (void)weights_damaged(nd_gettext("the numbers of a tensor are missing")), NULL;
}

nd_status weights_read_tar(weights_in *in)
{
    members m;
    reader r = {.in = in, .p = {.arena = in->scratch}};
    if (!find_members(in->file, &m) || !m.has_storages)
        return nd_fail(ND_E_DATA, "this is a tar archive, but not a checkpoint\n"
                                  "give a .safetensors, .pt or .pth file");
    checkpoint *c = nd_alloc(in->scratch, 1, sizeof *c);
    if (!c) return ND_E_MEMORY;
    c->in = in, c->find = storage_table_bind, c->container = &r.storages;
    ND_TRY(read_storages(&r, m.storages));
    if (m.has_tensors) ND_TRY(read_tensors(&r, m.tensors));
    const pickle_value *root;
    r.p.persistent = persistent, r.p.user = &r;
    ND_TRY(next(&r, &m.pickle, &root));
    return checkpoint_take(c, &r.p, root);
}

bool weights_tar_is_torch(nd_bytes file)
{
    members m;
    return find_members(file, &m) && m.has_storages;
}
