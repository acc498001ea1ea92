// SPDX-License-Identifier: Apache-2.0
// From a recorded tape to a plan: gradients, updates, what is dead, kernels, memory.
#include "nn/net.h"
#include <string.h>

// The status of this thread's error, which stays.
static nd_status given(void)
{
    const nd_error error = nd_error_take();
    if (error.code == ND_OK)
        return nd_fail(ND_E_BUG, "a forward function gave nothing and said nothing\n"
                                 "let it call nd_fail");
    (void)nd_error_give(&error);
    return error.code;
}

static bool key_same(const nn_key *a, const nn_key *b)
{
    return a->mode == b->mode && nd_shape_same(a->input, b->input) &&
           nd_shape_same(a->target, b->target) && a->input_dtype == b->input_dtype &&
           a->target_dtype == b->target_dtype && a->goal.loss == b->goal.loss &&
           a->goal.settings == b->goal.settings &&
           a->goal.keeps_output == b->goal.keeps_output && a->optim == b->optim &&
           a->threads == b->threads && a->frozen == b->frozen;
}

nn_plan *nn_plan_find(nd_net *net, const nn_key *key)
{
    for (nn_plan *p = net->plan; p; p = p->next)
        if (key_same(&p->key, key)) return p;
    return NULL;
}

// One number everywhere: what a loss's gradient begins with.
static nd_status fill_run(const nn_call *call)
{
    const nd_tensor *out = call->record->out[0];
    const double value = *(const double *)call->record->set;
    const int64_t count = nd_shape_count(out->shape);
    for (int64_t i = 0; i < count; i++)
        if (out->dtype == ND_FLOAT32)
            ((float *)call->out[0])[i] = (float)value;
        else
            ((double *)call->out[0])[i] = value;
    return ND_OK;
}
static const nn_op fill = {.name = "fill", .plain = {fill_run, fill_run}};

// Walks the tape backwards. Records of the backward half follow those of the forward
// half, so that the list stays in an order that can be run.
static nd_status record_gradients(nd_tape *tape, nd_tensor *loss)
{
    const int forward = tape->records;
    nn_record **order = nd_alloc(tape->arena, (size_t)forward, sizeof(nn_record *));
    if (!order) return ND_E_MEMORY;
    int count = 0;
    for (nn_record *r = tape->record; r; r = r->next) order[count++] = r;
    tape->backward = true;
    tape->scope_length = 0, tape->scope[0] = 0;
    nn_record *one = nn_record_new(tape, &fill, NULL, 0, 1);
    if (!one || nn_record_set(one, tape, &(double){1}, sizeof(double)))
        return ND_E_MEMORY;
    if (!nn_out(tape, one, 0, loss->dtype, loss->shape)) return ND_E_MEMORY;
    loss->gradient = one->out[0];
    for (int i = count - 1; i >= 0; i--) {
        nn_record *r = order[i];
        nd_tensor *from[8] = {0};
        bool is_wanted = false, has_one = false;
        for (int k = 0; k < r->outs && k < 8; k++)
            if (r->out[k]->gradient) from[k] = r->out[k]->gradient, has_one = true;
        for (int k = 0; k < r->ins; k++)
            is_wanted |= r->in[k] && r->in[k]->needs_gradient;
        if (!r->op->gradient || !is_wanted || !has_one) continue;
        nn_record *last = tape->last_record;
        ND_TRY(r->op->gradient(tape, r, from));
        for (nn_record *b = last->next; b; b = b->next) b->path = r->path;
    }
    return ND_OK;
}

// Keeps what is read by what is kept; updates, effects, the loss and the output are.
static void remove_dead(const nn_plan *plan)
{
    nd_tape *tape = plan->tape;
    bool *alive = nd_alloc(tape->arena, (size_t)tape->records, sizeof *alive);
    nn_record **order = nd_alloc(tape->arena, (size_t)tape->records, sizeof *order);
    if (!alive || !order) return; // nothing is removed, which is right as well
    int records = 0;
    for (nn_record *r = tape->record; r; r = r->next) {
        r->number = records;
        alive[records] =
            r->op->has_effect || (r->op->is_update && plan->key.mode != NN_GRADIENTS);
        order[records++] = r;
    }
    for (int i = 0; i < plan->finals; i++)
        if ((*plan->final[i])->made_by) alive[(*plan->final[i])->made_by->number] = true;
    for (int i = records - 1; i >= 0; i--)
        for (int k = 0; alive[i] && k < order[i]->ins; k++)
            if (order[i]->in[k] && order[i]->in[k]->made_by)
                alive[order[i]->in[k]->made_by->number] = true;
    nn_record **link = &tape->record;
    tape->last_record = NULL, tape->records = 0;
    for (int i = 0; i < records; i++) {
        if (!alive[i]) continue;
        *link = order[i], link = &order[i]->next;
        tape->last_record = order[i], order[i]->number = tape->records++;
    }
    *link = NULL;
}

static bool reads(const nn_record *r, int slot)
{
    for (int k = 0; k < r->ins; k++)
        if (r->in[k] && r->in[k]->place == NN_STATE && r->in[k]->slot == slot)
            return true;
    return false;
}

// The last record that update i waits for.
static int last_before(const nn_plan *plan, nn_record *const *all, int i)
{
    const nn_record *update = all[i];
    int last = plan->loss && plan->loss->made_by ? plan->loss->made_by->number : 0;
    for (int j = last + 1; j < i; j++)
        if (!all[j]->op->is_update && reads(all[j], update->in[0]->slot)) last = j;
    for (int k = 0; k < update->ins; k++)
        if (update->in[k]->made_by && update->in[k]->made_by->number > last)
            last = update->in[k]->made_by->number;
    return last;
}

// An update goes behind the last that reads its parameter or writes its gradient, so that
// the gradient's memory is free again at once. With clipping it waits for the norm, which
// is one of its inputs.
static nd_status order_records(nn_plan *plan)
{
    nd_tape *tape = plan->tape;
    const int count = tape->records;
    nn_record **all = nd_alloc(plan->arena, (size_t)count, sizeof *all);
    nn_record **out = nd_alloc(plan->arena, (size_t)count, sizeof *out);
    int *after = nd_alloc(plan->arena, (size_t)count, sizeof *after);
    if (!all || !out || !after) return ND_E_MEMORY;
    int n = 0;
    for (nn_record *r = tape->record; r; r = r->next) r->number = n, all[n++] = r;
    for (int i = 0; i < n; i++)
        after[i] = all[i]->op->is_update ? last_before(plan, all, i) : -1;
    int used = 0;
    for (int i = 0; i < n; i++) {
        if (all[i]->op->is_update) continue;
        out[used++] = all[i];
        for (int j = 0; j < n; j++)
            if (all[j]->op->is_update && after[j] == i) out[used++] = all[j];
    }
    plan->record = out, plan->records = used;
    for (int i = 0; i < used; i++) out[i]->number = i;
    return ND_OK;
}

static nd_status record(nn_plan *plan)
{
    nd_tape *tape = plan->tape;
    const nn_key *key = &plan->key;
    const nd_net_make *make = &plan->net->make;
    plan->input = nn_tensor(tape, key->input_dtype, key->input);
    if (!plan->input) return ND_E_MEMORY;
    plan->input->place = NN_INPUT;
    plan->input->needs_gradient = key->mode == NN_GRADIENTS;
    plan->output = make->forward(tape, plan->input, make->user);
    if (!plan->output) return given();
    if (key->mode == NN_INFER || key->mode == NN_MEASURE) return ND_OK;
    plan->target = nn_tensor(tape, key->target_dtype, key->target);
    if (!plan->target) return ND_E_MEMORY;
    plan->target->place = NN_TARGET;
    tape->scope_length = 0, tape->scope[0] = 0;
    plan->loss = key->goal.loss(tape, plan->output, plan->target, key->goal.settings);
    return plan->loss ? ND_OK : given();
}

static nd_status keep_as_bf16(nn_plan *plan)
{
    if (plan->net->make.compute != ND_BFLOAT16) return ND_OK;
    for (nn_record *r = plan->tape->record; r; r = r->next)
        for (int k = 0; k < r->outs && r->op->may_be_bf16; k++)
            if (r->out[k]->dtype == ND_FLOAT32 && r->out[k]->shape.rank == 4)
                r->out[k]->dtype = ND_BFLOAT16;
    return ND_OK;
}

static nd_status passes(nn_plan *plan)
{
    nd_tape *tape = plan->tape;
    ND_TRY(record(plan));
    if (plan->loss) ND_TRY(record_gradients(tape, plan->loss));
    if (plan->key.mode == NN_TRAIN)
        ND_TRY(nn_record_updates(tape, plan->key.optim, &plan->norm));
    plan->final =
        nd_alloc(plan->arena, (size_t)plan->net->count + 8, sizeof *plan->final);
    if (!plan->final) return ND_E_MEMORY;
    plan->final[plan->finals++] = plan->loss ? &plan->loss : &plan->output;
    if (plan->norm) plan->final[plan->finals++] = &plan->norm;
    if (plan->loss && plan->key.goal.keeps_output)
        plan->final[plan->finals++] = &plan->output;
    for (nd_tensor *x = tape->tensor; x && plan->key.mode == NN_GRADIENTS; x = x->next)
        if ((x->place == NN_STATE || x->place == NN_INPUT) && x->gradient)
            plan->final[plan->finals++] = &x->gradient;
    remove_dead(plan);
    ND_TRY(keep_as_bf16(plan));
    nn_team_here(plan->key.threads);
    if (plan->net->backend->fuse) ND_TRY(plan->net->backend->fuse(plan));
    ND_TRY(nn_choose_kernels(plan));
    ND_TRY(order_records(plan));
    for (int i = 0; i < plan->records; i++) {
        const nn_record *r = plan->record[i];
        plan->flops += r->op->flops ? r->op->flops(r) : 0;
        if (plan->loss && r == plan->loss->made_by) plan->loss_at = i;
    }
    return nn_place_values(plan);
}

nd_status nn_compile(nd_net *net, const nn_key *key, nn_plan **made)
{
    nd_arena *arena = nd_arena_new();
    if (!arena) return ND_E_MEMORY;
    nn_plan *plan = nd_alloc(arena, 1, sizeof *plan);
    nd_tape *tape = nd_alloc(arena, 1, sizeof *tape);
    if (!plan || !tape) {
        nd_arena_free(arena);
        return ND_E_MEMORY;
    }
    *tape = (nd_tape){.arena = arena,
                      .net = net,
                      .training = key->mode != NN_INFER,
                      .measuring = key->mode == NN_MEASURE};
    *plan =
        (nn_plan){.arena = arena, .net = net, .key = *key, .tape = tape, .version = -1};
    const nd_status status = passes(plan);
    if (status != ND_OK) {
        nd_arena_free(arena);
        return status;
    }
    plan->next = net->plan, net->plan = plan;
    net->compiled++;
    *made = plan;
    return ND_OK;
}
