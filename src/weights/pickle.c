// SPDX-License-Identifier: Apache-2.0
// The pickle machine: a stack of values and a memo, no recursion, nothing executed.
#include "weights/pickle.h"
#include <stdio.h>
#include <string.h>

static nd_status cut_short(const pickle *p)
{
    return nd_fail(ND_E_DATA,
                   "its pickle ends in the middle, at byte %zu\n"
                   "the file was cut short: copy or download it again",
                   (size_t)(p->end - p->start));
}

static nd_status take(pickle *p, size_t count, const uint8_t **bytes)
{
    if ((size_t)(p->end - p->at) < count) return cut_short(p);
    *bytes = p->at;
    p->at += count;
    return ND_OK;
}

static nd_status take_number(pickle *p, int bytes, uint64_t *number)
{
    const uint8_t *at;
    ND_TRY(take(p, (size_t)bytes, &at));
    *number = weights_get(at, bytes);
    return ND_OK;
}

static nd_status take_line(pickle *p, const char **line, size_t *length)
{
    const uint8_t *end =
        p->at < p->end ? memchr(p->at, '\n', (size_t)(p->end - p->at)) : NULL;
    if (!end) return cut_short(p);
    *line = (const char *)p->at;
    *length = (size_t)(end - p->at);
    p->at = end + 1;
    return ND_OK;
}

static nd_status push(pickle *p, pickle_value *value)
{
    return pickle_push(p, &p->stack, value);
}

// Marks lie under values: what is below the last mark cannot be popped.
static size_t bottom(const pickle *p)
{
    return p->marks ? p->mark[p->marks - 1] : 0;
}

static pickle_value *pop(pickle *p)
{
    if (p->stack.count <= bottom(p)) return (void)pickle_wrong(p), NULL;
    return p->stack.item[--p->stack.count];
}

static pickle_value *top(pickle *p)
{
    if (p->stack.count <= bottom(p)) return (void)pickle_wrong(p), NULL;
    return p->stack.item[p->stack.count - 1];
}

static nd_status push_mark(pickle *p)
{
    if (p->marks == p->mark_room) {
        const size_t room = p->mark_room ? p->mark_room * 2 : 16;
        size_t *longer = pickle_take(p, room, sizeof *longer);
        if (!longer) return ND_E_MEMORY;
        if (p->marks) memcpy(longer, p->mark, p->marks * sizeof *longer);
        p->mark = longer, p->mark_room = room;
    }
    p->mark[p->marks++] = p->stack.count;
    return ND_OK;
}

// What was pushed since the last mark, which goes: good until the next push.
static nd_status since_mark(pickle *p, pickle_list *list)
{
    if (!p->marks) return pickle_wrong(p);
    const size_t from = p->mark[--p->marks];
    *list = (pickle_list){.count = p->stack.count - from};
    if (list->count) list->item = p->stack.item + from;
    p->stack.count = from;
    return ND_OK;
}

static nd_status push_list(pickle *p, pickle_kind kind, const pickle_list *items)
{
    pickle_value *value = pickle_new(p, kind);
    if (!value || (kind == PICKLE_DICT && items->count % 2))
        return value ? pickle_wrong(p) : ND_E_MEMORY;
    if (items->count) {
        value->list.item = pickle_take(p, items->count, sizeof *items->item);
        if (!value->list.item) return ND_E_MEMORY;
        memcpy(value->list.item, items->item, items->count * sizeof *items->item);
        value->list.count = value->list.room = items->count;
    }
    return push(p, value);
}

static nd_status push_marked(pickle *p, pickle_kind kind)
{
    pickle_list items = {.count = 0};
    ND_TRY(since_mark(p, &items));
    return push_list(p, kind, &items);
}

static nd_status push_last(pickle *p, size_t count) // as a tuple
{
    if (p->stack.count < bottom(p) + count) return pickle_wrong(p);
    p->stack.count -= count;
    const pickle_list items = {.item = p->stack.item + p->stack.count, .count = count};
    return push_list(p, PICKLE_TUPLE, &items);
}

// Lists and dicts take items; so do objects of unknown classes made of them.
static nd_status add_items(pickle *p, pickle_kind kind, const pickle_list *items)
{
    pickle_value *to = top(p);
    if (!to) return ND_E_DATA;
    if (kind == PICKLE_DICT && items->count % 2) return pickle_wrong(p);
    if (to->kind == PICKLE_OPAQUE) {
        if (!to->opaque->items && !(to->opaque->items = pickle_new(p, kind)))
            return ND_E_MEMORY;
        to = to->opaque->items;
    }
    if (to->kind != kind) return pickle_wrong(p);
    for (size_t i = 0; i < items->count; i++)
        ND_TRY(pickle_push(p, &to->list, items->item[i]));
    return ND_OK;
}

static nd_status add_last(pickle *p, pickle_kind kind, size_t count)
{
    if (p->stack.count < bottom(p) + count) return pickle_wrong(p);
    p->stack.count -= count;
    // What the stack held stays readable until the next push on it.
    const pickle_list items = {.item = p->stack.item + p->stack.count, .count = count};
    return add_items(p, kind, &items);
}

static nd_status add_marked(pickle *p, pickle_kind kind)
{
    pickle_list items = {.count = 0};
    ND_TRY(since_mark(p, &items));
    return add_items(p, kind, &items);
}

static nd_status push_bytes(pickle *p, pickle_kind kind, uint64_t length)
{
    const uint8_t *bytes;
    if (length > (uint64_t)(p->end - p->at)) return cut_short(p);
    ND_TRY(take(p, (size_t)length, &bytes));
    pickle_value *value = pickle_new(p, kind);
    if (!value) return ND_E_MEMORY;
    value->text = (const char *)bytes, value->length = (size_t)length;
    return push(p, value);
}

// The length stands in `bytes` bytes before the text.
static nd_status push_sized(pickle *p, pickle_kind kind, int bytes)
{
    uint64_t length;
    ND_TRY(take_number(p, bytes, &length));
    return push_bytes(p, kind, length);
}

static nd_status push_whole(pickle *p, pickle_kind kind, int64_t number)
{
    pickle_value *value = pickle_new(p, kind);
    if (!value) return ND_E_MEMORY;
    value->whole = number;
    return push(p, value);
}

static nd_status push_number(pickle *p, int bytes)
{
    uint64_t number;
    ND_TRY(take_number(p, bytes, &number));
    return push_whole(p, PICKLE_WHOLE, bytes == 4 ? (int32_t)number : (int64_t)number);
}

// Two's complement of any length; one that does not fit stays bytes that nobody can use.
static nd_status push_long(pickle *p, int length_bytes)
{
    uint64_t length, number = 0;
    const uint8_t *at;
    ND_TRY(take_number(p, length_bytes, &length));
    if (length > 8) return push_bytes(p, PICKLE_BYTES, length);
    ND_TRY(take(p, (size_t)length, &at));
    number = weights_get(at, (int)length);
    if (length && length < 8 && at[length - 1] & 0x80) number |= UINT64_MAX << 8 * length;
    return push_whole(p, PICKLE_WHOLE, (int64_t)number);
}

static nd_status push_real(pickle *p) // big-endian
{
    const uint8_t *at;
    ND_TRY(take(p, 8, &at));
    uint64_t bits = 0;
    for (int i = 0; i < 8; i++) bits = bits << 8 | at[i];
    pickle_value *value = pickle_new(p, PICKLE_REAL);
    if (!value) return ND_E_MEMORY;
    memcpy(&value->real, &bits, sizeof bits);
    return push(p, value);
}

// INT and FLOAT of protocol 0: a number in a line; 00 and 01 are bools.
static nd_status push_line(pickle *p, bool whole)
{
    char text[64];
    const char *line;
    size_t length;
    double real;
    int64_t number;
    ND_TRY(take_line(p, &line, &length));
    if (length >= sizeof text) return pickle_wrong(p);
    memcpy(text, line, length), text[length] = 0;
    if (whole && (strcmp(text, "00") == 0 || strcmp(text, "01") == 0))
        return push_whole(p, PICKLE_BOOL, text[1] == '1');
    if (whole)
        return nd_text_size(text, &number) ? push_whole(p, PICKLE_WHOLE, number)
                                           : pickle_wrong(p);
    if (!nd_text_real(text, &real)) return pickle_wrong(p);
    pickle_value *value = pickle_new(p, PICKLE_REAL);
    if (!value) return ND_E_MEMORY;
    value->real = real;
    return push(p, value);
}

// Picklers count: a number beyond the pickle's own bytes is nobody's.
static nd_status put_memo(pickle *p, uint64_t at)
{
    pickle_value *value = top(p);
    if (!value) return ND_E_DATA;
    if (at > (uint64_t)(p->end - p->start)) return pickle_wrong(p);
    if (at >= p->memo.room) {
        const size_t room = at < 64 ? 128 : (size_t)at * 2;
        pickle_value **longer = pickle_take(p, room, sizeof *longer);
        if (!longer) return ND_E_MEMORY;
        if (p->memo.room) memcpy(longer, p->memo.item, p->memo.room * sizeof *longer);
        p->memo.item = longer, p->memo.room = room;
    }
    p->memo.count += !p->memo.item[at];
    p->memo.item[at] = value;
    return ND_OK;
}

static nd_status put_numbered(pickle *p, int bytes)
{
    uint64_t at;
    ND_TRY(take_number(p, bytes, &at));
    return put_memo(p, at);
}

static nd_status get_numbered(pickle *p, int bytes)
{
    uint64_t at;
    ND_TRY(take_number(p, bytes, &at));
    if (at >= p->memo.room || !p->memo.item[at]) return pickle_wrong(p);
    return push(p, p->memo.item[at]);
}

static nd_status push_global(pickle *p)
{
    const char *module, *name;
    size_t module_length, name_length;
    ND_TRY(take_line(p, &module, &module_length));
    ND_TRY(take_line(p, &name, &name_length));
    return push(p, pickle_global(p, module, module_length, name, name_length));
}

static nd_status push_stack_global(pickle *p)
{
    const pickle_value *name = pop(p), *module = name ? pop(p) : NULL;
    if (!module) return ND_E_DATA;
    if (module->kind != PICKLE_TEXT || name->kind != PICKLE_TEXT) return pickle_wrong(p);
    return push(p,
                pickle_global(p, module->text, module->length, name->text, name->length));
}

static nd_status push_call(pickle *p, bool has_names)
{
    pickle_value *names = has_names ? pop(p) : NULL;
    if (has_names && !names) return ND_E_DATA;
    pickle_value *given = pop(p), *callee = given ? pop(p) : NULL;
    if (!callee) return ND_E_DATA;
    return push(p, pickle_call(p, callee, given));
}

static nd_status build(pickle *p)
{
    pickle_value *state = pop(p), *object = state ? top(p) : NULL;
    return object ? pickle_build(p, object, state) : ND_E_DATA;
}

static nd_status push_persistent(pickle *p, bool is_line)
{
    pickle_value line = {.kind = PICKLE_TEXT};
    const pickle_value *id = &line;
    if (is_line)
        ND_TRY(take_line(p, &line.text, &line.length));
    else if (!(id = pop(p)))
        return ND_E_DATA;
    return push(p, p->persistent ? p->persistent(p, id) : pickle_storage_of(p, id));
}

static nd_status skip(pickle *p, size_t count)
{
    const uint8_t *at;
    return take(p, count, &at);
}

static nd_status drop(pickle *p)
{
    if (p->marks && p->stack.count == bottom(p)) {
        p->marks--;
        return ND_OK;
    }
    return pop(p) ? ND_OK : ND_E_DATA;
}

static nd_status drop_marked(pickle *p)
{
    pickle_list items;
    return since_mark(p, &items);
}

static nd_status protocol(pickle *p)
{
    uint64_t number;
    ND_TRY(take_number(p, 1, &number));
    return number <= 5 ? ND_OK : pickle_wrong(p);
}

static nd_status unknown(const pickle *p)
{
    return nd_fail(ND_E_UNSUPPORTED,
                   "pickle opcode 0x%02x at byte %zu is outside what nadir reads\n"
                   "save the weights anew with torch.save, or as safetensors",
                   *p->opcode, (size_t)(p->opcode - p->start));
}

static nd_status step_texts(pickle *p)
{
    switch (*p->opcode) {
    case 0x58: return push_sized(p, PICKLE_TEXT, 4);  // BINUNICODE
    case 0x8c: return push_sized(p, PICKLE_TEXT, 1);  // SHORT_BINUNICODE
    case 0x8d: return push_sized(p, PICKLE_TEXT, 8);  // BINUNICODE8
    case 0x55: return push_sized(p, PICKLE_TEXT, 1);  // SHORT_BINSTRING, Python 2
    case 0x54: return push_sized(p, PICKLE_TEXT, 4);  // BINSTRING
    case 0x42: return push_sized(p, PICKLE_BYTES, 4); // BINBYTES
    case 0x43: return push_sized(p, PICKLE_BYTES, 1); // SHORT_BINBYTES
    case 0x8e: return push_sized(p, PICKLE_BYTES, 8); // BINBYTES8
    case 0x80: return protocol(p);                    // PROTO
    case 0x95: return skip(p, 8);                     // FRAME
    case 0x63: return push_global(p);                 // GLOBAL
    case 0x93: return push_stack_global(p);           // STACK_GLOBAL
    case 0x52:                                        // REDUCE
    case 0x81: return push_call(p, false);            // NEWOBJ
    case 0x92: return push_call(p, true);             // NEWOBJ_EX
    case 0x62: return build(p);                       // BUILD
    case 0x51: return push_persistent(p, false);      // BINPERSID
    case 0x50: return push_persistent(p, true);       // PERSID
    default: return unknown(p);
    }
}

static nd_status step_lists(pickle *p)
{
    static const pickle_list nothing;
    switch (*p->opcode) {
    case 0x29: return push_list(p, PICKLE_TUPLE, &nothing); // EMPTY_TUPLE
    case 0x5d: return push_list(p, PICKLE_LIST, &nothing);  // EMPTY_LIST
    case 0x7d: return push_list(p, PICKLE_DICT, &nothing);  // EMPTY_DICT
    case 0x8f: return push_list(p, PICKLE_LIST, &nothing);  // EMPTY_SET
    case 0x85: return push_last(p, 1);                      // TUPLE1
    case 0x86: return push_last(p, 2);                      // TUPLE2
    case 0x87: return push_last(p, 3);                      // TUPLE3
    case 0x74: return push_marked(p, PICKLE_TUPLE);         // TUPLE
    case 0x6c:                                              // LIST
    case 0x91: return push_marked(p, PICKLE_LIST);          // FROZENSET
    case 0x64: return push_marked(p, PICKLE_DICT);          // DICT
    case 0x61: return add_last(p, PICKLE_LIST, 1);          // APPEND
    case 0x65:                                              // APPENDS
    case 0x90: return add_marked(p, PICKLE_LIST);           // ADDITEMS
    case 0x73: return add_last(p, PICKLE_DICT, 2);          // SETITEM
    case 0x75: return add_marked(p, PICKLE_DICT);           // SETITEMS
    default: return step_texts(p);
    }
}

static nd_status step(pickle *p)
{
    switch (*p->opcode) {
    case 0x28: return push_mark(p);                        // MARK
    case 0x30: return drop(p);                             // POP
    case 0x31: return drop_marked(p);                      // POP_MARK
    case 0x32: return push(p, top(p));                     // DUP
    case 0x4e: return push(p, pickle_new(p, PICKLE_NONE)); // NONE
    case 0x88: return push_whole(p, PICKLE_BOOL, 1);       // NEWTRUE
    case 0x89: return push_whole(p, PICKLE_BOOL, 0);       // NEWFALSE
    case 0x4a: return push_number(p, 4);                   // BININT
    case 0x4b: return push_number(p, 1);                   // BININT1
    case 0x4d: return push_number(p, 2);                   // BININT2
    case 0x8a: return push_long(p, 1);                     // LONG1
    case 0x8b: return push_long(p, 4);                     // LONG4
    case 0x47: return push_real(p);                        // BINFLOAT
    case 0x49: return push_line(p, true);                  // INT
    case 0x46: return push_line(p, false);                 // FLOAT
    case 0x71: return put_numbered(p, 1);                  // BINPUT
    case 0x72: return put_numbered(p, 4);                  // LONG_BINPUT
    case 0x94: return put_memo(p, p->memo.count);          // MEMOIZE
    case 0x68: return get_numbered(p, 1);                  // BINGET
    case 0x6a: return get_numbered(p, 4);                  // LONG_BINGET
    default: return step_lists(p);
    }
}

pickle_value *pickle_read(pickle *p, nd_bytes bytes, size_t *used)
{
    enum { STOP = 0x2e };
    p->start = p->at = bytes.at, p->end = bytes.at + bytes.count;
    p->stack = p->memo = (pickle_list){0};
    p->marks = p->mark_room = 0;
    for (;;) {
        if (p->at == p->end) return (void)cut_short(p), NULL;
        p->opcode = p->at++;
        if (*p->opcode == STOP) break;
        if (step(p) != ND_OK) return NULL;
    }
    *used = (size_t)(p->at - p->start);
    return p->marks ? ((void)pickle_wrong(p), NULL) : pop(p);
}
