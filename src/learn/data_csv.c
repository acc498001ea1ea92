// SPDX-License-Identifier: Apache-2.0
// A table of pictures: CSV with a head line (RFC 4180), paths from the table's folder.
#include "learn/data.h"
#include "learn/split.h"
#include <math.h>
#include <nadir/file.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_COLUMNS = 256, MOST_ROWS = 50000000 };

typedef struct reading {
    nd_dataset *set;
    const char *at, *end;
    int line;
    const char *cell[MOST_COLUMNS];
    int cells;
    int path, label, group, time, x, y; // columns; -1: not there
    int64_t room;
} reading;

static nd_status damaged(const reading *r, const char *what)
{
    return nd_fail(ND_E_DATA, "%s:%d: %s\ncorrect that line", r->set->source, r->line,
                   what);
}

// Quoted cells may hold commas, line ends, and quotes that are doubled.
static nd_status read_quoted(reading *r, char *to, size_t *length)
{
    for (r->at++; r->at < r->end; r->at++) {
        if (*r->at == '\n') r->line++;
        if (*r->at == '"' && (r->at + 1 == r->end || r->at[1] != '"')) {
            r->at++;
            return ND_OK;
        }
        if (*r->at == '"') r->at++;
        to[(*length)++] = *r->at;
    }
    return damaged(r, "a quoted text has no end");
}

// Bytes from here that the cell may take.
static size_t reach(const reading *r)
{
    size_t n = 0;
    const size_t left = (size_t)(r->end - r->at);
    if (left && *r->at == '"')
        for (n = 1; n < left; n++) {
            if (r->at[n] != '"') continue;
            if (n + 1 == left || r->at[n + 1] != '"') return n;
            n++;
        }
    while (n < left && r->at[n] != ',' && r->at[n] != '\n') n++;
    return n;
}

static nd_status read_cell(reading *r, const char **cell)
{
    size_t length = 0;
    const bool is_quoted = r->at < r->end && *r->at == '"';
    const size_t most = reach(r);
    char *text = nd_alloc(r->set->arena, most + 1, 1);
    if (!text) return ND_E_MEMORY;
    if (is_quoted) {
        ND_TRY(read_quoted(r, text, &length));
    } else {
        memcpy(text, r->at, most);
        length = most, r->at += most;
    }
    while (length && (text[length - 1] == '\r' || text[length - 1] == ' ')) length--;
    text[length] = 0;
    *cell = text;
    if (strlen(text) != length) return damaged(r, "it holds a byte 0");
    return ND_OK;
}

static nd_status read_row(reading *r)
{
    r->cells = 0, r->line++;
    for (;;) {
        if (r->cells == MOST_COLUMNS) return damaged(r, "it has more than 256 columns");
        ND_TRY(read_cell(r, &r->cell[r->cells++]));
        if (r->at < r->end && *r->at == '\r') r->at++;
        if (r->at == r->end) return ND_OK;
        if (*r->at == '\n') {
            r->at++;
            return ND_OK;
        }
        if (*r->at != ',') return damaged(r, "a quoted text goes on after its end");
        r->at++;
    }
}

static int column(const reading *r, const char *name)
{
    for (int i = 0; i < r->cells; i++)
        if (nd_text_same(r->cell[i], name)) return i;
    return -1;
}

static nd_status read_head(reading *r)
{
    const nd_data *set = &r->set->set;
    ND_TRY(read_row(r));
    r->path = column(r, "path");
    r->label = column(r, set->labels.column);
    r->group = column(r, set->split.column);
    if (r->group < 0) r->group = column(r, "split");
    r->time = column(r, "time");
    r->x = column(r, "x"), r->y = column(r, "y");
    if (r->path >= 0 && r->label >= 0) return ND_OK;
    const char *wanted = r->path < 0 ? "path" : set->labels.column;
    const char *nearest = nd_text_nearest(wanted, r->cell, (size_t)r->cells);
    return nd_fail(ND_E_DATA, "%s has no column %s\n%s%s%s", r->set->source, wanted,
                   nearest ? "did you mean " : "name its columns in the first line",
                   nearest ? nearest : "", nearest ? "?" : "");
}

static const char *cell_at(const reading *r, int at)
{
    return at >= 0 && at < r->cells && *r->cell[at] ? r->cell[at] : NULL;
}

static nd_status add_row(reading *r)
{
    nd_dataset *set = r->set;
    if (set->items == r->room) {
        const int64_t room = r->room ? 2 * r->room : 1024;
        data_item *more = nd_alloc(set->arena, (size_t)room, sizeof *more);
        if (!more) return ND_E_MEMORY;
        if (set->items) memcpy(more, set->item, (size_t)set->items * sizeof *more);
        set->item = more, r->room = room;
    }
    data_item *item = &set->item[set->items];
    *item = (data_item){.name = cell_at(r, r->path),
                        .label = cell_at(r, r->label),
                        .group = cell_at(r, r->group),
                        .time = cell_at(r, r->time),
                        .entry = -1,
                        .class = -1,
                        .x = (double)NAN,
                        .y = (double)NAN};
    item->key = item->name;
    if (!item->name) return damaged(r, "it has no path");
    if (!item->label) return damaged(r, "it has no class");
    const char *x = cell_at(r, r->x), *y = cell_at(r, r->y);
    if (x && !nd_text_real(x, &item->x)) return damaged(r, "its x is no number");
    if (y && !nd_text_real(y, &item->y)) return damaged(r, "its y is no number");
    if (++set->items > MOST_ROWS) return damaged(r, "it is one of too many");
    return ND_OK;
}

static int by_name(const void *a, const void *b)
{
    const data_item *p = a, *q = b;
    return strcmp(p->name, q->name);
}

nd_status data_list_table(nd_dataset *set)
{
    reading *r = nd_alloc(set->arena, 1, sizeof *r);
    nd_bytes bytes;
    if (!r) return ND_E_MEMORY;
    set->source = set->set.table.text;
    if (nd_text_ends(set->source, ".gpkg"))
        return nd_fail(ND_E_UNSUPPORTED,
                       "%s is no CSV file\nexport its table: ogr2ogr table.csv it",
                       set->source);
    const char *slash = strrchr(set->source, '/');
    set->folder =
        slash ? nd_text(set->arena, "%.*s", (int)(slash - set->source), set->source)
              : ".";
    if (!set->folder) return ND_E_MEMORY;
    ND_TRY(nd_file_map(set->arena, set->source, &bytes));
    r->set = set, r->at = (const char *)bytes.at, r->end = r->at + bytes.count;
    if (bytes.count >= 3 && memcmp(r->at, "\xEF\xBB\xBF", 3) == 0) r->at += 3;
    ND_TRY(read_head(r));
    while (r->at < r->end) {
        ND_TRY(read_row(r));
        if (r->cells > 1 || *r->cell[0]) ND_TRY(add_row(r));
    }
    if (!set->items)
        return nd_fail(ND_E_DATA, "%s has no line below its head\nadd the pictures",
                       set->source);
    qsort(set->item, (size_t)set->items, sizeof *set->item, by_name);
    for (int64_t i = 1; i < set->items; i++)
        if (strcmp(set->item[i].name, set->item[i - 1].name) == 0)
            return nd_fail(ND_E_DATA, "%s lists %s twice\ntake one of the lines out",
                           set->source, set->item[i].name);
    return ND_OK;
}
