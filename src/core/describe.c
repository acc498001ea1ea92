// SPDX-License-Identifier: Apache-2.0
// A table told twice: as help for a person, and as JSON for everything else.
#include <nadir/param.h>
#include <nadir/text.h>
#include <string.h>

static const char *const types[] = {
    [ND_BOOL] = "bool", [ND_INT] = "int",   [ND_SIZE] = "size",
    [ND_REAL] = "real", [ND_TEXT] = "text", [ND_CHOICE] = "choice",
    [ND_LIST] = "list", [ND_PATH] = "path", [ND_ROWS] = "rows",
};

static const char *list_text(nd_arena *arena, const nd_list *list)
{
    nd_buffer out = {.arena = arena};
    for (size_t i = 0; i < list->count; i++) {
        if (i) nd_buffer_put(&out, ",", 1);
        for (const char *c = list->item[i]; *c; c++)
            nd_buffer_put(&out, *c == ',' ? "\\u002C" : c, *c == ',' ? 6 : 1);
    }
    return nd_buffer_text(&out);
}

static const char *rows_text(nd_arena *arena, const nd_param *p, const nd_rows *list)
{
    nd_buffer text = {.arena = arena};
    nd_json_out out = {.to = &text};
    nd_json_open(&out, NULL, '[');
    for (size_t i = 0; i < list->count; i++) {
        const char *item = (const char *)list->item + i * p->rows->size;
        nd_json_open(&out, NULL, '{');
        for (size_t k = 0; k < p->rows->count; k++) {
            const nd_param *row = &p->rows->row[k];
            if (nd_param_is_default(row, item)) continue;
            nd_json_text(&out, row->name, nd_param_print(arena, row, item));
        }
        nd_json_close(&out, '}');
    }
    nd_json_close(&out, ']');
    return nd_buffer_text(&text);
}

const char *nd_param_print(nd_arena *arena, const nd_param *p, const void *data)
{
    const void *member = (const char *)data + p->offset;
    switch (p->type) {
    case ND_BOOL: return *(const bool *)member ? "true" : "false";
    case ND_INT: return nd_text(arena, "%d", *(const int *)member);
    case ND_SIZE: return nd_text(arena, "%lld", (long long)*(const int64_t *)member);
    case ND_REAL: return nd_text_of_real(arena, *(const double *)member);
    case ND_TEXT:
    case ND_PATH: return *(const char *const *)member;
    case ND_CHOICE: return p->choices[((const nd_choice *)member)->at].name;
    case ND_LIST: return list_text(arena, member);
    case ND_ROWS: return rows_text(arena, p, member);
    }
    return NULL;
}

static bool same_list(const nd_list *a, const nd_list *b)
{
    if (a->count != b->count) return false;
    for (size_t i = 0; i < a->count; i++)
        if (strcmp(a->item[i], b->item[i]) != 0) return false;
    return true;
}

bool nd_param_is_default(const nd_param *p, const void *data)
{
    const void *a = (const char *)data + p->offset;
    const void *b = (const char *)p->def + p->offset;
    const char *s, *t;
    switch (p->type) {
    case ND_BOOL: return *(const bool *)a == *(const bool *)b;
    case ND_INT: return *(const int *)a == *(const int *)b;
    case ND_SIZE: return *(const int64_t *)a == *(const int64_t *)b;
    case ND_REAL: return memcmp(a, b, sizeof(double)) == 0;
    case ND_TEXT:
    case ND_PATH:
        s = *(const char *const *)a, t = *(const char *const *)b;
        return s == t || (s && t && strcmp(s, t) == 0);
    case ND_CHOICE: return ((const nd_choice *)a)->at == ((const nd_choice *)b)->at;
    case ND_LIST: return same_list(a, b);
    case ND_ROWS: return ((const nd_rows *)a)->count == 0;
    }
    return false;
}

// Words wrapped at `columns`, each line indented by `indent`.
static void wrap(nd_buffer *out, const char *text, int indent, int columns)
{
    int column = columns + 1;
    for (const char *between = ""; *text; between = "\n") {
        const size_t length = strcspn(text, " \n");
        if (column + (int)length + 1 > columns) {
            nd_buffer_add(out, "%s%*s", between, indent, "");
            column = indent;
        } else {
            nd_buffer_put(out, " ", 1), column++;
        }
        nd_buffer_put(out, text, length);
        column += (int)length;
        text += length;
        text += strspn(text, " \n");
    }
    nd_buffer_put(out, "\n", 1);
}

// What stands for the value of an option: --level N.
static const char *const values[] = {
    [ND_BOOL] = NULL,   [ND_INT] = "N",     [ND_SIZE] = "SIZE",
    [ND_REAL] = "X",    [ND_TEXT] = "TEXT", [ND_CHOICE] = "CHOICE",
    [ND_LIST] = "LIST", [ND_PATH] = "FILE", [ND_ROWS] = "JSON",
};

static void name_of(const nd_param *p, nd_buffer *out)
{
    nd_buffer_add(out, "  %s", p->name);
    if (p->snap && !nd_text_same(p->snap, p->name)) nd_buffer_add(out, ", %s", p->snap);
    nd_buffer_add(out, "  (%s", types[p->type]);
}

// A former name of one letter is the short option.
static void option_of(const nd_param *p, nd_buffer *out)
{
    for (const char *w = p->was; w && *w; w += strcspn(w, ","), w += *w == ',')
        if (strcspn(w, ",") == 1) nd_buffer_add(out, "  -%c,", *w);
    nd_buffer_add(out, "%s--", p->was ? " " : "  ");
    for (const char *c = p->name; *c; c++) nd_buffer_put(out, *c == '_' ? "-" : c, 1);
    if (values[p->type]) nd_buffer_add(out, " %s", values[p->type]);
}

static const char *bound_text(nd_arena *arena, const nd_param *p, double bound)
{
    return p->type == ND_SIZE ? nd_text_of_size(arena, (int64_t)bound)
                              : nd_text_of_real(arena, bound);
}

// In brackets behind the name: what may be given, and what holds when it is not.
static void bounds_of(const nd_param *p, const char *between, nd_buffer *out)
{
    const char *def = nd_param_print(out->arena, p, p->def);
    if (p->type == ND_SIZE)
        def = nd_text_of_size(
            out->arena,
            *(const int64_t *)((const void *)((const char *)p->def + p->offset)));
    if (p->min != p->max) {
        nd_buffer_add(out, "%s%s %s %s", between, bound_text(out->arena, p, p->min),
                      nd_gettext("to"), bound_text(out->arena, p, p->max));
        between = ", ";
        if (p->unit) nd_buffer_add(out, " %s", p->unit);
    } else if (p->unit) {
        nd_buffer_add(out, "%s%s", between, p->unit);
        between = ", ";
    }
    if (p->required)
        nd_buffer_add(out, "%s%s", between, nd_gettext("must be given"));
    else if (def && *def && p->type != ND_ROWS)
        nd_buffer_add(out, "%s%s %s", between, nd_gettext("usually"), def);
}

static nd_status help_of(const nd_param *p, bool is_option, int columns, nd_buffer *out)
{
    nd_buffer bounds = {.arena = out->arena};
    (is_option ? option_of : name_of)(p, out);
    if (!is_option || p->type != ND_BOOL) bounds_of(p, is_option ? "" : ", ", &bounds);
    if (!is_option)
        nd_buffer_add(out, "%s)\n", bounds.length ? bounds.text : "");
    else if (bounds.length)
        nd_buffer_add(out, "  (%s)\n", bounds.text);
    else
        nd_buffer_add(out, "\n");
    wrap(out, nd_gettext(p->help), 6, columns);
    for (int i = 0; p->choices && p->choices[i].name; i++) {
        nd_buffer_add(out, "      %s", p->choices[i].name);
        nd_buffer_add(out, ": %s\n", nd_gettext(p->choices[i].help));
    }
    for (size_t i = 0; p->rows && i < p->rows->count; i++)
        nd_buffer_add(out, "      %s: %s\n", p->rows->row[i].name,
                      nd_gettext(p->rows->row[i].help));
    return nd_buffer_text(out) ? ND_OK : ND_E_MEMORY;
}

nd_status nd_table_help(const nd_table *table, int columns, nd_buffer *out)
{
    for (size_t i = 0; i < table->count; i++)
        ND_TRY(help_of(&table->row[i], false, columns, out));
    return ND_OK;
}

nd_status nd_table_options(const nd_table *table, int columns, nd_buffer *out)
{
    for (size_t i = 0; i < table->count; i++)
        ND_TRY(help_of(&table->row[i], true, columns, out));
    return ND_OK;
}

static void default_of(const nd_param *p, nd_json_out *out)
{
    const void *member = (const char *)p->def + p->offset;
    const nd_list *list = member;
    switch (p->type) {
    case ND_BOOL: nd_json_bool(out, "default", *(const bool *)member); break;
    case ND_INT: nd_json_whole(out, "default", *(const int *)member); break;
    case ND_SIZE: nd_json_whole(out, "default", *(const int64_t *)member); break;
    case ND_REAL: nd_json_real(out, "default", *(const double *)member); break;
    case ND_LIST:
        nd_json_open(out, "default", '[');
        for (size_t i = 0; i < list->count; i++) nd_json_text(out, NULL, list->item[i]);
        nd_json_close(out, ']');
        break;
    case ND_ROWS: nd_json_raw(out, "default", "[]"); break;
    case ND_TEXT:
    case ND_PATH:
    case ND_CHOICE:
        nd_json_text(out, "default", nd_param_print(out->to->arena, p, p->def));
    }
}

static void optional(nd_json_out *out, const char *key, const char *value)
{
    if (value) nd_json_text(out, key, value);
}

static void describe_row(const nd_param *p, nd_json_out *out)
{
    nd_json_open(out, NULL, '{');
    nd_json_text(out, "name", p->name);
    nd_json_text(out, "type", types[p->type]);
    optional(out, "snap", p->snap), optional(out, "was", p->was);
    optional(out, "unit", p->unit), optional(out, "of", p->of);
    optional(out, "needs", p->needs), optional(out, "excludes", p->excludes);
    if (p->min != p->max) {
        nd_json_real(out, "min", p->min);
        nd_json_real(out, "max", p->max);
    }
    if (p->soft_min != p->soft_max) {
        nd_json_real(out, "soft_min", p->soft_min);
        nd_json_real(out, "soft_max", p->soft_max);
    }
    if (p->step != 0) nd_json_real(out, "step", p->step);
    if (p->log) nd_json_bool(out, "log", true);
    if (p->required) nd_json_bool(out, "required", true);
    default_of(p, out);
    if (p->choices) nd_json_open(out, "choices", '[');
    for (int i = 0; p->choices && p->choices[i].name; i++) {
        nd_json_open(out, NULL, '{');
        nd_json_text(out, "name", p->choices[i].name);
        nd_json_text(out, "help", p->choices[i].help);
        optional(out, "also", p->choices[i].also);
        nd_json_close(out, '}');
    }
    if (p->choices) nd_json_close(out, ']');
    nd_json_text(out, "help", p->help);
}

static void describe_rows(const nd_table *table, nd_json_out *out)
{
    for (size_t i = 0; i < table->count; i++) {
        describe_row(&table->row[i], out);
        nd_json_close(out, '}');
    }
}

nd_status nd_table_describe(const nd_table *table, nd_json_out *out)
{
    nd_json_open(out, "params", '[');
    for (size_t i = 0; i < table->count; i++) {
        const nd_param *p = &table->row[i];
        describe_row(p, out);
        optional(out, "entry", p->row_snap);
        if (p->rows) { // entries are flat: no rows in rows
            nd_json_open(out, "rows", '[');
            describe_rows(p->rows, out);
            nd_json_close(out, ']');
        }
        nd_json_close(out, '}');
    }
    nd_json_close(out, ']');
    return nd_buffer_text(out->to) ? ND_OK : ND_E_MEMORY;
}
