// SPDX-License-Identifier: Apache-2.0
// nadir convert: a checkpoint as another format, its numbers as they are.
#include "cli/weights.h"
#include <unistd.h>

typedef struct options {
    bool force, strict;
} options;
static const nd_param params[] = {
    ND_PARAM(options, force, false, .help = "Replace OUT if it exists"),
    ND_PARAM(options, strict, false,
             .help = "Refuse a checkpoint that names classes besides tensors"),
};

static nd_status run(cli_call *call)
{
    const options *own = call->own;
    const char *from = call->word[0], *to = call->word[1];
    if (!own->force && access(to, F_OK) == 0)
        return nd_fail(ND_E_IO,
                       "%s exists already\n"
                       "replace it with --force, or give another name",
                       to);
    const nd_weights *w = cli_weights_open(call, from, own->strict);
    if (!w) return ND_E_DATA;
    ND_TRY(nd_weights_save(to, w->weight, w->count, w->card));
    for (int i = 0; i < w->skips; i++)
        nd_say(ND_NOTE, "left out: %s (%s)", w->skipped[i].name, w->skipped[i].reason);
    if (call->general->json) cli_event("converted", "file", to);
    return ND_OK;
}

const cli_command cli_cmd_convert = {
    .name = "convert",
    .brief = "Write the weights of a checkpoint in another format",
    .usage = "IN OUT [--force]",
    .example = "nadir convert resnet18.pth resnet18.safetensors",
    .help =
        "IN is a .safetensors, .pt or .pth file of any age; OUT ends in one of these.\n"
        "Numbers stay as they are, the model's card goes along. OUT is written whole\n"
        "or not at all; torch.load takes it with weights_only=True.",
    .table = ND_TABLE(params, options),
    .min_words = 2,
    .max_words = 2,
    .of = "path",
    .run = run,
};
