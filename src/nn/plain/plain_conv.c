// SPDX-License-Identifier: Apache-2.0
// Plain convolution: seven loops, sums in double (in float's build) or as they come.
#include "nn/conv.h"
#include <string.h>

typedef struct share {
    const nn_call *call;
    const nn_conv *c;
} share;

// First and last place of the output (not included) whose tap lies inside the input.
static void span(int64_t in, int64_t out, int64_t shift, int stride, int64_t *first,
                 int64_t *last)
{
    *first = shift < 0 ? (-shift + stride - 1) / stride : 0;
    *last = in > shift ? (in - 1 - shift) / stride + 1 : 0;
    if (*last > out) *last = out;
}

typedef struct tap {
    int64_t top, bottom, left, right; // places of the output
    int64_t down, across;             // where their pixels of the input begin
} tap;

static tap tap_at(const nn_conv *c, int64_t r, int64_t s)
{
    tap t;
    t.down = r * c->set.dilation - c->set.pad;
    t.across = s * c->set.dilation - c->set.pad;
    span(c->in.dim[2], c->out.dim[2], t.down, c->set.stride, &t.top, &t.bottom);
    span(c->in.dim[3], c->out.dim[3], t.across, c->set.stride, &t.left, &t.right);
    return t;
}

// Calls for each (n, k) of the output's planes and each (channel, tap) that feeds it.
typedef void each_tap(const nn_conv *c, NN_REAL *y, NN_REAL *x, NN_REAL *w, const tap *t);

static void walk(const nn_conv *c, int64_t n, int64_t k, NN_REAL *const data[3],
                 each_tap *visit)
{
    const int64_t side = c->weight.dim[2], each = c->weight.dim[1];
    const int64_t group = k / (c->out.dim[1] / c->set.groups);
    const int64_t in_plane = c->in.dim[2] * c->in.dim[3];
    NN_REAL *y = data[0] + (n * c->out.dim[1] + k) * c->out.dim[2] * c->out.dim[3];
    for (int64_t ch = 0; ch < each; ch++)
        for (int64_t r = 0; r < side; r++)
            for (int64_t s = 0; s < side; s++) {
                const tap t = tap_at(c, r, s);
                NN_REAL *x = data[1] + (n * c->in.dim[1] + group * each + ch) * in_plane;
                NN_REAL *w = data[2] + ((k * each + ch) * side + r) * side + s;
                visit(c, y, x, w, &t);
            }
}

static void forward_tap(const nn_conv *c, NN_REAL *y, NN_REAL *x, NN_REAL *w,
                        const tap *t)
{
    const int stride = c->set.stride;
    for (int64_t i = t->top; i < t->bottom; i++) {
        NN_REAL *to = y + i * c->out.dim[3];
        const NN_REAL *from = x + (i * stride + t->down) * c->in.dim[3] + t->across;
        for (int64_t j = t->left; j < t->right; j++) to[j] += *w * from[j * stride];
    }
}

static void data_tap(const nn_conv *c, NN_REAL *g, NN_REAL *x, NN_REAL *w, const tap *t)
{
    const int stride = c->set.stride;
    for (int64_t i = t->top; i < t->bottom; i++) {
        const NN_REAL *from = g + i * c->out.dim[3];
        NN_REAL *to = x + (i * stride + t->down) * c->in.dim[3] + t->across;
        for (int64_t j = t->left; j < t->right; j++) to[j * stride] += *w * from[j];
    }
}

static void weight_tap(const nn_conv *c, NN_REAL *g, NN_REAL *x, NN_REAL *w, const tap *t)
{
    const int stride = c->set.stride;
    double sum = 0;
    for (int64_t i = t->top; i < t->bottom; i++) {
        const NN_REAL *a = g + i * c->out.dim[3];
        const NN_REAL *b = x + (i * stride + t->down) * c->in.dim[3] + t->across;
        for (int64_t j = t->left; j < t->right; j++)
            sum += (double)a[j] * (double)b[j * stride];
    }
    *w += (NN_REAL)sum;
}

static void forward(void *user, int thread, int threads)
{
    const share *s = user;
    const nn_conv *c = s->c;
    const int64_t planes = c->out.dim[0] * c->out.dim[1];
    const int64_t size = c->out.dim[2] * c->out.dim[3];
    const NN_REAL *bias = s->call->in[2];
    NN_REAL *const data[3] = {s->call->out[0], s->call->in[0], s->call->in[1]};
    for (int64_t p = nn_cut(planes, thread, threads);
         p < nn_cut(planes, thread + 1, threads); p++) {
        const int64_t k = p % c->out.dim[1];
        for (int64_t i = 0; i < size; i++) data[0][p * size + i] = bias ? bias[k] : 0;
        walk(c, p / c->out.dim[1], k, data, forward_tap);
    }
}

nd_status NN_NAME(conv)(const nn_call *call)
{
    nn_team(call->threads, forward, &(share){call, call->record->set});
    return ND_OK;
}

static void back_to_data(void *user, int thread, int threads)
{
    const share *s = user;
    const nn_conv *c = s->c;
    const int64_t pictures = c->in.dim[0];
    const int64_t size = c->in.dim[1] * c->in.dim[2] * c->in.dim[3];
    NN_REAL *const data[3] = {s->call->in[0], s->call->out[0], s->call->in[1]};
    for (int64_t n = nn_cut(pictures, thread, threads);
         n < nn_cut(pictures, thread + 1, threads); n++) {
        memset(data[1] + n * size, 0, (size_t)size * sizeof(NN_REAL));
        for (int64_t k = 0; k < c->out.dim[1]; k++) walk(c, n, k, data, data_tap);
    }
}

nd_status NN_NAME(conv_data)(const nn_call *call)
{
    nn_team(call->threads, back_to_data, &(share){call, call->record->set});
    return ND_OK;
}

static void back_to_weight(void *user, int thread, int threads)
{
    const share *s = user;
    const nn_conv *c = s->c;
    const int64_t each = c->weight.dim[1] * c->weight.dim[2] * c->weight.dim[3];
    NN_REAL *const data[3] = {s->call->in[0], s->call->in[1], s->call->out[0]};
    for (int64_t k = nn_cut(c->out.dim[1], thread, threads);
         k < nn_cut(c->out.dim[1], thread + 1, threads); k++) {
        memset(data[2] + k * each, 0, (size_t)each * sizeof(NN_REAL));
        for (int64_t n = 0; n < c->in.dim[0]; n++) walk(c, n, k, data, weight_tap);
    }
}

nd_status NN_NAME(conv_weight)(const nn_call *call)
{
    nn_team(call->threads, back_to_weight, &(share){call, call->record->set});
    return ND_OK;
}

nd_status NN_NAME(channel_sum)(const nn_call *call)
{
    const nd_shape shape = call->record->in[0]->shape;
    const NN_REAL *g = call->in[0];
    NN_REAL *out = call->out[0];
    const int64_t channels = shape.dim[1];
    const int64_t size =
        channels ? nd_shape_count(shape) / (shape.dim[0] ? shape.dim[0] : 1) / channels
                 : 0;
    for (int64_t k = 0; k < channels; k++) {
        double sum = 0;
        for (int64_t n = 0; n < shape.dim[0]; n++)
            for (int64_t i = 0; i < size; i++)
                sum += (double)g[(n * channels + k) * size + i];
        out[k] = (NN_REAL)sum;
    }
    return ND_OK;
}
