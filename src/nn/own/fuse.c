// SPDX-License-Identifier: Apache-2.0
// What runs as one kernel: in training batch norm, addition and ReLU and their gradients;
// in inference the convolution before them too, into whose weights the norm goes.
#include "nn/own/fold.h"
#include "nn/own/norm.h"
#include "nn/relu.h"
#include <math.h>

static double fold_flops(const nn_record *r)
{
    return nn_op_conv.flops(r);
}
const nn_op own_op_fold = {
    .name = "conv, batch norm", .flops = fold_flops, .may_be_bf16 = true};

static double data_flops(const nn_record *r)
{
    return nn_op_conv_data.flops(r);
}
const nn_op own_op_data_add = {
    .name = "conv data gradient, add", .flops = data_flops, .may_be_bf16 = true};

void own_fold_weights(const nn_call *call, float *weight, float *bias)
{
    const own_fold *set = call->record->set;
    const nd_shape w = set->conv.weight;
    const int64_t each = w.dim[1] * w.dim[2] * w.dim[3];
    const float *from = call->in[1], *b = call->in[2];
    const float *gamma = call->in[3], *beta = call->in[4];
    const float *mean = call->in[5], *variance = call->in[6];
    for (int64_t k = 0; k < w.dim[0]; k++) {
        const double scale = (double)gamma[k] / sqrt((double)variance[k] + set->epsilon);
        const double before = (b ? (double)b[k] : 0) - (double)mean[k];
        bias[k] = (float)((double)beta[k] + before * scale);
        for (int64_t i = 0; i < each; i++)
            weight[k * each + i] = (float)((double)from[k * each + i] * scale);
    }
}

// The only record that reads `x`; NULL: none, several, or it is read after the run.
static nn_record *reader_of(const nn_plan *plan, const nd_tensor *x)
{
    nn_record *one = NULL;
    for (int i = 0; i < plan->finals; i++)
        if (*plan->final[i] == x) return NULL;
    for (nn_record *r = plan->tape->record; r; r = r->next)
        for (int k = 0; k < r->ins; k++)
            if (r->in[k] == x) {
                if (one) return NULL;
                one = r;
            }
    return one;
}

static void remove_record(nd_tape *tape, const nn_record *gone)
{
    nn_record *last = NULL;
    for (nn_record **link = &tape->record; *link; last = *link, link = &(*link)->next)
        if (*link == gone) {
            *link = gone->next;
            if (tape->last_record == gone) tape->last_record = last;
            return;
        }
}

// Puts `r`, which is on no list, where `at` stands, and takes `at` away.
static void put_for(nd_tape *tape, nn_record *r, const nn_record *at)
{
    for (nn_record **link = &tape->record; *link; link = &(*link)->next)
        if (*link == at) {
            r->next = at->next, *link = r;
            if (tape->last_record == at) tape->last_record = r;
            return;
        }
}

// What follows a norm or a convolution: an addition, a ReLU.
typedef struct chain {
    nn_record *add, *relu;
    nd_tensor *r; // what is added
} chain;

static bool is_same_type(const nd_tensor *a, const nd_tensor *b)
{
    return a->dtype == b->dtype && a->shape.rank == 4 &&
           nd_shape_same(a->shape, b->shape);
}

static chain follow(const nn_plan *plan, const nd_tensor *y)
{
    chain c = {0};
    nn_record *next = reader_of(plan, y);
    if (next && next->op == &nn_op_sum2) {
        c.r = next->in[0] == y ? next->in[1] : next->in[0];
        nn_record *after = reader_of(plan, next->out[0]);
        // The backward half reads what ReLU gives, not what it is given.
        if (!after || after->op != &nn_op_relu || c.r == y || !is_same_type(c.r, y))
            return (chain){0};
        c.add = next, c.relu = after;
    } else if (next && next->op == &nn_op_relu) {
        c.relu = next;
    }
    return c;
}

static nd_status norm_relu(nn_plan *plan, nn_record *norm)
{
    nd_tape *tape = plan->tape;
    const chain c = follow(plan, norm->out[0]);
    if (!c.relu) return ND_OK;
    nd_tensor **in = nd_alloc(tape->arena, 4, sizeof(nd_tensor *));
    if (!in) return ND_E_MEMORY;
    for (int k = 0; k < 3; k++) in[k] = norm->in[k];
    in[3] = c.r;
    remove_record(tape, norm);
    if (c.add) remove_record(tape, c.add);
    put_for(tape, norm, c.relu);
    norm->op = &own_op_norm, norm->in = in, norm->ins = 4;
    norm->out[0] = c.relu->out[0];
    norm->out[0]->made_by = norm;
    return ND_OK;
}

// The gradient of a fused norm: `relu` is the ReLU's gradient, whose result the norm's
// gradient reads and perhaps others.
static nd_status norm_relu_back(nn_plan *plan, nn_record *relu)
{
    nd_tape *tape = plan->tape;
    const nn_record *norm = relu->in[1]->made_by;
    if (!norm || norm->op != &own_op_norm) return ND_OK;
    nn_record *back = NULL;
    for (nn_record *r = relu->next; r && !back; r = r->next)
        if (r->op == &nn_op_batch_norm_back && r->in[0] == relu->out[0] &&
            r->in[1] == norm->in[0])
            back = r;
    if (!back || back->out[0]->shape.rank != 4) return ND_OK;
    const bool is_shared = reader_of(plan, relu->out[0]) != back;
    nd_tensor **in = nd_alloc(tape->arena, 7, sizeof(nd_tensor *));
    nd_tensor **out = nd_alloc(tape->arena, 4, sizeof(nd_tensor *));
    if (!in || !out) return ND_E_MEMORY;
    for (int k = 0; k < 5; k++) in[k] = back->in[k];
    for (int k = 0; k < 3; k++) out[k] = back->out[k];
    in[0] = relu->in[0];
    // Without an addition x alone says where ReLU was on: one picture less to read.
    if (norm->in[3])
        in[5] = relu->in[1];
    else
        in[6] = norm->in[2];
    remove_record(tape, back);
    put_for(tape, back, relu);
    back->op = &own_op_norm_back, back->in = in, back->ins = 7, back->out = out;
    if (is_shared) out[back->outs++] = relu->out[0], relu->out[0]->made_by = back;
    return ND_OK;
}

static bool has_kernel(const nn_backend *backend, const nn_record *r)
{
    for (const nn_kernel *const *k = backend->kernel; *k; k++)
        if ((*k)->op == r->op && (!(*k)->fits || (*k)->fits(r))) return true;
    return false;
}

static nd_status fold(nn_plan *plan, nn_record *conv)
{
    nd_tape *tape = plan->tape;
    nn_record *norm = reader_of(plan, conv->out[0]);
    if (!norm || norm->op != &nn_op_batch_norm_fixed) return ND_OK;
    chain c = follow(plan, norm->out[0]);
    nd_tensor **in = nd_alloc(tape->arena, 8, sizeof(nd_tensor *));
    own_fold *set = nd_alloc(tape->arena, 1, sizeof *set);
    if (!in || !set) return ND_E_MEMORY;
    *set = (own_fold){.conv = *(const nn_conv *)conv->set,
                      .epsilon = ((const nn_norm *)norm->set)->epsilon,
                      .relu = c.relu != NULL};
    for (int k = 0; k < 3; k++) in[k] = conv->in[k];
    for (int k = 1; k < 5; k++) in[k + 2] = norm->in[k];
    in[OWN_FOLD_R] = c.r;
    nd_tensor *out[1] = {c.relu ? c.relu->out[0] : norm->out[0]};
    nn_record tried = *conv;
    tried.op = &own_op_fold, tried.set = set, tried.in = in, tried.ins = 8;
    tried.out = out;
    if (!has_kernel(plan->net->backend, &tried) && c.add) {
        c = (chain){0};
        set->relu = false, in[OWN_FOLD_R] = NULL, out[0] = norm->out[0];
    }
    if (!has_kernel(plan->net->backend, &tried)) return ND_OK;
    remove_record(tape, conv);
    if (c.relu) remove_record(tape, norm);
    if (c.add) remove_record(tape, c.add);
    put_for(tape, conv, c.relu ? c.relu : norm);
    conv->op = &own_op_fold, conv->set = set, conv->in = in, conv->ins = 8;
    conv->out[0] = out[0];
    conv->out[0]->made_by = conv;
    return ND_OK;
}

// Where branches meet, one's gradient is added to the other's as it is made.
static nd_status data_add(nn_plan *plan, const nn_record *sum)
{
    nn_record *data = NULL;
    nd_tensor *r = NULL;
    for (int k = 0; k < 2 && !data; k++) {
        nn_record *made = sum->in[k]->made_by;
        r = sum->in[1 - k];
        if (made && made->op == &nn_op_conv_data && r != sum->in[k] &&
            is_same_type(r, sum->out[0]) && reader_of(plan, sum->in[k]) == sum)
            data = made;
    }
    if (!data) return ND_OK;
    nd_tensor **in = nd_alloc(plan->tape->arena, 3, sizeof(nd_tensor *));
    if (!in) return ND_E_MEMORY;
    in[0] = data->in[0], in[1] = data->in[1], in[OWN_ADD_R] = r;
    nn_record tried = *data;
    tried.op = &own_op_data_add, tried.in = in, tried.ins = 3, tried.out = sum->out;
    if (!has_kernel(plan->net->backend, &tried)) return ND_OK;
    remove_record(plan->tape, data);
    put_for(plan->tape, data, sum);
    data->op = tried.op, data->in = in, data->ins = 3;
    data->out[0] = sum->out[0];
    data->out[0]->made_by = data;
    return ND_OK;
}

nd_status own_fuse(nn_plan *plan)
{
    nd_tape *tape = plan->tape;
    for (nn_record *r = tape->record, *next; r; r = next) {
        next = r->next;
        if (r->op == &nn_op_batch_norm && r->in[0]->shape.rank == 4)
            ND_TRY(norm_relu(plan, r));
        if (r->op == &nn_op_conv && !tape->training) ND_TRY(fold(plan, r));
    }
    for (nn_record *r = tape->record, *next; r; r = next) {
        next = r->next;
        if (r->op == &nn_op_relu_back) ND_TRY(norm_relu_back(plan, r));
        if (r->op == &nn_op_sum2) ND_TRY(data_add(plan, r));
    }
    int records = 0;
    for (nn_record *r = tape->record; r; r = r->next) r->number = records++;
    tape->records = records;
    return ND_OK;
}
