// SPDX-License-Identifier: Apache-2.0
// What is collected from a file: weights, what is not taken and why, and notes.
#include "weights/weights.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SKIPS_TOLD = 1000, ODD_TOLD = 10, REST = 1 << 26 };

nd_status weights_grow(nd_arena *arena, void *list, size_t *room, size_t count,
                       size_t size)
{
    void *old, *longer;
    if (count < *room) return ND_OK;
    const size_t wanted = *room ? *room * 2 : 8;
    memcpy(&old, list, sizeof old);
    if (!(longer = nd_alloc(arena, wanted, size))) return ND_E_MEMORY;
    if (count) memcpy(longer, old, count * size);
    memcpy(list, &longer, sizeof longer);
    *room = wanted;
    return ND_OK;
}

nd_status weights_reserve(weights_in *in, size_t count)
{
    if (count < in->weight_room) return ND_OK;
    nd_weight *list = nd_alloc_raw(in->arena, count, sizeof *list);
    if (!list) return ND_E_MEMORY;
    in->weight = list, in->weight_room = count;
    return ND_OK;
}

nd_status weights_add(weights_in *in, const nd_weight *weight)
{
    if (in->out.count >= WEIGHTS_TENSORS)
        return nd_fail(ND_E_UNSUPPORTED,
                       "the file holds more than %d tensors\n"
                       "cut it into several files",
                       WEIGHTS_TENSORS);
    ND_TRY(weights_grow(in->arena, &in->weight, &in->weight_room, (size_t)in->out.count,
                        sizeof *in->weight));
    in->weight[in->out.count++] = *weight;
    return ND_OK;
}

nd_status weights_skip(weights_in *in, const char *name, const char *reason)
{
    if (in->out.skips >= SKIPS_TOLD) {
        in->skips_untold++;
        return ND_OK;
    }
    ND_TRY(weights_grow(in->arena, &in->skipped, &in->skipped_room, (size_t)in->out.skips,
                        sizeof *in->skipped));
    in->skipped[in->out.skips++] = (nd_skipped){name, reason};
    return ND_OK;
}

nd_status weights_note(weights_in *in, const char *format, ...)
{
    char line[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, nd_gettext(format), args);
    va_end(args);
    ND_TRY(weights_grow(in->arena, &in->note, &in->note_room, (size_t)in->out.notes,
                        sizeof *in->note));
    const char *copy = nd_text(in->arena, "%s", line);
    if (!copy) return ND_E_MEMORY;
    in->note[in->out.notes++] = copy;
    return ND_OK;
}

static int by_name(const void *a, const void *b)
{
    const nd_weight *const *x = a, *const *y = b;
    return strcmp((*x)->name, (*y)->name);
}

static nd_status check_names(const weights_in *in)
{
    const size_t count = (size_t)in->out.count;
    const nd_weight **order = nd_alloc_raw(in->scratch, count, sizeof *order);
    if (!order) return ND_E_MEMORY;
    for (size_t i = 0; i < count; i++) order[i] = &in->weight[i];
    qsort(order, count, sizeof *order, by_name);
    for (size_t i = 1; i < count; i++)
        if (strcmp(order[i - 1]->name, order[i]->name) == 0)
            return nd_fail(ND_E_DATA,
                           "two tensors are called %s\n"
                           "give each a name of its own and write the file again",
                           order[i]->name);
    return ND_OK;
}

// Looks at every number once; pages of large files need not stay for that.
static nd_status note_odd_numbers(weights_in *in)
{
    int tensors = 0;
    int64_t rest = 0;
    for (int i = 0; i < in->out.count; i++) {
        const nd_weight *w = &in->weight[i];
        const int64_t odd = weights_odd_numbers(w), all = nd_shape_count(w->shape);
        const uint8_t *at = w->data;
        if (at >= in->file.at && at < in->file.at + in->file.count &&
            in->file.count > REST)
            nd_file_rest(at, (size_t)all * nd_stored_bytes(w->type));
        if (!odd) continue;
        if (tensors++ < ODD_TOLD)
            ND_TRY(weights_note(in, "%s holds %lld of %lld numbers that are not finite",
                                w->name, (long long)odd, (long long)all));
        else
            rest++;
    }
    if (rest)
        ND_TRY(weights_note(in, "%lld more tensors hold numbers that are not finite",
                            (long long)rest));
    return ND_OK;
}

nd_status weights_finish(weights_in *in)
{
    ND_TRY(check_names(in));
    ND_TRY(note_odd_numbers(in));
    if (in->skips_untold)
        ND_TRY(weights_note(in, "%d more things were not taken", in->skips_untold));
    const char *card = in->out.card;
    if (card && !nd_json_parse(in->scratch, card, strlen(card))) {
        nd_error error = nd_error_take();
        const char *why = nd_text(in->arena, "%s", error.what);
        if (!why) return ND_E_MEMORY;
        ND_TRY(weights_skip(in, "card", why));
        in->out.card = NULL;
    }
    in->out.weight = in->weight;
    in->out.skipped = in->skipped;
    in->out.note = in->note;
    return ND_OK;
}
