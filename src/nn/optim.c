// SPDX-License-Identifier: Apache-2.0
// Optimisers: their state, and the records that update a net's parameters.
#include "nn/optim.h"
#include <string.h>

static bool has_moment(const nd_optim_make *m)
{
    return m->method != ND_SGD || m->momentum > 0;
}

// Running means and variances are averaged too: those of the net as it is fit its own
// weights and not the averaged ones.
static nd_status average(nd_optim *o, int slot)
{
    const nn_variable *v = nn_variable_at(o->net, slot);
    const size_t count = (size_t)nd_shape_count(v->shape);
    const size_t bytes = nd_dtype_bytes(v->dtype);
    if (o->make.ema <= 0) return ND_OK;
    if (!(o->average[slot] = nd_alloc(o->arena, count, bytes))) return ND_E_MEMORY;
    memcpy(o->average[slot], v->data, count * bytes);
    return ND_OK;
}

static nd_status take(nd_optim *o, int slot)
{
    const nn_variable *v = nn_variable_at(o->net, slot);
    const size_t count = (size_t)nd_shape_count(v->shape);
    const size_t bytes = nd_dtype_bytes(v->dtype);
    if (has_moment(&o->make) && !(o->moment[slot] = nd_alloc(o->arena, count, bytes)))
        return ND_E_MEMORY;
    if (o->make.method != ND_SGD && !(o->square[slot] = nd_alloc(o->arena, count, bytes)))
        return ND_E_MEMORY;
    if (o->make.accumulate > 1 && !(o->gathered[slot] = nd_alloc(o->arena, count, bytes)))
        return ND_E_MEMORY;
    return average(o, slot);
}

// The list of nd_optim_at: the step first, then what each parameter has.
static nd_status name_all(nd_optim *o)
{
    const int count = o->net->count;
    o->named = nd_alloc(o->arena, (size_t)count * 4 + 2, sizeof *o->named);
    if (!o->named) return ND_E_MEMORY;
    o->named[o->names++] =
        (nd_named){"step", {ND_INT64, {0, {0}}, &o->step}, false, false};
    const struct {
        const char *what;
        void **data;
    } kinds[] = {{"momentum", o->moment},
                 {"square", o->square},
                 {"gathered", o->gathered},
                 {"ema", o->average}};
    for (int i = 0; i < count; i++)
        for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
            if (!kinds[k].data[i]) continue;
            const nn_variable *v = nn_variable_at(o->net, i);
            const char *name = nd_text(o->arena, "%s.%s", v->name, kinds[k].what);
            if (!name) return ND_E_MEMORY;
            o->named[o->names++] = (nd_named){
                name, {v->dtype, v->shape, kinds[k].data[i]}, false, v->frozen};
        }
    return ND_OK;
}

nd_optim *nd_optim_new(nd_arena *arena, nd_net *net, const nd_optim_make *make)
{
    nd_optim *o = nd_alloc(arena, 1, sizeof *o);
    if (!o) return NULL;
    *o = (nd_optim){.arena = arena, .net = net, .make = *make};
    if (o->make.beta2 == 0) o->make.beta2 = 0.999;
    if (o->make.epsilon == 0) o->make.epsilon = 1e-8;
    if (o->make.method != ND_SGD && o->make.momentum == 0) o->make.momentum = 0.9;
    o->rate = o->make.rate, o->momentum = o->make.momentum;
    const size_t count = (size_t)net->count;
    void ***list[] = {&o->moment, &o->square, &o->average, &o->gathered};
    for (size_t i = 0; i < sizeof list / sizeof *list; i++)
        if (!(*list[i] = nd_alloc(arena, count, sizeof(void *)))) return NULL;
    o->factor = nd_alloc(arena, count, sizeof *o->factor);
    o->prefix = nd_alloc(arena, count, sizeof *o->prefix);
    if (!o->factor || !o->prefix) return NULL;
    for (int i = 0; i < net->count; i++) {
        o->factor[i] = 1;
        const nn_variable *v = &net->variable[i];
        if (v->is_parameter ? take(o, i) : v->dtype != ND_INT64 && average(o, i))
            return NULL;
    }
    return name_all(o) == ND_OK ? o : NULL;
}

void nd_optim_rate(nd_optim *optim, double rate, double momentum)
{
    optim->rate = rate;
    if (momentum >= 0) optim->momentum = momentum;
}

nd_status nd_optim_group(nd_optim *optim, const char *prefix, double factor)
{
    int found = 0;
    const int length = (int)strlen(prefix);
    for (int i = 0; i < optim->net->count; i++) {
        if (strncmp(optim->net->variable[i].name, prefix, (size_t)length)) continue;
        found++;
        if (length < optim->prefix[i]) continue;
        optim->factor[i] = factor, optim->prefix[i] = length;
    }
    if (!found)
        return nd_fail(ND_E_PARAM,
                       "no parameter's name begins with %s\n"
                       "nadir info lists the names",
                       prefix);
    return ND_OK;
}

int nd_optim_count(const nd_optim *optim)
{
    return optim->names;
}

nd_named nd_optim_at(const nd_optim *optim, int at)
{
    return optim->named[at];
}

nd_status nd_optim_pull(nd_optim *optim)
{
    (void)optim;
    return ND_OK;
}

nd_status nd_optim_push(nd_optim *optim)
{
    optim->batch = 0;
    return ND_OK;
}

nd_status nd_optim_swap(nd_optim *optim)
{
    for (int i = 0; i < optim->net->count; i++) {
        if (!optim->average[i]) continue;
        const nn_variable *v = nn_variable_at(optim->net, i);
        unsigned char *a = v->data, *b = optim->average[i];
        const size_t bytes = (size_t)nd_shape_count(v->shape) * nd_dtype_bytes(v->dtype);
        unsigned char kept[4096];
        for (size_t at = 0; at < bytes; at += sizeof kept) {
            const size_t n = bytes - at < sizeof kept ? bytes - at : sizeof kept;
            memcpy(kept, a + at, n);
            memcpy(a + at, b + at, n);
            memcpy(b + at, kept, n);
        }
    }
    return nd_net_push(optim->net);
}

static double ema_now(const nd_optim *o)
{
    const double t = (double)o->step, warm = (1 + t) / (10 + t);
    return o->make.ema < warm ? o->make.ema : warm;
}

void nn_average_buffers(const nd_optim *o)
{
    const double d = ema_now(o);
    for (int i = 0; i < o->net->count; i++) {
        const nn_variable *v = nn_variable_at(o->net, i);
        if (v->is_parameter || !o->average[i]) continue;
        const int64_t count = nd_shape_count(v->shape);
        for (int64_t k = 0; k < count; k++) {
            if (v->dtype == ND_FLOAT32) {
                float *a = o->average[i];
                a[k] =
                    (float)(d * (double)a[k] + (1 - d) * (double)((float *)v->data)[k]);
            } else {
                double *a = o->average[i];
                a[k] = d * a[k] + (1 - d) * ((double *)v->data)[k];
            }
        }
    }
}

bool nn_step_of(const nd_optim *o, int slot, double norm, nn_step *s)
{
    const nd_optim_make *m = &o->make;
    if (m->accumulate > 1 && o->batch + 1 < m->accumulate) return false;
    const nn_variable *v = nn_variable_at(o->net, slot);
    // Biases, and the scale and shift of norms, have one dimension.
    const bool decays = m->decay_all || v->shape.rank > 1;
    *s = (nn_step){.rate = o->rate * o->factor[slot],
                   .momentum = o->momentum,
                   .beta2 = m->beta2,
                   .epsilon = m->epsilon,
                   .decay = decays ? m->decay : 0,
                   .clip = norm > m->clip && m->clip > 0 ? m->clip / (norm + 1e-6) : 1,
                   .ema = ema_now(o),
                   .step = o->step + 1,
                   .nesterov = m->nesterov,
                   .is_decoupled = m->method == ND_ADAMW};
    return true;
}

const nn_op nn_op_gather = {
    .name = "gather", .plain = NN_PAIR(gather), .has_effect = true};
const nn_op nn_op_norm = {.name = "norm", .plain = NN_PAIR(norm)};
const nn_op nn_op_update = {
    .name = "update", .plain = NN_PAIR(update), .is_update = true};

static nd_status record_norm(nd_tape *tape, nd_tensor *const *gradient, int count,
                             const int *slot, nd_tensor **norm)
{
    nn_record *r = nn_record_new(tape, &nn_op_norm, NULL, count, 1);
    if (!r || nn_record_set(r, tape, slot, (size_t)count * sizeof *slot))
        return ND_E_MEMORY;
    memcpy(r->in, gradient, (size_t)count * sizeof(nd_tensor *));
    *norm = nn_out(tape, r, 0, nn_real(tape), (nd_shape){0});
    return *norm ? ND_OK : ND_E_MEMORY;
}

nd_status nn_record_updates(nd_tape *tape, const nd_optim *optim, nd_tensor **norm)
{
    const int most = tape->net->count;
    nd_tensor **gradient = nd_alloc(tape->arena, (size_t)most, sizeof(nd_tensor *));
    nd_tensor **parameter = nd_alloc(tape->arena, (size_t)most, sizeof(nd_tensor *));
    int *slot = nd_alloc(tape->arena, (size_t)most, sizeof *slot);
    if (!gradient || !parameter || !slot) return ND_E_MEMORY;
    int count = 0;
    for (nd_tensor *x = tape->tensor; x; x = x->next)
        if (x->place == NN_STATE && x->gradient && x->needs_gradient)
            parameter[count] = x, gradient[count] = x->gradient, slot[count++] = x->slot;
    for (int i = 0; i < count && optim->make.accumulate > 1; i++) {
        nn_record *r = nn_record_new(tape, &nn_op_gather, NULL, 2, 1);
        if (!r) return ND_E_MEMORY;
        r->in[0] = gradient[i], r->in[1] = parameter[i];
        // One number, so that norm and update come after.
        gradient[i] = nn_out(tape, r, 0, nn_real(tape), (nd_shape){0});
        if (!gradient[i]) return ND_E_MEMORY;
    }
    if (optim->make.clip > 0) ND_TRY(record_norm(tape, gradient, count, slot, norm));
    for (int i = 0; i < count; i++) {
        nn_record *r = nn_record_new(tape, &nn_op_update, NULL, *norm ? 3 : 2, 0);
        if (!r) return ND_E_MEMORY;
        r->path = nn_variable_at(tape->net, slot[i])->name;
        r->in[0] = parameter[i], r->in[1] = gradient[i];
        if (*norm) r->in[2] = *norm;
    }
    return ND_OK;
}
