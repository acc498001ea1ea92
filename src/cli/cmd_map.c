// SPDX-License-Identifier: Apache-2.0
// nadir map: a page in the browser with live tiles of a graph or a scene.
#include "cli/pull.h"
#include <errno.h>
#include <nadir/dash.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct options {
    int port;
    const char *listen;
    bool no_browser, snap_strict;
} options;

static const nd_param params[] = {
    ND_PARAM(options, port, -1, .min = -1, .max = 65535,
             .help = "Port to listen on; 0: any free one; -1: the first free one from "
                     "8765 on"),
    ND_PARAM(options, listen, NULL,
             .help = "Address of this machine to listen on; 127.0.0.1 if not given, so "
                     "that no other machine reaches the page"),
    ND_PARAM(options, no_browser, false, .help = "Only print the address"),
    ND_PARAM(options, snap_strict, false,
             .help = "Do as SNAP does even where its answer is an accident"),
};

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

static const char *command_of(const cli_call *call, bool is_run)
{
    nd_buffer out = {.arena = call->arena};
    nd_buffer_add(&out, "nadir %s ", is_run ? "run" : "map");
    quote(&out, call->word[0]);
    for (size_t i = 0; i < call->variables; i++) {
        nd_buffer_add(&out, " -P ");
        quote(&out, nd_text(call->arena, "%s=%s", call->variable[i].name,
                            call->variable[i].value));
    }
    if (((const options *)call->own)->snap_strict) nd_buffer_add(&out, " --snap-strict");
    return nd_buffer_text(&out);
}

// A scene alone is a graph that reads it.
static nd_graph *open_graph(cli_call *call, bool is_scene)
{
    nd_graph_ask ask = {.path = call->word[0],
                        .text =
                            is_scene ? "input: { Read: { file: \"${scene}\" } }" : NULL,
                        .variable = call->variable,
                        .variables = call->variables};
    if (is_scene) {
        nd_variable *v = nd_alloc(call->arena, call->variables + 1, sizeof *v);
        if (!v) return NULL;
        if (call->variables) memcpy(v, call->variable, call->variables * sizeof *v);
        v[call->variables] = (nd_variable){"scene", call->word[0], NULL};
        ask.variable = v, ask.variables++;
    }
    nd_graph *graph = cli_graph_read(call, call->arena, &ask);
    // A page writes nothing: what only a Write needs may stay open.
    if (graph && nd_graph_needs(graph, true) && cli_graph_ready(call, graph) != ND_OK)
        return NULL;
    return graph;
}

static void open_browser(const char *url)
{
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

static void tell(const cli_call *call, const nd_dash *dash)
{
    const options *own = call->own;
    const char *url = nd_dash_url(dash);
    const char *remote = getenv("SSH_CONNECTION"), *user = getenv("USER");
    char host[256] = "";
    if (call->general->json) {
        cli_event("listening", "url", url);
        return;
    }
    puts(url);
    if (own->listen)
        nd_say(ND_WARN,
               "whoever reaches %s and has this address sees the map and may change its "
               "settings; the way there is not encrypted",
               own->listen);
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

static nd_status serve(cli_call *call, nd_dash *dash, const nd_graph *graph,
                       bool is_scene)
{
    const options *own = call->own;
    const char *path = call->word[0], *name = strrchr(path, '/');
    const nd_dash_map map = {.graph = graph,
                             .title = name && name[1] ? name + 1 : path,
                             .strict = own->snap_strict,
                             .command = command_of(call, !is_scene)};
    if (!map.command) return ND_E_MEMORY;
    ND_TRY(nd_dash_open(dash, &map));
    tell(call, dash);
    if (!own->no_browser && !own->listen) open_browser(nd_dash_url(dash));
    return nd_dash_run(dash);
}

static nd_status run(cli_call *call)
{
    const options *own = call->own;
    const char *path = call->word[0];
    nd_dash *dash = NULL;
    if (access(path, R_OK) != 0)
        return nd_fail(ND_E_IO, "%s cannot be opened: %s\ncheck its name and rights",
                       path, nd_system_error(errno));
    const bool is_scene = !cli_is_graph(call->arena, path);
    const nd_graph *graph = open_graph(call, is_scene);
    if (!graph) return ND_E_PARAM;
    const nd_dash_settings settings = {.listen = own->listen,
                                       .port = own->port,
                                       .threads = call->pulling->threads,
                                       .memory = call->pulling->memory};
    nd_steady_memory();
    ND_TRY(nd_dash_new(&settings, &dash));
    cli_signals_do(stop, dash);
    nd_status status = serve(call, dash, graph, is_scene);
    cli_signals_do(NULL, NULL);
    nd_dash_free(dash);
    if (status == ND_OK && cli_signal())
        status = nd_fail(ND_E_CANCELLED, "stopped on request\nstart it again to go on");
    call->is_told = call->is_told || status == ND_E_CANCELLED;
    return status;
}

const cli_command cli_cmd_map = {
    .name = "map",
    .brief = "Show a graph or a scene live in the browser",
    .usage = "GRAPH|SCENE [-P name=value]",
    .example = "nadir map ndvi.yaml -P scene=S2A_MSIL1C_20180101.SAFE -P out=ndvi.tif",
    .help =
        "Tiles are computed as you look at them, again when a slider moves. The page\n"
        "is served by this program; it prints the address and runs until Ctrl-C.",
    .table = ND_TABLE(params, options),
    .min_words = 1,
    .max_words = 1,
    .of = "graph",
    .pulls = true,
    .variables = true,
    .run = run,
};
