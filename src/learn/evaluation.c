// SPDX-License-Identifier: Apache-2.0
// Answers of a model gathered one sample after the other, and the figures at the end.
#include "learn/cases.h"
#include <math.h>
#include <nadir/evaluate.h>
#include <nadir/pool.h>
#include <stdlib.h>
#include <string.h>

// What is kept whole is bounded: more answers than this, and a fixed share is kept.
enum { KEPT_NUMBERS = 1 << 26, KEPT_PIXELS = 1 << 18 };

// How often a unit answered one cell of the matrix.
typedef struct entry {
    int64_t unit, index;
    int32_t cell;
    double count;
} entry;

typedef struct answers_kept {
    float *logit;
    int64_t *label;
    int64_t count, room;
    double share; // of the answers
} answers_kept;

struct nd_evaluator {
    nd_arena *arena;
    nd_evaluator_make make;
    nd_confusion *matrix, *one; // all; this sample's
    entry *entry;
    int64_t entries, room;
    answers_kept kept;
    nd_ranks *ranks; // of each class, masks only
    nd_things *things;
    nd_outline *outline;
    double *p;
    float *row; // logits of one pixel
    learn_cases cases;
    nd_tally *tally;
    int64_t samples, pixel; // so far
};

static bool is_mask(const nd_evaluator *e)
{
    return e->make.pixels > 1;
}

static nd_status make_kept(nd_evaluator *e)
{
    const int64_t all = e->make.samples * e->make.pixels, k = e->make.classes;
    int64_t most = KEPT_NUMBERS / k;
    if (is_mask(e) && most > KEPT_PIXELS) most = KEPT_PIXELS;
    answers_kept *kept = &e->kept;
    kept->share = all > most ? (double)most / (double)all : 1;
    // The share is drawn: a little more than expected may come.
    kept->room = all > most ? most + most / 8 + 64 : all;
    kept->logit = nd_alloc(e->arena, (size_t)kept->room * (size_t)k, sizeof(float));
    kept->label = nd_alloc(e->arena, (size_t)kept->room, sizeof(int64_t));
    return kept->logit && kept->label ? ND_OK : ND_E_MEMORY;
}

static nd_status make_masks(nd_evaluator *e)
{
    const size_t k = (size_t)e->make.classes;
    e->ranks = nd_alloc(e->arena, k, sizeof *e->ranks);
    e->things = nd_alloc(e->arena, k, sizeof *e->things);
    e->outline = nd_alloc(e->arena, k, sizeof *e->outline);
    if (!e->ranks || !e->things || !e->outline) return ND_E_MEMORY;
    for (size_t i = 0; i < k; i++) ND_TRY(nd_ranks_new(e->arena, &e->ranks[i]));
    return ND_OK;
}

nd_evaluator *nd_evaluator_new(nd_arena *arena, const nd_evaluator_make *make)
{
    nd_evaluator *e = nd_alloc(arena, 1, sizeof *e);
    if (!e) return NULL;
    e->arena = arena;
    e->make = *make;
    if (!(make->temperature > 0)) e->make.temperature = 1;
    e->matrix = nd_confusion_new(arena, make->classes);
    e->one = nd_confusion_new(arena, make->classes);
    e->room = make->samples;
    e->entry = nd_alloc(arena, (size_t)e->room, sizeof *e->entry);
    e->p = nd_alloc(arena, (size_t)make->classes, sizeof *e->p);
    e->row = nd_alloc(arena, (size_t)make->classes, sizeof *e->row);
    e->tally = nd_alloc(arena, (size_t)make->samples, sizeof *e->tally);
    if (!e->matrix || !e->one || !e->entry || !e->p || !e->row || !e->tally) return NULL;
    if (make->is_brief) return e;
    if (make_kept(e) != ND_OK) return NULL;
    return !is_mask(e) || make_masks(e) == ND_OK ? e : NULL;
}

static void keep(nd_evaluator *e, int64_t label)
{
    answers_kept *kept = &e->kept;
    const uint64_t at = (uint64_t)e->pixel;
    if (kept->count == kept->room) return;
    if (kept->share < 1 && nd_random_unit(e->make.seed ^ 0x6b657074, at) >= kept->share)
        return;
    memcpy(&kept->logit[kept->count * e->make.classes], e->row,
           (size_t)e->make.classes * sizeof(float));
    kept->label[kept->count++] = label;
}

static nd_status entry_add(nd_evaluator *e, entry one)
{
    if (e->entries == e->room) {
        entry *more = nd_alloc(e->arena, (size_t)e->room * 2 + 64, sizeof *more);
        if (!more) return ND_E_MEMORY;
        memcpy(more, e->entry, (size_t)e->entries * sizeof *more);
        e->entry = more;
        e->room = e->room * 2 + 64;
    }
    e->entry[e->entries++] = one;
    return ND_OK;
}

// One sample as a case: sums over its pixels, then means.
typedef struct sample {
    double n, confidence, loss, right;
} sample;

static void see(nd_evaluator *e, int64_t label, sample *sum)
{
    const int classes = e->make.classes;
    const int best = nd_answer_softmax(e->row, classes, e->make.temperature, e->p);
    e->pixel++;
    if (label < 0 || label >= classes) return;
    nd_confusion_add(e->one, label, best, 1);
    if (!e->make.is_brief) keep(e, label);
    for (int k = 0; e->ranks && k < classes; k++)
        nd_ranks_add(&e->ranks[k], e->p[k], k == label);
    sum->n += 1;
    sum->confidence += e->p[best];
    sum->loss -= log(fmax(e->p[label], 1e-30));
    sum->right += best == label;
}

// What went wrong most; if nothing did, what there was most of.
static void commonest(const nd_confusion *one, nd_case *as)
{
    const int k = one->classes;
    double most = 0;
    for (int wrong = 1; wrong >= 0 && most <= 0; wrong--)
        for (int i = 0; i < k * k; i++) {
            if ((i / k != i % k) != wrong || one->count[i] <= most) continue;
            most = one->count[i];
            as->truth = i / k;
            as->prediction = i % k;
        }
}

static void remember(nd_evaluator *e, const nd_answer *answer, const sample *sum)
{
    nd_case one = {.index = answer->index,
                   .confidence = sum->confidence / sum->n,
                   .loss = sum->loss / sum->n,
                   .right = sum->right / sum->n};
    commonest(e->one, &one);
    learn_cases_add(&e->cases, e->make.seed, one);
}

static nd_status things_of(nd_evaluator *e, const nd_answer *answer)
{
    const int64_t pixels = (int64_t)answer->height * answer->width;
    const nd_mark mark = nd_arena_mark(e->arena);
    int64_t *prediction = nd_alloc_raw(e->arena, (size_t)pixels, sizeof *prediction);
    if (!prediction) return ND_E_MEMORY;
    for (int64_t i = 0; i < pixels; i++) {
        int best = 0;
        for (int k = 1; k < e->make.classes; k++)
            if (answer->logit[k * pixels + i] > answer->logit[best * pixels + i])
                best = k;
        prediction[i] = best;
    }
    const nd_masks masks = {answer->label, prediction, answer->height, answer->width};
    for (int k = 0; k < e->make.classes; k++) {
        const nd_mark inner = nd_arena_mark(e->arena);
        ND_TRY(nd_things_add(e->arena, &masks, k, &e->things[k]));
        ND_TRY(nd_outline_add(e->arena, &masks, k, &e->outline[k]));
        nd_arena_back(e->arena, inner);
    }
    nd_arena_back(e->arena, mark);
    return ND_OK;
}

nd_status nd_evaluator_add(nd_evaluator *e, const nd_answer *answer)
{
    const int64_t pixels = (int64_t)answer->height * answer->width;
    const int classes = e->make.classes;
    if (answer->index < 0 || answer->index >= e->make.samples)
        return nd_fail(ND_E_BUG, "answer %lld was not announced\nreport this",
                       (long long)answer->index);
    sample sum = {0};
    memset(e->one->count, 0, (size_t)(classes * classes) * sizeof(double));
    for (int64_t i = 0; i < pixels; i++) {
        for (int k = 0; k < classes; k++) e->row[k] = answer->logit[k * pixels + i];
        see(e, answer->label[i], &sum);
    }
    e->tally[answer->index] = (nd_tally){answer->unit, sum.n, sum.right};
    if (sum.n <= 0) return ND_OK;
    e->samples++;
    nd_confusion_sum(e->matrix, e->one, 1);
    for (int32_t i = 0; i < classes * classes; i++)
        if (e->one->count[i] > 0)
            ND_TRY(
                entry_add(e, (entry){answer->unit, answer->index, i, e->one->count[i]}));
    remember(e, answer, &sum);
    return e->things ? things_of(e, answer) : ND_OK;
}

static int by_unit(const void *a, const void *b)
{
    const entry *x = a, *y = b;
    if (x->unit != y->unit) return (x->unit > y->unit) - (x->unit < y->unit);
    return (x->cell > y->cell) - (x->cell < y->cell);
}

// Units get the numbers 0, 1, … ; gives how many there are.
static int64_t number_units(nd_evaluator *e)
{
    qsort(e->entry, (size_t)e->entries, sizeof *e->entry, by_unit);
    int64_t units = 0, last = 0;
    for (int64_t i = 0; i < e->entries; i++) {
        const int64_t unit = e->entry[i].unit;
        if (i == 0 || unit != last) units++;
        last = unit;
        e->entry[i].unit = units - 1;
    }
    return units;
}

static int64_t scatter(nd_evaluator *e)
{
    for (int64_t i = 0; i < e->entries; i++) e->entry[i].unit = e->entry[i].index;
    for (int64_t i = 0; i < e->make.samples; i++) e->tally[i].unit = i;
    return number_units(e);
}

// What is drawn again and again: accuracy, macro F1, miou, then F1 and IoU of each class.
enum { ACCURACY, MACRO_F1, MIOU, OF_CLASSES };

static void figures(const void *user, const uint32_t *times, int64_t units, double *value)
{
    const nd_evaluator *e = user;
    nd_confusion *m = e->one;
    (void)units;
    memset(m->count, 0, (size_t)(m->classes * m->classes) * sizeof(double));
    for (int64_t i = 0; i < e->entries; i++)
        m->count[e->entry[i].cell] += times[e->entry[i].unit] * e->entry[i].count;
    const nd_scores scores = nd_confusion_scores(m);
    value[ACCURACY] = scores.accuracy;
    value[MACRO_F1] = scores.f1;
    value[MIOU] = scores.miou;
    for (int k = 0; k < m->classes; k++) {
        const nd_class_score one = nd_confusion_class(m, k);
        value[OF_CLASSES + 2 * k] = one.f1;
        value[OF_CLASSES + 2 * k + 1] = one.iou;
    }
}

static double mean_of_units(nd_evaluator *e)
{
    double sum = 0, n = 0;
    for (int64_t i = 0; i < e->entries;) {
        const int64_t unit = e->entry[i].unit;
        memset(e->one->count, 0,
               (size_t)(e->one->classes * e->one->classes) * sizeof(double));
        for (; i < e->entries && e->entry[i].unit == unit; i++)
            e->one->count[e->entry[i].cell] += e->entry[i].count;
        const double miou = nd_confusion_scores(e->one).miou;
        if (isnan(miou)) continue;
        sum += miou;
        n += 1;
    }
    return n > 0 ? sum / n : (double)NAN;
}

static nd_status draw_intervals(nd_evaluator *e, nd_evaluation *to, nd_class_more *more)
{
    const int classes = e->make.classes, values = OF_CLASSES + 2 * classes;
    nd_bootstrap *b = nd_alloc(e->arena, (size_t)values, sizeof *b);
    if (!b) return ND_E_MEMORY;
    const nd_bootstrap_make make = {.of = figures,
                                    .user = e,
                                    .units = to->units,
                                    .values = values,
                                    .seed = e->make.seed};
    ND_TRY(nd_bootstrap_run(e->arena, &make, b));
    to->accuracy = is_mask(e) ? b[ACCURACY].interval : to->scores.accuracy_interval;
    to->f1 = b[MACRO_F1];
    to->miou = b[MIOU];
    for (int k = 0; k < classes; k++) {
        more[k].f1 = b[OF_CLASSES + 2 * k];
        more[k].iou = b[OF_CLASSES + 2 * k + 1];
    }
    return ND_OK;
}

static nd_status rank_pictures(nd_evaluator *e, nd_class_more *more)
{
    const nd_mark mark = nd_arena_mark(e->arena);
    const size_t n = (size_t)e->kept.count;
    const int classes = e->make.classes;
    double *score = nd_alloc(e->arena, n, sizeof *score);
    bool *positive = nd_alloc(e->arena, n, sizeof *positive);
    if (!score || !positive) return ND_E_MEMORY;
    for (int k = 0; k < classes; k++) {
        for (size_t i = 0; i < n; i++) {
            nd_answer_softmax(&e->kept.logit[i * (size_t)classes], classes,
                              e->make.temperature, e->p);
            score[i] = e->p[k];
            positive[i] = e->kept.label[i] == k;
        }
        ND_TRY(nd_auc(e->arena, score, positive, (int64_t)n, &more[k].auc));
        ND_TRY(nd_average_precision(e->arena, score, positive, (int64_t)n,
                                    &more[k].precision));
    }
    nd_arena_back(e->arena, mark);
    return ND_OK;
}

static nd_status rank_all(nd_evaluator *e, nd_class_more *more)
{
    if (!is_mask(e)) return rank_pictures(e, more);
    for (int k = 0; k < e->make.classes; k++) {
        more[k].auc = nd_ranks_auc(&e->ranks[k]);
        more[k].precision = nd_ranks_precision(&e->ranks[k]);
        more[k].things = e->things[k];
        more[k].outline = e->outline[k];
    }
    return ND_OK;
}

static nd_status calibrate(nd_evaluator *e, nd_evaluation *to)
{
    const nd_answers answers = {e->kept.count, e->make.classes, e->kept.logit,
                                e->kept.label};
    const double own = e->kept.count ? nd_temperature(&answers) : e->make.temperature;
    ND_TRY(nd_calibrate(e->arena, &answers, e->make.temperature, &to->plain));
    ND_TRY(nd_calibrate(e->arena, &answers, own, &to->best));
    to->calibrated_on = (double)e->kept.count;
    const bool has_top3 = !is_mask(e) && e->make.classes > 3;
    to->top3 = has_top3 ? nd_top_k(&answers, 3) : (double)NAN;
    return ND_OK;
}

nd_status nd_evaluator_done(nd_evaluator *e, nd_evaluation *to)
{
    nd_class_more *more = nd_alloc(e->arena, (size_t)e->make.classes, sizeof *more);
    if (!more) return ND_E_MEMORY;
    to->is_mask = is_mask(e);
    to->samples = e->samples;
    to->matrix = e->matrix;
    to->tally = e->tally;
    to->tallies = e->make.samples;
    to->more = more;
    to->scores = nd_confusion_scores(e->matrix);
    to->units = number_units(e);
    to->is_scattered = to->units < FEW_UNITS && to->units < e->samples;
    if (to->is_scattered) to->units = scatter(e);
    to->miou_each = is_mask(e) ? mean_of_units(e) : (double)NAN;
    ND_TRY(draw_intervals(e, to, more));
    if (e->make.is_brief) return ND_OK;
    ND_TRY(rank_all(e, more));
    ND_TRY(calibrate(e, to));
    learn_cases_give(&e->cases, to);
    return ND_OK;
}
