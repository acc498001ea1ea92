// SPDX-License-Identifier: Apache-2.0
// A list of scenes through one graph: a failed one does not stop the rest.
#pragma once
#include "cli/pull.h"

typedef struct cli_item {
    const nd_variable *variable;
    size_t variables;
    const char *output, *preview; // NULL: none
} cli_item;
typedef struct cli_list {
    cli_call *call;
    const char *each; // "scene=*.SAFE"
    const char *output, *preview;
    nd_status (*run)(void *call, cli_session *session, nd_arena *arena,
                     const cli_item *item, bool *skipped);
} cli_list;
nd_status cli_run_single(cli_session *session, const cli_list *list) ND_CHECKED;
nd_status cli_run_each(cli_session *session, const cli_list *list) ND_CHECKED;
