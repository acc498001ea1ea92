// SPDX-License-Identifier: Apache-2.0
// nadir lr-find: which learning rate suits a recipe, by a range test.
#include "cli/learn.h"
#include <errno.h>
#include <langinfo.h>
#include <nadir/file.h>
#include <string.h>

typedef struct options {
    nd_path output;
    const char *backend;
} options;
static const nd_param params[] = {
    ND_PARAM(options, output, {NULL}, .was = "o",
             .help = "PNG of the curve to write; none if not given"),
    ND_PARAM(options, backend, NULL,
             .help = "What computes: plain or onednn; the fastest there is if not given"),
};

static nd_status put_picture(cli_call *call, const char *path, const nd_rate_test *test)
{
    const uint8_t *png;
    size_t bytes;
    ND_TRY(nd_rate_test_picture(call->arena, test, &png, &bytes));
    return nd_file_write(path, png, bytes);
}

static nd_status tell(cli_call *call, const nd_rate_test *test)
{
    nd_buffer text = {.arena = call->arena};
    nd_json_out out = {.to = &text};
    if (call->general->json) {
        ND_TRY(nd_rate_test_describe(test, &out));
        nd_buffer_put(&text, "\n", 1);
        return cli_put(&text);
    }
    const bool is_utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
    ND_TRY(nd_rate_test_print(test, cli_columns(), is_utf8, &text));
    return cli_put(&text);
}

static void stop(void *train)
{
    nd_train_stop(train);
}

static nd_status run(cli_call *call)
{
    const options *own = call->own;
    cli_training training;
    nd_rate_test *test = nd_alloc(call->arena, 1, sizeof *test);
    nd_recipe *recipe = cli_recipe_read(call, call->word[0]);
    if (!recipe || !test) return ND_E_PARAM;
    cli_training_begin(call, &training);
    nd_train_ask ask = {.recipe = recipe,
                        .threads = call->pulling->threads,
                        .backend = own->backend,
                        .tell = call->general->json ? NULL : cli_training_tell,
                        .user = &training};
    ND_TRY(cli_recipe_nodes(call, recipe, &ask.node, &ask.nodes));
    nd_train *train = nd_train_open(call->arena, &ask);
    if (!train) return ND_E_PARAM;
    cli_signals_patiently(stop, train);
    const nd_status status = nd_train_find_rate(train, test);
    cli_signals_do(NULL, NULL);
    if (training.is_terminal) fputs("\r\033[K", stderr);
    ND_TRY(status);
    if (own->output.text) ND_TRY(put_picture(call, own->output.text, test));
    return tell(call, test);
}

const cli_command cli_cmd_lr_find = {
    .name = "lr-find",
    .brief = "Find the learning rate that suits a recipe",
    .usage = "RECIPE [-P name=value] [-o CURVE.png]",
    .example = "nadir lr-find landcover.yaml -o rate.png",
    .help =
        "A hundred steps at rates from 1e-7 to 10, and four readings of the losses:\n"
        "valley (which train.rate: auto takes), steep, minimum and slide, as fast.ai\n"
        "defines them. The weights are thrown away.",
    .table = ND_TABLE(params, options),
    .min_words = 1,
    .max_words = 1,
    .of = "recipe",
    .pulls = true,
    .variables = true,
    .run = run,
};
