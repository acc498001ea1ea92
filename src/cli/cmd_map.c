// SPDX-License-Identifier: Apache-2.0
// nadir map: a page in the browser with live tiles of a graph or a scene.
#include "cli/language.h"
#include "cli/page.h"
#include "cli/pull.h"
#include <errno.h>
#include <string.h>
#include <unistd.h>

typedef struct options {
    int port;
    const char *listen;
    bool no_browser, snap_strict;
    nd_path labels;
    const char *field;
} options;

static const nd_param params[] = {
    CLI_PAGE_PARAMS(options),
    ND_PARAM(options, labels, {NULL}, .of = "scene",
             .help = "Raster or shapes of what is known: a layer, and where a prediction "
                     "differs another"),
    ND_PARAM(options, field, NULL, .needs = "labels",
             .help = "Attribute of the shapes that holds the class"),
    ND_PARAM(options, snap_strict, false,
             .help = "Do as SNAP does even where its answer is an accident"),
};

static nd_status serve(cli_call *call, nd_dash *dash, const nd_graph *graph,
                       const cli_page_ask *ask)
{
    const options *own = call->own;
    const char *path = call->word[0], *name = strrchr(path, '/');
    const char *command = cli_page_command(call, ask);
    if (command && own->snap_strict)
        command = nd_text(call->arena, "%s --snap-strict", command);
    const nd_dash_map map = {.graph = graph,
                             .title = name && name[1] ? name + 1 : path,
                             .strict = own->snap_strict,
                             .command = command};
    if (!map.command) return ND_E_MEMORY;
    ND_TRY(nd_dash_open(dash, &map));
    cli_page_tell(call, dash, own->listen);
    if (!own->no_browser && !own->listen) cli_page_show(dash);
    return cli_page_run(call, dash);
}

static nd_status check_readable(const char *path)
{
    if (access(path, R_OK) == 0) return ND_OK;
    if (errno == ENOENT)
        return nd_fail(ND_E_IO, "there is no file %s\ncheck the name", path);
    return nd_fail(ND_E_IO, "%s cannot be opened: %s\ncheck its name and rights", path,
                   nd_system_error(errno));
}

static nd_status run(cli_call *call)
{
    const options *own = call->own;
    const char *path = call->word[0];
    nd_dash *dash = NULL;
    const bool is_tile = strstr(path, ".SAFE/") || strstr(path, ".zip/");
    if (!is_tile) ND_TRY(check_readable(path));
    const cli_page_ask ask = {path, !cli_is_graph(call->arena, path), own->labels.text,
                              own->field};
    if (ask.labels) ND_TRY(check_readable(ask.labels));
    const nd_graph *graph = cli_page_graph(call, &ask);
    if (!graph) return ND_E_PARAM;
    const nd_dash_settings settings = {.listen = own->listen,
                                       .port = own->port,
                                       .threads = call->pulling->threads,
                                       .memory = call->pulling->memory,
                                       .speak = cli_speak};
    nd_steady_memory();
    cli_language_each();
    ND_TRY(nd_dash_new(&settings, &dash));
    const nd_status status = serve(call, dash, graph, &ask);
    nd_dash_free(dash);
    return status;
}

const cli_command cli_cmd_map = {
    .name = "map",
    .brief = "Show a graph or a scene live in the browser",
    .usage = "GRAPH|SCENE [-P name=value] [--labels FILE [--field NAME]]",
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
