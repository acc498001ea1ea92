// SPDX-License-Identifier: Apache-2.0
// Storages by their keys, of formats that hold them one after the other.
#include "weights/checkpoint.h"
#include <stdlib.h>
#include <string.h>

nd_status weights_damaged(const char *what)
{
    return nd_fail(ND_E_DATA, "%s\nthe file is damaged: copy or download it again", what);
}

static int compare(const void *a, const void *b)
{
    const storage_row *x = *(storage_row *const *)a, *y = *(storage_row *const *)b;
    const size_t shorter = x->length < y->length ? x->length : y->length;
    const int order = memcmp(x->key, y->key, shorter);
    return order ? order : (x->length > y->length) - (x->length < y->length);
}

nd_status storage_table_sort(storage_table *table, nd_arena *arena)
{
    const size_t count = table->count;
    table->by_key = nd_alloc(arena, count, sizeof *table->by_key);
    if (!table->by_key) return ND_E_MEMORY;
    for (size_t i = 0; i < count; i++) table->by_key[i] = &table->row[i];
    qsort(table->by_key, count, sizeof *table->by_key, compare);
    for (size_t i = 1; i < count; i++)
        if (compare(&table->by_key[i - 1], &table->by_key[i]) == 0)
            return weights_damaged(nd_gettext("two storages have one name"));
    return ND_OK;
}

storage_row *storage_table_find(const storage_table *table, const char *key,
                                size_t length)
{
    storage_row want = {.key = key, .length = length}, *pointer = &want;
    if (!table->count) return NULL;
    storage_row **found =
        bsearch(&pointer, table->by_key, table->count, sizeof pointer, compare);
    return found ? *found : NULL;
}

nd_status storage_table_bind(checkpoint *c, pickle_storage *storage)
{
    const storage_row *row =
        storage_table_find(c->container, storage->key, storage->key_length);
    if (!row) return weights_damaged(nd_gettext("the numbers of a tensor are missing"));
    storage->bytes = row->bytes;
    return ND_OK;
}
