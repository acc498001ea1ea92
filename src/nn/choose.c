// SPDX-License-Identifier: Apache-2.0
// Which kernel runs each record, and the conversions between what they take and give.
#include "nn/net.h"
#include <string.h>

static nd_status convert(const nn_call *call)
{
    const nd_tensor *in = call->record->in[0], *out = call->record->out[0];
    nn_convert_run(in, call->in[0], out, call->out[0], call->threads);
    return ND_OK;
}
const nn_op nn_op_convert = {.name = "convert", .plain = {convert, convert}};

// `x` with another type or layout: as some record before has made it, or as a new one
// placed before `reader` (NULL: at the end) makes it.
static nd_tensor *converted(nd_tape *tape, nd_tensor *x, nd_dtype dtype, nn_layout layout,
                            nn_record *before)
{
    nn_record *last = NULL;
    for (nn_record *r = tape->record; r && r != before; r = r->next) {
        last = r;
        if (r->op == &nn_op_convert && r->in[0] == x && r->out[0]->dtype == dtype &&
            r->out[0]->layout == layout)
            return r->out[0];
    }
    nn_record *end = tape->last_record;
    nn_record *r = nn_record_new(tape, &nn_op_convert, NULL, 1, 1);
    if (!r) return NULL;
    r->path = x->made_by ? x->made_by->path : before ? before->path : "";
    r->is_backward = before && before->is_backward;
    r->in[0] = x;
    nd_tensor *out = nn_out(tape, r, 0, dtype, x->shape);
    if (!out) return NULL;
    out->layout = layout;
    if (before) { // take it from the end, put it in its place
        end->next = NULL, tape->last_record = end;
        r->next = before;
        if (last)
            last->next = r;
        else
            tape->record = r;
    }
    return out;
}

static bool is_float(const nd_tensor *x)
{
    return x->dtype == ND_FLOAT32 || x->dtype == ND_FLOAT64 || x->dtype == ND_BFLOAT16;
}

static const nn_kernel *find(const nn_backend *backend, const nn_record *r)
{
    for (const nn_kernel *const *k = backend->kernel; k && *k; k++)
        if ((*k)->op == r->op && (!(*k)->fits || (*k)->fits(r))) return *k;
    return NULL;
}

static nn_layout followed(const nn_record *r)
{
    for (int k = 0; k < r->ins; k++)
        if (r->in[k] && r->in[k]->shape.rank == 4 && r->in[k]->place != NN_STATE)
            return r->in[k]->layout;
    return NN_PLAIN;
}

nd_dtype nn_working_type(const nn_record *r)
{
    if (r->op->may_be_bf16 && r->outs && r->out[0]->shape.rank == 4)
        return r->out[0]->dtype;
    nd_dtype type = r->ins && r->in[0] ? r->in[0]->dtype : ND_FLOAT32;
    for (int k = 0; k < r->ins; k++)
        if (r->in[k] && r->in[k]->dtype == ND_BFLOAT16 && r->in[k]->shape.rank == 4)
            type = ND_BFLOAT16;
    return type;
}

enum { MOST = 64 };

// What the kernel wants and gives; plain all through without one.
static void layouts_of(const nn_record *r, nn_layout in[MOST], nn_layout out[MOST])
{
    if (r->kernel && r->kernel->layouts)
        r->kernel->layouts(r, in, out);
    else
        for (int k = 0; r->kernel && k < MOST; k++) in[k] = out[k] = NN_FOLLOW;
}

// Puts conversions before the record where it reads another layout or type.
static nd_status convert_inputs(const nn_plan *plan, nn_record *r, const nn_layout *in,
                                nn_layout like, nd_dtype working)
{
    for (int k = 0; k < r->ins; k++) {
        nd_tensor *x = r->in[k];
        if (!x || !is_float(x) || x->place == NN_STATE) continue;
        nn_layout layout = x->layout;
        nd_dtype dtype = x->dtype;
        if (x->shape.rank == 4) {
            layout = in[k] == NN_FOLLOW ? like : in[k];
            if (r->kernel) dtype = working;
        }
        if (!r->kernel) dtype = plan->net->make.dtype;
        if (layout == x->layout && dtype == x->dtype) continue;
        r->in[k] = converted(plan->tape, x, dtype, layout, r);
        if (!r->in[k]) return ND_E_MEMORY;
    }
    return ND_OK;
}

static nd_status choose(nn_plan *plan, nn_record *r)
{
    nn_layout in[MOST] = {0}, out[MOST] = {0};
    if (r->ins > MOST || r->outs > MOST)
        return nd_fail(ND_E_PARAM, "%s: %s takes %d inputs\ntake at most %d", r->path,
                       r->op->name, r->ins, MOST);
    const nd_dtype real = plan->net->make.dtype;
    r->kernel = find(plan->net->backend, r);
    layouts_of(r, in, out);
    const nn_layout like = followed(r);
    // A plain kernel computes in the net's own type; others in that of what they give.
    for (int k = 0; k < r->outs && !r->kernel; k++)
        if (r->out[k]->dtype == ND_BFLOAT16) r->out[k]->dtype = real;
    const nd_dtype working =
        r->kernel && r->kernel->wants_float32 ? ND_FLOAT32 : nn_working_type(r);
    for (int k = 0; k < r->outs; k++) {
        if (r->out[k]->shape.rank == 4)
            r->out[k]->layout = out[k] == NN_FOLLOW ? like : out[k];
    }
    if (r->op != &nn_op_convert) ND_TRY(convert_inputs(plan, r, in, like, working));
    if (r->kernel && r->kernel->prepare) ND_TRY(r->kernel->prepare(plan->arena, r));
    return ND_OK;
}

nd_status nn_choose_kernels(nn_plan *plan)
{
    for (nn_record *r = plan->tape->record; r; r = r->next)
        if (r->op != &nn_op_convert) ND_TRY(choose(plan, r));
    for (int i = 0; i < plan->finals; i++) {
        nd_tensor **x = plan->final[i];
        const nd_dtype dtype =
            (*x)->dtype == ND_BFLOAT16 ? plan->net->make.dtype : (*x)->dtype;
        if ((*x)->layout == NN_PLAIN && dtype == (*x)->dtype) continue;
        *x = converted(plan->tape, *x, dtype, NN_PLAIN, NULL);
        if (!*x) return ND_E_MEMORY;
    }
    return ND_OK;
}
