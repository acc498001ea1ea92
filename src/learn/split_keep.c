// SPDX-License-Identifier: Apache-2.0
// split.tsv: who is on which side, written for people and read back to be kept.
#include "learn/split.h"
#include <errno.h>
#include <nadir/file.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct kept {
    const char *key;
    nd_side side;
} kept;
struct split_kept {
    kept *unit;
    int64_t count;
};

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

static nd_status read_lines(const nd_dataset *set, FILE *file, split_kept *keep)
{
    char line[8192];
    int64_t room = 0;
    for (int n = 1; fgets(line, sizeof line, file); n++) {
        line[strcspn(line, "\r\n")] = 0;
        if (!line[0] || line[0] == '#') continue;
        if (keep->count == room) {
            room = room ? 2 * room : 1024;
            kept *more = nd_alloc(set->arena, (size_t)room, sizeof *more);
            if (!more) return ND_E_MEMORY;
            if (keep->count) memcpy(more, keep->unit, (size_t)keep->count * sizeof *more);
            keep->unit = more;
        }
        ND_TRY(parse_kept(set, line, n, &keep->unit[keep->count++]));
    }
    return ND_OK;
}

nd_status split_read_kept(const nd_dataset *set, split_kept **kept_units)
{
    const char *path = set->set.split.keep.text;
    split_kept *keep = nd_alloc(set->arena, 1, sizeof *keep);
    *kept_units = keep;
    if (!keep) return ND_E_MEMORY;
    if (!path) return ND_OK;
    FILE *file = fopen(path, "r");
    if (!file)
        return nd_fail(ND_E_IO, "%s cannot be opened: %s\ncheck split.keep", path,
                       nd_system_error(errno));
    const nd_status status = read_lines(set, file, keep);
    fclose(file);
    if (status == ND_OK && keep->count)
        qsort(keep->unit, (size_t)keep->count, sizeof *keep->unit, by_key);
    return status;
}

bool split_find_kept(const split_kept *keep, const char *key, nd_side *side)
{
    const kept wanted = {.key = key};
    if (!keep->count) return false;
    const kept *found =
        bsearch(&wanted, keep->unit, (size_t)keep->count, sizeof wanted, by_key);
    if (found) *side = found->side;
    return found;
}

// ---- Writing.

nd_status nd_dataset_write_split(const nd_dataset *set, const char *path)
{
    nd_arena *arena = nd_arena_new();
    if (!arena) return ND_E_MEMORY;
    nd_buffer text = {.arena = arena};
    char hash[33];
    nd_buffer_add(&text, "# key\tclass\tside\thash\n");
    for (int64_t i = 0; i < set->units; i++) {
        const split_unit *unit = &set->unit[i];
        nd_hash_print(unit->hash, hash);
        nd_buffer_add(&text, "%s\t\t%s\t%s\n", unit->key, nd_side_name(unit->side), hash);
    }
    for (int64_t i = 0; i < set->items && !set->units; i++) {
        const data_item *item = &set->item[i];
        nd_hash_print(item->order, hash);
        nd_buffer_add(&text, "%s\t%s\t%s\t%s\n", item->key,
                      item->class >= 0 ? set->class[item->class].name : "",
                      nd_side_name(item->side), hash);
    }
    const char *all = nd_buffer_text(&text);
    const nd_status status = all ? nd_file_write(path, all, text.length) : ND_E_MEMORY;
    nd_arena_free(arena);
    return status;
}
