// SPDX-License-Identifier: Apache-2.0
// Checkpoints as people save them: which of their tensors are the model's, and by what
// names; the rest is told.
#include "weights/checkpoint.h"
#include <stdio.h>
#include <string.h>

enum { STEPS = 5000000, DEPTH = 100 };

static nd_status visit(checkpoint *c, const pickle_value *value);

static nd_status skip(checkpoint *c, const char *reason)
{
    if (c->quiet) return ND_OK;
    const char *name = weights_name(c->in->arena, c->path, c->length);
    const char *copy = name ? nd_text(c->in->arena, "%s", reason) : NULL;
    return copy ? weights_skip(c->in, name, copy) : ND_E_MEMORY;
}

// Goes to a member of what is at the path: "layer1", "layer1.0".
static nd_status inside(checkpoint *c, const char *name, size_t length,
                        const pickle_value *value)
{
    const size_t before = c->length;
    if (before + 1 + length >= sizeof c->path || memchr(name, 0, length))
        return nd_fail(ND_E_DATA,
                       "the name of a tensor has more than %d bytes or a 0 in it\n"
                       "the file is damaged: copy or download it again",
                       WEIGHTS_NAME);
    if (before) c->path[c->length++] = '.';
    if (length) memcpy(c->path + c->length, name, length);
    c->length += length;
    const nd_status status = visit(c, value);
    c->length = before;
    return status;
}

static nd_status inside_key(checkpoint *c, const pickle_value *key,
                            const pickle_value *value)
{
    char number[32];
    if (key->kind == PICKLE_TEXT) return inside(c, key->text, key->length, value);
    if (key->kind != PICKLE_WHOLE) {
        c->quiet++;
        const nd_status status = inside(c, "?", 1, value);
        c->quiet--;
        return status;
    }
    snprintf(number, sizeof number, "%lld", (long long)key->whole);
    return inside(c, number, strlen(number), value);
}

// What the state of torch.optim looks like.
static bool is_optimiser(const pickle_value *value)
{
    return pickle_member(value, "param_groups") && pickle_member(value, "state");
}

static const pickle_value *module_state(const pickle_value *value)
{
    const bool is = value->kind == PICKLE_OPAQUE && value->opaque->state &&
                    pickle_member(value->opaque->state, "_parameters") &&
                    pickle_member(value->opaque->state, "_modules");
    return is ? value->opaque->state : NULL;
}

// How many tensors there are below, without taking or telling any.
static nd_status count_below(checkpoint *c, const pickle_value *value, size_t *count)
{
    const size_t before = c->founds;
    c->quiet++;
    const nd_status status = visit(c, value);
    c->quiet--;
    *count = c->founds - before;
    c->founds = before;
    return status;
}

static nd_status visit_optimiser(checkpoint *c, const pickle_value *value)
{
    char reason[128];
    size_t count = 0;
    for (size_t i = 0; i + 1 < value->list.count; i += 2) {
        size_t more;
        ND_TRY(count_below(c, value->list.item[i + 1], &more));
        count += more;
    }
    snprintf(reason, sizeof reason, nd_gettext("%zu tensors of an optimiser"), count);
    return skip(c, reason);
}

static nd_status visit_dict(checkpoint *c, const pickle_value *value)
{
    if (is_optimiser(value)) return visit_optimiser(c, value);
    for (size_t i = 0; i + 1 < value->list.count; i += 2)
        ND_TRY(inside_key(c, value->list.item[i], value->list.item[i + 1]));
    return ND_OK;
}

static bool is_numpy(const pickle_value *value)
{
    return value->kind == PICKLE_OPAQUE && strcmp(value->opaque->name, "scalar") == 0;
}

// Long lists of numbers are told as one.
static nd_status visit_list(checkpoint *c, const pickle_value *value)
{
    const size_t before = c->founds;
    char number[32], reason[128];
    c->quiet++;
    nd_status status = ND_OK;
    bool has_numpy = false;
    for (size_t i = 0; i < value->list.count && status == ND_OK; i++) {
        has_numpy = has_numpy || is_numpy(value->list.item[i]);
        snprintf(number, sizeof number, "%zu", i);
        status = inside(c, number, strlen(number), value->list.item[i]);
    }
    c->quiet--;
    if (status != ND_OK || c->founds != before || !value->list.count) return status;
    snprintf(reason, sizeof reason,
             has_numpy ? nd_gettext("a list of %zu values, numbers of numpy among them")
                       : nd_gettext("a list of %zu values, no tensors"),
             value->list.count);
    return skip(c, reason);
}

static bool is_listed(const pickle_value *list, const pickle_value *name)
{
    if (!list || list->kind != PICKLE_LIST) return false;
    for (size_t i = 0; i < list->list.count; i++) {
        const pickle_value *v = list->list.item[i];
        if (v->kind == PICKLE_TEXT && v->length == name->length &&
            memcmp(v->text, name->text, v->length) == 0)
            return true;
    }
    return false;
}

// As torch's state_dict goes: own parameters, own buffers that persist, then the modules
// inside.
static nd_status visit_module(checkpoint *c, const pickle_value *state)
{
    static const char *const parts[] = {"_parameters", "_buffers", "_modules"};
    const pickle_value *passing = pickle_member(state, "_non_persistent_buffers_set");
    for (int part = 0; part < 3; part++) {
        const pickle_value *dict = pickle_member(state, parts[part]);
        if (!dict || dict->kind != PICKLE_DICT) continue;
        for (size_t i = 0; i + 1 < dict->list.count; i += 2) {
            const pickle_value *key = dict->list.item[i], *v = dict->list.item[i + 1];
            if (key->kind != PICKLE_TEXT || v->kind == PICKLE_NONE ||
                (part == 1 && is_listed(passing, key)))
                continue;
            ND_TRY(inside_key(c, key, v));
        }
    }
    return ND_OK;
}

static nd_status visit_opaque(checkpoint *c, const pickle_value *value)
{
    char reason[512];
    const pickle_opaque *o = value->opaque;
    const pickle_value *state = module_state(value);
    if (state) return visit_module(c, state);
    if (o->items && o->items->list.count) return visit(c, o->items);
    if (is_numpy(value)) return skip(c, nd_gettext("a number of numpy, no tensor"));
    snprintf(reason, sizeof reason, nd_gettext("an object of %s.%s, no tensor"),
             o->module, o->name);
    return skip(c, reason);
}

static nd_status add(checkpoint *c, const pickle_tensor *tensor)
{
    if (!c->length) c->length = 6, memcpy(c->path, "tensor", 6); // saved alone
    const char *name = weights_name(c->in->scratch, c->path, c->length);
    if (!name) return ND_E_MEMORY;
    ND_TRY(weights_grow(c->in->scratch, &c->found, &c->found_room, c->founds,
                        sizeof *c->found));
    c->found[c->founds++] = (checkpoint_found){name, tensor};
    return ND_OK;
}

static nd_status visit_one(checkpoint *c, const pickle_value *value)
{
    switch (value->kind) {
    case PICKLE_TENSOR: return add(c, value->tensor);
    case PICKLE_DICT: return visit_dict(c, value);
    case PICKLE_LIST:
    case PICKLE_TUPLE: return visit_list(c, value);
    case PICKLE_OPAQUE: return visit_opaque(c, value);
    case PICKLE_BOOL:
    case PICKLE_WHOLE:
    case PICKLE_REAL: return skip(c, nd_gettext("a number, no tensor"));
    case PICKLE_TEXT:
    case PICKLE_BYTES: return skip(c, nd_gettext("a text, no tensor"));
    case PICKLE_STORAGE: return skip(c, nd_gettext("numbers without a shape"));
    case PICKLE_GLOBAL: return skip(c, nd_gettext("a name, no tensor"));
    case PICKLE_NONE: return ND_OK;
    }
    return ND_OK;
}

static nd_status visit(checkpoint *c, const pickle_value *value)
{
    if (++c->steps > STEPS)
        return nd_fail(ND_E_DATA,
                       "its values refer to each other more than %d times\n"
                       "save only the weights, as safetensors",
                       STEPS);
    if (c->depth >= DEPTH) return skip(c, nd_gettext("nested too deep"));
    c->depth++;
    const nd_status status = visit_one(c, value);
    c->depth--;
    return status;
}

// The member that holds the model, by the names people give it.
static nd_status find_model(checkpoint *c, const pickle_value *root, const char **key)
{
    static const char *const names[] = {"state_dict", "model_state_dict", "model",
                                        "net",        "model_ema",        "weights"};
    size_t count = 0;
    *key = NULL;
    if (root->kind != PICKLE_DICT) return ND_OK;
    for (size_t i = 1; i < root->list.count; i += 2)
        if (root->list.item[i]->kind == PICKLE_TENSOR) return ND_OK;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const pickle_value *member = pickle_member(root, names[i]);
        if (!member || (member->kind != PICKLE_DICT && !module_state(member))) continue;
        ND_TRY(count_below(c, member, &count));
        if (!count) continue;
        *key = names[i];
        return ND_OK;
    }
    return ND_OK;
}

// What stands beside the model: its tensors are counted, all else is named.
static nd_status tell_sibling(checkpoint *c, const pickle_value *key,
                              const pickle_value *value)
{
    const size_t before = c->founds;
    char reason[128];
    ND_TRY(inside_key(c, key, value));
    const size_t count = c->founds - before;
    c->founds = before;
    if (!count || key->kind != PICKLE_TEXT) return ND_OK;
    snprintf(reason, sizeof reason, nd_gettext("%zu tensors beside the model"), count);
    const char *name = weights_name(c->in->arena, key->text, key->length);
    const char *copy = nd_text(c->in->arena, "%s", reason);
    return name && copy ? weights_skip(c->in, name, copy) : ND_E_MEMORY;
}

static nd_status tell_class(checkpoint *c, const pickle_value *model)
{
    if (!module_state(model)) return ND_OK;
    return weights_note(
        c->in, "saved as a whole %s.%s: its %zu tensors were read, its code was not",
        model->opaque->module, model->opaque->name, c->founds);
}

static nd_status take_all(checkpoint *c, const pickle_value *root)
{
    const char *key;
    ND_TRY(find_model(c, root, &key));
    const pickle_value *model = key ? pickle_member(root, key) : root;
    ND_TRY(visit(c, model));
    ND_TRY(tell_class(c, model));
    if (!key) return ND_OK;
    ND_TRY(weights_note(c->in, "of the checkpoint, %s was taken", key));
    for (size_t i = 0; i + 1 < root->list.count; i += 2)
        if (root->list.item[i + 1] != model)
            ND_TRY(tell_sibling(c, root->list.item[i], root->list.item[i + 1]));
    return ND_OK;
}

static nd_status tell_foreign(checkpoint *c, const pickle *p)
{
    nd_weights *out = &c->in->out;
    if (!p->foreigns) return ND_OK;
    const char **names = nd_alloc(c->in->arena, p->foreigns, sizeof *names);
    if (!names) return ND_E_MEMORY;
    for (size_t i = 0; i < p->foreigns; i++)
        if (!(names[i] = nd_text(c->in->arena, "%s", p->foreign[i]))) return ND_E_MEMORY;
    out->foreign = names, out->foreigns = (int)p->foreigns;
    return ND_OK;
}

nd_status checkpoint_take(checkpoint *c, const pickle *p, const pickle_value *root)
{
    ND_TRY(take_all(c, root));
    ND_TRY(tell_foreign(c, p));
    return checkpoint_bind(c);
}
