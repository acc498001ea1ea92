// SPDX-License-Identifier: Apache-2.0
// The validation side through the net: loss, matrix, interval, and what went worst.
#include "learn/loop.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct checker {
    nd_train *train;
    learn_check *check;
    float *logit; // of a batch
    int64_t pixels;
    double loss, counted;
} checker;

// -ln p of the label, the most probable class and its probability.
typedef struct verdict {
    int prediction;
    double confidence, loss;
} verdict;

static verdict judge(const float *logit, int classes, int64_t apart, int64_t label)
{
    int best = 0;
    for (int k = 1; k < classes; k++)
        if (logit[k * apart] > logit[best * apart]) best = k;
    const double top = (double)logit[best * apart];
    double sum = 0;
    for (int k = 0; k < classes; k++) sum += exp((double)logit[k * apart] - top);
    const bool has_label = label >= 0 && label < classes;
    return (verdict){.prediction = best,
                     .confidence = 1 / sum,
                     .loss = has_label ? log(sum) + top - (double)logit[label * apart]
                                       : (double)NAN};
}

static nd_status keep_place(nd_arena *arena, learn_shown *shown)
{
    nd_place *p = &shown->place;
    if (p->name) p->name = nd_text(arena, "%s", p->name);
    if (p->crs) p->crs = nd_text(arena, "%s", p->crs);
    return ND_OK;
}

static nd_status keep_masks(checker *c, learn_shown *shown, const float *logit,
                            const void *labels)
{
    const nd_train *t = c->train;
    const int64_t *label = labels;
    if (!t->is_mask) return ND_OK;
    shown->mask = nd_alloc_raw(c->check->arena, (size_t)c->pixels, 1);
    shown->truth_mask = nd_alloc_raw(c->check->arena, (size_t)c->pixels, 1);
    if (!shown->mask || !shown->truth_mask) return ND_E_MEMORY;
    for (int64_t i = 0; i < c->pixels; i++) {
        if (t->value) {
            shown->mask[i] = learn_value_shade(logit[i]);
            shown->truth_mask[i] = learn_value_shade(((const float *)labels)[i]);
            continue;
        }
        const verdict v = judge(logit + i, t->classes, c->pixels, label[i]);
        shown->mask[i] = (uint8_t)(v.prediction < 255 ? v.prediction : 254);
        shown->truth_mask[i] =
            (uint8_t)(label[i] >= 0 && label[i] < 255 ? label[i] : 255);
    }
    return ND_OK;
}

// Among the 24 with the largest loss? They are kept in falling order.
static nd_status keep(checker *c, learn_shown shown, const float *logit,
                      const void *label)
{
    learn_check *check = c->check;
    const int64_t count = nd_dataset_count(c->train->data, ND_VALID);
    // 24 of the side, evenly spread: always the same.
    const int64_t turn = check->samples;
    const bool is_sample =
        turn < LEARN_SHOWN &&
        shown.index == (count <= LEARN_SHOWN ? turn : turn * count / LEARN_SHOWN);
    int at = check->worsts;
    while (at > 0 && shown.loss > check->worst[at - 1].loss) at--;
    const bool is_worst = at < LEARN_SHOWN && isfinite(shown.loss);
    if (!is_sample && !is_worst) return ND_OK;
    ND_TRY(keep_place(check->arena, &shown));
    ND_TRY(keep_masks(c, &shown, logit, label));
    if (is_sample) check->sample[check->samples++] = shown;
    if (!is_worst) return ND_OK;
    if (check->worsts < LEARN_SHOWN) check->worsts++;
    memmove(check->worst + at + 1, check->worst + at,
            (size_t)(check->worsts - 1 - at) * sizeof *check->worst);
    check->worst[at] = shown;
    return ND_OK;
}

// What is drawn for an interval: squares of ground, else scenes.
static uint64_t unit_of(const nd_place *place)
{
    if (place->unit || !place->name) return place->unit;
    return nd_hash_text((nd_hash){0, 0}, place->name).a;
}

static nd_status add_values(checker *c, const nd_batch *batch, int i)
{
    const nd_train *t = c->train;
    learn_check *check = c->check;
    const float *answer = c->logit + (int64_t)i * c->pixels;
    const float *truth = (const float *)batch->y.data + i * c->pixels;
    const double loss = (double)learn_value_loss_of(t, answer, truth);
    learn_shown shown = {.index = batch->first + i,
                         .truth = -1,
                         .prediction = -1,
                         .confidence = (double)NAN,
                         .loss = loss,
                         .place = batch->place ? batch->place[i] : (nd_place){0}};
    nd_values of = {0};
    learn_value_add(t, answer, truth, &of);
    nd_values_merge(&check->values, &of, 1);
    const int64_t at = check->count++;
    check->right[at] = of.squared, check->labelled[at] = of.n;
    check->unit[at] = unit_of(&shown.place);
    if (of.n > 0) c->loss += loss * of.n, c->counted += of.n;
    shown.right = nd_values_scores(&of).rmse;
    return keep(c, shown, answer, truth);
}

static nd_status add_one(checker *c, const nd_batch *batch, int i)
{
    const nd_train *t = c->train;
    learn_check *check = c->check;
    const float *logit = c->logit + (int64_t)i * t->classes * c->pixels;
    const int64_t *label = (const int64_t *)batch->y.data + i * c->pixels;
    learn_shown shown = {.index = batch->first + i,
                         .truth = t->is_mask ? -1 : label[0],
                         .prediction = -1,
                         .place = batch->place ? batch->place[i] : (nd_place){0}};
    double loss = 0, sure = 0, right = 0, counted = 0;
    for (int64_t p = 0; p < c->pixels; p++) {
        const verdict v = judge(logit + p, t->classes, c->pixels, label[p]);
        if (!t->is_mask) shown.prediction = v.prediction;
        if (isnan(v.loss) && (label[p] < 0 || label[p] >= t->classes)) continue;
        nd_confusion_add(check->confusion, label[p], v.prediction, 1);
        loss += v.loss, sure += v.confidence, counted++;
        right += v.prediction == label[p];
    }
    const int64_t at = check->count++;
    check->right[at] = right, check->labelled[at] = counted;
    check->unit[at] = unit_of(&shown.place);
    if (check->logit) {
        memcpy(check->logit + at * t->classes, logit, (size_t)t->classes * sizeof *logit);
        check->label[at] = label[0];
    }
    c->loss += loss, c->counted += counted;
    shown.loss = counted > 0 ? loss / counted : (double)NAN;
    shown.confidence = counted > 0 ? sure / counted : (double)NAN;
    shown.right = counted > 0 ? right / counted : (double)NAN;
    return keep(c, shown, logit, label);
}

static nd_status add_batch(checker *c, const nd_batch *batch)
{
    nd_shape shape;
    ND_TRY(nd_net_output(c->train->net, batch->x.shape, &shape));
    nd_array out = {ND_FLOAT32, shape, c->logit};
    ND_TRY(nd_infer(c->train->net, &batch->x, &out));
    for (int i = 0; i < batch->count; i++)
        ND_TRY(c->train->value ? add_values(c, batch, i) : add_one(c, batch, i));
    return ND_OK;
}

// Sums of units: pixels of one are alike.
typedef struct sums {
    uint64_t unit;
    double right, labelled;
} sums;

static int by_unit(const void *a, const void *b)
{
    const sums *x = a, *y = b;
    return (x->unit > y->unit) - (x->unit < y->unit);
}

static void share(const void *user, const uint32_t *times, int64_t units, double *value)
{
    const sums *sum = user;
    double right = 0, all = 0;
    for (int64_t i = 0; i < units; i++)
        right += times[i] * sum[i].right, all += times[i] * sum[i].labelled;
    *value = all > 0 ? right / all : (double)NAN;
}

// Units of the split; chips where there are fewer than five of those.
static sums *sums_of(const learn_check *check, int64_t *units)
{
    sums *all = nd_alloc(check->arena, (size_t)check->count + 1, sizeof *all);
    sums *sum = nd_alloc(check->arena, (size_t)check->count + 1, sizeof *sum);
    if (!all || !sum) return NULL;
    for (int64_t i = 0; i < check->count; i++)
        all[i] = (sums){check->unit[i], check->right[i], check->labelled[i]};
    qsort(all, (size_t)check->count, sizeof *all, by_unit);
    int64_t n = 0;
    for (int64_t i = 0; i < check->count; i++) {
        if (n && sum[n - 1].unit == all[i].unit)
            sum[n - 1].right += all[i].right, sum[n - 1].labelled += all[i].labelled;
        else
            sum[n++] = all[i];
    }
    *units = n < 5 ? check->count : n;
    return n < 5 ? all : sum;
}

static nd_status sum_up(checker *c)
{
    learn_check *check = c->check;
    const nd_scores scores = nd_confusion_scores(check->confusion);
    nd_interval around = scores.accuracy_interval;
    if (c->train->is_mask && check->count > 1) {
        nd_bootstrap drawn;
        int64_t units = 0;
        const sums *sum = sums_of(check, &units);
        if (!sum) return ND_E_MEMORY;
        const nd_bootstrap_make make = {
            .of = share, .user = sum, .units = units, .draws = 400, .seed = 8};
        ND_TRY(nd_bootstrap_run(check->arena, &make, &drawn));
        around = drawn.interval;
    }
    check->score =
        (nd_train_score){.loss = c->counted > 0 ? c->loss / c->counted : (double)NAN,
                         .accuracy = scores.accuracy,
                         .low = around.low,
                         .high = around.high,
                         .miou = scores.miou,
                         .n = c->train->is_mask ? (double)check->count : scores.n,
                         .rmse = (double)NAN,
                         .r2 = (double)NAN};
    if (!c->train->value) return ND_OK;
    // What was drawn is the mean of squares: its root keeps the order.
    const nd_value_scores values = nd_values_scores(&check->values);
    check->score.accuracy = check->score.miou = (double)NAN;
    check->score.low = sqrt(around.low), check->score.high = sqrt(around.high);
    check->score.rmse = values.rmse, check->score.r2 = values.r2;
    return ND_OK;
}

static nd_status make_room(checker *c, nd_side side, bool keeps)
{
    const nd_train *t = c->train;
    learn_check *check = c->check;
    const size_t count = (size_t)nd_dataset_count(t->data, side);
    check->confusion = nd_confusion_new(check->arena, t->classes);
    check->right = nd_alloc(check->arena, count + 1, sizeof(double));
    check->labelled = nd_alloc(check->arena, count + 1, sizeof(double));
    check->unit = nd_alloc(check->arena, count + 1, sizeof *check->unit);
    if (!check->unit) return ND_E_MEMORY;
    c->pixels = t->is_mask ? (int64_t)t->height * t->width : 1;
    c->logit = nd_alloc_raw(check->arena, (size_t)(t->recipe->train.batch * c->pixels),
                            (size_t)t->classes * sizeof(float));
    if (keeps && !t->is_mask) {
        check->logit =
            nd_alloc_raw(check->arena, count + 1, (size_t)t->classes * sizeof(float));
        check->label = nd_alloc(check->arena, count + 1, sizeof(int64_t));
        if (!check->logit || !check->label) return ND_E_MEMORY;
    }
    return check->confusion && check->right && check->labelled && c->logit ? ND_OK
                                                                           : ND_E_MEMORY;
}

nd_status learn_check_run(nd_train *train, nd_arena *arena, nd_side side, bool keeps,
                          learn_check *check)
{
    *check = (learn_check){.arena = arena};
    checker c = {.train = train, .check = check};
    const int batch = train->recipe->train.batch;
    const int64_t count = nd_dataset_count(train->data, side);
    const nd_loader_make make = {.side = side, .epoch = 0, .batch = batch};
    ND_TRY(make_room(&c, side, keeps));
    nd_loader *loader = nd_loader_new(arena, train->data, &make);
    if (!loader) return ND_E_MEMORY;
    nd_status status;
    nd_batch one;
    while ((status = nd_loader_next(loader, &one)) == ND_OK && one.count) {
        status = add_batch(&c, &one);
        if (status != ND_OK) break;
        learn_tell(train, &(nd_train_news){.what = ND_TRAIN_CHECK,
                                           .step = one.first / batch + 1,
                                           .steps = (count + batch - 1) / batch});
    }
    nd_loader_stop(loader);
    ND_TRY(status);
    return sum_up(&c);
}

// ---- Averaged weights: running values that are averaged as well lag behind them.
int64_t learn_norm_batches(const nd_train *t)
{
    const nd_train_keys *k = &t->recipe->train;
    bool has_norms = false;
    for (int i = 0; i < nd_net_count(t->net); i++) {
        const nd_named one = nd_net_at(t->net, i);
        has_norms |= !one.is_parameter && one.value.dtype != ND_INT64;
    }
    if (!has_norms || k->ema <= 0) return 0;
    int64_t most = t->per_epoch / 4 > 8 ? t->per_epoch / 4 : 8;
    if (most > t->per_epoch) most = t->per_epoch;
    return k->norm_batches < most ? k->norm_batches : most;
}

// Pictures as validation has them: augmented, but not mixed.
nd_status learn_measure_norms(nd_train *t)
{
    const int64_t batches = learn_norm_batches(t);
    nd_arena *arena = batches > 0 ? nd_arena_new() : NULL;
    if (batches < 1) return ND_OK;
    if (!arena) return ND_E_MEMORY;
    const nd_loader_make make = {.side = ND_TRAIN,
                                 .epoch = (uint32_t)t->state.epoch,
                                 .batch = t->recipe->train.batch,
                                 .drop_last = true};
    nd_loader *loader = nd_loader_new(arena, t->data, &make);
    nd_status status = loader ? ND_OK : ND_E_MEMORY;
    for (int64_t turn = 0; status == ND_OK && turn < batches; turn++) {
        nd_batch batch;
        status = nd_loader_next(loader, &batch);
        if (status != ND_OK || !batch.count) break;
        status = nd_net_measure(t->net, &batch.x, turn);
    }
    if (loader) nd_loader_stop(loader);
    nd_arena_free(arena);
    return status;
}

double learn_check_pictures(const nd_train *t)
{
    const nd_train_keys *k = &t->recipe->train;
    const double valid = (double)nd_dataset_count(t->data, ND_VALID);
    const double measured = (double)learn_norm_batches(t) * k->batch;
    // A forward pass costs a third of a step.
    return (valid * (k->ema > 0 ? 2 : 1) + measured) / 3;
}

double learn_check_value(const nd_train *train, const nd_train_score *score)
{
    const int by = train->recipe->train.monitor.at;
    return by == 4   ? score->rmse
           : by == 3 ? score->loss
           : by == 2 ? score->miou
                     : score->accuracy;
}

bool learn_is_better(const nd_train *train, double a, double b)
{
    if (!isfinite(a)) return false;
    if (!isfinite(b)) return true;
    return train->recipe->train.monitor.at >= 3 ? a < b : a > b;
}
