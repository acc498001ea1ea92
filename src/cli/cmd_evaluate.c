// SPDX-License-Identifier: Apache-2.0
// nadir evaluate: what a model is worth on data, as text, JSON and a page.
#include "cli/runs.h"
#include <math.h>
#include <nadir/file.h>
#include <string.h>

typedef struct options {
    nd_path data, output, map;
    const char *split;
    bool tta, dense;
} options;
static const nd_param params[] = {
    ND_PARAM(options, data, {NULL}, .of = "file",
             .help = "What to evaluate on: a folder or zip with a folder of pictures for "
                     "each class, a CSV, or a recipe; of a run its own data if "
                     "not given, the side that chose the best epoch"),
    ND_PARAM(options, split, NULL,
             .help = "Only this side of the data, as the model's own split cut them: "
                     "train, valid or test; all of them if not given"),
    ND_PARAM(options, map, {NULL}, .of = "file",
             .help = "Also estimate how much ground each class takes in this map, with "
                     "ranges: right if the data are a random sample of its ground"),
    ND_PARAM(options, output, {NULL}, .was = "o", .of = "file",
             .help = "Write a report as one HTML page"),
    ND_PARAM(options, dense, false,
             .help = "Ask a model of pictures as Predict does with dense: its trunk sees "
                     "past the patch, so its accuracy is another"),
    ND_PARAM(options, tta, false,
             .help = "Also ask for each picture eight times, mirrored and turned, and "
                     "tell how good the mean is; takes nine times as long"),
};

// A run's own curves go into the report.
static int curves_of(nd_arena *arena, const char *model, nd_curve curve[3])
{
    nd_run_told run;
    if (nd_run_read(arena, model, &run) != ND_OK) {
        (void)nd_error_take(); // a model alone has none
        return 0;
    }
    double *x = nd_alloc(arena, (size_t)run.epochs * 4, sizeof *x);
    if (!x || run.epochs == 0) return 0;
    bool is_value = false;
    double *train = x + run.epochs, *valid = train + run.epochs,
           *accuracy = valid + run.epochs;
    for (int i = 0; i < run.epochs; i++) {
        x[i] = run.epoch[i].step;
        train[i] = run.epoch[i].train_loss;
        valid[i] = run.epoch[i].valid_loss;
        const double rmse = run.epoch[i].rmse;
        is_value |= isfinite(rmse);
        accuracy[i] = run.epoch[i].accuracy;
    }
    curve[0] = (nd_curve){nd_gettext("training"), x, train, run.epochs, false};
    curve[1] = (nd_curve){nd_gettext("validation"), x, valid, run.epochs, false};
    curve[2] = (nd_curve){nd_gettext("validation"), x, accuracy, run.epochs, true};
    return is_value ? 2 : 3; // errors are no shares
}

static nd_status write_page(cli_call *call, const char *path, const nd_evaluation *e)
{
    nd_buffer page = {.arena = call->arena};
    nd_curve curve[3];
    const int curves = curves_of(call->arena, call->word[0], curve);
    ND_TRY(nd_evaluation_html(e, curve, curves, &page));
    ND_TRY(nd_file_write(path, page.text, page.length));
    if (!call->general->json && !call->general->quiet)
        nd_say(ND_NOTE, "the report is %s", path);
    return ND_OK;
}

static nd_status run(cli_call *call)
{
    const options *own = call->own;
    nd_buffer text = {.arena = call->arena};
    nd_json_out out = {.to = &text};
    nd_evaluation *e = nd_alloc(call->arena, 1, sizeof *e);
    const cli_evaluation ask = {.model = call->word[0],
                                .data = own->data.text,
                                .side =
                                    own->data.text || own->split ? own->split : "valid",
                                .threads = call->pulling->threads,
                                .views = own->tta,
                                .pictures = true,
                                .dense = own->dense};
    if (!e) return ND_E_MEMORY;
    ND_TRY(cli_evaluate(call, &ask, e));
    if (own->map.text && e->values)
        return nd_fail(ND_E_PARAM,
                       "--map: %s gives values, and areas are of classes\n"
                       "leave --map out",
                       call->word[0]);
    if (own->map.text) ND_TRY(cli_areas(call, own->map.text, e));
    if (own->output.text) ND_TRY(write_page(call, own->output.text, e));
    if (call->general->quiet && !call->general->json) return ND_OK;
    if (!call->general->json) {
        ND_TRY(nd_evaluation_print(e, &text));
        return cli_put(&text);
    }
    ND_TRY(nd_evaluation_describe(e, &out));
    nd_buffer_put(&text, "\n", 1);
    return cli_put(&text);
}

const cli_command cli_cmd_evaluate = {
    .name = "evaluate",
    .brief = "Tell how good a model is on data that it did not learn from",
    .usage = "RUN|MODEL --data DATA [--split test] [-P name=value] [-o report.html]",
    .example = "nadir evaluate model.safetensors --data pictures.zip -o report.html",
    .help = "Accuracy and other figures with ranges of 95 %, the confusion matrix,\n"
            "calibration, and the worst cases with their place on Earth.",
    .table = ND_TABLE(params, options),
    .min_words = 1,
    .max_words = 1,
    .of = "file",
    .pulls = true,
    .variables = true,
    .run = run,
};
