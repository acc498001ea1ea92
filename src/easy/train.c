// SPDX-License-Identifier: Apache-2.0
// Training behind one call: what happens goes to a function as lines of JSON.
#include "easy/easy.h"
#include <nadir/graph.h>
#include <nadir/train.h>
#include <stdio.h>

typedef struct hearing {
    nd_easy_hear *hear;
    void *user;
    nd_train *train;
} hearing;

static void score(nd_json_out *out, const char *key, const nd_train_score *s)
{
    nd_json_open(out, key, '{');
    nd_json_real(out, "loss", s->loss);
    nd_json_real(out, "accuracy", s->accuracy);
    nd_json_real(out, "low", s->low);
    nd_json_real(out, "high", s->high);
    nd_json_real(out, "miou", s->miou);
    nd_json_real(out, "n", s->n);
    nd_json_close(out, '}');
}

static const char *line_of(nd_arena *arena, const nd_train_news *n)
{
    static const char *const whats[] = {"fact",  "rate",  "step",
                                        "check", "epoch", "event"};
    nd_buffer text = {.arena = arena};
    nd_json_out out = {.to = &text};
    nd_json_open(&out, NULL, '{');
    nd_json_text(&out, "what", whats[n->what]);
    if (n->name) nd_json_text(&out, "name", n->name);
    if (n->text) nd_json_text(&out, "text", n->text);
    nd_json_whole(&out, "epoch", n->epoch);
    nd_json_whole(&out, "epochs", n->epochs);
    nd_json_whole(&out, "step", n->step);
    nd_json_whole(&out, "steps", n->steps);
    if (n->what == ND_TRAIN_STEP) {
        nd_json_real(&out, "loss", n->loss);
        nd_json_real(&out, "rate", n->rate);
        nd_json_real(&out, "pictures_s", n->pictures_s);
    }
    if (n->what == ND_TRAIN_EPOCH) {
        score(&out, "train", &n->train);
        score(&out, "valid", &n->raw);
        score(&out, "ema", &n->ema);
        nd_json_bool(&out, "is_best", n->is_best);
    }
    nd_json_close(&out, '}');
    return nd_buffer_text(&text);
}

static void tell(void *user, const nd_train_news *news)
{
    const hearing *h = user;
    nd_arena *arena = h->hear ? nd_arena_new() : NULL;
    if (!arena) return;
    const char *line = line_of(arena, news);
    if (line && h->hear(h->user, line) && h->train) nd_train_stop(h->train);
    nd_arena_free(arena);
}

static nd_status nodes_of(nd_arena *arena, const nd_recipe *recipe, nd_node *const **node,
                          int *count)
{
    const nd_data *data = recipe->data;
    if (!data->graph.text) return ND_OK;
    const nd_graph_scenes scenes = {.path = data->graph.text,
                                    .scene = data->scenes,
                                    .given = data->params,
                                    .step = data->labels.node,
                                    .catalogue = nd_ops};
    return nd_graph_plan_scenes(arena, &scenes, node, count);
}

static nd_status run(nd_arena *arena, const char *path, const char *const *variables,
                     hearing *h)
{
    size_t count = 0;
    while (variables && variables[2 * count]) count++;
    nd_given *given = nd_alloc(arena, count + 1, sizeof *given);
    if (!given) return ND_E_MEMORY;
    for (size_t i = 0; i < count; i++)
        given[i] = (nd_given){variables[2 * i], variables[2 * i + 1]};
    nd_recipe *recipe = nd_recipe_read(
        arena, &(nd_recipe_ask){.path = path, .given = given, .givens = count});
    if (!recipe) return nd_error_code();
    nd_node *const *node = NULL;
    int nodes = 0;
    ND_TRY(nodes_of(arena, recipe, &node, &nodes));
    h->train = nd_train_open(
        arena,
        &(nd_train_ask){
            .recipe = recipe, .node = node, .nodes = nodes, .tell = tell, .user = h});
    if (!h->train) return nd_error_code();
    const nd_status status = nd_train_run(h->train);
    // Stopped by the one who hears: all is saved, and the folder is the answer.
    if (status != ND_E_CANCELLED) return status;
    (void)nd_error_take();
    return ND_OK;
}

const char *nd_easy_train(const char *recipe, const char *const *variables,
                          nd_easy_hear *hear, void *user)
{
    static _Thread_local char folder[4096];
    nd_arena *arena = nd_arena_new();
    if (!arena) return easy_null(ND_E_MEMORY);
    hearing h = {.hear = hear, .user = user};
    const nd_status status = run(arena, recipe, variables, &h);
    if (status == ND_OK)
        (void)snprintf(folder, sizeof folder, "%s", nd_train_folder(h.train));
    nd_arena_free(arena);
    return status == ND_OK ? folder : easy_null(status);
}
