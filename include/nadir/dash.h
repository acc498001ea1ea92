// SPDX-License-Identifier: Apache-2.0
// Pages served by the program itself: a map of any node of a graph, and runs of training,
// live.
#pragma once
#include <nadir/graph.h>
#include <nadir/io.h>

typedef struct nd_dash nd_dash; // the server: its pages, viewers, one queue of tiles

typedef struct nd_dash_settings {
    const char *listen; // an address of this machine; NULL: 127.0.0.1
    int port;           // 0: any; below 0: the first free one from 8765 on
    int threads;        // that compute tiles; 0: one a core
    int64_t memory;     // bytes of tiles kept; 0: 256 MiB
    double head_s;      // seconds a client has to say what it wants; 0: 10
    // From now on this thread's messages are in the language that a client's browser
    // asks for ("es-ES,es;q=0.9"; NULL: it does not say). NULL: one language for all.
    void (*speak)(const char *language);
} nd_dash_settings;

// Listens and answers at once, with an empty page that says "opening".
nd_status nd_dash_new(const nd_dash_settings *settings, nd_dash **made) ND_CHECKED;
const char *nd_dash_url(const nd_dash *dash); // with the token in it
int nd_dash_port(const nd_dash *dash);
void nd_dash_stop(nd_dash *dash); // from any thread; safe in a signal handler
// Until nd_dash_stop(). ND_OK, or why the map did not open.
nd_status nd_dash_run(nd_dash *dash) ND_CHECKED;
void nd_dash_free(nd_dash *dash);

// What a map shows. All of it outlives the dash.
typedef struct nd_dash_map {
    const nd_graph *graph; // no variable open; its Write nodes are left out
    const char *title;     // the file's name
    bool strict;           // as SNAP does, accidents included
    const char *command;   // what makes the same without a page: "nadir run ndvi.yaml"
} nd_dash_map;
// Opens it behind the listening server, on a thread of its own.
nd_status nd_dash_open(nd_dash *dash, const nd_dash_map *map) ND_CHECKED;

// Shows the folder of a training run as well, from now on; up to 32, in this order. What
// it holds is followed as it grows, by a thread of the dash: whoever trains never waits
// for a page, and may do so in this process or in any other. One thread at a time;
// before, while or after the dash runs, which is not needed to serve.
nd_status nd_dash_watch(nd_dash *dash, const char *folder) ND_CHECKED;
