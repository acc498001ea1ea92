// SPDX-License-Identifier: Apache-2.0
// Units that stay together, dealt out so that each class keeps its shares: iterative
// stratification after Sechidis et al. 2011, in one pass and without chance.
#include "learn/split.h"
#include <ctype.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

// ---- Units by key.

static nd_status grow(split_units *units)
{
    nd_arena *arena = units->set->arena;
    const int64_t room = units->room ? 2 * units->room : 256;
    split_unit *more = nd_alloc(arena, (size_t)room, sizeof *more);
    int64_t *slot = nd_alloc(arena, (size_t)room, sizeof *slot);
    if (!more || !slot) return ND_E_MEMORY;
    if (units->count) memcpy(more, units->unit, (size_t)units->count * sizeof *more);
    for (int64_t i = 0; i < room; i++) slot[i] = -1;
    for (int64_t i = 0; i < units->count; i++) {
        int64_t *first = &slot[more[i].hash.a % (uint64_t)room];
        more[i].next = *first, *first = i;
    }
    units->unit = more, units->slot = slot, units->room = units->slots = room;
    return ND_OK;
}

static int64_t find(const split_units *units, const char *key, nd_hash hash)
{
    if (!units->slots) return -1;
    int64_t i = units->slot[hash.a % (uint64_t)units->slots];
    while (i >= 0 && strcmp(units->unit[i].key, key) != 0) i = units->unit[i].next;
    return i;
}

int64_t split_unit_find(const split_units *units, const char *key)
{
    return find(units, key, data_unit_hash(units->set, key));
}

int64_t split_unit_of(split_units *units, const char *key)
{
    nd_dataset *set = units->set;
    const nd_hash hash = data_unit_hash(set, key);
    const int64_t there = find(units, key, hash);
    if (there >= 0) return there;
    if (units->count == units->room && grow(units) != ND_OK) return -1;
    split_unit *u = &units->unit[units->count];
    int64_t *first = &units->slot[hash.a % (uint64_t)units->slots];
    *u = (split_unit){.key = nd_text(set->arena, "%s", key),
                      .hash = hash,
                      .count = nd_alloc(set->arena, (size_t)set->classes, sizeof(double)),
                      .next = *first};
    if (!u->key || !u->count) return -1;
    *first = units->count;
    return units->count++;
}

// ---- Assignment.

static int by_hash(const void *a, const void *b)
{
    const split_unit *p = *(split_unit *const *)a, *q = *(split_unit *const *)b;
    if (p->hash.a != q->hash.a) return p->hash.a < q->hash.a ? -1 : 1;
    if (p->hash.b != q->hash.b) return p->hash.b < q->hash.b ? -1 : 1;
    return strcmp(p->key, q->key);
}

typedef struct ranked {
    split_unit *unit;
    double most; // of the shares of the classes that it holds
} ranked;

static int by_rank(const void *a, const void *b)
{
    const ranked *p = a, *q = b;
    if (p->most != q->most) return p->most > q->most ? -1 : 1;
    return by_hash(&p->unit, &q->unit);
}

typedef struct dealing {
    const nd_dataset *set;
    double *total;           // of each class
    double *given[ND_SIDES]; // what a side has of each class
    double share[ND_SIDES];
} dealing;

static void give(dealing *d, split_unit *u, nd_side side)
{
    u->side = side;
    for (int k = 0; k < d->set->classes; k++) d->given[side][k] += u->count[k];
}

static nd_side neediest(const dealing *d, const split_unit *u)
{
    nd_side best = ND_TRAIN;
    double most = 0;
    for (int s = 0; s < ND_SIDES; s++) {
        double need = 0;
        if (d->share[s] <= 0) continue;
        for (int k = 0; k < d->set->classes; k++)
            if (d->total[k] > 0)
                need += (d->share[s] * d->total[k] - d->given[s][k]) * u->count[k] /
                        (d->total[k] * d->total[k]);
        if (s == ND_TRAIN || need > most) best = (nd_side)s, most = need;
    }
    return best;
}

static nd_status deal(split_units *units)
{
    nd_dataset *set = units->set;
    const size_t classes = (size_t)set->classes;
    dealing d = {.set = set,
                 .total = nd_alloc(set->arena, classes, sizeof(double)),
                 .share = {1 - set->set.split.valid - set->set.split.test,
                           set->set.split.valid, set->set.split.test}};
    ranked *rank = nd_alloc(set->arena, (size_t)units->count + 1, sizeof *rank);
    if (!d.total || !rank) return ND_E_MEMORY;
    for (int s = 0; s < ND_SIDES; s++)
        if (!(d.given[s] = nd_alloc(set->arena, classes, sizeof(double))))
            return ND_E_MEMORY;
    for (int64_t i = 0; i < units->count; i++)
        for (int k = 0; k < set->classes; k++) d.total[k] += units->unit[i].count[k];
    int64_t left = 0;
    for (int64_t i = 0; i < units->count; i++) {
        split_unit *u = &units->unit[i];
        if (u->is_kept) {
            give(&d, u, u->side);
            continue;
        }
        rank[left].unit = u;
        for (int k = 0; k < set->classes; k++)
            if (d.total[k] > 0 && u->count[k] / d.total[k] > rank[left].most)
                rank[left].most = u->count[k] / d.total[k];
        left++;
    }
    qsort(rank, (size_t)left, sizeof *rank, by_rank);
    for (int64_t i = 0; i < left; i++) give(&d, rank[i].unit, neediest(&d, rank[i].unit));
    return ND_OK;
}

static nd_status deal_folds(split_units *units)
{
    nd_dataset *set = units->set;
    const nd_data_split *split = &set->set.split;
    const int64_t folds = split->folds < units->count ? split->folds : units->count;
    split_unit **unit = nd_alloc(set->arena, (size_t)units->count, sizeof(split_unit *));
    if (!unit) return ND_E_MEMORY;
    if (split->fold >= folds)
        return nd_fail(ND_E_PARAM, "there is no fold %d of %d\ncount them from 0",
                       split->fold, (int)folds);
    for (int64_t i = 0; i < units->count; i++) unit[i] = &units->unit[i];
    qsort(unit, (size_t)units->count, sizeof *unit, by_hash);
    for (int64_t i = 0; i < units->count; i++)
        unit[i]->side = i % folds == split->fold ? ND_VALID : ND_TRAIN;
    return ND_OK;
}

static void plain_date(const char *text, char date[9])
{
    int n = 0;
    for (; *text && n < 8; text++)
        if (isdigit((unsigned char)*text)) date[n++] = *text;
    date[n] = 0;
}

static nd_status deal_by_time(split_units *units)
{
    const nd_list *cuts = &units->set->set.split.cuts;
    char cut[2][9], date[9];
    if (cuts->count < 1 || cuts->count > 2)
        return nd_fail(ND_E_PARAM,
                       "a split by time needs one day or two: data.split.cuts\n"
                       "give the day at which validation begins, then that of the test");
    for (size_t i = 0; i < cuts->count; i++) plain_date(cuts->item[i], cut[i]);
    for (int64_t i = 0; i < units->count; i++) {
        split_unit *u = &units->unit[i];
        if (!u->time)
            return nd_fail(ND_E_DATA,
                           "%s does not say of which day it is\n"
                           "split in another way, or give its time in a table",
                           u->key);
        plain_date(u->time, date);
        u->side = cuts->count > 1 && strcmp(date, cut[1]) >= 0 ? ND_TEST
                  : strcmp(date, cut[0]) >= 0                  ? ND_VALID
                                                               : ND_TRAIN;
    }
    return ND_OK;
}

static nd_status check_classes(const split_units *units)
{
    const nd_dataset *set = units->set;
    bool is_used[ND_SIDES] = {true};
    for (int64_t i = 0; i < units->count; i++) is_used[units->unit[i].side] = true;
    for (int k = 0; k < set->classes; k++) {
        double sum[ND_SIDES] = {0}, all = 0;
        for (int64_t i = 0; i < units->count; i++) {
            sum[units->unit[i].side] += units->unit[i].count[k];
            all += units->unit[i].count[k];
        }
        for (int s = 0; s < ND_SIDES && all > 0; s++)
            if (is_used[s] && !(sum[s] > 0))
                return nd_fail(ND_E_DATA,
                               "class %s is missing on the %s side of the split into %d "
                               "units\nmake the units smaller, or choose another "
                               "split.seed",
                               set->class[k].name, nd_side_name((nd_side)s),
                               (int)units->count);
    }
    return ND_OK;
}

static bool is_side(const char *text, nd_side *side)
{
    for (int s = 0; s < ND_SIDES; s++)
        if (nd_text_same(text, nd_side_name((nd_side)s))) return *side = (nd_side)s, true;
    return false;
}

nd_status split_assign(split_units *units)
{
    nd_dataset *set = units->set;
    split_kept *kept;
    ND_TRY(split_read_kept(set, &kept));
    for (int64_t i = 0; i < units->count; i++) {
        split_unit *u = &units->unit[i];
        u->is_kept = split_find_kept(kept, u->key, &u->side) ||
                     (set->set.split.by.at == SPLIT_COLUMN && is_side(u->key, &u->side));
    }
    if (set->set.split.by.at == SPLIT_TIME)
        ND_TRY(deal_by_time(units));
    else if (set->set.split.folds)
        ND_TRY(deal_folds(units));
    else
        ND_TRY(deal(units));
    set->unit = units->unit, set->units = units->count;
    const bool by_hand = set->set.split.by.at == SPLIT_TIME || set->set.split.folds;
    return by_hand ? ND_OK : check_classes(units);
}

// ---- What names say.

const char *split_group_of(const nd_dataset *set, const char *name)
{
    const char *pattern = set->set.split.pattern;
    regex_t regex;
    regmatch_t at[2];
    if (!pattern || regcomp(&regex, pattern, REG_EXTENDED) != 0) {
        nd_fail(ND_E_PARAM,
                "split.pattern %s is no regular expression\n"
                "give one that finds the group in a name, as ^[^_]+",
                pattern ? pattern : "is missing and");
        return NULL;
    }
    const bool is_there = regexec(&regex, name, 2, at, 0) == 0;
    regfree(&regex);
    if (!is_there) {
        nd_fail(ND_E_DATA, "split.pattern %s finds nothing in %s\ncorrect it", pattern,
                name);
        return NULL;
    }
    const regmatch_t m = at[1].rm_so >= 0 ? at[1] : at[0];
    return nd_text(set->arena, "%.*s", (int)(m.rm_eo - m.rm_so), name + m.rm_so);
}

// MGRS as Sentinel-2 writes it: two digits and three capitals, not inside a longer word.
const char *split_tile_in(nd_arena *arena, const char *name)
{
    for (const char *p = name; *p; p++) {
        const char *t = *p == 'T' ? p + 1 : p;
        const char before = p > name ? p[-1] : '_';
        int n = 0;
        while (n < 5 &&
               (n < 2 ? isdigit((unsigned char)t[n]) : isupper((unsigned char)t[n])))
            n++;
        if (n == 5 && !isalnum((unsigned char)t[5]) && !isalnum((unsigned char)before))
            return nd_text(arena, "T%.5s", t);
    }
    return NULL;
}

const char *split_date_in(nd_arena *arena, const char *name)
{
    for (const char *p = name; *p; p++) {
        char date[9];
        const bool has_dashes = strlen(p) >= 10 && p[4] == '-' && p[7] == '-';
        if (p > name && isdigit((unsigned char)p[-1])) continue;
        if ((p[0] != '1' && p[0] != '2') || strlen(p) < 8) continue;
        int n = 0;
        for (int i = 0; i < (has_dashes ? 10 : 8); i++)
            if (isdigit((unsigned char)p[i])) date[n++] = p[i];
        date[n] = 0;
        if (n == 8 && date[4] <= '1' && date[6] <= '3') return nd_text(arena, "%s", date);
    }
    return NULL;
}
