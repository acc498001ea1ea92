// SPDX-License-Identifier: Apache-2.0
// nadir new-graph: a commented graph in YAML to start from.
#include "cli/start.h"
#include "cli/templates.h"

static nd_status unknown(const char *name, const char *nearest, const char *names)
{
    if (nearest)
        return nd_fail(ND_E_PARAM,
                       "there is no graph %s to start from\n"
                       "did you mean %s?",
                       name, nearest);
    return nd_fail(ND_E_PARAM, "there is no graph %s to start from\ntake one of %s", name,
                   names);
}

static nd_status run(cli_call *call)
{
    return cli_start_run(call, cli_templates, unknown);
}

const cli_command cli_cmd_new_graph = {
    .name = "new-graph",
    .brief = "Print a commented graph to start from",
    .usage = "[NAME] [-o FILE]",
    .example = "nadir new-graph ndvi -o ndvi.yaml",
    .help = "Without a name: what there is.",
    .table = ND_TABLE(cli_start_params, cli_start_options),
    .max_words = 1,
    .of = "template",
    .run = run,
};
