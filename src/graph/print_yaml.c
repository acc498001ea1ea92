// SPDX-License-Identifier: Apache-2.0
// A graph as YAML, in one canonical form: a chain without ids, the rest with them.
#include "graph.h"
#include <ctype.h>
#include <string.h>

enum { WIDTH = 88 };

typedef struct yaml_printer {
    const nd_graph *graph;
    nd_buffer *out;
    const graph_step **printed; // so far: their ids are taken
    int count;
    const graph_step *last_step;
    int inputs;
} yaml_printer;

// May it stand without quotes, in a list too? Its type does not matter: all is text.
static bool is_plain(const char *text)
{
    if (!isalnum((unsigned char)*text) && !strchr("_/.", *text)) return false;
    if (nd_text_same(text, "null") || *text == '.') return *text == '.' && text[1] == '/';
    for (const char *c = text; *c; c++) {
        if (isalnum((unsigned char)*c) || strchr("_./+-*()=<>", *c)) continue;
        if (*c == ' ' && c[1] && c[1] != '#' && c[1] != ' ') continue;
        if (*c == ':' && isalnum((unsigned char)c[1])) continue;
        return false;
    }
    return true;
}

// Characters that YAML takes for line breaks or refuses, as code points; 0: none.
static unsigned special(const char *at, int *length)
{
    const unsigned char *b = (const unsigned char *)at;
    *length = 1;
    if (*b < ' ' || *b == 0x7F) return *b;
    *length = 2;
    if (*b == 0xC2 && b[1] < 0xA0) return b[1];
    *length = 3;
    if (*b == 0xE2 && b[1] == 0x80 && (b[2] == 0xA8 || b[2] == 0xA9))
        return 0x2000u + b[2] - 0x80;
    return *b == 0xEF && b[1] == 0xBB && b[2] == 0xBF ? 0xFEFF : 0;
}

static void scalar(nd_buffer *out, const char *text)
{
    if (*text && is_plain(text)) {
        nd_buffer_add(out, "%s", text);
        return;
    }
    nd_buffer_put(out, "\"", 1);
    for (const char *c = text; *c;) {
        int length;
        const unsigned code = special(c, &length);
        if (*c == '"' || *c == '\\')
            nd_buffer_add(out, "\\%c", *c), length = 1;
        else if (*c == '\n')
            nd_buffer_add(out, "\\n");
        else if (code)
            nd_buffer_add(out, "\\u%04X", code);
        else
            nd_buffer_put(out, c, 1), length = 1;
        c += length;
    }
    nd_buffer_put(out, "\"", 1);
}

// A list as a list, unless a variable may hold several of it.
static nd_status value(nd_buffer *out, const nd_param *row, const graph_tree *setting)
{
    const char *text = graph_raw(out->arena, setting);
    if (!text) return ND_E_MEMORY;
    if (row->type != ND_LIST || strstr(text, "${")) {
        scalar(out, text);
        return ND_OK;
    }
    const char *const *item;
    size_t count;
    ND_TRY(nd_text_split(out->arena, text, &item, &count));
    nd_buffer_put(out, "[", 1);
    for (size_t i = 0; i < count; i++) {
        nd_buffer_add(out, i ? ", " : "");
        scalar(out, item[i]);
    }
    nd_buffer_put(out, "]", 1);
    return ND_OK;
}

static const graph_tree *first_of(const graph_tree *map)
{
    return map ? map->first : NULL;
}

static int count_said(const nd_table *table, const graph_tree *first)
{
    int count = 0;
    for (const graph_tree *t = first; t; t = t->next) count += graph_is_said(table, t);
    return count;
}

static nd_status flow(nd_buffer *out, const nd_table *table, const graph_tree *first);

static nd_status flow_value(nd_buffer *out, const nd_param *row, const graph_tree *t)
{
    if (row->type != ND_ROWS || t->kind == GRAPH_SCALAR) return value(out, row, t);
    const bool is_lone = graph_is_lone(row, t);
    nd_buffer_put(out, "[", 1);
    for (const graph_tree *e = is_lone ? t : t->first; e; e = e->next) {
        ND_TRY(flow(out, row->rows, e->first));
        if (is_lone) break;
        nd_buffer_add(out, e->next ? ", " : "");
    }
    nd_buffer_put(out, "]", 1);
    return ND_OK;
}

// { name: value, … }
static nd_status flow(nd_buffer *out, const nd_table *table, const graph_tree *first)
{
    const char *between = "{ ";
    for (const graph_tree *t = first; t; t = t->next) {
        if (!graph_is_said(table, t)) continue;
        const nd_param *row = nd_param_find(table, t->name);
        nd_buffer_add(out, "%s%s: ", between, graph_param_name(row));
        ND_TRY(flow_value(out, row, t));
        between = ", ";
    }
    nd_buffer_add(out, *between == '{' ? "{}" : " }");
    return ND_OK;
}

// As { … } after what stands on the line already, if it fits.
static nd_status fitting(nd_buffer *out, int used, const nd_table *table,
                         const graph_tree *first, bool *fits)
{
    nd_buffer line = {.arena = out->arena};
    ND_TRY(flow(&line, table, first));
    const char *text = nd_buffer_text(&line);
    if (!text) return ND_E_MEMORY;
    *fits = used + (int)line.length <= WIDTH;
    if (*fits) nd_buffer_add(out, "%s", text);
    return ND_OK;
}

static nd_status block(nd_buffer *out, int indent, const nd_table *table,
                       const graph_tree *first);

static nd_status entries(nd_buffer *out, int indent, const nd_param *row,
                         const graph_tree *setting)
{
    const bool is_lone = graph_is_lone(row, setting);
    nd_buffer_put(out, "\n", 1);
    for (const graph_tree *e = is_lone ? setting : setting->first; e; e = e->next) {
        bool fits;
        nd_buffer_add(out, "%*s- ", indent, "");
        ND_TRY(fitting(out, indent + 2, row->rows, e->first, &fits));
        if (fits)
            nd_buffer_put(out, "\n", 1);
        else
            ND_TRY(block(out, indent + 2, row->rows, e->first));
        if (is_lone) break;
    }
    return ND_OK;
}

// One setting a line; the first goes on the line that is begun.
static nd_status block(nd_buffer *out, int indent, const nd_table *table,
                       const graph_tree *first)
{
    bool is_begun = true;
    for (const graph_tree *t = first; t; t = t->next) {
        if (!graph_is_said(table, t)) continue;
        const nd_param *row = nd_param_find(table, t->name);
        nd_buffer_add(out, "%*s%s: ", is_begun ? 0 : indent, "", graph_param_name(row));
        is_begun = false;
        if (row->type == ND_ROWS && t->kind != GRAPH_SCALAR) {
            out->length--; // the blank behind the colon
            ND_TRY(entries(out, indent + 2, row, t));
            continue;
        }
        ND_TRY(value(out, row, t));
        nd_buffer_put(out, "\n", 1);
    }
    return ND_OK;
}

static const char *word_of(const graph_step *step)
{
    return step->op->snap ? step->op->snap : step->op->name;
}

static bool is_taken(const yaml_printer *p, const char *id)
{
    for (int i = 0; i < p->count; i++)
        if (nd_text_same(p->printed[i]->id, id)) return true;
    return false;
}

// Would the reader give it this id anyway?
static bool has_own_id(const yaml_printer *p, const graph_step *step)
{
    int n = 1;
    for (int i = 0; i < p->count; i++) n += p->printed[i]->op == step->op;
    const char *id = word_of(step);
    for (; id && is_taken(p, id); n++)
        id = nd_text(p->out->arena, "%s(%d)", word_of(step), n);
    return !id || strcmp(id, step->id) != 0;
}

static bool has_plain_name(const graph_step *step, int source)
{
    const char *name = step->source[source].name;
    if (!source) return nd_text_same(name, "sourceProduct");
    char text[32] = "sourceProduct.";
    size_t at = strlen(text);
    if (source > 9) text[at++] = (char)('0' + source / 10 % 10);
    text[at++] = (char)('0' + source % 10), text[at] = 0;
    return source < 100 && nd_text_same(name, text);
}

// Is what it reads from what the reader takes without being told?
static bool is_implied(const yaml_printer *p, const graph_step *step)
{
    const int expected = p->last_step ? 1 : p->inputs;
    if (step->sources != expected) return false;
    for (int i = 0; i < expected; i++) {
        const graph_step *from =
            step->source[i].step < 0 ? NULL : p->graph->step[step->source[i].step];
        if (!has_plain_name(step, i) ||
            from != (p->last_step ? p->last_step : p->printed[i]))
            return false;
    }
    return true;
}

// Names of sources matter unless they are the plain ones, or stand twice.
static bool has_names(const graph_step *step)
{
    bool matter = false;
    for (int i = 0; i < step->sources; i++) {
        matter |= !has_plain_name(step, i);
        for (int k = 0; k < i; k++)
            if (nd_text_same(step->source[i].name, step->source[k].name)) return false;
    }
    return matter;
}

static void from(const yaml_printer *p, int indent, const graph_step *step)
{
    const bool named = has_names(step), is_list = step->sources != 1 || named;
    nd_buffer_add(p->out, "%*sfrom: %s", indent, "", is_list ? named ? "{ " : "[" : "");
    for (int i = 0; i < step->sources; i++) {
        const graph_source *s = &step->source[i];
        nd_buffer_add(p->out, i ? ", " : "");
        if (named) nd_buffer_add(p->out, "%s: ", s->name);
        scalar(p->out, s->step < 0 ? s->id : p->graph->step[s->step]->id);
    }
    nd_buffer_add(p->out, "%s\n", is_list ? named ? " }" : "]" : "");
}

// A step on the line that is begun; what follows stands at `indent`.
static nd_status step(yaml_printer *p, int indent, const graph_step *s, bool implied)
{
    const bool own_id = has_own_id(p, s);
    const nd_table *table = &s->op->table;
    const graph_tree *first = first_of(s->settings);
    const int said = count_said(table, first);
    const char *word = word_of(s);
    p->printed[p->count++] = s;
    nd_buffer_add(p->out, "%s%s", word, said || own_id || !implied ? ":" : "");
    bool fits = true;
    if (said) {
        const int used = indent + (int)strlen(word) + 2;
        nd_buffer_put(p->out, " ", 1);
        ND_TRY(fitting(p->out, used, table, first, &fits));
    }
    if (!fits) {
        p->out->length--;
        nd_buffer_add(p->out, "\n%*s", indent + 2, "");
        ND_TRY(block(p->out, indent + 2, table, first));
    } else {
        nd_buffer_put(p->out, "\n", 1);
    }
    if (own_id) {
        nd_buffer_add(p->out, "%*sid: ", indent, "");
        scalar(p->out, s->id);
        nd_buffer_put(p->out, "\n", 1);
    }
    if (!implied) from(p, indent, s);
    return ND_OK;
}

typedef enum yaml_section { YAML_INPUT, YAML_STEPS, YAML_OUTPUT } yaml_section;

static yaml_section section_of(const nd_graph *graph, int index)
{
    const graph_step *s = graph->step[index];
    if (!s->sources && !s->op->min_inputs) return YAML_INPUT;
    return s->op->sink && !graph->is_read[index] ? YAML_OUTPUT : YAML_STEPS;
}

// A header's <source>: a file given from outside.
static int outer(yaml_printer *p)
{
    int count = 0;
    for (const nd_variable *v = p->graph->open; v->name; v++) {
        if (!graph_is_outer(p->graph, v->name)) continue;
        nd_buffer_add(p->out, "%s  - Read: { file: \"${%s}\" }\n    id: %s\n",
                      count++ ? "" : "input:\n", v->name, v->name);
    }
    return count;
}

// `input: { Read: … }` on one line, if there is nothing else to say.
static nd_status short_section(yaml_printer *p, const char *name, const graph_step *s,
                               bool implied, bool *done)
{
    const graph_tree *first = first_of(s->settings);
    nd_buffer line = {.arena = p->out->arena};
    *done = false;
    if (!implied || has_own_id(p, s)) return ND_OK;
    nd_buffer_add(&line, "%s: { %s: ", name, word_of(s));
    ND_TRY(flow(&line, &s->op->table, first));
    nd_buffer_add(&line, " }\n");
    const char *text = nd_buffer_text(&line);
    if (!text) return ND_E_MEMORY;
    if (line.length > WIDTH) return ND_OK;
    nd_buffer_add(p->out, "%s", text);
    p->printed[p->count++] = s;
    *done = true;
    return ND_OK;
}

static nd_status section(yaml_printer *p, yaml_section which, const char *name)
{
    int count = which == YAML_INPUT ? outer(p) : 0, all = count;
    const int from_outside = count;
    for (int i = 0; i < p->graph->steps; i++)
        if (section_of(p->graph, i) == which) all++;
    for (int i = 0; i < p->graph->steps; i++) {
        if (section_of(p->graph, i) != which) continue;
        const graph_step *s = p->graph->step[i];
        const bool implied = which == YAML_INPUT || is_implied(p, s);
        bool done = false;
        if (all == 1 && which != YAML_STEPS)
            ND_TRY(short_section(p, name, s, implied, &done));
        if (done) break;
        if (!count++) nd_buffer_add(p->out, "%s:\n", name);
        nd_buffer_add(p->out, "  - ");
        ND_TRY(step(p, 4, s, implied));
        if (which == YAML_STEPS) p->last_step = s;
    }
    if (which == YAML_INPUT) p->inputs = from_outside ? -1 : p->count;
    return ND_OK;
}

static void variables(nd_buffer *out, const nd_graph *graph)
{
    bool is_open = false;
    for (const nd_variable *v = graph->variable; v->name; v++) {
        if (!v->value && !v->help) continue;
        if (!is_open) nd_buffer_add(out, "variables:\n");
        is_open = true;
        nd_buffer_add(out, "  ");
        scalar(out, v->name);
        nd_buffer_add(out, v->help ? ": { help: " : ": ");
        if (v->help) scalar(out, v->help);
        if (v->help && v->value) nd_buffer_add(out, ", default: ");
        if (v->value) scalar(out, v->value);
        nd_buffer_add(out, v->help ? " }\n" : "\n");
    }
}

nd_status nd_graph_print_yaml(const nd_graph *graph, nd_buffer *out)
{
    yaml_printer p = {.graph = graph, .out = out};
    p.printed = nd_alloc(out->arena, (size_t)graph->steps + 1, sizeof *p.printed);
    if (!p.printed) return ND_E_MEMORY;
    if (graph->name) {
        nd_buffer_add(out, "name: ");
        scalar(out, graph->name);
        nd_buffer_put(out, "\n", 1);
    }
    variables(out, graph);
    ND_TRY(section(&p, YAML_INPUT, "input"));
    ND_TRY(section(&p, YAML_STEPS, "steps"));
    ND_TRY(section(&p, YAML_OUTPUT, "output"));
    return nd_buffer_text(out) ? ND_OK : ND_E_MEMORY;
}
