// SPDX-License-Identifier: Apache-2.0
// Files of weights, for the commands that take them.
#include "cli/weights.h"

const nd_weights *cli_weights_open(cli_call *call, const char *path, bool strict)
{
    const nd_weights *weights = nd_weights_open(call->arena, path);
    if (!weights || !strict || !weights->foreigns) return weights;
    (void)nd_fail(ND_E_DATA,
                  "%s names %s, which is more than tensors\n"
                  "leave --strict out to read its numbers, which executes nothing",
                  path, weights->foreign[0]);
    return NULL;
}
