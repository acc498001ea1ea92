// SPDX-License-Identifier: Apache-2.0
// What commands that serve pages share: their address, the browser, the graph of a map.
#include "cli/page.h"
#include "cli/pull.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// A word as a shell takes it back.
static void quote(nd_buffer *out, const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                "0123456789_-./:=,+@%";
    if (*word && !word[strspn(word, plain)]) {
        nd_buffer_put(out, word, strlen(word));
        return;
    }
    nd_buffer_put(out, "'", 1);
    for (; *word; word++)
        nd_buffer_put(out, *word == '\'' ? "'\\''" : word, *word == '\'' ? 4 : 1);
    nd_buffer_put(out, "'", 1);
}

const char *cli_page_command(const cli_call *call, const cli_page_ask *ask)
{
    nd_buffer out = {.arena = call->arena};
    nd_buffer_add(&out, "nadir %s ", ask->is_scene || ask->labels ? "map" : "run");
    quote(&out, ask->path);
    if (ask->labels) {
        nd_buffer_add(&out, " --labels ");
        quote(&out, ask->labels);
    }
    if (ask->labels && ask->field) {
        nd_buffer_add(&out, " --field ");
        quote(&out, ask->field);
    }
    for (size_t i = 0; i < call->variables; i++) {
        nd_buffer_add(&out, " -P ");
        quote(&out, nd_text(call->arena, "%s=%s", call->variable[i].name,
                            call->variable[i].value));
    }
    return nd_buffer_text(&out);
}

// A scene alone is a graph that reads it.
nd_graph *cli_page_graph(cli_call *call, const cli_page_ask *page)
{
    const bool is_scene = page->is_scene;
    const char *path = page->path;
    nd_graph_ask ask = {.path = path,
                        .text =
                            is_scene ? "input: { Read: { file: \"${scene}\" } }" : NULL,
                        .labels = page->labels,
                        .labels_field = page->field,
                        .variable = call->variable,
                        .variables = call->variables};
    if (is_scene) {
        nd_variable *v = nd_alloc(call->arena, call->variables + 1, sizeof *v);
        if (!v) return NULL;
        if (call->variables) memcpy(v, call->variable, call->variables * sizeof *v);
        v[call->variables] = (nd_variable){"scene", path, NULL};
        ask.variable = v, ask.variables++;
    }
    nd_graph *graph = cli_graph_read(call, call->arena, &ask);
    // A page writes nothing: what only a Write needs may stay open.
    if (graph && nd_graph_needs(graph, true) && cli_graph_ready(call, graph) != ND_OK)
        return NULL;
    return graph;
}

void cli_page_show(const nd_dash *dash)
{
    const char *url = nd_dash_url(dash);
    const char *screen = getenv("DISPLAY"), *other = getenv("WAYLAND_DISPLAY");
    if (!(screen && *screen) && !(other && *other)) return;
    if (fork() != 0) return;
    // Its words and its end are none of ours.
    if (!freopen("/dev/null", "w", stdout) || !freopen("/dev/null", "w", stderr))
        _exit(1);
    (void)setsid();
    (void)execlp("xdg-open", "xdg-open", url, (char *)NULL);
    _exit(1);
}

void cli_page_tell(const cli_call *call, const nd_dash *dash, const char *listen)
{
    const char *url = nd_dash_url(dash);
    const char *remote = getenv("SSH_CONNECTION"), *user = getenv("USER");
    char host[256] = "";
    if (call->general->json) {
        cli_event("listening", "url", url);
        return;
    }
    puts(url);
    if (listen)
        nd_say(ND_WARN,
               "whoever reaches %s and has this address sees the page and may use its "
               "buttons; the way there is not encrypted",
               listen);
    if (remote && !call->general->quiet && gethostname(host, sizeof host - 1) == 0)
        printf("%s\n  ssh -N -L %d:127.0.0.1:%d %s@%s\n",
               nd_gettext("on your own machine, to reach it from there:"),
               nd_dash_port(dash), nd_dash_port(dash), user ? user : "user", host);
    if (!call->general->quiet && cli_is_terminal(stdout))
        puts(nd_gettext("Ctrl-C ends it"));
    fflush(stdout);
}

static void stop(void *dash)
{
    nd_dash_stop(dash);
}

nd_status cli_page_run(cli_call *call, nd_dash *dash)
{
    cli_signals_do(stop, dash);
    nd_status status = nd_dash_run(dash);
    cli_signals_do(NULL, NULL);
    if (status == ND_OK && cli_signal())
        status = nd_fail(ND_E_CANCELLED, "stopped on request\nstart it again to go on");
    call->is_told = call->is_told || status == ND_E_CANCELLED;
    return status;
}
