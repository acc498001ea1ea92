// SPDX-License-Identifier: Apache-2.0
// Who is learnt from and who judges: units by hash of their names, whatever the order in
// which a disk lists them.
#include "learn/data.h"
#include <errno.h>
#include <math.h>
#include <stdio.h>
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

// ---- An earlier split.tsv: what it lists keeps its side.

typedef struct kept {
    const char *key;
    nd_side side;
} kept;
typedef struct keeping {
    kept *unit;
    int64_t count;
} keeping;

static int by_key(const void *a, const void *b)
{
    const kept *p = a, *q = b;
    return strcmp(p->key, q->key);
}

static bool parse_side(const char *text, nd_side *side)
{
    for (int s = 0; s < ND_SIDES; s++)
        if (strcmp(text, nd_side_name((nd_side)s)) == 0) return *side = (nd_side)s, true;
    return false;
}

// Key, class, side, hash; of these key and side are read.
static nd_status parse_kept(const nd_dataset *set, char *line, int number, kept *unit)
{
    char *class = strchr(line, '\t'), *side = class ? strchr(class + 1, '\t') : NULL;
    char *end = side ? strchr(side + 1, '\t') : NULL;
    if (class) *class = 0;
    if (end) *end = 0;
    if (side && parse_side(side + 1, &unit->side)) {
        unit->key = nd_text(set->arena, "%s", line);
        return unit->key ? ND_OK : ND_E_MEMORY;
    }
    return nd_fail(ND_E_DATA,
                   "%s:%d: not key, class, side with tabs between them\n"
                   "give a split.tsv that nadir wrote",
                   set->set.split.keep.text, number);
}

static nd_status read_kept(const nd_dataset *set, keeping *keep)
{
    const char *path = set->set.split.keep.text;
    char line[8192];
    int64_t room = 0;
    nd_status status = ND_OK;
    if (!path) return ND_OK;
    FILE *file = fopen(path, "r");
    if (!file)
        return nd_fail(ND_E_IO, "%s cannot be opened: %s\ncheck split.keep", path,
                       nd_system_error(errno));
    for (int n = 1; status == ND_OK && fgets(line, sizeof line, file); n++) {
        line[strcspn(line, "\r\n")] = 0;
        if (!line[0] || line[0] == '#') continue;
        if (keep->count == room) {
            room = room ? 2 * room : 1024;
            kept *more = nd_alloc(set->arena, (size_t)room, sizeof *more);
            if (!more) status = ND_E_MEMORY;
            if (more && keep->count)
                memcpy(more, keep->unit, (size_t)keep->count * sizeof *more);
            keep->unit = more;
        }
        if (status == ND_OK)
            status = parse_kept(set, line, n, &keep->unit[keep->count++]);
    }
    fclose(file);
    if (status == ND_OK && keep->count)
        qsort(keep->unit, (size_t)keep->count, sizeof *keep->unit, by_key);
    return status;
}

static const kept *find_kept(const keeping *keep, const char *key)
{
    if (!keep->count) return NULL;
    const kept wanted = {.key = key};
    return bsearch(&wanted, keep->unit, (size_t)keep->count, sizeof *keep->unit, by_key);
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
static void assign_class(const nd_dataset *set, const keeping *keep, data_item **item,
                         int64_t count)
{
    int64_t wanted[ND_SIDES] = {0, share_of(set->set.split.valid, count),
                                share_of(set->set.split.test, count)};
    for (int64_t i = 0; i < count; i++) {
        const kept *known = find_kept(keep, item[i]->key);
        if (!known) continue;
        item[i]->side = known->side;
        wanted[known->side]--;
    }
    for (int64_t i = 0; i < count; i++) {
        if (find_kept(keep, item[i]->key)) continue;
        item[i]->side = wanted[ND_VALID] > 0  ? ND_VALID
                        : wanted[ND_TEST] > 0 ? ND_TEST
                                              : ND_TRAIN;
        wanted[item[i]->side]--;
    }
}

static nd_status split_by_file(nd_dataset *set)
{
    keeping keep = {0};
    ND_TRY(read_kept(set, &keep));
    data_item **item = nd_alloc(set->arena, (size_t)set->items, sizeof(data_item *));
    if (!item) return ND_E_MEMORY;
    for (int64_t i = 0; i < set->items; i++) {
        item[i] = &set->item[i];
        item[i]->order = data_unit_hash(set, item[i]->key);
    }
    qsort(item, (size_t)set->items, sizeof *item, by_order);
    for (int64_t i = 0, n; i < set->items; i += n) {
        for (n = 1; i + n < set->items && item[i + n]->class == item[i]->class;) n++;
        assign_class(set, &keep, item + i, n);
    }
    return ND_OK;
}

nd_status data_split_pictures(nd_dataset *set)
{
    if (set->set.is_whole) {
        for (int64_t i = 0; i < set->items; i++) {
            set->item[i].order = data_unit_hash(set, set->item[i].key);
            set->item[i].side = ND_TEST;
        }
        return ND_OK;
    }
    if (set->set.split.valid + set->set.split.test >= 1)
        return nd_fail(ND_E_PARAM,
                       "split.valid and split.test leave nothing to learn from\n"
                       "let their sum be less than 1");
    return split_by_file(set);
}

// ---- The list as a file.

static nd_status put_split(const nd_dataset *set, FILE *file)
{
    fprintf(file, "# key\tclass\tside\thash\n");
    for (int64_t i = 0; i < set->items; i++) {
        const data_item *item = &set->item[i];
        char hash[33];
        nd_hash_print(item->order, hash);
        fprintf(file, "%s\t%s\t%s\t%s\n", item->key,
                item->class >= 0 ? set->class[item->class].name : "",
                nd_side_name(item->side), hash);
    }
    return ferror(file) || fflush(file) != 0 ? ND_E_IO : ND_OK;
}

nd_status nd_dataset_write_split(const nd_dataset *set, const char *path)
{
    char part[4096];
    if (snprintf(part, sizeof part, "%s.part", path) >= (int)sizeof part)
        return nd_fail(ND_E_PARAM, "the name %s is too long\nuse a shorter one", path);
    FILE *file = fopen(part, "w");
    nd_status status = file ? put_split(set, file) : ND_E_IO;
    int code = errno;
    if (file && fclose(file) != 0 && status == ND_OK) status = ND_E_IO, code = errno;
    if (status == ND_OK && rename(part, path) == 0) return ND_OK;
    if (status == ND_OK) code = errno;
    remove(part);
    return nd_fail(ND_E_IO, "%s cannot be written: %s\ncheck the folder and the disk",
                   path, nd_system_error(code));
}
