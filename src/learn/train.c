// SPDX-License-Identifier: Apache-2.0
// The loop: rate, epochs, validation, the best kept, orders obeyed between steps.
#include "learn/loop.h"
#include <math.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

// ---- Before the first epoch: numbers that are then part of the state.
static nd_status settle_rate(nd_train *t)
{
    if (t->state.rate > 0) return ND_OK;
    nd_rate_test *test = nd_alloc(t->arena, 1, sizeof *test);
    nd_buffer text = {.arena = t->arena};
    nd_json_out out = {.to = &text};
    if (!test) return ND_E_MEMORY;
    ND_TRY(learn_find_rate(t, test));
    t->state.rate = t->recipe->train.rate = test->valley;
    learn_origin *origin = learn_origin_of(t->recipe, "train", "rate");
    if (origin) *origin = (learn_origin){LEARN_AUTO, 0};
    ND_TRY(nd_rate_test_describe(test, &out));
    ND_TRY(learn_file_text(learn_run_file(&t->run, t->arena, "rate.json"), &text));
    learn_tell(t, &(nd_train_news){.what = ND_TRAIN_RATE, .test = test});
    learn_plot_rate(t, test);
    return ND_OK;
}

static nd_status settle_epochs(nd_train *t)
{
    nd_train_keys *k = &t->recipe->train;
    if (k->epochs > 0) return ND_OK;
    learn_speed speed = {.seconds = 2};
    ND_TRY(learn_find_speed(t, &speed));
    const int epochs = learn_affordable(t, speed.cpu_s * learn_epoch_pictures(t));
    k->epochs = epochs > 1 ? epochs : 1;
    learn_origin *origin = learn_origin_of(t->recipe, "train", "epochs");
    if (origin) *origin = (learn_origin){LEARN_AUTO, 0};
    t->state.epochs = k->epochs;
    t->state.total = t->per_epoch / k->accumulate * k->epochs;
    learn_fact(t, "budget", "%d epochs fit into %.4g CPU minutes", k->epochs, k->minutes);
    return ND_OK;
}

static nd_status begin(nd_train *t)
{
    t->plan.rate = t->state.rate;
    if (t->is_resumed) {
        char words[64];
        snprintf(words, sizeof words, "from step %lld", (long long)t->state.step);
        return learn_event(t, "resume", words);
    }
    ND_TRY(learn_status(t, "running", true));
    ND_TRY(settle_rate(t));
    ND_TRY(settle_epochs(t));
    t->plan.rate = t->state.rate;
    ND_TRY(learn_files_begin(t));
    return learn_state_save(t);
}

// ---- Orders of the page and of signals; only between steps.
static nd_status stop_here(nd_train *t)
{
    ND_TRY(learn_state_save(t));
    ND_TRY(learn_event(t, "stop", NULL));
    ND_TRY(learn_status(t, "stopped", true));
    learn_plots(t);
    return nd_fail(ND_E_CANCELLED,
                   "stopped on request after step %lld of %lld; all of it is kept\n"
                   "go on with it: nadir train --resume %s",
                   (long long)t->state.step, (long long)t->state.total, t->run.path);
}

void learn_take_order(nd_train *t)
{
    const learn_order order = learn_run_order(&t->run);
    if (order == LEARN_STOP) t->by_control = true, atomic_store(&t->stop, true);
    if (order == LEARN_PAUSE) t->is_paused = true;
    if (order == LEARN_RESUME) t->is_paused = false;
    if (order == LEARN_SAVE) t->wants_save = true;
}

static nd_status pause_here(nd_train *t)
{
    static const struct timespec nap = {0, 100000000};
    ND_TRY(learn_state_save(t));
    ND_TRY(learn_event(t, "pause", NULL));
    while (t->is_paused && !atomic_load(&t->stop)) {
        ND_TRY(learn_status(t, "paused", t->run.status_at + 1 < nd_seconds()));
        (void)nanosleep(&nap, NULL);
        learn_take_order(t);
    }
    return atomic_load(&t->stop) ? ND_OK : learn_event(t, "go on", NULL);
}

static nd_status obey(nd_train *t)
{
    learn_take_order(t);
    if (t->is_paused) ND_TRY(pause_here(t));
    if (atomic_load(&t->stop)) return stop_here(t);
    const double since = nd_seconds() - t->saved_at;
    if (t->wants_save || since > t->recipe->train.save * 60) {
        const bool is_asked = t->wants_save;
        t->wants_save = false;
        ND_TRY(learn_state_save(t));
        if (is_asked) ND_TRY(learn_event(t, "save", NULL));
    }
    return learn_status(t, "running", false);
}

// ---- One step.
typedef struct pace {
    double at, waited;
    int64_t batches;
} pace;

// Speed and waiting of the last twenty batches or so; the first one compiles.
static double measure(nd_train *t, pace *p, nd_loader *loader)
{
    const double now = nd_seconds(), waited = nd_loader_waited(loader);
    const double took = fmax(now - p->at, 1e-9);
    const double speed = t->recipe->train.batch / took;
    const double wait = fmin((waited - p->waited) / took, 1);
    if (p->batches++ > 0) {
        const bool is_first = !(t->pictures_s > 0);
        // Means of times, not of speeds.
        t->pictures_s = is_first ? speed : 1 / (0.95 / t->pictures_s + 0.05 / speed);
        t->wait = is_first ? wait : 0.95 * t->wait + 0.05 * wait;
    }
    p->at = now, p->waited = waited;
    return speed;
}

static void name_samples(const nd_batch *batch, char text[256])
{
    text[0] = 0;
    size_t length = 0;
    for (int i = 0; batch->place && i < batch->count && i < 8; i++) {
        const char *name = batch->place[i].name ? batch->place[i].name : "?";
        if (length + strlen(name) + 3 > 250) break;
        length +=
            (size_t)snprintf(text + length, 256 - length, "%s%s", i ? ", " : "", name);
    }
}

// A loss that is no number: nothing was learnt from this batch. Three in a row are no
// accident; from the first on, the layer is sought that made it.
static nd_status skip(nd_train *t, const nd_batch *batch, int *in_a_row)
{
    const nd_error error = nd_error_take();
    char names[256];
    if (++*in_a_row >= 3) {
        ND_TRY(learn_event(t, "nan", error.what));
        ND_TRY(learn_status(t, "failed", true));
        return nd_error_give(&error);
    }
    name_samples(batch, names);
    nd_net_check_finite(t->net, true);
    t->state.skipped++;
    return learn_event(t, "skip", names);
}

static nd_status learn_batch(nd_train *t, const nd_batch *batch, int *in_a_row,
                             nd_stepped *stepped)
{
    const nd_status status =
        nd_step(t->net, t->optim, &t->goal, &batch->x, &batch->y, stepped);
    if (status == ND_E_DATA) {
        *stepped = (nd_stepped){.loss = (double)NAN, .norm = (double)NAN};
        return skip(t, batch, in_a_row);
    }
    ND_TRY(status);
    if (*in_a_row) nd_net_check_finite(t->net, false);
    *in_a_row = 0;
    t->state.loss_sum += stepped->loss, t->state.loss_count++;
    return t->goal.keeps_output ? learn_tell_hard(t, batch, &stepped->output) : ND_OK;
}

static nd_status epoch_steps(nd_train *t, nd_loader *loader)
{
    learn_state *s = &t->state;
    const int accumulate = t->recipe->train.accumulate;
    pace p = {.at = nd_seconds()};
    int in_a_row = 0;
    while (s->batch < t->per_epoch) {
        nd_batch batch;
        nd_stepped stepped;
        const nd_rate rate = nd_rate_at(&t->plan, s->step, s->total);
        ND_TRY(nd_loader_next(loader, &batch));
        if (!batch.count)
            return nd_fail(ND_E_BUG,
                           "an epoch ended after %lld of %lld batches\n"
                           "report this with the recipe",
                           (long long)s->batch, (long long)t->per_epoch);
        ND_TRY(learn_freeze(t, rate.frozen));
        nd_optim_rate(t->optim, rate.rate, isnan(rate.momentum) ? -1 : rate.momentum);
        ND_TRY(learn_batch(t, &batch, &in_a_row, &stepped));
        const double speed = measure(t, &p, loader);
        s->batch++;
        if (s->batch % accumulate == 0) s->step++;
        ND_TRY(learn_step_line(t, &stepped, rate.rate, speed));
        learn_tell(t, &(nd_train_news){.what = ND_TRAIN_STEP,
                                       .loss = stepped.loss,
                                       .rate = rate.rate});
        if (s->batch % accumulate == 0) ND_TRY(obey(t));
    }
    return ND_OK;
}

static nd_status train_epoch(nd_train *t)
{
    const nd_train_keys *k = &t->recipe->train;
    nd_arena *arena = nd_arena_new();
    if (!arena) return ND_E_MEMORY;
    const double calm = (1 - k->calm) * t->state.epochs;
    const nd_loader_make make = {.side = ND_TRAIN,
                                 .epoch = (uint32_t)t->state.epoch,
                                 .first = t->state.batch * k->batch,
                                 .batch = k->batch,
                                 .drop_last = true,
                                 .mixes = t->state.epoch < calm};
    t->epoch_began = learn_seconds(t);
    nd_loader *loader = nd_loader_new(arena, t->data, &make);
    const nd_status status = loader ? epoch_steps(t, loader) : ND_E_MEMORY;
    if (loader) nd_loader_stop(loader);
    nd_arena_free(arena);
    return status;
}

// ---- After an epoch.
static nd_status keep_best(nd_train *t, nd_train_news *news, learn_check *check,
                           bool is_ema)
{
    learn_state *s = &t->state;
    const double value = learn_check_value(t, &check->score);
    news->is_ema = is_ema;
    news->is_best = learn_is_better(t, value, s->best) || !isfinite(s->best);
    if (!news->is_best) return s->worse++, ND_OK;
    s->best = value, s->best_epoch = s->epoch, s->best_is_ema = is_ema, s->worse = 0;
    return learn_model_save(t, check, 1);
}

// Raw weights first, then the averaged ones; the net leaves with the raw ones.
static nd_status check_both(nd_train *t, nd_arena *arena, nd_train_news *news)
{
    learn_check raw, ema;
    ND_TRY(learn_check_run(t, arena, ND_VALID, false, &raw));
    news->raw = raw.score;
    if (t->recipe->train.ema <= 0) {
        ND_TRY(keep_best(t, news, &raw, false));
        return learn_files_epoch(t, &raw);
    }
    ND_TRY(nd_optim_swap(t->optim));
    nd_status status = learn_measure_norms(t);
    if (status == ND_OK) status = learn_check_run(t, arena, ND_VALID, false, &ema);
    if (status == ND_OK) news->ema = ema.score;
    const bool is_ema =
        status == ND_OK && !learn_is_better(t, learn_check_value(t, &raw.score),
                                            learn_check_value(t, &ema.score));
    if (is_ema) status = keep_best(t, news, &ema, true);
    ND_TRY(nd_optim_swap(t->optim));
    ND_TRY(status);
    if (!is_ema) ND_TRY(keep_best(t, news, &raw, false));
    return learn_files_epoch(t, is_ema ? &ema : &raw);
}

// What is left of the budget decides how many epochs are still to come; the schedule
// goes on from where it is, to an earlier end.
static nd_status fit_budget(nd_train *t, double cpu_s)
{
    learn_state *s = &t->state;
    const int left = s->epochs - s->epoch;
    if (t->recipe->train.minutes <= 0 || left <= 0) return ND_OK;
    const int most = learn_affordable(t, cpu_s);
    if (most >= left) return ND_OK;
    char words[96];
    s->epochs = s->epoch + most;
    s->total = t->per_epoch / t->recipe->train.accumulate * s->epochs;
    snprintf(words, sizeof words, "the budget allows %d epochs instead of %d", s->epochs,
             s->epoch + left);
    return learn_event(t, "budget", words);
}

static nd_status end_epoch(nd_train *t, double cpu_began)
{
    learn_state *s = &t->state;
    nd_arena *arena = nd_arena_new();
    if (!arena) return ND_E_MEMORY;
    nd_train_news news = {
        .what = ND_TRAIN_EPOCH,
        .rate = nd_rate_at(&t->plan, s->step > 0 ? s->step - 1 : 0, s->total).rate,
        .train.loss = s->loss_count ? s->loss_sum / (double)s->loss_count : (double)NAN};
    nd_status status = check_both(t, arena, &news);
    nd_arena_free(arena);
    ND_TRY(status);
    news.seconds = learn_seconds(t);
    learn_tell(t, &news);
    ND_TRY(learn_epoch_line(t, &news));
    nd_dataset_turn(t->data);
    s->epoch++, s->batch = 0, s->loss_sum = 0, s->loss_count = 0, s->skipped = 0;
    ND_TRY(fit_budget(t, learn_cpu_seconds(t) - cpu_began));
    const int patience = t->recipe->train.patience;
    if (patience > 0 && s->worse >= patience && s->epoch < s->epochs) {
        s->epochs = s->epoch, s->total = s->step;
        ND_TRY(learn_event(t, "early", "nothing became better"));
    }
    return learn_state_save(t);
}

static nd_status go(nd_train *t)
{
    learn_state *s = &t->state;
    ND_TRY(begin(t));
    t->saved_at = nd_seconds();
    ND_TRY(obey(t));
    while (s->epoch < s->epochs) {
        const double cpu = learn_cpu_seconds(t);
        ND_TRY(train_epoch(t));
        ND_TRY(end_epoch(t, cpu));
    }
    ND_TRY(learn_finish(t));
    s->is_done = true;
    ND_TRY(learn_state_save(t));
    ND_TRY(learn_event(t, "done", NULL));
    ND_TRY(learn_status(t, "done", true));
    learn_plots(t);
    return ND_OK;
}

// A disk that is full, or gone for a while, takes nothing of what was kept before.
static nd_status failed(const nd_train *t, const nd_error *error)
{
    const char *state = learn_run_file(&t->run, t->arena, "state/last.safetensors");
    if (error->code != ND_E_IO || !state || access(state, R_OK) != 0)
        return nd_error_give(error);
    return nd_fail(error->code, "%s\n%s; then go on: nadir train --resume %s",
                   error->what, error->remedy, t->run.path);
}

nd_status nd_train_run(nd_train *t)
{
    if (t->state.is_done)
        return nd_fail(ND_E_PARAM,
                       "the run %s is done\n"
                       "start a new one, from its weights with --fork",
                       t->run.path);
    if (t->run.lock < 0) {
        const nd_hash hash = t->state.recipe;
        ND_TRY(learn_run_new(t->arena, &t->ask, t->recipe->name, hash, &t->run));
    }
    const nd_status status = go(t);
    if (status == ND_OK) return status;
    const nd_error error = nd_error_take();
    const char *state = status == ND_E_CANCELLED ? "stopped" : "failed";
    if (learn_status(t, state, true) != ND_OK) (void)nd_error_take();
    // Who presses stop on the page wants just that: no failure.
    if (status == ND_E_CANCELLED && t->by_control) return ND_OK;
    return failed(t, &error);
}
