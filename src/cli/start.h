// SPDX-License-Identifier: Apache-2.0
// Texts to start from: lists them, prints one, writes one to a file.
#pragma once
#include "cli/cli.h"

typedef struct cli_start {
    const char *name, *brief, *text;
} cli_start;
typedef struct cli_start_options {
    nd_path output;
    bool force;
} cli_start_options;
extern const nd_param cli_start_params[2]; // of cli_start_options
// `unknown` says that there is no such start: the nearest name, or NULL and all of them.
typedef nd_status cli_start_unknown(const char *name, const char *nearest,
                                    const char *names);
// A command whose word is the name of a start; the list ends with a row without name.
nd_status cli_start_run(cli_call *call, const cli_start *start,
                        cli_start_unknown *unknown) ND_CHECKED;
