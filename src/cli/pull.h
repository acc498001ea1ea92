// SPDX-License-Identifier: Apache-2.0
// From a graph's text to files: read, plan, write each output; shared by run, gpt, op.
#pragma once
#include "cli/session.h"

typedef struct cli_job {
    const char *name;            // what runs: the graph's file or the operator
    const char *output, *format; // for what ends without a Write; NULL: none
    const char *preview, *area;  // PNG of a reduction; GeoJSON file to cut to
    int level;
    bool force, skip_existing, is_strict;
    const char *history;
} cli_job;

// Whether the file is a graph and not a scene, by its name and, of XML, its content.
bool cli_is_graph(nd_arena *arena, const char *path);
// Reads the graph; every mistake is printed, and then the call is told.
nd_graph *cli_graph_read(cli_call *call, nd_arena *arena,
                         const nd_graph_ask *ask) ND_CHECKED;
// Fails as wrong usage while variables are open.
nd_status cli_graph_ready(cli_call *call, const nd_graph *graph) ND_CHECKED;
nd_status cli_graph_plan(nd_arena *arena, const nd_graph *graph, bool is_strict,
                         nd_planned *planned) ND_CHECKED;
// What made the file: version and graph, for its metadata. NULL after nd_fail.
const char *cli_history(nd_arena *arena, const nd_graph *graph,
                        const char *name) ND_CHECKED;
// Writes all outputs. `skipped` is set when each was there already (skip_existing).
nd_status cli_write_outputs(cli_session *session, nd_arena *arena, const cli_job *job,
                            const nd_planned *planned, bool *skipped) ND_CHECKED;
// Fails where the file `path`, about to be replaced, is one that the plan reads.
nd_status cli_check_unread(nd_arena *arena, const nd_planned *planned,
                           const char *path) ND_CHECKED;
enum { CLI_TEXT = 64 << 20 }; // bytes of a text file at most
// The node cut to the polygons of a GeoJSON file.
nd_node *cli_cut(nd_arena *arena, nd_node *node, const char *path) ND_CHECKED;
// Reads a file by the operator Read.
nd_node *cli_read(nd_arena *arena, const char *path, const char *format) ND_CHECKED;
