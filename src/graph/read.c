// SPDX-License-Identifier: Apache-2.0
// Reading a graph: the file, its language, and the checks one after the other.
#include "graph.h"
#include <errno.h>
#include <nadir/file.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { LOOK = 4096 };

static nd_status whole_file(graph_reader *r)
{
    struct stat about;
    if (stat(r->path, &about) == 0 && S_ISDIR(about.st_mode))
        return nd_fail(ND_E_DATA,
                       "%s is no graph but a folder\n"
                       "see a scene with nadir map, or compute with it: nadir op NAME %s "
                       "-o OUT",
                       r->path, r->path);
    r->text = nd_file_read(r->arena, r->path, GRAPH_BYTES, &r->length);
    return r->text ? ND_OK : ND_E_IO;
}

static nd_status load(graph_reader *r)
{
    if (r->ask->text) {
        r->length = strnlen(r->ask->text, GRAPH_BYTES + 1);
        if (r->length > GRAPH_BYTES)
            return nd_fail(ND_E_DATA,
                           "%s is larger than %d MB\nno graph is: name another", r->path,
                           GRAPH_BYTES >> 20);
        r->text = nd_text(r->arena, "%s", r->ask->text);
        return r->text ? ND_OK : ND_E_MEMORY;
    }
    return whole_file(r);
}

// Pixels and archives hold zeros soon; text does only in UTF-16, which begins with its
// mark or with '<'.
static nd_status check_text(const graph_reader *r)
{
    const char *text = r->text;
    const bool is_wide =
        r->length >= 2 &&
        (memcmp(text, "\xFF\xFE", 2) == 0 || memcmp(text, "\xFE\xFF", 2) == 0 ||
         memcmp(text, "<", 2) == 0 || memcmp(text, "\0<", 2) == 0);
    if (is_wide || !memchr(text, 0, r->length < LOOK ? r->length : LOOK)) return ND_OK;
    return nd_fail(ND_E_DATA,
                   "%s is no graph but a file of pixels or other bytes\n"
                   "see it with nadir map, or compute with it: nadir op NAME %s -o OUT",
                   r->path, r->path);
}

// By its name, else by its first character.
static bool is_xml(const graph_reader *r)
{
    if (nd_text_ends(r->path, ".xml")) return true;
    if (nd_text_ends(r->path, ".yaml") || nd_text_ends(r->path, ".yml")) return false;
    size_t at = strspn(r->text, " \t\r\n\xEF\xBB\xBF");
    return r->text[at] == '<';
}

static nd_status add_setting(graph_reader *r, graph_step *step, const char *name,
                             const char *value)
{
    graph_tree *setting = graph_tree_new(r, GRAPH_SCALAR, name, (graph_place){0, 0});
    if (!setting) return ND_E_MEMORY;
    setting->raw = setting->text = nd_text(r->arena, "%s", value);
    if (!setting->text) return ND_E_MEMORY;
    graph_tree_add(step->settings, setting);
    return ND_OK;
}

static graph_step *read_or_write(graph_reader *r, const char *word, const char *id,
                                 const char *file)
{
    graph_step *step = graph_step_new(r, (graph_place){0, 0});
    graph_tree *map = graph_tree_new(r, GRAPH_MAP, word, (graph_place){0, 0});
    if (!step || !map) return NULL;
    step->word = word;
    step->id = nd_text(r->arena, "%s", id);
    step->settings = map;
    return step->id && add_setting(r, step, "file", file) == ND_OK ? step : NULL;
}

// -S: a Read for each. -t: a Write behind the last node, unless there is one.
static nd_status add_steps(graph_reader *r)
{
    const nd_graph_ask *ask = r->ask;
    const graph_step *last = r->last;
    bool has_end = !last || !ask->target;
    for (const graph_step *s = r->first; s; s = s->next) {
        const nd_op *op = s->word ? nd_op_find(ask->catalogue, s->word) : NULL;
        has_end |= op && op->sink && (s == last || nd_text_same(op->name, "write"));
    }
    for (size_t i = 0; i < ask->sources; i++) {
        const char *id = nd_text(r->arena, "ReadOp@%s", ask->source[i].name);
        graph_step *step = id ? read_or_write(r, "Read", id, ask->source[i].value) : NULL;
        if (!step) return ND_E_MEMORY;
        for (size_t k = 0; k < ask->readings; k++)
            ND_TRY(add_setting(r, step, ask->reading[k].name, ask->reading[k].value));
    }
    if (has_end || !last) return ND_OK;
    graph_step *step = read_or_write(r, "Write", "WriteOp@target", ask->target);
    if (!step) return ND_E_MEMORY;
    if (ask->target_format)
        ND_TRY(add_setting(r, step, "formatName", ask->target_format));
    return graph_source_add(r, step,
                            &(graph_source){.name = "sourceProduct", .id = last->id});
}

static nd_status list_variables(graph_reader *r, nd_graph *graph)
{
    size_t count = 1, n = 0, open = 0, spare = 0;
    for (const graph_variable *v = r->variable; v; v = v->next) count++;
    nd_variable *all = nd_alloc(r->arena, count, sizeof *all);
    nd_variable *left = nd_alloc(r->arena, count, sizeof *left);
    nd_variable *over = nd_alloc(r->arena, count, sizeof *over);
    if (!all || !left || !over) return ND_E_MEMORY;
    for (const graph_variable *v = r->variable; v; v = v->next) {
        const nd_variable one = {v->name, v->value, v->help};
        if (graph_variable_is_spare(r, v))
            over[spare++] = one;
        else if (v->is_used || v->help || !v->is_given)
            all[n++] = one;
        if (v->is_used && !v->value) left[open++] = one;
    }
    graph->variable = all, graph->open = left, graph->spare = over;
    return ND_OK;
}

static nd_status parse(graph_reader *r)
{
    ND_TRY(load(r));
    ND_TRY(check_text(r));
    r->is_xml = is_xml(r);
    if (r->is_xml) ND_TRY(graph_to_utf8(r));
    if (r->is_broken) return ND_OK;
    return r->is_xml ? graph_xml_parse(r) : graph_yaml_parse(r);
}

static nd_status understand(graph_reader *r, nd_graph *graph)
{
    ND_TRY(graph_variables_given(r));
    ND_TRY(r->is_xml ? graph_declare_xml(r) : graph_declare_yaml(r));
    if (r->root) ND_TRY(graph_fill(r, r->root));
    ND_TRY(r->is_xml ? graph_shape_xml(r) : graph_shape_yaml(r));
    ND_TRY(graph_labels(r));
    ND_TRY(add_steps(r));
    ND_TRY(graph_check_ops(r));
    ND_TRY(graph_link(r, graph));
    ND_TRY(graph_preset(r, graph));
    return list_variables(r, graph);
}

nd_graph *nd_graph_read(nd_arena *arena, const nd_graph_ask *ask)
{
    graph_reader reader = {.arena = arena, .ask = ask};
    nd_graph *graph = nd_alloc(arena, 1, sizeof *graph);
    reader.path = nd_text(arena, "%s", ask->path ? ask->path : "graph");
    if (!graph || !reader.path) return NULL;
    if (parse(&reader) != ND_OK) return NULL;
    if (!reader.is_broken && understand(&reader, graph) != ND_OK) return NULL;
    if (graph_tell(&reader) != ND_OK) return NULL;
    graph->path = reader.path;
    graph->is_xml = reader.is_xml;
    graph->name = reader.name ? nd_text(arena, "%s", reader.name) : NULL;
    return graph;
}

const nd_variable *nd_graph_open_variables(const nd_graph *graph)
{
    return graph->open;
}

const nd_variable *nd_graph_spare_variables(const nd_graph *graph)
{
    return graph->spare;
}

const nd_variable *nd_graph_variables(const nd_graph *graph)
{
    return graph->variable;
}
