// SPDX-License-Identifier: Apache-2.0
// nadir info: what a scene or a raster says of itself.
#include "cli/cli.h"

static nd_status run(cli_call *call)
{
    nd_buffer text = {.arena = call->arena};
    nd_json_out out = {.to = &text};
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
    .brief = "Show bands, grid, dates and metadata of a scene or a raster",
    .usage = "FILE [--json]",
    .example = "nadir info S2A_MSIL1C_20180101T105441.SAFE",
    .help = "FILE is a SAFE folder, its zip or its MTD file, a BEAM-DIMAP header, or\n"
            "any raster. Only headers are read: it also works where pixels are missing.",
    .min_words = 1,
    .max_words = 1,
    .of = "scene",
    .run = run,
};
