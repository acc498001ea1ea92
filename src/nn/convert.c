// SPDX-License-Identifier: Apache-2.0
// Numbers from one type and layout to another.
#include "nn/own/own.h"

typedef struct place {
    nd_shape shape;
    nd_dtype from, to;
    nn_layout from_layout, to_layout;
    const void *in;
    void *out;
} place;

static double take(nd_dtype dtype, const void *in, int64_t i)
{
    switch (dtype) {
    case ND_FLOAT32: return (double)((const float *)in)[i];
    case ND_FLOAT64: return ((const double *)in)[i];
    case ND_BFLOAT16: return (double)nn_from_bf16(((const uint16_t *)in)[i]);
    case ND_UINT8: return ((const uint8_t *)in)[i];
    default: return (double)((const int64_t *)in)[i];
    }
}

static void put(nd_dtype dtype, void *out, int64_t i, double v)
{
    switch (dtype) {
    case ND_FLOAT32: ((float *)out)[i] = (float)v; break;
    case ND_FLOAT64: ((double *)out)[i] = v; break;
    case ND_BFLOAT16: ((uint16_t *)out)[i] = nn_to_bf16((float)v); break;
    case ND_UINT8: ((uint8_t *)out)[i] = (uint8_t)v; break;
    default: ((int64_t *)out)[i] = (int64_t)v; break;
    }
}

// Of a block `here` rows are there; the rest of it is 0.
static void to_block(const float *in, float *out, int64_t size, int64_t here)
{
    for (int64_t i = 0; i < size; i++) {
        for (int64_t c = 0; c < here; c++) out[i * 16 + c] = in[c * size + i];
        for (int64_t c = here; c < 16; c++) out[i * 16 + c] = 0;
    }
}

static void from_block(const float *in, float *out, int64_t size, int64_t here)
{
    for (int64_t i = 0; i < size; i++)
        for (int64_t c = 0; c < here; c++) out[c * size + i] = in[i * 16 + c];
}

// Numbers of any two types, from `plain` of the one to `blocked` of the other or back.
static void turn_any(const place *p, int64_t plain, int64_t blocked, int64_t here)
{
    const int64_t size = p->shape.dim[2] * p->shape.dim[3];
    const bool is_to = p->to_layout == NN_BLOCKED;
    for (int64_t i = 0; i < size; i++)
        for (int64_t c = 0; c < (is_to ? 16 : here); c++) {
            const int64_t a = plain + c * size + i, b = blocked + i * 16 + c;
            const double v = c < here ? take(p->from, p->in, is_to ? a : b) : 0;
            put(p->to, p->out, is_to ? b : a, v);
        }
}

// Between plain and blocked: 16 rows of a plane each.
static void turn(const place *p, int64_t n, int64_t block)
{
    const nd_shape *s = &p->shape;
    const int64_t size = s->dim[2] * s->dim[3];
    const int64_t here = s->dim[1] - block * 16 < 16 ? s->dim[1] - block * 16 : 16;
    const int64_t plain = (n * s->dim[1] + block * 16) * size;
    const int64_t blocked = (n * ((s->dim[1] + 15) / 16) + block) * size * 16;
    if (p->from != ND_FLOAT32 || p->to != ND_FLOAT32)
        turn_any(p, plain, blocked, here);
    else if (p->to_layout == NN_BLOCKED)
        to_block((const float *)p->in + plain, (float *)p->out + blocked, size, here);
    else
        from_block((const float *)p->in + blocked, (float *)p->out + plain, size, here);
}

static void blocks(void *user, int thread, int threads)
{
    const place *p = user;
    const int64_t each = (p->shape.dim[1] + 15) / 16, all = p->shape.dim[0] * each;
    for (int64_t i = nn_cut(all, thread, threads); i < nn_cut(all, thread + 1, threads);
         i++)
        turn(p, i / each, i % each);
}

static void straight(void *user, int thread, int threads)
{
    const place *p = user;
    nd_shape s = p->shape;
    if (s.rank == 4) s.dim[1] = nn_channels_kept(s.dim[1], p->to_layout);
    const int64_t count = nd_shape_count(s);
    const int64_t from = nn_cut(count, thread, threads);
    const int64_t end = nn_cut(count, thread + 1, threads);
    if (p->from == ND_FLOAT32 && p->to == ND_BFLOAT16)
        own_here()->narrow((const float *)p->in + from, (uint16_t *)p->out + from,
                           end - from);
    else if (p->from == ND_BFLOAT16 && p->to == ND_FLOAT32)
        own_here()->widen((const uint16_t *)p->in + from, (float *)p->out + from,
                          end - from);
    else
        for (int64_t i = from; i < end; i++)
            put(p->to, p->out, i, take(p->from, p->in, i));
}

void nn_convert_run(const nd_tensor *in, const void *from, const nd_tensor *out, void *to,
                    int threads)
{
    place p = {in->shape, in->dtype, out->dtype, in->layout, out->layout, from, to};
    nn_team(threads, in->layout == out->layout ? straight : blocks, &p);
}
