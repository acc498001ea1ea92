// SPDX-License-Identifier: Apache-2.0
// A model run over one side of a set of examples, all its answers gathered.
#include "learn/evaluate.h"
#include <math.h>
#include <nadir/lattice.h>
#include <nadir/pool.h>
#include <string.h>

static nd_status shapes(evaluating *e)
{
    const nd_card *card = e->model->card;
    nd_dataset_shape(e->ask->data, &e->bands, &e->height, &e->width);
    e->is_mask = nd_dataset_is_mask(e->ask->data);
    e->count = nd_dataset_count(e->ask->data, (nd_side)e->ask->side);
    e->pixels = e->is_mask ? (int64_t)e->height * e->width : 1;
    const bool is_value = nd_dataset_value(e->ask->data) != NULL;
    if (is_value != (card->class_count == 0))
        return nd_fail(ND_E_DATA,
                       is_value ? "%s tells classes apart, and the labels hold values\n"
                                  "give other data"
                                : "%s gives values, and the labels hold classes\n"
                                  "give other data",
                       e->model->path);
    if (is_value && e->ask->views)
        return nd_fail(ND_E_UNSUPPORTED,
                       "%s gives values, and views are averaged of classes only\n"
                       "leave --tta out",
                       e->model->path);
    if (e->count == 0)
        return nd_fail(ND_E_DATA,
                       "there is nothing on the side %s of the data\n"
                       "choose another with --split, or none for all of them",
                       nd_side_name((nd_side)e->ask->side));
    e->classes = is_value ? 1 : card->class_count;
    e->batch = e->ask->batch > 0 ? e->ask->batch : e->is_mask ? 4 : 64;
    if (e->batch > e->count) e->batch = (int)e->count;
    nd_shape out;
    const int around = 2 * e->model->margin;
    ND_TRY(nd_net_output(e->model->net,
                         ND_SHAPE(1, e->bands, e->height + around, e->width + around),
                         &out));
    if (out.rank >= 2 && out.dim[1] == e->classes &&
        nd_shape_count(out) == e->classes * e->pixels)
        return ND_OK;
    return nd_fail(ND_E_DATA,
                   "%s gives %lld numbers for a picture of %d x %d, the data want %lld\n"
                   "pictures want a classifier, masks a segmenter",
                   e->model->path, (long long)nd_shape_count(out), e->width, e->height,
                   (long long)(e->classes * e->pixels));
}

static nd_status begin(evaluating *e)
{
    nd_evaluator_make make = {.classes = e->classes,
                              .samples = e->count,
                              .pixels = e->pixels,
                              .temperature = e->model->card->temperature,
                              .seed = e->ask->seed};
    const size_t numbers = (size_t)e->batch * (size_t)e->classes * (size_t)e->pixels;
    e->logit = nd_alloc(e->arena, numbers, sizeof(float));
    if (!e->logit) return ND_E_MEMORY;
    if (nd_dataset_value(e->ask->data)) return learn_values_new(e);
    e->plain = nd_evaluator_new(e->arena, &make);
    if (!e->plain) return ND_E_MEMORY;
    const int around = 2 * e->model->margin;
    if (around)
        e->wide = nd_alloc(e->arena,
                           (size_t)e->batch * (size_t)e->bands *
                               (size_t)(e->height + around) * (size_t)(e->width + around),
                           sizeof(float));
    if (around && !e->wide) return ND_E_MEMORY;
    if (!e->ask->views) return ND_OK;
    make.is_brief = true;
    make.temperature = 1; // what goes in is the log of a probability
    e->viewed = nd_evaluator_new(e->arena, &make);
    e->turned = nd_alloc(e->arena,
                         (size_t)e->batch * (size_t)e->bands * (size_t)e->height *
                             (size_t)e->width,
                         sizeof(float));
    e->turned_logit = nd_alloc(e->arena, numbers, sizeof(float));
    e->mean = nd_alloc(e->arena, numbers, sizeof(float));
    e->p = nd_alloc(e->arena, (size_t)e->classes, sizeof(double));
    e->row = nd_alloc(e->arena, (size_t)e->classes, sizeof(float));
    return e->viewed && e->turned && e->turned_logit && e->mean && e->p && e->row
               ? ND_OK
               : ND_E_MEMORY;
}

// What lies past the edge is the picture mirrored, as Predict has it at a scene's edge.
static void widen(const evaluating *e, const float *picture, int count)
{
    const int m = e->model->margin, high = e->height + 2 * m, wide = e->width + 2 * m;
    float *to = e->wide;
    for (int64_t i = 0; i < (int64_t)count * e->bands; i++)
        for (int y = 0; y < high; y++) {
            const float *row =
                picture +
                (i * e->height + nd_lattice_reflect(y - m, e->height)) * e->width;
            for (int x = 0; x < wide; x++)
                *to++ = row[nd_lattice_reflect(x - m, e->width)];
        }
}

nd_status learn_infer(evaluating *e, const float *picture, int count, float *logit)
{
    const int around = 2 * e->model->margin;
    if (around) widen(e, picture, count);
    const nd_array x = {ND_FLOAT32,
                        ND_SHAPE(count, e->bands, e->height + around, e->width + around),
                        around ? e->wide : (void *)(uintptr_t)picture};
    nd_array out = {ND_FLOAT32, ND_SHAPE(count, e->classes), logit};
    if (around) out.shape = ND_SHAPE(count, e->classes, 1, 1);
    if (e->is_mask) out.shape = ND_SHAPE(count, e->classes, e->height, e->width);
    const double from = nd_seconds();
    ND_TRY(nd_infer(e->model->net, &x, &out));
    e->seconds += nd_seconds() - from;
    return ND_OK;
}

// The units of the split: squares of ground, else scenes by name: what is cut from one
// belongs together. Pictures stand for themselves.
int64_t learn_unit_of(evaluating *e, const nd_place *place, int64_t index)
{
    if (!e->is_mask || !place || !place->name) return index;
    e->by_squares = place->unit != 0;
    if (place->unit) return (int64_t)place->unit;
    const nd_hash hash = nd_hash_text((nd_hash){0, 0}, place->name);
    return (int64_t)hash.a;
}

static nd_status give(evaluating *e, nd_evaluator *to, const nd_batch *batch,
                      const float *logit)
{
    const int64_t *label = batch->y.data;
    for (int i = 0; i < batch->count; i++) {
        const int64_t index = batch->first + i;
        const nd_answer answer = {
            .logit = &logit[(int64_t)i * e->classes * e->pixels],
            .label = &label[i * e->pixels],
            .height = e->is_mask ? e->height : 1,
            .width = e->is_mask ? e->width : 1,
            .index = index,
            .unit = learn_unit_of(e, batch->place ? &batch->place[i] : NULL, index)};
        ND_TRY(nd_evaluator_add(to, &answer));
    }
    return ND_OK;
}

static nd_status one_batch(evaluating *e, const nd_batch *batch)
{
    const float *picture = batch->x.data;
    ND_TRY(learn_infer(e, picture, batch->count, e->logit));
    if (e->values) {
        learn_values_add(e, batch, e->logit);
        return ND_OK;
    }
    ND_TRY(give(e, e->plain, batch, e->logit));
    if (!e->viewed) return ND_OK;
    ND_TRY(learn_views(e, picture, batch->count));
    return give(e, e->viewed, batch, e->mean);
}

static nd_status all_batches(evaluating *e)
{
    const nd_loader_make make = {.side = (nd_side)e->ask->side,
                                 .batch = e->batch,
                                 .workers = e->ask->workers,
                                 .is_plain = true};
    const nd_work work = {.arena = e->arena, .cancel = e->ask->cancel};
    nd_loader *loader = nd_loader_new(e->arena, e->ask->data, &make);
    if (!loader) return ND_E_DATA;
    nd_status status = ND_OK;
    for (int64_t done = 0; status == ND_OK;) {
        nd_batch batch;
        status = nd_work_go_on(&work);
        if (status == ND_OK) status = nd_loader_next(loader, &batch);
        if (status != ND_OK || batch.count == 0) break;
        status = one_batch(e, &batch);
        done += batch.count;
        if (e->ask->progress) e->ask->progress(e->ask->user, done, e->count);
    }
    nd_loader_stop(loader);
    return status;
}

static nd_status finish(evaluating *e, nd_evaluation *to)
{
    ND_TRY(e->values ? learn_values_done(e, to) : nd_evaluator_done(e->plain, to));
    to->model = e->model->path;
    to->architecture = e->model->words;
    to->task = e->model->card->task;
    to->classes = e->model->card->classes;
    to->class_count = e->model->card->class_count;
    to->is_mask = e->is_mask;
    to->by_squares = e->by_squares;
    if (e->viewed) {
        nd_evaluation views = {0};
        ND_TRY(nd_evaluator_done(e->viewed, &views));
        to->views = views.matrix;
        to->views_accuracy = views.accuracy;
    }
    to->seconds = e->seconds;
    if (!e->ask->pictures) return ND_OK;
    ND_TRY(learn_show_cases(e, to->worst, to->worsts));
    return learn_show_cases(e, to->typical, to->typicals);
}

nd_status nd_evaluate(nd_arena *arena, const nd_model_file *model,
                      const nd_evaluate_ask *ask, nd_evaluation *evaluation)
{
    evaluating e = {.arena = arena, .model = model, .ask = ask};
    nd_evaluation to = {0};
    ND_TRY(shapes(&e));
    ND_TRY(begin(&e));
    ND_TRY(all_batches(&e));
    ND_TRY(finish(&e, &to));
    *evaluation = to;
    return ND_OK;
}
