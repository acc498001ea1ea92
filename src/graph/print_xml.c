// SPDX-License-Identifier: Apache-2.0
// A graph as SNAP's XML, in one canonical form.
#include "graph.h"
#include <string.h>

static void escape(nd_buffer *out, const char *text)
{
    for (const char *c = text; *c; c++) switch (*c) {
        case '&': nd_buffer_add(out, "&amp;"); break;
        case '<': nd_buffer_add(out, "&lt;"); break;
        case '>': nd_buffer_add(out, "&gt;"); break;
        case '"': nd_buffer_add(out, "&quot;"); break;
        case '\r': nd_buffer_add(out, "&#13;"); break;
        default: nd_buffer_put(out, c, 1);
        }
}

static bool is_break(char c)
{
    return c == '\n' || c == '\t';
}

static void element(nd_buffer *out, int indent, const char *name, const char *text)
{
    nd_buffer_add(out, "%*s<%s>", indent, "", name);
    escape(out, text);
    nd_buffer_add(out, "</%s>\n", name);
}

static void attribute(nd_buffer *out, const char *name, const char *text)
{
    if (!text) return;
    nd_buffer_add(out, " %s=\"", name);
    for (const char *c = text; *c; c++) {
        const char one[2] = {*c, 0};
        if (is_break(*c))
            nd_buffer_add(out, "&#%d;", *c);
        else
            escape(out, one);
    }
    nd_buffer_put(out, "\"", 1);
}

static nd_status settings(nd_buffer *out, int indent, const nd_table *table,
                          const graph_tree *first);

static nd_status rows(nd_buffer *out, int indent, const nd_param *row,
                      const graph_tree *setting)
{
    const char *name = graph_param_name(row);
    const char *item = row->row_snap ? row->row_snap : "entry";
    const bool is_lone = graph_is_lone(row, setting);
    nd_buffer_add(out, "%*s<%s>\n", indent, "", name);
    for (const graph_tree *t = is_lone ? setting : setting->first; t; t = t->next) {
        nd_buffer_add(out, "%*s<%s>\n", indent + 2, "", item);
        ND_TRY(settings(out, indent + 4, row->rows, t->first));
        nd_buffer_add(out, "%*s</%s>\n", indent + 2, "", item);
        if (is_lone) break;
    }
    nd_buffer_add(out, "%*s</%s>\n", indent, "", name);
    return ND_OK;
}

static nd_status settings(nd_buffer *out, int indent, const nd_table *table,
                          const graph_tree *first)
{
    for (const graph_tree *t = first; t; t = t->next) {
        if (!graph_is_said(table, t)) continue;
        const nd_param *row = nd_param_find(table, t->name);
        if (row->type == ND_ROWS && t->kind != GRAPH_SCALAR) {
            ND_TRY(rows(out, indent, row, t));
            continue;
        }
        const char *text = graph_raw(out->arena, t);
        if (!text) return ND_E_MEMORY;
        element(out, indent, graph_param_name(row), text);
    }
    return ND_OK;
}

// In XML an output without a format is BEAM-DIMAP; in YAML its name says what it is.
static const char *format_of(const graph_step *step)
{
    static const char *const known[][2] = {{".tif", "GeoTIFF"},   {".tiff", "GeoTIFF"},
                                           {".nc", "NetCDF4-CF"}, {".img", "ENVI"},
                                           {".hdr", "ENVI"},      {".png", "PNG"},
                                           {".jp2", "JPEG2000"}};
    const nd_table *table = &step->op->table;
    const nd_param *format = nd_param_find(table, "formatName");
    const nd_param *file = nd_param_find(table, "file");
    const char *found = NULL;
    if (!step->op->sink || !format || !file || !step->settings) return NULL;
    for (const graph_tree *t = step->settings->first; t; t = t->next) {
        if (graph_is_said(table, t) && nd_param_find(table, t->name) == format)
            return NULL;
        if (nd_param_find(table, t->name) != file || !t->raw) continue;
        for (size_t i = 0; i < sizeof known / sizeof *known; i++)
            if (nd_text_ends(t->raw, known[i][0])) found = known[i][1];
    }
    return found;
}

static const char *id_of(const nd_graph *graph, const graph_source *source)
{
    return source->step >= 0 ? graph->step[source->step]->id : source->id;
}

static nd_status node(nd_buffer *out, const nd_graph *graph, const graph_step *step)
{
    const nd_op *op = step->op;
    nd_buffer_add(out, "  <node");
    attribute(out, "id", step->id);
    nd_buffer_add(out, ">\n");
    element(out, 4, "operator", op->snap ? op->snap : op->name);
    nd_buffer_add(out, step->sources ? "    <sources>\n" : "    <sources/>\n");
    for (int i = 0; i < step->sources; i++) {
        nd_buffer_add(out, "      <%s", step->source[i].name);
        attribute(out, "refid", id_of(graph, &step->source[i]));
        nd_buffer_add(out, "/>\n");
    }
    if (step->sources) nd_buffer_add(out, "    </sources>\n");
    nd_buffer_add(out, "    <parameters>\n");
    ND_TRY(settings(out, 6, &op->table, step->settings ? step->settings->first : NULL));
    const char *format = format_of(step);
    if (format) element(out, 6, "formatName", format);
    nd_buffer_add(out, "    </parameters>\n  </node>\n");
    return ND_OK;
}

static void header(nd_buffer *out, const nd_graph *graph)
{
    bool is_open = false;
    for (const nd_variable *v = graph->variable; v->name; v++) {
        const bool is_source = graph_is_outer(graph, v->name);
        if (!v->value && !v->help && !is_source) continue;
        if (!is_open) nd_buffer_add(out, "  <header>\n");
        is_open = true;
        nd_buffer_add(out, "    <%s", is_source ? "source" : "parameter");
        attribute(out, "name", v->name);
        if (!is_source) attribute(out, "defaultValue", v->value);
        attribute(out, "description", v->help);
        nd_buffer_add(out, "/>\n");
    }
    if (is_open) nd_buffer_add(out, "  </header>\n");
}

nd_status nd_graph_print_xml(const nd_graph *graph, nd_buffer *out)
{
    nd_buffer_add(out, "<graph");
    attribute(out, "id", graph->name ? graph->name : "Graph");
    nd_buffer_add(out, ">\n  <version>1.0</version>\n");
    header(out, graph);
    for (int i = 0; i < graph->steps; i++) ND_TRY(node(out, graph, graph->step[i]));
    nd_buffer_add(out, "</graph>\n");
    return nd_buffer_text(out) ? ND_OK : ND_E_MEMORY;
}
