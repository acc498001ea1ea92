// SPDX-License-Identifier: Apache-2.0
// Written settings into an operator's struct: scalars, lists, and rows of settings.
#include "graph.h"
#include <ctype.h>
#include <string.h>

// This thread's error: kept with a reader and gone on from, handed back without one.
static nd_status wrong(graph_reader *r, graph_place at, nd_status status)
{
    if (status == ND_OK || status == ND_E_MEMORY) return status;
    if (!r) return status;
    graph_wrong(r, at);
    return ND_OK;
}

// The words of an item; a comma in it is written as SNAP writes it, unless a variable
// brought it: "${bands}" may be several.
static bool join_item(nd_buffer *to, const graph_tree *item, bool raw)
{
    const char *text = raw ? item->raw : item->text;
    const bool is_filled = item->raw && strstr(item->raw, "${");
    if (item->kind != GRAPH_SCALAR) return false;
    for (const char *c = text ? text : ""; *c; c++)
        if (*c == ',' && !is_filled)
            nd_buffer_add(to, "\\u002C");
        else
            nd_buffer_put(to, c, 1);
    return true;
}

const char *graph_join(nd_arena *arena, const graph_tree *list, bool raw)
{
    nd_buffer text = {.arena = arena};
    for (const graph_tree *t = list->first; t; t = t->next) {
        if (!join_item(&text, t, raw)) {
            (void)nd_fail(ND_E_PARAM, "%s: a list stands in the list\nwrite plain values",
                          list->name ? list->name : "");
            return NULL;
        }
        if (t->next) nd_buffer_add(&text, ",");
    }
    return nd_buffer_text(&text);
}

nd_status graph_unknown(const char *of, const nd_table *table, const char *name)
{
    const char *word[192] = {0};
    size_t words = 0;
    for (size_t i = 0; i < table->count; i++) {
        word[words++] = table->row[i].name;
        if (table->row[i].snap) word[words++] = table->row[i].snap;
    }
    const char *nearest = nd_text_nearest(name, word, words);
    if (nearest)
        return nd_fail(ND_E_PARAM, "%s has no setting %s\ndid you mean %s?", of, name,
                       nearest);
    return nd_fail(ND_E_PARAM,
                   "%s has no setting %s\n"
                   "leave it out; nadir describe lists those there are",
                   of, name);
}

static void mark_given(nd_settings *settings, const nd_param *row)
{
    settings->given |= (uint64_t)1 << (row - settings->table->row);
}

bool graph_any_open(const graph_tree *tree)
{
    for (const graph_tree *t = tree->first; t; t = t->next)
        if (t->is_open || graph_any_open(t)) return true;
    return tree->is_open;
}

static bool is_twin(const graph_tree *first, const graph_tree *of, const nd_table *table)
{
    const nd_param *row = nd_param_find(table, of->name);
    for (const graph_tree *t = first; row && t && t != of; t = t->next)
        if (t->name && nd_param_find(table, t->name) == row) return true;
    return false;
}

// One struct of a row of ND_ROWS.
static nd_status set_row(nd_arena *arena, graph_reader *r, const graph_tree *setting,
                         const graph_tree *item, nd_settings *settings)
{
    nd_settings row;
    if (item->kind == GRAPH_LIST || (item->kind == GRAPH_SCALAR && item->text))
        return wrong(r, item->value_at,
                     nd_fail(ND_E_PARAM, "%s: %s is no entry\nwrite names and values",
                             setting->name, item->text ? item->text : "a list"));
    ND_TRY(nd_settings_add(arena, settings, setting->name, &row));
    for (const graph_tree *t = item->first; t; t = t->next) {
        if (r && is_twin(item->first, t, row.table)) {
            (void)nd_fail(ND_E_PARAM, "%s is given twice\nkeep one of them", t->name);
            graph_wrong(r, t->at);
            continue;
        }
        ND_TRY(graph_set(arena, r, t, &row));
    }
    return wrong(r, item->at, nd_settings_check(&row));
}

static bool is_row_name(const nd_param *row, const char *name)
{
    return !name || (row->row_snap && nd_text_same(row->row_snap, name));
}

// In YAML a single entry may stand without its dash.
bool graph_is_lone(const nd_param *row, const graph_tree *setting)
{
    return setting->kind == GRAPH_MAP && setting->first &&
           !is_row_name(row, setting->first->name) &&
           nd_param_find(row->rows, setting->first->name);
}

static nd_status set_rows(nd_arena *arena, graph_reader *r, const graph_tree *setting,
                          const nd_param *row, nd_settings *settings)
{
    if (graph_is_lone(row, setting)) return set_row(arena, r, setting, setting, settings);
    for (const graph_tree *t = setting->first; t; t = t->next) {
        if (!is_row_name(row, t->name)) {
            (void)nd_fail(ND_E_PARAM, "%s has no %s\ndid you mean %s?", setting->name,
                          t->name, row->row_snap ? row->row_snap : "a dash");
            ND_TRY(wrong(r, t->at, ND_E_PARAM));
            continue;
        }
        ND_TRY(set_row(arena, r, setting, t, settings));
    }
    mark_given(settings, row);
    return ND_OK;
}

// Java's numbers may end in f or d.
static const char *without_suffix(nd_arena *arena, const char *text)
{
    const size_t n = strlen(text);
    double number;
    if (n < 2 || !strchr("fFdD", text[n - 1]) || nd_text_real(text, &number)) return text;
    const char *cut = nd_text(arena, "%.*s", (int)n - 1, text);
    return cut && nd_text_real(cut, &number) ? cut : text;
}

static nd_status set_text(nd_arena *arena, graph_reader *r, const graph_tree *setting,
                          const nd_param *row, nd_settings *settings)
{
    const bool is_group = setting->kind != GRAPH_SCALAR;
    if (is_group && row->type != ND_LIST && setting->first)
        return wrong(r, setting->value_at,
                     nd_fail(ND_E_PARAM, "%s holds one value, not several\nwrite one",
                             setting->name));
    const char *text = is_group ? graph_join(arena, setting, false) : setting->text;
    if (is_group && !text) return wrong(r, setting->value_at, ND_E_PARAM);
    if (graph_any_open(setting)) { // what it will be nobody knows
        mark_given(settings, row);
        return ND_OK;
    }
    if (!text || !*text) return ND_OK; // empty: as if it were not there
    if (row->type == ND_REAL) text = without_suffix(arena, text);
    return text ? wrong(r, setting->value_at,
                        nd_settings_set(arena, settings, setting->name, text))
                : ND_E_MEMORY;
}

nd_status graph_set(nd_arena *arena, graph_reader *r, const graph_tree *setting,
                    nd_settings *settings)
{
    const nd_param *row =
        setting->name ? nd_param_find(settings->table, setting->name) : NULL;
    if (!row) {
        if (setting->name)
            (void)graph_unknown("an entry", settings->table, setting->name);
        else
            (void)nd_fail(ND_E_PARAM, "a value has no name\nwrite name: value");
        return wrong(r, setting->at, ND_E_PARAM);
    }
    if (row->type == ND_ROWS && setting->kind != GRAPH_SCALAR)
        return set_rows(arena, r, setting, row, settings);
    return set_text(arena, r, setting, row, settings);
}
