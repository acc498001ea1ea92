// SPDX-License-Identifier: Apache-2.0
// A recipe back to YAML with the origin of each value, two recipes compared, all keys.
#include "learn/recipe.h"
#include <stdio.h>
#include <string.h>

static bool is_plain(const char *text)
{
    static const char safe[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                               "0123456789_./+-";
    return *text && !text[strspn(text, safe)] && !nd_text_same(text, "null");
}

static void scalar(nd_buffer *out, const char *text)
{
    if (is_plain(text)) {
        nd_buffer_add(out, "%s", text);
        return;
    }
    nd_buffer_put(out, "\"", 1);
    for (const char *c = text; *c; c++) {
        if (*c == '\n') {
            nd_buffer_put(out, "\\n", 2);
            continue;
        }
        if (*c == '"' || *c == '\\') nd_buffer_put(out, "\\", 1);
        nd_buffer_put(out, c, 1);
    }
    nd_buffer_put(out, "\"", 1);
}

static void origin(nd_buffer *out, const nd_recipe *recipe, learn_origin from)
{
    if (from.from == LEARN_RECIPE)
        nd_buffer_add(out, "  # %s:%d\n", recipe->path, from.line);
    else
        nd_buffer_add(out, "  # %s\n",
                      from.from == LEARN_COMMAND ? "-P"
                      : from.from == LEARN_AUTO  ? "auto"
                                                 : "default");
}

// The rows of one section at `indent`; its head first, once there is something to say.
static nd_status print_rows(const nd_recipe *recipe, int s, bool is_all, int indent,
                            nd_buffer *out)
{
    const struct nd_recipe_notes *n = recipe->notes;
    const nd_settings *set = &n->settings[s];
    for (size_t i = 0; i < set->table->count; i++) {
        const nd_param *row = &set->table->row[i];
        const learn_origin from = n->origin[s][i];
        if (!is_all && from.from == LEARN_DEFAULT) continue;
        const char *text = nd_param_print(out->arena, row, set->data);
        if (!text) continue;
        if (row->type == ND_LIST && !*text) continue;
        if (row->type == ND_ROWS &&
            ((const nd_rows *)(const void *)((const char *)set->data + row->offset))
                    ->count == 0)
            continue;
        nd_buffer_add(out, "%*s%s: ", indent, "", row->name);
        scalar(out, text);
        origin(out, recipe, from);
    }
    return ND_OK;
}

static bool is_said(const nd_recipe *recipe, const char *key, bool is_all)
{
    const struct nd_recipe_notes *n = recipe->notes;
    const size_t length = strlen(key);
    for (int s = 0; s < n->sections; s++) {
        const char *own = n->section[s].key;
        if (strncmp(own, key, length) != 0 || (own[length] && own[length] != '.'))
            continue;
        for (size_t i = 0; i < n->section[s].table->count; i++)
            if (is_all || n->origin[s][i].from != LEARN_DEFAULT) return true;
    }
    return false;
}

static nd_status print_part(const nd_recipe *recipe, const char *key, bool is_all,
                            nd_buffer *out)
{
    const struct nd_recipe_notes *n = recipe->notes;
    const size_t length = strlen(key);
    if (!is_said(recipe, key, is_all)) return ND_OK;
    nd_buffer_add(out, "%s:\n", key);
    for (int s = 0; s < n->sections; s++)
        if (strcmp(n->section[s].key, key) == 0)
            ND_TRY(print_rows(recipe, s, is_all, 2, out));
    for (int s = 0; s < n->sections; s++) {
        const char *own = n->section[s].key;
        if (strncmp(own, key, length) != 0 || own[length] != '.') continue;
        if (!is_said(recipe, own, is_all)) continue;
        nd_buffer_add(out, "  %s:\n", own + length + 1);
        ND_TRY(print_rows(recipe, s, is_all, 4, out));
    }
    return ND_OK;
}

nd_status nd_recipe_print(const nd_recipe *recipe, bool is_all, nd_buffer *out)
{
    static const char *const parts[] = {"data", "model", "train"};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        ND_TRY(print_part(recipe, parts[i], is_all, out));
    return nd_buffer_text(out) ? ND_OK : ND_E_MEMORY;
}

const char *nd_recipe_changes(nd_arena *arena, const nd_recipe *a, const nd_recipe *b)
{
    nd_buffer out = {.arena = arena};
    for (int s = 0; s < a->notes->sections; s++) {
        const learn_section *one = &a->notes->section[s];
        for (size_t i = 0; i < one->table->count; i++) {
            const nd_param *row = &one->table->row[i];
            if (learn_is_speed(one->key, row->name)) continue;
            const char *x = nd_param_print(arena, row, a->notes->settings[s].data);
            const char *y = nd_param_print(arena, row, b->notes->settings[s].data);
            if (strcmp(x ? x : "", y ? y : "") == 0) continue;
            nd_buffer_add(&out, "%s%s.%s", out.length ? ", " : "", one->key, row->name);
        }
    }
    return out.length ? nd_buffer_text(&out) : NULL;
}

static void models(nd_buffer *out)
{
    nd_buffer_add(out, "\nmodel.name\n");
    for (const nd_model *const *m = nd_models; *m; m++)
        nd_buffer_add(out, "  %-16s %s\n", (*m)->name, nd_gettext((*m)->brief));
}

nd_status nd_recipe_help(int columns, nd_buffer *out)
{
    learn_section section[LEARN_SECTIONS];
    const int count = learn_sections(section);
    for (int s = 0; s < count; s++) {
        if (!s || strcmp(section[s].key, section[s - 1].key) != 0)
            nd_buffer_add(out, "%s%s: %s\n\n", s ? "\n" : "", section[s].key,
                          nd_gettext(section[s].help));
        ND_TRY(nd_table_help(section[s].table, columns, out));
    }
    models(out);
    return nd_buffer_text(out) ? ND_OK : ND_E_MEMORY;
}

nd_status nd_recipe_describe(const char *key, nd_json_out *out)
{
    learn_section section[LEARN_SECTIONS];
    const int count = learn_sections(section);
    nd_json_open(out, key, '{');
    nd_json_text(out, "name", "train");
    nd_json_open(out, "sections", '[');
    for (int s = 0; s < count; s++) {
        nd_json_open(out, NULL, '{');
        nd_json_text(out, "key", section[s].key);
        nd_json_text(out, "help", section[s].help);
        nd_json_text(out, "word", section[s].word);
        ND_TRY(nd_table_describe(section[s].table, out));
        nd_json_close(out, '}');
    }
    nd_json_close(out, ']');
    nd_json_open(out, "models", '[');
    for (const nd_model *const *m = nd_models; *m; m++) {
        nd_json_open(out, NULL, '{');
        nd_json_text(out, "name", (*m)->name);
        nd_json_text(out, "help", (*m)->brief);
        nd_json_bool(out, "is_mask", (*m)->is_mask);
        nd_json_close(out, '}');
    }
    nd_json_close(out, ']');
    nd_json_open(out, "starts", '[');
    for (const nd_recipe_start *s = nd_recipe_starts; s->name; s++) {
        nd_json_open(out, NULL, '{');
        nd_json_text(out, "name", s->name);
        nd_json_text(out, "brief", s->brief);
        nd_json_close(out, '}');
    }
    nd_json_close(out, ']');
    nd_json_close(out, '}');
    return ND_OK;
}
