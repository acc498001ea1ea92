// SPDX-License-Identifier: Apache-2.0
// nadir convert: a checkpoint as another format, or at half its size.
#include "cli/weights.h"
#include <nadir/file.h>
#include <string.h>
#include <unistd.h>

enum { CARD_BYTES = 1 << 24 };

typedef struct options {
    const char *card;
    bool bfloat16, force, strict;
} options;
static const nd_param params[] = {
    ND_PARAM(options, card, NULL, .help = "Write the model card of this JSON file"),
    ND_PARAM(options, bfloat16, false,
             .help = "Round floats of two dimensions or more to bfloat16: half the size"),
    ND_PARAM(options, force, false, .help = "Replace OUT if it exists"),
    ND_PARAM(options, strict, false,
             .help = "Refuse a checkpoint that names classes besides tensors"),
};

// The text of a card that nadir can read back; NULL after nd_fail.
static const char *card_of(nd_arena *arena, const char *path)
{
    nd_bytes file;
    if (nd_file_map(arena, path, &file) != ND_OK) return NULL;
    if (file.count > CARD_BYTES || memchr(file.at, 0, file.count)) {
        (void)nd_fail(ND_E_DATA, "%s is no text of a model card\ngive a JSON file", path);
        return NULL;
    }
    const char *text = nd_text(arena, "%.*s", (int)file.count, (const char *)file.at);
    if (text && nd_card_parse(arena, text)) return text;
    nd_note("%s", path);
    return NULL;
}

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
    const char *card = own->card ? card_of(call->arena, own->card) : w->card;
    if (own->card && !card) return ND_E_DATA;
    const nd_weight *weight = w->weight;
    if (own->bfloat16) ND_TRY(nd_weights_round(call->arena, w, &weight));
    ND_TRY(nd_weights_save(to, weight, w->count, card));
    for (int i = 0; i < w->skips; i++)
        nd_say(ND_NOTE, "left out: %s (%s)", w->skipped[i].name, w->skipped[i].reason);
    if (call->general->json) cli_event("converted", "file", to);
    return ND_OK;
}

const cli_command cli_cmd_convert = {
    .name = "convert",
    .brief = "Write the weights of a checkpoint in another format",
    .usage = "IN OUT [--card CARD.json] [--bfloat16] [--force]",
    .example = "nadir convert resnet18.pth resnet18.safetensors",
    .help =
        "IN is a .safetensors, .pt or .pth file of any age; OUT ends in one of these.\n"
        "Numbers stay as they are unless --bfloat16 is given, the model's card goes\n"
        "along. OUT is written whole or not at all; torch.load takes it with\n"
        "weights_only=True.",
    .table = ND_TABLE(params, options),
    .min_words = 2,
    .max_words = 2,
    .of = "path",
    .run = run,
};
