// SPDX-License-Identifier: Apache-2.0
// nadir new-recipe: a commented recipe for training to start from.
#include "cli/start.h"
#include <nadir/train.h>

static nd_status unknown(const char *name, const char *nearest, const char *names)
{
    if (nearest)
        return nd_fail(ND_E_PARAM,
                       "there is no recipe %s to start from\n"
                       "did you mean %s?",
                       name, nearest);
    return nd_fail(ND_E_PARAM, "there is no recipe %s to start from\ntake one of %s",
                   name, names);
}

static nd_status run(cli_call *call)
{
    cli_start start[16] = {{0}};
    for (int i = 0; i < 15 && nd_recipe_starts[i].name; i++)
        start[i] = (cli_start){nd_recipe_starts[i].name, nd_recipe_starts[i].brief,
                               nd_recipe_starts[i].text};
    return cli_start_run(call, start, unknown);
}

const cli_command cli_cmd_new_recipe = {
    .name = "new-recipe",
    .brief = "Print a commented recipe for training to start from",
    .usage = "[NAME] [-o FILE]",
    .example = "nadir new-recipe pictures -o landcover.yaml",
    .help = "Without a name: what there is.",
    .table = ND_TABLE(cli_start_params, cli_start_options),
    .max_words = 1,
    .of = "recipe-template",
    .run = run,
};
