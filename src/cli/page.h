// SPDX-License-Identifier: Apache-2.0
// What commands that serve pages share: where they listen, what they print, the map.
#pragma once
#include "cli/cli.h"
#include <nadir/dash.h>

// Rows of the members `int port; const char *listen; bool no_browser;` of T.
#define CLI_PAGE_PARAMS(T)                                                               \
    ND_PARAM(T, port, -1, .min = -1, .max = 65535,                                       \
             .help = "Port to listen on; 0: any free one; -1: the first free one from "  \
                     "8765 on"),                                                         \
        ND_PARAM(T, listen, NULL,                                                        \
                 .help = "Address of this machine to listen on; 127.0.0.1 if not "       \
                         "given, so that no other machine reaches the page"),            \
        ND_PARAM(T, no_browser, false, .help = "Only print the address")

// Prints the address; warns where others reach it, helps where the screen is elsewhere.
void cli_page_tell(const cli_call *call, const nd_dash *dash, const char *listen);
void cli_page_show(const nd_dash *dash); // in a browser, where there is a screen
// Serves until Ctrl-C.
nd_status cli_page_run(cli_call *call, nd_dash *dash) ND_CHECKED;

// A graph, or a scene as a graph that reads it, with the call's variables.
typedef struct cli_page_ask {
    const char *path;
    bool is_scene;
    const char *labels, *field; // NULL: none
} cli_page_ask;
nd_graph *cli_page_graph(cli_call *call, const cli_page_ask *page) ND_CHECKED;
// "nadir run GRAPH -P name=value", or with labels "nadir map …", as a shell takes it.
const char *cli_page_command(const cli_call *call, const cli_page_ask *ask) ND_CHECKED;
