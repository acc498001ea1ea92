// SPDX-License-Identifier: Apache-2.0
// Settings: the one place that turns a user's words into members of a struct.
#include <assert.h>
#include <math.h>
#include <nadir/param.h>
#include <nadir/text.h>
#include <stdio.h>
#include <string.h>

static const size_t sizes[] = {
    [ND_BOOL] = sizeof(bool),         [ND_INT] = sizeof(int),
    [ND_SIZE] = sizeof(int64_t),      [ND_REAL] = sizeof(double),
    [ND_TEXT] = sizeof(const char *), [ND_CHOICE] = sizeof(nd_choice),
    [ND_LIST] = sizeof(nd_list),      [ND_PATH] = sizeof(nd_path),
    [ND_ROWS] = sizeof(nd_rows),
};

nd_status nd_settings_new(nd_arena *arena, const nd_table *table, nd_settings *settings)
{
    char *data = nd_alloc(arena, 1, table->size);
    if (!data) return ND_E_MEMORY;
    for (size_t i = 0; i < table->count; i++) {
        const nd_param *p = &table->row[i];
        memcpy(data + p->offset, (const char *)p->def + p->offset, sizes[p->type]);
    }
    *settings = (nd_settings){.table = table, .data = data};
    return ND_OK;
}

static bool answers(const nd_param *p, const char *name)
{
    return nd_text_same(p->name, name) || (p->snap && nd_text_same(p->snap, name)) ||
           nd_text_listed(p->was, name);
}

const nd_param *nd_param_find(const nd_table *table, const char *name)
{
    for (size_t i = 0; i < table->count; i++)
        if (answers(&table->row[i], name)) return &table->row[i];
    return NULL;
}

// Appends a word to a list for a message, as long as there is room.
static void add_word(char all[400], const char *word)
{
    const size_t length = strlen(all);
    snprintf(all + length, 400 - length, "%s%s", length ? ", " : "", word);
}

static nd_status unknown(const nd_table *table, const char *name)
{
    const char *word[128] = {0};
    size_t words = 0;
    for (size_t i = 0; i < table->count; i++) {
        word[words++] = table->row[i].name;
        if (table->row[i].snap) word[words++] = table->row[i].snap;
    }
    const char *nearest = nd_text_nearest(name, word, words);
    if (nearest)
        return nd_fail(ND_E_PARAM, "there is no setting %s\ndid you mean %s?", name,
                       nearest);
    if (!table->count)
        return nd_fail(ND_E_PARAM, "there is no setting %s, and no other\nleave it out",
                       name);
    char all[400] = "";
    for (size_t i = 0; i < table->count; i++) add_word(all, table->row[i].name);
    return nd_fail(ND_E_PARAM, "there is no setting %s\nleave it out, or take one of %s",
                   name, all);
}

// Java's numbers may end in f or d: "1.0E-5f" stands in published graphs.
static bool real(const char *text, double *value)
{
    char copy[64];
    const size_t length = strlen(text);
    if (nd_text_real(text, value)) return true;
    if (length < 2 || length >= sizeof copy || !strchr("fFdD", text[length - 1]))
        return false;
    memcpy(copy, text, length - 1);
    copy[length - 1] = 0;
    return strchr("0123456789.", copy[length - 2]) && nd_text_real(copy, value);
}

static nd_status number(nd_arena *arena, const nd_param *p, const char *text,
                        double *value)
{
    int64_t whole = 0;
    if (!*text)
        return nd_fail(ND_E_PARAM, "%s is empty\ngive a number, or leave it out",
                       p->name);
    if (p->type == ND_REAL) {
        if (!real(text, value))
            return nd_fail(ND_E_PARAM, "%s: %s is not a number\ngive one, as in 2.5",
                           p->name, text);
    } else {
        if (!nd_text_size(text, &whole) && p->type == ND_SIZE)
            return nd_fail(ND_E_PARAM, "%s: %s is no size\ngive one, as in 500M or 2G",
                           p->name, text);
        if (!nd_text_size(text, &whole))
            return nd_fail(ND_E_PARAM, "%s: %s is not a whole number\ngive one, as in 3",
                           p->name, text);
        *value = (double)whole;
    }
    const double low = p->type == ND_INT && p->min == p->max ? -2147483647.0 : p->min;
    const double high = p->type == ND_INT && p->min == p->max ? 2147483647.0 : p->max;
    const bool is_within = low == high || (*value >= low && *value <= high);
    if (!is_within && p->type == ND_SIZE)
        return nd_fail(ND_E_PARAM, "%s: %s is not between %s and %s\nstay within them",
                       p->name, text, nd_text_of_size(arena, (int64_t)low),
                       nd_text_of_size(arena, (int64_t)high));
    if (!is_within)
        return nd_fail(
            ND_E_PARAM, "%s: %s is not between %.15g and %.15g%s%s\nstay within them",
            p->name, text, low, high, p->unit ? " " : "", p->unit ? p->unit : "");
    return ND_OK;
}

static nd_status choice(const nd_param *p, const char *text, nd_choice *choice)
{
    const char *word[64] = {0};
    size_t words = 0;
    for (int i = 0; p->choices[i].name; i++) {
        if (words < 64) word[words++] = p->choices[i].name;
        if (nd_text_same(p->choices[i].name, text) ||
            nd_text_listed(p->choices[i].also, text)) {
            choice->at = i;
            return ND_OK;
        }
    }
    const char *nearest = nd_text_nearest(text, word, words);
    if (nearest)
        return nd_fail(ND_E_PARAM, "%s: there is no choice %s\ndid you mean %s?", p->name,
                       text, nearest);
    char all[400] = "";
    for (size_t i = 0; i < words; i++) add_word(all, word[i]);
    return nd_fail(ND_E_PARAM, "%s: there is no choice %s\ntake one of %s", p->name, text,
                   all);
}

static nd_status truth(const nd_param *p, const char *text, bool *value)
{
    double number;
    if (nd_text_real(text, &number)) {
        *value = number != 0;
        return ND_OK;
    }
    *value = nd_text_same(text, "true") || nd_text_same(text, "yes");
    if (*value || nd_text_same(text, "false") || nd_text_same(text, "no")) return ND_OK;
    return nd_fail(ND_E_PARAM, "%s: %s is neither true nor false\nwrite true or false",
                   p->name, text);
}

// One member of a JSON object as the words that would set it.
static const char *words_of(nd_arena *arena, const nd_json *json)
{
    if (json->kind == ND_JSON_TEXT) return json->text;
    if (json->kind == ND_JSON_BOOL) return json->number != 0 ? "true" : "false";
    if (json->kind == ND_JSON_NUMBER) return nd_text_of_real(arena, json->number);
    return "";
}

static nd_status rows(nd_arena *arena, nd_settings *settings, const nd_param *p,
                      const char *text)
{
    const nd_json *list = nd_json_parse(arena, text, strlen(text));
    if (!list || list->kind != ND_JSON_LIST) {
        const nd_error error = nd_error_take();
        if (error.code == ND_E_MEMORY) return nd_error_give(&error);
        return nd_fail(ND_E_PARAM,
                       "%s: %s is no list of objects\n"
                       "write it as [{\"name\": \"value\"}]",
                       p->name, text);
    }
    *(nd_rows *)(void *)((char *)settings->data + p->offset) = (nd_rows){NULL, 0};
    for (const nd_json *one = list->first; one; one = one->next) {
        nd_settings row = {0};
        ND_TRY(nd_settings_add(arena, settings, p->name, &row));
        assert(row.table && row.table == p->rows);
        for (const nd_json *m = one->first; m; m = m->next) {
            if (!m->key || m->kind == ND_JSON_NULL) continue;
            const char *words = words_of(arena, m);
            if (!words) return ND_E_MEMORY;
            ND_TRY(nd_settings_set(arena, &row, m->key, words));
        }
        ND_TRY(nd_settings_check(&row));
    }
    return ND_OK;
}

static nd_status assign(nd_arena *arena, nd_settings *settings, const nd_param *p,
                        const char *text)
{
    void *member = (char *)settings->data + p->offset;
    double value = 0;
    switch (p->type) {
    case ND_BOOL: return truth(p, text, member);
    case ND_CHOICE: return choice(p, text, member);
    case ND_LIST: {
        nd_list *list = member;
        return nd_text_split(arena, text, &list->item, &list->count);
    }
    case ND_ROWS: return rows(arena, settings, p, text);
    case ND_TEXT:
    case ND_PATH:
        // An nd_path is one pointer, so both are filled alike.
        *(const char **)member = nd_text(arena, "%s", text);
        return *(const char **)member ? ND_OK : ND_E_MEMORY;
    case ND_INT:
        ND_TRY(number(arena, p, text, &value));
        *(int *)member = (int)value;
        return ND_OK;
    case ND_SIZE:
        ND_TRY(number(arena, p, text, &value));
        (void)nd_text_size(text, member); // again: a double has only 53 bits
        return ND_OK;
    case ND_REAL: return number(arena, p, text, member);
    }
    return nd_fail(ND_E_BUG, "setting %s has no type\nreport this", p->name);
}

// A setting that is refused keeps the value it had.
nd_status nd_settings_set(nd_arena *arena, nd_settings *settings, const char *name,
                          const char *text)
{
    const nd_param *p = nd_param_find(settings->table, name);
    if (!p) return unknown(settings->table, name);
    void *member = (char *)settings->data + p->offset;
    unsigned char before[sizeof(nd_rows)];
    const uint64_t given = settings->given;
    memcpy(before, member, sizes[p->type]);
    const nd_status status = assign(arena, settings, p, text);
    if (status == ND_OK) {
        settings->given |= (uint64_t)1 << (p - settings->table->row);
    } else {
        memcpy(member, before, sizes[p->type]);
        settings->given = given;
    }
    return status;
}

// The rows stand in one array that grows by copying: few of them, none written twice.
nd_status nd_settings_add(nd_arena *arena, nd_settings *settings, const char *name,
                          nd_settings *row)
{
    const nd_param *p = nd_param_find(settings->table, name);
    if (!p) return unknown(settings->table, name);
    if (p->type != ND_ROWS)
        return nd_fail(ND_E_PARAM, "%s holds one value, not a list of entries\nwrite one",
                       p->name);
    nd_rows *list = (nd_rows *)(void *)((char *)settings->data + p->offset);
    const size_t size = p->rows->size;
    char *grown = nd_alloc(arena, list->count + 1, size);
    nd_settings fresh;
    if (!grown) return ND_E_MEMORY;
    ND_TRY(nd_settings_new(arena, p->rows, &fresh));
    if (list->count) memcpy(grown, list->item, list->count * size);
    memcpy(grown + list->count * size, fresh.data, size);
    *row = (nd_settings){p->rows, grown + list->count * size, 0};
    *list = (nd_rows){grown, list->count + 1};
    settings->given |= (uint64_t)1 << (p - settings->table->row);
    return ND_OK;
}

static bool is_given(const nd_settings *settings, const char *name)
{
    for (size_t i = 0; i < settings->table->count; i++)
        if (strcmp(settings->table->row[i].name, name) == 0)
            return settings->given >> i & 1;
    return false;
}

nd_status nd_settings_check(const nd_settings *settings)
{
    for (size_t i = 0; i < settings->table->count; i++) {
        const nd_param *p = &settings->table->row[i];
        const bool given = settings->given >> i & 1;
        if (p->required && !given)
            return nd_fail(ND_E_PARAM, "%s is missing\ngive it: %s", p->name,
                           nd_gettext(p->help));
        if (given && p->needs && !is_given(settings, p->needs))
            return nd_fail(ND_E_PARAM, "%s says nothing without %s\ngive both or neither",
                           p->name, p->needs);
        if (given && p->excludes && is_given(settings, p->excludes))
            return nd_fail(ND_E_PARAM, "%s and %s contradict each other\ngive only one",
                           p->name, p->excludes);
    }
    return ND_OK;
}
