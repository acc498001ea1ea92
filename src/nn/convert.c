// SPDX-License-Identifier: Apache-2.0
// Numbers from one type and layout to another, one by one.
#include "nn/nn.h"

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

// Where pixel i of channel c of picture n lies.
static int64_t at(nn_layout layout, const nd_shape *s, const int64_t index[3])
{
    const int64_t size = s->dim[2] * s->dim[3];
    const int64_t kept = nn_channels_kept(s->dim[1], layout);
    if (layout == NN_PLAIN) return (index[0] * kept + index[1]) * size + index[2];
    return ((index[0] * (kept / 16) + index[1] / 16) * size + index[2]) * 16 +
           index[1] % 16;
}

static void blocks(void *user, int thread, int threads)
{
    const place *p = user;
    const nd_shape *s = &p->shape;
    const int64_t size = s->dim[2] * s->dim[3];
    const int64_t kept = nn_channels_kept(s->dim[1], p->to_layout);
    for (int64_t n = nn_cut(s->dim[0], thread, threads);
         n < nn_cut(s->dim[0], thread + 1, threads); n++)
        for (int64_t c = 0; c < kept; c++)
            for (int64_t i = 0; i < size; i++) {
                const int64_t index[3] = {n, c, i};
                const double v = c < s->dim[1]
                                     ? take(p->from, p->in, at(p->from_layout, s, index))
                                     : 0;
                put(p->to, p->out, at(p->to_layout, s, index), v);
            }
}

static void straight(void *user, int thread, int threads)
{
    const place *p = user;
    const int64_t count = nd_shape_count(p->shape);
    for (int64_t i = nn_cut(count, thread, threads);
         i < nn_cut(count, thread + 1, threads); i++)
        put(p->to, p->out, i, take(p->from, p->in, i));
}

void nn_convert_run(nd_shape shape, nd_dtype from, nn_layout from_layout, const void *in,
                    nd_dtype to, nn_layout to_layout, void *out, int threads)
{
    place p = {shape, from, to, from_layout, to_layout, in, out};
    nn_team(threads, shape.rank == 4 ? blocks : straight, &p);
}
