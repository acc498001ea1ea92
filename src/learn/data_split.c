// SPDX-License-Identifier: Apache-2.0
// Who is learnt from and who judges, for pictures: by hash of their names, whatever the
// order in which a disk lists them.
#include "learn/split.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

nd_hash data_unit_hash(const nd_dataset *set, const char *key)
{
    const nd_hash h = nd_hash_more((nd_hash){0, 0}, key, strlen(key));
    const uint32_t counter[4] = {(uint32_t)h.a, (uint32_t)(h.a >> 32), (uint32_t)h.b,
                                 (uint32_t)(h.b >> 32)};
    uint32_t r[4];
    nd_random_wide((uint64_t)set->set.split.seed, counter, r);
    return (nd_hash){(uint64_t)r[1] << 32 | r[0], (uint64_t)r[3] << 32 | r[2]};
}

// ---- By file: per class, in order of hash, so many validate, so many test.

static int by_order(const void *a, const void *b)
{
    const data_item *p = *(data_item *const *)a, *q = *(data_item *const *)b;
    if (p->class != q->class) return p->class < q->class ? -1 : 1;
    if (p->order.a != q->order.a) return p->order.a < q->order.a ? -1 : 1;
    if (p->order.b != q->order.b) return p->order.b < q->order.b ? -1 : 1;
    return strcmp(p->key, q->key);
}

static int64_t share_of(double share, int64_t count)
{
    return (int64_t)floor(share * (double)count + 0.5);
}

// Known units keep their side; new ones fill what the class still lacks.
static void assign_class(const nd_dataset *set, const split_kept *kept, data_item **item,
                         int64_t count)
{
    const nd_data_split *split = &set->set.split;
    int64_t wanted[ND_SIDES] = {0, share_of(split->valid, count),
                                share_of(split->test, count)};
    for (int64_t i = 0; i < count; i++)
        if (split_find_kept(kept, item[i]->key, &item[i]->side)) wanted[item[i]->side]--;
    for (int64_t i = 0; i < count; i++) {
        nd_side known;
        if (split_find_kept(kept, item[i]->key, &known)) continue;
        item[i]->side = wanted[ND_VALID] > 0  ? ND_VALID
                        : wanted[ND_TEST] > 0 ? ND_TEST
                                              : ND_TRAIN;
        if (split->folds)
            item[i]->side = i % split->folds == split->fold ? ND_VALID : ND_TRAIN;
        wanted[item[i]->side]--;
    }
}

static nd_status split_by_file(nd_dataset *set)
{
    split_kept *kept;
    ND_TRY(split_read_kept(set, &kept));
    data_item **item = nd_alloc(set->arena, (size_t)set->items, sizeof(data_item *));
    if (!item) return ND_E_MEMORY;
    for (int64_t i = 0; i < set->items; i++) item[i] = &set->item[i];
    qsort(item, (size_t)set->items, sizeof *item, by_order);
    for (int64_t i = 0, n; i < set->items; i += n) {
        for (n = 1; i + n < set->items && item[i + n]->class == item[i]->class;) n++;
        assign_class(set, kept, item + i, n);
    }
    return ND_OK;
}

// ---- By what several pictures share.

static nd_status key_of(const nd_dataset *set, const data_item *item, const char **key)
{
    switch (set->set.split.by.at) {
    case SPLIT_GROUP: *key = split_group_of(set, item->name); break;
    case SPLIT_COLUMN: *key = item->group; break;
    case SPLIT_TILE: *key = split_tile_in(set->arena, item->name); break;
    default:
        *key = item->time ? item->time : split_date_in(set->arena, item->name);
        break;
    }
    if (*key) return ND_OK;
    if (set->set.split.by.at == SPLIT_GROUP) return ND_E_PARAM;
    return nd_fail(ND_E_DATA,
                   "%s in %s does not say its %s\nsplit in another way: data.split.by",
                   item->name, set->source,
                   set->set.split.by.at == SPLIT_COLUMN ? "group"
                   : set->set.split.by.at == SPLIT_TILE ? "tile"
                                                        : "day");
}

static nd_status split_by_unit(nd_dataset *set)
{
    split_units units = {.set = set};
    int64_t *unit = nd_alloc(set->arena, (size_t)set->items, sizeof *unit);
    if (!unit) return ND_E_MEMORY;
    for (int64_t i = 0; i < set->items; i++) {
        const char *key;
        ND_TRY(key_of(set, &set->item[i], &key));
        if ((unit[i] = split_unit_of(&units, key)) < 0) return ND_E_MEMORY;
        units.unit[unit[i]].count[set->item[i].class]++;
        units.unit[unit[i]].time = key;
    }
    ND_TRY(split_assign(&units));
    for (int64_t i = 0; i < set->items; i++) set->item[i].side = units.unit[unit[i]].side;
    return ND_OK;
}

nd_status data_split_pictures(nd_dataset *set)
{
    const int by = set->set.split.by.at;
    for (int64_t i = 0; i < set->items; i++) {
        set->item[i].order = data_unit_hash(set, set->item[i].key);
        set->item[i].side = ND_TEST;
    }
    if (set->set.is_whole) return ND_OK;
    if (set->set.split.valid + set->set.split.test >= 1)
        return nd_fail(ND_E_PARAM,
                       "split.valid and split.test leave nothing to learn from\n"
                       "let their sum be less than 1");
    if (by == SPLIT_BLOCK || by == SPLIT_SCENE)
        return nd_fail(ND_E_PARAM,
                       "pictures cannot be split by %s: they have no place\n"
                       "split by file, group, column, tile or time",
                       by == SPLIT_BLOCK ? "block" : "scene");
    return by == SPLIT_AUTO || by == SPLIT_FILE ? split_by_file(set) : split_by_unit(set);
}
