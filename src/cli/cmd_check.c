// SPDX-License-Identifier: Apache-2.0
// nadir check: every mistake of a graph with its line and column; prints it the other
// way.
#include "cli/pull.h"

typedef struct options {
    nd_choice print;
} options;
enum { NOTHING, YAML, XML };
static const nd_option forms[] = {{"nothing", "Only check", NULL},
                                  {"yaml", "The graph in YAML", "yml"},
                                  {"xml", "The graph as SNAP reads it", NULL},
                                  {NULL, NULL, NULL}};
static const nd_param params[] = {
    ND_PARAM(options, print, {NOTHING}, .choices = forms,
             .help = "Print the graph in its canonical form, once it is checked"),
};

static nd_status tell(cli_call *call, const nd_graph *graph, const nd_planned *planned)
{
    if (call->general->json) cli_event("checked", "file", call->word[0]);
    if (call->general->quiet || call->general->json) return ND_OK;
    if (planned) {
        printf(nd_gettext("%s is right: %d nodes, planned\n"), call->word[0],
               planned->nodes);
        return ND_OK;
    }
    printf(nd_gettext("%s is right as far as the text can tell; it needs"),
           call->word[0]);
    for (const nd_variable *v = nd_graph_open_variables(graph); v->name; v++)
        printf(" -P %s=…", v->name);
    puts("");
    return ND_OK;
}

static nd_status print(cli_call *call, const nd_graph *graph, int form)
{
    nd_buffer out = {.arena = call->arena};
    ND_TRY((form == YAML ? nd_graph_print_yaml : nd_graph_print_xml)(graph, &out));
    return cli_put(&out);
}

static nd_status run(cli_call *call)
{
    const options *own = call->own;
    const nd_graph_ask ask = {
        .path = call->word[0], .variable = call->variable, .variables = call->variables};
    const nd_graph *graph = cli_graph_read(call, call->arena, &ask);
    if (!graph) return ND_E_PARAM;
    const nd_variable *open = nd_graph_open_variables(graph);
    const bool is_open = open && open->name;
    nd_planned planned;
    if (own->print.at != NOTHING) return print(call, graph, own->print.at);
    if (is_open) return tell(call, graph, NULL);
    ND_TRY(nd_graph_plan(call->arena, graph, &planned));
    return tell(call, graph, &planned);
}

const cli_command cli_cmd_check = {
    .name = "check",
    .brief = "Find every mistake of a graph before it runs",
    .usage = "GRAPH [-P name=value] [--print yaml|xml]",
    .example = "nadir check --print yaml snap-graph.xml",
    .help = "Says what the text can tell while ${…} are open. With all of them given it\n"
            "opens the scenes' headers and plans. Each mistake: file:line:column.",
    .table = ND_TABLE(params, options),
    .min_words = 1,
    .max_words = 1,
    .of = "graph",
    .variables = true,
    .run = run,
};
