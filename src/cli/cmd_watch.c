// SPDX-License-Identifier: Apache-2.0
// nadir watch: runs of training in the browser, while they train or afterwards.
#include "cli/language.h"
#include "cli/page.h"
#include "cli/pull.h"
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct options {
    int port;
    const char *listen;
    bool no_browser;
    nd_path map;
} options;

static const nd_param params[] = {
    CLI_PAGE_PARAMS(options),
    ND_PARAM(options, map, {NULL}, .of = "graph",
             .help = "Graph or scene to show on a map beside; worst cases lead there"),
};

enum { MOST = 32 };

static bool has_file(nd_arena *arena, const char *folder, const char *name)
{
    const char *path = nd_text(arena, "%s/%s", folder, name);
    return path && access(path, F_OK) == 0;
}

static bool is_run(nd_arena *arena, const char *folder)
{
    return has_file(arena, folder, "metrics.jsonl") ||
           has_file(arena, folder, "status.json") ||
           has_file(arena, folder, "config.yaml");
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

// Names of runs begin with the time they were started: the last ones are the newest.
static nd_status watch_inside(cli_call *call, nd_dash *dash, const char *folder)
{
    DIR *list = opendir(folder);
    const char **found = nd_alloc(call->arena, 4096, sizeof *found);
    size_t count = 0;
    if (!list)
        return nd_fail(ND_E_IO, "%s cannot be opened: %s\ngive the folder of a run",
                       folder, nd_system_error(errno));
    for (const struct dirent *e; found && count < 4096 && (e = readdir(list));) {
        const char *path = nd_text(call->arena, "%s/%s", folder, e->d_name);
        if (*e->d_name != '.' && path && is_run(call->arena, path)) found[count++] = path;
    }
    closedir(list);
    if (!found) return ND_E_MEMORY;
    if (!count)
        return nd_fail(ND_E_DATA,
                       "%s is no run, and there is none in it\n"
                       "give the folder that nadir train has made, or its parent",
                       folder);
    qsort(found, count, sizeof *found, by_name);
    for (size_t i = count > MOST ? count - MOST : 0; i < count; i++)
        ND_TRY(nd_dash_watch(dash, found[i]));
    return ND_OK;
}

static nd_status watch_all(cli_call *call, nd_dash *dash)
{
    if (!call->words) return watch_inside(call, dash, "runs");
    for (int i = 0; i < call->words; i++) {
        if (is_run(call->arena, call->word[i]))
            ND_TRY(nd_dash_watch(dash, call->word[i]));
        else
            ND_TRY(watch_inside(call, dash, call->word[i]));
    }
    return ND_OK;
}

static nd_status open_map(cli_call *call, nd_dash *dash, const char *path)
{
    const cli_page_ask ask = {.path = path, .is_scene = !cli_is_graph(call->arena, path)};
    const char *name = strrchr(path, '/');
    nd_dash_map *map = nd_alloc(call->arena, 1, sizeof *map);
    if (!map) return ND_E_MEMORY;
    *map = (nd_dash_map){.graph = cli_page_graph(call, &ask),
                         .title = name && name[1] ? name + 1 : path};
    if (!map->graph) return ND_E_PARAM;
    map->command = cli_page_command(call, &ask);
    return map->command ? nd_dash_open(dash, map) : ND_E_MEMORY;
}

static nd_status serve(cli_call *call, nd_dash *dash)
{
    const options *own = call->own;
    ND_TRY(watch_all(call, dash));
    if (own->map.text) ND_TRY(open_map(call, dash, own->map.text));
    cli_page_tell(call, dash, own->listen);
    if (!own->no_browser && !own->listen) cli_page_show(dash);
    return cli_page_run(call, dash);
}

static nd_status run(cli_call *call)
{
    const options *own = call->own;
    const nd_dash_settings settings = {.listen = own->listen,
                                       .port = own->port,
                                       .threads =
                                           own->map.text ? call->pulling->threads : 1,
                                       .memory = call->pulling->memory,
                                       .speak = cli_speak};
    nd_dash *dash = NULL;
    if (own->map.text) nd_steady_memory();
    cli_language_each();
    ND_TRY(nd_dash_new(&settings, &dash));
    const nd_status status = serve(call, dash);
    nd_dash_free(dash);
    return status;
}

const cli_command cli_cmd_watch = {
    .name = "watch",
    .brief = "Show runs of training live in the browser",
    .usage = "[RUN…] [--map GRAPH|SCENE]",
    .example = "nadir watch runs",
    .help =
        "RUN is the folder of a run, or a folder that holds runs: the newest 32 of it;\n"
        "runs, if none is given. Curves grow while a run trains, in this machine or on\n"
        "a shared disk; it can be paused, stopped and asked to save.",
    .table = ND_TABLE(params, options),
    .min_words = 0,
    .max_words = -1,
    .of = "path",
    .pulls = true,
    .variables = true,
    .run = run,
};
