// SPDX-License-Identifier: Apache-2.0
// Cross entropy of classes per pixel, in blocks of 16 classes.
#include "nn/cross_entropy.h"
#include "nn/own/own.h"
#include "nn/own/window.h"

// Labels as 32 bit numbers, -1 where none; checked.
typedef struct entropy_job {
    const nn_call *call;
    const nd_tensor *logits;
    const void *z;
    const int32_t *label;
    const float *weight; // of the classes; of back: times the gradient
    float *to;
    double *sum; // of each picture
} entropy_job;

static int64_t pixels_of(const nd_tensor *logits)
{
    return logits->shape.dim[2] * logits->shape.dim[3];
}

static void part(void *user, int thread, int threads)
{
    const entropy_job *j = user;
    const nd_tensor *l = j->logits;
    const int64_t pixels = pixels_of(l), step = pixels * 16;
    const int64_t blocks = (l->shape.dim[1] + 15) / 16;
    const int type = l->dtype == ND_BFLOAT16;
    const size_t bytes = nd_dtype_bytes(l->dtype);
    const own_windows *k = own_windows_at[nd_cpu()];
    // Rows of pictures, so that few pictures keep a team busy as well.
    const int64_t rows = l->shape.dim[0] * l->shape.dim[2], wide = l->shape.dim[3];
    for (int64_t i = nn_cut(rows, thread, threads); i < nn_cut(rows, thread + 1, threads);
         i++) {
        const int64_t n = i / l->shape.dim[2], row = i % l->shape.dim[2];
        const int64_t at = n * blocks * step + row * wide * 16;
        const void *z = (const char *)j->z + (size_t)at * bytes;
        const int32_t *label = j->label + n * pixels + row * wide;
        if (j->to)
            k->entropy_back[type](z, step, blocks, l->shape.dim[1], label, j->weight,
                                  j->to + at, wide);
        else
            j->sum[i] = k->entropy[type](z, step, blocks, l->shape.dim[1], label,
                                         j->weight, wide);
    }
}

static nd_status labels(const nn_call *call, const nd_tensor *logits, const void *target,
                        int32_t *to, double *counted)
{
    const nd_class_loss *set = call->record->set;
    const int64_t *y = target, pixels = pixels_of(logits);
    const int64_t classes = logits->shape.dim[1];
    *counted = 0;
    for (int64_t i = 0; i < logits->shape.dim[0] * pixels; i++) {
        if (y[i] == ND_IGNORE) {
            to[i] = -1;
            continue;
        }
        if (y[i] < 0 || y[i] >= classes)
            return nd_fail(
                ND_E_DATA,
                "label %lld of picture %lld, pixel %lld of the batch: there are classes "
                "0 to %lld\n"
                "mend the labels, or say which value to ignore",
                (long long)y[i], (long long)(i / pixels), (long long)(i % pixels),
                (long long)classes - 1);
        to[i] = (int32_t)y[i];
        *counted += set->weight ? set->weight[y[i]] : 1;
    }
    return ND_OK;
}

// Scratch: labels, a number for each class, sums of rows.
static nd_status prepare(nd_arena *arena, nn_record *r)
{
    (void)arena;
    const nd_tensor *l = r->in[r->op == &nn_op_cross_entropy_back];
    const size_t pixels = (size_t)(l->shape.dim[0] * pixels_of(l));
    r->scratch = (pixels * 4 + 63) / 64 * 64 +
                 ((size_t)l->shape.dim[1] * 4 + 63) / 64 * 64 +
                 (size_t)(l->shape.dim[0] * l->shape.dim[2]) * 8;
    return ND_OK;
}

static float *numbers_of(const nn_call *call, const nd_tensor *l)
{
    const size_t pixels = (size_t)(l->shape.dim[0] * pixels_of(l));
    return (float *)(void *)((char *)call->scratch + (pixels * 4 + 63) / 64 * 64);
}

static nd_status run(const nn_call *call)
{
    const nn_record *r = call->record;
    const nd_class_loss *set = r->set;
    const nd_tensor *l = r->in[0];
    double counted;
    ND_TRY(labels(call, l, call->in[1], call->scratch, &counted));
    float *weight = numbers_of(call, l);
    double *sum =
        (double *)(void *)((char *)weight + ((size_t)l->shape.dim[1] * 4 + 63) / 64 * 64);
    for (int64_t k = 0; k < l->shape.dim[1] && set->weight; k++)
        weight[k] = (float)set->weight[k];
    entropy_job j = {.call = call,
                     .logits = l,
                     .z = call->in[0],
                     .label = call->scratch,
                     .weight = set->weight ? weight : NULL,
                     .sum = sum};
    nn_team(call->threads, part, &j);
    double loss = 0;
    for (int64_t i = 0; i < l->shape.dim[0] * l->shape.dim[2]; i++) loss += sum[i];
    *(float *)call->out[0] = (float)(counted > 0 ? loss / counted : 0);
    *(float *)call->out[1] = (float)counted;
    return ND_OK;
}

static nd_status run_back(const nn_call *call)
{
    const nn_record *r = call->record;
    const nd_class_loss *set = r->set;
    const nd_tensor *l = r->in[1];
    double counted;
    ND_TRY(labels(call, l, call->in[2], call->scratch, &counted));
    const double all = (double)*(const float *)call->in[3];
    const double g = all > 0 ? (double)*(const float *)call->in[0] / all : 0;
    float *by = numbers_of(call, l);
    for (int64_t k = 0; k < l->shape.dim[1]; k++)
        by[k] = (float)(g * (set->weight ? set->weight[k] : 1));
    entropy_job j = {.call = call,
                     .logits = l,
                     .z = call->in[1],
                     .label = call->scratch,
                     .weight = by,
                     .to = call->out[0]};
    nn_team(call->threads, part, &j);
    return ND_OK;
}

static bool fits(const nn_record *r)
{
    const nd_class_loss *set = r->set;
    const int at = r->op == &nn_op_cross_entropy_back;
    const nd_tensor *l = r->in[at];
    return l->shape.rank == 4 && l->dtype != ND_FLOAT64 &&
           r->in[at + 1]->dtype == ND_INT64 && !(set->smoothing > 0) &&
           l->shape.dim[1] < 1000000 && nd_shape_count(l->shape) > 0;
}

static void layouts(const nn_record *r, nn_layout *in, nn_layout *out)
{
    const bool is_back = r->op == &nn_op_cross_entropy_back;
    in[is_back] = NN_BLOCKED;
    if (is_back) out[0] = NN_BLOCKED;
}

const nn_kernel own_cross_entropy = {.name = "own",
                                     .op = &nn_op_cross_entropy,
                                     .fits = fits,
                                     .layouts = layouts,
                                     .prepare = prepare,
                                     .run = run};
const nn_kernel own_cross_entropy_back = {.name = "own",
                                          .op = &nn_op_cross_entropy_back,
                                          .fits = fits,
                                          .layouts = layouts,
                                          .prepare = prepare,
                                          .run = run_back};
