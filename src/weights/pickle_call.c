// SPDX-License-Identifier: Apache-2.0
// Calls in a pickle, answered with values: storages, tensors, containers. What has no
// answer stays a name with its arguments.
#include "weights/pickle.h"
#include <string.h>

static pickle_value *at(const pickle_value *list, size_t index, pickle_kind kind)
{
    if (!list || list->kind != PICKLE_TUPLE || index >= list->list.count) return NULL;
    pickle_value *value = list->list.item[index];
    return value->kind == kind ? value : NULL;
}

static size_t count_of(const pickle_value *list)
{
    return list->kind == PICKLE_TUPLE || list->kind == PICKLE_LIST ? list->list.count : 0;
}

static bool is_called(const pickle_value *value, const char *module, const char *name)
{
    return value->kind == PICKLE_GLOBAL && strcmp(value->name, name) == 0 &&
           strcmp(value->module, module) == 0;
}

static pickle_value *wrong(const pickle *p)
{
    return (void)pickle_wrong(p), NULL;
}

// (key, offset, count), in numbers, of the view's own storage inside the root's.
static bool read_view(const pickle_value *view, pickle_storage *storage)
{
    const pickle_value *offset = at(view, 1, PICKLE_WHOLE),
                       *count = at(view, 2, PICKLE_WHOLE);
    if (!offset || !count || offset->whole < 0 || count->whole < 0) return false;
    storage->has_view = true;
    storage->view_offset = offset->whole, storage->view_count = count->whole;
    return true;
}

pickle_value *pickle_storage_of(pickle *p, const pickle_value *id)
{
    const pickle_value *type = at(id, 1, PICKLE_GLOBAL), *key = at(id, 2, PICKLE_TEXT),
                       *count = at(id, 4, PICKLE_WHOLE);
    // Of oldest files: the class and its source, which nobody needs.
    if (id->kind == PICKLE_TUPLE && count_of(id) >= 2 &&
        pickle_says(id->list.item[0], "module"))
        return id->list.item[1];
    if (!type || !key || !count || count->whole < 0 ||
        !pickle_says(id->list.item[0], "storage"))
        return wrong(p);
    pickle_value *value = pickle_new(p, PICKLE_STORAGE);
    pickle_storage *storage = value ? pickle_take(p, 1, sizeof *storage) : NULL;
    if (!storage) return NULL;
    *storage = (pickle_storage){.type = pickle_type(type->name),
                                .is_untyped = strcmp(type->name, "UntypedStorage") == 0,
                                .type_name = type->name,
                                .key = key->text,
                                .key_length = key->length,
                                .count = count->whole};
    const size_t items = count_of(id);
    if (items > 5 && id->list.item[5]->kind != PICKLE_NONE &&
        !read_view(id->list.item[5], storage))
        return wrong(p);
    value->storage = storage;
    return pickle_push(p, &p->storages, value) == ND_OK ? value : NULL;
}

static bool read_numbers(pickle *p, const pickle_value *list, int64_t **numbers)
{
    const size_t count = count_of(list);
    if (count > WEIGHTS_FILE_RANK ||
        (list->kind != PICKLE_TUPLE && list->kind != PICKLE_LIST) ||
        !(*numbers = pickle_take(p, count ? count : 1, sizeof **numbers)))
        return false;
    for (size_t i = 0; i < count; i++) {
        const pickle_value *v = list->list.item[i];
        if (v->kind != PICKLE_WHOLE || v->whole < 0) return false;
        (*numbers)[i] = v->whole;
    }
    return true;
}

// (storage, offset, size, stride, …): of _rebuild_tensor and its followers.
static pickle_value *tensor_of(pickle *p, const pickle_value *given, const char *dtype)
{
    if (given->kind != PICKLE_TUPLE || given->list.count < 4) return wrong(p);
    pickle_value *from = given->list.item[0];
    // Seen in tar files: the persistent id itself, as a plain tuple.
    if (from->kind == PICKLE_TUPLE && !(from = pickle_storage_of(p, from))) return NULL;
    const pickle_value *offset = at(given, 1, PICKLE_WHOLE);
    pickle_value *value = pickle_new(p, PICKLE_TENSOR);
    pickle_tensor *tensor = value ? pickle_take(p, 1, sizeof *tensor) : NULL;
    if (!tensor) return NULL;
    if (from->kind != PICKLE_STORAGE || !offset || offset->whole < 0 ||
        count_of(given->list.item[2]) != count_of(given->list.item[3]) ||
        !read_numbers(p, given->list.item[2], &tensor->dim) ||
        !read_numbers(p, given->list.item[3], &tensor->stride))
        return wrong(p);
    tensor->storage = from->storage;
    tensor->type_name = dtype ? dtype : from->storage->type_name;
    tensor->type = dtype ? pickle_type(dtype) : from->storage->type;
    tensor->rank = (int)count_of(given->list.item[2]);
    tensor->offset = offset->whole;
    value->tensor = tensor;
    return value;
}

static pickle_value *opaque_of(pickle *p, const pickle_value *callee, pickle_value *given)
{
    static const char *const harmless[] = {
        "scalar", "dtype", "encode", "device", "_get_layout", "Counter", "defaultdict"};
    pickle_value *value = pickle_new(p, PICKLE_OPAQUE);
    pickle_opaque *opaque = value ? pickle_take(p, 1, sizeof *opaque) : NULL;
    if (!opaque) return NULL;
    *opaque = (pickle_opaque){.module = "", .name = "?", .given = given};
    if (callee->kind == PICKLE_GLOBAL)
        opaque->module = callee->module, opaque->name = callee->name;
    for (size_t i = 0; i < sizeof harmless / sizeof *harmless; i++)
        opaque->is_harmless =
            opaque->is_harmless || strcmp(opaque->name, harmless[i]) == 0;
    value->opaque = opaque;
    return value;
}

// Nothing, or a list of pairs, as Python 2 and the tar files give it.
static pickle_value *dict_of(pickle *p, const pickle_value *given)
{
    pickle_value *dict = pickle_new(p, PICKLE_DICT);
    if (!dict || !count_of(given)) return dict;
    const pickle_value *pairs = given->list.item[0];
    if (pairs->kind == PICKLE_DICT) {
        for (size_t i = 0; i < pairs->list.count; i++)
            if (pickle_push(p, &dict->list, pairs->list.item[i]) != ND_OK) return NULL;
        return dict;
    }
    for (size_t i = 0; i < count_of(pairs); i++) {
        const pickle_value *pair = pairs->list.item[i];
        if (count_of(pair) != 2) return wrong(p);
        if (pickle_push(p, &dict->list, pair->list.item[0]) != ND_OK ||
            pickle_push(p, &dict->list, pair->list.item[1]) != ND_OK)
            return NULL;
    }
    return dict;
}

static pickle_value *list_of(pickle *p, pickle_value *given)
{
    pickle_value *first = count_of(given) ? given->list.item[0] : NULL;
    const bool is = first && (first->kind == PICKLE_LIST || first->kind == PICKLE_TUPLE);
    return is ? first : pickle_new(p, PICKLE_LIST);
}

static pickle_value *rebuilt(pickle *p, const pickle_value *callee, pickle_value *given)
{
    const char *name = callee->name;
    if (strcmp(name, "_rebuild_tensor") == 0 || strcmp(name, "_rebuild_tensor_v2") == 0)
        return tensor_of(p, given, NULL);
    if (strcmp(name, "_rebuild_tensor_v3") == 0) {
        const pickle_value *dtype = at(given, 6, PICKLE_GLOBAL);
        return dtype ? tensor_of(p, given, dtype->name) : wrong(p);
    }
    const bool is_parameter = strcmp(name, "_rebuild_parameter") == 0 ||
                              strcmp(name, "_rebuild_parameter_with_state") == 0;
    if (is_parameter && count_of(given)) return given->list.item[0];
    return opaque_of(p, callee, given); // sparse, quantised, on no device …
}

pickle_value *pickle_call(pickle *p, pickle_value *callee, pickle_value *given)
{
    if (callee->kind != PICKLE_GLOBAL && callee->kind != PICKLE_OPAQUE) return wrong(p);
    if (given->kind != PICKLE_TUPLE) return wrong(p);
    if (callee->kind == PICKLE_OPAQUE) return opaque_of(p, callee, given);
    if (strcmp(callee->module, "torch._utils") == 0) return rebuilt(p, callee, given);
    if (is_called(callee, "collections", "OrderedDict")) return dict_of(p, given);
    const bool is_parameter =
        strcmp(callee->name, "Parameter") == 0 || strcmp(callee->name, "Buffer") == 0;
    if (is_parameter && at(given, 0, PICKLE_TENSOR)) return given->list.item[0];
    if (is_called(callee, "torch", "Size") || strcmp(callee->name, "set") == 0 ||
        strcmp(callee->name, "frozenset") == 0)
        return list_of(p, given);
    return opaque_of(p, callee, given);
}

// Attributes of tensors and containers say nothing about numbers; those of an object are
// kept, for a module's tensors are among them.
nd_status pickle_build(pickle *p, pickle_value *object, pickle_value *state)
{
    if (object->kind == PICKLE_OPAQUE) {
        object->opaque->state = state;
        return ND_OK;
    }
    const bool takes = object->kind == PICKLE_TENSOR || object->kind == PICKLE_DICT ||
                       object->kind == PICKLE_LIST || object->kind == PICKLE_GLOBAL;
    return takes ? ND_OK : pickle_wrong(p);
}
