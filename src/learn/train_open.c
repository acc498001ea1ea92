// SPDX-License-Identifier: Apache-2.0
// A run before its first step: data, network, optimiser, folder; or those of an earlier
// one, to go on with.
#include "learn/loop.h"
#include <dirent.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

nd_recipe *nd_run_recipe(nd_arena *arena, const char *folder)
{
    const char *path = learn_path(arena, folder, "resolved.yaml");
    const char *log = path ? learn_path(arena, folder, "metrics.jsonl") : NULL;
    if (!log) return NULL;
    if (access(path, R_OK) != 0 && access(log, F_OK) == 0) {
        (void)nd_fail(ND_E_DATA,
                      "%s holds no state yet: it ended before the first was kept\n"
                      "remove it and start anew",
                      folder);
        return NULL;
    }
    if (access(path, R_OK) != 0) {
        (void)nd_fail(ND_E_PARAM,
                      "%s is no run: it has no resolved.yaml\n"
                      "name a folder that nadir train has made",
                      folder);
        return NULL;
    }
    return nd_recipe_read(arena, &(nd_recipe_ask){.path = path});
}

const char *nd_run_newest(nd_arena *arena, const char *runs)
{
    const char *newest = NULL;
    struct timespec at = {0};
    DIR *folder = opendir(runs);
    for (struct dirent *one; folder && (one = readdir(folder));) {
        if (one->d_name[0] == '.') continue;
        const char *path = learn_path(arena, runs, one->d_name);
        const char *state =
            path ? learn_path(arena, path, "state/last.safetensors") : NULL;
        struct stat s;
        if (!state || stat(state, &s) != 0) continue;
        const bool is_newer = s.st_mtim.tv_sec != at.tv_sec
                                  ? s.st_mtim.tv_sec > at.tv_sec
                                  : s.st_mtim.tv_nsec > at.tv_nsec;
        if (newest && !is_newer) continue;
        newest = path, at = s.st_mtim;
    }
    if (folder) closedir(folder);
    if (!newest)
        (void)nd_fail(ND_E_PARAM, "there is no run to go on with in %s\nname its folder",
                      runs);
    return newest;
}

// ---- The network.
static nd_status make_net(nd_train *t)
{
    const nd_recipe *r = t->recipe;
    nd_model_set set = r->model.set;
    set.bands = t->bands, set.classes = t->classes;
    t->model = nd_model_find(r->model.name);
    if (!t->model) return ND_E_PARAM;
    const int multiple = t->model->multiple(&set);
    if (t->is_mask && (t->height % multiple || t->width % multiple))
        return nd_fail(ND_E_PARAM,
                       "chips of %d x %d pixels do not fit model %s\n"
                       "set data.chips.size to a multiple of %d",
                       t->width, t->height, t->model->name, multiple);
    const nd_net_make make = {
        .input = ND_SHAPE(r->train.batch, t->bands, t->height, t->width),
        .dtype = ND_FLOAT32,
        .compute = r->train.precision.at == 1 ? ND_FLOAT32 : ND_BFLOAT16,
        .seed = (uint64_t)r->train.seed,
        .threads = t->ask.threads,
        .backend = t->ask.backend};
    t->net = nd_model_new(t->arena, t->model, &set, &make);
    if (!t->net) return ND_E_PARAM;
    const bool has_bf16 = nd_net_compute(t->net) == ND_BFLOAT16;
    if (r->train.precision.at == 2 && !has_bf16)
        nd_say(ND_WARN, "this machine does not compute bfloat16: float32 is taken");
    t->recipe->train.precision.at = has_bf16 ? 2 : 1;
    return ND_OK;
}

// Rates of the groups: geometric from rate / spread to rate, the head last.
static nd_status make_groups(nd_train *t)
{
    const double spread = t->recipe->train.spread;
    const int groups = t->model->groups;
    if (!(spread > 1)) return ND_OK;
    for (int g = 0; g < groups; g++) {
        const double part = groups > 1 ? (double)g / (groups - 1) : 1;
        const char *const *prefix;
        size_t count;
        ND_TRY(nd_text_split(t->arena, t->model->group[g], &prefix, &count));
        for (size_t i = 0; i < count; i++)
            ND_TRY(nd_optim_group(t->optim, prefix[i], pow(spread, part - 1)));
    }
    return ND_OK;
}

nd_status learn_make_optim(nd_train *t)
{
    const nd_train_keys *k = &t->recipe->train;
    static const nd_method methods[] = {ND_SGD, ND_SGD, ND_ADAM, ND_ADAMW, ND_ADAMW};
    const bool is_sgd = k->optimizer.at == ND_OPTIMIZER_SGD;
    const nd_optim_make make = {.method = methods[k->optimizer.at],
                                .rate = t->state.rate,
                                .momentum = k->momentum < 0 ? 0.9 : k->momentum,
                                .beta2 = k->beta2,
                                .epsilon = k->epsilon,
                                .decay = k->decay,
                                .nesterov = is_sgd && k->momentum != 0,
                                .clip = k->clip,
                                .ema = k->ema,
                                .accumulate = k->accumulate};
    t->optim = nd_optim_new(t->arena, t->net, &make);
    return t->optim ? make_groups(t) : ND_E_PARAM;
}

static void make_goal(nd_train *t)
{
    const nd_train_loss *l = &t->recipe->loss;
    int64_t hard;
    t->goal.keeps_output = nd_dataset_hardness(t->data, &hard) != NULL;
    if (t->value) {
        t->goal.loss = learn_value_loss, t->goal.settings = l;
        return;
    }
    t->loss = (nd_class_loss){.weight = nd_dataset_class_weights(t->data),
                              .weights = t->classes,
                              .smoothing = t->recipe->train.smoothing,
                              .gamma = l->gamma,
                              .ce = l->ce,
                              .dice = l->dice,
                              .focal = l->focal,
                              .jaccard = l->jaccard,
                              .lovasz = l->lovasz};
    const bool is_ce =
        l->ce > 0 && l->dice <= 0 && l->focal <= 0 && l->jaccard <= 0 && l->lovasz <= 0;
    if (!t->loss.weight) t->loss.weights = 0;
    t->goal.loss = is_ce ? nd_cross_entropy : nd_mixed_loss;
    t->goal.settings = &t->loss;
}

static void make_plan(nd_train *t)
{
    const nd_train_keys *k = &t->recipe->train;
    const int64_t steps = t->per_epoch / k->accumulate;
    t->plan =
        (nd_rate_plan){.schedule = (nd_schedule)k->schedule.at,
                       .low = k->momentum < 0 ? 0.85 : (double)NAN,
                       .high = k->momentum < 0 ? 0.95 : (double)NAN,
                       .rise = k->rise,
                       .divide = k->divide,
                       .divide_last = k->divide_last,
                       .warmup = k->warmup,
                       .step_every = (int64_t)(k->step_epochs * (double)steps + 0.5),
                       .step_factor = k->step_factor,
                       .freeze = t->recipe->model.freeze * steps};
    t->state.rate = k->rate;
    t->state.epochs = k->epochs;
    t->state.total = steps * k->epochs;
}

// ---- The data.

static nd_status open_data(nd_train *t)
{
    t->data = nd_dataset_open(t->arena, t->recipe->data, t->ask.node, t->ask.nodes);
    if (!t->data) return ND_E_DATA;
    (void)nd_dataset_classes(t->data, &t->classes);
    nd_dataset_shape(t->data, &t->bands, &t->height, &t->width);
    t->is_mask = nd_dataset_is_mask(t->data);
    t->value = nd_dataset_value(t->data);
    if (t->value) t->classes = 1; // answers of a pixel
    if (t->classes < 2 && !t->value)
        return nd_fail(ND_E_DATA, "the labels know %d class\nlearning needs two or more",
                       t->classes);
    const int64_t count = nd_dataset_count(t->data, ND_TRAIN);
    ND_TRY(nd_recipe_settle(t->arena, t->recipe, t->data));
    const nd_train_keys *k = &t->recipe->train;
    t->per_epoch = count / k->batch / k->accumulate * k->accumulate;
    if (t->per_epoch < 1)
        return nd_fail(ND_E_PARAM,
                       "%lld training pictures do not fill a step of %d x %d\n"
                       "make batch or accumulate smaller",
                       (long long)count, k->batch, k->accumulate);
    // valid: 0 is meant: the last weights are the model, whatever they are worth.
    if (nd_dataset_count(t->data, ND_VALID) < 1 && t->recipe->data->split.valid > 0)
        return nd_fail(ND_E_DATA, "no pictures are left to validate with\n"
                                  "raise data.split.valid, add pictures, or say valid: 0 "
                                  "for the last weights, unjudged");
    t->state.data = nd_dataset_hash(t->data);
    return ND_OK;
}

// ---- The folder.
static nd_hash hash_recipe(nd_arena *arena, const nd_recipe *recipe)
{
    nd_buffer text = {.arena = arena};
    for (int s = 0; s < recipe->notes->sections; s++) {
        const learn_section *one = &recipe->notes->section[s];
        for (size_t i = 0; i < one->table->count; i++) {
            const nd_param *row = &one->table->row[i];
            const char *value =
                nd_param_print(arena, row, recipe->notes->settings[s].data);
            if (!learn_is_speed(one->key, row->name))
                nd_buffer_add(&text, "%s=%s\n", row->name, value ? value : "");
        }
    }
    return nd_hash_text((nd_hash){0, 0}, nd_buffer_text(&text));
}

// A recipe beside --resume must say what the run's own says.
static nd_status check_same(const nd_train *t, const nd_recipe *given, const char *folder)
{
    const char *path = learn_path(t->arena, folder, "config.yaml");
    if (!path) return ND_E_MEMORY;
    const nd_recipe *own = nd_recipe_read(t->arena, &(nd_recipe_ask){.path = path});
    if (!own) return ND_E_DATA;
    const char *keys = nd_recipe_changes(t->arena, own, given);
    if (!keys) return ND_OK;
    return nd_fail(ND_E_PARAM,
                   "the recipe is not that of the run %s any more: %.300s changed\n"
                   "take them back, or start from its weights with --fork",
                   folder, keys);
}

static nd_status resume(nd_train *t)
{
    const nd_hash data = t->state.data, recipe = t->state.recipe;
    ND_TRY(learn_run_open(t->arena, t->ask.resume, &t->run));
    ND_TRY(learn_state_load(t, t->run.path, false));
    t->is_resumed = true;
    if (memcmp(&data, &t->state.data, sizeof data) != 0)
        return nd_fail(ND_E_DATA,
                       "the data are not those that the run %s began with\n"
                       "bring them back, or start from its weights with --fork",
                       t->run.path);
    t->state.recipe = recipe;
    return learn_run_cut(&t->run, t->state.step, t->state.epoch);
}

static nd_status open_run(nd_train *t)
{
    return t->ask.resume && !t->ask.is_fork ? resume(t) : ND_OK;
}

static nd_status open_all(nd_train *t)
{
    const nd_train_ask *ask = &t->ask;
    const bool goes_on = ask->resume && !ask->is_fork;
    if (goes_on) {
        if (ask->recipe) ND_TRY(check_same(t, ask->recipe, ask->resume));
        t->recipe = nd_run_recipe(t->arena, ask->resume);
    } else if (!t->recipe && ask->resume) {
        t->recipe = nd_run_recipe(t->arena, ask->resume);
    }
    if (!t->recipe) return ND_E_PARAM;
    // Before anything is decided by task: what a later recipe is compared with.
    nd_buffer *config = nd_alloc(t->arena, 1, sizeof *config);
    if (!config) return ND_E_MEMORY;
    config->arena = t->arena;
    ND_TRY(nd_recipe_print(t->recipe, false, config));
    t->config = nd_buffer_text(config);
    learn_scales_from(t, goes_on);
    ND_TRY(open_data(t));
    learn_tell_scales(t);
    ND_TRY(make_net(t));
    if (!goes_on) ND_TRY(learn_pretrained(t));
    // Before the optimiser: averages begin with these weights.
    if (ask->resume && ask->is_fork) ND_TRY(learn_state_load(t, ask->resume, true));
    make_goal(t);
    make_plan(t);
    t->state.recipe = hash_recipe(t->arena, t->recipe);
    ND_TRY(learn_make_optim(t));
    return open_run(t);
}

nd_train *nd_train_open(nd_arena *arena, const nd_train_ask *ask)
{
    nd_train *t = nd_alloc(arena, 1, sizeof *t);
    if (!t) return NULL;
    t->arena = arena, t->ask = *ask, t->recipe = ask->recipe;
    t->run.lock = -1;
    t->state.best = t->pictures_s = (double)NAN;
    t->began = nd_seconds(), t->cpu_began = nd_cpu_seconds();
    return open_all(t) == ND_OK ? t : NULL;
}

const char *nd_train_folder(const nd_train *train)
{
    return train->run.path;
}

const nd_recipe *nd_train_recipe(const nd_train *train)
{
    return train->recipe;
}

void nd_train_stop(nd_train *train)
{
    atomic_store(&train->stop, true);
}
