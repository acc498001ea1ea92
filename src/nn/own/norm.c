// SPDX-License-Identifier: Apache-2.0
// Batch norm in blocks of 16 channels: one pass for the sums, one for the result, with
// the addition and the ReLU that follow it.
#include "nn/own/norm.h"
#include <math.h>

typedef struct norm_job {
    const nn_call *call;
    const own_kernels *kernels;
    int64_t pictures, channels, blocks, pixels; // pixels: of a picture
    int type;                                   // 0: float32, 1: bfloat16
    size_t step;                                // bytes of a block of a picture
    double *sums;                               // of thread, block: twice sixteen
    own_norm *by;
    own_norm_back *back;
    const void *x, *r, *y, *g;
    void *to, *masked;
    bool relu;
    own_counts counts;
    // A thread has whole blocks, whose result it makes while x is still in its cache.
    bool by_block;
} norm_job;

static norm_job job_of(const nn_call *call, const nd_tensor *x)
{
    norm_job j = {.call = call,
                  .kernels = own_here(),
                  .pictures = x->shape.dim[0],
                  .channels = x->shape.dim[1],
                  .blocks = (x->shape.dim[1] + 15) / 16,
                  .pixels = x->shape.dim[2] * x->shape.dim[3],
                  .type = x->dtype == ND_BFLOAT16,
                  .sums = call->scratch};
    j.step = (size_t)j.pixels * 16 * nd_dtype_bytes(x->dtype);
    return j;
}

// Of picture n, block b.
static const void *part(const norm_job *j, const void *of, int64_t b, int64_t n)
{
    return of ? (const char *)of + (size_t)(n * j->blocks + b) * j->step : NULL;
}
static void *part_to(const norm_job *j, void *of, int64_t b, int64_t n)
{
    return of ? (char *)of + (size_t)(n * j->blocks + b) * j->step : NULL;
}

static void about(const norm_job *j, int64_t b, float *to)
{
    // Sums of what is far from nought lose digits: they go around the first pixel.
    const void *first = part(j, j->x, b, 0);
    for (int c = 0; c < 16; c++)
        to[c] = j->type ? nn_from_bf16(((const uint16_t *)first)[c])
                        : ((const float *)first)[c];
}

static void sums_of(const norm_job *j, int64_t b, int64_t n, double *own)
{
    double *const to[2] = {own, own + 16};
    if (j->g) {
        const void *const in[3] = {part(j, j->g, b, n), part(j, j->x, b, n),
                                   part(j, j->y, b, n)};
        j->kernels->norm_back_sums[j->type](in, j->pixels, &j->back[b], j->counts, to);
        return;
    }
    float from[16];
    about(j, b, from);
    j->kernels->norm_sums[j->type](part(j, j->x, b, n), j->pixels, from, to[0], to[1]);
}

static void result_of(const norm_job *j, int64_t b, int64_t n)
{
    if (!j->g) {
        j->kernels->norm[j->type](part(j, j->x, b, n), part(j, j->r, b, n),
                                  part_to(j, j->to, b, n), j->pixels, &j->by[b], j->relu);
        return;
    }
    const void *const in[3] = {part(j, j->g, b, n), part(j, j->x, b, n),
                               part(j, j->y, b, n)};
    void *const out[2] = {part_to(j, j->to, b, n), part_to(j, j->masked, b, n)};
    j->kernels->norm_back[j->type](in, out, j->pixels, &j->back[b], j->counts);
}

static void sums(void *user, int thread, int threads)
{
    const norm_job *j = user;
    double *own = j->sums + (int64_t)thread * j->blocks * 32;
    for (int64_t i = 0; i < j->blocks * 32; i++) own[i] = 0;
    const int64_t all = j->blocks * j->pictures;
    const int64_t end = nn_cut(all, thread + 1, threads);
    for (int64_t i = nn_cut(all, thread, threads); i < end; i++)
        sums_of(j, i / j->pictures, i % j->pictures, own + i / j->pictures * 32);
}

static void results(void *user, int thread, int threads)
{
    const norm_job *j = user;
    const int64_t all = j->blocks * j->pictures;
    const int64_t end = nn_cut(all, thread + 1, threads);
    for (int64_t i = nn_cut(all, thread, threads); i < end; i++)
        result_of(j, i / j->pictures, i % j->pictures);
}

// The sums of all threads, in their order.
static double total(const norm_job *j, int64_t b, int at)
{
    double sum = 0;
    for (int t = 0; t < (j->by_block ? 1 : j->call->threads); t++)
        sum += j->sums[((int64_t)t * j->blocks + b) * 32 + at];
    return sum;
}

static bool fits(const nn_record *r)
{
    const int x = r->op == &nn_op_batch_norm_back || r->op == &own_op_norm_back;
    return r->in[x]->shape.rank == 4 && nd_shape_count(r->in[x]->shape) > 0;
}

static void layouts(const nn_record *r, nn_layout *in, nn_layout *out)
{
    for (int k = 0; k < r->ins; k++)
        if (r->in[k] && r->in[k]->shape.rank == 4) in[k] = NN_BLOCKED;
    for (int k = 0; k < r->outs; k++)
        if (r->out[k]->shape.rank == 4) out[k] = NN_BLOCKED;
}

static size_t sums_bytes(const nn_record *r)
{
    const nd_tensor *x = r->in[0];
    const size_t blocks = (size_t)(x->shape.dim[1] + 15) / 16;
    return (size_t)x->tape->net->make.threads * blocks * 32 * sizeof(double);
}

static nd_status prepare(nd_arena *arena, nn_record *r)
{
    (void)arena;
    const size_t blocks = (size_t)(r->in[0]->shape.dim[1] + 15) / 16;
    r->scratch = sums_bytes(r) + blocks * sizeof(own_norm_back) + 64;
    return ND_OK;
}

static void *after_sums(const nn_call *call)
{
    return (char *)call->scratch + sums_bytes(call->record);
}

// From the variance as it is kept: the backward pass has no other, and finds with the
// same bits where ReLU was on.
static float scale_of(const nn_norm *set, float weight, float variance)
{
    return (float)((double)weight / sqrt((double)variance + set->epsilon));
}

// What the result of block b needs, from its sums; mean and variance of its channels.
static void settle_forward(const norm_job *j, int64_t b)
{
    const nn_norm *set = j->call->record->set;
    const float *w = j->call->in[1], *shift = j->call->in[2];
    float *mean = j->call->out[1], *variance = j->call->out[2], from[16];
    const double count = (double)j->pictures * (double)j->pixels;
    about(j, b, from);
    own_norm by = {{0}, {0}, {0}};
    for (int c = 0; c < 16 && b * 16 + c < j->channels; c++) {
        const int64_t k = b * 16 + c;
        const double off = total(j, b, c) / count;
        double v = total(j, b, c + 16) / count - off * off;
        if (v < 0) v = 0;
        mean[k] = (float)((double)from[c] + off), variance[k] = (float)v;
        by.mean[c] = mean[k];
        by.scale[c] = scale_of(set, w[k], variance[k]);
        by.shift[c] = shift[k];
    }
    j->by[b] = by;
}

static void settle_back(const norm_job *j, int64_t b)
{
    const nn_norm *set = j->call->record->set;
    const float *w = j->call->in[2], *variance = j->call->in[4];
    float *dw = j->call->out[1], *db = j->call->out[2];
    const double count = (double)j->pictures * (double)j->pixels;
    own_norm_back *by = &j->back[b];
    for (int c = 0; c < 16 && b * 16 + c < j->channels; c++) {
        const int64_t k = b * 16 + c;
        const double inverse = 1 / sqrt((double)variance[k] + set->epsilon);
        const double sum = total(j, b, c), with = total(j, b, c + 16) * inverse;
        dw[k] = (float)with, db[k] = (float)sum;
        by->gradient[c] = (float)((double)w[k] * inverse);
        by->value[c] = (float)(-(double)w[k] * inverse * inverse * with / count);
        by->shift[c] = (float)(-(double)w[k] * inverse * sum / count);
    }
}

static void settle(const norm_job *j, int64_t b)
{
    if (j->g)
        settle_back(j, b);
    else
        settle_forward(j, b);
}

static void whole_blocks(void *user, int thread, int threads)
{
    const norm_job *j = user;
    const int64_t end = nn_cut(j->blocks, thread + 1, threads);
    for (int64_t b = nn_cut(j->blocks, thread, threads); b < end; b++) {
        for (int i = 0; i < 32; i++) j->sums[b * 32 + i] = 0;
        for (int64_t n = 0; n < j->pictures; n++) sums_of(j, b, n, j->sums + b * 32);
        settle(j, b);
        // The picture read last is the one that is still there.
        for (int64_t n = j->pictures - 1; n >= 0; n--) result_of(j, b, n);
    }
}

static void both_passes(norm_job *j)
{
    const int threads = j->call->threads;
    j->by_block = j->blocks % threads == 0 || j->blocks >= 4 * (int64_t)threads;
    if (j->by_block) {
        nn_team(threads, whole_blocks, j);
        return;
    }
    nn_team(threads, sums, j);
    for (int64_t b = 0; b < j->blocks; b++) settle(j, b);
    nn_team(threads, results, j);
}

static nd_status run(const nn_call *call)
{
    const nn_record *r = call->record;
    norm_job j = job_of(call, r->in[0]);
    j.x = call->in[0], j.to = call->out[0], j.by = after_sums(call);
    if (r->op == &own_op_norm) j.r = call->in[3], j.relu = true;
    both_passes(&j);
    return ND_OK;
}

static nd_status run_fixed(const nn_call *call)
{
    const nn_record *r = call->record;
    const nn_norm *set = r->set;
    norm_job j = job_of(call, r->in[0]);
    own_norm *by = after_sums(call);
    j.x = call->in[0], j.to = call->out[0], j.by = by;
    const float *w = call->in[1], *shift = call->in[2];
    const float *mean = call->in[3], *variance = call->in[4];
    for (int64_t b = 0; b < j.blocks; b++) {
        by[b] = (own_norm){{0}, {0}, {0}};
        for (int c = 0; c < 16 && b * 16 + c < j.channels; c++) {
            const int64_t k = b * 16 + c;
            by[b].mean[c] = mean[k], by[b].shift[c] = shift[k];
            by[b].scale[c] = scale_of(set, w[k], variance[k]);
        }
    }
    nn_team(call->threads, results, &j);
    return ND_OK;
}

// What the first pass needs: means, and where ReLU was on, as the forward pass had it.
static void set_back(const nn_call *call, const norm_job *j, own_norm_back *by)
{
    const nn_norm *set = call->record->set;
    const float *w = call->in[2], *mean = call->in[3], *variance = call->in[4];
    const float *bias = j->counts == OWN_BY_X ? call->in[6] : NULL;
    for (int64_t b = 0; b < j->blocks; b++) {
        by[b] = (own_norm_back){.mean = {0}};
        for (int c = 0; c < 16 && b * 16 + c < j->channels; c++) {
            const int64_t k = b * 16 + c;
            by[b].mean[c] = mean[k];
            if (!bias) continue;
            by[b].on_scale[c] = scale_of(set, w[k], variance[k]);
            by[b].on_shift[c] = bias[k];
        }
    }
}

// in: g, x, weight, mean, variance, y or NULL, bias or NULL; out: of x, weight, bias, and
// g where it counts. Ioffe and Szegedy 2015: dx = w r (g - sum g / n - x' sum(g x') / n),
// x' = (x - mean) r.
static nd_status run_back(const nn_call *call)
{
    const nn_record *r = call->record;
    norm_job j = job_of(call, r->in[1]);
    own_norm_back *by = after_sums(call);
    j.g = call->in[0], j.x = call->in[1], j.to = call->out[0], j.back = by;
    if (r->op == &own_op_norm_back) {
        j.y = call->in[5];
        j.counts = j.y ? OWN_BY_Y : OWN_BY_X;
        if (r->outs > 3) j.masked = call->out[3];
    }
    set_back(call, &j, by);
    both_passes(&j);
    return ND_OK;
}

static void sum_blocks(void *user, int thread, int threads)
{
    const norm_job *j = user;
    double *own = j->sums + (int64_t)thread * j->blocks * 32;
    for (int64_t i = 0; i < j->blocks * 32; i++) own[i] = 0;
    const int64_t all = j->blocks * j->pictures;
    const int64_t end = nn_cut(all, thread + 1, threads);
    for (int64_t i = nn_cut(all, thread, threads); i < end; i++) {
        const int64_t b = i / j->pictures, n = i % j->pictures;
        j->kernels->sum[j->type](part(j, j->x, b, n), j->pixels, own + b * 32);
    }
}

static nd_status run_channel_sum(const nn_call *call)
{
    norm_job j = job_of(call, call->record->in[0]);
    j.x = call->in[0];
    nn_team(call->threads, sum_blocks, &j);
    for (int64_t k = 0; k < j.channels; k++)
        ((float *)call->out[0])[k] = (float)total(&j, k / 16, (int)(k % 16));
    return ND_OK;
}

#define ROW(of, how)                                                                     \
    {                                                                                    \
        .name = "own", .op = &(of), .fits = fits, .layouts = layouts,                    \
        .prepare = prepare, .run = (how)                                                 \
    }
const nn_kernel own_batch_norm = ROW(nn_op_batch_norm, run);
const nn_kernel own_batch_norm_fixed = ROW(nn_op_batch_norm_fixed, run_fixed);
const nn_kernel own_batch_norm_back = ROW(nn_op_batch_norm_back, run_back);
const nn_kernel own_norm_relu = ROW(own_op_norm, run);
const nn_kernel own_norm_relu_back = ROW(own_op_norm_back, run_back);
const nn_kernel own_channel_sum = ROW(nn_op_channel_sum, run_channel_sum);

const nn_op own_op_norm = {.name = "batch norm, relu", .may_be_bf16 = true};
const nn_op own_op_norm_back = {.name = "batch norm, relu gradient", .may_be_bf16 = true};
