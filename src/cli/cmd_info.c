// SPDX-License-Identifier: Apache-2.0
// nadir info: what a scene, a raster or a checkpoint says of itself.
#include "cli/cli.h"
#include "cli/weights.h"

typedef struct options {
    bool strict;
} options;
static const nd_param params[] = {
    ND_PARAM(options, strict, false,
             .help = "Refuse a checkpoint that names classes besides tensors"),
};

static nd_status tell_weights(cli_call *call)
{
    const options *own = call->own;
    nd_buffer text = {.arena = call->arena};
    nd_json_out out = {.to = &text};
    const nd_weights *weights = cli_weights_open(call, call->word[0], own->strict);
    if (!weights) return ND_E_DATA;
    if (!call->general->json) {
        ND_TRY(nd_weights_print(weights, &text));
        return cli_put(&text);
    }
    ND_TRY(nd_weights_describe(weights, &out));
    nd_buffer_put(&text, "\n", 1);
    return cli_put(&text);
}

static nd_status run(cli_call *call)
{
    nd_buffer text = {.arena = call->arena};
    nd_json_out out = {.to = &text};
    if (nd_weights_are_in(call->word[0])) return tell_weights(call);
    const nd_product *product = nd_product_open(call->arena, call->word[0], NULL);
    if (!product) return ND_E_DATA;
    if (!call->general->json) {
        ND_TRY(nd_product_print(product, &text));
        return cli_put(&text);
    }
    ND_TRY(nd_product_describe(product, &out));
    nd_buffer_put(&text, "\n", 1);
    return cli_put(&text);
}

const cli_command cli_cmd_info = {
    .name = "info",
    .brief = "Show what a scene, a raster or a file of weights holds",
    .usage = "FILE [--json]",
    .example = "nadir info S2A_MSIL1C_20180101T105441.SAFE",
    .help =
        "FILE is a SAFE folder, its zip or its MTD file, one tile of several in it\n"
        "(old.SAFE/T31TDH), a BEAM-DIMAP header, or any raster. Only headers are read:\n"
        "it also works where pixels are missing.\n"
        "Of .safetensors, .pt and .pth it shows the tensors, the model's card, and what\n"
        "is not taken and why. Nothing in them is executed.",
    .table = ND_TABLE(params, options),
    .min_words = 1,
    .max_words = 1,
    .of = "scene",
    .run = run,
};
