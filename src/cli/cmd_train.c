// SPDX-License-Identifier: Apache-2.0
// nadir train: a network is trained by a recipe; a run folder holds all that came of it.
#include "cli/language.h"
#include "cli/learn.h"
#include "cli/page.h"
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

typedef struct options {
    nd_path output, runs;
    bool resume, fork, plan, page, no_browser;
    int port;
    const char *listen;
    nd_choice explain;
    const char *backend;
} options;

static const nd_option subjects[] = {
    {"nothing", "Train"},
    {"augment", "Write a picture of augmented training pictures and stop"},
    {"recipe", "Print every key with its value and origin and stop"},
    {0},
};
static const nd_param params[] = {
    ND_PARAM(options, output, {NULL}, .was = "o",
             .help = "Folder of the run; by time and name under runs if not given"),
    ND_PARAM(options, runs, {"runs"}, .help = "Folder in which runs are made and sought"),
    ND_PARAM(options, resume, false,
             .help = "Go on with a run, the newest if none is named"),
    ND_PARAM(options, fork, false,
             .help = "Start a new run from the weights of one, the newest if none is "
                     "named",
             .excludes = "resume"),
    ND_PARAM(options, plan, false,
             .help = "Train for three seconds and say how long all of it will take"),
    ND_PARAM(options, explain, {0}, .choices = subjects,
             .help = "What to explain instead of training"),
    ND_PARAM(options, backend, NULL,
             .help = "What computes: plain or onednn; the fastest there is if not given"),
    ND_PARAM(options, page, false,
             .help = "Show the run live in the browser, as nadir watch does, until it "
                     "ends"),
    CLI_PAGE_PARAMS(options),
};

static bool is_folder(const char *path)
{
    struct stat s;
    return stat(path, &s) == 0 && S_ISDIR(s.st_mode);
}

// Words: a recipe, and the folder of a run to go on with, in any order.
typedef struct subject {
    const char *recipe, *run;
} subject;

static nd_status sort_words(cli_call *call, subject *of)
{
    const options *own = call->own;
    const bool goes_on = own->resume || own->fork;
    for (int i = 0; i < call->words; i++) {
        const char **to = goes_on && is_folder(call->word[i]) ? &of->run : &of->recipe;
        if (*to)
            return cli_misused(call, nd_fail(ND_E_PARAM,
                                             "nadir train takes one recipe, and %s is "
                                             "another\nname one",
                                             call->word[i]));
        *to = call->word[i];
    }
    if (!of->recipe && !goes_on)
        return cli_misused(call, nd_fail(ND_E_PARAM,
                                         "nadir train needs a recipe\n"
                                         "nadir new-recipe prints one to start from"));
    if (goes_on && !of->run) of->run = nd_run_newest(call->arena, own->runs.text);
    return goes_on && !of->run ? ND_E_PARAM : ND_OK;
}

static void stop(void *train)
{
    nd_train_stop(train);
}

// ---- The page: it follows the run's folder, which is there once training has begun.
typedef struct paged {
    cli_call *call;
    cli_training training;
    const nd_train *train; // NULL: not open yet
    nd_dash *dash;         // NULL: no page
    bool is_shown;
} paged;

static void show_page(paged *p, const char *folder)
{
    const options *own = p->call->own;
    p->is_shown = true;
    if (nd_dash_watch(p->dash, folder) != ND_OK) {
        // Training is worth more than a look at it.
        nd_say(ND_WARN, "the page does not show %s: %s", folder, nd_error_take().what);
        return;
    }
    cli_page_tell(p->call, p->dash, own->listen);
    if (!own->no_browser && !own->listen) cli_page_show(p->dash);
}

static void tell(void *user, const nd_train_news *news)
{
    paged *p = user;
    const char *folder = p->train ? nd_train_folder(p->train) : NULL;
    if (p->dash && !p->is_shown && folder) show_page(p, folder);
    cli_training_tell(&p->training, news);
}

static void free_page(void *page)
{
    static const struct timespec last_look = {0, 500000000};
    const paged *p = page;
    if (p->is_shown) (void)nanosleep(&last_look, NULL); // pages hear the end of the run
    nd_dash_free(p->dash);
}

static nd_status open_page(paged *p)
{
    const options *own = p->call->own;
    const nd_dash_settings settings = {.listen = own->listen,
                                       .port = own->port,
                                       .threads = 1,
                                       .memory = 1 << 24,
                                       .speak = cli_speak};
    if (!own->page || own->plan || own->explain.at) return ND_OK;
    cli_language_each();
    ND_TRY(nd_dash_new(&settings, &p->dash));
    return nd_defer(p->call->arena, free_page, p);
}

static nd_status tell_plan(cli_call *call, nd_train *train)
{
    nd_train_forecast f;
    char epoch[32], total[32], parameters[32];
    ND_TRY(nd_train_measure(train, 3, &f));
    nd_buffer text = {.arena = call->arena};
    if (call->general->json) {
        nd_json_out out = {.to = &text};
        nd_json_open(&out, NULL, '{');
        nd_json_real(&out, "img_s", f.pictures_s);
        nd_json_real(&out, "wait", f.wait);
        nd_json_real(&out, "epoch_s", f.epoch_s);
        nd_json_real(&out, "total_s", f.total_s);
        nd_json_whole(&out, "epochs", f.epochs);
        nd_json_whole(&out, "steps", f.steps);
        nd_json_whole(&out, "parameters", f.parameters);
        nd_json_close(&out, '}');
        nd_buffer_put(&text, "\n", 1);
        return cli_put(&text);
    }
    cli_duration_print(f.epoch_s, epoch);
    cli_duration_print(f.total_s, total);
    cli_whole_print(f.parameters, parameters);
    nd_buffer_add(&text, "%-11s %.0f, %.0f %% %s\n", nd_gettext("pictures/s"),
                  f.pictures_s, 100 * f.wait, nd_gettext("of the time waiting for them"));
    nd_buffer_add(&text, "%-11s %s\n", nd_gettext("parameters"), parameters);
    nd_buffer_add(&text, "%-11s %s\n", nd_gettext("one epoch"), epoch);
    nd_buffer_add(&text, "%-11s %s, %d %s, %lld %s\n", nd_gettext("all of it"), total,
                  f.epochs, nd_gettext("epochs"), (long long)f.steps,
                  nd_gettext("steps"));
    return cli_put(&text);
}

static nd_status tell_recipe(cli_call *call, const nd_train *train)
{
    nd_buffer text = {.arena = call->arena};
    ND_TRY(nd_recipe_print(nd_train_recipe(train), true, &text));
    return cli_put(&text);
}

static nd_status act(cli_call *call, nd_train *train)
{
    const options *own = call->own;
    if (own->plan) return tell_plan(call, train);
    if (own->explain.at == 2) return tell_recipe(call, train);
    if (own->explain.at == 1)
        return nd_train_contact(train,
                                own->output.text ? own->output.text : "augment.png");
    ND_TRY(nd_train_run(train));
    const char *model =
        nd_text(call->arena, "%s/model.safetensors", nd_train_folder(train));
    if (!model) return ND_E_MEMORY;
    if (call->general->json)
        cli_event("run", "folder", nd_train_folder(train));
    else if (!call->general->quiet && access(model, F_OK) == 0)
        printf("%-11s %s\n", nd_gettext("written"), model);
    return cli_flush();
}

static nd_status run(cli_call *call)
{
    const options *own = call->own;
    subject of = {0};
    paged *page = nd_alloc(call->arena, 1, sizeof *page);
    if (!page) return ND_E_MEMORY;
    page->call = call;
    ND_TRY(sort_words(call, &of));
    nd_recipe *recipe = of.recipe ? cli_recipe_read(call, of.recipe) : NULL;
    if (of.recipe && !recipe) return ND_E_PARAM;
    if (!recipe) recipe = nd_run_recipe(call->arena, of.run);
    if (!recipe) return ND_E_PARAM;
    const bool is_trained = !own->plan && !own->explain.at;
    nd_train_ask ask = {.recipe = of.recipe ? recipe : NULL,
                        .runs = own->runs.text,
                        .folder = is_trained ? own->output.text : NULL,
                        .resume = of.run,
                        .is_fork = own->fork,
                        .threads = call->pulling->threads,
                        .backend = own->backend,
                        .command = cli_words_given(call),
                        .tell = tell,
                        .user = page};
    cli_training_begin(call, &page->training);
    ND_TRY(cli_recipe_nodes(call, recipe, &ask.node, &ask.nodes));
    nd_steady_memory();
    nd_train *train = nd_train_open(call->arena, &ask);
    if (!train) return ND_E_PARAM;
    page->train = train;
    ND_TRY(open_page(page));
    // The batch at hand is finished and all of it kept, however long that takes; a second
    // signal ends the program at once.
    cli_signals_patiently(stop, train);
    const nd_status status = act(call, train);
    cli_signals_do(NULL, NULL);
    return status;
}

const cli_command cli_cmd_train = {
    .name = "train",
    .brief = "Train a network by a recipe",
    .usage = "RECIPE [-P name=value] [--resume [RUN]]",
    .example = "nadir train landcover.yaml -P train.epochs=20",
    .help =
        "The folder of the run holds model.safetensors, all figures and the state to go\n"
        "on from. Ctrl-C ends it after the batch at hand and keeps all of it; --resume\n"
        "goes on as if nothing had been. -P also puts a value over a key of the recipe.\n"
        "--page shows it in the browser, with buttons to pause, stop and save; the page\n"
        "ends with the run, and nadir watch shows it again.\n"
        "nadir describe train explains every key.",
    .table = ND_TABLE(params, options),
    .max_words = 2,
    .of = "recipe",
    .pulls = true,
    .variables = true,
    .run = run,
};
