// SPDX-License-Identifier: Apache-2.0
// Values of a pickle: taken from one bounded purse, never looked up.
#include "weights/pickle.h"
#include <string.h>

enum { BLOCK = 1 << 16 };

void *pickle_take(pickle *p, size_t count, size_t size)
{
    if (count > PICKLE_MEMORY / size ||
        p->taken + (count * size + 7) / 8 * 8 > PICKLE_MEMORY)
        return (void)nd_fail(ND_E_DATA,
                             "its pickle needs more than %d MB to be read\n"
                             "save only the weights, as safetensors",
                             PICKLE_MEMORY >> 20),
               NULL;
    const size_t bytes = (count * size + 7) / 8 * 8;
    p->taken += bytes;
    if (bytes > BLOCK / 4) return nd_alloc(p->arena, bytes, 1);
    if (bytes > p->pool_room) {
        if (!(p->pool = nd_alloc(p->arena, BLOCK, 1))) return NULL;
        p->pool_room = BLOCK;
    }
    void *place = p->pool;
    p->pool += bytes, p->pool_room -= bytes;
    return place;
}

const char *pickle_text(pickle *p, const char *text, size_t length)
{
    char *copy = pickle_take(p, length + 1, 1);
    if (copy && length) memcpy(copy, text, length);
    return copy;
}

pickle_value *pickle_new(pickle *p, pickle_kind kind)
{
    pickle_value *value = pickle_take(p, 1, sizeof *value);
    if (value) value->kind = kind;
    return value;
}

nd_status pickle_push(pickle *p, pickle_list *list, pickle_value *value)
{
    if (!value) return ND_E_MEMORY; // its maker has said why
    if (list->count == list->room) {
        const size_t room = list->room ? list->room * 2 : 4;
        pickle_value **longer = pickle_take(p, room, sizeof *longer);
        if (!longer) return ND_E_MEMORY;
        if (list->count) memcpy(longer, list->item, list->count * sizeof *longer);
        list->item = longer, list->room = room;
    }
    list->item[list->count++] = value;
    return ND_OK;
}

nd_status pickle_wrong(const pickle *p)
{
    return nd_fail(ND_E_DATA,
                   "pickle opcode 0x%02x at byte %zu finds values that it cannot use\n"
                   "the file is damaged: copy or download it again",
                   *p->opcode, (size_t)(p->opcode - p->start));
}

bool pickle_says(const pickle_value *value, const char *text)
{
    return value && value->kind == PICKLE_TEXT && value->length == strlen(text) &&
           memcmp(value->text, text, value->length) == 0;
}

const pickle_value *pickle_member(const pickle_value *dict, const char *key)
{
    if (!dict || dict->kind != PICKLE_DICT) return NULL;
    for (size_t i = dict->list.count; i >= 2; i -= 2) // the last one holds
        if (pickle_says(dict->list.item[i - 2], key)) return dict->list.item[i - 1];
    return NULL;
}
