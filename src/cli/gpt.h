// SPDX-License-Identifier: Apache-2.0
// The words that SNAP's gpt understands.
#pragma once
#include "cli/pull.h"

typedef struct cli_gpt {
    const char *what;            // graph file or operator
    nd_variable *param, *source; // -P and -p; -S, then the files by number
    size_t params, sources;
    const char *target, *format; // NULL: not given
    cli_general general;
    cli_pulling pulling;
    bool is_help, is_diagnosis, is_strict;
    const char *formats; // "iformat" or "oformat": their names are asked for
} cli_gpt;
nd_status cli_gpt_parse(cli_call *call, cli_gpt *gpt) ND_CHECKED;
bool cli_gpt_is_graph(const char *word); // else it names an operator
