// SPDX-License-Identifier: Apache-2.0
// Plain padding, parts and joints.
#include "nn/pad.h"
#include "nn/strides.h"
#include <string.h>

// The number of x that stands at place i of a padded axis; -1: none.
static int64_t source(int64_t i, int64_t size, nd_padding like)
{
    if (i >= 0 && i < size) return i;
    if (like == ND_PAD_VALUE) return -1;
    if (like == ND_PAD_EDGE) return i < 0 ? 0 : size - 1;
    return i < 0 ? -i : 2 * (size - 1) - i;
}

// Offset in x of the run `at` of y; -1: outside.
static int64_t run_of(const nn_pad *set, nd_shape x, nd_shape y, int64_t at)
{
    int64_t stride[ND_MAX_RANK], offset = 0;
    nn_strides(x, x, stride);
    for (int i = y.rank - 2; i >= 0; i--) {
        const int64_t from = source(at % y.dim[i] - set->before[i], x.dim[i], set->like);
        if (from < 0) return -1;
        offset += from * stride[i];
        at /= y.dim[i];
    }
    return offset;
}

nd_status NN_NAME(pad)(const nn_call *call)
{
    const nn_pad *set = call->record->set;
    const nd_shape x = call->record->in[0]->shape, y = call->record->out[0]->shape;
    const NN_REAL *in = call->in[0], value = (NN_REAL)set->value;
    NN_REAL *out = call->out[0];
    const int64_t length = nn_run_length(y), size = nn_run_length(x);
    const int64_t before = y.rank ? set->before[y.rank - 1] : 0;
    for (int64_t run = 0, runs = nn_run_count(y); run < runs && length; run++) {
        const int64_t at = run_of(set, x, y, run);
        for (int64_t i = 0; i < length; i++) {
            const int64_t from = source(i - before, size, set->like);
            *out++ = at < 0 || from < 0 ? value : in[at + from];
        }
    }
    return ND_OK;
}

nd_status NN_NAME(pad_back)(const nn_call *call)
{
    const nn_pad *set = call->record->set;
    const nd_shape y = call->record->in[0]->shape, x = call->record->out[0]->shape;
    const NN_REAL *g = call->in[0];
    NN_REAL *out = call->out[0];
    const int64_t length = nn_run_length(y), size = nn_run_length(x);
    const int64_t before = y.rank ? set->before[y.rank - 1] : 0;
    memset(out, 0, (size_t)nd_shape_count(x) * sizeof *out);
    for (int64_t run = 0, runs = nn_run_count(y); run < runs && length; run++) {
        const int64_t at = run_of(set, x, y, run);
        for (int64_t i = 0; i < length; i++, g++) {
            const int64_t from = source(i - before, size, set->like);
            if (at >= 0 && from >= 0) out[at + from] += *g;
        }
    }
    return ND_OK;
}

nd_status NN_NAME(crop)(const nn_call *call)
{
    const nn_pad *set = call->record->set;
    const nd_shape x = call->record->in[0]->shape, y = call->record->out[0]->shape;
    int64_t stride[ND_MAX_RANK], first = 0;
    nn_strides(x, x, stride);
    for (int i = 0; i < x.rank; i++) first += set->before[i] * stride[i];
    const int64_t length = nn_run_length(y);
    NN_REAL *out = call->out[0];
    for (int64_t run = 0, runs = nn_run_count(y); run < runs; run++)
        memcpy(out + run * length,
               (const NN_REAL *)call->in[0] + first + nn_run_offset(y, stride, run),
               (size_t)length * sizeof *out);
    return ND_OK;
}

nd_status NN_NAME(concat)(const nn_call *call)
{
    const int axis = *(const int *)call->record->set;
    const nd_shape y = call->record->out[0]->shape;
    int64_t outer = 1, inner = 1, used = 0;
    for (int i = 0; i < axis; i++) outer *= y.dim[i];
    for (int i = axis + 1; i < y.rank; i++) inner *= y.dim[i];
    for (int k = 0; k < call->record->ins; k++) {
        const int64_t size = call->record->in[k]->shape.dim[axis] * inner;
        for (int64_t o = 0; o < outer && size; o++)
            memcpy((NN_REAL *)call->out[0] + o * y.dim[axis] * inner + used,
                   (const NN_REAL *)call->in[k] + o * size,
                   (size_t)size * sizeof(NN_REAL));
        used += size;
    }
    return ND_OK;
}
