// SPDX-License-Identifier: Apache-2.0
// Plain transpose and matrix products, sums in double.
#include "nn/strides.h"
#include "nn/transpose.h"

nd_status NN_NAME(transpose)(const nn_call *call)
{
    const nn_order *set = call->record->set;
    const nd_shape x = call->record->in[0]->shape, y = call->record->out[0]->shape;
    int64_t of_x[ND_MAX_RANK], stride[ND_MAX_RANK];
    nn_strides(x, x, of_x);
    for (int i = 0; i < y.rank; i++) stride[i] = of_x[set->axis[i]];
    const int64_t length = nn_run_length(y), step = nn_run_step(y, stride);
    NN_REAL *out = call->out[0];
    for (int64_t run = 0, runs = nn_run_count(y); run < runs && length; run++) {
        const NN_REAL *at = (const NN_REAL *)call->in[0] + nn_run_offset(y, stride, run);
        for (int64_t i = 0; i < length; i++) *out++ = at[i * step];
    }
    return ND_OK;
}

// Steps from one matrix to the next, of one side or other.
typedef struct side {
    int64_t stride[ND_MAX_RANK]; // of the leading axes of the product
    int64_t row, column;         // of the matrix as it is used
} side;

static side side_of(nd_shape shape, nd_shape lead, bool is_turned)
{
    side s;
    const int64_t columns = shape.dim[shape.rank - 1];
    const int64_t size = columns * shape.dim[shape.rank - 2];
    s.row = is_turned ? 1 : columns;
    s.column = is_turned ? columns : 1;
    shape.rank -= 2;
    nn_strides(shape, lead, s.stride);
    for (int i = 0; i < lead.rank; i++) s.stride[i] *= size;
    return s;
}

static void part(void *user, int thread, int threads)
{
    const nn_call *call = user;
    const nn_product *set = call->record->set;
    const nd_shape a = call->record->in[0]->shape, y = call->record->out[0]->shape;
    nd_shape lead = y;
    lead.rank -= 2;
    const side left = side_of(a, lead, set->turn_a);
    const side right = side_of(call->record->in[1]->shape, lead, set->turn_b);
    const int64_t rows = y.dim[lead.rank], columns = y.dim[lead.rank + 1];
    const int64_t inner = a.dim[a.rank - (set->turn_a ? 2 : 1)];
    const int64_t all = nd_shape_count(lead) * rows;
    for (int64_t r = nn_cut(all, thread, threads); r < nn_cut(all, thread + 1, threads);
         r++) {
        const NN_REAL *p = (const NN_REAL *)call->in[0] +
                           nn_offset(lead, left.stride, r / rows) + r % rows * left.row;
        const NN_REAL *q =
            (const NN_REAL *)call->in[1] + nn_offset(lead, right.stride, r / rows);
        NN_REAL *out = (NN_REAL *)call->out[0] + r * columns;
        for (int64_t j = 0; j < columns; j++) {
            double sum = 0;
            for (int64_t k = 0; k < inner; k++)
                sum += (double)p[k * left.column] *
                       (double)q[k * right.row + j * right.column];
            out[j] = (NN_REAL)sum;
        }
    }
}

nd_status NN_NAME(matmul)(const nn_call *call)
{
    nn_team(call->threads, part, (void *)(uintptr_t)call);
    return ND_OK;
}
