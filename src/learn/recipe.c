// SPDX-License-Identifier: Apache-2.0
// Reading a recipe: YAML, its variables, and each key into the struct of its table.
#include "learn/recipe.h"
#include <ctype.h>
#include <errno.h>
#include <nadir/file.h>
#include <stdio.h>
#include <string.h>

typedef struct mistake {
    nd_error error;
    nd_spot at;
    struct mistake *next;
} mistake;
typedef struct variable {
    const char *name, *value;
    bool is_used, is_given;
    struct variable *next;
} variable;
typedef struct reader {
    nd_arena *arena;
    const nd_recipe_ask *ask;
    const char *path, *text;
    size_t length;
    nd_recipe *recipe;
    variable *variable;
    mistake *mistake;
    int mistakes;
} reader;

// ---- Mistakes: kept in the order of the text.
static bool is_before(nd_spot a, nd_spot b)
{
    return a.line != b.line ? a.line < b.line : a.column < b.column;
}

static void wrong(void *user, nd_spot at)
{
    reader *r = user;
    if (at.line) nd_note("%s:%d:%d", r->path, at.line, at.column);
    nd_note("%s", r->path);
    const nd_error error = nd_error_take();
    if (r->mistakes++ >= LEARN_MISTAKES) return;
    mistake *one = nd_alloc(r->arena, 1, sizeof *one);
    if (!one) return;
    *one = (mistake){error, at, NULL};
    mistake **to = &r->mistake;
    while (*to && !is_before(at, (*to)->at)) to = &(*to)->next;
    one->next = *to;
    *to = one;
}

static nd_status tell(const reader *r)
{
    if (!r->mistakes) return ND_OK;
    for (const mistake *m = r->mistake; m; m = m->next)
        if (r->ask->errors) r->ask->errors(r->ask->user, &m->error);
    return r->mistake ? nd_error_give(&r->mistake->error) : ND_E_MEMORY;
}

// ---- Variables.
static variable *find(reader *r, const char *name)
{
    for (variable *v = r->variable; v; v = v->next)
        if (strcmp(v->name, name) == 0) return v;
    return NULL;
}

static nd_status declare(reader *r, const char *name, const char *value, bool is_given)
{
    if (find(r, name)) return ND_OK; // what the command gives wins
    variable *v = nd_alloc(r->arena, 1, sizeof *v);
    if (!v) return ND_E_MEMORY;
    *v = (variable){name, value, false, is_given, r->variable};
    r->variable = v;
    return ND_OK;
}

static void no_value(reader *r, const char *name, nd_spot at)
{
    (void)nd_fail(ND_E_PARAM, "variable %s has no value\ngive it one: -P %s=…", name,
                  name);
    wrong(r, at);
}

static nd_status fill_text(reader *r, nd_yaml *tree)
{
    nd_buffer out = {.arena = r->arena};
    for (const char *at = tree->text; *at;) {
        const char *end = at[0] == '$' && at[1] == '{' ? strchr(at, '}') : NULL;
        if (!end) {
            nd_buffer_put(&out, at++, 1);
            continue;
        }
        const char *name = nd_text(r->arena, "%.*s", (int)(end - at - 2), at + 2);
        variable *v = name ? find(r, name) : NULL;
        if (!name) return ND_E_MEMORY;
        if (v) v->is_used = true;
        if (v && v->value)
            nd_buffer_put(&out, v->value, strlen(v->value));
        else
            no_value(r, name, tree->value_at);
        at = end + 1;
    }
    tree->text = nd_buffer_text(&out);
    return tree->text ? ND_OK : ND_E_MEMORY;
}

static nd_status fill(reader *r, nd_yaml *tree)
{
    if (tree->text && strstr(tree->text, "${")) ND_TRY(fill_text(r, tree));
    for (nd_yaml *t = tree->first; t; t = t->next) ND_TRY(fill(r, t));
    return ND_OK;
}

static nd_status declare_all(reader *r, const nd_yaml *root)
{
    const nd_yaml *all = root ? nd_yaml_member(root, "variables") : NULL;
    for (size_t i = 0; i < r->ask->givens; i++)
        ND_TRY(declare(r, r->ask->given[i].name, r->ask->given[i].value, true));
    if (!all) return ND_OK;
    for (const nd_yaml *t = all->first; t; t = t->next) {
        const nd_yaml *value = t->kind == ND_YAML_MAP ? nd_yaml_member(t, "default") : t;
        if (t->name) ND_TRY(declare(r, t->name, value ? value->text : NULL, false));
    }
    return ND_OK;
}

// ---- Keys.
learn_origin *learn_origin_of(const nd_recipe *recipe, const char *key, const char *name)
{
    struct nd_recipe_notes *n = recipe->notes;
    for (int s = 0; s < n->sections; s++) {
        if (strcmp(n->section[s].key, key) != 0) continue;
        const nd_param *row = nd_param_find(n->section[s].table, name);
        if (row) return &n->origin[s][row - n->section[s].table->row];
    }
    return NULL;
}

// The section `key` that has a row `name`; -1: none, and the words say so.
static int section_of(const reader *r, const char *key, const char *name)
{
    const struct nd_recipe_notes *n = r->recipe->notes;
    const char *word[4 * LEARN_ROWS];
    size_t words = 0, length = strlen(key);
    for (int s = 0; s < n->sections; s++) {
        const learn_section *one = &n->section[s];
        if (strncmp(one->key, key, length) == 0 && one->key[length] == '.')
            word[words++] = one->key + length + 1;
        if (strcmp(one->key, key) != 0) continue;
        if (nd_param_find(one->table, name)) return s;
        for (size_t i = 0; i < one->table->count; i++)
            word[words++] = one->table->row[i].name;
    }
    const char *nearest = nd_text_nearest(name, word, words);
    if (nearest)
        (void)nd_fail(ND_E_PARAM, "%s has no key %s\ndid you mean %s?", key, name,
                      nearest);
    else
        (void)nd_fail(ND_E_PARAM,
                      "%s has no key %s\n"
                      "leave it out; nadir describe train lists all keys",
                      key, name);
    return -1;
}

static bool is_section(const reader *r, const char *key)
{
    for (int s = 0; s < r->recipe->notes->sections; s++)
        if (strcmp(r->recipe->notes->section[s].key, key) == 0) return true;
    return false;
}

// A list as nd_settings_set reads it; NULL: something else than words stands in it.
static const char *joined(nd_arena *arena, const nd_yaml *list)
{
    nd_buffer text = {.arena = arena};
    for (const nd_yaml *t = list->first; t; t = t->next) {
        if (t->kind != ND_YAML_SCALAR) return NULL;
        for (const char *c = t->text ? t->text : ""; *c; c++)
            nd_buffer_put(&text, *c == ',' ? "\\u002C" : c, *c == ',' ? 6 : 1);
        if (t->next) nd_buffer_put(&text, ",", 1);
    }
    return nd_buffer_text(&text);
}

static void keep_origin(reader *r, int section, const char *name, learn_from from,
                        int line)
{
    struct nd_recipe_notes *n = r->recipe->notes;
    const nd_table *table = n->section[section].table;
    n->origin[section][nd_param_find(table, name) - table->row] =
        (learn_origin){(uint8_t)from, line};
}

static bool is_number(const nd_param *row)
{
    return row->type == ND_INT || row->type == ND_REAL || row->type == ND_SIZE;
}

// "auto" leaves a number at its default; none, and an empty text, leave anything so.
static bool says_nothing(const nd_param *row, const char *text)
{
    if (!text || !*text) return true;
    const bool is_text = row->type == ND_TEXT || row->type == ND_PATH;
    if (nd_text_same(text, "auto") && row->def && is_number(row)) return true;
    if (is_text && nd_text_same(text, "none")) return true;
    return is_text && nd_text_same(text, "auto") && nd_text_same(row->name, "name");
}

// An entry of a list of settings; a bare word is its first key.
static nd_status set_entry(reader *r, nd_settings *settings, const nd_param *row,
                           const nd_yaml *item)
{
    nd_settings entry;
    ND_TRY(nd_settings_add(r->arena, settings, row->name, &entry));
    if (item->kind == ND_YAML_SCALAR) {
        if (nd_settings_set(r->arena, &entry, row->rows->row[0].name,
                            item->text ? item->text : "") != ND_OK)
            wrong(r, item->value_at);
        return ND_OK;
    }
    for (const nd_yaml *t = item->first; t; t = t->next) {
        const char *text = t->kind == ND_YAML_SCALAR ? t->text : joined(r->arena, t);
        if (!t->name || !text)
            (void)nd_fail(ND_E_PARAM, "%s: an entry holds a list\nwrite name: value",
                          row->name);
        else if (nd_settings_set(r->arena, &entry, t->name, text) == ND_OK)
            continue;
        wrong(r, t->at);
    }
    if (nd_settings_check(&entry) != ND_OK) wrong(r, item->at);
    return ND_OK;
}

// A default that is written out needs and excludes nothing.
static void not_given(nd_settings *settings, const nd_param *row)
{
    if (nd_param_is_default(row, settings->data))
        settings->given &= ~((uint64_t)1 << (row - settings->table->row));
}

static nd_status set_key(reader *r, int section, const char *name, const nd_yaml *value)
{
    struct nd_recipe_notes *n = r->recipe->notes;
    nd_settings *settings = &n->settings[section];
    const nd_param *row = nd_param_find(settings->table, name);
    keep_origin(r, section, row->name, LEARN_RECIPE, value->at.line);
    if (row->type == ND_ROWS && value->kind == ND_YAML_LIST) {
        for (const nd_yaml *t = value->first; t; t = t->next)
            ND_TRY(set_entry(r, settings, row, t));
        return ND_OK;
    }
    if (value->kind != ND_YAML_SCALAR && row->type != ND_LIST) {
        (void)nd_fail(ND_E_PARAM, "%s holds one value, not several\nwrite one", name);
        wrong(r, value->value_at);
        return ND_OK;
    }
    const char *text =
        value->kind == ND_YAML_SCALAR ? value->text : joined(r->arena, value);
    if (value->kind == ND_YAML_SCALAR && says_nothing(row, text)) {
        keep_origin(r, section, row->name, LEARN_DEFAULT, 0);
        return ND_OK;
    }
    if (!text)
        (void)nd_fail(ND_E_PARAM, "%s: a list stands in the list\nwrite plain values",
                      name);
    else if (nd_settings_set(r->arena, settings, row->name, text) == ND_OK)
        return not_given(settings, row), ND_OK;
    wrong(r, value->value_at);
    return ND_OK;
}

static nd_status read_section(reader *r, const char *key, const nd_yaml *tree);

// A section inside: a mapping, or the one word that says all.
static nd_status read_inside(reader *r, const char *key, const nd_yaml *t)
{
    if (t->kind == ND_YAML_MAP) return read_section(r, key, t);
    const struct nd_recipe_notes *n = r->recipe->notes;
    for (int s = 0; s < n->sections; s++)
        if (strcmp(n->section[s].key, key) == 0 && n->section[s].word &&
            t->kind == ND_YAML_SCALAR)
            return t->text ? set_key(r, s, n->section[s].word, t) : ND_OK;
    (void)nd_fail(ND_E_PARAM,
                  "%s is no value but a group of keys\nwrite %s: { key: value }", t->name,
                  t->name);
    wrong(r, t->value_at);
    return ND_OK;
}

static nd_status read_section(reader *r, const char *key, const nd_yaml *tree)
{
    for (const nd_yaml *t = tree->first; t; t = t->next) {
        const char *inside = nd_text(r->arena, "%s.%s", key, t->name ? t->name : "");
        if (!inside) return ND_E_MEMORY;
        if (is_section(r, inside)) {
            ND_TRY(read_inside(r, inside, t));
            continue;
        }
        const int section = section_of(r, key, t->name ? t->name : "");
        if (section < 0)
            wrong(r, t->at);
        else
            ND_TRY(set_key(r, section, t->name, t));
    }
    return ND_OK;
}

static nd_status read_root(reader *r, const nd_yaml *root)
{
    static const char *const words[] = {"data", "model", "train", "variables"};
    if (root->kind != ND_YAML_MAP) {
        (void)nd_fail(ND_E_PARAM, "a recipe has the parts data, model and train\n"
                                  "nadir new-recipe prints one to start from");
        wrong(r, root->value_at);
        return ND_OK;
    }
    for (const nd_yaml *t = root->first; t; t = t->next) {
        if (nd_text_same(t->name, "variables")) continue;
        if (is_section(r, t->name)) {
            ND_TRY(read_inside(r, t->name, t));
            continue;
        }
        const char *nearest = nd_text_nearest(t->name, words, 4);
        if (nearest)
            (void)nd_fail(ND_E_PARAM, "a recipe has no part %s\ndid you mean %s?",
                          t->name, nearest);
        else
            (void)nd_fail(ND_E_PARAM,
                          "a recipe has no part %s\nits parts are data, model and train",
                          t->name);
        wrong(r, t->at);
    }
    return ND_OK;
}

// What the recipe said is taken back.
static void set_default(nd_settings *settings, const nd_param *row)
{
    static const size_t bytes[] = {
        [ND_BOOL] = sizeof(bool),        [ND_INT] = sizeof(int),
        [ND_SIZE] = sizeof(int64_t),     [ND_REAL] = sizeof(double),
        [ND_TEXT] = sizeof(char *),      [ND_PATH] = sizeof(nd_path),
        [ND_CHOICE] = sizeof(nd_choice), [ND_LIST] = sizeof(nd_list),
        [ND_ROWS] = sizeof(nd_rows)};
    if (row->def)
        memcpy((char *)settings->data + row->offset, (const char *)row->def + row->offset,
               bytes[row->type]);
    settings->given &= ~((uint64_t)1 << (row - settings->table->row));
}

// -P train.epochs=3.
static nd_status put_over(reader *r, variable *v)
{
    const char *dot = strrchr(v->name, '.');
    const char *key =
        dot ? nd_text(r->arena, "%.*s", (int)(dot - v->name), v->name) : NULL;
    if (dot && !key) return ND_E_MEMORY;
    if (!dot || !is_section(r, key)) {
        if (!v->is_used) nd_say(ND_WARN, "the recipe has no variable %s", v->name);
        return ND_OK;
    }
    const int section = section_of(r, key, dot + 1);
    if (section < 0) {
        wrong(r, (nd_spot){0, 0});
        return ND_OK;
    }
    nd_settings *settings = &r->recipe->notes->settings[section];
    const nd_param *row = nd_param_find(settings->table, dot + 1);
    keep_origin(r, section, row->name, LEARN_COMMAND, 0);
    if (says_nothing(row, v->value))
        set_default(settings, row);
    else if (nd_settings_set(r->arena, settings, row->name, v->value) != ND_OK)
        wrong(r, (nd_spot){0, 0});
    return ND_OK;
}

// ---- The whole.
static nd_status load(reader *r)
{
    if (r->ask->text) {
        r->text = r->ask->text, r->length = strlen(r->text);
        return ND_OK;
    }
    r->text = nd_file_read(r->arena, r->path, LEARN_RECIPE_BYTES, &r->length);
    return r->text ? ND_OK : ND_E_IO;
}

nd_recipe *nd_recipe_new(nd_arena *arena)
{
    nd_recipe *recipe = nd_alloc(arena, 1, sizeof *recipe);
    struct nd_recipe_notes *n = nd_alloc(arena, 1, sizeof *n);
    if (!recipe || !n || nd_data_new(arena, &recipe->data) != ND_OK) return NULL;
    recipe->notes = n;
    recipe->path = recipe->name = "recipe";
    n->sections = learn_sections(n->section);
    for (int s = 0; s < n->sections; s++) {
        const learn_section *one = &n->section[s];
        char *base = one->is_data ? (char *)recipe->data : (char *)recipe;
        nd_settings fresh;
        if (nd_settings_new(arena, one->table, &fresh) != ND_OK) return NULL;
        if (!one->is_data) memcpy(base + one->offset, fresh.data, one->table->size);
        n->settings[s] = (nd_settings){one->table, base + one->offset, 0};
    }
    return recipe;
}

static nd_status understand(reader *r, nd_yaml *root)
{
    ND_TRY(declare_all(r, root));
    if (root) ND_TRY(fill(r, root));
    if (root) ND_TRY(read_root(r, root));
    for (variable *v = r->variable; v; v = v->next)
        if (v->is_given) ND_TRY(put_over(r, v));
    struct nd_recipe_notes *n = r->recipe->notes;
    for (int s = 0; s < n->sections && !r->mistakes; s++)
        if (nd_settings_check(&n->settings[s]) != ND_OK) wrong(r, (nd_spot){0, 0});
    return ND_OK;
}

nd_recipe *nd_recipe_read(nd_arena *arena, const nd_recipe_ask *ask)
{
    reader r = {.arena = arena, .ask = ask, .path = ask->path ? ask->path : "recipe"};
    r.recipe = nd_recipe_new(arena);
    if (!r.recipe || load(&r) != ND_OK) return NULL;
    const nd_yaml_ask yaml = {r.text, r.length, wrong, &r};
    nd_yaml *root;
    if (nd_yaml_parse(arena, &yaml, &root) != ND_OK) return NULL;
    if (!root && !r.mistakes) {
        (void)nd_fail(ND_E_PARAM, "the recipe is empty\n"
                                  "nadir new-recipe prints one to start from");
        wrong(&r, (nd_spot){1, 1});
    }
    if (root && understand(&r, root) != ND_OK) return NULL;
    if (tell(&r) != ND_OK) return NULL;
    const char *base = strrchr(r.path, '/');
    base = base ? base + 1 : r.path;
    r.recipe->path = nd_text(arena, "%s", r.path);
    r.recipe->name = nd_text(arena, "%.*s", (int)strcspn(base, "."), base);
    r.recipe->data->seed = (uint64_t)r.recipe->train.seed;
    return r.recipe->path && r.recipe->name ? r.recipe : NULL;
}
