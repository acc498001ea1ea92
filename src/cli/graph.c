// SPDX-License-Identifier: Apache-2.0
// Graphs for commands: all their mistakes printed, their variables looked after.
#include "cli/pull.h"
#include <nadir/file.h>
#include <string.h>

static void hear(void *user, const nd_error *error)
{
    cli_call *call = user;
    call->is_told = true;
    cli_error_tell(call->general, error);
}

// A misspelt name would leave the graph as it was.
static nd_status refuse_spare(cli_call *call, const nd_graph *graph, const char *name)
{
    enum { MOST = 64 };
    const char *word[MOST];
    size_t words = 0;
    nd_buffer all = {.arena = call->arena};
    for (const nd_variable *v = nd_graph_variables(graph); v->name && words < MOST; v++) {
        nd_buffer_add(&all, "%s%s", words ? ", " : "", v->name);
        word[words++] = v->name;
    }
    const char *nearest = nd_text_nearest(name, word, words);
    const char *names = nd_buffer_text(&all);
    if (!names) return ND_E_MEMORY;
    if (nearest)
        return nd_fail(ND_E_PARAM, "the graph has no variable %s\ndid you mean %s?", name,
                       nearest);
    if (words)
        return nd_fail(ND_E_PARAM,
                       "the graph has no variable %s\nleave it out, or take one of %s",
                       name, names);
    return nd_fail(ND_E_PARAM, "the graph has no variable %s, and no other\nleave it out",
                   name);
}

// SNAP passes over what it does not know, so gpt only says it.
static nd_status check_spare(cli_call *call, const nd_graph *graph)
{
    for (const nd_variable *v = nd_graph_spare_variables(graph); v->name; v++) {
        const nd_status status = refuse_spare(call, graph, v->name);
        if (call->command->variables || status == ND_E_MEMORY)
            return cli_misused(call, status);
        const nd_error error = nd_error_take();
        nd_say(ND_WARN, "%s; %s", error.what, error.remedy);
    }
    return ND_OK;
}

bool cli_is_graph(nd_arena *arena, const char *path)
{
    const char *name = strrchr(path, '/');
    name = name ? name + 1 : path;
    if (nd_text_same(name, "crop.yaml")) return false;
    if (nd_text_ends(path, ".yaml") || nd_text_ends(path, ".yml")) return true;
    if (!nd_text_ends(path, ".xml")) return false;
    const char *text = nd_file_read(arena, path, CLI_TEXT, NULL);
    if (!text) (void)nd_error_take(); // opening it will say so again
    return text && strstr(text, "<graph");
}

nd_graph *cli_graph_read(cli_call *call, nd_arena *arena, const nd_graph_ask *ask)
{
    nd_graph_ask own = *ask;
    own.catalogue = nd_ops;
    own.errors = hear;
    own.user = call;
    nd_graph *graph = nd_graph_read(arena, &own);
    return graph && check_spare(call, graph) == ND_OK ? graph : NULL;
}

nd_status cli_graph_ready(cli_call *call, const nd_graph *graph)
{
    const nd_variable *open = nd_graph_open_variables(graph);
    if (!open || !open->name) return ND_OK;
    nd_buffer all = {.arena = call->arena}, words = {.arena = call->arena};
    for (const nd_variable *v = open; v->name; v++) {
        nd_buffer_add(&all, "%s%s", v == open ? "" : ", ", v->name);
        nd_buffer_add(&words, "%s-P %s=…", v == open ? "" : " ", v->name);
    }
    const char *names = nd_buffer_text(&all), *ask = nd_buffer_text(&words);
    if (!names || !ask) return ND_E_MEMORY;
    return cli_misused(call, nd_fail(ND_E_PARAM,
                                     "the graph needs a value for %s\n"
                                     "give it on the command line: %s",
                                     names, ask));
}

nd_status cli_graph_plan(nd_arena *arena, const nd_graph *graph, bool is_strict,
                         nd_planned *planned)
{
    const nd_graph_with with = {.strict = is_strict};
    return nd_graph_plan_with(arena, graph, &with, planned);
}

const char *cli_history(nd_arena *arena, const nd_graph *graph, const char *name)
{
    nd_buffer out = {.arena = arena};
    nd_buffer_add(&out, "nadir " NADIR_VERSION ": %s\n", name);
    if (graph && nd_graph_print_yaml(graph, &out) != ND_OK) return NULL;
    return nd_buffer_text(&out);
}
