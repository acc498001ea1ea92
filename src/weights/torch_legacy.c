// SPDX-License-Identifier: Apache-2.0
// PyTorch's files before 1.6: five pickles one after the other, then the numbers of each
// storage behind their count.
#include "weights/checkpoint.h"

static nd_status read_keys(weights_in *in, const pickle_value *list, storage_table *t)
{
    if (list->kind != PICKLE_LIST)
        return weights_damaged(nd_gettext("its list of storages is missing"));
    t->count = list->list.count;
    if (!(t->row = nd_alloc(in->scratch, t->count, sizeof *t->row))) return ND_E_MEMORY;
    for (size_t i = 0; i < t->count; i++) {
        const pickle_value *key = list->list.item[i];
        if (key->kind != PICKLE_TEXT)
            return weights_damaged(nd_gettext("its list of storages is missing"));
        t->row[i].key = key->text, t->row[i].length = key->length;
    }
    return storage_table_sort(t, in->scratch);
}

// What type a storage has is said by who uses it.
static nd_status learn_sizes(const storage_table *t, const pickle_list *storages)
{
    for (size_t i = 0; i < storages->count; i++) {
        const pickle_storage *s = storages->item[i]->storage;
        const size_t item = pickle_type_bytes(s->type_name);
        storage_row *k = storage_table_find(t, s->key, s->key_length);
        if (k && k->item && k->item != item)
            return weights_damaged(nd_gettext("a storage has two types"));
        if (k) k->item = item;
    }
    return ND_OK;
}

static nd_status read_numbers(const storage_table *t, nd_bytes rest, bool is_big_endian)
{
    for (size_t i = 0; i < t->count; i++) {
        storage_row *k = &t->row[i];
        uint64_t count = 0;
        if (!k->item)
            return weights_damaged(nd_gettext("nobody says the type of a storage"));
        if (rest.count < 8)
            return weights_damaged(nd_gettext("its numbers are cut short"));
        for (int b = 0; b < 8; b++)
            count |= (uint64_t)rest.at[b] << 8 * (is_big_endian ? 7 - b : b);
        rest.at += 8, rest.count -= 8;
        if (count > rest.count / k->item)
            return weights_damaged(nd_gettext("its numbers are cut short"));
        k->bytes = (nd_bytes){rest.at, (size_t)count * k->item};
        rest.at += k->bytes.count, rest.count -= k->bytes.count;
    }
    return ND_OK;
}

// The next pickle of the file.
static const pickle_value *next(pickle *p, nd_bytes *rest)
{
    size_t used = 0;
    const pickle_value *value = pickle_read(p, *rest, &used);
    rest->at += used, rest->count -= used;
    return value;
}

nd_status weights_read_legacy(weights_in *in)
{
    const pickle_value *part[5];
    pickle p = {.arena = in->scratch};
    nd_bytes rest = in->file;
    storage_table t = {0};
    for (int i = 0; i < 5; i++)
        if (!(part[i] = next(&p, &rest))) return ND_E_DATA;
    checkpoint *c = nd_alloc(in->scratch, 1, sizeof *c);
    if (!c) return ND_E_MEMORY;
    if (part[1]->kind != PICKLE_WHOLE || part[1]->whole != 1001)
        return weights_damaged(nd_gettext("its version is not 1001"));
    const pickle_value *little = pickle_member(part[2], "little_endian");
    if (!little || little->kind != PICKLE_BOOL)
        return weights_damaged(nd_gettext("its byte order is missing"));
    c->in = in, c->find = storage_table_bind, c->container = &t;
    c->is_big_endian = !little->whole;
    ND_TRY(read_keys(in, part[4], &t));
    ND_TRY(learn_sizes(&t, &p.storages));
    ND_TRY(read_numbers(&t, rest, c->is_big_endian));
    return checkpoint_take(c, &p, part[3]);
}
