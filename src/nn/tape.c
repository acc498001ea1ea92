// SPDX-License-Identifier: Apache-2.0
// Recording: a forward function's calls become values and records; no number moves.
#include "nn/net.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

nd_shape nd_tensor_shape(const nd_tensor *x)
{
    return x ? x->shape : (nd_shape){0};
}

bool nd_training(const nd_tape *tape)
{
    return tape->training;
}

nd_dtype nn_real(const nd_tape *tape)
{
    return tape->net->make.dtype;
}

void nd_scope_enter(nd_tape *tape, const char *format, ...)
{
    const size_t room = sizeof tape->scope - tape->scope_length;
    char *at = tape->scope + tape->scope_length;
    va_list words;
    va_start(words, format);
    const int length = vsnprintf(at, room, format, words);
    va_end(words);
    const int most = (int)(sizeof tape->scope_start / sizeof *tape->scope_start);
    if (tape->scopes < most) tape->scope_start[tape->scopes] = tape->scope_length;
    tape->scopes++;
    if (length > 0 && (size_t)length + 2 < room && tape->scopes <= most) {
        tape->scope_length += (size_t)length + 1;
        at[length] = '.';
        at[length + 1] = 0;
    } else {
        tape->is_too_deep = true; // the next record says so
    }
}

void nd_scope_leave(nd_tape *tape)
{
    if (!tape->scopes) return;
    const int most = (int)(sizeof tape->scope_start / sizeof *tape->scope_start);
    if (--tape->scopes >= most) return;
    tape->scope_length = tape->scope_start[tape->scopes];
    tape->scope[tape->scope_length] = 0;
}

nd_tensor *nn_tensor(nd_tape *tape, nd_dtype dtype, nd_shape shape)
{
    // Products of dimensions must stay countable, blocked and in doubles.
    double bytes = 16 * 8;
    for (int i = 0; i < shape.rank; i++) bytes *= (double)shape.dim[i];
    if (bytes > 0x1p62) {
        char text[96];
        (void)nd_fail(ND_E_PARAM,
                      "%s: %s numbers are more than memory can hold\n"
                      "take a smaller batch or smaller pictures",
                      tape->scope_length ? tape->scope : "network",
                      nn_shape_text(text, shape));
        return NULL;
    }
    nd_tensor *x = nd_alloc(tape->arena, 1, sizeof *x);
    if (!x) return NULL;
    *x = (nd_tensor){.tape = tape, .dtype = dtype, .shape = shape, .slot = -1};
    if (tape->last_tensor)
        tape->last_tensor->next = x;
    else
        tape->tensor = x;
    return tape->last_tensor = x;
}

nn_record *nn_record_new(nd_tape *tape, const nn_op *op, const char *name, int ins,
                         int outs)
{
    if (tape->is_too_deep) {
        (void)nd_fail(ND_E_PARAM,
                      "%s…: layers are nested deeper than 32, or their names longer than "
                      "510 letters\n"
                      "give the scopes shorter names",
                      tape->scope);
        return NULL;
    }
    nn_record *r = nd_alloc(tape->arena, 1, sizeof *r);
    nd_tensor **values =
        nd_alloc(tape->arena, (size_t)ins + (size_t)outs, sizeof *values);
    if (!r || !values) return NULL;
    *r = (nn_record){.op = op,
                     .in = values,
                     .out = values + ins,
                     .ins = ins,
                     .outs = outs,
                     .number = tape->records++,
                     .is_backward = tape->backward};
    r->path = name ? nd_text(tape->arena, "%s%s", tape->scope, name)
                   : nd_text(tape->arena, "%.*s",
                             (int)(tape->scope_length ? tape->scope_length - 1 : 0),
                             tape->scope);
    if (!r->path) return NULL;
    if (tape->last_record)
        tape->last_record->next = r;
    else
        tape->record = r;
    return tape->last_record = r;
}

nd_status nn_record_set(nn_record *record, nd_tape *tape, const void *set, size_t bytes)
{
    if (!bytes) return ND_OK;
    void *copy = nd_alloc(tape->arena, 1, bytes);
    if (!copy) return ND_E_MEMORY;
    memcpy(copy, set, bytes);
    record->set = copy;
    return ND_OK;
}

nd_tensor *nn_out(nd_tape *tape, nn_record *record, int k, nd_dtype dtype, nd_shape shape)
{
    nd_tensor *x = nn_tensor(tape, dtype, shape);
    if (!x) return NULL;
    x->made_by = record;
    for (int i = 0; i < record->ins && record->op->gradient; i++)
        x->needs_gradient |= record->in[i] && record->in[i]->needs_gradient;
    return record->out[k] = x;
}

nd_tensor *nn_point(const nn_op *op, nd_tensor *x, const void *set, size_t bytes)
{
    if (!x) return NULL;
    nn_record *r = nn_record_new(x->tape, op, NULL, 1, 1);
    if (!r || nn_record_set(r, x->tape, set, bytes)) return NULL;
    r->in[0] = x;
    return nn_out(x->tape, r, 0, x->dtype, x->shape);
}

nd_status nn_wrong(const nd_tape *tape, const char *name, const char *what,
                   const nd_tensor *x)
{
    char shape[96];
    return nd_fail(ND_E_PARAM,
                   "%s%s: the input is %s\n"
                   "give it %s",
                   tape->scope, name ? name : "", nn_shape_text(shape, x->shape), what);
}

// The value of variable `slot` on this tape: one, however often it is used.
static nd_tensor *state(nd_tape *tape, int slot)
{
    for (nd_tensor *x = tape->tensor; x; x = x->next)
        if (x->place == NN_STATE && x->slot == slot) return x;
    const nn_variable *v = nn_variable_at(tape->net, slot);
    nd_tensor *x = nn_tensor(tape, v->dtype, v->shape);
    if (!x) return NULL;
    x->place = NN_STATE, x->slot = slot;
    x->needs_gradient = tape->training && v->is_parameter && !v->frozen;
    return x;
}

static nd_tensor *variable(nd_tape *tape, const char *name, const char *what,
                           nn_variable wanted, nn_first first)
{
    const char *full =
        nd_text(tape->arena, name && *name ? "%s%s%s%s" : "%s%s%.0s%s", tape->scope,
                name ? name : "", what && *what ? "." : "", what ? what : "");
    if (!full) return NULL;
    int slot = nd_net_find(tape->net, full);
    if (slot < 0) {
        wanted.name = full;
        slot = nn_variable_add(tape->net, &wanted, first);
        if (slot < 0) return NULL;
    }
    const nn_variable *v = nn_variable_at(tape->net, slot);
    if (!nd_shape_same(v->shape, wanted.shape) || v->dtype != wanted.dtype) {
        char a[96], b[96];
        (void)nd_fail(ND_E_PARAM,
                      "%s is %s here and was %s before\n"
                      "give the input the number of channels the network was made for, "
                      "and each layer a name of its own",
                      full, nn_shape_text(a, wanted.shape), nn_shape_text(b, v->shape));
        return NULL;
    }
    return state(tape, slot);
}

nd_tensor *nn_state(nd_tape *tape, const char *name, const char *what, nd_shape shape,
                    nn_first first)
{
    return variable(
        tape, name, what,
        (nn_variable){.dtype = nn_real(tape), .shape = shape, .is_parameter = true},
        first);
}

nd_tensor *nn_buffer(nd_tape *tape, const char *name, const char *what, nd_dtype dtype,
                     nd_shape shape, double value)
{
    return variable(tape, name, what, (nn_variable){.dtype = dtype, .shape = shape},
                    (nn_first){.value = value});
}

bool nn_is_frozen(const nd_tape *tape, const nd_tensor *parameter)
{
    return nn_variable_at(tape->net, parameter->slot)->frozen;
}

nd_status nn_give(nd_tape *tape, nd_tensor *x, nd_tensor *g)
{
    if (!x || !x->needs_gradient) return ND_OK;
    if (!g) return ND_E_MEMORY; // who made it has said why
    if (!x->gradient) {
        x->gradient = g;
        return ND_OK;
    }
    nn_record *r = nn_record_new(tape, &nn_op_sum2, NULL, 2, 1);
    if (!r) return ND_E_MEMORY;
    r->in[0] = x->gradient, r->in[1] = g;
    x->gradient = nn_out(tape, r, 0, g->dtype, g->shape);
    return x->gradient ? ND_OK : ND_E_MEMORY;
}
