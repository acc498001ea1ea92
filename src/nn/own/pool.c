// SPDX-License-Identifier: Apache-2.0
// The mean of whole pictures and its gradient, in blocks of 16 channels.
#include "nn/mean_pool.h"
#include "nn/own/own.h"

typedef struct whole {
    const void *from;
    void *to;
    int64_t planes, pixels; // planes: of 16 channels
    int type;
} whole;

static float number_at(const void *from, int64_t i, int type)
{
    return type ? nn_from_bf16(((const uint16_t *)from)[i]) : ((const float *)from)[i];
}

static void number_to(void *to, int64_t i, float x, int type)
{
    if (type)
        ((uint16_t *)to)[i] = nn_to_bf16(x);
    else
        ((float *)to)[i] = x;
}

static void means(void *user, int thread, int threads)
{
    const whole *w = user;
    const size_t step = (size_t)w->pixels * 16 * (w->type ? 2 : 4);
    const int64_t end = nn_cut(w->planes, thread + 1, threads);
    for (int64_t i = nn_cut(w->planes, thread, threads); i < end; i++) {
        double sum[16] = {0};
        own_here()->sum[w->type]((const char *)w->from + (size_t)i * step, w->pixels,
                                 sum);
        for (int c = 0; c < 16; c++)
            number_to(w->to, i * 16 + c, (float)(sum[c] / (double)w->pixels), w->type);
    }
}

static void spread(void *user, int thread, int threads)
{
    const whole *w = user;
    const int64_t end = nn_cut(w->planes, thread + 1, threads);
    for (int64_t i = nn_cut(w->planes, thread, threads); i < end; i++)
        for (int c = 0; c < 16; c++) {
            const float g = number_at(w->from, i * 16 + c, w->type) / (float)w->pixels;
            for (int64_t p = 0; p < w->pixels; p++)
                number_to(w->to, (i * w->pixels + p) * 16 + c, g, w->type);
        }
}

static nd_status run(const nn_call *call)
{
    const nn_record *r = call->record;
    const bool is_back = r->op == &nn_op_mean_pool_to_back;
    const nd_tensor *x = is_back ? r->out[0] : r->in[0];
    whole w = {.from = call->in[0],
               .to = call->out[0],
               .planes = x->shape.dim[0] * ((x->shape.dim[1] + 15) / 16),
               .pixels = x->shape.dim[2] * x->shape.dim[3],
               .type = x->dtype == ND_BFLOAT16};
    nn_team(call->threads, is_back ? spread : means, &w);
    return ND_OK;
}

static bool is_whole(const nn_record *r)
{
    const nd_tensor *y = r->op == &nn_op_mean_pool_to_back ? r->in[0] : r->out[0];
    return y->shape.dim[2] == 1 && y->shape.dim[3] == 1 && y->dtype != ND_FLOAT64 &&
           nd_shape_count(y->shape) > 0;
}

static void blocked(const nn_record *r, nn_layout *in, nn_layout *out)
{
    (void)r;
    in[0] = out[0] = NN_BLOCKED;
}

const nn_kernel own_mean_pool_to = {.name = "own",
                                    .op = &nn_op_mean_pool_to,
                                    .fits = is_whole,
                                    .layouts = blocked,
                                    .run = run};
const nn_kernel own_mean_pool_to_back = {.name = "own",
                                         .op = &nn_op_mean_pool_to_back,
                                         .fits = is_whole,
                                         .layouts = blocked,
                                         .run = run};
