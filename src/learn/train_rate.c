// SPDX-License-Identifier: Apache-2.0
// Steps that are taken back: the range test, and how fast a recipe trains.
#include "learn/loop.h"
#include <math.h>

nd_status learn_freeze(nd_train *t, bool frozen)
{
    if (frozen == t->is_frozen) return ND_OK;
    for (int g = 0; g + 1 < t->model->groups; g++) {
        const char *const *prefix;
        size_t count;
        ND_TRY(nd_text_split(t->arena, t->model->group[g], &prefix, &count));
        for (size_t i = 0; i < count; i++)
            ND_TRY(nd_net_freeze(t->net, prefix[i], frozen));
    }
    t->is_frozen = frozen;
    return ND_OK;
}

// Batches of the training side without end: epoch after epoch.
typedef struct stream {
    nd_train *train;
    nd_arena *arena;
    nd_loader *loader;
    uint32_t epoch;
    double waited; // by loaders before this one
} stream;

static nd_status next(stream *s, nd_batch *batch)
{
    for (int tries = 0; tries < 2; tries++) {
        if (!s->loader) {
            const nd_loader_make make = {.side = ND_TRAIN,
                                         .epoch = s->epoch++,
                                         .batch = s->train->recipe->train.batch,
                                         .drop_last = true,
                                         .mixes = true};
            s->loader = nd_loader_new(s->arena, s->train->data, &make);
            if (!s->loader) return ND_E_MEMORY;
        }
        ND_TRY(nd_loader_next(s->loader, batch));
        if (batch->count) return ND_OK;
        s->waited += nd_loader_waited(s->loader);
        nd_loader_stop(s->loader);
        s->loader = NULL;
    }
    return nd_fail(ND_E_DATA, "the training side gives no batch\nmake batch smaller");
}

static void stop_stream(stream *s)
{
    if (s->loader) s->waited += nd_loader_waited(s->loader);
    if (s->loader) nd_loader_stop(s->loader);
    s->loader = NULL;
}

// One step, and its loss; not a number where there was none.
static nd_status step(stream *s, double *loss)
{
    nd_train *t = s->train;
    for (int i = 0; i < t->recipe->train.accumulate; i++) {
        nd_batch batch;
        nd_stepped stepped;
        ND_TRY(next(s, &batch));
        const nd_status status =
            nd_step(t->net, t->optim, &t->goal, &batch.x, &batch.y, &stepped);
        *loss = (double)NAN;
        if (status == ND_E_DATA) return (void)nd_error_take(), ND_OK;
        ND_TRY(status);
        *loss = stepped.loss;
    }
    return ND_OK;
}

static nd_status test_rates(stream *s, nd_rate_test *test)
{
    nd_train *t = s->train;
    for (bool goes_on = true; goes_on;) {
        double loss;
        nd_optim_rate(t->optim, nd_rate_test_at(test->count), -1);
        ND_TRY(step(s, &loss));
        goes_on = nd_rate_test_add(test, loss);
        learn_tell(t, &(nd_train_news){.what = ND_TRAIN_CHECK,
                                       .name = "rate",
                                       .loss = loss,
                                       .step = test->count,
                                       .steps = ND_RATE_POINTS});
        if (t->run.lock >= 0) learn_take_order(t);
        if (atomic_load(&t->stop))
            return nd_fail(ND_E_CANCELLED,
                           "stopped on request during the range test\nstart it again");
    }
    nd_rate_test_suggest(test);
    return ND_OK;
}

// Nothing of what `try` does to weights and moments stays.
static nd_status and_back(nd_train *t, nd_status (*try)(stream *, void *), void *with)
{
    nd_arena *arena = nd_arena_new();
    if (!arena) return ND_E_MEMORY;
    stream s = {.train = t, .arena = arena};
    learn_copy *copy = learn_copy_take(arena, t);
    nd_status status = copy ? learn_freeze(t, t->plan.freeze > 0) : ND_E_MEMORY;
    if (status == ND_OK) status = try(&s, with);
    stop_stream(&s);
    const nd_error error = nd_error_take();
    if (copy && learn_copy_put(copy, t) != ND_OK && status == ND_OK) status = ND_E_MEMORY;
    nd_arena_free(arena);
    return status == ND_OK || !error.code ? status : nd_error_give(&error);
}

static nd_status try_rates(stream *s, void *test)
{
    return test_rates(s, test);
}

nd_status learn_find_rate(nd_train *train, nd_rate_test *test)
{
    *test = (nd_rate_test){0};
    ND_TRY(and_back(train, try_rates, test));
    if (isfinite(test->valley)) return ND_OK;
    return nd_fail(ND_E_DATA,
                   "the range test says nothing: the loss blew up after %d steps\n"
                   "give train.rate a number, or look at the data",
                   test->count);
}

nd_status nd_train_find_rate(nd_train *train, nd_rate_test *test)
{
    return learn_find_rate(train, test);
}

static nd_status try_speed(stream *s, void *with)
{
    learn_speed *speed = with;
    nd_train *t = s->train;
    double loss;
    nd_optim_rate(t->optim, 1e-6, -1);
    ND_TRY(step(s, &loss)); // compiles, and fills the loader
    const double waited = s->loader ? nd_loader_waited(s->loader) : 0;
    const double begun = nd_seconds(), cpu = nd_cpu_seconds();
    int steps = 0;
    do {
        ND_TRY(step(s, &loss));
        steps++;
    } while (nd_seconds() - begun < speed->seconds && !atomic_load(&t->stop));
    stop_stream(s);
    const double took = nd_seconds() - begun;
    const double pictures =
        (double)steps * t->recipe->train.batch * t->recipe->train.accumulate;
    speed->pictures_s = pictures / took;
    speed->cpu_s = (nd_cpu_seconds() - cpu) / pictures;
    speed->wait = (s->waited - waited) / took;
    return ND_OK;
}

nd_status learn_find_speed(nd_train *train, learn_speed *speed)
{
    return and_back(train, try_speed, speed);
}

double learn_epoch_pictures(const nd_train *train)
{
    return (double)train->per_epoch * train->recipe->train.batch +
           learn_check_pictures(train);
}

nd_status nd_train_measure(nd_train *train, double seconds, nd_train_forecast *forecast)
{
    learn_speed speed = {.seconds = seconds};
    ND_TRY(learn_find_speed(train, &speed));
    const double each = learn_epoch_pictures(train);
    *forecast = (nd_train_forecast){.pictures_s = speed.pictures_s,
                                    .epoch_s = each / speed.pictures_s,
                                    .wait = speed.wait,
                                    .epochs = train->recipe->train.epochs,
                                    .parameters = nd_net_parameters(train->net)};
    if (!forecast->epochs) forecast->epochs = learn_affordable(train, each * speed.cpu_s);
    const nd_train_keys *k = &train->recipe->train;
    forecast->steps = train->per_epoch / k->accumulate * forecast->epochs;
    forecast->total_s = forecast->epoch_s * forecast->epochs;
    if (k->rate <= 0)
        forecast->total_s += ND_RATE_POINTS * (double)k->batch / speed.pictures_s;
    return ND_OK;
}

int learn_affordable(const nd_train *train, double cpu_s)
{
    const double left = train->recipe->train.minutes * 60 - learn_cpu_seconds(train);
    if (!(cpu_s > 0)) return 1;
    return left > cpu_s ? (int)fmin(left / cpu_s, 1e6) : 0;
}
